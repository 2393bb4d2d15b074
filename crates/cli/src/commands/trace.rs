//! `mojaloop trace`: a payment's story.

use fspiop::{ErrorCode, Timestamp, TransferId};
use hub::{
    delivery::SchedulerSettings,
    trace::{self, Trace, human},
};
use provisioning::HttpClient;

use crate::{
    arguments::{Global, TraceArguments},
    commands::{
        reading::{self, Source},
        runtime,
    },
    exit::Failure,
    printer,
};

/// How long the hub may take, in seconds.
const TIMEOUT_S: u64 = 15;

pub(crate) fn run(arguments: &TraceArguments, global: &Global) -> Result<(), Failure> {
    let wrong =
        |error| Failure::usage(format!("ID: {error}")).hint("the id of a transfer, a quote or a movement of funds");
    let id: TransferId = arguments.id.parse().map_err(wrong)?;
    let runtime = runtime::start()?;
    let source = runtime.block_on(reading::source(&arguments.reading, global))?;
    let trace = runtime.block_on(async {
        match &source {
            Source::Hub(url) => ask(url, id, global).await,
            Source::Store(store) => {
                let now = hub::system_clock().now();
                let trace = trace::of(store.as_ref(), id, now, SchedulerSettings::default()).await;
                // Nobody can tell from a store whether a hub works on it.
                let next = |trace: &Trace| format!("if a hub works on this store: {}", trace.next);
                trace.map(|trace| trace.map(|trace| Trace { next: next(&trace), ..trace })).map_err(Failure::failed)
            }
        }
    })?;
    printer::print(global.output, "Trace", &trace.ok_or_else(|| unknown(id, &source))?, to_table)
}

async fn ask(url: &str, id: TransferId, global: &Global) -> Result<Option<Trace>, Failure> {
    let client = HttpClient::with_timeout(global.timeout_or(TIMEOUT_S));
    match client.get(&format!("{url}/trace/{id}")).await {
        Ok(trace) => Ok(Some(trace)),
        Err(error) if reading::code_of(&error).as_deref() == Some(ErrorCode::TransferIdNotFound.text()) => Ok(None),
        Err(error) => Err(reading::explain(url, &error)),
    }
}

fn unknown(id: TransferId, source: &Source) -> Failure {
    let place = match source {
        Source::Hub(url) => format!("the hub at {url}"),
        Source::Store(_) => "the store".to_owned(),
    };
    Failure::failed(format!("{place} knows no transfer, quote or movement of funds with the id {id}")).hint(
        "a transaction is known by its id only where its transfer has the same; lookups leave nothing in the store; what was refused at once (a 4xx) was never taken; is it the right hub: --hub, \
         --port-offset, --name?",
    )
}

/// The story for people: a line about the payment, a row an event, where it stands, and what happens next.
fn to_table(trace: &Trace) -> String {
    let first = trace.events.first().map_or(trace.at, |event| event.time);
    let rows = trace
        .events
        .iter()
        .map(|event| {
            let sentence = event.sentence();
            vec![
                clock(event.time),
                after(event.time.millis_since(first)),
                event.phase.as_str().to_owned(),
                if event.is_bad() { printer::red(&sentence) } else { sentence },
            ]
        })
        .collect();
    let header = [day(first), "after".to_owned(), "phase".to_owned(), "what".to_owned()];
    let events = printer::table(&header.each_ref().map(String::as_str), rows, &[1]);
    let state = match trace.state.as_str() {
        "COMMITTED" | "ANSWERED" => printer::green(&trace.standing),
        "ABORTED" | "FAILED" => printer::red(&trace.standing),
        _ => printer::bold(&trace.standing),
    };
    format!("{}\n\n{events}\n\nstands  {state}\nnext    {}", headline(trace), trace.next)
}

fn headline(trace: &Trace) -> String {
    let kind = match trace.about {
        trace::Kind::Transfer => "transfer",
        trace::Kind::Quote => "quote",
        trace::Kind::Funds => "funds",
    };
    let id = match (trace.transfer_id, trace.quote_id) {
        (Some(id), _) => id.to_string(),
        (None, Some(id)) => id.to_string(),
        (None, None) => String::new(),
    };
    let mut line = format!("{kind} {}", printer::bold(&id));
    if let (Some(amount), Some(currency)) = (trace.amount, trace.currency) {
        line += &format!("  {amount} {currency}");
    }
    if let Some(payer) = &trace.payer {
        line += &format!("  {payer}");
    }
    if let Some(payee) = &trace.payee {
        line += &format!(" → {payee}");
    }
    if let Some(quote) = trace.quote_id.filter(|_| trace.transfer_id.is_some()) {
        line += &format!("\nquote    {quote}");
    }
    line
}

/// The date, as the heading of times in UTC.
fn day(at: Timestamp) -> String {
    at.to_string().split('T').next().unwrap_or_default().to_owned()
}

/// The time of the day, to the millisecond.
fn clock(at: Timestamp) -> String {
    at.to_string().split('T').nth(1).unwrap_or_default().to_owned()
}

fn after(millis: i64) -> String {
    format!("+{}", human(millis))
}
