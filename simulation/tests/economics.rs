//! Whether the protocol's numbers make dishonesty pay: pure, by the protocol's own rules, no chain.
//!
//! Each test states a law. Where today's numbers do not satisfy it, the law stands as it is, the test expects the
//! failure by its exact figure (`should_panic`), and it will fail, as it should, the day the numbers are right.
//! Sections and attacks are those of the verification study (2.9, 2.10; attacks 1-3, 16, 18, 19, 24-26).

#![allow(clippy::unwrap_used)] // a test fails by panicking

use proofmill_protocol::{
    amount, draw,
    job::Outcome,
    limits,
    quorum::{RoundOutcome, Rule, Votes},
    settlement, sha256,
    stake::{Balances, lock_bps},
    verdict::Opinion,
};
use proofmill_simulation::dice::Dice;

/// The launch configuration (`cli/src/bootstrap.rs`).
mod launch {
    /// Stake locked per atom of price at least: twice the price.
    pub const LOCK_BPS: u32 = 20_000;
    pub const FEE_BPS: u16 = 250;
    /// Part of the fee that fills the audit budget.
    pub const AUDIT_SHARE_BPS: u16 = 9_000;
    pub const AUDIT_FLOOR_BPS: u16 = 500;
    pub const PROVEN_AFTER: u32 = 3;
    /// Least escrow of a job, atoms.
    pub const ESCROW_MIN: u64 = 1_000;
    /// Most that the audit budget pays for a second of a re-execution, atoms.
    pub const AUDIT_PRICE_MAX: u64 = 50_000;
}

/// Chance that an audit finds a false receipt, basis points: what the study's table assumes.
const DETECTION_BPS: u16 = limits::DETECTION_BPS;
/// One whole, squared: an audit rate times a detection rate.
const WHOLE: i128 = 100_000_000;

/// Prices of whole jobs, atoms: from dust to a year of a rack.
const VALUES: [u64; 10] = [1_000, 4_001, 10_000, 77_777, 1_000_000, 33_333_333, 1 << 30, 1 << 40, 1 << 47, 1 << 50];

/// A hundred-millionth of what a provider gains on average by inventing a result, over doing the work at cost.
///
/// The worst case of section 2.10: the work costs all that is paid for it, and inventing costs nothing.
fn cheating_gains(value: u64, fee_bps: u16, lock: u64, audit_bps: u16, detection_bps: u16) -> i128 {
    let paid = settlement::settle(Outcome::Accepted, value, value, 1_000, fee_bps).unwrap().paid;
    let caught = i128::from(audit_bps) * i128::from(detection_bps);
    (WHOLE - caught) * i128::from(paid) - caught * i128::from(lock)
}

/// What the law asks for at any detection: `lambda = 1 / (p d) - 1`, rounded up, basis points of the price.
fn lock_bps_needed(audit_bps: u16, detection_bps: u16) -> u32 {
    let caught = u64::from(audit_bps) * u64::from(detection_bps);
    u32::try_from(((100_000_000 - caught) * 10_000).div_ceil(caught)).unwrap()
}

fn audit_bps(accepted: u32) -> u16 {
    draw::audit_bps(accepted, launch::PROVEN_AFTER, launch::AUDIT_FLOOR_BPS)
}

// Attacks 1 and 2: random output; cheating on some jobs only.

/// Any provider, whatever it has proven, loses on average by inventing a result, for a job of any price.
fn cheating_never_pays_with(lock_bps: impl Fn(u16) -> u32) {
    for accepted in 0..=500 {
        let audited = audit_bps(accepted);
        for value in VALUES {
            let lock = amount::scale(value, lock_bps(audited)).unwrap();
            let gains = cheating_gains(value, launch::FEE_BPS, lock, audited, DETECTION_BPS);
            assert!(
                gains < 0,
                "after {accepted} accepted audits cheating pays: audited at {audited} bps, a lock of {} bps where {} \
                 are needed",
                lock_bps(audited),
                lock_bps_needed(audited, DETECTION_BPS)
            );
        }
    }
}

#[test]
fn cheating_never_pays_at_launch() {
    cheating_never_pays_with(|audited| lock_bps(launch::LOCK_BPS, audited));
}

/// Whatever a mint's own rule says: governance cannot make cheating pay.
#[test]
fn cheating_never_pays_whatever_the_mints_rule() {
    cheating_never_pays_with(|audited| lock_bps(0, audited));
}

