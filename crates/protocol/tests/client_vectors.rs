//! The rules that a client works out for itself, as cases with their answers: `vectors/{money,matching,service,arrays,
//! usage}.json`. Numbers of 64 bits travel as text, because JSON numbers lose bits beyond 2^53; a refusal is its name.
//! `PROOFMILL_BLESS=1` writes them anew.

use std::{fmt::Debug, path::Path};

use proofmill_protocol::{
    amount::{self, AmountError},
    arrays::{job_index, Board, TASK_WORDS},
    bidding, draw,
    envelope::{envelope, Kind},
    ids::{Domain, JobKey},
    job::Outcome,
    limits::{AUDIT_BPS_MIN, LOCK_BPS_MAX, PAUSE_SECONDS_MAX, SERVICE_SECONDS_MAX, TASKS_MAX},
    matching::{fits, Capability, Certificate, Mismatch, Requirements},
    service::{streamable, top_up, Meter, TopUpError, UsageError},
    settlement::{metered_ms_max, settle, split_fee, FeeShares},
    sha256,
    stake::lock_bps,
    usage::UsageReport,
};
use serde_json::{json, Map, Value};

fn golden(name: &str, found: Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(name);
    if std::env::var_os("PROOFMILL_BLESS").is_some() {
        let text = serde_json::to_string_pretty(&found).expect("JSON") + "\n";
        std::fs::write(&path, &text).expect("written");
    }
    let kept: Value = serde_json::from_slice(&std::fs::read(&path).expect("the vectors")).expect("JSON");
    assert_eq!(kept, found, "{} no longer holds", path.display());
}

fn text(value: impl ToString) -> Value {
    Value::String(value.to_string())
}

/// The name of an enum's case, without what it carries.
fn name(case: &impl Debug) -> Value {
    let long = format!("{case:?}");
    text(long.split([' ', '(', '{']).next().unwrap_or_default())
}

fn answer(found: Result<u64, AmountError>) -> Value {
    found.map_or_else(|error| json!({ "refused": name(&error) }), |atoms| json!({ "is": text(atoms) }))
}

/// Amounts around every boundary of the arithmetic.
const AMOUNTS: [u64; 9] = [0, 1, 39, 9_999, 10_000, 10_001, u64::MAX / 10_000, u64::MAX - 1, u64::MAX];

