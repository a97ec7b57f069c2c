//! Laws of judging: the whole table, and that one question gets one answer whatever happens in which order.

use std::{cell::RefCell, collections::BTreeMap};

use proofmill_oracle_core::{
    BallotBook, BallotError, BallotKey, Decision, Evidence, Ground, JudgedJob, Mismatch, OPENING_LEN, Opening,
    OpeningError, OutputCheck, ReceiptBytes, Reexecution, RoundWindow, Waiting, cast, judge,
};
use proofmill_protocol::{
    attestation::Attestation,
    ids::{Domain, JobKey, NodeKey, ProviderKey, ValidatorKey},
    receipt::{RECEIPT_LEN, Receipt, Termination},
    sha256,
    verdict::Opinion,
};
use proptest::prelude::*;

const OPENED_AT: i64 = 1_000;
const UNTIL: i64 = 1_300;
const EARLY: i64 = 1_100;
const LATE: i64 = 1_250;
const ROOT: [u8; 32] = [10; 32];

fn receipt() -> Receipt {
    Receipt {
        domain: Domain([1; 32]),
        job: JobKey([2; 32]),
        attempt: 3,
        nonce: 4,
        provider: ProviderKey([5; 32]),
        node_key: NodeKey([6; 32]),
        image_digest: [7; 32],
        spec_hash: [8; 32],
        input_root: [9; 32],
        output_root: ROOT,
        output_bytes: 1,
        output_files: 1,
        log_root: [13; 32],
        log_truncated: false,
        exit_code: 0,
        termination: Termination::Exited,
        started_at: 900,
        ended_at: 950,
        metered_ms: 50_000,
        class_key: [18; 32],
        env_hash: [19; 32],
        gpu_set_hash: [20; 32],
        gpu_count: 1,
        simulated: true,
        peak_memory_mib: 1,
        blind: [23; 32],
    }
}

fn evidence_of(receipt: &Receipt) -> Evidence {
    let honest = self::receipt();
    let bytes = receipt.encode().to_vec();
    Evidence {
        job: JudgedJob {
            domain: honest.domain,
            job: honest.job,
            attempt: honest.attempt,
            nonce: honest.nonce,
            provider: honest.provider,
            node_key: honest.node_key,
            class_key: honest.class_key,
            spec_hash: honest.spec_hash,
            input_root: honest.input_root,
            receipt_hash: sha256(&[&bytes]),
            image_digest: honest.image_digest,
            metered_ms: honest.metered_ms,
            exit_code: honest.exit_code,
            termination: honest.termination as u8,
            matched_at: 890,
            receipt_at: 960,
        },
        round: RoundWindow { index: 1, opened_at: OPENED_AT, commit_until: UNTIL },
        receipt: ReceiptBytes::Served(bytes),
        outputs: OutputCheck::Verified,
        reexecutions: [Reexecution::NotDrawn; 2],
        now: EARLY,
    }
}

fn same() -> Opening {
    Opening { output_root: ROOT, exit_code: 0, termination: 0 }
}

fn other(n: u8) -> Opening {
    Opening { output_root: [n; 32], ..same() }
}

#[derive(Debug, PartialEq)]
enum Found {
    Says(Opinion, u8),
    Waits(Waiting),
    TooLate,
}

fn found(evidence: &Evidence) -> Found {
    match judge(evidence) {
        Decision::Speak(judgement) => {
            let root = if judgement.opinion == Opinion::Valid { ROOT } else { [0; 32] };
            assert_eq!(judgement.output_root, root);
            Found::Says(judgement.opinion, judgement.confirmed_executors)
        }
        Decision::Wait(waiting) => Found::Waits(waiting),
        Decision::TooLate => Found::TooLate,
    }
}

#[test]
fn the_margin_is_two_thirds_of_the_window() {
    let window = RoundWindow { index: 1, opened_at: 0, commit_until: 30 };
    assert_eq!(window.margin(), 20);
    let backwards = RoundWindow { commit_until: -5, ..window };
    assert_eq!(backwards.margin(), 0);
}

