//! A first `hub.yaml`, with comments. This is the one place where a definition is put together as text, because a person
//! goes on writing in it and a serialised one has no comments; a test loads what it writes.

use std::fmt::Write;

use crate::InfrastructureRoot;

/// What a first definition depends on. The values are written as they are; [`load_text`](crate::load_text) says whether
/// they are right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    /// What the hub is called.
    pub name: String,
    /// The scheme's currencies.
    pub currencies: Vec<String>,
    /// The participants' names; each is simulated until an endpoint is written.
    pub participants: Vec<String>,
    /// Payments in the busiest second.
    pub payments_per_second: u32,
    /// What the hub is to stand on, for Infrastructure as Code.
    pub root: Option<InfrastructureRoot>,
    /// The region, for the root aws; without, eu-west-1.
    pub region: Option<String>,
}

impl Default for Answers {
    fn default() -> Answers {
        let words = |words: [&str; 2]| words.map(str::to_owned).to_vec();
        Answers {
            name: "demo".to_owned(),
            currencies: words(["USD", "KES"]),
            participants: words(["payerfsp", "payeefsp"]),
            payments_per_second: 100,
            root: None,
            region: None,
        }
    }
}

/// Writes a first definition: complete, commented, and asking for nothing that is not available.
pub fn initial(answers: &Answers) -> String {
    let mut text = String::new();
    let currencies: Vec<String> = answers.currencies.iter().map(|code| scalar(code)).collect();
    let head = format!(
        "\
# The definition of a Mojaloop hub. All tools work from it: mojaloop harness, miniloop, helm, iac.
#   mojaloop definition validate          says what is wrong with it
#   mojaloop definition show --origin     shows it with all defaults, and where each value comes from
# What differs in an environment goes into hub.NAME.yaml beside it: --environment NAME.
apiVersion: mojaloop/v1
kind: Hub
metadata:
  name: {name}                # in the names of everything that is made for this hub

scheme:
  hubName: Hub                # the hub's own name in FSPIOP-Source; fixed when the store is made
  currencies: [{currencies}]
  settlementModels:
    - {{name: DEFERREDNET, kind: DEFERRED_NET, currencies: all}}

",
        name = scalar(&answers.name),
        currencies = currencies.join(", "),
    );
    text.push_str(&head);
    participants(&mut text, answers, &currencies);
    let sizing = format!(
        "
sizing:
  paymentsPerSecond: {rate}   # in the busiest second; mojaloop definition sizing shows what follows from it
  retention: 90d              # how long payments stay in the store

store:
  kind: sqlite                # a file of one machine

components:
  simulators: true            # plays the participants whose endpoint is simulator
",
        rate = answers.payments_per_second,
    );
    text.push_str(&sizing);
    infrastructure(&mut text, answers);
    text
}

fn participants(text: &mut String, answers: &Answers, currencies: &[String]) {
    if answers.participants.is_empty() {
        text.push_str("participants: []              # who takes part\n");
        return;
    }
    text.push_str("participants:\n");
    for (index, name) in answers.participants.iter().enumerate() {
        let _ = writeln!(text, "  - name: {}", scalar(name));
        text.push_str("    currencies:               # amounts are written in quotes\n");
        for code in currencies {
            let _ = writeln!(text, "      {code}: {{netDebitCap: \"100000\", funds: \"50000\"}}");
        }
        text.push_str("    endpoint: simulator       # or the URL where it takes FSPIOP\n");
        text.push_str("    parties:                  # its customers\n");
        let _ = writeln!(text, "      - {{id: {}, name: {}}}", party(index), scalar(&format!("Customer of {name}")));
    }
}

/// The second participant has the number that the Testing Toolkit's collections pay to.
fn party(index: usize) -> String {
    match index {
        0 => "MSISDN/44123456789".to_owned(),
        1 => "MSISDN/27713803912".to_owned(),
        _ => format!("MSISDN/{}", 255_700_000_000_u64 + u64::try_from(index).unwrap_or(0)),
    }
}

