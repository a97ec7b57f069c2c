use crate::laws::*;
use proofmill_protocol::limits::TASK_INDEX_FLOOR;

#[test]
fn posting_locks_the_whole_escrow() {
    let mut w = TestBuilder::ready();
    let before = w.purse(&w.tenants[0]);
    let job = w.do_post(0, 1);
    let escrow = LIMITS.price * u64::from(LIMITS.run_seconds);
    assert_eq!(w.tokens(&job.vault), escrow);
    assert_eq!(w.purse(&w.tenants[0]), before - escrow);
    let stored = w.job(&job);
    assert_eq!((stored.escrowed, stored.attempt, stored.nonce), (escrow, 1, w.slot));
    assert_eq!(stands(&w, &job), (JobState::Open, Outcome::None));
}

#[test]
fn an_address_holds_one_job() {
    let mut w = TestBuilder::ready();
    w.do_post(0, 1);
    assert!(w.send(w.post_job(0, w.mints[0], terms(1))).is_err());
    w.do_post(0, 2);
    w.do_post(1, 1);
}

#[test]
fn each_term_has_its_own_refusal() {
    let mut w = TestBuilder::ready();
    let mint = w.mints[0];
    let usual = terms(1);
    type Terms = market::JobTerms;
    let cases = [
        (Terms { kind: 2, ..usual }, MarketError::KindNotOffered),
        (Terms { kind: 0, ..usual }, MarketError::KindNotOffered),
        (Terms { class: 2, ..usual }, MarketError::ClassNotOffered),
        (Terms { price_ceiling_per_second: 0, ..usual }, MarketError::PriceZero),
        (Terms { max_seconds: 0, ..usual }, MarketError::RunLengthOutOfBounds),
        (Terms { max_seconds: 86_401, ..usual }, MarketError::RunLengthOutOfBounds),
        (Terms { auction_seconds: 86_401, ..usual }, MarketError::AuctionLengthOutOfBounds),
        (Terms { tier: 4, ..usual }, MarketError::CountOutOfBounds),
        (Terms { gpu_count: 17, ..usual }, MarketError::CountOutOfBounds),
        (Terms { uptime_bps: 10_001, ..usual }, MarketError::CountOutOfBounds),
        (Terms { index: TASK_INDEX_FLOOR, ..usual }, MarketError::CountOutOfBounds),
        (Terms { price_ceiling_per_second: u64::MAX, ..usual }, MarketError::AmountOverflow),
        (Terms { price_ceiling_per_second: 999, max_seconds: 1, ..usual }, MarketError::EscrowTooSmall),
    ];
    for (args, error) in cases {
        w.refused(w.post_job(0, mint, args), error);
    }
    // At the bounds it goes through.
    w.ok(w.post_job(0, mint, Terms { index: 1, price_ceiling_per_second: 1_000, max_seconds: 1, ..usual }));
    w.ok(w.post_job(0, mint, Terms { index: 2, price_ceiling_per_second: 1, max_seconds: 86_400, ..usual }));
    w.ok(w.post_job(
        0,
        mint,
        Terms { index: TASK_INDEX_FLOOR - 1, tier: 3, gpu_count: 16, uptime_bps: 10_000, ..usual },
    ));
}

#[test]
fn an_escrow_beyond_the_purse_is_refused_by_the_token_program() {
    let mut w = TestBuilder::ready();
    let args = market::JobTerms { price_ceiling_per_second: LIMITS.purse, max_seconds: 2, ..terms(1) };
    w.refused(w.post_job(0, w.mints[0], args), 1);
}

#[test]
fn the_networks_uptime_is_the_least_a_job_asks() {
    let mut w = TestBuilder::ready();
    let job = w.do_post_with(0, market::JobTerms { uptime_bps: 1, ..terms(1) });
    assert_eq!(w.job(&job).uptime_bps, 9_500);
}

#[test]
fn a_pause_refuses_openings() {
    let mut w = TestBuilder::ready();
    w.ok(w.pause_openings(w.authority));
    w.refused(w.post_job(0, w.mints[0], terms(1)), MarketError::OpeningsPaused);
}

#[test]
fn a_disabled_or_other_mint_is_refused() {
    let mut w = TestBuilder::ready();
    let (mint, other) = (w.mints[0], w.mints[1]);
    let swapped = swap(w.post_job(0, mint, terms(1)), "post_job", "mint_rule", address::mint_rule(&other));
    w.refused(swapped, MarketError::MintNotAllowed);
    w.ok(w.disable_mint(mint));
    w.refused(w.post_job(0, mint, terms(1)), MarketError::MintNotAllowed);
}

#[test]
fn the_source_is_the_tenants_own_and_of_the_mint() {
    let mut w = TestBuilder::ready();
    let (mint, other) = (w.mints[0], w.mints[1]);
    let honest = w.post_job(0, mint, terms(1));
    let anothers = address::token_account(&w.tenants[1], &mint);
    w.refused(swap(honest.clone(), "post_job", "source", anothers), OTHER_TYPE);
    let of_other_mint = address::token_account(&w.tenants[0], &other);
    w.refused(swap(honest.clone(), "post_job", "source", of_other_mint), OTHER_TYPE);
    let foreign = w.foreign_copy(address::token_account(&w.tenants[0], &mint));
    w.refused(swap(honest, "post_job", "source", foreign), OTHER_PROGRAM);
}

#[test]
fn vault_and_job_are_where_the_seeds_say() {
    let mut w = TestBuilder::ready();
    let honest = w.post_job(0, w.mints[0], terms(1));
    let elsewhere = w.handle(0, 9, w.mints[0]);
    assert!(w.send(swap(honest.clone(), "post_job", "vault", elsewhere.vault)).is_err());
    assert!(w.send(swap(honest, "post_job", "job", elsewhere.address)).is_err());
}

#[test]
fn a_job_posted_and_matched_in_one_transaction_is_matched() {
    let mut w = TestBuilder::ready();
    let job = w.handle(0, 1, w.mints[0]);
    let both = [w.post_job(0, w.mints[0], terms(1)), w.match_job(&job, 0, 0)];
    w.send_all(&both).unwrap();
    assert_eq!(stands(&w, &job), (JobState::Matched, Outcome::None));
}