#[test]
fn vectors_of_money_never_change() {
    let pairs = |seconds: &[u64]| -> Vec<(u64, u64)> {
        AMOUNTS.iter().flat_map(|a| seconds.iter().map(move |b| (*a, *b))).collect()
    };
    let rows = |found: Vec<(u64, u64)>, of: &dyn Fn(u64, u64) -> Result<u64, AmountError>| -> Vec<Value> {
        found.into_iter().map(|(a, b)| json!({ "of": [text(a), text(b)], "found": answer(of(a, b)) })).collect()
    };
    let portions: Vec<Value> = AMOUNTS
        .iter()
        .flat_map(|a| {
            [(0, 0), (0, 1), (1, 1), (1, 3), (2, 1), (1 << 63, u64::MAX), (u64::MAX - 1, u64::MAX)]
                .map(|(part, whole)| (*a, part, whole))
        })
        .map(|(a, part, whole)| {
            json!({ "of": [text(a), text(part), text(whole)], "found": answer(amount::portion(a, part, whole)) })
        })
        .collect();
    let fees: Vec<Value> = [(0, 0, 0), (100, 5_000, 5_000), (100, 5_100, 5_000), (100, 10_001, 0), (99, 3_333, 3_333)]
        .into_iter()
        .chain([(u64::MAX, 5_000, 5_000), (u64::MAX, 10_000, 0), (u64::MAX, 0, 10_000), (1, 9_999, 0)])
        .map(|(fee, burn_bps, audit_bps)| {
            let found = split_fee(fee, FeeShares { burn_bps, audit_bps }).map_or_else(
                |error| json!({ "refused": name(&error) }),
                |parts| json!({ "is": [text(parts.burnt), text(parts.audits), text(parts.treasury)] }),
            );
            json!({ "of": [text(fee), burn_bps, audit_bps], "found": found })
        })
        .collect();
    let metered_most: Vec<Value> = [(100, 105, 60), (100, 159, 60), (100, 160, 60), (100, 1_000, 60), (105, 100, 60)]
        .into_iter()
        .chain([(0, 0, 0), (i64::MIN, i64::MAX, u32::MAX), (i64::MAX, i64::MIN, 1)])
        .map(|(started, receipt, most): (i64, i64, u32)| {
            json!({ "of": [text(started), text(receipt), most], "found": text(metered_ms_max(started, receipt, most)) })
        })
        .collect();
    let outcomes: Vec<Value> = (0u8..=15)
        .map(|code| {
            let outcome = Outcome::from_code(code).expect("every code up to the last is an outcome");
            let parts = settle(outcome, 1_001, 10, 99_950, 250).expect("small numbers");
            json!({
                "outcome": code, "pays_provider": outcome.pays_provider(), "escrowed": "1001", "price_per_second": "10",
                "metered_ms": "99950", "fee_bps": 250,
                "is": [text(parts.paid), text(parts.refunded), text(parts.fee)],
            })
        })
        .collect();
    let bids: Vec<Value> = [0, 1, 2, 39, 40, 79, 80, 10_000, u64::MAX - 1, bidding::NO_BID]
        .map(|best| json!({ "best": text(best), "most": text(bidding::next_price_max(best)) }))
        .to_vec();
    let audits: Vec<Value> = [0u32, 1, 2, 3, 4, 22, 23, 24, 400, 4_000, u32::MAX]
        .into_iter()
        .flat_map(|accepted| [(accepted, 3, 500), (accepted, 0, 200), (accepted, 3, 10_000)])
        .map(|(accepted, proven, floor)| {
            json!({ "of": [accepted, proven, floor], "found": draw::audit_bps(accepted, proven, floor) })
        })
        .collect();
    let locks: Vec<Value> = [0u32, 10_000, 20_000, 516_315, 516_316, 516_317, LOCK_BPS_MAX]
        .into_iter()
        .flat_map(|least| {
            [0, 1, AUDIT_BPS_MIN - 1, AUDIT_BPS_MIN, AUDIT_BPS_MIN + 1, 500, 5_000, 9_999, 10_000, 10_001, u16::MAX]
                .map(|audited| (least, audited))
        })
        .map(|(least, audited)| json!({ "of": [least, audited], "found": lock_bps(least, audited) }))
        .collect();
    let locked: Vec<Value> = [(0, 60, 10_000), (100, 60, 20_000), (1, 1, 1), (1, 1, 9_999), (1, 1, 10_000)]
        .into_iter()
        .chain([(u64::MAX, 1, 10_000), (u64::MAX, 1, 10_001), (u64::MAX, 2, 1), (1 << 40, 86_400, LOCK_BPS_MAX)])
        .map(|(price, seconds, bps): (u64, u32, u32)| {
            let found = amount::escrow(price, seconds).and_then(|gross| amount::scale(gross, bps));
            json!({ "of": [text(price), seconds, bps], "found": answer(found) })
        })
        .collect();
    golden(
        "money.json",
        json!({
            "share": rows(pairs(&[0, 1, 250, 9_999, 10_000, 10_001]), &|a, bps| amount::share(a, bps as u16)),
            "scale": rows(pairs(&[0, 1, 9_999, 10_000, 10_001, u64::from(u32::MAX)]), &|a, bps| amount::scale(a, bps as u32)),
            "metered": rows(pairs(&[0, 1, 999, 1_000, 1_001, 86_400_000, u64::MAX]), &amount::metered),
            "escrow": rows(pairs(&[0, 1, 2, 86_400, u64::from(u32::MAX)]), &|a, s| amount::escrow(a, s as u32)),
            "portion": portions,
            "split_fee": fees,
            "metered_ms_max": metered_most,
            "settle": outcomes,
            "next_bid_max": bids,
            "audit_bps": audits,
            "lock_bps": locks,
            "lock": locked,
        }),
    );
}

