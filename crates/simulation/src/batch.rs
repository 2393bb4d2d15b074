//! Group commit: commands come together to batches, batches become durable, then their messages are sent and they are
//! answered. The process can die between any two of these steps.

use std::sync::Arc;

use ledger::planted::{self, Bug};
use store::{Committed, Store};
use switch::{Command, Message};

use crate::{
    event::Event,
    node::ready,
    report::{Breach, Check, ensure},
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

/// A batch that is durable, and of which nobody was told yet.
#[derive(Debug)]
pub(crate) struct Written {
    committed: Committed,
    jobs: Vec<Job>,
}

impl World {
    /// A command waits for its batch.
    pub(crate) fn take_in(&mut self, node: usize, command: Command, origin: Origin) {
        if self.nodes[node].up {
            self.nodes[node].intake.push(Job { command, origin });
            self.plan_batch(node, 0);
        }
    }

    /// Plans the next batch, unless it is planned or there is nothing to write.
    fn plan_batch(&mut self, node: usize, pause: i64) {
        if !self.nodes[node].batch_planned && !self.nodes[node].intake.is_empty() {
            self.nodes[node].batch_planned = true;
            let delay = pause + self.random.between(0, self.scenario.batch_ms);
            self.time.after(delay, Event::WriteBatch(self.nodes[node].life));
        }
    }

    /// Writes what has come together.
    pub(crate) fn write_batch(&mut self, node: usize) -> Check {
        let jobs = self.next_batch(node);
        if planted::active(Bug::Durability) {
            self.answer_jobs(node, &jobs);
        }
        if self.dies() {
            return self.crash(node, "before a commit");
        }
        let commands = Arc::new(jobs.iter().map(|job| job.command.clone()).collect());
        let Some(committed) = self.commit(node, &commands)? else {
            self.without_the_store(node, jobs);
            return Ok(());
        };
        if self.dies() {
            return self.crash(node, "after a commit");
        }
        let written = Written { committed, jobs };
        if self.freezes() {
            // Others may take over what it has not begun to send.
            let pause = self.draw_pause();
            self.pause(node, pause);
            self.time.after(0, Event::Written(self.nodes[node].life, Box::new(written)));
            return Ok(());
        }
        self.finish_batch(node, written)
    }

    /// Sends the messages of a batch and answers it.
    pub(crate) fn finish_batch(&mut self, node: usize, written: Written) -> Check {
        let Written { committed, jobs } = written;
        self.publish(node, committed);
        if self.dies() {
            return self.crash(node, "before the answers");
        }
        if self.dies() {
            let answered = self.random.below(jobs.len());
            self.answer_jobs(node, &jobs[..answered]);
            return self.crash(node, "amid the answers");
        }
        self.answer_jobs(node, &jobs);
        self.note_results(node);
        self.plan_batch(node, 0);
        Ok(())
    }

    fn next_batch(&mut self, node: usize) -> Vec<Job> {
        let node = &mut self.nodes[node];
        node.batch_planned = false;
        let rest = node.intake.split_off(self.scenario.batch_commands.min(node.intake.len()));
        std::mem::replace(&mut node.intake, rest)
    }

    /// Commits and has everything checked. `None` if the store did not take the batch, or does not say whether it did.
    pub(crate) fn commit(&mut self, node: usize, commands: &Arc<Vec<Command>>) -> Result<Option<Committed>, Breach> {
        let fails = self.store_fails();
        let lost = fails && self.random.chance(50);
        if fails {
            self.report.store_faults += 1;
            self.auditor.disturbed(self.time.now());
        }
        if fails && !lost {
            self.note(|| format!("node {node}: the store is unavailable for {} commands", commands.len()));
            return Ok(None);
        }
        let committed = ready(self.nodes[node].store.commit(commands.clone()));
        self.note(|| format!("node {node}: {}", describe(commands, &committed)));
        self.auditor.committed(commands, &committed, &self.store)?;
        self.check_owner(node, &committed.messages)?;
        if lost {
            self.note(|| format!("node {node}: the store's answer is lost"));
            self.nodes[node].outbox_in_doubt = true;
            return Ok(None);
        }
        Ok(Some(committed))
    }

    /// A node is told of those messages only that are its own to deliver.
    fn check_owner(&self, node: usize, messages: &[Message]) -> Check {
        let strange = messages.iter().find(|message| !self.owns(node, message));
        ensure(strange.is_none(), "I4", || {
            format!("node {node} was told to deliver a message that is another node's: {strange:?}")
        })
    }

    /// Whether the store does not answer this time.
    pub(crate) fn store_fails(&mut self) -> bool {
        !self.healed && self.random.chance(self.scenario.store_faults)
    }

    /// A batch of which the store said nothing: what it holds is committed again, or its senders are told to try again.
    fn without_the_store(&mut self, node: usize, jobs: Vec<Job>) {
        if !self.nodes[node].outbox_in_doubt && self.random.chance(80) {
            let newer = std::mem::replace(&mut self.nodes[node].intake, jobs);
            self.nodes[node].intake.extend(newer);
            self.plan_batch(node, RETRY_MS);
            return;
        }
        for job in &jobs {
            match (job.origin, &job.command) {
                (Origin::Exchange(id), _) => self.answer(id, 503),
                (Origin::Sweep, _) => {
                    self.nodes[node].sweeping = self.nodes[node].sweeping.saturating_sub(1);
                }
                (Origin::Delivery, Command::Deliveries(deliveries)) => {
                    self.nodes[node].outgoing.noted(deliveries.clone(), false);
                }
                _ => {}
            }
        }
        if std::mem::take(&mut self.nodes[node].outbox_in_doubt) {
            self.nodes[node].outgoing.in_doubt();
            let configuration = ready(self.nodes[node].store.configuration());
            self.nodes[node].know(configuration);
            self.dispatch(node);
        }
        self.note_results(node);
        self.plan_batch(node, 0);
    }

    /// What a batch changed becomes known to the process, and its messages are sent.
    fn publish(&mut self, node: usize, committed: Committed) {
        if let Some(configuration) = committed.configuration {
            self.nodes[node].know(configuration);
        }
        self.offer(node, committed.messages);
        self.dispatch(node);
    }

    pub(crate) fn offer(&mut self, node: usize, messages: Vec<Message>) {
        for message in messages {
            self.nodes[node].outgoing.offer(message);
        }
    }

    fn answer_jobs(&mut self, node: usize, jobs: &[Job]) {
        for job in jobs {
            match (job.origin, &job.command) {
                (Origin::Exchange(id), command) => {
                    self.auditor.acknowledged(command);
                    self.answer_well(id);
                }
                (Origin::Sweep, _) => {
                    self.nodes[node].sweeping = self.nodes[node].sweeping.saturating_sub(1);
                }
                (Origin::Delivery, Command::Deliveries(deliveries)) => {
                    self.nodes[node].outgoing.noted(deliveries.clone(), true);
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
        Command::RegisterParty { .. } | Command::RegisterParties { .. } => "register".to_owned(),
        Command::RemoveParty { .. } => "remove".to_owned(),
        Command::Administer(administration) => return format!("{administration:?}"),
        Command::Deliveries(deliveries) => {
            let numbers: Vec<String> = deliveries.iter().map(|delivery| delivery.message.0.to_string()).collect();
            return format!("deliveries {}", numbers.join(" "));
        }
    };
    command.subject().map_or(kind.clone(), |subject| format!("{kind} {subject}"))
}
