//! A run that is killed anywhere and run again completes, and does nothing twice.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use operations::{Condition, Done, Exit, Failure, FileLock, Folder, Progress, Silent, Step, run_steps, wait_until};

const STEPS: [&str; 4] = ["files", "image", "release", "payment"];

/// What a person would have been told.
#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

impl Progress for Heard {
    fn begins(&self, _: &str) {}
    fn waits(&self, _: &str) {}
    fn ended(&self, step: &str, done: &Done, _: Duration) {
        let word = if matches!(done, Done::Changed(_)) { "changed" } else { "unchanged" };
        self.0.lock().unwrap().push(format!("{step} {word}"));
    }
    fn note(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
}

/// A step that makes a file and counts how often it did; the one that is to stop does so before or after that.
fn step<'a>(name: &'static str, world: &'a Path, stop: Option<(&'a str, bool)>) -> Step<'a> {
    Step::new(name, move |_| async move {
        let (before, after) = (Some((name, false)) == stop, Some((name, true)) == stop);
        if before {
            std::future::pending::<()>().await;
        }
        let file = world.join(name);
        let done = match file.exists() {
            true => Done::unchanged("there"),
            false => {
                fs::write(&file, "1").unwrap();
                Done::changed("made")
            }
        };
        if after {
            std::future::pending::<()>().await;
        }
        Ok(done)
    })
}

fn steps<'a>(world: &'a Path, stop: Option<(&'a str, bool)>) -> Vec<Step<'a>> {
    STEPS.iter().map(|name| step(name, world, stop)).collect()
}

/// Runs until it ends or hangs, and then gives it up, as Ctrl-C does.
async fn run(world: &Path, folder: &Folder, heard: &Heard, stop: Option<(&str, bool)>) -> Option<bool> {
    let work = run_steps("tool up", folder, steps(world, stop), heard);
    match tokio::time::timeout(Duration::from_millis(50), work).await {
        Ok(result) => Some(result.unwrap()),
        Err(_) => None,
    }
}

#[tokio::test]
async fn interrupted_at_every_step_it_completes_when_run_again() {
    for (index, name) in STEPS.iter().enumerate() {
        for after in [false, true] {
            let home = tempfile::tempdir().unwrap();
            let (world, folder) = (home.path().join("world"), Folder::at(home.path().join("tool")));
            fs::create_dir(&world).unwrap();
            let heard = Heard::default();
            assert_eq!(run(&world, &folder, &heard, Some((name, after))).await, None);
            let heard = Heard::default();
            let changed = run(&world, &folder, &heard, None).await.expect("it completes");
            assert_eq!(changed, index < STEPS.len() - 1 || !after, "{name} {after}");
            let heard = heard.0.into_inner().unwrap();
            assert!(heard[0].contains(&format!("stopped in the step {name:?}")), "{heard:?}");
            let made = index + usize::from(after);
            let expect: Vec<String> = STEPS
                .iter()
                .enumerate()
                .map(|(at, step)| format!("{step} {}", if at < made { "unchanged" } else { "changed" }))
                .collect();
            assert_eq!(heard[1..], expect);
            let again = Heard::default();
            assert_eq!(run(&world, &folder, &again, None).await, Some(false));
            assert!(!again.0.into_inner().unwrap()[0].contains("stopped"));
        }
    }
}

#[tokio::test]
async fn what_is_done_stays_and_the_exit_code_says_so() {
    let home = tempfile::tempdir().unwrap();
    let folder = Folder::at(home.path());
    let fail = || Step::new("release", |_| async { Err(Failure::failed("no room").hint("make some")) });
    let made = || Step::new("files", |_| async { Ok(Done::changed("made")) });
    let first = run_steps("tool up", &folder, vec![fail()], &Silent).await.unwrap_err();
    assert_eq!((first.exit, first.message.as_str()), (Exit::Failed, "release: no room"));
    let second = run_steps("tool up", &folder, vec![made(), fail()], &Silent).await.unwrap_err();
    assert_eq!(second.exit, Exit::Partial);
    assert_eq!(second.hint.as_deref(), Some("make some; what was done stays; run `tool up` again to go on"));
}

#[tokio::test]
async fn two_runs_at_once_one_waits_and_says_for_whom() {
    let home = tempfile::tempdir().unwrap();
    let folder = Folder::at(home.path());
    let first = FileLock::take(&folder, "tool up", Duration::ZERO, &Silent).await.unwrap();
    let heard = Heard::default();
    let refused = FileLock::take(&folder, "tool down", Duration::from_millis(10), &heard).await.unwrap_err();
    assert_eq!(refused.exit, Exit::TimedOut);
    assert!(refused.message.starts_with(&format!("`tool up`, process {} on ", std::process::id())), "{refused}");
    assert_eq!(heard.0.lock().unwrap().len(), 1);
    let waiting = FileLock::take(&folder, "tool down", Duration::from_secs(30), &heard);
    let giving_back = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        drop(first);
    };
    let (second, ()) = tokio::join!(waiting, giving_back);
    second.unwrap();
}

