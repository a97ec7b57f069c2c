//! Somebody without a part in anything: sends dust, pushes what is not due, forges what it cannot sign.

use proofmill_client::market;
use proofmill_protocol::job::JobState;

use crate::{breach::Breach, judging, network::Role, play::Play, transfers};

/// Acts per step, at least; and one more for each so many live jobs.
const ACTS: usize = 4;
const JOBS_PER_ACT: usize = 100;

/// A few acts on jobs at random.
///
/// # Errors
/// A broken law.
pub fn act(play: &mut Play) -> Result<(), Breach> {
    for _ in 0..ACTS + play.live.len() / JOBS_PER_ACT {
        if play.live.is_empty() {
            return Ok(());
        }
        let job = play.live[play.dice.index(play.live.len())];
        if let Some(on_chain) = play.on_chain(job) {
            meddle(play, job, &on_chain)?;
        }
    }
    Ok(())
}

fn meddle(play: &mut Play, job: usize, on_chain: &market::Job) -> Result<(), Breach> {
    let outsider = play.net.world.outsider;
    play.net.world.crank = outsider;
    let handle = play.jobs[job].handle;
    let provider = play.holder(on_chain).unwrap_or_else(|| play.dice.index(play.people.providers.len()));
    let choice = play.dice.below(12);
    let other = play.dice.index(play.people.providers.len());
    let (mint, w) = (play.net.world.mints[0], &play.net.world);
    let instruction = match choice {
        0 => {
            let dust = transfers::tokens(outsider, &mint, handle.vault, 1 + play.dice.below(3));
            return dusted(play, handle.vault, dust);
        }
        1 => {
            let vault = proofmill_client::address::stake_vault(&w.providers[other].stake);
            let dust = transfers::tokens(outsider, &w.stake_mint, vault, 1);
            return dusted(play, vault, dust);
        }
        2 => transfers::lamports(outsider, handle.address, 1),
        3 => transfers::lamports(outsider, handle.vault, 1_000),
        4 => w.expire_job(&handle, play.holder(on_chain)),
        5 => w.verify_proof(&handle, provider),
        6 => w.settle_unchallenged(&handle, provider),
        7 => w.claim_refund(&handle),
        8 => {
            let mut stolen = w.cancel_job(&handle);
            stolen.accounts[0].pubkey = outsider;
            stolen
        }
        9 => {
            let mut stolen = w.claim_refund(&handle);
            let own = proofmill_client::address::token_account(&outsider, &mint);
            if let Some(meta) = stolen
                .accounts
                .iter_mut()
                .find(|meta| meta.pubkey == proofmill_client::address::token_account(&handle.tenant, &mint))
            {
                meta.pubkey = own;
            }
            stolen
        }
        10 if on_chain.state == JobState::Submitted as u8 => match judging::round(play, job, 1) {
            Some(round) => {
                let seat = u8::try_from(play.dice.below(u64::from(round.seats) + 1)).unwrap_or(0);
                play.net.world.commit_as(&handle, 1, outsider, seat, [7; 32])
            }
            None => return Ok(()),
        },
        11 if on_chain.state == JobState::Open as u8 => w.accept_bid(&handle, provider),
        _ => w.close_job(&handle),
    };
    let sent = play.send(Role::Outsider, Some((job, on_chain)), &[instruction])?;
    // Whoever pushes a close does the tenant's work.
    if sent.is_ok() && play.on_chain(job).is_none() {
        play.note_end(job, on_chain)?;
        if !play.jobs[job].ended {
            play.jobs[job].ended = true;
            play.unsettled -= 1;
        }
    }
    Ok(())
}

fn dusted(
    play: &mut Play,
    vault: solana_address::Address,
    dust: solana_instruction::Instruction,
) -> Result<(), Breach> {
    let mut atoms = [0u8; 8];
    atoms.copy_from_slice(&dust.data[1..9]);
    play.net.ledger.expect_dust(vault, u64::from_le_bytes(atoms));
    let _ = play.net.send(Role::Outsider, None, &[dust])?;
    Ok(())
}
