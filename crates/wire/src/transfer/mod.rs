//! Files of contacts: vCard, CSV and JSON Lines, read as they come and written contact by contact. `Reader` takes pieces
//! of a file and gives what its lines say of whom; `write` makes them. Used by import and export in the hub. Nothing here
//! knows which contacts there are, and no line that is wrong keeps the next from being read.

mod cards;
mod columns;
mod jsonl;
mod lines;
mod report;
mod table;
mod write;

#[cfg(test)]
mod tests;

pub use report::{ImportReport, OnConflict, RefusedLine};
pub use write::{csv_header, csv_row, vcard};

use crate::BadRequest;
use crate::contact::{Meaning, read_change};
use contactgram_model::contact::ContactChange;
use contactgram_model::{ContactId, PhoneNumber, Timestamp};
use serde_json::{Map, Value};

/// Bytes of a line, a row or a card, without its pictures.
pub const MOST_RECORD: usize = 256 << 10;

/// Where numbers beside the first are kept, among a contact's attributes.
pub const OTHER_PHONES: &str = "other_phone_numbers";
/// Where addresses beside the first are kept, among a contact's attributes.
pub const OTHER_EMAILS: &str = "other_emails";
/// Where a card's ORG is kept, among a contact's attributes.
pub const ORGANIZATION: &str = "organization";
/// Where a card's TITLE is kept, among a contact's attributes.
pub const TITLE: &str = "title";

/// What a file is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// vCard 2.1, 3.0 or 4.0; written as 3.0.
    Vcard,
    /// A table with a row of names at its head.
    Csv,
    /// A contact a line, as the API shows it.
    Jsonl,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 3] = [Format::Vcard, Format::Csv, Format::Jsonl];

    /// Its name, which is also the ending of its files' names.
    pub const fn name(self) -> &'static str {
        match self {
            Format::Vcard => "vcf",
            Format::Csv => "csv",
            Format::Jsonl => "jsonl",
        }
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Format::Vcard => "text/vcard; charset=utf-8",
            Format::Csv => "text/csv; charset=utf-8; header=present",
            Format::Jsonl => "application/x-ndjson",
        }
    }

    /// The format of this name, as a parameter or a file's ending has it.
    pub fn named(name: &str) -> Option<Format> {
        Some(match name.to_ascii_lowercase().as_str() {
            "vcf" | "vcard" => Format::Vcard,
            "csv" | "tsv" => Format::Csv,
            "jsonl" | "ndjson" => Format::Jsonl,
            _ => return None,
        })
    }

    /// The format of a media type, whatever parameters it has.
    pub fn of_media_type(text: &str) -> Option<Format> {
        let kind = text.split(';').next().unwrap_or_default().trim();
        Some(match kind.to_ascii_lowercase().as_str() {
            "text/vcard" | "text/x-vcard" | "text/directory" => Format::Vcard,
            // The last is what browsers call it on machines that have Excel.
            "text/csv"
            | "text/comma-separated-values"
            | "text/tab-separated-values"
            | "application/csv"
            | "application/vnd.ms-excel" => Format::Csv,
            "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/x-jsonlines"
            | "application/json-lines" => Format::Jsonl,
            _ => return None,
        })
    }
}

/// What a line, a row or a card says.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Where it begins in the file, counted from 1.
    pub number: u64,
    /// What it says, or what is wrong with it.
    pub says: Result<Said, Wrong>,
}

/// What a file says of somebody.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Said {
    /// The contact's id where the file comes from.
    pub id: Option<ContactId>,
    /// When the contact was made there.
    pub created_at: Option<Timestamp>,
    /// Everything else. Attributes take the place of those there are.
    pub change: ContactChange,
    /// Whether none of its phone numbers can be read: they are among the attributes.
    pub has_odd_numbers: bool,
}

/// Why a line can't be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The field that is wrong, if it is one.
    pub field: Option<&'static str>,
    /// A sentence for whoever made the file.
    pub why: String,
}

impl Wrong {
    fn line(why: impl Into<String>) -> Wrong {
        Wrong { field: None, why: why.into() }
    }
}

impl From<BadRequest> for Wrong {
    fn from(bad: BadRequest) -> Wrong {
        Wrong { field: field_of(&bad.0), why: bad.0.into_owned() }
    }
}

/// The field that a refusal is about: its text names it.
pub fn field_of(why: &str) -> Option<&'static str> {
    // `id` would be found in words.
    let fields = columns::OWN.into_iter().filter(|field| !["id", "created_at"].contains(field));
    fields.filter_map(|field| Some((why.find(field)?, field))).min().map(|(_, field)| field)
}

/// A file that is being read.
#[derive(Debug)]
pub struct Reader {
    form: Form,
    region: Option<String>,
    /// Whether anything has come.
    begun: bool,
    /// The first bytes, until there are enough to know a byte order mark.
    head: Vec<u8>,
}

