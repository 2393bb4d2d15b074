//! Who may read messages: whoever reaches the port, but no site that a browser shows. Such a site can have its own name lead to this
//! machine, and would then be let in by the browser (DNS rebinding); so names are looked at.

use std::net::IpAddr;

use http::{HeaderMap, header};

/// Whether a request names the server by an address, or by a name that no site has: `localhost`, or the name of a service in
/// its own network, without a dot.
pub fn called_by_a_near_name(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    host.is_none_or(|host| is_near(without_port(host)))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    }
}

fn is_near(name: &str) -> bool {
    let address = name.trim_start_matches('[').trim_end_matches(']');
    address.parse::<IpAddr>().is_ok() || !name.contains('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_not_let_in() {
        for (host, expect) in [
            ("127.0.0.1:8080", true),
            ("[::1]:8080", true),
            ("localhost", true),
            ("hub:8080", true),
            ("192.168.1.2", true),
            ("evil.example", false),
            ("evil.example:8080", false),
            ("127.0.0.1.evil.example:8080", false),
            ("localhost.", false),
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]);
            assert_eq!(called_by_a_near_name(&headers), expect, "{host}");
        }
        assert!(called_by_a_near_name(&HeaderMap::new()), "browsers name the host");
    }
}
