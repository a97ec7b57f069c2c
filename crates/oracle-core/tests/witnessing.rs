//! Laws of witnessing: what counts, who proposes, what is signed, who carries, and that nothing happens twice.
#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::collections::BTreeMap;

use proofmill_oracle_core::{
    BallotFacts, Cadence, Crank, Facts, Leaves, PeriodTally, Proposal, ProposalFacts, ProviderFacts, RootAnswer,
    RootFacts, RootName, RootOnChain, RootRefusal, RootStep, Tally, TallyError, UsageFacts, UsageLook, UsageSeen,
    UsageSubject, check_frame, check_uptime, check_usage, crank,
    limits::{
        CARRIER_TURN_SECONDS, PROPOSER_TURN_SECONDS, ROOT_GIVE_UP_SECONDS, ROOT_SETTLE_SECONDS, UPTIME_TOLERANCE_SLOTS,
    },
    needs_witness, order, rank, slot_counts, uptime_leaves,
};
use proofmill_protocol::{
    ids::Domain,
    limits::{ROOT_BALLOT_SECONDS, WITNESS_ROOT_SECONDS},
    merkle::{HostSha256, leaf, verify},
    uptime::{BUCKET_SECONDS, BUCKET_SLOTS_MAX, bucket_ending},
    witness::{UptimeLeaf, UsageLeaf},
};
use proptest::prelude::*;

const SLOTS: u16 = 720;

fn long() -> Cadence {
    Cadence::new(21_600).unwrap()
}

fn heard(answers: &[(u8, bool)]) -> BTreeMap<[u8; 32], bool> {
    answers.iter().map(|(provider, answered)| ([*provider; 32], *answered)).collect()
}

/// A whole period in which each of the providers answered in its first so many slots, of those that were asked.
fn seen(sequence: u32, providers: &[(u8, u16, u16)]) -> PeriodTally {
    let mut tally = PeriodTally::new(long(), sequence);
    let first = long().slot_at(long().covers(sequence).0);
    for slot in 0..SLOTS {
        let answers: Vec<(u8, bool)> =
            providers.iter().filter(|(_, _, total)| slot < *total).map(|(who, up, _)| (*who, slot < *up)).collect();
        if !answers.is_empty() {
            tally.enter(first + u64::from(slot), &heard(&answers)).unwrap();
        }
    }
    tally
}

#[test]
fn a_period_is_the_markets_bucket_and_slots_fill_it() {
    let cadence = long();
    assert_eq!((cadence.slots(), cadence.slot_seconds()), (BUCKET_SLOTS_MAX, 30));
    let (from, until) = cadence.covers(100);
    assert_eq!((from, until), (100 * BUCKET_SECONDS, 101 * BUCKET_SECONDS));
    assert_eq!(bucket_ending(until), Ok(101));
    assert_eq!(
        (cadence.sequence_at(from), cadence.sequence_at(until - 1), cadence.sequence_at(until)),
        (100, 100, 101)
    );
    for seconds in [30, 60, 570, 600, 1_170, 1_200, 21_600] {
        let cadence = Cadence::new(seconds).unwrap();
        assert_eq!(u32::from(cadence.slots()) * cadence.slot_seconds(), seconds, "slots fill a period of {seconds}");
        assert!(cadence.slots() <= BUCKET_SLOTS_MAX);
    }
    for seconds in [0, 1, 29, 45, 21_630, u32::MAX] {
        assert!(Cadence::new(seconds).is_err(), "{seconds}");
    }
}

#[test]
fn whoever_reaches_nobody_says_nothing_about_others() {
    assert!(!slot_counts(&heard(&[(1, false), (2, false)]), false));
    assert!(slot_counts(&heard(&[(1, false), (2, false)]), true), "a fellow answered: the providers are silent");
    assert!(slot_counts(&heard(&[(1, false), (2, true)]), false), "a provider answered: the other one is silent");
    assert!(!slot_counts(&heard(&[]), false));
}

#[test]
fn a_slot_is_entered_once_in_order_and_in_its_period() {
    let mut tally = PeriodTally::new(long(), 100);
    let first = long().slot_at(long().covers(100).0);
    tally.enter(first + 4, &heard(&[(1, true), (2, false)])).unwrap();
    for slot in [first, first + 4] {
        let again = tally.enter(slot, &heard(&[(1, true)]));
        assert_eq!(again, Err(TallyError::NotLater { slot, last: first + 4 }));
    }
    for slot in [first - 1, first + 720] {
        let foreign = tally.enter(slot, &heard(&[(1, true)]));
        assert_eq!(foreign, Err(TallyError::OtherPeriod { slot, sequence: 100 }));
    }
    tally.enter(first + 5, &heard(&[(1, false)])).unwrap();
    assert_eq!(tally.of(&[1; 32]), Tally { up: 1, total: 2 });
    assert_eq!(tally.of(&[2; 32]), Tally { up: 0, total: 1 });
    assert_eq!(tally.of(&[3; 32]), Tally::default());
}

