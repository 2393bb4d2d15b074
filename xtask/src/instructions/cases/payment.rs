//! Whole payments through a running hub: sockets, lookup, quote, transfer, every callback.
//!
//! The hub runs in the thread that counts, the FSPs in another one, which does not. Payments follow each other, so that each
//! command is a batch of its own: what batches save is not in this figure, and chance is not either.

use std::sync::{Arc, mpsc};
use std::thread;

use anyhow::{Context, Result, ensure};
use fspiop::{Amount, FspId};
use hub::{
    CallbackPolicy, Intake, Jws, Listen, OpenAuthorizer, Roles, Running, Settings, Tls, delivery::SchedulerSettings,
    system_clock,
};
use participant::{Ending, Limits, Script, Simulator, TransferRequest};
use store::{MemoryStore, Store};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use super::Case;
use super::scheme::{self, HUB, PAYEE, PAYER};

/// Payments that are counted together.
const PAYMENTS: u32 = 20;
/// Attempts until the hub has heard of the FSPs, which takes it a quarter of a second.
const FIRST_ATTEMPTS: usize = 1_000;

/// An order to pay so often, and where to say how that went.
type Order = (u32, oneshot::Sender<Result<()>>);

pub(super) fn case() -> Result<Case> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new(FspId::parse(HUB)?, system_clock()));
    let running = runtime.block_on(hub::serve(settings()?, store.clone(), system_clock(), Arc::new(OpenAuthorizer)))?;
    let fsps = start_fsps(running.addresses.fspiop[0].to_string(), store);
    let mut hub = CountedHub { runtime, _running: running, fsps };
    hub.pay(0).context("the FSPs start")?;
    Ok(Case::new("payment", PAYMENTS, move || hub.pay(PAYMENTS).expect("every payment is committed")))
}

struct CountedHub {
    runtime: Runtime,
    _running: Running,
    fsps: mpsc::Sender<Order>,
}

impl CountedHub {
    /// Lets the hub run until the FSPs have made so many payments.
    fn pay(&mut self, count: u32) -> Result<()> {
        let (done, paid) = oneshot::channel();
        self.fsps.send((count, done))?;
        self.runtime.block_on(paid)?
    }
}

fn settings() -> Result<Settings> {
    Ok(Settings {
        roles: Roles::default(),
        listen: Listen::ephemeral(&Roles::default()),
        hub_name: FspId::parse(HUB)?,
        callback_policy: CallbackPolicy::Open,
        delivery: SchedulerSettings::default(),
        intake: Intake::default(),
        jws: Jws::default(),
        tls: Tls::default(),
        on_us_transfers: false,
        capture: false,
        capture_from: Vec::new(),
    })
}

/// FSPs in a thread of their own, which pay when they are told to and end with the process.
fn start_fsps(hub: String, store: Arc<dyn Store>) -> mpsc::Sender<Order> {
    let (orders, received) = mpsc::channel::<Order>();
    thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut simulator = None;
        for (count, done) in received {
            let paid = runtime.block_on(async {
                match &simulator {
                    None => simulator = Some(join(&hub, store.as_ref()).await?),
                    Some(simulator) => pay_in_turn(simulator, count).await?,
                }
                Ok(())
            });
            let _ = done.send(paid);
        }
    });
    orders
}

/// Starts the FSPs, registers them in the hub's store, and waits until the hub has heard of it.
async fn join(hub: &str, store: &dyn Store) -> Result<Simulator> {
    let fsps = scheme::profiles()?.map(|profile| (profile, Script::default())).into();
    let mut settings =
        participant::Settings { control: None, ..participant::Settings::new(format!("http://{hub}"), fsps) };
    settings.limits = Limits { attempts: 1, ..Limits::default() };
    let simulator = Simulator::start(settings).await?;
    let [payer, payee] = [PAYER, PAYEE].map(|name| FspId::parse(name).map(|name| simulator.endpoint(&name)));
    scheme::provision(store, [&payer?, &payee?]).await?;
    let mut last = Ok(());
    for _ in 0..FIRST_ATTEMPTS {
        last = pay(&simulator).await;
        if last.is_ok() {
            break;
        }
    }
    last.map(|()| simulator)
}

async fn pay_in_turn(simulator: &Simulator, count: u32) -> Result<()> {
    for _ in 0..count {
        pay(simulator).await?;
    }
    Ok(())
}

async fn pay(simulator: &Simulator) -> Result<()> {
    let (from, to) = (FspId::parse(PAYER)?, scheme::payee()?);
    let order = TransferRequest::new(from, to, Amount::parse("1")?, scheme::currency()?);
    let result = simulator.pay(order)?.result().await.context("the simulator was stopped")?;
    ensure!(result.state == Ending::Committed, "a payment came to {result:?}");
    Ok(())
}
