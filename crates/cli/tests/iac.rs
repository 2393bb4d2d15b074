//! `mojaloop iac` without any cloud: what is rendered, and what is refused before anything is begun.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, process::Command};

use support::{Finished, User};
use tempfile::TempDir;

const HUB: &str = "\
apiVersion: mojaloop/v1
kind: Hub
metadata: {name: hub}
sizing: {paymentsPerSecond: 1000}
";
const AWS: &str = "infrastructure: {root: aws, region: eu-west-1, network: \"10.0.0.0/16\"}\n";

/// Somebody with a definition, and with no programs but those that a test gives.
struct Operator {
    user: User,
    definition: PathBuf,
    programs: TempDir,
}

impl Operator {
    fn new(infrastructure: &str) -> Operator {
        let user = User::new();
        let definition = user.home.path().join("hub.yaml");
        fs::write(&definition, format!("{HUB}{infrastructure}")).unwrap();
        Operator { user, definition, programs: tempfile::tempdir().unwrap() }
    }

    /// A program that says this and ends well.
    fn program(&self, name: &str, says: &str) {
        let path = self.programs.path().join(name);
        fs::write(&path, format!("#!/bin/sh\necho '{says}'\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.user.mojaloop(&[&["iac"], arguments].concat());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("AWS_") {
                command.env_remove(name);
            }
        }
        command.arg("-f").arg(&self.definition).env("PATH", self.programs.path());
        command
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        Finished::of(&mut self.command(arguments))
    }

    /// Whether the tool's folder is as untouched as before.
    fn nothing_was_begun(&self) -> bool {
        !self.user.data().join("mojaloop/default/iac/terraform").exists()
    }
}

#[test]
fn render_needs_no_program_and_writes_what_differs_once() {
    let operator = Operator::new(AWS);
    let out = operator.user.home.path().join("infrastructure");
    let first = operator.run(&["render", "--out", out.to_str().unwrap(), "-o", "json"]);
    let document = first.expect(0, &[]).json();
    assert_eq!(document["kind"], "Rendered");
    let variables = fs::read_to_string(out.join("terraform/aws/terraform.tfvars.json")).unwrap();
    assert!(variables.contains("\"region\": \"eu-west-1\"") && variables.contains("\"payments_per_second\": 1000"));
    for file in ["terraform/modules/cluster/aws/main.tf", "cloudformation/main.yaml", "README.md"] {
        assert!(out.join(file).exists(), "{file}");
    }
    let own = out.join("terraform/aws/mine_override.tf");
    fs::write(&own, "# mine\n").unwrap();
    let second = operator.run(&["render", "--out", out.to_str().unwrap(), "-o", "json"]);
    assert_eq!(second.expect(0, &[]).json()["written"].as_array().unwrap().len(), 0);
    assert_eq!(fs::read_to_string(own).unwrap(), "# mine\n");
}

#[test]
fn the_environment_is_a_tag_of_everything() {
    let operator = Operator::new(AWS);
    let overlay = operator.definition.with_file_name("hub.test.yaml");
    fs::write(overlay, "metadata: {name: hub-test}\n").unwrap();
    let out = operator.user.home.path().join("infrastructure");
    operator.run(&["render", "--out", out.to_str().unwrap(), "--environment", "test"]).expect(0, &[]);
    let variables = fs::read_to_string(out.join("terraform/aws/terraform.tfvars.json")).unwrap();
    assert!(variables.contains("\"name\": \"hub-test\"") && variables.contains("\"environment\": \"test\""));
}

#[test]
fn a_definition_without_infrastructure_is_wrong_usage() {
    let operator = Operator::new("");
    let example = "infrastructure: {root: aws, region: eu-west-1";
    for verb in [&["doctor"][..], &["plan"], &["up"], &["status"], &["down"], &["render", "--out", "x"]] {
        let run = operator.run(verb);
        run.expect(2, &["infrastructure is missing in the definition", example]);
        assert_eq!(run.stdout, "");
    }
}

#[test]
fn a_password_in_the_environment_of_nobody_is_refused() {
    let database = "database: {host: db.example.com, name: hub, user: hub, passwordFrom: {env: PASSWORD}}";
    let cluster = "cluster: {name: hub, endpoint: \"https://k8s.example.com:6443\"}";
    let operator = Operator::new(&format!("infrastructure: {{root: managed, {cluster}, {database}}}\n"));
    let run = operator.run(&["render", "--out", "x"]);
    run.expect(2, &["infrastructure.database.passwordFrom", "PASSWORD", "passwordFrom: {secret: NAME/KEY}"]);
}

