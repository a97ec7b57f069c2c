//! `proofmill job array`: one document as many tasks on many providers.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result};
use futures_util::{StreamExt, stream};
use indicatif::ProgressBar;
use proofmill_client::{address, market};
use proofmill_jobspec::Kind;
use proofmill_protocol::{
    amount,
    job::{JobState, Outcome},
};
use serde_json::{Value, json};
use solana_address::Address;

use super::{
    job::{confirm, read_spec},
    market_views::{outcome_name, state_name},
};
use crate::{
    error::CliError,
    job_arguments::{ArrayArgs, ArrayCommand},
    limits,
    market_book::array_terms,
    output::{Output, tokens},
    session::Session,
    tenant::{Prepared, Tenant},
};

pub async fn run(args: ArrayArgs, open: impl Fn() -> Result<Session>, output: &Output) -> Result<()> {
    match args.command {
        None => post_and_follow(open()?, args, output).await,
        Some(ArrayCommand::Status { array }) => {
            let session = open()?;
            let found = session.fetch("array", &array, market::JobArray::decode).await?;
            let jobs = tasks_of(&session, &array).await?;
            output.result(&array_json(&array, &found, &jobs), || array_words(&array, &found, &jobs));
            Ok(())
        }
        Some(ArrayCommand::List) => {
            let session = open()?;
            let mine = Some((market::JobArray::OFFSET_TENANT, session.address()?.to_bytes().to_vec()));
            let all = session.scan(market::JobArray::DISCRIMINATOR, mine, market::JobArray::decode).await?;
            let none = BTreeMap::new();
            let rows: Vec<_> = all.iter().map(|(key, array)| array_json(key, array, &none)).collect();
            output.result(&rows, || all.iter().map(|(key, array)| headline(key, array)).collect::<Vec<_>>().join("\n"));
            Ok(())
        }
        Some(ArrayCommand::Cancel { array }) => {
            let session = open()?;
            let accounts = market::CancelArrayAccounts { tenant: session.address()?, array };
            session.send(&[market::cancel_array(accounts)]).await.context("cancelling the array")?;
            let found = session.fetch("array", &array, market::JobArray::decode).await?;
            output.result(&array_json(&array, &found, &BTreeMap::new()), || {
                format!(
                    "{}\nno further task is taken; `proofmill job array close {array}` once none runs",
                    headline(&array, &found)
                )
            });
            Ok(())
        }
        Some(ArrayCommand::Close { array }) => {
            let session = open()?;
            let found = session.fetch("array", &array, market::JobArray::decode).await?;
            let refunded = close(&session, &array, &found).await?;
            output.result(&json!({ "array": array.to_string(), "refunded": refunded }), || {
                format!("closed; {} came back", tokens(refunded))
            });
            Ok(())
        }
    }
}

/// Posts an array, hands each task's files to whoever takes it, and fetches the results.
async fn post_and_follow(session: Session, args: ArrayArgs, output: &Output) -> Result<()> {
    // The parser requires both.
    let (Some(path), Some(tasks)) = (args.spec, args.tasks) else { return Ok(()) };
    let spec = read_spec(&path, &args.changes).await?;
    if spec.kind == Kind::Service {
        return Err(CliError::ServiceInArray.into());
    }
    if spec.price_ceiling_per_second == 0 {
        return Err(CliError::CeilingMissing { what: "an array" }.into());
    }
    if spec.resources.gpu_model.is_some() {
        return Err(CliError::ModelInAuction.into());
    }
    let prepared = Prepared::new(spec, args.input.as_deref())?;
    let escrow = amount::escrow(prepared.spec.price_ceiling_per_second, prepared.spec.max_seconds)
        .and_then(|one| amount::escrow(one, u32::from(tasks)))
        .map_err(|_| CliError::Overflow("price x max_seconds x tasks"))?;
    output.say(format!(
        "{}: {tasks} tasks, at most {} ({} s each at {} atoms/s); input {} files, {} bytes",
        prepared.spec.name,
        tokens(escrow),
        prepared.spec.max_seconds,
        prepared.spec.price_ceiling_per_second,
        prepared.manifest.entries().len(),
        prepared.manifest.total_bytes()
    ));
    if args.dry_run {
        let value = json!({
            "tasks": tasks, "escrow_atoms": escrow, "max_seconds": prepared.spec.max_seconds,
            "price_ceiling_per_second": prepared.spec.price_ceiling_per_second,
            "spec_hash": hex::encode(prepared.spec.hash()),
            "input_root": hex::encode(prepared.manifest.root().as_bytes()),
        });
        output.result(&value, || "dry run: nothing was signed".to_owned());
        return Ok(());
    }
    confirm(&format!("Lock {} and post?", tokens(escrow)), args.yes, output)?;
    let tenant = Tenant::open(session).await?;
    let array = post(&tenant, &prepared, tasks, args.deadline_seconds).await?;
    output.say(format!("posted array {array}"));
    let mut run = ArrayRun::new(&tenant, array, &prepared, args.output);
    let bar = output.tasks_bar(u64::from(tasks));
    let last = run.follow(&bar, output).await;
    bar.finish_and_clear();
    let last = last?;
    let refunded = close(&tenant.session, &array, &last).await?;
    output.result(&run.summary(&last, refunded), || {
        let mut text = headline(&array, &last);
        for (task, result) in &run.results {
            text += &format!("\n  task {task}: {result}");
        }
        text + &format!("\nclosed; {} came back", tokens(refunded))
    });
    Ok(())
}

