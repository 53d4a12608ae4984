//! A file of vCards, as phones and address books export them. Called by `Reader`. It cuts the file into cards and leaves
//! pictures out on the way; what is in a card, calcard says (versions 2.1 to 4.0).

use super::columns::{Names, label};
use super::lines::{Lines, OneLine};
use super::{
    Line, MOST_RECORD, ORGANIZATION, OTHER_EMAILS, OTHER_PHONES, Said, Several, TITLE, Wrong, attribute,
    is_address, is_number, said,
};
use crate::contact::Meaning;
use crate::vcard;
use calcard::vcard::{VCard, VCardEntry, VCardProperty, VCardValue};
use calcard::{Entry, Parser};
use serde_json::{Map, Value};

/// Properties of ours in a card.
pub(super) const ID: &str = "X-CONTACTGRAM-ID";
pub(super) const ATTRIBUTES: &str = "X-CONTACTGRAM-ATTRIBUTES";
pub(super) const USER_ID: &str = "X-TELEGRAM-ID";
pub(super) const USERNAME: &str = "X-TELEGRAM-USERNAME";
pub(super) const LANGUAGE: &str = "X-TELEGRAM-LANGUAGE";

/// A file of cards.
#[derive(Debug, Default)]
pub(super) struct Cards {
    lines: Lines,
    cut: Cutter,
}

/// Where in a file we are.
#[derive(Debug, Default)]
struct Cutter {
    card: Option<Open>,
    /// Whether what stands between cards was told of.
    told: bool,
}

/// A card whose end has not come.
#[derive(Debug)]
struct Open {
    begins: u64,
    text: Vec<u8>,
    is_too_large: bool,
    /// Inside of a property that is passed over.
    skips: bool,
    /// Inside of a card within this one, which is somebody else's.
    within: Within,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Nothing,
    /// Behind `AGENT:`: the next card is the agent's.
    Announced,
    Card,
}

impl Cards {
    pub fn push(&mut self, bytes: &[u8], region: Option<&str>, out: &mut Vec<Line>) {
        let Cards { lines, cut } = self;
        lines.push(bytes, |line| cut.take(line, region, out));
    }

    pub fn finish(self, region: Option<&str>, out: &mut Vec<Line>) -> Result<(), crate::BadRequest> {
        let Cards { lines, mut cut } = self;
        lines.finish(|line| cut.take(line, region, out));
        if let Some(open) = cut.card {
            out.push(open.broken());
        }
        Ok(())
    }
}

impl Open {
    fn at(number: u64) -> Open {
        let text = b"BEGIN:VCARD\r\n".to_vec();
        Open { begins: number, text, is_too_large: false, skips: false, within: Within::Nothing }
    }

    fn broken(self) -> Line {
        Line { number: self.begins, says: Err(Wrong::line("the card has no END:VCARD")) }
    }

    /// Takes a line of the card; whether it was its last.
    fn take(&mut self, line: OneLine<'_>) -> bool {
        let bytes = line.bytes;
        let is_folded = bytes.first().is_some_and(|byte| matches!(byte, b' ' | b'\t'));
        match self.within {
            Within::Card => {
                if is(bytes, "END:VCARD") {
                    self.within = Within::Nothing;
                }
                return false;
            }
            Within::Announced if bytes.trim_ascii().is_empty() => return false,
            Within::Announced if is(bytes, "BEGIN:VCARD") => {
                self.within = Within::Card;
                return false;
            }
            Within::Announced | Within::Nothing => self.within = Within::Nothing,
        }
        // Pictures of version 2.1 need not be folded: no line of them has a colon.
        if self.skips && (is_folded || !bytes.contains(&b':')) {
            return false;
        }
        self.skips = false;
        if !is_folded {
            let name = name(bytes);
            self.skips =
                ["PHOTO", "LOGO", "SOUND", "KEY"].iter().any(|one| name.eq_ignore_ascii_case(one.as_bytes()));
            if name.eq_ignore_ascii_case(b"AGENT") && bytes.trim_ascii_end().ends_with(b":") {
                self.within = Within::Announced;
            }
            if self.skips || self.within == Within::Announced {
                return false;
            }
        }
        self.is_too_large |= line.is_cut || self.text.len() + bytes.len() > MOST_RECORD;
        if !self.is_too_large {
            self.text.extend_from_slice(bytes);
            self.text.extend_from_slice(b"\r\n");
        }
        is(bytes, "END:VCARD")
    }

    fn read(self, region: Option<&str>) -> Line {
        let says = match self.is_too_large {
            true => {
                Err(Wrong::line(format!("the card has more than {MOST_RECORD} bytes beside its pictures")))
            }
            false => says(&self.text, region),
        };
        Line { number: self.begins, says }
    }
}

impl Cutter {
    fn take(&mut self, line: OneLine<'_>, region: Option<&str>, out: &mut Vec<Line>) {
        let begins = is(line.bytes, "BEGIN:VCARD");
        let Some(open) = &mut self.card else {
            if begins {
                self.card = Some(Open::at(line.number));
                self.told = false;
            } else if !line.bytes.trim_ascii().is_empty() && !self.told {
                let why = "here is something that is in no card";
                out.push(Line { number: line.number, says: Err(Wrong::line(why)) });
                self.told = true;
            }
            return;
        };
        if begins && open.within == Within::Nothing {
            out.extend(self.card.replace(Open::at(line.number)).map(Open::broken));
            return;
        }
        if open.take(line) {
            out.extend(self.card.take().map(|card| card.read(region)));
        }
    }
}

