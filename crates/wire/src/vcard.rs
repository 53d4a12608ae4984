//! vCards as far as a contact needs them: names, phone numbers, e-mail addresses.
//! Read from shared contacts (the Bot API's `Contact.vcard`) and from imports, written for a person who shares theirs.
//! It never judges a phone number or an address, and never panics on what it is given.

use calcard::vcard::{VCard, VCardEntry, VCardParameterValue, VCardProperty, VCardType, VCardValue};
use calcard::{Entry, Parser};

/// The most octets of a written line, its end not counted (RFC 2426, section 2.6).
const LINE: usize = 75;

/// The most phone numbers, and the most addresses, that are read from one card. No person has more, and looking
/// for doubles in a card made of nothing else would take for ever.
const MOST: usize = 100;

/// What one vCard says of a person. All texts are trimmed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Card {
    /// The given name; the formatted name (FN) where the card has no name in parts. May be empty.
    pub first_name: String,
    /// The family name. May be empty.
    pub last_name: String,
    /// As written in the card, in its order, but fax and pager numbers last. Without `tel:`, without
    /// doubles, at most 100.
    pub phones: Vec<String>,
    /// In the card's order, without `mailto:` and without doubles, at most 100. Whatever has no `@` is left out.
    pub emails: Vec<String>,
}

/// The first vCard of a text, in version 2.1, 3.0 or 4.0 (RFC 2426, RFC 6350). `None` where there is none.
pub fn read(text: &str) -> Option<Card> {
    cards(text).next()
}

/// Every vCard of a text, in its order, as an address book exports them. What is no vCard is passed over.
pub fn cards(text: &str) -> impl Iterator<Item = Card> {
    let mut parser = Parser::new(text);
    std::iter::from_fn(move || {
        loop {
            match parser.entry() {
                Entry::VCard(card) => return Some(card_of(&card)),
                Entry::Eof => return None,
                _ => {}
            }
        }
    })
}

/// The e-mail addresses of the first vCard of a text: the Bot API's `Contact` has no other place for them.
pub fn emails(text: &str) -> Vec<String> {
    read(text).unwrap_or_default().emails
}

/// A vCard 3.0 (RFC 2426) with VERSION, N, FN and one line a phone number and address, lines ended by CRLF.
/// Control characters are left out. The Bot API takes at most 2048 bytes of vCard; this sets no limit.
pub fn write(card: &Card) -> String {
    let full_name = [card.first_name.as_str(), card.last_name.as_str()].join(" ");
    // FN may not be empty, so a nameless card goes by its number or address.
    let shown = [full_name.as_str()]
        .into_iter()
        .chain(card.phones.iter().chain(&card.emails).map(String::as_str))
        .map(|text| text.trim_matches(|c: char| c.is_whitespace() || c.is_control()))
        .find(|text| !text.is_empty())
        .unwrap_or("?");
    let mut out = String::from("BEGIN:VCARD\r\nVERSION:3.0\r\n");
    let name = format!("N:{};{};;;", escaped(&card.last_name), escaped(&card.first_name));
    push_line(&mut out, &name);
    push_line(&mut out, &format!("FN:{}", escaped(shown)));
    for phone in &card.phones {
        push_line(&mut out, &format!("TEL;TYPE=CELL:{}", escaped(phone)));
    }
    for email in &card.emails {
        push_line(&mut out, &format!("EMAIL;TYPE=INTERNET:{}", escaped(email)));
    }
    out.push_str("END:VCARD\r\n");
    out
}

fn card_of(vcard: &VCard) -> Card {
    let mut card = Card::default();
    let mut other_numbers = Vec::new();
    let mut formatted_name = String::new();
    for entry in &vcard.entries {
        match entry.name {
            VCardProperty::N if card.first_name.is_empty() && card.last_name.is_empty() => {
                card.last_name = component(entry, 0);
                card.first_name = component(entry, 1);
            }
            VCardProperty::Fn if formatted_name.is_empty() => formatted_name = component(entry, 0),
            VCardProperty::Tel if is_no_telephone(entry) => add(&mut other_numbers, phone(entry)),
            VCardProperty::Tel => add(&mut card.phones, phone(entry)),
            VCardProperty::Email => add(&mut card.emails, email(entry)),
            _ => {}
        }
    }
    for number in other_numbers {
        add(&mut card.phones, Some(number));
    }
    if card.first_name.is_empty() && card.last_name.is_empty() {
        card.first_name = formatted_name;
    }
    card
}

/// One component of a value; its several parts (`N:Doe;John,James`) are joined by spaces.
pub(crate) fn component(entry: &VCardEntry, index: usize) -> String {
    match entry.values.get(index) {
        Some(VCardValue::Text(text)) => text.trim().to_owned(),
        Some(VCardValue::Component(parts)) => parts.join(" ").trim().to_owned(),
        _ => String::new(),
    }
}

/// The number, without what `tel:+1-418-656-9254;ext=102` (RFC 3966) has around it.
pub(crate) fn phone(entry: &VCardEntry) -> Option<String> {
    let text = printable(component(entry, 0));
    let number = match without_scheme(&text, "tel:") {
        uri if uri.len() < text.len() => uri.split(';').next().unwrap_or_default(),
        text => text,
    };
    Some(number.trim().to_owned()).filter(|number| !number.is_empty())
}

pub(crate) fn email(entry: &VCardEntry) -> Option<String> {
    let text = printable(component(entry, 0));
    let address = without_scheme(&text, "mailto:");
    Some(address.trim().to_owned()).filter(|address| address.contains('@'))
}

/// Control characters are in no number and no address; written again they would be left out.
fn printable(mut text: String) -> String {
    text.retain(|character| !character.is_control());
    text
}

/// The text behind a scheme, however often that is there: what is left has none.
fn without_scheme<'a>(mut text: &'a str, scheme: &str) -> &'a str {
    while let Some((start, rest)) = text.trim_start().split_at_checked(scheme.len())
        && start.eq_ignore_ascii_case(scheme)
    {
        text = rest;
    }
    text
}

/// A fax or a pager, which nobody's Telegram runs on.
pub(crate) fn is_no_telephone(entry: &VCardEntry) -> bool {
    entry
        .params
        .iter()
        .any(|param| matches!(param.value, VCardParameterValue::Type(VCardType::Fax | VCardType::Pager)))
}

fn add(list: &mut Vec<String>, item: Option<String>) {
    if let Some(item) = item
        && list.len() < MOST
        && !list.contains(&item)
    {
        list.push(item);
    }
}

/// A text value with its special characters escaped (RFC 2426, section 5).
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | ';' | ',' => out.extend(['\\', character]),
            '\n' => out.push_str("\\n"),
            _ if character.is_control() => {}
            _ => out.push(character),
        }
    }
    out
}

/// Adds a line, folded so that none exceeds [`LINE`] octets and no character is torn.
pub(crate) fn push_line(out: &mut String, line: &str) {
    let mut length = 0;
    for character in line.chars() {
        if length + character.len_utf8() > LINE {
            out.push_str("\r\n ");
            length = 1;
        }
        out.push(character);
        length += character.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests;