/// Why the lock is not flat: what it was would stop deterring after 40 accepted audits (the fee buys one more).
#[test]
fn a_flat_lock_of_two_prices_deters_down_to_an_audit_rate_of_a_third() {
    let deters = |accepted| lock_bps(0, audit_bps(accepted)) <= launch::LOCK_BPS;
    assert!((0..=39).all(deters));
    assert!(!(40..=500).any(deters));
}

#[test]
fn the_programs_lock_is_what_the_law_asks_for() {
    for audited in limits::AUDIT_BPS_MIN..=10_000 {
        assert_eq!(lock_bps(0, audited), lock_bps_needed(audited, DETECTION_BPS));
    }
}

#[test]
fn a_new_provider_never_gains_by_cheating() {
    for accepted in 0..=launch::PROVEN_AFTER {
        assert_eq!(audit_bps(accepted), 10_000);
        for value in VALUES {
            let lock = amount::scale(value, lock_bps(launch::LOCK_BPS, 10_000)).unwrap();
            assert!(cheating_gains(value, launch::FEE_BPS, lock, 10_000, DETECTION_BPS) < 0);
        }
    }
}

#[test]
fn the_needed_lock_is_the_least_that_deters() {
    // Without a fee, so that the boundary is the law's own; a price that divides, so that rounding hides nothing.
    let value = 1_000_000_000_000;
    for audited in (200..=10_000).step_by(7) {
        let needed = lock_bps_needed(audited, DETECTION_BPS);
        let gains = |lock_bps: u32| {
            let lock = amount::scale(value, lock_bps).unwrap();
            cheating_gains(value, 0, lock, audited, DETECTION_BPS)
        };
        assert!(gains(needed - 1) > 0, "{audited} bps: one less deters too");
        assert!(gains(needed) <= 0, "{audited} bps: {needed} is too little");
        assert!(gains(needed + 1) < 0);
    }
    // The study's own table, d = 0.95.
    for (audited, lambda) in [(10_000, 0.05), (5_000, 1.1), (2_500, 3.2), (1_000, 9.5), (500, 20.0), (200, 52.0)] {
        let needed = f64::from(lock_bps_needed(audited, DETECTION_BPS)) / 10_000.0;
        assert!((needed / lambda - 1.0).abs() < 0.06, "{audited} bps: {needed} is not {lambda}");
    }
}

#[test]
fn every_audit_rate_that_may_be_configured_can_be_deterred_with() {
    assert!(lock_bps_needed(limits::AUDIT_BPS_MIN, DETECTION_BPS) <= limits::LOCK_BPS_MAX);
}

/// Fees of `jobs` smallest jobs that a provider pays itself for, to have them accepted.
fn reputation_costs(jobs: u32) -> u64 {
    u64::from(jobs) * amount::share(launch::ESCROW_MIN, launch::FEE_BPS).unwrap()
}

/// The audit rate does not look at the price: proving oneself on dust must not make one big lie worth it.
#[test]
fn a_reputation_of_dust_buys_nothing() {
    let dust = 400;
    let audited = audit_bps(dust + launch::PROVEN_AFTER);
    let value = 1_000_000_000;
    let lock = amount::scale(value, lock_bps(launch::LOCK_BPS, audited)).unwrap();
    let gains = cheating_gains(value, launch::FEE_BPS, lock, audited, DETECTION_BPS) / WHOLE;
    let costs = reputation_costs(dust);
    assert!(gains <= i128::from(costs), "{dust} jobs of dust cost {costs} in fees and one lie gains {gains}");
}

/// One career: lies on every job until it is caught. How many jobs, and what it gained, in prices of a job.
fn career(dice: &mut Dice, audited: u16, lambda: f64) -> (u32, f64) {
    let mut jobs = 0;
    let mut gained = 0.0;
    loop {
        jobs += 1;
        let seed = sha256(&[&dice.next().to_le_bytes()]);
        if draw::is_audited(&seed, audited) && dice.below(10_000) < u64::from(DETECTION_BPS) {
            return (jobs, gained - lambda);
        }
        gained += 1.0;
    }
}

