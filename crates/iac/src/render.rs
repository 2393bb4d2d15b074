//! What a team can own: the code of one root, the values of this hub beside it, and how to use both by hand.

use definition::{Infrastructure, StateBucket};
use operations::{Artefacts, Failure};
use serde::Serialize;
use serde_json::json;

use crate::{
    Settings, code,
    hosts::{JOIN_TOKEN_FILE, PASSWORD_FILE},
    variables::{self, Aws, Variables},
};

/// The file with the hub's values, beside the root's code.
pub(crate) const VARIABLES_FILE: &str = "terraform.tfvars.json";
/// The file that says where the state is, where a team shares it.
pub(crate) const BACKEND_FILE: &str = "backend.tf.json";

/// Renders everything. It depends on the definition alone, and on premises on the keys by which the hosts are known.
///
/// # Errors
/// Something that the root needs is missing.
pub(crate) fn render(settings: &Settings, infrastructure: &Infrastructure) -> Result<Artefacts, Failure> {
    let mut artefacts = Artefacts::new();
    code::add_to(&mut artefacts, infrastructure.root);
    let variables = variables::of(settings, infrastructure)?;
    let folder = code::folder(infrastructure.root);
    artefacts.add(format!("{folder}/{VARIABLES_FILE}"), pretty(&variables)?);
    if let Some(state) = &infrastructure.state {
        let region = infrastructure.region.as_deref().unwrap_or_default();
        artefacts.add(format!("{folder}/{BACKEND_FILE}"), pretty(&backend(state, region))?);
    }
    if let Variables::Aws(aws) = &variables {
        artefacts.add("cloudformation/parameters.json", pretty(&parameters(settings, aws))?);
    }
    artefacts.add("README.md", readme(settings, infrastructure, &variables));
    Ok(artefacts)
}

fn pretty(value: &impl Serialize) -> Result<String, Failure> {
    Ok(serde_json::to_string_pretty(value).map_err(Failure::bug)? + "\n")
}

/// Terraform reads its language as JSON too, so nothing is put together as text.
fn backend(state: &StateBucket, region: &str) -> serde_json::Value {
    let StateBucket { bucket, key } = state;
    let place = json!({"bucket": bucket, "key": key, "region": region, "encrypt": true, "use_lockfile": true});
    json!({"terraform": {"backend": {"s3": place}}})
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Parameter {
    parameter_key: &'static str,
    parameter_value: String,
}

/// The templates' parameters, as `--parameters file://…` takes them. The two that only the account's owner knows have a
/// placeholder in capitals.
fn parameters(settings: &Settings, aws: &Aws) -> Vec<Parameter> {
    let name = &settings.hub.metadata.name;
    let pair = |parameter_key, parameter_value: String| Parameter { parameter_key, parameter_value };
    vec![
        pair("TemplatesUrl", format!("https://BUCKET.s3.{}.amazonaws.com/{name}", aws.region)),
        pair("HubName", name.clone()),
        pair("NetworkCidr", aws.network_cidr.clone()),
        pair("NodeInstanceType", aws.node_instance_type.clone()),
        pair("NodeCountMin", aws.node_count_min.to_string()),
        pair("NodeCountMax", aws.node_count_max.to_string()),
        pair("AdministratorArn", "arn:aws:iam::ACCOUNT:role/ADMINISTRATOR".to_owned()),
        pair("DatabaseInstanceClass", aws.database_instance_class.clone()),
        pair("DatabaseInstances", aws.database_instances.to_string()),
        pair("DeletionProtection", "true".to_owned()),
    ]
}

fn readme(settings: &Settings, infrastructure: &Infrastructure, variables: &Variables) -> String {
    let (name, folder) = (&settings.hub.metadata.name, code::folder(infrastructure.root));
    let mut text = format!(
        "# Infrastructure of {name}\n\n\
         Rendered by `mojaloop iac render` from the hub's definition. It needs Terraform 1.11 (or OpenTofu 1.11) and nothing else.\n\n\
         ```sh\n\
         terraform -chdir={folder} init\n\
         terraform -chdir={folder} plan -detailed-exitcode    # 0: as described, 2: something differs\n\
         terraform -chdir={folder} apply\n\
         terraform -chdir={folder} output -json               # what the hub's chart has to know\n\
         ```\n\n\
         `{VARIABLES_FILE}` has this hub's values. Rendering again writes it anew: put values of your own into a file that ends in\n\
         `.auto.tfvars`, which Terraform reads later, and changes of the code into files that end in `_override.tf`.\n"
    );
    if let Some(state) = &infrastructure.state {
        text += &format!(
            "\n## State\nThe state is in the bucket `{}` as `{}`, encrypted and locked while somebody works. The bucket has to be there, with\n\
             versioning, and nobody but those who apply may read it.\n",
            state.bucket, state.key
        );
    }
    text += &deletion(&folder, variables);
    text += &match variables {
        Variables::Aws(aws) => cloudformation(name, &aws.network_cidr),
        Variables::OnPremises(_) => secrets(&folder),
        Variables::Managed(_) => String::new(),
    };
    text
}

fn deletion(folder: &str, variables: &Variables) -> String {
    match variables {
        Variables::Aws(_) => format!(
            "\n## Giving it up\nEverything that holds data is protected; a destroy stops before its first step. To delete the data too, for good:\n\n\
             ```sh\n\
             terraform -chdir={folder} apply -var deletion_protection=false\n\
             terraform -chdir={folder} destroy -var deletion_protection=false\n\
             ```\n"
        ),
        _ => "\n## Giving it up\n`terraform destroy` forgets what it knows; it deletes no data from any machine.\n"
            .to_owned(),
    }
}

fn cloudformation(name: &str, network: &str) -> String {
    let size = match network.ends_with("/16") {
        true => String::new(),
        false => {
            format!("The templates need a network of /16 and this hub's is {network}: use Terraform, or change it.\n")
        }
    };
    format!(
        "\n## CloudFormation\nThe same estate for those who may use nothing else. First replace the words in capitals in `cloudformation/parameters.json`.\n{size}\n\
         ```sh\n\
         aws s3 sync cloudformation s3://BUCKET/{name} --exclude '*' --include '*.yaml'\n\
         aws cloudformation create-stack --stack-name {name} --template-url https://BUCKET.s3.REGION.amazonaws.com/{name}/main.yaml \\\n  \
         --parameters file://cloudformation/parameters.json --capabilities CAPABILITY_NAMED_IAM --enable-termination-protection\n\
         ```\n"
    )
}

fn secrets(folder: &str) -> String {
    format!(
        "\n## Secrets\nTwo files that only you can read, never in git:\n\n\
         ```sh\n\
         (umask 077; mkdir -p {folder}/secrets; openssl rand -hex 24 > {folder}/{PASSWORD_FILE}; openssl rand -hex 16 > {folder}/{JOIN_TOKEN_FILE})\n\
         ```\n"
    )
}
