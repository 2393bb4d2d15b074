//! Group commit: commands come together to batches, batches become durable, then their messages are sent and they are
//! answered. The process can die between any two of these steps.

use std::sync::Arc;

use ledger::planted::{self, Bug};
use store::{Committed, Store};
use switch::{Command, Message};

use crate::{
    event::Event,
    node::ready,
    report::{Breach, Check},
    world::World,
};

/// Pause before a batch that the store did not take is tried again.
const RETRY_MS: i64 = 100;

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

impl World {
    /// A command waits for its batch.
    pub(crate) fn take_in(&mut self, command: Command, origin: Origin) {
        if self.node.up {
            self.node.intake.push(Job { command, origin });
            self.plan_batch(0);
        }
    }

    /// Plans the next batch, unless it is planned or there is nothing to write.
    fn plan_batch(&mut self, pause: i64) {
        if !self.node.batch_planned && !self.node.intake.is_empty() {
            self.node.batch_planned = true;
            let delay = pause + self.random.between(0, self.scenario.batch_ms);
            self.time.after(delay, Event::WriteBatch(self.node.life));
        }
    }

    /// Writes what has come together, and answers it.
    pub(crate) fn write_batch(&mut self) -> Check {
        let jobs = self.next_batch();
        if planted::active(Bug::Durability) {
            self.answer_jobs(&jobs);
        }
        if self.dies() {
            return self.crash("before a commit");
        }
        let commands = Arc::new(jobs.iter().map(|job| job.command.clone()).collect());
        let Some(committed) = self.commit(&commands)? else {
            self.without_the_store(jobs);
            return Ok(());
        };
        if self.dies() {
            return self.crash("after a commit");
        }
        self.publish(committed);
        if self.dies() {
            return self.crash("before the answers");
        }
        if self.dies() {
            let answered = self.random.below(jobs.len());
            self.answer_jobs(&jobs[..answered]);
            return self.crash("amid the answers");
        }
        self.answer_jobs(&jobs);
        self.note_results();
        self.plan_batch(0);
        Ok(())
    }

    fn next_batch(&mut self) -> Vec<Job> {
        self.node.batch_planned = false;
        let rest = self.node.intake.split_off(self.scenario.batch_commands.min(self.node.intake.len()));
        std::mem::replace(&mut self.node.intake, rest)
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
                    self.node.outgoing.noted(deliveries.clone(), false);
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
        self.plan_batch(0);
    }

    /// What a batch changed becomes known to the process, and its messages are sent.
    fn publish(&mut self, committed: Committed) {
        if let Some(configuration) = committed.configuration {
            self.node.configuration = configuration;
        }
        self.offer(committed.messages);
        self.dispatch();
    }

    pub(crate) fn offer(&mut self, messages: Vec<Message>) {
        for message in messages {
            self.node.outgoing.offer(message);
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
                    self.node.outgoing.noted(deliveries.clone(), true);
                }
                _ => {}
            }
        }
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