#[test]
fn a_liar_is_caught_when_the_rates_say_and_has_lost() {
    let mut dice = Dice::new(1);
    for audited in [10_000u16, 5_000, 2_500, 1_000, 500] {
        let caught = f64::from(audited) * f64::from(DETECTION_BPS) / 1e8;
        // A twentieth of a price above the law's lock: at the lock itself a liar comes out even.
        let lambda = f64::from(lock_bps_needed(audited, DETECTION_BPS) + 500) / 10_000.0;
        let runs = 100_000u32;
        let (mut jobs, mut gained) = (0.0, 0.0);
        for _ in 0..runs {
            let (lasted, net) = career(&mut dice, audited, lambda);
            jobs += f64::from(lasted);
            gained += net;
        }
        let mean = jobs / f64::from(runs);
        // Geometric: mean 1/q, variance (1-q)/q^2.
        let sigma = ((1.0 - caught) / (caught * caught) / f64::from(runs)).sqrt();
        assert!((mean - 1.0 / caught).abs() <= 3.0 * sigma + 1e-9, "{audited} bps: {mean} jobs, not {}", 1.0 / caught);
        let expected = (1.0 / caught - 1.0) - lambda;
        assert!(expected < 0.0);
        assert!((gained / f64::from(runs) - expected).abs() <= 3.0 * sigma + 1e-9, "{audited} bps");
    }
}

// Attack 3: lying on everything in flight, then leaving.

#[test]
fn everything_in_flight_can_be_slashed_at_once_whatever_is_tried_before() {
    let mut dice = Dice::new(3);
    for _ in 0..2_000 {
        let mut stake = Balances::default();
        stake.deposit(dice.between(1, 1_000_000)).unwrap();
        let mut locks = Vec::new();
        for _ in 0..dice.between(1, 40) {
            let lock = dice.between(1, 200_000);
            if stake.lock(lock).is_ok() {
                locks.push(lock);
            }
            // It tries to leave with all that is free, as often as it likes.
            if dice.percent(30) {
                let _ = stake.unbond(stake.free(), 0, 10);
                let _ = stake.withdraw(i64::try_from(dice.below(20)).unwrap());
            }
        }
        let pledged: u64 = locks.iter().sum();
        assert_eq!(stake.locked, pledged);
        let slashed: u64 = locks.iter().map(|lock| stake.hold_lock(*lock).unwrap()).sum();
        assert_eq!(slashed, pledged, "a lock was not covered");
    }
}

// Attack 19: the committee, by chance.

fn choose(n: u128, k: u128) -> u128 {
    if k > n {
        return 0;
    }
    (0..k).fold(1, |product, i| product * (n - i) / (i + 1))
}

/// Chance that of `seats` drawn from `members` at least `least` are among the `bad`.
fn at_least(members: u128, bad: u128, seats: u128, least: u128) -> f64 {
    let ways: u128 = (least..=seats).map(|i| choose(bad, i) * choose(members - bad, seats - i)).sum();
    ways as f64 / choose(members, seats) as f64
}

/// Seats and bad votes of each column of the table.
const COLUMNS: [(u128, u128); 8] = [(3, 2), (3, 3), (5, 3), (5, 4), (5, 5), (7, 7), (9, 6), (13, 9)];

/// What a cell of the table prints: its digits, and the power of ten of the last of them.
type Printed = (i32, i32);

/// The table of section 2.9: members, bad ones, and what it prints.
const TABLE: [(u128, u128, [Printed; 8]); 5] = [
    (20, 4, [(88, -3), (35, -4), (32, -3), (10, -4), (0, -9), (0, -9), (0, -9), (0, -9)]),
    (20, 6, [(20, -2), (18, -3), (13, -2), (14, -3), (39, -5), (0, -9), (22, -4), (0, -9)]),
    (50, 10, [(98, -3), (61, -4), (48, -3), (41, -4), (12, -5), (1, -6), (87, -5), (3, -6)]),
    (50, 15, [(21, -2), (23, -3), (15, -2), (24, -3), (14, -4), (6, -5), (15, -3), (8, -4)]),
    (100, 33, [(25, -2), (34, -3), (20, -2), (40, -3), (32, -4), (3, -4), (33, -3), (48, -4)]),
];

#[test]
fn the_table_of_captured_committees_is_right() {
    for (members, bad, printed) in TABLE {
        for ((seats, least), (digits, power)) in COLUMNS.into_iter().zip(printed) {
            let exact = at_least(members, bad, seats, least);
            let unit = 10f64.powi(power);
            let printed = f64::from(digits) * unit;
            assert!(
                (exact - printed).abs() <= 0.5 * unit * (1.0 + 1e-9),
                "{bad} of {members}, {least} of {seats}: {exact:.3e}, printed {printed:.3e}"
            );
        }
    }
}

