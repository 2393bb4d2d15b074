//! Credentials, region and state bucket in AWS. Credentials are looked for, never read or shown.

use std::{env, path::PathBuf, time::Duration};

use operations::{Failure, Finding, Output, Program, Severity};
use serde_json::Value;

use super::quotas;
use crate::Iac;

/// How long one question to AWS may take, with what the command line needs to start.
const ANSWER: Duration = Duration::from_secs(30);

/// Answers that mean that the credentials are no good; others mean that AWS could not be asked.
const REFUSALS: [&str; 9] = [
    "AccessDenied",
    "AuthFailure",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClient",
    "could not be found",
    "Unable to locate credentials",
];

/// The command line of AWS, in the definition's region.
pub(super) struct Aws {
    program: Program,
    region: String,
}

pub(super) async fn findings(iac: &Iac) -> Vec<Finding> {
    let credentials = credentials(&|name| env::var(name).ok().filter(|value| !value.is_empty()), env::home_dir());
    let region = iac.infrastructure.region.clone().unwrap_or_default();
    let Some(program) = Program::find("aws") else {
        let hint = "install the AWS command line (https://aws.amazon.com/cli) to have credentials, state bucket and quotas checked";
        let missing = Finding::warning("aws-cli", "the AWS command line is missing: the account was not asked", hint);
        return vec![credentials, missing];
    };
    let aws = Aws { program, region };
    let account = aws.account().await;
    let answers = account.severity == Severity::Ok;
    if credentials.severity != Severity::Ok {
        // A machine in AWS may have a role of its own, which only AWS's own programs know how to find.
        return match answers {
            true => [vec![account], aws.state_and_quotas(iac).await].concat(),
            false => vec![credentials],
        };
    }
    let more = if answers { aws.state_and_quotas(iac).await } else { Vec::new() };
    [vec![credentials, account], more].concat()
}

/// Whether there is any place from which credentials can come, in the order in which AWS looks.
fn credentials(variable: &dyn Fn(&str) -> Option<String>, home: Option<PathBuf>) -> Finding {
    let id = "aws-credentials";
    let named = [("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN")];
    for (one, other) in named {
        match (variable(one), variable(other)) {
            (Some(_), Some(_)) => return Finding::ok(id, format!("from {one} and {other}")),
            (Some(_), None) => {
                return Finding::error(id, format!("{one} is set and {other} is not"), format!("set {other}"));
            }
            _ => {}
        }
    }
    if let Some(profile) = variable("AWS_PROFILE") {
        return Finding::ok(id, format!("from the profile {profile} (AWS_PROFILE)"));
    }
    for name in ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"] {
        if variable(name).is_some() {
            return Finding::ok(id, format!("from the container's role ({name})"));
        }
    }
    let place = |name: &str, file: &str| {
        variable(name).map(PathBuf::from).or_else(|| home.as_ref().map(|home| home.join(".aws").join(file)))
    };
    for path in
        [place("AWS_SHARED_CREDENTIALS_FILE", "credentials"), place("AWS_CONFIG_FILE", "config")].into_iter().flatten()
    {
        if path.exists() {
            return Finding::ok(id, format!("from {}", path.display()));
        }
    }
    let hint = "set AWS_PROFILE (after `aws configure sso` or `aws configure`), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
    Finding::error(id, "there are no credentials for AWS", hint)
}

