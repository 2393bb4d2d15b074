//! Where the hub keeps its books, and how it stands in a cluster.

use crate::{
    StoreKind,
    formats::user_info,
    meaning,
    node::View,
    problem::Problem,
    wording::{REFERENCE, holds_password},
};

pub(super) fn check(root: &View<'_>, problems: &mut Vec<Problem>) {
    store(&root.get("store"), problems);
    exposure(&root.get("kubernetes").get("exposure"), problems);
}

fn store(store: &View<'_>, problems: &mut Vec<Problem>) {
    let (url, password) = (store.get("url"), store.get("passwordFrom"));
    let default = match StoreKind::default() {
        StoreKind::Sqlite => "sqlite",
        StoreKind::Postgres => "postgres",
    };
    match store.get("kind").text().unwrap_or(default) {
        "sqlite" => {
            for unused in [&url, &password].into_iter().filter(|view| view.exists()) {
                let message = "belongs to PostgreSQL, but store.kind is sqlite";
                problems.push(meaning::problem(unused, message).hint("set store.kind to postgres, or take this away"));
            }
        }
        "postgres" if !url.exists() && password.exists() => {
            let message = "belongs to a database of yours, and store.url names none";
            problems.push(meaning::problem(&password, message).hint("url: \"postgres://USER@HOST:PORT/DATABASE\""));
        }
        _ => {}
    }
    if let Some(url_text) = url.text() {
        if holds_password(url_text) {
            let hint = format!("write the URL without it and say where it is: passwordFrom: {REFERENCE}");
            problems.push(meaning::problem(&url, "holds a password").hint(hint));
        }
        if user_info(url_text).is_none_or(str::is_empty) && url_text.starts_with("postgres") {
            problems.push(meaning::problem(&url, "names no user").hint("postgres://USER@HOST:PORT/DATABASE"));
        }
    }
}

fn exposure(exposure: &View<'_>, problems: &mut Vec<Problem>) {
    let port = exposure.get("nodePort");
    if port.exists() && exposure.get("type").text().is_some_and(|kind| kind != "node-port") {
        let message = "belongs to the type node-port";
        problems.push(
            meaning::problem(&port, message).hint("set kubernetes.exposure.type to node-port, or take this away"),
        );
    }
}
