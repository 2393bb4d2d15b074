//! `cargo xtask conformance`: Mojaloop's own Testing Toolkit against the real hub, and the ledger's answers to it.

mod answers;
mod impossible;
mod kit;

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::ValueEnum;
use harness::toolkit::TOOLKIT_PORTS;

use crate::http::Client;
use crate::hub_process::{self, HubProcess, ports_must_be_free};
use crate::outcome::{Count, Row, finish, not_run, say};
use crate::workspace::Workspace;
use answers::{Balances, Evidence};
use impossible::{Ids, Impossible};
pub(crate) use kit::Addresses;
use kit::Kit;

/// Every group must pass; the collections of a group run in order on one fresh hub.
const GROUPS: &[&[Collection<'_>]] = &[
    &[whole("core-provisioning"), whole("core-p2p")],
    &[
        whole("hub-provisioning"),
        whole("hub-core"),
        Collection {
            impossible: impossible::TRANSACTION_REQUESTS,
            ..whole("hub/golden_path/transaction_request_service")
        },
    ],
    &[
        whole("core-provisioning-gp"),
        Collection { left_out: NOT_FOR_THIS_HUB, impossible: impossible::CORE_GP, ..whole("core-gp") },
    ],
];
/// The collection whose payment the ledger is asked about.
const PAYMENT: &str = "core-p2p";

/// A collection, what of it is not run, and what of it nothing can pass.
#[derive(Clone, Copy)]
struct Collection<'a> {
    name: &'a str,
    left_out: &'static [LeftOut],
    impossible: &'static [Impossible],
}

/// Files of a collection that are left out.
struct LeftOut {
    /// A part of their paths, as a regular expression without blanks.
    files: &'static str,
    why: &'static str,
}

const fn whole(name: &str) -> Collection<'_> {
    Collection { name, left_out: &[], impossible: &[] }
}

const fn left_out(files: &'static str, why: &'static str) -> LeftOut {
    LeftOut { files, why }
}

/// What the kit's COLLECTIONS.md says of files that need more than a hub of this kind and the kit.
const NOT_FOR_THIS_HUB: &[LeftOut] = &[
    left_out("SettlementWindows/", "needs settlement"),
    left_out("other-bug-fixes", "needs settlement"),
    left_out("settlement_management", "needs settlement"),
    left_out("post_scenarios/", "needs the real SDK and its simulator"),
    left_out("tests/lei/", "needs the registry oracle"),
    left_out("tests/fx/", "needs currency conversion"),
];

/// Our check of the books: a relay without a ledger would pass the payment's collection.
const LEDGER: &str = "the ledger's answers";
/// Our check that the hub ends in good order.
const ENDING: &str = "hub ends when asked";

/// Collections of the Mojaloop Testing Toolkit against a fresh hub.
#[derive(clap::Args)]
#[command(before_help = "Example: cargo xtask conformance core-provisioning core-p2p")]
pub(crate) struct Arguments {
    /// Collections, as the kit's `run-ttk.sh list` names them, in this order on one fresh hub.
    /// Without names: every group that must pass, each on a fresh hub.
    names: Vec<String>,
    /// What the hub stores in.
    #[arg(long, value_enum, default_value_t = Store::Sqlite)]
    store: Store,
    /// Where the hub runs.
    #[arg(long, value_enum, default_value_t = Engine::Process)]
    engine: Engine,
    /// What the Testing Toolkit's new ids look like. The collections' own environment says ULID; with UUIDs the Toolkit also
    /// takes its own messages of version 1.0.
    #[arg(long, value_enum, default_value_t = Ids::Ulid)]
    ids: Ids,
}

/// Where a hub runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Engine {
    /// A process of this machine.
    Process,
    /// A container, by docker compose.
    Compose,
}

/// What a hub stores in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Store {
    /// A file of its own.
    Sqlite,
    /// A database of its own, on a server of our own or the one that MOJALOOP_POSTGRES names.
    Postgres,
}

pub(crate) async fn command(arguments: Arguments) -> Result<ExitCode> {
    let workspace = Workspace::find().await?;
    let groups: Vec<Vec<Collection<'_>>> = match arguments.names.as_slice() {
        [] => GROUPS.iter().map(|group| group.to_vec()).collect(),
        names => vec![names.iter().map(|name| named(name)).collect()],
    };
    let rows = match arguments.engine {
        Engine::Process => run(&workspace, &groups, arguments.store, arguments.ids).await?,
        Engine::Compose => in_container(&workspace, &groups, &arguments).await?,
    };
    Ok(finish(&rows, total(&rows)))
}

/// A collection that is asked for by its name: as in its group.
fn named(name: &str) -> Collection<'_> {
    GROUPS.iter().copied().flatten().find(|known| known.name == name).copied().unwrap_or_else(|| whole(name))
}

/// The last line counts the Toolkit's assertions alone, so that it can be compared with other hubs' and with the kit's own.
/// Of our own checks only what fails or is not run is counted there.
fn total(rows: &[Row]) -> Count {
    let counted = |row: &Row| match row.name.as_str() {
        LEDGER | ENDING => Count { passed: 0, ..row.count },
        _ => row.count,
    };
    rows.iter().map(counted).sum()
}

