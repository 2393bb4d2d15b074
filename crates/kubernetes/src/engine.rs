//! The verbs on a release of the chart, the same for evaluation and production.

use std::{
    path::PathBuf,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use image::{HubImage, Source};
use operations::{Artefacts, Condition, Done, Failure, Plan, Program, Progress, Report, Step, Verify};
use tokio::sync::OnceCell;

use crate::{
    Cluster, Settings,
    changes::Changes,
    chart,
    helm_program::{HelmProgram, Release},
    lease::ClusterLock,
    namespace::Place,
    payment,
    recovery::{Interruption, recover},
    removal::Removal,
    rollout::Rollout,
    status, storage,
    verify::Checks,
    wanted::{Shape, Wanted},
};

/// The file with the release's values, in the tool's folder and among what `render` writes.
pub(crate) const VALUES: &str = "values.yaml";

/// A release of the chart, as a tool wants it.
pub struct Engine {
    /// What the tool was asked to do.
    pub settings: Settings,
    /// How its hub differs from what the definition alone says.
    pub shape: Shape,
    cluster: OnceCell<Cluster>,
    helm: OnceCell<HelmProgram>,
    image: OnceCell<HubImage>,
    locked: AtomicBool,
    /// What is being done, as the lock's holder says it.
    verb: OnceLock<String>,
    /// The lock, if it could be taken only after the namespace was made.
    late_lock: Mutex<Option<ClusterLock>>,
}

impl Engine {
    /// Nothing is done yet.
    pub fn new(settings: Settings, shape: Shape) -> Engine {
        Engine {
            settings,
            shape,
            cluster: OnceCell::new(),
            helm: OnceCell::new(),
            image: OnceCell::new(),
            locked: AtomicBool::new(false),
            verb: OnceLock::new(),
            late_lock: Mutex::new(None),
        }
    }

    /// The cluster; connected once.
    pub async fn cluster(&self) -> Result<&Cluster, Failure> {
        self.cluster.get_or_try_init(|| async { Ok(Cluster::connect(&self.settings).await?) }).await
    }

    async fn release(&self) -> Result<Release, Failure> {
        let helm = self.helm.get_or_try_init(HelmProgram::find).await;
        let helm =
            helm.map_err(|finding| Failure::preflight(finding.message).hint(finding.hint.unwrap_or_default()))?;
        Ok(Release::new(helm.clone(), self.cluster().await?, &self.settings.name))
    }

    async fn image(&self, progress: &dyn Progress) -> Result<&HubImage, Failure> {
        let obtain = || async {
            let source = Source::find(self.settings.image.as_deref())?;
            image::obtain(&source, &self.settings.folder, progress).await
        };
        self.image.get_or_try_init(obtain).await
    }

    /// What is wanted, with the chart's own image if none was named.
    pub fn wanted(&self, image: Option<&str>) -> Result<Wanted, Failure> {
        Wanted::of(&self.settings.loaded, &self.settings.name, &self.shape, image)
    }

    /// What is wanted, with the image, and the chart and its values as files for helm.
    async fn prepared(&self, progress: &dyn Progress) -> Result<(Wanted, PathBuf, PathBuf), Failure> {
        let mut wanted = self.wanted(Some(&self.image(progress).await?.reference))?;
        storage::adapt(&mut wanted, self.cluster().await?).await?;
        let chart = chart::write_to(&self.settings.folder)?;
        self.settings.folder.write(VALUES, &wanted.values.to_yaml()?)?;
        Ok((wanted, chart, self.settings.folder.join(VALUES)))
    }

    /// The plain files that a team can own.
    pub async fn render(&self, tool: &str) -> Result<Artefacts, Failure> {
        let wanted = self.wanted(self.settings.image.as_deref())?;
        let mut artefacts = crate::artefacts::of(tool, &self.settings, &wanted)?;
        // Manifests are what helm makes of the rest; a team without it has the chart.
        if let Ok(helm) = HelmProgram::find().await {
            let folder = tempfile::tempdir().map_err(Failure::failed)?;
            artefacts.write_to(folder.path())?;
            let (name, namespace) = (&self.settings.name, self.settings.namespace());
            artefacts.add("manifests.yaml", helm.manifests(folder.path(), name, namespace).await?);
        }
        Ok(artefacts)
    }

    /// What `up` would change.
    pub async fn plan(&self, progress: &dyn Progress) -> Result<Plan, Failure> {
        let (cluster, release) = (self.cluster().await?, self.release().await?);
        let (wanted, chart, values) = self.prepared(progress).await?;
        let changes = Changes { settings: &self.settings, cluster, release: &release, wanted: &wanted };
        changes.all(&chart, &values, progress).await
    }

    /// What makes it so.
    pub fn up(&self) -> Vec<Step<'_>> {
        vec![
            Step::new("image", |progress| self.provide_image(progress)),
            Step::new("namespace", |progress| self.make_namespace(progress)),
            Step::new("release", |progress| self.install(progress)),
            Step::new("ready", |progress| self.await_pods(progress)),
            Step::new("payment", |progress| self.pay(progress)),
        ]
    }

    async fn provide_image(&self, progress: &dyn Progress) -> Result<Done, Failure> {
        let image = self.image(progress).await?;
        let Some(archive) = &image.archive else { return Ok(Done::unchanged(image.reference.clone())) };
        let Some(command) = &self.settings.image_load else {
            return Err(Failure::preflight(format!("{} was built here, and the nodes do not have it", image.reference))
                .hint("--image-load COMMAND puts it on them (microk8s: `microk8s images import`), or --image names one that they can pull"));
        };
        let wanted = self.wanted(Some(&image.reference))?;
        let cluster = self.cluster().await?;
        let rollout = Rollout::new(cluster, &wanted.names);
        let runs = crate::changes::running_image(cluster, &wanted.names).await?;
        if runs.as_deref() == Some(image.reference.as_str()) && matches!(rollout.ready().await?, Condition::Met(_)) {
            return Ok(Done::unchanged(format!("{} runs already", image.reference)));
        }
        progress.waits(&format!("{command} {}", archive.display()));
        let shell = Program::find("sh").ok_or_else(|| Failure::preflight("--image-load needs a shell, `sh`"))?;
        let script = format!("{command} \"$1\"");
        let loaded = shell.run(["-c", &script, "sh", &archive.display().to_string()]).output().await?;
        if !loaded.status.success() {
            let said = loaded.complaint();
            return Err(Failure::failed(format!("`{command}` ended with {}:\n{said}", loaded.code()))
                .hint("--image-load is run with the archive's path appended"));
        }
        Ok(Done::changed(format!("{} loaded", image.reference)))
    }

    async fn make_namespace(&self, progress: &dyn Progress) -> Result<Done, Failure> {
        let cluster = self.cluster().await?;
        let done = Place::of(cluster).make().await?;
        if !self.locked.swap(true, Ordering::SeqCst) {
            let (name, timeout) = (&self.settings.name, self.settings.timeout);
            let verb = self.verb.get().map_or("mojaloop", String::as_str);
            let lock = ClusterLock::take(cluster, name, verb, timeout, progress).await?;
            *self.late_lock.lock().unwrap_or_else(PoisonError::into_inner) = Some(lock);
        }
        Ok(done)
    }

    async fn install(&self, progress: &dyn Progress) -> Result<Done, Failure> {
        let (cluster, release) = (self.cluster().await?, self.release().await?);
        recover(&release, &self.settings.folder, self.settings.timeout, progress).await?;
        let (wanted, chart, values) = self.prepared(progress).await?;
        let changes = Changes { settings: &self.settings, cluster, release: &release, wanted: &wanted };
        let plan = changes.all(&chart, &values, progress).await?;
        changes.refuse_impossible(&plan)?;
        if plan.is_empty() {
            let last = release.history().await?.pop().map_or(0, |last| last.revision);
            return Ok(Done::unchanged(format!("{} revision {last}", release.name)));
        }
        let rollout = Rollout::new(cluster, &wanted.names);
        progress.waits("helm installs, and the hub learns its scheme");
        let interruption = Interruption::of(&self.settings.folder);
        let work = release.upgrade(&chart, &values, self.settings.timeout);
        let done = rollout.guard(work, progress).await;
        if let Err(mut failure) = done {
            if let Some(said) = rollout.failed_job("provisioning").await {
                failure.message += &format!("\nthe job that provisions the hub said:\n{said}");
            }
            return Err(failure);
        }
        interruption.none()?;
        let last = release.history().await?.pop().map_or(0, |last| last.revision);
        let count = plan.changes.len();
        let changes = if count == 1 { "change" } else { "changes" };
        Ok(Done::changed(format!("{} revision {last}, {count} {changes}", release.name)))
    }

    async fn await_pods(&self, progress: &dyn Progress) -> Result<Done, Failure> {
        let wanted = self.wanted(None)?;
        let rollout = Rollout::new(self.cluster().await?, &wanted.names);
        Ok(Done::unchanged(rollout.wait(self.settings.timeout, progress).await?))
    }

    async fn pay(&self, progress: &dyn Progress) -> Result<Done, Failure> {
        let wanted = self.wanted(None)?;
        match &wanted.payment {
            Some(payment) => {
                let told = payment::pay(self.cluster().await?, &wanted.names, payment, progress).await?;
                Ok(Done::unchanged(told))
            }
            None => Ok(Done::unchanged("none: no simulated FSP could pay another")),
        }
    }

    /// What runs.
    pub async fn status(&self) -> Result<Report, Failure> {
        let wanted = self.wanted(None)?;
        status::report(self.cluster().await?, &wanted.names, &self.release().await?).await
    }

    /// Proves that it works.
    pub async fn verify(&self, progress: &dyn Progress) -> Result<Verify, Failure> {
        let (cluster, release) = (self.cluster().await?, self.release().await?);
        let wanted = self.wanted(None)?;
        let image = crate::changes::running_image(cluster, &wanted.names).await?.unwrap_or_default();
        let checks = Checks { cluster, wanted: &wanted, release: &release, image, progress };
        // Many checks wait at once: their state is large.
        Box::pin(checks.run()).await
    }

    /// What removes it.
    pub fn down(&self) -> Vec<Step<'_>> {
        vec![
            Step::new("release", move |progress| async move { self.removal().await?.release(progress).await }),
            Step::new("data", move |progress| async move { self.removal().await?.data(progress).await }),
            Step::new("namespace", move |progress| async move { self.removal().await?.namespace(progress).await }),
        ]
    }

    async fn removal(&self) -> Result<Removal<'_>, Failure> {
        let wanted = self.wanted(None)?;
        let cluster = self.cluster().await?;
        Ok(Removal { settings: &self.settings, cluster, release: self.release().await?, names: wanted.names })
    }

    /// The lock in the cluster. Without a namespace there is nothing to lock, until `up` has made one.
    pub async fn lock(&self, verb: &str, progress: &dyn Progress) -> Result<Option<ClusterLock>, Failure> {
        let cluster = self.cluster().await?;
        let _ = self.verb.set(verb.to_owned());
        if Place::of(cluster).read().await?.is_none() {
            return Ok(None);
        }
        let lock = ClusterLock::take(cluster, &self.settings.name, verb, self.settings.timeout, progress).await?;
        self.locked.store(true, Ordering::SeqCst);
        Ok(Some(lock))
    }
}