#[derive(Debug)]
enum Form {
    Vcard(cards::Cards),
    Csv(Box<table::Table>),
    Jsonl(jsonl::Objects),
}

impl Reader {
    /// A reader of this format. `region` is for numbers without a `+`.
    pub fn new(format: Format, region: Option<String>) -> Reader {
        let form = match format {
            Format::Vcard => Form::Vcard(cards::Cards::default()),
            Format::Csv => Form::Csv(Box::default()),
            Format::Jsonl => Form::Jsonl(jsonl::Objects::default()),
        };
        Reader { form, region, begun: false, head: Vec::new() }
    }

    /// Takes the next bytes of the file.
    ///
    /// # Errors
    /// When the file can't be read at all; what came before stands.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<Line>) -> Result<(), BadRequest> {
        if self.begun {
            return self.form.push(bytes, self.region.as_deref(), out);
        }
        self.head.extend_from_slice(bytes);
        match self.head.len() < BOM.len() {
            true => Ok(()),
            false => self.begin(out),
        }
    }

    /// The file has come to its end.
    ///
    /// # Errors
    /// As [`Reader::push`].
    pub fn finish(mut self, out: &mut Vec<Line>) -> Result<(), BadRequest> {
        if !self.begun {
            self.begin(out)?;
        }
        let region = self.region.as_deref();
        match self.form {
            Form::Vcard(cards) => cards.finish(region, out),
            Form::Csv(table) => table.finish(region, out),
            Form::Jsonl(objects) => {
                objects.finish(region, out);
                Ok(())
            }
        }
    }

    fn begin(&mut self, out: &mut Vec<Line>) -> Result<(), BadRequest> {
        self.begun = true;
        let head = std::mem::take(&mut self.head);
        if head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF") {
            return Err(BadRequest::new("the file is in UTF-16; save it as UTF-8"));
        }
        let text = head.strip_prefix(BOM).unwrap_or(&head);
        self.form.push(text, self.region.as_deref(), out)
    }
}

/// What some programs put before UTF-8.
const BOM: &[u8] = b"\xEF\xBB\xBF";

impl Form {
    fn push(&mut self, bytes: &[u8], region: Option<&str>, out: &mut Vec<Line>) -> Result<(), BadRequest> {
        match self {
            Form::Vcard(cards) => cards.push(bytes, region, out),
            Form::Csv(table) => return table.push(bytes, region, out),
            Form::Jsonl(objects) => objects.push(bytes, region, out),
        }
        Ok(())
    }
}

/// What fields say, checked as the API checks them.
fn said(fields: &Map<String, Value>, region: Option<&str>, meaning: Meaning) -> Result<Said, Wrong> {
    let number = |name: &str| match fields.get(name) {
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(value) => value.as_i64(),
        None => None,
    };
    let change = read_change(fields, region, meaning)?;
    Ok(Said {
        id: number("id").filter(|id| *id > 0).map(ContactId),
        created_at: number("created_at"),
        change: ContactChange { merge_attributes: false, ..change },
        has_odd_numbers: false,
    })
}

/// Several values of one kind: the first that will do goes into the field, and all others among the attributes, whose own
/// list stands where there is one.
#[derive(Debug, Default)]
struct Several(Vec<String>);

impl Several {
    fn add(&mut self, text: &str) {
        let text = text.trim();
        if !text.is_empty() && self.0.len() < 100 && !self.0.iter().any(|known| known == text) {
            self.0.push(text.to_owned());
        }
    }

    /// Whether one of them will do, or there are none.
    fn put(
        self,
        fields: &mut Map<String, Value>,
        (field, rest): (&str, &str),
        fits: impl Fn(&str) -> bool,
    ) -> bool {
        let mut all = self.0;
        let first = all.iter().position(|text| fits(text));
        let is_well = first.is_some() || all.is_empty();
        // Where none will do and nothing else says who it is, the first one is refused.
        let others = ["email", "username", "user_id", "id"];
        let first = first
            .or_else(|| (!is_well && !others.iter().any(|name| fields.contains_key(*name))).then_some(0));
        if let Some(first) = first {
            fields.insert(field.to_owned(), Value::from(all.remove(first)));
        }
        if !all.is_empty() {
            attribute(fields, rest, Value::from(all));
        }
        is_well
    }
}

/// Notes something that a contact has no field for.
fn attribute(fields: &mut Map<String, Value>, name: &str, value: Value) {
    let attributes = fields.entry("attributes").or_insert_with(|| Value::Object(Map::new()));
    if let Some(attributes) = attributes.as_object_mut() {
        attributes.entry(name).or_insert(value);
    }
}

fn is_number(text: &str, region: Option<&str>) -> bool {
    PhoneNumber::parse(text, region).is_ok()
}

fn is_address(text: &str) -> bool {
    crate::contact::check_email(text).is_ok() && text.chars().count() <= 254
}