impl Aws {
    async fn state_and_quotas(&self, iac: &Iac) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Some(state) = &iac.infrastructure.state {
            findings.push(self.bucket(&state.bucket).await);
        }
        // What is there already has its share of the quotas, so later they say nothing.
        if iac.applied().ok().flatten().is_none() {
            findings.extend(quotas::findings(self, iac).await);
        }
        findings
    }

    /// Who asks. A refusal is an error; a question that could not be asked is not, since Terraform may have another way.
    async fn account(&self) -> Finding {
        let id = "aws-account";
        match self.ask(&["sts", "get-caller-identity"]).await {
            Ok(who) => Finding::ok(id, format!("{} in {}", who["Arn"].as_str().unwrap_or("an account"), self.region)),
            Err(failure) if is_refusal(&failure.message) => Finding::error(
                id,
                format!("AWS refuses the credentials: {}", failure.message),
                "get new ones, for example by `aws sso login`",
            ),
            Err(failure) => {
                let hint = "is AWS reachable from here? Quotas and the state bucket were not checked";
                Finding::warning(id, format!("AWS could not be asked who this is: {}", failure.message), hint)
            }
        }
    }

    async fn bucket(&self, bucket: &str) -> Finding {
        let id = "state-bucket";
        match self.ask(&["s3api", "head-bucket", "--bucket", bucket]).await {
            Ok(_) => Finding::ok(id, format!("{bucket} is there")),
            Err(failure) if failure.message.contains("(404)") || failure.message.contains("Not Found") => {
                let make = format!(
                    "`aws s3api create-bucket --bucket {bucket} --create-bucket-configuration LocationConstraint={}`, then turn on versioning",
                    self.region
                );
                Finding::error(id, format!("the bucket {bucket} does not exist"), make)
            }
            Err(failure) if failure.message.contains("(403)") || failure.message.contains("Forbidden") => {
                let hint = "its owner has to let these credentials list, read, write and delete in it";
                Finding::error(id, format!("the bucket {bucket} is not open to these credentials"), hint)
            }
            Err(failure) => {
                Finding::warning(id, format!("{bucket} could not be looked at: {}", failure.message), "try `aws s3 ls`")
            }
        }
    }

    /// Asks AWS; the answer as JSON, null where there is none.
    pub(super) async fn ask(&self, question: &[&str]) -> Result<Value, Failure> {
        let common =
            ["--region", &self.region, "--output", "json", "--cli-connect-timeout", "5", "--cli-read-timeout", "15"];
        let run = self.program.run(question.iter().chain(&common));
        let run = run.env("AWS_PAGER", "").env("AWS_MAX_ATTEMPTS", "2").output();
        let what = question.iter().take(2).copied().collect::<Vec<_>>().join(" ");
        let output: Output = tokio::time::timeout(ANSWER, run)
            .await
            .map_err(|_| Failure::failed(format!("aws {what}: no answer within {} s", ANSWER.as_secs())))??;
        if !output.status.success() {
            let said = output.complaint();
            let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no reason was given");
            return Err(Failure::failed(last.trim()));
        }
        Ok(serde_json::from_str(&output.stdout).unwrap_or(Value::Null))
    }
}

fn is_refusal(message: &str) -> bool {
    REFUSALS.iter().any(|refusal| message.contains(refusal))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs};

    use super::*;

    #[test]
    fn credentials_are_found_wherever_aws_looks_and_never_shown() {
        let home = tempfile::tempdir().unwrap();
        let found = |variables: &[(&str, &str)]| {
            let variables: BTreeMap<_, _> = variables.iter().copied().collect();
            credentials(&|name| variables.get(name).map(|value| (*value).to_owned()), Some(home.path().to_owned()))
        };
        let none = found(&[]);
        assert_eq!((none.severity, none.hint.is_some()), (Severity::Error, true));
        let half = found(&[("AWS_ACCESS_KEY_ID", "AKIA")]);
        assert_eq!(half.hint.as_deref(), Some("set AWS_SECRET_ACCESS_KEY"));
        for variables in [
            &[("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "hush")][..],
            &[("AWS_PROFILE", "production")],
            &[("AWS_WEB_IDENTITY_TOKEN_FILE", "/token"), ("AWS_ROLE_ARN", "arn")],
            &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23")],
        ] {
            let found = found(variables);
            assert_eq!(found.severity, Severity::Ok, "{found:?}");
            assert!(!found.message.contains("AKIA") && !found.message.contains("hush"), "{found:?}");
        }
        fs::create_dir(home.path().join(".aws")).unwrap();
        fs::write(home.path().join(".aws/credentials"), "[default]").unwrap();
        assert_eq!(found(&[]).severity, Severity::Ok);
    }

    #[test]
    fn only_a_refusal_is_one() {
        assert!(is_refusal("An error occurred (InvalidClientTokenId) when calling the GetCallerIdentity operation"));
        assert!(!is_refusal("Could not connect to the endpoint URL: \"https://sts.eu-west-1.amazonaws.com/\""));
    }
}
