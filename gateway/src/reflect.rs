//! Reads accounts, arguments and events field by field, as `idl/` describes them: whatever the programs add is shown
//! without a change here. What is decided on is read through the generated client instead.

use std::{collections::BTreeMap, sync::LazyLock};

use proofmill_client::{arbiter, market};
use serde::Deserialize;
use serde_json::{Map, Value};
use solana_address::Address;

/// Deepest nesting of a description that is followed: the programs nest two deep.
const DEPTH_MAX: u8 = 8;

/// Integers beyond this lose digits in JSON numbers.
const SAFE_INTEGER: u64 = (1 << 53) - 1;

/// Which of the two programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Program {
    Market,
    Arbiter,
}

impl Program {
    pub const ALL: [Self; 2] = [Self::Market, Self::Arbiter];

    pub fn address(self) -> Address {
        match self {
            Self::Market => market::ID,
            Self::Arbiter => arbiter::ID,
        }
    }

    pub fn of(address: &Address) -> Option<Self> {
        Self::ALL.into_iter().find(|program| program.address() == *address)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Arbiter => "arbiter",
        }
    }

    pub const fn code(self) -> u8 {
        match self {
            Self::Market => 1,
            Self::Arbiter => 2,
        }
    }

    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|program| program.code() == code)
    }

    fn description(self) -> &'static Description {
        static MARKET: LazyLock<Description> =
            LazyLock::new(|| Description::read(include_str!("../../idl/market.json")));
        static ARBITER: LazyLock<Description> =
            LazyLock::new(|| Description::read(include_str!("../../idl/arbiter.json")));
        match self {
            Self::Market => &MARKET,
            Self::Arbiter => &ARBITER,
        }
    }
}

/// An event, field by field.
#[derive(Clone, Debug, PartialEq)]
pub struct Reflected {
    pub name: &'static str,
    pub fields: Map<String, Value>,
    /// Every address in it, in order, each once.
    pub addresses: Vec<Address>,
}

/// The event in logged data, if the description knows it and its bytes fit.
pub fn event(program: Program, data: &[u8]) -> Option<Reflected> {
    let description = program.description();
    let (discriminator, mut rest) = data.split_first_chunk::<8>()?;
    let name = description.events.get(discriminator)?;
    let mut addresses = Vec::new();
    let fields = description.structure(name, &mut rest, &mut addresses, 0)?;
    Some(Reflected { name, fields, addresses })
}

/// Name of the event in logged data.
pub fn event_name(program: Program, data: &[u8]) -> Option<&'static str> {
    let discriminator = data.first_chunk::<8>()?;
    program.description().events.get(discriminator).map(String::as_str)
}

/// Whether the program has an event of this name.
pub fn has_event(name: &str) -> bool {
    Program::ALL.iter().any(|program| program.description().events.values().any(|known| known == name))
}

/// A described type in `data`, reserved bytes left out.
pub fn fields(program: Program, name: &str, data: &[u8]) -> Option<Map<String, Value>> {
    let mut rest = data;
    program.description().structure(name, &mut rest, &mut Vec::new(), 0)
}

struct Description {
    events: BTreeMap<[u8; 8], String>,
    structures: BTreeMap<String, Vec<(String, Shape)>>,
}

enum Shape {
    Bool,
    Unsigned(usize),
    Signed(usize),
    Address,
    Text,
    Bytes,
    Array(Box<Shape>, usize),
    List(Box<Shape>),
    Optional(Box<Shape>),
    Named(String),
}

#[derive(Deserialize)]
struct Idl {
    #[serde(default)]
    events: Vec<IdlEvent>,
    #[serde(default)]
    types: Vec<IdlType>,
}

#[derive(Deserialize)]
struct IdlEvent {
    name: String,
    discriminator: [u8; 8],
}

#[derive(Deserialize)]
struct IdlType {
    name: String,
    #[serde(rename = "type")]
    body: IdlBody,
}

#[derive(Deserialize)]
struct IdlBody {
    #[serde(default)]
    fields: Vec<Value>,
}

