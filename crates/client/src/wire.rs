//! The byte layout shared by accounts, instruction data and events: little-endian, packed, in field order.
//!
//! Zero-copy accounts have no padding (the programs assert it when they compile), so the same reader serves both them
//! and the Borsh layout of instruction arguments and events: `u8` enum tags and booleans, `u32` length prefixes.

use solana_address::Address;
use thiserror::Error;

/// Why bytes are not what they were read as.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum DecodeError {
    #[error("the data ends {missing} bytes early")]
    TooShort { missing: usize },
    #[error("the discriminator is {found:?}, not {expected:?}")]
    Discriminator { expected: [u8; 8], found: [u8; 8] },
    #[error("{value} is no variant of {name}")]
    Variant { name: &'static str, value: u8 },
    #[error("the text is not UTF-8")]
    Text,
}

/// A value with a byte layout.
pub trait Wire: Sized {
    fn write(&self, out: &mut Vec<u8>);

    /// Takes the value off the front of `input`.
    fn read(input: &mut &[u8]) -> Result<Self, DecodeError>;
}

/// Takes `N` bytes off the front of `input`.
pub fn take<const N: usize>(input: &mut &[u8]) -> Result<[u8; N], DecodeError> {
    let (head, rest) =
        input.split_first_chunk::<N>().ok_or(DecodeError::TooShort { missing: N.saturating_sub(input.len()) })?;
    *input = rest;
    Ok(*head)
}

/// Takes the eight bytes that name a type off the front of `input`, and refuses any other type.
pub fn expect_discriminator(input: &mut &[u8], expected: [u8; 8]) -> Result<(), DecodeError> {
    let found = take::<8>(input)?;
    if found == expected { Ok(()) } else { Err(DecodeError::Discriminator { expected, found }) }
}

/// The number of elements of a list or bytes of a text. Every element takes at least one byte, so a length beyond the
/// rest of the input is refused before anything is allocated.
fn take_length(input: &mut &[u8]) -> Result<usize, DecodeError> {
    let length = usize::try_from(u32::read(input)?).unwrap_or(usize::MAX);
    match length.checked_sub(input.len()) {
        None | Some(0) => Ok(length),
        Some(missing) => Err(DecodeError::TooShort { missing }),
    }
}

fn write_length(length: usize, out: &mut Vec<u8>) {
    // A list of more than u32::MAX elements cannot fit into a transaction; a saturated prefix is refused by the program.
    u32::try_from(length).unwrap_or(u32::MAX).write(out);
}

macro_rules! integers {
    ($($int:ty),*) => {$(
        impl Wire for $int {
            fn write(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn read(input: &mut &[u8]) -> Result<Self, DecodeError> {
                take(input).map(<$int>::from_le_bytes)
            }
        }
    )*};
}
integers!(u8, u16, u32, u64, u128, i8, i16, i32, i64, i128);

impl Wire for bool {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn read(input: &mut &[u8]) -> Result<Self, DecodeError> {
        match u8::read(input)? {
            0 => Ok(false),
            1 => Ok(true),
            value => Err(DecodeError::Variant { name: "bool", value }),
        }
    }
}

impl Wire for Address {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_array());
    }

    fn read(input: &mut &[u8]) -> Result<Self, DecodeError> {
        take(input).map(Address::new_from_array)
    }
}

impl<T: Wire, const N: usize> Wire for [T; N] {
    fn write(&self, out: &mut Vec<u8>) {
        self.iter().for_each(|item| item.write(out));
    }

    fn read(input: &mut &[u8]) -> Result<Self, DecodeError> {
        let items = (0..N).map(|_| T::read(input)).collect::<Result<Vec<_>, _>>()?;
        items.try_into().map_err(|_| DecodeError::TooShort { missing: 0 }) // unreachable: N items were collected
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn write(&self, out: &mut Vec<u8>) {
        write_length(self.len(), out);
        self.iter().for_each(|item| item.write(out));
    }

    fn read(input: &mut &[u8]) -> Result<Self, DecodeError> {
        let length = take_length(input)?;
        (0..length).map(|_| T::read(input)).collect()
    }
}

impl<T: Wire> Wire for Option<T> {
    fn write(&self, out: &mut Vec<u8>) {
        self.is_some().write(out);
        if let Some(value) = self {
            value.write(out);
        }
    }

    fn read(input: &mut &[u8]) -> Result<Self, DecodeError> {
        bool::read(input)?.then(|| T::read(input)).transpose()
    }
}

impl Wire for String {
    fn write(&self, out: &mut Vec<u8>) {
        write_length(self.len(), out);
        out.extend_from_slice(self.as_bytes());
    }

    fn read(input: &mut &[u8]) -> Result<Self, DecodeError> {
        let length = take_length(input)?;
        let (text, rest) = input.split_at(length);
        *input = rest;
        String::from_utf8(text.to_vec()).map_err(|_| DecodeError::Text)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test fails by panicking
mod tests {
    use super::*;

    fn round_trip<T: Wire + PartialEq + std::fmt::Debug>(value: T, bytes: &[u8]) {
        let mut out = Vec::new();
        value.write(&mut out);
        assert_eq!(out, bytes);
        let mut rest = bytes;
        assert_eq!(T::read(&mut rest).unwrap(), value);
        assert!(rest.is_empty());
        for end in 0..bytes.len() {
            assert!(matches!(T::read(&mut &bytes[..end]), Err(DecodeError::TooShort { .. })), "{end} bytes accepted");
        }
    }

    #[test]
    fn values_have_their_borsh_bytes() {
        round_trip(0x0102_0304_u32, &[4, 3, 2, 1]);
        round_trip(-2_i64, &[0xfe, 255, 255, 255, 255, 255, 255, 255]);
        round_trip(true, &[1]);
        round_trip([1_u16, 2], &[1, 0, 2, 0]);
        round_trip(vec![7_u8, 8], &[2, 0, 0, 0, 7, 8]);
        round_trip(Some(5_u16), &[1, 5, 0]);
        round_trip(None::<u16>, &[0]);
        round_trip("gpu".to_owned(), &[3, 0, 0, 0, b'g', b'p', b'u']);
        round_trip(Address::new_from_array([9; 32]), &[9; 32]);
    }

    #[test]
    fn a_length_beyond_the_data_is_refused_before_allocating() {
        let bytes = [255, 255, 255, 255, 1];
        assert!(matches!(Vec::<u64>::read(&mut &bytes[..]), Err(DecodeError::TooShort { .. })));
    }

    #[test]
    fn other_values_than_0_and_1_are_no_boolean() {
        assert_eq!(bool::read(&mut &[2][..]), Err(DecodeError::Variant { name: "bool", value: 2 }));
    }
}
