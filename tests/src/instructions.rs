//! One builder per instruction: the transaction an honest party would send. Tests alter what they test.

use proofmill_client::{
    address,
    appeals::{self, Appeal},
    arbiter,
    compose::Emptying,
    market,
};
use proofmill_protocol::{
    evidence::{EvidenceKind, subject_bytes},
    verdict::Opinion,
};
use solana_address::Address;
use solana_instruction::Instruction;

use crate::{ArrayHandle, JobHandle, ValidatorParty, World, steps};

impl World {
    pub fn initialize_config(&self, args: market::ConfigArgs) -> Instruction {
        market::initialize_config(
            market::InitializeConfigAccounts {
                deployer: self.authority,
                program_data: address::program_data(&market::ID),
                config: address::market_config(),
                stake_mint: self.stake_mint,
            },
            market::InitializeConfigArgs { args },
        )
    }

    pub fn queue_config(&self, args: market::ConfigArgs) -> Instruction {
        market::queue_config(
            market::QueueConfigAccounts {
                authority: self.authority,
                config: address::market_config(),
                queued: address::queued_config(),
            },
            market::QueueConfigArgs { args },
        )
    }

    pub fn apply_config(&self) -> Instruction {
        market::apply_config(market::ApplyConfigAccounts {
            config: address::market_config(),
            queued: address::queued_config(),
            rent_payer: self.authority,
        })
    }

    pub fn cancel_config(&self) -> Instruction {
        market::cancel_config(market::CancelConfigAccounts {
            authority: self.authority,
            config: address::market_config(),
            queued: address::queued_config(),
        })
    }

    pub fn accept_authority(&self, authority: Address) -> Instruction {
        market::accept_authority(market::AcceptAuthorityAccounts { authority, config: address::market_config() })
    }

    pub fn pause_openings(&self, by: Address) -> Instruction {
        market::pause_openings(market::PauseOpeningsAccounts { by, config: address::market_config() })
    }

    pub fn unpause_openings(&self) -> Instruction {
        market::unpause_openings(market::UnpauseOpeningsAccounts {
            authority: self.authority,
            config: address::market_config(),
        })
    }

    pub fn add_mint(&self, mint: Address, args: market::MintRuleArgs) -> Instruction {
        market::add_mint(
            market::AddMintAccounts {
                authority: self.authority,
                config: address::market_config(),
                mint,
                mint_rule: address::mint_rule(&mint),
                audit_budget: address::audit_budget(&mint),
                token_program: self.token_program(&mint),
            },
            market::AddMintArgs { args },
        )
    }

    pub fn queue_mint(&self, mint: Address, args: market::MintRuleArgs) -> Instruction {
        market::queue_mint(
            market::QueueMintAccounts {
                authority: self.authority,
                config: address::market_config(),
                mint_rule: address::mint_rule(&mint),
            },
            market::QueueMintArgs { args },
        )
    }

    pub fn apply_mint(&self, mint: Address) -> Instruction {
        market::apply_mint(market::ApplyMintAccounts { mint_rule: address::mint_rule(&mint) })
    }

    pub fn disable_mint(&self, mint: Address) -> Instruction {
        market::disable_mint(market::DisableMintAccounts {
            authority: self.authority,
            config: address::market_config(),
            mint_rule: address::mint_rule(&mint),
        })
    }

    pub fn register_provider(&self, owner: Address, args: market::ProviderArgs) -> Instruction {
        market::register_provider(
            market::RegisterProviderAccounts {
                owner,
                config: address::market_config(),
                provider: address::provider(&owner),
            },
            market::RegisterProviderArgs { args },
        )
    }

    pub fn update_provider(&self, owner: Address, args: market::ProviderArgs) -> Instruction {
        market::update_provider(
            market::UpdateProviderAccounts {
                owner,
                config: address::market_config(),
                provider: address::provider(&owner),
            },
            market::UpdateProviderArgs { args },
        )
    }

    pub fn announce_provider(&self, provider: usize, active: u8) -> Instruction {
        let party = &self.providers[provider];
        let args = market::AnnounceArgs { endpoint_ip: [1; 16], endpoint_port: 7_000, active };
        market::announce_provider(
            market::AnnounceProviderAccounts { operator: party.operator, provider: party.account },
            market::AnnounceProviderArgs { args },
        )
    }

    pub fn open_stake(&self, owner: Address) -> Instruction {
        let stake = address::stake(&owner);
        market::open_stake(market::OpenStakeAccounts {
            owner,
            config: address::market_config(),
            mint: self.stake_mint,
            stake,
            vault: address::stake_vault(&stake),
            token_program: self.token_program(&self.stake_mint),
        })
    }

    pub fn deposit_stake(&self, owner: Address, amount: u64) -> Instruction {
        let stake = address::stake(&owner);
        market::deposit_stake(
            market::DepositStakeAccounts {
                depositor: owner,
                stake,
                vault: address::stake_vault(&stake),
                mint: self.stake_mint,
                source: self.account_of(&owner, &self.stake_mint),
                token_program: self.token_program(&self.stake_mint),
            },
            market::DepositStakeArgs { amount },
        )
    }

