//! Proofmill market: the money kernel. It holds every token and decides nothing about truth.
//!
//! Who is registered, what is escrowed, what is staked, what may leave. Rules live in `proofmill-protocol`; this
//! program checks accounts, moves tokens and says so. It reads the arbiter's verdicts and applies its own caps.
#![cfg_attr(not(test), no_std)]
#![allow(clippy::result_large_err)]

pub mod error;
pub mod events;
pub mod instructions;
pub mod settle;
pub mod signature;
pub mod state;
pub mod vault;

use anchor_lang::prelude::*;
use instructions::*;

declare_id!("4RxD8qYa4468A16255q7Jv6v3L2T17wLbcfo9De1baRC");

#[program]
pub mod market {
    use super::*;

    /// Creates the configuration of this deployment; its authority signs.
    pub fn initialize_config(ctx: &mut Context<InitializeConfig>, args: ConfigArgs) -> Result<()> {
        initialize_config::handle(ctx, args)
    }

    /// Changes parameters within the bounds written in the program.
    pub fn update_config(ctx: &mut Context<UpdateConfig>, args: ConfigArgs) -> Result<()> {
        update_config::handle(ctx, args)
    }

    /// Allows a mint for escrows and opens its audit budget.
    pub fn add_mint(ctx: &mut Context<AddMint>, args: MintRuleArgs) -> Result<()> {
        add_mint::handle(ctx, args)
    }

    /// Changes the rule of an allowed mint.
    pub fn update_mint(ctx: &mut Context<UpdateMint>, args: MintRuleArgs) -> Result<()> {
        update_mint::handle(ctx, args)
    }

    /// Registers the signer as a provider.
    pub fn register_provider(ctx: &mut Context<RegisterProvider>, args: ProviderArgs) -> Result<()> {
        register_provider::handle(ctx, args)
    }

    /// Changes a provider's announced resources and keys; its owner signs.
    pub fn update_provider(ctx: &mut Context<UpdateProvider>, args: ProviderArgs) -> Result<()> {
        update_provider::handle(ctx, args)
    }

    /// Announces where the node is reached and whether it takes jobs; its operator signs.
    pub fn announce_provider(ctx: &mut Context<AnnounceProvider>, args: AnnounceArgs) -> Result<()> {
        announce_provider::handle(ctx, args)
    }

    /// Opens a stake with a vault of its own.
    pub fn open_stake(ctx: &mut Context<OpenStake>) -> Result<()> {
        open_stake::handle(ctx)
    }

    /// Adds collateral.
    pub fn deposit_stake(ctx: &mut Context<DepositStake>, amount: u64) -> Result<()> {
        deposit_stake::handle(ctx, amount)
    }

    /// Begins to leave with a part of the free stake.
    pub fn unbond_stake(ctx: &mut Context<UnbondStake>, amount: u64) -> Result<()> {
        unbond_stake::handle(ctx, amount)
    }

    /// Pays out what has finished unbonding. Never pauses.
    pub fn withdraw_stake(ctx: &mut Context<WithdrawStake>) -> Result<()> {
        withdraw_stake::handle(ctx)
    }

    /// Moves slashed stake from its vault to the treasury. Anyone.
    pub fn sweep_slashed(ctx: &mut Context<SweepSlashed>) -> Result<()> {
        sweep_slashed::handle(ctx)
    }

    /// Publishes a standing price.
    pub fn publish_offer(ctx: &mut Context<PublishOffer>, args: OfferArgs) -> Result<()> {
        publish_offer::handle(ctx, args)
    }

    /// Withdraws a standing price. Never pauses.
    pub fn withdraw_offer(ctx: &mut Context<WithdrawOffer>) -> Result<()> {
        withdraw_offer::handle(ctx)
    }

    /// Posts a job and locks its escrow in a vault of its own.
    pub fn post_job(ctx: &mut Context<PostJob>, args: JobTerms) -> Result<()> {
        post_job::handle(ctx, args)
    }

    /// Takes a standing offer for an open job; may follow `post_job` in the same transaction.
    pub fn match_job(ctx: &mut Context<MatchJob>) -> Result<()> {
        match_job::handle(ctx)
    }

    /// Answers an open job with a price below the best one so far.
    pub fn place_bid(ctx: &mut Context<PlaceBid>, price_per_second: u64) -> Result<()> {
        place_bid::handle(ctx, price_per_second)
    }

    /// Takes a bid back and its rent with it, unless it is the best of a running auction.
    pub fn withdraw_bid(ctx: &mut Context<WithdrawBid>) -> Result<()> {
        withdraw_bid::handle(ctx)
    }

    /// Binds the lowest bid after the auction. Anyone.
    pub fn accept_bid(ctx: &mut Context<AcceptBid>) -> Result<()> {
        accept_bid::handle(ctx)
    }

    /// Declares the container running: metering begins.
    pub fn start_job(ctx: &mut Context<StartJob>) -> Result<()> {
        start_job::handle(ctx)
    }

    /// Submits the receipt of a finished run, signed by the node key.
    pub fn submit_proof(ctx: &mut Context<SubmitProof>, args: ReceiptClaim) -> Result<()> {
        submit_proof::handle(ctx, args)
    }

    /// Settles a job by the arbiter's verdict. Anyone.
    pub fn verify_proof(ctx: &mut Context<VerifyProof>) -> Result<()> {
        verify_proof::handle(ctx)
    }

    /// Settles a receipt that was not drawn for an audit, after its challenge window. Anyone.
    pub fn settle_unchallenged(ctx: &mut Context<SettleUnchallenged>) -> Result<()> {
        settle_unchallenged::handle(ctx)
    }

    /// Pays the provider its net. Anyone may push it; it goes to the provider's owner. Never pauses.
    pub fn claim_reward(ctx: &mut Context<ClaimReward>) -> Result<()> {
        claim_reward::handle(ctx)
    }

    /// Pays the tenant its refund. Anyone may push it; it goes to the tenant. Never pauses.
    pub fn claim_refund(ctx: &mut Context<ClaimRefund>) -> Result<()> {
        claim_refund::handle(ctx)
    }

    /// Withdraws an open job; the whole escrow is refunded.
    pub fn cancel_job(ctx: &mut Context<CancelJob>) -> Result<()> {
        cancel_job::handle(ctx)
    }

    /// Gives a held job back; the whole escrow is refunded.
    pub fn decline_job(ctx: &mut Context<DeclineJob>) -> Result<()> {
        decline_job::handle(ctx)
    }

    /// Applies the written default after a deadline. Anyone.
    pub fn expire_job(ctx: &mut Context<ExpireJob>) -> Result<()> {
        expire_job::handle(ctx)
    }

    /// Splits a settled job's fee between treasury and audit budget. Anyone.
    pub fn sweep_fees(ctx: &mut Context<SweepFees>) -> Result<()> {
        sweep_fees::handle(ctx)
    }

    /// Pays a re-execution that the verdict confirms, from the audit budget. Anyone.
    pub fn pay_audit(ctx: &mut Context<PayAudit>, executor: u8) -> Result<()> {
        pay_audit::handle(ctx, executor)
    }

    /// Closes a job that owes nobody; every lamport returns to the tenant. Anyone.
    pub fn close_job(ctx: &mut Context<CloseJob>) -> Result<()> {
        close_job::handle(ctx)
    }
}
