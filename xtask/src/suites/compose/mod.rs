//! The suite `compose`: the harness in containers, on a real Docker Engine.

mod profiles;
mod roles;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::conformance::Addresses;
use crate::hub_process::{PORTS, ports_must_be_free};
use crate::outcome::{Row, not_run};
use crate::parts::{self, Missing, Part};
use crate::user::{User, finish, judge};
use crate::workspace::Workspace;

const UP: [&str; 6] = ["harness", "up", "--engine", "compose", "--timeout", "900"];
const DETACHED: [&str; 7] = ["harness", "up", "--engine", "compose", "--timeout", "900", "--detach"];
/// With a database in a container of its own.
const POSTGRES: [&str; 2] = ["--set", "store.kind=postgres"];
/// Every container, network and volume of a compose project has this label.
const LABEL: &str = "label=com.docker.compose.project";

struct Tests<'a> {
    workspace: &'a Workspace,
    engine: Part,
    user: User,
}

pub(super) async fn run(workspace: &Workspace) -> Result<Vec<Row>> {
    let started = Instant::now();
    let engine = match parts::docker(workspace).await {
        Ok(engine) => engine,
        Err(error) if error.is::<Missing>() => {
            let count = not_run("compose", &format!("{error:#}"));
            return Ok(vec![Row::said("Docker Engine", count, started.elapsed())]);
        }
        Err(error) => return Err(error),
    };
    ports_must_be_free(&PORTS)?;
    let binary = workspace.build_binary().await?;
    let home = workspace.fresh_folder("compose")?;
    let user = User::new(&binary, &home, &engine.environment);
    let tests = Tests { workspace, engine, user };
    let mut rows = vec![
        judge("preflight refuses before anything is changed", tests.preflight()).await,
        judge("up --once pays in containers", tests.once()).await,
        judge("docker compose by hand, then transfer", tests.by_hand()).await,
        judge("plan, change, drift, verify, logs", tests.life()).await,
        judge("killed at every step it completes when run again", tests.killed()).await,
        judge("two at once: one waits", tests.two_at_once()).await,
    ];
    rows.push(judge("each role in a container of its own", tests.roles()).await);
    rows.push(judge("two side by side, each cleaned up by itself", tests.side_by_side()).await);
    rows.push(judge("docker compose by hand, every pair of profiles", tests.pairwise()).await);
    rows.push(judge("docker compose by hand, as upstream's users do", tests.as_upstream()).await);
    rows.push(judge("docker compose by hand, a load", tests.load()).await);
    rows.extend(tests.conformance().await?);
    rows.push(judge("down leaves nothing behind", tests.nothing_left()).await);
    Ok(rows)
}

/// Collections of the Testing Toolkit against a hub in a container; a command of its own.
pub(crate) async fn conformance(
    workspace: &Workspace,
    postgres: bool,
    collections: impl AsyncFnOnce(Addresses) -> Result<Vec<Row>>,
) -> Result<Vec<Row>> {
    let engine = parts::docker(workspace).await?;
    ports_must_be_free(&PORTS)?;
    let binary = workspace.build_binary().await?;
    let home = workspace.fresh_folder("compose")?;
    let user = User::new(&binary, &home, &engine.environment);
    let tests = Tests { workspace, engine, user };
    let addresses = tests.start_hub(postgres).await?;
    let rows = collections(addresses).await;
    tests.user.run(&["harness", "reset", "--yes"]).await?.expect(0, &[])?;
    rows
}

