//! Kills the hub with -9 under load and looks for what it had acknowledged.
//!
//! The FSPs live in this process and outlive the hub. They write down what it has acknowledged and what it has told
//! them, and resend what it has not acknowledged, to whichever node. At the end that is compared with what the hub says,
//! and with what its store holds. SIGKILL leaves what the system has taken over: this shows that the hub acknowledges
//! nothing that only it knows of, and not what a power cut would leave of the disk.

mod audit;
mod book;
mod checks;
mod figures;
mod hub;
mod journal;
mod killer;
mod load;
mod message;
mod plan;
mod record;
mod storage;

use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::task::JoinSet;

use self::book::Book;
use self::checks::Evidence;
use self::hub::Hub;
use self::killer::{Killer, Kills};
use self::load::Load;
use self::message::Message;
use self::plan::{FSPS, Fsp};
use self::record::FINAL_CHECK;
use self::storage::Storage;
use crate::conformance::Store;
use crate::faults::random::Random;
use crate::hub_process::{HubProcess, Launch, PORTS};
use crate::outcome::{Count, Row, not_run, say, seconds};
use crate::workspace::Workspace;

/// Where the hub's ports may lie: no other part's ports, below those that the system gives to anybody (32768 on Linux),
/// so that nobody takes one between a kill and the restart.
const OFFSETS: [u16; 4] = [17_000, 17_020, 17_040, 17_060];
/// How long the outbox may take to become empty once all FSPs have what they wait for.
const DRAINED_WITHIN: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(50);
/// How often GET is asked, and how long its callback is waited for.
const QUESTION_ATTEMPTS: u32 = 3;
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// Questions that are asked at the same time.
const QUESTIONS_AT_ONCE: usize = 128;
/// A restart should take 2 s at the most. The failing bound forgives a machine that is busy otherwise.
const RESTART_SHOULD: Duration = Duration::from_secs(2);
const RESTART_MUST: Duration = Duration::from_secs(10);
/// Of each check so many findings are shown.
const FINDINGS_SHOWN: usize = 10;

/// The flags of each node.
const FLAGS: [&[&str]; MOST_NODES] =
    [&["--callback-policy", "open", "--node", "one"], &["--callback-policy", "open", "--node", "two"]];
/// Nodes that share a database, at the most.
pub(super) const MOST_NODES: usize = 2;

/// How it is run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    pub(super) store: Store,
    /// From 1 to [`MOST_NODES`]; of SQLite 1.
    pub(super) nodes: usize,
    pub(super) kills: usize,
    /// Whether the database's server is killed, too.
    pub(super) kill_database: bool,
    pub(super) seed: u64,
}

impl Options {
    /// The store and its nodes, for people.
    fn title(&self) -> &'static str {
        match (self.store, self.nodes) {
            (Store::Sqlite, _) => "SQLite",
            (Store::Postgres, 1) => "PostgreSQL",
            (Store::Postgres, _) => "PostgreSQL, two nodes",
        }
    }

    /// What runs the same again.
    fn command(&self) -> String {
        let Self { nodes, kills, seed, .. } = self;
        let store = if self.store == Store::Sqlite { "sqlite" } else { "postgres" };
        let database = if self.kill_database { " --kill-database" } else { "" };
        format!("cargo xtask faults kill-hub --store {store} --nodes {nodes} --kills {kills}{database} --seed {seed}")
    }
}

