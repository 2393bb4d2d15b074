//! Files in PEM: [`PemFile`].

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use crate::TlsError;

/// The largest file that is read; the authorities that a whole machine trusts take a quarter of it.
const FILE_BYTES: usize = 1024 * 1024;

const CERTIFICATES: &str = "certificates in PEM (BEGIN CERTIFICATE)";
const KEY: &str = "a private key in PEM, without a passphrase (BEGIN PRIVATE KEY)";

/// A file in PEM, and what those who name it know it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PemFile {
    /// The flag or setting that names it, for errors.
    pub setting: &'static str,
    /// Where it is.
    pub path: PathBuf,
}

impl PemFile {
    /// The file that this setting names.
    pub fn new(setting: &'static str, path: impl AsRef<Path>) -> PemFile {
        PemFile { setting, path: path.as_ref().to_owned() }
    }

    /// The certificates in it, at least one, in their order.
    pub(crate) fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let content = self.read(CERTIFICATES)?;
        let certificates = CertificateDer::pem_slice_iter(&content).collect::<Result<Vec<_>, _>>();
        let certificates = certificates.map_err(|error| self.damaged(&error, CERTIFICATES))?;
        if certificates.is_empty() {
            return Err(TlsError::new(self, what_is_in(&content), CERTIFICATES, self.hint_about_kinds()));
        }
        Ok(certificates)
    }

    /// The first private key in it: PKCS #8, PKCS #1 or SEC1.
    pub(crate) fn key(&self) -> Result<PrivateKeyDer<'static>, TlsError> {
        let content = self.read(KEY)?;
        if String::from_utf8_lossy(&content).contains("ENCRYPTED") {
            let path = self.path.display();
            let hint = format!(
                "nobody is there to type a passphrase: openssl pkey -in {path} -out KEY, and let only the hub read KEY"
            );
            return Err(TlsError::new(self, "an encrypted private key", KEY, hint));
        }
        match PrivateKeyDer::pem_slice_iter(&content).next() {
            Some(Ok(key)) => Ok(key),
            Some(Err(error)) => Err(self.damaged(&error, KEY)),
            None => Err(TlsError::new(self, what_is_in(&content), KEY, self.hint_about_kinds())),
        }
    }

    /// The authorities in it.
    pub(crate) fn authorities(&self) -> Result<RootCertStore, TlsError> {
        let mut authorities = RootCertStore::empty();
        for certificate in self.certificates()? {
            authorities.add(certificate).map_err(|error| self.damaged(&error, CERTIFICATES))?;
        }
        Ok(authorities)
    }

    fn read(&self, expected: &'static str) -> Result<Vec<u8>, TlsError> {
        let unreadable = |error: io::Error| {
            let hint = "is the path right, and may this user read the file?".to_owned();
            TlsError::new(self, format!("nothing that can be read ({error})"), expected, hint)
        };
        let content = self.content().map_err(unreadable)?;
        if content.len() > FILE_BYTES {
            let hint = "name a file with the certificates that are needed, and nothing else".to_owned();
            return Err(TlsError::new(self, format!("more than {FILE_BYTES} bytes"), expected, hint));
        }
        Ok(content)
    }

    /// What is in it; of a file that is too large no more than shows it.
    pub(crate) fn content(&self) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        File::open(&self.path)?.take((FILE_BYTES + 1) as u64).read_to_end(&mut content)?;
        Ok(content)
    }

    fn damaged(&self, error: &dyn std::fmt::Display, expected: &'static str) -> TlsError {
        let hint = format!("see what is in it: openssl storeutl -noout -text {}", self.path.display());
        TlsError::new(self, format!("damaged PEM ({error})"), expected, hint)
    }

    fn hint_about_kinds(&self) -> String {
        format!(
            "are certificate and key taken for each other, or is it DER? openssl storeutl -noout {}",
            self.path.display()
        )
    }
}

/// What a file holds that lacks what was looked for.
fn what_is_in(content: &[u8]) -> String {
    let text = String::from_utf8_lossy(content);
    let label = |line: &str| Some(line.trim().strip_prefix("-----BEGIN ")?.strip_suffix("-----")?.to_owned());
    let mut labels: Vec<String> = text.lines().filter_map(label).collect();
    labels.dedup();
    match (content.is_empty(), labels.is_empty()) {
        (true, _) => "an empty file".to_owned(),
        (false, true) => "nothing in PEM".to_owned(),
        (false, false) => format!("only {}", labels.join(", ")),
    }
}