/// Signs and sends `post_array`.
async fn post(tenant: &Tenant, prepared: &Prepared, tasks: u16, deadline_seconds: u32) -> Result<Address> {
    let me = tenant.session.address()?;
    let coin = tenant.session.coin(tenant.session.payment_mint()?).await?;
    // Seconds since 1970 fit until 2106; of two arrays in one second the program refuses the second.
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let index = u32::try_from(seconds).map_err(|_| CliError::Overflow("the array's index"))?;
    let array = address::array(&me, index);
    let terms = market::ArrayTerms {
        index,
        deadline_seconds,
        tasks_total: tasks,
        input_root: *prepared.manifest.root().as_bytes(),
        tenant_node_key: tenant.node_key(),
        ..array_terms(&prepared.spec)
    };
    let accounts = market::PostArrayAccounts {
        tenant: me,
        config: address::market_config(),
        mint: coin.mint,
        mint_rule: address::mint_rule(&coin.mint),
        array,
        vault: address::array_vault(&array),
        source: coin.account_of(&me),
        token_program: coin.token_program,
    };
    let instruction = market::post_array(accounts, market::PostArrayArgs { args: terms });
    tenant.session.send(&[instruction]).await.context("posting the array")?;
    Ok(array)
}

/// Closes an array that is over; what its vault still held, atoms.
async fn close(session: &Session, key: &Address, array: &market::JobArray) -> Result<u64> {
    let coin = session.coin(array.mint).await?;
    let refunded = session.token_balance(&array.vault).await?;
    let accounts = market::CloseArrayAccounts {
        rent_payer: array.rent_payer,
        array: *key,
        vault: array.vault,
        mint: array.mint,
        destination: Some(coin.account_of(&array.tenant)),
        token_program: coin.token_program,
    };
    session.send(&[market::close_array(accounts)]).await.context("closing the array")?;
    Ok(refunded)
}

/// Jobs of tasks, by the number of the task.
async fn tasks_of(session: &Session, array: &Address) -> Result<BTreeMap<u16, (Address, market::Job)>> {
    let of_array = Some((market::Job::OFFSET_ARRAY, array.to_bytes().to_vec()));
    let jobs = session.scan(market::Job::DISCRIMINATOR, of_array, market::Job::decode).await?;
    Ok(jobs
        .into_iter()
        .filter_map(|(key, job)| u16::try_from(job.task_index).ok().map(|task| (task, (key, job))))
        .collect())
}

/// One life of a task's job: files are delivered to each, a result is fetched of each at most once.
type Life = (u16, u16);

/// An array that is being seen through.
struct ArrayRun<'a> {
    tenant: &'a Tenant,
    array: Address,
    prepared: &'a Prepared,
    output_dir: Option<PathBuf>,
    delivered: BTreeSet<Life>,
    fetched: BTreeSet<Life>,
    results: BTreeMap<u16, String>,
    roots: BTreeMap<u16, (Address, String)>,
}

impl<'a> ArrayRun<'a> {
    fn new(tenant: &'a Tenant, array: Address, prepared: &'a Prepared, output_dir: Option<PathBuf>) -> Self {
        Self {
            tenant,
            array,
            prepared,
            output_dir,
            delivered: BTreeSet::new(),
            fetched: BTreeSet::new(),
            results: BTreeMap::new(),
            roots: BTreeMap::new(),
        }
    }

