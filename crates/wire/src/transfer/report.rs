//! What a file is to do with contacts that are there, and what came of it, as the API says both. Used by the hub, which imports, and by
//! clients, who ask for it.

use serde::{Deserialize, Serialize};

/// What becomes of a contact that a line of the file is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnConflict {
    /// It is given what it lacks, and keeps what it has; labels and attributes are added to.
    #[default]
    Merge,
    /// It stays as it is.
    Skip,
    /// What the line says takes the place of what there is; what the line doesn't say stays.
    Replace,
}

impl OnConflict {
    /// Every rule.
    pub const ALL: [OnConflict; 3] = [OnConflict::Merge, OnConflict::Skip, OnConflict::Replace];

    /// As the parameter `on_conflict` names it.
    pub const fn name(self) -> &'static str {
        match self {
            OnConflict::Merge => "merge",
            OnConflict::Skip => "skip",
            OnConflict::Replace => "replace",
        }
    }

    /// The rule of this name.
    pub fn named(name: &str) -> Option<OnConflict> {
        OnConflict::ALL.into_iter().find(|rule| rule.name() == name)
    }
}

/// What came of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ImportReport {
    /// Contacts that are new.
    pub added: u64,
    /// Contacts that are other than before.
    pub updated: u64,
    /// Contacts that were there and are as before.
    pub unchanged: u64,
    /// Lines that are in no contact.
    pub refused: u64,
    /// Lines that were taken although none of their phone numbers can be read: those are among the attributes.
    pub without_number: u64,
    /// The first 100 of the refused lines.
    pub refusals: Vec<RefusedLine>,
    /// Whether nothing was written.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
}

/// A line that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RefusedLine {
    /// Where it begins in the file, counted from 1.
    pub line: u64,
    /// The field that is wrong, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// A sentence.
    pub why: String,
}

impl ImportReport {
    /// Of a file of which nothing has been read.
    pub fn new(dry_run: bool) -> ImportReport {
        ImportReport { dry_run, ..ImportReport::default() }
    }
}

impl RefusedLine {
    /// The line that begins there is wrong in this field, if it is one.
    pub fn new(line: u64, field: Option<&str>, why: String) -> RefusedLine {
        RefusedLine { line, field: field.map(str::to_owned), why }
    }
}
