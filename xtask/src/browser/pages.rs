//! Every page in every state that it can have.

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use hyper::{Request, StatusCode};
use serde_json::Value;

use super::driver::Browser;
use super::view::Viewer;
use crate::http::Client;
use crate::outcome::{Row, not_run};
use crate::parts::Missing;
use crate::process::Group;
use crate::user::{User, judge};
use crate::workspace::Workspace;

/// Who takes part in the scheme of these tests.
const DEFINITION: &str = include_str!("hub.yaml");
/// What a harness listens on.
const PORTS: [u16; 12] = [3000, 3001, 3002, 3003, 3007, 3500, 4001, 4002, 4003, 8080, 9100, 9101];
/// Where free ports are looked for, away from those that people and other tests use.
const OFFSETS: std::ops::Range<u16> = 12_100..12_400;
/// The payee answers a transfer so long after it came: time enough to look at a payment that is not over.
const HELD_BACK: &str = r#"{"rules":[{"phase":"clearing","behaviour":{"delay-ms":5000}}]}"#;
const ENTER: char = '\u{e007}';
/// A payment's row in the list.
const ROW: &str = "a.row";

/// A harness, and somebody who looks at its pages.
struct Tests {
    user: User,
    viewer: Viewer,
    /// Where the simulated FSPs are controlled.
    simulator: String,
}

pub(super) async fn run(workspace: &Workspace) -> Result<Vec<Row>> {
    let started = Instant::now();
    let folder = workspace.fresh_folder("browser")?;
    let browser = match Browser::start(&folder).await {
        Ok(browser) => browser,
        Err(error) if error.is::<Missing>() => {
            return Ok(vec![Row::said("Chromium", not_run("browser", &format!("{error:#}")), started.elapsed())]);
        }
        Err(error) => return Err(error),
    };
    let user = user(&workspace.build_binary().await?, &folder)?;
    let (site, simulator) = up(&user, &["--profile", "core"]).await?;
    let tests = Tests { user, viewer: Viewer { browser, site, folder }, simulator };
    let mut rows = vec![judge("a hub that has seen no payment", tests.nothing_yet()).await];
    tests.user.run(&["harness", "down"]).await?.expect(0, &[])?;
    let (_, simulator) = up(&tests.user, &[]).await?;
    let tests = Tests { simulator, ..tests };
    rows.push(judge("a payment: its list, its page, every message", tests.payment()).await);
    rows.push(judge("with the keyboard alone", tests.keyboard()).await);
    rows.push(judge("a payment that is made while the list is open", tests.live_list()).await);
    rows.push(judge("a payment that is under way", tests.under_way()).await);
    rows.push(judge("a payment that a limit refuses", tests.refused()).await);
    rows.push(judge("a payment that nobody knows", tests.unknown()).await);
    rows.push(judge("a hub that ends while its page is open", tests.hub_ends()).await);
    tests.viewer.browser.stop().await?;
    Ok(rows)
}

/// Somebody with a scheme and ports of their own.
fn user(binary: &Path, folder: &Path) -> Result<User> {
    let definition = folder.join("hub.yaml");
    std::fs::write(&definition, DEFINITION).with_context(|| format!("cannot write {}", definition.display()))?;
    let is_free = |offset: &u16| PORTS.iter().all(|port| TcpListener::bind(("127.0.0.1", port + offset)).is_ok());
    let offset = OFFSETS.step_by(10).find(is_free).context("no ports are free for a harness")?;
    let environment =
        [("MOJALOOP_PORT_OFFSET", offset.to_string()), ("MOJALOOP_DEFINITION", definition.display().to_string())];
    Ok(User::new(binary, folder, &environment.map(|(name, value)| (name.to_owned(), value))))
}

/// Starts a harness in the background; where its pages and its simulated FSPs are.
async fn up(user: &User, flags: &[&str]) -> Result<(String, String)> {
    let up = user.run(&[&["harness", "up", "--detach", "-o", "json"], flags].concat()).await?.expect(0, &[])?.json()?;
    let url = |field: &str| up[field].as_str().map(|address| format!("http://{address}"));
    Ok((url("pages").with_context(|| format!("no pages: {up}"))?, url("simulator").unwrap_or_default()))
}

