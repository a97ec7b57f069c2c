//! A real local network in this process with both programs, and parties that use them.

use std::{path::Path, sync::Arc, time::Duration};

use proofmill_chain::{Chain, MemoryOutbox, RpcChain, Sender, TransactionRequest};
use proofmill_client::{
    address::{self, Coin},
    arbiter,
    compose::{self, Take},
    market,
};
use proofmill_gateway::{
    run::Gateway,
    settings::{Arguments, Settings},
};
use proofmill_localnet::{Localnet, LocalnetOptions, Program};
use proofmill_protocol::sha256;
use solana_address::Address;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_signer::Signer;

/// A network with a market that is set up.
pub struct Network {
    pub localnet: Localnet,
    pub chain: Arc<RpcChain>,
    pub authority: Arc<Keypair>,
    pub payment: Coin,
    pub stake: Coin,
    sent: std::sync::atomic::AtomicU64,
}

/// A provider with stake.
pub struct Party {
    pub owner: Arc<Keypair>,
    pub provider: Address,
}

fn image(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../programs/deploy").join(format!("{name}.so"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; run `make build`", path.display()))
}

impl Network {
    pub async fn start() -> Self {
        let authority = Arc::new(Keypair::new());
        let programs = [("market", market::ID), ("arbiter", arbiter::ID)].map(|(name, address)| Program {
            name: name.to_owned(),
            address,
            image: image(name),
        });
        let options =
            LocalnetOptions { programs: programs.to_vec(), slot_ms: 50, upgrade_authority: Some(authority.pubkey()) };
        let mut localnet = Localnet::start(options).await.expect("the network starts");
        localnet.airdrop(authority.pubkey(), 1_000_000_000_000).await.expect("lamports");
        let payment = localnet.create_mint("payment", 6, authority.pubkey()).await.expect("a mint");
        let stake = localnet.create_mint("stake", 6, authority.pubkey()).await.expect("a mint");
        let coin = |mint| Coin { mint, token_program: address::TOKEN_PROGRAM };
        let chain = localnet.chain();
        let network = Self {
            localnet,
            chain,
            authority,
            payment: coin(payment),
            stake: coin(stake),
            sent: std::sync::atomic::AtomicU64::new(1),
        };
        network.set_up().await;
        network
    }

    /// Sends instructions signed by `who` and waits until they are confirmed.
    pub async fn send(&self, who: &Arc<Keypair>, instructions: Vec<Instruction>) {
        self.try_send(who, instructions).await.expect("the transaction lands");
    }

    pub async fn try_send(
        &self,
        who: &Arc<Keypair>,
        instructions: Vec<Instruction>,
    ) -> Result<(), proofmill_chain::ChainError> {
        let number = self.sent.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let sender = Sender::new(self.chain.clone(), Arc::new(MemoryOutbox::default()));
        let request = TransactionRequest::new(who.clone(), instructions).priority_fee(number);
        sender.send(&number.to_le_bytes(), request).await.map(|_| ())
    }

