use crate::laws::*;
use proofmill_protocol::{
    appeal::CaseState,
    evidence::{EVIDENCE_KINDS, EvidenceKind},
};

/// A world, a running job of provider 0, and evidence against its owner that the outsider reported.
fn equivocated() -> (World, JobHandle, Address) {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    let (owner, outsider) = (w.providers[0].owner, w.outsider);
    let evidence = w.do_record_evidence(EvidenceKind::ReceiptEquivocation, owner, outsider, &job);
    w.fund(outsider, w.stake_mint, 0);
    (w, job, evidence)
}

#[test]
fn two_receipts_cost_the_lock_and_a_tenth_at_once() {
    let (mut w, job, evidence) = equivocated();
    let owner = w.providers[0].owner;
    w.ok(w.slash_on_evidence(evidence, owner, job.address));
    // 10 % of 50,000,000 and the lock of 100,000; a fifth of it is the reporter's.
    let (taken, bounty) = (5_100_000, 1_020_000);
    let (stake, case) = (w.provider_stake(0), w.case(&address::evidence_case(&evidence)));
    assert_eq!((stake.slashed, stake.pending, stake.slashed_total), (taken - bounty, bounty, taken));
    assert_eq!((stake.bonded, stake.locked), (LIMITS.staked - taken, 0));
    assert_eq!((case.amount, case.slashed, case.bounty, case.remaining), (taken, taken - bounty, bounty, 0));
    assert_eq!(case.state, CaseState::Taken as u8);
    assert_eq!(w.tokens(&stake.vault), LIMITS.staked);
    // The job goes on without a lock: whatever its verdict, the lock is slashed no second time.
    assert_eq!(w.job(&job).lock, 0);
    w.do_reject(&job, 0);
    assert_eq!((w.job(&job).slashed, w.provider_stake(0).pending), (0, bounty));
    assert!(w.is_closed(&w.slash_case(&job)));
}

#[test]
fn the_table_of_penalties_holds_on_chain() {
    // Of 50,000,000 bonded by the provider and 2,000,000 by the validator; least stakes are 1,000,000.
    for (kind, taken) in EVIDENCE_KINDS.into_iter().zip([5_100_000, 1_000_000, 10_000, 100_000, 100_000, 100_000]) {
        let mut w = TestBuilder::ready();
        let job = w.do_submitted(0, 1, 0);
        let offender = if kind.is_providers() { w.providers[0].owner } else { w.validators[0].identity };
        let reporter = w.outsider;
        let evidence = w.do_record_evidence(kind, offender, reporter, &job);
        w.ok(w.slash_on_evidence(evidence, offender, job.address));
        assert_eq!(w.stake(&offender).slashed_total, taken, "{}", kind.name());
        let bounty = if kind.earns_bounty() { taken / 5 } else { 0 };
        assert_eq!(w.case(&address::evidence_case(&evidence)).bounty, bounty, "{}", kind.name());
        let lock = if kind == EvidenceKind::ReceiptEquivocation { 0 } else { 100_000 };
        assert_eq!(w.job(&job).lock, lock, "{}", kind.name());
    }
}

#[test]
fn evidence_is_used_once_and_its_case_never_closes() {
    let (mut w, job, evidence) = equivocated();
    let owner = w.providers[0].owner;
    w.ok(w.slash_on_evidence(evidence, owner, job.address));
    let before = w.provider_stake(0).slashed_total;
    assert!(w.send(w.slash_on_evidence(evidence, owner, job.address)).is_err());
    w.refused(w.close_case(address::evidence_case(&evidence)), MarketError::CaseOpen);
    w.refused(w.appeal_slash(owner, address::evidence_case(&evidence)), MarketError::NotAppealable);
    w.refused(w.apply_slash(address::evidence_case(&evidence)), MarketError::SlashNotDue);
    assert_eq!(w.provider_stake(0).slashed_total, before);
}