/// Draws committees as the arbiter does; how often a false receipt is accepted.
fn accepted_bad(members: usize, bad: usize, rule: Rule, censored: usize, draws: u32, salt: &str) -> u32 {
    let mut accepted = 0;
    for number in 0..draws {
        let seed = sha256(&[salt.as_bytes(), &number.to_le_bytes()]);
        let weights = [1; limits::VALIDATORS_MAX];
        let seats = usize::from(rule.committee);
        let committee = draw::committee(&seed, &weights[..members], seats, |_| draw::Standing::Fresh).unwrap();
        let mut votes = Votes::default();
        let mut silenced = 0;
        for (seat, member) in committee[..usize::from(rule.committee)].iter().enumerate() {
            let honest = usize::from(*member) >= bad;
            if honest && silenced < censored {
                silenced += 1;
                continue;
            }
            let opinion = if honest { Opinion::Inconclusive } else { Opinion::Valid };
            votes.record(seat as u8, rule.committee, opinion, false).unwrap();
        }
        accepted += u32::from(votes.outcome(rule, true) == RoundOutcome::Decided(Opinion::Valid));
    }
    accepted
}

#[test]
fn draw_and_quorum_together_are_captured_exactly_as_often_as_chance_says() {
    let plain = |committee, threshold| Rule { committee, threshold, reveals_min: threshold, unanimous: false };
    // The rule of the design: no dissent, four of five must speak.
    let ours = Rule { committee: 5, threshold: 3, reveals_min: 4, unanimous: true };
    let escalated = plain(9, 6);
    let cases = [
        (plain(3, 2), 0, (3, 2)),
        (plain(3, 3), 0, (3, 3)),
        (plain(5, 3), 0, (5, 3)),
        (plain(5, 4), 0, (5, 4)),
        // All speak: one honest seat dissents, so all five must be bad.
        (ours, 0, (5, 5)),
        // One honest reveal is kept out: four bad ones and a silence suffice.
        (ours, 1, (5, 4)),
        // Two kept out: the three that are left are too few, so still four.
        (ours, 2, (5, 4)),
        (plain(7, 7), 0, (7, 7)),
        (escalated, 0, (9, 6)),
    ];
    let draws = 100_000u32;
    for (members, bad) in [(20, 4), (20, 6), (50, 10), (50, 15), (64, 21)] {
        for (number, (rule, censored, (seats, least))) in cases.into_iter().enumerate() {
            let chance = at_least(members as u128, bad as u128, seats, least);
            let seen = accepted_bad(members, bad, rule, censored, draws, &format!("{members} {bad} {number}"));
            let expected = chance * f64::from(draws);
            let sigma = (expected * (1.0 - chance)).sqrt();
            // Where less than one case is expected, chance alone gives one or two.
            let allowed = (3.0 * sigma).max(if chance > 0.0 { 2.0 } else { 0.0 });
            assert!(
                (f64::from(seen) - expected).abs() <= allowed,
                "{bad} bad of {members}, {least} of {seats}, {censored} censored: {seen} of {draws}, expected {expected:.1}"
            );
        }
    }
}

// Attack 16: saying "valid" unseen.

/// Mean net of a validator per round, in units of the fee.
fn votes_for(dice: &mut Dice, looks: bool, check_cost: f64, ringer_share: f64, slash: f64, rounds: u32) -> f64 {
    let mut net = 0.0;
    for _ in 0..rounds {
        let ringer = (dice.below(1_000_000) as f64) < ringer_share * 1e6;
        net += 1.0;
        if looks {
            net -= check_cost;
        } else if ringer {
            net -= slash;
        }
    }
    net / f64::from(rounds)
}