/// What is on disk after a kill is what was entered before it: the slot under way is lost, and can be entered.
#[test]
fn a_restart_goes_on_from_what_was_recorded() {
    let mut tally = PeriodTally::new(long(), 100);
    let first = long().slot_at(long().covers(100).0);
    for slot in 0..50 {
        let recorded = tally.encode();
        tally.enter(first + slot, &heard(&[(1, slot % 3 != 0)])).unwrap();
        let mut restarted = PeriodTally::decode(&recorded).unwrap();
        assert!(restarted.takes(first + slot) && (slot == 0 || !restarted.takes(first + slot - 1)));
        restarted.enter(first + slot, &heard(&[(1, slot % 3 != 0)])).unwrap();
        assert_eq!(restarted, tally);
    }
}

#[test]
fn a_leaf_needs_half_of_the_slots() {
    let tally = seen(100, &[(1, 360, 360), (2, 300, 359), (3, 0, 720)]);
    let leaves = uptime_leaves(&tally, SLOTS);
    assert_eq!(
        leaves,
        [UptimeLeaf { provider: [1; 32], up: 360, total: 360 }, UptimeLeaf { provider: [3; 32], up: 0, total: 720 }]
    );
}

/// Sightings that differ within the tolerance are signed, a lie either way is not.
#[test]
fn a_lying_proposer_gets_no_signature() {
    let own = seen(100, &[(1, 700, 720), (2, 0, 720)]);
    let leaves = |one: (u16, u16), two: (u16, u16)| {
        vec![
            UptimeLeaf { provider: [1; 32], up: one.0, total: one.1 },
            UptimeLeaf { provider: [2; 32], up: two.0, total: two.1 },
        ]
    };
    for honest in [leaves((700, 720), (0, 720)), leaves((690, 720), (30, 720)), leaves((500, 500), (0, 400))] {
        assert_eq!(check_uptime(&honest, &own, SLOTS), Ok(()), "{honest:?}");
    }
    let refused = check_uptime(&leaves((600, 720), (0, 720)), &own, SLOTS);
    let (said, saw) = (Tally { up: 600, total: 720 }, Tally { up: 700, total: 720 });
    assert_eq!(refused, Err(RootRefusal::Uptime { provider: [1; 32], said, own: saw }), "slander");
    let refused = check_uptime(&leaves((700, 720), (720, 720)), &own, SLOTS);
    let (said, saw) = (Tally { up: 720, total: 720 }, Tally { up: 0, total: 720 });
    assert_eq!(refused, Err(RootRefusal::Uptime { provider: [2; 32], said, own: saw }), "flattery");
    for (up, total) in [(721, 720), (700, 721), (10, 100), (0, 0)] {
        let refused = check_uptime(&leaves((up, total), (0, 720)), &own, SLOTS);
        assert_eq!(refused, Err(RootRefusal::Counts { provider: [1; 32], up, total, slots: SLOTS }));
    }
    let refused = check_uptime(&leaves((700, 720), (0, 720))[..1], &own, SLOTS);
    assert_eq!(refused, Err(RootRefusal::LeftOut { provider: [2; 32], total: 720 }), "the dead one is passed over");
    let stranger = [leaves((700, 720), (0, 720)), vec![UptimeLeaf { provider: [3; 32], up: 720, total: 720 }]].concat();
    let refused = check_uptime(&stranger, &own, SLOTS);
    assert_eq!(refused, Err(RootRefusal::TooLittleSeen { provider: [3; 32], total: 0 }), "whom nobody saw");
}

#[test]
fn who_saw_little_neither_signs_nor_complains() {
    let own = seen(100, &[(1, 179, 179), (2, 539, 539)]);
    let one = [UptimeLeaf { provider: [1; 32], up: 720, total: 720 }];
    assert_eq!(check_uptime(&one, &own, SLOTS), Err(RootRefusal::TooLittleSeen { provider: [1; 32], total: 179 }));
    assert_eq!(check_uptime(&[], &own, SLOTS), Ok(()), "less than three quarters may be left out");
}