#[test]
fn a_bounty_goes_to_the_reporter_once() {
    let (mut w, job, evidence) = equivocated();
    let (owner, case) = (w.providers[0].owner, address::evidence_case(&evidence));
    w.ok(w.slash_on_evidence(evidence, owner, job.address));
    let honest = w.claim_bounty(owner, case, w.outsider);
    let thief = w.fund(w.tenants[0], w.stake_mint, 0);
    w.refused(swap(honest.clone(), "claim_bounty", "destination", thief), MarketError::NotOwner);
    let elsewhere = address::stake_vault(&w.providers[1].stake);
    w.refused(swap(honest.clone(), "claim_bounty", "vault", elsewhere), MarketError::InvalidProvider);
    w.ok(honest.clone());
    assert_eq!(w.tokens(&address::token_account(&w.outsider, &w.stake_mint)), 1_020_000);
    w.refused(honest, MarketError::BountyNotDue);
    w.ok(w.sweep_slashed(owner));
    let stake = w.provider_stake(0);
    assert_eq!((stake.pending, stake.slashed), (0, 0));
    assert_eq!(w.tokens(&stake.vault), stake.bonded);
}

#[test]
fn who_reports_itself_gets_nothing() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    let owner = w.providers[0].owner;
    let evidence = w.do_record_evidence(EvidenceKind::ReceiptEquivocation, owner, owner, &job);
    w.ok(w.slash_on_evidence(evidence, owner, job.address));
    assert_eq!((w.provider_stake(0).slashed, w.provider_stake(0).pending), (5_100_000, 0));
    w.refused(w.claim_bounty(owner, address::evidence_case(&evidence), owner), MarketError::BountyNotDue);
}

#[test]
fn foreign_bytes_are_no_evidence() {
    let (mut w, job, evidence) = equivocated();
    let (owner, right) = (w.providers[0].owner, w.data(&evidence));
    let honest = w.slash_on_evidence(evidence, owner, job.address);
    let copy = w.foreign_copy(evidence);
    w.refused(w.slash_on_evidence(copy, owner, job.address), MarketError::EvidenceInvalid);
    w.refused(w.slash_on_evidence(address::roster(), owner, job.address), MarketError::EvidenceInvalid);
    // Another's stake, another job than it names, and each byte that makes it evidence.
    w.refused(w.slash_on_evidence(evidence, w.providers[1].owner, job.address), MarketError::EvidenceInvalid);
    w.refused(w.slash_on_evidence(evidence, owner, w.outsider), MarketError::EvidenceInvalid);
    for field in [0, 8, 9, 32, 64] {
        let mut wrong = right.clone();
        wrong[field] ^= 0x40;
        w.put(evidence, arbiter::ID, wrong);
        w.refused(honest.clone(), MarketError::EvidenceInvalid);
    }
    w.put(evidence, arbiter::ID, right[..right.len() - 1].to_vec());
    w.refused(honest.clone(), MarketError::EvidenceInvalid);
    w.put(evidence, arbiter::ID, right);
    w.ok(honest);
}

/// The lock that ends is the offender's own, on that attempt, in that life.
#[test]
fn evidence_ends_no_lock_of_another() {
    for field in ["offender", "nonce", "attempt"] {
        let mut w = TestBuilder::ready();
        let job = w.do_submitted(0, 1, 0);
        let offender = w.providers[usize::from(field == "offender")].owner;
        let evidence = w.do_record_evidence(EvidenceKind::ReceiptEquivocation, offender, w.outsider, &job);
        let mut data = w.data(&evidence);
        match field {
            "nonce" => data[16] ^= 1,
            "attempt" => data[10] ^= 2,
            _ => {}
        }
        w.put(evidence, arbiter::ID, data);
        w.ok(w.slash_on_evidence(evidence, offender, job.address));
        assert_eq!(w.stake(&offender).slashed_total, 5_000_000, "{field}: the tenth alone");
        assert_eq!(w.job(&job).lock, 100_000, "{field}");
    }
}

