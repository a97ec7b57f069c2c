//! How values look in JSON: amounts as decimal texts, addresses in base58, hashes in hexadecimal.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use solana_address::Address;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, Schema, SchemaType, Type},
    },
};

/// 64 bits without sign, as a decimal text: JSON numbers lose what is beyond 2^53.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(pub u64);

/// An address, in base58.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub Address);

/// 32 bytes, in lower hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hash32(pub [u8; 32]);

impl Hash32 {
    /// Nothing where all bytes are zero: that is how the programs say "not yet".
    pub fn known(bytes: [u8; 32]) -> Option<Self> {
        (bytes != [0; 32]).then_some(Self(bytes))
    }
}

impl Key {
    /// Nothing where the address is zero: that is how the programs say "none".
    pub fn known(address: Address) -> Option<Self> {
        (address != Address::default()).then_some(Self(address))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Key {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| "an address is 32 bytes in base58")
    }
}

impl FromStr for Amount {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // `u64::from_str` takes a leading plus, which is no decimal text of ours.
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten().map(Self).ok_or("an amount is a decimal text below 2^64")
    }
}

impl FromStr for Hash32 {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| "a hash is 64 hexadecimal digits")?;
        Ok(Self(bytes))
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl Serialize for Hash32 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

macro_rules! read_as_text {
    ($($name:ty),*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(D::Error::custom)
            }
        }
    )*};
}
read_as_text!(Amount, Key, Hash32);

fn text_schema(pattern: &str, description: &str, example: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::String))
        .pattern(Some(pattern))
        .description(Some(description))
        .examples([serde_json::Value::from(example)])
        .build()
        .into()
}

macro_rules! text_schemas {
    ($($name:ident, $pattern:literal, $description:literal, $example:literal;)*) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                text_schema($pattern, $description, $example)
            }
        }
        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    )*};
}
text_schemas! {
    Amount, "^[0-9]{1,20}$", "64 bits without sign as a decimal text.", "1000000";
    Key, "^[1-9A-HJ-NP-Za-km-z]{32,44}$", "32 bytes in base58.", "4RxD8qYa4468A16255q7Jv6v3L2T17wLbcfo9De1baRC";
    Hash32, "^[0-9a-f]{64}$", "32 bytes in lower hexadecimal.",
        "0000000000000000000000000000000000000000000000000000000000000001";
}

/// Zero-padded text of an account: what is not UTF-8 is replaced, and the padding cut.
pub fn padded_text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned()
}

/// An endpoint of a node: `[ip]:port`, or nothing where it did not say.
pub fn endpoint(ip: [u8; 16], port: u16) -> Option<String> {
    if port == 0 {
        return None;
    }
    let ip = std::net::IpAddr::V6(std::net::Ipv6Addr::from(ip)).to_canonical();
    Some(std::net::SocketAddr::new(ip, port).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_beyond_2_to_the_53_survive_json() {
        for value in [0, 1, (1 << 53) + 1, u64::MAX] {
            let json = serde_json::to_string(&Amount(value)).unwrap();
            assert_eq!(json, format!("\"{value}\""));
            assert_eq!(serde_json::from_str::<Amount>(&json).unwrap(), Amount(value));
        }
        for wrong in ["\"-1\"", "\"+1\"", "\"\"", "\" 1\"", "\"1.0\"", "\"18446744073709551616\"", "1", "\"1e3\""] {
            assert!(serde_json::from_str::<Amount>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn addresses_and_hashes_are_read_strictly() {
        assert!("".parse::<Key>().is_err());
        assert!("<script>".parse::<Key>().is_err());
        assert!("1111".parse::<Key>().is_err());
        assert_eq!("11111111111111111111111111111111".parse::<Key>(), Ok(Key(Address::default())));
        assert!("00".parse::<Hash32>().is_err());
        assert!("g".repeat(64).parse::<Hash32>().is_err());
    }

    #[test]
    fn what_is_no_text_becomes_text_without_harm() {
        assert_eq!(padded_text(b"RTX\0\0junk"), "RTX");
        assert_eq!(padded_text(&[0xff, b'a', 0]), "\u{fffd}a");
        assert_eq!(padded_text("\u{202e}<b>".as_bytes()), "\u{202e}<b>");
        assert_eq!(endpoint([0; 16], 0), None);
        assert_eq!(endpoint(std::net::Ipv4Addr::LOCALHOST.to_ipv6_mapped().octets(), 9), Some("127.0.0.1:9".into()));
    }
}