    pub fn unbond_stake(&self, owner: Address, amount: u64) -> Instruction {
        market::unbond_stake(
            market::UnbondStakeAccounts { owner, config: address::market_config(), stake: address::stake(&owner) },
            market::UnbondStakeArgs { amount },
        )
    }

    pub fn withdraw_stake(&self, owner: Address) -> Instruction {
        let stake = address::stake(&owner);
        market::withdraw_stake(market::WithdrawStakeAccounts {
            owner,
            stake,
            vault: address::stake_vault(&stake),
            mint: self.stake_mint,
            destination: self.account_of(&owner, &self.stake_mint),
            token_program: self.token_program(&self.stake_mint),
        })
    }

    pub fn sweep_slashed(&self, owner: Address) -> Instruction {
        let stake = address::stake(&owner);
        market::sweep_slashed(market::SweepSlashedAccounts {
            config: address::market_config(),
            stake,
            vault: address::stake_vault(&stake),
            mint: self.stake_mint,
            treasury: self.account_of(&self.treasury, &self.stake_mint),
            token_program: self.token_program(&self.stake_mint),
        })
    }

    pub fn publish_offer(&self, provider: usize, mint: Address, args: market::OfferArgs) -> Instruction {
        let party = &self.providers[provider];
        market::publish_offer(
            market::PublishOfferAccounts {
                operator: party.operator,
                config: address::market_config(),
                provider: party.account,
                mint,
                mint_rule: address::mint_rule(&mint),
                offer: address::offer(&party.account, args.index),
            },
            market::PublishOfferArgs { args },
        )
    }

    pub fn withdraw_offer(&self, provider: usize, index: u16) -> Instruction {
        let party = &self.providers[provider];
        market::withdraw_offer(market::WithdrawOfferAccounts {
            operator: party.operator,
            provider: party.account,
            offer: address::offer(&party.account, index),
            rent_payer: party.operator,
        })
    }

    pub fn post_job(&self, tenant: usize, mint: Address, args: market::JobTerms) -> Instruction {
        let tenant = self.tenants[tenant];
        let job = address::job(&tenant, args.index);
        market::post_job(
            market::PostJobAccounts {
                tenant,
                config: address::market_config(),
                mint,
                mint_rule: address::mint_rule(&mint),
                job,
                vault: address::vault(&job),
                source: self.account_of(&tenant, &mint),
                token_program: self.token_program(&mint),
            },
            market::PostJobArgs { args },
        )
    }

    pub fn match_job(&self, job: &JobHandle, provider: usize, offer: u16) -> Instruction {
        let party = &self.providers[provider];
        market::match_job(market::MatchJobAccounts {
            tenant: job.tenant,
            config: address::market_config(),
            job: job.address,
            mint_rule: address::mint_rule(&job.mint),
            offer: address::offer(&party.account, offer),
            provider: party.account,
            stake: party.stake,
        })
    }

    pub fn place_bid(&self, job: &JobHandle, provider: usize, price_per_second: u64) -> Instruction {
        let party = &self.providers[provider];
        market::place_bid(
            market::PlaceBidAccounts {
                operator: party.operator,
                config: address::market_config(),
                job: job.address,
                mint_rule: address::mint_rule(&job.mint),
                provider: party.account,
                stake: party.stake,
                bid: address::bid(&job.address, &party.account),
            },
            market::PlaceBidArgs { price_per_second },
        )
    }

    pub fn withdraw_bid(&self, job: &JobHandle, provider: usize) -> Instruction {
        let party = &self.providers[provider];
        market::withdraw_bid(market::WithdrawBidAccounts {
            operator: party.operator,
            provider: party.account,
            job: job.address,
            bid: address::bid(&job.address, &party.account),
            rent_payer: party.operator,
        })
    }

    pub fn skip_bid(&self, job: &JobHandle, provider: usize) -> Instruction {
        let party = &self.providers[provider];
        market::skip_bid(market::SkipBidAccounts {
            config: address::market_config(),
            job: job.address,
            mint_rule: address::mint_rule(&job.mint),
            bid: address::bid(&job.address, &party.account),
            provider: party.account,
            stake: party.stake,
        })
    }

    pub fn close_bid(&self, job: &JobHandle, provider: usize) -> Instruction {
        let party = &self.providers[provider];
        market::close_bid(market::CloseBidAccounts {
            job: job.address,
            bid: address::bid(&job.address, &party.account),
            rent_payer: party.operator,
        })
    }

    pub fn post_array(&self, tenant: usize, mint: Address, args: market::ArrayTerms) -> Instruction {
        let tenant = self.tenants[tenant];
        let array = address::array(&tenant, args.index);
        market::post_array(
            market::PostArrayAccounts {
                tenant,
                config: address::market_config(),
                mint,
                mint_rule: address::mint_rule(&mint),
                array,
                vault: address::array_vault(&array),
                source: address::token_account(&tenant, &mint),
                token_program: self.token_program(&mint),
            },
            market::PostArrayArgs { args },
        )
    }

