//! Looking at a page on every screen, and at what it did meanwhile.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::driver::{Browser, Screen};

/// Returns what is wrong about a page.
const JUDGE: &str = include_str!("judge.js");
/// Returns where the focus is.
const FOCUS: &str = include_str!("focus.js");
const TAB: char = '\u{e004}';
/// More than any page of these tests has controls.
const MOST_CONTROLS: usize = 100;

pub(super) const DESK: Screen = Screen { name: "desk", width: 1280, height: 800, scheme: "light" };
pub(super) const PHONE: Screen = Screen { name: "phone", width: 390, height: 844, scheme: "light" };
const SCREENS: [Screen; 4] = [
    DESK,
    PHONE,
    Screen { name: "desk-dark", scheme: "dark", ..DESK },
    Screen { name: "phone-dark", scheme: "dark", ..PHONE },
];

/// Somebody who looks at pages of one site.
pub(super) struct Viewer {
    pub(super) browser: Browser,
    /// Where the pages are, like `http://127.0.0.1:8080`.
    pub(super) site: String,
    /// Where pictures are kept.
    pub(super) folder: PathBuf,
}

#[derive(Deserialize)]
struct Focus {
    index: i64,
    count: usize,
    name: String,
    shown: bool,
}

impl Viewer {
    /// Opens a page of the site, to be seen on a desk.
    pub(super) async fn open(&self, path: &str) -> Result<()> {
        self.browser.look_at(DESK).await?;
        self.browser.open(&format!("{}{path}", self.site)).await
    }

    /// Judges the page that is open on every screen, and keeps a picture of each.
    pub(super) async fn judge(&self, name: &str) -> Result<()> {
        let mut wrong = Vec::new();
        for screen in SCREENS {
            self.browser.look_at(screen).await?;
            let found = self.browser.run(JUDGE).await?;
            let found: Vec<String> = serde_json::from_value(found).context("the judgement of a page")?;
            wrong.extend(found.into_iter().map(|what| format!("{} on {}: {what}", name, screen.name)));
            self.browser.picture(&self.folder.join(format!("{name}-{}.png", screen.name))).await?;
        }
        self.browser.look_at(DESK).await?;
        ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok(())
    }

    /// Since this was last asked, nothing was said on the console but what is allowed, and nobody else was asked for anything.
    pub(super) async fn is_quiet(&self, allowed: &[&str]) -> Result<()> {
        let said = self.browser.console().await?;
        let said: Vec<_> = said.iter().filter(|line| !allowed.iter().any(|text| line.contains(text))).collect();
        ensure!(said.is_empty(), "on the console: {said:#?}");
        let asked = self.browser.requests().await?;
        let elsewhere: Vec<_> = asked.iter().filter(|url| !url.starts_with(&format!("{}/", self.site))).collect();
        // What a new browser opens first is its own.
        let elsewhere: Vec<_> =
            elsewhere.into_iter().filter(|url| !url.starts_with("data:") && *url != "about:blank").collect();
        ensure!(elsewhere.is_empty(), "asked elsewhere: {elsewhere:#?}");
        Ok(())
    }

    /// Tab leads to every control of the page once, in their order, and each is seen to have the focus; their names.
    pub(super) async fn tab_through(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for expected in 0..MOST_CONTROLS {
            self.browser.press(TAB).await?;
            let focus = self.focus().await?;
            ensure!(
                focus.index == i64::try_from(expected)?,
                "after {names:?} came {:?}, control {}",
                focus.name,
                focus.index
            );
            ensure!(focus.shown, "the focus on {:?} can't be seen", focus.name);
            names.push(focus.name);
            if names.len() == focus.count {
                return Ok(names);
            }
        }
        anyhow::bail!("more than {MOST_CONTROLS} controls")
    }

    /// Presses Tab until a control whose name contains this has the focus.
    pub(super) async fn tab_to(&self, name: &str) -> Result<()> {
        for _ in 0..MOST_CONTROLS {
            if self.focus().await?.name.contains(name) {
                return Ok(());
            }
            self.browser.press(TAB).await?;
        }
        anyhow::bail!("Tab never led to {name:?}")
    }

    async fn focus(&self) -> Result<Focus> {
        serde_json::from_value(self.browser.run(FOCUS).await?).context("where the focus is")
    }
}