#[test]
fn few_slots_still_leave_the_slack_of_two() {
    let slots = 6;
    let short = Cadence::new(30).unwrap();
    let mut own = PeriodTally::new(short, 1_000);
    let first = short.slot_at(short.covers(1_000).0);
    for slot in 0..6 {
        own.enter(first + slot, &heard(&[(1, true)])).unwrap();
    }
    let said = |up| [UptimeLeaf { provider: [1; 32], up, total: 6 }];
    let lowest = 6 - u16::try_from(UPTIME_TOLERANCE_SLOTS).unwrap();
    assert_eq!(check_uptime(&said(lowest), &own, slots), Ok(()));
    assert!(matches!(check_uptime(&said(lowest - 1), &own, slots), Err(RootRefusal::Uptime { .. })));
}

fn uptime_name(epoch: u32, sequence: u32) -> RootName {
    RootName { kind: 1, epoch, sequence }
}

fn proposal(epoch: u32, sequence: u32, tally: &PeriodTally) -> Proposal {
    let leaves = Leaves::Uptime(uptime_leaves(tally, SLOTS));
    Proposal::of(Domain([5; 32]), uptime_name(epoch, sequence), long().covers(sequence), leaves).unwrap()
}

#[test]
fn a_proposal_survives_the_wire_and_every_other_byte_string_is_refused_by_name() {
    let right = proposal(3, 100, &seen(100, &[(1, 700, 720), (2, 0, 720), (3, 400, 500)]));
    let bytes = right.encode();
    assert_eq!(Proposal::decode(&bytes), Ok(right.clone()));
    for len in 0..bytes.len() {
        assert!(Proposal::decode(&bytes[..len]).is_err(), "{len}");
    }
    for at in 0..bytes.len() {
        let mut other = bytes.clone();
        other[at] ^= 1;
        // Whatever still decodes says something else under another digest.
        if let Ok(found) = Proposal::decode(&other) {
            assert_ne!(found.digest(), right.digest(), "byte {at}");
        }
    }
    let mut swapped = bytes.clone();
    let (first, second) = (bytes[112..149].to_vec(), bytes[149..186].to_vec());
    swapped[112..149].copy_from_slice(&second);
    swapped[149..186].copy_from_slice(&first);
    assert_eq!(Proposal::decode(&swapped), Err(RootRefusal::Order));
    let mut doubled = bytes.clone();
    doubled[149..186].copy_from_slice(&first);
    assert_eq!(Proposal::decode(&doubled), Err(RootRefusal::Order));
    let mut otherwise = bytes;
    otherwise[112 + 33] ^= 1;
    assert_eq!(Proposal::decode(&otherwise), Err(RootRefusal::Root));
    let Leaves::Uptime(leaves) = &right.leaves else { panic!("uptime") };
    for (index, one) in leaves.iter().enumerate() {
        let hash = leaf::<HostSha256>(&one.encode());
        assert_eq!(verify::<HostSha256>(&right.body.root, 3, index as u32, &hash, &right.proof(index)), Ok(()));
    }
}

#[test]
fn a_proposal_is_of_one_deployment_epoch_and_period() {
    let right = proposal(3, 100, &seen(100, &[(1, 700, 720)]));
    let covers = long().covers(100);
    assert_eq!(check_frame(&right, &Domain([5; 32]), uptime_name(3, 100), covers), Ok(()));
    for (domain, name) in [
        (Domain([6; 32]), uptime_name(3, 100)),
        (Domain([5; 32]), uptime_name(4, 100)),
        (Domain([5; 32]), uptime_name(3, 101)),
        (Domain([5; 32]), RootName { kind: 3, ..uptime_name(3, 100) }),
    ] {
        assert_eq!(check_frame(&right, &domain, name, covers), Err(RootRefusal::Name));
    }
    let (own_from, own_until) = (covers.0, covers.0 + 30);
    let refused = check_frame(&right, &Domain([5; 32]), uptime_name(3, 100), (own_from, own_until));
    assert_eq!(refused, Err(RootRefusal::Covers { from: covers.0, until: covers.1, own_from, own_until }));
}

