//! Quotas of an AWS account that a new estate runs into. None of them is a reason to refuse: AWS knows better.

use operations::{Failure, Finding};

use super::aws::Aws;
use crate::{
    Iac,
    variables::{self, Variables},
};

/// Elastic addresses of an estate: one for the way out of each zone.
const ADDRESSES: f64 = 3.0;

struct Quota {
    id: &'static str,
    what: &'static str,
    service: &'static str,
    code: &'static str,
    needed: f64,
    /// What counts how much is in use, and where in its answer the list is.
    usage: Option<(&'static [&'static str], &'static str)>,
}

pub(super) async fn findings(aws: &Aws, iac: &Iac) -> Vec<Finding> {
    let quotas = [
        Quota {
            id: "quota-networks",
            what: "networks (VPCs) in a region",
            service: "vpc",
            code: "L-F678F1CE",
            needed: 1.0,
            usage: Some((&["ec2", "describe-vpcs"], "Vpcs")),
        },
        Quota {
            id: "quota-addresses",
            what: "elastic addresses in a region",
            service: "ec2",
            code: "L-0263D0A3",
            needed: ADDRESSES,
            usage: Some((&["ec2", "describe-addresses"], "Addresses")),
        },
        Quota {
            id: "quota-processors",
            what: "virtual processors of standard machines",
            service: "ec2",
            code: "L-1216C47A",
            needed: processors(iac),
            usage: None,
        },
    ];
    let [networks, addresses, machines] = &quotas;
    let (networks, addresses, machines) =
        tokio::join!(finding(aws, networks), finding(aws, addresses), finding(aws, machines));
    vec![networks, addresses, machines]
}

async fn finding(aws: &Aws, quota: &Quota) -> Finding {
    let Quota { id, what, needed, .. } = quota;
    let (allowed, used) = match asked(aws, quota).await {
        Ok(answer) => answer,
        Err(failure) => {
            let message = format!("the quota of {what} could not be asked for: {}", failure.message);
            return Finding::warning(
                id,
                message,
                format!("see that {needed} more are allowed: Service Quotas in the console"),
            );
        }
    };
    match allowed - used >= *needed {
        true => Finding::ok(id, format!("{what}: {used} of {allowed} in use, {needed} needed")),
        false => Finding::warning(
            id,
            format!("{what}: {used} of {allowed} in use, {needed} needed"),
            format!(
                "`aws service-quotas request-service-quota-increase --service-code {} --quota-code {} --desired-value {}`",
                quota.service,
                quota.code,
                used + needed
            ),
        ),
    }
}

/// How much is allowed and how much of it is in use, as far as that can be counted.
async fn asked(aws: &Aws, quota: &Quota) -> Result<(f64, f64), Failure> {
    let question = ["service-quotas", "get-service-quota", "--service-code", quota.service, "--quota-code", quota.code];
    let allowed = aws.ask(&question).await?["Quota"]["Value"].as_f64();
    let allowed = allowed.ok_or_else(|| Failure::failed("the answer has no value"))?;
    let Some((question, list)) = quota.usage else { return Ok((allowed, 0.0)) };
    let answer = aws.ask(question).await?;
    let used = answer[list].as_array().map_or(0, Vec::len);
    Ok((allowed, f64::from(u32::try_from(used).unwrap_or(u32::MAX))))
}

/// Virtual processors of all nodes when there are most of them.
fn processors(iac: &Iac) -> f64 {
    match variables::of(&iac.settings, &iac.infrastructure) {
        Ok(Variables::Aws(aws)) => f64::from(aws.node_count_max * processors_of(&aws.node_instance_type)),
        _ => 0.0,
    }
}

/// AWS doubles them with each size.
fn processors_of(class: &str) -> u32 {
    let size = class.rsplit('.').next().unwrap_or(class);
    match size.strip_suffix("xlarge") {
        Some("") => 4,
        Some(times) => times.parse::<u32>().map_or(4, |times| times * 4),
        None => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_follow_from_the_class() {
        for (class, count) in [("m7i.large", 2), ("m7i.xlarge", 4), ("m7i.2xlarge", 8), ("m7i.16xlarge", 64)] {
            assert_eq!(processors_of(class), count, "{class}");
        }
    }
}
