//! Simulated agents on real programs.
//!
//! Providers, validators, tenants and an outsider are simulated: drawn from a seed, each with a character. Everything
//! else is real: the programs are the deployable ones (`programs/deploy/*.so`) in a Solana virtual machine, every
//! transaction is signed and verified, accounts and tokens are those of the chain, and validators decide with the
//! decision core of the real oracle. The clock moves by warps.
//!
//! | file | what it holds |
//! |---|---|
//! | `play.rs` | the run, and the table of who acts in which state of a job |
//! | `population.rs` | who takes part, with what machine and what character |
//! | `dealing.rs`, `running.rs`, `judging.rs`, `cranks.rs`, `leaving.rs` | what each party does |
//! | `outsider.rs` | who has no part in anything and meddles |
//! | `network.rs` | the one way to the chain: counted, timed, checked |
//! | `ledger.rs` | the laws of money, on every change and on every account |
//! | `locks.rs` | which transactions could run at the same time |
//! | `report.rs`, `machine.rs` | what came out, and what it took of the machine |
//! | `limits.rs` | every number, with its reason |

pub mod breach;
pub mod cranks;
mod dealing;
pub mod dice;
mod judging;
mod leaving;
pub mod ledger;
pub mod limits;
pub mod locks;
mod machine;
pub mod network;
mod outsider;
pub mod play;
pub mod population;
pub mod report;
mod running;
pub mod transfers;

pub use breach::{Breach, Law};
pub use play::{Plan, Play, Watch};
pub use report::Report;
