//! One process of the hub: commands come together to batches, batches become durable, then they are answered and their
//! messages sent. A crash drops everything of it but the store.

use std::sync::Arc;

use futures_util::FutureExt;
use hub::{
    delivery::{Scheduler, SchedulerSettings},
    edge::{self, Question},
};
use ledger::planted::{self, Bug};
use store::{Committed, Store, StoreError};
use switch::{Command, Configuration, Delivery, Message};

use crate::{
    event::{Event, Life},
    report::{Breach, Check},
    wire,
    world::World,
};

/// How often the hub looks for transfers whose time has passed.
const SWEEP_MS: i64 = 500;
/// Transfers that one look ends at the most.
const PER_SWEEP: usize = 1_000;
/// Pause before a batch that the store did not take is tried again.
const RETRY_MS: i64 = 100;
/// How often it is looked whether messages that were left in the store find room.
const TAKE_OVER_MS: i64 = 1_000;

/// What a process of the hub holds in memory.
pub(crate) struct Node {
    /// Which life of the process this is.
    pub(crate) life: Life,
    pub(crate) up: bool,
    pub(crate) configuration: Arc<Configuration>,
    pub(crate) scheduler: Scheduler,
    settings: SchedulerSettings,
    /// Commands that wait for their batch.
    intake: Vec<Job>,
    batch_planned: bool,
    /// Expiries of the current sweep that are not decided yet.
    sweeping: usize,
    /// What became of messages, not yet on its way to the store.
    pub(crate) results: Vec<Delivery>,
    /// Results are on their way to the store.
    pub(crate) noting: bool,
    /// When the next [`Event::Wake`] comes.
    pub(crate) wake_at: Option<i64>,
    /// Messages of a batch of unknown fate may lie in the store.
    outbox_in_doubt: bool,
}

/// A command, and who waits for it.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) command: Command,
    pub(crate) origin: Origin,
}

/// Who waits for a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The FSP that sent a request.
    Exchange(usize),
    /// The sweep.
    Sweep,
    /// The delivery, which notes results.
    Delivery,
    /// An operator, who does not look at the answer.
    Operator,
}

impl Node {
    pub(crate) fn new(settings: SchedulerSettings) -> Node {
        Node {
            life: 0,
            up: false,
            configuration: Arc::default(),
            scheduler: Scheduler::new(settings),
            settings,
            intake: Vec::new(),
            batch_planned: false,
            sweeping: 0,
            results: Vec::new(),
            noting: false,
            wake_at: None,
            outbox_in_doubt: false,
        }
    }
}

/// The value of a future of the memory store, whose futures are ready at once.
pub(crate) fn ready<T>(result: impl Future<Output = Result<T, StoreError>>) -> T {
    result.now_or_never().expect("the memory store answers at once").expect("the memory store does not fail")
}

impl World {
    pub(crate) fn is_living(&self, life: Life) -> bool {
        self.node.up && self.node.life == life
    }

    /// The hub starts, with nothing but what its store holds.
    pub(crate) fn restart(&mut self) {
        let life = self.node.life + 1;
        self.node = Node { life, up: true, ..Node::new(self.node.settings) };
        self.node.configuration = ready(self.store.configuration());
        self.note(|| format!("the hub starts, life {life}"));
        self.auditor.disturbed(self.time.now());
        self.take_over();
        self.dispatch();
        self.time.after(0, Event::Sweep(life));
        self.time.after(TAKE_OVER_MS, Event::TakeOver(life));
    }

    /// The process dies; its store and what is on the wire stay.
    pub(crate) fn crash(&mut self, point: &'static str) -> Check {
        if self.node.up {
            self.node = Node { life: self.node.life, ..Node::new(self.node.settings) };
            *self.report.crashes.entry(point).or_default() += 1;
            let down = if self.random.chance(80) { self.random.between(1, 300) } else { self.random.between(300, 5_000) };
            self.note(|| format!("the hub crashes ({point}) for {down} ms"));
            self.time.after(down, Event::Restart);
            self.auditor.disturbed(self.time.now());
        }
        self.auditor.after_crash(&self.store)
    }

    /// Whether the process dies here.
    pub(crate) fn dies(&mut self) -> bool {
        !self.healed && self.random.below(1_000) < self.scenario.crashes
    }

