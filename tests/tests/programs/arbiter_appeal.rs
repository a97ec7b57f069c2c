//! Appeals against slashes: a third round, by others, whose verdict the market takes.

use crate::laws::*;
use proofmill_protocol::{appeal::CaseState, limits};

const ON_APPEAL: u8 = limits::APPEAL_ROUND;

/// A rejected job of provider 0 and its slash case.
fn rejected(w: &mut World) -> (JobHandle, Address) {
    let job = w.do_submitted(0, 1, 0);
    w.do_reject(&job, 0);
    let case = w.slash_case(&job);
    (job, case)
}

/// The same, contested, with the round of the appeal open.
fn appealed(w: &mut World) -> (JobHandle, Address) {
    let (job, _) = rejected(w);
    let case = w.do_appeal(&job, 0);
    (job, case)
}

fn state(w: &World, case: &Address) -> CaseState {
    CaseState::from_code(w.case(case).state).unwrap()
}

fn everybody(opinion: Opinion, confirms: u8) -> Vec<(u8, Opinion, u8)> {
    (0..5).map(|seat| (seat, opinion, confirms)).collect()
}

#[test]
fn a_case_says_who_judged_before() {
    let mut w = TestBuilder::ready();
    let (job, case) = rejected(&mut w);
    let (case, first, second) = (w.case(&case), w.round(&job, 1), w.round(&job, 2));
    assert_eq!(case.executors, [first.executor.to_bytes(), second.executor.to_bytes()]);
    assert_eq!((case.epochs, case.seats), ([first.epoch, second.epoch], [5, 5]));
    assert_eq!(case.members, [first.committee, second.committee]);
    assert_eq!(case.appealed_slot, 0);
}

#[test]
fn anyone_opens_the_round_of_an_appeal_from_the_case_alone() {
    let mut w = TestBuilder::ready();
    let (job, case) = rejected(&mut w);
    w.refused(w.open_appeal(case), ArbiterError::AppealNotPending);
    w.ok(w.appeal_slash(w.providers[0].owner, case));
    w.refused(w.open_appeal(case), ArbiterError::BeaconNotReady);
    w.seal_slots(2);
    w.crank = w.outsider;
    w.ok(w.open_appeal(case));
    let (round, stored) = (w.round(&job, ON_APPEAL), w.case(&case));
    assert_eq!((round.index, round.seats, round.threshold, round.state), (3, 5, 4, 1));
    assert_eq!((round.job, round.nonce, round.attempt), (stored.job, stored.nonce, stored.attempt));
    assert_eq!((round.receipt_hash, round.provider), (stored.receipt_hash, stored.provider));
    assert_eq!(round.rent_payer, w.outsider);
    assert!(w.send(w.open_appeal(case)).is_err(), "one round for each appeal");
}

/// The job may be closed, and another life of its address judged, while the slash waits.
#[test]
fn an_appeal_is_judged_when_the_job_is_gone() {
    let mut w = TestBuilder::ready();
    let (job, case) = rejected(&mut w);
    w.ok(w.claim_refund(&job));
    w.token_account(address::audit_budget(&job.mint), &address::market_config(), &job.mint, 1_000_000);
    w.ok(w.pay_audit(&job, 0, w.provider_at(&w.round(&job, 1).executor)));
    w.ok(w.close_job(&job));
    w.ok(w.close_round(&job, 1));
    w.ok(w.close_round(&job, 2));
    w.ok(w.close_verdict(&job));
    w.do_appeal(&job, 0);
    w.do_judge_appeal(&job, Opinion::Invalid, 1);
    w.ok(w.resolve_appeal(case));
    assert_eq!(state(&w, &case), CaseState::Upheld);
    // The next life of the address is judged beside it: its accounts are its own.
    let again = w.do_submitted(0, 1, 1);
    assert_eq!(again.address, job.address);
    w.do_reject(&again, 1);
    let second = w.do_appeal(&again, 1);
    assert_ne!((second, address::appeal_round(&second)), (case, address::appeal_round(&case)));
    w.do_judge_appeal(&again, Opinion::Valid, 1);
    w.ok(w.resolve_appeal(second));
    assert_eq!((state(&w, &case), state(&w, &second)), (CaseState::Upheld, CaseState::Returned));
}

#[test]
fn an_appeals_verdict_decides_it() {
    for (opinion, upheld) in
        [(Opinion::Valid, false), (Opinion::Invalid, true), (Opinion::Unavailable, true), (Opinion::Inconclusive, true)]
    {
        let mut w = TestBuilder::ready();
        let (job, case) = appealed(&mut w);
        w.refused(w.finalize_appeal(case), ArbiterError::RoundPending);
        w.refused(w.resolve_appeal(case), MarketError::AppealUndecided);
        w.do_judge_appeal(&job, opinion, 1);
        assert!(w.send(w.finalize_appeal(case)).is_err(), "one verdict for each appeal");
        w.ok(w.resolve_appeal(case));
        let stake = w.provider_stake(0);
        if upheld {
            assert_eq!((state(&w, &case), stake.pending), (CaseState::Upheld, 110_000), "{opinion:?}");
            w.ok(w.apply_slash(case));
            assert_eq!(w.provider_stake(0).slashed, 110_000);
        } else {
            assert_eq!((state(&w, &case), stake.pending), (CaseState::Returned, 0), "{opinion:?}");
            assert_eq!((stake.bonded, stake.slashed), (LIMITS.staked, 0));
        }
    }
}

