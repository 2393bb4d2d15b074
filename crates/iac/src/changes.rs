//! `plan`, `up` and `down`.

use operations::{Done, Exit, Failure, Plan, Progress, Risk, Step};
use serde::{Deserialize, Serialize};

use crate::{
    Iac,
    events::Totals,
    hosts,
    plan::{self, Definition, Document},
    render,
    state::State,
    variables,
    workspace::{self, For, Workspace},
};

/// When the last apply ended and what it did.
const APPLIED: &str = "applied.json";
/// What other tools read of the infrastructure.
const OUTPUTS: &str = "outputs.json";
/// Changes that a refusal names; the others are counted.
const NAMED_CHANGES: usize = 10;

/// The record of an apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Applied {
    pub(crate) at: jiff::Timestamp,
    pub(crate) changes: Totals,
}

impl Iac {
    /// What `up` would change. The folder's lock is held already.
    pub(crate) async fn look(&self, progress: &dyn Progress) -> Result<Plan, Failure> {
        self.write()?;
        let workspace = self.workspace().await?;
        progress.waits("terraform init");
        workspace.init().await?;
        progress.waits("terraform plan");
        if !workspace.plan(For::Looking, progress).await? {
            return Ok(Plan::default());
        }
        let plan = self.read_plan(&workspace, For::Looking).await;
        workspace.forget(For::Looking)?;
        plan
    }

    async fn read_plan(&self, workspace: &Workspace, purpose: For) -> Result<Plan, Failure> {
        let document = Document::read(&workspace.show_plan(purpose).await?)?;
        let rendered = variables::of(&self.settings, &self.infrastructure)?;
        let rendered = serde_json::to_value(rendered).map_err(Failure::bug)?;
        let root = self.root_folder();
        let definition = Definition { origins: &self.settings.origins, rendered, root: &root };
        Ok(plan::changes(&document, &definition))
    }

