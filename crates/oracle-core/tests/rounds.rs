//! T31 to T34: whole rounds of simulated validators on a simulated chain, with messages dropped, repeated, delayed and
//! reordered, validators killed at any point and started again, and fewer than a third of them lying.
#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::{cell::RefCell, collections::BTreeMap};

use proofmill_oracle_core::{
    BallotBook, BallotKey, CommitFacts, CommitStep, RevealFacts, RevealStep, SeatCommitment, SeatReveal, cast,
    commitment, compose, limits, recorded, salt,
};
use proofmill_protocol::{
    Key,
    attestation::Attestation,
    ids::{Domain, JobKey, ValidatorKey},
    quorum::{Phase, RoundOutcome, Rule, Votes, Windows},
    sha256,
    verdict::Opinion,
};
use proptest::prelude::*;

const COMMIT_SECONDS: u32 = 60;
const REVEAL_SECONDS: u32 = 30;
const FIRST: Rule = Rule { committee: 5, threshold: 3, reveals_min: 4, unanimous: true };
const SECOND: Rule = Rule { committee: 9, threshold: 6, reveals_min: 6, unanimous: false };

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

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// True in `percent` of a hundred.
    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// A disk: survives every crash.
#[derive(Default)]
struct Disk(RefCell<BTreeMap<Vec<u8>, Vec<u8>>>);

impl BallotBook for Disk {
    type Error = std::convert::Infallible;

    fn recorded(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Self::Error> {
        Ok(self.0.borrow().get(key).cloned())
    }

    fn record_new(&self, key: &[u8], answer: &[u8]) -> Result<bool, Self::Error> {
        let mut rows = self.0.borrow_mut();
        let fresh = !rows.contains_key(key);
        if fresh {
            rows.insert(key.to_vec(), answer.to_vec());
        }
        Ok(fresh)
    }
}

fn attestation(round: u8, seat: u8, opinion: Opinion) -> Attestation {
    Attestation {
        domain: Domain([1; 32]),
        job: JobKey([2; 32]),
        attempt: 1,
        round,
        opinion,
        confirmed_executors: 0,
        nonce: 3,
        epoch: 4,
        receipt_hash: [5; 32],
        output_root: if opinion == Opinion::Valid { [6; 32] } else { [0; 32] },
        validator: ValidatorKey(identity(seat)),
    }
}

fn identity(seat: u8) -> Key {
    [100 + seat; 32]
}

fn secret(seat: u8) -> Key {
    [200 + seat; 32]
}

/// Stands in for the vote key's signature: nobody else has the secret.
fn signed(seat: u8, commitment: Key) -> SeatCommitment {
    let half = sha256(&[&secret(seat), &commitment]);
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&half);
    signature[32..].copy_from_slice(&half);
    SeatCommitment { seat, commitment, signature }
}

#[derive(Clone, Debug)]
enum Message {
    Commit(Vec<SeatCommitment>),
    Reveal(Vec<SeatReveal>),
}

/// The arbiter's rules over one round, by the protocol's own functions.
struct Chain {
    rule: Rule,
    round: u8,
    windows: Windows,
    commitments: [Key; 9],
    votes: Votes,
    escalated: bool,
    verdict: Option<Opinion>,
}

impl Chain {
    fn new(round: u8, rule: Rule, now: i64) -> Self {
        Self {
            rule,
            round,
            windows: Windows::open(rule.committee, now, COMMIT_SECONDS, REVEAL_SECONDS),
            commitments: [[0; 32]; 9],
            votes: Votes::default(),
            escalated: false,
            verdict: None,
        }
    }

