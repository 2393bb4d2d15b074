//! What a real plan of the root aws would make has the values that the CloudFormation templates have:
//! `ESTATE_PLAN=FILE cargo test -p iac --features estate-plan --test estate_plan`, where the file holds what
//! `terraform show -json` says of a plan with default variables.

#![allow(clippy::unwrap_used, reason = "a test")]

mod template;

use std::{collections::BTreeMap, fs};

use serde_json::Value;
use template::{estate, templates};

/// Compares the values of one plan. What depends on the hub's size or environment is a parameter with the same default on
/// both sides.
#[test]
fn properties_agree_with_a_plan() {
    let file = std::env::var_os("ESTATE_PLAN").expect("ESTATE_PLAN names the JSON of a plan");
    let plan: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let name = plan["variables"]["name"]["value"].as_str().unwrap();
    let (templates, mut planned) = (templates(), BTreeMap::<String, Vec<&Value>>::new());
    add_planned(&plan["planned_values"]["root_module"], &mut planned);
    let (mut compared, mut wrong) = (0, Vec::new());
    for row in &estate().resources {
        for id in &row.cloudformation {
            let (template, logical) = id.split_once('.').unwrap();
            let template = &templates[template];
            for (attribute, property) in &row.properties {
                let there = template.value(&template.resources[logical].properties, property, name);
                for values in planned.get(&row.terraform).into_iter().flatten() {
                    compared += 1;
                    let wanted = template::at(values, attribute).map(template::text);
                    if wanted.is_none() || wanted != there {
                        wrong
                            .push(format!("{} {attribute} is {wanted:?}, {id} {property} is {there:?}", row.terraform));
                    }
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(compared > 200, "{compared} comparisons");
}

/// The planned values of each resource, by its address without index.
fn add_planned<'a>(module: &'a Value, planned: &mut BTreeMap<String, Vec<&'a Value>>) {
    let list = |key: &str| module[key].as_array().map_or(&[][..], Vec::as_slice).iter();
    for resource in list("resources").filter(|resource| resource["mode"] == "managed") {
        let address = resource["address"].as_str().unwrap();
        let address = address.split('[').next().unwrap();
        planned.entry(address.to_owned()).or_default().push(&resource["values"]);
    }
    list("child_modules").for_each(|child| add_planned(child, planned));
}