#[test]
fn evidence_on_a_settled_or_closed_job_takes_the_tenth_alone() {
    for closed in [false, true] {
        let mut w = TestBuilder::ready();
        let job = w.do_run(0, 1, 0);
        let owner = w.providers[0].owner;
        let evidence = w.do_record_evidence(EvidenceKind::ReceiptEquivocation, owner, w.outsider, &job);
        w.ok(w.decline_job(&job, 0));
        if closed {
            w.ok(w.claim_refund(&job));
            w.ok(w.close_job(&job));
        }
        w.ok(w.slash_on_evidence(evidence, owner, job.address));
        assert_eq!(w.provider_stake(0).slashed_total, 5_000_000);
    }
}

/// Not bound by the cap of verdicts, but by one of its own; what exceeds it stays set aside and goes with later windows.
#[test]
fn many_offences_at_once_take_half_of_the_stake_per_window() {
    let mut w = TestBuilder::ready();
    w.do_govern(market::ConfigArgs { slash_cap_bps: 500, ..settings(&w) });
    let (offender, outsider) = (w.validators[0].identity, w.outsider);
    let jobs = [w.do_submitted(0, 1, 0), w.do_submitted(1, 1, 1)];
    let cases = jobs.map(|job| {
        let evidence = w.do_record_evidence(EvidenceKind::AttestationEquivocation, offender, outsider, &job);
        w.ok(w.slash_on_evidence(evidence, offender, job.address));
        address::evidence_case(&evidence)
    });
    // Half of 2,000,000, then half of what was left, which waits.
    assert_eq!((w.case(&cases[0]).remaining, w.case(&cases[1]).remaining), (0, 500_000));
    let stake = w.stake(&offender);
    assert_eq!((stake.slashed_total, stake.bonded, stake.pending), (1_000_000, 500_000, 700_000));
    w.refused(w.apply_slash(cases[1]), MarketError::SlashCapReached);
    w.refused(w.unbond_stake(offender, 500_001), MarketError::FreeStakeTooSmall);
    w.warp(3_600);
    w.ok(w.apply_slash(cases[1]));
    assert_eq!((w.case(&cases[1]).remaining, w.stake(&offender).slashed_total), (0, 1_500_000));
}

#[test]
fn an_offender_without_stake_is_recorded_all_the_same() {
    let mut w = TestBuilder::ready();
    let job = w.do_submitted(0, 1, 0);
    let (offender, outsider) = (w.outsider, w.tenants[0]);
    w.do_stake(offender, 0);
    let evidence = w.do_record_evidence(EvidenceKind::FailedPlant, offender, outsider, &job);
    w.ok(w.slash_on_evidence(evidence, offender, job.address));
    let case = w.case(&address::evidence_case(&evidence));
    assert_eq!((case.amount, case.state), (0, CaseState::Taken as u8));
}

/// A penalty that reaches into other jobs' locks keeps none of them from ending.
#[test]
fn jobs_end_after_a_penalty_has_eaten_their_locks() {
    let mut w = TestBuilder::ready();
    let owner = w.providers[0].owner;
    let jobs: Vec<JobHandle> = (1..=10).map(|index| w.do_run(0, index, 0)).collect();
    // Everything free leaves: 1,000,000 is locked by ten jobs.
    w.ok(w.unbond_stake(owner, LIMITS.staked - 1_000_000));
    w.warp(LIMITS.unbonding);
    w.ok(w.withdraw_stake(owner));
    let evidence = w.do_record_evidence(EvidenceKind::ReceiptEquivocation, owner, w.outsider, &jobs[0]);
    w.ok(w.slash_on_evidence(evidence, owner, jobs[0].address));
    // The job's own lock and a tenth of the stake, which is another lock.
    let stake = w.provider_stake(0);
    assert_eq!((stake.bonded, stake.locked, stake.active_jobs), (800_000, 800_000, 10));
    for job in &jobs {
        w.ok(w.expire_job(job, Some(0)));
    }
    let stake = w.provider_stake(0);
    assert_eq!((stake.bonded, stake.locked, stake.active_jobs), (800_000, 0, 0));
    w.ok(w.unbond_stake(owner, 800_000));
}
