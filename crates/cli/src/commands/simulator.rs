//! `mojaloop simulator`.

use std::collections::HashMap;

use fspiop::{Currency, FspId, PartyId};
use participant::{Behaviour, Profile, Script, Settings, Simulator, StartError};

use crate::{arguments::SimulatorArguments, commands::runtime, exit::Failure, logging};

pub(crate) fn run(arguments: SimulatorArguments) -> Result<(), Failure> {
    logging::start("info", None)?;
    let fsps = arguments.fsps.iter().map(|text| profile(text)).collect::<Result<Vec<_>, _>>()?;
    let names: Vec<FspId> = fsps.iter().map(|profile| profile.name.clone()).collect();
    let mut scripts =
        arguments.scripts.iter().map(|text| script(text, &names)).collect::<Result<HashMap<_, _>, _>>()?;
    let scripted = fsps.into_iter().map(|fsp| {
        let script = scripts.remove(&fsp.name).unwrap_or_default();
        (fsp, script)
    });
    let mut settings = Settings::new(arguments.hub, scripted.collect());
    settings.listen = arguments.listen;
    settings.control = Some(arguments.control);
    runtime::start()?.block_on(async {
        let simulator = Simulator::start(settings).await.map_err(explain)?;
        for name in names {
            tracing::info!(fsp = %name, endpoint = simulator.endpoint(&name), "simulated FSP");
        }
        tracing::info!(control = ?simulator.control_address(), "ready");
        runtime::told_to_stop().await?;
        simulator.stop().await;
        Ok(())
    })
}

/// Reads `NAME` or `NAME=TYPE/ID`.
fn profile(text: &str) -> Result<Profile, Failure> {
    let wrong = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("--fsp {text:?}: {error}")).hint("example: --fsp payeefsp=MSISDN/27713803912")
    };
    let (name, party) = text.split_once('=').map_or((text, None), |(name, party)| (name, Some(party)));
    let name = FspId::parse(name).map_err(|error| wrong(&error))?;
    let profile = Profile::new(name.clone(), Currency::all().collect());
    match party {
        Some(party) => {
            let party = PartyId::parse(party).map_err(|error| wrong(&error))?;
            Ok(profile.with_party(party, format!("Customer of {name}")))
        }
        None => Ok(profile),
    }
}

/// Reads `NAME=BEHAVIOUR`.
fn script(text: &str, names: &[FspId]) -> Result<(FspId, Script), Failure> {
    let wrong = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("--script {text:?}: {error}")).hint("example: --script payeefsp=reject,delay-ms=500")
    };
    let (name, behaviour) = text.split_once('=').ok_or_else(|| wrong(&"expected NAME=BEHAVIOUR"))?;
    let known = names.iter().find(|known| known.as_str() == name);
    let fsp = known.ok_or_else(|| wrong(&format!("no --fsp is called {name:?}")))?;
    let behaviour: Behaviour = behaviour.parse().map_err(|error| wrong(&error))?;
    Ok((fsp.clone(), Script { behaviour, rules: Vec::new() }))
}

/// Why simulators did not start, with what to do.
pub(crate) fn explain(error: StartError) -> Failure {
    let hint = match &error {
        StartError::Listen { address, .. } => Some(format!(
            "port {} is taken: --listen, --control; in a harness --port-offset moves all ports",
            address.port()
        )),
        _ => None,
    };
    Failure { hint, ..Failure::failed(error) }
}
