//! Each role in a container of its own: together they are a hub, and the loss of one is the loss of its phase only.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{DETACHED, POSTGRES, Tests};

const ROLES: [&str; 2] = ["--profile", "lookup,agreement,clearing,settlement,portal,simulators"];
const PHASES: [&str; 3] = ["lookup", "agreement", "clearing"];
const PAY: [&str; 11] = [
    "transfer",
    "--from",
    "payerfsp",
    "--to",
    "MSISDN/27713803912",
    "--amount",
    "10",
    "--currency",
    "USD",
    "-o",
    "json",
];

impl Tests<'_> {
    pub(super) async fn roles(&self) -> Result<()> {
        let up = [&DETACHED[..], &POSTGRES, &ROLES].concat();
        self.user.run(&up).await?.expect(0, &["COMMITTED"])?;
        for (index, phase) in PHASES.iter().enumerate() {
            let container = format!("mojaloop-default-{phase}-1");
            self.docker(&["stop", &container]).await?;
            let broken = self.user.run(&PAY).await?.expect(1, &[])?;
            let reached = phases(&broken.json()?)?;
            ensure!(reached == PHASES[..=index], "without {phase} the payment went through {reached:?}");
            self.docker(&["start", &container]).await?;
            self.user.run(&up).await?.expect(0, &["COMMITTED"])?;
        }
        self.docker(&["stop", "mojaloop-default-settlement-1"]).await?;
        self.user.run(&PAY).await?.expect(0, &[])?.committed()?;
        self.user.run(&["harness", "reset", "--yes"]).await?.expect(0, &["postgres-data"])?;
        Ok(())
    }
}

/// The phases that a payment's legs belong to, in order, each once.
fn phases(payment: &Value) -> Result<Vec<String>> {
    let legs = payment["legs"].as_array().context("no legs")?;
    let mut phases: Vec<String> = legs.iter().filter_map(|leg| Some(leg["phase"].as_str()?.to_owned())).collect();
    phases.dedup();
    Ok(phases)
}
