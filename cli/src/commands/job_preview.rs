//! `proofmill job validate`, `estimate`, `explain`, `import` and `schema`: everything about a job that signs nothing.

use std::{fs, io::Read, path::Path, process::ExitCode};

use anyhow::{Context, Result};
use proofmill_chain::Chain;
use proofmill_client::{
    fit::{Asked, Explained, tier_name},
    market,
};
use proofmill_jobspec::{JobSpec, SpecError, schema_json};
use proofmill_protocol::{amount, job::JobState};
use serde::Serialize;
use serde_json::{Value, json};
use solana_address::Address;

use super::{
    job::read_spec,
    market_views::{job_json, job_words},
};
use crate::{
    docker_line::{self, NoteKind},
    error::CliError,
    job_arguments::{ExplainArgs, ImportArgs, PreviewArgs, SpecChanges},
    limits,
    market_book::{Candidate, MarketBook},
    next_steps::next_steps,
    output::{Output, harmless, tokens},
    session::Session,
};

/// Lamports per signature of a transaction, without a priority fee.
const SIGNATURE_LAMPORTS: u64 = 5_000;

/// Checks a document. Says the name and the field of what refuses it.
pub async fn validate(path: &Path, image: Option<&str>, output: &Output) -> Result<ExitCode> {
    let changes = SpecChanges { image: image.map(str::to_owned), ..SpecChanges::default() };
    let spec = match read_spec(path, &changes).await {
        Ok(spec) => spec,
        Err(error) => match error.downcast_ref::<SpecError>() {
            Some(refusal) if output.is_json() => {
                let detail = json!({
                    "valid": false, "error": refusal.name(), "field": refusal.field(), "message": refusal.to_string()
                });
                output.result(&detail, String::new);
                return Ok(ExitCode::FAILURE);
            }
            _ => return Err(error),
        },
    };
    let canonical = String::from_utf8_lossy(&spec.canonical_json()).into_owned();
    let hash = hex::encode(spec.hash());
    let written: Value = serde_json::from_slice(&fs::read(path).context("reading the document")?)
        .with_context(|| format!("{}", path.display()))?;
    let full: Value = serde_json::from_str(&canonical).context("reading the canonical form")?;
    let mut defaults = Vec::new();
    left_out("", &written, &full, &mut defaults);
    let detail = json!({
        "valid": true, "hash": hash, "canonical": canonical, "document": full, "defaults": defaults,
        "terms": spec.terms(),
    });
    output.result(&detail, || {
        let mut text = format!("{canonical}\nsha256 {hash}");
        if !defaults.is_empty() {
            let list: Vec<_> = defaults.iter().map(|(path, value)| format!("{path} = {value}")).collect();
            text += &format!("\nleft to their defaults: {}", list.join(", "));
        }
        text
    });
    Ok(ExitCode::SUCCESS)
}

/// Fields of `full` that `written` leaves out, with their values.
fn left_out(path: &str, written: &Value, full: &Value, found: &mut Vec<(String, Value)>) {
    let (Some(written), Some(full)) = (written.as_object(), full.as_object()) else { return };
    for (name, value) in full {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match written.get(name) {
            Some(inner) => left_out(&path, inner, value, found),
            None => found.push((path, value.clone())),
        }
    }
}

/// Prices among offers, atoms per second.
#[derive(Serialize, Debug, PartialEq, Eq)]
struct Prices {
    offers: usize,
    min: u64,
    p25: u64,
    p50: u64,
    p75: u64,
    max: u64,
}

impl Prices {
    /// Of a sorted list; the nearest rank, so that each is a price that somebody asks.
    fn of(sorted: &[u64]) -> Option<Self> {
        let rank = |percent: usize| sorted.get((sorted.len() * percent).div_ceil(100).max(1) - 1).copied();
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        Some(Self { offers: sorted.len(), min, p25: rank(25)?, p50: rank(50)?, p75: rank(75)?, max })
    }

    fn words(&self) -> String {
        let Self { offers, min, p25, p50, p75, max } = self;
        format!("{offers} offers: {min} / {p25} / {p50} / {p75} / {max} atoms/s (least, quartiles, most)")
    }
}