#[test]
fn an_answer_survives_the_wire_and_a_reason_is_text() {
    for answer in [RootAnswer::Signed([7; 64]), RootAnswer::Refused("provider seen dead".into())] {
        assert_eq!(RootAnswer::decode(&answer.encode()), Some(answer));
    }
    assert_eq!(RootAnswer::decode(&[1; 64]), None);
    assert_eq!(RootAnswer::decode(&[1; 66]), None);
    assert_eq!(RootAnswer::decode(&[2; 65]), None);
    assert_eq!(RootAnswer::decode(&[]), None);
    assert_eq!(RootAnswer::decode(b"\0a\x1b[2J"), Some(RootAnswer::Refused("a\u{fffd}[2J".into())));
    let long = RootAnswer::Refused("é".repeat(600)).encode();
    assert_eq!(RootAnswer::decode(&long), Some(RootAnswer::Refused("é".repeat(256))));
}

/// Members of a set.
fn members(count: u8) -> Vec<[u8; 32]> {
    (1..=count).map(|member| [member; 32]).collect()
}

#[test]
fn proposers_follow_one_another_in_an_order_that_changes_with_the_root() {
    let members = members(5);
    let mut firsts = BTreeMap::new();
    for sequence in 0..100 {
        let name = uptime_name(3, sequence);
        let order = order(&members, &name);
        for (place, member) in order.iter().enumerate() {
            assert_eq!(rank(member, &members, &name.subject()), place);
        }
        *firsts.entry(order[0]).or_insert(0) += 1;
    }
    assert_eq!(firsts.len(), 5, "everybody is first sometimes: {firsts:?}");
    assert_ne!(
        order(&members, &uptime_name(3, 7)),
        order(&members, &uptime_name(4, 7)),
        "another epoch, another order"
    );
}

const ENDED: i64 = 1_000_000;

fn facts(rank: usize, since: i64, proposals: Vec<ProposalFacts>) -> RootFacts {
    RootFacts {
        now: ENDED + ROOT_SETTLE_SECONDS + since,
        covers_until: ENDED,
        settle_seconds: ROOT_SETTLE_SECONDS,
        rank,
        members: 5,
        member: true,
        done: false,
        needed: true,
        proposals,
    }
}

fn of(proposer: usize, signed: bool, supermajority: bool) -> ProposalFacts {
    ProposalFacts { proposer, signed, supermajority }
}

#[test]
fn nobody_proposes_before_the_period_is_over_and_settled() {
    for since in [-ROOT_SETTLE_SECONDS - 100, -ROOT_SETTLE_SECONDS, -1] {
        assert_eq!(facts(0, since, vec![]).steps(), [], "{since}");
    }
    assert_eq!(facts(0, 0, vec![]).steps(), [RootStep::Propose]);
    assert_eq!(facts(1, 0, vec![]).steps(), [RootStep::Ask(0)], "the second one asks the first");
}

#[test]
fn a_silent_proposer_is_followed_by_the_next() {
    let turn = PROPOSER_TURN_SECONDS;
    assert_eq!(facts(1, turn - 1, vec![]).steps(), [RootStep::Ask(0)]);
    assert_eq!(facts(1, turn, vec![]).steps(), [RootStep::Propose, RootStep::Ask(0)]);
    assert_eq!(facts(3, turn, vec![]).steps(), [RootStep::Ask(0), RootStep::Ask(1)]);
    // However long it lasts, places end with the set.
    let asked = facts(4, turn * 100, vec![]).steps();
    assert_eq!(asked, [RootStep::Propose, RootStep::Ask(0), RootStep::Ask(1), RootStep::Ask(2), RootStep::Ask(3)]);
}

#[test]
fn a_proposal_is_made_once_and_fetched_once() {
    let known = vec![of(0, true, false)];
    assert_eq!(facts(0, 0, known.clone()).steps(), [RootStep::Gather(0)]);
    assert_eq!(facts(1, 0, known).steps(), [], "signed: the proposer carries first");
    assert_eq!(facts(1, 0, vec![of(0, false, false)]).steps(), [], "refused: nothing is left to do about it");
}

#[test]
fn fewer_than_a_quorum_carry_nothing() {
    for since in [0, 10, 100, 1_000, ROOT_GIVE_UP_SECONDS - ROOT_SETTLE_SECONDS] {
        let steps = facts(0, since, vec![of(0, true, false)]).steps();
        assert!(steps.contains(&RootStep::Gather(0)), "{since}: {steps:?}");
        assert!(!steps.iter().any(|step| matches!(step, RootStep::Carry(_))), "{since}: {steps:?}");
    }
}

