//! The types of `hub.yaml`. Field names, defaults and documentation here are what the JSON Schema says.
//!
//! Every section but `metadata` may be left out; what is left out has the default that is written here, in one place.

use std::collections::BTreeMap;

use fspiop::{Amount, Currency, FspId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One hub: its scheme, its participants, how large it is and where it runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Hub {
    /// The version of this format.
    pub api_version: ApiVersion,
    /// What is defined.
    pub kind: Kind,
    /// What it is called.
    pub metadata: Metadata,
    /// Whose services run.
    #[serde(default)]
    pub implementation: Implementation,
    /// The rules that all participants share.
    #[serde(default)]
    pub scheme: Scheme,
    /// Who takes part.
    #[serde(default)]
    pub participants: Vec<Participant>,
    /// Who knows which FSP serves a party, beside the hub's own directory.
    #[serde(default)]
    pub oracles: Vec<Oracle>,
    /// How much the hub is to carry; everything that has a size follows from it.
    #[serde(default)]
    pub sizing: Sizing,
    /// Where the hub keeps its books.
    #[serde(default)]
    pub store: Store,
    /// How the hub stands in a Kubernetes cluster (Miniloop, HELM Deploy).
    #[serde(default)]
    pub kubernetes: Kubernetes,
    /// What the hub stands on (Infrastructure as Code).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub infrastructure: Option<Infrastructure>,
    /// What runs beside the hub.
    #[serde(default)]
    pub components: Components,
}

/// The version of this format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ApiVersion {
    /// The only one so far.
    #[default]
    #[serde(rename = "mojaloop/v1")]
    V1,
}

/// What is defined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Kind {
    /// One hub.
    #[default]
    Hub,
}

/// What it is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Metadata {
    /// The name of the hub, in the names of everything that is made for it: 1 to 24 lower-case letters, digits or '-',
    /// beginning with a letter.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9-]{0,22}[a-z0-9]$|^[a-z]$"))]
    pub name: String,
}

/// Whose services run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Implementation {
    /// This project's hub.
    #[default]
    Native,
    /// Mojaloop's official images, from the same definition.
    Upstream,
}

/// The rules that all participants share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Scheme {
    /// The hub's own name on the wire, in FSPIOP-Source of messages that it makes itself. It is fixed when the store is made.
    #[schemars(with = "String", regex(pattern = r"^[A-Za-z0-9._-]{2,30}$"))]
    pub hub_name: FspId,
    /// Currencies in which participants pay, by their codes of ISO 4217.
    #[schemars(with = "Vec<String>", length(min = 1), inner(regex(pattern = r"^[A-Z]{3}$")))]
    pub currencies: Vec<Currency>,
    /// The protocol.
    pub fspiop: Fspiop,
    /// Signatures of messages.
    pub jws: Jws,
    /// How participants settle with each other.
    pub settlement_models: Vec<SettlementModel>,
}

impl Default for Scheme {
    fn default() -> Scheme {
        Scheme {
            hub_name: FspId::parse("Hub").expect("the hub's name is a name"),
            currencies: vec![Currency::parse("USD").expect("USD is a currency")],
            fspiop: Fspiop::default(),
            jws: Jws::default(),
            settlement_models: vec![SettlementModel::default()],
        }
    }
}

/// The protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Fspiop {
    /// The versions that participants may speak.
    pub versions: Vec<FspiopVersion>,
    /// The language of bodies.
    pub dialect: Dialect,
}

impl Default for Fspiop {
    fn default() -> Fspiop {
        let versions = vec![FspiopVersion::V1_0, FspiopVersion::V1_1, FspiopVersion::V2_0];
        Fspiop { versions, dialect: Dialect::Json }
    }
}

/// A version of FSPIOP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum FspiopVersion {
    /// 1.0
    #[serde(rename = "1.0")]
    V1_0,
    /// 1.1
    #[serde(rename = "1.1")]
    V1_1,
    /// 2.0
    #[serde(rename = "2.0")]
    V2_0,
}

/// The language of bodies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// FSPIOP's own JSON.
    #[default]
    Json,
    /// ISO 20022 messages.
    Iso20022,
}

