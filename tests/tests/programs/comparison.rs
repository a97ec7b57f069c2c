//! The market's `claim_reward` beside one written by hand with pinocchio, on the same accounts, by the same transaction.
//!
//! `cargo xtask sbf --comparison` builds the other one; it is loaded at the market's own address, so that the market's
//! accounts are its own and it can sign for them.

use std::path::PathBuf;

use crate::laws::*;
use serde_json::json;

#[path = "../../comparison/claim_reward/src/layout.rs"]
mod layout;

/// Above this factor the table needs an explanation: docs/benchmarks.md.
const FACTOR_EXPLAINED: f64 = 1.5;

/// What the hand-written program reads where it reads it is where the market writes it.
#[test]
fn the_comparison_knows_the_layout() {
    use market::{Job, Provider, RewardClaimed};
    let claim = market::INSTRUCTIONS.iter().find(|info| info.name == "claim_reward").unwrap();
    assert_eq!(layout::CLAIM_REWARD, claim.discriminator);
    assert_eq!(layout::JOB, Job::DISCRIMINATOR);
    assert_eq!(layout::PROVIDER, Provider::DISCRIMINATOR);
    assert_eq!(layout::REWARD_CLAIMED, RewardClaimed::DISCRIMINATOR);
    assert_eq!((layout::JOB_LEN, layout::PROVIDER_LEN), (Job::LEN, Provider::LEN));
    for (here, there) in [
        (layout::JOB_BUMP, Job::OFFSET_BUMP),
        (layout::JOB_STATE, Job::OFFSET_STATE),
        (layout::JOB_CLAIMED, Job::OFFSET_CLAIMED),
        (layout::JOB_INDEX, Job::OFFSET_INDEX),
        (layout::JOB_PAID, Job::OFFSET_PAID),
        (layout::JOB_TENANT, Job::OFFSET_TENANT),
        (layout::JOB_MINT, Job::OFFSET_MINT),
        (layout::JOB_VAULT, Job::OFFSET_VAULT),
        (layout::JOB_PROVIDER, Job::OFFSET_PROVIDER),
        (layout::PROVIDER_OWNER, Provider::OFFSET_OWNER),
    ] {
        assert_eq!(here, there);
    }
}

/// The world with the hand-written program in the market's place.
fn by_hand(world: &World) -> World {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let path = root.join("target/comparison/claim_reward.so");
    let bytes = std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; run `cargo xtask sbf --comparison`", path.display()));
    let mut w = world.clone();
    w.svm.add_program(market::ID, &bytes).expect("claim_reward.so loads");
    w
}

/// Both programs, one transaction: the same accounts afterwards, the same event, the same refusals. Then the figures.
#[test]
#[ignore = "`make bench` builds the program that it needs"]
fn claim_reward_by_hand_does_the_same_for_less() {
    let mut table = json!({});
    let ready = TestBuilder::ready();
    for (name, world) in [("p_token", ready.clone()), ("spl_token_3_5_0", ready.with_classic_token_program())] {
        let mut w = world;
        let job = w.do_accepted(0, 1, 0);
        let other = w.do_submitted(1, 1, 0);
        let mut hand = by_hand(&w);

        // Every substitution that the market refuses, refused with the same number.
        let thief = w.fund(w.outsider, job.mint, 0);
        hand.fund(w.outsider, job.mint, 0);
        let honest = w.claim_reward(&job, 0);
        let swapped = |account: &str, by: Address| swap(honest.clone(), "claim_reward", account, by);
        let cases = [
            (swapped("vault", other.vault), MarketError::JobNotFound),
            (swapped("provider", w.providers[1].account), MarketError::InvalidProvider),
            (swapped("mint", w.mints[1]), MarketError::MintNotAllowed),
            (swapped("destination", thief), MarketError::NotOwner),
            (w.claim_reward(&other, 0), MarketError::JobNotSettled),
        ];
        for (instruction, error) in cases {
            w.refused(instruction.clone(), error);
            hand.refused(instruction, error);
        }
        for account in ["job", "vault", "provider", "mint", "destination", "token_program"] {
            for stranger in [w.outsider, address::market_config()] {
                assert!(w.send(swapped(account, stranger)).is_err() && hand.send(swapped(account, stranger)).is_err());
            }
        }

        let (market, hand_written) = (w.ok(honest.clone()), hand.ok(honest.clone()));
        assert_eq!(w.snapshot(), hand.snapshot(), "{name}: some account differs");
        let event = |sent: &Sent| sent.logs.iter().find(|line| line.starts_with("Program data: ")).cloned();
        assert!(event(&market).is_some() && event(&market) == event(&hand_written));
        w.refused(honest.clone(), MarketError::AlreadyClaimed);
        hand.refused(honest, MarketError::AlreadyClaimed);

        let factor = market.compute_units as f64 / hand_written.compute_units as f64;
        println!("{name}: market {}, by hand {}, factor {factor:.2}", market.compute_units, hand_written.compute_units);
        table[name] = json!({ "market": market.compute_units, "by_hand": hand_written.compute_units });
    }
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/benchmarks/claim-reward.json");
    if std::env::var_os("PROOFMILL_BLESS").is_some() {
        std::fs::write(&path, serde_json::to_string_pretty(&table).unwrap() + "\n").unwrap();
    }
    // With a token program that takes next to nothing, a framework is a visible part; it stays within what is explained.
    let factor = |name: &str| -> f64 {
        let number = |which: &str| table[name][which].as_u64().map(|units| units as f64).unwrap();
        number("market") / number("by_hand")
    };
    assert!(factor("spl_token_3_5_0") < FACTOR_EXPLAINED);
    assert!(factor("p_token") < FACTOR_EXPLAINED, "{}: explain it in docs/benchmarks.md", factor("p_token"));
}