/// Infrastructure failure slashes nobody: a committee that does not come about decides by a default nobody stands behind.
#[test]
fn a_silent_committee_returns_everything() {
    // Silence; silence after commitments; too few; three of five who cannot tell, more than the market's threshold.
    let some = |opinion, seats: u8| (0..seats).map(|seat| (seat, opinion, 0)).collect::<Vec<_>>();
    for said in [vec![], some(Opinion::Invalid, 3), some(Opinion::Unavailable, 3), some(Opinion::Inconclusive, 3)] {
        let mut w = TestBuilder::ready();
        let (job, case) = appealed(&mut w);
        w.do_say(&job, ON_APPEAL, &said);
        w.warp(LIMITS.commit_window + LIMITS.reveal_window + 1);
        w.ok(w.finalize_appeal(case));
        let verdict = arbiter::Verdict::decode(&w.data(&address::appeal_verdict(&case))).unwrap();
        assert_eq!((verdict.opinion, verdict.agreeing), (Opinion::Inconclusive as u8, 0), "{said:?}");
        w.ok(w.resolve_appeal(case));
        assert_eq!((state(&w, &case), w.provider_stake(0).bonded), (CaseState::Returned, LIMITS.staked));
    }
}

/// Four of five agree, whoever dissents: an appeal is not unanimous, and nothing comes after it.
#[test]
fn one_dissent_stops_no_appeal() {
    let mut w = TestBuilder::ready();
    let (job, case) = appealed(&mut w);
    let mut said = everybody(Opinion::Invalid, 0);
    said[2].1 = Opinion::Valid;
    w.do_say(&job, ON_APPEAL, &said);
    w.ok(w.finalize_appeal(case));
    w.ok(w.resolve_appeal(case));
    assert_eq!(state(&w, &case), CaseState::Upheld);
}

#[test]
fn nobody_closes_what_an_undecided_appeal_needs() {
    let mut w = TestBuilder::ready();
    let (job, case) = appealed(&mut w);
    w.ok(w.claim_refund(&job));
    w.warp(limits::AUDIT_CLAIM_SECONDS + 1);
    w.ok(w.close_job(&job));
    // Though the job is gone, neither the way of the rounds before it nor its own closes the round.
    let by_round = |w: &World| swap(w.close_round(&job, 1), "close_round", "round", address::appeal_round(&case));
    w.refused(by_round(&w), ArbiterError::RoundMismatch);
    w.refused(w.close_appeal(case), ArbiterError::AppealOpen);
    w.do_keep_epoch();
    let refinalized = swap(w.finalize_round(&job, 1), "finalize_round", "round", address::appeal_round(&case));
    assert!(w.send(refinalized).is_err(), "an appeal's round writes no verdict on the job");
    w.ok(w.finalize_appeal(case));
    w.refused(w.close_appeal_verdict(case), ArbiterError::AppealOpen);
    let by_verdict = swap(w.close_verdict(&job), "close_verdict", "verdict", address::appeal_verdict(&case));
    w.refused(by_verdict, ArbiterError::RoundMismatch);
    w.ok(w.resolve_appeal(case));
    let before = w.lamports(&w.crank);
    w.crank_pays = false;
    w.ok(w.close_appeal(case));
    w.ok(w.close_appeal_verdict(case));
    assert!(w.lamports(&w.crank) > before, "the rent returns");
    assert!(w.is_closed(&address::appeal_round(&case)) && w.is_closed(&address::appeal_verdict(&case)));
    // A case that is gone is resolved, too.
    w.ok(w.close_case(case));
}

/// Who judged before judges again only where nobody else is left; the parties never do.
#[test]
fn strangers_judge_an_appeal_where_there_are_enough() {
    let mut w = TestBuilder::ready();
    w.do_newcomers(10);
    w.do_next_epoch();
    w.do_next_epoch();
    let (job, _) = rejected(&mut w);
    let seated =
        |w: &World, index: u8| -> Vec<Address> { (0..5).map(|seat| w.seated(&job, index, seat).identity).collect() };
    let before = [seated(&w, 1), seated(&w, 2)].concat();
    w.do_appeal(&job, 0);
    for judge in seated(&w, ON_APPEAL) {
        assert!(!before.contains(&judge), "fifteen validators are enough for three rounds of five");
    }
}

