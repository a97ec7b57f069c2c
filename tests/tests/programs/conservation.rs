//! Whatever anybody does in whatever order: no token appears or vanishes, no vault owes more than it holds, and in
//! the end everything ends without anybody's leave.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::collections::BTreeMap;

use crate::laws::*;

const SEQUENCES: u64 = 64;
const STEPS: usize = 40;

/// splitmix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    Post,
    Auction,
    Match,
    Bid,
    WithdrawBid,
    Accept,
    Start,
    Submit,
    OpenRound,
    Reexecute,
    Attest,
    ExpireRound,
    Escalate,
    Finalize,
    Verify,
    Unchallenged,
    Reward,
    Refund,
    Fees,
    Audit,
    Cancel,
    Decline,
    Expire,
    Close,
    CloseRound,
    CloseVerdict,
    Unbond,
    Withdraw,
    Deposit,
    Slashed,
    Warp,
}

use Act::*;

const ALL: [Act; 31] = [
    Post,
    Auction,
    Match,
    Bid,
    WithdrawBid,
    Accept,
    Start,
    Submit,
    OpenRound,
    Reexecute,
    Attest,
    ExpireRound,
    Escalate,
    Finalize,
    Verify,
    Unchallenged,
    Reward,
    Refund,
    Fees,
    Audit,
    Cancel,
    Decline,
    Expire,
    Close,
    CloseRound,
    CloseVerdict,
    Unbond,
    Withdraw,
    Deposit,
    Slashed,
    Warp,
];

struct Play {
    w: World,
    dice: Dice,
    jobs: Vec<JobHandle>,
    focus: usize,
    payments: u128,
    stakes: u128,
    /// How often each act went through.
    went: BTreeMap<Act, usize>,
}

impl Play {
    fn new(seed: u64) -> Self {
        let mut w = TestBuilder::ready();
        let mut dice = Dice(seed);
        if dice.below(2) == 0 {
            w.do_prove(0, LIMITS.proven_after + dice.below(400) as u32);
        }
        w.fund(w.outsider, w.mints[0], 1_000);
        for party in w.providers.clone() {
            w.fund(party.owner, w.stake_mint, 1_000_000);
        }
        let mint = w.mints[0];
        w.token_account(address::audit_budget(&mint), &address::market_config(), &mint, 1_000_000);
        let jobs = [(0, 1), (0, 2), (1, 1)].map(|(tenant, index)| w.handle(tenant, index, w.mints[0])).to_vec();
        // Half of the sequences begin with a receipt, or nothing late in a life would be reached often.
        if dice.below(2) == 0 {
            w.do_submitted(0, 1, 0);
        }
        let (payments, stakes) = (w.supply(&w.mints[0]), w.supply(&w.stake_mint));
        Self { w, dice, jobs, focus: 0, payments, stakes, went: BTreeMap::new() }
    }

    fn exists(&self, at: &Address) -> bool {
        !self.w.is_closed(at)
    }

    fn state(&self, job: &JobHandle) -> Option<JobState> {
        self.exists(&job.address).then(|| stands(&self.w, job).0)
    }

    /// Who holds the job, or anybody.
    fn holder(&mut self, job: &JobHandle) -> usize {
        let bound = self.exists(&job.address).then(|| self.w.job(job).provider);
        let held = bound.filter(|provider| *provider != Address::default());
        held.map_or_else(|| self.dice.below(3), |provider| self.w.provider_at(&provider))
    }

