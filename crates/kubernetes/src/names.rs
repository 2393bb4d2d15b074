//! Names and labels of what the chart makes: the rules of its `_helpers.tpl`.

/// The chart's name.
pub(crate) const CHART: &str = "mojaloop-hub";
/// The port on which simulated FSPs are called.
pub(crate) const SIMULATORS_PORT: u16 = 3010;

/// Labels that the tool puts on what it makes itself.
pub(crate) const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// The value of [`MANAGED_BY`].
pub(crate) const MANAGER: &str = "mojaloop";

/// The names of one release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// The release.
    pub release: String,
    /// With which the names of all its objects begin.
    pub full: String,
}

impl Names {
    /// Those of this release. A hub is called by at most 24 characters, so nothing is ever cut off.
    pub fn of(release: &str) -> Names {
        let full = if release.contains(CHART) { release.to_owned() } else { format!("{release}-{CHART}") };
        Names { release: release.to_owned(), full }
    }

    /// The hub's StatefulSet and its service.
    pub fn hub(&self) -> &str {
        &self.full
    }

    /// The simulators' deployment and service.
    pub fn simulators(&self) -> String {
        format!("{}-simulators", self.full)
    }

    /// The service for FSPs outside the cluster.
    pub fn external(&self) -> String {
        format!("{}-external", self.full)
    }

    /// The claim of the hub's volume.
    pub fn claim(&self) -> String {
        format!("data-{}-0", self.full)
    }

    /// Selects all pods of the release.
    pub fn selector(&self) -> String {
        format!("app.kubernetes.io/name={CHART},app.kubernetes.io/instance={}", self.release)
    }

    /// Selects the pods of one component.
    pub fn component(&self, component: &str) -> String {
        format!("{},app.kubernetes.io/component={component}", self.selector())
    }

    /// The labels by which network policies and services know a component's pods.
    pub fn labels(&self, component: &str) -> [(&'static str, String); 3] {
        [
            ("app.kubernetes.io/name", CHART.to_owned()),
            ("app.kubernetes.io/instance", self.release.clone()),
            ("app.kubernetes.io/component", component.to_owned()),
        ]
    }
}
