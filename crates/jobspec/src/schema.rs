//! The JSON Schema of the document, from the same types that read it.
//!
//! What a schema can say it says: shape, bounds, names of variables. What joins two fields, counts bytes over a list or
//! is not offered yet only the reader refuses.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use crate::document::SpecDraft;

/// An image by its digest.
pub(crate) const IMAGE_PATTERN: &str = "^sha256:[0-9a-f]{64}$";
/// A root or hash.
pub(crate) const ROOT_PATTERN: &str = "^[0-9a-f]{64}$";

/// Where the schema is found, for editors.
const ID: &str = "https://proofmill.dev/schema/job-1.json";

/// The schema (JSON Schema 2020-12), keys in byte order, ending with a line feed: `schema/job.schema.json` to the byte.
#[must_use]
pub fn schema_json() -> String {
    let schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<SpecDraft>();
    let mut value = sorted(&Value::from(schema));
    value["$id"] = ID.into();
    // A JSON value without floats and with text keys always serialises.
    let mut text = serde_json::to_string_pretty(&sorted(&value)).unwrap_or_default();
    text.push('\n');
    text
}

/// The same value with the keys of every object in byte order, whatever the map behind [`Value`] is.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        Value::Object(map) => {
            let mut fields: Vec<_> = map.iter().collect();
            fields.sort_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
            Value::Object(fields.into_iter().map(|(key, field)| (key.clone(), sorted(field))).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}