const NEED: Requirements = Requirements {
    tier: 2,
    gpu_count: 2,
    vram_mib: 16_384,
    region: 756,
    uptime_bps: 9_500,
    allow_simulated: false,
    price_ceiling_per_second: 100,
    certificate_age_seconds_max: 3_600,
};
const CERTIFICATE: Certificate = Certificate { age_seconds: 3_600, tier: 2, vram_mib: 16_384 };
const HAVE: Capability = Capability {
    active: true,
    tier: 2,
    gpu_count: 2,
    vram_mib: 16_384,
    region: 756,
    uptime_bps: 9_500,
    simulated: false,
    price_per_second: 100,
    free_stake: 50,
    lock: 50,
    certificate: Some(CERTIFICATE),
};

fn refusal(mismatch: Mismatch) -> Value {
    let (required, found) = match mismatch {
        Mismatch::ProviderInactive | Mismatch::SimulatedDevice | Mismatch::CertificateMissing => {
            (Value::Null, Value::Null)
        }
        Mismatch::TierTooLow { required, offered } | Mismatch::GpuCountTooSmall { required, offered } => {
            (text(required), text(offered))
        }
        Mismatch::VramTooSmall { required, offered } => (text(required), text(offered)),
        Mismatch::RegionDiffers { required, offered } | Mismatch::UptimeTooLow { required, offered } => {
            (text(required), text(offered))
        }
        Mismatch::PriceAboveCeiling { ceiling, asked } => (text(ceiling), text(asked)),
        Mismatch::FreeStakeTooSmall { required, free } => (text(required), text(free)),
        Mismatch::CertificateTooOld { age_seconds_max, age_seconds } => (text(age_seconds_max), text(age_seconds)),
    };
    json!({ "name": name(&mismatch), "required": required, "found": found })
}

fn matched(need: Requirements, have: Capability) -> Value {
    json!({
        "need": {
            "tier": need.tier, "gpu_count": need.gpu_count, "vram_mib": need.vram_mib, "region": need.region,
            "uptime_bps": need.uptime_bps, "allow_simulated": need.allow_simulated,
            "price_ceiling_per_second": text(need.price_ceiling_per_second),
            "certificate_age_seconds_max": need.certificate_age_seconds_max,
        },
        "have": {
            "active": have.active, "tier": have.tier, "gpu_count": have.gpu_count, "vram_mib": have.vram_mib,
            "region": have.region, "uptime_bps": have.uptime_bps, "simulated": have.simulated,
            "price_per_second": text(have.price_per_second), "free_stake": text(have.free_stake),
            "lock": text(have.lock),
            "certificate": have.certificate.map(|found| json!({
                "age_seconds": text(found.age_seconds), "tier": found.tier, "vram_mib": found.vram_mib,
            })),
        },
        "refused": fits(&need, &have).err().map(refusal),
    })
}

