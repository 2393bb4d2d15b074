//! A world: the hub, the FSPs, the network between them, and the order in which things happen.

use std::{collections::BTreeMap, sync::Arc};

use fspiop::{FspId, TransferId};
use store::MemoryStore;
use switch::FundsOutEnd;

use crate::{
    audit::Auditor,
    bank::Bank,
    clock::NodeClock,
    deal::Deal,
    event::{Event, Life, Trouble},
    exchange::Exchange,
    history::History,
    node::Node,
    outage::Migration,
    random::Random,
    report::{Breach, Check, Report, Violation},
    scenario::Scenario,
    timeline::Timeline,
};

/// The name that the hub signs with.
const HUB: &str = "switch";
/// Time in which everything must come right after the faults have ended: transfers expire within 10 s, messages that failed
/// are sent again within 30 s, and one that found no room waits for those before it.
const SETTLE_MS: i64 = 120_000;
/// Time for the last questions, and for their answers.
pub(crate) const INSPECTION_MS: i64 = 20_000;

/// A world and all that is in it.
pub(crate) struct World {
    pub(crate) time: Timeline,
    pub(crate) random: Random,
    pub(crate) history: History,
    pub(crate) report: Report,
    pub(crate) scenario: Scenario,
    /// Whether the faults are over.
    pub(crate) healed: bool,
    /// The store, as an observer sees it.
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) migration: Migration,
    /// The node that is being replaced by a newer one.
    pub(crate) upgrading: Option<usize>,
    pub(crate) banks: Vec<Bank>,
    pub(crate) deals: Vec<Deal>,
    pub(crate) deal_of: BTreeMap<TransferId, usize>,
    pub(crate) exchanges: Vec<Exchange>,
    /// Payments out that the operator has prepared.
    pub(crate) payments_out: Vec<FundsOutEnd>,
    pub(crate) auditor: Auditor,
}

/// The nodes, each with its clock. None of them has started.
fn nodes(scenario: &Scenario, store: &Arc<MemoryStore>) -> Vec<Node> {
    let node = |(node, clock): (usize, &NodeClock)| {
        Node::new(Life { node, number: 0 }, *clock, store.clone(), scenario.delivery)
    };
    scenario.clocks.iter().enumerate().map(node).collect()
}

impl World {
    pub(crate) fn new(seed: u64) -> World {
        let mut random = Random::new(seed);
        let scenario = Scenario::draw(&mut random);
        let time = Timeline::new();
        let hub = FspId::parse(HUB).expect("a name");
        let store = Arc::new(MemoryStore::new(hub.clone(), time.clock()));
        World {
            history: History::new(),
            report: Report::default(),
            healed: false,
            nodes: nodes(&scenario, &store),
            migration: Migration::default(),
            upgrading: None,
            banks: (0..scenario.fsps).map(|number| Bank::new(number, &scenario.currencies)).collect(),
            deals: Vec::new(),
            deal_of: BTreeMap::new(),
            exchanges: Vec::new(),
            payments_out: Vec::new(),
            auditor: Auditor::new(hub, scenario.liquidity_checked),
            time,
            random,
            scenario,
            store,
        }
    }

    /// Lets everything happen.
    pub(crate) fn live(&mut self) -> Check {
        self.provision()?;
        for node in 0..self.nodes.len() {
            self.start(node);
        }
        self.plan();
        self.time.after(self.scenario.chaos_ms, Event::Heal);
        self.time.after(self.scenario.chaos_ms + SETTLE_MS, Event::Inspect);
        self.time.after(self.scenario.chaos_ms + SETTLE_MS + INSPECTION_MS, Event::End);
        while let Some(event) = self.time.pop() {
            self.report.steps += 1;
            if let Event::End = event {
                break;
            }
            match self.wait_of(&event) {
                Some(wait) => self.time.after(wait, event),
                None => self.happen(event)?,
            }
            if self.nodes.iter().any(|node| node.serves(self.time.now())) {
                self.auditor.watch(self.time.now(), self.time.wall(), self.lag_ms())?;
            }
        }
        self.auditor.conclude(&self.store)?;
        self.compare()
    }

