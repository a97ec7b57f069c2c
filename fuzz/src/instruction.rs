//! The programs' entry points, natively: the loader's input buffer is made from the fuzzer's bytes.
//!
//! There are no syscalls on the host: a call to another program succeeds and does nothing. What must hold is what the
//! runtime would hold a program to: no panic (a silent abort on chain), no write to an account that is read-only or
//! another program's, no lamport made or lost.

/// `TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA`
const TOKEN_PROGRAM: [u8; 32] = [
    6, 221, 246, 225, 215, 101, 161, 147, 217, 203, 225, 70, 206, 235, 121, 172, 28, 180, 133, 237, 95, 91, 55, 145,
    58, 140, 245, 133, 126, 255, 0, 169,
];
/// Bytes of an account's header in the loader's buffer, of the room to grow behind its data, and of the record's end.
const HEADER: usize = 88;
const GROWTH: usize = 10_240;
const RENT_EPOCH: usize = 8;
const ALIGNMENT: usize = 8;
/// Accounts of one instruction at most, and bytes of one account: larger ones are never read.
const ACCOUNTS_MAX: usize = 16;
const DATA_MAX: usize = 8_192;
/// The owners that a seed names by a number, others by their bytes.
const OWNERS: [[u8; 32]; 4] = [[0; 32], market::ID.to_bytes(), arbiter::ID.to_bytes(), TOKEN_PROGRAM];

const SIGNER: u8 = 1;
const WRITABLE: u8 = 2;
const EXECUTABLE: u8 = 4;
/// The account is the one at the index that follows.
const SAME: u8 = 8;

/// Bytes that say of what type an account is.
const TYPE: usize = 8;

pub fn market_instruction(data: &[u8]) {
    run(data, market::ID.to_bytes(), |input, instruction| {
        // SAFETY: the buffer is laid out as the loader lays it out, and lives until the call returns.
        unsafe { market::__anchor_dispatch(input, instruction) }
    });
}

pub fn arbiter_instruction(data: &[u8]) {
    run(data, arbiter::ID.to_bytes(), |input, instruction| {
        // SAFETY: as above.
        unsafe { arbiter::__anchor_dispatch(input, instruction) }
    });
}

/// The clock shows the time at which the seeds were recorded.
#[cfg(feature = "host_clock")]
fn set_clock() {
    // SAFETY: the fuzzer runs one input at a time, in one thread.
    unsafe { pinocchio::sysvars::HOST_CLOCK = [2_000, 0, 0, 0, 1_800_000_130] };
}

/// Without `cargo xtask fuzz` there is no clock: what asks for one fails.
#[cfg(not(feature = "host_clock"))]
fn set_clock() {}

/// Reads the fuzzer's bytes; beyond their end everything is zero.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        let len = N.min(self.0.len());
        let (head, rest) = self.0.split_at(len);
        out[..len].copy_from_slice(head);
        self.0 = rest;
        out
    }

    fn byte(&mut self) -> u8 {
        self.take::<1>()[0]
    }
}

/// Where an account's record lies, and what it may not change.
struct Record {
    at: usize,
    len: usize,
    writable: bool,
    ours: bool,
    /// Nobody's: a call that does nothing here would create it, and would fail if it held bytes.
    nobodys: bool,
    /// Another program's, without a byte that is not zero: the same call would refuse to create it.
    blank: bool,
}