/// Each requirement just met, missed by one, and met with room.
#[test]
fn vectors_of_matching_never_change() {
    let certified = |change: &dyn Fn(&mut Certificate)| {
        let mut found = CERTIFICATE;
        change(&mut found);
        Capability { certificate: Some(found), ..HAVE }
    };
    let mut rows = vec![matched(NEED, HAVE)];
    for active in [false, true] {
        for (simulated, allow_simulated) in [(false, false), (true, false), (false, true), (true, true)] {
            rows.push(matched(Requirements { allow_simulated, ..NEED }, Capability { active, simulated, ..HAVE }));
        }
    }
    for step in [-1i8, 0, 1] {
        let by = |value: u64| value.wrapping_add_signed(i64::from(step));
        let have = [
            Capability { tier: by(2) as u8, ..HAVE },
            Capability { gpu_count: by(2) as u8, ..HAVE },
            Capability { vram_mib: by(16_384) as u32, ..HAVE },
            Capability { region: by(756) as u16, ..HAVE },
            Capability { uptime_bps: by(9_500) as u16, ..HAVE },
            Capability { price_per_second: by(100), ..HAVE },
            Capability { free_stake: by(50), ..HAVE },
            certified(&|found| found.age_seconds = by(3_600)),
            certified(&|found| found.tier = by(2) as u8),
            certified(&|found| found.vram_mib = by(16_384) as u32),
        ];
        rows.extend(have.map(|have| matched(NEED, have)));
    }
    for need in [
        Requirements { region: 0, ..NEED },
        Requirements { certificate_age_seconds_max: 0, ..NEED },
        Requirements { certificate_age_seconds_max: 1, ..NEED },
        Requirements { price_ceiling_per_second: u64::MAX, ..NEED },
        Requirements { tier: 0, gpu_count: 0, vram_mib: 0, uptime_bps: 0, price_ceiling_per_second: 0, ..NEED },
    ] {
        for have in [
            HAVE,
            Capability { certificate: None, region: 1, ..HAVE },
            Capability { certificate: None, ..HAVE },
            Capability { price_per_second: u64::MAX, lock: u64::MAX, free_stake: u64::MAX, ..HAVE },
            Capability { price_per_second: 0, lock: 0, free_stake: 0, ..HAVE },
            certified(&|found| found.age_seconds = u64::MAX),
        ] {
            rows.push(matched(need, have));
        }
    }
    // Of several that fail, the first in the fixed order is named.
    let mut worst = HAVE;
    let spoil: [fn(&mut Capability); 9] = [
        |have| have.free_stake = 0,
        |have| have.price_per_second = 101,
        |have| have.uptime_bps = 0,
        |have| have.region = 1,
        |have| have.certificate = None,
        |have| have.vram_mib = 0,
        |have| have.gpu_count = 0,
        |have| have.tier = 0,
        |have| have.simulated = true,
    ];
    for one in spoil {
        one(&mut worst);
        rows.push(matched(NEED, worst));
    }
    rows.push(matched(NEED, Capability { active: false, ..worst }));
    golden("matching.json", json!({ "cases": rows }));
}

/// A service of 1,000 seconds, healthy since 10,000, whose last usage was measured at 10,500.
const METER: Meter = Meter {
    started_at: 10_000,
    paused_at: 0,
    ended_at: 0,
    paused_ms: 0,
    max_seconds: 1_000,
    usage_ms: 490_000,
    usage_at: 10_500,
    usage_timeout_seconds: 120,
};

fn meter_json(meter: &Meter) -> Value {
    json!({
        "started_at": text(meter.started_at), "paused_at": text(meter.paused_at), "ended_at": text(meter.ended_at),
        "paused_ms": text(meter.paused_ms), "max_seconds": meter.max_seconds, "usage_ms": text(meter.usage_ms),
        "usage_at": text(meter.usage_at), "usage_timeout_seconds": meter.usage_timeout_seconds,
    })
}

fn instants(meter: &Meter, now: i64) -> Value {
    json!({
        "meter": meter_json(meter), "now": text(now), "dry_at": text(meter.dry_at()), "is_dry": meter.is_dry(now),
        "running_ms": text(meter.running_ms(now)), "usage_ms_max": text(meter.usage_ms_max(now)),
        "silent_after": text(meter.silent_after()), "is_dead": meter.is_dead(now),
        "pause_over_after": text(meter.pause_over_after()), "expires_after": text(meter.expires_after()),
        "availability_bps": meter.availability_bps(now), "sla_due": text(meter.sla_due(now, 1_000_003, 9_500)),
        "sla_due_of_all": text(meter.sla_due(now, u64::MAX, 10_000)),
    })
}