#[test]
fn first_round_table() {
    use Reexecution as R;
    let table = [
        (R::NotDrawn, Found::Says(Opinion::Inconclusive, 0), Found::Says(Opinion::Inconclusive, 0)),
        (R::NotSubmitted, Found::Waits(Waiting::Reexecution(1)), Found::Says(Opinion::Inconclusive, 0)),
        (R::Withheld, Found::Waits(Waiting::Opening(1)), Found::Says(Opinion::Inconclusive, 0)),
        (R::Opened(same()), Found::Says(Opinion::Valid, 1), Found::Says(Opinion::Valid, 1)),
        (R::Opened(other(9)), Found::Says(Opinion::Inconclusive, 0), Found::Says(Opinion::Inconclusive, 0)),
    ];
    for (first, early, late) in table {
        let mut evidence = evidence_of(&receipt());
        evidence.reexecutions[0] = first;
        assert_eq!(found(&evidence), early, "{first:?} early");
        evidence.now = LATE;
        assert_eq!(found(&evidence), late, "{first:?} late");
    }
}

#[test]
fn an_opening_must_equal_the_receipt_in_all_three_parts() {
    for opening in [
        Opening { output_root: [0; 32], ..same() },
        Opening { exit_code: 1, ..same() },
        Opening { termination: 1, ..same() },
    ] {
        let mut evidence = evidence_of(&receipt());
        evidence.reexecutions[0] = Reexecution::Opened(opening);
        assert_eq!(found(&evidence), Found::Says(Opinion::Inconclusive, 0));
    }
}

/// Every pair of re-executions, early and late, against the rule in words.
#[test]
fn second_round_table() {
    use Reexecution as R;
    let all = [R::NotDrawn, R::NotSubmitted, R::Withheld, R::Opened(same()), R::Opened(other(9)), R::Opened(other(8))];
    for first in all {
        for second in all {
            for now in [EARLY, LATE] {
                let early = now == EARLY;
                let mut evidence = evidence_of(&receipt());
                evidence.round.index = 2;
                evidence.now = now;
                evidence.reexecutions = [first, second];
                let agrees = |found: R, bit: u8| if found == R::Opened(same()) { bit } else { 0 };
                let confirmed = agrees(first, 1) | agrees(second, 2);
                let expected = match (first, second) {
                    (_, R::NotSubmitted) if early => Found::Waits(Waiting::Reexecution(2)),
                    (_, R::Withheld) if early => Found::Waits(Waiting::Opening(2)),
                    (R::Withheld, _) if early => Found::Waits(Waiting::Opening(1)),
                    _ if confirmed != 0 => Found::Says(Opinion::Valid, confirmed),
                    (R::Opened(a), R::Opened(b)) if a == b => Found::Says(Opinion::Invalid, 3),
                    _ => Found::Says(Opinion::Inconclusive, 0),
                };
                assert_eq!(found(&evidence), expected, "{first:?} {second:?} {now}");
            }
        }
    }
}

/// ADR 2: one that agrees with the receipt acquits. A first round would have accepted it; what escalated was a
/// validator's dissent or silence, and neither that nor a second re-executor costs an honest provider its pay.
#[test]
fn a_first_re_execution_that_agrees_acquits_whatever_the_second_one_does() {
    use Reexecution as R;
    for second in [R::NotDrawn, R::NotSubmitted, R::Withheld, R::Opened(other(9))] {
        let mut evidence = evidence_of(&receipt());
        evidence.round.index = 2;
        evidence.reexecutions = [R::Opened(same()), second];
        evidence.now = LATE;
        let Decision::Speak(judgement) = judge(&evidence) else { panic!("it speaks: {second:?}") };
        assert_eq!((judgement.opinion, judgement.confirmed_executors), (Opinion::Valid, 1), "{second:?}");
        assert_eq!(judgement.ground, Ground::Reproduced { round: 1 });
    }
}

/// The work of a second re-executor that is still under way is not thrown away by an answer in haste, and a first one
/// that may yet be opened may yet acquit.
#[test]
fn a_second_round_waits_for_both_before_it_answers() {
    use Reexecution as R;
    let waits = [
        (R::Opened(same()), R::NotSubmitted, Waiting::Reexecution(2)),
        (R::Opened(same()), R::Withheld, Waiting::Opening(2)),
        (R::Withheld, R::NotDrawn, Waiting::Opening(1)),
        (R::Withheld, R::Opened(other(9)), Waiting::Opening(1)),
    ];
    for (first, second, waiting) in waits {
        let mut evidence = evidence_of(&receipt());
        evidence.round.index = 2;
        evidence.reexecutions = [first, second];
        assert_eq!(found(&evidence), Found::Waits(waiting), "{first:?} {second:?}");
    }
}