    async fn set_up(&self) {
        let me = self.authority.pubkey();
        let genesis = self.chain.genesis_hash().await.expect("a genesis hash");
        let config = address::market_config();
        let args = market::ConfigArgs {
            authority: me,
            arbiter: arbiter::ID,
            treasury: me,
            domain: sha256(&[genesis.as_ref(), market::ID.as_ref()]),
            fee_bps: 250,
            audit_share_bps: 4_000,
            uptime_min_bps: 9_500,
            audit_floor_bps: 500,
            vram_mib_min: 8_192,
            proven_after: 3,
            start_window_seconds: 60,
            receipt_grace_seconds: 60,
            challenge_window_seconds: 5,
            verdict_window_seconds: 600,
            unbonding_seconds: 6 * 600 + 2 * 150,
            provider_stake_min: 10_000_000,
            validator_stake_min: 10_000_000,
            threshold: 3,
            allow_simulated: 1,
            paused: 0,
            burn_share_bps: 1_000,
            slash_cap_bps: 10_000,
            outflow_bps: 1_000_000,
            slash_window_seconds: 3_600,
            appeal_seconds: 5,
            timelock_seconds: 1,
            usage_timeout_seconds: 30,
            missed_reveal_slash: 1_000_000,
            bid_deposit: 1_000_000,
            native_mint: self.stake.mint,
            guardian: me,
        };
        let initialize = market::initialize_config(
            market::InitializeConfigAccounts {
                deployer: me,
                program_data: address::program_data(&market::ID),
                config,
                stake_mint: self.stake.mint,
            },
            market::InitializeConfigArgs { args },
        );
        let mint_rule = address::mint_rule(&self.payment.mint);
        let add = market::add_mint(
            market::AddMintAccounts {
                authority: me,
                config,
                mint: self.payment.mint,
                mint_rule,
                audit_budget: address::audit_budget(&self.payment.mint),
                token_program: self.payment.token_program,
            },
            market::AddMintArgs {
                args: market::MintRuleArgs {
                    enabled: 1,
                    lock_bps: 20_000,
                    escrow_min: 1_000,
                    audit_price_max: 1_000_000,
                },
            },
        );
        self.send(&self.authority, vec![initialize, add]).await;
        loop {
            let rule = self.chain.account(mint_rule).await.expect("an answer").expect("the rule");
            let rule = market::MintRule::decode(&rule.data).expect("a rule");
            if self.chain.clock().await.expect("a clock").unix_timestamp >= rule.eta {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        self.send(&self.authority, vec![market::apply_mint(market::ApplyMintAccounts { mint_rule })]).await;
    }

    /// A wallet with lamports, payment tokens and stake tokens.
    pub async fn wallet(&self) -> Arc<Keypair> {
        let wallet = Arc::new(Keypair::new());
        self.localnet.airdrop(wallet.pubkey(), 100_000_000_000).await.expect("lamports");
        for mint in [self.payment.mint, self.stake.mint] {
            let minted = self.localnet.mint_to(mint, self.authority.clone(), wallet.pubkey(), 1_000_000_000);
            minted.await.expect("tokens");
        }
        wallet
    }

    /// A registered provider with stake. `model` is its own word for its device.
    pub async fn provider(&self, model: &str) -> Party {
        self.provider_at(model, Keypair::new().pubkey().to_bytes(), 9).await
    }

    /// The same with a node at a port of this machine.
    pub async fn provider_at(&self, model: &str, node_key: [u8; 32], endpoint_port: u16) -> Party {
        let owner = self.wallet().await;
        let me = owner.pubkey();
        let (provider, stake) = (address::provider(&me), address::stake(&me));
        let mut gpu_model = [0; 32];
        gpu_model[..model.len()].copy_from_slice(model.as_bytes());
        let args = market::ProviderArgs {
            operator: me,
            node_key,
            class_key: [5; 32],
            endpoint_ip: std::net::Ipv4Addr::LOCALHOST.to_ipv6_mapped().octets(),
            endpoint_port,
            gpu_model,
            vram_mib: 24_576,
            region: 756,
            capacity: 8,
            tier: 1,
            gpu_count: 1,
            simulated: 1,
        };
        let (config, vault) = (address::market_config(), address::stake_vault(&stake));
        let all = vec![
            market::open_stake(market::OpenStakeAccounts {
                owner: me,
                config,
                mint: self.stake.mint,
                stake,
                vault,
                token_program: self.stake.token_program,
            }),
            market::deposit_stake(
                market::DepositStakeAccounts {
                    depositor: me,
                    stake,
                    vault,
                    mint: self.stake.mint,
                    source: self.stake.account_of(&me),
                    token_program: self.stake.token_program,
                },
                market::DepositStakeArgs { amount: 500_000_000 },
            ),
            market::register_provider(
                market::RegisterProviderAccounts { owner: me, config, provider },
                market::RegisterProviderArgs { args },
            ),
        ];
        self.send(&owner, all).await;
        Party { owner, provider }
    }

    /// A standing offer of a provider, which services may take.
    pub async fn offer(&self, party: &Party, index: u16, price: u64) -> Address {
        let offer = address::offer(&party.provider, index);
        let expires_at = self.chain.clock().await.expect("a clock").unix_timestamp + 3_600;
        let args = market::OfferArgs {
            price_per_second: price,
            seconds_max: 3_600,
            expires_at,
            sla_bond_max: 0,
            index,
            sla_uptime_max_bps: 0,
            services: 1,
        };
        let accounts = market::PublishOfferAccounts {
            operator: party.owner.pubkey(),
            config: address::market_config(),
            provider: party.provider,
            mint: self.payment.mint,
            mint_rule: address::mint_rule(&self.payment.mint),
            offer,
        };
        self.send(&party.owner, vec![market::publish_offer(accounts, market::PublishOfferArgs { args })]).await;
        offer
    }

    /// A job, posted; it takes the offer if one is given.
    pub async fn job(
        &self,
        tenant: &Arc<Keypair>,
        index: u64,
        node_key: [u8; 32],
        spec_hash: [u8; 32],
        take: Option<(&Party, Address)>,
    ) -> Address {
        self.job_with_input(tenant, index, node_key, spec_hash, [3; 32], take).await
    }

    /// The same with the root of an input.
    pub async fn job_with_input(
        &self,
        tenant: &Arc<Keypair>,
        index: u64,
        node_key: [u8; 32],
        spec_hash: [u8; 32],
        input_root: [u8; 32],
        take: Option<(&Party, Address)>,
    ) -> Address {
        let terms = terms(index, node_key, spec_hash, input_root, take.is_none());
        self.post(tenant, terms, take).await
    }

    /// A service that has taken an offer.
    pub async fn service(
        &self,
        tenant: &Arc<Keypair>,
        index: u64,
        node_key: [u8; 32],
        spec_hash: [u8; 32],
        take: (&Party, Address),
    ) -> Address {
        let terms = market::JobTerms { kind: 3, class: 3, ..terms(index, node_key, spec_hash, [3; 32], false) };
        self.post(tenant, terms, Some(take)).await
    }

    /// Declares a job's container running, as its provider does.
    pub async fn start_job(&self, party: &Party, job: Address) {
        let accounts = market::StartJobAccounts { operator: party.owner.pubkey(), provider: party.provider, job };
        self.send(&party.owner, vec![market::start_job(accounts)]).await;
    }

    async fn post(&self, tenant: &Arc<Keypair>, terms: market::JobTerms, take: Option<(&Party, Address)>) -> Address {
        let take = take.map(|(party, offer)| Take { offer, provider: party.provider, owner: party.owner.pubkey() });
        let (job, all) = compose::post_and_take(tenant.pubkey(), self.payment, terms, take);
        self.send(tenant, all).await;
        job
    }

    pub async fn account(&self, at: Address) -> Option<Vec<u8>> {
        self.chain.account(at).await.expect("an answer").map(|account| account.data)
    }
}

/// What a batch job of a minute asks for.
fn terms(index: u64, node_key: [u8; 32], spec_hash: [u8; 32], input_root: [u8; 32], auction: bool) -> market::JobTerms {
    market::JobTerms {
        index,
        spec_hash,
        image_digest: [2; 32],
        input_root,
        tenant_node_key: node_key,
        price_ceiling_per_second: 1_000,
        max_seconds: 60,
        vram_mib: 8_192,
        certificate_age_seconds_max: 0,
        sla_bond: 0,
        auction_seconds: if auction { 600 } else { 0 },
        region: 0,
        uptime_bps: 0,
        sla_uptime_bps: 0,
        attempts_max: 1,
        kind: 1,
        class: 1,
        tier: 0,
        gpu_count: 1,
        allow_simulated: 1,
    }
}

/// Settings of a gateway in `folder` on a network.
pub fn settings(rpc_url: &str, ws_url: &str, folder: &Path) -> Settings {
    let arguments = Arguments {
        rpc_url: Some(rpc_url.to_owned()),
        ws_url: Some(ws_url.to_owned()),
        listen: Some(([127, 0, 0, 1], 0).into()),
        data_dir: Some(folder.to_owned()),
        rate_per_second: Some(10_000),
        poll_ms: Some(300),
        ..Arguments::default()
    };
    Settings::resolve(arguments).expect("the settings are right")
}

/// Waits until the gateway has indexed all there is.
pub async fn ready(gateway: &Gateway) {
    for _ in 0..300 {
        if gateway.app.ready() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the gateway is not ready after half a minute");
}

/// Waits until `done` says so; panics with `what` after half a minute.
pub async fn eventually<T>(what: &str, mut done: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..300 {
        if let Some(found) = done().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("not within half a minute: {what}");
}
