//! The files of the workspace: all that git holds or would hold.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_path_buf()
}

/// A file with its path relative to the root.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Every text file that is tracked or not ignored.
pub(crate) fn all() -> Vec<File> {
    let root = root();
    let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let output = Command::new("git").args(arguments).current_dir(&root).output().expect("git is installed");
    assert!(output.status.success(), "git ls-files: {}", String::from_utf8_lossy(&output.stderr));
    let paths = String::from_utf8(output.stdout).expect("paths are UTF-8");
    let files: Vec<File> =
        paths.split('\0').filter(|path| !path.is_empty()).filter_map(|path| read(&root, path)).collect();
    assert!(files.len() > 20, "only {} files were found", files.len());
    files
}

/// Binary files, and files that are deleted but still tracked, are left out.
fn read(root: &Path, path: &str) -> Option<File> {
    std::fs::read_to_string(root.join(path)).ok().map(|text| File { path: path.to_owned(), text })
}

/// Fails with all findings, one a line.
pub(crate) fn assert_none(findings: &[String]) {
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
}
