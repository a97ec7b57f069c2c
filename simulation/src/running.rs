//! Providers run what they hold, each by its character.

use proofmill_client::market;
use proofmill_protocol::{
    ids::{Domain, JobKey, NodeKey, ProviderKey},
    receipt::{Receipt, ReceiptCore, Termination},
    sha256,
};

use crate::{breach::Breach, network::Role, play::Play, population::Temper};

/// What the holder of a job will do with it.
#[derive(Clone, Copy, Debug)]
pub struct Performance {
    pub start_at: Option<i64>,
    /// Seconds of run before the receipt.
    pub run_seconds: i64,
    pub submits: bool,
    /// Gives the job back this long after the match.
    pub decline_at: Option<i64>,
    pub lies: bool,
    pub withholds: bool,
    /// Sends everything twice, as after a restart without its ledger.
    pub repeats: bool,
}

fn perform(play: &mut Play, temper: Temper, on_chain: &market::Job) -> Performance {
    let dice = &mut play.dice;
    let (matched_at, most) = (on_chain.matched_at, i64::from(on_chain.max_seconds));
    let window = i64::from(on_chain.start_window_seconds);
    let honest = Performance {
        start_at: Some(matched_at + dice.seconds(0, 20)),
        run_seconds: dice.seconds(most / 2, most),
        submits: true,
        decline_at: None,
        lies: false,
        withholds: false,
        repeats: false,
    };
    match temper {
        Temper::Honest => honest,
        Temper::Slow => Performance {
            start_at: Some(matched_at + window - 20 + dice.seconds(0, 30)),
            run_seconds: most + i64::from(on_chain.receipt_grace_seconds) - 40 + dice.seconds(0, 60),
            ..honest
        },
        Temper::Silent => match dice.below(3) {
            0 => Performance { start_at: None, ..honest },
            1 => Performance { submits: false, ..honest },
            _ => Performance { withholds: true, ..honest },
        },
        Temper::Lying => Performance { lies: true, ..honest },
        Temper::Crashing => match dice.below(2) {
            0 => Performance { decline_at: Some(matched_at + dice.seconds(15, 200)), ..honest },
            _ => Performance { repeats: true, ..honest },
        },
    }
}

/// The performance of a held job, drawn the first time it is looked at.
fn performance(play: &mut Play, job: usize, on_chain: &market::Job) -> Option<(usize, Performance)> {
    let holder = play.holder(on_chain)?;
    if play.jobs[job].performance.is_none() {
        let temper = play.people.providers[holder].temper;
        let drawn = perform(play, temper, on_chain);
        play.jobs[job].performance = Some(drawn);
        play.jobs[job].held_by = Some(temper);
    }
    play.jobs[job].performance.map(|performance| (holder, performance))
}

fn gives_back(play: &mut Play, job: usize, on_chain: &market::Job, holder: usize) -> Result<(), Breach> {
    let handle = play.jobs[job].handle;
    let decline = play.net.world.decline_job(&handle, holder);
    let _ = play.send(Role::Provider, Some((job, on_chain)), &[decline])?;
    Ok(())
}

/// A matched job is started.
///
/// # Errors
/// A broken law.
pub fn start(play: &mut Play, job: usize, on_chain: &market::Job) -> Result<(), Breach> {
    let Some((holder, performance)) = performance(play, job, on_chain) else { return Ok(()) };
    let now = play.now();
    if performance.decline_at.is_some_and(|at| now >= at) {
        return gives_back(play, job, on_chain, holder);
    }
    if performance.start_at.is_none_or(|at| now < at) {
        return Ok(());
    }
    let handle = play.jobs[job].handle;
    for _ in 0..=usize::from(performance.repeats) {
        let start = play.net.world.start_job(&handle, holder);
        if play.send(Role::Provider, Some((job, on_chain)), &[start])?.is_err() && !performance.repeats {
            // Too late: it gives up on this one.
            play.jobs[job].performance = Some(Performance { start_at: None, ..performance });
        }
    }
    Ok(())
}

/// A run ends with a receipt.
///
/// # Errors
/// A broken law.
pub fn submit(play: &mut Play, job: usize, on_chain: &market::Job) -> Result<(), Breach> {
    let Some((holder, performance)) = performance(play, job, on_chain) else { return Ok(()) };
    let now = play.now();
    if performance.decline_at.is_some_and(|at| now >= at) {
        return gives_back(play, job, on_chain, holder);
    }
    if !performance.submits || now < on_chain.started_at + performance.run_seconds {
        return Ok(());
    }
    let most = i64::from(on_chain.max_seconds).min(now - on_chain.started_at);
    let metered_ms = u64::try_from(most).unwrap_or(0) * 1_000;
    let truth = play.jobs[job].case.truth;
    let party = play.net.world.providers[holder].clone();
    let output_root = if performance.lies { sha256(&[b"invented", party.account.as_ref()]) } else { truth };
    let (domain, address) = (play.net.world.domain, play.jobs[job].handle.address);
    let receipt = Receipt {
        domain: Domain(domain),
        job: JobKey(address.to_bytes()),
        attempt: on_chain.attempt,
        nonce: on_chain.nonce,
        provider: ProviderKey(party.account.to_bytes()),
        node_key: NodeKey(on_chain.node_key),
        image_digest: on_chain.image_digest,
        spec_hash: on_chain.spec_hash,
        input_root: on_chain.input_root,
        output_root,
        output_bytes: 1_024,
        output_files: 1,
        log_root: [0; 32],
        log_truncated: false,
        exit_code: 0,
        termination: Termination::Exited,
        started_at: on_chain.started_at,
        ended_at: on_chain.started_at + most,
        metered_ms,
        class_key: on_chain.class_key,
        env_hash: [0; 32],
        gpu_set_hash: [0; 32],
        gpu_count: on_chain.gpu_count,
        simulated: true,
        peak_memory_mib: 100,
        blind: sha256(&[b"blind", address.as_ref()]),
    };
    let bytes = receipt.encode();
    let core = ReceiptCore {
        domain: Domain(domain),
        job: JobKey(address.to_bytes()),
        attempt: on_chain.attempt,
        node_key: NodeKey(on_chain.node_key),
        receipt_hash: sha256(&[&bytes]),
    };
    let mut claim = market::ReceiptClaim {
        receipt_hash: core.receipt_hash,
        signature: party.sign_receipt(&core),
        metered_ms,
        exit_code: 0,
        termination: 0,
    };
    play.jobs[job].case.serve(&bytes, performance.withholds);
    let handle = play.jobs[job].handle;
    if performance.lies && play.dice.percent(20) {
        // A liar tries a longer bill first: the clock refuses it.
        claim.metered_ms = metered_ms + 3_600_000;
        let padded = play.net.world.submit_proof(&handle, holder, claim);
        let _ = play.send(Role::Provider, Some((job, on_chain)), &[padded])?;
        claim.metered_ms = metered_ms;
    }
    for _ in 0..=usize::from(performance.repeats) {
        let submit = play.net.world.submit_proof(&handle, holder, claim);
        let sent = play.send(Role::Provider, Some((job, on_chain)), &[submit])?;
        if sent.is_err() && !performance.repeats {
            play.jobs[job].performance = Some(Performance { submits: false, ..performance });
        }
    }
    Ok(())
}
