//! `mojaloop transfer`.

use fspiop::{Amount, Currency, FspId, PartyId};
use participant::{
    TransferRequest,
    control::{Client, ClientError},
};

use crate::{
    arguments::{Global, TransferArguments},
    commands::{
        payment::{self, Payment},
        runtime,
    },
    exit::{Exit, Failure},
    printer::{self, Output},
};

/// How long a payment may take, in seconds.
const TIMEOUT_S: u64 = 30;

/// Where simulators are controlled if nothing else is said.
const SIMULATOR: &str = "http://127.0.0.1:9101";

pub(crate) fn run(arguments: TransferArguments, global: &Global) -> Result<(), Failure> {
    let request = read(&arguments, global)?;
    let show = global.output == Output::Table && !global.no_progress;
    let runtime = runtime::start()?;
    if let Some(hub) = &arguments.hub {
        let unwell = |reason| {
            Failure::failed(format!("--hub {hub}: {reason}")).hint("is a harness running? `mojaloop harness status`")
        };
        runtime.block_on(provisioning::check_hub(hub)).map_err(unwell)?;
    }
    let simulator = arguments.simulator.clone().or_else(|| running(global)).unwrap_or_else(|| SIMULATOR.to_owned());
    let result = runtime.block_on(Client::new().transfer(&simulator, &request, |leg| {
        if show {
            anstream::eprintln!("{}", payment::line(leg));
        }
    }));
    let payment = Payment::new(result.map_err(|error| explain(error, &simulator))?, None, None);
    if show {
        anstream::eprintln!();
    }
    printer::print(global.output, "Payment", &payment, Payment::to_table)?;
    payment.verdict()
}

/// Where the simulators of the harness are controlled that runs under the name.
#[cfg(feature = "tools")]
fn running(global: &Global) -> Option<String> {
    Some(format!("http://{}", crate::commands::harness::running(global)?.simulator?))
}

#[cfg(not(feature = "tools"))]
fn running(_: &Global) -> Option<String> {
    None
}

fn read(arguments: &TransferArguments, global: &Global) -> Result<TransferRequest, Failure> {
    let wrong = |flag: &str, error: &dyn std::fmt::Display, example: &str| {
        Failure::usage(format!("{flag}: {error}")).hint(format!("example: {flag} {example}"))
    };
    let from = FspId::parse(&arguments.from).map_err(|error| wrong("--from", &error, "payerfsp"))?;
    let to = PartyId::parse(&arguments.to).map_err(|error| wrong("--to", &error, "MSISDN/27713803912"))?;
    let amount = Amount::parse(&arguments.amount)
        .map_err(|error| wrong("--amount", &error, "10 (or 12.5: no trailing zeros)"))?;
    if !amount.is_positive() {
        return Err(wrong("--amount", &"must be above 0", "10"));
    }
    let currency = Currency::parse(&arguments.currency).map_err(|error| wrong("--currency", &error, "USD"))?;
    let timeout = global.timeout_or(TIMEOUT_S).as_secs().saturating_mul(1000);
    let timeout_ms = u32::try_from(timeout.clamp(1, u64::from(TransferRequest::MAX_TIMEOUT_MS))).ok();
    Ok(TransferRequest { timeout_ms, ..TransferRequest::new(from, to, amount, currency) })
}

fn explain(error: ClientError, simulator: &str) -> Failure {
    match error {
        ClientError::Unreachable { .. } => Failure::failed(&error).hint(format!(
            "is a harness running? `mojaloop harness up --detach` starts one; --simulator (now {simulator}) says where its simulators are controlled"
        )),
        ClientError::BadUrl(_) => Failure::usage(&error).hint("example: --simulator http://127.0.0.1:9101"),
        ClientError::Refused { error, hint } => Failure::failed(error).hint(hint),
        ClientError::TimedOut { .. } => Failure::failed(&error).exit(Exit::TimedOut),
        ClientError::BadAnswer { .. } => Failure::failed(&error),
    }
}
