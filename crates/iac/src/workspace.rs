//! The folder in which Terraform works: the rendered code, the user's own files beside it, and the calls of Terraform.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use operations::{Artefacts, Failure, Folder, Program, Progress};

use crate::{
    events::{Listener, Totals},
    refusal,
    runner::{Ended, Job},
    state::State,
    terraform::Terraform,
};

/// The list of the files that were rendered, so that those of an earlier definition go and those of others stay.
const RENDERED: &str = "rendered.json";
/// Where the output of the last runs is kept.
const LOGS: &str = "logs";
/// The saved plan that `up` applies, beside the code.
const PLAN_FILE: &str = "up.tfplan";
/// The plan that somebody looks at.
const LOOK_FILE: &str = "look.tfplan";
/// How long Terraform waits for somebody else who works on the same state: an apply that a killed tool has left behind goes on
/// for minutes. Longer ones are said with their holder.
const LOCK_TIMEOUT: &str = "-lock-timeout=300s";

/// Wins over what was rendered, for one run.
const UNPROTECTED: &str = "-var=deletion_protection=false";

/// Terraform at work in one root.
pub(crate) struct Workspace {
    root: PathBuf,
    logs: PathBuf,
    terraform: Terraform,
}

/// Why a plan is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum For {
    /// To look at it.
    Looking,
    /// To apply it afterwards.
    Applying,
}

impl For {
    fn file(self) -> &'static str {
        match self {
            For::Looking => LOOK_FILE,
            For::Applying => PLAN_FILE,
        }
    }
}

/// Writes the rendered files into the folder. Files of an earlier rendering that are no longer wanted go; everything else
/// stays.
pub(crate) fn write(folder: &Folder, root: &str, artefacts: &Artefacts) -> Result<Vec<String>, Failure> {
    folder.create()?;
    let wanted: BTreeSet<&str> = artefacts.files().map(|(path, _)| path).collect();
    let earlier = folder.read(RENDERED)?.and_then(|text| serde_json::from_str::<Vec<String>>(&text).ok());
    let gone: Vec<String> = earlier.into_iter().flatten().filter(|path| !wanted.contains(path.as_str())).collect();
    for path in &gone {
        folder.remove(path)?;
    }
    let mut written = artefacts.write_to(folder.path())?;
    written.extend(gone);
    folder.write(RENDERED, &serde_json::to_string_pretty(&wanted).map_err(Failure::bug)?)?;
    // The state and the plans, which Terraform writes there, may hold what only their owner should read.
    for private in [folder.join(root), folder.join(LOGS)] {
        make_private(&private)?;
    }
    Ok(written)
}

fn make_private(path: &Path) -> Result<(), Failure> {
    let cannot = |error: std::io::Error| Failure::failed(format!("cannot make {}: {error}", path.display()));
    fs::create_dir_all(path).map_err(cannot)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(cannot)?;
    }
    Ok(())
}

/// Whether Terraform has worked in a root of a folder: before, there is nothing to look at.
pub(crate) fn was_initialised(folder: &Folder, root: &str) -> bool {
    folder.join(root).join(".terraform").exists()
}

impl Workspace {
    /// In this root of this folder.
    ///
    /// # Errors
    /// There is no Terraform that can be used.
    pub(crate) async fn open(folder: &Folder, root: &str) -> Result<Workspace, Failure> {
        Ok(Workspace { root: folder.join(root), logs: folder.join(LOGS), terraform: Terraform::find().await? })
    }

    /// Fetches providers and sets up the state's place.
    pub(crate) async fn init(&self) -> Result<(), Failure> {
        let ended = self.job("init", &["init", "-input=false", "-no-color"]).run(|_| {}).await?;
        self.require(&ended, "terraform init")
    }

