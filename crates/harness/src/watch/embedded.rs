//! The embedded engine under watch: the hub in a process of its own, which is replaced, and the simulated FSPs here.

use std::{
    ffi::OsString,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use definition::{JwsValidation, Loaded};
use hub::{Addresses, Listen, Roles};
use operations::Failure;
use participant::Simulator;
use provisioning::{HttpClient, Scheme, Signers};
use stores::StoreLocation;
use succession::{Call, Listeners, Program, Service};
use tempfile::TempDir;

use super::Kept;
use crate::{
    HarnessError, Instance, Lock, Place, Up,
    embedded::{ANY, CONTROL_PORT, apis, data_file, describe, onboard, start_simulator},
    keys,
    store_opening::opening,
};

/// How long payments that run may take when the simulated FSPs are started anew, or stopped.
const PAYMENTS: Duration = Duration::from_secs(5);
/// Pause before a hub that has ended by itself is started again.
const RESTART_AFTER: Duration = Duration::from_secs(1);
/// Pause between two looks at whether the hub serves; one that is starting holds the question until it does.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(20);
/// Variables of whoever watches that hold for the hub, too: how it logs. All others are said by the definition.
const KEPT_VARIABLES: [&str; 2] = ["MOJALOOP_LOG", "MOJALOOP_LOG_FORMAT"];

/// A harness whose hub can be replaced.
pub struct EmbeddedHub {
    /// What runs, as other processes see it.
    pub instance: Instance,
    place: Place,
    hub: definition::Hub,
    addresses: Addresses,
    service: Service,
    file: PathBuf,
    keys: PathBuf,
    port_offset: u16,
    /// Where simulated FSPs listen, for the hub and for those who control them; nothing where there are to be none.
    fsps_at: Option<(SocketAddr, SocketAddr)>,
    fsps: Option<Fsps>,
    // Dropped in this order: the folder when nothing uses it any more, the right to run last.
    _folder: Option<TempDir>,
    _lock: Lock,
}

/// The simulated FSPs, and what they were started with.
struct Fsps {
    simulator: Simulator,
    signers: Signers,
}

impl EmbeddedHub {
    /// Starts it with this program. When this returns, it is ready to transact.
    ///
    /// # Errors
    /// Those of [`Harness::start`](crate::Harness::start), and those of the hub's program, which tells more in its log.
    pub async fn start(up: Up, program: Program) -> Result<EmbeddedHub, HarnessError> {
        let lock = Lock::take(&up.place)?;
        Instance::remove(&up.place);
        let address = IpAddr::from(Ipv4Addr::LOCALHOST);
        let listen = Listen::at(address, up.port_offset, &Roles::default());
        let (listen, control) =
            listen.zip(CONTROL_PORT.checked_add(up.port_offset)).ok_or(HarnessError::PortOffset(up.port_offset))?;
        let (folder, file) = data_file(&up)?;
        let keys = folder.as_ref().map_or(up.place.folder(), TempDir::path).to_owned();
        let (call, data) = call(&up.hub, &file, &keys, &up.place, up.port_offset)?;
        let listeners = Listeners::bind(listen.addresses()).map_err(|error| {
            let succession::BindError { address, cause } = error;
            hub::ServeError::Listen { what: "the hub", address, cause }
        })?;
        let operations = listen.operations;
        let service = Service::start(listeners, program, call, async || serves(operations).await).await?;
        let addresses = addresses(listen);
        let fsps = match up.simulators {
            true => Some(start_fsps(&up.hub, &addresses, &keys, (ANY, SocketAddr::new(address, control))).await?),
            false => None,
        };
        let instance = describe(&up, &addresses, fsps.as_ref().map(|fsps| &fsps.simulator), data);
        instance.write(&up.place)?;
        let fsps_at = fsps.as_ref().map(|Fsps { simulator, .. }| {
            let control = simulator.control_address().unwrap_or(ANY);
            (simulator.address(), control)
        });
        let Up { place, hub, port_offset, .. } = up;
        Ok(EmbeddedHub {
            instance,
            place,
            hub,
            addresses,
            service,
            file,
            keys,
            port_offset,
            fsps_at,
            fsps,
            _folder: folder,
            _lock: lock,
        })
    }

    /// Ends requests and payments under way, then everything.
    pub async fn stop(self) {
        if let Some(fsps) = self.fsps {
            fsps.simulator.finish(PAYMENTS).await;
            fsps.simulator.stop().await;
        }
        self.service.stop().await;
        Instance::remove(&self.place);
    }

    async fn replace(&mut self, program: Program, call: Call) -> Result<(), Failure> {
        let operations = self.addresses.operations;
        let replaced = self.service.replace(program, call, async || serves(operations).await).await;
        replaced.map_err(|error| Failure::failed(format!("{error}; what ran before runs on")))
    }

    /// The FSPs keep their addresses, and end their payments first.
    async fn restart_fsps(&mut self, hub: &definition::Hub) -> Result<(), HarnessError> {
        let Some(addresses) = self.fsps_at else { return Ok(()) };
        if let Some(Fsps { simulator, .. }) = self.fsps.take() {
            simulator.finish(PAYMENTS).await;
            simulator.stop().await;
        }
        self.fsps = Some(start_fsps(hub, &self.addresses, &self.keys, addresses).await?);
        Ok(())
    }
}

impl Kept for EmbeddedHub {
    async fn install(&mut self, binary: &Path) -> Result<Vec<String>, Failure> {
        let program =
            Program::open(binary).map_err(|error| Failure::failed(format!("{}: {error}", binary.display())))?;
        let call = self.service.call().clone();
        self.replace(program, call).await?;
        Ok(vec!["hub".to_owned()])
    }

    async fn redefine(&mut self, loaded: Loaded) -> Result<Vec<String>, Failure> {
        let hub = loaded.hub;
        let (call, data) =
            call(&hub, &self.file, &self.keys, &self.place, self.port_offset).map_err(Failure::failed)?;
        let mut touched = Vec::new();
        let effect = Effect::of(&self.hub, &hub, self.service.call() != &call);
        if effect.hub {
            self.replace(self.service.program().clone(), call).await?;
            self.instance.data = data;
            self.instance.write(&self.place).map_err(Failure::failed)?;
            touched.push("hub replaced".to_owned());
        }
        let is_played = self.fsps_at.is_some();
        // They are not there after an attempt that failed.
        if is_played && (effect.simulators || self.fsps.is_none()) {
            self.restart_fsps(&hub).await.map_err(Failure::failed)?;
            touched.push("simulated FSPs restarted".to_owned());
        }
        if let (true, Some(fsps)) = (effect.scheme, &self.fsps) {
            let scheme = Scheme::of(&hub, |fsp| fsps.simulator.endpoint(fsp));
            let applied = onboard(&apis(&self.addresses), &scheme, &fsps.signers).await.map_err(Failure::failed)?;
            touched.extend(
                Some(applied.changes.len())
                    .filter(|count| *count > 0)
                    .map(|count| format!("{count} values of the scheme changed")),
            );
        }
        self.hub = hub;
        Ok(touched)
    }

    async fn recover(&mut self) -> Result<String, Failure> {
        let status = self.service.ended().await.map_err(Failure::failed)?;
        tokio::time::sleep(RESTART_AFTER).await;
        let operations = self.addresses.operations;
        Ok(match self.service.restart(async || serves(operations).await).await {
            Ok(()) => format!("ended by itself ({status}), and was started again"),
            Err(error) => format!("ended by itself ({status}); {error}. The next change that is built is tried"),
        })
    }
}

/// What a changed definition touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Effect {
    /// The hub's own settings: its process.
    hub: bool,
    /// Who is simulated, with which parties, and who signs.
    simulators: bool,
    /// What the hub is told through its admin API.
    scheme: bool,
}