    pub fn take_task(&self, array: &ArrayHandle, task: u16, provider: usize, offer: u16) -> Instruction {
        let party = &self.providers[provider];
        let job = array.task(task);
        market::take_task(
            market::TakeTaskAccounts {
                operator: party.operator,
                config: address::market_config(),
                array: array.address,
                array_vault: array.vault,
                mint: array.mint,
                mint_rule: address::mint_rule(&array.mint),
                offer: address::offer(&party.account, offer),
                provider: party.account,
                stake: party.stake,
                job: job.address,
                vault: job.vault,
                token_program: self.token_program(&array.mint),
            },
            market::TakeTaskArgs { task },
        )
    }

    pub fn cancel_array(&self, array: &ArrayHandle) -> Instruction {
        market::cancel_array(market::CancelArrayAccounts { tenant: array.tenant, array: array.address })
    }

    pub fn close_array(&self, array: &ArrayHandle) -> Instruction {
        let left = self.tokens(&array.vault) > 0;
        market::close_array(market::CloseArrayAccounts {
            rent_payer: array.tenant,
            array: array.address,
            vault: array.vault,
            mint: array.mint,
            destination: left.then(|| address::token_account(&array.tenant, &array.mint)),
            token_program: self.token_program(&array.mint),
        })
    }

    pub fn accept_bid(&self, job: &JobHandle, provider: usize) -> Instruction {
        let party = &self.providers[provider];
        market::accept_bid(market::AcceptBidAccounts {
            config: address::market_config(),
            job: job.address,
            mint_rule: address::mint_rule(&job.mint),
            bid: address::bid(&job.address, &party.account),
            provider: party.account,
            stake: party.stake,
        })
    }

    pub fn start_job(&self, job: &JobHandle, provider: usize) -> Instruction {
        let party = &self.providers[provider];
        market::start_job(market::StartJobAccounts {
            operator: party.operator,
            provider: party.account,
            job: job.address,
        })
    }

    pub fn submit_proof(&self, job: &JobHandle, provider: usize, args: market::ReceiptClaim) -> Instruction {
        let party = &self.providers[provider];
        market::submit_proof(
            market::SubmitProofAccounts {
                operator: party.operator,
                config: address::market_config(),
                provider: party.account,
                job: job.address,
            },
            market::SubmitProofArgs { args },
        )
    }

    /// With the accounts of a slash case where the verdict opens one.
    pub fn verify_proof(&self, job: &JobHandle, provider: usize) -> Instruction {
        let party = &self.providers[provider];
        let verdict = address::verdict(&job.address, self.attempt_number(job));
        let stored = arbiter::Verdict::decode(&self.data(&verdict));
        let rejects = stored.is_ok_and(|verdict| verdict.opinion == Opinion::Invalid as u8);
        market::verify_proof(market::VerifyProofAccounts {
            config: address::market_config(),
            job: job.address,
            provider: party.account,
            stake: party.stake,
            verdict,
            slash_case: rejects.then(|| self.slash_case(job)),
            payer: rejects.then_some(self.crank),
            system_program: rejects.then_some(address::SYSTEM_PROGRAM),
        })
    }

    pub fn apply_slash(&self, case: Address) -> Instruction {
        let stake = market::SlashCase::decode(&self.data(&case)).map_or(self.outsider, |case| case.stake);
        market::apply_slash(market::ApplySlashAccounts { config: address::market_config(), stake, slash_case: case })
    }

    pub fn appeal_slash(&self, owner: Address, case: Address) -> Instruction {
        market::appeal_slash(market::AppealSlashAccounts { owner, stake: address::stake(&owner), slash_case: case })
    }

    pub fn resolve_appeal(&self, case: Address) -> Instruction {
        let stake = market::SlashCase::decode(&self.data(&case)).map_or(self.outsider, |case| case.stake);
        market::resolve_appeal(market::ResolveAppealAccounts {
            config: address::market_config(),
            stake,
            slash_case: case,
            verdict: address::appeal_verdict(&case),
        })
    }

    pub fn close_case(&self, case: Address) -> Instruction {
        let rent_payer = market::SlashCase::decode(&self.data(&case)).map_or(self.crank, |case| case.rent_payer);
        market::close_case(market::CloseCaseAccounts { slash_case: case, rent_payer })
    }

    pub fn slash_on_evidence(&self, evidence: Address, offender: Address, job: Address) -> Instruction {
        market::slash_on_evidence(market::SlashOnEvidenceAccounts {
            payer: self.crank,
            config: address::market_config(),
            evidence,
            job,
            stake: address::stake(&offender),
            slash_case: address::evidence_case(&evidence),
        })
    }

    pub fn claim_bounty(&self, offender: Address, case: Address, reporter: Address) -> Instruction {
        let stake = address::stake(&offender);
        market::claim_bounty(market::ClaimBountyAccounts {
            stake,
            slash_case: case,
            vault: address::stake_vault(&stake),
            mint: self.stake_mint,
            destination: address::token_account(&reporter, &self.stake_mint),
            token_program: self.token_program(&self.stake_mint),
        })
    }