/// Signatures of messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Jws {
    /// Whether the hub signs the messages that it makes itself.
    pub sign: bool,
    /// Whose signatures the hub checks.
    pub validate: JwsValidation,
    /// Where the private RSA key is that the hub signs with, in PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_from: Option<SecretReference>,
}

/// Whose signatures the hub checks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum JwsValidation {
    /// Nobody's.
    #[default]
    None,
    /// Of those participants that have registered a key.
    PerParticipant,
    /// Everybody's.
    All,
}

/// How participants settle with each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SettlementModel {
    /// What the model is called, 1 to 50 characters.
    #[schemars(length(min = 1, max = 50))]
    pub name: String,
    /// When and how the money moves.
    pub kind: SettlementKind,
    /// Which currencies it settles.
    #[serde(default)]
    pub currencies: ModelCurrencies,
    /// When settlement windows close; without, an operator closes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub windows: Option<Windows>,
}

impl Default for SettlementModel {
    fn default() -> SettlementModel {
        SettlementModel {
            name: "DEFERREDNET".to_owned(),
            kind: SettlementKind::DeferredNet,
            currencies: ModelCurrencies::default(),
            windows: None,
        }
    }
}

/// When and how the money of a settlement moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SettlementKind {
    /// Later, and only the differences.
    DeferredNet,
    /// At once, each transfer for itself.
    ImmediateGross,
}

/// Which currencies a model settles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ModelCurrencies {
    /// All of the scheme.
    All(All),
    /// These.
    Some(#[schemars(with = "Vec<String>", length(min = 1), inner(regex(pattern = r"^[A-Z]{3}$")))] Vec<Currency>),
}

impl Default for ModelCurrencies {
    fn default() -> ModelCurrencies {
        ModelCurrencies::All(All::All)
    }
}

/// The word `all`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum All {
    /// All of the scheme.
    All,
}

/// When settlement windows close.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Windows {
    /// A time of each day with its time zone, for example "17:00 Africa/Nairobi".
    #[schemars(regex(pattern = r"^([01][0-9]|2[0-3]):[0-5][0-9] [A-Za-z_]+(/[A-Za-z0-9_+-]+)*$"))]
    pub close: String,
}

/// Somebody who takes part: an FSP.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Participant {
    /// Its name on the wire (FSPIOP-Source), 1 to 30 characters.
    #[schemars(with = "String", regex(pattern = r"^[A-Za-z0-9._-]{2,30}$"))]
    pub name: FspId,
    /// Its accounts, by currency.
    #[schemars(
        with = "BTreeMap<String, Account>",
        extend("minProperties" = 1, "propertyNames" = { "pattern": r"^[A-Z]{3}$" })
    )]
    pub currencies: BTreeMap<Currency, Account>,
    /// Where the hub calls it.
    #[serde(default)]
    pub endpoint: Endpoint,
    /// Its customers, registered in the hub's directory; a simulated FSP serves them.
    #[serde(default)]
    pub parties: Vec<Party>,
}

/// A participant's account in one currency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Account {
    /// The highest position: what it may owe the others. An amount in quotes, for example "100000".
    #[schemars(with = "String", regex(pattern = r"^([0]|([1-9][0-9]{0,17}))([.][0-9]{0,3}[1-9])?$"))]
    pub net_debit_cap: Amount,
    /// What it pays in once, when it joins. An amount in quotes, for example "50000".
    #[serde(default)]
    #[schemars(with = "String", regex(pattern = r"^([0]|([1-9][0-9]{0,17}))([.][0-9]{0,3}[1-9])?$"))]
    pub funds: Amount,
}

/// Where the hub calls a participant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Endpoint {
    /// The word `simulator`: an FSP that is played for it.
    Simulator(SimulatorWord),
    /// The base URL of its FSPIOP server.
    Url(
        #[schemars(regex(pattern = r"^https?://[^ /?#]+(/[^ ?#]*)?$"))]
        String,
    ),
    /// The URL with certificate and keys.
    Secured(SecuredEndpoint),
}

impl Default for Endpoint {
    fn default() -> Endpoint {
        Endpoint::Simulator(SimulatorWord::Simulator)
    }
}

/// The word `simulator`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SimulatorWord {
    /// An FSP that is played.
    Simulator,
}

