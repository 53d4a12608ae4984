//! Which column of a table is what: our own names, those of Google Contacts (old and new) and of Outlook, and some that
//! people choose by themselves. Called by `table`. Columns that it doesn't know are passed over.

use super::{ORGANIZATION, OTHER_EMAILS, OTHER_PHONES, Several, TITLE, attribute, is_address, is_number};
use crate::BadRequest;
use crate::cell::bare;
use serde_json::{Map, Value};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    /// The field of this name, as we write it.
    Own(&'static str),
    First,
    Middle,
    Last,
    /// The whole name, where there are no parts.
    Full,
    Nickname,
    /// A number, the likelier one to be somebody's Telegram the smaller this is.
    Phone(u8),
    Email,
    /// Texts with this between them.
    Labels(&'static str),
    Organization,
    Title,
    Unknown,
}

/// The columns of a table.
#[derive(Debug)]
pub(super) struct Columns(Vec<Column>);

/// Ours that are read; the others are what the server says of a contact.
pub(super) const OWN: [&str; 12] = [
    "id",
    "first_name",
    "last_name",
    "username",
    "phone_number",
    "email",
    "user_id",
    "language_code",
    "labels",
    "note",
    "attributes",
    "created_at",
];

impl Columns {
    /// The columns of these names.
    ///
    /// # Errors
    /// When none of them would say who somebody is.
    pub fn named(names: &[String]) -> Result<Columns, BadRequest> {
        let columns: Vec<Column> = names.iter().map(|name| column(name)).collect();
        let says_who = |column: &Column| match column {
            Column::Own(name) => ["id", "username", "phone_number", "email", "user_id"].contains(name),
            Column::Phone(_) | Column::Email => true,
            _ => false,
        };
        match columns.iter().any(says_who) {
            true => Ok(Columns(columns)),
            false => Err(BadRequest::new(
                "the first row names no column that says who somebody is, such as phone_number, username or email",
            )),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The field that a column goes into.
    pub fn field(&self, at: usize) -> Option<&'static str> {
        Some(match self.0.get(at)? {
            Column::Own("id" | "created_at") | Column::Unknown => return None,
            Column::Own(name) => name,
            Column::First | Column::Middle | Column::Full | Column::Nickname => "first_name",
            Column::Last => "last_name",
            Column::Phone(_) => "phone_number",
            Column::Email => "email",
            Column::Labels(_) => "labels",
            Column::Organization | Column::Title => "attributes",
        })
    }

    /// What the cells of a row say, and whether there are numbers of which none can be read. Empty cells say nothing.
    pub fn fields(&self, cells: &[&str], region: Option<&str>) -> (Map<String, Value>, bool) {
        let mut fields = Map::new();
        let (mut phones, mut emails, mut labels) = (Vec::new(), Several::default(), Vec::new());
        let mut names = Names::default();
        for (column, cell) in self.0.iter().zip(cells) {
            let text = bare(cell.trim());
            if text.is_empty() {
                continue;
            }
            match column {
                Column::Own("attributes") => {
                    // What a column said before yields to this one.
                    let own = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
                    fields.insert("attributes".to_owned(), own);
                }
                Column::Own(name) => drop(fields.insert((*name).to_owned(), Value::from(text))),
                Column::First => names.first = text,
                Column::Middle => names.middle = text,
                Column::Last => names.last = text,
                Column::Full => names.full = text,
                Column::Nickname => names.nickname = text,
                Column::Phone(rank) => phones.extend(parts(text).map(|part| (*rank, part))),
                Column::Email => parts(text).for_each(|part| emails.add(part)),
                Column::Labels(between) => labels.extend(text.split(between).filter_map(label)),
                Column::Organization => {
                    names.organization = text;
                    attribute(&mut fields, ORGANIZATION, Value::from(text));
                }
                Column::Title => attribute(&mut fields, TITLE, Value::from(text)),
                Column::Unknown => {}
            }
        }
        names.put(&mut fields);
        phones.sort_by_key(|(rank, _)| *rank);
        let mut numbers = Several::default();
        phones.iter().for_each(|(_, part)| numbers.add(part));
        emails.put(&mut fields, ("email", OTHER_EMAILS), is_address);
        let reads_numbers =
            numbers.put(&mut fields, ("phone_number", OTHER_PHONES), |text| is_number(text, region));

        if !labels.is_empty() {
            fields.insert("labels".to_owned(), Value::from(labels));
        }
        (fields, !reads_numbers)
    }
}

/// The parts of a name.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    pub first: &'a str,
    pub middle: &'a str,
    pub last: &'a str,
    pub full: &'a str,
    pub nickname: &'a str,
    pub organization: &'a str,
}

impl Names<'_> {
    /// Whoever has no first name goes by the next best.
    pub fn put(&self, fields: &mut Map<String, Value>) {
        let given = [self.first, self.middle].map(str::trim);
        let given = given.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        let last = self.last.trim();
        let whole = [self.full, last, self.nickname, self.organization];
        let first = match given.is_empty() {
            false => Some(given.as_str()),
            true => whole.into_iter().map(str::trim).find(|name| !name.is_empty()),
        };
        if let Some(first) = first {
            fields.entry("first_name").or_insert_with(|| Value::from(first));
            if !given.is_empty() && !last.is_empty() {
                fields.entry("last_name").or_insert_with(|| Value::from(last));
            }
        }
    }
}