    fn deliver(&mut self, message: &Message, now: i64) {
        match message {
            Message::Commit(list) => {
                let (mut windows, mut commitments) = (self.windows, self.commitments);
                for one in list {
                    let held = &mut commitments[usize::from(one.seat)];
                    if *one != signed(one.seat, one.commitment) {
                        return; // all or none
                    }
                    if windows.bit(one.seat).is_some_and(|bit| windows.committed & bit != 0) && *held == one.commitment
                    {
                        continue; // it stands already
                    }
                    if windows.commit(one.seat, now).is_err() {
                        return;
                    }
                    *held = one.commitment;
                }
                (self.windows, self.commitments) = (windows, commitments);
            }
            Message::Reveal(reveals) => {
                if self.windows.phase(now) != Phase::Revealing || reveals.is_empty() {
                    return;
                }
                let mut votes = self.votes;
                for reveal in reveals {
                    let Some(bit) = self.windows.bit(reveal.seat) else { return };
                    let body = reveal.attestation(&attestation(self.round, 0, Opinion::Valid), identity(reveal.seat));
                    let opens = reveal.opens(&body, &self.commitments[usize::from(reveal.seat)]);
                    let counted = votes.record(reveal.seat, self.windows.seats, reveal.opinion, false).is_some();
                    if self.windows.committed & bit == 0 || !opens || !counted {
                        return; // all or none
                    }
                }
                self.votes = votes;
                let closed = self.windows.closed(votes.spoken(), now);
                self.escalated |= self.verdict.is_none() && votes.outcome(self.rule, closed) == RoundOutcome::Escalate;
            }
        }
    }

    /// What anyone may do.
    fn crank(&mut self, now: i64) {
        if self.escalated || self.verdict.is_some() {
            return;
        }
        let closed = self.windows.closed(self.votes.spoken(), now);
        match self.votes.outcome(self.rule, closed) {
            RoundOutcome::Decided(opinion) => self.verdict = Some(opinion),
            RoundOutcome::Escalate => self.escalated = true,
            RoundOutcome::Pending => {}
        }
    }

    fn facts(&self) -> RevealFacts {
        RevealFacts { windows: self.windows, spoken: self.votes.spoken() }
    }
}

struct Validator {
    seat: u8,
    disk: Disk,
    down_until: i64,
    lies: bool,
    /// When it has its evidence together.
    judges_at: i64,
    /// When this process had its answer on record; gone with the process.
    ready_at: Option<i64>,
    /// Commitments that ever left it, to the chain or to a peer.
    sent: Vec<Key>,
    /// A transaction of its own is under way until then: a commitment, or reveals.
    busy_until: [i64; 2],
}

#[derive(Clone, Copy, Debug)]
struct Weather {
    drop: u64,
    repeat: u64,
    delay: u64,
    crash: u64,
    /// Seconds within which validators have their evidence together.
    spread: u64,
    /// From this second of the reveal window on nothing fails any more.
    heals_after: i64,
    seed: u64,
}

struct Ended {
    chain: Chain,
    honest_missed: u16,
    reveal_transactions: usize,
    commit_transactions: usize,
    /// Seconds from the opening to the last commitment of an honest seat.
    committed_within: i64,
}

