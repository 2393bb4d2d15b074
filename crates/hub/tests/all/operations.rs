//! Liveness, readiness, health and figures.

use std::collections::BTreeSet;

use crate::support::{
    Request, Response, World,
    messages::{Transfer, in_millis, new_id, request_quote},
    test_hub,
    world::PAYER,
};

async fn get(world: &World, path: &str) -> Response {
    Request::plain("GET", path).send(world.hub.operations()).await
}

#[tokio::test]
async fn a_hub_whose_store_is_away_is_alive_and_not_ready() {
    let (world, shaky) = World::shaky(test_hub::settings()).await;
    let ready = get(&world, "/ready").await;
    assert_eq!((ready.status, ready.text()), (200, "ready\n"));
    assert_eq!((get(&world, "/live").await.status, get(&world, "/live").await.text()), (200, "live\n"));
    shaky.down(true);
    let ready = get(&world, "/ready").await;
    assert_eq!(ready.status, 503);
    assert!(ready.text().starts_with("not ready: "), "{ready:?}");
    assert_eq!(get(&world, "/live").await.status, 200);
    assert_eq!(get(&world, "/metrics").await.status, 200);
    shaky.down(false);
    assert_eq!(get(&world, "/ready").await.status, 200);
    assert_eq!(get(&world, "/nonsense").await.status, 404);
}