/// Google puts several values into one cell.
fn parts(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(" ::: ")
}

/// A label, unless it is one of those that Google gives everybody.
pub(super) fn label(text: &str) -> Option<String> {
    let text = text.trim();
    let own = !text.is_empty() && !text.starts_with("* ") && text != "myContacts";
    own.then(|| text.to_owned())
}

fn column(name: &str) -> Column {
    let name = bare(name.trim()).to_lowercase();
    if let Some(own) = OWN.into_iter().find(|own| *own == name) {
        return Column::Own(own);
    }
    let numbered = |begin: &str, end: &str| {
        let number = name.strip_prefix(begin).and_then(|rest| rest.strip_suffix(end));
        number.and_then(|number| number.trim().parse::<u8>().ok())
    };
    // Google Contacts: any number of each.
    if let Some(number) = numbered("phone ", " - value") {
        return Column::Phone(number);
    }
    if numbered("e-mail ", " - value").is_some() || numbered("e-mail ", " address").is_some() {
        return Column::Email;
    }
    match name.as_str() {
        "first name" | "firstname" | "given name" | "givenname" => Column::First,
        "middle name" | "additional name" => Column::Middle,
        "last name" | "lastname" | "family name" | "surname" => Column::Last,
        "name" | "full name" | "display name" | "file as" => Column::Full,
        "nickname" => Column::Nickname,
        "mobile phone" | "mobile" | "cell" | "cell phone" | "phone" | "phone number" | "telephone"
        | "tel" => Column::Phone(0),
        "primary phone" => Column::Phone(1),
        "mobile phone 2" => Column::Phone(2),
        "home phone" => Column::Phone(3),
        "home phone 2" => Column::Phone(4),
        "business phone" | "work phone" => Column::Phone(5),
        "business phone 2" => Column::Phone(6),
        "other phone" | "car phone" | "radio phone" | "assistant's phone" => Column::Phone(7),
        "company main phone" => Column::Phone(8),
        "e-mail address" | "e-mail" | "email address" | "mail" => Column::Email,
        "notes" => Column::Own("note"),
        "user name" | "telegram" | "telegram username" => Column::Own("username"),
        "telegram id" | "user id" => Column::Own("user_id"),
        "group membership" => Column::Labels(":::"),
        "categories" => Column::Labels(";"),
        "label" | "tags" => Column::Own("labels"),
        "organization name" | "organization 1 - name" | "company" => Column::Organization,
        "organization title" | "organization 1 - title" | "job title" => Column::Title,
        _ => Column::Unknown,
    }
}