fn is(line: &[u8], text: &str) -> bool {
    // A line that begins with a space belongs to the one before.
    line.trim_ascii_end().eq_ignore_ascii_case(text.as_bytes())
}

/// The property's name in a line, without its group.
fn name(line: &[u8]) -> &[u8] {
    let end = line.iter().position(|byte| matches!(byte, b':' | b';')).unwrap_or(line.len());
    let name = &line[..end];
    name.rsplit(|byte| *byte == b'.').next().unwrap_or(name).trim_ascii()
}

fn says(card: &[u8], region: Option<&str>) -> Result<Said, Wrong> {
    let text = match std::str::from_utf8(card) {
        Ok(text) => std::borrow::Cow::Borrowed(text),
        // What old phones write, when it is not UTF-8, is Western European.
        Err(_) => card.iter().map(|byte| char::from(*byte)).collect::<String>().into(),
    };
    let mut parser = Parser::new(&text);
    loop {
        match parser.entry() {
            Entry::VCard(card) => {
                let (fields, has_odd_numbers) = fields(&card, region);
                let said = said(&fields, region, Meaning::Add)?;
                return Ok(Said { has_odd_numbers, ..said });
            }
            Entry::Eof => return Err(Wrong::line("the card can't be read")),
            _ => {}
        }
    }
}

/// What a card says, and whether it has numbers of which none can be read.
fn fields(card: &VCard, region: Option<&str>) -> (Map<String, Value>, bool) {
    let mut fields = Map::new();
    let [mut first, mut middle, mut last, mut full, mut nickname, mut organization] =
        [const { String::new() }; 6];
    let (mut phones, mut others, mut emails) = (Several::default(), Vec::new(), Several::default());
    let (mut notes, mut labels, mut about) = (Vec::new(), Vec::new(), Vec::new());
    for entry in &card.entries {
        match &entry.name {
            VCardProperty::N if first.is_empty() && last.is_empty() => {
                last = vcard::component(entry, 0);
                first = vcard::component(entry, 1);
                middle = vcard::component(entry, 2);
            }
            VCardProperty::Fn if full.is_empty() => full = vcard::component(entry, 0),
            VCardProperty::Nickname if nickname.is_empty() => nickname = vcard::component(entry, 0),
            VCardProperty::Org if organization.is_empty() => organization = vcard::component(entry, 0),
            VCardProperty::Title => about.push((TITLE, vcard::component(entry, 0))),
            VCardProperty::Tel if vcard::is_no_telephone(entry) => others.extend(vcard::phone(entry)),
            VCardProperty::Tel => vcard::phone(entry).iter().for_each(|number| phones.add(number)),
            VCardProperty::Email => vcard::email(entry).iter().for_each(|address| emails.add(address)),
            VCardProperty::Note => notes.push(whole(entry)),
            VCardProperty::Categories => labels.extend(texts(entry).filter_map(label)),
            VCardProperty::Lang => put(&mut fields, "language_code", &whole(entry)),
            VCardProperty::Other(name) => other(&mut fields, name, entry),
            _ => {}
        }
    }
    about.push((ORGANIZATION, organization.clone()));
    let names = Names {
        first: &first,
        middle: &middle,
        last: &last,
        full: &full,
        nickname: &nickname,
        organization: &organization,
    };
    names.put(&mut fields);
    others.iter().for_each(|number| phones.add(number));
    emails.put(&mut fields, ("email", OTHER_EMAILS), is_address);
    let reads_numbers =
        phones.put(&mut fields, ("phone_number", OTHER_PHONES), |text| is_number(text, region));

    for (name, text) in about.into_iter().filter(|(_, text)| !text.is_empty()) {
        attribute(&mut fields, name, Value::from(text));
    }
    notes.retain(|note| !note.trim().is_empty());
    put(&mut fields, "note", &notes.join("\n"));
    if !labels.is_empty() {
        fields.insert("labels".to_owned(), Value::from(labels));
    }
    (fields, !reads_numbers)
}

/// Properties that no standard has.
fn other(fields: &mut Map<String, Value>, name: &str, entry: &VCardEntry) {
    let is = |ours: &str| name.eq_ignore_ascii_case(ours);
    if is(ID) {
        put(fields, "id", &whole(entry));
    } else if is(USER_ID) {
        put(fields, "user_id", &whole(entry));
    } else if is(USERNAME) || is("X-TELEGRAM") {
        put(fields, "username", &whole(entry));
    } else if is(LANGUAGE) {
        put(fields, "language_code", &whole(entry));
    } else if is(ATTRIBUTES)
        && let Ok(Value::Object(attributes)) = serde_json::from_str(&whole(entry))
    {
        // All of them: what the card says in other places is there, too.
        fields.insert("attributes".to_owned(), Value::Object(attributes));
    }
}

fn put(fields: &mut Map<String, Value>, name: &str, text: &str) {
    let text = text.trim();
    if !text.is_empty() {
        fields.entry(name).or_insert_with(|| Value::from(text));
    }
}

/// The texts of a value with commas.
fn texts(entry: &VCardEntry) -> impl Iterator<Item = &str> {
    entry.values.iter().flat_map(|value| match value {
        VCardValue::Text(text) => std::slice::from_ref(text).iter().map(String::as_str),
        VCardValue::Component(parts) => parts.iter().map(String::as_str),
        _ => [].iter().map(String::as_str),
    })
}

/// A value that is one text.
fn whole(entry: &VCardEntry) -> String {
    texts(entry).collect::<Vec<_>>().join(",")
}
