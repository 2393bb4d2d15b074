//! `infrastructure/estate.yaml`, and the templates that it names.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "support of tests")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::Template;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estate {
    pub resources: Vec<Row>,
    pub only_terraform: Vec<Alone>,
    pub only_cloudformation: Vec<Alone>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub terraform: String,
    pub cloudformation: Vec<String>,
    #[serde(default)]
    pub properties: Vec<(String, String)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alone {
    #[serde(default)]
    pub terraform: Option<String>,
    #[serde(default)]
    pub cloudformation: Option<String>,
    pub reason: String,
}

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infrastructure")
}

pub fn estate() -> Estate {
    serde_saphyr::from_str(&fs::read_to_string(folder().join("estate.yaml")).unwrap()).unwrap()
}

/// The templates by their names.
pub fn templates() -> BTreeMap<String, Template> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder().join("cloudformation")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        found.insert(name, Template::read(&path));
    }
    found
}
