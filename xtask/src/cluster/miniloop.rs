//! Miniloop and HELM Deploy on a real Kubernetes.

use std::net::IpAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::conformance::Addresses;
use crate::hub_process::{PORTS, ports_must_be_free};
use crate::outcome::{Row, say, seconds};
use crate::parts::{self, Part};
use crate::process::Group;
use crate::user::{User, finish, judge};
use crate::workspace::Workspace;

/// Where pods reach this machine.
const THIS_MACHINE: &str = "10.250.0.1";
/// Ports of the Testing Toolkit's FSPs and oracles, which the hub's network policy must let it call.
const TOOLKIT_PORTS: &str = "[3060,4040,15010,15020,15030,15040,15050,15060]";
const NAMESPACE: &str = "mojaloop";
/// The release is called like the demo's hub.
const RELEASE: &str = "demo-mojaloop-hub";
const UP: [&str; 4] = ["miniloop", "up", "--timeout", "600"];
const PLAN: [&str; 4] = ["miniloop", "plan", "-o", "json"];
const DOWN: [&str; 5] = ["miniloop", "down", "--yes", "--timeout", "600"];
const PAYMENT_WORDS: &str = "COMMITTED";

struct Tests<'a> {
    workspace: &'a Workspace,
    cluster: Part,
    /// None where the cluster is somebody else's: its nodes are not ours to look into.
    scripts: Option<PathBuf>,
    user: User,
}

pub(super) async fn on_one_node(workspace: &Workspace) -> Result<Vec<Row>> {
    let tests = Tests::start(workspace, 1).await?;
    let mut rows = vec![
        judge("preflight refuses before anything is changed", tests.preflight()).await,
        judge("miniloop from nothing to a payment, again, down", tests.life()).await,
        judge("plan, change, drift, verify", tests.changes()).await,
        judge("killed at every step it completes when run again", tests.killed()).await,
        judge("two at once: one waits", tests.two_at_once()).await,
        judge("helm doctor, render, plan", tests.production()).await,
    ];
    rows.extend(tests.conformance().await?);
    rows.push(judge("down leaves nothing behind", tests.nothing_left()).await);
    Ok(rows)
}

pub(super) async fn on_three_nodes(workspace: &Workspace) -> Result<Vec<Row>> {
    let tests = Tests::start(workspace, 3).await?;
    Ok(vec![
        judge("miniloop on three nodes, from nothing to nothing", tests.life()).await,
        judge("down leaves nothing behind", tests.nothing_left()).await,
    ])
}

impl<'a> Tests<'a> {
    /// On the cluster of `MOJALOOP_KUBECONFIG`, else on one of our own.
    async fn start(workspace: &'a Workspace, nodes: u32) -> Result<Self> {
        let home = workspace.fresh_folder(&format!("miniloop-{nodes}"))?;
        let given = std::env::var("MOJALOOP_KUBECONFIG").ok().filter(|value| !value.is_empty());
        let (cluster, scripts) = match given {
            Some(file) => (Part::elsewhere(&[("KUBECONFIG", &file)]), None),
            None => {
                let scripts = parts::kubernetes_programs(workspace).await?;
                (parts::kubernetes(workspace, nodes).await?, Some(scripts))
            }
        };
        let binary = workspace.build_binary().await?;
        let mut user = User::new(&binary, &home, &cluster.environment);
        if let Some(scripts) = &scripts {
            let load = format!("{} {}", scripts.join("load.sh").display(), cluster.folder().display());
            user = user.with("MOJALOOP_IMAGE_LOAD", &load);
        }
        Ok(Self { workspace, cluster, scripts, user })
    }

    async fn preflight(&self) -> Result<()> {
        let user = &self.user;
        user.run(&[&UP[..], &["--kubeconfig", "/nonexistent"]].concat())
            .await?
            .expect(4, &["/nonexistent", "hint:"])?;
        user.run(&[&UP[..], &["--context", "no-such-context"]].concat())
            .await?
            .expect(4, &["no-such-context", "hint:"])?;
        let away = user.home().join("away.kubeconfig");
        let text = std::fs::read_to_string(self.kubeconfig()?)?.replace(":6443", ":1");
        std::fs::write(&away, text)?;
        let away = away.to_string_lossy().into_owned();
        user.run(&[&UP[..], &["--kubeconfig", &away]].concat()).await?.expect(4, &["hint:"])?;
        let huge = ["helm", "up", "--set", "sizing.paymentsPerSecond=20000"];
        user.run(&huge).await?.expect(4, &["hint:"])?;
        self.taken_node_port().await?;
        let left = self.kubectl(&["get", "namespaces", "--output", "name"]).await?;
        ensure!(!left.contains(NAMESPACE), "a refused run made a namespace: {left}");
        Ok(())
    }

