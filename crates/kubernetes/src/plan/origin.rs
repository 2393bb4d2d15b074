//! Where in the definition a field of an object comes from.

use definition::{Loaded, Origin};
use serde_json::Value;

use super::fields::Part;

/// Kind, the end of the object's name, the beginning of the field, and the path in the definition.
const SOURCES: &[(&str, &str, &str, &str)] = &[
    ("StatefulSet", "", "spec.template.spec.containers[hub].resources", "sizing.paymentsPerSecond"),
    ("StatefulSet", "", "spec.volumeClaimTemplates[data].spec.storageClassName", "kubernetes.storageClass"),
    ("StatefulSet", "", "spec.volumeClaimTemplates[data].spec.resources", "sizing.retention"),
    ("StatefulSet", "", "spec.template.spec.containers[hub].env[MOJALOOP_HUB_NAME]", "scheme.hubName"),
    ("Service", "-external", "", "kubernetes.exposure"),
    ("NetworkPolicy", "", "spec.ingress", "kubernetes.exposure"),
    ("NetworkPolicy", "", "spec.egress", "kubernetes.callbacks"),
    ("ConfigMap", "-scheme", "data", "participants"),
    ("Deployment", "-simulators", "spec.template.metadata.annotations[\"checksum/scheme\"]", "participants"),
    ("Deployment", "-simulators", "", "components.simulators"),
    ("NetworkPolicy", "-simulators", "", "components.simulators"),
    ("Service", "-simulators", "", "components.simulators"),
];

/// What is said of a field that the definition does not speak of.
pub(crate) const CHART: &str = "chart";
/// What is said of the image.
const IMAGE: &str = "the image (--image, or the checkout)";

/// Where the wanted value of a field comes from.
pub(crate) fn of(loaded: &Loaded, kind: &str, name: &str, field: &str) -> String {
    if field.ends_with("].image") || field.contains("app.kubernetes.io/version") {
        return IMAGE.to_owned();
    }
    let fits = |line: &&(&str, &str, &str, &str)| {
        line.0 == kind && name.ends_with(line.1) && (line.2.is_empty() || field.starts_with(line.2))
    };
    SOURCES.iter().find(fits).map_or_else(|| CHART.to_owned(), |line| at(loaded, line.3))
}

/// A path of the definition, and where it was written.
pub(crate) fn at(loaded: &Loaded, path: &str) -> String {
    match loaded.origins.of(path) {
        Origin::Default => format!("{path} (default)"),
        origin => format!("{path} ({origin})"),
    }
}

/// Who wrote a field last, as the API server remembers it.
pub(crate) fn writer(live: &Value, path: &[Part]) -> Option<String> {
    let entries = live.get("metadata")?.get("managedFields")?.as_array()?;
    let owners = entries.iter().filter(|entry| owns(entry.get("fieldsV1"), path));
    let last = owners.max_by_key(|entry| entry.get("time").and_then(Value::as_str).unwrap_or_default())?;
    let manager = last.get("manager")?.as_str()?;
    let time = last.get("time").and_then(Value::as_str).unwrap_or_default();
    Some(format!("{manager} at {time}"))
}

fn owns(fields: Option<&Value>, path: &[Part]) -> bool {
    let Some(mut at) = fields.and_then(Value::as_object) else { return false };
    for part in path {
        let next = match part {
            Part::Key(key) => at.get(&format!("f:{key}")),
            Part::Named(name) => {
                let key = format!("\"name\":{}", Value::String(name.clone()));
                at.iter().find(|(entry, _)| entry.starts_with("k:") && entry.contains(&key)).map(|(_, value)| value)
            }
        };
        match next.and_then(Value::as_object) {
            // Whoever owns a map's or a list's whole owns what is in it.
            Some(map) if map.is_empty() => return true,
            Some(map) => at = map,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_last_writer_of_a_field_is_named() {
        let live = json!({"metadata": {"managedFields": [
            {"manager": "helm", "time": "2026-01-01T00:00:00Z", "fieldsV1": {"f:spec": {"f:replicas": {}, "f:template": {
                "f:containers": {"k:{\"name\":\"hub\"}": {"f:image": {}}}}}}},
            {"manager": "kubectl-edit", "time": "2026-01-02T00:00:00Z", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
        ]}});
        let key = |text: &str| Part::Key(text.to_owned());
        assert_eq!(
            writer(&live, &[key("spec"), key("replicas")]).as_deref(),
            Some("kubectl-edit at 2026-01-02T00:00:00Z")
        );
        let image = [key("spec"), key("template"), key("containers"), Part::Named("hub".into()), key("image")];
        assert_eq!(writer(&live, &image).as_deref(), Some("helm at 2026-01-01T00:00:00Z"));
        assert_eq!(writer(&live, &[key("data")]), None);
    }
}