    /// Until every task is done or failed for good, or none may be taken any more and none is held.
    async fn follow(&mut self, bar: &ProgressBar, output: &Output) -> Result<market::JobArray> {
        let (started, mut within) = (Instant::now(), None);
        loop {
            let session = &self.tenant.session;
            let array = session.fetch("array", &self.array, market::JobArray::decode).await?;
            let jobs = tasks_of(session, &self.array).await?;
            let running = jobs.values().filter(|(_, job)| job.state == JobState::Running as u8).count();
            bar.set_position(u64::from(array.done_count));
            bar.set_message(format!("{} held, {running} running, {} failed", array.taken_count, array.failed_count));
            self.deliver(&jobs, output).await;
            self.collect(&jobs, output).await?;
            let ended = array.done_count.saturating_add(array.failed_count) >= array.tasks_total;
            let closed_to_takers = array.cancelled != 0 || session.now().await? >= array.deadline_at;
            if array.taken_count == 0 && (ended || closed_to_takers) {
                return Ok(array);
            }
            let within = *within.get_or_insert_with(|| patience(&array));
            if started.elapsed() > within {
                return Err(CliError::ArrayStuck { array: self.array, seconds: within.as_secs() }.into());
            }
            tokio::time::sleep(limits::ARRAY_POLL).await;
        }
    }

    /// Hands document and input to whoever has just taken a task. A provider that cannot be reached now is tried again.
    async fn deliver(&mut self, jobs: &BTreeMap<u16, (Address, market::Job)>, output: &Output) {
        let waiting: Vec<(Life, Address)> = jobs
            .iter()
            .filter(|(task, (_, job))| {
                job.state == JobState::Matched as u8 && !self.delivered.contains(&(**task, job.attempt))
            })
            .map(|(task, (key, job))| ((*task, job.attempt), *key))
            .collect();
        let (tenant, prepared) = (self.tenant, self.prepared);
        let sent: Vec<(Life, Result<()>)> = stream::iter(waiting)
            .map(|(life, key)| async move { (life, tenant.deliver(&key, prepared, &output.quiet()).await) })
            .buffer_unordered(limits::TASK_TRANSFERS)
            .collect()
            .await;
        for ((task, attempt), result) in sent {
            match result {
                Ok(()) => {
                    self.delivered.insert((task, attempt));
                }
                Err(error) => output.warn(format!("task {task}: {error:#}; it is tried again")),
            }
        }
    }

    /// Takes results of settled tasks, and closes their jobs, so that they are counted as done or taken again.
    async fn collect(&mut self, jobs: &BTreeMap<u16, (Address, market::Job)>, output: &Output) -> Result<()> {
        for (task, (key, job)) in jobs.iter().filter(|(_, (_, job))| job.state == JobState::Settled as u8) {
            if self.fetched.insert((*task, job.attempt)) {
                let paid = Outcome::from_code(job.outcome).is_some_and(Outcome::pays_provider);
                let mut line =
                    format!("{}, exit code {}, paid {}", outcome_name(job.outcome), job.exit_code, tokens(job.paid));
                if let (true, Some(dir)) = (paid && job.output_root != [0; 32], &self.output_dir) {
                    let dest = task_dir(dir, *task);
                    std::fs::create_dir_all(dir).with_context(|| format!("creating {}", dir.display()))?;
                    match self.tenant.fetch_result(key, job, &dest, &output.quiet()).await {
                        Ok(manifest) => line += &format!(", {} files in {}", manifest.entries().len(), dest.display()),
                        Err(error) => output.warn(format!("task {task}: its result was not fetched: {error:#}")),
                    }
                }
                self.roots.insert(*task, (*key, hex::encode(job.output_root)));
                self.results.insert(*task, line);
            }
            // Its provider, or anyone, may still have to collect its part first; the next look tries again.
            let _ = self.tenant.close(key, job).await;
        }
        Ok(())
    }

    fn summary(&self, array: &market::JobArray, refunded: u64) -> Value {
        let results: Vec<_> = self
            .results
            .iter()
            .map(|(task, line)| {
                let (job, root) = self.roots.get(task).cloned().unwrap_or_default();
                json!({ "task": task, "job": job.to_string(), "output_root": root, "result": line })
            })
            .collect();
        json!({
            "array": self.array.to_string(), "tasks_total": array.tasks_total, "done": array.done_count,
            "failed": array.failed_count, "refunded": refunded, "closed": true, "results": results,
        })
    }
}

/// Where the result of a task goes. Numbers have four digits, so that names sort as tasks do.
fn task_dir(dir: &Path, task: u16) -> PathBuf {
    dir.join(format!("task-{task:04}"))
}