/// A participant's URL with its certificate and keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecuredEndpoint {
    /// The base URL of its FSPIOP server.
    #[schemars(regex(pattern = r"^https?://[^ /?#]+(/[^ ?#]*)?$"))]
    pub url: String,
    /// The certificate of the authority that signed its server's certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_from: Option<SecretReference>,
    /// The public key of its signatures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jws_key_from: Option<SecretReference>,
}

/// A customer of a participant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Party {
    /// How the party is found: TYPE/IDENTIFIER or TYPE/IDENTIFIER/SUB-IDENTIFIER, for example MSISDN/27713803912.
    #[schemars(regex(
        pattern = r"^(MSISDN|EMAIL|PERSONAL_ID|BUSINESS|DEVICE|ACCOUNT_ID|IBAN|ALIAS)/[^/ ]{1,128}(/[^/ ]{1,128})?$"
    ))]
    pub id: String,
    /// The whole name, 1 to 128 characters.
    #[schemars(length(min = 1, max = 128))]
    pub name: String,
}

/// A directory outside the hub that knows which FSP serves a party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Oracle {
    /// The kind of identifiers that it knows.
    #[serde(rename = "type")]
    #[schemars(regex(pattern = r"^(MSISDN|EMAIL|PERSONAL_ID|BUSINESS|DEVICE|ACCOUNT_ID|IBAN|ALIAS)$"))]
    pub party_id_type: String,
    /// Its base URL.
    #[schemars(regex(pattern = r"^https?://[^ /?#]+(/[^ ?#]*)?$"))]
    pub endpoint: String,
    /// The only currency that it answers for; without, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", regex(pattern = r"^[A-Z]{3}$"))]
    pub currency: Option<Currency>,
}

/// How much the hub is to carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Sizing {
    /// Payments (lookup, quote and transfer) in the busiest second: 1 to 20000.
    #[schemars(range(min = 1, max = 20_000))]
    pub payments_per_second: u32,
    /// How long payments stay in the store, which the disk is sized for: days (90d) or years (7y).
    #[schemars(regex(pattern = r"^[1-9][0-9]{0,3}[dy]$"))]
    pub retention: String,
}

impl Default for Sizing {
    fn default() -> Sizing {
        Sizing { payments_per_second: 10, retention: "90d".to_owned() }
    }
}

/// Where the hub keeps its books.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Store {
    /// Which store.
    pub kind: StoreKind,
    /// Where the database is, without a password: postgres://USER@HOST:PORT/DATABASE. Containers bring one of their own where
    /// none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^postgres(ql)?://[^ ]+$"))]
    pub url: Option<String>,
    /// Where the password of the database is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_from: Option<SecretReference>,
}

/// Which store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    /// A file of one machine, one hub node.
    #[default]
    Sqlite,
    /// PostgreSQL 15 or later, any number of hub nodes.
    Postgres,
}

/// Where a secret is. Never the secret itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum SecretReference {
    /// A file that holds it.
    File(#[schemars(length(min = 1))] String),
    /// An environment variable that holds it.
    Env(#[schemars(regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$"))] String),
    /// A Secret of the cluster, or of the cloud: NAME/KEY.
    Secret(#[schemars(regex(pattern = r"^[^ /]+/[^ /]+$"))] String),
}

/// How the hub stands in a Kubernetes cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Kubernetes {
    /// The storage class of the hub's volume; without, the cluster's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"))]
    pub storage_class: Option<String>,
    /// How FSPs outside the cluster reach the hub.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposure: Option<Exposure>,
    /// Where the hub may call FSPs outside the cluster; without, nowhere.
    pub callbacks: Vec<Callbacks>,
}

/// How FSPs outside the cluster reach the hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exposure {
    /// By which kind of service.
    #[serde(rename = "type")]
    pub kind: ExposureType,
    /// The port on each node, 30000 to 32767; without, the cluster chooses one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 30_000, max = 32_767))]
    pub node_port: Option<u16>,
    /// From which networks, as CIDR.
    #[serde(default = "everywhere")]
    #[schemars(length(min = 1), inner(regex(pattern = r"^[0-9.]+/[0-9]{1,2}$")))]
    pub from: Vec<String>,
}

fn everywhere() -> Vec<String> {
    vec!["0.0.0.0/0".to_owned()]
}