/// The appeal's own re-execution decides: two earlier ones agreed with one another, and nobody is asked for them again.
#[test]
fn appeal_table() {
    use Reexecution as R;
    let says = |opinion, confirmed| (Found::Says(opinion, confirmed), Found::Says(opinion, confirmed));
    let table = [
        (R::NotDrawn, says(Opinion::Inconclusive, 0)),
        (R::NotSubmitted, (Found::Waits(Waiting::Reexecution(3)), Found::Says(Opinion::Inconclusive, 0))),
        (R::Withheld, (Found::Waits(Waiting::Opening(3)), Found::Says(Opinion::Inconclusive, 0))),
        (R::Opened(same()), says(Opinion::Valid, 1)),
        (R::Opened(other(9)), says(Opinion::Invalid, 1)),
    ];
    for (found_now, (early, late)) in table {
        for second in [R::NotDrawn, R::Opened(same()), R::Opened(other(8))] {
            let mut evidence = evidence_of(&receipt());
            evidence.round.index = 3;
            evidence.reexecutions = [found_now, second];
            assert_eq!(found(&evidence), early, "{found_now:?} early");
            evidence.now = LATE;
            assert_eq!(found(&evidence), late, "{found_now:?} late");
        }
    }
}

#[test]
fn what_is_not_served_is_waited_for_and_then_unavailable() {
    for index in [1, 2, 3] {
        for (receipt_served, waiting) in [(false, Waiting::Receipt), (true, Waiting::Outputs)] {
            let mut evidence = evidence_of(&receipt());
            evidence.round.index = index;
            evidence.outputs = OutputCheck::NotServed;
            evidence.reexecutions = [Reexecution::Opened(same()); 2];
            if !receipt_served {
                evidence.receipt = ReceiptBytes::NotServed;
            }
            assert_eq!(found(&evidence), Found::Waits(waiting));
            evidence.now = evidence.round.margin() - 1;
            assert_eq!(found(&evidence), Found::Waits(waiting));
            evidence.now = evidence.round.margin();
            assert_eq!(found(&evidence), Found::Says(Opinion::Unavailable, 0));
            evidence.now = UNTIL;
            assert_eq!(found(&evidence), Found::Says(Opinion::Unavailable, 0));
            evidence.now = UNTIL + 1;
            assert_eq!(found(&evidence), Found::TooLate);
        }
    }
}

#[test]
fn a_run_that_claims_no_outputs_has_none_to_serve() {
    let refused = Receipt { output_root: [0; 32], termination: Termination::OutputRefused, ..receipt() };
    let mut evidence = evidence_of(&refused);
    evidence.job.termination = Termination::OutputRefused as u8;
    evidence.outputs = OutputCheck::NotServed;
    let same = Opening { output_root: [0; 32], exit_code: 0, termination: Termination::OutputRefused as u8 };
    evidence.reexecutions[0] = Reexecution::Opened(same);
    let Decision::Speak(judgement) = judge(&evidence) else { panic!("it speaks") };
    assert_eq!((judgement.opinion, judgement.output_root), (Opinion::Valid, [0; 32]));
}

#[test]
fn a_receipt_false_on_its_face_is_invalid_at_once_and_confirms_nobody() {
    let r = receipt();
    let key = [99u8; 32];
    let cases = [
        (Receipt { domain: Domain(key), ..r }, Mismatch::Domain),
        (Receipt { job: JobKey(key), ..r }, Mismatch::Job),
        (Receipt { attempt: 9, ..r }, Mismatch::Attempt),
        (Receipt { nonce: 9, ..r }, Mismatch::Nonce),
        (Receipt { provider: ProviderKey(key), ..r }, Mismatch::Provider),
        (Receipt { node_key: NodeKey(key), ..r }, Mismatch::NodeKey),
        (Receipt { class_key: key, ..r }, Mismatch::ClassKey),
        (Receipt { image_digest: key, ..r }, Mismatch::ImageDigest),
        (Receipt { spec_hash: key, ..r }, Mismatch::SpecHash),
        (Receipt { input_root: key, ..r }, Mismatch::InputRoot),
        (Receipt { metered_ms: 49_999, ..r }, Mismatch::MeteredMs),
        (Receipt { exit_code: 1, ..r }, Mismatch::ExitCode),
        (Receipt { termination: Termination::TimedOut, ..r }, Mismatch::Termination),
        (Receipt { started_at: 951, ..r }, Mismatch::EndsBeforeStart),
        (Receipt { started_at: i64::MIN, ..r }, Mismatch::StartsTooEarly),
        (Receipt { ended_at: i64::MAX, ..r }, Mismatch::EndsTooLate),
        (Receipt { started_at: 902, ..r }, Mismatch::MeteredTooLong),
    ];
    for (receipt, mismatch) in cases {
        for index in [1, 2, 3] {
            let mut evidence = evidence_of(&receipt);
            evidence.round.index = index;
            // Nothing else matters once the face is false.
            evidence.outputs = OutputCheck::NotServed;
            evidence.reexecutions = [Reexecution::Opened(same()); 2];
            let Decision::Speak(judgement) = judge(&evidence) else { panic!("{mismatch:?} is not judged") };
            assert_eq!(judgement.ground, Ground::FalseOnItsFace(mismatch));
            assert_eq!((judgement.opinion, judgement.confirmed_executors), (Opinion::Invalid, 0));
            assert!(judgement.ground.to_string().starts_with("the receipt is false on its face: "));
        }
    }
    // The last second on both ends is not held against anybody.
    let evidence =
        Evidence { reexecutions: [Reexecution::Opened(same()); 2], ..evidence_of(&Receipt { started_at: 901, ..r }) };
    assert_eq!(found(&evidence), Found::Says(Opinion::Valid, 1));
}

