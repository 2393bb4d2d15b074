//! What the files of a folder hold, by reading them whole.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
};

use csv::ByteRecord;
use fspiop::{Amount, Currency};
use ledger::AccountId;

use super::{
    error::ArchiveError,
    file, manifest,
    sums::Sums,
    tables::{ENTRIES, MESSAGES, PACKETS, TABLES},
};

/// What the files of a folder hold.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) files: Vec<manifest::File>,
    /// By how much lines of the journal raised and lowered accounts, but those that stay in the database.
    pub(super) sums: Sums,
    pub(super) lines_that_stay: u64,
}

/// Columns of the journal's file.
struct Line {
    raised: usize,
    lowered: usize,
    amount: usize,
    currency: usize,
    stays: usize,
}

impl Found {
    /// Reads all files of a folder.
    pub(super) fn of(folder: &Path) -> Result<Found, ArchiveError> {
        let mut found = Found::default();
        for (name, _) in TABLES {
            found.read(folder, name, |found, content| found.count_csv(content, name == ENTRIES))?;
        }
        for name in [MESSAGES, PACKETS] {
            found.read(folder, name, |_, content| count_json(content))?;
        }
        Ok(found)
    }

    fn read(
        &mut self,
        folder: &Path,
        name: &str,
        count: impl FnOnce(&mut Found, &mut dyn Read) -> Result<u64, String>,
    ) -> Result<(), ArchiveError> {
        let (rows, on_disk) = file::read(&folder.join(name), |content| count(self, content))?;
        let file::OnDisk { bytes, sha256, content_sha256 } = on_disk;
        self.files.push(manifest::File { name: name.to_owned(), rows, bytes, sha256, content_sha256 });
        Ok(())
    }

    /// Reads a table, and adds up the journal.
    fn count_csv(&mut self, content: &mut dyn Read, is_journal: bool) -> Result<u64, String> {
        let mut reader = csv::Reader::from_reader(content);
        let columns = reader.byte_headers().map_err(|error| format!("row 0: {error}"))?.clone();
        let line = if is_journal { Some(Line::of(&columns).ok_or("row 0: no header of a journal")?) } else { None };
        let (mut row, mut rows) = (ByteRecord::new(), 0);
        while reader.read_byte_record(&mut row).map_err(|error| format!("row {}: {error}", rows + 1))? {
            rows += 1;
            if let Some(line) = &line {
                self.add(line, &row).ok_or_else(|| format!("row {rows}: not a line of the journal"))?;
            }
        }
        Ok(rows)
    }

    fn add(&mut self, line: &Line, row: &ByteRecord) -> Option<()> {
        let text = |column: usize| std::str::from_utf8(row.get(column)?).ok();
        match text(line.stays)? {
            "" => {
                let account = |column| Some(AccountId(text(column)?.parse().ok()?));
                let amount = Amount::parse_decimal(text(line.amount)?).ok()?;
                let currency = Currency::parse(text(line.currency)?).ok()?;
                self.sums.add_line(account(line.raised)?, account(line.lowered)?, (amount, currency))
            }
            "stays" => {
                self.lines_that_stay += 1;
                Some(())
            }
            _ => None,
        }
    }
}

impl Line {
    fn of(columns: &ByteRecord) -> Option<Line> {
        let column = |name: &str| columns.iter().position(|column| column == name.as_bytes());
        Some(Line {
            raised: column("raised")?,
            lowered: column("lowered")?,
            amount: column("amount")?,
            currency: column("currency")?,
            stays: column("stays")?,
        })
    }
}

fn count_json(content: &mut dyn Read) -> Result<u64, String> {
    let mut rows = 0;
    for line in BufReader::new(content).lines() {
        let wrong = |error: &dyn std::fmt::Display| format!("row {}: {error}", rows + 1);
        let line = line.map_err(|error| wrong(&error))?;
        serde_json::from_str::<serde::de::IgnoredAny>(&line).map_err(|error| wrong(&error))?;
        rows += 1;
    }
    Ok(rows)
}
