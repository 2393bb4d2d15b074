//! Infrastructure as Code: the real Terraform with the real AWS provider on an AWS API of this machine.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use super::tools;
use crate::outcome::{Row, not_run};
use crate::parts::{self, Part};
use crate::user::{User, finish, judge};
use crate::workspace::Workspace;

const VALIDATORS: [&str; 2] = ["cfn-lint==1.58.0", "checkov==3.3.30"];
/// What points the provider at an API that is not Amazon's; the rendered code knows nothing of it.
const OVERRIDE: &str = "provider \"aws\" {\n  skip_credentials_validation = true\n  skip_metadata_api_check     = true\n  skip_requesting_account_id  = false\n  s3_use_path_style           = true\n}\n";
const DEFINITION: &str = "\
apiVersion: mojaloop/v1
kind: Hub
metadata: {name: estate}
infrastructure: {root: aws, region: eu-west-1, network: \"10.0.0.0/16\"}
";

pub(super) async fn run(workspace: &Workspace) -> Result<Vec<Row>> {
    let code = workspace.root.join("infrastructure");
    let python = tools::python("iac-tools", &VALIDATORS).await?;
    let mut rows = vec![
        judge("cfn-lint accepts the CloudFormation templates", lint(&python, &code)).await,
        judge("checkov finds nothing but listed exceptions", policies(&python, &code)).await,
        judge("terraform fmt", terraform_fmt(&code)).await,
    ];
    match parts::aws(workspace).await {
        Ok(aws) => {
            let home = workspace.fresh_folder("infrastructure")?;
            let binary = workspace.build_binary().await?;
            let user = User::new(&binary, &home, &aws.environment);
            rows.push(judge("terraform validate, every root", validate(&user, &aws)).await);
            rows.push(judge("iac on AWS: plan, up, drift, down", life(workspace, &user, &aws)).await);
        }
        Err(error) => {
            let count = not_run("iac on AWS", &format!("{error:#}"));
            rows.push(Row::said("the AWS API", count, std::time::Duration::ZERO));
        }
    }
    Ok(rows)
}

async fn lint(python: &Path, code: &Path) -> Result<()> {
    let mut templates: Vec<PathBuf> =
        std::fs::read_dir(code.join("cloudformation"))?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    templates.retain(|file| file.extension().is_some_and(|end| end == "yaml"));
    ensure!(templates.len() >= 4, "only {} templates", templates.len());
    let mut command = Command::new(python.join("cfn-lint"));
    command.arg("--").args(templates);
    finish(command, "cfn-lint").await?.expect(0, &[])?;
    Ok(())
}

async fn policies(python: &Path, code: &Path) -> Result<()> {
    let mut command = Command::new(python.join("checkov"));
    command
        .arg("--config-file")
        .arg(code.join(".checkov.yaml"))
        .arg("--directory")
        .arg(code)
        .args(["--compact", "--quiet"]);
    finish(command, "checkov").await?.expect(0, &[])?;
    Ok(())
}

async fn terraform_fmt(code: &Path) -> Result<()> {
    let mut command = Command::new("terraform");
    command.args(["fmt", "-check", "-recursive"]).arg(code.join("terraform"));
    finish(command, "terraform fmt").await?.expect(0, &[])?;
    Ok(())
}

/// As a team does that takes over the rendered folder.
async fn validate(user: &User, aws: &Part) -> Result<()> {
    let roots = [
        ("aws", "{root: aws, region: eu-west-1, network: \"10.0.0.0/16\"}"),
        (
            "on-premises",
            "{root: on-premises, hosts: [{name: one, address: 192.0.2.1, keyFile: key, roles: [cluster]}, {name: two, address: 192.0.2.2, keyFile: key, roles: [database]}]}",
        ),
        (
            "managed",
            "{root: managed, cluster: {name: c, endpoint: \"https://192.0.2.1\"}, database: {host: db.example.org, name: hub, user: hub, passwordFrom: {secret: hub-database/password}}}",
        ),
    ];
    for (root, infrastructure) in roots {
        let out = user.home().join(format!("rendered-{root}"));
        let set = format!("infrastructure={infrastructure}");
        user.run(&["iac", "render", "--out", &out.to_string_lossy(), "--set", &set]).await?.expect(0, &[])?;
        let folder = out.join("terraform").join(root);
        for arguments in [["init", "-backend=false", "-input=false"], ["validate", "-no-color", "-json"]] {
            let mut command = aws.command("terraform");
            command.args(arguments).current_dir(&folder);
            finish(command, &format!("terraform {} in {root}", arguments[0])).await?.expect(0, &[])?;
        }
    }
    Ok(())
}

async fn life(workspace: &Workspace, user: &User, aws: &Part) -> Result<()> {
    let definition = user.home().join("hub.yaml");
    std::fs::write(&definition, DEFINITION)?;
    let definition = definition.to_string_lossy().into_owned();
    let folder = user.home().join("estate");
    let at = folder.to_string_lossy().into_owned();
    let iac = |rest: &[&str]| {
        let mut all = vec!["iac".to_owned()];
        all.extend(rest.iter().map(|word| (*word).to_owned()));
        all.extend(["-f", &definition, "--folder", &at].map(str::to_owned));
        all
    };
    let run = async |rest: &[&str]| {
        let all = iac(rest);
        user.run(&all.iter().map(String::as_str).collect::<Vec<_>>()).await
    };
    user.run(&["iac", "render", "--out", &at, "-f", &definition]).await?.expect(0, &[])?;
    std::fs::write(folder.join("terraform/aws/elsewhere_override.tf"), OVERRIDE)?;
    run(&["plan", "-o", "json"]).await?.expect(3, &["aws_rds_cluster"])?;
    compare(workspace, &folder.join("terraform/aws"), aws).await?;
    for step in [" render ", " init ", " plan "] {
        let all = iac(&["up", "--yes"]);
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        user.killed_after(&all, step).await.with_context(|| format!("killed after{step}"))?;
    }
    // Terraform itself goes on when the tool is killed: the next run waits for it, and then has nothing or little to do.
    run(&["up", "--yes"]).await?.expect(0, &[])?;
    run(&["plan", "-o", "json"]).await?.expect(0, &[])?;
    run(&["verify"]).await?.expect(0, &[])?;

    let name = aws_cli(
        aws,
        &["rds", "describe-db-clusters", "--query", "DBClusters[0].DBClusterIdentifier", "--output", "text"],
    )
    .await?;
    let name = name.trim();
    let change = ["rds", "modify-db-cluster", "--db-cluster-identifier", name, "--backup-retention-period", "1"];
    aws_cli(aws, &change).await?;
    let drift = run(&["plan", "-o", "json"]).await?.expect(3, &["backup_retention_period"])?;
    ensure!(drift.stdout.contains("outside"), "the drift is not explained: {}", drift.stdout);
    run(&["up", "--yes"]).await?.expect(0, &[])?;
    run(&["plan", "-o", "json"]).await?.expect(0, &[])?;

    run(&["down", "--yes"]).await?.expect(1, &["aws_rds_cluster", "--destroy-data"])?;
    run(&["plan", "-o", "json"]).await?.expect(0, &[])?;
    run(&["down", "--yes", "--destroy-data"]).await?.expect(0, &[])?;
    let left =
        aws_cli(aws, &["rds", "describe-db-clusters", "--query", "length(DBClusters)", "--output", "text"]).await?;
    ensure!(left.trim() == "0", "{left} database clusters are left");
    Ok(())
}

/// What depends on a hub's size, as the templates have it by default.
const SIZES: [&str; 4] = [
    "-var=node_instance_type=m7i.large",
    "-var=node_count_min=3",
    "-var=node_count_max=6",
    "-var=database_instance_class=db.r7g.large",
];

/// What Terraform would make has the values that the CloudFormation templates have.
async fn compare(workspace: &Workspace, root: &Path, aws: &Part) -> Result<()> {
    let plan = root.join("compared.plan");
    let mut make = aws.command("terraform");
    make.args(["plan", "-input=false", "-no-color"]).args(SIZES).arg("-out").arg(&plan).current_dir(root);
    finish(make, "terraform plan").await?.expect(0, &[])?;
    let mut show = aws.command("terraform");
    show.args(["show", "-json"]).arg(&plan).current_dir(root);
    let json = finish(show, "terraform show").await?.expect(0, &[])?.stdout;
    let file = root.join("compared.json");
    std::fs::write(&file, json)?;
    let mut test = workspace.cargo();
    test.args(["test", "--profile", "ci", "-p", "iac", "--features", "estate-plan", "--test", "estate_plan"]);
    test.env("ESTATE_PLAN", &file);
    finish(test, "cargo test -p iac --test estate_plan").await?.expect(0, &["properties_agree_with_a_plan ... ok"])?;
    std::fs::remove_file(plan)?;
    std::fs::remove_file(file)?;
    Ok(())
}

async fn aws_cli(aws: &Part, arguments: &[&str]) -> Result<String> {
    let mut command = aws.command("aws");
    command.args(arguments);
    Ok(finish(command, &format!("aws {}", arguments.join(" "))).await?.expect(0, &[])?.stdout)
}
