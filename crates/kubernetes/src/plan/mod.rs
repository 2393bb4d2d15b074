//! What `up` would change: the objects of the chart, field by field, and what others changed behind the tool's back.
//!
//! What would become of an object is what the API server says it would become (server-side apply as a dry run), compared with
//! what is there. So defaults, quantities and what controllers add are never mistaken for changes.

mod fields;
mod origin;
mod risk;

use std::collections::BTreeMap;

use definition::Loaded;
use operations::{Change, Failure, Risk};
use serde_json::{Value, json};

pub(crate) use self::fields::differences;
use self::fields::{Difference, wanted_part};

/// The origin of a change that the API server does not take.
pub(crate) const REFUSED: &str = "refused by the API server";

/// Which object, in the release's namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) name: String,
}

impl Key {
    /// As plans name it.
    pub(crate) fn resource(&self) -> String {
        format!("{}/{}", self.kind, self.name)
    }
}

/// One object, from four sides.
pub(crate) struct Sides {
    /// As the release was made with it.
    pub(crate) installed: Option<Value>,
    /// As it is wanted.
    pub(crate) wanted: Option<Value>,
    /// As it is, with the API server's notes.
    pub(crate) live: Option<Value>,
    /// As it would become.
    pub(crate) outcome: Outcome,
}

/// What the API server says to the wanted object.
pub(crate) enum Outcome {
    /// It was not asked.
    NotAsked,
    /// It would become this.
    Becomes(Value),
    /// It can't become what is wanted; why.
    Refused(String),
}

/// The objects of a manifest.
pub(crate) fn objects(manifest: &str) -> Result<BTreeMap<Key, Value>, Failure> {
    let documents: Vec<Option<Value>> = serde_saphyr::from_multiple(manifest)
        .map_err(|error| Failure::failed(format!("helm's manifest can't be read: {error}")))?;
    let text = |object: &Value, pointer: &str| object.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let key = |object: &Value| {
        let (api_version, kind) = (text(object, "/apiVersion")?, text(object, "/kind")?);
        Some(Key { api_version, kind, name: text(object, "/metadata/name")? })
    };
    Ok(documents.into_iter().flatten().filter_map(|object| Some((key(&object)?, object))).collect())
}

/// What would change about one object.
pub(crate) fn changes(loaded: &Loaded, key: &Key, sides: &Sides) -> Vec<Change> {
    let whole = |before: Value, after: Value, risk: Risk, origin: String| Change {
        resource: key.resource(),
        field: String::new(),
        before,
        after,
        risk,
        origin,
    };
    let there = || json!(key.api_version);
    match (&sides.wanted, &sides.live) {
        (None, None) => Vec::new(),
        (None, Some(_)) => {
            let origin = origin::of(loaded, &key.kind, &key.name, "");
            vec![whole(there(), Value::Null, risk::of_deletion(&key.kind), origin)]
        }
        (Some(_), None) => {
            let origin = match sides.installed {
                Some(_) => "deleted behind the tool's back".to_owned(),
                None => origin::of(loaded, &key.kind, &key.name, ""),
            };
            vec![whole(Value::Null, there(), Risk::None, origin)]
        }
        (Some(wanted), Some(live)) => of_fields(loaded, key, sides, wanted, live),
    }
}

fn of_fields(loaded: &Loaded, key: &Key, sides: &Sides, wanted: &Value, live: &Value) -> Vec<Change> {
    let decided: Vec<Difference> = match &sides.installed {
        Some(installed) => differences(&wanted_part(installed.clone()), &wanted_part(wanted.clone())),
        None => Vec::new(),
    };
    let mut found = match &sides.outcome {
        Outcome::Becomes(outcome) => differences(&wanted_part(live.clone()), &wanted_part(outcome.clone())),
        _ => decided.clone(),
    };
    // A dry run keeps what the wanted object no longer speaks of; helm takes it away.
    for removed in decided.iter().filter(|one| one.after.is_null() && has(live, one)) {
        if !found.iter().any(|one| one.path == removed.path) {
            found.push(removed.clone());
        }
    }
    let mut changes: Vec<Change> = found.iter().map(|one| change(loaded, key, sides, live, &decided, one)).collect();
    if let Outcome::Refused(reason) = &sides.outcome {
        changes.push(Change {
            resource: key.resource(),
            field: String::new(),
            before: Value::Null,
            after: json!(reason),
            risk: Risk::Irreversible,
            origin: REFUSED.to_owned(),
        });
    }
    changes
}

fn change(loaded: &Loaded, key: &Key, sides: &Sides, live: &Value, decided: &[Difference], one: &Difference) -> Change {
    let field = one.field();
    let overlaps = |decision: &Difference| decision.path.starts_with(&one.path) || one.path.starts_with(&decision.path);
    let is_ours = sides.installed.is_none() || decided.iter().any(overlaps);
    let origin = if is_ours {
        origin::of(loaded, &key.kind, &key.name, &field)
    } else {
        let writer = origin::writer(live, &one.path).map(|writer| format!(", last by {writer}")).unwrap_or_default();
        format!("changed behind the tool's back{writer}")
    };
    let risk = risk::of_change(&key.kind, &field);
    Change { resource: key.resource(), risk, field, before: one.before.clone(), after: one.after.clone(), origin }
}

/// Whether a field is there.
fn has(live: &Value, one: &Difference) -> bool {
    let mut at = live;
    for part in &one.path {
        let next = match part {
            fields::Part::Key(key) => at.get(key),
            fields::Part::Named(name) => {
                at.as_array().and_then(|items| items.iter().find(|item| fields::name(item) == Some(name)))
            }
        };
        let Some(next) = next else { return false };
        at = next;
    }
    !at.is_null()
}