impl Description {
    /// The interface descriptions are part of this binary and a test reads them: one that is damaged describes nothing.
    fn read(text: &str) -> Self {
        let idl: Idl = serde_json::from_str(text).unwrap_or(Idl { events: Vec::new(), types: Vec::new() });
        let structures = idl
            .types
            .into_iter()
            .map(|described| {
                let fields = described.body.fields.iter().filter_map(|field| {
                    let name = field.get("name")?.as_str()?.to_owned();
                    Some((name, Shape::read(field.get("type")?)?))
                });
                (described.name, fields.collect())
            })
            .collect();
        Self { events: idl.events.into_iter().map(|event| (event.discriminator, event.name)).collect(), structures }
    }

    fn structure(
        &self,
        name: &str,
        rest: &mut &[u8],
        addresses: &mut Vec<Address>,
        depth: u8,
    ) -> Option<Map<String, Value>> {
        if depth > DEPTH_MAX {
            return None;
        }
        let mut out = Map::new();
        for (name, shape) in self.structures.get(name)? {
            let value = self.value(shape, rest, addresses, depth)?;
            if !name.starts_with("reserved") {
                out.insert(name.clone(), value);
            }
        }
        Some(out)
    }

    fn value(&self, shape: &Shape, rest: &mut &[u8], addresses: &mut Vec<Address>, depth: u8) -> Option<Value> {
        if depth > DEPTH_MAX {
            return None;
        }
        let deeper = depth.saturating_add(1);
        Some(match shape {
            Shape::Bool => Value::Bool(take(rest, 1)?.first() != Some(&0)),
            Shape::Unsigned(size) => unsigned(take(rest, *size)?),
            Shape::Signed(size) => signed(take(rest, *size)?),
            Shape::Address => {
                let address = Address::new_from_array(take(rest, 32)?.try_into().ok()?);
                if !addresses.contains(&address) {
                    addresses.push(address);
                }
                Value::String(address.to_string())
            }
            Shape::Text => {
                let length = length(rest)?;
                Value::String(String::from_utf8_lossy(take(rest, length)?).into_owned())
            }
            Shape::Bytes => {
                let length = length(rest)?;
                Value::String(hex::encode(take(rest, length)?))
            }
            Shape::Array(of, count) if matches!(**of, Shape::Unsigned(1)) => {
                Value::String(hex::encode(take(rest, *count)?))
            }
            Shape::Array(of, count) => self.values(of, *count, rest, addresses, deeper)?,
            Shape::List(of) => {
                let count = length(rest)?;
                self.values(of, count, rest, addresses, deeper)?
            }
            Shape::Optional(of) => match take(rest, 1)?.first()? {
                0 => Value::Null,
                _ => self.value(of, rest, addresses, deeper)?,
            },
            Shape::Named(name) => Value::Object(self.structure(name, rest, addresses, deeper)?),
        })
    }

    fn values(
        &self,
        of: &Shape,
        count: usize,
        rest: &mut &[u8],
        addresses: &mut Vec<Address>,
        depth: u8,
    ) -> Option<Value> {
        let mut out = Vec::new();
        for _ in 0..count {
            out.push(self.value(of, rest, addresses, depth)?);
        }
        Some(Value::Array(out))
    }
}

impl Shape {
    fn read(described: &Value) -> Option<Self> {
        if let Some(name) = described.as_str() {
            return Some(match name {
                "bool" => Self::Bool,
                "u8" => Self::Unsigned(1),
                "u16" => Self::Unsigned(2),
                "u32" => Self::Unsigned(4),
                "u64" => Self::Unsigned(8),
                "u128" => Self::Unsigned(16),
                "i8" => Self::Signed(1),
                "i16" => Self::Signed(2),
                "i32" => Self::Signed(4),
                "i64" => Self::Signed(8),
                "i128" => Self::Signed(16),
                "pubkey" => Self::Address,
                "string" => Self::Text,
                "bytes" => Self::Bytes,
                _ => return None,
            });
        }
        let (kind, of) = described.as_object()?.iter().next()?;
        Some(match kind.as_str() {
            "array" => {
                let (of, count) = (of.get(0)?, of.get(1)?.as_u64()?);
                Self::Array(Box::new(Self::read(of)?), usize::try_from(count).ok()?)
            }
            "vec" => Self::List(Box::new(Self::read(of)?)),
            "option" => Self::Optional(Box::new(Self::read(of)?)),
            "defined" => Self::Named(of.get("name").unwrap_or(of).as_str()?.to_owned()),
            _ => return None,
        })
    }
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (head, tail) = rest.split_at_checked(count)?;
    *rest = tail;
    Some(head)
}

