//! The Terraform code and the CloudFormation templates, which are inside the program. They are the same for every hub.

use definition::InfrastructureRoot;
use operations::Artefacts;
use rust_embed::RustEmbed;

/// What Terraform leaves beside the code when somebody runs it in a checkout is no part of it.
#[derive(RustEmbed)]
#[folder = "../../infrastructure"]
#[include = "terraform/*.tf"]
#[include = "terraform/*.sh"]
#[include = "terraform/*.pem"]
#[include = "cloudformation/*.yaml"]
#[exclude = "*/.terraform/*"]
#[exclude = "*_override.tf"]
struct Files;

/// The name of a root, as in the definition and of its folder.
pub(crate) fn name(root: InfrastructureRoot) -> &'static str {
    match root {
        InfrastructureRoot::Aws => "aws",
        InfrastructureRoot::OnPremises => "on-premises",
        InfrastructureRoot::Managed => "managed",
    }
}

/// The folder of a root.
pub(crate) fn folder(root: InfrastructureRoot) -> String {
    format!("terraform/{}", name(root))
}

/// Adds the code of a root with all modules, so that a team can build on those that it does not use yet; for AWS the
/// templates too.
pub(crate) fn add_to(artefacts: &mut Artefacts, root: InfrastructureRoot) {
    let own = format!("{}/", folder(root));
    for path in Files::iter() {
        let wanted = path.starts_with("terraform/modules/")
            || path.starts_with(&own)
            || (root == InfrastructureRoot::Aws && path.starts_with("cloudformation/"));
        if let Some(file) = Files::get(&path).filter(|_| wanted) {
            artefacts.add(path.into_owned(), file.data.into_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_root_has_its_code_and_nothing_of_the_others() {
        for (root, other) in [
            (InfrastructureRoot::Aws, "terraform/managed/main.tf"),
            (InfrastructureRoot::OnPremises, "terraform/aws/main.tf"),
            (InfrastructureRoot::Managed, "cloudformation/main.yaml"),
        ] {
            let mut artefacts = Artefacts::new();
            add_to(&mut artefacts, root);
            for file in ["main.tf", "variables.tf", "outputs.tf"] {
                assert!(artefacts.text(&format!("{}/{file}", folder(root))).is_some(), "{root:?}: {file}");
            }
            assert!(artefacts.text("terraform/modules/hub/main.tf").is_some());
            assert!(artefacts.text("terraform/modules/cluster/on-premises/scripts/install.sh").is_some());
            assert!(artefacts.text(other).is_none(), "{root:?} has {other}");
        }
    }

    #[test]
    fn nothing_that_a_run_left_behind_is_in_the_program() {
        for path in Files::iter() {
            assert!(!path.contains(".terraform/") && !path.contains("tfstate"), "{path}");
        }
    }
}
