//! Assertions that no correct hub can pass with the kit. `docs/conformance.md` has the proof of each.

use crate::outcome::{Count, say};

/// What the Toolkit's new ids look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Ids {
    /// As the core test harness's environment sets it.
    Ulid,
    /// As version 1.0 and 1.1 of FSPIOP want them.
    Uuid,
}

/// An assertion, and why nothing passes it.
pub(super) struct Impossible {
    /// As the kit says it: `CASE > REQUEST: ASSERTION`.
    name: &'static str,
    /// Only with such ids; `None`: with any.
    ids: Option<Ids>,
    /// It fails by chance, and is none the worse for passing.
    by_chance: bool,
    why: &'static str,
}

/// With these ids, or with any.
const fn impossible(name: &'static str, ids: Option<Ids>, why: &'static str) -> Impossible {
    Impossible { name, ids, by_chance: false, why }
}

/// With any ids, now and then.
const fn by_chance(name: &'static str, why: &'static str) -> Impossible {
    Impossible { name, ids: None, by_chance: true, why }
}

const ULID: Option<Ids> = Some(Ids::Ulid);
const UUID: Option<Ids> = Some(Ids::Uuid);
const OWN_REQUEST: &str = "the Toolkit, as the payer, refuses the request that it sent itself as the payee";
const OWN_ULID: &str = "the Toolkit, as the payee, refuses the Toolkit's own ULIDs in version 1.0 (3100)";
const OWN_VERSION: &str = "the Toolkit, as the payee, answers version 1.0 in version 1.0, and the file wants 2.0";
const OWN_DATE: &str =
    "the Toolkit, as the payee, sends the Date of the request, which may be a second before the answer's";
const ACCEPT: &str = "contradicts the file of the same name in hub-core";

pub(super) const TRANSACTION_REQUESTS: &[Impossible] =
    &[impossible("received State > Payee initiate request: transactionRequestState is RECEIVED", None, OWN_REQUEST)];

pub(super) const CORE_GP: &[Impossible] = &[
    impossible(
        "fspiop_protocol_validation - Quoting-Service > Send quote: Callback body should contain transferAmount",
        ULID,
        OWN_ULID,
    ),
    impossible(
        "fspiop_protocol_validation - Quoting-Service > Send quote: Callback transferAmount (amount & currency)to match the request",
        ULID,
        OWN_ULID,
    ),
    impossible(
        "fspiop_protocol_validation - Transfers-Service > Send transfer: Callback Content Length not 0",
        ULID,
        OWN_ULID,
    ),
    impossible(
        "fspiop_protocol_validation - Transfers-Service > Send transfer: Callback FSP Destination equal to request FSP Source",
        ULID,
        OWN_ULID,
    ),
    impossible(
        "fspiop_protocol_validation - Transfers-Service > Send transfer: Callback transferState to be COMMITTED",
        ULID,
        OWN_ULID,
    ),
    impossible("fspiop_protocol_validation - Transfers-Service > Send transfer: Payee FSPIOP-Source", ULID, OWN_ULID),
    impossible("fspiop_protocol_validation - Transfers-Service > Send transfer: Payee Content-Type", ULID, OWN_ULID),
    impossible("fspiop_protocol_validation - Transfers-Service > Send transfer: Payee Body TransferId", ULID, OWN_ULID),
    impossible("fspiop_protocol_validation - Transfers-Service > Send transfer: Payee Body Amount", ULID, OWN_ULID),
    impossible(
        "fspiop_protocol_validation - Transfers-Service > Send transfer: Callback content-type to be transfers",
        ULID,
        OWN_ULID,
    ),
    impossible(
        "fspiop_protocol_validation - Transfers-Service > Send transfer: Callback content-type to be transfers",
        UUID,
        OWN_VERSION,
    ),
    impossible(
        "fspiop_protocol_validation - Quoting-Service > Send quote: Callback content-type to be quotes",
        UUID,
        OWN_VERSION,
    ),
    impossible(
        "POST /quotes with invalid values in header > Post Quote - Invalid Accept header value: Response should contain Accept",
        None,
        ACCEPT,
    ),
    impossible(
        "POST /quotes with invalid values in header > Post Quote - Invalid Accept header value: Response should contain '3001'",
        None,
        ACCEPT,
    ),
    by_chance("Positive tests for parties > GET /parties/{Type}/{ID}: Callback Date is >= Response Date", OWN_DATE),
    by_chance(
        "Positive tests for parties > GET /parties/{Type}/{ID}/{SubId}: Callback Date is a valid HTTP date and >= Response Date",
        OWN_DATE,
    ),
];

/// The lines in which the kit told of failures, and what they come to.
#[derive(Default)]
pub(super) struct Failures(Vec<String>);

impl Failures {
    /// Keeps a line of the kit if it tells of a failure.
    pub(super) fn read(&mut self, line: &str) {
        self.0.extend(line.trim_start().strip_prefix("FAIL ").map(str::to_owned));
    }

    /// The kit's count, with what is impossible as skipped. What is listed as impossible and has not failed is a failure:
    /// the list must not hide anything.
    pub(super) fn without(&self, impossible: &[Impossible], ids: Ids, mut count: Count) -> Count {
        for one in impossible.iter().filter(|one| one.ids.is_none_or(|wanted| wanted == ids)) {
            let failed = self.0.iter().filter(|failure| one.is(failure)).count() as u64;
            if failed == 0 && one.by_chance {
                continue;
            }
            if failed == 0 {
                say(&format!("listed as impossible, and did not fail: {}", one.name));
                count += Count::FAILED;
            } else {
                say(&format!("impossible: {}: {}", one.name, one.why));
                count.failed = count.failed.saturating_sub(failed);
                count.skipped += failed;
            }
        }
        count
    }
}

impl Impossible {
    /// Whether a failure, as the kit tells of it, is of this assertion.
    fn is(&self, failure: &str) -> bool {
        failure.strip_prefix(self.name).is_some_and(|message| message.starts_with(": "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_impossible_counts_as_skipped_and_what_is_not_listed_fails() {
        let list = [
            impossible("case > request: a", None, "why"),
            impossible("case > request: b", Some(Ids::Uuid), "why"),
            by_chance("case > request: c", "why"),
        ];
        let count = |passed, failed, skipped| Count { passed, failed, skipped, ..Count::default() };
        for (lines, ids, kit, expect) in [
            (&["  FAIL case > request: a: expected 1"][..], Ids::Ulid, count(5, 1, 2), count(5, 0, 3)),
            (
                &["  FAIL case > request: a: x", "  FAIL case > request: ab: x"],
                Ids::Ulid,
                count(5, 2, 0),
                count(5, 1, 1),
            ),
            (&["  FAIL case > request: a: x"], Ids::Uuid, count(5, 1, 0), count(5, 1, 1)),
            (
                &["  FAIL case > request: a: x", "  FAIL case > request: c: x"],
                Ids::Ulid,
                count(5, 2, 0),
                count(5, 0, 2),
            ),
            (&["case > request: a: fine"], Ids::Ulid, count(5, 0, 0), count(5, 1, 0)),
        ] {
            let mut failures = Failures::default();
            lines.iter().for_each(|line| failures.read(line));
            assert_eq!(failures.without(&list, ids, kit), expect, "{lines:?}");
        }
    }
}