#[test]
fn bytes_that_are_not_the_receipt_on_chain_count_as_not_served() {
    let mut evidence = evidence_of(&receipt());
    evidence.receipt = ReceiptBytes::Served(vec![0; RECEIPT_LEN]);
    assert_eq!(judge(&evidence), Decision::Wait(Waiting::Receipt));
    evidence.now = evidence.round.margin();
    let Decision::Speak(judgement) = judge(&evidence) else { panic!("it speaks") };
    assert_eq!((judgement.opinion, judgement.ground), (Opinion::Unavailable, Ground::ReceiptWithheld));
    evidence.now = 0;
    evidence.receipt = ReceiptBytes::Served(vec![1, 2, 3]);
    evidence.job.receipt_hash = sha256(&[&[1, 2, 3]]);
    let Decision::Speak(judgement) = judge(&evidence) else { panic!("it speaks") };
    assert!(matches!(judgement.ground, Ground::FalseOnItsFace(Mismatch::Layout(_))));
}

#[test]
fn an_opening_is_one_only_of_its_own_commitment() {
    let mut bytes = [7u8; OPENING_LEN];
    bytes[32..36].copy_from_slice(&(-3i32).to_le_bytes());
    bytes[36] = 2;
    let commitment = sha256(&[&bytes]);
    let expected = Opening { output_root: [7; 32], exit_code: -3, termination: 2 };
    assert_eq!(Opening::verify(&bytes, &commitment), Ok(expected));
    assert_eq!(Opening::verify(&bytes[1..], &commitment), Err(OpeningError::Length { found: OPENING_LEN - 1 }));
    bytes[68] ^= 1;
    assert_eq!(Opening::verify(&bytes, &commitment), Err(OpeningError::Commitment));
}

/// A book whose writes may fail before or after they happen, as a process may be killed.
#[derive(Default)]
struct Book {
    rows: RefCell<BTreeMap<Vec<u8>, Vec<u8>>>,
    trouble: RefCell<Option<Trouble>>,
}

#[derive(Clone, Copy, Debug)]
enum Trouble {
    BeforeWrite,
    AfterWrite,
}

impl BallotBook for Book {
    type Error = &'static str;

