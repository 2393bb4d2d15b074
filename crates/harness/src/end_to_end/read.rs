//! Reading tests, with errors that say what is wrong and where.

use std::path::{Path, PathBuf};

use super::{MAX_TIMES, TestFile};

/// The largest file of tests, in bytes: thousands of tests.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Why a file of tests can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TestFileError {
    /// It can't be read.
    #[error("{}: {cause}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// It is not what it should be.
    #[error("{}: {reason}", path.display())]
    Content {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
}

/// Reads a file.
///
/// # Errors
/// [`TestFileError`].
pub fn read(path: &Path) -> Result<TestFile, TestFileError> {
    let failed = |cause| TestFileError::File { path: path.to_owned(), cause };
    let size = std::fs::metadata(path).map_err(failed)?.len();
    if size > MAX_FILE_BYTES {
        return Err(content(
            path,
            format!("found {size} bytes, expected at most {MAX_FILE_BYTES}: several files will do"),
        ));
    }
    parse(path, &std::fs::read_to_string(path).map_err(failed)?)
}

/// The tests of the built-in demo, for who has written none.
pub fn builtin() -> TestFile {
    parse(Path::new("built-in"), include_str!("builtin.yaml")).expect("a test reads them")
}

fn parse(path: &Path, text: &str) -> Result<TestFile, TestFileError> {
    let file: TestFile = serde_saphyr::from_str(text).map_err(|error| content(path, error.to_string()))?;
    if file.tests.is_empty() {
        return Err(content(path, "tests: found none, expected at least one".to_owned()));
    }
    for (index, test) in file.tests.iter().enumerate() {
        let wrong =
            |field: &str, what: String| content(path, format!("tests[{index}].{field} ({}): {what}", test.name));
        if !(1..=MAX_TIMES).contains(&test.times) {
            return Err(wrong("times", format!("found {}, expected 1 to {MAX_TIMES}", test.times)));
        }
        for (fsp, script) in &test.fsps {
            script.check().map_err(|error| wrong(&format!("fsps.{fsp}"), error.to_string()))?;
        }
    }
    Ok(file)
}

fn content(path: &Path, reason: String) -> TestFileError {
    TestFileError::Content { path: path.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST: &str =
        "tests: [{name: one, pay: {from: a1, to: MSISDN/1, amount: '1', currency: USD}, expect: {state: COMMITTED}}]";

    #[track_caller]
    fn check(text: &str, expect: Result<usize, &str>) {
        let found = parse(Path::new("my.yaml"), text).map(|file| file.tests.len()).map_err(|error| error.to_string());
        match (&found, expect) {
            (Ok(found), Ok(expect)) if *found == expect => {}
            (Err(found), Err(expect)) if found.contains(expect) && found.starts_with("my.yaml: ") => {}
            _ => panic!("{text}: {found:?}"),
        }
    }

    #[test]
    fn files() {
        check(TEST, Ok(1));
        check(&TEST.replace("expect", "fsps: {b1: {behaviour: {error: '5104'}}}, expect"), Ok(1));
        check("tests: []", Err("tests: found none"));
        check(&TEST.replace("expect", "times: 0, expect"), Err("tests[0].times (one): found 0, expected 1 to 1000"));
        check(&TEST.replace("COMMITTED", "DONE"), Err("unknown variant `DONE`"));
        check(&TEST.replace("expect", "expects"), Err("unknown field `expects`"));
        check(&TEST.replace("'1'", "'1.00'"), Err("not an FSPIOP amount: '1.00'"));
        check(
            &TEST.replace("expect", "fsps: {b1: {behaviour: {error: '51'}}}, expect"),
            Err("tests[0].fsps.b1 (one): error must be a code of four digits"),
        );
    }

    #[test]
    fn those_of_the_demo() {
        assert!(builtin().tests.len() >= 4);
    }
}
