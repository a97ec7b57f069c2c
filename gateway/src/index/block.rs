//! How the transactions of a slot become events with an order.

use proofmill_client::{
    address,
    event_log::{self, ReadLog},
    market,
};
use proofmill_protocol::arrays;
use solana_address::Address;
use solana_signature::Signature;

use crate::{
    encode::Hash32,
    reflect::{self, Program},
};

/// Bits of a sequence that number the events of a transaction: a log of 10,000 bytes holds fewer than 256.
const EVENT_BITS: u32 = 8;
/// Bits of a sequence that number the transactions of a slot.
const TRANSACTION_BITS: u32 = 16;

/// The successful transactions of one slot that touched a program, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    pub slot: u64,
    pub transactions: Vec<Transaction>,
}

/// What is read of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    pub signature: Signature,
    /// Time of its block, unix seconds.
    pub at: Option<i64>,
    pub logs: Vec<String>,
    /// Every call it made, the inner ones too: program and data.
    pub calls: Vec<(Address, Vec<u8>)>,
}

/// One event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    pub sequence: i64,
    pub slot: u64,
    pub signature: Signature,
    /// Position among the events of its transaction.
    pub index: u32,
    pub program: Program,
    pub name: String,
    pub at: Option<i64>,
    /// As the program wrote it, discriminator included.
    pub data: Vec<u8>,
    /// Every address in it, once.
    pub addresses: Vec<Address>,
}

/// What a job or an array was asked for, out of the instruction that posted it: its events do not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermsRow {
    /// Order, as of an event of the same transaction.
    pub sequence: i64,
    pub slot: u64,
    /// The `Job` or `JobArray` account.
    pub account: Address,
    pub array: bool,
    /// The serialized `JobTerms` or `ArrayTerms`.
    pub data: Vec<u8>,
}

/// A receipt's signature, out of the instruction that submitted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRow {
    pub sequence: i64,
    pub slot: u64,
    pub receipt_hash: Hash32,
    pub signature: [u8; 64],
    pub exit_code: i32,
    pub termination: u8,
}

/// What a block changes: everything known of its slot goes, and this comes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    pub slot: u64,
    pub signatures: Vec<Signature>,
    pub events: Vec<EventRow>,
    pub terms: Vec<TermsRow>,
    pub claims: Vec<ClaimRow>,
}

impl Changes {
    /// A slot of which nothing is left.
    pub fn undo(slot: u64) -> Self {
        Self { slot, ..Self::default() }
    }
}

/// Where a slot begins in the order of events.
pub fn first_sequence(slot: u64) -> i64 {
    i64::try_from(slot).unwrap_or(i64::MAX).saturating_mul(1 << (EVENT_BITS + TRANSACTION_BITS))
}

fn sequence(slot: u64, transaction: usize, event: usize) -> i64 {
    let transaction = i64::try_from(transaction).unwrap_or(i64::MAX).min((1 << TRANSACTION_BITS) - 1);
    let event = i64::try_from(event).unwrap_or(i64::MAX).min((1 << EVENT_BITS) - 1);
    first_sequence(slot).saturating_add(transaction << EVENT_BITS).saturating_add(event)
}

/// Reads a block. The same block gives the same changes, whatever came before.
pub fn apply(block: &Block) -> Changes {
    let mut changes = Changes { slot: block.slot, ..Changes::default() };
    for (position, transaction) in block.transactions.iter().enumerate() {
        changes.signatures.push(transaction.signature);
        // Of a log that was cut, what stands before the cut is true.
        let ReadLog { entries, .. } = event_log::read_log(&transaction.logs);
        let mut index = 0usize;
        for entry in entries {
            let Some(program) = Program::of(&entry.program) else { continue };
            let Some(reflected) = reflect::event(program, &entry.data) else { continue };
            changes.events.push(EventRow {
                sequence: sequence(block.slot, position, index),
                slot: block.slot,
                signature: transaction.signature,
                index: u32::try_from(index).unwrap_or(u32::MAX),
                program,
                name: reflected.name.to_owned(),
                at: transaction.at,
                data: entry.data,
                addresses: reflected.addresses,
            });
            index = index.saturating_add(1);
        }
        read_calls(block.slot, position, transaction, &mut changes);
    }
    changes
}

/// The terms and claims among a transaction's calls. The accounts of a call are not looked at: a posted job is
/// recognised because its address follows from its tenant and index.
fn read_calls(slot: u64, position: usize, transaction: &Transaction, changes: &mut Changes) {
    let first = sequence(slot, position, 0);
    let last = sequence(slot, position, usize::MAX);
    let posted: Vec<(Address, Address)> = changes
        .events
        .iter()
        .filter(|event| event.sequence >= first && event.sequence <= last)
        .filter_map(|event| match market::decode_event(&event.data)? {
            market::Event::JobPosted(posted) => Some((posted.job, posted.tenant)),
            market::Event::ArrayPosted(posted) => Some((posted.array, posted.tenant)),
            _ => None,
        })
        .collect();
    for (program, data) in &transaction.calls {
        if *program != market::ID {
            continue;
        }
        let Some((discriminator, arguments)) = data.split_first_chunk::<8>() else { continue };
        let row = |account: Address, array: bool| TermsRow {
            sequence: first,
            slot,
            account,
            array,
            data: arguments.to_vec(),
        };
        if *discriminator == market::PostJobArgs::DISCRIMINATOR {
            let Some(terms) = read_terms(arguments) else { continue };
            let found = posted.iter().find(|(job, tenant)| address::job(tenant, terms.index) == *job);
            changes.terms.extend(found.map(|(job, _)| row(*job, false)));
        } else if *discriminator == market::PostArrayArgs::DISCRIMINATOR {
            let Some(terms) = read_array_terms(arguments) else { continue };
            let found = posted.iter().find(|(array, tenant)| address::array(tenant, terms.index) == *array);
            changes.terms.extend(found.map(|(array, _)| row(*array, true)));
        } else if *discriminator == market::SubmitProofArgs::DISCRIMINATOR {
            let mut rest = arguments;
            let Ok(claim) = <market::ReceiptClaim as proofmill_client::wire::Wire>::read(&mut rest) else { continue };
            changes.claims.push(ClaimRow {
                sequence: first,
                slot,
                receipt_hash: Hash32(claim.receipt_hash),
                signature: claim.signature,
                exit_code: claim.exit_code,
                termination: claim.termination,
            });
        }
    }
}