#[derive(Serialize)]
struct Cost {
    spec_hash: String,
    tasks: u16,
    /// Atoms per second that escrow is made at.
    ceiling_per_second: u64,
    max_seconds: u32,
    /// Locked when the job is posted, atoms; what is not used comes back.
    escrow_atoms: u64,
    escrow_min_atoms: u64,
    /// Most that can be spent at the cheapest fitting price, atoms.
    spent_atoms_max: u64,
    fee_bps: u16,
    /// Out of what is spent, atoms.
    fee_atoms_max: u64,
    cheapest: Option<Cheapest>,
    prices_fitting: Option<Prices>,
    prices_all: Option<Prices>,
    /// Comes back when the job closes, lamports.
    rent_lamports: u64,
    /// Per transaction signed, lamports.
    signature_lamports: u64,
    /// What a bid holds, lamports; the bidder's.
    bid_deposit_lamports: u64,
}

#[derive(Serialize)]
struct Cheapest {
    offer: String,
    provider: String,
    price_per_second: u64,
    /// Locked of the provider's stake, atoms of the stake mint.
    lock_atoms: u64,
}

/// What a job would cost now.
pub async fn estimate(session: &Session, args: PreviewArgs, output: &Output) -> Result<()> {
    let spec = read_spec(&args.spec, &args.changes).await?;
    let book = MarketBook::read(session, session.payment_mint()?).await?;
    let asked = book.asked(&spec);
    let fitting: Vec<_> = book
        .candidates
        .iter()
        .filter_map(|candidate| book.judge(&asked, Some(&spec), candidate).ok().map(|fit| (candidate, fit)))
        .collect();
    let sorted = |list: Vec<u64>| Prices::of(&list);
    let prices_fitting = sorted(fitting.iter().map(|(candidate, _)| candidate.offer.price_per_second).collect());
    let prices_all = sorted(book.candidates.iter().map(|candidate| candidate.offer.price_per_second).collect());
    let cheapest = fitting.first().map(|(candidate, fit)| Cheapest {
        offer: candidate.offer_address.to_string(),
        provider: candidate.offer.provider.to_string(),
        price_per_second: candidate.offer.price_per_second,
        lock_atoms: fit.pledged,
    });
    let price = cheapest.as_ref().map(|cheapest| cheapest.price_per_second);
    let ceiling = match (spec.price_ceiling_per_second, price) {
        (0, Some(price)) => price,
        (0, None) => book.cheapest(&spec, None)?.offer.price_per_second,
        (ceiling, _) => ceiling,
    };
    let tasks = args.tasks.unwrap_or(1);
    let whole = |price: u64| {
        amount::escrow(price, spec.max_seconds)
            .and_then(|one| amount::escrow(one, u32::from(tasks)))
            .map_err(|_| CliError::Overflow("price x max_seconds x tasks"))
    };
    let spent_atoms_max = whole(price.unwrap_or(ceiling))?;
    let account = if args.tasks.is_some() { market::JobArray::LEN } else { market::Job::LEN };
    let mut rent_lamports = 0u64;
    for length in [account, token_account_length(&book.rule)] {
        let rent = session.chain.minimum_balance(length).await.context("asking for the rent")?;
        rent_lamports = rent_lamports.saturating_add(rent);
    }
    let cost = Cost {
        spec_hash: hex::encode(spec.hash()),
        tasks,
        ceiling_per_second: ceiling,
        max_seconds: spec.max_seconds,
        escrow_atoms: whole(ceiling)?,
        escrow_min_atoms: book.rule.escrow_min,
        spent_atoms_max,
        fee_bps: book.config.fee_bps,
        fee_atoms_max: amount::share(spent_atoms_max, book.config.fee_bps).unwrap_or(spent_atoms_max),
        cheapest,
        prices_fitting,
        prices_all,
        rent_lamports,
        signature_lamports: SIGNATURE_LAMPORTS,
        bid_deposit_lamports: book.config.bid_deposit,
    };
    output.result(&cost, || cost_words(&cost));
    Ok(())
}

/// Bytes of a vault: a token account, which Token-2022 marks as having an immutable owner.
fn token_account_length(rule: &market::MintRule) -> usize {
    if rule.token_program == proofmill_protocol::mint_extensions::TOKEN_2022 { 170 } else { 165 }
}

