//! `mojaloop hub serve`, `mojaloop hub migrate` and `mojaloop hub openapi`; the other commands of a hub have files of their own.

use std::{
    net::{IpAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
};

use hub::{
    ApiName, CallbackPolicy, Intake, Jws, Listen, OpenAuthorizer, Role, Roles, ServeError, Settings, openapi, serve_on,
    system_clock,
};
use serde::{Deserialize, Serialize};

use crate::{
    arguments::{Admin, Api, Global, HubCommand, MigrateArguments, ServeArguments},
    commands::{archive, jws, runtime, store, successor, tls},
    environment,
    exit::Failure,
    logging::{self, LogFormat},
    printer,
};

pub(crate) fn run(command: HubCommand, global: Global) -> Result<(), Failure> {
    match command {
        HubCommand::Serve(arguments) => run_hub(*arguments),
        HubCommand::Replace(arguments) => successor::replace(&arguments),
        HubCommand::Migrate(arguments) => migrate(arguments, &global),
        HubCommand::Archive(arguments) => archive::run(*arguments, &global),
        HubCommand::JwsKey(arguments) => jws::make(&arguments, &global),
        HubCommand::Openapi(arguments) => printer::print_text(&openapi(api_name(arguments.api)).to_json()),
    }
}

fn api_name(api: Api) -> ApiName {
    match api {
        Api::Fspiop => ApiName::Fspiop,
        Api::Ledger => ApiName::Ledger,
        Api::Oracles => ApiName::Oracles,
    }
}

#[derive(Serialize)]
struct Migration {
    store: String,
    hub: String,
    from: i64,
    to: i64,
}

fn migrate(arguments: MigrateArguments, global: &Global) -> Result<(), Failure> {
    let opening = store::opening(arguments.store)?;
    let (store, hub) = (opening.location.to_string(), opening.hub.to_string());
    let migrated =
        runtime::start()?.block_on(stores::migrate(opening, system_clock())).map_err(|error| store::explain(&error))?;
    let migration = Migration { store, hub, from: migrated.from, to: migrated.to };
    printer::print(global.output, "Migration", &migration, |migration| match migration.from == migration.to {
        true => format!("{} has schema version {} already", migration.store, migration.to),
        false => format!("{} was brought from schema version {} to {}", migration.store, migration.from, migration.to),
    })
}

/// What `--settings` names. Its keys are the flags' names.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
struct SettingsFile {
    store: Option<String>,
    store_certificates: Option<PathBuf>,
    node: Option<String>,
    hub_name: Option<String>,
    role: Vec<String>,
    listen_address: Option<IpAddr>,
    port_offset: Option<u16>,
    callback_policy: Option<String>,
    jws_validate: Option<String>,
    jws_sign_key: Option<PathBuf>,
    tls_certificate: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    tls_client_authorities: Option<PathBuf>,
    callback_authorities: Option<PathBuf>,
    callback_certificate: Option<PathBuf>,
    callback_key: Option<PathBuf>,
    on_us_transfers: Option<bool>,
    capture: Option<bool>,
    #[serde(default)]
    capture_from: Vec<String>,
    admin: Option<Admin>,
    log_format: Option<LogFormat>,
}

/// The arguments, completed by the file of settings. What flags and variables say wins.
fn complete(mut arguments: ServeArguments) -> Result<ServeArguments, Failure> {
    let Some(path) = &arguments.settings else { return Ok(arguments) };
    let wrong = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("--settings {}: {error}", path.display()))
            .hint("its keys are the flags of `mojaloop hub serve`, like `store: sqlite:hub.sqlite`")
    };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
    let file: SettingsFile = serde_saphyr::from_str(&text).map_err(|error| wrong(&error))?;
    // A value that a file of its own holds (`…_FILE`) wins, too.
    let own_file = |variable: &str| std::env::var_os(format!("{variable}_FILE")).is_some();
    let or =
        |given: Option<String>, file: Option<String>, variable: &str| given.or(file.filter(|_| !own_file(variable)));
    arguments.store.store = or(arguments.store.store, file.store, environment::STORE);
    arguments.store.node = or(arguments.store.node, file.node, environment::NODE);
    arguments.store.store_certificates = arguments.store.store_certificates.or(file.store_certificates);
    arguments.store.hub_name = or(arguments.store.hub_name, file.hub_name, environment::HUB_NAME);
    arguments.callback_policy = or(arguments.callback_policy, file.callback_policy, environment::CALLBACK_POLICY);
    arguments.jws_validate = or(arguments.jws_validate, file.jws_validate, environment::JWS_VALIDATE);
    let own_key = own_file(environment::JWS_SIGN_KEY) || std::env::var_os(environment::JWS_SIGN_KEY).is_some();
    arguments.jws_sign_key = arguments.jws_sign_key.or(file.jws_sign_key.filter(|_| !own_key));
    let tls = &mut arguments.tls;
    tls.tls_certificate = tls.tls_certificate.take().or(file.tls_certificate);
    tls.tls_key = tls.tls_key.take().or(file.tls_key);
    tls.tls_client_authorities = tls.tls_client_authorities.take().or(file.tls_client_authorities);
    tls.callback_authorities = tls.callback_authorities.take().or(file.callback_authorities);
    tls.callback_certificate = tls.callback_certificate.take().or(file.callback_certificate);
    tls.callback_key = tls.callback_key.take().or(file.callback_key);
    if arguments.role.is_empty() && !own_file(environment::ROLE) {
        arguments.role = file.role;
    }
    arguments.listen_address = arguments.listen_address.or(file.listen_address);
    arguments.port_offset = arguments.port_offset.or(file.port_offset);
    arguments.on_us_transfers = arguments.on_us_transfers.or(file.on_us_transfers);
    arguments.capture = arguments.capture.or(file.capture);
    if arguments.capture_from.is_empty() && !own_file(environment::CAPTURE_FROM) {
        arguments.capture_from = file.capture_from;
    }
    arguments.admin = arguments.admin.or(file.admin);
    arguments.log_format = arguments.log_format.or(file.log_format);
    Ok(arguments)
}

