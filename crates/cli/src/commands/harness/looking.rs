//! Looking at the embedded engine: what it needs, what would change, and whether it works.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use definition::Loaded;
use harness::{Instance, Place};
use operations::{Change, Check, Exit, Finding, Findings, Plan, Risk, Verdict, Verify};
use participant::{Ending, control::Client};
use provisioning::Apis;
use serde_json::{Value, json};

use super::embedded;
use crate::{
    arguments::{Global, tools::EngineArguments},
    commands::{plan as plans, runtime, tool},
    exit::Failure,
};

/// What the embedded engine needs: its ports and a folder that it can write.
pub(super) fn doctor(arguments: &EngineArguments, global: &Global, place: &Place) -> Result<(), Failure> {
    tool::load_embedded(global)?;
    let ports = match Instance::find(place).map_err(embedded::explain)? {
        Some(instance) => Finding::ok("ports", format!("held by this harness itself, process {}", instance.pid)),
        None => free_ports(arguments.port_offset.unwrap_or(0)),
    };
    let findings = Findings::new(vec![ports, writable(place)]);
    tool::show_findings(&findings, global)
}

fn free_ports(offset: u16) -> Finding {
    let addresses: Option<Vec<SocketAddr>> = harness::PORTS
        .iter()
        .map(|port| port.checked_add(offset).map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port))))
        .collect();
    let Some(addresses) = addresses else {
        let message = format!("--port-offset {offset} leaves the range of ports");
        return Finding::error("ports", message, "the highest port is 9101 plus the offset, and ports end at 65535");
    };
    let taken = addresses.iter().filter(|address| TcpListener::bind(address).is_err());
    let taken: Vec<String> = taken.map(|address| address.port().to_string()).collect();
    match taken.as_slice() {
        [] => Finding::ok("ports", "all are free"),
        [first, ..] => Finding::error(
            "ports",
            format!("taken on 127.0.0.1: {}", taken.join(", ")),
            format!("--port-offset N (MOJALOOP_PORT_OFFSET=N) moves all of them; who has one: lsof -i :{first}"),
        ),
    }
}

fn writable(place: &Place) -> Finding {
    let folder = place.folder().display();
    // The nearest folder that is there: `doctor` makes none.
    let there = place.folder().ancestors().find(|folder| folder.is_dir()).unwrap_or(place.folder());
    match tempfile::tempfile_in(there) {
        Ok(_) => Finding::ok("data-folder", folder.to_string()),
        Err(error) => {
            let hint = "--data-dir DIR puts the data elsewhere";
            Finding::error("data-folder", format!("{folder} can't be written: {error}"), hint)
        }
    }
}

/// What `up` would change: the process if there is none, and the scheme of the one that runs.
pub(super) fn plan(global: &Global, place: &Place) -> Result<(), Failure> {
    let loaded = tool::load_embedded(global)?;
    let found = match Instance::find(place).map_err(embedded::explain)? {
        None => Plan { changes: vec![starting(place)] },
        Some(instance) => {
            let work = async { differences(&loaded, &instance).await };
            runtime::start()?.block_on(tool::interruptible(work))?
        }
    };
    plans::show(global.output, &found)?;
    if found.is_empty() { Ok(()) } else { Err(Failure::verdict(Exit::Pending)) }
}

fn starting(place: &Place) -> Change {
    Change {
        resource: format!("harness/{}", place.name()),
        field: String::new(),
        before: Value::Null,
        after: json!("running"),
        risk: Risk::None,
        origin: "harness up".to_owned(),
    }
}

/// What the hub of an instance knows of its scheme, compared with the definition.
pub(super) async fn differences(loaded: &Loaded, instance: &Instance) -> Result<Plan, Failure> {
    let Some(scheme) = harness::scheme_of(&loaded.hub, instance) else { return Ok(Plan::default()) };
    let url = |address: SocketAddr| format!("http://{address}");
    let fspiop = instance.fspiop.first().copied().unwrap_or(instance.ledger_admin);
    let apis = Apis {
        fspiop: url(fspiop),
        ledger_admin: url(instance.ledger_admin),
        oracle_admin: url(instance.oracle_admin),
    };
    provisioning::plan(&apis, &scheme, &|path| loaded.origins.of(path).to_string()).await
}

/// Health, scheme and a payment.
pub(super) fn verify(global: &Global, place: &Place) -> Result<(), Failure> {
    let loaded = tool::load_embedded(global)?;
    let instance = Instance::get(place).map_err(embedded::explain)?;
    let verify = runtime::start()?.block_on(tool::interruptible(async {
        let mut checks = vec![health(&instance).await];
        if let Some(control) = instance.simulator {
            checks.push(scheme(&loaded, &instance).await);
            checks.push(payment(&loaded, control).await);
        }
        Ok(Verify::new(checks))
    }))?;
    tool::show_verify(&verify, global)?;
    match verify.verdict {
        Verdict::Pass => Ok(()),
        Verdict::Fail => Err(Failure::verdict(Exit::Failed)),
    }
}

async fn health(instance: &Instance) -> Check {
    let url = instance.fspiop.first().map(|address| format!("http://{address}")).unwrap_or_default();
    match harness::check_hub(&url).await {
        Ok(()) => Check::passed("health", format!("{url}/health says OK")),
        Err(reason) => Check::failed("health", reason, "mojaloop harness logs"),
    }
}

async fn scheme(loaded: &Loaded, instance: &Instance) -> Check {
    match differences(loaded, instance).await {
        Ok(plan) if plan.is_empty() => {
            Check::passed("scheme", format!("{} participants are as defined", loaded.hub.participants.len()))
        }
        Ok(plan) => Check::failed(
            "scheme",
            format!("{} of its values differ from the definition", plan.changes.len()),
            "mojaloop harness plan",
        ),
        Err(failure) => Check::failed("scheme", failure.message, failure.hint.unwrap_or_default()),
    }
}

async fn payment(loaded: &Loaded, control: SocketAddr) -> Check {
    let Some(request) = harness::first_payment(&loaded.hub) else {
        return Check::failed("payment", "no two simulated FSPs share a currency", "define two participants");
    };
    match Client::new().transfer(&format!("http://{control}"), &request, |_| {}).await {
        Ok(result) if result.state == Ending::Committed => {
            Check::passed("payment", format!("{} COMMITTED", result.transfer_id))
        }
        Ok(result) => {
            Check::failed("payment", format!("{} is not COMMITTED", result.transfer_id), "mojaloop harness logs")
        }
        Err(error) => Check::failed("payment", error.to_string(), "mojaloop harness logs"),
    }
}
