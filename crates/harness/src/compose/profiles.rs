//! Profiles: what can be started together, under our names and under those that upstream's users know.

use serde::Serialize;

/// A part of the stack that can be started by itself or with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// The hub, without participants.
    Core,
    /// Simulated FSPs, onboarded and funded.
    Simulators,
    /// A node for `/participants` and `/parties`.
    Lookup,
    /// A node for `/quotes`.
    Agreement,
    /// A node for `/transfers`.
    Clearing,
    /// A node for the settlement API.
    Settlement,
    /// A node for pages.
    Portal,
    /// Currency conversion.
    Fx,
    /// Bulk transfers.
    Bulk,
    /// The Testing Toolkit.
    Ttk,
    /// The Testing Toolkit's own participants.
    TtkProvisioning,
    /// The Testing Toolkit's payment.
    TtkTests,
    /// Prometheus.
    Monitoring,
    /// Payments at a rate.
    Load,
    /// A console of the database.
    Debug,
}

/// A profile, for people and scripts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// The services that it starts.
    pub services: Vec<&'static str>,
    /// Upstream's profiles that start it, too.
    pub aliases: Vec<&'static str>,
    /// What is not there yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_available_yet: Option<&'static str>,
}

impl Profile {
    /// All of them, in the order in which they are explained.
    pub const ALL: [Profile; 15] = [
        Profile::Core,
        Profile::Simulators,
        Profile::Lookup,
        Profile::Agreement,
        Profile::Clearing,
        Profile::Settlement,
        Profile::Portal,
        Profile::Fx,
        Profile::Bulk,
        Profile::Ttk,
        Profile::TtkProvisioning,
        Profile::TtkTests,
        Profile::Monitoring,
        Profile::Load,
        Profile::Debug,
    ];
    /// What is started when nothing else is asked for.
    pub const DEFAULT: [Profile; 2] = [Profile::Core, Profile::Simulators];
    /// Each starts the hub, or a node of it.
    pub(super) const OF_THE_HUB: [Profile; 8] = [
        Profile::Core,
        Profile::Lookup,
        Profile::Agreement,
        Profile::Clearing,
        Profile::Settlement,
        Profile::Portal,
        Profile::Fx,
        Profile::Bulk,
    ];
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Profile::Core => "core",
            Profile::Simulators => "simulators",
            Profile::Lookup => "lookup",
            Profile::Agreement => "agreement",
            Profile::Clearing => "clearing",
            Profile::Settlement => "settlement",
            Profile::Portal => "portal",
            Profile::Fx => "fx",
            Profile::Bulk => "bulk",
            Profile::Ttk => "ttk",
            Profile::TtkProvisioning => "ttk-provisioning",
            Profile::TtkTests => "ttk-tests",
            Profile::Monitoring => "monitoring",
            Profile::Load => "load",
            Profile::Debug => "debug",
        }
    }

    /// Profiles of upstream's harness that mean it; one of them can mean several of ours.
    pub const fn aliases(self) -> &'static [&'static str] {
        match self {
            Profile::Core => &["all-services"],
            Profile::Simulators => &["simulator"],
            Profile::Lookup => &["discovery", "account-lookup-service"],
            Profile::Agreement => &["quoting-service"],
            Profile::Clearing => &["transfer", "ml-api-adapter", "central-ledger"],
            Profile::Ttk => &["all-services", "testing-toolkit"],
            _ => &[],
        }
    }

    /// What it is for.
    pub const fn about(self) -> &'static str {
        match self {
            Profile::Core => "the hub, without participants",
            Profile::Simulators => "simulated FSPs, onboarded and funded",
            Profile::Lookup => "who has a party: /participants, /parties",
            Profile::Agreement => "terms: /quotes",
            Profile::Clearing => "money: /transfers, and the ledger's administration",
            Profile::Settlement => "the settlement API",
            Profile::Portal => "pages that show payments",
            Profile::Fx => "currency conversion; starts the hub",
            Profile::Bulk => "bulk transfers; starts the hub",
            Profile::Ttk => "the Testing Toolkit, which plays FSPs and has an API for tests",
            Profile::TtkProvisioning => "onboards the Testing Toolkit's FSPs, and ends",
            Profile::TtkTests => "the Testing Toolkit's payment, after its provisioning, and ends",
            Profile::Monitoring => "Prometheus, which reads the hub's metrics",
            Profile::Load => "payments at a rate for a while, and ends",
            Profile::Debug => "a console of the hub's PostgreSQL database in the browser",
        }
    }

    /// Whether one process can do it, without containers.
    pub const fn is_embedded(self) -> bool {
        match self {
            Profile::Core
            | Profile::Simulators
            | Profile::Lookup
            | Profile::Agreement
            | Profile::Clearing
            | Profile::Settlement
            | Profile::Portal
            | Profile::Fx
            | Profile::Bulk => true,
            Profile::Ttk
            | Profile::TtkProvisioning
            | Profile::TtkTests
            | Profile::Monitoring
            | Profile::Load
            | Profile::Debug => false,
        }
    }

    /// What is not there yet of what the name promises.
    pub const fn not_available_yet(self) -> Option<&'static str> {
        match self {
            Profile::Settlement => Some("settlement models and windows"),
            Profile::Portal => Some("everything but pages of payments"),
            Profile::Fx => Some("currency conversion"),
            Profile::Bulk => Some("bulk transfers"),
            _ => None,
        }
    }

    /// What a name means, ours or upstream's; nothing if nobody has that name.
    pub fn named(name: &str) -> Vec<Profile> {
        let means = |profile: &Profile| profile.name() == name || profile.aliases().contains(&name);
        Profile::ALL.into_iter().filter(means).collect()
    }

    /// Every name that a profile has, once.
    pub fn names() -> Vec<&'static str> {
        let mut names: Vec<&str> = Profile::ALL.into_iter().map(Profile::name).collect();
        for alias in Profile::ALL.into_iter().flat_map(Profile::aliases) {
            if !names.contains(alias) {
                names.push(alias);
            }
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::Profile;

    #[test]
    fn upstreams_names_mean_ours() {
        assert_eq!(Profile::named("all-services"), [Profile::Core, Profile::Ttk]);
        assert_eq!(Profile::named("transfer"), [Profile::Clearing]);
        assert_eq!(Profile::named("ttk-tests"), [Profile::TtkTests]);
        assert_eq!(Profile::named("kafka"), []);
        let mut names = Profile::names();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
