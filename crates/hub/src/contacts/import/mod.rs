//! Contacts from a file. [`Hub::import`] begins, whoever has the file pushes its pieces, and lines are written in batches
//! as they come: a file that breaks off leaves what came before, whole contacts all of them, and the same file again
//! adds nobody twice. `apply` says whom a line is about, `merge` what it changes. It knows no HTTP, and holds some lines.

mod apply;
mod batch;
mod merge;

pub use contactgram_wire::transfer::{ImportReport, OnConflict, RefusedLine};

use crate::access::ContactsWrite;
use crate::once::Slow;
use crate::{Answer, Error, Hub, Permit, accounts};
use apply::{Done, Prepared};
use batch::BATCH;
use contactgram_model::phone::is_region;
use contactgram_model::{Action, ContactSource, UserId};
use contactgram_store::ops::{audit, counters};
use contactgram_wire::transfer::{Format, Line, Reader, Said, field_of};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

/// Contacts of a file at most.
const MOST: u64 = 1_000_000;
/// Refused lines that are told of.
const MOST_TOLD: usize = 100;
/// Bytes that are read at a time.
const PIECE: usize = 16 << 10;

/// How a file is to be read.
#[derive(Debug, Clone)]
pub struct ImportRequest {
    /// What it is written in.
    pub format: Format,
    /// Reads numbers without a `+`; the account's own when absent.
    pub region: Option<String>,
    /// What becomes of contacts that are there.
    pub on_conflict: OnConflict,
    /// To say what would come of it, and write nothing.
    pub dry_run: bool,
}

/// A file that is being read.
pub struct Import<'h> {
    hub: &'h Hub,
    permit: Permit<ContactsWrite>,
    account: UserId,
    format: Format,
    on_conflict: OnConflict,
    dry_run: bool,
    reader: Option<Reader>,
    lines: Vec<Line>,
    waiting: Vec<Prepared>,
    taken: u64,
    report: ImportReport,
    /// In a dry run: whom lines before would have added, by digests of what they are found by.
    would_be: HashSet<u64>,
    once: Option<Slow>,
    digest: Sha256,
}

impl Hub {
    /// Begins to read a file. `key` is the request's idempotency key with a digest's beginning: what is asked besides the
    /// file itself.
    ///
    /// # Errors
    /// [`Error::BadRequest`] for a region that there isn't; [`Error::Conflict`] when the same request is running.
    pub async fn import(
        &self,
        permit: Permit<ContactsWrite>,
        request: ImportRequest,
        key: Option<(String, Sha256)>,
    ) -> Result<Import<'_>, Error> {
        let account = permit.account();
        let region = match request.region {
            Some(code) if is_region(&code) => Some(code),
            Some(_) => return Err(Error::bad("region must be a country's code of two letters, such as GB")),
            None => self.region_of(account).await?,
        };
        let (once, digest) = match key {
            Some((key, digest)) => (Some(self.begin_slow(account, key).await?), digest),
            None => (None, Sha256::new()),
        };
        let ImportRequest { format, on_conflict, dry_run, .. } = request;
        Ok(Import {
            hub: self,
            permit,
            account,
            format,
            on_conflict,
            dry_run,
            reader: Some(Reader::new(format, region)),
            lines: Vec::new(),
            waiting: Vec::new(),
            taken: 0,
            report: ImportReport::new(dry_run),
            would_be: HashSet::new(),
            once,
            digest,
        })
    }
}

