//! Miniloop: a hub for testing and evaluation on one node of any Kubernetes, with simulated FSPs and a port of the node.

use definition::{Exposure, ExposureType};
use kubernetes::{Engine, Largest, Settings, Shape, doctor};
use operations::{Artefacts, Failure, Findings, Folder, Plan, Progress, Report, Step, Target, Verify};

/// What an evaluation takes of a laptop's cluster at most, whatever the definition is sized for.
const LARGEST: Largest =
    Largest { cpu_millis: 250, cpu_limit_millis: 2_000, memory_mib: 256, memory_limit_mib: 1_024, disk_gib: 8 };

/// A hub for evaluation.
pub struct Miniloop {
    engine: Engine,
}

impl Miniloop {
    /// Nothing is done yet.
    pub fn new(settings: Settings) -> Miniloop {
        Miniloop { engine: Engine::new(settings, shape()) }
    }
}

/// Small, and reached by a port of the node that the cluster chooses, unless the definition says otherwise.
fn shape() -> Shape {
    let everywhere = vec!["0.0.0.0/0".to_owned()];
    let exposure = Exposure { kind: ExposureType::NodePort, node_port: None, from: everywhere };
    Shape { exposure: Some(exposure), largest: Some(LARGEST), quota: false }
}

impl Target for Miniloop {
    fn tool(&self) -> &'static str {
        "miniloop"
    }

    fn folder(&self) -> &Folder {
        &self.engine.settings.folder
    }

    async fn doctor(&self) -> Findings {
        Findings::new(doctor::common(&self.engine).await)
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