#[test]
fn the_proposer_carries_and_the_others_after_it_one_by_one() {
    let full = || vec![of(0, true, true)];
    assert_eq!(facts(0, 0, full()).steps(), [RootStep::Carry(0)]);
    let carries = |rank, since| facts(rank, since, full()).steps().contains(&RootStep::Carry(0));
    for rank in 1..5 {
        let turn = CARRIER_TURN_SECONDS * (rank as i64 + 1);
        assert!(!carries(rank, turn - 1), "{rank}");
        assert!(carries(rank, turn), "{rank}");
    }
    // What a later proposer proposed is carried by it, counted from its own turn.
    let second = facts(1, PROPOSER_TURN_SECONDS, vec![of(0, false, false), of(1, true, true)]);
    assert_eq!(second.steps(), [RootStep::Carry(1)]);
}

#[test]
fn nothing_is_posted_twice_and_nothing_that_says_nothing() {
    let done = RootFacts { done: true, ..facts(0, 0, vec![of(0, true, true)]) };
    assert_eq!(done.steps(), [], "a root of this period is on chain, of whichever epoch");
    let idle = RootFacts { needed: false, ..facts(0, 0, vec![]) };
    assert_eq!(idle.steps(), []);
    let stranger = RootFacts { member: false, rank: 5, ..facts(0, 100, vec![]) };
    assert_eq!(stranger.steps(), [], "who is not in the set signs nothing");
    let old = facts(0, ROOT_GIVE_UP_SECONDS, vec![of(0, true, true)]);
    assert_eq!(old.steps(), []);
}

/// The whole exchange as the decisions alone make it: five validators with observations of their own, some of them
/// silent or lying, each restarted at random from what it recorded.
struct Play {
    name: RootName,
    order: Vec<[u8; 32]>,
    /// By place: what it saw, and what it recorded as signed, by proposer's place.
    seen: Vec<PeriodTally>,
    recorded: Vec<BTreeMap<usize, Vec<u8>>>,
    silent: Vec<bool>,
    liar: Option<usize>,
    roots: Vec<[u8; 32]>,
}

impl Play {
    fn new(epoch: u32, seen: Vec<PeriodTally>) -> Self {
        let name = uptime_name(epoch, 100);
        let count = seen.len();
        Self {
            name,
            order: order(&members(u8::try_from(count).unwrap()), &name),
            seen,
            recorded: vec![BTreeMap::new(); count],
            silent: vec![false; count],
            liar: None,
            roots: Vec::new(),
        }
    }

    fn propose(&self, place: usize) -> Proposal {
        let mut leaves = uptime_leaves(&self.seen[place], SLOTS);
        if self.liar == Some(place) {
            leaves.iter_mut().for_each(|leaf| leaf.up = leaf.total - leaf.up);
        }
        Proposal::of(Domain([5; 32]), self.name, long().covers(100), Leaves::Uptime(leaves)).unwrap()
    }

    /// Seats that signed the proposal of this place.
    fn signers(&self, place: usize) -> usize {
        let wanted = self.recorded[place].get(&place);
        self.recorded.iter().filter(|mine| wanted.is_some() && mine.get(&place) == wanted).count()
    }

    fn step(&mut self, now: i64) {
        let count = self.order.len();
        for place in 0..count {
            if self.silent[place] {
                continue;
            }
            let proposals = (0..count).filter(|other| self.recorded[place].contains_key(other));
            let facts = RootFacts {
                now,
                covers_until: long().covers(100).1,
                settle_seconds: ROOT_SETTLE_SECONDS,
                rank: place,
                members: count,
                member: true,
                done: !self.roots.is_empty(),
                needed: true,
                proposals: proposals.map(|other| of(other, true, self.signers(other) * 3 > count * 2)).collect(),
            };
            for step in facts.steps() {
                match step {
                    RootStep::Propose => {
                        let bytes = self.propose(place).encode();
                        self.recorded[place].entry(place).or_insert(bytes);
                    }
                    RootStep::Ask(other) => {
                        let Some(bytes) = self.recorded[other].get(&other).filter(|_| !self.silent[other]) else {
                            continue;
                        };
                        let Ok(found) = Proposal::decode(bytes) else { continue };
                        let Leaves::Uptime(leaves) = &found.leaves else { continue };
                        if check_frame(&found, &Domain([5; 32]), self.name, long().covers(100)).is_ok()
                            && check_uptime(leaves, &self.seen[place], SLOTS).is_ok()
                        {
                            let bytes = bytes.clone();
                            self.recorded[place].entry(other).or_insert(bytes);
                        }
                    }
                    RootStep::Gather(_) => {}
                    RootStep::Carry(other) => {
                        let bytes = &self.recorded[place][&other];
                        self.roots.push(Proposal::decode(bytes).unwrap().body.root);
                        return;
                    }
                }
            }
        }
    }

