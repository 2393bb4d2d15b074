//! Collections of the Testing Toolkit against the harness that runs, or one that is started for them.

use std::net::{IpAddr, Ipv4Addr, TcpListener};

use harness::{
    Instance, Place,
    results::{Outcome, TestResult},
    toolkit::{TOOLKIT_PORTS, Toolkit},
};

use super::{end_to_end, line};
use crate::{
    arguments::{Global, tools::Engine},
    commands::harness::{compose, embedded, running_engine},
    exit::Failure,
};

/// Onboarding and the payment of the core test harness.
const PAYMENT: [&str; 2] = ["core-provisioning", "core-p2p"];
/// Where a harness publishes its ports.
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Where labels choose.
const LABELLED: [&str; 2] = ["core/provisioning", "core/tests"];
/// Of the ports of a harness, the one that says by how much they are moved.
const OPERATIONS_PORT: u16 = 9100;

pub(super) struct Tests {
    toolkit: Toolkit,
    collections: Vec<String>,
    labels: Vec<String>,
}

impl Tests {
    /// Refuses what could not run, before anything runs.
    pub(super) fn choose(
        collections: &[String],
        labels: &[String],
        global: &Global,
        place: &Place,
    ) -> Result<Tests, Failure> {
        let toolkit = Toolkit::of_environment()?;
        let taken = TOOLKIT_PORTS.iter().find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, **port)).is_err());
        if let Some(port) = taken {
            return Err(Failure::preflight(format!(
                "port {port} of 127.0.0.1 is taken, and the Testing Toolkit needs it"
            ))
            .hint(format!("its ports can't be moved; who has it: lsof -i :{port}")));
        }
        let has_participants = match running_engine(place)? {
            Some(Engine::Embedded) => Instance::get(place).map_err(embedded::explain)?.simulator.is_some(),
            Some(Engine::Compose) => compose::has_simulators(global)?,
            None => false,
        };
        if has_participants {
            let why =
                format!("the harness {:?} has participants, and the Testing Toolkit brings its own", place.name());
            return Err(Failure::preflight(why)
                .hint("mojaloop harness down, reset, and up --detach --profile core; or a --name that does not run"));
        }
        let default: &[&str] = if labels.is_empty() { &PAYMENT } else { &LABELLED };
        let collections = match collections {
            [] => default.iter().map(|name| (*name).to_owned()).collect(),
            named => named.to_vec(),
        };
        Ok(Tests { toolkit, collections, labels: labels.to_vec() })
    }

    pub(super) async fn run(&self, global: &Global, place: &Place) -> Result<Vec<TestResult>, Failure> {
        match running_engine(place)? {
            Some(Engine::Embedded) => {
                let instance = Instance::get(place).map_err(embedded::explain)?;
                self.collections(self.toolkit.clone().against(HERE, offset(&instance)), global).await
            }
            Some(Engine::Compose) => {
                let (port_offset, gateway) = compose::reached(global).await?;
                self.collections(self.toolkit.clone().against(HERE, port_offset).at(gateway), global).await
            }
            None => {
                // Upstream's hub signs where the Toolkit is run, and some of its tests want that.
                let (harness, _folder) =
                    end_to_end::of_their_own(global, false, |hub| hub.scheme.jws.sign = true).await?;
                let toolkit = self.toolkit.clone().against(HERE, offset(&harness.instance));
                let result = self.collections(toolkit, global).await;
                harness.stop().await;
                result
            }
        }
    }

    async fn collections(&self, toolkit: Toolkit, global: &Global) -> Result<Vec<TestResult>, Failure> {
        let reports = tempfile::tempdir().map_err(Failure::failed)?;
        if !global.no_progress {
            anstream::eprintln!("the Testing Toolkit runs {}: this takes minutes", self.collections.join(", "));
        }
        let results = toolkit.run(&self.collections, &self.labels, reports.path()).await?;
        if !global.no_progress {
            for result in results.iter().filter(|result| result.outcome == Outcome::Failed) {
                anstream::eprintln!("{}", line(result));
            }
        }
        Ok(results)
    }
}

/// By how much the ports of a harness are moved.
fn offset(instance: &Instance) -> u16 {
    instance.operations.port().saturating_sub(OPERATIONS_PORT)
}