/// The operations ports of other nodes.
fn nodes(urls: Vec<String>) -> Result<Vec<String>, Failure> {
    for url in &urls {
        let authority = url.strip_prefix("http://").and_then(|rest| rest.trim_end_matches('/').rsplit_once(':'));
        let is_right =
            |(host, port): (&str, &str)| !host.is_empty() && !host.contains('/') && port.parse::<u16>().is_ok();
        if !authority.is_some_and(is_right) {
            let found = format!("--capture-from ({}): found {url:?}", environment::CAPTURE_FROM);
            return Err(Failure::usage(found).hint("http://HOST:9100, the operations port of another node"));
        }
    }
    Ok(urls)
}

fn run_hub(arguments: ServeArguments) -> Result<(), Failure> {
    let lent = succession::lent().map_err(|error| Failure::failed(format!("listeners that were lent: {error}")))?;
    let arguments = complete(arguments)?;
    logging::start("info", arguments.log_format)?;
    let roles = roles(&arguments.role)?;
    let listen = listen(&arguments, &roles)?;
    let successor = arguments.successor.clone().filter(|file| !file.is_empty());
    match successor {
        // Whoever was lent its listeners is kept itself.
        Some(file) if lent.is_empty() => {
            let pages = arguments.capture.unwrap_or(false);
            successor::keep(&PathBuf::from(file), &Listen { pages: listen.pages.filter(|_| pages), ..listen })
        }
        _ => serve_until_told(arguments, roles, listen, lent),
    }
}

/// Where it is to listen.
fn listen(arguments: &ServeArguments, roles: &Roles) -> Result<Listen, Failure> {
    let address = arguments.listen_address.unwrap_or(IpAddr::from([127, 0, 0, 1]));
    if !address.is_loopback() && arguments.admin.is_none() {
        return Err(Failure::usage(format!("the admin APIs would be open to everybody who can reach {address}")).hint(format!(
            "--listen-address 127.0.0.1; or, where a gateway or a network policy guards them, --admin open ({}=open)",
            environment::ADMIN
        )));
    }
    let offset = arguments.port_offset.unwrap_or(0);
    Listen::at(address, offset, roles).ok_or_else(|| port_offset_too_large(offset))
}