    fn run(&mut self) -> Vec<[u8; 32]> {
        let until = long().covers(100).1;
        for now in until..until + 300 {
            self.step(now);
        }
        self.roots.clone()
    }
}

fn differing() -> Vec<PeriodTally> {
    let up = [700, 705, 690, 712, 698];
    up.iter().map(|up| seen(100, &[(1, *up, 720), (2, 0, 720)])).collect()
}

#[test]
fn differing_sightings_make_one_root() {
    let mut play = Play::new(3, differing());
    let first = play.propose(0).body.root;
    assert_eq!(play.run(), [first]);
}

#[test]
fn a_silent_proposer_costs_a_delay_and_a_liar_its_turn() {
    let mut play = Play::new(3, differing());
    play.silent[0] = true;
    let second = play.propose(1).body.root;
    assert_eq!(play.run(), [second]);
    let mut play = Play::new(3, differing());
    play.liar = Some(0);
    let (lie, second) = (play.propose(0).body.root, play.propose(1).body.root);
    let roots = play.run();
    assert_eq!(roots, [second]);
    assert_ne!(lie, second);
}

#[test]
fn without_a_quorum_there_is_no_root() {
    let mut play = Play::new(3, differing());
    // Three of five are no more than two thirds.
    (play.silent[1], play.silent[3]) = (true, true);
    assert_eq!(play.run(), [] as [[u8; 32]; 0]);
    // Nor are they when the others saw something else.
    let mut disagreeing = differing();
    disagreeing[1] = seen(100, &[(1, 100, 720), (2, 0, 720)]);
    disagreeing[3] = seen(100, &[(1, 500, 720), (2, 720, 720)]);
    assert_eq!(Play::new(3, disagreeing).run(), [] as [[u8; 32]; 0]);
}

/// A second proposal under the same name is not signed, because the first is on record.
#[test]
fn a_restart_signs_what_it_signed() {
    let mut play = Play::new(3, differing());
    play.silent[1..].fill(true);
    play.run();
    let before = play.recorded.clone();
    // It saw something else since, as it believes.
    play.seen[0] = seen(100, &[(1, 300, 720), (2, 0, 720)]);
    play.silent[1..].fill(false);
    play.run();
    assert_eq!(play.recorded[0].get(&0), before[0].get(&0));
}

fn ballot(supermajority: bool, root_exists: bool, lacks_own: bool) -> Facts {
    Facts::Ballot(BallotFacts { opened_at: 100, supermajority, root_exists, lacks_own })
}

#[test]
fn a_ballot_is_completed_finalised_and_closed() {
    assert_eq!(crank(&ballot(false, false, true), 200), [Crank::SignRoot]);
    assert_eq!(crank(&ballot(false, false, false), 200), []);
    assert_eq!(crank(&ballot(true, false, true), 200), [Crank::FinalizeRoot]);
    assert_eq!(crank(&ballot(true, true, true), 200), [], "one root for each name");
    let over = 100 + ROOT_BALLOT_SECONDS;
    assert_eq!(crank(&ballot(true, false, true), over), [Crank::FinalizeRoot]);
    assert_eq!(crank(&ballot(true, false, true), over + 1), [Crank::CloseRootBallot]);
    assert_eq!(crank(&ballot(true, true, false), over + 1), [Crank::CloseRootBallot]);
}

#[test]
fn a_root_is_closed_when_its_time_and_its_epoch_are_over() {
    let root = |epoch, present_epoch| Facts::Root(RootOnChain { epoch, present_epoch, finalized_at: 100 });
    let over = 100 + WITNESS_ROOT_SECONDS;
    assert_eq!(crank(&root(3, 4), over), []);
    assert_eq!(crank(&root(3, 4), over + 1), [Crank::CloseWitnessRoot]);
    assert_eq!(crank(&root(3, 3), over + 1), []);
}

#[test]
fn a_bucket_is_recorded_once() {
    let facts = |recorded, witnessed| Facts::Provider(ProviderFacts { recorded, witnessed });
    assert_eq!(crank(&facts(7, Some(([1; 32], 8))), 0), [Crank::RecordUptime([1; 32])]);
    assert_eq!(crank(&facts(8, Some(([1; 32], 8))), 0), []);
    assert_eq!(crank(&facts(9, Some(([1; 32], 8))), 0), []);
    assert_eq!(crank(&facts(7, None), 0), []);
}

