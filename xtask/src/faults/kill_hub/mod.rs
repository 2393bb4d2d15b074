//! Kills the hub with -9 under load and looks for what it had acknowledged.
//!
//! The FSPs live in this process and outlive the hub. They write down what it has acknowledged and what it has told
//! them, and resend what it has not acknowledged. At the end that is compared with what the hub says, and with what its
//! file holds. SIGKILL leaves what the system has taken over: this shows that the hub acknowledges nothing that only it
//! knows of, and not what a power cut would leave of the disk.

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
use self::plan::FSPS;
use self::record::FINAL_CHECK;
use crate::faults::random::Random;
use crate::hub_process::{HubProcess, Launch, PORTS};
use crate::outcome::{Count, Row, say, seconds};
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

/// How it is run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    pub(super) kills: usize,
    pub(super) seed: u64,
}

/// One row for each thing shown.
pub(super) async fn run(workspace: &Workspace, options: Options) -> Result<Vec<Row>> {
    say(&format!("replay the plan: cargo xtask faults kill-hub --kills {} --seed {}", options.kills, options.seed));
    let binary = workspace.build_binary().await?;
    let folder = workspace.fresh_folder("faults/kill-hub")?;
    let launch = Launch {
        binary,
        folder,
        port_offset: free_offset()?,
        flags: &["--callback-policy", "open"],
        database: None,
        signs: false,
    };
    say(&format!("the hub's log and file are in {}", launch.folder.display()));
    let started = Instant::now();
    let (hub, book) = (Hub::new(&launch), Book::default());
    let Outcome { kills, settled, stopped, evidence } = under_load(&launch, &hub, &book, options).await?;
    let mut rows = vec![
        shown(
            "the hub was killed under load",
            started,
            &figures::weak_kills(&kills, figures::acknowledged(&evidence.records), options.kills),
        ),
        shown("everything settled after the last restart", Instant::now(), &settled),
        shown("the hub ends when asked", Instant::now(), &stopped),
        shown("restarts are quick", Instant::now(), &slow_restarts(&kills)),
    ];
    for (name, check) in checks::ALL {
        let started = Instant::now();
        rows.push(shown(name, started, &check(&evidence)));
    }
    let audited = Instant::now();
    rows.push(shown("mojaloop audit finds the books in order", audited, &audit::findings(&launch).await?));
    let panics = panics(&launch.log())?;
    rows.push(shown("the hub never panicked", Instant::now(), &panics));
    say(&figures::table(&kills, &evidence, RESTART_SHOULD));
    Ok(rows)
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
async fn under_load(launch: &Launch, hub: &Hub, book: &Book, options: Options) -> Result<Outcome> {
    let mut random = Random::new(options.seed);
    let mut running = launch.spawn()?;
    running.ready().await?;
    let catchers = load::listen(&mut random).await?;
    let urls: Vec<_> = catchers.iter().map(|(fsp, catcher)| (*fsp, catcher.url.clone())).collect();
    hub.provision(&urls).await?;
    let mut load = Load::start(hub, book, catchers, &mut random);
    let mut killer = Killer { launch, hub, book, random, kills: Kills::default() };
    let running = killer.kill(running, options.kills).await?;
    let settling = Instant::now();
    let settled = async {
        load.settle().await?;
        drained(&mut load, &launch.store()).await
    };
    let settled = findings(settled.await);
    say(&format!("settled after {}", seconds(settling.elapsed())));
    ask_for_all(hub, book).await;
    let (stopped, evidence) = stop(launch, hub, book, running).await?;
    Ok(Outcome { kills: killer.kills, settled, stopped, evidence })
}

/// Waits until the hub has delivered everything and the payees have answered everything.
async fn drained(load: &mut Load, store: &Path) -> Result<()> {
    let deadline = Instant::now() + DRAINED_WITHIN;
    loop {
        let left = journal::outbox(store)?;
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

/// Reads the balances, ends the hub, and then reads its file.
async fn stop(launch: &Launch, hub: &Hub, book: &Book, running: HubProcess) -> Result<(Findings, Evidence)> {
    let mut accounts = Vec::new();
    for owner in FSPS.map(|fsp| fsp.0).into_iter().chain(["Hub"]) {
        accounts.extend(hub.accounts(owner).await?);
    }
    let stopped = findings(running.stop().await);
    let books = journal::Books::read(&launch.store())?;
    let (records, strays) = book.copy();
    Ok((stopped, Evidence { records, strays, accounts, books }))
}

fn slow_restarts(kills: &Kills) -> Findings {
    let slow = kills.restarts.iter().filter(|took| **took > RESTART_MUST);
    slow.map(|took| format!("a restart took {}", seconds(*took))).collect()
}

fn panics(log: &Path) -> Result<Findings> {
    let text = std::fs::read(log).with_context(|| format!("cannot read {}", log.display()))?;
    let text = String::from_utf8_lossy(&text);
    Ok(text.lines().filter(|line| line.contains("panicked")).map(str::to_owned).collect())
}

fn findings(result: Result<()>) -> Findings {
    result.err().map(|error| format!("{error:#}")).into_iter().collect()
}

/// A row, with its findings said before it.
fn shown(name: &str, started: Instant, findings: &[String]) -> Row {
    for finding in findings.iter().take(FINDINGS_SHOWN) {
        say(&format!("   {finding}"));
    }
    if findings.len() > FINDINGS_SHOWN {
        say(&format!("   … {} findings in all", findings.len()));
    }
    Row::said(name, Count::one(findings.is_empty()), started.elapsed())
}

/// The first offset at which all of the hub's ports are free.
fn free_offset() -> Result<u16> {
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let free = OFFSETS.into_iter().find(|offset| PORTS.iter().all(|port| is_free(port + offset)));
    free.with_context(|| format!("with none of the port offsets {OFFSETS:?} all of the hub's ports are free"))
}
