//! What a node of the hub does: all of it, or a part, so that parts can run in containers of their own on one database.

use std::{collections::BTreeSet, fmt, str::FromStr};

use fspiop::Resource;

/// A part of the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Who has a party: `/participants` and `/parties`.
    Lookup,
    /// Terms: `/quotes`, and requests to pay, which lead to them.
    Agreement,
    /// Money: `/transfers`, and ending those whose time is over.
    Clearing,
    /// The settlement API.
    Settlement,
    /// The ledger's and the oracles' admin APIs.
    Admin,
    /// Pages for people.
    Portal,
}

impl Role {
    /// All roles.
    pub const ALL: [Role; 6] =
        [Role::Lookup, Role::Agreement, Role::Clearing, Role::Settlement, Role::Admin, Role::Portal];

    /// Its name on the command line, in logs and in definitions.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Lookup => "lookup",
            Role::Agreement => "agreement",
            Role::Clearing => "clearing",
            Role::Settlement => "settlement",
            Role::Admin => "admin",
            Role::Portal => "portal",
        }
    }

    /// Whose part a resource of FSPIOP is, as upstream's services have it.
    pub(crate) const fn of(resource: Resource) -> Role {
        match resource {
            Resource::Participants | Resource::Parties => Role::Lookup,
            Resource::Quotes
            | Resource::BulkQuotes
            | Resource::FxQuotes
            | Resource::TransactionRequests
            | Resource::Authorizations
            | Resource::Transactions
            | Resource::Services => Role::Agreement,
            Resource::Transfers | Resource::BulkTransfers | Resource::FxTransfers => Role::Clearing,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A text that names no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("found {0:?}, expected one of lookup, agreement, clearing, settlement, admin, portal")]
pub struct UnknownRole(String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Role, UnknownRole> {
        Role::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

/// The roles of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles(BTreeSet<Role>);

impl Roles {
    /// These roles.
    pub fn of(roles: impl IntoIterator<Item = Role>) -> Roles {
        Roles(roles.into_iter().collect())
    }

    /// Whether the node has this one.
    pub fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }
}

impl Default for Roles {
    /// All of them.
    fn default() -> Roles {
        Roles::of(Role::ALL)
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.iter().map(|role| role.as_str()).collect();
        formatter.write_str(&names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for role in Role::ALL {
            assert_eq!(role.to_string().parse(), Ok(role));
        }
        assert_eq!("quotes".parse::<Role>(), Err(UnknownRole("quotes".to_owned())));
        assert_eq!(Roles::of([Role::Clearing, Role::Lookup]).to_string(), "lookup, clearing");
        assert_eq!(Roles::default().to_string(), "lookup, agreement, clearing, settlement, admin, portal");
    }

    /// Each phase of a payment needs one role only, so that losing a role's nodes loses one phase only.
    #[test]
    fn a_phase_is_one_role() {
        for (resource, role) in [
            (Resource::Participants, Role::Lookup),
            (Resource::Parties, Role::Lookup),
            (Resource::Quotes, Role::Agreement),
            (Resource::Transfers, Role::Clearing),
        ] {
            assert_eq!(Role::of(resource), role, "{resource:?}");
        }
    }
}