fn serve_until_told(
    arguments: ServeArguments,
    roles: Roles,
    listen: Listen,
    lent: Vec<TcpListener>,
) -> Result<(), Failure> {
    let policy = environment::or_file(arguments.callback_policy.clone(), environment::CALLBACK_POLICY)?;
    let callback_policy = CallbackPolicy::parse(policy.as_deref().unwrap_or("not-link-local"))
        .map_err(|error| Failure::usage(format!("--callback-policy ({}): {error}", environment::CALLBACK_POLICY)))?;
    let (jws, tls) = (signatures(&arguments)?, tls::of_hub(&arguments.tls)?);
    let mut opening = store::opening(arguments.store)?;
    // Several hubs on one machine have different ports.
    if let (None, offset @ 1..) = (&opening.database.node, arguments.port_offset.unwrap_or(0)) {
        opening.database.node = Some(format!("{}-{offset}", stores::this_machine()).into());
    }
    let delivery = hub::delivery::SchedulerSettings::default();
    let hub_name = opening.hub.clone();
    let on_us_transfers = arguments.on_us_transfers.unwrap_or(false);
    let (intake, capture) = (Intake::default(), arguments.capture.unwrap_or(false));
    let doing = roles.to_string();
    let capture_from = nodes(arguments.capture_from)?;
    let settings = Settings {
        roles,
        listen,
        hub_name,
        callback_policy,
        delivery,
        intake,
        jws,
        tls,
        on_us_transfers,
        capture,
        capture_from,
    };
    let (runtime, has_successor) = (runtime::start()?, !lent.is_empty());
    runtime.block_on(async {
        let store = stores::open(opening, system_clock()).await.map_err(|error| store::explain(&error))?;
        let running = serve_on(lent, settings, store, system_clock(), Arc::new(OpenAuthorizer)).await;
        let running = running.map_err(explain)?;
        let listening = &running.addresses;
        let ledger = listening.ledger_admin.map(|address| address.to_string());
        tracing::info!(roles = doing, fspiop = ?listening.fspiop, ledger, operations = %listening.operations, "ready");
        runtime::told_to_stop().await?;
        tracing::info!("stopping");
        match has_successor {
            true => running.leave().await,
            false => running.stop().await,
        }
        Ok(())
    })
}

/// The roles that were named; all of them where none was. A variable that is empty names none: compose files and manifests
/// set it so where nothing is chosen.
fn roles(named: &[String]) -> Result<Roles, Failure> {
    let given = Some(named.join(",")).filter(|names| !names.trim().is_empty());
    let file = environment::or_file(given, environment::ROLE)?.filter(|names| !names.trim().is_empty());
    let Some(named) = file else { return Ok(Roles::default()) };
    let read = |name: &str| {
        name.trim().parse::<Role>().map_err(|error| {
            Failure::usage(format!("--role ({}): {error}", environment::ROLE))
                .hint("several: --role lookup --role agreement, or with commas; without any the node does all")
        })
    };
    Ok(Roles::of(named.split(',').map(read).collect::<Result<Vec<_>, _>>()?))
}

fn signatures(arguments: &ServeArguments) -> Result<Jws, Failure> {
    let validate = environment::or_file(arguments.jws_validate.clone(), environment::JWS_VALIDATE)?;
    let validate = validate
        .as_deref()
        .unwrap_or("none")
        .parse()
        .map_err(|error| Failure::usage(format!("--jws-validate ({}): {error}", environment::JWS_VALIDATE)))?;
    Ok(Jws { validate, signer: jws::hub_signer(arguments.jws_sign_key.as_deref())? })
}

/// An offset that leaves the range of ports.
pub(crate) fn port_offset_too_large(offset: u16) -> Failure {
    Failure::usage(format!("--port-offset ({}): found {offset}, expected 0 to 56434", environment::PORT_OFFSET))
        .hint("the highest port is 9101 plus the offset, and ports end at 65535")
}

/// Why a hub did not start, with what to do.
pub(crate) fn explain(error: ServeError) -> Failure {
    let ServeError::Listen { address, ref cause, .. } = error else { return Failure::failed(error) };
    let port = address.port();
    let hint = match cause.kind() {
        std::io::ErrorKind::AddrInUse => {
            let who = match port {
                9100 => "; Prometheus' node_exporter often has 9100",
                8080 => "; many development servers have 8080",
                _ => "",
            };
            format!(
                "port {port} is taken{who}. Move all ports with --port-offset N ({}=N), or see who has it: lsof -i :{port}",
                environment::PORT_OFFSET
            )
        }
        std::io::ErrorKind::AddrNotAvailable => {
            format!(
                "this machine does not have the address {}; --listen-address ({})",
                address.ip(),
                environment::LISTEN_ADDRESS
            )
        }
        _ => {
            format!("--listen-address ({}), --port-offset ({})", environment::LISTEN_ADDRESS, environment::PORT_OFFSET)
        }
    };
    // Nothing was begun: a port is taken before anything is opened.
    Failure::preflight(error).hint(hint)
}