#[test]
fn a_lazy_validator_loses_once_enough_receipts_are_planted() {
    let mut dice = Dice::new(16);
    // A fee of 1, checks that cost half of it, a slash of a hundred: honest from a share of 0.5 % on.
    let (check_cost, slash) = (0.5, 100.0);
    let needed = check_cost / slash;
    for (share, honest_pays) in [(0.0, false), (0.5 * needed, false), (2.0 * needed, true), (4.0 * needed, true)] {
        let rounds = 400_000;
        let lazy = votes_for(&mut dice, false, check_cost, share, slash, rounds);
        let honest = votes_for(&mut dice, true, check_cost, share, slash, rounds);
        let sigma = slash * (share * (1.0 - share) / f64::from(rounds)).sqrt();
        assert!((lazy - (1.0 - share * slash)).abs() <= 3.0 * sigma + 1e-9, "{share}");
        assert_eq!(honest > lazy, honest_pays, "share {share}: honest {honest}, lazy {lazy}");
    }
}

// Attack 18: not speaking.

#[test]
fn two_silent_of_five_escalate_and_three_silent_of_nine_do_not_matter() {
    let first = Rule { committee: 5, threshold: 3, reveals_min: 4, unanimous: true };
    let second = Rule { committee: 9, threshold: 6, reveals_min: 6, unanimous: false };
    let heard = |rule: Rule, silent: u8| {
        let mut votes = Votes::default();
        for seat in silent..rule.committee {
            votes.record(seat, rule.committee, Opinion::Valid, false).unwrap();
        }
        votes.outcome(rule, true)
    };
    assert_eq!(heard(first, 1), RoundOutcome::Decided(Opinion::Valid));
    assert_eq!(heard(first, 2), RoundOutcome::Escalate);
    assert_eq!(heard(first, 5), RoundOutcome::Escalate);
    assert_eq!(heard(second, 3), RoundOutcome::Decided(Opinion::Valid));
    // Whatever is withheld, a second round ends: at worst nobody is slashed and the tenant is refunded.
    for silent in 4..=9 {
        assert_eq!(heard(second, silent), RoundOutcome::Decided(Opinion::Inconclusive));
    }
}

#[test]
fn a_tenth_of_silent_validators_leaves_fewer_than_one_job_in_two_thousand_undecided() {
    // The two rounds are drawn from different beacons.
    let undecided = |silent| at_least(64, silent, 5, 2) * at_least(64, silent, 9, 4);
    assert!(undecided(6) < 1.0 / 2_000.0, "{:e}", undecided(6));
    // With a quarter silent it is one in twenty: then silence must cost something.
    assert!(undecided(16) > 0.04, "{:e}", undecided(16));
}

// Attack 25: provider and re-executor are one.

#[test]
fn a_ring_of_re_executors_is_drawn_as_often_as_it_is_large() {
    for (listed, ring) in [(64usize, 4usize), (64, 16), (20, 5), (3, 1)] {
        // The judged provider is the ring's own and never drawn.
        let draws = 50_000u32;
        let caught = (0..draws).filter(|number| {
            let seed =
                sha256(&[b"ring", &(listed as u64).to_le_bytes(), &(ring as u64).to_le_bytes(), &number.to_le_bytes()]);
            draw::one(&seed, listed, |at| at == 0).unwrap() >= ring
        });
        let found = f64::from(u32::try_from(caught.count()).unwrap()) / f64::from(draws);
        let share = (listed - ring) as f64 / (listed - 1) as f64;
        let sigma = (share * (1.0 - share) / f64::from(draws)).sqrt();
        assert!((found - share).abs() <= 3.0 * sigma, "{ring} of {listed}: {found}, not {share}");
    }
}

/// With a share of the class's list in one hand, an audit finds a lie only if a stranger re-executes.
#[test]
fn a_lock_deters_a_ring_up_to_the_share_it_was_computed_for() {
    for ring_bps in [0u16, 1_000, 2_500, 5_000] {
        let detection = u16::try_from(u64::from(DETECTION_BPS) * u64::from(10_000 - ring_bps) / 10_000).unwrap();
        for audited in [10_000u16, 2_500, 500] {
            let lock = amount::scale(1 << 40, lock_bps_needed(audited, detection)).unwrap();
            assert!(cheating_gains(1 << 40, launch::FEE_BPS, lock, audited, detection) < 0);
            // Computed without the ring, it does not.
            let blind = amount::scale(1 << 40, lock_bps_needed(audited, DETECTION_BPS)).unwrap();
            assert_eq!(cheating_gains(1 << 40, 0, blind, audited, detection) > 0, ring_bps > 0);
        }
    }
}

