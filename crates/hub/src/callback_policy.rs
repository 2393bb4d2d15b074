//! Which URLs the hub may be made to call.

use std::net::IpAddr;

use http::Uri;

/// A policy for callback and oracle URLs. Without one, whoever may register an endpoint could make the hub call anything
/// that the hub can reach (server-side request forgery).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallbackPolicy {
    /// Any `http` or `https` URL, for the harness.
    Open,
    /// Any `http` or `https` URL but link-local, multicast and unspecified addresses, where clouds keep their metadata.
    NotLinkLocal,
    /// Only these hosts; `*.example.org` stands for every name below `example.org`.
    Hosts(Vec<String>),
}

impl CallbackPolicy {
    /// Reads `open`, `not-link-local` or a comma-separated list of hosts.
    pub fn parse(text: &str) -> Result<CallbackPolicy, String> {
        match text {
            "open" => Ok(CallbackPolicy::Open),
            "not-link-local" => Ok(CallbackPolicy::NotLinkLocal),
            hosts => {
                let hosts: Vec<_> = hosts.split(',').map(|host| host.trim().to_ascii_lowercase()).collect();
                match hosts.iter().find(|host| host.is_empty() || host.contains(['/', ' '])) {
                    Some(bad) => {
                        Err(format!("found {bad:?}, expected open, not-link-local or host names separated by commas"))
                    }
                    None => Ok(CallbackPolicy::Hosts(hosts)),
                }
            }
        }
    }

    /// Refuses a URL that is not allowed, saying why. Templates are checked as they are: a name in the host part is refused.
    pub fn check(&self, url: &str) -> Result<(), String> {
        let authority_end = url.find("://").map_or(0, |scheme| {
            let rest = scheme + 3;
            url[rest..].find('/').map_or(url.len(), |slash| rest + slash)
        });
        let uri: Uri =
            url[..authority_end].parse().map_err(|_| format!("found {url:?}, expected an http or https URL"))?;
        let scheme_is_http = matches!(uri.scheme_str(), Some("http" | "https"));
        let host = uri
            .host()
            .filter(|_| scheme_is_http)
            .ok_or_else(|| format!("found {url:?}, expected an http or https URL"))?;
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err("a callback URL must not hold credentials".to_owned());
        }
        if self.allows(host) { Ok(()) } else { Err(format!("the host {host:?} is not allowed by the callback policy")) }
    }

    /// Whether a name may lead to this address. Where hosts are listed, their names say who may be called, but no name may
    /// lead where nothing of an FSP is.
    pub(crate) fn allows_address(&self, address: IpAddr) -> bool {
        *self == CallbackPolicy::Open || !is_special(address)
    }

    fn allows(&self, host: &str) -> bool {
        match self {
            CallbackPolicy::Open => true,
            CallbackPolicy::NotLinkLocal => match host.trim_matches(['[', ']']).parse::<IpAddr>() {
                Ok(address) => !is_special(address),
                Err(_) => !ends_in_a_number(host),
            },
            CallbackPolicy::Hosts(hosts) => {
                let host = host.to_ascii_lowercase();
                hosts.iter().any(|allowed| match allowed.strip_prefix("*.") {
                    Some(parent) => host.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.')),
                    None => *allowed == host,
                })
            }
        }
    }
}

/// Whether a resolver would read a host that is not written as an address as one all the same: in decimal, octal or
/// hexadecimal numbers, with parts left out, or with a point at the end. No name of DNS ends so.
fn ends_in_a_number(host: &str) -> bool {
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    let is_decimal = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
    let hexadecimal = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    is_decimal || hexadecimal.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn is_special(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4.is_multicast() || v4.is_unspecified() || v4.is_broadcast(),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_special(IpAddr::V4(v4)),
            None => v6.is_unicast_link_local() || v6.is_multicast() || v6.is_unspecified(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::CallbackPolicy;

    #[track_caller]
    fn check(policy: &str, url: &str, allowed: bool) {
        let policy = CallbackPolicy::parse(policy).unwrap();
        assert_eq!(policy.check(url).is_ok(), allowed, "{policy:?} {url}");
    }

    #[test]
    fn policies_decide_about_hosts() {
        check("open", "http://169.254.169.254/latest", true);
        check("open", "file:///etc/passwd", false);
        check("open", "fsp.example", false);
        check("not-link-local", "http://169.254.169.254/latest", false);
        check("not-link-local", "http://[::ffff:169.254.169.254]/", false);
        for host in
            ["2852039166", "0xa9fea9fe", "0XA9.254.169.254", "169.254.43518", "169.254.169.254.", "0251.0376.0251.0376"]
        {
            check("not-link-local", &format!("http://{host}/latest"), false);
        }
        check("not-link-local", "http://fsp1.example/", true);
        check("not-link-local", "http://0xfsp.example:8080/", true);
        check("not-link-local", "http://127.0.0.1:4040/transfers/{{transferId}}", true);
        check("not-link-local", "http://user:secret@fsp.example/", false);
        check("*.fsp.example, bank.example", "https://a.fsp.example/transfers", true);
        check("*.fsp.example", "https://fsp.example/transfers", false);
        check("*.fsp.example", "https://evilfsp.example/transfers", false);
        check("bank.example", "https://BANK.example:8443", true);
        check("bank.example", "https://{{host}}/", false);
    }
}