    fn recorded(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Self::Error> {
        Ok(self.rows.borrow().get(key).cloned())
    }

    fn record_new(&self, key: &[u8], answer: &[u8]) -> Result<bool, Self::Error> {
        let trouble = self.trouble.borrow_mut().take();
        if matches!(trouble, Some(Trouble::BeforeWrite)) {
            return Err("killed before the write");
        }
        if self.rows.borrow().contains_key(key) {
            return Ok(false);
        }
        self.rows.borrow_mut().insert(key.to_vec(), answer.to_vec());
        if trouble.is_some() { Err("killed after the write") } else { Ok(true) }
    }
}

fn attestation(round: u8, opinion: Opinion, confirmed_executors: u8) -> Attestation {
    Attestation {
        domain: Domain([1; 32]),
        job: JobKey([2; 32]),
        attempt: 3,
        round,
        opinion,
        confirmed_executors,
        nonce: 4,
        epoch: 5,
        receipt_hash: [6; 32],
        output_root: if opinion == Opinion::Valid { ROOT } else { [0; 32] },
        validator: ValidatorKey([7; 32]),
    }
}

#[test]
fn a_book_of_another_validator_silences_this_one() {
    let book = Book::default();
    let own = attestation(1, Opinion::Valid, 1);
    cast(&book, &Attestation { validator: ValidatorKey([8; 32]), ..own }).unwrap();
    assert_eq!(cast(&book, &own), Err(BallotError::Foreign));
    book.rows.borrow_mut().insert(BallotKey::of(&own).encode().to_vec(), vec![1]);
    assert!(matches!(cast(&book, &own), Err(BallotError::Unreadable(_))));
}

#[derive(Clone, Debug)]
enum Event {
    Receipt,
    Outputs,
    Submitted(usize),
    Opened(usize, u8),
    Tick(i64),
    /// The process is killed: everything but the book is lost.
    Restart,
    Fails(Trouble),
}

fn events() -> impl Strategy<Value = Event> {
    prop_oneof![
        Just(Event::Receipt),
        Just(Event::Outputs),
        (0usize..2).prop_map(Event::Submitted),
        (0usize..2, 8u8..=10).prop_map(|(seat, root)| Event::Opened(seat, root)),
        (1i64..120).prop_map(Event::Tick),
        Just(Event::Restart),
        Just(Event::Fails(Trouble::BeforeWrite)),
        Just(Event::Fails(Trouble::AfterWrite)),
    ]
}

proptest! {
    /// In any order of arrivals, restarts and disk trouble, what is sent for a round is always the same bytes, nothing is
    /// sent after the deadline, and a receipt is never called invalid unless two re-executions contradict it.
    #[test]
    fn one_question_gets_one_answer(round in 1u8..=2, happenings in proptest::collection::vec(events(), 0..60)) {
        let blank = Evidence {
            receipt: ReceiptBytes::NotServed,
            outputs: OutputCheck::NotServed,
            reexecutions: [Reexecution::NotSubmitted; 2],
            now: OPENED_AT,
            ..evidence_of(&receipt())
        };
        let book = Book::default();
        let mut evidence = blank.clone();
        evidence.round.index = round;
        let mut sent: Vec<Attestation> = Vec::new();
        for event in happenings {
            match event {
                Event::Receipt => evidence.receipt = evidence_of(&receipt()).receipt,
                Event::Outputs => evidence.outputs = OutputCheck::Verified,
                Event::Submitted(seat) if evidence.reexecutions[seat] == Reexecution::NotSubmitted => {
                    evidence.reexecutions[seat] = Reexecution::Withheld;
                }
                Event::Opened(seat, root) => evidence.reexecutions[seat] = Reexecution::Opened(other(root)),
                Event::Tick(seconds) => evidence.now += seconds,
                Event::Restart => {
                    let (index, now) = (evidence.round.index, evidence.now);
                    evidence = Evidence { now, ..blank.clone() };
                    evidence.round.index = index;
                }
                Event::Fails(trouble) => *book.trouble.borrow_mut() = Some(trouble),
                Event::Submitted(_) => {}
            }
            if let Decision::Speak(judgement) = judge(&evidence) {
                prop_assert!(evidence.now <= UNTIL);
                if judgement.opinion == Opinion::Invalid {
                    let [Reexecution::Opened(a), Reexecution::Opened(b)] = evidence.reexecutions else {
                        return Err(TestCaseError::fail("invalid without two openings"));
                    };
                    prop_assert!(round == 2 && a == b && a.output_root != ROOT);
                }
                let answer = Attestation {
                    output_root: judgement.output_root,
                    ..attestation(round, judgement.opinion, judgement.confirmed_executors)
                };
                if let Ok(attestation) = cast(&book, &answer) {
                    sent.push(attestation);
                }
            }
        }
        prop_assert!(sent.windows(2).all(|pair| pair[0].encode() == pair[1].encode()));
        prop_assert!(book.rows.borrow().len() <= 1);
    }

    /// Whatever is served, at whatever instant, judging ends in an answer.
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600), now in any::<i64>()) {
        let mut evidence = evidence_of(&receipt());
        evidence.receipt = ReceiptBytes::Served(bytes.clone());
        evidence.now = now;
        let _ = judge(&evidence);
        let _ = Opening::verify(&bytes, &[0; 32]);
    }
}