    pub(crate) fn up_steps(&self) -> Vec<Step<'_>> {
        vec![
            Step::new("render", async |_| self.render_step()),
            Step::new("init", async |_| {
                self.workspace().await?.init().await?;
                Ok(Done::unchanged("providers and state are set up"))
            }),
            Step::new("plan", async |progress| self.plan_step(progress).await),
            Step::new("apply", async |progress| self.apply_step(progress).await),
            Step::new("outputs", async |_| self.outputs_step().await),
        ]
    }

    fn render_step(&self) -> Result<Done, Failure> {
        let written = self.write()?;
        let folder = self.settings.folder.path().display();
        Ok(match written.len() {
            0 => Done::unchanged(format!("the code in {folder} is right")),
            count => Done::unchanged(format!("{count} files written in {folder}")),
        })
    }

    async fn plan_step(&self, progress: &dyn Progress) -> Result<Done, Failure> {
        let workspace = self.workspace().await?;
        if !workspace.plan(For::Applying, progress).await? {
            return Ok(Done::unchanged("all is as the definition says"));
        }
        let plan = self.read_plan(&workspace, For::Applying).await?;
        if let Err(refused) = self.require_accepted(&plan) {
            workspace.forget(For::Applying)?;
            return Err(refused);
        }
        let (count, risk) = (plan.changes.len(), plan.risk().as_str());
        Ok(Done::unchanged(format!("{count} changes, the highest risk is {risk}")))
    }

    /// Nothing that loses data happens in passing.
    fn require_accepted(&self, plan: &Plan) -> Result<(), Failure> {
        let lossy: Vec<_> = plan.changes.iter().filter(|change| change.risk >= Risk::Data).collect();
        if lossy.is_empty() || self.settings.accept_losses {
            return Ok(());
        }
        let line = |change: &&operations::Change| {
            let field = if change.field.is_empty() { String::new() } else { format!(" {}", change.field) };
            format!("  {}{field}: {}", change.resource, change.risk.as_str())
        };
        let mut lines: Vec<String> = lossy.iter().take(NAMED_CHANGES).map(line).collect();
        lines.extend((lossy.len() > NAMED_CHANGES).then(|| format!("  and {} more", lossy.len() - NAMED_CHANGES)));
        let message = format!("{} changes may lose data:\n{}", lossy.len(), lines.join("\n"));
        Err(Failure::usage(message).hint("look at them with `mojaloop iac plan`; --yes makes them"))
    }

    async fn apply_step(&self, progress: &dyn Progress) -> Result<Done, Failure> {
        let workspace = self.workspace().await?;
        if !workspace.is_planned(For::Applying) {
            return Ok(Done::unchanged("nothing to change"));
        }
        let totals = workspace.apply_plan(progress).await?;
        let applied = Applied { at: jiff::Timestamp::now(), changes: totals };
        self.settings.folder.write(APPLIED, &serde_json::to_string_pretty(&applied).map_err(Failure::bug)?)?;
        Ok(Done::changed(totals.to_string()))
    }

    async fn outputs_step(&self) -> Result<Done, Failure> {
        let state = self.workspace().await?.state().await?;
        let outputs = state.outputs();
        self.settings.folder.write(OUTPUTS, &serde_json::to_string_pretty(&outputs).map_err(Failure::bug)?)?;
        let names: Vec<&str> = outputs.into_keys().collect();
        Ok(Done::unchanged(format!("{} in {}", names.join(", "), self.settings.folder.join(OUTPUTS).display())))
    }

    /// The record of the last apply, if there was one here.
    pub(crate) fn applied(&self) -> Result<Option<Applied>, Failure> {
        Ok(self.settings.folder.read(APPLIED)?.and_then(|text| serde_json::from_str(&text).ok()))
    }

    pub(crate) fn down_steps(&self) -> Vec<Step<'_>> {
        let mut steps = vec![
            Step::new("render", async |_| self.render_step()),
            Step::new("init", async |_| {
                self.workspace().await?.init().await?;
                Ok(Done::unchanged("providers and state are set up"))
            }),
        ];
        steps.push(match self.settings.destroy_data {
            true => Step::new("unprotect", async |progress| self.unprotect_step(progress).await),
            false => Step::new("protection", async |_| self.protection_step().await),
        });
        steps.push(Step::new("destroy", async |progress| self.destroy_step(progress).await));
        steps
    }

    /// Refuses as long as something holds data.
    async fn protection_step(&self) -> Result<Done, Failure> {
        match self.protected().await?.as_slice() {
            [] => Ok(Done::unchanged("nothing that holds data is left")),
            protected => Err(Iac::refusal(protected)),
        }
    }

    async fn unprotect_step(&self, progress: &dyn Progress) -> Result<Done, Failure> {
        let workspace = self.workspace().await?;
        let targets = protection_targets(&workspace.state().await?);
        if targets.is_empty() {
            return Ok(Done::unchanged("nothing is protected"));
        }
        let totals = workspace.unprotect(&targets, progress).await?;
        Ok(Done::changed(format!("{} resources are no longer protected ({totals})", targets.len())))
    }

    async fn destroy_step(&self, progress: &dyn Progress) -> Result<Done, Failure> {
        let workspace = self.workspace().await?;
        if workspace.state().await?.is_empty() {
            return Ok(Done::unchanged("there is nothing"));
        }
        let totals = workspace.destroy(self.settings.destroy_data, progress).await?;
        let left = workspace.state().await?;
        if !left.resources().is_empty() {
            let addresses: Vec<&str> = left.resources().iter().map(|resource| resource.address.as_str()).collect();
            return Err(Failure::failed(format!("still there: {}", addresses.join(", "))).exit(Exit::Partial));
        }
        for record in [APPLIED, OUTPUTS] {
            self.settings.folder.remove(record)?;
        }
        Ok(Done::changed(totals.to_string()))
    }

    fn write(&self) -> Result<Vec<String>, Failure> {
        hosts::require_known(&self.infrastructure.hosts, &self.settings.known_hosts)?;
        let artefacts = render::render(&self.settings, &self.infrastructure)?;
        workspace::write(&self.settings.folder, &self.root_folder(), &artefacts)
    }

    pub(crate) async fn workspace(&self) -> Result<Workspace, Failure> {
        Workspace::open(&self.settings.folder, &self.root_folder()).await
    }

    /// What is there, as Terraform knows it; `None` before its first run here.
    pub(crate) async fn state(&self) -> Result<Option<State>, Failure> {
        if !workspace::was_initialised(&self.settings.folder, &self.root_folder()) {
            return Ok(None);
        }
        Ok(Some(self.workspace().await?.state().await?))
    }
}

/// What the lifting of protection is limited to, so that it makes nothing that an interrupted `up` had not come to.
fn protection_targets(state: &State) -> Vec<String> {
    state.protected().into_iter().map(|address| format!("-target={address}")).collect()
}