    /// A request reaches the hub.
    pub(crate) fn at_hub(&mut self, id: usize) {
        if !self.node.up {
            // The connection is refused, and the sender knows it at once.
            let pause = self.random.between(300, 1_500);
            return self.time.after(pause, Event::Send(id));
        }
        let request = &self.exchanges[id].request;
        let trace = || format!("00-{id:032x}-{:016x}-01", id + 1).into();
        let read = edge::interpret(&wire::to_parts(request), request.body.clone(), &self.node.configuration, trace);
        match read {
            Ok(edge::Request::Command(command)) => self.take_in(*command, Origin::Exchange(id)),
            Ok(edge::Request::Question(question)) => self.take_question(*question, id),
            Err(refusal) => {
                let status = refusal.error.code.http_status();
                self.note(|| format!("the hub refuses #{id}: {}", refusal.error));
                self.answer(id, status);
            }
        }
    }

    fn take_question(&mut self, question: Question, id: usize) {
        match self.answer_question(question) {
            Ok(messages) => {
                self.offer(messages);
                self.answer_well(id);
                self.dispatch();
            }
            Err(command) => self.take_in(*command, Origin::Exchange(id)),
        }
    }

    /// A command waits for its batch.
    pub(crate) fn take_in(&mut self, command: Command, origin: Origin) {
        if self.node.up {
            self.node.intake.push(Job { command, origin });
            let within = self.scenario.batch_ms;
            self.plan_batch(within);
        }
    }

    fn plan_batch(&mut self, within: i64) {
        if !self.node.batch_planned && !self.node.intake.is_empty() {
            self.node.batch_planned = true;
            let delay = self.random.between(0, within);
            self.time.after(delay, Event::WriteBatch(self.node.life));
        }
    }

    /// Writes what has come together, and answers it.
    pub(crate) fn write_batch(&mut self) -> Check {
        self.node.batch_planned = false;
        let most = self.scenario.batch_commands.min(self.node.intake.len());
        let rest = self.node.intake.split_off(most);
        let jobs = std::mem::replace(&mut self.node.intake, rest);
        if planted::active(Bug::Durability) {
            self.answer_jobs(&jobs);
        }
        if self.dies() {
            return self.crash("before a commit");
        }
        let commands: Arc<Vec<Command>> = Arc::new(jobs.iter().map(|job| job.command.clone()).collect());
        let Some(committed) = self.commit(&commands)? else {
            self.without_the_store(jobs);
            return Ok(());
        };
        if self.dies() {
            return self.crash("after a commit");
        }
        self.publish(committed);
        self.dispatch();
        if self.dies() {
            return self.crash("before the answers");
        }
        let answered = if self.dies() { self.random.below(jobs.len()) } else { jobs.len() };
        self.answer_jobs(&jobs[..answered]);
        if answered < jobs.len() {
            return self.crash("amid the answers");
        }
        self.note_results();
        let within = self.scenario.batch_ms;
        self.plan_batch(within);
        Ok(())
    }

    /// Commits and has everything checked. `None` if the store did not take the batch, or does not say whether it did.
    fn commit(&mut self, commands: &Arc<Vec<Command>>) -> Result<Option<Committed>, Breach> {
        let fails = !self.healed && self.random.chance(self.scenario.store_faults);
        let lost = fails && self.random.chance(50);
        if fails {
            self.report.store_faults += 1;
            self.auditor.disturbed(self.time.now());
        }
        if fails && !lost {
            self.note(|| format!("the store is unavailable for {} commands", commands.len()));
            return Ok(None);
        }
        let committed = ready(self.store.commit(commands.clone()));
        self.note(|| describe(commands, &committed));
        self.auditor.committed(commands, &committed, &self.store)?;
        if lost {
            self.note(|| "the store's answer is lost".to_owned());
            self.node.outbox_in_doubt = true;
            return Ok(None);
        }
        Ok(Some(committed))
    }