/// One round from its opening to its end.
fn play(round: u8, rule: Rule, liars: &[u8], truth: Opinion, weather: Weather) -> Ended {
    let mut dice = Dice(weather.seed);
    let mut now = 1_000;
    let mut chain = Chain::new(round, rule, now);
    let mut validators: Vec<Validator> = (0..rule.committee)
        .map(|seat| Validator {
            seat,
            disk: Disk::default(),
            down_until: 0,
            lies: liars.contains(&seat),
            judges_at: now + dice.below(weather.spread) as i64,
            ready_at: None,
            sent: Vec::new(),
            busy_until: [0; 2],
        })
        .collect();
    let mut under_way: Vec<(i64, Message)> = Vec::new();
    let (mut transactions, mut commit_transactions, opened_at, mut last_commitment) = (0, 0, now, now);
    let honest: u16 = validators.iter().filter(|v| !v.lies).map(|v| 1u16 << v.seat).sum();
    let question = BallotKey::of(&attestation(round, 0, Opinion::Valid));
    while chain.windows.phase(now) != Phase::Over {
        let healed =
            now > chain.windows.commit_until + weather.heals_after && chain.windows.phase(now) == Phase::Revealing;
        let mut outgoing = Vec::new();
        let serving: Vec<Option<SeatReveal>> = validators.iter().map(|v| served(v, &chain, &question, now)).collect();
        let offered: Vec<SeatCommitment> = validators.iter().filter_map(|v| offers(v, &question, now)).collect();
        for validator in &mut validators {
            if !healed && dice.chance(weather.crash) {
                validator.down_until = now + 1 + dice.below(8) as i64;
                validator.busy_until = [0; 2]; // what it knew of its own transactions is gone
                validator.ready_at = None;
            }
            if now < validator.down_until && !healed {
                continue;
            }
            let seat = validator.seat;
            let me = ValidatorKey(identity(seat));
            let bit = 1u16 << seat;
            if chain.windows.phase(now) == Phase::Committing && chain.windows.committed & bit == 0 {
                if now < validator.judges_at || now < validator.busy_until[0] {
                    continue;
                }
                // What it thinks now: a liar anything, an honest one the truth, or, after a restart with half of its
                // evidence, something weaker.
                let opinion = if validator.lies {
                    Opinion::from_code(1 + dice.below(4) as u8).unwrap()
                } else if weather.crash > 0 && dice.chance(20) {
                    Opinion::Inconclusive
                } else {
                    truth
                };
                let answer = cast(&validator.disk, &attestation(round, seat, opinion)).unwrap();
                if dice.chance(weather.crash) {
                    validator.down_until = now + 2; // between recording and sending
                    validator.ready_at = None;
                    continue;
                }
                let own = commitment(&answer, &salt(&secret(seat), &question));
                let ready_at = *validator.ready_at.get_or_insert(now);
                validator.sent.push(own);
                let facts = CommitFacts { windows: chain.windows, ready_at };
                // Peers that are asked may not answer; what is not rightly signed is not taken along.
                let gathered: Vec<SeatCommitment> = offered
                    .iter()
                    .filter(|one| facts.group(seat).contains(&one.seat) && one.seat != seat)
                    .filter(|one| **one == signed(one.seat, one.commitment) && !dice.chance(weather.drop))
                    .copied()
                    .collect();
                let mut list = vec![signed(seat, own)];
                match facts.step(seat, gathered.iter().fold(0, |bits, one| bits | 1 << one.seat), now) {
                    // A lying aggregator takes nobody along, or spoils the whole.
                    CommitStep::Post if validator.lies && dice.chance(50) => {
                        list.push(SeatCommitment { signature: [0; 64], ..signed((seat + 1) % rule.committee, own) });
                    }
                    CommitStep::Post if validator.lies => {}
                    CommitStep::Post => list.extend(gathered),
                    CommitStep::Alone => {}
                    CommitStep::Gather | CommitStep::Wait => continue,
                    CommitStep::Done | CommitStep::TooLate => unreachable!("it commits, and has not"),
                }
                list.sort_unstable_by_key(|one| one.seat);
                validator.busy_until[0] = now + 3;
                commit_transactions += 1;
                outgoing.push(Message::Commit(list));
                continue;
            }
            // A liar may withhold.
            if validator.lies && dice.chance(80) || now < validator.busy_until[1] {
                continue;
            }
            if chain.facts().step(seat, now) == RevealStep::Send
                && let Some(own) = recorded(&validator.disk, &question, &me).unwrap().map(|a| reveal_of(&a, &question))
            {
                // A peer that is asked may not answer.
                let heard = |dice: &mut Dice| !dice.chance(weather.drop) || healed;
                let others: Vec<SeatReveal> =
                    serving.iter().flatten().filter(|other| other.seat != seat && heard(&mut dice)).copied().collect();
                validator.busy_until[1] = now + 3;
                transactions += 1;
                outgoing.push(Message::Reveal(compose(&own, &others, chain.facts().open())));
            }
        }
        for message in outgoing {
            if dice.chance(weather.drop) && !healed {
                continue;
            }
            let copies = 1 + u64::from(dice.chance(weather.repeat));
            for _ in 0..copies {
                let late = if healed { 0 } else { dice.below(weather.delay + 1) as i64 };
                under_way.push((now + late, message.clone()));
            }
        }
        // Whatever is due arrives in any order.
        let mut due: Vec<Message> = Vec::new();
        under_way.retain(|(at, message)| {
            let arrives = *at <= now;
            if arrives {
                due.push(message.clone());
            }
            !arrives
        });
        while !due.is_empty() {
            let message = due.swap_remove(dice.below(due.len() as u64) as usize);
            let before = chain.windows.committed;
            chain.deliver(&message, now);
            if (chain.windows.committed & !before) & honest != 0 {
                last_commitment = now;
            }
        }
        chain.crank(now);
        now += 1;
    }
    chain.crank(now);
    for validator in &validators {
        let mut sent = validator.sent.clone();
        sent.dedup();
        assert!(sent.len() <= 1, "seat {} committed to two answers", validator.seat);
        // Whatever is revealed is what is on record.
        if let Some(answer) = recorded(&validator.disk, &question, &ValidatorKey(identity(validator.seat))).unwrap() {
            let sides = [chain.votes.valid, chain.votes.invalid, chain.votes.unavailable, chain.votes.inconclusive];
            for (side, code) in sides.into_iter().zip(1u8..) {
                assert!(side & (1 << validator.seat) == 0 || answer.opinion as u8 == code);
            }
        }
    }
    let honest_missed = chain.windows.missed(chain.votes.spoken(), now) & honest;
    let committed_within = last_commitment - opened_at;
    Ended { chain, honest_missed, reveal_transactions: transactions, commit_transactions, committed_within }
}

