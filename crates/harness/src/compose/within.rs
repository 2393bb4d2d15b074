//! What can be done with the containers of a harness that runs, beside what every target can.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    process::Command,
};

use operations::{Failure, Program};

use super::Compose;

/// The service with the database, its user and its database.
const DATABASE: (&str, &str, &str) = ("postgres", "hub", "hub");

impl Compose {
    /// Where the pages are.
    pub fn pages(&self) -> SocketAddr {
        self.at(8080)
    }

    /// Where the console of the database is, if its profile was started.
    pub fn console(&self) -> SocketAddr {
        self.at(8081)
    }

    /// Where Prometheus is, if its profile was started.
    pub fn prometheus(&self) -> SocketAddr {
        self.at(9090)
    }

    /// A call of psql in the container of the database; with a terminal, if there is one.
    ///
    /// # Errors
    /// There is no docker, or the hub's store is no database.
    pub fn psql(&self, arguments: &[String], terminal: bool) -> Result<Command, Failure> {
        let (service, user, database) = DATABASE;
        let rendered = self.folder.read("compose.yaml")?.unwrap_or_default();
        if !rendered.contains(&format!("\n  {service}:\n")) {
            let copy = format!("docker cp {}-hub-1:/data/hub.sqlite .", self.project);
            return Err(Failure::failed("the store of this harness is SQLite, in a volume: psql can't open it")
                .hint(format!("{copy} && sqlite3 hub.sqlite (a copy; stop payments first)")));
        }
        let docker = Program::find("docker").ok_or_else(|| Failure::preflight("docker is not on the PATH"))?;
        let mut command = Command::new(docker.path());
        command.args(["compose", "--project-name", &self.project, "--profile", "*"]);
        for file in ["engine.env", ".env"].into_iter().filter(|file| self.folder.join(file).exists()) {
            command.args(["--env-file", file]);
        }
        command.arg("exec").args((!terminal).then_some("--no-TTY"));
        command.args([service, "psql", "-U", user, "-d", database]).args(arguments);
        command.current_dir(self.folder.join("compose.yaml").parent().map_or_else(PathBuf::new, ToOwned::to_owned));
        Ok(command)
    }

    /// The address at which containers reach this machine.
    ///
    /// # Errors
    /// Docker does not know the network of the containers.
    pub async fn gateway(&self) -> Result<IpAddr, Failure> {
        let docker = Program::find("docker").ok_or_else(|| Failure::preflight("docker is not on the PATH"))?;
        let (network, format) = (format!("{}_hub", self.project), "{{(index .IPAM.Config 0).Gateway}}");
        let found = docker.run(["network", "inspect", &network, "--format", format]).stdout().await?;
        found
            .trim()
            .parse()
            .map_err(|_| Failure::failed(format!("the gateway of {network}: found {found:?}, expected an address")))
    }
}