/// Sets that are closed by then exclude nobody, and whoever opens cannot say that they are.
#[test]
fn the_sets_of_the_rounds_before_are_asked_for_by_their_epochs() {
    let mut w = TestBuilder::ready();
    let (_, case) = rejected(&mut w);
    w.ok(w.appeal_slash(w.providers[0].owner, case));
    w.seal_slots(2);
    w.do_keep_epoch();
    let honest = w.open_appeal(case);
    for set in ["first_set", "second_set"] {
        for other in [address::validator_set(2), Address::default(), w.outsider] {
            w.refused(swap(honest.clone(), "open_appeal", set, other), OTHER_ADDRESS);
        }
    }
    w.refused(swap(honest.clone(), "open_appeal", "provider", w.providers[1].account), ArbiterError::RoundMismatch);
    w.ok(honest);
}

#[test]
fn another_provider_re_executes_and_one_of_the_earlier_only_where_nobody_else_is_left() {
    let mut w = TestBuilder::ready();
    // Three providers: the accused, and the two who convicted it.
    let mut small = w.clone();
    let (job, case) = appealed(&mut small);
    let drawn = small.round(&job, ON_APPEAL).executor;
    assert!(small.case(&case).executors.contains(&drawn.to_bytes()));
    // A fourth one of the class: it is drawn.
    let (owner, operator) = (w.wallet("provider d"), w.wallet("provider d operator"));
    w.providers.push(ProviderParty::new("provider d", owner, operator));
    w.do_stake(owner, LIMITS.staked);
    w.ok(w.register_provider(owner, w.provider_args(3)));
    let (job, _) = rejected(&mut w);
    w.ok(w.join_executors(3));
    w.do_appeal(&job, 0);
    assert_eq!(w.round(&job, ON_APPEAL).executor, w.providers[3].account);
}

#[test]
fn an_appeals_re_executor_is_paid_while_the_job_stands_and_nobody_by_another_verdict() {
    let mut w = TestBuilder::ready();
    let (job, case) = appealed(&mut w);
    w.token_account(address::audit_budget(&job.mint), &address::market_config(), &job.mint, 1_000_000);
    w.do_judge_appeal(&job, Opinion::Invalid, 1);
    let drawn = w.provider_at(&w.round(&job, ON_APPEAL).executor);
    // The appeal's verdict pays no executor of the rounds, and theirs pays none of the appeal.
    let on_appeal = address::appeal_verdict(&case);
    w.refused(swap(w.pay_audit(&job, 0, drawn), "pay_audit", "verdict", on_appeal), MarketError::VerdictMismatch);
    let of_rounds = address::verdict(&job.address, 1);
    w.refused(swap(w.pay_audit(&job, 2, drawn), "pay_audit", "verdict", of_rounds), MarketError::VerdictMismatch);
    w.refused(w.pay_audit(&job, 3, drawn), MarketError::CountOutOfBounds);
    let before = w.purse(&w.providers[drawn].owner);
    w.ok(w.pay_audit(&job, 2, drawn));
    assert_eq!(w.purse(&w.providers[drawn].owner), before + 50_000, "50 seconds at the job's price");
    w.refused(w.pay_audit(&job, 2, drawn), MarketError::AuditNotDue);
    // Nor does it settle the job again.
    let settles = swap(w.verify_proof(&job, 0), "verify_proof", "verdict", on_appeal);
    w.refused(settles, MarketError::VerdictMismatch);
}

#[test]
fn an_appeal_is_opened_until_its_deadline() {
    let mut w = TestBuilder::ready();
    let network = SimulatedNetwork::new("appeal");
    w.ok(w.initialize_drand(network.network()));
    let (_, case) = rejected(&mut w);
    // Slot hashes are gone after minutes; a network's round can be posted whenever it is needed.
    w.do_govern_arbiter(arbiter::ArbiterArgs { beacon_kind: 2, ..w.arbiter_args() });
    w.ok(w.appeal_slash(w.providers[0].owner, case));
    let deciding = network.schedule.deciding_round(w.now);
    let decide_by = w.case(&case).decide_by;
    for (at, opens) in [(decide_by, true), (decide_by + 1, false)] {
        let mut w = w.clone();
        w.warp_to(at);
        w.do_next_epoch();
        w.ok(w.post_beacon(deciding, network.sign(deciding)));
        w.beacon_account = address::beacon(deciding);
        if opens {
            w.ok(w.open_appeal(case));
        } else {
            w.refused(w.open_appeal(case), ArbiterError::AppealNotPending);
            w.ok(w.resolve_appeal(case));
            assert_eq!(state(&w, &case), CaseState::Returned);
        }
    }
}

/// Members of an appeal's committee that commit and do not reveal are on record like any other.
#[test]
fn a_missed_reveal_on_appeal_is_recorded_before_the_round_closes() {
    let mut w = TestBuilder::ready();
    let (job, case) = appealed(&mut w);
    w.do_commit(&job, ON_APPEAL, &everybody(Opinion::Invalid, 0));
    w.do_reveal(&job, ON_APPEAL, &everybody(Opinion::Invalid, 0)[..4]);
    w.warp(LIMITS.reveal_window + 1);
    w.ok(w.finalize_appeal(case));
    w.ok(w.resolve_appeal(case));
    w.refused(w.close_appeal(case), ArbiterError::MissedRevealOpen);
    w.ok(w.record_missed_reveal(&job, ON_APPEAL, 4));
    w.ok(w.close_appeal(case));
}