impl Effect {
    fn of(before: &definition::Hub, after: &definition::Hub, is_called_otherwise: bool) -> Effect {
        let scheme = |hub| Scheme::of(hub, |_| String::new());
        let (had, has) = (scheme(before), scheme(after));
        let is_checked = |hub: &definition::Hub| hub.scheme.jws.validate != JwsValidation::None;
        let played = |scheme: &Scheme| scheme.simulated().map(as_played).collect::<Vec<_>>();
        let simulators = played(&had) != played(&has) || is_checked(before) != is_checked(after);
        // Another store knows nothing of the scheme yet.
        Effect { hub: is_called_otherwise, simulators, scheme: is_called_otherwise || simulators || had != has }
    }
}

/// What a simulated FSP knows of itself; its funds and limits are the hub's business.
fn as_played(fsp: &provisioning::Participant) -> (String, Vec<String>, Vec<String>) {
    let parties = fsp.parties.iter().map(|party| format!("{} {}", party.id, party.name));
    (fsp.name.to_string(), fsp.currencies.keys().map(ToString::to_string).collect(), parties.collect())
}

async fn start_fsps(
    hub: &definition::Hub,
    addresses: &Addresses,
    keys: &Path,
    listen: (SocketAddr, SocketAddr),
) -> Result<Fsps, HarnessError> {
    let played = Scheme::of(hub, |_| String::new());
    let signers = keys::of_fsps(hub, played.simulated().map(|fsp| &fsp.name), keys)?;
    let simulator = start_simulator(addresses, &played, signers.clone(), listen).await?;
    let scheme = Scheme::of(hub, |fsp| simulator.endpoint(fsp));
    onboard(&apis(addresses), &scheme, &signers).await?;
    Ok(Fsps { simulator, signers })
}

