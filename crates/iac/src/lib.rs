//! Infrastructure as Code: what a hub stands on, in a cloud or on machines of one's own.
//!
//! The code is Terraform's (and CloudFormation's, rendered only) and the same for every hub; what differs is a file of
//! variables that follows from the definition. [`Iac`] renders both into a folder, lets Terraform work there and turns
//! what Terraform says into this product's words: changes with their risk and their line in the definition, drift that
//! explains itself, protection of what holds data. Terraform stays the owner of the state; a team that takes the rendered
//! folder needs nothing of this.

mod changes;
mod code;
mod doctor;
mod events;
mod hosts;
mod looking;
mod plan;
mod refusal;
mod render;
mod runner;
mod state;
mod terraform;
mod variables;
mod workspace;

use std::{path::PathBuf, time::Duration};

use definition::{Hub, Infrastructure, InfrastructureRoot, Origins};
use operations::{Artefacts, Failure, FileLock, Findings, Folder, Plan, Progress, Report, Step, Target, Verify};

/// What this tool is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The definition.
    pub hub: Hub,
    /// Where each of its values was written.
    pub origins: Origins,
    /// The environment's name, for tags.
    pub environment: String,
    /// Where the code is rendered to and Terraform works.
    pub folder: Folder,
    /// Whether `down` lifts the protection of what holds data, and deletes that too.
    pub destroy_data: bool,
    /// Whether `up` may do what loses data or can't be taken back.
    pub accept_losses: bool,
    /// Files with the keys by which SSH knows hosts (root on-premises); see [`known_hosts`].
    pub known_hosts: Vec<PathBuf>,
    /// How long those who look wait for another run in the same folder.
    pub timeout: Duration,
}

/// The files in which SSH looks for the keys of hosts.
pub fn known_hosts() -> Vec<PathBuf> {
    let own = std::env::home_dir().map(|home| home.join(".ssh/known_hosts"));
    own.into_iter().chain([PathBuf::from("/etc/ssh/ssh_known_hosts")]).collect()
}

/// The infrastructure of one hub.
#[derive(Clone, Debug)]
pub struct Iac {
    /// What it was told.
    pub settings: Settings,
    infrastructure: Infrastructure,
}

impl Iac {
    /// Of this definition.
    ///
    /// # Errors
    /// It has no section `infrastructure`.
    pub fn new(settings: Settings) -> Result<Iac, Failure> {
        let Some(infrastructure) = settings.hub.infrastructure.clone() else {
            return Err(Failure::usage("infrastructure is missing in the definition: it says what the hub stands on").hint(
                "write for example `infrastructure: {root: aws, region: eu-west-1, network: \"10.0.0.0/16\"}`; the roots are aws, on-premises and managed",
            ));
        };
        Ok(Iac { settings, infrastructure })
    }

    /// Addresses of what `down` does not delete unless it is told to: what holds data.
    ///
    /// # Errors
    /// The state can't be read.
    pub async fn protected(&self) -> Result<Vec<String>, Failure> {
        let Some(state) = self.state().await? else { return Ok(Vec::new()) };
        Ok(state.protected().into_iter().map(str::to_owned).collect())
    }

    /// Why `down` destroys nothing as long as these addresses are protected.
    pub fn refusal(protected: &[String]) -> Failure {
        let list = protected.join("\n  ");
        Failure::failed(format!("nothing was destroyed: these hold data and are protected:\n  {list}"))
            .hint("to delete the data too, for good and without a final snapshot: mojaloop iac down --destroy-data")
    }

    fn root(&self) -> InfrastructureRoot {
        self.infrastructure.root
    }

    /// The root's folder, below the tool's.
    fn root_folder(&self) -> String {
        code::folder(self.root())
    }
}

impl Target for Iac {
    fn tool(&self) -> &'static str {
        "iac"
    }

    fn folder(&self) -> &Folder {
        &self.settings.folder
    }

    async fn doctor(&self) -> Findings {
        doctor::findings(self).await
    }

    async fn render(&self) -> Result<Artefacts, Failure> {
        render::render(&self.settings, &self.infrastructure)
    }

    async fn plan(&self, progress: &dyn Progress) -> Result<Plan, Failure> {
        let _alone = FileLock::take(self.folder(), "mojaloop iac plan", self.settings.timeout, progress).await?;
        self.look(progress).await
    }

    fn up(&self) -> Vec<Step<'_>> {
        self.up_steps()
    }

    async fn status(&self) -> Result<Report, Failure> {
        looking::status(self).await
    }

    async fn verify(&self, progress: &dyn Progress) -> Result<Verify, Failure> {
        looking::verify(self, progress).await
    }

    fn down(&self) -> Vec<Step<'_>> {
        self.down_steps()
    }
}
