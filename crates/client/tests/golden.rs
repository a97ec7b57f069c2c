//! Generated clients against the bytes that Anchor's own code produced for the same values (`sample/escrow.json` is the
//! IDL of that program: every kind of type a program of ours may use).

use proofmill_client::{interface, wire};
use solana_address::Address;
use wire::DecodeError;

#[path = "sample/escrow.rs"]
#[allow(dead_code)] // a sample: not all of it is used here
mod escrow;

use escrow::{
    Class, EscrowError, Event, Item, Job, Listed, Lot, Moved, Plain, PlainLot, PostAccounts, PostArgs, Terms,
};

const JOB: &str = concat!(
    "4b7c50cba1b4ca50010101010101010101010101010101010101010101010101010101010101010108070605040302010900",
    "000000000000fbffffffffffffff03030303030303030303030303030303030303030303030303030303030303030a000000",
    "000000000b000000000000000c00000000000000f3ffffffffffffff01000200fefffe04000000000000",
);
const PLAIN: &str = concat!(
    "9125cb924e00c66f0202020202020202020202020202020202020202020202020202020202020202feffffffffffffff0000",
    "00000000008007000000fa000100010000000000000002000000000000000300000000000000fcffffffffffffff",
);
const POST: &str = concat!(
    "df60eaec9e6a915e08080808080808080808080808080808080808080808080808080808080808084d000000000000000201",
    "0000000101010101010101010101010101010101010101010101010101010101010101020006060606060606060606060606",
    "0606060606060606060606060606060606060601010900000002000000030303030303030303030303030303030303030303",
    "0303030303030303030303040005050505050505050505050505050505050505050505050505050505050505050600",
);
const MOVED: &str = concat!(
    "723247a451733080010000000000000002000000000000000303030303030303030303030303030303030303030303030303",
    "030303030303",
);
const LISTED: &str = concat!(
    "f3ad88c37df10c63010101010101010101010101010101010101010101010101010101010101010101000000090909090909",
    "0909090909090909090909090909090909090909090909090909080001",
);

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn address(byte: u8) -> Address {
    Address::new_from_array([byte; 32])
}

fn item(byte: u8, weight: u16) -> Item {
    Item { root: [byte; 32], weight }
}

fn job() -> Job {
    Job {
        consumer: address(1),
        id: 0x0102_0304_0506_0708,
        rate: 9,
        opened_at: -5,
        root: [3; 32],
        lots: [Lot { amount: 10, at: 11 }, Lot { amount: 12, at: -13 }],
        nums: [1, 2, 0xfffe],
        bump: 254,
        state: 4,
        _reserved: [0; 6],
    }
}

fn plain() -> Plain {
    Plain {
        owner: address(2),
        total: u64::MAX - 1,
        since: i64::MIN,
        count: 7,
        bps: 250,
        flag: 1,
        _pad: [0],
        lots: [PlainLot { amount: 1, at: 2 }, PlainLot { amount: 3, at: -4 }],
    }
}

fn post_args() -> PostArgs {
    PostArgs {
        terms: Terms {
            hash: [8; 32],
            price: 77,
            class: Class::Witnessed,
            refs: vec![item(1, 2)],
            who: address(6),
            flag: true,
            limit: Some(9),
        },
        extra: vec![item(3, 4), item(5, 6)],
    }
}

#[test]
fn accounts_have_the_programs_bytes() {
    assert_eq!(hex(&job().encode()), JOB);
    assert_eq!(Job::decode(&job().encode()), Ok(job()));
    assert_eq!(Job::LEN, JOB.len() / 2);
    assert_eq!(hex(&plain().encode()), PLAIN);
    assert_eq!(Plain::decode(&plain().encode()), Ok(plain()));
    assert_eq!(Plain::LEN, PLAIN.len() / 2);
}

#[test]
fn offsets_point_at_the_fields() {
    let bytes = job().encode();
    assert_eq!(bytes[Job::OFFSET_CONSUMER..][..32], [1; 32]);
    assert_eq!(bytes[Job::OFFSET_ID..][..8], 0x0102_0304_0506_0708_u64.to_le_bytes());
    assert_eq!(bytes[Job::OFFSET_ROOT..][..32], [3; 32]);
    assert_eq!(bytes[Job::OFFSET_NUMS..][..6], [1, 0, 2, 0, 0xfe, 0xff]);
    assert_eq!(bytes[Job::OFFSET_BUMP], 254);
    assert_eq!(bytes[Job::OFFSET_STATE], 4);
    assert_eq!(plain().encode()[Plain::OFFSET_BPS..][..2], 250_u16.to_le_bytes());
}

