//! Two FSPs, their hub in memory, and the messages of their payments.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use fspiop::{Amount, Currency, FspId, Identifier, Money, PartyId, Timestamp, TransferId};
use hub::edge::interpret;
use hyper::http::Request as HttpRequest;
use hyper::http::request::Parts;
use ledger::{
    AccountType, ContentHash, FundsRequest, InitialPositionAndLimits, NewParticipant, SettlementDelay,
    SettlementGranularity, SettlementInterchange, SettlementModel,
};
use participant::{Fsp, IdentifierSource, Order, Payment, Profile, Request, Script};
use store::{MemoryStore, Store};
use switch::{Administration, Command, Configuration, EndpointType, Outcome};

pub(super) const HUB: &str = "Hub";
pub(super) const PAYER: &str = "payerfsp";
pub(super) const PAYEE: &str = "payeefsp";
const CURRENCY: &str = "USD";
/// Enough for every payment of every case.
const FUNDS: &str = "1000000000";
/// 22 November 2026, 14:00 UTC.
pub(super) const NOW: Timestamp = Timestamp::from_millis(1_795_356_000_000);
/// A trace as the hub makes one for a message without.
const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

pub(super) fn currency() -> Result<Currency> {
    Ok(Currency::parse(CURRENCY)?)
}

pub(super) fn profiles() -> Result<[Profile; 2]> {
    let serving = |name: &str, party: PartyId, person| {
        Ok::<_, anyhow::Error>(Profile::serving(FspId::parse(name)?, [currency()?], [(party, person)]))
    };
    Ok([serving(PAYER, PartyId::parse("MSISDN/44123456789")?, "Alice Payer")?, serving(PAYEE, payee()?, "Bob Payee")?])
}

pub(super) fn payee() -> Result<PartyId> {
    Ok(PartyId::parse("MSISDN/27713803912")?)
}

/// Registers both FSPs, with accounts, limits, money, and endpoints below these URLs.
pub(super) async fn provision(store: &dyn Store, endpoints: [&str; 2]) -> Result<()> {
    let (hub, currency) = (FspId::parse(HUB)?, currency()?);
    let mut scheme = vec![
        Administration::CreateHubAccount(hub.clone(), currency, AccountType::HubReconciliation),
        Administration::CreateHubAccount(hub, currency, AccountType::HubMultilateralSettlement),
        Administration::CreateSettlementModel(settlement_model(currency)),
    ];
    for (name, base) in [PAYER, PAYEE].into_iter().zip(endpoints) {
        scheme.extend(participant(FspId::parse(name)?, currency, base)?);
    }
    scheme.push(Administration::EnterParty(payee()?, None, FspId::parse(PAYEE)?));
    administer(store, scheme).await?;
    let mut funds = Vec::new();
    let configuration = store.configuration().await?;
    for (number, name) in (1..).zip([PAYER, PAYEE]) {
        let id = configuration.registry.participant_named(name).context("a registered participant")?.id;
        let account = configuration.registry.account_of(id, currency, AccountType::Settlement);
        funds.push(Administration::RecordFundsIn(FundsRequest {
            id: TransferId(Identifier::from_ulid_bits(number)),
            account: account.context("its account")?.id,
            participant: FspId::parse(name)?,
            amount: Amount::parse(FUNDS)?,
            currency: Some(currency),
            hash: ContentHash([0; 32]),
        }));
    }
    administer(store, funds).await
}

fn participant(name: FspId, currency: Currency, base: &str) -> Result<[Administration; 3]> {
    let limits = InitialPositionAndLimits {
        participant: name.clone(),
        currency,
        net_debit_cap: Amount::parse(FUNDS)?,
        initial_position: Amount::ZERO,
    };
    let party = "{{partyIdType}}/{{partyIdentifier}}";
    let endpoints = [
        (EndpointType::PartiesGet, format!("{base}/parties/{party}")),
        (EndpointType::PartiesPut, format!("{base}/parties/{party}")),
        (EndpointType::Quotes, base.to_owned()),
        (EndpointType::TransferPost, format!("{base}/transfers")),
        (EndpointType::TransferPut, format!("{base}/transfers/{{{{transferId}}}}")),
    ];
    Ok([
        Administration::RegisterParticipant(NewParticipant { name: name.clone(), currency: Some(currency) }),
        Administration::SetInitialLimits(limits),
        Administration::SetEndpoints(name, endpoints.map(|(endpoint, url)| (endpoint, url.into())).into()),
    ])
}

