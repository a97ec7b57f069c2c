//! Steps sent together come to exactly what they come to one by one, and leave nothing behind.

use crate::laws::*;
use proofmill_client::compose::{self, Settling};
use solana_message::{AddressLookupTableAccount, VersionedMessage, v0};

/// Balances after a life: tenant, provider, treasury, audit budget, vault; and the tenant's lamports.
type Ledger = ([u64; 5], u64);

fn ledger(w: &World, job: &JobHandle) -> Ledger {
    let of = |owner: &Address| w.tokens(&w.account_of(owner, &job.mint));
    let budget = w.tokens(&address::audit_budget(&job.mint));
    let atoms = [of(&job.tenant), of(&w.providers[0].owner), of(&w.treasury), budget, w.tokens(&job.vault)];
    (atoms, w.lamports(&job.tenant))
}

/// A world with a job whose receipt nobody drew for an audit, its window over.
fn unchallenged(seconds: u32) -> (World, JobHandle) {
    let mut w = TestBuilder::ready();
    w.crank_pays = true;
    w.do_prove(0, LIMITS.proven_after + 380);
    for index in 1..40 {
        let mut copy = w.clone();
        let job = copy.do_run(0, index, 0);
        copy.do_submit(&job, 0, seconds);
        if copy.send(copy.open_round(&job, 0)).is_err() {
            copy.warp(LIMITS.challenge_window);
            return (copy, job);
        }
    }
    panic!("one in twenty is audited");
}

#[test]
fn a_composed_settlement_equals_the_separate_one_to_the_atom() {
    // All of the reserved time, nothing of it, and amounts that round.
    for seconds in [60, 100, 1, 7] {
        let (mut w, job) = unchallenged(seconds);
        let (mut alone, supply) = (w.clone(), w.supply(&job.mint));
        for instruction in [
            alone.settle_unchallenged(&job, 0),
            alone.claim_reward(&job, 0),
            alone.claim_refund(&job),
            alone.sweep_fees(&job),
            alone.close_job(&job),
        ] {
            alone.ok(instruction);
        }
        let stored = w.job(&job);
        let all = w.emptying(&job, &stored, 0).settle_and_empty(Settling::Unchallenged);
        w.send_all(&all).expect("one transaction");
        assert_eq!(ledger(&w, &job), ledger(&alone, &job), "{seconds}");
        assert_eq!((w.provider(0).accepted_total, w.provider_stake(0).locked), (1, 0));
        assert_eq!(w.kept(), alone.kept(), "{seconds}: some account differs");
        assert_eq!(w.supply(&job.mint), supply);
        assert!(w.is_closed(&job.address) && w.is_closed(&job.vault));
    }
}

#[test]
fn a_composed_life_leaves_no_lamport_behind() {
    let mut w = TestBuilder::ready();
    w.crank_pays = true;
    let lamports = w.lamports(&w.tenants[0]);
    let job = w.handle(0, 1, w.mints[0]);
    let both = [w.post_job(0, job.mint, terms(1)), w.match_job(&job, 0, 0)];
    w.send_all(&both).expect("posted and matched");
    w.do_start(&job, 0);
    w.do_submit(&job, 0, 60);
    w.do_judge(&job, 0, Opinion::Valid);
    w.warp(1);
    let stored = w.job(&job);
    let pay = w.emptying(&job, &stored, 0).settle_and_pay(Settling::Verdict);
    w.send_all(&pay).expect("paid");
    w.warp(86_401);
    let stored = w.job(&job);
    // Everything is claimed: what is left is to close.
    let rest = w.emptying(&job, &stored, 0).settle_and_empty(Settling::Done);
    assert_eq!(rest.len(), 1);
    w.send_all(&rest).expect("closed");
    assert_eq!(w.lamports(&w.tenants[0]), lamports);
    assert!(w.is_closed(&job.address) && w.is_closed(&job.vault));
}

/// All or nothing: a part that is refused takes the others with it, and each of them then goes alone.
#[test]
fn a_part_that_fails_fails_the_whole_and_only_that_part_alone() {
    let (mut w, job) = unchallenged(60);
    // The provider's account is frozen (state 2).
    let account = w.account_of(&w.providers[0].owner, &job.mint);
    let mut data = w.data(&account);
    data[108] = 2;
    w.put(account, address::TOKEN_PROGRAM, data);
    let before = w.kept();
    let stored = w.job(&job);
    let emptying = w.emptying(&job, &stored, 0);
    let all = emptying.settle_and_empty(Settling::Unchallenged);
    assert_eq!(w.send_all(&all).unwrap_err(), custom(17));
    assert_eq!(w.kept(), before);
    w.ok(w.settle_unchallenged(&job, 0));
    w.refused(w.claim_reward(&job, 0), 17);
    w.ok(w.claim_refund(&job));
    w.ok(w.sweep_fees(&job));
    w.refused(w.close_job(&job), MarketError::VaultOwes);
}