/// Beyond the time in which tasks may be taken, how long the last of them may be on its way.
fn patience(array: &market::JobArray) -> Duration {
    let open = array.deadline_at.saturating_sub(array.posted_at).max(0).unsigned_abs();
    let windows =
        [array.start_window_seconds, array.max_seconds, array.receipt_grace_seconds, array.verdict_window_seconds];
    Duration::from_secs(open + windows.into_iter().map(u64::from).sum::<u64>()) + limits::CRANK_GRACE
}

/// Where a task stands, by the array's own maps and the task's job.
fn task_state(array: &market::JobArray, task: u16, job: Option<&market::Job>) -> &'static str {
    let (word, bit) = (usize::from(task / 64), 1u64 << (task % 64));
    let has = |map: &[u64; 16]| map.get(word).is_some_and(|word| word & bit != 0);
    if has(&array.done) {
        "done"
    } else if has(&array.taken) {
        job.map_or("taken", |job| state_name(job.state))
    } else if array.issued.get(usize::from(task)).is_some_and(|issued| *issued >= array.attempts_max) {
        "failed"
    } else {
        "free"
    }
}

fn array_json(key: &Address, array: &market::JobArray, jobs: &BTreeMap<u16, (Address, market::Job)>) -> Value {
    let tasks: Vec<_> = (0..array.tasks_total)
        .map(|task| {
            let job = jobs.get(&task);
            json!({
                "task": task, "state": task_state(array, task, job.map(|(_, job)| job)),
                "issued": array.issued.get(usize::from(task)), "job": job.map(|(key, _)| key.to_string()),
                "provider": job.map(|(_, job)| job.provider.to_string()),
            })
        })
        .collect();
    json!({
        "array": key.to_string(), "tenant": array.tenant.to_string(), "tasks_total": array.tasks_total,
        "taken": array.taken_count, "done": array.done_count, "failed": array.failed_count,
        "cancelled": array.cancelled != 0, "deadline_at": array.deadline_at, "task_escrow": array.task_escrow,
        "attempts_max": array.attempts_max, "tasks": tasks,
    })
}

fn headline(key: &Address, array: &market::JobArray) -> String {
    format!(
        "array {key}: {} tasks, {} done, {} held, {} failed{}",
        array.tasks_total,
        array.done_count,
        array.taken_count,
        array.failed_count,
        if array.cancelled != 0 { ", cancelled" } else { "" }
    )
}

fn array_words(key: &Address, array: &market::JobArray, jobs: &BTreeMap<u16, (Address, market::Job)>) -> String {
    let mut text = headline(key, array);
    for task in 0..array.tasks_total {
        let job = jobs.get(&task).map(|(key, job)| (key, job));
        let state = task_state(array, task, job.map(|(_, job)| job));
        let issued = array.issued.get(usize::from(task)).copied().unwrap_or(0);
        text += &format!("\n  task {task}: {state}, issued {issued} of {}", array.attempts_max);
        if let Some((key, job)) = job {
            text += &format!(", job {key} at {}", job.provider);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array() -> market::JobArray {
        let mut data = market::JobArray::DISCRIMINATOR.to_vec();
        data.resize(market::JobArray::LEN, 0);
        let mut array = market::JobArray::decode(&data).unwrap();
        (array.tasks_total, array.attempts_max) = (70, 2);
        array
    }

    #[test]
    fn a_task_stands_where_the_arrays_maps_say() {
        let mut array = array();
        assert_eq!(task_state(&array, 69, None), "free");
        array.issued[69] = 2;
        assert_eq!(task_state(&array, 69, None), "failed");
        array.taken[1] = 1 << 5;
        assert_eq!(task_state(&array, 69, None), "taken");
        array.done[1] = 1 << 5;
        assert_eq!(task_state(&array, 69, None), "done");
        assert_eq!(task_state(&array, 5, None), "free");
    }

    #[test]
    fn results_of_tasks_sort_as_their_numbers_do() {
        let names: Vec<_> = [2, 10, 1_023].map(|task| task_dir(Path::new("out"), task)).into_iter().collect();
        let mut sorted = names.clone();
        sorted.sort();
        assert_eq!(names, sorted);
        assert_eq!(names[0], Path::new("out/task-0002"));
    }

    #[test]
    fn an_array_is_waited_for_as_long_as_its_last_task_may_take() {
        let mut array = array();
        (array.posted_at, array.deadline_at) = (100, 160);
        (array.start_window_seconds, array.max_seconds) = (1, 2);
        (array.receipt_grace_seconds, array.verdict_window_seconds) = (3, 4);
        assert_eq!(patience(&array), Duration::from_secs(70) + limits::CRANK_GRACE);
    }
}
