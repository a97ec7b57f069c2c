//! The fuzz targets' committed inputs, replayed through both programs' entry points by an ordinary test. There is no
//! clock on the host, so what asks for one is refused here; `cargo xtask fuzz` gives it one.

#![allow(clippy::arithmetic_side_effects)] // a test fails by panicking

#[allow(unexpected_cfgs)]
#[path = "../../../fuzz/src/instruction.rs"]
mod instruction;

fn replay(target: &str, run: fn(&[u8])) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut inputs = 0;
    for entry in std::fs::read_dir(folder).expect("the corpus is committed") {
        let bytes = std::fs::read(entry.expect("an entry").path()).expect("an input");
        run(&bytes);
        // Cut short anywhere, and with any byte of its head turned over.
        for at in 0..bytes.len().min(250) {
            run(&bytes[..at]);
            let mut altered = bytes.clone();
            altered[at] ^= 0xff;
            run(&altered);
        }
        inputs += 1;
    }
    assert!(inputs > 0, "{target} has no inputs");
}

#[test]
fn the_markets_corpus_holds() {
    replay("market_instruction", instruction::market_instruction);
}

#[test]
fn the_arbiters_corpus_holds() {
    replay("arbiter_instruction", instruction::arbiter_instruction);
}