impl Import<'_> {
    /// Takes the next bytes of the file.
    ///
    /// # Errors
    /// [`Error::BadRequest`] when the file can't be read on; what the store says. What was written stays: say so with
    /// [`Import::break_off`].
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if let Some(once) = &self.once {
            self.digest.update(bytes);
            if once.is_answered() {
                return Ok(());
            }
        }
        for piece in bytes.chunks(PIECE) {
            if let Some(reader) = &mut self.reader {
                reader.push(piece, &mut self.lines)?;
            }
            self.prepare()?;
            while self.waiting.len() >= BATCH {
                let rest = self.waiting.split_off(BATCH);
                let batch = std::mem::replace(&mut self.waiting, rest);
                self.write_down(batch).await?;
            }
        }
        Ok(())
    }

    /// The file has come to its end: what came of it, as JSON of an [`ImportReport`].
    ///
    /// # Errors
    /// As [`Import::push`]; [`Error::Unprocessable`] when the idempotency key was used with another request.
    pub async fn finish(&mut self) -> Result<Answer, Error> {
        let fingerprint: [u8; 32] = self.digest.finalize_reset().into();
        if let Some(once) = self.once.take_if(|once| once.is_answered()) {
            return once
                .answered(&fingerprint)?
                .ok_or_else(|| Error::internal("an answer that was kept is gone"));
        }
        if let Some(reader) = self.reader.take() {
            reader.finish(&mut self.lines)?;
        }
        self.prepare()?;
        let rest = std::mem::take(&mut self.waiting);
        for batch in chunks(rest) {
            self.write_down(batch).await?;
        }
        // Two kinds of lines are refused at different times.
        self.report.refusals.sort_by_key(|refusal| refusal.line);
        self.note(Some(fingerprint)).await
    }

    /// The file broke off: what was written of it is noted in the audit log.
    pub async fn break_off(&mut self) {
        let wrote = self.report.added + self.report.updated > 0;
        if wrote && let Err(error) = self.note(None).await {
            tracing::warn!(
                account.id = self.account.0,
                ?error,
                "an import that broke off is not in the audit log"
            );
        }
    }

    /// Writes into the audit log what came of it, and keeps the answer.
    async fn note(&mut self, ended: Option<[u8; 32]>) -> Result<Answer, Error> {
        let (account, actor, now) = (self.account, self.permit.actor(), self.hub.clock.now());
        let ImportReport { added, updated, unchanged, refused, .. } = self.report;
        let mut details = serde_json::json!({
            "format": self.format.name(), "added": added, "updated": updated, "unchanged": unchanged, "refused": refused,
        });
        if ended.is_none() {
            details["broke_off"] = true.into();
        }
        let (answer, dry_run) = (Answer::of(&self.report)?, self.dry_run);
        let once = self.once.take();
        self.hub
            .change(account, move |tx, _| {
                counters::lock(tx, account)?;
                if !dry_run {
                    audit::append_ahead(tx, account)?;
                    let target = ("contacts".to_owned(), details.clone());
                    accounts::record(tx, (actor, now), (account, Action::ContactsImported), target)?;
                }
                match (&once, &ended) {
                    (Some(once), Some(fingerprint)) => once.keep(tx, (fingerprint, now), answer.clone()),
                    _ => Ok(answer.clone()),
                }
            })
            .await
    }

    /// Lines that were read become lines to write.
    fn prepare(&mut self) -> Result<(), Error> {
        for Line { number, says } in std::mem::take(&mut self.lines) {
            self.taken += 1;
            if self.taken > MOST {
                let text = format!("the file has more than {MOST} contacts: send it in parts");
                return Err(Error::BadRequest(text.into()));
            }
            match says {
                Ok(said) => {
                    let moment = self.hub.moment(self.permit.view())?;
                    let moment = super::Moment { source: ContactSource::Import, ..moment };
                    self.waiting.push(Prepared { line: number, said, moment, same_address: None });
                }
                Err(wrong) => self.refuse(number, wrong.field, wrong.why),
            }
        }
        Ok(())
    }

    async fn write_down(&mut self, batch: Vec<Prepared>) -> Result<(), Error> {
        let (lines, outcomes) = self.write(batch).await?;
        for (line, outcome) in lines.iter().zip(outcomes) {
            match outcome {
                Ok(done) => {
                    self.report.without_number += u64::from(line.said.has_odd_numbers);
                    match self.done(&line.said, done) {
                        Done::Added => self.report.added += 1,
                        Done::Updated => self.report.updated += 1,
                        Done::Unchanged => self.report.unchanged += 1,
                    }
                }
                Err(Error::Lacks(scope)) => {
                    let why = format!("the credential lacks the scope {}", scope.name());
                    self.refuse(line.line, first_private(&line.said), why);
                }
                Err(
                    Error::BadRequest(why)
                    | Error::Forbidden(why)
                    | Error::NotFound(why)
                    | Error::Conflict(why),
                ) => self.refuse(line.line, field_of(&why), why.into_owned()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// In a dry run batches don't see what those before would have added.
    fn done(&mut self, said: &Said, done: Done) -> Done {
        if !self.dry_run || done != Done::Added {
            return done;
        }
        let (mut is_new, change) = (true, &said.change);
        let phone =
            change.phone_number.as_ref().and_then(Option::as_ref).map(|phone| phone.e164().to_owned());
        let text = |field: &Option<Option<String>>| field.clone().flatten().map(|text| text.to_lowercase());
        let id = change.user_id.map(|id| id.to_string());
        for (kind, found_by) in [phone, text(&change.username), text(&change.email), id].iter().enumerate() {
            if let Some(found_by) = found_by {
                let mut hasher = DefaultHasher::new();
                (kind, found_by).hash(&mut hasher);
                // An address is nothing to go by where there is something better.
                is_new &= self.would_be.insert(hasher.finish())
                    || (kind == 2 && apply::address_alone(said).is_none());
            }
        }
        if is_new { Done::Added } else { Done::Updated }
    }

    fn refuse(&mut self, line: u64, field: Option<&str>, why: String) {
        self.report.refused += 1;
        if self.report.refusals.len() < MOST_TOLD {
            self.report.refusals.push(RefusedLine::new(line, field, why));
        }
    }
}

fn chunks(mut all: Vec<Prepared>) -> Vec<Vec<Prepared>> {
    let mut chunks = Vec::new();
    while !all.is_empty() {
        let rest = all.split_off(all.len().min(BATCH));
        chunks.push(std::mem::replace(&mut all, rest));
    }
    chunks
}

/// The first field of a line that `contacts:private` is needed for.
fn first_private(said: &Said) -> Option<&'static str> {
    let change = &said.change;
    let told = [
        ("phone_number", change.phone_number.is_some()),
        ("email", change.email.is_some()),
        ("note", change.note.is_some()),
        ("attributes", change.attributes.is_some()),
    ];
    told.into_iter().find(|(_, is_told)| *is_told).map(|(name, _)| name)
}
