//! Several steps of a job's life in one transaction: fewer signatures, and nothing half done.
//!
//! Pure functions from what is on chain to lists of instructions. Whoever sends a list may send its parts one by one
//! instead: each instruction stands alone, and a part that cannot succeed (a frozen account, an audit budget that has run
//! dry) takes the whole transaction with it. [`fits`] says whether a list is small enough.

use solana_address::Address;
use solana_instruction::Instruction;

use crate::{
    address::{self, Coin},
    market,
};

/// Most bytes of a transaction: what fits into one packet of the network's minimum size.
pub const TRANSACTION_BYTES_MAX: usize = 1_232;
/// Room for what a sender adds: the compute budget program's address, a unit limit and a price.
pub const BUDGET_BYTES: usize = 32 + 8 + 12;

/// Bytes of a version 0 transaction of these instructions, without lookup tables, that `payer` pays for.
pub fn transaction_bytes(payer: &Address, instructions: &[Instruction]) -> usize {
    let mut keys = vec![*payer];
    let mut signers = vec![*payer];
    let mut body = 0;
    for instruction in instructions {
        for meta in &instruction.accounts {
            if !keys.contains(&meta.pubkey) {
                keys.push(meta.pubkey);
            }
            if meta.is_signer && !signers.contains(&meta.pubkey) {
                signers.push(meta.pubkey);
            }
        }
        if !keys.contains(&instruction.program_id) {
            keys.push(instruction.program_id);
        }
        let (accounts, data) = (instruction.accounts.len(), instruction.data.len());
        body += 1 + compact(accounts) + accounts + compact(data) + data;
    }
    let signatures = compact(signers.len()) + 64 * signers.len();
    let (version, header, blockhash, tables) = (1, 3, 32, 1);
    signatures
        + version
        + header
        + compact(keys.len())
        + 32 * keys.len()
        + blockhash
        + compact(instructions.len())
        + body
        + tables
}

/// Bytes of a length in the wire format's compact form.
const fn compact(length: usize) -> usize {
    match length {
        0..=0x7f => 1,
        0x80..=0x3fff => 2,
        _ => 3,
    }
}

/// Whether the list fits into one transaction, with what the sender adds.
pub fn fits(payer: &Address, instructions: &[Instruction]) -> bool {
    transaction_bytes(payer, instructions) + BUDGET_BYTES <= TRANSACTION_BYTES_MAX
}

/// A standing offer to be taken.
#[derive(Clone, Copy, Debug)]
pub struct Take {
    pub offer: Address,
    /// The `Provider` account.
    pub provider: Address,
    /// Its owner, whose stake is locked.
    pub owner: Address,
}

/// Posts a job and, if there is an offer to take, takes it: both happen or neither.
pub fn post_and_take(
    tenant: Address,
    coin: Coin,
    terms: market::JobTerms,
    take: Option<Take>,
) -> (Address, Vec<Instruction>) {
    let job = address::job(&tenant, terms.index);
    let (config, mint_rule) = (address::market_config(), address::mint_rule(&coin.mint));
    let mut all = vec![market::post_job(
        market::PostJobAccounts {
            tenant,
            config,
            mint: coin.mint,
            mint_rule,
            job,
            vault: address::vault(&job),
            source: coin.account_of(&tenant),
            token_program: coin.token_program,
        },
        market::PostJobArgs { args: terms },
    )];
    if let Some(Take { offer, provider, owner }) = take {
        all.push(market::match_job(market::MatchJobAccounts {
            tenant,
            config,
            job,
            mint_rule,
            offer,
            provider,
            stake: address::stake(&owner),
        }));
    }
    (job, all)
}

/// How a held job comes to be settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settling {
    /// Its receipt was not drawn for an audit and the window is over.
    Unchallenged,
    /// By a verdict of the arbiter that is known not to say *invalid*.
    Verdict,
    /// By any verdict: if it says *invalid*, `payer` advances the rent of the slash case.
    AnyVerdict { payer: Address },
    /// It is settled already.
    Done,
}

/// A held job, and where its money goes.
#[derive(Clone, Copy, Debug)]
pub struct Emptying<'a> {
    pub address: Address,
    pub job: &'a market::Job,
    /// Owner of the `Provider` that holds the job.
    pub provider_owner: Address,
    /// `Config::treasury`.
    pub treasury: Address,
}