fn reveal_of(answer: &Attestation, question: &BallotKey) -> SeatReveal {
    let seat = answer.validator.0[0] - 100;
    SeatReveal {
        seat,
        opinion: answer.opinion,
        confirmed_executors: answer.confirmed_executors,
        output_root: answer.output_root,
        salt: salt(&secret(seat), question),
        signature: [0; 64],
    }
}

/// The commitment that a validator serves to peers: that of its recorded answer, and nothing before there is one. A liar
/// serves one that nobody signed.
fn offers(validator: &Validator, question: &BallotKey, now: i64) -> Option<SeatCommitment> {
    let seat = validator.seat;
    if now < validator.down_until || validator.ready_at.is_none() {
        return None;
    }
    let answer = recorded(&validator.disk, question, &ValidatorKey(identity(seat))).unwrap()?;
    let one = signed(seat, commitment(&answer, &salt(&secret(seat), question)));
    Some(if validator.lies { SeatCommitment { signature: [7; 64], ..one } } else { one })
}

/// What a validator serves to peers: nothing before the reveals begin.
fn served(validator: &Validator, chain: &Chain, question: &BallotKey, now: i64) -> Option<SeatReveal> {
    let up = now >= validator.down_until && !validator.lies;
    let committed = chain.windows.committed & (1 << validator.seat) != 0;
    if !up || !committed || chain.windows.phase(now) != Phase::Revealing {
        return None;
    }
    let answer = recorded(&validator.disk, question, &ValidatorKey(identity(validator.seat))).unwrap()?;
    Some(reveal_of(&answer, question))
}

fn weather() -> impl Strategy<Value = Weather> {
    (0u64..60, 0u64..40, 0u64..6, 0u64..12, any::<u64>()).prop_map(|(drop, repeat, delay, crash, seed)| Weather {
        drop,
        repeat,
        delay,
        crash,
        spread: 20,
        heals_after: 20,
        seed,
    })
}

