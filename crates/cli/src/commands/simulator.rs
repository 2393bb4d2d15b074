//! `mojaloop simulator`.

use std::{collections::HashMap, net::SocketAddr, path::PathBuf};

use clap::{ArgGroup, Args};
use fspiop::{Currency, FspId, PartyId};
use participant::{Behaviour, HubUrls, Profile, Script, Settings, Simulator, StartError};

use crate::{
    commands::{jws, runtime, scheme},
    environment,
    exit::Failure,
    logging,
};

#[derive(Debug, Args)]
#[command(
    before_help = "Example: mojaloop simulator --fsp payerfsp --fsp payeefsp=MSISDN/27713803912 --hub http://127.0.0.1:3000",
    group(ArgGroup::new("played").required(true).multiple(true).args(["fsps", "scheme"]))
)]
pub(crate) struct SimulatorArguments {
    /// An FSP to play, with the party that it serves (repeatable): NAME[=TYPE/ID]
    #[arg(long = "fsp", value_name = "NAME[=PARTY]")]
    pub(crate) fsps: Vec<String>,
    /// Play every FSP that this scheme.json marks as simulated, with its parties and currencies
    #[arg(long, value_name = "FILE", env = environment::SCHEME)]
    pub(crate) scheme: Option<PathBuf>,
    /// How an FSP misbehaves (repeatable): delay-ms=N, silent, error=CODE, wrong-fulfilment, reject, copies=N, status=N,
    /// reserve; several with commas. For rules by phase, party or amount: PUT /fsps/NAME/script at the control address
    #[arg(long = "script", value_name = "NAME=BEHAVIOUR")]
    pub(crate) scripts: Vec<String>,
    /// The private key (a PEM file) with which an FSP signs its messages (repeatable)
    #[arg(long = "jws-key", value_name = "NAME=FILE")]
    pub(crate) jws_keys: Vec<String>,
    /// Where the hub takes FSPIOP
    #[arg(long, value_name = "URL", env = environment::HUB, default_value = "http://127.0.0.1:3000")]
    pub(crate) hub: String,
    /// Where it takes /participants and /parties, if elsewhere [default: --hub]
    #[arg(long, value_name = "URL", env = environment::LOOKUP_URL)]
    pub(crate) lookup_url: Option<String>,
    /// Where it takes /quotes, if elsewhere [default: --hub]
    #[arg(long, value_name = "URL", env = environment::AGREEMENT_URL)]
    pub(crate) agreement_url: Option<String>,
    /// Where it takes /transfers, if elsewhere [default: --hub]
    #[arg(long, value_name = "URL", env = environment::CLEARING_URL)]
    pub(crate) clearing_url: Option<String>,
    /// Where the FSPs listen for the hub, which reaches each of them at the path /NAME
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// Where the simulators are controlled
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9101")]
    pub(crate) control: SocketAddr,
}

pub(crate) fn run(arguments: SimulatorArguments) -> Result<(), Failure> {
    logging::start("info", None)?;
    let fsps = profiles(&arguments)?;
    let names: Vec<FspId> = fsps.iter().map(|profile| profile.name.clone()).collect();
    let mut scripts =
        arguments.scripts.iter().map(|text| script(text, &names)).collect::<Result<HashMap<_, _>, _>>()?;
    let signers = arguments.jws_keys.iter().map(|text| jws::fsp_signer(text)).collect::<Result<_, _>>()?;
    let scripted = fsps.into_iter().map(|fsp| {
        let script = scripts.remove(&fsp.name).unwrap_or_default();
        (fsp, script)
    });
    let hub = HubUrls {
        lookup: arguments.lookup_url.unwrap_or_else(|| arguments.hub.clone()),
        agreement: arguments.agreement_url.unwrap_or_else(|| arguments.hub.clone()),
        clearing: arguments.clearing_url.unwrap_or(arguments.hub),
    };
    let mut settings = Settings::new(hub, scripted.collect());
    settings.signers = signers;
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

/// The FSPs of the scheme, then those that were named one by one.
fn profiles(arguments: &SimulatorArguments) -> Result<Vec<Profile>, Failure> {
    let mut profiles = Vec::new();
    if let Some(file) = &arguments.scheme {
        profiles.extend(scheme::read(file)?.simulated().map(|fsp| {
            let parties = fsp.parties.iter().map(|party| (party.id.clone(), party.name.as_str()));
            Profile::serving(fsp.name.clone(), fsp.currencies.keys().copied(), parties)
        }));
    }
    for text in &arguments.fsps {
        profiles.push(profile(text)?);
    }
    Ok(profiles)
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
