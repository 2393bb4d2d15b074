//! TLS of both ends, from files in PEM.
//!
//! [`ServerFiles`] and [`ClientFiles`] say which files; opening them gives a [`Renewable`] configuration, which
//! [`Renewable::keep`] makes anew when the files change. TLS 1.2 and 1.3, by rustls on aws-lc-rs; what a peer shows is
//! always verified.

#![forbid(unsafe_code)]

#[cfg(any(test, feature = "authority"))]
mod authority;
mod client;
mod error;
mod identity;
mod pem;
mod renewable;
mod server;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};

#[cfg(any(test, feature = "authority"))]
pub use authority::{Authority, Issued};
pub use client::ClientFiles;
pub use error::TlsError;
pub use identity::Identity;
pub use pem::PemFile;
pub use renewable::Renewable;
pub use rustls::{ClientConfig, ServerConfig, pki_types::ServerName};
pub use server::ServerFiles;

/// What both ends agree to speak (ALPN), where the peer asks.
const PROTOCOL: &[u8] = b"http/1.1";

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}
