//! One builder per instruction: the transaction an honest party would send. Tests alter what they test.

use proofmill_client::{address, arbiter, market};
use solana_address::Address;
use solana_instruction::Instruction;

use crate::{JobHandle, World, steps};

impl World {
    pub fn initialize_config(&self, args: market::ConfigArgs) -> Instruction {
        market::initialize_config(
            market::InitializeConfigAccounts {
                authority: self.authority,
                config: address::market_config(),
                stake_mint: self.stake_mint,
            },
            market::InitializeConfigArgs { args },
        )
    }

    pub fn update_config(&self, args: market::ConfigArgs) -> Instruction {
        market::update_config(
            market::UpdateConfigAccounts { authority: self.authority, config: address::market_config() },
            market::UpdateConfigArgs { args },
        )
    }

    pub fn add_mint(&self, mint: Address, args: market::MintRuleArgs) -> Instruction {
        market::add_mint(
            market::AddMintAccounts {
                authority: self.authority,
                config: address::market_config(),
                mint,
                mint_rule: address::mint_rule(&mint),
                audit_budget: address::audit_budget(&mint),
            },
            market::AddMintArgs { args },
        )
    }

    pub fn update_mint(&self, mint: Address, args: market::MintRuleArgs) -> Instruction {
        market::update_mint(
            market::UpdateMintAccounts {
                authority: self.authority,
                config: address::market_config(),
                mint_rule: address::mint_rule(&mint),
            },
            market::UpdateMintArgs { args },
        )
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
                source: address::token_account(&owner, &self.stake_mint),
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
            destination: address::token_account(&owner, &self.stake_mint),
        })
    }

    pub fn sweep_slashed(&self, owner: Address) -> Instruction {
        let stake = address::stake(&owner);
        market::sweep_slashed(market::SweepSlashedAccounts {
            config: address::market_config(),
            stake,
            vault: address::stake_vault(&stake),
            mint: self.stake_mint,
            treasury: address::token_account(&self.treasury, &self.stake_mint),
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
                source: address::token_account(&tenant, &mint),
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

    pub fn verify_proof(&self, job: &JobHandle, provider: usize) -> Instruction {
        let party = &self.providers[provider];
        market::verify_proof(market::VerifyProofAccounts {
            config: address::market_config(),
            job: job.address,
            provider: party.account,
            stake: party.stake,
            verdict: address::verdict(&job.address, 1),
        })
    }

    pub fn settle_unchallenged(&self, job: &JobHandle, provider: usize) -> Instruction {
        let party = &self.providers[provider];
        market::settle_unchallenged(market::SettleUnchallengedAccounts {
            config: address::market_config(),
            job: job.address,
            provider: party.account,
            stake: party.stake,
            round: address::round(&job.address, 1, 1),
        })
    }

    pub fn claim_reward(&self, job: &JobHandle, provider: usize) -> Instruction {
        let party = &self.providers[provider];
        market::claim_reward(market::ClaimRewardAccounts {
            job: job.address,
            vault: job.vault,
            provider: party.account,
            mint: job.mint,
            destination: address::token_account(&party.owner, &job.mint),
        })
    }

    pub fn claim_refund(&self, job: &JobHandle) -> Instruction {
        market::claim_refund(market::ClaimRefundAccounts {
            job: job.address,
            vault: job.vault,
            mint: job.mint,
            destination: address::token_account(&job.tenant, &job.mint),
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

    /// With the accounts of whoever holds the job.
    pub fn expire_job(&self, job: &JobHandle, provider: Option<usize>) -> Instruction {
        let party = provider.map(|provider| &self.providers[provider]);
        market::expire_job(market::ExpireJobAccounts {
            job: job.address,
            provider: party.map(|party| party.account),
            stake: party.map(|party| party.stake),
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
            treasury: address::token_account(&self.treasury, &job.mint),
        })
    }

    pub fn pay_audit(&self, job: &JobHandle, executor: u8, provider: usize) -> Instruction {
        let party = &self.providers[provider];
        market::pay_audit(
            market::PayAuditAccounts {
                config: address::market_config(),
                job: job.address,
                verdict: address::verdict(&job.address, 1),
                provider: party.account,
                mint: job.mint,
                mint_rule: address::mint_rule(&job.mint),
                audit_budget: address::audit_budget(&job.mint),
                destination: address::token_account(&party.owner, &job.mint),
            },
            market::PayAuditArgs { executor },
        )
    }

    pub fn close_job(&self, job: &JobHandle) -> Instruction {
        let dust = self.tokens(&job.vault) > 0;
        market::close_job(market::CloseJobAccounts {
            config: address::market_config(),
            tenant: job.tenant,
            job: job.address,
            vault: job.vault,
            mint: job.mint,
            verdict: address::verdict(&job.address, 1),
            dust_destination: dust.then(|| address::token_account(&job.tenant, &job.mint)),
        })
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

    pub fn update_arbiter(&self, args: arbiter::ArbiterArgs) -> Instruction {
        arbiter::update_arbiter(
            arbiter::UpdateArbiterAccounts { authority: self.authority, config: address::arbiter_config() },
            arbiter::UpdateArbiterArgs { args },
        )
    }

    pub fn register_validator(&self, identity: Address, vote_key: [u8; 32]) -> Instruction {
        arbiter::register_validator(
            arbiter::RegisterValidatorAccounts {
                validator: identity,
                config: address::arbiter_config(),
                market_config: address::market_config(),
                stake: address::stake(&identity),
                roster: address::roster(),
            },
            arbiter::RegisterValidatorArgs { vote_key },
        )
    }

    pub fn retire_validator(&self, identity: Address) -> Instruction {
        arbiter::retire_validator(arbiter::RetireValidatorAccounts { validator: identity, roster: address::roster() })
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
            provider: party.account,
            executors: address::executors(&self.class_key),
        })
    }

    pub fn leave_executors(&self, provider: usize) -> Instruction {
        let party = &self.providers[provider];
        arbiter::leave_executors(arbiter::LeaveExecutorsAccounts {
            operator: party.operator,
            provider: party.account,
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
            round: address::round(&job.address, 1, 1),
            slot_hashes: address::SLOT_HASHES,
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
            first: address::round(&job.address, 1, 1),
            round: address::round(&job.address, 1, 2),
            slot_hashes: address::SLOT_HASHES,
        })
    }

    pub fn expire_round(&self, job: &JobHandle) -> Instruction {
        arbiter::expire_round(arbiter::ExpireRoundAccounts {
            config: address::arbiter_config(),
            round: address::round(&job.address, 1, 1),
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
                round: address::round(&job.address, 1, index),
            },
            arbiter::SubmitReexecutionArgs { args },
        )
    }

    pub fn submit_attestation(&self, job: &JobHandle, index: u8, args: arbiter::AttestationArgs) -> Instruction {
        arbiter::submit_attestation(
            arbiter::SubmitAttestationAccounts {
                config: address::arbiter_config(),
                validator_set: address::validator_set(self.round(job, index).epoch),
                round: address::round(&job.address, 1, index),
            },
            arbiter::SubmitAttestationArgs { args },
        )
    }

    /// The attestation of whoever sits on `seat`, correctly signed.
    pub fn attest(&self, job: &JobHandle, index: u8, seat: u8, opinion: u8, confirms: u8) -> Instruction {
        let body = steps::attestation(self, job, index, seat, opinion, confirms);
        let round = self.round(job, index);
        let member = usize::from(round.committee[usize::from(seat)]);
        let signature = self.validators[member].sign_attestation(&body);
        self.submit_attestation(
            job,
            index,
            arbiter::AttestationArgs {
                seat,
                opinion,
                confirmed_executors: confirms,
                output_root: body.output_root,
                signature,
            },
        )
    }

    pub fn finalize_round(&self, job: &JobHandle, index: u8) -> Instruction {
        arbiter::finalize_round(arbiter::FinalizeRoundAccounts {
            payer: self.crank,
            config: address::arbiter_config(),
            round: address::round(&job.address, 1, index),
            first: (index == 2).then(|| address::round(&job.address, 1, 1)),
            verdict: address::verdict(&job.address, 1),
        })
    }

    pub fn close_round(&self, job: &JobHandle, index: u8) -> Instruction {
        arbiter::close_round(arbiter::CloseRoundAccounts {
            job: job.address,
            round: address::round(&job.address, 1, index),
            rent_payer: self.rent_payer_of_round(job, index),
        })
    }

    pub fn close_verdict(&self, job: &JobHandle) -> Instruction {
        arbiter::close_verdict(arbiter::CloseVerdictAccounts {
            job: job.address,
            verdict: address::verdict(&job.address, 1),
            rent_payer: self.rent_payer_of_verdict(job),
        })
    }
}
