//! A whole Solana network inside this process, for development, tests and the demo.
//!
//! It is Surfpool's embedded network: a real Agave 4.2 runtime with JSON-RPC and WebSocket on two free ports of
//! 127.0.0.1. It never asks another network for anything. One block is produced every `slot_ms`, transactions or not,
//! so that slots and the Clock sysvar follow real time as on a cluster.
//!
//! These things differ from a cluster, and nothing may be proved against them:
//! - Blockhashes, and so the SlotHashes sysvar, are a pure function of the slot. A draw from them is predictable here.
//! - The newest entry of SlotHashes is the open slot; on a cluster it is at most the slot before.
//! - The genesis hash is a function of the second in which the network started. With the blockhashes this means that two
//!   local networks do not reject each other's transactions: never use a key of value here.
//! - There is one node: no fork, no skipped slot, and reads show a transaction before its block is closed.

mod error;
mod mint;
mod network_file;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use proofmill_chain::{Chain, Confirmed, MemoryOutbox, RpcChain, Sender, TransactionRequest, sign};
use solana_address::Address;
use solana_instruction::{AccountMeta, Instruction};
use solana_keypair::Keypair;
use solana_signer::Signer;
use surfpool_sdk::{
    BlockProductionMode, SimnetEvent, Surfnet,
    cheatcodes::builders::{CheatcodeBuilder, DeployProgram},
};

pub use error::LocalnetError;
pub use network_file::NetworkFile;

/// Milliseconds of a slot on a cluster, and so the default here.
pub const SLOT_MS: u64 = 400;

/// Lamports of the faucet: half of the million SOL that the embedded network owns at its start.
const FAUCET_LAMPORTS: u64 = 500_000_000_000_000;

/// The ports are found free and bound a moment later; another process may be faster. Then others are tried.
const START_ATTEMPTS: u32 = 3;

/// The first blocks after the start: until they are closed the block height is not yet counted from zero.
const WARM_UP_SLOTS: u64 = 2;

/// Recipients of one airdrop transaction: each takes about 50 bytes of its 1232.
const AIRDROPS_PER_TRANSACTION: usize = 16;

/// Compute units of the placeholder program (`mov64 r0, 0; exit`).
const PLACEHOLDER_UNITS: u64 = 2;

/// How often the event thread looks whether it should end.
const EVENT_PAUSE: Duration = Duration::from_millis(100);

const SYSTEM_PROGRAM: Address = Address::new_from_array([0; 32]);

/// A program to deploy at start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Its name in the network file.
    pub name: String,
    /// The address it is deployed at.
    pub address: Address,
    /// The ELF image (the `.so` file).
    pub image: Vec<u8>,
}

/// How a network is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalnetOptions {
    /// Programs deployed before `start` returns.
    pub programs: Vec<Program>,
    /// Milliseconds between two blocks; at least 10.
    pub slot_ms: u64,
    /// Who may upgrade the programs, and so who sets them up; without one they are as the network leaves them.
    pub upgrade_authority: Option<Address>,
}

impl Default for LocalnetOptions {
    fn default() -> Self {
        Self { programs: Vec::new(), slot_ms: SLOT_MS, upgrade_authority: None }
    }
}

/// A running network. Dropping it ends it; [`Localnet::stop`] also waits until its ports are free.
pub struct Localnet {
    // Taken by `stop`; present until then.
    net: Option<Surfnet>,
    events: EventThread,
    chain: Arc<RpcChain>,
    sender: Sender,
    faucet: Arc<Keypair>,
    effects: AtomicU64,
    file: NetworkFile,
}