/// How the hub's program is called, and where its data are. What is secret is no argument: everybody on the machine can read
/// those.
fn call(
    hub: &definition::Hub,
    file: &Path,
    keys: &Path,
    place: &Place,
    offset: u16,
) -> Result<(Call, String), HarnessError> {
    let opening = opening(hub, file.to_owned(), place.name())?;
    let data = opening.location.to_string();
    let store = match opening.location {
        StoreLocation::Sqlite(_) => data.clone(),
        StoreLocation::Postgres(url) => url.into(),
    };
    let validate = match hub.scheme.jws.validate {
        JwsValidation::None => "none",
        JwsValidation::PerParticipant => "per-participant",
        JwsValidation::All => "all",
    };
    let offset = offset.to_string();
    let arguments = ["hub", "serve", "--callback-policy", "open", "--capture", "true", "--admin", "open"];
    let more = ["--port-offset", &offset, "--hub-name", opening.hub.as_str(), "--jws-validate", validate];
    let arguments = arguments.into_iter().chain(more).map(OsString::from).collect();
    let mine = |name: &OsString| {
        name.to_string_lossy().starts_with("MOJALOOP_") && !KEPT_VARIABLES.iter().any(|kept| name == kept)
    };
    let mut environment: Vec<(OsString, Option<OsString>)> =
        std::env::vars_os().map(|(name, _)| name).filter(mine).map(|name| (name, None)).collect();
    let mut say =
        |name: &str, value: Option<String>| environment.extend(value.map(|value| (name.into(), Some(value.into()))));
    say("MOJALOOP_STORE", Some(store));
    say("MOJALOOP_NODE", opening.database.node.map(Into::into));
    say("MOJALOOP_STORE_PASSWORD", opening.database.password.map(Into::into));
    say("MOJALOOP_JWS_SIGN_KEY", keys::text_of_hub(hub, keys)?);
    say("MOJALOOP_LOG", std::env::var_os("MOJALOOP_LOG").is_none().then(|| "warn".to_owned()));
    Ok((Call { arguments, environment }, data))
}

/// All ports are known before the hub is.
fn addresses(listen: Listen) -> Addresses {
    let Listen { fspiop, ledger_admin, oracle_admin, settlement, operations, pages } = listen;
    Addresses { fspiop, ledger_admin, oracle_admin, settlement, operations, pages }
}

/// Waits until the hub answers.
async fn serves(operations: SocketAddr) {
    let (client, url) = (HttpClient::new(), format!("http://{operations}/live"));
    while client.check(&url).await.is_err() {
        tokio::time::sleep(LOOK_AGAIN_AFTER).await;
    }
}

#[cfg(test)]
mod tests {
    use definition::Hub;

    use super::*;

    fn demo() -> Hub {
        serde_saphyr::from_str(include_str!("../../../definition/src/demo.yaml")).unwrap()
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut Hub), hub: bool, simulators: bool, scheme: bool) {
        let (before, mut after) = (demo(), demo());
        change(&mut after);
        let place = Place::of("test", Some(Path::new("/nowhere"))).unwrap();
        let called = |hub| call(hub, Path::new("hub.sqlite"), Path::new("/nowhere"), &place, 0).unwrap().0;
        let effect = Effect::of(&before, &after, called(&before) != called(&after));
        assert_eq!(effect, Effect { hub, simulators, scheme });
    }

    #[test]
    fn a_change_touches_only_what_it_is_about() {
        check(|_| (), false, false, false);
        check(|hub| hub.metadata.name = "other".to_owned(), false, false, false);
        check(|hub| hub.scheme.jws.validate = JwsValidation::PerParticipant, true, true, true);
        let limit = |hub: &mut Hub| {
            for currency in hub.participants[0].currencies.values_mut() {
                currency.net_debit_cap = "7".parse().unwrap();
            }
        };
        check(limit, false, false, true);
        check(|hub| hub.participants[0].parties[0].name = "Zoe".to_owned(), false, true, true);
        check(|hub| drop(hub.participants.remove(1)), false, true, true);
        let elsewhere = |hub: &mut Hub| {
            hub.store.kind = definition::StoreKind::Postgres;
            hub.store.url = Some("postgres://hub@127.0.0.1/hub".to_owned());
        };
        check(elsewhere, true, false, true);
    }
}