    pub fn open_reward_pool(&self, epoch: u32) -> Instruction {
        let pool = address::reward_pool(epoch);
        market::open_reward_pool(
            market::OpenRewardPoolAccounts {
                payer: self.crank,
                config: address::market_config(),
                mint: self.stake_mint,
                pool,
                vault: address::reward_vault(&pool),
                token_program: self.token_program(&self.stake_mint),
            },
            market::OpenRewardPoolArgs { epoch },
        )
    }

    pub fn fund_rewards(&self, funder: Address, epoch: u32, amount: u64) -> Instruction {
        let pool = address::reward_pool(epoch);
        market::fund_rewards(
            market::FundRewardsAccounts {
                funder,
                pool,
                vault: address::reward_vault(&pool),
                mint: self.stake_mint,
                source: address::token_account(&funder, &self.stake_mint),
                token_program: self.token_program(&self.stake_mint),
            },
            market::FundRewardsArgs { amount },
        )
    }

    pub fn claim_epoch_reward(
        &self,
        epoch: u32,
        provider: usize,
        witness_root: Address,
        args: market::RewardClaim,
    ) -> Instruction {
        let party = &self.providers[provider];
        let pool = address::reward_pool(epoch);
        market::claim_epoch_reward(
            market::ClaimEpochRewardAccounts {
                config: address::market_config(),
                pool,
                provider: party.account,
                witness_root,
                vault: address::reward_vault(&pool),
                mint: self.stake_mint,
                destination: address::token_account(&party.owner, &self.stake_mint),
                token_program: self.token_program(&self.stake_mint),
            },
            market::ClaimEpochRewardArgs { args },
        )
    }

    pub fn roll_rewards(&self, from: u32, to: u32, witness_root: Address) -> Instruction {
        let (from, to) = (address::reward_pool(from), address::reward_pool(to));
        market::roll_rewards(market::RollRewardsAccounts {
            config: address::market_config(),
            from,
            to,
            witness_root,
            from_vault: address::reward_vault(&from),
            to_vault: address::reward_vault(&to),
            mint: self.stake_mint,
            token_program: self.token_program(&self.stake_mint),
        })
    }

    pub fn settle_unchallenged(&self, job: &JobHandle, provider: usize) -> Instruction {
        let party = &self.providers[provider];
        market::settle_unchallenged(market::SettleUnchallengedAccounts {
            config: address::market_config(),
            job: job.address,
            provider: party.account,
            stake: party.stake,
            round: address::round(&job.address, self.attempt_number(job), 1),
        })
    }

    pub fn claim_reward(&self, job: &JobHandle, provider: usize) -> Instruction {
        let party = &self.providers[provider];
        market::claim_reward(market::ClaimRewardAccounts {
            job: job.address,
            vault: job.vault,
            provider: party.account,
            mint: job.mint,
            destination: self.account_of(&party.owner, &job.mint),
            token_program: self.token_program(&job.mint),
        })
    }

    pub fn claim_refund(&self, job: &JobHandle) -> Instruction {
        market::claim_refund(market::ClaimRefundAccounts {
            job: job.address,
            vault: job.vault,
            mint: job.mint,
            destination: self.refund_destination(job),
            array: self.array_of(job),
            token_program: self.token_program(&job.mint),
        })
    }

    pub fn cancel_job(&self, job: &JobHandle) -> Instruction {
        market::cancel_job(market::CancelJobAccounts { tenant: job.tenant, job: job.address })
    }

    pub fn decline_job(&self, job: &JobHandle, provider: usize) -> Instruction {
        let party = &self.providers[provider];
        market::decline_job(market::DeclineJobAccounts {
            operator: party.operator,
            job: job.address,
            provider: party.account,
            stake: party.stake,
        })
    }

    /// With the accounts of whoever holds the job, and those that show whether it was judged.
    pub fn expire_job(&self, job: &JobHandle, provider: Option<usize>) -> Instruction {
        let party = provider.map(|provider| &self.providers[provider]);
        market::expire_job(market::ExpireJobAccounts {
            job: job.address,
            provider: party.map(|party| party.account),
            stake: party.map(|party| party.stake),
            config: provider.map(|_| address::market_config()),
            verdict: provider.map(|_| address::verdict(&job.address, self.attempt_number(job))),
            round: provider.map(|_| self.round_address(job, 1)),
        })
    }

    pub fn report_usage(&self, job: &JobHandle, args: market::UsageClaim) -> Instruction {
        market::report_usage(
            market::ReportUsageAccounts { config: address::market_config(), job: job.address },
            market::ReportUsageArgs { args },
        )
    }

    pub fn accept_witnessed_usage(&self, job: &JobHandle) -> Instruction {
        market::accept_witnessed_usage(market::AcceptWitnessedUsageAccounts {
            config: address::market_config(),
            job: job.address,
            witness: address::usage_witness(&job.address, 1),
        })
    }