impl Tests<'_> {
    async fn preflight(&self) -> Result<()> {
        let absent = self.user.with("DOCKER_HOST", "unix:///nonexistent/docker.sock");
        absent.run(&UP).await?.expect(4, &["docker-engine", "hint:", "--engine embedded"])?;
        let nowhere = self.user.with("PATH", "/nonexistent");
        nowhere.run(&UP).await?.expect(4, &["docker is not on the PATH", "hint:"])?;
        let taken = TcpListener::bind(("127.0.0.1", 3001)).context("port 3001")?;
        self.user.run(&UP).await?.expect(4, &["3001", "--port-offset"])?;
        drop(taken);
        let doctor =
            self.user.run(&["harness", "doctor", "--engine", "compose", "-o", "json"]).await?.expect(0, &[])?;
        ensure!(doctor.json()?["verdict"] == "pass", "{}", doctor.stdout);
        ensure!(!self.user.home().join("data/default/compose/compose.yaml").exists(), "a refused run left files");
        Ok(())
    }

    async fn once(&self) -> Result<()> {
        let paid = self.user.run(&[&UP[..], &["--once", "-o", "json"]].concat()).await?.expect(0, &[])?;
        paid.committed()?;
        let payment = paid.json()?;
        ensure!(payment["startup_ms"].as_f64().is_some_and(|ms| ms > 0.0), "no startup_ms");
        ensure!(payment["resident_bytes"].as_u64().is_some_and(|bytes| bytes > 0), "no resident_bytes");
        self.user.run(&["harness", "reset", "--yes"]).await?.expect(0, &[])?;
        Ok(())
    }

    /// As somebody does who owns the rendered folder and has no tool but docker.
    async fn by_hand(&self) -> Result<()> {
        let folder = self.user.home().join("a folder of any name");
        let out = folder.to_string_lossy().into_owned();
        self.user.run(&["harness", "render", "--out", &out]).await?.expect(0, &["compose.yaml"])?;
        std::fs::copy(folder.join(".env.example"), folder.join(".env")).context(".env")?;
        let example = folder.join("compose.override.example.yaml");
        std::fs::copy(example, folder.join("compose.override.yaml")).context("the example of an override")?;
        self.docker_in(&folder, &["compose", "up", "--wait"]).await?;
        let pay =
            ["transfer", "--from", "payerfsp", "--to", "MSISDN/27713803912", "--amount", "10", "--currency", "USD"];
        let paid = self.user.run(&[&pay[..], &["-o", "json"]].concat()).await;
        self.docker_in(&folder, &["compose", "down", "--volumes"]).await?;
        let paid = paid?.expect(0, &[])?;
        paid.committed()?;
        // The payee was delayed, three answers of 500 ms: the override file was read.
        ensure!(paid.json()?["total_ms"].as_f64().is_some_and(|ms| ms > 1000.0), "{}", paid.stdout);
        Ok(())
    }

    async fn life(&self) -> Result<()> {
        let user = &self.user;
        let plan = ["harness", "plan", "--engine", "compose", "-o", "json"];
        user.run(&plan).await?.expect(3, &["container/hub"])?;
        user.run(&DETACHED).await?.expect(0, &["COMMITTED"])?;
        user.run(&plan).await?.expect(0, &[])?;
        let again = user.run(&DETACHED).await?.expect(0, &[])?;
        ensure!(!again.stderr.contains('✓'), "the second up changed something:\n{}", again.stderr);
        user.run(&["harness", "verify"]).await?.expect(0, &["4 of 4 checks passed"])?;
        user.run(&["harness", "status", "-o", "json"]).await?.expect(0, &["\"state\": \"ready\""])?;
        user.run(&["harness", "logs"]).await?.expect(0, &["ready"])?;

        let changed = self.changed_definition().await?;
        let file = changed.to_string_lossy().into_owned();
        let asked = user.run(&[&plan[..], &["-f", &file]].concat()).await?.expect(3, &[])?;
        let changes = asked.changes()?;
        ensure!(changes.iter().any(|change| change.contains("participant/thirdfsp")), "{changes:?}");
        user.run(&[&DETACHED[..], &["-f", &file]].concat()).await?.expect(0, &[])?;
        user.run(&[&plan[..], &["-f", &file]].concat()).await?.expect(0, &[])?;
        let to_third =
            ["transfer", "--from", "payerfsp", "--to", "MSISDN/27700000003", "--amount", "1", "--currency", "USD"];
        user.run(&to_third).await?.expect(0, &["COMMITTED"])?;

        self.docker(&["stop", "mojaloop-default-simulators-1"]).await?;
        user.run(&[&plan[..], &["-f", &file]].concat()).await?.expect(3, &["container/simulators"])?;
        user.run(&["harness", "verify", "-f", &file]).await?.expect(1, &["simulators ended"])?;
        user.run(&[&DETACHED[..], &["-f", &file]].concat()).await?.expect(0, &[])?;
        user.run(&["harness", "down"]).await?.expect(0, &["its data stay"])?;
        user.run(&["harness", "reset", "--yes"]).await?.expect(0, &["deleted"])?;
        Ok(())
    }

    /// The demo with one more participant.
    async fn changed_definition(&self) -> Result<PathBuf> {
        let show = self.user.run(&["definition", "show", "-o", "json"]).await?.expect(0, &[])?;
        let mut hub = show.json()?["definition"].clone();
        let mut third = hub["participants"][1].clone();
        third["name"] = "thirdfsp".into();
        third["parties"] = serde_json::json!([{ "id": "MSISDN/27700000003", "name": "Carol Capybara" }]);
        hub["participants"].as_array_mut().context("participants")?.push(third);
        let file = self.user.home().join("changed.yaml");
        std::fs::write(&file, serde_json::to_vec_pretty(&hub)?)?;
        Ok(file)
    }

    async fn killed(&self) -> Result<()> {
        for step in [" files ", " images ", " containers "] {
            self.user.killed_after(&DETACHED, step).await.with_context(|| format!("killed after{step}"))?;
            self.user.run(&DETACHED).await?.expect(0, &["COMMITTED"])?;
            self.user.run(&["harness", "reset", "--yes"]).await?.expect(0, &[])?;
        }
        // In the middle of a step: containers are being made.
        self.user.killed_after(&DETACHED, " images ").await?;
        let mut started = self.user.mojaloop(&DETACHED);
        started.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let mut group = crate::process::Group::spawn("mojaloop", started)?;
        while self.docker(&["ps", "--all", "--quiet", "--filter", LABEL]).await?.trim().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        group.kill().await?;
        self.user.run(&DETACHED).await?.expect(0, &["COMMITTED", "an earlier `mojaloop harness up`"])?;
        self.user.run(&["harness", "reset", "--yes"]).await?.expect(0, &[])?;
        Ok(())
    }

    async fn two_at_once(&self) -> Result<()> {
        let (one, two) = tokio::join!(self.user.run(&DETACHED), self.user.run(&DETACHED));
        let (one, two) = (one?.expect(0, &["COMMITTED"])?, two?.expect(0, &["COMMITTED"])?);
        let said = format!("{}{}", one.stderr, two.stderr);
        ensure!(said.contains("waiting for `mojaloop harness up`, process "), "nobody waited:\n{said}");
        self.user.run(&["harness", "reset", "--yes"]).await?.expect(0, &[])?;
        Ok(())
    }

    /// The Testing Toolkit on this machine against the hub in its container.
    async fn conformance(&self) -> Result<Vec<Row>> {
        let addresses = self.start_hub(true).await?;
        let rows = crate::conformance::run_against(self.workspace, addresses, "compose").await;
        self.user.run(&["harness", "reset", "--yes"]).await?.expect(0, &[])?;
        rows
    }

    /// The hub alone; where its container and this machine reach each other.
    async fn start_hub(&self, postgres: bool) -> Result<Addresses> {
        let store = if postgres { &POSTGRES[..] } else { &[] };
        // Some collections look for the hub's signature.
        let signing = ["--set", "scheme.jws.sign=true", "--profile", "core"];
        self.user.run(&[&DETACHED[..], store, &signing].concat()).await?.expect(0, &[])?;
        let network = ["network", "inspect", "mojaloop-default_hub", "--format", "{{(index .IPAM.Config 0).Gateway}}"];
        let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
        let container = ["inspect", "mojaloop-default-hub-1", "--format", format];
        let (toolkit, hub) = (self.docker(&network).await?, self.docker(&container).await?);
        Ok(Addresses {
            toolkit: toolkit.trim().parse().context("the network's gateway")?,
            hub: hub.trim().parse().context("the hub's address")?,
        })
    }

    /// Two harnesses: each pays, and the end of one leaves the other alone.
    async fn side_by_side(&self) -> Result<()> {
        let other = ["--name", "other", "--port-offset", "20000"];
        self.user.run(&DETACHED).await?.expect(0, &["COMMITTED"])?;
        self.user.run(&[&DETACHED[..], &other].concat()).await?.expect(0, &["COMMITTED"])?;
        self.user.run(&["harness", "reset", "--yes"]).await?.expect(0, &["mojaloop-default_hub-data"])?;
        let status = self.user.run(&["harness", "status", "--name", "other", "-o", "json"]).await?.expect(0, &[])?;
        ensure!(status.json()?["state"] == "ready", "{}", status.stdout);
        self.user.run(&["harness", "reset", "--yes", "--name", "other"]).await?.expect(0, &["other_hub-data"])?;
        Ok(())
    }

    async fn nothing_left(&self) -> Result<()> {
        for what in [["ps", "--all"], ["volume", "ls"], ["network", "ls"]] {
            let left = self.docker(&[&what[..], &["--quiet", "--filter", LABEL]].concat()).await?;
            ensure!(left.trim().is_empty(), "docker {}: {left}", what.join(" "));
        }
        Ok(())
    }

    async fn docker(&self, arguments: &[&str]) -> Result<String> {
        self.docker_in(self.user.home(), arguments).await
    }

    async fn docker_in(&self, folder: &Path, arguments: &[&str]) -> Result<String> {
        let mut command = self.engine.command("docker");
        command.args(arguments).current_dir(folder);
        Ok(finish(command, &format!("docker {}", arguments.join(" "))).await?.expect(0, &[])?.stdout)
    }
}
