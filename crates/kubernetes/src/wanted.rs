//! From the definition to the chart's values.

use definition::{Exposure, ExposureType, Hub, Loaded, Size};
use operations::Failure;
use provisioning::{FirstPayment, Scheme};
use serde_json::Value;

use crate::{
    Values,
    names::{Names, SIMULATORS_PORT},
    values::{Callback, ExternalType, Network, Quantities, Quantity, TrafficPolicy},
};

/// How a tool's hub differs from what the definition alone says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// How FSPs outside the cluster reach the hub, if the definition does not say.
    pub exposure: Option<Exposure>,
    /// The most that the hub gets, however large the definition's is.
    pub largest: Option<Largest>,
    /// Whether what all pods of the namespace may take is limited.
    pub quota: bool,
}

/// The most that a hub gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Largest {
    /// CPU that it is promised, in thousandths of a core.
    pub cpu_millis: u64,
    /// CPU that it may use, in thousandths of a core.
    pub cpu_limit_millis: u64,
    /// Memory that it is promised, in MiB.
    pub memory_mib: u64,
    /// Memory that it may use, in MiB.
    pub memory_limit_mib: u64,
    /// Its volume, in GiB.
    pub disk_gib: u64,
}

/// What a release is to be.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Names of its objects.
    pub names: Names,
    /// What the hub is to know.
    pub scheme: Scheme,
    /// The payment that shows that everything works; needs simulated FSPs.
    pub payment: Option<FirstPayment>,
    /// The chart's values.
    pub values: Values,
}

impl Wanted {
    /// What a definition says, shaped for a tool. Without an image, the chart's own is named.
    pub fn of(loaded: &Loaded, release: &str, shape: &Shape, image: Option<&str>) -> Result<Wanted, Failure> {
        let (hub, names) = (&loaded.hub, Names::of(release));
        let simulators = names.simulators();
        let scheme =
            Scheme::of(hub, |fsp| format!("http://{simulators}:{SIMULATORS_PORT}{}", participant::endpoint_path(fsp)));
        let mut values = Values::defaults();
        if let Some(image) = image {
            values.image.set(image);
        }
        scheme.hub_name.as_str().clone_into(&mut values.hub.name);
        values.scheme = serde_json::from_str(&scheme.to_json()).map_err(Failure::bug)?;
        values.simulators.enabled = hub.components.simulators && scheme.simulated().next().is_some();
        let payment = scheme.first_payment().filter(|_| values.simulators.enabled);
        if let Some(payment) = &payment {
            values.test.from = payment.from.to_string();
            values.test.to = payment.to.to_string();
            values.test.amount = payment.amount.to_string();
            values.test.currency = payment.currency.to_string();
        }
        set_size(&mut values, &definition::size(hub), shape);
        set_network(&mut values, hub, shape);
        values.hub.persistence.storage_class_name.clone_from(&hub.kubernetes.storage_class);
        Ok(Wanted { names, scheme, payment, values })
    }
}

fn set_size(values: &mut Values, size: &Size, shape: &Shape) {
    let least = |value: u64, most: fn(&Largest) -> u64| shape.largest.as_ref().map_or(value, |l| value.min(most(l)));
    let requests = &mut values.hub.resources.requests;
    requests.insert("cpu".into(), millis(least(size.cpu_millis, |largest| largest.cpu_millis)));
    requests.insert("memory".into(), mebibytes(least(size.memory_mib, |largest| largest.memory_mib)));
    let limits = &mut values.hub.resources.limits;
    limits.insert("cpu".into(), millis(least(size.cpu_limit_millis, |largest| largest.cpu_limit_millis)));
    limits.insert("memory".into(), mebibytes(least(size.memory_mib, |largest| largest.memory_limit_mib)));
    values.hub.persistence.size =
        Quantity::Text(format!("{}Gi", least(size.disk_gib, |largest| largest.disk_gib).max(1)));
    if shape.quota {
        values.quota.enabled = true;
        values.limit_range.enabled = true;
        // A second hub of the same size fits for the time of a change, and small pods beside it.
        raise(&mut values.quota.hard, "requests.cpu", millis(2 * size.cpu_millis + 1_000));
        raise(&mut values.quota.hard, "requests.memory", mebibytes(2 * size.memory_mib + 1_024));
        raise(&mut values.quota.hard, "limits.cpu", millis(2 * size.cpu_limit_millis + 4_000));
        raise(&mut values.quota.hard, "limits.memory", mebibytes(2 * size.memory_mib + 4_096));
        raise(&mut values.limit_range.max, "cpu", millis(size.cpu_limit_millis));
        raise(&mut values.limit_range.max, "memory", mebibytes(size.memory_mib));
    }
}

