//! The URL of a database, as the driver has it.

use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};

use crate::AccessError;

/// What the driver connects with. The URL is `postgres://user@host:port/database?sslmode=…`, several hosts with commas between
/// them, as libpq has them. `sslmode` is `disable`, `prefer` or `require` (`verify-ca` and `verify-full` mean the same as
/// `require`): where TLS is used, the server's certificate is verified. Without it TLS is required, except where all hosts are
/// this machine. The password may be in the URL instead.
///
/// # Errors
/// [`AccessError`] for a URL that can't be read, or that names no host or database.
pub fn config(url: &str, password: Option<&str>) -> Result<Config, AccessError> {
    let (url, mode) = take_ssl_mode(url)?;
    // The driver's text may hold parts of the URL, and with them a password.
    let mut config: Config = url.parse().map_err(|_| unreadable("postgres://user@host:5432/database"))?;
    if config.get_hosts().is_empty() {
        return Err(unreadable("a host"));
    }
    let local = config.get_hosts().iter().all(is_local);
    config.ssl_mode(mode.unwrap_or(if local { SslMode::Disable } else { SslMode::Require }));
    if let Some(password) = password {
        config.password(password.as_bytes());
    }
    if config.get_dbname().is_none() {
        return Err(unreadable("the name of a database"));
    }
    Ok(config)
}

fn unreadable(expected: &str) -> AccessError {
    AccessError(format!("database URL: expected {expected}"))
}

/// Hosts, ports and database, for people.
pub fn describe(config: &Config) -> String {
    let host = |host: &Host| match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    };
    let hosts: Vec<_> = config.get_hosts().iter().map(host).collect();
    let ports: Vec<_> = config.get_ports().iter().map(ToString::to_string).collect();
    format!("{}:{}/{}", hosts.join(","), ports.join(","), config.get_dbname().unwrap_or_default())
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback()),
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

/// The driver knows fewer modes than libpq: ours are taken out before it reads the URL.
fn take_ssl_mode(url: &str) -> Result<(String, Option<SslMode>), AccessError> {
    let Some((address, query)) = url.split_once('?') else { return Ok((url.to_owned(), None)) };
    let (mut mode, mut rest) = (None, Vec::new());
    for part in query.split('&') {
        match part.strip_prefix("sslmode=") {
            None if part.starts_with("sslrootcert=") => {
                let text = "database URL: sslrootcert: expected none; hint: --store-certificates FILE";
                return Err(AccessError(text.to_owned()));
            }
            None => rest.push(part),
            Some("disable") => mode = Some(SslMode::Disable),
            Some("allow" | "prefer") => mode = Some(SslMode::Prefer),
            Some("require" | "verify-ca" | "verify-full") => mode = Some(SslMode::Require),
            Some(other) => {
                let text = format!("database URL: sslmode: found {other}, expected disable, prefer or require");
                return Err(AccessError(text));
            }
        }
    }
    let query = if rest.is_empty() { String::new() } else { format!("?{}", rest.join("&")) };
    Ok((format!("{address}{query}"), mode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expect: SslMode) {
        assert_eq!(config(url, None).unwrap().get_ssl_mode(), expect, "{url}");
    }

    #[test]
    fn tls_is_required_unless_the_database_is_here() {
        check("postgres://mojaloop@db.example/hub", SslMode::Require);
        check("postgres://mojaloop@db.example:5432,127.0.0.1:5433/hub", SslMode::Require);
        check("postgres://mojaloop@localhost/hub", SslMode::Disable);
        check("postgres://mojaloop@127.0.0.1,[::1]/hub?application_name=x", SslMode::Disable);
        check("postgres:///hub?host=/run/postgresql&user=mojaloop", SslMode::Disable);
        check(
            "postgres://mojaloop@localhost/hub?sslmode=verify-full&target_session_attrs=read-write",
            SslMode::Require,
        );
        check("postgres://mojaloop@db.example/hub?sslmode=disable", SslMode::Disable);
        check("postgres://mojaloop@db.example/hub?sslmode=prefer", SslMode::Prefer);
    }

    #[test]
    fn what_is_wrong_with_a_url_is_named() {
        let refusal = |url| config(url, None).unwrap_err().to_string();
        assert!(refusal("postgres://mojaloop@db/hub?sslmode=never").contains("sslmode: found never, expected disable"));
        assert!(refusal("mysql//x").contains("expected postgres://user@host:5432/database"));
        assert!(refusal("postgres://mojaloop@db").contains("the name of a database"));
    }
}
