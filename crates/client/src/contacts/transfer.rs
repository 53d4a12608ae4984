//! Contacts in from a file and out into one: vCard, CSV, JSON Lines. `Contacts::import` and `Contacts::export` are here.
//! Files are in memory as a whole; what is in them is the server's to read.

use std::time::Duration;

use bytes::Bytes;
use contactgram_wire::transfer::Format;
pub use contactgram_wire::transfer::{ImportReport as Imported, OnConflict, RefusedLine};
use reqwest::header::{CONTENT_TYPE, HeaderValue};

use super::Contacts;
use crate::error::Result;
use crate::send::request::Request;

/// A file is given a second more for each so many bytes: the server writes its lines to the disk before it answers.
const SLOWEST_BYTES_S: usize = 64 * 1024;
/// How much longer an export may take than another call.
const EXPORT: Duration = Duration::from_secs(300);

/// A file of contacts to be imported.
///
/// ```
/// use contactgram_client::{ContactFile, FileFormat};
///
/// let file = ContactFile::new(FileFormat::Csv, "phone,name\n+447700900123,Ann\n").region("GB").dry_run();
/// ```
#[derive(Debug, Clone)]
pub struct ContactFile {
    format: Format,
    content: Bytes,
    on_conflict: OnConflict,
    region: Option<String>,
    dry_run: bool,
    key: Option<String>,
}

impl ContactFile {
    /// A file with its content.
    pub fn new(format: Format, content: impl Into<Bytes>) -> ContactFile {
        let (content, on_conflict) = (content.into(), OnConflict::default());
        ContactFile { format, content, on_conflict, region: None, dry_run: false, key: None }
    }

    /// What becomes of contacts that are there already.
    #[must_use]
    pub fn on_conflict(mut self, rule: OnConflict) -> ContactFile {
        self.on_conflict = rule;
        self
    }

    /// The country of numbers without a `+`, such as `GB`; the account's own by default.
    #[must_use]
    pub fn region(mut self, code: impl Into<String>) -> ContactFile {
        self.region = Some(code.into());
        self
    }

    /// Asks what would come of it; nothing is written.
    #[must_use]
    pub fn dry_run(mut self) -> ContactFile {
        self.dry_run = true;
        self
    }

    /// An idempotency key of the caller's own, for what is to act once across restarts of the program.
    #[must_use]
    pub fn idempotency_key(mut self, key: impl Into<String>) -> ContactFile {
        self.key = Some(key.into());
        self
    }
}

/// Which contacts to export.
#[derive(Debug, Clone, Default)]
pub struct ExportQuery {
    label: Option<String>,
    q: Option<String>,
}

impl ExportQuery {
    /// Only those with this label.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> ExportQuery {
        self.label = Some(label.into());
        self
    }

    /// Only those that these words find.
    #[must_use]
    pub fn search(mut self, words: impl Into<String>) -> ExportQuery {
        self.q = Some(words.into());
        self
    }
}

impl Contacts<'_> {
    /// Adds and updates contacts from a file. Lines that are wrong are refused, and the others are taken.
    ///
    /// ```no_run
    /// # async fn example(client: contactgram_client::Client, phone: Vec<u8>) -> contactgram_client::Result<()> {
    /// use contactgram_client::{ContactFile, FileFormat};
    ///
    /// let came = client.contacts().import(ContactFile::new(FileFormat::Vcard, phone).region("GB")).await?;
    /// for refused in &came.refusals {
    ///     println!("line {}: {}", refused.line, refused.why);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::BadRequest`](crate::Error::BadRequest) when the file can't be read at all; what came before stays.
    pub async fn import(&self, file: ContactFile) -> Result<Imported> {
        let kind = HeaderValue::from_static(file.format.media_type());
        let mut request = Request::post("contacts/import", "contacts/import", file.key)
            .query("on_conflict", Some(file.on_conflict.name()))
            .query("region", file.region)
            .query("dry_run", file.dry_run.then_some(true))
            .header(CONTENT_TYPE, kind);
        request.patience = Duration::from_secs((file.content.len() / SLOWEST_BYTES_S) as u64);
        request.body = Some(file.content);
        self.client.send(request).await?.result()
    }

    /// Contacts as a file. Private fields are in it where the credential may see them.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn export(&self, format: Format, query: &ExportQuery) -> Result<Bytes> {
        let mut request = Request::get("contacts/export", "contacts/export")
            .query("format", Some(format.name()))
            .query("label", query.label.as_deref())
            .query("q", query.q.as_deref());
        request.patience = EXPORT;
        Ok(self.client.send(request).await?.body)
    }
}