/// What a job was asked for.
pub fn read_terms(data: &[u8]) -> Option<market::JobTerms> {
    let mut rest = data;
    proofmill_client::wire::Wire::read(&mut rest).ok()
}

/// What the tasks of an array were asked for.
pub fn read_array_terms(data: &[u8]) -> Option<market::ArrayTerms> {
    let mut rest = data;
    proofmill_client::wire::Wire::read(&mut rest).ok()
}

/// The index of a task's job.
pub fn task_index(array: u32, task: u16) -> u64 {
    arrays::job_index(array, task)
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use base64::{Engine, prelude::BASE64_STANDARD};
    use proofmill_client::wire::Wire;

    /// The log of a transaction in which the programs wrote these events.
    pub fn log_of(events: &[(Program, Vec<u8>)]) -> Vec<String> {
        let mut lines = Vec::new();
        for (program, data) in events {
            let program = program.address();
            lines.push(format!("Program {program} invoke [1]"));
            lines.push(format!("Program data: {}", BASE64_STANDARD.encode(data)));
            lines.push(format!("Program {program} success"));
        }
        lines
    }

    pub fn terms(index: u64) -> market::JobTerms {
        market::JobTerms {
            index,
            spec_hash: [1; 32],
            image_digest: [2; 32],
            input_root: [3; 32],
            tenant_node_key: [4; 32],
            price_ceiling_per_second: 9,
            max_seconds: 60,
            vram_mib: 8_192,
            certificate_age_seconds_max: 0,
            sla_bond: 0,
            auction_seconds: 0,
            region: 0,
            uptime_bps: 0,
            sla_uptime_bps: 0,
            attempts_max: 1,
            kind: 1,
            class: 1,
            tier: 0,
            gpu_count: 1,
            allow_simulated: 1,
        }
    }

    /// The transaction that posts a tenant's job.
    pub fn posting(signature: Signature, tenant: Address, index: u64, escrowed: u64, at: i64) -> Transaction {
        let job = address::job(&tenant, index);
        let posted = market::JobPosted { job, tenant, mint: Address::new_from_array([8; 32]), escrowed, bids_until: 0 };
        let mut data = market::PostJobArgs::DISCRIMINATOR.to_vec();
        terms(index).write(&mut data);
        Transaction {
            signature,
            at: Some(at),
            logs: log_of(&[(Program::Market, posted.encode())]),
            calls: vec![(market::ID, data)],
        }
    }

    #[test]
    fn events_are_numbered_by_slot_transaction_and_position() {
        let tenant = Address::new_from_array([5; 32]);
        let one = posting(Signature::from([1; 64]), tenant, 1, 10, 100);
        let mut two = posting(Signature::from([2; 64]), tenant, 2, 10, 100);
        let arbiter = proofmill_client::arbiter::RoundClosed { round: tenant };
        two.logs.extend(log_of(&[(Program::Arbiter, arbiter.encode())]));
        let changes = apply(&Block { slot: 7, transactions: vec![one, two] });
        let sequences: Vec<i64> = changes.events.iter().map(|event| event.sequence - first_sequence(7)).collect();
        assert_eq!(sequences, [0, 256, 257]);
        assert_eq!(changes.events.iter().map(|event| event.index).collect::<Vec<_>>(), [0, 0, 1]);
        assert_eq!(changes.events[2].program, Program::Arbiter);
        assert!(first_sequence(8) > changes.events[2].sequence);
    }

    #[test]
    fn terms_belong_to_the_job_that_was_posted_with_them_and_to_no_other() {
        let tenant = Address::new_from_array([5; 32]);
        let mut transaction = posting(Signature::from([1; 64]), tenant, 1, 10, 100);
        let mut foreign = market::PostJobArgs::DISCRIMINATOR.to_vec();
        terms(2).write(&mut foreign);
        transaction.calls.push((market::ID, foreign));
        transaction.calls.push((tenant, transaction.calls[0].1.clone()));
        let changes = apply(&Block { slot: 7, transactions: vec![transaction] });
        assert_eq!(changes.terms.len(), 1);
        assert_eq!(changes.terms[0].account, address::job(&tenant, 1));
        assert_eq!(read_terms(&changes.terms[0].data).unwrap(), terms(1));
    }

    #[test]
    fn another_programs_data_is_no_event() {
        let tenant = Address::new_from_array([5; 32]);
        let mut transaction = posting(Signature::from([1; 64]), tenant, 1, 10, 100);
        transaction.logs =
            transaction.logs.iter().map(|line| line.replace(&market::ID.to_string(), &tenant.to_string())).collect();
        assert_eq!(apply(&Block { slot: 7, transactions: vec![transaction] }).events, []);
    }
}
