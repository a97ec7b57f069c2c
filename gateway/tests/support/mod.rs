//! What several tests of the gateway need.
#![allow(dead_code, reason = "each test uses its part")]

pub mod http;
pub mod network;