impl Tests {
    async fn nothing_yet(&self) -> Result<()> {
        self.viewer.open("/").await?;
        self.viewer.browser.until(&live("live")).await?;
        self.viewer.browser.until(&shows("No payment yet")).await?;
        self.viewer.judge("empty").await?;
        self.viewer.tab_through().await?;
        self.viewer.is_quiet(&[]).await
    }

    async fn payment(&self) -> Result<()> {
        let browser = &self.viewer.browser;
        self.viewer.open("/").await?;
        browser.until(&format!("document.querySelectorAll('{ROW}').length === 1")).await?;
        for part in ["payerfsp", "payeefsp", "COMMITTED", "USD"] {
            browser.until(&shows(part)).await?;
        }
        self.viewer.judge("list").await?;
        browser.click(ROW).await?;
        browser.until("document.querySelectorAll('svg.wide a.arrow').length === 12").await?;
        browser.until(&live("live")).await?;
        for phase in ["lookup", "agreement", "clearing"] {
            browser.until(&format!("document.querySelectorAll('svg.wide a.arrow.{phase}').length === 4")).await?;
        }
        self.viewer.judge("payment").await?;
        // Each arrow leads to its message.
        browser.click("svg.wide a.arrow:nth-of-type(5) .what").await?;
        browser.until("document.querySelector('details[open] pre')").await?;
        browser.until("document.activeElement.matches('details[open] > summary')").await?;
        browser.run("for (const message of document.querySelectorAll('details')) message.open = true").await?;
        self.viewer.judge("messages").await?;
        self.viewer.is_quiet(&[]).await
    }

    async fn keyboard(&self) -> Result<()> {
        let browser = &self.viewer.browser;
        self.viewer.open("/").await?;
        browser.until(&live("live")).await?;
        let names = self.viewer.tab_through().await?;
        ensure!(names.len() == 3, "controls of the list: {names:?}");
        browser.press(ENTER).await?;
        browser.until("document.querySelectorAll('svg.wide a.arrow').length === 12").await?;
        let names = self.viewer.tab_through().await?;
        ensure!(names.len() == 3 + 12 + 12, "controls of the payment: {names:?}");
        // From the diagram to a message, which opens and has the focus, and back to the list.
        self.viewer.open(&self.newest().await?).await?;
        self.viewer.tab_to("POST /quotes, 202").await?;
        browser.press(ENTER).await?;
        browser.until("document.activeElement.matches('details[open] > summary')").await?;
        self.viewer.open(&self.newest().await?).await?;
        self.viewer.tab_to("All payments").await?;
        browser.press(ENTER).await?;
        browser.until("location.pathname === '/'").await?;
        self.viewer.is_quiet(&[]).await
    }

    async fn live_list(&self) -> Result<()> {
        let browser = &self.viewer.browser;
        self.viewer.open("/").await?;
        browser.until(&live("live")).await?;
        browser.run("window.sameDocument = true").await?;
        self.viewer.tab_to("payeefsp").await?;
        self.pay("7.25", "USD").await?.expect(0, &["COMMITTED"])?;
        browser.until(&shows("7.25 USD")).await?;
        browser.until(&format!("window.sameDocument && document.querySelectorAll('{ROW}').length === 2")).await?;
        // What had the focus has it, although there is something above it now.
        browser.until(&format!("document.activeElement === document.querySelectorAll('{ROW}')[1]")).await?;
        self.viewer.is_quiet(&[]).await
    }

