//! Over every scenario: a pause stops openings and no exit, and no signature of the authority moves a token.

use std::collections::BTreeMap;

use crate::{laws::*, scenarios::*};

/// What a pause stops. Everything else goes on.
const OPENINGS: &[&str] =
    &["register_provider", "publish_offer", "post_job", "match_job", "place_bid", "accept_bid", "top_up_job"];

/// Openings of more than one job at once.
const OPENINGS_OF_ARRAYS: &[&str] = &["post_array", "take_task"];

#[test]
fn a_pause_stops_openings_and_no_exit() {
    let mut stopped = 0;
    for mut target in targets().filter(|target| target.info.name != "initialize_config") {
        target.world.ok(target.world.pause_openings(target.world.authority));
        let outcome = target.world.send(target.instruction);
        if OPENINGS.contains(&target.info.name) || OPENINGS_OF_ARRAYS.contains(&target.info.name) {
            let paused = custom(MarketError::OpeningsPaused.code());
            assert_eq!(outcome.err(), Some(paused), "{} under a pause", target.name);
            stopped += 1;
        } else if let Err(failure) = outcome {
            panic!("a pause stops {}: {failure:?}", target.name);
        }
    }
    assert!(stopped >= OPENINGS.len());
}

/// Atoms in every token account of either token program.
fn held(w: &World) -> BTreeMap<[u8; 32], u64> {
    let accounts = w.svm.get_program_accounts(&address::TOKEN_PROGRAM);
    accounts.iter().map(|(at, _)| (at.to_bytes(), w.tokens(at))).filter(|row| row.1 > 0).collect()
}

/// Whatever the authority signs, in its own place or in another's, no token moves: there is no way from governance to
/// anybody's money.
#[test]
fn the_authoritys_signature_reaches_nobodys_money() {
    let (mut tried, mut passed) = (0, 0);
    for target in targets() {
        for at in (0..target.info.accounts.len()).filter(|&at| target.info.accounts[at].signer) {
            let mut w = target.world.clone();
            let before = held(&w);
            let done = w.send(with(target.instruction.clone(), at, w.authority)).is_ok();
            assert_eq!(held(&w), before, "{} signed by the authority moved tokens", target.name);
            tried += 1;
            passed += usize::from(done);
        }
    }
    assert!(tried >= 35 && passed >= 10, "{tried} tried, {passed} passed");
}
