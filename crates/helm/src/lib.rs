//! HELM Deploy: a hub for production on a Kubernetes that is there and hardened: sized as the definition says, limited by a
//! quota, reached from outside only if the definition says how.

use kubernetes::{Engine, Settings, Shape, doctor};
use operations::{Artefacts, Failure, Findings, Folder, Plan, Progress, Report, Step, Target, Verify};

/// A hub for production.
pub struct Helm {
    engine: Engine,
}

impl Helm {
    /// Nothing is done yet.
    pub fn new(settings: Settings) -> Helm {
        Helm { engine: Engine::new(settings, shape()) }
    }
}

/// As large as the definition says, and as closed.
fn shape() -> Shape {
    Shape { exposure: None, largest: None, quota: true }
}

impl Target for Helm {
    fn tool(&self) -> &'static str {
        "helm"
    }

    fn folder(&self) -> &Folder {
        &self.engine.settings.folder
    }

    async fn doctor(&self) -> Findings {
        let mut findings = doctor::common(&self.engine).await;
        findings.extend(doctor::production(&self.engine).await);
        Findings::new(findings)
    }

    async fn render(&self) -> Result<Artefacts, Failure> {
        self.engine.render(self.tool()).await
    }

    async fn plan(&self, progress: &dyn Progress) -> Result<Plan, Failure> {
        self.engine.plan(progress).await
    }

    fn up(&self) -> Vec<Step<'_>> {
        self.engine.up()
    }

    async fn status(&self) -> Result<Report, Failure> {
        self.engine.status().await
    }

    async fn verify(&self, progress: &dyn Progress) -> Result<Verify, Failure> {
        self.engine.verify(progress).await
    }

    fn down(&self) -> Vec<Step<'_>> {
        self.engine.down()
    }

    async fn lock(&self, verb: &str, progress: &dyn Progress) -> Result<Box<dyn Send>, Failure> {
        Ok(Box::new(self.engine.lock(verb, progress).await?))
    }
}