#[test]
fn usage_is_written_taken_and_closed_once() {
    let running = UsageFacts { metered: Some((7, 1_000, 50)), life: Some(7), witness: None, witnessed: None };
    let turned = |facts: UsageFacts| crank(&Facts::Usage(facts), 0);
    assert_eq!(turned(running), []);
    let news = Some(([1; 32], 2_000, 60));
    assert_eq!(turned(UsageFacts { witnessed: news, ..running }), [Crank::WitnessUsage([1; 32])]);
    let old = UsageFacts { witness: Some((7, 500, 40)), ..running };
    assert_eq!(turned(UsageFacts { witnessed: news, ..old }), [Crank::RefreshUsage([1; 32])]);
    let written = UsageFacts { witness: Some((7, 2_000, 60)), witnessed: news, ..running };
    assert_eq!(turned(written), [Crank::AcceptWitnessedUsage]);
    assert_eq!(turned(UsageFacts { metered: Some((7, 2_000, 60)), ..written }), []);
    // What the tenant signed meanwhile says more.
    assert_eq!(turned(UsageFacts { metered: Some((7, 3_000, 70)), ..written }), []);
    // Another life of the address.
    let other = UsageFacts { witness: Some((6, 9_000, 40)), ..running };
    assert_eq!(turned(other), []);
    assert_eq!(turned(UsageFacts { witnessed: news, ..other }), [Crank::RefreshUsage([1; 32])]);
    let over = UsageFacts { metered: None, life: None, ..written };
    assert_eq!(turned(over), [Crank::CloseUsage]);
    assert_eq!(turned(UsageFacts { life: Some(8), ..over }), [Crank::CloseUsage]);
    assert_eq!(turned(UsageFacts { life: Some(7), ..over }), [], "settled and not closed: its address still holds it");
}

fn look(at: i64, on_chain_ms: u64, reported_ms: Option<u64>) -> UsageLook {
    UsageLook { at, on_chain_ms, witnessed: false, reported_ms }
}

#[test]
fn a_service_is_witnessed_up_to_what_was_seen_alive_and_no_more_than_its_node_claims() {
    let mut seen = UsageSeen::begin(&look(100, 5_000, Some(9_000)), 2);
    assert_eq!(seen.witnessed_ms(100), 5_000, "the first look shows nothing but the chain's total");
    seen.look(&look(102, 5_000, Some(11_000)));
    seen.look(&look(104, 5_000, Some(13_000)));
    assert_eq!(seen.witnessed_ms(104), 9_000);
    assert_eq!(seen.witnessed_ms(102), 7_000, "what came after the period's end is not of it");
    // Silence is not alive, and neither is a gap that nobody looked into.
    seen.look(&look(106, 5_000, None));
    assert!(!seen.alive());
    seen.look(&look(108, 5_000, Some(17_000)));
    assert_eq!(seen.witnessed_ms(108), 9_000);
    seen.look(&look(120, 5_000, Some(29_000)));
    assert_eq!(seen.witnessed_ms(120), 9_000);
    // A node's total comes in steps: what was seen waits for the next one, but not for long.
    seen.look(&look(122, 5_000, Some(29_000)));
    assert_eq!(seen.witnessed_ms(122), 11_000);
    // What came on chain by both signatures is the new beginning.
    seen.look(&look(124, 30_000, Some(31_500)));
    assert_eq!(seen.witnessed_ms(124), 30_000);
    seen.look(&look(126, 30_000, Some(30_500)));
    assert_eq!(seen.witnessed_ms(126), 31_500, "a total does not go back");
    assert_eq!(UsageSeen::decode(&seen.encode()), Some(seen));
    assert_eq!(UsageSeen::decode(&seen.encode()[1..]), None);
}

/// A node that answers and claims nothing is ill or paused; it cannot claim that time later.
#[test]
fn what_a_node_does_not_claim_is_not_kept_for_it() {
    let mut seen = UsageSeen::begin(&look(100, 0, Some(0)), 2);
    for at in 1..=50 {
        seen.look(&look(100 + 2 * at, 0, Some(0)));
    }
    seen.look(&look(202, 0, Some(102_000)));
    // Five looks of two seconds, and the one since.
    assert_eq!(seen.witnessed_ms(202), 12_000);
}