    /// Another service has the port of each node that the definition asks for.
    async fn taken_node_port(&self) -> Result<()> {
        let service =
            ["create", "service", "nodeport", "taken", "--tcp=80", "--node-port=30300", "--namespace", "default"];
        self.kubectl(&service).await?;
        let exposure = "kubernetes.exposure={type: node-port, nodePort: 30300}";
        let refused = self.user.run(&[&UP[..], &["--set", exposure]].concat()).await;
        self.kubectl(&["delete", "service", "taken", "--namespace", "default"]).await?;
        refused?.expect(4, &["30300", "hint:"])?;
        Ok(())
    }

    async fn life(&self) -> Result<()> {
        let user = &self.user;
        user.run(&["miniloop", "doctor"]).await?.expect(0, &["ready"])?;
        user.run(&PLAN).await?.expect(3, &[])?;
        // The image is built and loaded first, so that what is measured is the cluster's work.
        user.run(&["image", "--out", &user.home().join("image.tar").to_string_lossy()]).await?.expect(0, &[])?;
        let started = Instant::now();
        user.run(&UP).await?.expect(0, &[PAYMENT_WORDS])?;
        say(&format!("miniloop up, from an empty cluster to a payment: {}", seconds(started.elapsed())));
        let started = Instant::now();
        let again = user.run(&UP).await?.expect(0, &[])?;
        say(&format!("miniloop up again: {}", seconds(started.elapsed())));
        let changed: Vec<&str> =
            again.stderr.lines().filter(|line| line.contains('✓') && !line.contains("payment")).collect();
        ensure!(changed.is_empty(), "the second up changed something: {changed:?}");
        user.run(&PLAN).await?.expect(0, &[])?;
        user.run(&["miniloop", "verify", "--timeout", "300"])
            .await?
            .expect(0, &["dns", "forbidden-flow", "payment"])?;
        user.run(&["miniloop", "status", "-o", "json"]).await?.expect(0, &[RELEASE])?;
        let started = Instant::now();
        user.run(&DOWN).await?.expect(0, &[])?;
        say(&format!("miniloop down: {}", seconds(started.elapsed())));
        self.nothing_left().await
    }

    async fn changes(&self) -> Result<()> {
        let user = &self.user;
        user.run(&UP).await?.expect(0, &[PAYMENT_WORDS])?;
        let cap = ["--set", "participants[0].currencies.USD.netDebitCap=90000"];
        let plan = [&PLAN[..], &cap].concat();
        let changes = user.run(&plan).await?.expect(3, &[])?.changes()?;
        ensure!(changes.iter().any(|change| change.contains("netDebitCap")), "{changes:?}");
        user.run(&[&UP[..], &cap].concat()).await?.expect(0, &[])?;
        user.run(&plan).await?.expect(0, &[])?;
        // Behind the tool's back.
        let deployment = format!("deployment/{RELEASE}-simulators");
        self.kubectl(&["--namespace", NAMESPACE, "scale", &deployment, "--replicas=0"]).await?;
        let drift = user.run(&plan).await?.expect(3, &[])?.changes()?;
        ensure!(drift.iter().any(|change| change.contains("replicas")), "{drift:?}");
        user.run(&[&["miniloop", "verify", "--timeout", "60"], &cap[..]].concat()).await?.expect(1, &["hint:"])?;
        user.run(&[&UP[..], &cap].concat()).await?.expect(0, &[])?;
        user.run(&plan).await?.expect(0, &[])?;
        user.run(&[&["miniloop", "verify", "--timeout", "300"], &cap[..]].concat()).await?.expect(0, &[])?;
        if let Some(scripts) = &self.scripts {
            let mut refused = self.cluster.command(scripts.join("refused.sh"));
            refused.arg(self.cluster.folder());
            let refused = finish(refused, "refused.sh").await?.expect(0, &[])?.stdout;
            say(&format!(
                "flows that network policies refused (those of verify's own probes are meant to be):\n{refused}"
            ));
        }
        user.run(&DOWN).await?.expect(0, &[])?;
        Ok(())
    }

