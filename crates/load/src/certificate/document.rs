//! A certificate as a document that can be checked: [`write`], [`read`].

use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use sha2::{Digest as _, Sha256};

use super::Certificate;

const API_VERSION: &str = "mojaloop/v1";
const KIND: &str = "Certificate";
/// Numbers that differ by less than this part are the same: reading and writing may round the last digit.
const SAME: f64 = 1e-9;
/// So many differences are named.
const MOST_NAMED: usize = 5;

/// The content is kept as it was written, so that its hash can be computed again.
#[derive(Serialize, Deserialize)]
struct Document<'a> {
    #[serde(rename = "apiVersion")]
    api_version: String,
    kind: String,
    /// Over the bytes of `content`, from its first brace to its last.
    sha256: String,
    #[serde(borrow)]
    content: &'a RawValue,
}

/// The document of a certificate, and the hash over its content.
pub fn write(certificate: &Certificate) -> Result<(String, String), serde_json::Error> {
    let content = RawValue::from_string(serde_json::to_string(certificate)?)?;
    let sha256 = hash(&content);
    let document = Document {
        api_version: API_VERSION.to_owned(),
        kind: KIND.to_owned(),
        sha256: sha256.clone(),
        content: &content,
    };
    Ok((serde_json::to_string(&document)? + "\n", sha256))
}

/// Reads a certificate and checks it: its hash, and that everything it says follows from its evidence. Returned are also the
/// findings; a certificate without any holds.
///
/// # Errors
/// What it is instead of a certificate.
pub fn read(text: &str) -> Result<(Certificate, Vec<String>), String> {
    let document: Document<'_> = serde_json::from_str(text).map_err(|error| format!("is no certificate: {error}"))?;
    if document.kind != KIND || document.api_version != API_VERSION {
        let Document { api_version, kind, .. } = document;
        return Err(format!("found {kind} of {api_version}, expected {KIND} of {API_VERSION}"));
    }
    let certificate: Certificate =
        serde_json::from_str(document.content.get()).map_err(|error| format!("is no certificate: {error}"))?;
    let mut findings = Vec::new();
    let sha256 = hash(document.content);
    if sha256 != document.sha256 {
        findings.push(format!("sha256: found {}, the content's is {sha256}: something was changed", document.sha256));
    }
    findings.extend(unfounded(&certificate)?);
    Ok((certificate, findings))
}

/// What a certificate says that does not follow from its evidence.
fn unfounded(certificate: &Certificate) -> Result<Vec<String>, String> {
    let Certificate { statement, evidence } = certificate;
    let again = Certificate::of(evidence.clone(), statement.host.clone(), statement.origin.clone());
    let value =
        |certificate: &Certificate| serde_json::to_value(&certificate.statement).map_err(|error| error.to_string());
    let mut differences = Vec::new();
    compare("", &value(certificate)?, &value(&again)?, &mut differences);
    let rest = differences.len().saturating_sub(MOST_NAMED);
    differences.truncate(MOST_NAMED);
    if rest > 0 {
        differences.push(format!("and {rest} others"));
    }
    Ok(differences)
}

fn compare(path: &str, said: &Value, follows: &Value, differences: &mut Vec<String>) {
    match (said, follows) {
        (Value::Object(said), Value::Object(follows)) if said.len() == follows.len() => {
            for (name, said) in said {
                let follows = follows.get(name).unwrap_or(&Value::Null);
                compare(&format!("{path}.{name}"), said, follows, differences);
            }
        }
        (Value::Array(said), Value::Array(follows)) if said.len() == follows.len() => {
            for (index, (said, follows)) in said.iter().zip(follows).enumerate() {
                compare(&format!("{path}[{index}]"), said, follows, differences);
            }
        }
        _ if said == follows || are_the_same(said, follows) => {}
        _ => {
            let name = path.trim_start_matches('.');
            differences.push(format!("{name}: says {said}, and {follows} follows from the evidence"));
        }
    }
}

fn are_the_same(said: &Value, follows: &Value) -> bool {
    let numbers = said.as_f64().zip(follows.as_f64());
    numbers.is_some_and(|(said, follows)| (said - follows).abs() <= follows.abs() * SAME)
}

fn hash(content: &RawValue) -> String {
    Sha256::digest(content.get().as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        certificate::tests::{origin, promised},
        host::Host,
    };

    fn written() -> String {
        write(&Certificate::of(promised(), Host::default(), origin())).unwrap().0
    }

    /// The findings of a certificate in which a text was replaced by another; with a hash that fits, if somebody was careful.
    #[track_caller]
    fn check(from: &str, to: &str, with_hash: bool, expect: &[&str]) {
        let mut text = written();
        assert!(from.is_empty() || text.contains(from), "{from} is in no certificate");
        text = text.replacen(from, to, 1);
        if with_hash {
            let mut value: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
            let content = RawValue::from_string(value["content"].to_string()).unwrap();
            value.insert("sha256".to_owned(), hash(&content).into());
            text = serde_json::to_string(&value).unwrap();
        }
        let (_, findings) = read(&text).unwrap();
        assert_eq!(findings.len(), expect.len(), "{findings:?}");
        assert!(findings.iter().zip(expect).all(|(found, expect)| found.contains(expect)), "{findings:?}");
    }

    #[test]
    fn what_was_written_holds() {
        check("", "", false, &[]);
        check("", "", true, &[]);
    }

    #[test]
    fn what_was_changed_is_found() {
        check("\"program\":\"mojaloop", "\"program\":\"nojaloop", false, &["sha256"]);
        check("\"verdict\":\"pass\"", "\"verdict\":\"fail\"", false, &["sha256", "verdict"]);
        check("\"p50_ms\":5.0", "\"p50_ms\":4.0", true, &["p50_ms: says 4.003, and 5.003 follows"]);
        check("\"trial\":false", "\"trial\":true", true, &["trial"]);
        check("\"rate\":1000.0,\"duration_s\":3600.0", "\"rate\":100.0,\"duration_s\":3600.0", true, &["promise.rate"]);
        check("\"jws\":false", "\"jws\":true", true, &["posture.jws"]);
        check("\"tls\":false", "\"tls\":true", true, &["posture.tls"]);
    }

    #[test]
    fn other_documents_are_no_certificates() {
        assert!(read("{}").unwrap_err().contains("is no certificate"));
        let other = written().replacen("Certificate", "BenchResult", 1);
        assert!(read(&other).unwrap_err().contains("found BenchResult"));
    }
}
