//! How a simulated FSP misbehaves: [`Script`], [`Behaviour`].

use std::str::FromStr;

use fspiop::{Amount, ErrorCode, PartyId};
use serde::{Deserialize, Serialize};

use crate::leg::Phase;

/// Longest delay of a callback: longer than any transfer lives in a test.
const MAX_DELAY_MS: u64 = 600_000;
/// Most copies of one callback: enough to show duplicates, too few to flood a hub by mistake.
const MAX_COPIES: u32 = 16;
/// Most rules of a script: they are tried one by one for every message.
const MAX_RULES: usize = 100;

/// How an FSP reacts to messages: the first rule that matches decides, else what the script says for all.
///
/// The default is an FSP that answers everything at once and agrees to everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Script {
    /// For the messages that no rule matches.
    pub behaviour: Behaviour,
    /// Exceptions, tried in this order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
}

/// An exception of a [`Script`]. What is left out matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Rule {
    /// Matches the messages of one phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// Matches lookups, quotes and transfers to this party. Of transfers only those match whose packet names the party,
    /// as the packets of simulated FSPs do. PUT and PATCH match in the lookup only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub party: Option<PartyId>,
    /// Matches quotes and transfers of exactly this amount (POST).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
    /// What to do.
    pub behaviour: Behaviour,
}

/// What an FSP does with a message. Options combine where that makes sense: the later ones of `status`, `silent`,
/// `error`, `reject` are not reached when an earlier one is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Behaviour {
    /// The HTTP status of the answer in place of 202 or 200, from 200 to 599. From 300 on the message counts as
    /// refused: no callback follows, and a notification is not noted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The answer is 202, and no callback ever follows.
    #[serde(skip_serializing_if = "is_default")]
    pub silent: bool,
    /// The callback is an error with this code of four digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Transfers are rejected: `transferState` ABORTED without a fulfilment.
    #[serde(skip_serializing_if = "is_default")]
    pub reject: bool,
    /// Transfers are answered RESERVED in place of COMMITTED: the hub decides, and tells the FSP by PATCH.
    #[serde(skip_serializing_if = "is_default")]
    pub reserve: bool,
    /// The fulfilment of transfers does not fulfil their condition.
    #[serde(skip_serializing_if = "is_default")]
    pub wrong_fulfilment: bool,
    /// How long callbacks are held back, in milliseconds, at most 600,000.
    #[serde(skip_serializing_if = "is_default")]
    pub delay_ms: u64,
    /// How often each callback is sent: 1 to 16 times; 0 means once.
    #[serde(skip_serializing_if = "is_default")]
    pub copies: u32,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Why a script is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// Not a status of HTTP with which a request can end.
    #[error("status must be 200 to 599, not {0}")]
    Status(u16),
    /// Not four digits.
    #[error("error must be a code of four digits such as 5104, not '{0}'")]
    Error(String),
    /// Longer than ten minutes.
    #[error("delay-ms must be at most {MAX_DELAY_MS}, not {0}")]
    Delay(u64),
    /// Too many copies.
    #[error("copies must be at most {MAX_COPIES}, not {0}")]
    Copies(u32),
    /// Too many rules.
    #[error("a script has at most {MAX_RULES} rules, not {0}")]
    Rules(usize),
    /// Not the short form of a behaviour.
    #[error("'{0}' is none of status=N, silent, error=CODE, reject, reserve, wrong-fulfilment, delay-ms=N, copies=N")]
    Option(String),
}

/// What rules are matched against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) phase: Phase,
    pub(crate) party: Option<&'a PartyId>,
    pub(crate) amount: Option<Amount>,
}

impl Script {
    /// A script without rules.
    pub fn of(behaviour: Behaviour) -> Self {
        Self { behaviour, rules: Vec::new() }
    }

    /// Checks the limits of all values.
    ///
    /// # Errors
    /// [`ScriptError`] for the first value out of its limits.
    pub fn check(&self) -> Result<(), ScriptError> {
        if self.rules.len() > MAX_RULES {
            return Err(ScriptError::Rules(self.rules.len()));
        }
        self.behaviour.check()?;
        self.rules.iter().try_for_each(|rule| rule.behaviour.check())
    }

    pub(crate) fn behaviour_for(&self, subject: Subject<'_>) -> &Behaviour {
        let rule = self.rules.iter().find(|rule| rule.matches(subject));
        rule.map_or(&self.behaviour, |rule| &rule.behaviour)
    }
}

impl Rule {
    fn matches(&self, subject: Subject<'_>) -> bool {
        self.phase.is_none_or(|phase| phase == subject.phase)
            && self.party.as_ref().is_none_or(|party| Some(party) == subject.party)
            && self.amount.is_none_or(|amount| Some(amount) == subject.amount)
    }
}

impl Behaviour {
    fn check(&self) -> Result<(), ScriptError> {
        if let Some(status) = self.status.filter(|status| !(200..=599).contains(status)) {
            return Err(ScriptError::Status(status));
        }
        if let Some(code) = self.error.as_ref().filter(|code| !is_error_code(code)) {
            return Err(ScriptError::Error(code.clone()));
        }
        if self.delay_ms > MAX_DELAY_MS {
            return Err(ScriptError::Delay(self.delay_ms));
        }
        if self.copies > MAX_COPIES {
            return Err(ScriptError::Copies(self.copies));
        }
        Ok(())
    }