fn settlement_model(currency: Currency) -> SettlementModel {
    SettlementModel {
        id: 1,
        name: "DEFERREDNET".into(),
        granularity: SettlementGranularity::Net,
        interchange: SettlementInterchange::Multilateral,
        delay: SettlementDelay::Deferred,
        currency: Some(currency),
        require_liquidity_check: true,
        ledger_account: AccountType::Position,
        settlement_account: AccountType::Settlement,
        auto_position_reset: true,
        active: true,
    }
}

async fn administer(store: &dyn Store, administrations: Vec<Administration>) -> Result<()> {
    let commands = administrations.into_iter().map(Command::Administer).collect();
    let committed = store.commit(Arc::new(commands)).await?;
    for outcome in committed.outcomes {
        ensure!(outcome == Outcome::Administered(Ok(())), "an operator's request came to {outcome:?}");
    }
    Ok(())
}

/// A store with both FSPs, whose clock stands still.
pub(super) fn store() -> Result<MemoryStore> {
    let store = MemoryStore::new(FspId::parse(HUB)?, Arc::new(|| NOW));
    let ready = provision(&store, ["http://payer.example", "http://payee.example"]);
    tokio::runtime::Builder::new_current_thread().build()?.block_on(ready)?;
    Ok(store)
}

/// What payer and payee send to the hub for one payment that succeeds.
#[derive(Clone, Debug)]
pub(super) struct Messages {
    pub(super) quote: Request,
    pub(super) quote_answer: Request,
    pub(super) prepare: Request,
    pub(super) fulfil: Request,
}

/// The messages of this many payments, all different.
pub(super) fn messages(count: usize) -> Result<Vec<Messages>> {
    let [payer, payee] = profiles()?;
    let mut source = IdentifierSource::new(1);
    let order = Order {
        from: payer.name,
        payer: payer.parties.into_iter().next().context("the payer's party")?,
        to: self::payee()?,
        amount: Money { currency: currency()?, amount: Amount::parse("123.45")? },
        note: Some("hello".to_owned()),
        timeout_ms: 30_000,
        version: payee.version,
    };
    let mut payee = Fsp::new(payee, Script::default())?;
    (0..count)
        .map(|_| {
            let (mut payment, lookup) = Payment::new(source.next_payment(NOW), order.clone(), NOW);
            let answer = answer(&mut payee, &lookup)?;
            let quote = payment.receive(NOW, &answer).context("the payer asks for a quote")?;
            let quote_answer = self::answer(&mut payee, &quote)?;
            let prepare = payment.receive(NOW, &quote_answer).context("the payer prepares")?;
            let fulfil = self::answer(&mut payee, &prepare)?;
            Ok(Messages { quote, quote_answer, prepare, fulfil })
        })
        .collect()
}

fn answer(payee: &mut Fsp, request: &Request) -> Result<Request> {
    let received = payee.receive(NOW, request);
    let reaction = received.reactions.into_iter().next();
    Ok(reaction.with_context(|| format!("the payee answered {}", received.status))?.to_hub)
}

/// A message as the hub's edge has it in hands.
pub(super) fn parts(message: &Request) -> Result<(Parts, Bytes)> {
    let mut request = HttpRequest::builder().method(message.method.clone()).uri(&message.path).body(())?;
    *request.headers_mut() = message.headers.clone();
    Ok((request.into_parts().0, message.body.clone()))
}

/// What the edge makes of a message.
pub(super) fn command(message: &Request, configuration: &Configuration) -> Result<Command> {
    let (parts, body) = parts(message)?;
    match interpret(&parts, body, configuration, trace) {
        Ok(hub::edge::Request::Command(command)) => Ok(*command),
        other => anyhow::bail!("{} {} was read as {other:?}", message.method, message.path),
    }
}

pub(super) fn trace() -> Box<str> {
    TRACE.into()
}