    async fn killed(&self) -> Result<()> {
        for step in [" image ", " namespace ", " release "] {
            self.user.killed_after(&UP, step).await.with_context(|| format!("killed after{step}"))?;
            self.user.run(&UP).await?.expect(0, &[PAYMENT_WORDS])?;
            self.user.run(&DOWN).await?.expect(0, &[])?;
        }
        // In the middle of the release: Helm has begun and pods are being made.
        let mut command = self.user.mojaloop(&UP);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut group = Group::spawn("mojaloop", command)?;
        let secrets = ["--namespace", NAMESPACE, "get", "secrets", "--output", "name"];
        let deadline = Instant::now() + Duration::from_secs(300);
        while !self.kubectl(&secrets).await.unwrap_or_default().contains("helm.release") {
            ensure!(Instant::now() < deadline, "Helm never began");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        group.kill().await?;
        self.user.run(&UP).await?.expect(0, &[PAYMENT_WORDS, "an earlier `mojaloop miniloop up`"])?;
        self.user.killed_after(&DOWN, " release ").await.context("down, killed after release")?;
        self.user.run(&DOWN).await?.expect(0, &[])?;
        Ok(())
    }

    /// From two homes, as from two machines: the lock is in the cluster.
    async fn two_at_once(&self) -> Result<()> {
        let other = User::new(self.user.binary(), &self.user.home().join("other"), self.user.environment());
        let (one, two) = tokio::join!(self.user.run(&UP), other.run(&UP));
        let (one, two) = (one?.expect(0, &[PAYMENT_WORDS])?, two?.expect(0, &[PAYMENT_WORDS])?);
        let said = format!("{}{}", one.stderr, two.stderr);
        ensure!(said.contains("waiting for `mojaloop miniloop up`, process "), "nobody waited:\n{said}");
        self.user.run(&DOWN).await?.expect(0, &[])?;
        Ok(())
    }

    async fn production(&self) -> Result<()> {
        let user = &self.user;
        user.run(&["helm", "doctor", "-o", "json"]).await?.expect(0, &["storage", "network-polic", "permissions"])?;
        let out = user.home().join("release").to_string_lossy().into_owned();
        user.run(&["helm", "render", "--out", &out]).await?.expect(0, &["values.yaml", "manifests.yaml"])?;
        let plan = user.run(&["helm", "plan", "-o", "json"]).await?.expect(3, &[])?;
        ensure!(plan.changes()?.iter().any(|change| change.contains("StatefulSet")), "{}", plan.stdout);
        Ok(())
    }

    /// The Testing Toolkit on this machine against the hub in its pod.
    async fn conformance(&self) -> Result<Vec<Row>> {
        if self.scripts.is_none() {
            // How pods of somebody else's cluster reach this machine is not known.
            return Ok(Vec::new());
        }
        ports_must_be_free(&PORTS)?;
        let callbacks = format!("kubernetes.callbacks=[{{cidr: {THIS_MACHINE}/32, ports: {TOOLKIT_PORTS}}}]");
        let alone = ["--set", "participants=[]", "--set", "components.simulators=false", "--set", &callbacks];
        self.user.run(&[&UP[..], &alone].concat()).await?.expect(0, &[])?;
        let mut command = self.cluster.command("kubectl");
        command.args(["--namespace", NAMESPACE, "port-forward", &format!("pod/{RELEASE}-0")]);
        command.args(PORTS.map(|port| port.to_string())).stdout(Stdio::null());
        let forwarding = Group::spawn("kubectl port-forward", command)?;
        self.forwarded().await?;
        let toolkit: IpAddr = THIS_MACHINE.parse().context("an address")?;
        let addresses = Addresses { toolkit, hub: IpAddr::from([127, 0, 0, 1]) };
        let rows = crate::conformance::run_against(self.workspace, addresses, "cluster").await;
        drop(forwarding);
        self.user.run(&[&DOWN[..], &alone].concat()).await?.expect(0, &[])?;
        rows
    }

    /// Waits until the last of the forwarded ports takes connections.
    async fn forwarded(&self) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(30);
        while tokio::net::TcpStream::connect(("127.0.0.1", PORTS[PORTS.len() - 1])).await.is_err() {
            ensure!(Instant::now() < deadline, "kubectl port-forward does not listen");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    async fn nothing_left(&self) -> Result<()> {
        let namespaces = self.kubectl(&["get", "namespaces", "--output", "name"]).await?;
        ensure!(!namespaces.contains(NAMESPACE), "left: {namespaces}");
        let volumes = self
            .kubectl(&["get", "persistentvolumes", "--output", "jsonpath={.items[*].spec.claimRef.namespace}"])
            .await?;
        ensure!(!volumes.contains(NAMESPACE), "left: volumes of {volumes}");
        let label = "app.kubernetes.io/managed-by=mojaloop";
        let all = self
            .kubectl(&["get", "all,clusterroles,clusterrolebindings", "-A", "--selector", label, "--output", "name"])
            .await?;
        ensure!(all.trim().is_empty(), "left: {all}");
        Ok(())
    }

    fn kubeconfig(&self) -> Result<String> {
        let found = self.cluster.environment.iter().find(|(name, _)| name == "KUBECONFIG");
        found.map(|(_, value)| value.clone()).context("no KUBECONFIG")
    }

    async fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        let mut command = self.cluster.command("kubectl");
        command.args(arguments);
        Ok(finish(command, &format!("kubectl {}", arguments.join(" "))).await?.expect(0, &[])?.stdout)
    }
}