impl Localnet {
    /// Starts a network with its programs deployed and executable, producing blocks.
    ///
    /// # Errors
    /// [`LocalnetError::Options`] for options out of range, [`LocalnetError::Surfnet`] when the network does not start
    /// or refuses a program, [`LocalnetError::NotExecutable`] when a program was taken but does not load.
    pub async fn start(options: LocalnetOptions) -> Result<Self, LocalnetError> {
        if options.slot_ms < 10 {
            return Err(LocalnetError::Options("a slot takes at least 10 ms".to_owned()));
        }
        let programs = options.programs.clone();
        let upgrade_authority = options.upgrade_authority;
        // The SDK's client blocks and brings its own runtime, which must neither start nor end inside this one.
        let (done, started) = tokio::sync::oneshot::channel();
        std::thread::Builder::new()
            .name("localnet-start".to_owned())
            .spawn(move || {
                // Nobody waits any more: the network is dropped, which ends it.
                let _ = done.send(boot(options.slot_ms, &options.programs, upgrade_authority));
            })
            .map_err(|source| LocalnetError::Options(format!("no thread can be started: {source}")))?;
        let net = started.await.map_err(|_| LocalnetError::Surfnet("the start was interrupted".to_owned()))??;

        let chain = Arc::new(RpcChain::new(net.rpc_url(), net.ws_url()));
        let file = NetworkFile {
            rpc_url: net.rpc_url().to_owned(),
            ws_url: net.ws_url().to_owned(),
            genesis_hash: chain.genesis_hash().await?.to_string(),
            programs: programs.iter().map(|program| (program.name.clone(), program.address.to_string())).collect(),
            mints: BTreeMap::new(),
        };
        let localnet = Self {
            events: EventThread::start(&net),
            faucet: Arc::new(net.payer().insecure_clone()),
            net: Some(net),
            sender: Sender::new(chain.clone(), Arc::new(MemoryOutbox::default())),
            chain,
            effects: AtomicU64::new(0),
            file,
        };
        localnet.warm_up().await?;
        for program in &programs {
            localnet.check_executable(program.address).await?;
        }
        Ok(localnet)
    }

    /// URL of the JSON-RPC endpoint.
    pub fn rpc_url(&self) -> &str {
        &self.file.rpc_url
    }

    /// URL of the WebSocket endpoint.
    pub fn ws_url(&self) -> &str {
        &self.file.ws_url
    }

    /// The network, through the only code that speaks RPC.
    pub fn chain(&self) -> Arc<RpcChain> {
        self.chain.clone()
    }

    /// The faucet: it holds half a million SOL and pays for everything this crate does.
    pub fn faucet(&self) -> Arc<Keypair> {
        self.faucet.clone()
    }

    /// Sends lamports from the faucet by a real transfer.
    ///
    /// # Errors
    /// [`LocalnetError::Chain`], such as a rejection of an amount below the rent-exempt minimum.
    pub async fn airdrop(&self, address: Address, lamports: u64) -> Result<Confirmed, LocalnetError> {
        let transfer = transfer(self.faucet.pubkey(), address, lamports);
        self.effect(TransactionRequest::new(self.faucet.clone(), vec![transfer])).await
    }

    /// Sends lamports to many addresses, several in one transaction.
    ///
    /// # Errors
    /// As [`Localnet::airdrop`]; the transactions before the failed one took effect.
    pub async fn airdrop_all(&self, addresses: &[Address], lamports: u64) -> Result<(), LocalnetError> {
        for group in addresses.chunks(AIRDROPS_PER_TRANSACTION) {
            let from = self.faucet.pubkey();
            let transfers = group.iter().map(|address| transfer(from, *address, lamports)).collect();
            self.effect(TransactionRequest::new(self.faucet.clone(), transfers)).await?;
        }
        Ok(())
    }

    /// Writes the network file, for other processes on this machine: URLs, genesis hash, programs, mints.
    ///
    /// # Errors
    /// [`LocalnetError::File`] when it cannot be written. It appears whole or not at all.
    pub fn write_network_file(&self, path: &std::path::Path) -> Result<(), LocalnetError> {
        self.file.write(path)
    }

    /// What the network file says.
    pub fn network(&self) -> &NetworkFile {
        &self.file
    }

    /// Ends the network and waits until its ports are free.
    ///
    /// # Errors
    /// [`LocalnetError::Surfnet`] when it does not confirm its end within five seconds.
    pub async fn stop(mut self) -> Result<(), LocalnetError> {
        let Some(mut net) = self.net.take() else { return Ok(()) };
        self.events.stop();
        let stopped = tokio::task::spawn_blocking(move || net.stop().map_err(|error| error.to_string())).await;
        match stopped {
            Ok(result) => result.map_err(LocalnetError::Surfnet),
            Err(_) => Err(LocalnetError::Surfnet("the stop was interrupted".to_owned())),
        }
    }

    /// Makes an effect of this crate happen. Each call is a new effect with a key of its own.
    async fn effect(&self, request: TransactionRequest) -> Result<Confirmed, LocalnetError> {
        let number = self.effects.fetch_add(1, Ordering::Relaxed);
        Ok(self.sender.send(&number.to_le_bytes(), request).await?)
    }