    /// What fits the job's state, mostly.
    fn choose(&mut self, job: &JobHandle) -> Act {
        if self.dice.below(10) == 0 {
            return self.dice.pick(&ALL);
        }
        let round = address::round(&job.address, 1, 1);
        match self.state(job) {
            None if self.exists(&round) => self.dice.pick(&[CloseRound, CloseVerdict, Post]),
            None => self.dice.pick(&[Post, Post, Auction, WithdrawBid]),
            Some(JobState::Open) if self.w.job(job).bids_until > 0 => {
                self.dice.pick(&[Bid, Bid, Bid, Warp, Accept, Accept, WithdrawBid])
            }
            Some(JobState::Open) => self.dice.pick(&[Match, Match, Match, Match, Match, Cancel]),
            Some(JobState::Matched) => self.dice.pick(&[Start, Start, Start, Start, Start, Start, Decline, Expire]),
            Some(JobState::Running) => self.dice.pick(&[Warp, Submit, Submit, Submit, Submit, Decline]),
            Some(JobState::Submitted) if !self.exists(&round) => {
                self.dice.pick(&[OpenRound, OpenRound, OpenRound, Warp, Unchallenged])
            }
            Some(JobState::Submitted) if self.exists(&address::verdict(&job.address, 1)) => Verify,
            Some(JobState::Submitted) => match self.w.round(job, 1).state {
                2 if !self.exists(&address::round(&job.address, 1, 2)) => self.dice.pick(&[Escalate, Escalate, Warp]),
                1 if self.w.round(job, 1).reexecuted == 0 => self.dice.pick(&[Reexecute, Reexecute, Attest, Warp]),
                _ => self.dice.pick(&[
                    Reexecute,
                    Attest,
                    Attest,
                    Attest,
                    Attest,
                    Attest,
                    Finalize,
                    Finalize,
                    ExpireRound,
                    Warp,
                ]),
            },
            Some(JobState::Settled) => self.dice.pick(&[Reward, Refund, Fees, Audit, Close, Close, Slashed]),
        }
    }

    /// The instruction of an act, if there is enough on the chain to build one.
    fn build(&mut self, act: Act, job: &JobHandle) -> Option<Instruction> {
        let holder = self.holder(job);
        // Now and then somebody else comes with the right instruction.
        let provider = if self.dice.below(12) == 0 { self.dice.below(3) } else { holder };
        let tenant = self.w.tenants.iter().position(|tenant| *tenant == job.tenant).unwrap();
        let owner = self.w.providers[provider].owner;
        let number = self.dice.below(3_000_000) as u64;
        let rounds = [1u8, 2].map(|index| self.exists(&address::round(&job.address, 1, index)));
        let index = if rounds[1] { 2 } else { 1 };
        let living = self.exists(&job.address);
        let (dice, w) = (&mut self.dice, &self.w);
        Some(match act {
            Post => w.post_job(tenant, job.mint, terms(job.index)),
            Auction => w.post_job(tenant, job.mint, market::JobTerms { auction_seconds: 60, ..terms(job.index) }),
            Match => w.match_job(job, provider, 0),
            Bid => w.place_bid(job, dice.below(3), 1 + number % 1_100),
            WithdrawBid => w.withdraw_bid(job, dice.below(3)),
            Accept => {
                let best = living.then(|| w.job(job).best_bidder);
                let best = best.and_then(|best| w.providers.iter().position(|party| party.account == best));
                w.accept_bid(job, best.unwrap_or(provider))
            }
            Start => w.start_job(job, provider),
            Submit => {
                // Up to a second more than the clock allows.
                let started_at = if living { w.job(job).started_at } else { w.now };
                let most = (w.now - started_at).clamp(0, 100) as u64 * 1_000 + 2_000;
                w.submit_proof(job, provider, claim(w, job, provider, number % most))
            }
            OpenRound => w.open_round(job, provider),
            Reexecute if rounds[0] => {
                let drawn = w.round(job, index).executor != Address::default();
                return drawn.then(|| w.submit_reexecution(job, index, number % 100_000));
            }
            Attest if rounds[0] => {
                let often = if index == 2 { 2 } else { 1 };
                let opinion = if dice.below(12) == 0 { dice.pick(&[1, 2, 3, 4]) } else { often };
                let round = w.round(job, index);
                let spoken = round.votes_valid | round.votes_invalid | round.votes_unavailable;
                // The next seat, now and then any.
                let next = (spoken.trailing_ones() as u8).min(4);
                let seat = if dice.below(8) == 0 { dice.below(5) as u8 } else { next };
                w.attest(job, index, seat, opinion, round.reexecuted)
            }
            Reexecute | Attest => return None,
            ExpireRound => w.expire_round(job),
            Escalate => w.escalate_round(job, provider),
            Finalize => w.finalize_round(job, index),
            Verify => w.verify_proof(job, provider),
            Unchallenged => w.settle_unchallenged(job, provider),
            Reward => w.claim_reward(job, provider),
            Refund => w.claim_refund(job),
            Fees => w.sweep_fees(job),
            Audit if rounds[0] => {
                let executor = w.round(job, 1).executor;
                return w
                    .providers
                    .iter()
                    .position(|party| party.account == executor)
                    .map(|at| w.pay_audit(job, 0, at));
            }
            Audit => return None,
            Cancel => w.cancel_job(job),
            Decline => w.decline_job(job, provider),
            Expire => w.expire_job(job, Some(provider)),
            Close => w.close_job(job),
            CloseRound => w.close_round(job, index),
            CloseVerdict => w.close_verdict(job),
            Unbond => w.unbond_stake(owner, number % 1_000_000),
            Withdraw => w.withdraw_stake(owner),
            Deposit => w.deposit_stake(owner, number % 500_000),
            Slashed => w.sweep_slashed(owner),
            Warp => return None,
        })
    }