/// What runs with all other tests: the payment of the core test harness on each store, the hub's golden path on one.
pub(crate) async fn run_suite(workspace: &Workspace) -> Result<Vec<Row>> {
    let (payment, golden_path) = (GROUPS[0].to_vec(), GROUPS[1].to_vec());
    let mut rows = run(workspace, &[payment.clone(), golden_path], Store::Sqlite, Ids::Ulid).await?;
    rows.extend(run(workspace, &[payment], Store::Postgres, Ids::Ulid).await?);
    Ok(rows)
}

/// Runs groups of collections, each on a fresh hub.
async fn run(workspace: &Workspace, groups: &[Vec<Collection<'_>>], store: Store, ids: Ids) -> Result<Vec<Row>> {
    let started = Instant::now();
    let kit = match Kit::find(workspace).await {
        Ok(kit) => kit,
        Err(error) => {
            return Ok(vec![Row::said(
                "Testing Toolkit",
                not_run("conformance", &format!("{error:#}")),
                started.elapsed(),
            )]);
        }
    };
    let binary = workspace.build_binary().await?;
    let server = match store {
        Store::Sqlite => None,
        Store::Postgres => Some(postgres_server::Server::shared()),
    };
    let mut rows = Vec::new();
    for group in groups {
        ports_must_be_free(&hub_process::PORTS)?;
        ports_must_be_free(&TOOLKIT_PORTS)?;
        let folder = workspace
            .fresh_folder(&format!("conformance/{}-{store:?}", group[0].name.replace('/', "_")).to_lowercase())?;
        let names: Vec<&str> = group.iter().map(|collection| collection.name).collect();
        say(&format!("{}: logs and reports are in {}", names.join(", "), folder.display()));
        let hub = HubProcess::start(&binary, &folder, server.map(postgres_server::Server::database)).await?;
        rows.extend(run_group(&kit, group, ids, &folder).await?);
        let stopping = Instant::now();
        let stopped = hub.stop().await.inspect_err(|error| say(&format!("{error:#}")));
        rows.push(Row::said(ENDING, Count::one(stopped.is_ok()), stopping.elapsed()));
    }
    Ok(rows)
}

/// Runs groups of collections, each on a fresh hub in a container.
async fn in_container(
    workspace: &Workspace,
    groups: &[Vec<Collection<'_>>],
    arguments: &Arguments,
) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for group in groups {
        let folder = workspace.fresh_folder(&format!("conformance/compose-{}", group[0].name.replace('/', "_")))?;
        let postgres = arguments.store == Store::Postgres;
        let run = async |addresses| {
            let kit = Kit::find(workspace).await?.with(addresses);
            ports_must_be_free(&TOOLKIT_PORTS)?;
            run_group(&kit, group, arguments.ids, &folder).await
        };
        rows.extend(crate::suites::compose::conformance(workspace, postgres, run).await?);
    }
    Ok(rows)
}

/// The folder of the Testing Toolkit's kit, whether it is there or not.
pub(crate) fn kit_folder(workspace: &Workspace) -> std::path::PathBuf {
    workspace.outside_part("MOJALOOP_TTK", "../shared/ttk")
}

/// The group of every hub in containers: the Toolkit against a hub elsewhere.
pub(crate) async fn run_against(workspace: &Workspace, addresses: Addresses, title: &str) -> Result<Vec<Row>> {
    let kit = Kit::find(workspace).await?.with(addresses);
    ports_must_be_free(&TOOLKIT_PORTS)?;
    let folder = workspace.fresh_folder(&format!("conformance/{title}"))?;
    run_group(&kit, GROUPS[0], Ids::Ulid, &folder).await
}

async fn run_group(kit: &Kit, collections: &[Collection<'_>], ids: Ids, folder: &Path) -> Result<Vec<Row>> {
    let client = Client::new();
    let running = kit.start(collections[0].name).await?;
    let mut rows = Vec::new();
    let mut evidence = None;
    for collection in collections {
        let before = if collection.name == PAYMENT { Some(Balances::read(&client).await) } else { None };
        let started = Instant::now();
        let row = running.collection(collection, ids, folder).await.unwrap_or_else(|error| {
            say(&format!("{error:#}"));
            Row::said(collection.name, Count::FAILED, started.elapsed())
        });
        rows.push(row);
        if let Some(before) = before {
            evidence = Some(Evidence { before, after: Balances::read(&client).await });
        }
    }
    // The state is asked for when all collections are over, because asking moves the payer's callback address.
    running.stop().await?;
    if let Some(evidence) = evidence {
        let started = Instant::now();
        let verdicts = answers::judge(&client, &evidence, &folder.join(format!("{PAYMENT}.json")), kit.payer()).await;
        let count = verdicts.iter().map(|(_, verdict)| Count::one(verdict.is_ok())).sum();
        rows.push(Row::said(LEDGER, count, started.elapsed()));
    }
    Ok(rows)
}
