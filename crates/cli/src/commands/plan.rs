//! Shows what would change, or what was changed.

use operations::Plan;
use serde_json::Value;

use crate::{
    exit::Failure,
    printer::{self, Output},
};

/// Characters of a value in the table; documents show it in full.
const SHOWN_CHARACTERS: usize = 48;

/// Prints a plan: a table for people, else the document `Plan`.
pub(crate) fn show(output: Output, plan: &Plan) -> Result<(), Failure> {
    printer::print(output, "Plan", plan, table)
}

fn table(plan: &Plan) -> String {
    if plan.is_empty() {
        return "nothing to change".to_owned();
    }
    let rows = plan.changes.iter().map(|change| {
        let (before, after) = (text(&change.before), text(&change.after));
        let field = if change.field.is_empty() { "-".to_owned() } else { change.field.clone() };
        vec![change.resource.clone(), field, before, after, change.risk.as_str().to_owned(), change.origin.clone()]
    });
    printer::table(&["resource", "field", "before", "after", "risk", "origin"], rows.collect(), &[])
}

/// A value in a cell: one line, without the quotes of JSON.
fn text(value: &Value) -> String {
    let text = match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.replace('\n', " "),
        other => other.to_string(),
    };
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use operations::{Change, Risk};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_plan_is_a_table_of_single_lines() {
        let change = Change {
            resource: "participant/payerfsp".to_owned(),
            field: String::new(),
            before: Value::Null,
            after: json!({"text": "é".repeat(100)}),
            risk: Risk::None,
            origin: "hub.yaml:3".to_owned(),
        };
        let shown = table(&Plan { changes: vec![change] });
        assert_eq!(shown.lines().count(), 2, "{shown}");
        assert!(shown.contains('…') && shown.contains("participant/payerfsp  -      -"), "{shown}");
        assert_eq!(table(&Plan::default()), "nothing to change");
    }
}
