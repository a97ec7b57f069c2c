//! Proofmill market: the money kernel. It holds every token and decides nothing about truth.
//!
//! Who is registered, what is escrowed, what is staked, what may leave. Rules live in `proofmill-protocol`; this
//! program checks accounts, moves tokens and says so. It reads the arbiter's verdicts and applies its own caps.
#![cfg_attr(not(test), no_std)]
#![allow(clippy::result_large_err)]

pub mod attempt;
pub mod deployment;
pub mod error;
pub mod events;
pub mod instructions;
pub mod security;
pub mod service;
pub mod settle;
pub mod signature;
pub mod slash;
pub mod state;
pub mod token;
pub mod vault;
pub mod witness;

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

    /// Queues a change of parameters within the bounds written in the program; it may be applied after the timelock.
    pub fn queue_config(ctx: &mut Context<QueueConfig>, args: ConfigArgs) -> Result<()> {
        queue_config::handle(ctx, args)
    }

    /// Applies the queued change. Anyone, once the timelock has passed.
    pub fn apply_config(ctx: &mut Context<ApplyConfig>) -> Result<()> {
        apply_config::handle(ctx)
    }

    /// Drops the queued change.
    pub fn cancel_config(ctx: &mut Context<CancelConfig>) -> Result<()> {
        cancel_config::handle(ctx)
    }

    /// Takes over the authority that an applied change named.
    pub fn accept_authority(ctx: &mut Context<AcceptAuthority>) -> Result<()> {
        accept_authority::handle(ctx)
    }

    /// Stops openings at once; no exit. Authority or guardian.
    pub fn pause_openings(ctx: &mut Context<PauseOpenings>) -> Result<()> {
        pause_openings::handle(ctx)
    }

    /// Lets openings go on. Authority alone.
    pub fn unpause_openings(ctx: &mut Context<UnpauseOpenings>) -> Result<()> {
        unpause_openings::handle(ctx)
    }

    /// Opens the rule and the audit budget of a mint; jobs may use it once the queued rule is applied.
    pub fn add_mint(ctx: &mut Context<AddMint>, args: MintRuleArgs) -> Result<()> {
        add_mint::handle(ctx, args)
    }

    /// Queues a change of a mint's rule.
    pub fn queue_mint(ctx: &mut Context<QueueMint>, args: MintRuleArgs) -> Result<()> {
        queue_mint::handle(ctx, args)
    }

    /// Applies the queued rule of a mint. Anyone, once the timelock has passed.
    pub fn apply_mint(ctx: &mut Context<ApplyMint>) -> Result<()> {
        apply_mint::handle(ctx)
    }

    /// Takes a mint off the list at once: for new jobs, not for those that use it.
    pub fn disable_mint(ctx: &mut Context<DisableMint>) -> Result<()> {
        disable_mint::handle(ctx)
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

    /// Takes a bid back and its deposit with it, unless it is the best on an open job.
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

    /// Gives a held job back: it opens again, or the whole escrow is refunded after the last attempt.
    pub fn decline_job(ctx: &mut Context<DeclineJob>) -> Result<()> {
        decline_job::handle(ctx)
    }

    /// Applies the written default after a deadline. Anyone.
    pub fn expire_job(ctx: &mut Context<ExpireJob>) -> Result<()> {
        expire_job::handle(ctx)
    }

    /// Splits a settled job's fee between burn, audit budget and treasury. Anyone.
    pub fn sweep_fees(ctx: &mut Context<SweepFees>) -> Result<()> {
        sweep_fees::handle(ctx)
    }

    /// Pays a re-execution that the verdict confirms, from the audit budget. Anyone.
    pub fn pay_audit(ctx: &mut Context<PayAudit>, executor: u8) -> Result<()> {
        pay_audit::handle(ctx, executor)
    }

    /// Closes a job that owes nobody; every lamport returns to who paid it. Anyone.
    pub fn close_job(ctx: &mut Context<CloseJob>) -> Result<()> {
        close_job::handle(ctx)
    }

    /// Takes a slash whose delay has passed, as far as this window allows. Anyone.
    pub fn apply_slash(ctx: &mut Context<ApplySlash>) -> Result<()> {
        apply_slash::handle(ctx)
    }

    /// Contests a slash by a verdict before it is due; costs a bond of free stake.
    pub fn appeal_slash(ctx: &mut Context<AppealSlash>) -> Result<()> {
        appeal_slash::handle(ctx)
    }

    /// Applies the arbiter's verdict on an appeal, or the written default after its deadline. Anyone.
    pub fn resolve_appeal(ctx: &mut Context<ResolveAppeal>) -> Result<()> {
        resolve_appeal::handle(ctx)
    }

    /// Closes a slash case that is dealt with; the rent returns to who paid it. Anyone.
    pub fn close_case(ctx: &mut Context<CloseCase>) -> Result<()> {
        close_case::handle(ctx)
    }

    /// Slashes by evidence of the arbiter, once per evidence. Anyone.
    pub fn slash_on_evidence(ctx: &mut Context<SlashOnEvidence>) -> Result<()> {
        slash_on_evidence::handle(ctx)
    }

    /// Pays the reporter of evidence its bounty. Anyone may push it.
    pub fn claim_bounty(ctx: &mut Context<ClaimBounty>) -> Result<()> {
        claim_bounty::handle(ctx)
    }

    /// Opens the reward pool of an epoch. Anyone.
    pub fn open_reward_pool(ctx: &mut Context<OpenRewardPool>, epoch: u32) -> Result<()> {
        open_reward_pool::handle(ctx, epoch)
    }

    /// Puts native tokens into an epoch's pool. Anyone.
    pub fn fund_rewards(ctx: &mut Context<FundRewards>, amount: u64) -> Result<()> {
        fund_rewards::handle(ctx, amount)
    }

    /// Pays a provider its share of an epoch's pool, once. Anyone may push it; it goes to the provider's owner.
    pub fn claim_epoch_reward(ctx: &mut Context<ClaimEpochReward>, args: RewardClaim) -> Result<()> {
        claim_epoch_reward::handle(ctx, args)
    }

    /// Moves what nobody claimed for long into a later pool. Anyone.
    pub fn roll_rewards(ctx: &mut Context<RollRewards>) -> Result<()> {
        roll_rewards::handle(ctx)
    }

    /// Takes in the cumulative usage of a service, signed by both node keys. Anyone may send it.
    pub fn report_usage(ctx: &mut Context<ReportUsage>, args: UsageClaim) -> Result<()> {
        report_usage::handle(ctx, args)
    }

    /// Takes in the cumulative usage of a service that the arbiter witnessed. Anyone.
    pub fn accept_witnessed_usage(ctx: &mut Context<AcceptWitnessedUsage>) -> Result<()> {
        accept_witnessed_usage::handle(ctx)
    }

    /// Pays the provider what its service has earned so far. Anyone may push it. Never pauses.
    pub fn claim_stream(ctx: &mut Context<ClaimStream>) -> Result<()> {
        claim_stream::handle(ctx)
    }

    /// Adds seconds to a running or paused service, and the escrow that they cost. Anyone may pay.
    pub fn top_up_job(ctx: &mut Context<TopUpJob>, seconds: u32) -> Result<()> {
        top_up_job::handle(ctx, seconds)
    }

    /// Pauses a service whose escrow the clock has consumed. Anyone.
    pub fn pause_job(ctx: &mut Context<PauseJob>) -> Result<()> {
        pause_job::handle(ctx)
    }

    /// Declares a paused service healthy again, after a top-up: metering goes on.
    pub fn resume_job(ctx: &mut Context<ResumeJob>) -> Result<()> {
        resume_job::handle(ctx)
    }

    /// Ends a service; tenant or provider, at any time. Never pauses.
    pub fn stop_job(ctx: &mut Context<StopJob>) -> Result<()> {
        stop_job::handle(ctx)
    }

    /// Pays the tenant what is due for missed availability. Anyone may push it. Never pauses.
    pub fn claim_sla(ctx: &mut Context<ClaimSla>) -> Result<()> {
        claim_sla::handle(ctx)
    }
    /// Passes over the best bid of an open job if it was taken back or no longer fits. Anyone.
    pub fn skip_bid(ctx: &mut Context<SkipBid>) -> Result<()> {
        skip_bid::handle(ctx)
    }

    /// Closes a bid on a job that is over; rent and deposit return to who paid them. Anyone.
    pub fn close_bid(ctx: &mut Context<CloseBid>) -> Result<()> {
        close_bid::handle(ctx)
    }

    /// Posts many tasks as one and locks their escrow in one vault.
    pub fn post_array(ctx: &mut Context<PostArray>, args: ArrayTerms) -> Result<()> {
        post_array::handle(ctx, args)
    }

    /// Takes one task of an array at the price of a standing offer; the provider's operator signs.
    pub fn take_task(ctx: &mut Context<TakeTask>, task: u16) -> Result<()> {
        take_task::handle(ctx, task)
    }

    /// Lets no further task of an array be taken.
    pub fn cancel_array(ctx: &mut Context<CancelArray>) -> Result<()> {
        cancel_array::handle(ctx)
    }

    /// Closes an array of which no task is held and none will be taken; the rest returns to the tenant. Anyone.
    pub fn close_array(ctx: &mut Context<CloseArray>) -> Result<()> {
        close_array::handle(ctx)
    }

    /// Carries a capability certificate to its provider. Anyone.
    pub fn record_capability(
        ctx: &mut Context<RecordCapability>,
        args: CapabilityClaim,
        inclusion: witness::Inclusion,
    ) -> Result<()> {
        record_capability::handle(ctx, args, inclusion)
    }

    /// Carries a count of heartbeats to its provider. Anyone.
    pub fn record_uptime(
        ctx: &mut Context<RecordUptime>,
        args: UptimeClaim,
        inclusion: witness::Inclusion,
    ) -> Result<()> {
        record_uptime::handle(ctx, args, inclusion)
    }
}