/// A length cannot exceed what is left: every element takes a byte at least.
fn length(rest: &mut &[u8]) -> Option<usize> {
    let length = usize::try_from(u32::from_le_bytes(take(rest, 4)?.try_into().ok()?)).ok()?;
    (length <= rest.len()).then_some(length)
}

/// 64 bits and more are texts always, so that a field has one type whatever its value.
fn unsigned(bytes: &[u8]) -> Value {
    let value = bytes.iter().rev().fold(0u128, |value, byte| value << 8 | u128::from(*byte));
    match u32::try_from(value) {
        Ok(small) if bytes.len() <= 4 => Value::from(small),
        _ => Value::String(value.to_string()),
    }
}

/// The programs keep only instants in signed 64 bits: numbers, as far as JSON keeps them.
fn signed(bytes: &[u8]) -> Value {
    let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    let fill = if negative { -1i128 } else { 0 };
    let value = bytes.iter().rev().fold(fill, |value, byte| value << 8 | i128::from(*byte));
    match i64::try_from(value) {
        Ok(number) if number.unsigned_abs() <= SAFE_INTEGER => Value::from(number),
        _ => Value::String(value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_described_event_is_read_and_bytes_that_end_early_are_none() {
        for program in Program::ALL {
            let description = program.description();
            assert!(description.events.len() > 30, "{program:?}");
            for (discriminator, name) in &description.events {
                let mut data = discriminator.to_vec();
                data.extend([0xff; 2_000]);
                // Lists of 2^32 elements do not fit and are refused; what has none is read.
                let lists = description.structures[name].iter().any(|(_, shape)| matches!(shape, Shape::List(_)));
                assert_eq!(event(program, &data).is_some(), !lists, "{name}");
                assert_eq!(event_name(program, &data), Some(name.as_str()));
                for end in 0..12.min(data.len()) {
                    let _ = event(program, &data[..end]);
                }
            }
        }
    }

    #[test]
    fn an_event_shows_what_the_generated_client_reads() {
        let settled = market::JobSettled {
            job: Address::new_from_array([7; 32]),
            outcome: 3,
            paid: u64::MAX,
            refunded: 0,
            fee: (1 << 53) + 1,
            slashed: 5,
            output_root: [6; 32],
        };
        let shown = event(Program::Market, &settled.encode()).unwrap();
        assert_eq!(shown.name, "JobSettled");
        assert_eq!(shown.addresses, [settled.job]);
        assert_eq!(shown.fields["job"], settled.job.to_string());
        assert_eq!(shown.fields["outcome"], 3);
        assert_eq!(shown.fields["paid"], u64::MAX.to_string());
        assert_eq!(shown.fields["refunded"], "0");
        assert_eq!(shown.fields["fee"], "9007199254740993");
    }

    #[test]
    fn instants_are_numbers_and_never_lose_digits() {
        assert_eq!(signed(&(-1i64).to_le_bytes()), -1);
        assert_eq!(signed(&1_700_000_000i64.to_le_bytes()), 1_700_000_000);
        assert_eq!(signed(&i64::MAX.to_le_bytes()), i64::MAX.to_string());
        assert_eq!(signed(&i64::MIN.to_le_bytes()), i64::MIN.to_string());
        assert_eq!(unsigned(&u64::MAX.to_le_bytes()), u64::MAX.to_string());
        assert_eq!(unsigned(&u32::MAX.to_le_bytes()), u32::MAX);
    }

    #[test]
    fn accounts_are_shown_without_what_is_reserved() {
        let config = fields(Program::Market, "Config", &[0; 400]).unwrap();
        assert!(config.contains_key("fee_bps") && config.contains_key("authority"));
        assert!(!config.keys().any(|name| name.starts_with("reserved")));
        assert!(fields(Program::Market, "Config", &[0; 10]).is_none());
        assert!(fields(Program::Market, "Nothing", &[0; 10]).is_none());
    }
}