    /// A batch of which the store said nothing: what it holds is committed again, or its senders are told to try again.
    fn without_the_store(&mut self, jobs: Vec<Job>) {
        if !self.node.outbox_in_doubt && self.random.chance(80) {
            let newer = std::mem::replace(&mut self.node.intake, jobs);
            self.node.intake.extend(newer);
            self.plan_batch(RETRY_MS);
            return;
        }
        for job in &jobs {
            match (job.origin, &job.command) {
                (Origin::Exchange(id), _) => self.answer(id, 503),
                (Origin::Sweep, _) => self.node.sweeping -= 1,
                (Origin::Delivery, Command::Deliveries(deliveries)) => {
                    self.node.noting = false;
                    self.node.results.extend(deliveries.iter().cloned());
                }
                _ => {}
            }
        }
        if std::mem::take(&mut self.node.outbox_in_doubt) {
            self.node.configuration = ready(self.store.configuration());
            self.take_over();
            self.dispatch();
        }
        self.note_results();
        let within = self.scenario.batch_ms;
        self.plan_batch(within);
    }

    /// What a batch changed becomes known to the process.
    pub(crate) fn publish(&mut self, committed: Committed) {
        if let Some(configuration) = committed.configuration {
            self.node.configuration = configuration;
        }
        self.offer(committed.messages);
    }

    fn offer(&mut self, messages: Vec<Message>) {
        for message in messages {
            self.node.scheduler.offer(message);
        }
    }

    fn answer_jobs(&mut self, jobs: &[Job]) {
        for job in jobs {
            match (job.origin, &job.command) {
                (Origin::Exchange(id), command) => {
                    self.auditor.acknowledged(command);
                    self.answer_well(id);
                }
                (Origin::Sweep, _) => self.node.sweeping = self.node.sweeping.saturating_sub(1),
                (Origin::Delivery, Command::Deliveries(deliveries)) => {
                    self.node.noting = false;
                    self.node.scheduler.forget(deliveries);
                }
                _ => {}
            }
        }
    }

    fn answer_well(&mut self, id: usize) {
        let status = if self.exchanges[id].request.method == http::Method::PUT { 200 } else { 202 };
        self.answer(id, status);
    }

    fn answer(&mut self, id: usize, status: u16) {
        let from = self.exchanges[id].from;
        for delay in self.ways(from) {
            self.time.after(delay, Event::Answered(id, status));
        }
    }

    /// Ends transfers whose time has passed.
    pub(crate) fn sweep(&mut self) {
        if self.node.sweeping == 0 {
            let due = ready(self.store.due(self.time.wall(), PER_SWEEP));
            self.node.sweeping = due.len();
            for id in due {
                self.take_in(Command::Expire(id), Origin::Sweep);
            }
        }
        self.time.after(SWEEP_MS, Event::Sweep(self.node.life));
    }

    /// Fetches messages that had found no room, if there is room now.
    pub(crate) fn take_over_again(&mut self) {
        if self.node.scheduler.wants_more() {
            self.report.take_overs += 1;
            self.take_over();
            self.dispatch();
        }
        self.time.after(TAKE_OVER_MS, Event::TakeOver(self.node.life));
    }
}

fn describe(commands: &[Command], committed: &Committed) -> String {
    let subjects: Vec<String> = commands.iter().map(describe_one).collect();
    let messages: Vec<String> = committed
        .messages
        .iter()
        .map(|message| format!("{}→{} {}", message.id.0, message.recipient, message.endpoint.as_str()))
        .collect();
    format!("commit [{}] gives messages [{}]", subjects.join(", "), messages.join(", "))
}

fn describe_one(command: &Command) -> String {
    let kind = match command {
        Command::Prepare { inbound, .. } => format!("prepare by {}", inbound.source),
        Command::Fulfil { inbound, .. } => format!("fulfil by {}", inbound.source),
        Command::Abort { inbound, .. } => format!("abort by {}", inbound.source),
        Command::Expire(_) => "expire".to_owned(),
        Command::RequestQuote { .. } => "request".to_owned(),
        Command::AnswerQuote { .. } => "answer".to_owned(),
        Command::RegisterParty { .. } => "register".to_owned(),
        Command::Administer(administration) => return format!("{administration:?}"),
        Command::Deliveries(deliveries) => {
            let numbers: Vec<String> = deliveries.iter().map(|delivery| delivery.message.0.to_string()).collect();
            return format!("deliveries {}", numbers.join(" "));
        }
    };
    command.subject().map_or(kind.clone(), |subject| format!("{kind} {subject}"))
}
