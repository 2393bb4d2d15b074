//! How the scheme is set up before anything goes wrong, and what its operator does later.

use std::sync::Arc;

use bytes::Bytes;
use fspiop::{Amount, Currency, FspId, Identifier, TransferId};
use ledger::{
    AccountId, AccountType, ContentHash, FundsRequest, FundsStatus, InitialPositionAndLimits, NewParticipant,
    SettlementDelay, SettlementGranularity, SettlementInterchange, SettlementModel,
};
use store::Store;
use switch::{Administration, Command, EndpointType, FundsOutEnd, Headers, Inbound, Method, Outcome};

use crate::{batch::Origin, node::ready, report::Check, scenario::whole, world::World};

impl World {
    /// Registers everybody, with accounts, limits, money, endpoints and parties.
    pub(crate) fn provision(&mut self) -> Check {
        let hub = ready(self.store.configuration()).hub_name();
        for currency in self.scenario.currencies.clone() {
            let model = settlement_model(currency, self.scenario.liquidity_checked);
            self.administer(vec![
                Administration::CreateHubAccount(hub.clone(), currency, AccountType::HubReconciliation),
                Administration::CreateHubAccount(hub.clone(), currency, AccountType::HubMultilateralSettlement),
                Administration::CreateSettlementModel(model),
            ])?;
            for bank in 0..self.banks.len() {
                self.register(bank, currency)?;
            }
        }
        for bank in 0..self.banks.len() {
            let name = self.name(bank);
            self.administer(vec![Administration::SetEndpoints(name.clone(), endpoints(&name))])?;
            self.decide(vec![self.registration(bank)])?;
        }
        Ok(())
    }

    fn register(&mut self, bank: usize, currency: Currency) -> Check {
        let name = self.name(bank);
        let net_debit_cap = whole(self.random.between(80, 1_000));
        let initial = InitialPositionAndLimits {
            participant: name.clone(),
            currency,
            net_debit_cap,
            initial_position: Amount::ZERO,
        };
        self.administer(vec![
            Administration::RegisterParticipant(NewParticipant { name: name.clone(), currency: Some(currency) }),
            Administration::SetInitialLimits(initial),
        ])?;
        let funds = self.funds(bank, currency);
        self.administer(vec![Administration::RecordFundsIn(funds)])
    }

    fn funds(&mut self, bank: usize, currency: Currency) -> FundsRequest {
        let amount = whole(self.random.between(80, 1_000));
        let participant = self.name(bank);
        FundsRequest {
            id: TransferId(Identifier::from_ulid_bits(self.random.bits())),
            account: self.account(&participant, currency, AccountType::Settlement).expect("everybody has one"),
            participant,
            amount,
            currency: Some(currency),
            hash: ContentHash(self.random.bytes()),
        }
    }

    fn account(&self, owner: &FspId, currency: Currency, kind: AccountType) -> Option<AccountId> {
        let configuration = ready(self.store.configuration());
        let owner = configuration.registry.participant_named(owner.as_str())?.id;
        configuration.registry.account_of(owner, currency, kind).map(|account| account.id)
    }

    fn registration(&self, bank: usize) -> Command {
        let (name, party) = (self.name(bank), self.banks[bank].party.clone());
        let inbound = Inbound {
            source: name.clone(),
            destination: None,
            method: Method::Post,
            path: format!("/participants/{}", party.uri_path()).into(),
            headers: Headers::new(),
            body: Bytes::new(),
        };
        Command::RegisterParty { inbound, party, fsp: name, currency: None }
    }

    fn administer(&mut self, administrations: Vec<Administration>) -> Check {
        let outcomes = self.decide(administrations.into_iter().map(Command::Administer).collect());
        outcomes.map(|outcomes| assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Administered(Ok(())))))
    }

    fn decide(&mut self, commands: Vec<Command>) -> Result<Vec<Outcome>, crate::report::Breach> {
        let commands = Arc::new(commands);
        let committed = ready(self.store.commit(commands.clone()));
        self.auditor.committed(&commands, &committed, &self.store)?;
        Ok(committed.outcomes)
    }

    /// The operator does something, on any node.
    pub(crate) fn operate(&mut self) {
        let bank = self.random.below(self.banks.len());
        let currency = self.random.pick(&self.scenario.currencies);
        let (name, node) = (self.name(bank), self.any_node());
        let administration = match self.random.below(9) {
            0..3 => Administration::AdjustLimit(name, currency, whole(self.random.between(0, 1_200))),
            3 => Administration::RecordFundsIn(self.funds(bank, currency)),
            4 => {
                let kind = AccountType::Position;
                let account = self.account(&name, currency, kind).expect("everybody has one");
                Administration::ActivateAccount(name, account, self.random.chance(70))
            }
            5 => Administration::ActivateParticipant(name, self.random.chance(70)),
            6 => self.pay_out(bank, currency),
            _ if self.payments_out.is_empty() => self.pay_out(bank, currency),
            _ => {
                let known = self.random.below(self.payments_out.len());
                let end = self.random.pick(&[FundsStatus::Committed, FundsStatus::Aborted]);
                Administration::EndFundsOut(FundsOutEnd { end, ..self.payments_out[known].clone() })
            }
        };
        self.note(|| format!("the operator, on node {node}: {administration:?}"));
        // What an impatient operator does: the same once more.
        for _ in 0..=usize::from(self.random.chance(30)) {
            self.take_in(node, Command::Administer(administration.clone()), Origin::Operator);
        }
    }

    /// Prepares a payment out, for more than there is, now and then.
    fn pay_out(&mut self, bank: usize, currency: Currency) -> Administration {
        let funds = self.funds(bank, currency);
        let (id, account, participant) = (funds.id, funds.account, funds.participant.clone());
        self.payments_out.push(FundsOutEnd { participant, account, id, end: FundsStatus::Committed });
        Administration::ReserveFundsOut(funds)
    }
}

fn settlement_model(currency: Currency, require_liquidity_check: bool) -> SettlementModel {
    SettlementModel {
        id: 1,
        name: format!("DEFERREDNET{currency}").into(),
        granularity: SettlementGranularity::Net,
        interchange: SettlementInterchange::Multilateral,
        delay: SettlementDelay::Deferred,
        currency: Some(currency),
        require_liquidity_check,
        ledger_account: AccountType::Position,
        settlement_account: AccountType::Settlement,
        auto_position_reset: true,
        active: true,
    }
}

fn endpoints(name: &FspId) -> Vec<(EndpointType, Box<str>)> {
    let party = "{{partyIdType}}/{{partyIdentifier}}";
    let paths = [
        (EndpointType::ParticipantPut, format!("/participants/{party}")),
        (EndpointType::ParticipantPutError, format!("/participants/{party}/error")),
        (EndpointType::PartiesGet, format!("/parties/{party}")),
        (EndpointType::PartiesPut, format!("/parties/{party}")),
        (EndpointType::PartiesPutError, format!("/parties/{party}/error")),
        (EndpointType::Quotes, String::new()),
        (EndpointType::TransferPost, "/transfers".to_owned()),
        (EndpointType::TransferPut, "/transfers/{{transferId}}".to_owned()),
        (EndpointType::TransferError, "/transfers/{{transferId}}/error".to_owned()),
    ];
    paths.map(|(endpoint, path)| (endpoint, format!("http://{name}{path}").into())).into()
}
