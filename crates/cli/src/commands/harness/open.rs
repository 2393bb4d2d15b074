//! `mojaloop harness open`: a page of a harness in the browser.

use std::{io::IsTerminal, process::Stdio};

use harness::{Instance, Place};
use operations::Program;
use serde::Serialize;

use super::{compose, embedded, running_engine};
use crate::{
    arguments::{
        Global,
        tools::{Engine, OpenArguments, Page},
    },
    exit::Failure,
    printer::{self, Output},
};

/// Programs that open a page in the browser of whoever sits there.
const OPENERS: [&str; 2] = ["xdg-open", "open"];

#[derive(Serialize)]
struct Opened {
    url: String,
    /// Whether a browser was told to show it.
    opened: bool,
}

pub(super) fn run(arguments: &OpenArguments, global: &Global, place: &Place) -> Result<(), Failure> {
    let url = match running_engine(place)? {
        Some(Engine::Compose) => compose::url(arguments.page, global)?,
        _ => of_embedded(arguments.page, &Instance::get(place).map_err(embedded::explain)?)?,
    };
    let may_open = !arguments.print && global.output == Output::Table && std::io::stdout().is_terminal();
    let opened = may_open && has_screen() && show(&url);
    printer::print(global.output, "HarnessPage", &Opened { url, opened }, |page| page.url.clone())
}

fn of_embedded(page: Page, instance: &Instance) -> Result<String, Failure> {
    match (page, instance.pages) {
        (Page::Pages, Some(address)) => Ok(format!("http://{address}")),
        (Page::Pages, None) => Err(Failure::failed("this harness has no pages")
            .hint("it was started by an older version: mojaloop harness down, then up --detach")),
        (Page::Metrics, _) => Ok(format!("http://{}/metrics", instance.operations)),
        (Page::Health, _) => Ok(format!("http://{}/ready", instance.operations)),
        (Page::Console | Page::Prometheus, _) => {
            Err(Failure::failed("this harness is one process, and has neither a console nor a Prometheus")
                .hint("they are containers of the compose engine: mojaloop harness profiles"))
        }
    }
}

/// On Linux a browser needs a screen; elsewhere there is one.
fn has_screen() -> bool {
    !cfg!(target_os = "linux") || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some())
}

/// Whether a browser was told.
fn show(url: &str) -> bool {
    let Some(program) = OPENERS.iter().find_map(|name| Program::find(name)) else { return false };
    let mut command = std::process::Command::new(program.path());
    let status = command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
