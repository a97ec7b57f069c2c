//! The one way to write a JSON value.

use serde_json::Value;

/// Appends the canonical form. Keys are sorted here and not left to the map behind [`Value`], whose order depends
/// on a feature that any other crate of a build may switch on.
pub(crate) fn write_canonical(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_canonical(item, out);
            }
            out.push(b']');
        }
        Value::Object(map) => {
            let mut fields: Vec<_> = map.iter().collect();
            fields.sort_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
            out.push(b'{');
            for (index, (key, field)) in fields.into_iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_canonical(&Value::String(key.clone()), out);
                out.push(b':');
                write_canonical(field, out);
            }
            out.push(b'}');
        }
        // Null, booleans, integers and strings have one form in serde_json.
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            out.extend_from_slice(value.to_string().as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_by_bytes_at_every_depth() {
        let value: Value =
            serde_json::from_str(r#"{"b":[1,{"z":null,"a":true}],"B":"é\u0001\"\\/","a_":-1,"a":{}}"#).unwrap();
        let mut out = Vec::new();
        write_canonical(&value, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "{\"B\":\"é\\u0001\\\"\\\\/\",\"a\":{},\"a_\":-1,\"b\":[1,{\"a\":true,\"z\":null}]}"
        );
    }
}