    /// The page of a payment is drawn anew as messages come; what is open, and the focus, stay.
    async fn under_way(&self) -> Result<()> {
        let browser = &self.viewer.browser;
        self.script(HELD_BACK).await?;
        let mut command = self.user.mojaloop(&transfer("3.5", "USD"));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut paying = Group::spawn("mojaloop transfer", command)?;
        self.viewer.open("/").await?;
        browser.until(&shows("UNDER WAY")).await?;
        browser.until(&shows("3.5 USD")).await?;
        self.viewer.judge("list-under-way").await?;
        browser.click(ROW).await?;
        browser.until("document.querySelectorAll('svg.wide a.arrow').length === 10").await?;
        browser.until(&live("live")).await?;
        browser.run("document.querySelector('details').open = true; window.sameDocument = true").await?;
        self.viewer.judge("under-way").await?;
        self.viewer.tab_to("GET /parties/MSISDN/27713803912, 202").await?;
        browser.until("document.querySelectorAll('svg.wide a.arrow').length === 12").await?;
        browser.until("window.sameDocument && document.querySelector('h1 .state').textContent === 'COMMITTED'").await?;
        browser.until("document.querySelector('details').open").await?;
        browser.until("document.activeElement === document.querySelector('svg.wide a.arrow')").await?;
        ensure!(paying.wait().await?.success(), "the payment that was held back failed");
        self.script("{}").await?;
        self.viewer.is_quiet(&[]).await
    }

    async fn refused(&self) -> Result<()> {
        self.pay("1000", "KES").await?.expect(1, &["4200"])?;
        self.viewer.open(&self.newest().await?).await?;
        let browser = &self.viewer.browser;
        browser.until(&shows("ABORTED")).await?;
        browser.until("document.querySelector('.facts + .error').textContent.startsWith('4200 ')").await?;
        browser.until("document.querySelector('svg.wide a.arrow.bad')").await?;
        browser.until("document.querySelector('details.bad')").await?;
        browser.run("for (const message of document.querySelectorAll('details.bad')) message.open = true").await?;
        self.viewer.judge("refused").await?;
        self.viewer.tab_through().await?;
        self.viewer.is_quiet(&[]).await
    }

    async fn unknown(&self) -> Result<()> {
        self.viewer.open("/payments/00000000-0000-7000-8000-000000000000").await?;
        self.viewer.browser.until(&shows("Nothing is known of this")).await?;
        self.viewer.judge("unknown").await?;
        self.viewer.tab_through().await?;
        // The browser itself says that the page was answered with 404.
        self.viewer.is_quiet(&["404 (Not Found)"]).await
    }

    async fn hub_ends(&self) -> Result<()> {
        self.viewer.open("/").await?;
        self.viewer.browser.until(&live("live")).await?;
        self.user.run(&["harness", "down"]).await?.expect(0, &[])?;
        self.viewer.browser.until(&live("the hub does not answer")).await?;
        self.viewer.judge("gone").await?;
        // The browser itself says that nobody answers.
        self.viewer.is_quiet(&["net::ERR_"]).await
    }

    async fn pay(&self, amount: &str, currency: &str) -> Result<crate::user::Finished> {
        self.user.run(&transfer(amount, currency)).await
    }

    /// How the payee behaves from now on.
    async fn script(&self, script: &'static str) -> Result<()> {
        let url = format!("{}/fsps/payeefsp/script", self.simulator);
        let request = Request::put(&url).header("content-type", "application/json").body(script.into())?;
        let (status, body) = Client::new().send(request).await?;
        ensure!(status == StatusCode::OK, "PUT {url}: {status} {}", String::from_utf8_lossy(&body));
        Ok(())
    }

    /// The path of the newest payment's page.
    async fn newest(&self) -> Result<String> {
        self.viewer.open("/").await?;
        let path =
            self.viewer.browser.run(&format!("return document.querySelector('{ROW}').getAttribute('href')")).await?;
        path.as_str().map(str::to_owned).context("no payment in the list")
    }
}

fn transfer<'a>(amount: &'a str, currency: &'a str) -> [&'a str; 9] {
    let to = "MSISDN/27713803912";
    ["transfer", "--from", "payerfsp", "--to", to, "--amount", amount, "--currency", currency]
}

/// The page's visible text has this.
fn shows(text: &str) -> String {
    format!("document.querySelector('main').innerText.includes({})", Value::from(text))
}

/// What the page says of itself is this.
fn live(text: &str) -> String {
    format!("document.getElementById('live').textContent === {}", Value::from(text))
}