/// By which kind of service FSPs outside the cluster reach the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExposureType {
    /// Only from inside the cluster.
    None,
    /// A port of each node.
    NodePort,
    /// A load balancer of the cloud.
    LoadBalancer,
}

/// Where the hub may call FSPs outside the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Callbacks {
    /// A network, as CIDR.
    #[schemars(regex(pattern = r"^[0-9.]+/[0-9]{1,2}$"))]
    pub cidr: String,
    /// Its ports.
    #[schemars(length(min = 1), inner(range(min = 1, max = 65_535)))]
    pub ports: Vec<u16>,
}

/// What the hub stands on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Infrastructure {
    /// Which of the Terraform roots.
    pub root: InfrastructureRoot,
    /// The region (aws).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[a-z]{2}(-[a-z]+)+-[0-9]$"))]
    pub region: Option<String>,
    /// The network's addresses as CIDR, /16 to /20 (aws).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[0-9.]+/[0-9]{1,2}$"))]
    pub network: Option<String>,
    /// The machines (on-premises).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<Host>,
    /// The cluster that is there (managed).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ExistingCluster>,
    /// The database that is there (managed).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<ExistingDatabase>,
    /// Where Terraform keeps its state for a team (aws); without, in a file beside the rendered code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<StateBucket>,
    /// Tags of everything that is made.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// Which of the Terraform roots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum InfrastructureRoot {
    /// Network, EKS and Aurora on AWS.
    Aws,
    /// Machines that are reached by SSH.
    OnPremises,
    /// A cluster and a database that are there.
    Managed,
}

/// A machine of one's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Host {
    /// What it is called.
    #[schemars(regex(pattern = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"))]
    pub name: String,
    /// Where SSH reaches it: an address or a name.
    #[schemars(regex(pattern = r"^[A-Za-z0-9.:-]+$"))]
    pub address: String,
    /// As whom.
    #[serde(default = "root_user")]
    #[schemars(regex(pattern = r"^[a-z_][a-z0-9_-]*$"))]
    pub user: String,
    /// The file that holds the private key.
    pub key_file: String,
    /// What it does.
    #[schemars(length(min = 1))]
    pub roles: Vec<HostRole>,
}

fn root_user() -> String {
    "root".to_owned()
}

/// What a machine does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HostRole {
    /// It runs pods.
    Cluster,
    /// It runs PostgreSQL.
    Database,
}

/// A cluster that is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExistingCluster {
    /// What it is called.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// Its API server.
    #[schemars(regex(pattern = r"^https://[^ ]+$"))]
    pub endpoint: String,
    /// The storage class for data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<String>,
}

/// A database that is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExistingDatabase {
    /// Its host name.
    #[schemars(regex(pattern = r"^[A-Za-z0-9.:-]+$"))]
    pub host: String,
    /// Its port.
    #[serde(default = "postgres_port")]
    #[schemars(range(min = 1, max = 65_535))]
    pub port: u16,
    /// The name of the database.
    #[schemars(regex(pattern = r"^[a-z_][a-z0-9_]*$"))]
    pub name: String,
    /// As whom the hub connects.
    #[schemars(regex(pattern = r"^[a-z_][a-z0-9_]*$"))]
    pub user: String,
    /// Where the password is.
    pub password_from: SecretReference,
}

fn postgres_port() -> u16 {
    5432
}

/// Where Terraform keeps its state for a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StateBucket {
    /// The S3 bucket; it must be there.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"))]
    pub bucket: String,
    /// The object in it.
    #[serde(default = "state_key")]
    #[schemars(length(min = 1))]
    pub key: String,
}

fn state_key() -> String {
    "mojaloop/terraform.tfstate".to_owned()
}

/// What runs beside the hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in hub.yaml")]
pub struct Components {
    /// Simulated FSPs, for the participants whose endpoint is `simulator`.
    pub simulators: bool,
    /// Mojaloop's Testing Toolkit.
    pub ttk: bool,
    /// The business portal.
    pub portal: bool,
    /// Prometheus, dashboards and alerts.
    pub monitoring: bool,
    /// Identity and access management.
    pub iam: bool,
    /// Payment Manager for participants.
    pub pm4ml: bool,
}

impl Default for Components {
    fn default() -> Components {
        Components { simulators: true, ttk: false, portal: false, monitoring: false, iam: false, pm4ml: false }
    }
}
