//! The scheme, its settlement models, and oracles.

use fspiop::Currency;

use crate::{Scheme, formats, meaning, node::View, problem::Problem};

pub(super) fn check(root: &View<'_>, problems: &mut Vec<Problem>) {
    let scheme = root.get("scheme");
    let same = |text: &str| text.to_owned();
    meaning::unique(scheme.get("currencies").items().into_iter(), same, "the currency", problems);
    let versions = scheme.get("fspiop").get("versions");
    if versions.is_list() && versions.items().is_empty() {
        problems
            .push(meaning::problem(&versions, "is empty, expected at least one version").hint("leave it out for all"));
    }
    meaning::unique(versions.items().into_iter(), same, "the version", problems);
    settlement_models(root, problems);
    oracles(root, problems);
}

/// The currencies of the scheme, and of the defaults if there are none. A mistyped one counts as the nearest that there is:
/// it is told once, and not at each participant again.
pub(super) fn currencies(root: &View<'_>) -> Vec<String> {
    let written = root.get("scheme").get("currencies");
    match written.exists() {
        true => written.items().iter().filter_map(View::text).map(meant).collect(),
        false => Scheme::default().currencies.iter().map(ToString::to_string).collect(),
    }
}

fn meant(code: &str) -> String {
    let nearest = || formats::nearest_currency(code).unwrap_or_else(|| code.to_owned());
    Currency::parse(code).map_or_else(|_| nearest(), |known| known.to_string())
}

/// Refuses a currency that the scheme does not have.
pub(super) fn in_scheme(code: &str, at: &View<'_>, known: &[String], problems: &mut Vec<Problem>) {
    if !known.iter().any(|currency| currency == code) {
        let message = format!("{code:?} is no currency of the scheme, which has: {}", known.join(", "));
        problems.push(meaning::problem(at, message).hint("add it to scheme.currencies, or take it away here"));
    }
}

fn settlement_models(root: &View<'_>, problems: &mut Vec<Problem>) {
    let models = root.get("scheme").get("settlementModels").items();
    let names = models.iter().map(|model| model.get("name"));
    meaning::unique(names, str::to_lowercase, "the settlement model", problems);
    let known = currencies(root);
    for model in &models {
        let currencies = model.get("currencies").items();
        for currency in &currencies {
            if let Some(code) = currency.text() {
                in_scheme(code, currency, &known, problems);
            }
        }
        meaning::unique(currencies.into_iter(), str::to_owned, "the currency", problems);
    }
}

fn oracles(root: &View<'_>, problems: &mut Vec<Problem>) {
    let known = currencies(root);
    let mut before: Vec<(&str, Option<&str>, String)> = Vec::new();
    for oracle in root.get("oracles").items() {
        let currency = oracle.get("currency");
        if let Some(code) = currency.text() {
            in_scheme(code, &currency, &known, problems);
        }
        let Some(kind) = oracle.get("type").text() else { continue };
        match before.iter().find(|(other, code, _)| *other == kind && *code == currency.text()) {
            Some((_, _, first)) => {
                let which =
                    currency.text().map_or_else(|| "all currencies".to_owned(), |code| format!("the currency {code}"));
                let message = format!("there is an oracle for {kind} and {which} already: {first}");
                problems.push(meaning::problem(&oracle, message));
            }
            None => before.push((kind, currency.text(), oracle.path.clone())),
        }
    }
}
