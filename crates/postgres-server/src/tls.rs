//! A server that speaks TLS, and who vouches for it. Keys and certificates are made by `openssl` and live as long as the test.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

use crate::Server;

/// An authority that vouches for servers.
pub struct Authority(TempDir);

/// Days for which certificates hold.
const DAYS: &str = "2";
/// Connections come with TLS or not at all.
const ACCESS: &str = "hostssl all all 127.0.0.1/32 trust\nlocal all all trust\n";

impl Authority {
    /// An authority that nobody knows yet.
    ///
    /// # Errors
    /// What `openssl` said, or that there is none.
    pub fn new() -> Result<Authority, String> {
        let folder = tempfile::Builder::new().prefix("authority").tempdir().map_err(|error| error.to_string())?;
        let authority = Authority(folder);
        // Each has a name of its own, as its folder has.
        let name = format!("/CN={}", authority.0.path().file_name().unwrap_or_default().display());
        let subject = ["-subj", &name, "-addext", "basicConstraints=critical,CA:TRUE"];
        let key = authority.file("key.pem");
        authority.openssl(
            &[
                &["req", "-x509", "-days", DAYS][..],
                &NEW_KEY,
                &["-keyout", &key, "-out", &authority.file("root.pem")],
                &subject,
            ]
            .concat(),
        )?;
        Ok(authority)
    }

    /// The file with its certificate, in PEM.
    pub fn certificate(&self) -> PathBuf {
        self.0.path().join("root.pem")
    }

    fn file(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    /// A key and a certificate for these names (`DNS:db.example`, `IP:127.0.0.1`).
    fn vouch(&self, names: &[&str]) -> Result<(PathBuf, PathBuf), String> {
        let [key, request, certificate, extensions] =
            ["server-key.pem", "server.csr", "server.pem", "server.cnf"].map(|name| self.file(name));
        let text = format!("subjectAltName={}\nbasicConstraints=critical,CA:FALSE\n", names.join(","));
        fs::write(&extensions, text).map_err(|error| error.to_string())?;
        let subject = ["-subj", "/CN=server of a test"];
        self.openssl(&[&["req"][..], &NEW_KEY, &["-keyout", &key, "-out", &request], &subject].concat())?;
        let (root, root_key) = (self.file("root.pem"), self.file("key.pem"));
        let sign = ["x509", "-req", "-days", DAYS, "-CA", &root, "-CAkey", &root_key, "-CAcreateserial"];
        self.openssl(&[&sign[..], &["-in", &request, "-out", &certificate, "-extfile", &extensions]].concat())?;
        Ok((key.into(), certificate.into()))
    }

    fn openssl(&self, arguments: &[&str]) -> Result<(), String> {
        let output = Command::new("openssl").args(arguments).stdin(Stdio::null()).output();
        let output = output
            .map_err(|error| format!("openssl: {error}; install it (Debian, Ubuntu: apt-get install openssl)"))?;
        let said = || String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() { Ok(()) } else { Err(format!("openssl {}: {}", arguments.join(" "), said())) }
    }
}

/// A key that is made quickly.
const NEW_KEY: [&str; 5] = ["-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];

impl Server {
    /// Puts key and certificate into the server's folder, and takes only connections with TLS.
    pub(crate) fn use_tls(&mut self, authority: &Authority, names: &[&str]) -> Result<(), String> {
        let (key, certificate) = authority.vouch(names)?;
        let data = self.data();
        let put = |from: &Path, name: &str| self.put(&data, name, &fs::read(from)?, 0o600);
        put(&key, "server.key").and_then(|()| put(&certificate, "server.crt")).map_err(|error| error.to_string())?;
        self.put(&data, "pg_hba.conf", ACCESS.as_bytes(), 0o600).map_err(|error| error.to_string())?;
        self.settings.push("ssl=on".to_owned());
        Ok(())
    }

    fn put(&self, folder: &str, name: &str, content: &[u8], mode: u32) -> std::io::Result<()> {
        let path = Path::new(folder).join(name);
        fs::write(&path, content)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
        match self.owner {
            Some((user, group)) => chown(&path, Some(user), Some(group)),
            None => Ok(()),
        }
    }
}
