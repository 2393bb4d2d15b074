//! The libraries that programs load, as the dynamic loader of this machine finds them.

use std::{
    collections::BTreeSet,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use operations::{Failure, Program};

use crate::layer::Layer;

/// What the C library loads by name while it runs: the resolver of names, the unwinder of threads that are cancelled.
const LOADED_LATER: [&str; 4] = ["libnss_dns.so.2", "libnss_files.so.2", "libresolv.so.2", "libgcc_s.so.1"];
/// How a program or library begins.
const MAGIC: [u8; 4] = *b"\x7fELF";

/// The libraries of all programs and libraries in a layer. Packages that are unpacked in `roots` are looked into first.
///
/// # Errors
/// One is nowhere to be found.
pub(super) async fn of(layer: &Layer, roots: &[PathBuf]) -> Result<BTreeSet<PathBuf>, Failure> {
    let programs: Vec<&Path> = layer.sources().filter(|source| is_program(source)).collect();
    if programs.is_empty() {
        return Ok(BTreeSet::new());
    }
    let ldd = Program::find("ldd").ok_or_else(|| Failure::preflight("ldd is not on the PATH"))?;
    let folder = format!("usr/lib/{}-linux-gnu", std::env::consts::ARCH);
    let search: Vec<String> = roots.iter().map(|root| root.join(&folder).display().to_string()).collect();
    // ldd ends with 1 where one of them is linked statically.
    let output = ldd.run(programs).env("LD_LIBRARY_PATH", search.join(":")).env("LC_ALL", "C").output().await?;
    let mut found = BTreeSet::new();
    for line in output.stdout.lines() {
        found.extend(library(line)?);
    }
    let beside: Vec<PathBuf> = found.iter().filter_map(|library| Some(library.parent()?.to_owned())).collect();
    for name in LOADED_LATER {
        found.extend(beside.iter().map(|folder| folder.join(name)).find(|library| library.is_file()));
    }
    Ok(found)
}

/// The file in a line of ldd: `NAME => FILE (ADDRESS)`, or `FILE (ADDRESS)` of the loader itself.
fn library(line: &str) -> Result<Option<PathBuf>, Failure> {
    if line.contains("=> not found") {
        let name = line.trim().split(' ').next().unwrap_or_default();
        let missing = format!("a program of the image needs the library {name}, which is not installed");
        return Err(Failure::preflight(missing).hint(format!("apt-file search {name} says which package has it")));
    }
    let line = line.trim();
    let file = line.split_once("=> ").map_or(line, |(_, file)| file).split(" (").next().unwrap_or_default();
    Ok((file.starts_with('/') && !file.ends_with(':')).then(|| PathBuf::from(file)))
}

fn is_program(path: &Path) -> bool {
    let mut start = [0; 4];
    File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == MAGIC
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_ldd_are_read() {
        for (line, expect) in [
            ("\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)", Some("/lib/x86_64-linux-gnu/libc.so.6")),
            ("\t/lib64/ld-linux-x86-64.so.2 (0x00007f)", Some("/lib64/ld-linux-x86-64.so.2")),
            ("\tlinux-vdso.so.1 (0x00007f)", None),
            ("/usr/bin/psql:", None),
            ("\tnot a dynamic executable", None),
        ] {
            assert_eq!(library(line).unwrap(), expect.map(PathBuf::from), "{line}");
        }
        let failure = library("\tlibsodium.so.23 => not found").unwrap_err();
        assert!(failure.message.contains("libsodium.so.23"), "{failure}");
    }

    #[tokio::test]
    async fn programs_need_the_c_library() {
        let mut layer = Layer::default();
        layer.file("/bin/program", &std::env::current_exe().unwrap()).unwrap();
        layer.text("/bin/script", "#!/bin/sh\n", 0o755);
        let libraries = of(&layer, &[]).await.unwrap();
        assert!(libraries.iter().any(|library| library.ends_with("libc.so.6")), "{libraries:?}");
    }
}