/// Values of the release that no object shows, such as those of hooks.
pub(crate) fn of_values(release: &str, before: &Value, after: &Value) -> Vec<Change> {
    let change = |one: Difference| Change {
        resource: format!("Release/{release}"),
        field: format!("values.{}", one.field()),
        before: one.before,
        after: one.after,
        risk: Risk::None,
        origin: origin::CHART.to_owned(),
    };
    differences(before, after).into_iter().map(change).collect()
}

/// Where a path of the definition was written.
pub(crate) fn origin_of(loaded: &Loaded, path: &str) -> String {
    origin::at(loaded, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded() -> Loaded {
        definition::load(&definition::Sources::default()).unwrap()
    }

    fn key(kind: &str) -> Key {
        Key { api_version: "apps/v1".into(), kind: kind.into(), name: "demo-mojaloop-hub".into() }
    }

    fn set(image: &str, memory: &str, size: &str) -> Value {
        let hub = json!({"name": "hub", "image": image, "resources": {"limits": {"memory": memory}}});
        json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "demo-mojaloop-hub"}, "spec": {
            "template": {"spec": {"containers": [hub]}},
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {"storageClassName": size}}]}})
    }

    /// What the API server adds to an object that it has stored.
    fn stored(mut object: Value) -> Value {
        object["metadata"]["uid"] = json!("1");
        object["status"] = json!({"replicas": 1});
        object["spec"]["template"]["spec"]["dnsPolicy"] = json!("ClusterFirst");
        object["metadata"]["managedFields"] = json!([{"manager": "kubectl", "time": "T", "fieldsV1": {"f:spec": {}}}]);
        object
    }

    fn told(sides: &Sides) -> Vec<(String, Risk, String)> {
        let changes = changes(&loaded(), &key("StatefulSet"), sides);
        changes.into_iter().map(|change| (change.field, change.risk, change.origin)).collect()
    }

    #[test]
    fn an_untouched_release_has_no_changes() {
        let one = set("a", "1Gi", "8Gi");
        let live = stored(one.clone());
        let outcome = Outcome::Becomes(live.clone());
        let sides = Sides { installed: Some(one.clone()), wanted: Some(one), live: Some(live), outcome };
        assert_eq!(told(&sides), []);
    }

    #[test]
    fn a_change_of_the_definition_and_one_behind_the_tools_back_are_told_apart() {
        let sides = Sides {
            installed: Some(set("a", "1Gi", "8Gi")),
            wanted: Some(set("a", "2Gi", "8Gi")),
            live: Some(stored(set("evil", "1Gi", "8Gi"))),
            outcome: Outcome::Becomes(stored(set("a", "2Gi", "8Gi"))),
        };
        let (image, memory) =
            ("spec.template.spec.containers[hub].image", "spec.template.spec.containers[hub].resources.limits.memory");
        let expect = [
            (image.to_owned(), Risk::Restart, "changed behind the tool's back, last by kubectl at T".to_owned()),
            (memory.to_owned(), Risk::Restart, "sizing.paymentsPerSecond (default)".to_owned()),
        ];
        assert_eq!(told(&sides), expect);
    }

    #[test]
    fn what_can_not_be_changed_is_irreversible() {
        let sides = Sides {
            installed: Some(set("a", "1Gi", "8Gi")),
            wanted: Some(set("a", "1Gi", "9Gi")),
            live: Some(stored(set("a", "1Gi", "8Gi"))),
            outcome: Outcome::Refused("Forbidden".into()),
        };
        let found = told(&sides);
        let class = "spec.volumeClaimTemplates[data].spec.storageClassName".to_owned();
        assert_eq!(found[0], (class, Risk::Irreversible, "kubernetes.storageClass (default)".to_owned()));
        assert_eq!((found[1].0.as_str(), found[1].1), ("", Risk::Irreversible));
    }

    #[test]
    fn missing_and_superfluous_objects_are_told_as_wholes() {
        let one = set("a", "1Gi", "8Gi");
        let none = || Outcome::NotAsked;
        let made = Sides { installed: None, wanted: Some(one.clone()), live: None, outcome: none() };
        assert_eq!(told(&made), [(String::new(), Risk::None, "chart".to_owned())]);
        let deleted = Sides { installed: Some(one.clone()), wanted: Some(one.clone()), live: None, outcome: none() };
        assert_eq!(told(&deleted)[0].2, "deleted behind the tool's back");
        let gone = Sides { installed: Some(one.clone()), wanted: None, live: Some(stored(one)), outcome: none() };
        assert_eq!(told(&gone), [(String::new(), Risk::Restart, "chart".to_owned())]);
    }

    #[test]
    fn a_field_that_is_no_longer_wanted_is_told_once() {
        let (mut with, without) = (set("a", "1Gi", "8Gi"), set("a", "1Gi", "8Gi"));
        with["metadata"]["labels"] = json!({"team": "a"});
        let live = stored(with.clone());
        let outcome = Outcome::Becomes(live.clone());
        let sides = Sides { installed: Some(with), wanted: Some(without), live: Some(live), outcome };
        assert_eq!(told(&sides), [("metadata.labels".to_owned(), Risk::None, "chart".to_owned())]);
    }

    #[test]
    fn manifests_of_helm_are_read() {
        let text = "---\n# Source: a.yaml\napiVersion: v1\nkind: Service\nmetadata:\n  name: a\n---\n# Source: b.yaml\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n";
        let keys: Vec<String> = objects(text).unwrap().keys().map(Key::resource).collect();
        assert_eq!(keys, ["ConfigMap/b", "Service/a"]);
    }
}