/// One row for each thing shown.
pub(super) async fn run(workspace: &Workspace, options: Options) -> Result<Vec<Row>> {
    let (title, started) = (options.title(), Instant::now());
    say(&format!("{title}: replay the plan: {}", options.command()));
    let folder = format!("faults/kill-hub-{:?}-{}", options.store, options.nodes).to_lowercase();
    let folder = workspace.fresh_folder(&folder)?;
    let mut storage = match open(options.store, &folder).await {
        Ok(storage) => storage,
        Err(error) => {
            let missing = not_run(&format!("kill-hub on {title}"), &format!("{error:#}"));
            return Ok(vec![Row::said(title, missing, started.elapsed())]);
        }
    };
    ensure!(!options.kill_database || storage.can_be_killed(), "--kill-database: the database's server is not ours");
    let nodes = launches(&workspace.build_binary().await?, &folder, &storage, options.nodes)?;
    say(&format!("the hub's logs are in {}", folder.display()));
    let (hub, book) = (Hub::new(&nodes), Book::default());
    let outcome = under_load(&nodes, &mut storage, &hub, &book, options).await?;
    let auditing = Instant::now();
    let (violations, checked) = audit::findings(&nodes[0]).await?;
    let mut rows = judged(&outcome, started, options);
    rows.push(shown(title, "mojaloop audit finds the books in order", auditing, &violations));
    rows.push(shown(title, "the hub never panicked", Instant::now(), &panics(&nodes)?));
    say(&figures::table(&outcome.kills, &outcome.evidence, RESTART_SHOULD, hub.refusals(), &checked));
    Ok(rows)
}

/// An empty store; an error where there is none of this kind.
async fn open(store: Store, folder: &Path) -> Result<Storage> {
    match store {
        Store::Sqlite => Ok(Storage::File(folder.join("node-1").join("hub.sqlite"))),
        Store::Postgres => Storage::database().await,
    }
}

fn judged(outcome: &Outcome, started: Instant, options: Options) -> Vec<Row> {
    let Outcome { kills, settled, stopped, evidence } = outcome;
    let weak = figures::weak_kills(kills, figures::acknowledged(&evidence.records), options.kills);
    let mut rows = vec![shown(options.title(), "the hub was killed under load", started, &weak)];
    for (name, findings) in [
        ("everything settled after the last restart", settled),
        ("the hub ends when asked", stopped),
        ("restarts are quick", &slow_restarts(kills)),
    ] {
        rows.push(shown(options.title(), name, Instant::now(), findings));
    }
    for (name, check) in checks::ALL {
        let started = Instant::now();
        rows.push(shown(options.title(), name, started, &check(evidence)));
    }
    rows
}

/// How each node is started, in a folder and on ports of its own.
fn launches(binary: &Path, folder: &Path, storage: &Storage, nodes: usize) -> Result<Vec<Launch>> {
    let mut launches = Vec::new();
    for (number, port_offset) in free_offsets(nodes)?.into_iter().enumerate() {
        let folder = folder.join(format!("node-{}", number + 1));
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let (binary, database) = (binary.to_path_buf(), storage.url());
        launches.push(Launch { binary, folder, port_offset, flags: FLAGS[number], database, signs: false });
    }
    Ok(launches)
}

/// What is wrong; nothing is good.
type Findings = Vec<String>;

/// What came of it all.
struct Outcome {
    kills: Kills,
    settled: Findings,
    stopped: Findings,
    evidence: Evidence,
}

/// Everything while the hub is there: kills under load, then peace, then questions, then an orderly end.
async fn under_load(
    nodes: &[Launch],
    storage: &mut Storage,
    hub: &Hub,
    book: &Book,
    options: Options,
) -> Result<Outcome> {
    let mut random = Random::new(options.seed);
    let catchers = load::listen(&mut random).await?;
    let urls: Vec<_> = catchers.iter().map(|(fsp, catcher)| (*fsp, catcher.url.clone())).collect();
    let running = start(nodes, hub, &urls).await?;
    let mut load = Load::start(hub, book, catchers, &mut random);
    let (kills, kill_database) = (Kills::default(), options.kill_database);
    let mut killer = Killer { nodes, storage, kill_database, hub, book, random, kills };
    let running = killer.kill(running, options.kills).await?;
    let kills = killer.kills;
    let settling = Instant::now();
    let settled = async {
        load.settle().await?;
        drained(&mut load, storage).await
    };
    let settled = findings(settled.await);
    say(&format!("settled after {}", seconds(settling.elapsed())));
    ask_for_all(hub, book).await;
    let (stopped, evidence) = stop(storage, hub, book, running).await?;
    Ok(Outcome { kills, settled, stopped, evidence })
}

