//! `mojaloop hub serve` and `mojaloop hub migrate`.

use std::{net::IpAddr, sync::Arc};

use hub::{CallbackPolicy, Intake, Listen, OpenAuthorizer, ServeError, Settings, serve, system_clock};
use serde::Serialize;

use crate::{
    arguments::{Global, HubCommand, MigrateArguments, ServeArguments},
    commands::{runtime, store},
    environment,
    exit::Failure,
    logging, printer,
};

pub(crate) fn run(command: HubCommand, global: Global) -> Result<(), Failure> {
    match command {
        HubCommand::Serve(arguments) => run_hub(arguments),
        HubCommand::Migrate(arguments) => migrate(arguments, &global),
    }
}

#[derive(Serialize)]
struct Migrated {
    hub: String,
}

fn migrate(arguments: MigrateArguments, global: &Global) -> Result<(), Failure> {
    let (_store, hub) = store::open(arguments.store)?;
    let migrated = Migrated { hub: hub.to_string() };
    printer::print(global.output, "Migration", &migrated, |_| "the store has this program's schema version".to_owned())
}

fn run_hub(arguments: ServeArguments) -> Result<(), Failure> {
    logging::start("info", arguments.log_format)?;
    let address = arguments.listen_address.unwrap_or(IpAddr::from([127, 0, 0, 1]));
    if !address.is_loopback() && arguments.admin.is_none() {
        return Err(Failure::usage(format!("the admin APIs would be open to everybody who can reach {address}")).hint(format!(
            "--listen-address 127.0.0.1; or, where a gateway or a network policy guards them, --admin open ({}=open)",
            environment::ADMIN
        )));
    }
    let listen =
        Listen::at(address, arguments.port_offset).ok_or_else(|| port_offset_too_large(arguments.port_offset))?;
    let policy = environment::or_file(arguments.callback_policy.clone(), environment::CALLBACK_POLICY)?;
    let callback_policy = CallbackPolicy::parse(policy.as_deref().unwrap_or("not-link-local"))
        .map_err(|error| Failure::usage(format!("--callback-policy ({}): {error}", environment::CALLBACK_POLICY)))?;
    let (store, hub_name) = store::open(arguments.store)?;
    let delivery = hub::delivery::SchedulerSettings::default();
    let settings = Settings { listen, hub_name, callback_policy, delivery, intake: Intake::default() };
    let runtime = runtime::start()?;
    runtime.block_on(async {
        let running = serve(settings, store, system_clock(), Arc::new(OpenAuthorizer)).await.map_err(explain)?;
        let listening = &running.addresses;
        tracing::info!(fspiop = ?listening.fspiop, ledger = %listening.ledger_admin, operations = %listening.operations, "ready");
        runtime::told_to_stop().await?;
        tracing::info!("stopping");
        running.stop().await;
        Ok(())
    })
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
    Failure::failed(error).hint(hint)
}