#[tokio::test]
async fn health_has_the_shape_that_clients_of_upstream_know() {
    let (world, shaky) = World::shaky(test_hub::settings()).await;
    let places = [
        (world.hub.fspiop(), "/health"),
        (world.hub.ledger_admin(), "/health"),
        (world.hub.oracle_admin(), "/health"),
        (world.hub.settlement(), "/health"),
        (world.hub.settlement(), "/v1/health"),
        (world.hub.settlement(), "/v2/health"),
    ];
    for (down, code, status) in [(false, 200, "OK"), (true, 503, "DOWN")] {
        shaky.down(down);
        for (address, path) in places {
            let response = Request::plain("GET", path).send(address).await;
            assert_eq!(response.status, code);
            assert_eq!(response.header("content-type"), Some("application/json"));
            let health = response.json();
            assert_eq!(health["status"], status);
            assert!(health["uptime"].as_f64().unwrap() >= 0.0);
            let started = fspiop::Timestamp::parse(health["startTime"].as_str().unwrap()).unwrap();
            assert!(started <= in_millis(1_000) && started >= in_millis(-60_000));
            assert_eq!(health["versionNumber"], env!("CARGO_PKG_VERSION"));
            let services: BTreeSet<_> =
                health["services"].as_array().unwrap().iter().map(|one| one.to_string()).collect();
            let expect =
                ["broker", "datastore", "proxyCache"].map(|name| format!(r#"{{"name":"{name}","status":"{status}"}}"#));
            assert_eq!(services, BTreeSet::from(expect));
        }
    }
}

/// A line of the figures: name, labels, value.
type Figure = (String, Vec<(String, String)>, f64);

fn parse(line: &str) -> Figure {
    let (what, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
    let (name, labels) = match what.split_once('{') {
        Some((name, rest)) => (name, rest.strip_suffix('}').unwrap_or_else(|| panic!("{line}"))),
        None => (what, ""),
    };
    let label = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or_else(|| panic!("{line}"));
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        (name.to_owned(), value.unwrap_or_else(|| panic!("{line}")).to_owned())
    };
    let labels = labels.split(',').filter(|pair| !pair.is_empty()).map(label).collect();
    (name.to_owned(), labels, value.parse().unwrap_or_else(|_| panic!("{line}")))
}

async fn figures(world: &World) -> Vec<Figure> {
    let response = get(world, "/metrics").await;
    assert_eq!(response.header("content-type"), Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    let text = response.text().to_owned();
    assert!(text.ends_with("# EOF\n"), "{text}");
    let comments = text.lines().filter(|line| line.starts_with('#'));
    for comment in comments.filter(|line| *line != "# EOF") {
        let kind = comment.split(' ').nth(1).unwrap();
        assert!(matches!(kind, "HELP" | "TYPE" | "UNIT"), "{comment}");
    }
    text.lines().filter(|line| !line.starts_with('#')).map(parse).collect()
}

/// The sum of the figures of this name whose labels include these.
fn sum(figures: &[Figure], name: &str, labels: &[(&str, &str)]) -> f64 {
    let has =
        |all: &[(String, String)]| labels.iter().all(|(name, value)| all.contains(&((*name).into(), (*value).into())));
    figures.iter().filter(|(own, all, _)| own == name && has(all)).map(|(.., value)| value).sum()
}

#[tokio::test]
async fn figures_count_what_happens() {
    let world = World::new().await;
    world.pay(&Transfer::new("1")).await;
    world.hub.send(&Request::plain("GET", "/nonsense")).await;
    world.hub.quiet().await;
    let figures = figures(&world).await;
    let requests = "mojaloop_requests_total";
    let of = |labels: &[(&str, &str)]| sum(&figures, requests, labels);
    assert_eq!(of(&[("api", "fspiop"), ("method", "POST"), ("resource", "transfers"), ("status", "202")]), 1.0);
    assert_eq!(of(&[("api", "fspiop"), ("method", "PUT"), ("resource", "transfers"), ("status", "200")]), 1.0);
    assert_eq!(of(&[("api", "fspiop"), ("resource", "other"), ("status", "404")]), 1.0);
    assert!(of(&[("api", "ledger"), ("resource", "admin")]) > 5.0);
    assert_eq!(sum(&figures, "mojaloop_callback_attempts_total", &[("result", "taken")]), 2.0);
    assert_eq!(sum(&figures, "mojaloop_callbacks_waiting", &[]), 0.0);
    assert!(sum(&figures, "mojaloop_batch_seconds_count", &[]) >= 3.0);
    assert!(sum(&figures, "mojaloop_batch_commands_sum", &[]) >= sum(&figures, "mojaloop_batch_commands_count", &[]));
    assert!(sum(&figures, "mojaloop_uptime_seconds", &[]) > 0.0);
}

#[tokio::test]
async fn nobody_can_blow_the_figures_up_from_outside() {
    let world = World::new().await;
    world.pay(&Transfer::new("1")).await;
    // What can have names of its own appears once, so that a second round of other names adds nothing.
    let round = async |number: usize| {
        for request in [
            Request::plain(&format!("BREW{number}"), "/transfers"),
            Request::plain("GET", &format!("/nonsense{number}")),
            Request::plain("GET", &format!("/{number}/transfers")),
            Request::fspiop("GET", &format!("/transfers/{}", new_id()), PAYER),
            Request::fspiop("GET", &format!("/parties/MSISDN/{number}"), PAYER),
            Request::fspiop("POST", "/transfers", &format!("stranger{number}")),
            request_quote(&new_id()),
        ] {
            world.hub.send(&request).await;
        }
        for path in [format!("/participants/nobody{number}"), format!("/nonsense{number}")] {
            world.hub.admin(&Request::admin("GET", &path)).await;
            world.hub.admin(&Request::plain(&format!("BREW{number}"), &path)).await;
            Request::plain("GET", &path).send(world.hub.oracle_admin()).await;
            Request::plain("GET", &path).send(world.hub.settlement()).await;
        }
        let names = figures(&world).await.into_iter().map(|(name, labels, _)| (name, labels));
        names.collect::<BTreeSet<_>>()
    };
    let first = round(1).await;
    for number in 2..5 {
        assert_eq!(round(number).await, first);
    }
    let text = get(&world, "/metrics").await.text().to_owned();
    for secret in ["payerfsp", "payeefsp", "BREW", "nonsense", "stranger", "27713803912"] {
        assert!(!text.contains(secret), "{secret}");
    }
}
