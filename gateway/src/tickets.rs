//! Tickets: who holds one reaches one port of one service through this gateway, without any other credential, so that a
//! browser can open a page of it. Only digests are kept, and only in memory: a ticket ends with the hour, with the
//! attempt that it is for, or with this process.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use proofmill_protocol::sha256;
use solana_address::Address;

use crate::{error::ApiError, limits};

/// What a ticket leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Whose it is.
    pub owner: Address,
    pub job: Address,
    /// Tells this life of the job's address from any other.
    pub nonce: u64,
    pub attempt: u16,
    pub port: u16,
    /// Unix seconds.
    pub expires_at: i64,
}

/// Every ticket that is valid, by its digest.
#[derive(Default)]
pub struct Tickets {
    held: Mutex<HashMap<[u8; 32], Ticket>>,
}

impl Tickets {
    /// Issues a ticket and returns its secret, of which nothing is kept.
    ///
    /// # Errors
    /// `too_many_tickets` when the owner, or everybody, has as many as there may be.
    pub fn issue(&self, ticket: Ticket, now: i64) -> Result<String, ApiError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, held| held.expires_at > now);
        if held.len() >= limits::TICKETS_MAX {
            return Err(ApiError::busy("All places for tickets are taken."));
        }
        let of_owner = held.values().filter(|held| held.owner == ticket.owner).count();
        if of_owner >= limits::TICKETS_PER_OWNER_MAX {
            let message = format!("You hold {of_owner} tickets, as many as one owner may.");
            let next = "Use one that you have, or wait until one ends; each lasts an hour at most.";
            return Err(ApiError::conflict("too_many_tickets", message, next));
        }
        let secret = BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        held.insert(digest(&secret), ticket);
        Ok(secret)
    }

    /// What a secret leads to, if it is one that is valid.
    pub fn find(&self, secret: &str, now: i64) -> Option<Ticket> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(&digest(secret)).copied().filter(|ticket| ticket.expires_at > now)
    }
}

/// What is kept of a secret. It has 256 random bits, so a plain hash hides it.
fn digest(secret: &str) -> [u8; 32] {
    sha256(&[b"proofmill gateway ticket", secret.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(owner: u8, expires_at: i64) -> Ticket {
        let (owner, job) = (Address::new_from_array([owner; 32]), Address::new_from_array([9; 32]));
        Ticket { owner, job, nonce: 1, attempt: 1, port: 80, expires_at }
    }

    #[test]
    fn a_ticket_counts_until_it_ends_and_no_other_text_does() {
        let tickets = Tickets::default();
        let secret = tickets.issue(ticket(1, 100), 0).expect("a ticket");
        // 32 random bytes.
        assert_eq!(secret.len(), 43);
        assert_eq!(tickets.find(&secret, 99), Some(ticket(1, 100)));
        assert_eq!(tickets.find(&secret, 100), None);
        assert_eq!(tickets.find("", 0), None);
        assert_eq!(tickets.find(&secret[1..], 0), None);
        assert_ne!(tickets.issue(ticket(1, 100), 0).expect("another"), secret);
    }

    #[test]
    fn nobody_takes_all_tickets_and_those_that_ended_make_room() {
        let tickets = Tickets::default();
        for _ in 0..limits::TICKETS_PER_OWNER_MAX {
            tickets.issue(ticket(1, 100), 0).expect("a ticket");
        }
        assert_eq!(tickets.issue(ticket(1, 100), 0).expect_err("too many").code, "too_many_tickets");
        tickets.issue(ticket(2, 100), 0).expect("another owner's");
        tickets.issue(ticket(1, 200), 100).expect("there is room again");
    }

    #[test]
    fn there_are_never_more_than_there_may_be() {
        let tickets = Tickets::default();
        for number in 0..limits::TICKETS_MAX {
            let owner = u8::try_from(number / limits::TICKETS_PER_OWNER_MAX).expect("a small number");
            tickets.issue(ticket(owner, 100), 0).expect("a ticket");
        }
        assert_eq!(tickets.issue(ticket(255, 100), 0).expect_err("too many").code, "busy");
    }
}