/// However often the others sign a little more, nobody's own count follows: the slack is given once.
#[test]
fn slack_does_not_add_up() {
    let mut seen = UsageSeen::begin(&look(100, 0, Some(0)), 2);
    let witnessed = |at, on_chain_ms, reported| UsageLook { witnessed: true, ..look(at, on_chain_ms, Some(reported)) };
    let mut on_chain = 0;
    for round in 1..=20u64 {
        let at = 100 + 2 * i64::try_from(round).unwrap();
        seen.look(&witnessed(at, on_chain, 1_000_000));
        on_chain = seen.witnessed_ms(at) + seen.slack_ms();
        assert_eq!(seen.witnessed_ms(at), round * 2_000);
    }
    // What lies beyond was seen by a quorum without this validator.
    let beyond = on_chain + 10_000;
    seen.look(&witnessed(142, beyond, 1_000_000));
    assert_eq!(seen.witnessed_ms(142), beyond);
}

#[test]
fn usage_that_was_not_seen_is_not_signed() {
    let subject = UsageSubject { job: [1; 32], attempt: 1, nonce: 7 };
    let mut own = UsageSeen::begin(&look(100, 0, Some(0)), 2);
    for at in 1..=50 {
        own.look(&look(100 + 2 * at, 0, Some(2_000 * at as u64)));
    }
    let leaf = |usage_ms| [UsageLeaf { job: [1; 32], attempt: 1, nonce: 7, usage_ms }];
    let check = |usage_ms| check_usage(&leaf(usage_ms), |asked| (*asked == subject).then_some(&own), 200);
    // Five looks of two seconds and a fiftieth of what was seen.
    let slack = own.slack_ms();
    assert_eq!(slack, 10_000 + 2_000);
    assert_eq!(check(100_000), Ok(()));
    assert_eq!(check(100_000 + slack), Ok(()));
    let (job, own_ms) = ([1; 32], 100_000);
    let said_ms = 100_001 + slack;
    assert_eq!(check(said_ms), Err(RootRefusal::UsageAboveSeen { job, said_ms, own_ms }));
    let said_ms = 99_999 - slack;
    assert_eq!(check(said_ms), Err(RootRefusal::UsageBelowSeen { job, said_ms, own_ms }));
    let other = [UsageLeaf { nonce: 8, ..leaf(100_000)[0] }];
    let refused = check_usage(&other, |asked| (*asked == subject).then_some(&own), 200);
    assert_eq!(refused, Err(RootRefusal::ServiceUnseen { job }));
}

#[test]
fn a_service_whose_tenant_signs_costs_no_transaction() {
    assert!(!needs_witness(100, 30, 114));
    assert!(needs_witness(100, 30, 115));
    assert!(!needs_witness(100, 600, 399));
    assert!(needs_witness(100, 600, 400));
}

proptest! {
    #[test]
    fn no_bytes_make_a_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Proposal::decode(&bytes);
        let _ = PeriodTally::decode(&bytes);
        let _ = UsageSeen::decode(&bytes);
        let _ = RootAnswer::decode(&bytes);
    }

    /// Whoever agrees within the tolerance agrees the other way round too: no pair of honest validators can be set
    /// against each other by who proposes first.
    #[test]
    fn agreement_is_mutual(a in 0u16..=720, b in 0u16..=720) {
        let (one, two) = (seen(100, &[(1, a, 720)]), seen(100, &[(1, b, 720)]));
        let agrees = |said: &PeriodTally, own: &PeriodTally| check_uptime(&uptime_leaves(said, SLOTS), own, SLOTS).is_ok();
        prop_assert_eq!(agrees(&one, &two), agrees(&two, &one));
        prop_assert_eq!(agrees(&one, &two), a.abs_diff(b) <= 38);
    }

    /// Totals never exceed what passed between answers, whatever a node claims.
    #[test]
    fn nobody_is_witnessed_more_than_the_time_that_passed(
        looks in proptest::collection::vec((1i64..8, proptest::option::of(0u64..20_000)), 1..60)
    ) {
        let mut at = 1_000;
        let mut claimed = 0;
        let mut seen = UsageSeen::begin(&look(at, 0, Some(0)), 2);
        for (gap, more) in looks {
            at += gap;
            claimed += more.unwrap_or(0);
            seen.look(&look(at, 0, more.map(|_| claimed)));
            prop_assert!(seen.witnessed_ms(at) <= u64::try_from(at - 1_000).unwrap() * 1_000);
            prop_assert!(seen.witnessed_ms(at) <= claimed);
        }
    }
}
