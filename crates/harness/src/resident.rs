//! How much memory a process holds.

use std::process::Command;

/// Resident memory of a process in bytes; `None` if the system does not tell.
pub fn resident_bytes(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"));
    let kibibytes = match status {
        Ok(status) => status.lines().find_map(|line| line.strip_prefix("VmRSS:")).map(ToOwned::to_owned),
        // Systems without /proc: macOS, the BSDs.
        Err(_) => Command::new("ps")
            .args(["-o", "rss=", "-p", &pid.to_string()])
            .output()
            .ok()
            .map(|output| String::from_utf8_lossy(&output.stdout).into_owned()),
    };
    let digits: String = kibibytes?.chars().filter(char::is_ascii_digit).collect();
    digits.parse::<u64>().ok().map(|kibibytes| kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    #[test]
    fn this_process_holds_memory() {
        assert!(super::resident_bytes(std::process::id()).is_some_and(|bytes| bytes > 100_000));
    }
}