#[test]
fn without_terraform_nothing_is_begun() {
    let operator = Operator::new(AWS);
    for verb in [&["up"][..], &["plan"]] {
        operator.run(verb).expect(4, &["terraform is missing, and so is tofu", "install Terraform"]);
    }
    let doctor = operator.run(&["doctor", "-o", "json"]);
    let document = doctor.expect(4, &[]).json();
    let first = &document["findings"][0];
    assert_eq!((first["id"].as_str(), first["severity"].as_str()), (Some("terraform"), Some("error")));
}

#[test]
fn an_old_terraform_is_refused_and_tofu_will_do() {
    let operator = Operator::new(AWS);
    operator.program("terraform", r#"{"terraform_version": "1.9.8"}"#);
    operator.run(&["plan"]).expect(4, &["terraform is 1.9.8, expected 1.11 or later"]);
    fs::remove_file(operator.programs.path().join("terraform")).unwrap();
    operator.program("tofu", r#"{"terraform_version": "1.12.6"}"#);
    let document = operator.run(&["doctor", "-o", "json"]).json();
    assert!(document["findings"][0]["message"].as_str().unwrap().starts_with("tofu 1.12.6"), "{document}");
}

#[test]
fn without_credentials_nothing_is_begun() {
    let operator = Operator::new(AWS);
    operator.program("terraform", r#"{"terraform_version": "1.11.4"}"#);
    operator.run(&["up"]).expect(4, &["aws-credentials: there are no credentials for AWS", "set AWS_PROFILE"]);
    assert!(operator.nothing_was_begun());
    let secret = "do-not-show-this";
    let mut command = operator.command(&["doctor"]);
    command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", secret);
    let run = Finished::of(&mut command);
    run.expect(0, &[]);
    assert!(run.stdout.contains("from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"), "{}", run.stdout);
    assert!(run.stdout.contains("! aws-cli"), "{}", run.stdout);
    assert!(!run.stdout.contains(secret) && !run.stderr.contains(secret));
    assert!(!run.stdout.contains("AKIDEXAMPLE"), "{}", run.stdout);
}

#[test]
fn a_host_whose_key_or_secrets_are_missing_is_told_before_anything_is_done() {
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
    let operator = Operator::new(
        "infrastructure: {root: on-premises, hosts: [{name: hub-1, address: 127.77.77.77, user: root, keyFile: /no/such/key, roles: [cluster, database]}]}\n",
    );
    operator.program("terraform", r#"{"terraform_version": "1.11.4"}"#);
    // Where keys of hosts are looked up.
    std::os::unix::fs::symlink("/usr/bin/ssh-keygen", operator.programs.path().join("ssh-keygen")).unwrap();
    let document = operator.run(&["doctor", "-o", "json"]).expect(4, &[]).json();
    let errors = |document: &serde_json::Value| {
        let findings = document["findings"].as_array().unwrap().iter();
        let errors = findings.filter(|finding| finding["severity"] == "error" && finding["hint"].is_string());
        errors.map(|finding| finding["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(errors(&document), ["key-file", "database-password", "host-key/hub-1", "ssh/hub-1"]);
    operator.run(&["plan"]).expect(4, &["the key of the host hub-1 (127.77.77.77) is not known", "ssh-keyscan"]);
    operator.run(&["render", "--out", operator.user.home.path().join("out").to_str().unwrap()]).expect(0, &[]);
    let folder = operator.user.home.path().join(".ssh");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("known_hosts"), format!("127.77.77.77 {key}\n")).unwrap();
    let document = operator.run(&["doctor", "-o", "json"]).expect(4, &[]).json();
    assert_eq!(errors(&document), ["key-file", "database-password", "ssh/hub-1"]);
}

#[test]
fn where_nothing_was_made_there_is_nothing_to_see_or_to_remove() {
    let operator = Operator::new(AWS);
    let document = operator.run(&["status", "-o", "json"]).expect(0, &[]).json();
    assert_eq!((document["kind"].as_str(), document["resources"].as_u64()), (Some("Infrastructure"), Some(0)));
    let document = operator.run(&["verify", "-o", "json"]).expect(1, &[]).json();
    assert_eq!(document["verdict"], "fail");
    operator.run(&["down"]).expect(2, &["Delete the infrastructure of hub?", "--yes"]);
}