/// A process that ends however the test ends.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The same when the process is killed: this test's binary runs itself with a world to work in.
#[test]
fn killed_at_every_step_it_completes_when_run_again() {
    if let Some(home) = std::env::var_os("RESUME_HOME") {
        return be_killed(Path::new(&home));
    }
    let itself = std::env::current_exe().unwrap();
    for (index, name) in STEPS.iter().enumerate() {
        let home = tempfile::tempdir().unwrap();
        let start = |stop: &str| {
            let mut command = Command::new(&itself);
            command.args(["--exact", "killed_at_every_step_it_completes_when_run_again", "--quiet"]);
            command.env("RESUME_HOME", home.path()).env("RESUME_STOP", stop);
            Killed(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
        };
        fs::create_dir(home.path().join("world")).unwrap();
        let mut first = start(name);
        let last: PathBuf = home.path().join("world").join(name);
        let deadline = Instant::now() + Duration::from_secs(60);
        while !last.exists() {
            assert!(Instant::now() < deadline, "{name} was never reached");
            std::thread::sleep(Duration::from_millis(5));
        }
        first.0.kill().unwrap();
        first.0.wait().unwrap();
        assert!(home.path().join("tool/journal.json").exists());
        let world = |step: &str| home.path().join("world").join(step).exists();
        assert_eq!(STEPS.iter().filter(|step| world(step)).count(), index + 1);
        assert!(start("").0.wait().unwrap().success());
        assert!(STEPS.iter().all(|step| world(step)));
        assert!(!home.path().join("tool/journal.json").exists());
    }
}

/// The process that is killed, or runs to its end.
fn be_killed(home: &Path) {
    let stop = std::env::var("RESUME_STOP").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let folder = Folder::at(home.join("tool"));
        let _lock = FileLock::take(&folder, "tool up", Duration::from_secs(5), &Silent).await.unwrap();
        let stop = (!stop.is_empty()).then_some((stop.as_str(), true));
        run_steps("tool up", &folder, steps(&home.join("world"), stop), &Silent).await.unwrap();
    });
}

#[tokio::test]
async fn waiting_ends_when_it_is_so_or_says_what_was_missing() {
    let left = std::cell::Cell::new(3);
    let met = wait_until("pods", Duration::from_secs(10), Duration::from_millis(1), &Silent, async || {
        left.set(left.get() - 1);
        Ok(if left.get() == 0 { Condition::Met("ready") } else { Condition::NotYet(format!("{} left", left.get())) })
    });
    assert_eq!(met.await.unwrap(), "ready");
    let never = wait_until("pods", Duration::from_millis(5), Duration::from_millis(1), &Silent, async || {
        Ok(Condition::<()>::NotYet("hub-0 is pending".to_owned()))
    });
    let failure = never.await.unwrap_err();
    assert_eq!((failure.exit, failure.message.as_str()), (Exit::TimedOut, "pods: not within 0 s: hub-0 is pending"));
}