    pub fn claim_stream(&self, job: &JobHandle, provider: usize) -> Instruction {
        let party = &self.providers[provider];
        market::claim_stream(market::ClaimStreamAccounts {
            job: job.address,
            vault: job.vault,
            provider: party.account,
            mint: job.mint,
            destination: address::token_account(&party.owner, &job.mint),
            token_program: self.token_program(&job.mint),
        })
    }

    pub fn top_up_job(&self, job: &JobHandle, payer: Address, seconds: u32) -> Instruction {
        market::top_up_job(
            market::TopUpJobAccounts {
                payer,
                config: address::market_config(),
                job: job.address,
                vault: job.vault,
                mint: job.mint,
                source: address::token_account(&payer, &job.mint),
                token_program: self.token_program(&job.mint),
            },
            market::TopUpJobArgs { seconds },
        )
    }

    pub fn pause_job(&self, job: &JobHandle) -> Instruction {
        market::pause_job(market::PauseJobAccounts { job: job.address })
    }

    pub fn resume_job(&self, job: &JobHandle, provider: usize) -> Instruction {
        let party = &self.providers[provider];
        market::resume_job(market::ResumeJobAccounts {
            operator: party.operator,
            provider: party.account,
            job: job.address,
        })
    }

    /// Ended by `party`: the tenant or the provider's operator.
    pub fn stop_job(&self, job: &JobHandle, party: Address, provider: usize) -> Instruction {
        let holder = &self.providers[provider];
        market::stop_job(market::StopJobAccounts {
            party,
            job: job.address,
            provider: holder.account,
            stake: holder.stake,
            operator: holder.operator,
        })
    }

    pub fn claim_sla(&self, job: &JobHandle, provider: usize) -> Instruction {
        let party = &self.providers[provider];
        market::claim_sla(market::ClaimSlaAccounts {
            job: job.address,
            provider: party.account,
            stake: party.stake,
            vault: address::stake_vault(&party.stake),
            mint: self.stake_mint,
            destination: address::token_account(&job.tenant, &self.stake_mint),
            token_program: self.token_program(&self.stake_mint),
        })
    }

    pub fn sweep_fees(&self, job: &JobHandle) -> Instruction {
        market::sweep_fees(market::SweepFeesAccounts {
            config: address::market_config(),
            job: job.address,
            vault: job.vault,
            mint: job.mint,
            mint_rule: address::mint_rule(&job.mint),
            audit_budget: address::audit_budget(&job.mint),
            treasury: self.account_of(&self.treasury, &job.mint),
            token_program: self.token_program(&job.mint),
        })
    }

    /// Pays re-executor 0 or 1 of the rounds, or 2: the appeal's.
    pub fn pay_audit(&self, job: &JobHandle, executor: u8, provider: usize) -> Instruction {
        let party = &self.providers[provider];
        let verdict = match executor {
            2 => address::appeal_verdict(&self.slash_case(job)),
            _ => address::verdict(&job.address, self.attempt_number(job)),
        };
        market::pay_audit(
            market::PayAuditAccounts {
                config: address::market_config(),
                job: job.address,
                verdict,
                provider: party.account,
                mint: job.mint,
                mint_rule: address::mint_rule(&job.mint),
                audit_budget: address::audit_budget(&job.mint),
                destination: self.account_of(&party.owner, &job.mint),
                token_program: self.token_program(&job.mint),
            },
            market::PayAuditArgs { executor },
        )
    }

    pub fn close_job(&self, job: &JobHandle) -> Instruction {
        market::close_job(market::CloseJobAccounts {
            config: address::market_config(),
            rent_payer: self.rent_payer_of_job(job),
            job: job.address,
            vault: job.vault,
            mint: job.mint,
            verdict: address::verdict(&job.address, self.attempt_number(job)),
            // Two absent optional accounts are one address twice, which costs more than naming a destination.
            dust_destination: Some(self.refund_destination(job)),
            array: self.array_of(job),
            token_program: self.token_program(&job.mint),
        })
    }

