//! What `up` needs, looked at before anything is begun.

mod aws;
mod machines;
mod quotas;

use definition::InfrastructureRoot;
use operations::{Failure, Finding, Findings};

use crate::{Iac, code, looking::answers, render, terraform::Terraform};

/// Everything; changes nothing.
pub(crate) async fn findings(iac: &Iac) -> Findings {
    let mut findings = vec![Terraform::finding().await, definition(iac)];
    findings.extend(other_roots(iac));
    match iac.root() {
        InfrastructureRoot::Aws => findings.extend(aws::findings(iac).await),
        InfrastructureRoot::OnPremises => findings.extend(machines::findings(iac).await),
        InfrastructureRoot::Managed => findings.extend(existing(iac).await),
    }
    Findings::new(findings)
}

/// Whether the section says all that its root needs.
fn definition(iac: &Iac) -> Finding {
    match render::render(&iac.settings, &iac.infrastructure) {
        Ok(_) => Finding::ok("infrastructure", format!("the root is {}", code::name(iac.root()))),
        Err(Failure { message, hint, .. }) => {
            let hint = hint.unwrap_or_else(|| "mojaloop definition schema shows every field".to_owned());
            Finding::error("infrastructure", message, hint)
        }
    }
}

/// Roots have states of their own: what another one made here is forgotten easily.
fn other_roots(iac: &Iac) -> Vec<Finding> {
    let roots = [InfrastructureRoot::Aws, InfrastructureRoot::OnPremises, InfrastructureRoot::Managed];
    let others = roots.into_iter().filter(|root| *root != iac.root());
    let made = others.filter(|root| iac.settings.folder.join(&code::folder(*root)).join("terraform.tfstate").exists());
    made.map(|root| {
        let name = code::name(root);
        let message = format!("the root {name} was used in this folder, too; what it made is no longer looked after");
        Finding::warning(
            "other-root",
            message,
            format!("set infrastructure.root to {name} for `mojaloop iac down`, or use --folder"),
        )
    })
    .collect()
}

/// A cluster and a database that are there already may be out of reach from here: that is no reason to refuse.
async fn existing(iac: &Iac) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(cluster) = &iac.infrastructure.cluster {
        findings.push(reachable("cluster", &place_of(&cluster.endpoint)).await);
    }
    if let Some(database) = &iac.infrastructure.database {
        findings.push(reachable("database", &format!("{}:{}", database.host, database.port)).await);
    }
    findings
}

async fn reachable(id: &str, place: &str) -> Finding {
    match answers(place).await {
        Ok(()) => Finding::ok(id, format!("{place} answers")),
        Err(why) => {
            let hint = "it need not be reachable from this machine, but from where the hub will run";
            Finding::warning(id, format!("{place} does not answer from here: {why}"), hint)
        }
    }
}

/// `https://host:port/path` as `host:port`.
fn place_of(endpoint: &str) -> String {
    let rest = endpoint.strip_prefix("https://").unwrap_or(endpoint);
    let authority = rest.split('/').next().unwrap_or(rest);
    match authority.rsplit_once(':') {
        Some((_, port)) if port.parse::<u16>().is_ok() => authority.to_owned(),
        _ => format!("{authority}:443"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_of_an_endpoint_is_that_of_https_unless_it_says_so() {
        for (endpoint, place) in [
            ("https://a.example.com", "a.example.com:443"),
            ("https://a.example.com:6443/", "a.example.com:6443"),
            ("https://[2001:db8::1]:6443", "[2001:db8::1]:6443"),
            ("https://[2001:db8::1]/path", "[2001:db8::1]:443"),
        ] {
            assert_eq!(place_of(endpoint), place);
        }
    }
}
