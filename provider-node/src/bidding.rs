//! Answers auctions: one bid on each open job in the configured mint, if it would be the lowest.

use std::collections::{HashSet, VecDeque};

use proofmill_client::market::Job;
use proofmill_protocol::job::JobState;
use solana_address::Address;

use crate::{chain_facts::KIND_SERVICE, config::Bidding, limits};

/// `Job.kind` of a container that ends.
const KIND_BATCH: u8 = 1;

/// Jobs bid on, oldest first; only so many are remembered.
#[derive(Default)]
pub struct Bidder {
    known: HashSet<Address>,
    order: VecDeque<Address>,
}

impl Bidder {
    /// Whether to bid on this job now. Says yes once for each job: a bid that is refused by name is not repeated.
    pub fn wants(&mut self, rule: &Bidding, services: bool, account: &Address, job: &Job, now: i64) -> bool {
        let price = rule.price_per_second;
        let served = job.kind == KIND_SERVICE && services && rule.services;
        if job.kind != KIND_BATCH && !served {
            return false;
        }
        // A bid consents to what the job asks its provider to pledge: more than none is for an offer to say.
        if job.sla_bond > 0 {
            return false;
        }
        let open = job.state == JobState::Open as u8 && job.bids_until > now;
        let fits = job.mint == rule.mint && price < job.best_bid_per_second && price <= job.price_ceiling_per_second;
        if !open || !fits || !self.known.insert(*account) {
            return false;
        }
        self.order.push_back(*account);
        if self.order.len() > limits::BIDS_REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}
