//! What each fuzz target does with its bytes. Plain functions, so that the committed corpus is replayed by ordinary
//! tests too, with the compiler and the flags of everything else.

mod account_bytes;
mod instruction;
mod protocol_decode;

pub use account_bytes::account_bytes;
pub use instruction::{arbiter_instruction, market_instruction};
pub use protocol_decode::protocol_decode;
