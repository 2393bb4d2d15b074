//! How far a run came: for the person who runs it again.

use serde::{Deserialize, Serialize};

use crate::{Failure, Folder};

const FILE: &str = "journal.json";

#[derive(Serialize, Deserialize)]
struct Record {
    verb: String,
    started_at: jiff::Timestamp,
    done: Vec<String>,
    running: Option<String>,
}

/// The journal of a folder; it is there while a run has not ended well.
pub(crate) struct Journal<'a> {
    folder: &'a Folder,
    earlier: Option<Record>,
    record: Record,
}

impl<'a> Journal<'a> {
    pub(crate) fn open(folder: &'a Folder, verb: &str) -> Result<Journal<'a>, Failure> {
        // One that can't be read says nothing; the steps look at what is there anyway.
        let earlier = folder.read(FILE)?.and_then(|text| serde_json::from_str(&text).ok());
        let record =
            Record { verb: verb.to_owned(), started_at: jiff::Timestamp::now(), done: Vec::new(), running: None };
        Ok(Journal { folder, earlier, record })
    }

    /// Says where an earlier run stopped, if one did.
    pub(crate) fn interrupted(&self) -> Option<String> {
        let earlier = self.earlier.as_ref()?;
        let place = match (&earlier.running, earlier.done.last()) {
            (Some(step), _) => format!("in the step {step:?}"),
            (None, Some(step)) => format!("after the step {step:?}"),
            (None, None) => "before its first step".to_owned(),
        };
        Some(format!(
            "an earlier `{}` of {:.0} stopped {place}; going on from what is there",
            earlier.verb, earlier.started_at
        ))
    }

    pub(crate) fn begins(&mut self, step: &str) -> Result<(), Failure> {
        self.record.running = Some(step.to_owned());
        self.write()
    }

    pub(crate) fn ended(&mut self, step: &str) -> Result<(), Failure> {
        self.record.running = None;
        self.record.done.push(step.to_owned());
        self.write()
    }

    pub(crate) fn finished(self) -> Result<(), Failure> {
        self.folder.remove(FILE)
    }

    fn write(&self) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(&self.record).map_err(Failure::bug)?;
        self.folder.write(FILE, &text)
    }
}