#[test]
fn vectors_of_a_services_meter_never_change() {
    let mut paused = METER;
    paused.pause();
    let mut resumed = paused;
    resumed.max_seconds = 2_000;
    resumed.resume(11_900);
    let meters = [
        METER,
        Meter { started_at: 0, usage_ms: 0, usage_at: 0, ..METER },
        Meter { ended_at: 10_700, ..METER },
        Meter { ended_at: 12_000, ..METER },
        Meter { usage_at: 10_950, usage_ms: 940_000, ..METER },
        Meter { usage_ms: 0, usage_at: 0, ..METER },
        Meter { usage_ms: u64::MAX, ..METER },
        Meter { paused_ms: 499, ..METER },
        paused,
        resumed,
        Meter { ended_at: 12_000, ..paused },
        Meter { max_seconds: SERVICE_SECONDS_MAX, ..METER },
        Meter { started_at: i64::MAX - 5, usage_at: i64::MAX, paused_ms: u64::MAX, max_seconds: u32::MAX, ..METER },
    ];
    let rows: Vec<Value> = meters
        .iter()
        .flat_map(|meter| {
            let dry = meter.dry_at();
            let over = dry.saturating_add(PAUSE_SECONDS_MAX);
            [0, 9_999, 10_000, 10_001, 10_599, 10_600, 10_620, 10_621, 10_900, dry.saturating_sub(1), dry]
                .into_iter()
                .chain([dry.saturating_add(1), over, over.saturating_add(1), i64::MIN, i64::MAX])
                .map(|now| instants(meter, now))
        })
        .collect();
    let reports: Vec<Value> = [
        (490_000, 10_500, 10_600),
        (490_000, 10_501, 10_600),
        (489_999, 10_600, 10_600),
        (600_999, 10_600, 10_600),
        (601_000, 10_600, 10_600),
        (601_001, 10_600, 10_600),
        (600_000, 99_999, 10_600),
        (500_000, 10_400, 10_600),
        (1_000_000, 11_000, 11_000),
        (1_000_001, 11_000, 99_999),
        (u64::MAX, 11_000, i64::MAX),
    ]
    .into_iter()
    .map(|(usage_ms, measured_at, now)| {
        let mut meter = METER;
        let found = match meter.accept(usage_ms, measured_at, now) {
            Ok(fresh) => json!({ "fresh": fresh, "usage_ms": text(meter.usage_ms), "usage_at": text(meter.usage_at) }),
            Err(UsageError::TooMuch { most, .. }) => json!({ "refused": "TooMuch", "most": text(most) }),
        };
        json!({ "of": [text(usage_ms), text(measured_at), text(now)], "found": found })
    })
    .collect();
    golden(
        "service.json",
        json!({ "instants": rows, "reports_from": meter_json(&METER), "reports": reports,
        "top_up": top_ups(), "streamable": draws() }),
    );
}

fn top_ups() -> Vec<Value> {
    [
        // escrowed, price, length, seconds added, whether the surplus is the payer's own
        (60_000, 100, 600, 60, false),
        (60_000, 100, 600, 60, true),
        (65_000, 100, 600, 60, true),
        (66_000, 100, 600, 60, true),
        (90_000, 100, 600, 60, true),
        (60_000, 100, 600, 0, true),
        (60_000, 100, SERVICE_SECONDS_MAX - 1, 1, false),
        (60_000, 100, SERVICE_SECONDS_MAX - 1, 2, false),
        (60_000, 100, SERVICE_SECONDS_MAX, 1, true),
        (60_000, 100, u32::MAX, 1, true),
        (u64::MAX, 1, 1, 1, false),
        (u64::MAX - 1, 1, 1, 1, false),
        (0, u64::MAX, 1, 1, true),
    ]
    .into_iter()
    .map(|(escrowed, price, length, seconds, surplus)| {
        let found = match top_up(escrowed, price, length, seconds, surplus) {
            Ok((atoms, longer)) => json!({ "atoms": text(atoms), "max_seconds": longer }),
            Err(TopUpError::Amount(error)) => json!({ "refused": name(&error) }),
            Err(TopUpError::Seconds { most, .. }) => json!({ "refused": "Seconds", "most": most }),
        };
        json!({ "of": [text(escrowed), text(price), length, seconds, surplus], "found": found })
    })
    .collect()
}

fn draws() -> Vec<Value> {
    [
        (100_000, 100, 0, 250, 0),
        (100_000, 100, 9_999, 250, 0),
        (100_000, 100, 10_000, 250, 975),
        (100_000, 100, 10_000, 250, 976),
        (100_000, 100, 1_000_000, 250, 0),
        (100_000, 100, 1_000_001, 250, 97_500),
        (100_000, 100, 1_000_001, 250, 97_501),
        (100_000, 100, 1_000_000, 10_001, 0),
        (u64::MAX, u64::MAX, 1_001, 0, 0),
    ]
    .into_iter()
    .map(|(escrowed, price, usage_ms, fee_bps, streamed)| {
        json!({
            "of": [text(escrowed), text(price), text(usage_ms), fee_bps, text(streamed)],
            "found": answer(streamable(escrowed, price, usage_ms, fee_bps, streamed)),
        })
    })
    .collect()
}

