//! The program terraform, or tofu.

use std::path::PathBuf;

use operations::{Failure, Finding, Program};

/// The oldest version of either that has all that the code uses: locks in S3 without a table, and validations of
/// variables that refer to others. The code says the same in `required_version`.
const OLDEST: (u64, u64) = (1, 11);

/// Which of the two, the first that is there.
const NAMES: [&str; 2] = ["terraform", "tofu"];

/// The program, and its version.
#[derive(Clone, Debug)]
pub(crate) struct Terraform {
    pub(crate) name: &'static str,
    pub(crate) path: PathBuf,
    pub(crate) version: String,
}

impl Terraform {
    /// Looks for it and asks for its version.
    ///
    /// # Errors
    /// It is missing or too old.
    pub(crate) async fn find() -> Result<Terraform, Failure> {
        let found = NAMES.iter().find_map(|name| Some((*name, Program::find(name)?)));
        let Some((name, program)) = found else {
            return Err(Failure::preflight("terraform is missing, and so is tofu").hint(
                "install Terraform from 1.11 on (https://developer.hashicorp.com/terraform/install) or OpenTofu (https://opentofu.org)",
            ));
        };
        let text = program.run(["version", "-json"]).env("CHECKPOINT_DISABLE", "1").stdout().await?;
        let version = version(&text).ok_or_else(|| {
            let said = format!("{} does not say its version", program.path().display());
            Failure::preflight(said).hint(format!("is it {name}? Try `{name} version -json`"))
        })?;
        let (major, minor) = OLDEST;
        if numbers(&version) < Some(OLDEST) {
            let old = format!("{name} is {version}, expected {major}.{minor} or later");
            return Err(Failure::preflight(old).hint(format!("install a newer {name}")));
        }
        Ok(Terraform { name, path: program.path().to_owned(), version })
    }

    /// What doctor says of it.
    pub(crate) async fn finding() -> Finding {
        match Terraform::find().await {
            Ok(Terraform { name, path, version }) => {
                Finding::ok("terraform", format!("{name} {version} ({})", path.display()))
            }
            Err(failure) => {
                let hint = failure.hint.unwrap_or_else(|| "try `terraform version -json`".to_owned());
                Finding::error("terraform", failure.message, hint)
            }
        }
    }
}

fn version(text: &str) -> Option<String> {
    let document: serde_json::Value = serde_json::from_str(text).ok()?;
    Some(document["terraform_version"].as_str()?.to_owned())
}

fn numbers(version: &str) -> Option<(u64, u64)> {
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(version(r#"{"terraform_version":"1.11.4","platform":"linux_amd64"}"#).as_deref(), Some("1.11.4"));
        assert!(numbers("1.9.8") < Some(OLDEST) && numbers("1.11.0-beta1") >= Some(OLDEST));
        assert!(numbers("2.0.0") > Some(OLDEST) && numbers("nonsense") < Some(OLDEST));
    }
}
