//! A run: everybody acts, step by step, until the last job is closed and the last stake is out.
//!
//! What a party does in a state of a job is one row of [`TURNS`]; each row reads the job from the chain and sends what
//! that party would send. The audited path lies in `judging.rs`, what anyone may do in `cranks.rs`.

use std::collections::BTreeMap;

use proofmill_client::{address, market};
use proofmill_protocol::job::{JobState, Outcome};
use proofmill_tests::{Failure, JobHandle, Sent, World};
use solana_address::Address;
use solana_instruction::Instruction;

use crate::{
    breach::{Breach, Law},
    cranks, dealing,
    dice::Dice,
    judging, leaving,
    limits::*,
    network::{Network, Role, Subject},
    outsider,
    population::{self, Population, Temper},
    running, transfers,
};

/// How large a run is.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub providers: usize,
    /// Jobs that are in providers' hands at once, at the peak.
    pub jobs: usize,
    /// Steps in which tenants post.
    pub steps: u32,
    pub seed: u64,
}

impl Plan {
    /// Tenants: each with about ten jobs at once.
    pub const fn tenants(&self) -> usize {
        let tenants = self.jobs / 10;
        if tenants < 2 { 2 } else { tenants }
    }
}

/// A job as the simulation follows it.
#[derive(Clone, Debug)]
pub struct Followed {
    pub handle: JobHandle,
    pub tenant: usize,
    /// Answers that providers will give: when, who, price.
    pub bids: Vec<(i64, usize, u64)>,
    /// Whose bid accounts exist.
    pub bidders: Vec<usize>,
    /// When an impatient tenant withdraws it.
    pub cancel_at: Option<i64>,
    /// What the holder will do, drawn when it is bound.
    pub performance: Option<running::Performance>,
    /// What judging needs to know that is not on chain.
    pub case: judging::Case,
    /// The last step in which a transaction for it went through.
    pub touched_step: u32,
    /// The case in which its slash waits.
    pub slash_case: Option<Address>,
    /// Step before which nobody cranks it again, after refusals.
    pub crank_after: u32,
    pub refused_cranks: u32,
    /// Character of whoever held it, for the report.
    pub held_by: Option<Temper>,
    /// It is settled, and both sides know.
    pub ended: bool,
    /// Steps before which nobody collects, and nobody closes.
    pub collect_after: u32,
    pub close_after: u32,
}

/// Numbers of a run that are not transactions.
#[derive(Clone, Debug, Default)]
pub struct Course {
    pub step: u32,
    pub posted: u64,
    pub closed: u64,
    /// Most jobs that were open, matched, running or with a receipt at once, and of them those in providers' hands.
    pub unsettled_peak: u64,
    pub held_peak: u64,
    /// Jobs seen in each state in the step of the peak.
    pub at_peak: BTreeMap<&'static str, u64>,
    /// How jobs ended, by the character of who held them.
    pub outcomes: BTreeMap<(String, String), u64>,
    /// Atoms slashed.
    pub slashed: u64,
    /// Atoms of fees that went to the audit budget, and that it paid to re-executors.
    pub audit_in: u64,
    pub audit_out: u64,
    /// Jobs of truthful providers that a first re-execution confirmed and that paid nobody all the same.
    pub confirmed_unpaid: u64,
    /// Rounds that were escalated.
    pub escalated: u64,
}

/// Who is told how it goes.
pub trait Watch {
    fn registered(&mut self, _providers: u64) {}
    fn stepped(&mut self, _play: &Play) {}
}

impl Watch for () {}

/// A run under way.
pub struct Play {
    pub plan: Plan,
    pub net: Network,
    pub people: Population,
    pub dice: Dice,
    pub jobs: Vec<Followed>,
    /// Indices into `jobs` of those that still leave anything on chain.
    pub live: Vec<usize>,
    pub course: Course,
    /// The next job's number, by tenant.
    pub next_index: Vec<u64>,
    /// Jobs posted and not settled.
    pub unsettled: usize,
}

type Turn = fn(&mut Play, usize, &market::Job) -> Result<(), Breach>;

/// One state of a job, and who acts in it, in this order.
struct Turns {
    state: JobState,
    name: &'static str,
    acts: &'static [Turn],
}