/// Anybody may send it, and it goes to the same four whoever does.
#[test]
fn who_sends_a_composed_settlement_gains_nothing() {
    let (mut w, job) = unchallenged(60);
    let mut by_crank = w.clone();
    let stored = w.job(&job);
    let all = w.emptying(&job, &stored, 0).settle_and_empty(Settling::Unchallenged);
    by_crank.send_all(&all).expect("by the crank");
    w.crank = w.outsider;
    w.send_all(&all).expect("by an outsider");
    assert_eq!(ledger(&w, &job), ledger(&by_crank, &job));
}

/// The size that is computed beforehand is the size that is sent.
#[test]
fn the_computed_size_is_the_size_on_the_wire() {
    let (w, job) = unchallenged(60);
    let stored = w.job(&job);
    let emptying = w.emptying(&job, &stored, 0);
    let lists = [
        vec![],
        vec![w.claim_refund(&job)],
        vec![w.post_job(0, job.mint, terms(50)), w.match_job(&job, 0, 0)],
        emptying.settle_and_pay(Settling::Verdict),
        emptying.settle_and_empty(Settling::Unchallenged),
        vec![w.start_job(&job, 0), w.claim_refund(&job), w.post_job(1, job.mint, terms(51))],
        // Lengths beyond one byte of the compact form.
        vec![w.post_job(0, job.mint, terms(50)); 130],
    ];
    for list in lists {
        let none: &[AddressLookupTableAccount] = &[];
        let message = v0::Message::try_compile(&w.crank, &list, none, Default::default()).unwrap();
        let signatures = usize::from(message.header.num_required_signatures);
        let wire = 1 + 64 * signatures + VersionedMessage::V0(message).serialize().len();
        assert_eq!(compose::transaction_bytes(&w.crank, &list), wire, "{} instructions", list.len());
        assert_eq!(compose::fits(&w.crank, &list), wire + compose::BUDGET_BYTES <= 1_232);
    }
}

#[test]
fn what_the_daemons_compose_fits_into_one_packet() {
    let (w, job) = unchallenged(60);
    let stored = w.job(&job);
    let emptying = w.emptying(&job, &stored, 0);
    assert!(compose::fits(&w.crank, &emptying.settle_and_empty(Settling::Unchallenged)));
    let mut audited = vec![w.finalize_round(&job, 1)];
    audited.extend(emptying.settle_and_pay(Settling::Verdict));
    audited.extend([w.pay_audit(&job, 0, 1), w.pay_audit(&job, 1, 2)]);
    assert!(compose::fits(&w.crank, &audited));
}

/// A taken offer, one audit by a committee of five, everything paid and closed: nine signatures, none of a validator's
/// delegate, and every transaction within one packet.
#[test]
fn an_audited_life_takes_nine_signatures() {
    let mut w = TestBuilder::ready();
    let lamports = w.lamports(&w.tenants[0]);
    let job = w.handle(0, 1, w.mints[0]);
    w.token_account(address::audit_budget(&job.mint), &address::market_config(), &job.mint, 1_000_000);
    let mut sent = Vec::new();
    let mut send = |w: &mut World, all: &[Instruction]| {
        assert!(all.iter().all(|one| {
            one.accounts
                .iter()
                .all(|meta| !meta.is_signer || w.validators.iter().all(|party| party.delegate != meta.pubkey))
        }));
        let done = w.send_all(all).expect("sent");
        assert!(done.bytes + compose::BUDGET_BYTES <= compose::TRANSACTION_BYTES_MAX, "{} bytes", done.bytes);
        sent.push(done.signatures);
    };
    let taken = [w.post_job(0, job.mint, terms(1)), w.match_job(&job, 0, 0)];
    send(&mut w, &taken);
    let start = [w.start_job(&job, 0)];
    send(&mut w, &start);
    w.warp(60);
    let proof = [w.submit_proof(&job, 0, claim(&w, &job, 0, 60_000))];
    send(&mut w, &proof);
    w.seal_slots(2);
    let open = [w.open_round(&job, 0)];
    send(&mut w, &open);
    let again = [w.submit_reexecution(&job, 1, 50_000)];
    send(&mut w, &again);
    let signed = (0..5).map(|seat| w.signed(&job, 1, seat, Opinion::Valid as u8, 1)).collect();
    let commit = [w.commit_attestations(&job, 1, signed)];
    send(&mut w, &commit);
    let said = (0..5).map(|seat| w.revealed(&job, 1, seat, Opinion::Valid as u8, 1)).collect();
    let reveal = [w.reveal_attestations(&job, 1, said)];
    send(&mut w, &reveal);
    let stored = w.job(&job);
    let executor = w.provider_at(&w.round(&job, 1).executor);
    let mut all = vec![w.finalize_round(&job, 1)];
    all.extend(w.emptying(&job, &stored, 0).settle_and_pay(Settling::Verdict));
    all.push(w.pay_audit(&job, 0, executor));
    send(&mut w, &all);
    let last = [w.close_job(&job), w.close_round(&job, 1), w.close_verdict(&job)];
    send(&mut w, &last);
    assert_eq!(sent, [1; 9]);
    assert!(w.is_closed(&job.address) && w.is_closed(&job.vault));
    // The tenant paid one fee; its rent is back.
    assert!(w.lamports(&w.tenants[0]) + 10_000 > lamports);
}
