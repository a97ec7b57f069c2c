//! The gateway: everything about the network that a browser or an integrator asks for, over HTTP.
//!
//! It holds nothing that cannot be rebuilt from the chain and the nodes, except what people gave it: sessions, keys, the
//! audit log, and inputs that wait for a provider. It may be ended at any time. It may also lie: clients derive addresses
//! themselves, check results against the roots on the chain, and sign nothing unseen.
//!
//! | part | what it does |
//! |---|---|
//! | `index/` | pure: what the chain's answers mean, in whatever order they come |
//! | `feed.rs` | the shell of the index |
//! | `store/` | the database: SQLite or Postgres |
//! | `api/` | the endpoints and their OpenAPI document |
//! | `guard.rs`, `serve.rs`, `limiter.rs` | limits of requests, connections and rates; the cache |
//! | `access.rs` | sign-in, roles |
//! | `bridge.rs` | the data plane |
//! | `tickets.rs`, `forward.rs` | the ports of services, for browsers |
//! | `attend.rs` | signs the usage of services for browsers |
//! | `changes.rs` | what streams say, and how they resume |

pub mod access;
pub mod api;
pub mod app;
pub mod attend;
pub mod bridge;
pub mod changes;
pub mod encode;
pub mod error;
pub mod extract;
pub mod faucet;
pub mod feed;
pub mod files;
pub mod forward;
pub mod guard;
pub mod index;
pub mod limiter;
pub mod limits;
pub mod metrics;
pub mod reflect;
pub mod run;
pub mod serve;
pub mod service_view;
pub mod settings;
pub mod store;
pub mod tickets;
pub mod views;