/// A board that is played on: what each move answers, and what the maps say afterwards.
#[test]
fn vectors_of_arrays_never_change() {
    let (mut taken, mut done) = ([0u64; TASK_WORDS], [0u64; TASK_WORDS]);
    let mut issued = [0u8; TASKS_MAX as usize];
    let mut counts = [0u16; 3];
    let (tasks_total, attempts_max) = (130u16, 2u8);
    let mut moves = Vec::new();
    // task, and whether it is taken (null), given back unpaid (false) or paid (true)
    for (task, paid) in [
        (0, None),
        (63, None),
        (64, None),
        (129, None),
        (130, None),
        (0, None),
        (0, Some(true)),
        (0, None),
        (63, Some(false)),
        (63, None),
        (63, Some(false)),
        (63, None),
        (129, Some(true)),
        (5, Some(true)),
        (127, None),
        (128, None),
        (128, Some(false)),
    ] {
        let [taken_count, done_count, failed_count] = &mut counts;
        let mut board = Board {
            tasks_total,
            attempts_max,
            taken: &mut taken,
            done: &mut done,
            issued: &mut issued,
            taken_count,
            done_count,
            failed_count,
        };
        let found = match paid {
            None => board.take(task).map(|attempt| json!({ "attempt": attempt })),
            Some(paid) => board.give_back(task, paid).map(|()| json!({})),
        };
        moves.push(json!({
            "task": task, "paid": paid, "found": found.unwrap_or_else(|error| json!({ "refused": name(&error) })),
        }));
    }
    let words = |map: &[u64; TASK_WORDS]| map.iter().map(text).collect::<Vec<_>>();
    let standing: Map<String, Value> = (0..tasks_total)
        .filter_map(|task| {
            let has = |map: &[u64; TASK_WORDS]| map[usize::from(task / 64)] >> (task % 64) & 1 == 1;
            let state = if has(&done) {
                "done"
            } else if has(&taken) {
                "taken"
            } else if issued[usize::from(task)] >= attempts_max {
                "failed"
            } else if issued[usize::from(task)] > 0 {
                "free"
            } else {
                return None;
            };
            Some((task.to_string(), json!({ "state": state, "issued": issued[usize::from(task)] })))
        })
        .collect();
    let indices: Vec<Value> = [(0, 0), (0, 1), (0, u16::MAX), (1, 0), (1_763_730_000, 1_023), (u32::MAX, u16::MAX)]
        .into_iter()
        .map(|(array, task)| json!({ "array": array, "task": task, "job_index": text(job_index(array, task)) }))
        .collect();
    golden(
        "arrays.json",
        json!({
            "tasks_total": tasks_total, "attempts_max": attempts_max, "moves": moves, "taken": words(&taken),
            "done": words(&done), "issued": hex::encode(issued), "taken_count": counts[0], "done_count": counts[1],
            "failed_count": counts[2], "standing": standing, "job_indices": indices,
        }),
    );
}

#[test]
fn vectors_of_usage_never_change() {
    let report = |usage_ms: u64, measured_at: i64| UsageReport {
        domain: Domain([1; 32]),
        job: JobKey([2; 32]),
        attempt: 3,
        nonce: u64::MAX - 4,
        usage_ms,
        measured_at,
    };
    let rows: Vec<Value> = [(5, 1_700_000_006), (0, 0), (u64::MAX, i64::MAX), (1 << 53, -1)]
        .into_iter()
        .map(|(usage_ms, measured_at)| {
            let bytes = report(usage_ms, measured_at).encode();
            json!({
                "domain": "01 x 32", "job": "02 x 32", "attempt": 3, "nonce": text(u64::MAX - 4),
                "usage_ms": text(usage_ms), "measured_at": text(measured_at), "report": hex::encode(bytes),
                "signed_message": hex::encode(envelope(Kind::Usage, &sha256(&[&bytes]))),
            })
        })
        .collect();
    golden("usage.json", json!({ "reports": rows }));
}