    /// One step; whether it went through.
    fn step(&mut self) -> (Act, bool) {
        // Mostly on with the same job: a whole life takes about twenty steps.
        if self.dice.below(5) == 0 {
            self.focus = self.dice.below(self.jobs.len());
        }
        let job = self.jobs[self.focus];
        let act = self.choose(&job);
        if act == Warp {
            let seconds = match self.dice.below(24) {
                0 => 86_401,
                1 => 3_601,
                2 => 601,
                _ => self.dice.pick(&[1, 10, 30, 61, 61, 121]),
            };
            self.w.warp(seconds);
            return (act, true);
        }
        let Some(mut instruction) = self.build(act, &job) else { return (act, false) };
        let others = [self.w.outsider, self.w.tenants[0], self.w.tenants[1]];
        if let Some(signer) = instruction.accounts.iter_mut().find(|meta| meta.is_signer)
            && self.dice.below(12) == 0
        {
            signer.pubkey = self.dice.pick(&others);
        }
        let done = self.w.send(instruction).is_ok();
        self.w.seal_slots(1);
        (act, done)
    }

    fn owed(&self, job: &JobHandle) -> u64 {
        let job = self.w.job(job);
        if job.state != JobState::Settled as u8 {
            return job.escrowed;
        }
        assert_eq!(job.paid + job.refunded + job.fee, job.escrowed);
        let part = |bit: u8, amount: u64| if job.claimed & bit == 0 { amount } else { 0 };
        part(1, job.paid) + part(2, job.refunded) + part(4, job.fee)
    }

    fn check(&self) {
        let w = &self.w;
        assert_eq!(w.supply(&w.mints[0]), self.payments, "a payment token appeared or vanished");
        assert_eq!(w.supply(&w.stake_mint), self.stakes, "a stake token appeared or vanished");
        let living: Vec<market::Job> =
            self.jobs.iter().filter(|job| self.exists(&job.address)).map(|job| w.job(job)).collect();
        for job in self.jobs.iter().filter(|job| self.exists(&job.address)) {
            assert_eq!(w.tokens(&job.vault), self.owed(job), "a vault holds what it owes");
        }
        for (number, party) in w.providers.iter().enumerate() {
            let stake = w.provider_stake(number);
            assert_eq!(w.tokens(&stake.vault), stake.bonded + stake.unbonding + stake.slashed);
            assert!(stake.locked <= stake.bonded);
            let held =
                living.iter().filter(|job| job.provider == party.account && job.state != JobState::Settled as u8);
            let (locks, count) = held.fold((0, 0), |(locks, count), job| (locks + job.lock, count + 1));
            assert_eq!((stake.locked, stake.active_jobs), (locks, count), "locked is what the held jobs lock");
        }
    }

    /// Sends what must go through.
    fn must(&mut self, act: Act, instruction: Instruction) {
        self.w.ok(instruction);
        *self.went.entry(act).or_default() += 1;
        self.check();
    }