const TURNS: [Turns; 5] = [
    Turns { state: JobState::Open, name: "open", acts: &[dealing::bid, dealing::cancel, cranks::turn] },
    Turns { state: JobState::Matched, name: "matched", acts: &[running::start, cranks::turn] },
    Turns { state: JobState::Running, name: "running", acts: &[running::submit, cranks::turn] },
    Turns { state: JobState::Submitted, name: "submitted", acts: &[judging::reexecute, judging::attest, cranks::turn] },
    Turns { state: JobState::Settled, name: "settled", acts: &[dealing::collect, cranks::turn] },
];

impl Play {
    /// Everybody registered, nothing posted.
    ///
    /// # Errors
    /// A broken law.
    pub fn new(plan: Plan, watch: &mut dyn Watch) -> Result<Self, Breach> {
        let mut dice = Dice::new(plan.seed);
        let mut world = population::genesis(plan.providers, plan.tenants());
        let people = Population::draw(&mut world, &mut dice);
        let mut net = Network::new(world);
        people.register(&mut net, |providers| watch.registered(providers))?;
        let budget = population::audit_budget(&net.world);
        let sponsored = SPONSORED_PER_JOB * plan.jobs as u64;
        let outsider = net.world.outsider;
        let gift = transfers::tokens(outsider, &net.world.mints[0], budget, sponsored);
        population::must(&mut net, Role::Authority, &[gift])?;
        net.tick(STEP_SECONDS);
        net.check_all()?;
        // How wide trading is, not how wide registering was.
        net.forget_locks();
        let next_index = vec![0; plan.tenants()];
        let (jobs, live, course) = (Vec::new(), Vec::new(), Course::default());
        Ok(Self { plan, net, people, dice, jobs, live, course, next_index, unsettled: 0 })
    }

    /// The whole run.
    ///
    /// # Errors
    /// A broken law.
    pub fn run(plan: Plan, watch: &mut dyn Watch) -> Result<Self, Breach> {
        let mut play = Self::new(plan, watch)?;
        while play.course.step < plan.steps {
            play.step(true)?;
            watch.stepped(&play);
        }
        play.drain(watch)?;
        leaving::everybody(&mut play)?;
        Ok(play)
    }

    pub fn world(&self) -> &World {
        &self.net.world
    }

    pub fn now(&self) -> i64 {
        self.net.world.now
    }

    /// The job as the chain has it; `None` once it is closed.
    pub fn on_chain(&self, job: usize) -> Option<market::Job> {
        let account = self.net.world.svm.accounts_db().get_account_ref(&self.jobs[job].handle.address)?;
        crate::ledger::job(account)
    }

    /// Who holds a job.
    pub fn holder(&self, job: &market::Job) -> Option<usize> {
        self.people.provider_at(&job.provider)
    }

    /// Sends for a job.
    ///
    /// # Errors
    /// A broken law.
    pub fn send(
        &mut self,
        role: Role,
        about: Option<(usize, &market::Job)>,
        instructions: &[Instruction],
    ) -> Result<Result<Sent, Failure>, Breach> {
        let subject =
            about.map(|(job, on_chain)| Subject { tenant: self.jobs[job].handle.tenant, provider: on_chain.provider });
        let sent = self.net.send(role, subject, instructions)?;
        if let (Some((job, on_chain)), true) = (about, sent.is_ok()) {
            self.jobs[job].touched_step = self.course.step;
            if on_chain.state == JobState::Matched as u8
                && let Some(holder) = self.holder(on_chain)
                && self.net.world.provider(holder).active == 0
            {
                self.people.off.insert(holder, self.course.step);
            }
        }
        Ok(sent)
    }

    /// The wallet of the validator whose turn it is to crank a job.
    pub fn cranker(&self, job: usize) -> Address {
        self.net.world.validators[(job + self.course.step as usize) % VALIDATORS].identity
    }