    /// Plans, and says whether anything is to be done; if so, the plan is kept.
    pub(crate) async fn plan(&self, purpose: For, progress: &dyn Progress) -> Result<bool, Failure> {
        let out = format!("-out={}", purpose.file());
        let arguments = ["plan", "-input=false", "-no-color", "-detailed-exitcode", LOCK_TIMEOUT, &out];
        let hear = |line: &str| {
            if line.starts_with("Acquiring state lock") {
                progress.waits("terraform plan: for whoever works on the same state");
            }
        };
        let ended = self.job("plan", &arguments).run(hear).await?;
        match ended.code() {
            0 => {
                self.forget(purpose)?;
                Ok(false)
            }
            2 => Ok(true),
            _ => self.require(&ended, "terraform plan").map(|()| false),
        }
    }

    /// Whether a plan is kept.
    pub(crate) fn is_planned(&self, purpose: For) -> bool {
        self.root.join(purpose.file()).exists()
    }

    /// The kept plan as JSON.
    pub(crate) async fn show_plan(&self, purpose: For) -> Result<String, Failure> {
        self.ask(&["show", "-json", purpose.file()]).await
    }

    /// Deletes a kept plan: it holds values that are secret, and is of no use later.
    pub(crate) fn forget(&self, purpose: For) -> Result<(), Failure> {
        let path = self.root.join(purpose.file());
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Failure::failed(format!("cannot delete {}: {error}", path.display())))
            }
            _ => Ok(()),
        }
    }

    /// Applies the kept plan.
    pub(crate) async fn apply_plan(&self, progress: &dyn Progress) -> Result<Totals, Failure> {
        let arguments = ["apply", "-input=false", "-json", LOCK_TIMEOUT, PLAN_FILE];
        let totals = self.change("apply", &arguments, progress).await;
        // A plan can be applied once; the next run makes a new one.
        self.forget(For::Applying)?;
        totals
    }

    /// Lifts the protection of what holds data.
    pub(crate) async fn unprotect(&self, targets: &[String], progress: &dyn Progress) -> Result<Totals, Failure> {
        let mut arguments = vec!["apply", "-input=false", "-json", "-auto-approve", LOCK_TIMEOUT, UNPROTECTED];
        arguments.extend(targets.iter().map(String::as_str));
        self.change("unprotect", &arguments, progress).await
    }

    /// Destroys everything that is in the state.
    pub(crate) async fn destroy(&self, unprotected: bool, progress: &dyn Progress) -> Result<Totals, Failure> {
        let mut arguments = vec!["apply", "-destroy", "-input=false", "-json", "-auto-approve", LOCK_TIMEOUT];
        arguments.extend(unprotected.then_some(UNPROTECTED));
        self.change("destroy", &arguments, progress).await
    }

    /// What Terraform knows to be there.
    pub(crate) async fn state(&self) -> Result<State, Failure> {
        State::read(&self.ask(&["show", "-json"]).await?)
    }

    async fn change(&self, name: &str, arguments: &[&str], progress: &dyn Progress) -> Result<Totals, Failure> {
        let mut listener = Listener::new(progress);
        let ended = self.job(name, arguments).run(|line| listener.hear(line)).await?;
        if ended.status.success() {
            return Ok(listener.totals.unwrap_or_default());
        }
        let complaint = listener.complaint();
        let said = if complaint.is_empty() { ended.stderr } else { complaint };
        let failure = refusal::failure(&format!("terraform {name}"), &said, &self.chdir());
        // What was done before the failure stays and is in the state.
        let partly = listener.done() > 0;
        Err(if partly { failure.exit(operations::Exit::Partial) } else { failure })
    }

    fn job<'b>(&'b self, name: &'b str, arguments: &[&str]) -> Job<'b> {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Job { program: &self.terraform.path, logs: &self.logs, name, folder: &self.root, arguments }
    }

    fn require(&self, ended: &Ended, what: &str) -> Result<(), Failure> {
        if ended.status.success() {
            return Ok(());
        }
        let said = if ended.stderr.trim().is_empty() { &ended.stdout } else { &ended.stderr };
        Err(refusal::failure(what, said, &self.chdir()))
    }

    /// A question that takes no lock.
    async fn ask(&self, arguments: &[&str]) -> Result<String, Failure> {
        Program::at(&self.terraform.path).run(arguments).in_folder(&self.root).env("TF_INPUT", "0").stdout().await
    }

    fn chdir(&self) -> String {
        self.root.display().to_string()
    }
}
