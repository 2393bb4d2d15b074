//! Reads CloudFormation templates, with the few functions that their properties use.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "support of tests")]

mod estate;

use std::{collections::BTreeMap, fs, path::Path};

pub use estate::{estate, folder, templates};

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Template {
    #[serde(default)]
    parameters: BTreeMap<String, Parameter>,
    #[serde(default)]
    conditions: BTreeMap<String, Value>,
    #[serde(default)]
    pub resources: BTreeMap<String, Resource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parameter {
    #[serde(default)]
    default: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Resource {
    #[serde(default)]
    pub properties: Value,
}

impl Template {
    pub fn read(path: &Path) -> Template {
        let text = fs::read_to_string(path).unwrap();
        serde_saphyr::from_str(&marked(&text)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The text of what is at a path, where functions on the way are worked out.
    pub fn value(&self, properties: &Value, path: &str, name: &str) -> Option<String> {
        let mut found = self.resolved(properties, name)?;
        for step in path.split('/') {
            found = self.resolved(at(&found, step)?, name)?;
        }
        Some(text(&found))
    }

    fn resolved(&self, value: &Value, name: &str) -> Option<Value> {
        match value {
            Value::String(text) => match text.split_once(' ') {
                Some(("!Ref", what)) => self.reference(what, name),
                Some(("!Sub", text)) => self.substituted(text, name).map(Value::String),
                Some((tag, _)) if tag.starts_with('!') => None,
                _ => Some(value.clone()),
            },
            Value::Array(items) => match items.first().and_then(Value::as_str) {
                Some("!If") => {
                    let holds = self.holds(self.conditions.get(items[1].as_str()?)?, name)?;
                    self.resolved(&items[if holds { 2 } else { 3 }], name)
                }
                Some(tag) if tag.starts_with('!') && !tag.contains(' ') => None,
                _ => Some(value.clone()),
            },
            other => Some(other.clone()),
        }
    }

    fn reference(&self, what: &str, name: &str) -> Option<Value> {
        Some(match what {
            "HubName" => name.into(),
            "AWS::Region" => "eu-west-1".into(),
            "AWS::AccountId" => "123456789012".into(),
            "AWS::Partition" => "aws".into(),
            parameter => self.parameters.get(parameter)?.default.clone(),
        })
    }

    fn substituted(&self, template: &str, name: &str) -> Option<String> {
        let mut parts = template.split("${");
        let mut out = parts.next()?.to_owned();
        for part in parts {
            let (what, rest) = part.split_once('}')?;
            out += &text(&self.reference(what, name)?);
            out += rest;
        }
        Some(out)
    }

    fn holds(&self, condition: &Value, name: &str) -> Option<bool> {
        let items = condition.as_array()?;
        match items.first()?.as_str()? {
            "!Equals" => {
                let side = |index: usize| self.resolved(&items[index], name).map(|value| text(&value));
                Some(side(1)? == side(2)?)
            }
            "!Not" => Some(!self.holds(&items[1], name)?),
            _ => None,
        }
    }
}

/// The value at a path of steps between "/": a number chooses an element of a list, KEY=VALUE the one whose KEY is VALUE.
pub fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('/').try_fold(value, |value, step| match (value, step.split_once('=')) {
        (Value::Array(items), Some((key, wanted))) => items.iter().find(|item| item[key] == wanted),
        (Value::Array(items), None) => items.get(step.parse::<usize>().ok()?),
        (value, _) => value.get(step),
    })
}

/// Both sides write numbers and truth as they like.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), |number| number.to_string()),
        other => other.to_string(),
    }
}

/// The short tags (`!Ref`, `!Sub`, `!If` …) as a part of what they are put before, since YAML readers drop them: a text
/// begins with its tag, a list has it as its first element.
fn marked(yaml: &str) -> String {
    let mut out = String::new();
    let mut rest = yaml;
    while let Some(found) = rest.find('!') {
        let (before, tagged) = rest.split_at(found);
        out.push_str(before);
        let length = tagged[1..].chars().take_while(char::is_ascii_alphanumeric).count() + 1;
        // "!" within a text is no tag: a tag begins a value and names a function.
        let is_tag = matches!(out.chars().next_back(), Some(' ' | '['))
            && tagged[1..].starts_with(|letter: char| letter.is_ascii_uppercase());
        if !is_tag {
            out.push('!');
            rest = &tagged[1..];
            continue;
        }
        let (tag, after) = (&tagged[..length], tagged[length..].trim_start_matches(' '));
        rest = match after.chars().next() {
            Some('[') => {
                out += &format!("[\"{tag}\", ");
                &after[1..]
            }
            Some('"') => {
                out += &format!("\"{tag} ");
                &after[1..]
            }
            Some('\n') => {
                let indent = after[1..].chars().take_while(|letter| *letter == ' ').count();
                out += &format!("\n{}- \"{tag}\"", " ".repeat(indent));
                after
            }
            Some('|' | '>') | None => after,
            Some(_) => {
                let line = out.rsplit('\n').next().unwrap();
                let inside = line.matches(['[', '{']).count() > line.matches([']', '}']).count();
                let end = after.find(|letter: char| letter == '\n' || inside && [',', ']', '}'].contains(&letter));
                let (scalar, after) = after.split_at(end.unwrap_or(after.len()));
                out += &format!("\"{tag} {}\"", scalar.trim_end());
                after
            }
        };
    }
    out + rest
}

#[test]
fn tags_become_a_part_of_what_they_are_put_before() {
    let yaml = "A: !Ref B\nC: [!Sub \"${D}!\", !GetAtt E.F]\nG: !If\n  - H\n  - !Ref I\nJ: wow!\nK: !If [L, 1, 2]\nM: {N: !Ref O}\nP: !Not [!Equals [!Ref Q, R]]\n";
    let expected = "A: \"!Ref B\"\nC: [\"!Sub ${D}!\", \"!GetAtt E.F\"]\nG: \n  - \"!If\"\n  - H\n  - \"!Ref I\"\nJ: wow!\nK: [\"!If\", L, 1, 2]\nM: {N: \"!Ref O\"}\nP: [\"!Not\", [\"!Equals\", \"!Ref Q\", R]]\n";
    assert_eq!(marked(yaml), expected);
}