/// Two of a ring, drawn one after the other, convict an honest provider: the pair, not the share, is what to fear.
#[test]
fn a_ring_convicts_the_honest_only_by_both_draws() {
    let both = |listed: f64, ring: f64| ring / (listed - 1.0) * (ring - 1.0) / (listed - 2.0);
    assert!(both(64.0, 6.0) < 0.008);
    // In a class of three, two of one hand convict the third always.
    assert!((both(3.0, 2.0) - 1.0).abs() < 1e-9);
}

// Attack 26: paying oneself.

/// Net of one job that a ring posts, runs and, with its share of the list, re-executes itself; audited always.
fn ring_nets(gross: u64, ring_bps: u16) -> i128 {
    let fee = amount::share(gross, launch::FEE_BPS).unwrap();
    // `pay_audit`: the re-executor's time at the job's price, at most what the first run grossed.
    let drawn = amount::share(gross, ring_bps).unwrap();
    i128::from(drawn) - i128::from(fee)
}

#[test]
fn without_a_re_executor_of_its_own_a_ring_loses_its_fees() {
    for gross in VALUES {
        assert!(ring_nets(gross, 0) < 0);
        assert!(ring_nets(gross, launch::FEE_BPS) <= 0);
    }
}

#[test]
#[should_panic(
    expected = "with 251 bps of the list a ring draws 100000 atoms more than it pays on a gross of 1000000000"
)]
fn a_ring_never_draws_more_than_it_pays() {
    let gross = 1_000_000_000;
    for ring_bps in 0..=10_000 {
        let nets = ring_nets(gross, ring_bps);
        assert!(
            nets <= 0,
            "with {ring_bps} bps of the list a ring draws {nets} atoms more than it pays on a gross of {gross}"
        );
    }
}

/// A ring names its own price: without a ceiling one job of it could draw the whole budget for a fortieth of it.
#[test]
fn a_rings_price_draws_no_more_than_the_ceiling_however_high() {
    // Per second, all audited.
    let nets = |price: u64, ring_bps: u16| {
        let drawn = amount::share(price.min(launch::AUDIT_PRICE_MAX), ring_bps).unwrap();
        i128::from(drawn) - i128::from(amount::share(price, launch::FEE_BPS).unwrap())
    };
    for ring_bps in (0..=10_000).step_by(50) {
        let most = i128::from(amount::share(launch::AUDIT_PRICE_MAX, ring_bps).unwrap());
        assert!(VALUES.into_iter().all(|price| nets(price, ring_bps) <= most));
        // From forty times the ceiling on even the whole list loses.
        assert!(nets(40 * launch::AUDIT_PRICE_MAX, ring_bps) <= 0);
    }
    assert_eq!(nets(launch::AUDIT_PRICE_MAX, 10_000), 48_750, "the most there is, of a ring that holds the whole list");
}

/// The audit rate that the fees of honest jobs pay for, basis points: what a job brings, as a share of its price.
const PAID_FOR_BPS: u16 = 225;

#[test]
fn fees_pay_for_the_audit_of_one_receipt_in_forty_four() {
    let gross = 1_000_000_000;
    let fee = amount::share(gross, launch::FEE_BPS).unwrap();
    let brings = amount::share(fee, launch::AUDIT_SHARE_BPS).unwrap();
    assert_eq!(brings, amount::share(gross, PAID_FOR_BPS).unwrap());
    // Auditing no more than that would ask of a proven provider twice the lock of the launch's floor.
    assert_eq!(lock_bps(0, PAID_FOR_BPS), 457_837);
    assert_eq!(lock_bps(0, launch::AUDIT_FLOOR_BPS), 200_527);
    // So the launch audits more, and the rest is the treasury's to fill in: 2.75 % of a proven provider's price.
    assert_eq!(launch::AUDIT_FLOOR_BPS - PAID_FOR_BPS, 275);
}

/// What audits cost must come from somewhere: of each job's fee, the audit share pays the re-executions.
#[test]
#[should_panic(expected = "audited at 500 bps a job costs 50000000 in re-executions and brings 22500000")]
fn fees_pay_for_audits() {
    let gross = 1_000_000_000;
    let fee = amount::share(gross, launch::FEE_BPS).unwrap();
    let brings = amount::share(fee, launch::AUDIT_SHARE_BPS).unwrap();
    let audited = launch::AUDIT_FLOOR_BPS;
    let costs = amount::share(gross, audited).unwrap();
    assert!(costs <= brings, "audited at {audited} bps a job costs {costs} in re-executions and brings {brings}");
}