    fn happen(&mut self, event: Event) -> Check {
        match event {
            Event::Send(exchange) => self.try_send(exchange),
            Event::AtHub(exchange, node) => self.at_hub(exchange, node),
            Event::Answered(exchange, status) => return self.answered(exchange, status),
            Event::Unanswered(exchange, attempt) => self.unanswered(exchange, attempt),
            Event::AtFsp(parcel) => return self.at_fsp(&parcel),
            Event::Attempted(life, token, attempted) => return self.attempted(life, token, attempted),
            Event::WriteBatch(life) if self.is_living(life) => return self.write_batch(life.node),
            Event::Written(life, written) if self.is_living(life) => return self.finish_batch(life.node, *written),
            Event::Sweep(life) if self.is_living(life) => self.sweep(life.node),
            Event::Wake(life) if self.is_living(life) => self.dispatch(life.node),
            Event::TakeOver(life) if self.is_living(life) => self.take_over_again(life.node),
            Event::Refresh(life) if self.is_living(life) => self.refresh(life.node),
            Event::Stop(life) if self.is_living(life) => return self.stop(life),
            Event::WriteBatch(_) | Event::Written(..) | Event::Sweep(_) | Event::Wake(_) => {}
            Event::TakeOver(_) | Event::Refresh(_) | Event::End => {}
            other => return self.befall(other),
        }
        Ok(())
    }

    /// What comes from outside.
    fn befall(&mut self, event: Event) -> Check {
        match event {
            Event::Crash(node) if !self.healed => return self.crash(node, "idle"),
            Event::Restart(node) => self.restart(node),
            Event::Serve(node) => self.serve(node),
            Event::MigrationFailed(node) => self.migration_failed(node),
            Event::Pause(node, millis) => self.pause(node, millis),
            Event::Upgrade(node) => self.upgrade(node),
            Event::Trouble(bank, trouble) => self.set_trouble(bank, trouble),
            Event::JumpClock(node, millis) => self.jump_clock(node, millis),
            Event::Act(deal, act) => self.act(deal, act),
            Event::React(bank, request) => self.send(bank, *request, None),
            Event::Operate => self.operate(),
            Event::Heal => self.heal(),
            Event::Inspect => return self.inspect(),
            _ => {}
        }
        Ok(())
    }

    fn heal(&mut self) {
        self.note(|| "all faults end".to_owned());
        self.healed = true;
        for bank in &mut self.banks {
            bank.trouble = None;
        }
    }

    fn set_trouble(&mut self, bank: usize, trouble: Option<Trouble>) {
        if !self.healed {
            self.note(|| format!("fsp{bank}: trouble {trouble:?}"));
            self.banks[bank].trouble = trouble;
        }
    }

    /// Remembers what happens.
    pub(crate) fn note(&mut self, what: impl FnOnce() -> String) {
        let line = format!("[{:>9} ms] {}", self.time.now(), what());
        self.history.add(line);
    }

    pub(crate) fn into_report(mut self) -> Report {
        self.auditor.report(&mut self.report);
        self.report.worlds_of_several += u64::from(self.nodes.len() > 1);
        self.report.history_hash = self.history.hash();
        self.report
    }

    pub(crate) fn into_violation(self, seed: u64, breach: Breach) -> Violation {
        Violation {
            invariant: breach.invariant,
            seed,
            step: self.report.steps,
            at_ms: self.time.now(),
            history: self.history.explaining(&breach.what),
            what: breach.what,
        }
    }

    /// The name of an FSP.
    pub(crate) fn name(&self, bank: usize) -> FspId {
        self.banks[bank].name.clone()
    }
}