/// Starts the nodes; the others once the first has the scheme, so that all know it when they are ready.
async fn start(nodes: &[Launch], hub: &Hub, fsps: &[(Fsp, String)]) -> Result<Vec<HubProcess>> {
    let mut running = Vec::new();
    for node in nodes {
        let mut process = node.spawn()?;
        process.ready().await?;
        if running.is_empty() {
            hub.provision(fsps).await?;
        }
        running.push(process);
    }
    Ok(running)
}

/// Waits until the hub has delivered everything and the payees have answered everything.
async fn drained(load: &mut Load, storage: &Storage) -> Result<()> {
    let deadline = Instant::now() + DRAINED_WITHIN;
    loop {
        let left = storage.outbox().await?;
        if left == 0 && load.is_idle() {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "{left} messages were not delivered within {} s", DRAINED_WITHIN.as_secs());
        tokio::time::sleep(POLL).await;
    }
}

/// Each payer asks what became of each of its transfers.
async fn ask_for_all(hub: &Hub, book: &Book) {
    let started = Instant::now();
    let mut questions = JoinSet::new();
    let records = book.copy().0;
    let count = records.len();
    for record in records.into_values().filter(|record| record.prepare.is_accepted()) {
        if questions.len() >= QUESTIONS_AT_ONCE {
            questions.join_next().await;
        }
        let (hub, book) = (hub.clone(), book.clone());
        questions.spawn(async move {
            let question = Message::question(record.plan.id, record.plan.payer, FINAL_CHECK);
            for _ in 0..QUESTION_ATTEMPTS {
                // No answer is a finding later.
                let _ = hub.try_send(&question).await;
                let answered = book.wait_until(record.plan.id, |record| record.said_at_the_end.is_some());
                if tokio::time::timeout(ANSWER_WITHIN, answered).await.is_ok() {
                    return;
                }
            }
        });
    }
    questions.join_all().await;
    say(&format!("asked for {count} transfers in {}", seconds(started.elapsed())));
}

/// Reads the balances, ends the hub, and then reads its store.
async fn stop(storage: &Storage, hub: &Hub, book: &Book, running: Vec<HubProcess>) -> Result<(Findings, Evidence)> {
    let mut accounts = Vec::new();
    for owner in FSPS.map(|fsp| fsp.0).into_iter().chain(["Hub"]) {
        accounts.extend(hub.accounts(owner).await?);
    }
    let mut stopped = Findings::new();
    for node in running {
        stopped.extend(findings(node.stop().await));
    }
    let books = storage.books().await?;
    let (records, strays) = book.copy();
    Ok((stopped, Evidence { records, strays, accounts, books }))
}

fn slow_restarts(kills: &Kills) -> Findings {
    let slow = kills.restarts.iter().filter(|took| **took > RESTART_MUST);
    slow.map(|took| format!("a restart took {}", seconds(*took))).collect()
}

fn panics(nodes: &[Launch]) -> Result<Findings> {
    let mut found = Findings::new();
    for log in nodes.iter().map(Launch::log) {
        let text = std::fs::read(&log).with_context(|| format!("cannot read {}", log.display()))?;
        let text = String::from_utf8_lossy(&text);
        found.extend(text.lines().filter(|line| line.contains("panicked")).map(str::to_owned));
    }
    Ok(found)
}

fn findings(result: Result<()>) -> Findings {
    result.err().map(|error| format!("{error:#}")).into_iter().collect()
}

/// A row, with its findings said before it.
fn shown(title: &str, name: &str, started: Instant, findings: &[String]) -> Row {
    for finding in findings.iter().take(FINDINGS_SHOWN) {
        say(&format!("   {finding}"));
    }
    if findings.len() > FINDINGS_SHOWN {
        say(&format!("   … {} findings in all", findings.len()));
    }
    Row::said(format!("{title}: {name}"), Count::one(findings.is_empty()), started.elapsed())
}

/// So many offsets at which all of the hub's ports are free.
fn free_offsets(count: usize) -> Result<Vec<u16>> {
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let all = OFFSETS.into_iter().filter(|offset| PORTS.iter().all(|port| is_free(port + offset)));
    let free: Vec<_> = all.take(count).collect();
    ensure!(
        free.len() == count,
        "with {} of the port offsets {OFFSETS:?} all of the hub's ports are free, {count} are needed",
        free.len()
    );
    Ok(free)
}