impl Emptying<'_> {
    fn coin(&self) -> Coin {
        Coin::of_job(self.job)
    }

    /// Settles, if the job is not settled yet.
    pub fn settle(&self, how: Settling) -> Option<Instruction> {
        let (config, provider, stake) =
            (address::market_config(), self.job.provider, address::stake(&self.provider_owner));
        match how {
            Settling::Unchallenged => Some(market::settle_unchallenged(market::SettleUnchallengedAccounts {
                config,
                job: self.address,
                provider,
                stake,
                round: address::round(&self.address, self.job.attempt, 1),
            })),
            Settling::Verdict => Some(self.verify(None)),
            Settling::AnyVerdict { payer } => Some(self.verify(Some(payer))),
            Settling::Done => None,
        }
    }

    fn verify(&self, payer: Option<Address>) -> Instruction {
        let case = address::slash_case(&self.address, self.job.attempt, self.job.nonce);
        market::verify_proof(market::VerifyProofAccounts {
            config: address::market_config(),
            job: self.address,
            provider: self.job.provider,
            stake: address::stake(&self.provider_owner),
            verdict: address::verdict(&self.address, self.job.attempt),
            slash_case: payer.map(|_| case),
            payer,
            system_program: payer.map(|_| address::SYSTEM_PROGRAM),
        })
    }

    /// Pays the provider, into its owner's associated account.
    pub fn claim_reward(&self) -> Instruction {
        let coin = self.coin();
        market::claim_reward(market::ClaimRewardAccounts {
            job: self.address,
            vault: self.job.vault,
            provider: self.job.provider,
            mint: coin.mint,
            destination: coin.account_of(&self.provider_owner),
            token_program: coin.token_program,
        })
    }

    /// Pays the tenant, or the array whose task this is.
    pub fn claim_refund(&self) -> Instruction {
        let coin = self.coin();
        market::claim_refund(market::ClaimRefundAccounts {
            job: self.address,
            vault: self.job.vault,
            mint: coin.mint,
            destination: self.refund_destination(),
            array: self.array(),
            token_program: coin.token_program,
        })
    }

    /// The array whose task this job is.
    fn array(&self) -> Option<Address> {
        (self.job.array != Address::default()).then_some(self.job.array)
    }

    /// Where the tenant's part goes: into its associated account, or, of a task, back to the array.
    fn refund_destination(&self) -> Address {
        self.array().map_or_else(|| self.coin().account_of(&self.job.tenant), |array| address::array_vault(&array))
    }

    /// Splits the fee.
    pub fn sweep_fees(&self) -> Instruction {
        let coin = self.coin();
        market::sweep_fees(market::SweepFeesAccounts {
            config: address::market_config(),
            job: self.address,
            vault: self.job.vault,
            mint: coin.mint,
            mint_rule: address::mint_rule(&coin.mint),
            audit_budget: address::audit_budget(&coin.mint),
            treasury: coin.account_of(&self.treasury),
            token_program: coin.token_program,
        })
    }

    /// Closes the job; dust goes where the tenant's part goes.
    pub fn close(&self) -> Instruction {
        let coin = self.coin();
        market::close_job(market::CloseJobAccounts {
            config: address::market_config(),
            rent_payer: self.job.rent_payer,
            job: self.address,
            vault: self.job.vault,
            mint: coin.mint,
            verdict: address::verdict(&self.address, self.job.attempt),
            dust_destination: Some(self.refund_destination()),
            array: self.array(),
            token_program: coin.token_program,
        })
    }

    /// Settles and pays everybody whom the job still owes. A part of zero is claimed without a transfer, so that none
    /// has to be computed beforehand.
    pub fn settle_and_pay(&self, how: Settling) -> Vec<Instruction> {
        let open = |bit: u8| self.job.claimed & bit == 0;
        let mut all: Vec<Instruction> = self.settle(how).into_iter().collect();
        all.extend(open(CLAIMED_REWARD).then(|| self.claim_reward()));
        all.extend(open(CLAIMED_REFUND).then(|| self.claim_refund()));
        all.extend(open(CLAIMED_FEE).then(|| self.sweep_fees()));
        all
    }

    /// Settles, pays everybody and closes: afterwards neither job nor vault exists.
    pub fn settle_and_empty(&self, how: Settling) -> Vec<Instruction> {
        let mut all = self.settle_and_pay(how);
        all.push(self.close());
        all
    }
}

/// `claimed` bits of a job: the provider has its net, the tenant its refund, the fee has left the vault.
const CLAIMED_REWARD: u8 = 1;
const CLAIMED_REFUND: u8 = 2;
const CLAIMED_FEE: u8 = 4;