    /// Where the money of a held job goes; `stored` is the job as it is on chain.
    pub fn emptying<'a>(&self, job: &JobHandle, stored: &'a market::Job, provider: usize) -> Emptying<'a> {
        Emptying {
            address: job.address,
            job: stored,
            provider_owner: self.providers[provider].owner,
            treasury: self.treasury,
        }
    }

    pub fn initialize_arbiter(&self, args: arbiter::ArbiterArgs) -> Instruction {
        arbiter::initialize_arbiter(
            arbiter::InitializeArbiterAccounts {
                authority: self.authority,
                market_config: address::market_config(),
                config: address::arbiter_config(),
                roster: address::roster(),
            },
            arbiter::InitializeArbiterArgs { args },
        )
    }

    pub fn queue_arbiter(&self, args: arbiter::ArbiterArgs) -> Instruction {
        arbiter::queue_arbiter(
            arbiter::QueueArbiterAccounts {
                authority: self.authority,
                config: address::arbiter_config(),
                market_config: address::market_config(),
                queued: address::queued_arbiter(),
            },
            arbiter::QueueArbiterArgs { args },
        )
    }

    pub fn apply_arbiter(&self) -> Instruction {
        arbiter::apply_arbiter(arbiter::ApplyArbiterAccounts {
            config: address::arbiter_config(),
            market_config: address::market_config(),
            drand: address::drand(),
            queued: address::queued_arbiter(),
            rent_payer: self.authority,
        })
    }

    pub fn cancel_arbiter(&self) -> Instruction {
        arbiter::cancel_arbiter(arbiter::CancelArbiterAccounts {
            authority: self.authority,
            config: address::arbiter_config(),
            queued: address::queued_arbiter(),
        })
    }

    pub fn accept_arbiter(&self, authority: Address) -> Instruction {
        arbiter::accept_arbiter(arbiter::AcceptArbiterAccounts { authority, config: address::arbiter_config() })
    }

    pub fn register_validator(&self, identity: Address, vote_key: [u8; 32], delegate: Address) -> Instruction {
        arbiter::register_validator(
            arbiter::RegisterValidatorAccounts {
                validator: identity,
                config: address::arbiter_config(),
                market_config: address::market_config(),
                stake: address::stake(&identity),
                roster: address::roster(),
            },
            arbiter::RegisterValidatorArgs { vote_key, delegate },
        )
    }

    pub fn retire_validator(&self, identity: Address) -> Instruction {
        arbiter::retire_validator(arbiter::RetireValidatorAccounts { validator: identity, roster: address::roster() })
    }

    pub fn refresh_validator(&self, identity: Address) -> Instruction {
        arbiter::refresh_validator(arbiter::RefreshValidatorAccounts {
            config: address::arbiter_config(),
            market_config: address::market_config(),
            stake: address::stake(&identity),
            roster: address::roster(),
        })
    }

    pub fn announce_validator(&self, validator: Address, delegate: Address, port: u16) -> Instruction {
        arbiter::announce_validator(
            arbiter::AnnounceValidatorAccounts { delegate, roster: address::roster() },
            arbiter::AnnounceValidatorArgs { validator, endpoint_ip: [1; 16], endpoint_port: port },
        )
    }

    pub fn close_set(&self, epoch: u32) -> Instruction {
        let set = arbiter::ValidatorSet::decode(&self.data(&address::validator_set(epoch)));
        arbiter::close_set(arbiter::CloseSetAccounts {
            config: address::arbiter_config(),
            validator_set: address::validator_set(epoch),
            rent_payer: set.map_or(self.crank, |set| set.rent_payer),
        })
    }

    pub fn freeze_set(&self, epoch: u32) -> Instruction {
        arbiter::freeze_set(
            arbiter::FreezeSetAccounts {
                payer: self.crank,
                config: address::arbiter_config(),
                roster: address::roster(),
                validator_set: address::validator_set(epoch),
            },
            arbiter::FreezeSetArgs { epoch },
        )
    }

    pub fn open_executors(&self, class_key: [u8; 32]) -> Instruction {
        arbiter::open_executors(
            arbiter::OpenExecutorsAccounts { payer: self.crank, executors: address::executors(&class_key) },
            arbiter::OpenExecutorsArgs { class_key },
        )
    }

    pub fn join_executors(&self, provider: usize) -> Instruction {
        let party = &self.providers[provider];
        arbiter::join_executors(arbiter::JoinExecutorsAccounts {
            operator: party.operator,
            config: address::arbiter_config(),
            market_config: address::market_config(),
            provider: party.account,
            stake: party.stake,
            executors: address::executors(&self.class_key),
        })
    }

    pub fn leave_executors(&self, provider: usize) -> Instruction {
        let party = &self.providers[provider];
        arbiter::leave_executors(arbiter::LeaveExecutorsAccounts {
            operator: party.operator,
            config: address::arbiter_config(),
            market_config: address::market_config(),
            provider: party.account,
            stake: party.stake,
            executors: address::executors(&self.class_key),
        })
    }

    pub fn open_round(&self, job: &JobHandle, provider: usize) -> Instruction {
        arbiter::open_round(arbiter::OpenRoundAccounts {
            payer: self.crank,
            config: address::arbiter_config(),
            job: job.address,
            provider: self.providers[provider].account,
            validator_set: address::validator_set(self.epoch()),
            executors: address::executors(&self.class_key),
            round: address::round(&job.address, self.attempt_number(job), 1),
            beacon: self.beacon_account,
        })
    }

    pub fn escalate_round(&self, job: &JobHandle, provider: usize) -> Instruction {
        arbiter::escalate_round(arbiter::EscalateRoundAccounts {
            payer: self.crank,
            config: address::arbiter_config(),
            job: job.address,
            provider: self.providers[provider].account,
            validator_set: address::validator_set(self.epoch()),
            executors: address::executors(&self.class_key),
            first: address::round(&job.address, self.attempt_number(job), 1),
            first_set: address::validator_set(self.round_epoch(job, 1)),
            round: address::round(&job.address, self.attempt_number(job), 2),
            beacon: self.beacon_account,
        })
    }

    /// The round of the appeal against the job's slash.
    pub fn open_appeal(&self, case: Address) -> Instruction {
        let stored = self.case(&case);
        Appeal { slash_case: case, case: &stored }.open(self.crank, self.epoch(), self.beacon_account)
    }

    pub fn finalize_appeal(&self, case: Address) -> Instruction {
        let stored = self.case(&case);
        Appeal { slash_case: case, case: &stored }.finalize(self.crank)
    }

    pub fn close_appeal(&self, case: Address) -> Instruction {
        let round = arbiter::Round::decode(&self.data(&address::appeal_round(&case)));
        appeals::close_round(case, round.map_or(self.crank, |round| round.rent_payer))
    }

    pub fn close_appeal_verdict(&self, case: Address) -> Instruction {
        let verdict = arbiter::Verdict::decode(&self.data(&address::appeal_verdict(&case)));
        appeals::close_verdict(case, verdict.map_or(self.crank, |verdict| verdict.rent_payer))
    }

    pub fn expire_round(&self, job: &JobHandle) -> Instruction {
        arbiter::expire_round(arbiter::ExpireRoundAccounts {
            round: address::round(&job.address, self.attempt_number(job), 1),
        })
    }

    /// The claim of the provider drawn for round `index`, correctly signed.
    pub fn submit_reexecution(&self, job: &JobHandle, index: u8, metered_ms: u64) -> Instruction {
        let round = self.round(job, index);
        let drawn = self.provider_at(&round.executor);
        let claim = self.reexecution(job, index, drawn, metered_ms);
        let signature = self.providers[drawn].sign_reexecution(&claim);
        self.submit_reexecution_as(
            job,
            index,
            drawn,
            arbiter::ReexecutionArgs { commitment: claim.commitment, metered_ms, signature },
        )
    }

    pub fn submit_reexecution_as(
        &self,
        job: &JobHandle,
        index: u8,
        provider: usize,
        args: arbiter::ReexecutionArgs,
    ) -> Instruction {
        let party = &self.providers[provider];
        arbiter::submit_reexecution(
            arbiter::SubmitReexecutionAccounts {
                operator: party.operator,
                config: address::arbiter_config(),
                provider: party.account,
                round: self.round_address(job, index),
            },
            arbiter::SubmitReexecutionArgs { args },
        )
    }

    /// Whoever sits on `seat`.
    pub fn seated(&self, job: &JobHandle, index: u8, seat: u8) -> &ValidatorParty {
        let round = self.round(job, index);
        let set = arbiter::ValidatorSet::decode(&self.data(&address::validator_set(round.epoch))).expect("a set");
        let identity = set.identities[usize::from(round.committee[usize::from(seat)])];
        let mut parties = self.validators.iter();
        parties.find(|party| party.identity.to_bytes() == identity).expect("one of the validators")
    }

    /// The commitment of `seat`, sent by its delegate.
    pub fn commit_attestation(&self, job: &JobHandle, index: u8, seat: u8, commitment: [u8; 32]) -> Instruction {
        self.commit_as(job, index, self.seated(job, index, seat).delegate, seat, commitment)
    }

    pub fn commit_as(
        &self,
        job: &JobHandle,
        index: u8,
        delegate: Address,
        seat: u8,
        commitment: [u8; 32],
    ) -> Instruction {
        arbiter::commit_attestation(
            arbiter::CommitAttestationAccounts {
                delegate,
                validator_set: address::validator_set(self.round_epoch(job, index)),
                round: self.round_address(job, index),
            },
            arbiter::CommitAttestationArgs { seat, commitment },
        )
    }

    /// The commitment to the opinion that [`World::reveal`] reveals.
    pub fn commit(&self, job: &JobHandle, index: u8, seat: u8, opinion: u8, confirms: u8) -> Instruction {
        let body = steps::attestation(self, job, index, seat, opinion, confirms);
        self.commit_attestation(job, index, seat, self.seated(job, index, seat).commitment(&body))
    }

    /// The commitment of `seat` to the opinion that [`World::reveal`] reveals, signed by its vote key.
    pub fn signed(&self, job: &JobHandle, index: u8, seat: u8, opinion: u8, confirms: u8) -> arbiter::SeatCommitment {
        let party = self.seated(job, index, seat);
        let commitment = party.commitment(&steps::attestation(self, job, index, seat, opinion, confirms));
        let body = steps::signed_commitment(self, job, index, seat, commitment);
        arbiter::SeatCommitment { seat, commitment, signature: party.sign_commitment(&body) }
    }

    pub fn commit_attestations(
        &self,
        job: &JobHandle,
        index: u8,
        commitments: Vec<arbiter::SeatCommitment>,
    ) -> Instruction {
        arbiter::commit_attestations(
            arbiter::CommitAttestationsAccounts {
                config: address::arbiter_config(),
                validator_set: address::validator_set(self.round_epoch(job, index)),
                round: self.round_address(job, index),
            },
            arbiter::CommitAttestationsArgs { commitments },
        )
    }

    /// What `seat` reveals: correctly signed and salted.
    pub fn revealed(&self, job: &JobHandle, index: u8, seat: u8, opinion: u8, confirms: u8) -> arbiter::Reveal {
        let body = steps::attestation(self, job, index, seat, opinion, confirms);
        let party = self.seated(job, index, seat);
        arbiter::Reveal {
            seat,
            opinion,
            confirmed_executors: confirms,
            salt: party.salt(&body),
            signature: party.sign_attestation(&body),
        }
    }

    pub fn reveal_attestations(&self, job: &JobHandle, index: u8, reveals: Vec<arbiter::Reveal>) -> Instruction {
        arbiter::reveal_attestations(
            arbiter::RevealAttestationsAccounts {
                config: address::arbiter_config(),
                validator_set: address::validator_set(self.round_epoch(job, index)),
                round: self.round_address(job, index),
            },
            arbiter::RevealAttestationsArgs { output_root: [9; 32], reveals },
        )
    }

    /// One seat's reveal, sent alone.
    pub fn reveal(&self, job: &JobHandle, index: u8, seat: u8, opinion: u8, confirms: u8) -> Instruction {
        self.reveal_attestations(job, index, vec![self.revealed(job, index, seat, opinion, confirms)])
    }

    pub fn record_missed_reveal(&self, job: &JobHandle, index: u8, seat: u8) -> Instruction {
        let round = self.round(job, index);
        let offender = self.seated(job, index, seat).identity;
        let subject = subject_bytes(EvidenceKind::MissedReveal, job.address.as_array(), round.nonce, 1, index);
        let subject = proofmill_protocol::sha256(&[&subject]);
        arbiter::record_missed_reveal(
            arbiter::RecordMissedRevealAccounts {
                reporter: self.outsider,
                validator_set: address::validator_set(round.epoch),
                round: self.round_address(job, index),
                evidence: address::evidence(&offender, EvidenceKind::MissedReveal as u8, &subject),
            },
            arbiter::RecordMissedRevealArgs { seat, offender: offender.to_bytes(), subject },
        )
    }

    /// Of the first round, which alone can dissent.
    pub fn record_wrong_dissent(&self, job: &JobHandle, seat: u8) -> Instruction {
        let round = self.round(job, 1);
        let offender = self.seated(job, 1, seat).identity;
        let kind = EvidenceKind::WrongDissent;
        let subject = subject_bytes(kind, job.address.as_array(), round.nonce, round.attempt, 1);
        let subject = proofmill_protocol::sha256(&[&subject]);
        arbiter::record_wrong_dissent(
            arbiter::RecordWrongDissentAccounts {
                reporter: self.outsider,
                validator_set: address::validator_set(round.epoch),
                round: self.round_address(job, 1),
                evidence: address::evidence(&offender, kind as u8, &subject),
            },
            arbiter::RecordWrongDissentArgs { seat, offender: offender.to_bytes(), subject },
        )
    }

    pub fn finalize_round(&self, job: &JobHandle, index: u8) -> Instruction {
        arbiter::finalize_round(arbiter::FinalizeRoundAccounts {
            payer: self.crank,
            round: self.round_address(job, index),
            first: (index == 2).then(|| address::round(&job.address, self.attempt_number(job), 1)),
            verdict: address::verdict(&job.address, self.attempt_number(job)),
        })
    }

    pub fn close_round(&self, job: &JobHandle, index: u8) -> Instruction {
        arbiter::close_round(arbiter::CloseRoundAccounts {
            job: job.address,
            round: self.round_address(job, index),
            rent_payer: self.rent_payer_of_round(job, index),
        })
    }

    pub fn close_verdict(&self, job: &JobHandle) -> Instruction {
        arbiter::close_verdict(arbiter::CloseVerdictAccounts {
            job: job.address,
            verdict: address::verdict(&job.address, self.attempt_number(job)),
            rent_payer: self.rent_payer_of_verdict(job),
        })
    }

    pub fn initialize_drand(&self, args: arbiter::DrandNetwork) -> Instruction {
        arbiter::initialize_drand(
            arbiter::InitializeDrandAccounts {
                authority: self.authority,
                config: address::arbiter_config(),
                drand: address::drand(),
            },
            arbiter::InitializeDrandArgs { args },
        )
    }

    pub fn post_beacon(&self, round: u64, signature: [u8; 64]) -> Instruction {
        arbiter::post_beacon(
            arbiter::PostBeaconAccounts { payer: self.crank, drand: address::drand(), beacon: address::beacon(round) },
            arbiter::PostBeaconArgs { round, signature },
        )
    }

    pub fn close_beacon(&self, round: u64) -> Instruction {
        let beacon = arbiter::Beacon::decode(&self.data(&address::beacon(round)));
        arbiter::close_beacon(arbiter::CloseBeaconAccounts {
            beacon: address::beacon(round),
            rent_payer: beacon.map_or(self.crank, |beacon| beacon.rent_payer),
        })
    }
}