/// Lays the input out as the loader does and calls the program.
fn run(data: &[u8], program: [u8; 32], call: impl Fn(*mut u8, *const u8) -> u64) {
    let mut bytes = Bytes(data);
    set_clock();
    let count = usize::from(bytes.byte()) % (ACCOUNTS_MAX + 1);
    let mut buffer = (count as u64).to_le_bytes().to_vec();
    let mut records: Vec<Option<Record>> = Vec::new();
    for index in 0..count {
        let flags = bytes.byte();
        if flags & SAME != 0 && index > 0 {
            let same = usize::from(bytes.byte()) % index;
            // The loader names the first account of the same address.
            if records[same].is_some() {
                buffer.extend_from_slice(&[same as u8, 0, 0, 0, 0, 0, 0, 0]);
                records.push(None);
                continue;
            }
        }
        let key: [u8; 32] = bytes.take();
        let owner = match usize::from(bytes.byte()) {
            known if known < OWNERS.len() => OWNERS[known],
            _ => bytes.take(),
        };
        let lamports: [u8; 8] = bytes.take();
        let len = usize::from(u16::from_le_bytes(bytes.take())) % (DATA_MAX + 1);
        let stored = usize::from(u16::from_le_bytes(bytes.take())).min(len).min(bytes.0.len());
        let (contents, rest) = bytes.0.split_at(stored);
        bytes.0 = rest;
        records.push(Some(Record {
            at: buffer.len(),
            len,
            writable: flags & WRITABLE != 0,
            ours: owner == program,
            nobodys: owner == OWNERS[0],
            blank: contents.iter().all(|byte| *byte == 0),
        }));
        let flag = |bit: u8| u8::from(flags & bit != 0);
        buffer.extend_from_slice(&[u8::MAX, flag(SIGNER), flag(WRITABLE), flag(EXECUTABLE), 0, 0, 0, 0]);
        buffer.extend_from_slice(&key);
        buffer.extend_from_slice(&owner);
        // Of all lamports together no more than there are.
        buffer.extend_from_slice(&(u64::from_le_bytes(lamports) >> 5).to_le_bytes());
        buffer.extend_from_slice(&(len as u64).to_le_bytes());
        buffer.extend_from_slice(contents);
        let end = buffer.len() - stored + len + GROWTH;
        buffer.resize(end.next_multiple_of(ALIGNMENT) + RENT_EPOCH, 0);
    }
    let instruction = bytes.0;
    buffer.extend_from_slice(&(instruction.len() as u64).to_le_bytes());
    let instruction_at = buffer.len();
    buffer.extend_from_slice(instruction);
    buffer.extend_from_slice(&program);

    // The loader's buffer is aligned to 16 bytes.
    let mut aligned = vec![0u128; buffer.len().div_ceil(16)];
    let start = aligned.as_mut_ptr().cast::<u8>();
    // SAFETY: `aligned` holds at least `buffer.len()` bytes, and nothing else refers to it.
    let memory = unsafe { std::slice::from_raw_parts_mut(start, buffer.len()) };
    memory.copy_from_slice(&buffer);
    // SAFETY: `instruction_at` lies within the buffer.
    let result = call(start, unsafe { start.add(instruction_at) });
    // SAFETY: the call is over; the memory is the same.
    let after = unsafe { std::slice::from_raw_parts(start, buffer.len()) };
    // What a failed instruction wrote, the runtime throws away.
    if result == 0 {
        hold(&buffer, after, &records);
    }
}

/// What the runtime holds a successful program to.
fn hold(before: &[u8], after: &[u8], records: &[Option<Record>]) {
    let lamports = |memory: &[u8], at: usize| {
        u128::from(u64::from_le_bytes(memory[at + 72..at + 80].try_into().expect("eight bytes")))
    };
    let (mut had, mut has) = (0, 0);
    for record in records.iter().flatten() {
        had += lamports(before, record.at);
        has += lamports(after, record.at);
        let range = record.at + HEADER..record.at + HEADER + record.len;
        let (was, is) = (&before[range.clone()], &after[range]);
        // What a creation writes begins with a type. Anything else that writes a blank account is a fault.
        let created = record.nobodys || (record.blank && is.iter().take(TYPE).any(|byte| *byte != 0));
        assert!(was == is || (record.writable && (record.ours || created)), "an account was written that may not be");
        let less = lamports(after, record.at) < lamports(before, record.at);
        assert!(!less || (record.writable && record.ours), "lamports were taken from another's account");
    }
    assert_eq!(had, has, "a lamport appeared or vanished");
}
