//! What a folder of the archive says of itself.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    path::Path,
};

use fspiop::{Amount, Currency, FspId};
use ledger::{AccountId, Registry};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::Archived;

use super::{ArchivedDay, day::Day, error::ArchiveError, file::new_file, inspect::Found, sums::Key};
use crate::migration::KNOWN;

/// The file's name in the folder of a day.
pub(super) const NAME: &str = "manifest.json";
/// The version of the archive's form.
const FORMAT: u32 = 1;

/// What a day's folder holds, and what the day did to accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) format: u32,
    pub(super) hub: FspId,
    pub(super) day: Day,
    pub(super) schema_version: i64,
    pub(super) program_version: String,
    pub(super) files: Vec<File>,
    /// Lines of the journal that are in the file, stay in the database and are not in the sums of accounts: those of movements
    /// of funds, which stay.
    pub(super) lines_that_stay: u64,
    pub(super) accounts: Vec<Account>,
}

/// A file of the folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) rows: u64,
    /// Of the file itself: what `ls` and `sha256sum` show.
    pub(super) bytes: u64,
    pub(super) sha256: String,
    /// Of what is in it: what `zstd -dc FILE | sha256sum` shows.
    pub(super) content_sha256: String,
}

/// By how much the day's lines raised and lowered an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Account {
    pub(super) account: i64,
    pub(super) participant: String,
    pub(super) currency: Currency,
    pub(super) kind: String,
    pub(super) raised: Amount,
    pub(super) lowered: Amount,
}

impl Manifest {
    /// The manifest of what was found in a folder.
    pub(super) fn of(found: &Found, day: Day, hub: &FspId, registry: &Registry) -> Result<Manifest, ArchiveError> {
        let sums = found.sums.settle().map_err(|what| ArchiveError::Open { day, what })?;
        let accounts = sums.iter().map(|((id, currency), sum)| account(registry, *id, *currency, *sum)).collect();
        Ok(Manifest {
            format: FORMAT,
            hub: hub.clone(),
            day,
            schema_version: KNOWN,
            program_version: env!("CARGO_PKG_VERSION").to_owned(),
            files: found.files.clone(),
            lines_that_stay: found.lines_that_stay,
            accounts,
        })
    }

    /// Reads a folder's manifest; returned is its SHA-256, too.
    pub(super) fn read(folder: &Path) -> Result<(Manifest, Vec<u8>), ArchiveError> {
        let file = folder.join(NAME);
        let text = fs::read(&file).map_err(|error| ArchiveError::file(&file, error))?;
        let manifest: Manifest = serde_json::from_slice(&text).map_err(|error| ArchiveError::file(&file, error))?;
        if manifest.format != FORMAT {
            let why = format!("format: found {}, expected {FORMAT}; use a newer program", manifest.format);
            return Err(ArchiveError::file(&file, why));
        }
        Ok((manifest, Sha256::digest(&text).to_vec()))
    }

    /// Writes it into a folder, on the disk; returned is its SHA-256.
    pub(super) fn write(&self, folder: &Path) -> Result<Vec<u8>, ArchiveError> {
        let file = folder.join(NAME);
        let mut text = serde_json::to_vec_pretty(self).expect("it has keys that are text");
        text.push(b'\n');
        let written = (|| -> io::Result<()> {
            let mut file = new_file(&file)?;
            file.write_all(&text)?;
            file.sync_all()
        })();
        written.map_err(|error| ArchiveError::file(&file, error))?;
        Ok(Sha256::digest(&text).to_vec())
    }

    /// The sums of its accounts.
    pub(super) fn sums(&self) -> BTreeMap<Key, Archived> {
        let sum = |one: &Account| Archived { raised: one.raised, lowered: one.lowered };
        self.accounts.iter().map(|one| ((AccountId(one.account), one.currency), sum(one))).collect()
    }

    /// A file that it lists.
    pub(super) fn file(&self, name: &str) -> Option<&File> {
        self.files.iter().find(|file| file.name == name)
    }

    /// What people are told.
    pub(super) fn summary(&self) -> ArchivedDay {
        ArchivedDay {
            day: self.day,
            transfers: self.file(super::tables::TRANSFERS).map_or(0, |file| file.rows),
            rows: self.files.iter().map(|file| file.rows).sum(),
            bytes: self.files.iter().map(|file| file.bytes).sum(),
        }
    }
}

fn account(registry: &Registry, id: AccountId, currency: Currency, sum: Archived) -> Account {
    let known = registry.account(id);
    let owner = known.and_then(|account| registry.participant(account.participant));
    Account {
        account: id.0,
        participant: owner.map(|owner| owner.name.to_string()).unwrap_or_default(),
        currency,
        kind: known.map(|account| account.kind.as_str().to_owned()).unwrap_or_default(),
        raised: sum.raised,
        lowered: sum.lowered,
    }
}
