//! Terraform and CloudFormation make the same estate: `infrastructure/estate.yaml` says which resource corresponds to
//! which, and here is checked that every resource of either side is in it. Whether their values agree is checked against
//! a real plan: `estate_plan.rs`.

#![allow(clippy::unwrap_used, reason = "a test")]

mod template;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde_json::Value;
use template::{Template, estate, folder, templates};

/// The templates' resources as `TEMPLATE.LogicalId`.
fn cloudformation() -> BTreeMap<String, Value> {
    let of = |(name, template): (String, Template)| {
        template.resources.into_iter().map(move |(id, resource)| (format!("{name}.{id}"), resource.properties))
    };
    templates().into_iter().flat_map(of).collect()
}

/// The resources of the root aws as `module.NAME.TYPE.NAME`, each with the text of its block.
fn terraform() -> BTreeMap<String, String> {
    let root = fs::read_to_string(folder().join("terraform/aws/main.tf")).unwrap();
    let mut found = resources_in(&folder().join("terraform/aws"), "");
    for block in root.split("\nmodule \"").skip(1) {
        let name = block.split('"').next().unwrap();
        let source = block.split("source").nth(1).unwrap().split('"').nth(1).unwrap();
        found.extend(resources_in(&folder().join("terraform/aws").join(source), &format!("module.{name}.")));
    }
    found
}

fn resources_in(folder: &Path, prefix: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "tf") {
            continue;
        }
        let text = format!("\n{}", fs::read_to_string(&path).unwrap());
        for block in text.split("\nresource \"").skip(1) {
            let mut words = block.split('"');
            let (kind, name) = (words.next().unwrap(), words.nth(1).unwrap());
            let body = block.split("\n}").next().unwrap();
            found.insert(format!("{prefix}{kind}.{name}"), body.to_owned());
        }
    }
    found
}

/// What is on one side and not on the other.
fn difference(one: &BTreeSet<String>, other: &BTreeSet<String>) -> Vec<String> {
    one.difference(other).cloned().collect()
}

#[test]
fn every_resource_of_either_side_is_named_and_every_name_is_a_resource() {
    let estate = estate();
    let (terraform, cloudformation) = (terraform(), cloudformation());
    let mut named = BTreeSet::new();
    let mut twice = Vec::new();
    for row in &estate.resources {
        if !named.insert(row.terraform.clone()) {
            twice.push(row.terraform.clone());
        }
    }
    named.extend(estate.only_terraform.iter().filter_map(|alone| alone.terraform.clone()));
    let there: BTreeSet<String> = terraform.into_keys().collect();
    assert_eq!(twice, Vec::<String>::new(), "more than one row");
    assert_eq!(difference(&there, &named), Vec::<String>::new(), "in Terraform and not in estate.yaml");
    assert_eq!(difference(&named, &there), Vec::<String>::new(), "in estate.yaml and not in Terraform");

    let mut named: BTreeSet<String> = estate.resources.iter().flat_map(|row| row.cloudformation.clone()).collect();
    named.extend(estate.only_cloudformation.iter().filter_map(|alone| alone.cloudformation.clone()));
    let there: BTreeSet<String> = cloudformation.into_keys().collect();
    assert_eq!(difference(&there, &named), Vec::<String>::new(), "in CloudFormation and not in estate.yaml");
    assert_eq!(difference(&named, &there), Vec::<String>::new(), "in estate.yaml and not in CloudFormation");
    assert!(there.len() > 80, "the templates were read: {} resources", there.len());
}

#[test]
fn what_is_on_one_side_only_says_why() {
    let estate = estate();
    for alone in estate.only_terraform.iter().chain(&estate.only_cloudformation) {
        assert!(alone.terraform.is_some() != alone.cloudformation.is_some(), "one side: {}", alone.reason);
        assert!(alone.reason.len() > 20, "a reason: {}", alone.reason);
    }
}

#[test]
fn properties_that_have_to_agree_are_on_both_sides() {
    let (terraform, cloudformation) = (terraform(), cloudformation());
    let mut missing = Vec::new();
    for row in &estate().resources {
        for (attribute, property) in &row.properties {
            let first = attribute.split('/').next().unwrap();
            let code = &terraform[&row.terraform];
            let is_set = |line: &str| line.split_whitespace().next() == Some(first);
            if !code.lines().any(|line| is_set(line) || line.trim().starts_with(&format!("dynamic \"{first}\""))) {
                missing.push(format!("{}: {attribute}", row.terraform));
            }
            let first = property.split('/').next().unwrap();
            let with = row.cloudformation.iter().filter(|id| !cloudformation[*id][first].is_null());
            if with.count() == 0 {
                missing.push(format!("{}: {property}", row.cloudformation.join(", ")));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
}
