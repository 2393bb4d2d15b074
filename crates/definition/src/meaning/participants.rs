//! Participants, their accounts, endpoints and parties.

use fspiop::PartyId;

use crate::{Components, Scheme, meaning, meaning::scheme, node::View, problem::Problem};

pub(super) fn check(root: &View<'_>, problems: &mut Vec<Problem>) {
    let participants = root.get("participants").items();
    let names = participants.iter().map(|participant| participant.get("name"));
    meaning::unique(names, str::to_lowercase, "the participant", problems);
    let hub_name =
        root.get("scheme").get("hubName").text().map_or_else(|| Scheme::default().hub_name.to_string(), str::to_owned);
    let currencies = scheme::currencies(root);
    for participant in &participants {
        not_the_hub(participant, &hub_name, problems);
        for (code, account) in participant.get("currencies").entries() {
            scheme::in_scheme(code, &account, &currencies, problems);
        }
    }
    endpoints(root, &participants, problems);
    parties(&participants, problems);
}

fn not_the_hub(participant: &View<'_>, hub_name: &str, problems: &mut Vec<Problem>) {
    let name = participant.get("name");
    if name.text().is_some_and(|name| name.eq_ignore_ascii_case(hub_name)) {
        let message = format!("{hub_name:?} is the hub's own name (scheme.hubName)");
        problems.push(meaning::problem(&name, message).hint("give the participant another name"));
    }
}

/// Somebody must play a participant whose endpoint is `simulator`.
fn endpoints(root: &View<'_>, participants: &[View<'_>], problems: &mut Vec<Problem>) {
    let simulators = root.get("components").get("simulators").bool().unwrap_or(Components::default().simulators);
    if simulators {
        return;
    }
    for participant in participants {
        let endpoint = participant.get("endpoint");
        if !endpoint.exists() || endpoint.text() == Some("simulator") {
            let message = "is simulator, but components.simulators is false: nobody would answer";
            let hint = "write the URL of the participant, or set components.simulators to true";
            problems.push(meaning::problem(&endpoint, message).hint(hint));
        }
    }
}

/// A party is served by one participant.
fn parties(participants: &[View<'_>], problems: &mut Vec<Problem>) {
    let ids =
        participants.iter().flat_map(|participant| participant.get("parties").items()).map(|party| party.get("id"));
    let identity = |text: &str| PartyId::parse(text).map_or_else(|_| text.to_owned(), |id| id.to_string());
    meaning::unique(ids, identity, "the party", problems);
}
