//! What Docker complains about, and what to do about it.

/// Words of a complaint, and the remedy.
const REMEDIES: [(&[&str], &str); 6] = [
    (
        &["permission denied while trying to connect", "docker.sock: connect: permission denied"],
        "this user may not use Docker: sudo usermod -aG docker $USER, then log in again; --engine embedded needs no Docker",
    ),
    (
        &["no space left on device"],
        "the disk is full: `docker system df` shows what Docker keeps, `docker image prune` removes images without a name",
    ),
    (
        &["port is already allocated", "address already in use", "ports are not available"],
        "another program has the port: --port-offset N (MOJALOOP_PORT_OFFSET=N) moves all of them",
    ),
    (
        &["bind source path does not exist"],
        "a folder that is mounted is not there; for the Testing Toolkit MOJALOOP_TTK names the folder of its collections",
    ),
    (
        &["pull access denied", "manifest unknown", "failed to resolve reference", "no such image"],
        "the image is not here and can't be pulled: `mojaloop image --out FILE` makes the hub's, .env names others",
    ),
    (
        &["cannot connect to the docker daemon", "failed to connect to the docker api", "is the docker daemon running"],
        "start Docker (systemctl start docker), or set DOCKER_HOST; --engine embedded needs no Docker",
    ),
];

/// What to do about a complaint, if we know.
pub(super) fn remedy(complaint: &str) -> Option<&'static str> {
    let complaint = complaint.to_lowercase();
    let known = |(words, _): &&(&[&str], &str)| words.iter().any(|word| complaint.contains(word));
    REMEDIES.iter().find(known).map(|(_, remedy)| *remedy)
}

#[cfg(test)]
mod tests {
    use super::remedy;

    #[test]
    fn known_complaints_have_a_remedy() {
        for (complaint, part) in [
            ("permission denied while trying to connect to the docker API at unix:///var/run/docker.sock", "usermod"),
            ("Error processing tar file(exit status 1): write /x: no space left on device", "system df"),
            ("Bind for 127.0.0.1:3000 failed: port is already allocated", "--port-offset"),
            ("invalid mount config for type \"bind\": bind source path does not exist: /x/ttk", "MOJALOOP_TTK"),
            ("failed to resolve reference \"docker.io/library/postgres:17\": no such host", "mojaloop image"),
            ("Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?", "systemctl"),
        ] {
            assert!(remedy(complaint).is_some_and(|remedy| remedy.contains(part)), "{complaint}");
        }
        assert_eq!(remedy("exit status 3"), None);
    }
}
