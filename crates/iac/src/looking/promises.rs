//! What this tool promises of an estate in AWS, read from the state.

use operations::Check;
use serde_json::Value;

use crate::state::{Resource, State};

const PUT_RIGHT: &str = "mojaloop iac up puts it right, unless a file of yours says otherwise";

/// One check for each promise.
pub(crate) fn checks(state: &State) -> Vec<Check> {
    vec![
        every(
            state,
            "api-private",
            "aws_eks_cluster",
            "the Kubernetes API has no address for everybody",
            api_is_closed,
        ),
        every(
            state,
            "secrets-encrypted",
            "aws_eks_cluster",
            "Kubernetes Secrets are encrypted by a key of the hub",
            |values| values["encryption_config"].as_array().is_some_and(|config| !config.is_empty()),
        ),
        every(state, "database-private", "aws_rds_cluster_instance", "no instance has a public address", |values| {
            values["publicly_accessible"] == false
        }),
        every(
            state,
            "database-encrypted",
            "aws_rds_cluster",
            "the database is encrypted by a key of the hub",
            |values| values["storage_encrypted"] == true && values["kms_key_id"].is_string(),
        ),
        every(state, "database-backups", "aws_rds_cluster", "the database can be restored to any second", |values| {
            values["backup_retention_period"].as_u64().is_some_and(|days| days > 0)
        }),
        every(
            state,
            "backups-private",
            "aws_s3_bucket_public_access_block",
            "nothing in the backup bucket is public",
            |values| {
                let closed = |field: &str| values[field] == true;
                closed("block_public_acls")
                    && closed("block_public_policy")
                    && closed("ignore_public_acls")
                    && closed("restrict_public_buckets")
            },
        ),
        every(state, "keys-rotate", "aws_kms_key", "keys are changed every year", |values| {
            values["enable_key_rotation"] == true
        }),
        protection(state),
    ]
}

/// Reached from the network only, or from addresses that somebody named.
fn api_is_closed(values: &Value) -> bool {
    let access = &values["vpc_config"][0];
    let everybody = |cidr: &Value| cidr.as_str().is_none_or(|cidr| cidr.ends_with("/0"));
    let from = access["public_access_cidrs"].as_array();
    let named = from.is_some_and(|cidrs| !cidrs.is_empty() && !cidrs.iter().any(everybody));
    access["endpoint_private_access"] == true && (access["endpoint_public_access"] == false || named)
}

/// Whether a promise holds for every resource of a type, of which there has to be one.
fn every(state: &State, name: &str, kind: &str, promise: &str, holds: impl Fn(&Value) -> bool) -> Check {
    let all: Vec<&Resource> = state.resources().into_iter().filter(|resource| resource.kind == kind).collect();
    if all.is_empty() {
        return Check::failed(name, format!("there is no {kind}"), "mojaloop iac up makes what is missing");
    }
    let broken: Vec<&str> =
        all.iter().filter(|resource| !holds(&resource.values)).map(|resource| resource.address.as_str()).collect();
    match broken.as_slice() {
        [] => Check::passed(name, promise),
        broken => Check::failed(name, format!("not so for {}: {promise}", broken.join(", ")), PUT_RIGHT),
    }
}

/// Everything that can be protected is.
fn protection(state: &State) -> Check {
    let kinds = ["aws_backup_vault", "aws_ecr_repository", "aws_kms_key", "aws_rds_cluster", "aws_s3_bucket"];
    let resources = state.resources();
    let holding = resources.iter().filter(|resource| kinds.contains(&resource.kind.as_str()) || resource.is_guard());
    let open: Vec<&str> =
        holding.filter(|resource| !resource.is_protected()).map(|resource| resource.address.as_str()).collect();
    match open.as_slice() {
        [] => Check::passed("protection", format!("{} resources refuse to be deleted", state.protected().len())),
        open => Check::failed("protection", format!("not protected: {}", open.join(", ")), PUT_RIGHT),
    }
}

#[cfg(test)]
mod tests {
    use operations::{Verdict, Verify};
    use serde_json::json;

    use super::*;

    fn estate(public: bool, cidr: &str) -> State {
        let resource =
            |kind: &str, values: Value| json!({"address": kind, "mode": "managed", "type": kind, "values": values});
        let access =
            json!([{"endpoint_private_access": true, "endpoint_public_access": public, "public_access_cidrs": [cidr]}]);
        let blocked = json!({"block_public_acls": true, "block_public_policy": true, "ignore_public_acls": true, "restrict_public_buckets": true});
        let database = json!({"storage_encrypted": true, "kms_key_id": "k", "backup_retention_period": 35, "deletion_protection": true});
        let resources = [
            resource("aws_eks_cluster", json!({"vpc_config": access, "encryption_config": [{}]})),
            resource("aws_rds_cluster_instance", json!({"publicly_accessible": false})),
            resource("aws_rds_cluster", database),
            resource("aws_s3_bucket_public_access_block", blocked),
            resource("aws_kms_key", json!({"enable_key_rotation": true, "deletion_window_in_days": 30})),
        ];
        State::read(&json!({"values": {"root_module": {"resources": resources}}}).to_string()).unwrap()
    }

    #[test]
    fn an_api_for_everybody_breaks_the_promise() {
        for (public, cidr, passes) in
            [(false, "0.0.0.0/0", true), (true, "203.0.113.0/24", true), (true, "0.0.0.0/0", false)]
        {
            let checks = checks(&estate(public, cidr));
            let api = checks.iter().find(|check| check.name == "api-private").unwrap();
            assert_eq!(api.passed, passes, "{public} {cidr}: {}", api.message);
            assert_eq!(Verify::new(checks).verdict == Verdict::Pass, passes);
        }
    }

    #[test]
    fn an_empty_state_keeps_no_promise() {
        let checks = checks(&State::default());
        let kept: Vec<&str> = checks.iter().filter(|check| check.passed).map(|check| check.name.as_str()).collect();
        assert_eq!(kept, ["protection"], "which has nothing to protect");
    }
}
