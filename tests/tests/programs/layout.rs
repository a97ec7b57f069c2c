//! Where every field of an instruction's arguments and of an account lies, from the interface descriptions.

use crate::laws::*;
use serde_json::Value;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Unsigned,
    Signed,
    Address,
    Bytes,
}

/// One field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub offset: usize,
    pub len: usize,
    pub kind: Kind,
}

/// The interface descriptions of both programs.
pub struct Interface {
    programs: Vec<(Address, Value)>,
}

impl Interface {
    pub fn read() -> Self {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../idl");
        let read = |name: &str| -> Value {
            serde_json::from_str(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap()
        };
        Self { programs: vec![(market::ID, read("market.json")), (arbiter::ID, read("arbiter.json"))] }
    }

    fn program(&self, id: &Address) -> &Value {
        &self.programs.iter().find(|(program, _)| program == id).expect("one of the two programs").1
    }

    /// The arguments of an instruction, behind its discriminator, as they lie in `data`.
    pub fn arguments(&self, program: &Address, instruction: &str, data: &[u8]) -> Vec<Field> {
        let idl = self.program(program);
        let found = list(&idl["instructions"]).find(|item| item["name"] == instruction).expect("an instruction");
        let mut fields = Vec::new();
        let mut offset = 8;
        for argument in list(&found["args"]) {
            lay(idl, &text(&argument["name"]), &argument["type"], data, &mut offset, &mut fields);
        }
        assert_eq!(offset, data.len(), "{instruction}: the interface description gives its length");
        fields
    }

    /// Name and discriminator of every account type of a program.
    pub fn accounts(&self, program: &Address) -> Vec<(String, [u8; 8])> {
        let bytes = |value: &Value| -> Vec<u8> { list(value).map(|byte| byte.as_u64().unwrap() as u8).collect() };
        list(&self.program(program)["accounts"])
            .map(|item| (text(&item["name"]), bytes(&item["discriminator"]).try_into().unwrap()))
            .collect()
    }

    /// The fields of the account type that `data` begins like, discriminator skipped; and its name.
    pub fn account(&self, program: &Address, data: &[u8]) -> Option<(String, Vec<Field>)> {
        let (name, _) = self.accounts(program).into_iter().find(|(_, tag)| data.starts_with(tag))?;
        let idl = self.program(program);
        let mut fields = Vec::new();
        let mut offset = 8;
        lay(idl, "", &serde_json::json!({ "defined": { "name": name } }), data, &mut offset, &mut fields);
        assert_eq!(offset, data.len(), "{name}: the interface description gives its length");
        Some((name, fields))
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().expect("a list").iter()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a name").to_owned()
}

/// How many elements of a list follow their count at `offset`.
fn counted(data: &[u8], offset: usize) -> usize {
    u32::from_le_bytes(data[offset..offset + 4].try_into().unwrap()) as usize
}

/// Appends the fields of `ty` at `offset`, which moves behind them. A type of unknown size is a fault of this reader.
fn lay(idl: &Value, name: &str, ty: &Value, data: &[u8], offset: &mut usize, fields: &mut Vec<Field>) {
    let listed = ty == "bytes" || !ty["vec"].is_null();
    let count = if listed { counted(data, *offset) } else { 0 };
    let mut put = |len: usize, kind: Kind| {
        fields.push(Field { name: name.to_owned(), offset: *offset, len, kind });
        *offset += len;
    };
    if let Some(scalar) = ty.as_str() {
        let bits = |prefix: &str| scalar.strip_prefix(prefix).and_then(|bits| bits.parse::<usize>().ok());
        match (bits("u"), bits("i"), scalar) {
            (Some(bits), _, _) => put(bits / 8, Kind::Unsigned),
            (_, Some(bits), _) => put(bits / 8, Kind::Signed),
            (_, _, "bool") => put(1, Kind::Unsigned),
            (_, _, "pubkey") => put(32, Kind::Address),
            (_, _, "bytes") => {
                put(4, Kind::Unsigned);
                put(count, Kind::Bytes);
            }
            _ => panic!("{name}: teach tests/tests/programs/layout.rs the type {scalar}"),
        }
    } else if let Some(array) = ty["array"].as_array() {
        let count = array[1].as_u64().unwrap() as usize;
        if array[0] == "u8" {
            put(count, Kind::Bytes);
        } else {
            for index in 0..count {
                lay(idl, &format!("{name}[{index}]"), &array[0], data, offset, fields);
            }
        }
    } else if !ty["vec"].is_null() {
        put(4, Kind::Unsigned);
        for index in 0..count {
            lay(idl, &format!("{name}[{index}]"), &ty["vec"], data, offset, fields);
        }
    } else if let Some(defined) = ty["defined"]["name"].as_str() {
        let found = list(&idl["types"]).find(|item| item["name"] == defined).expect("a type of the interface");
        let prefix = if name.is_empty() { String::new() } else { format!("{name}.") };
        for field in found["type"]["fields"].as_array().expect("a struct").clone() {
            lay(idl, &format!("{prefix}{}", text(&field["name"])), &field["type"], data, offset, fields);
        }
    } else {
        panic!("{name}: teach tests/tests/programs/layout.rs the type {ty}");
    }
}
