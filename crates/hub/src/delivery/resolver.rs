//! Finds the addresses of hosts, and keeps to itself those that the callback policy forbids.
//!
//! Checking a URL is not enough: a name that was harmless when it was registered may resolve to the address of a cloud's
//! metadata when it is called (DNS rebinding). URLs that hold an address are checked as URLs; no resolver is asked then.

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::{FutureExt, future::BoxFuture};
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower_service::Service;

use crate::CallbackPolicy;

/// A resolver under a policy.
#[derive(Clone)]
pub(crate) struct PolicyResolver<R = GaiResolver> {
    inner: R,
    policy: Arc<CallbackPolicy>,
}

impl PolicyResolver {
    /// The system's resolver under this policy.
    pub(crate) fn new(policy: CallbackPolicy) -> PolicyResolver {
        PolicyResolver { inner: GaiResolver::new(), policy: Arc::new(policy) }
    }
}

impl<R> Service<Name> for PolicyResolver<R>
where
    R: Service<Name, Response: Iterator<Item = SocketAddr>, Error = io::Error, Future: Send + 'static>,
{
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Self::Response>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (policy, host) = (self.policy.clone(), name.as_str().to_owned());
        let found = self.inner.call(name);
        async move {
            let allowed: Vec<_> = found.await?.filter(|address| policy.allows_address(address.ip())).collect();
            if allowed.is_empty() {
                let reason = format!("{host:?} resolves to no address that the callback policy allows");
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, reason));
            }
            Ok(allowed.into_iter())
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use std::{future::Ready, net::IpAddr};

    use super::*;

    /// Finds the same addresses for every name.
    struct Found(Vec<SocketAddr>);

    impl Service<Name> for Found {
        type Response = std::vec::IntoIter<SocketAddr>;
        type Error = io::Error;
        type Future = Ready<io::Result<Self::Response>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Name) -> Self::Future {
            std::future::ready(Ok(self.0.clone().into_iter()))
        }
    }

    #[track_caller]
    fn check(policy: &str, found: &[&str], expect: &[&str]) {
        let addresses = |texts: &[&str]| -> Vec<SocketAddr> {
            texts.iter().map(|text| SocketAddr::new(text.parse::<IpAddr>().unwrap(), 0)).collect()
        };
        let policy = Arc::new(CallbackPolicy::parse(policy).unwrap());
        let mut resolver = PolicyResolver { inner: Found(addresses(found)), policy };
        let allowed = resolver.call("fsp.example".parse().unwrap()).now_or_never().unwrap();
        let allowed: Vec<_> = allowed.map(Iterator::collect).unwrap_or_default();
        assert_eq!(allowed, addresses(expect), "{found:?}");
    }

    #[test]
    fn addresses_that_the_policy_forbids_are_not_found() {
        let metadata = "169.254.169.254";
        check("open", &[metadata], &[metadata]);
        check("not-link-local", &["192.0.2.1", "::1"], &["192.0.2.1", "::1"]);
        check("not-link-local", &[metadata, "192.0.2.1", "fe80::1"], &["192.0.2.1"]);
        for forbidden in [metadata, "::ffff:169.254.169.254", "fe80::1", "0.0.0.0", "::", "224.0.0.1", "ff02::1"] {
            check("not-link-local", &[forbidden], &[]);
            // A host that is allowed by its name must not lead there either.
            check("fsp.example", &[forbidden], &[]);
        }
        check("fsp.example", &["10.0.0.7"], &["10.0.0.7"]);
    }
}
