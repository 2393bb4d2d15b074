//! From a plan's JSON to changes.

use std::path::Path;

use super::*;

fn plan_of(document: &Value) -> Plan {
    let hub = "apiVersion: mojaloop/v1\nkind: Hub\nmetadata: {name: hub}\nsizing:\n  paymentsPerSecond: 500\n";
    let loaded = definition::load_text(Path::new("hub.yaml"), hub).unwrap();
    let rendered = json!({"name": "hub", "node_count_min": 3, "deletion_protection": true});
    let definition = Definition { origins: &loaded.origins, rendered, root: "terraform/aws" };
    changes(&Document::read(&document.to_string()).unwrap(), &definition)
}

fn resource(address: &str, change: Value) -> Value {
    let (module, own) = match address.rsplit_once(".aws_") {
        Some((module, own)) => (module, format!("aws_{own}")),
        None => ("", address.to_owned()),
    };
    let (kind, name) = own.split_once('.').unwrap();
    let name = name.split('[').next().unwrap();
    json!({"address": address, "module_address": module, "mode": "managed", "type": kind, "name": name, "change": change})
}

fn update(address: &str, before: Value, after: Value) -> Value {
    resource(address, json!({"actions": ["update"], "before": before, "after": after}))
}

fn configuration() -> Value {
    let group = json!({"type": "aws_eks_node_group", "name": "this", "expressions": {
        "node_group_name": {"references": ["var.name"]},
        "scaling_config": [{"min_size": {"references": ["var.node_count_min"]}, "max_size": {"constant_value": 6}}],
    }});
    let cluster = json!({
        "source": "../modules/cluster/aws",
        "expressions": {"name": {"references": ["var.name"]}, "node_count_min": {"references": ["var.node_count_min"]}},
        "module": {"resources": [group]},
    });
    json!({"root_module": {"module_calls": {"cluster": cluster}, "variables": {"zones": {"default": 3}}}})
}

#[test]
fn nothing_to_do_is_an_empty_plan() {
    let same = json!({"actions": ["no-op"], "before": {"a": 1}, "after": {"a": 1}});
    let read = json!({"address": "data.aws_region.current", "mode": "data", "type": "aws_region", "name": "current",
        "change": {"actions": ["read"], "before": null, "after": {}}});
    let plan = plan_of(&json!({"resource_changes": [resource("aws_vpc.this", same), read]}));
    assert!(plan.is_empty(), "{plan:?}");
}

#[test]
fn a_new_resource_is_one_change_without_secrets_and_without_what_is_empty() {
    let change = json!({
        "actions": ["create"], "before": null,
        "after": {"name": "x", "note": null, "tags": {}, "password": "hunter2"},
        "after_unknown": {"id": true, "tags": {}},
        "after_sensitive": {"password": true},
    });
    let plan = plan_of(&json!({
        "resource_changes": [resource("module.cluster.aws_eks_node_group.this", change)],
        "configuration": configuration(),
    }));
    let [change] = plan.changes.as_slice() else { panic!("{plan:?}") };
    assert_eq!(change.after, json!({"name": "x", "id": "(known after apply)", "password": "(sensitive)"}));
    assert_eq!((change.field.as_str(), change.risk), ("", Risk::None));
    assert_eq!(change.origin, "terraform/modules/cluster/aws");
}

#[test]
fn a_field_is_followed_to_its_line_in_the_definition() {
    let address = "module.cluster.aws_eks_node_group.this";
    let config = |min: u64, max: u64| json!({"scaling_config": [{"min_size": min, "max_size": max}]});
    let plan = plan_of(&json!({
        "variables": {"node_count_min": {"value": 3}, "name": {"value": "hub"}},
        "resource_changes": [update(address, config(2, 4), config(3, 6))],
        "configuration": configuration(),
    }));
    let found: Vec<_> = plan.changes.iter().map(|change| (change.field.as_str(), change.origin.as_str())).collect();
    let expected = [
        ("scaling_config[0].max_size", "terraform/modules/cluster/aws"),
        ("scaling_config[0].min_size", "sizing.paymentsPerSecond (hub.yaml:5)"),
    ];
    assert_eq!(found, expected);
    assert_eq!((&plan.changes[1].before, &plan.changes[1].after), (&json!(2), &json!(3)));
}

#[test]
fn a_value_of_the_users_own_files_is_said_to_be_theirs() {
    let address = "module.cluster.aws_eks_node_group.this";
    let config = |min: u64| json!({"scaling_config": [{"min_size": min}]});
    let plan = plan_of(&json!({
        "variables": {"node_count_min": {"value": 9}},
        "resource_changes": [update(address, config(3), config(9))],
        "configuration": configuration(),
    }));
    assert_eq!(plan.changes[0].origin, "the variable node_count_min, set by a file or variable of yours");
}

