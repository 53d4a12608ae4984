//! Contacts and messages as the hub answers with them, read for pages. What a page does not show is not read, and a
//! field that the reader may not see is not there.

use contactgram_hub::Error;
use contactgram_model::{ContactId, Timestamp, UserId};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::words;

/// A contact.
#[derive(Debug, Deserialize)]
pub struct ContactRow {
    pub id: ContactId,
    pub first_name: String,
    pub last_name: Option<String>,
    pub username: Option<String>,
    pub phone_number: Option<String>,
    pub email: Option<String>,
    pub language_code: Option<String>,
    pub note: Option<String>,
    #[serde(default)]
    pub labels: Vec<String>,
    #[serde(default)]
    pub attributes: Map<String, Value>,
    #[serde(default)]
    pub phone_verified: bool,
    #[serde(default)]
    pub is_blocked: bool,
    #[serde(default)]
    pub source: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl ContactRow {
    /// The whole name.
    pub fn name(&self) -> String {
        full_name(&self.first_name, self.last_name.as_deref())
    }
}

/// Somebody who writes.
#[derive(Debug, Deserialize)]
pub struct Writer {
    pub id: UserId,
    pub first_name: String,
    pub last_name: Option<String>,
}

/// Where a message is.
#[derive(Debug, Deserialize)]
pub struct Place {
    pub title: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    #[serde(rename = "type")]
    pub kind: String,
}

impl Place {
    /// Whose chat it is, or a group's title.
    pub fn name(&self) -> String {
        match (&self.title, &self.first_name) {
            (Some(title), _) => title.clone(),
            (None, Some(first)) => full_name(first, self.last_name.as_deref()),
            (None, None) => "Somebody".to_owned(),
        }
    }
}

/// A message.
#[derive(Debug, Deserialize)]
pub struct MessageRow {
    pub message_id: i64,
    pub from: Option<Writer>,
    pub chat: Place,
    pub date: Timestamp,
    pub edit_date: Option<Timestamp>,
    pub text: Option<String>,
    pub caption: Option<String>,
    pub contact: Option<Shared>,
    pub reply_to_message: Option<Box<MessageRow>>,
    /// Fields of which at most one, or one and its older form, is there.
    pub animation: Option<Attached>,
    pub audio: Option<Attached>,
    pub document: Option<Attached>,
    pub sticker: Option<Attached>,
    pub video: Option<Attached>,
    pub video_note: Option<Attached>,
    pub voice: Option<Attached>,
    #[serde(default)]
    pub photo: Vec<Attached>,
}

/// A file that a message carries.
#[derive(Debug, Deserialize)]
pub struct Attached {
    pub file_id: String,
    pub file_name: Option<String>,
}

/// A shared contact.
#[derive(Debug, Deserialize)]
pub struct Shared {
    pub first_name: String,
    pub last_name: Option<String>,
    pub phone_number: Option<String>,
}

impl MessageRow {
    /// What it says, in one text.
    pub fn says(&self) -> String {
        match (&self.text, &self.caption, &self.contact) {
            (Some(text), ..) | (None, Some(text), _) => text.clone(),
            (None, None, Some(shared)) => {
                let name = full_name(&shared.first_name, shared.last_name.as_deref());
                let number =
                    shared.phone_number.as_deref().map(|number| format!(", {number}")).unwrap_or_default();
                format!("Contact: {name}{number}")
            }
            (None, None, None) => match self.attached() {
                Some((name, _)) => name.to_owned(),
                None => "(something that is not shown here)".to_owned(),
            },
        }
    }

    /// The file that it carries: what it is called, and its `file_id`.
    fn attached(&self) -> Option<(&str, &str)> {
        let photo = self.photo.last().map(|file| ("Photo", file));
        let found = photo.or_else(|| {
            [
                ("Animation", &self.animation),
                ("Audio", &self.audio),
                ("File", &self.document),
                ("Sticker", &self.sticker),
                ("Video", &self.video),
                ("Video message", &self.video_note),
                ("Voice message", &self.voice),
            ]
            .into_iter()
            .find_map(|(kind, file)| file.as_ref().map(|file| (kind, file)))
        });
        found.map(|(kind, file)| (file.file_name.as_deref().unwrap_or(kind), file.file_id.as_str()))
    }

    /// Who wrote it.
    pub fn writer(&self) -> String {
        let name = |writer: &Writer| full_name(&writer.first_name, writer.last_name.as_deref());
        self.from.as_ref().map_or_else(|| self.chat.name(), name)
    }
}

/// A message as a conversation shows it.
#[derive(Debug)]
pub struct Line {
    pub mine: bool,
    pub from: String,
    pub text: String,
    pub time: String,
    pub edited: bool,
    pub group: bool,
    pub reply: Option<String>,
    /// A file: the words of its link, and its `file_id`.
    pub file: Option<(String, String)>,
    /// Where a new day begins.
    pub day: Option<String>,
}

/// Messages, the oldest first, as `reader` sees them.
pub fn lines(messages: &[MessageRow], reader: UserId) -> Vec<Line> {
    let mut day = String::new();
    let mut line = |message: &MessageRow| {
        let today = words::day(message.date);
        let begins = today != day;
        day.clone_from(&today);
        Line {
            mine: message.from.as_ref().is_some_and(|from| from.id == reader),
            from: message.writer(),
            text: message.says(),
            file: message.attached().map(|(name, id)| {
                // Without a caption the text is the name already.
                let words = if message.caption.is_some() { name } else { "Download" };
                (words.to_owned(), id.to_owned())
            }),
            time: words::time(message.date),
            edited: message.edit_date.is_some(),
            group: message.chat.kind != "private",
            reply: message.reply_to_message.as_ref().map(|reply| shortened(&reply.says())),
            day: begins.then_some(today),
        }
    };
    messages.iter().map(&mut line).collect()
}

/// The beginning of a text, on one line.
pub fn shortened(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(120).collect();
    if text.chars().count() > 120 { format!("{line}…") } else { line }
}

/// Reads what the hub wrote.
pub fn read<T: DeserializeOwned>(json: &str) -> Result<T, Error> {
    serde_json::from_str(json).map_err(Error::internal)
}

fn full_name(first: &str, last: Option<&str>) -> String {
    match last {
        Some(last) if !last.is_empty() => format!("{first} {last}"),
        _ => first.to_owned(),
    }
}
