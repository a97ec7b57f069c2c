//! `cargo xtask idl`: the programs' interface descriptions, printed by Anchor's own macros in a test build.
//!
//! The library that collects them replaces the machine's Rust toolchain when it finds `RUSTUP_TOOLCHAIN`, which rustup
//! sets for everything that cargo runs. So the work is done by a second process without that variable.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anchor_lang_idl::build::IdlBuilder;
use anchor_lang_idl::types::{Idl, IdlTypeDefTy};
use anyhow::{Context, Result};
use serde_json::Value;

use crate::drift::{Files, Options};
use crate::workspace::{self, PROGRAMS};

const TOOLCHAIN: &str = "RUSTUP_TOOLCHAIN";
const TARGET: &str = "CARGO_TARGET_DIR";
/// Built apart, for the features of these test builds are nobody else's; below the shared directory, to be built once.
const FOLDER: &str = "interfaces";

pub fn run(options: &Options) -> Result<()> {
    let root = workspace::root();
    let target = std::env::var_os(TARGET).map_or_else(|| root.join("programs/target"), PathBuf::from);
    if std::env::var_os(TOOLCHAIN).is_some() || !target.ends_with(FOLDER) {
        let target = std::path::absolute(target.join(FOLDER)).context("cannot find the folder to build in")?;
        let mut same = Command::new(std::env::current_exe().context("cannot find this program")?);
        same.args(["idl"]).args(options.check.then_some("--check"));
        same.env_remove(TOOLCHAIN).env_remove("CARGO").env(TARGET, target);
        return workspace::run(&mut same).context("the IDL was not written");
    }
    for program in PROGRAMS {
        let idl = build(&root.join("programs").join(program))
            .with_context(|| format!("cannot read the interface of programs/{program}"))?;
        let files = vec![(format!("idl/{program}.json"), to_json(&idl)?)];
        Files { command: "cargo xtask idl", files }.apply(&root, options)?;
    }
    Ok(())
}

fn build(program: &Path) -> Result<Idl> {
    let locked = program.parent().is_some_and(|workspace| workspace.join("Cargo.lock").exists());
    let args = if locked { vec!["--locked".to_owned()] } else { Vec::new() };
    IdlBuilder::new().program_path(program.to_path_buf()).cargo_args(args).build()
}

/// Pretty JSON in a fixed order, without the aliases of Anchor's `Pod` integers, which other tools cannot read.
fn to_json(idl: &Idl) -> Result<String> {
    let mut aliases = BTreeMap::new();
    for def in &idl.types {
        if let IdlTypeDefTy::Type { alias } = &def.ty {
            aliases.insert(def.name.clone(), serde_json::to_value(alias)?);
        }
    }
    let mut idl = idl.clone();
    idl.types.retain(|def| !aliases.contains_key(&def.name));
    idl.errors.sort_by_key(|error| error.code);
    let mut value = serde_json::to_value(&idl)?;
    resolve(&mut value, &aliases);
    // serde_json's map would sort the keys; going back through the types keeps the order that readers know.
    let resolved: Idl = serde_json::from_value(value)?;
    Ok(serde_json::to_string_pretty(&resolved)? + "\n")
}

/// Replaces `{"defined": {"name": ALIAS}}` by what the alias stands for.
fn resolve(value: &mut Value, aliases: &BTreeMap<String, Value>) {
    if let Some(target) = value.pointer("/defined/name").and_then(Value::as_str).and_then(|name| aliases.get(name)) {
        *value = target.clone();
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| resolve(item, aliases)),
        Value::Object(fields) => fields.values_mut().for_each(|field| resolve(field, aliases)),
        _ => {}
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test fails by panicking
mod tests {
    use super::*;

    #[test]
    fn aliases_are_replaced_and_dropped() {
        let idl: Idl = serde_json::from_value(serde_json::json!({
            "address": "11111111111111111111111111111111",
            "metadata": { "name": "x", "version": "0.1.0", "spec": "0.1.0" },
            "instructions": [],
            "types": [
                { "name": "PodU64", "type": { "kind": "type", "alias": "u64" } },
                { "name": "Lot", "type": { "kind": "struct", "fields": [
                    { "name": "amounts", "type": { "array": [{ "defined": { "name": "PodU64" } }, 2] } }
                ] } }
            ]
        }))
        .unwrap();
        let json = to_json(&idl).unwrap();
        assert!(!json.contains("PodU64") && json.ends_with("}\n"), "{json}");
        let back: Idl = serde_json::from_str(&json).unwrap();
        assert_eq!(back.types.len(), 1);
        assert_eq!(to_json(&back).unwrap(), json);
    }
}
