//! The scheme that a harness starts with: two FSPs, two currencies.

use fspiop::{Amount, Currency, FspId, PartyId};

/// What a hub is to know when it is ready.
#[derive(Clone, Debug)]
pub struct Scheme {
    /// Currencies of the scheme.
    pub currencies: Vec<Currency>,
    /// Who takes part.
    pub participants: Vec<DemoParticipant>,
}

/// A simulated FSP.
#[derive(Clone, Debug)]
pub struct DemoParticipant {
    /// Its name.
    pub name: FspId,
    /// Its highest position in each currency.
    pub net_debit_cap: Amount,
    /// What it pays in at first, in each currency.
    pub funds: Amount,
    /// Its customers: identifier and name.
    pub parties: Vec<(PartyId, &'static str)>,
}

impl Scheme {
    /// The built-in demo. The payee's number is the one that the Testing Toolkit's collections use, too.
    pub fn demo() -> Scheme {
        let participant = |name, party, person| DemoParticipant {
            name: FspId::parse(name).expect("the demo's names are names"),
            net_debit_cap: Amount::parse("100000").expect("the demo's amounts are amounts"),
            funds: Amount::parse("50000").expect("the demo's amounts are amounts"),
            parties: vec![(PartyId::parse(party).expect("the demo's parties are parties"), person)],
        };
        Scheme {
            currencies: ["USD", "KES"].map(|code| Currency::parse(code).expect("the demo's currencies exist")).to_vec(),
            participants: vec![
                participant("payerfsp", "MSISDN/44123456789", "Alice Alpaca"),
                participant("payeefsp", "MSISDN/27713803912", "Bob Bonobo"),
            ],
        }
    }
}