    /// One step: everybody acts once, then time passes.
    ///
    /// # Errors
    /// A broken law.
    pub fn step(&mut self, posting: bool) -> Result<(), Breach> {
        self.course.step += 1;
        cranks::epoch(self)?;
        dealing::come_back(self)?;
        if posting {
            dealing::post(self)?;
        }
        let mut states: BTreeMap<&'static str, u64> = BTreeMap::new();
        let live = std::mem::take(&mut self.live);
        let mut kept = Vec::with_capacity(live.len());
        for job in live {
            let Some(on_chain) = self.on_chain(job) else {
                if leaving::traces(self, job)? {
                    kept.push(job);
                }
                continue;
            };
            let turns = TURNS.iter().find(|row| row.state as u8 == on_chain.state);
            let turns = turns.ok_or_else(|| Breach::of(Law::EveryJobEnds, format!("state {}", on_chain.state)))?;
            *states.entry(turns.name).or_default() += 1;
            cranks::slash(self, job)?;
            for turn in turns.acts {
                turn(self, job, &on_chain)?;
            }
            kept.push(job);
        }
        // Jobs posted in this step are behind those that were there.
        kept.append(&mut self.live);
        self.live = kept;
        self.count(states);
        outsider::act(self)?;
        self.net.tick(STEP_SECONDS);
        if self.course.step.is_multiple_of(FULL_CHECK_STEPS) {
            self.net.check_all()?;
        }
        Ok(())
    }

    fn count(&mut self, states: BTreeMap<&'static str, u64>) {
        let held: u64 = ["matched", "running", "submitted"].iter().filter_map(|state| states.get(*state)).sum();
        let open = states.get("open").copied().unwrap_or(0);
        self.course.unsettled_peak = self.course.unsettled_peak.max(held + open);
        if held > self.course.held_peak {
            self.course.held_peak = held;
            self.course.at_peak = states;
        }
    }

    /// Steps without new jobs until none is left.
    fn drain(&mut self, watch: &mut dyn Watch) -> Result<(), Breach> {
        let started = self.course.step;
        while !self.live.is_empty() {
            if self.course.step - started > DRAIN_STEPS_MAX {
                let states: Vec<_> = self.live.iter().take(5).map(|job| self.on_chain(*job).map(|j| j.state)).collect();
                return Err(Breach::of(Law::EveryJobEnds, format!("{} left, such as {states:?}", self.live.len())));
            }
            // Only re-executors whom nobody can pay are still waited for: the program gives them a day.
            let waits = |job: &usize| self.on_chain(*job).is_none_or(|job| job.state == JobState::Settled as u8);
            if self.course.step - started > 40 && self.live.iter().all(waits) {
                self.net.tick(proofmill_protocol::limits::AUDIT_CLAIM_SECONDS + 1);
                for job in &self.live {
                    self.jobs[*job].crank_after = 0;
                }
            }
            self.step(false)?;
            watch.stepped(self);
        }
        self.net.check_all()?;
        self.net.ledger.check_empty(&self.net.world)
    }

    /// A job was closed: how did it end?
    ///
    /// # Errors
    /// A provider that told the truth was slashed.
    pub fn note_end(&mut self, job: usize, on_chain: &market::Job) -> Result<(), Breach> {
        self.course.closed += 1;
        self.course.slashed += on_chain.slashed;
        if on_chain.slashed > 0 {
            let at = address::slash_case(&self.jobs[job].handle.address, on_chain.attempt, on_chain.nonce);
            self.jobs[job].slash_case = Some(at);
        }
        let outcome = Outcome::from_code(on_chain.outcome).map_or("unknown", Outcome::name);
        let held_by = self.jobs[job].held_by;
        let who = held_by.map_or_else(|| "nobody".to_owned(), |temper| format!("{temper:?}").to_lowercase());
        *self.course.outcomes.entry((who, outcome.to_owned())).or_default() += 1;
        let truthful = held_by.is_some_and(|temper| temper != Temper::Lying);
        if truthful && outcome == Outcome::Inconclusive.name() && self.jobs[job].case.first_round_found_the_truth() {
            self.course.confirmed_unpaid += 1;
        }
        if on_chain.slashed > 0 && held_by != Some(Temper::Lying) {
            return Err(Breach::at(Law::HonestUnslashed, &self.jobs[job].handle.address, format!("{held_by:?}")));
        }
        if let Some(holder) = self.holder(on_chain) {
            let agent = &mut self.people.providers[holder];
            agent.staked = agent.staked.saturating_sub(on_chain.slashed);
        }
        Ok(())
    }
}
