//! The way to a cluster: kubeconfig, context, namespace, and one question to see that somebody answers.

use std::{path::PathBuf, time::Duration};

use k8s_openapi::apimachinery::pkg::version::Info;
use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};
use operations::{Failure, Finding};

use crate::Settings;

/// How long an API server may take to answer: one that is there does within a second.
const ANSWER: Duration = Duration::from_secs(10);

/// A cluster that answers.
#[derive(Clone)]
pub struct Cluster {
    /// Its client, in the release's namespace.
    pub client: Client,
    /// How it was reached.
    pub config: Config,
    /// The release's namespace.
    pub namespace: String,
    /// The kubeconfig that was given.
    pub kubeconfig: Option<PathBuf>,
    /// The context.
    pub context: String,
    /// The API server's version.
    pub version: Version,
}

/// A version of Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// 1.
    pub major: u32,
    /// For example 36.
    pub minor: u32,
    /// As it says itself, for example v1.36.2.
    pub text: String,
}

impl Version {
    fn of(info: &Info) -> Version {
        let number =
            |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0);
        Version { major: number(&info.major), minor: number(&info.minor), text: info.git_version.clone() }
    }
}

/// Why there is no way to a cluster.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NoCluster {
    /// What was looked at, for `doctor`.
    pub id: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl NoCluster {
    fn new(id: &'static str, message: impl Into<String>, hint: impl Into<String>) -> NoCluster {
        NoCluster { id, message: message.into(), hint: hint.into() }
    }

    /// For `doctor`.
    pub fn finding(&self) -> Finding {
        Finding::error(self.id, &self.message, &self.hint)
    }
}

impl From<NoCluster> for Failure {
    fn from(no: NoCluster) -> Failure {
        Failure::preflight(no.message).hint(no.hint)
    }
}

impl Cluster {
    /// Finds the cluster that the settings name, and asks it for its version. Changes nothing.
    ///
    /// # Errors
    /// No kubeconfig, no such context, nobody who answers, or somebody who does not know the user.
    pub async fn connect(settings: &Settings) -> Result<Cluster, NoCluster> {
        let kubeconfig = read(settings)?;
        let context = context(&kubeconfig, settings.context.as_deref())?;
        let options = KubeConfigOptions { context: Some(context.clone()), ..KubeConfigOptions::default() };
        let wrong = |error: &dyn std::fmt::Display| {
            NoCluster::new(
                "kubeconfig",
                format!("context {context:?}: {error}"),
                "`kubectl --context … get nodes` shows whether it works at all",
            )
        };
        let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
        let mut config = config.map_err(|error| wrong(&error))?;
        config.connect_timeout = Some(ANSWER);
        settings.namespace().clone_into(&mut config.default_namespace);
        let client = Client::try_from(config.clone()).map_err(|error| wrong(&innermost(&error)))?;
        let version = ask(&client, &config.cluster_url.to_string()).await?;
        let namespace = settings.namespace().to_owned();
        Ok(Cluster { client, config, namespace, kubeconfig: settings.kubeconfig.clone(), context, version })
    }
}

fn read(settings: &Settings) -> Result<Kubeconfig, NoCluster> {
    let hint = "--kubeconfig FILE, or KUBECONFIG, names the file that says where the cluster is (microk8s: `microk8s config > FILE`)";
    if let Some(path) = &settings.kubeconfig {
        if !path.is_file() {
            return Err(NoCluster::new("kubeconfig", format!("{}: there is no such file", path.display()), hint));
        }
        return Kubeconfig::read_from(path)
            .map_err(|error| NoCluster::new("kubeconfig", format!("{}: {}", path.display(), innermost(&error)), hint));
    }
    let whence = std::env::var("KUBECONFIG").unwrap_or_else(|_| "~/.kube/config".to_owned());
    Kubeconfig::read().map_err(|error| NoCluster::new("kubeconfig", format!("{whence}: {}", innermost(&error)), hint))
}

fn context(kubeconfig: &Kubeconfig, wanted: Option<&str>) -> Result<String, NoCluster> {
    let known: Vec<&str> = kubeconfig.contexts.iter().map(|context| context.name.as_str()).collect();
    let hint = if known.is_empty() { "it has no contexts".to_owned() } else { format!("it has: {}", known.join(", ")) };
    match wanted.or(kubeconfig.current_context.as_deref().filter(|current| !current.is_empty())) {
        Some(name) if known.contains(&name) => Ok(name.to_owned()),
        Some(name) => Err(NoCluster::new("context", format!("the kubeconfig has no context {name:?}"), hint)),
        None => {
            Err(NoCluster::new("context", "the kubeconfig has no current context", format!("--context NAME; {hint}")))
        }
    }
}

async fn ask(client: &Client, url: &str) -> Result<Version, NoCluster> {
    let hint = "is the cluster running, and is this machine allowed to reach it?";
    let version = tokio::time::timeout(ANSWER, client.apiserver_version()).await.map_err(|_| {
        NoCluster::new("api-server", format!("{url} did not answer within {} s", ANSWER.as_secs()), hint)
    })?;
    version.map(|info| Version::of(&info)).map_err(|error| match &error {
        kube::Error::Api(status) if status.code == 401 || status.code == 403 => NoCluster::new(
            "credentials",
            format!("{url} does not accept this user: {}", status.message),
            "the credentials in the kubeconfig may have ended; fetch new ones, or take another --context",
        ),
        kube::Error::Auth(error) => NoCluster::new(
            "credentials",
            format!("no credentials for {url}: {error}"),
            "the kubeconfig names a program or a file that gives them, which does not work here",
        ),
        error => NoCluster::new("api-server", format!("{url} cannot be reached: {}", innermost(error)), hint),
    })
}

/// What lies at the bottom of an error: the layers above say less.
pub(crate) fn innermost(error: &dyn std::error::Error) -> String {
    let mut at = error;
    while let Some(source) = at.source() {
        at = source;
    }
    at.to_string()
}

/// A request that the API server did not fulfil.
pub(crate) fn refused(what: &str, error: &kube::Error) -> Failure {
    match error {
        kube::Error::Api(status) if status.code == 403 => Failure::failed(format!("cannot {what}: {}", status.message))
            .hint("the user of this kubeconfig lacks the permission; `doctor` lists what is needed"),
        kube::Error::Api(status) => Failure::failed(format!("cannot {what}: {}", status.message)),
        error => Failure::failed(format!("cannot {what}: {}", innermost(error))),
    }
}

/// Whether the API server said that there is no such object.
pub(crate) fn is_missing(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 404)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "{apiVersion: v1, kind: Config, current-context: one, clusters: [], users: [], contexts: [
        {name: one, context: {cluster: a, user: a}}, {name: two, context: {cluster: b, user: b}}]}";

    #[test]
    fn an_unknown_context_names_the_known_ones() {
        let kubeconfig = Kubeconfig::from_yaml(TWO).unwrap();
        assert_eq!(context(&kubeconfig, None).unwrap(), "one");
        assert_eq!(context(&kubeconfig, Some("two")).unwrap(), "two");
        let no = context(&kubeconfig, Some("three")).unwrap_err();
        assert_eq!((no.id, no.hint.as_str()), ("context", "it has: one, two"));
    }

    #[test]
    fn versions_of_clouds_have_letters() {
        let info =
            Info { major: "1".into(), minor: "31+".into(), git_version: "v1.31.2-eks".into(), ..Info::default() };
        assert_eq!((Version::of(&info).major, Version::of(&info).minor), (1, 31));
    }
}
