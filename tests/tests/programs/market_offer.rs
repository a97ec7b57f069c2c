use crate::laws::*;

type Args = market::OfferArgs;

#[test]
fn an_offer_is_published_within_its_bounds() {
    let mut w = TestBuilder::ready();
    let mint = w.mints[0];
    let usual = w.offer_args(2);
    let cases = [
        (Args { price_per_second: 0, ..usual }, MarketError::PriceZero),
        (Args { seconds_max: 0, ..usual }, MarketError::RunLengthOutOfBounds),
        (Args { seconds_max: 86_401, ..usual }, MarketError::RunLengthOutOfBounds),
        (Args { expires_at: w.now, ..usual }, MarketError::OfferExpired),
        (Args { expires_at: i64::MIN, ..usual }, MarketError::OfferExpired),
        (Args { index: 3, ..usual }, MarketError::CountOutOfBounds),
    ];
    for (args, error) in cases {
        w.refused(w.publish_offer(0, mint, args), error);
    }
    w.ok(w.publish_offer(0, mint, Args { seconds_max: 86_400, expires_at: w.now + 1, ..usual }));
    assert_eq!(w.provider(0).offers_total, 3);
}

#[test]
fn an_index_is_never_used_twice() {
    let mut w = TestBuilder::ready();
    let mut by_owner = w.withdraw_offer(0, 0);
    by_owner.accounts[slot("withdraw_offer", "operator")].pubkey = w.providers[0].owner;
    w.ok(by_owner);
    w.refused(w.publish_offer(0, w.mints[0], w.offer_args(0)), MarketError::CountOutOfBounds);
    let mut account = w.provider(0);
    account.offers_total = u16::MAX;
    w.put(w.providers[0].account, market::ID, account.encode());
    w.refused(w.publish_offer(0, w.mints[0], w.offer_args(u16::MAX)), MarketError::CountOutOfBounds);
}

#[test]
fn an_offer_is_withdrawn_with_its_rent() {
    let mut w = TestBuilder::ready();
    let operator = w.providers[0].operator;
    let offer = address::offer(&w.providers[0].account, 0);
    let (rent, before) = (w.lamports(&offer), w.lamports(&operator));
    w.ok(w.withdraw_offer(0, 0));
    assert!(w.is_closed(&offer));
    assert_eq!(w.lamports(&operator), before + rent - 5_000);
    let job = w.do_post(0, 1);
    w.refused(w.match_job(&job, 0, 0), NOTHING_TO_READ);
}

#[test]
fn only_operator_or_owner_publish_and_withdraw() {
    let mut w = TestBuilder::ready();
    for stranger in [w.outsider, w.providers[1].operator, w.tenants[0]] {
        let publish = w.publish_offer(0, w.mints[0], w.offer_args(2));
        w.refused(swap(publish, "publish_offer", "operator", stranger), MarketError::NotOperator);
        w.refused(swap(w.withdraw_offer(0, 0), "withdraw_offer", "operator", stranger), MarketError::NotOperator);
    }
    let mut honest = w.withdraw_offer(0, 0);
    honest.accounts[0].pubkey = w.providers[0].owner;
    let anothers = address::offer(&w.providers[1].account, 0);
    w.refused(swap(honest.clone(), "withdraw_offer", "offer", anothers), MarketError::InvalidProvider);
    w.refused(swap(honest.clone(), "withdraw_offer", "rent_payer", w.outsider), MarketError::NotOwner);
    w.ok(honest);
}

#[test]
fn an_offer_needs_an_enabled_mint_and_an_open_market() {
    let mut w = TestBuilder::ready();
    let (mint, other) = (w.mints[0], w.mints[1]);
    let publish = w.publish_offer(0, mint, w.offer_args(2));
    w.refused(swap(publish, "publish_offer", "mint_rule", address::mint_rule(&other)), MarketError::MintNotAllowed);
    w.ok(w.disable_mint(mint));
    w.refused(w.publish_offer(0, mint, w.offer_args(2)), MarketError::MintNotAllowed);
    w.ok(w.pause_openings(w.authority));
    w.refused(w.publish_offer(0, other, w.offer_args(2)), MarketError::OpeningsPaused);
    w.ok(w.withdraw_offer(0, 0));
}