    /// The error that callbacks carry: code and description.
    pub(crate) fn error(&self) -> Option<(&str, &str)> {
        let code = self.error.as_deref()?;
        let known = ErrorCode::parse(code);
        Some((code, known.map_or("Error of a simulated FSP", ErrorCode::description)))
    }

    /// How often each callback is sent.
    pub(crate) fn times(&self) -> u32 {
        self.copies.max(1)
    }

    fn set(&mut self, option: &str) -> Option<()> {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        match (name, value) {
            ("silent", "") => self.silent = true,
            ("reject", "") => self.reject = true,
            ("reserve", "") => self.reserve = true,
            ("wrong-fulfilment", "") => self.wrong_fulfilment = true,
            ("status", number) => self.status = Some(number.parse().ok()?),
            ("delay-ms", number) => self.delay_ms = number.parse().ok()?,
            ("copies", number) => self.copies = number.parse().ok()?,
            ("error", code) => self.error = Some(code.to_owned()),
            _ => return None,
        }
        Some(())
    }
}

/// Four digits of which the first is not zero (ErrorCode, FSPIOP 1.1, section 7.3.14).
fn is_error_code(code: &str) -> bool {
    code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_digit()) && !code.starts_with('0')
}

/// The short form for command lines: options with commas between, for example `reject,delay-ms=500`.
impl FromStr for Behaviour {
    type Err = ScriptError;

    fn from_str(text: &str) -> Result<Self, ScriptError> {
        let mut behaviour = Self::default();
        for option in text.split(',').map(str::trim).filter(|option| !option.is_empty()) {
            behaviour.set(option).ok_or_else(|| ScriptError::Option(option.to_owned()))?;
        }
        behaviour.check()?;
        Ok(behaviour)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json() {
        let json = r#"{"behaviour":{"silent":true},"rules":[{"phase":"clearing","party":"MSISDN/1","amount":"10","behaviour":{"error":"5104","wrong-fulfilment":true,"delay-ms":5,"copies":2}}]}"#;
        let script: Script = serde_json::from_str(json).unwrap();
        assert_eq!(script.rules[0].behaviour.delay_ms, 5);
        assert_eq!(serde_json::to_string(&script).unwrap(), json);
        assert_eq!(serde_json::from_str::<Script>("{}").unwrap(), Script::default());
        let error = serde_json::from_str::<Script>(r#"{"behaviour":{"sillent":true}}"#).unwrap_err();
        assert!(error.to_string().contains("`sillent`, expected one of `status`, `silent`"), "{error}");
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let json = r#"{"behaviour":{"copies":9},"rules":[
            {"amount":"66.6","behaviour":{"copies":1}},
            {"phase":"lookup","party":"MSISDN/1","behaviour":{"copies":2}},
            {"phase":"lookup","behaviour":{"copies":3}}]}"#;
        let script: Script = serde_json::from_str(json).unwrap();
        let check = |phase, party: Option<&str>, amount: Option<&str>, expect| {
            let party = party.map(|party| PartyId::parse(party).unwrap());
            let amount = amount.map(|amount| Amount::parse(amount).unwrap());
            let subject = Subject { phase, party: party.as_ref(), amount };
            assert_eq!(script.behaviour_for(subject).copies, expect, "{subject:?}");
        };
        check(Phase::Agreement, Some("MSISDN/1"), Some("66.6"), 1);
        check(Phase::Clearing, None, Some("66.6"), 1);
        check(Phase::Lookup, Some("MSISDN/1"), None, 2);
        check(Phase::Lookup, Some("MSISDN/2"), None, 3);
        check(Phase::Lookup, None, None, 3);
        check(Phase::Clearing, Some("MSISDN/1"), Some("66.61"), 9);
    }

    #[test]
    fn limits() {
        for (short, expect) in [
            ("status=199", "status must be 200 to 599, not 199"),
            ("status=600", "status must be 200 to 599, not 600"),
            ("error=51", "error must be a code of four digits such as 5104, not '51'"),
            ("error=0104", "error must be a code of four digits such as 5104, not '0104'"),
            ("delay-ms=600001", "delay-ms must be at most 600000, not 600001"),
            ("copies=17", "copies must be at most 16, not 17"),
            ("sleep", "'sleep' is none of"),
            ("silent=yes", "'silent=yes' is none of"),
            ("copies=-1", "'copies=-1' is none of"),
        ] {
            let error = short.parse::<Behaviour>().unwrap_err().to_string();
            assert!(error.starts_with(expect), "{error}");
        }
        let script = Script { rules: vec![Rule::default(); 101], ..Script::default() };
        assert_eq!(script.check(), Err(ScriptError::Rules(101)));
        let rule = Rule { behaviour: Behaviour { copies: 99, ..Behaviour::default() }, ..Rule::default() };
        assert_eq!(Script { rules: vec![rule], ..Script::default() }.check(), Err(ScriptError::Copies(99)));
    }

    #[test]
    fn short_form() {
        let all = "status=503, silent, error=5104, reject, reserve, wrong-fulfilment, delay-ms=7, copies=2";
        let expect = Behaviour {
            status: Some(503),
            silent: true,
            error: Some("5104".into()),
            reject: true,
            reserve: true,
            wrong_fulfilment: true,
            delay_ms: 7,
            copies: 2,
        };
        assert_eq!(all.parse::<Behaviour>().unwrap(), expect);
        assert_eq!("".parse::<Behaviour>().unwrap(), Behaviour::default());
    }
}
