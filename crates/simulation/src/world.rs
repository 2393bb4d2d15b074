//! A world: the hub, the FSPs, the network between them, and the order in which things happen.

use std::collections::BTreeMap;

use fspiop::{FspId, TransferId};
use store::MemoryStore;

use crate::{
    audit::Auditor,
    bank::Bank,
    deal::Deal,
    event::{Event, Trouble},
    exchange::Exchange,
    history::History,
    node::Node,
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
    pub(crate) store: MemoryStore,
    pub(crate) node: Node,
    pub(crate) banks: Vec<Bank>,
    pub(crate) deals: Vec<Deal>,
    pub(crate) deal_of: BTreeMap<TransferId, usize>,
    pub(crate) exchanges: Vec<Exchange>,
    pub(crate) auditor: Auditor,
}

impl World {
    pub(crate) fn new(seed: u64) -> World {
        let mut random = Random::new(seed);
        let scenario = Scenario::draw(&mut random);
        let time = Timeline::new();
        let hub = FspId::parse(HUB).expect("a name");
        let store = MemoryStore::new(hub.clone(), time.clock());
        World {
            history: History::new(),
            report: Report::default(),
            healed: false,
            node: Node::new(scenario.delivery),
            banks: (0..scenario.fsps).map(|number| Bank::new(number, &scenario.currencies)).collect(),
            deals: Vec::new(),
            deal_of: BTreeMap::new(),
            exchanges: Vec::new(),
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
        self.restart();
        self.plan();
        self.time.after(self.scenario.chaos_ms, Event::Heal);
        self.time.after(self.scenario.chaos_ms + SETTLE_MS, Event::Inspect);
        self.time.after(self.scenario.chaos_ms + SETTLE_MS + INSPECTION_MS, Event::End);
        while let Some(event) = self.time.pop() {
            self.report.steps += 1;
            if let Event::End = event {
                break;
            }
            self.happen(event)?;
            if self.node.up {
                self.auditor.watch(self.time.now(), self.time.wall())?;
            }
        }
        self.auditor.conclude(&self.store)?;
        self.compare()
    }

    fn happen(&mut self, event: Event) -> Check {
        match event {
            Event::Send(exchange) => self.try_send(exchange),
            Event::AtHub(exchange) => self.at_hub(exchange),
            Event::Answered(exchange, status) => return self.answered(exchange, status),
            Event::Unanswered(exchange, attempt) => self.unanswered(exchange, attempt),
            Event::AtFsp(parcel) => return self.at_fsp(&parcel),
            Event::Attempted(life, token, attempted) => return self.attempted(life, token, attempted),
            Event::WriteBatch(life) if self.is_living(life) => return self.write_batch(),
            Event::Sweep(life) if self.is_living(life) => self.sweep(),
            Event::Wake(life) if self.is_living(life) => self.dispatch(),
            Event::TakeOver(life) if self.is_living(life) => self.take_over_again(),
            Event::WriteBatch(_) | Event::Sweep(_) | Event::Wake(_) | Event::TakeOver(_) => {}
            Event::Crash if !self.healed => return self.crash("idle"),
            Event::Crash | Event::End => {}
            Event::Restart => self.restart(),
            Event::Trouble(bank, trouble) => self.set_trouble(bank, trouble),
            Event::JumpClock(millis) => self.jump_clock(millis),
            Event::Act(deal, act) => self.act(deal, act),
            Event::React(bank, request) => self.send(bank, *request, None),
            Event::Operate => self.operate(),
            Event::Heal => self.heal(),
            Event::Inspect => return self.inspect(),
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

    fn jump_clock(&mut self, millis: i64) {
        if !self.healed {
            self.note(|| format!("the clock jumps by {millis} ms"));
            self.time.jump(millis);
            self.auditor.disturbed(self.time.now());
            self.node.wake_at = None;
            self.dispatch();
        }
    }

    /// Remembers what happens.
    pub(crate) fn note(&mut self, what: impl FnOnce() -> String) {
        let line = format!("[{:>9} ms] {}", self.time.now(), what());
        self.history.add(line);
    }

    pub(crate) fn into_report(mut self) -> Report {
        self.auditor.report(&mut self.report);
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