const CALM: Weather = Weather { drop: 0, repeat: 0, delay: 0, crash: 0, spread: 2, heals_after: 0, seed: 7 };

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// T31, T32, T34. With fewer liars than a third no verdict says the opposite of what honest validators found; no
    /// seat commits twice or reveals anything but what it recorded; and whoever committed and is up again for the last
    /// third of the window has revealed.
    #[test]
    fn agreement_whatever_the_weather(
        weather in weather(), truth in 1u8..=2, liars in proptest::collection::btree_set(0u8..9, 0..=2)
    ) {
        let truth = Opinion::from_code(truth).unwrap();
        let opposite = if truth == Opinion::Valid { Opinion::Invalid } else { Opinion::Valid };
        let first_liars: Vec<u8> = liars.iter().copied().filter(|seat| *seat < 5).take(1).collect();
        let first = play(1, FIRST, &first_liars, truth, weather);
        prop_assert_eq!(first.honest_missed, 0);
        // A first round never rejects, and ends in a verdict or in a second round.
        prop_assert!(first.chain.escalated != first.chain.verdict.is_some());
        prop_assert!(!matches!(first.chain.verdict, Some(Opinion::Invalid | Opinion::Inconclusive)));
        prop_assert_ne!(first.chain.verdict, Some(opposite));
        if first.chain.escalated {
            let liars: Vec<u8> = liars.into_iter().collect();
            let second = play(2, SECOND, &liars, truth, Weather { seed: weather.seed ^ 1, ..weather });
            prop_assert_eq!(second.honest_missed, 0);
            let verdict = second.chain.verdict.expect("a second round ends in a verdict");
            prop_assert!(verdict != opposite && verdict != Opinion::Unavailable);
        }
    }

    /// T33, draws and counts: a round counts by the rule and the seats with which it was opened, whatever the sequence
    /// of votes and silences.
    #[test]
    fn every_round_ends(weather in weather(), all_lie in any::<bool>()) {
        let liars: Vec<u8> = if all_lie { (0..9).collect() } else { Vec::new() };
        let first = play(1, FIRST, &liars, Opinion::Valid, weather);
        prop_assert!(first.chain.escalated || first.chain.verdict.is_some());
        let second = play(2, SECOND, &liars, Opinion::Valid, weather);
        prop_assert!(second.chain.verdict.is_some());
    }

    /// Turns come in the order of the ring, all of them in the first half of the window, however short it is.
    #[test]
    fn every_seat_has_its_turn_in_time(seats in 1u8..=9, committed in 0u16..512, seconds in 1u32..400) {
        let mut windows = Windows::open(seats, 0, 60, seconds);
        windows.committed = committed & ((1 << seats) - 1);
        let facts = RevealFacts { windows, spoken: 0 };
        let mut earlier = i64::MIN;
        for seat in (0..seats).filter(|seat| windows.committed & (1 << seat) != 0) {
            let turn = facts.turn_at(seat);
            prop_assert!(turn >= earlier && turn >= windows.commit_until);
            prop_assert!(turn - windows.commit_until <= i64::from(seconds) / 2);
            if earlier == i64::MIN {
                prop_assert_eq!(turn, windows.commit_until, "the first one waits for nobody");
            }
            earlier = turn;
        }
    }

    /// However short the window and however late the answer: the first of a group posts before the others go alone, and
    /// these have two thirds of what was left.
    #[test]
    fn every_seat_commits_in_time_whatever_the_first_one_does(
        seats in 1u8..=9, committed in 0u16..512, seconds in 1u32..400, waited in 0i64..400, gathered in 0u16..512
    ) {
        let mut windows = Windows::open(seats, 0, seconds, 30);
        windows.committed = committed & ((1 << seats) - 1);
        let ready_at = waited.min(i64::from(seconds));
        let facts = CommitFacts { windows, ready_at };
        prop_assert!(facts.post_at() <= facts.alone_at());
        let left = i64::from(seconds) - ready_at;
        prop_assert!(facts.alone_at() - ready_at <= left / 3 && facts.alone_at() - ready_at <= 8);
        for seat in 0..seats {
            let group = facts.group(seat);
            prop_assert!(group.contains(&seat) && group.len() <= 5 && group.end <= seats);
            prop_assert_eq!(facts.lacking(seat) & windows.committed, 0);
            let step = facts.step(seat, gathered, facts.alone_at());
            if windows.committed & (1 << seat) != 0 {
                prop_assert_eq!(step, CommitStep::Done);
            } else if windows.all_committed() {
                prop_assert_eq!(step, CommitStep::TooLate);
            } else {
                let acts = if seat == group.start { CommitStep::Post } else { CommitStep::Alone };
                prop_assert_eq!(step, acts, "nobody waits any more");
            }
        }
    }

    #[test]
    fn hostile_bytes_are_no_commitment(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Some(one) = SeatCommitment::decode(&bytes) {
            prop_assert_eq!(one.encode().to_vec(), bytes);
        }
    }

    #[test]
    fn hostile_bytes_are_no_reveal(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Some(reveal) = SeatReveal::decode(&bytes) {
            prop_assert_eq!(reveal.encode().to_vec(), bytes);
        }
    }

    #[test]
    fn a_composed_transaction_holds_what_the_program_takes(
        seats in proptest::collection::vec((0u8..12, 1u8..=4, 0u8..3), 0..30), own in (0u8..9, 1u8..=4, 0u8..3), open in 0u16..512
    ) {
        let reveal = |(seat, code, root): (u8, u8, u8)| {
            let opinion = Opinion::from_code(code).unwrap();
            let output_root = if opinion == Opinion::Valid { [root; 32] } else { [0; 32] };
            SeatReveal { seat, opinion, confirmed_executors: 0, output_root, salt: [seat; 32], signature: [0; 64] }
        };
        let own = reveal(own);
        let others: Vec<SeatReveal> = seats.into_iter().map(reveal).collect();
        let sent = compose(&own, &others, open);
        prop_assert_eq!(sent[0], own);
        prop_assert!(sent.len() <= 5);
        let mut seen = 0u16;
        for one in &sent {
            prop_assert_eq!(seen & (1 << one.seat), 0);
            seen |= 1 << one.seat;
        }
        prop_assert_eq!(seen & !(1 << own.seat) & !open, 0, "nobody who spoke or never committed");
        let mut roots: Vec<Key> =
            sent.iter().filter(|one| one.opinion == Opinion::Valid).map(|one| one.output_root).collect();
        roots.dedup();
        prop_assert!(roots.len() <= 1, "one root is said for all");
    }
}