#[test]
fn accounts_of_another_type_or_too_short_are_refused_and_longer_ones_read() {
    let other = DecodeError::Discriminator { expected: Plain::DISCRIMINATOR, found: Job::DISCRIMINATOR };
    assert_eq!(Plain::decode(&job().encode()), Err(other));
    let mut bytes = job().encode();
    for end in 0..bytes.len() {
        assert!(matches!(Job::decode(&bytes[..end]), Err(DecodeError::TooShort { .. })), "{end} bytes accepted");
    }
    bytes.extend([1, 2, 3]);
    assert_eq!(Job::decode(&bytes), Ok(job()));
}

#[test]
fn instructions_have_the_programs_bytes_and_accounts() {
    let args = post_args();
    assert_eq!(hex(&args.data()), POST);
    assert_eq!(PostArgs::decode(&args.data()), Ok(args.clone()));

    let given = escrow::post(PostAccounts { payer: address(1), plain: Some(address(2)) }, args.clone());
    assert_eq!((given.program_id, hex(&given.data).as_str()), (escrow::ID, POST));
    let flags: Vec<_> = given.accounts.iter().map(|meta| (meta.pubkey, meta.is_writable, meta.is_signer)).collect();
    let clock = Address::from_str_const("SysvarC1ock11111111111111111111111111111111");
    let system = Address::new_from_array([0; 32]);
    assert_eq!(
        flags,
        [(address(1), true, true), (address(2), true, false), (clock, false, false), (system, false, false)]
    );

    let absent = escrow::post(PostAccounts { payer: address(1), plain: None }, args);
    assert_eq!((absent.accounts[1].pubkey, absent.accounts[1].is_writable), (escrow::ID, false));
}

#[test]
fn the_table_describes_the_instructions() {
    let info = escrow::INSTRUCTIONS.iter().find(|info| info.name == "post");
    let Some(interface::InstructionInfo { discriminator, accounts, args, .. }) = info else { panic!("no post") };
    assert_eq!(*discriminator, PostArgs::DISCRIMINATOR);
    let names: Vec<_> = accounts.iter().map(|account| (account.name, account.writable, account.optional)).collect();
    assert_eq!(
        names,
        [("payer", true, false), ("plain", true, true), ("clock", false, false), ("system_program", false, false)]
    );
    assert_eq!((accounts[2].address.is_some(), accounts[0].address), (true, None));
    assert_eq!(args.iter().map(|arg| arg.ty).collect::<Vec<_>>(), ["Terms", "Vec<Item>"]);
}

#[test]
fn events_have_the_programs_bytes() {
    let moved = Moved { id: 1, gross: 2, who: address(3) };
    let listed = Listed { who: address(1), items: vec![item(9, 8)], class: Class::Tolerant };
    assert_eq!(hex(&moved.encode()), MOVED);
    assert_eq!(hex(&listed.encode()), LISTED);
    assert_eq!(escrow::decode_event(&moved.encode()), Some(Event::Moved(moved)));
    assert_eq!(escrow::decode_event(&listed.encode()).map(|event| event.name()), Some("Listed"));
    assert_eq!(escrow::decode_event(&listed.encode()[..20]), None);
    assert_eq!(escrow::decode_event(&[]), None);
    let mut unknown_class = listed.encode();
    if let Some(last) = unknown_class.last_mut() {
        *last = 9;
    }
    assert_eq!(Listed::decode(&unknown_class), Err(DecodeError::Variant { name: "Class", value: 9 }));
}

#[test]
fn errors_are_found_by_code() {
    assert_eq!(EscrowError::from_code(6001), Some(EscrowError::BadSignature));
    assert_eq!(EscrowError::from_code(5999), None);
    for error in EscrowError::ALL {
        assert_eq!(EscrowError::from_code(error.code()), Some(*error));
    }
    assert_eq!(EscrowError::Overflow.to_string(), "overflow (6000)");
    assert_eq!(EscrowError::Overflow.name(), "Overflow");
}