/// Sets a limit, unless the chart's own is higher.
fn raise(limits: &mut Quantities, name: &str, least: Quantity) {
    let amount = |quantity: &Quantity| crate::quantity::parse(&quantity.text()).unwrap_or(0);
    if limits.get(name).is_none_or(|there| amount(there) < amount(&least)) {
        limits.insert(name.to_owned(), least);
    }
}

fn set_network(values: &mut Values, hub: &Hub, shape: &Shape) {
    let callback =
        |one: &definition::Callbacks| Callback { cidr: one.cidr.clone(), except: vec![], ports: one.ports.clone() };
    values.network_policy.callbacks = hub.kubernetes.callbacks.iter().map(callback).collect();
    let Some(exposure) = hub.kubernetes.exposure.as_ref().or(shape.exposure.as_ref()) else { return };
    values.external.kind = match exposure.kind {
        ExposureType::None => return,
        ExposureType::NodePort => ExternalType::NodePort,
        ExposureType::LoadBalancer => ExternalType::LoadBalancer,
    };
    values.external.enabled = true;
    values.external.node_port = exposure.node_port;
    let network = |cidr: &String| Network { cidr: cidr.clone(), except: vec![] };
    values.network_policy.fspiop_from = exposure.from.iter().map(network).collect();
    if exposure.from.iter().all(|cidr| cidr != "0.0.0.0/0") {
        // Else a node's address would stand for the client's, and the policy could not tell who asks.
        values.external.traffic_policy = TrafficPolicy::Local;
        if exposure.kind == ExposureType::LoadBalancer {
            values.external.load_balancer_source_ranges.clone_from(&exposure.from);
        }
    }
}

fn millis(millis: u64) -> Quantity {
    Quantity::Text(if millis.is_multiple_of(1_000) { (millis / 1_000).to_string() } else { format!("{millis}m") })
}

fn mebibytes(mebibytes: u64) -> Quantity {
    Quantity::Text(match mebibytes.is_multiple_of(1_024) {
        true => format!("{}Gi", mebibytes / 1_024),
        false => format!("{mebibytes}Mi"),
    })
}

/// The scheme in a few words.
pub(crate) fn summary(scheme: &Scheme) -> Value {
    let (participants, currencies) = (scheme.participants.len(), scheme.currencies.len());
    Value::String(format!("{participants} participants, {currencies} currencies"))
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    const DEMO: &str = "apiVersion: mojaloop/v1
kind: Hub
metadata: {name: demo}
participants:
  - {name: payerfsp, currencies: {USD: {netDebitCap: '100000', funds: '50000'}}, parties: [{id: MSISDN/44123456789, name: A}]}
  - {name: payeefsp, currencies: {USD: {netDebitCap: '100000'}}, parties: [{id: MSISDN/27713803912, name: B}]}
";
    const LARGE: &str = "apiVersion: mojaloop/v1
kind: Hub
metadata: {name: national}
scheme: {hubName: switch, currencies: [KES]}
participants:
  - {name: bank, currencies: {KES: {netDebitCap: '5'}}, endpoint: 'https://bank.example/fspiop'}
sizing: {paymentsPerSecond: 2000, retention: 7d}
kubernetes:
  storageClass: fast
  exposure: {type: load-balancer, from: [10.0.0.0/8]}
  callbacks: [{cidr: 10.1.0.0/16, ports: [443]}]
components: {simulators: false}
";
    const CLOSED: &str = "apiVersion: mojaloop/v1
kind: Hub
metadata: {name: closed}
kubernetes: {exposure: {type: none}}
";

    fn evaluation() -> Shape {
        let from = vec!["0.0.0.0/0".to_owned()];
        let exposure = Exposure { kind: ExposureType::NodePort, node_port: None, from };
        let largest =
            Largest { cpu_millis: 250, cpu_limit_millis: 2_000, memory_mib: 256, memory_limit_mib: 1_024, disk_gib: 8 };
        Shape { exposure: Some(exposure), largest: Some(largest), quota: false }
    }

    fn production() -> Shape {
        Shape { exposure: None, largest: None, quota: true }
    }

    #[test]
    fn values_follow_from_the_definition() {
        for (name, text, shape) in
            [("demo", DEMO, evaluation()), ("large", LARGE, production()), ("closed", CLOSED, evaluation())]
        {
            let loaded = definition::load_text(Path::new("hub.yaml"), text).unwrap();
            let release = loaded.hub.metadata.name.clone();
            let wanted = Wanted::of(&loaded, &release, &shape, Some("registry.example:5000/mojaloop-hub:1")).unwrap();
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/values/{name}.yaml"));
            let found = wanted.values.to_yaml().unwrap();
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, &found).unwrap();
            }
            let expect = fs::read_to_string(&path).unwrap_or_default();
            assert!(found == expect, "{}: UPDATE_GOLDEN=1 writes it anew; now:\n{found}", path.display());
        }
    }
}
