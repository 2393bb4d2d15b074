//! Which store a text names.

use std::{fmt, path::PathBuf, str::FromStr};

/// Where a hub keeps its data.
#[derive(Clone, PartialEq, Eq)]
pub enum StoreLocation {
    /// A SQLite file: `sqlite:FILE`.
    Sqlite(PathBuf),
    /// A PostgreSQL database: `postgres://USER@HOST:PORT/DATABASE`. The URL may hold a password.
    Postgres(Box<str>),
}

/// Why a text names no store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("found {0:?}, expected sqlite:FILE or postgres://USER@HOST:PORT/DATABASE")]
pub struct StoreLocationError(String);

/// What of a text that is no store is shown: it may be long.
const SHOWN: usize = 80;

impl FromStr for StoreLocation {
    type Err = StoreLocationError;

    fn from_str(text: &str) -> Result<StoreLocation, StoreLocationError> {
        match text.split_once(':') {
            Some(("sqlite", file)) if !file.is_empty() => Ok(StoreLocation::Sqlite(file.into())),
            Some(("postgres" | "postgresql", rest)) if rest.starts_with("//") && rest.len() > 2 => {
                Ok(StoreLocation::Postgres(text.into()))
            }
            // What follows may hold a password.
            Some((kind @ ("postgres" | "postgresql"), _)) => Err(StoreLocationError(format!("{kind}:…"))),
            _ => Err(StoreLocationError(text.chars().take(SHOWN).collect())),
        }
    }
}

/// For people and logs: a password is left out.
impl fmt::Display for StoreLocation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreLocation::Sqlite(file) => write!(formatter, "sqlite:{}", file.display()),
            StoreLocation::Postgres(url) => formatter.write_str(&without_password(url)),
        }
    }
}

impl fmt::Debug for StoreLocation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "StoreLocation({self})")
    }
}

/// The URL with `…` in the place of its password, wherever it stands.
fn without_password(url: &str) -> String {
    let (base, query) = url.split_once('?').map_or((url, None), |(base, query)| (base, Some(query)));
    let start = base.find("//").map_or(0, |at| at + 2);
    let end = base[start..].find('/').map_or(base.len(), |slash| start + slash);
    // The last @ ends the user's part: a password that was not encoded may hold another.
    let shown = match base[start..end]
        .rfind('@')
        .map(|at| base[start..start + at].split_once(':').map(|(user, _)| (user, start + at)))
    {
        Some(Some((user, at))) => format!("{}{user}:…{}", &base[..start], &base[at..]),
        _ => base.to_owned(),
    };
    let hide = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if name.contains("password") => format!("{name}=…"),
        _ => pair.to_owned(),
    };
    match query {
        Some(query) => format!("{shown}?{}", query.split('&').map(hide).collect::<Vec<_>>().join("&")),
        None => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::StoreLocation;

    #[track_caller]
    fn check(text: &str, expect: Result<&str, &str>) {
        let found =
            text.parse::<StoreLocation>().map(|location| location.to_string()).map_err(|error| error.to_string());
        assert_eq!(found.as_deref().map_err(String::as_str), expect);
    }

    #[test]
    fn stores_are_named_by_kind() {
        check("sqlite:hub.sqlite", Ok("sqlite:hub.sqlite"));
        check("sqlite:/var/lib/a:b", Ok("sqlite:/var/lib/a:b"));
        let expected = "expected sqlite:FILE or postgres://USER@HOST:PORT/DATABASE";
        for wrong in ["sqlite:", "hub.sqlite", "mysql://db/hub"] {
            check(wrong, Err(&format!("found {wrong:?}, {expected}")));
        }
        check("postgres:secret", Err(&format!("found \"postgres:…\", {expected}")));
        check("postgres://", Err(&format!("found \"postgres:…\", {expected}")));
    }

    #[test]
    fn passwords_are_never_shown() {
        check("postgres://hub@db:5432/hub", Ok("postgres://hub@db:5432/hub"));
        check("postgresql://hub:secret@db/hub", Ok("postgresql://hub:…@db/hub"));
        check("postgres://hub:se@cr:et@db/hub", Ok("postgres://hub:…@db/hub"));
        check(
            "postgres://db/hub?user=hub&password=secret&sslmode=require",
            Ok("postgres://db/hub?user=hub&password=…&sslmode=require"),
        );
        check("postgres://hub:secret@one:1,two:2/hub?x=1", Ok("postgres://hub:…@one:1,two:2/hub?x=1"));
    }
}
