//! What `up` would change about the containers, their files and the hub's scheme.

use operations::{Change, Failure, Plan, Progress, Risk};
use provisioning::Scheme;
use serde_json::{Value, json};

use super::{Compose, docker::Container, render, simulator_url};

/// Compares what is wanted with the files of the last run, with the containers, and with what the hub says of its scheme.
pub(super) async fn make(compose: &Compose, progress: &dyn Progress) -> Result<Plan, Failure> {
    let files = files(compose)?;
    let containers = compose.docker()?.containers_or_none(compose).await?;
    let drift = drift(compose, &containers).await?;
    let is_hub = |container: &&Container| ["hub", "admin"].contains(&container.service.as_str());
    let hub_runs = containers.iter().filter(is_hub).any(Container::is_well);
    let scheme = match hub_runs && compose.has_simulators() {
        true => {
            progress.waits("reading the hub's scheme");
            let origin = |path: &str| compose.loaded.origins.of(path).to_string();
            provisioning::plan(&compose.apis(), &Scheme::of(&compose.loaded.hub, simulator_url), &origin).await?
        }
        false => Plan::default(),
    };
    Ok(files.and(drift).and(scheme))
}

fn files(compose: &Compose) -> Result<Plan, Failure> {
    let mut changes = Vec::new();
    for (name, wanted) in
        render(&compose.loaded.hub).files().filter(|(name, _)| ["compose.yaml", "prometheus.yml"].contains(name))
    {
        let there = compose.folder.read(name)?;
        let read = |text: &str| serde_saphyr::from_str::<Value>(text).unwrap_or(Value::Null);
        let before = there.as_deref().map_or(Value::Null, read);
        let after = read(&String::from_utf8_lossy(wanted));
        if before.is_null() {
            changes.push(change(name, "", Value::Null, json!("rendered"), Risk::None));
        } else {
            differences(name, "", &before, &after, &mut changes);
        }
    }
    Ok(changes.into_iter().collect())
}

fn differences(resource: &str, path: &str, before: &Value, after: &Value, changes: &mut Vec<Change>) {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            let mut keys: Vec<&String> = old.keys().chain(new.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                let value = |object: &serde_json::Map<String, Value>| object.get(key).cloned().unwrap_or(Value::Null);
                differences(resource, &inner, &value(old), &value(new), changes);
            }
        }
        (before, after) if before == after => {}
        (before, after) => changes.push(change(resource, path, before.clone(), after.clone(), Risk::Restart)),
    }
}

/// Containers that are missing, have stopped, or were made with other settings than the files say.
async fn drift(compose: &Compose, containers: &[Container]) -> Result<Plan, Failure> {
    let docker = compose.docker()?;
    let hashes = match containers.is_empty() {
        true => Vec::new(),
        false => docker.hashes().await?,
    };
    let mut changes = Vec::new();
    for service in compose.services() {
        let resource = format!("container/{service}");
        match containers.iter().find(|container| container.service == service) {
            None => changes.push(change(&resource, "", Value::Null, json!("running"), Risk::None)),
            Some(container) if !container.is_well() => {
                changes.push(change(&resource, "state", json!(container.to_string()), json!("running"), Risk::Restart));
            }
            Some(container) => {
                let made_with = docker.hash_of(container).await?;
                let wanted = hashes.iter().find(|(name, _)| name == service).map(|(_, hash)| hash.as_str());
                if wanted.is_some_and(|wanted| wanted != made_with) {
                    let (before, after) = (json!(made_with), json!(wanted));
                    changes.push(change(&resource, "settings", before, after, Risk::Restart));
                }
            }
        }
    }
    let services = compose.services();
    let unwanted = containers.iter().filter(|container| !compose.wants(&container.service, &services));
    changes.extend(unwanted.map(|container| {
        change(&format!("container/{}", container.service), "", json!(container.state), Value::Null, Risk::Restart)
    }));
    Ok(changes.into_iter().collect())
}

fn change(resource: &str, field: &str, before: Value, after: Value, risk: Risk) -> Change {
    Change {
        resource: resource.to_owned(),
        field: field.to_owned(),
        before,
        after,
        risk,
        origin: "the definition and the flags".to_owned(),
    }
}
