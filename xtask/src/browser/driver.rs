//! Chromium, told what to do by WebDriver (<https://www.w3.org/TR/webdriver2>): a small protocol of JSON over HTTP.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hyper::{Request, StatusCode};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::http::Client;
use crate::parts::Missing;
use crate::process::Group;

/// Starting a browser on a busy machine takes longest.
const ANSWER: Duration = Duration::from_secs(60);
/// How long a page may take to become what is expected of it.
const PATIENCE: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(20);
/// What chromedriver says before the number of its port.
const STARTED: &str = "started successfully on port ";

/// A browser with one page, which ends when this is dropped.
pub(super) struct Browser {
    client: Client,
    session: String,
    /// chromedriver, and the browser that it has started.
    _group: Group,
}

/// A picture of a page as others are to see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Screen {
    pub(super) name: &'static str,
    pub(super) width: u32,
    pub(super) height: u32,
    /// The colour scheme that its user prefers: `light` or `dark`.
    pub(super) scheme: &'static str,
}

impl Browser {
    /// Starts one; its log is in the folder. An error [`Missing`] says that there is none.
    pub(super) async fn start(folder: &Path) -> Result<Self> {
        for program in ["chromium", "chromedriver"] {
            let answers = Command::new(program).arg("--version").output().await;
            if !answers.is_ok_and(|output| output.status.success()) {
                let how = "apt-get install chromium chromium-driver (or programs of these names on the PATH)";
                bail!(Missing::new(format!("{program} does not answer: {how}")));
            }
        }
        let log = folder.join("chromedriver.log");
        let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdout(file.try_clone()?).stderr(Stdio::from(file));
        let mut group = Group::spawn("chromedriver", command)?;
        let port = port_in(&log, &mut group).await?;
        let client = Client::waiting(ANSWER);
        let session = open(&client, &format!("http://127.0.0.1:{port}")).await?;
        Ok(Self { client, session, _group: group })
    }

    /// Ends the browser in good order.
    pub(super) async fn stop(self) -> Result<()> {
        let request = Request::delete(&self.session).body(Default::default())?;
        self.client.send(request).await.map(drop)
    }

    /// Opens a page and waits until it is loaded.
    pub(super) async fn open(&self, url: &str) -> Result<()> {
        self.call("url", &json!({ "url": url })).await.map(drop)
    }

    /// From now on the page is seen on this screen.
    pub(super) async fn look_at(&self, screen: Screen) -> Result<()> {
        let Screen { name: _, width, height, scheme } = screen;
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await?;
        let scheme = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", scheme).await.map(drop)
    }

    /// What this script returns, in the page.
    pub(super) async fn run(&self, script: &str) -> Result<Value> {
        self.call("execute/sync", &json!({ "script": script, "args": [] })).await
    }

    /// Waits until this expression is true in the page.
    pub(super) async fn until(&self, expression: &str) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while self.run(&format!("return Boolean({expression})")).await? != true {
            if Instant::now() > deadline {
                let shown = self.run("return document.body.innerText").await?;
                bail!("not within {} s: {expression}; the page shows:\n{shown}", PATIENCE.as_secs());
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// Presses a key and lets it go.
    pub(super) async fn press(&self, key: char) -> Result<()> {
        let both = [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })];
        let actions = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": both }] });
        self.call("actions", &actions).await.map(drop)
    }

    /// Clicks on the first element that matches.
    pub(super) async fn click(&self, selector: &str) -> Result<()> {
        let found = self.call("element", &json!({ "using": "css selector", "value": selector })).await?;
        let element = found.as_object().and_then(|element| element.values().next()).and_then(Value::as_str);
        let element = element.with_context(|| format!("no element {selector}: {found}"))?;
        self.call(&format!("element/{element}/click"), &json!({})).await.map(drop)
    }

    /// Writes a picture of the whole page (PNG).
    pub(super) async fn picture(&self, file: &Path) -> Result<()> {
        let picture = self.devtools("Page.captureScreenshot", json!({ "captureBeyondViewport": true })).await?;
        let bytes = BASE64_STANDARD.decode(picture["data"].as_str().context("no picture")?)?;
        std::fs::write(file, bytes).with_context(|| format!("cannot write {}", file.display()))
    }

    /// What the page has said on its console since it was last asked for.
    pub(super) async fn console(&self) -> Result<Vec<String>> {
        Ok(self
            .log("browser")
            .await?
            .iter()
            .map(|entry| format!("{}: {}", text(entry, "level"), text(entry, "message")))
            .collect())
    }

    /// The URLs that pages have asked for since it was last asked for.
    pub(super) async fn requests(&self) -> Result<Vec<String>> {
        let of_entry = |entry: &Value| -> Option<String> {
            let event: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let event = &event["message"];
            let is_request = event["method"] == "Network.requestWillBeSent";
            is_request.then(|| event["params"]["request"]["url"].as_str().map(str::to_owned)).flatten()
        };
        Ok(self.log("performance").await?.iter().filter_map(of_entry).collect())
    }

    async fn log(&self, kind: &str) -> Result<Vec<Value>> {
        let entries = self.call("se/log", &json!({ "type": kind })).await?;
        entries.as_array().cloned().with_context(|| format!("no log {kind}: {entries}"))
    }

    /// A command of Chromium's own protocol.
    async fn devtools(&self, command: &str, parameters: Value) -> Result<Value> {
        self.call("goog/cdp/execute", &json!({ "cmd": command, "params": parameters })).await
    }

    async fn call(&self, command: &str, parameters: &Value) -> Result<Value> {
        post(&self.client, &format!("{}/{command}", self.session), parameters).await
    }
}

/// Waits until chromedriver has said where it listens.
async fn port_in(log: &Path, group: &mut Group) -> Result<u16> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let said = std::fs::read_to_string(log).unwrap_or_default();
        let port = said.split_once(STARTED).and_then(|(_, rest)| rest.split_once('.')).map(|(port, _)| port.parse());
        if let Some(Ok(port)) = port {
            return Ok(port);
        }
        if let Some(status) = group.ended()? {
            bail!("chromedriver ended with {status}:\n{said}");
        }
        ensure!(Instant::now() < deadline, "chromedriver never said {STARTED:?}:\n{said}");
        tokio::time::sleep(POLL).await;
    }
}

/// Starts a browser that logs what its pages say and ask for; the URL of its session.
async fn open(client: &Client, driver: &str) -> Result<String> {
    // As root there is no sandbox; in containers /dev/shm is small.
    let arguments =
        ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--no-proxy-server", "--hide-scrollbars"];
    let wanted = json!({
        "browserName": "chrome",
        "goog:chromeOptions": { "args": arguments },
        "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
    });
    let answer =
        post(client, &format!("{driver}/session"), &json!({ "capabilities": { "alwaysMatch": wanted } })).await?;
    Ok(format!("{driver}/session/{}", answer["sessionId"].as_str().context("a session without an id")?))
}

async fn post(client: &Client, url: &str, body: &Value) -> Result<Value> {
    let request = Request::post(url).header("content-type", "application/json");
    let (status, answer) = client.send(request.body(serde_json::to_vec(body)?.into())?).await?;
    let mut answer: Value = serde_json::from_slice(&answer).with_context(|| format!("POST {url}: {status}"))?;
    ensure!(status == StatusCode::OK, "POST {url}: {status} {}", answer["value"]["message"]);
    Ok(answer["value"].take())
}

fn text<'a>(entry: &'a Value, field: &str) -> &'a str {
    entry[field].as_str().unwrap_or_default()
}