fn cost_words(cost: &Cost) -> String {
    let mut rows = vec![
        (
            "escrow",
            format!("{} at {} atoms/s for {} s", tokens(cost.escrow_atoms), cost.ceiling_per_second, cost.max_seconds),
        ),
        ("spent at most", tokens(cost.spent_atoms_max)),
        ("of it the fee", format!("{} ({} bps)", tokens(cost.fee_atoms_max), cost.fee_bps)),
    ];
    if cost.tasks > 1 {
        rows.push(("tasks", cost.tasks.to_string()));
    }
    match &cost.cheapest {
        Some(cheapest) => {
            rows.push(("cheapest", format!("{} atoms/s by {}", cheapest.price_per_second, cheapest.provider)));
            rows.push(("its lock", format!("{} of its stake", tokens(cheapest.lock_atoms))));
        }
        None => rows.push(("cheapest", "no standing offer fits; `proofmill job explain` says why".to_owned())),
    }
    rows.extend(cost.prices_fitting.as_ref().map(|prices| ("fitting", prices.words())));
    rows.extend(cost.prices_all.as_ref().map(|prices| ("all", prices.words())));
    rows.push(("rent", format!("{} lamports, back when it closes", cost.rent_lamports)));
    rows.push(("fees", format!("{} lamports per signature", cost.signature_lamports)));
    rows.push(("bid deposit", format!("{} lamports, of the bidder, in auctions", cost.bid_deposit_lamports)));
    if cost.escrow_atoms / u64::from(cost.tasks.max(1)) < cost.escrow_min_atoms {
        rows.push(("refused", format!("this market takes no escrow below {}", tokens(cost.escrow_min_atoms))));
    }
    rows.iter().map(|(name, value)| format!("{name:>13}  {value}")).collect::<Vec<_>>().join("\n")
}

/// Which offers fit, or what may happen next.
pub async fn explain(session: &Session, args: ExplainArgs, output: &Output) -> Result<()> {
    let path = Path::new(&args.target);
    if path.exists() {
        let spec = read_spec(path, &args.changes).await?;
        let book = MarketBook::read(session, session.payment_mint()?).await?;
        let rows = verdicts(&book, &book.asked(&spec), Some(&spec));
        output.result(&json!({ "spec_hash": hex::encode(spec.hash()), "offers": rows_json(&rows) }), || {
            rows_words(&rows)
        });
        return Ok(());
    }
    let key: Address = args.target.parse().map_err(|_| CliError::NoSuchTarget(args.target.clone()))?;
    let job = session.fetch("job", &key, market::Job::decode).await?;
    let now = session.now().await?;
    let steps = next_steps(&job, now);
    // An open job without an auction waits for an offer: which would do?
    let rows = if job.state == JobState::Open as u8 && job.bids_until == 0 {
        let book = MarketBook::read(session, job.mint).await?;
        verdicts(&book, &Asked::of_job(&job), None)
    } else {
        Vec::new()
    };
    let mut value = job_json(&key, &job);
    value["now"] = json!(now);
    value["attempt"] = json!(job.attempt);
    value["attempts_max"] = json!(job.attempts_max);
    value["next"] = json!(steps);
    value["offers"] = json!(rows_json(&rows));
    output.result(&value, || {
        let mut text = job_words(&key, &job);
        text += &format!("\n  attempt {} of {}\nnext:", job.attempt, job.attempts_max);
        for step in &steps {
            text += &format!("\n  - {}", step.words(now));
        }
        if !rows.is_empty() {
            text += &format!("\noffers:\n{}", rows_words(&rows));
        }
        text
    });
    Ok(())
}

/// One offer and what is said of it.
struct Row {
    offer: Address,
    provider: Address,
    price_per_second: u64,
    tier: u8,
    vram_mib: u32,
    gpu_count: u8,
    refusal: Option<Explained>,
    lock: u64,
}

fn verdicts(book: &MarketBook, asked: &Asked, spec: Option<&JobSpec>) -> Vec<Row> {
    let row = |candidate: &Candidate| {
        let judged = book.judge(asked, spec, candidate);
        Row {
            offer: candidate.offer_address,
            provider: candidate.offer.provider,
            price_per_second: candidate.offer.price_per_second,
            tier: candidate.provider.tier,
            vram_mib: candidate.provider.vram_mib,
            gpu_count: candidate.provider.gpu_count,
            lock: judged.as_ref().map_or(0, |fit| fit.pledged),
            refusal: judged.err(),
        }
    };
    book.candidates.iter().map(row).collect()
}