#[test]
fn drift_says_who_it_was_not_and_what_can_be_done() {
    let address = "module.cluster.aws_eks_node_group.this";
    let config = |min: u64| json!({"scaling_config": [{"min_size": min}], "other": min});
    let gone = json!({"actions": ["delete"], "before": {"name": "x"}, "after": null});
    let again = json!({"actions": ["create"], "before": null, "after": {"name": "x"}});
    let plan = plan_of(&json!({
        "variables": {"node_count_min": {"value": 3}},
        "resource_changes": [
            update(address, config(1), json!({"scaling_config": [{"min_size": 3}], "other": 1})),
            resource("module.cluster.aws_iam_role.node", again),
        ],
        "resource_drift": [update(address, config(3), config(1)), resource("module.cluster.aws_iam_role.node", gone)],
        "configuration": configuration(),
    }));
    let [field, role] = plan.changes.as_slice() else { panic!("{plan:?}") };
    assert_eq!((&field.before, &field.after), (&json!(1), &json!(3)));
    assert_eq!(
        field.origin,
        "changed outside of this tool; `up` reverts it; to adopt it, change sizing.paymentsPerSecond (hub.yaml:5)"
    );
    assert!(role.origin.starts_with("deleted outside of this tool; `up` makes it again"), "{}", role.origin);
}

#[test]
fn a_new_resource_in_the_place_of_another_says_what_made_it_necessary() {
    let change = json!({
        "actions": ["delete", "create"],
        "before": {"id": "i-1", "instance_types": ["m7i.large"], "labels": {}, "size": 0},
        "after": {"instance_types": ["m7i.xlarge"], "labels": null, "size": null},
        "after_unknown": {"id": true},
    });
    let plan = plan_of(&json!({"resource_changes": [resource("aws_eks_node_group.this", change)]}));
    let [change] = plan.changes.as_slice() else { panic!("{plan:?}") };
    assert_eq!((change.field.as_str(), change.risk), ("instance_types[0]", Risk::Restart));
    assert_eq!(change.origin, "terraform/aws; the resource is replaced by a new one");
}

#[test]
fn what_an_interrupted_run_left_unfinished_holds_no_data() {
    let change =
        json!({"actions": ["delete", "create"], "before": {"id": "1"}, "after": {}, "after_unknown": {"id": true}});
    let mut key = resource("aws_kms_key.data", change);
    let plan = plan_of(&json!({"resource_changes": [key]}));
    assert_eq!(plan.risk(), Risk::Irreversible);
    key["action_reason"] = json!("replace_because_tainted");
    let plan = plan_of(&json!({"resource_changes": [key]}));
    assert_eq!((plan.changes.len(), plan.risk()), (1, Risk::Restart));
    assert!(plan.changes[0].origin.contains("interrupted"), "{}", plan.changes[0].origin);
}

#[test]
fn what_a_file_of_ones_own_would_adopt_is_said() {
    let document = |variables: Value| {
        let expressions = json!({"days": {"references": ["var.zones"]}, "fixed": {"constant_value": 1}});
        let own = json!({"type": "aws_thing", "name": "this", "expressions": expressions});
        let code = json!({"root_module": {"resources": [own], "variables": {"zones": {"default": 3}}}});
        let (found, wanted) = (json!({"days": 1, "fixed": 2}), json!({"days": 3, "fixed": 1}));
        json!({
            "variables": variables,
            "resource_changes": [update("aws_thing.this", found.clone(), wanted.clone())],
            "resource_drift": [update("aws_thing.this", wanted, found)],
            "configuration": code,
        })
    };
    let plan = plan_of(&document(json!({"zones": {"value": 3}})));
    assert!(plan.changes[0].origin.ends_with("adopt it, set zones in a file of yours terraform/aws/*.auto.tfvars"));
    assert!(plan.changes[1].origin.ends_with("adopt it, write it into a file of yours terraform/aws/*_override.tf"));
    let plan = plan_of(&document(json!({"zones": {"value": 2}})));
    assert!(plan.changes[0].origin.ends_with("adopt it, change zones where you set it"));
}

#[test]
fn drift_that_nothing_is_done_about_is_no_change() {
    let plan = plan_of(&json!({
        "resource_changes": [resource("aws_vpc.this", json!({"actions": ["no-op"], "before": {}, "after": {}}))],
        "resource_drift": [update("aws_vpc.this", json!({"a": 1}), json!({"a": 2}))],
    }));
    assert!(plan.is_empty(), "{plan:?}");
}

