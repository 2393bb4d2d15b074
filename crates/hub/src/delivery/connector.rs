//! Connections to FSPs and oracles: plain for `http://`, with TLS for `https://`.

use std::{
    error::Error,
    io,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use http::{Uri, uri::Scheme};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::{client::legacy::connect::HttpConnector, rt::TokioIo};
use tls::{ClientConfig, Renewable};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::rustls::{CertificateError, Error as TlsError};
use tower_service::Service;

use super::resolver::PolicyResolver;
use crate::CallbackPolicy;

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a connection with TLS may take to be made, its handshake included: as long again.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(6);

/// Makes connections, to nothing but what the callback policy allows. Each new one takes the certificates that are current.
#[derive(Clone)]
pub(crate) struct Connector {
    tcp: HttpConnector<PolicyResolver>,
    tls: Arc<Renewable<ClientConfig>>,
}

impl Connector {
    pub(crate) fn new(policy: CallbackPolicy, tls: Arc<Renewable<ClientConfig>>) -> Connector {
        let mut tcp = HttpConnector::new_with_resolver(PolicyResolver::new(policy));
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        Connector { tcp, tls }
    }
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.tcp.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let has_tls = uri.scheme() == Some(&Scheme::HTTPS);
        let connecting = HttpsConnector::from((self.tcp.clone(), self.tls.current())).call(uri);
        if !has_tls {
            return connecting;
        }
        async move {
            match timeout(HANDSHAKE_TIMEOUT, connecting).await {
                // What went wrong before the handshake is no such error.
                Ok(Err(error)) if error.is::<io::Error>() => Err(in_words(&*error).into()),
                Ok(connected) => connected,
                Err(_) => Err(format!("no TLS handshake within {} s", HANDSHAKE_TIMEOUT.as_secs()).into()),
            }
        }
        .boxed()
    }
}

/// Why a handshake failed, for the operator who is asked where a payment is.
fn in_words(error: &(dyn Error + 'static)) -> String {
    use CertificateError::{
        BadSignature, Expired, ExpiredContext, NotValidForName, NotValidForNameContext, UnknownIssuer,
    };
    let why = match tls_error(error) {
        // An authority of the same name with another key is another authority.
        Some(TlsError::InvalidCertificate(UnknownIssuer | BadSignature)) => {
            "its certificate is of no authority that this hub trusts".to_owned()
        }
        Some(TlsError::InvalidCertificate(Expired | ExpiredContext { .. })) => "its certificate has run out".to_owned(),
        Some(TlsError::InvalidCertificate(NotValidForName | NotValidForNameContext { .. })) => {
            "its certificate is not for the name of its endpoint".to_owned()
        }
        Some(TlsError::InvalidMessage(_)) => "it does not speak TLS".to_owned(),
        _ => error.to_string(),
    };
    format!("the TLS handshake failed: {why}")
}

/// The error of the TLS library under those of reading and writing.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a TlsError> {
    match error.downcast_ref::<io::Error>() {
        Some(outer) => tls_error(outer.get_ref()?),
        None => error.downcast_ref(),
    }
}
