//! How a type of the IDL looks in Rust and in bytes.

use std::collections::BTreeMap;

use anchor_lang_idl::types::{IdlArrayLen, IdlDefinedFields, IdlField, IdlType, IdlTypeDef, IdlTypeDefTy};
use anyhow::{Context, Result, bail};

/// The IDL's own types, by name.
pub struct Types<'a>(BTreeMap<&'a str, &'a IdlTypeDef>);

impl<'a> Types<'a> {
    pub fn new(defs: &'a [IdlTypeDef]) -> Self {
        Self(defs.iter().map(|def| (def.name.as_str(), def)).collect())
    }

    pub fn get(&self, name: &str) -> Result<&'a IdlTypeDef> {
        self.0.get(name).copied().with_context(|| format!("the type {name} is not in the IDL"))
    }

    /// The type in Rust's notation.
    pub fn rust(&self, ty: &IdlType) -> Result<String> {
        Ok(match ty {
            IdlType::Bool => "bool".into(),
            IdlType::U8 => "u8".into(),
            IdlType::I8 => "i8".into(),
            IdlType::U16 => "u16".into(),
            IdlType::I16 => "i16".into(),
            IdlType::U32 => "u32".into(),
            IdlType::I32 => "i32".into(),
            IdlType::U64 => "u64".into(),
            IdlType::I64 => "i64".into(),
            IdlType::U128 => "u128".into(),
            IdlType::I128 => "i128".into(),
            IdlType::Pubkey => "Address".into(),
            IdlType::String => "String".into(),
            IdlType::Bytes => "Vec<u8>".into(),
            IdlType::Vec(item) => format!("Vec<{}>", self.rust(item)?),
            IdlType::Option(item) => format!("Option<{}>", self.rust(item)?),
            IdlType::Array(item, len) => format!("[{}; {}]", self.rust(item)?, length(len)?),
            IdlType::Defined { name, generics } if generics.is_empty() => self.get(name)?.name.clone(),
            other => bail!("the type {other:?} has no client representation: use a fixed array or a plain struct"),
        })
    }

    /// The number of bytes, where every value takes the same.
    pub fn size(&self, ty: &IdlType) -> Result<Option<usize>> {
        Ok(match ty {
            IdlType::Bool | IdlType::U8 | IdlType::I8 => Some(1),
            IdlType::U16 | IdlType::I16 => Some(2),
            IdlType::U32 | IdlType::I32 => Some(4),
            IdlType::U64 | IdlType::I64 => Some(8),
            IdlType::U128 | IdlType::I128 => Some(16),
            IdlType::Pubkey => Some(32),
            IdlType::Array(item, len) => {
                let len = length(len)?;
                self.size(item)?.map(|size| size * len)
            }
            IdlType::Defined { name, .. } => match &self.get(name)?.ty {
                IdlTypeDefTy::Struct { fields } => {
                    let sizes = named(fields.as_ref())?.iter().map(|field| self.size(&field.ty));
                    sizes.collect::<Result<Option<Vec<_>>>>()?.map(|sizes| sizes.iter().sum())
                }
                IdlTypeDefTy::Enum { variants } => variants.iter().all(|variant| variant.fields.is_none()).then_some(1),
                other => bail!("the type {name} is neither struct nor enum: {other:?}"),
            },
            _ => None,
        })
    }
}

/// The fields of a struct. Tuples have no field names, and so no stable meaning for a client.
pub fn named(fields: Option<&IdlDefinedFields>) -> Result<&[IdlField]> {
    match fields {
        None => Ok(&[]),
        Some(IdlDefinedFields::Named(fields)) => Ok(fields),
        Some(IdlDefinedFields::Tuple(_)) => bail!("tuple structs are not supported: name the fields"),
    }
}

fn length(len: &IdlArrayLen) -> Result<usize> {
    match len {
        IdlArrayLen::Value(len) => Ok(*len),
        IdlArrayLen::Generic(name) => bail!("the array length {name} is generic"),
    }
}
