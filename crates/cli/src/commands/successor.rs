//! `mojaloop hub serve --successor` and `mojaloop hub replace`: a hub whose program is replaced while its sockets stay open.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use hub::{Listen, ServeError};
use provisioning::HttpClient;
use succession::{BindError, Call, Listeners, Program, Requests, Service};

use crate::{
    arguments::ReplaceArguments,
    commands::{hub::explain, runtime},
    exit::Failure,
};

/// Pause between two looks at whether a hub serves: one that is starting holds the question until it does.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(20);

/// Keeps the listeners of a hub, and the hub itself in a process of its own, until it is told to stop.
pub(crate) fn keep(successor: &Path, listen: &Listen) -> Result<(), Failure> {
    let listeners = bind(listen)?;
    // What this process was told holds for the hub, which serves what it is lent.
    let call = Call { arguments: std::env::args_os().skip(1).collect(), environment: Vec::new() };
    let program = std::env::current_exe().and_then(Program::open).map_err(Failure::failed)?;
    let operations = listen.operations;
    runtime::start()?.block_on(async {
        let requests = Requests::listen().map_err(|error| Failure::failed(format!("--successor: {error}")))?;
        let serves = async || serves(operations).await;
        let mut service = Service::start(listeners, program, call.clone(), serves).await.map_err(Failure::failed)?;
        loop {
            let request = tokio::select! {
                told = runtime::told_to_stop() => {
                    told?;
                    service.stop().await;
                    return Ok(());
                }
                ended = service.ended() => {
                    let status = ended.map_err(Failure::failed)?;
                    return Err(Failure::failed(format!("the hub ended by itself: {status}")));
                }
                request = requests.next() => request.map_err(Failure::failed)?,
            };
            let outcome = succeed(&mut service, successor, call.clone(), operations).await;
            match &outcome {
                Ok(()) => tracing::info!(program = %successor.display(), "another program serves"),
                Err(why) => tracing::error!("no other program serves: {why}"),
            }
            request.answer(outcome).await;
            if !service.is_running() {
                return Err(Failure::failed("no program of the hub starts any more"));
            }
        }
    })
}

async fn succeed(service: &mut Service, successor: &Path, call: Call, operations: SocketAddr) -> Result<(), String> {
    let program = Program::open(successor).map_err(|error| format!("{}: {error}", successor.display()))?;
    let replaced = service.replace(program, call, async || serves(operations).await).await;
    replaced.map_err(|error| error.to_string())
}

/// Binds the ports of a hub for whatever process serves them.
pub(crate) fn bind(listen: &Listen) -> Result<Listeners, Failure> {
    Listeners::bind(listen.addresses())
        .map_err(|BindError { address, cause }| explain(ServeError::Listen { what: "the hub", address, cause }))
}

/// Waits until a hub answers.
pub(crate) async fn serves(operations: SocketAddr) {
    let address = match operations.ip().is_unspecified() {
        true => SocketAddr::new(IpAddr::from(Ipv4Addr::LOCALHOST), operations.port()),
        false => operations,
    };
    let (client, url) = (HttpClient::new(), format!("http://{address}/live"));
    while client.check(&url).await.is_err() {
        tokio::time::sleep(LOOK_AGAIN_AFTER).await;
    }
}

/// Asks the keeper of a hub to let the successor take over.
pub(crate) fn replace(arguments: &ReplaceArguments) -> Result<(), Failure> {
    let asked = runtime::start()?.block_on(succession::ask(arguments.process));
    asked.map_err(|why| Failure::failed(why).hint("the hub that runs is as it was; its log may say more"))
}