    /// Strangers alone bring every job to its end; then the owners take their stakes out.
    fn end(&mut self) {
        self.w.warp(200_000);
        for job in self.jobs.clone() {
            let Some(state) = self.state(&job) else { continue };
            let holder = self.holder(&job);
            if state != JobState::Settled {
                let bound = (self.w.job(&job).provider != Address::default()).then_some(holder);
                self.must(Expire, self.w.expire_job(&job, bound));
            }
            let stored = self.w.job(&job);
            if stored.paid > 0 && stored.claimed & 1 == 0 {
                self.must(Reward, self.w.claim_reward(&job, holder));
            }
            if stored.claimed & 2 == 0 {
                self.must(Refund, self.w.claim_refund(&job));
            }
            if stored.claimed & 4 == 0 {
                self.must(Fees, self.w.sweep_fees(&job));
            }
            self.pay_audits(&job);
        }
        self.w.warp(86_401);
        for job in self.jobs.clone() {
            if self.exists(&job.address) {
                self.must(Close, self.w.close_job(&job));
            }
            assert!(!self.exists(&job.address) && !self.exists(&job.vault));
            for index in [1, 2] {
                if self.exists(&address::round(&job.address, 1, index)) {
                    self.must(CloseRound, self.w.close_round(&job, index));
                }
            }
            if self.exists(&address::verdict(&job.address, 1)) {
                self.must(CloseVerdict, self.w.close_verdict(&job));
            }
            for provider in 0..3 {
                if self.exists(&address::bid(&job.address, &self.w.providers[provider].account)) {
                    self.must(WithdrawBid, self.w.withdraw_bid(&job, provider));
                }
            }
        }
        for provider in 0..3 {
            let stake = self.w.provider_stake(provider);
            assert_eq!((stake.locked, stake.active_jobs), (0, 0));
            if stake.slashed > 0 {
                self.must(Slashed, self.w.sweep_slashed(stake.owner));
            }
            self.must(Unbond, self.w.unbond_stake(stake.owner, stake.bonded));
            self.w.warp(LIMITS.unbonding);
            self.must(Withdraw, self.w.withdraw_stake(stake.owner));
            assert_eq!(self.w.tokens(&stake.vault), 0);
        }
    }

    /// Whatever the verdict owes to re-executors.
    fn pay_audits(&mut self, job: &JobHandle) {
        let Ok(verdict) = arbiter::Verdict::decode(&self.w.data(&address::verdict(&job.address, 1))) else { return };
        let stored = self.w.job(job);
        for executor in 0..2u8 {
            let owed = verdict.confirmed_executors & !stored.audit_paid & (1 << executor) != 0;
            // A verdict of an earlier life of the address is not this job's.
            if owed && verdict.nonce == stored.nonce {
                let paid = Address::new_from_array(verdict.executors[usize::from(executor)]);
                let provider = self.w.provider_at(&paid);
                self.must(Audit, self.w.pay_audit(job, executor, provider));
            }
        }
    }
}

/// Plays one sequence; how often each act went through.
fn play(seed: u64) -> BTreeMap<Act, usize> {
    println!("seed {seed}");
    let mut play = Play::new(seed);
    for _ in 0..STEPS {
        let (act, done) = play.step();
        *play.went.entry(act).or_default() += usize::from(done);
        play.check();
    }
    play.end();
    play.went
}

#[test]
fn no_sequence_makes_or_loses_a_token() {
    if let Ok(seed) = std::env::var("PROOFMILL_SEED") {
        play(seed.parse().expect("PROOFMILL_SEED is a number"));
        return;
    }
    let mut went: BTreeMap<Act, usize> = BTreeMap::new();
    for seed in 0..SEQUENCES {
        for (act, count) in play(seed) {
            *went.entry(act).or_default() += count;
        }
    }
    println!("{went:?}");
    // The sequences must be worth playing: every act went through somewhere.
    let never: Vec<Act> = ALL.into_iter().filter(|act| went.get(act).copied().unwrap_or(0) == 0).collect();
    assert!(never.is_empty(), "never went through: {never:?}");
}