fn infrastructure(text: &mut String, answers: &Answers) {
    let section = match answers.root {
        None => return,
        Some(InfrastructureRoot::Aws) => format!(
            "
infrastructure:
  root: aws
  region: {region}
  network: \"10.0.0.0/16\"      # from /16 to /20
",
            region = scalar(answers.region.as_deref().unwrap_or("eu-west-1"))
        ),
        Some(InfrastructureRoot::OnPremises) => "
infrastructure:
  root: on-premises
  hosts:                      # an example: write your own machines
    - {name: hub-1, address: 192.0.2.11, user: root, keyFile: ~/.ssh/id_ed25519, roles: [cluster]}
    - {name: hub-2, address: 192.0.2.12, user: root, keyFile: ~/.ssh/id_ed25519, roles: [cluster]}
    - {name: hub-3, address: 192.0.2.13, user: root, keyFile: ~/.ssh/id_ed25519, roles: [cluster]}
    - {name: database-1, address: 192.0.2.21, user: root, keyFile: ~/.ssh/id_ed25519, roles: [database]}
"
        .to_owned(),
        Some(InfrastructureRoot::Managed) => "
infrastructure:
  root: managed
  cluster: {name: hub, endpoint: \"https://kubernetes.example.com:6443\"}     # an example: write your own
  database:
    host: database.example.com
    port: 5432
    name: hub
    user: hub
    passwordFrom: {secret: hub-database/password}     # a secret is never written here
"
        .to_owned(),
    };
    text.push_str(&section);
}

/// A text as YAML, in quotes where it would mean something else without.
fn scalar(text: &str) -> String {
    let plain = text.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_. ".contains(letter));
    let begins_with_letter = text.starts_with(|letter: char| letter.is_ascii_alphabetic());
    let meant = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text.to_lowercase().as_str());
    match plain && begins_with_letter && !meant && !text.ends_with(' ') {
        true => text.to_owned(),
        // JSON's quoting is YAML's, too.
        false => serde_json::Value::from(text).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::load_text;

    fn loads(answers: &Answers) -> crate::Loaded {
        let text = initial(answers);
        let loaded = load_text(Path::new("hub.yaml"), &text).unwrap_or_else(|problems| panic!("{problems}\n{text}"));
        assert_eq!(loaded.unavailable, []);
        loaded
    }

    #[test]
    fn every_root_loads_without_a_warning() {
        for root in [
            None,
            Some(InfrastructureRoot::Aws),
            Some(InfrastructureRoot::OnPremises),
            Some(InfrastructureRoot::Managed),
        ] {
            let loaded = loads(&Answers { root, ..Answers::default() });
            assert_eq!(loaded.hub.infrastructure.map(|infrastructure| infrastructure.root), root);
        }
    }

    #[test]
    fn names_that_yaml_would_take_for_something_else() {
        let participants = ["true", "1.0", "null", "--", "1e3", "no", "0x1F", "__", "a-b.c", "~x"].map(str::to_owned);
        let participants = participants.into_iter().filter(|name| name != "~x").collect::<Vec<_>>();
        let loaded = loads(&Answers {
            participants: participants.clone(),
            currencies: vec!["ALL".to_owned()],
            ..Answers::default()
        });
        let names: Vec<String> =
            loaded.hub.participants.iter().map(|participant| participant.name.to_string()).collect();
        assert_eq!(names, participants);
    }

    #[test]
    fn wrong_answers_are_told() {
        let text = initial(&Answers {
            currencies: vec!["a\nkind: x".to_owned()],
            name: "Ü: {".to_owned(),
            ..Answers::default()
        });
        let problems = load_text(Path::new("hub.yaml"), &text).unwrap_err();
        assert!(problems.0.iter().any(|problem| problem.path == "metadata.name"), "{problems}");
        assert!(problems.0.iter().any(|problem| problem.path == "scheme.currencies[0]"), "{problems}");
    }
}