#[test]
fn every_change_has_the_risk_of_the_table() {
    let cases = [
        ("aws_rds_cluster", json!(["update"]), "engine_version", json!("16"), json!("17"), Risk::Restart),
        ("aws_rds_cluster", json!(["update"]), "backup_retention_period", json!(35), json!(7), Risk::Data),
        ("aws_rds_cluster", json!(["update"]), "backup_retention_period", json!(7), json!(35), Risk::None),
        ("aws_rds_cluster_instance", json!(["update"]), "instance_class", json!("a"), json!("b"), Risk::Restart),
        ("aws_eks_cluster", json!(["update"]), "version", json!("1.32"), json!("1.33"), Risk::Restart),
        ("aws_eks_node_group", json!(["update"]), "version", json!("1.32"), json!("1.33"), Risk::Restart),
        ("aws_cloudwatch_log_group", json!(["update"]), "retention_in_days", json!(0), json!(30), Risk::Data),
        ("aws_s3_bucket_lifecycle_configuration", json!(["update"]), "rule", json!([]), json!([1]), Risk::Data),
        ("aws_vpc", json!(["update"]), "tags", json!({}), json!({"a": "b"}), Risk::None),
        ("aws_rds_cluster", json!(["delete", "create"]), "kms_key_id", json!("a"), json!("b"), Risk::Irreversible),
        ("aws_kms_key", json!(["delete"]), "id", json!("a"), json!(null), Risk::Irreversible),
        ("aws_s3_bucket", json!(["create", "delete"]), "bucket", json!("a"), json!("b"), Risk::Irreversible),
        ("aws_backup_vault", json!(["delete"]), "id", json!("a"), json!(null), Risk::Irreversible),
        ("aws_secretsmanager_secret", json!(["delete"]), "id", json!("a"), json!(null), Risk::Irreversible),
        ("aws_ebs_volume", json!(["delete"]), "id", json!("a"), json!(null), Risk::Irreversible),
        ("aws_ecr_repository", json!(["delete"]), "id", json!("a"), json!(null), Risk::Data),
        ("aws_nat_gateway", json!(["delete"]), "id", json!("a"), json!(null), Risk::Restart),
        ("aws_subnet", json!(["delete", "create"]), "cidr_block", json!("a"), json!("b"), Risk::Restart),
    ];
    for (kind, actions, field, before, after, risk) in cases {
        let after = if after.is_null() { Value::Null } else { json!({field: after}) };
        let change = json!({"actions": actions, "before": {field: before}, "after": after});
        let plan = plan_of(&json!({"resource_changes": [resource(&format!("{kind}.this"), change)]}));
        assert_eq!(plan.changes.len(), 1, "{kind} {actions}");
        assert_eq!(plan.risk(), risk, "{kind} {actions} {field}");
    }
}

#[test]
fn secrets_are_masked_on_both_sides_wherever_they_are() {
    let change = json!({
        "actions": ["update"],
        "before": {"user": {"name": "a", "password": "hunter2"}, "keys": ["one"], "token": "t1"},
        "after": {"user": {"name": "b", "password": "hunter3"}, "keys": ["two"], "token": null},
        "after_unknown": {"token": true},
        "before_sensitive": {"user": {"password": true}, "token": true},
        "after_sensitive": {"user": {}, "keys": [true]},
    });
    let outputs = json!({"secret": {"actions": ["update"], "before": "hunter4", "after": "hunter5",
        "before_sensitive": true, "after_sensitive": true}});
    let plan = plan_of(&json!({"resource_changes": [resource("aws_thing.this", change)], "output_changes": outputs}));
    let text = serde_json::to_string(&plan).unwrap();
    for secret in ["hunter", "t1", "\"one\"", "\"two\""] {
        assert!(!text.contains(secret), "{text}");
    }
    let fields: Vec<&str> = plan.changes.iter().map(|change| change.field.as_str()).collect();
    assert_eq!(fields, ["keys[0]", "token", "user.name", "user.password", ""]);
    assert_eq!(plan.changes[4].resource, "output.secret");
}

#[test]
fn tags_are_told_once() {
    let tags = |value: &str| json!({"tags": {"a": value}, "tags_all": {"a": value, "managed-by": "mojaloop"}});
    let plan = plan_of(&json!({"resource_changes": [update("aws_vpc.this", tags("1"), tags("2"))]}));
    let fields: Vec<&str> = plan.changes.iter().map(|change| change.field.as_str()).collect();
    assert_eq!(fields, ["tags.a"]);
}