#[test]
fn in_calm_weather_one_transaction_reveals_for_all() {
    let ended = play(1, FIRST, &[], Opinion::Valid, CALM);
    assert_eq!(ended.chain.verdict, Some(Opinion::Valid));
    assert_eq!(ended.reveal_transactions, 1);
}

/// Five commitments travel in one transaction, nine in two.
#[test]
fn in_calm_weather_commitments_travel_together() {
    let first = play(1, FIRST, &[], Opinion::Valid, CALM);
    assert_eq!((first.chain.windows.committed, first.commit_transactions), (0b1_1111, 1));
    let second = play(2, SECOND, &[], Opinion::Valid, CALM);
    assert_eq!((second.chain.windows.committed, second.commit_transactions), (0x1FF, 2));
}

/// A silent one keeps nobody from committing; one that forges spoils its own transaction and no other.
#[test]
fn a_silent_or_lying_aggregator_costs_only_delay() {
    let last = i64::from(COMMIT_SECONDS);
    for seed in 0..64 {
        let weather = Weather { seed, ..CALM };
        let ended = play(2, SECOND, &[0, 5], Opinion::Valid, weather);
        assert_eq!(ended.chain.windows.committed & 0b1_1101_1110, 0b1_1101_1110, "seed {seed}");
        let delay = i64::try_from(weather.spread).unwrap() + limits::ALONE_AFTER_SECONDS;
        assert!(ended.committed_within <= delay && ended.committed_within < last, "seed {seed}");
        assert_eq!(ended.chain.verdict, Some(Opinion::Valid), "seed {seed}");
    }
}

/// The aggregator is down, or serves nobody: everybody's own reveal comes in its turn.
#[test]
fn without_the_first_seat_the_others_reveal_all_the_same() {
    let deaf = Weather { heals_after: 40, ..CALM };
    let ended = play(2, SECOND, &[0], Opinion::Valid, deaf);
    assert_eq!(ended.honest_missed, 0);
    assert_eq!(ended.chain.verdict, Some(Opinion::Valid));
}

/// T34: the record was written, the process died, and the new one thinks otherwise.
#[test]
fn a_restart_commits_to_the_recorded_answer_under_the_same_salt() {
    let disk = Disk::default();
    let before = cast(&disk, &attestation(1, 3, Opinion::Valid)).unwrap();
    let question = BallotKey::of(&before);
    let sealed = commitment(&before, &salt(&secret(3), &question));
    let after = cast(&disk, &attestation(1, 3, Opinion::Invalid)).unwrap();
    assert_eq!(commitment(&after, &salt(&secret(3), &BallotKey::of(&after))), sealed);
    assert_eq!(recorded(&disk, &question, &before.validator).unwrap(), Some(before));
    let stranger = ValidatorKey(identity(4));
    assert!(recorded(&disk, &question, &stranger).is_err(), "another identity's record is not spoken for");
    assert_ne!(salt(&secret(3), &question), salt(&secret(4), &question));
    let later = BallotKey { round: 2, ..question };
    assert_ne!(salt(&secret(3), &question), salt(&secret(3), &later), "a salt opens one commitment only");
}
