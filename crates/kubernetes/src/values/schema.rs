//! The schema of the chart's values, which helm checks before it renders anything.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::Values;

/// `values.schema.json`, in the draft that Helm 3 and 4 understand.
pub fn schema() -> Value {
    let schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<Values>();
    let mut schema = schema.to_value();
    relax(&mut schema);
    schema
}

/// Nothing is required, because a key that is set to `null` is taken away, and formats of numbers are words of Rust.
fn relax(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map.get("required").is_some_and(Value::is_array) {
                map.remove("required");
            }
            if map.get("format").is_some_and(Value::is_string) {
                map.remove("format");
            }
            map.values_mut().for_each(relax);
        }
        Value::Array(items) => items.iter_mut().for_each(relax),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn the_charts_schema_is_that_of_the_types() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../charts/mojaloop-hub/values.schema.json");
        let expect = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, &expect).unwrap();
        }
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert!(found == expect, "{}: run this test with UPDATE_GOLDEN=1 to write it anew", path.display());
    }
}