    async fn warm_up(&self) -> Result<(), LocalnetError> {
        let first = self.chain.clock().await?.slot;
        while self.chain.clock().await?.slot < first.saturating_add(WARM_UP_SLOTS) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// A program whose image does not load is there all the same, and "succeeds" at everything: the embedded network
    /// leaves a placeholder of two machine instructions in its place. So each one is called once, in a simulation.
    async fn check_executable(&self, address: Address) -> Result<(), LocalnetError> {
        let account = self.chain.account(address).await?;
        if !account.is_some_and(|account| account.executable) {
            return Err(LocalnetError::NotExecutable(address));
        }
        let call = Instruction { program_id: address, accounts: Vec::new(), data: Vec::new() };
        let request = TransactionRequest::new(self.faucet.clone(), vec![call]);
        let blockhash = self.chain.latest_blockhash().await?.hash;
        let simulation = self.chain.simulate(&sign(&request, blockhash, None, None)?.bytes).await?;
        if simulation.failure.is_none() && simulation.compute_units <= PLACEHOLDER_UNITS {
            return Err(LocalnetError::NotExecutable(address));
        }
        Ok(())
    }
}

/// Starts the network and deploys, on a thread without an async runtime.
fn boot(slot_ms: u64, programs: &[Program], upgrade_authority: Option<Address>) -> Result<Surfnet, LocalnetError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|source| LocalnetError::Options(format!("no runtime can be started: {source}")))?;
    let mut attempt = 1;
    let net = loop {
        let started = runtime.block_on(
            Surfnet::builder()
                .offline(true)
                .block_production_mode(BlockProductionMode::Clock)
                .slot_time_ms(slot_ms)
                .airdrop_sol(FAUCET_LAMPORTS)
                .start(),
        );
        match started {
            Ok(net) => break net,
            Err(error) if attempt < START_ATTEMPTS => {
                tracing::warn!(%error, attempt, "the local network did not start; trying again");
                attempt += 1;
            }
            Err(error) => return Err(LocalnetError::Surfnet(error.to_string())),
        }
    };
    for program in programs {
        let image = DeployProgram::new(program.address).so_bytes(program.image.clone());
        runtime
            .block_on(async { net.cheatcodes().deploy(image) })
            .map_err(|error| LocalnetError::Surfnet(format!("program {}: {error}", program.name)))?;
        if let Some(authority) = upgrade_authority {
            let owned = SetProgramAuthority { program: program.address, authority };
            runtime
                .block_on(async { net.cheatcodes().execute(owned) })
                .map_err(|error| LocalnetError::Surfnet(format!("authority of {}: {error}", program.name)))?;
        }
    }
    Ok(net)
}

/// Hands a program to its upgrade authority, as a deployment does.
struct SetProgramAuthority {
    program: Address,
    authority: Address,
}

impl CheatcodeBuilder for SetProgramAuthority {
    const METHOD: &'static str = "surfnet_setProgramAuthority";

    fn build(self) -> serde_json::Value {
        serde_json::json!([self.program.to_string(), self.authority.to_string()])
    }
}

/// The network's event queue is bounded, and some of its writers wait for room: somebody has to read it.
struct EventThread {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl EventThread {
    fn start(net: &Surfnet) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let events = net.events().clone();
        let stopped = stop.clone();
        let thread = std::thread::Builder::new().name("localnet-events".to_owned()).spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                match events.recv_timeout(EVENT_PAUSE) {
                    Ok(SimnetEvent::ErrorLog(_, message)) => tracing::warn!(message, "local network"),
                    Ok(SimnetEvent::WarnLog(_, message)) => tracing::debug!(message, "local network"),
                    Ok(_) => {}
                    Err(error) if error.is_timeout() => {}
                    Err(_) => break,
                }
            }
        });
        // Without the thread the network works until its queue is full, some minutes; that is no reason to refuse it.
        Self { stop, thread: thread.ok() }
    }

    /// Returns once nothing reads the queue any more: `Surfnet::stop` waits for events of its own.
    fn stop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has nothing to say to the end of the network.
            let _ = thread.join();
        }
    }
}

impl Drop for EventThread {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// System program, instruction 2.
fn transfer(from: Address, to: Address, lamports: u64) -> Instruction {
    let mut data = vec![2, 0, 0, 0];
    data.extend_from_slice(&lamports.to_le_bytes());
    Instruction {
        program_id: SYSTEM_PROGRAM,
        accounts: vec![AccountMeta::new(from, true), AccountMeta::new(to, false)],
        data,
    }
}

/// System program, instruction 0.
fn create_account(from: Address, new: Address, lamports: u64, space: u64, owner: Address) -> Instruction {
    let mut data = vec![0, 0, 0, 0];
    data.extend_from_slice(&lamports.to_le_bytes());
    data.extend_from_slice(&space.to_le_bytes());
    data.extend_from_slice(owner.as_ref());
    Instruction {
        program_id: SYSTEM_PROGRAM,
        accounts: vec![AccountMeta::new(from, true), AccountMeta::new(new, true)],
        data,
    }
}
