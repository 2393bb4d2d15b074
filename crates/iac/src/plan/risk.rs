//! The worst that a change of a resource can do. The whole table is in this file.

use operations::Risk;

use super::values::Difference;

/// What is done to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Create,
    Update,
    Delete,
    /// Deleted and made again, in whichever order.
    Replace,
}

impl Action {
    /// `None` when nothing is done to it.
    pub(super) fn of(actions: &[String]) -> Option<Action> {
        match actions.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["create"] => Some(Action::Create),
            ["update"] => Some(Action::Update),
            ["delete"] => Some(Action::Delete),
            ["delete", "create"] | ["create", "delete"] => Some(Action::Replace),
            _ => None,
        }
    }
}

/// Holds the books, copies of them, or what is needed to read them: gone is gone.
const IRREPLACEABLE: [&str; 9] = [
    "aws_backup_vault",
    "aws_db_instance",
    "aws_ebs_volume",
    "aws_efs_file_system",
    "aws_kms_key",
    "aws_rds_cluster",
    "aws_s3_bucket",
    "aws_secretsmanager_secret",
    "aws_secretsmanager_secret_version",
];

/// Holds records or builds that the hub runs without, or that others have to bring back.
const HOLDS_RECORDS: [&str; 3] = ["aws_cloudwatch_log_group", "aws_ecr_repository", "aws_eks_cluster"];

/// Attributes whose change restarts something or cuts connections.
const RESTARTS: [(&str, &[&str]); 13] = [
    ("aws_db_instance", &["engine_version", "instance_class", "parameter_group_name", "storage_type"]),
    ("aws_db_parameter_group", &["parameter"]),
    ("aws_eks_addon", &["addon_version", "configuration_values"]),
    ("aws_eks_cluster", &["version"]),
    ("aws_eks_node_group", &["ami_type", "launch_template", "release_version", "version"]),
    ("aws_nat_gateway", &["allocation_id", "subnet_id"]),
    ("aws_network_acl", &["egress", "ingress"]),
    ("aws_rds_cluster", &["db_cluster_parameter_group_name", "engine_version", "port", "vpc_security_group_ids"]),
    ("aws_rds_cluster_instance", &["db_parameter_group_name", "engine_version", "instance_class"]),
    ("aws_rds_cluster_parameter_group", &["parameter"]),
    ("aws_route_table", &["route"]),
    ("aws_route_table_association", &["route_table_id"]),
    ("aws_security_group", &["egress", "ingress"]),
];

/// How long something is kept: less of it deletes what is older.
const KEEPS: [(&str, &str); 4] = [
    ("aws_backup_plan", "delete_after"),
    ("aws_cloudwatch_log_group", "retention_in_days"),
    ("aws_db_instance", "backup_retention_period"),
    ("aws_rds_cluster", "backup_retention_period"),
];

/// Rules by which data are deleted on their own.
const EXPIRES: [(&str, &str); 2] =
    [("aws_ecr_lifecycle_policy", "policy"), ("aws_s3_bucket_lifecycle_configuration", "rule")];

/// When it is deleted, or replaced by a new one.
pub(super) fn of_removal(kind: &str) -> Risk {
    if IRREPLACEABLE.contains(&kind) {
        Risk::Irreversible
    } else if HOLDS_RECORDS.contains(&kind) {
        Risk::Data
    } else {
        Risk::Restart
    }
}

/// When it stays and one field of it is changed.
pub(super) fn of_update(kind: &str, difference: &Difference) -> Risk {
    let (attribute, path) = (difference.attribute(), difference.path());
    let kept = KEEPS.iter().any(|(of, field)| *of == kind && (path == *field || path.ends_with(&format!(".{field}"))));
    if kept && is_less(difference) || EXPIRES.contains(&(kind, attribute)) {
        return Risk::Data;
    }
    match RESTARTS.iter().find(|(of, _)| *of == kind) {
        Some((_, attributes)) if attributes.contains(&attribute) => Risk::Restart,
        _ => Risk::None,
    }
}

fn is_less(difference: &Difference) -> bool {
    match (difference.before.as_u64(), difference.after.as_u64()) {
        // Logs with 0 days are kept for ever.
        (Some(0), Some(after)) => after > 0,
        (Some(before), Some(after)) => after > 0 && after < before,
        _ => false,
    }
}