fn rows_json(rows: &[Row]) -> Vec<Value> {
    rows.iter()
        .map(|row| {
            json!({
                "offer": row.offer.to_string(), "provider": row.provider.to_string(), "fits": row.refusal.is_none(),
                "price_per_second": row.price_per_second, "lock": row.lock,
                "failing": row.refusal.as_ref().map(|refusal| json!({
                    "requirement": refusal.requirement, "needed": refusal.needed, "found": refusal.found
                })),
            })
        })
        .collect()
}

fn rows_words(rows: &[Row]) -> String {
    if rows.is_empty() {
        return "no offer stands in this token".to_owned();
    }
    let lines = rows.iter().map(|row| {
        let device = format!("{} x {} MiB, {}", row.gpu_count, row.vram_mib, tier_name(row.tier));
        let verdict = match &row.refusal {
            None => format!("fits; locks {} of its stake", tokens(row.lock)),
            Some(Explained { requirement, needed, found }) => format!("{requirement}: needed {needed}, found {found}"),
        };
        format!("{:>7} atoms/s  {}  {device}\n                 {verdict}", row.price_per_second, row.offer)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Turns a `docker run` line into a document.
pub fn import(args: ImportArgs, output: &Output) -> Result<ExitCode> {
    let words = match args.line.as_slice() {
        [] => docker_line::split(&standard_input()?)?,
        [dash] if dash == "-" => docker_line::split(&standard_input()?)?,
        [line] => docker_line::split(line)?,
        words => words.to_vec(),
    };
    let imported = docker_line::import(&words, &read_env_file)?;
    let document = serde_json::to_string_pretty(&imported.document).context("writing the document")?;
    if let Some(path) = &args.output {
        fs::write(path, format!("{document}\n")).with_context(|| format!("writing {}", path.display()))?;
    }
    if output.is_json() {
        let complete = imported.is_complete();
        output.result(&json!({ "complete": complete, "imported": imported }), String::new);
    } else {
        if args.output.is_none() {
            println!("{document}");
        }
        // Beside the document, so that it can be redirected into a file.
        for note in &imported.notes {
            let verb = match note.kind {
                NoteKind::Refused => "refused",
                NoteKind::Dropped => "not carried over",
                NoteKind::Assumed => "look at",
            };
            eprintln!("{verb}: {} ({}). {}", harmless(&note.flag), harmless(&note.reason), harmless(&note.instead));
        }
    }
    Ok(if imported.is_complete() { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

fn standard_input() -> Result<String> {
    let mut line = String::new();
    let most = limits::DOCKER_LINE_BYTES_MAX as u64 + 1;
    std::io::stdin().take(most).read_to_string(&mut line).context("reading the line from standard input")?;
    Ok(line)
}

fn read_env_file(path: &str) -> Result<String, String> {
    let length = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > limits::ENV_FILE_BYTES_MAX {
        return Err(format!("it has {length} bytes, the limit is {}", limits::ENV_FILE_BYTES_MAX));
    }
    fs::read_to_string(path).map_err(|error| error.to_string())
}

/// Prints the document's schema.
pub fn schema() {
    print!("{}", schema_json());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_prices_that_somebody_asks() {
        assert_eq!(Prices::of(&[]), None);
        assert_eq!(Prices::of(&[7]), Some(Prices { offers: 1, min: 7, p25: 7, p50: 7, p75: 7, max: 7 }));
        let list: Vec<u64> = (1..=8).collect();
        assert_eq!(Prices::of(&list), Some(Prices { offers: 8, min: 1, p25: 2, p50: 4, p75: 6, max: 8 }));
    }

    #[test]
    fn what_a_document_leaves_to_its_defaults_is_listed_by_path() {
        let mut found = Vec::new();
        let full = json!({ "a": 1, "b": { "c": 2, "d": 3 }, "e": [1] });
        left_out("", &json!({ "a": 9, "b": { "c": 2 } }), &full, &mut found);
        assert_eq!(found, [("b.d".to_owned(), json!(3)), ("e".to_owned(), json!([1]))]);
    }
}
