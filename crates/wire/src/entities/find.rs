//! What Telegram finds in a text by itself: commands, mentions, tags, phone numbers; links come from `find_url`.
//! Called by `entities::format` after everything else, and for texts that a person typed.
//! Looks at neighbouring characters only; never asks whether a user or a command exists.

use super::arrange::drop_overlapping;
use super::entity::sort;
use super::{EntityKind, MessageEntity, find_url};
use std::ops::Range;

/// Names shorter than four characters that Telegram gave away all the same.
const SHORT_NAMES: [&str; 5] = ["gif", "nft", "pic", "ufc", "vid"];

/// All of them, sorted, the longest of those that overlap; offsets in UTF-16 code units.
pub(super) fn all(text: &str) -> Vec<MessageEntity> {
    let mut found = Vec::new();
    let mut add = |kind, ranges: Vec<Range<usize>>| found.extend(ranges.into_iter().map(|r| (kind, r)));
    add(EntityKind::Mention, each(text, '@', mention));
    add(EntityKind::BotCommand, each(text, '/', command));
    add(EntityKind::Hashtag, each(text, '#', hashtag));
    add(EntityKind::Cashtag, each(text, '$', cashtag));
    add(EntityKind::PhoneNumber, each(text, '+', phone_number));
    found.extend(find_url::all(text));

    let as_bytes =
        |(kind, r): (EntityKind, Range<usize>)| MessageEntity::new(kind, r.start as i64, r.len() as i64);
    let mut entities: Vec<_> = found.into_iter().map(as_bytes).collect();
    sort(&mut entities);
    drop_overlapping(&mut entities);
    to_utf16(text, &mut entities);
    entities
}

/// A letter, a digit or an underscore: what a word is made of.
pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

pub(super) fn is_name_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}

pub(super) fn char_before(text: &str, at: usize) -> Option<char> {
    text.get(..at)?.chars().next_back()
}

pub(super) fn char_at(text: &str, at: usize) -> Option<char> {
    text.get(at..)?.chars().next()
}

/// Tries `read` at every `sign`. It gives the end of what begins there, and whether that counts.
fn each(text: &str, sign: char, read: impl Fn(&str, usize) -> (usize, bool)) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut from = 0;
    while let Some(begin) = text.get(from..).and_then(|rest| rest.find(sign)).map(|at| at + from) {
        let (end, counts) = read(text, begin);
        if counts {
            ranges.push(begin..end);
        }
        from = end.max(begin + 1);
    }
    ranges
}

fn mention(text: &str, begin: usize) -> (usize, bool) {
    if char_before(text, begin).is_some_and(is_word) {
        return (begin, false);
    }
    let end = name_end(text, begin + 1);
    let name = &text[begin + 1..end];
    let is_name =
        (4..=32).contains(&name.len()) || SHORT_NAMES.iter().any(|short| name.eq_ignore_ascii_case(short));
    (end, is_name && !char_at(text, end).is_some_and(is_word))
}

fn command(text: &str, begin: usize) -> (usize, bool) {
    let is_barred = |c: char| is_word(c) || matches!(c, '/' | '<' | '>');
    if char_before(text, begin).is_some_and(is_barred) {
        return (begin, false);
    }
    let mut end = name_end(text, begin + 1);
    if !(1..=64).contains(&(end - begin - 1)) {
        return (end, false);
    }
    if char_at(text, end) == Some('@') {
        let bot_end = name_end(text, end + 1);
        if !(3..=32).contains(&(bot_end - end - 1)) {
            return (bot_end, false);
        }
        end = bot_end;
    }
    (end, !char_at(text, end).is_some_and(is_barred))
}

fn hashtag(text: &str, begin: usize) -> (usize, bool) {
    if char_before(text, begin).is_some_and(is_tag) {
        return (begin, false);
    }
    let (mut run_end, mut tag_end, mut has_letter) = (begin + 1, begin + 1, false);
    for (count, c) in text[begin + 1..].chars().take_while(|&c| is_tag(c)).enumerate() {
        run_end += c.len_utf8();
        if count < 256 {
            tag_end = run_end;
            has_letter |= c.is_alphabetic();
        }
    }
    if !has_letter || char_at(text, run_end) == Some('#') {
        return (run_end, false);
    }
    (if tag_end == run_end { with_name(text, tag_end) } else { tag_end }, true)
}

fn cashtag(text: &str, begin: usize) -> (usize, bool) {
    let is_barred = |c: char| is_tag(c) || c == '$';
    if char_before(text, begin).is_some_and(is_barred) {
        return (begin, false);
    }
    let rest = &text[begin + 1..];
    let size = match rest.strip_prefix("1INCH") {
        Some(_) => 5,
        None => rest.bytes().take_while(u8::is_ascii_uppercase).count(),
    };
    if !(1..=8).contains(&size) {
        return (begin + 1 + size, false);
    }
    let end = with_name(text, begin + 1 + size);
    (end, !char_at(text, end).is_some_and(is_barred))
}

/// A number in international form, 8 to 15 digits, single spaces, dashes, dots and parentheses between them.
fn phone_number(text: &str, begin: usize) -> (usize, bool) {
    if char_before(text, begin).is_some_and(|c| is_word(c) || c == '+') {
        return (begin, false);
    }
    let (mut end, mut digits, mut gap) = (begin + 1, 0, 0);
    for (at, b) in text.bytes().enumerate().skip(begin + 1) {
        match b {
            b'0'..=b'9' => {
                (digits, gap, end) = (digits + 1, 0, at + 1);
            }
            b' ' | b'-' | b'(' | b')' | b'.' if gap < 2 && digits > 0 => gap += 1,
            _ => break,
        }
    }
    (end, (8..=15).contains(&digits) && !char_at(text, end).is_some_and(is_word))
}

/// The tag's end with `@name` behind it, if there is one: a tag of one channel.
fn with_name(text: &str, end: usize) -> usize {
    if char_at(text, end) != Some('@') {
        return end;
    }
    let name = name_end(text, end + 1);
    if (3..=32).contains(&(name - end - 1)) { name } else { end }
}

fn name_end(text: &str, from: usize) -> usize {
    from + text[from..].bytes().take_while(|&b| is_name_byte(b)).count()
}

/// Numbers that are no digits, such as ½ and ², are part of words but not of tags.
fn is_tag(c: char) -> bool {
    let is_fraction = c.is_numeric() && !c.is_alphabetic() && !c.is_ascii_digit() && c < '\u{600}';
    is_word(c) && !is_fraction || matches!(c, '\u{200c}' | '\u{b7}' | '\u{d80}'..='\u{dff}')
}

/// Turns byte offsets, which are sorted and apart, into UTF-16 ones.
fn to_utf16(text: &str, entities: &mut [MessageEntity]) {
    let mut chars = text.char_indices().peekable();
    let mut utf16 = 0;
    let mut reach = |byte: i64| {
        while let Some((_, c)) = chars.next_if(|(at, _)| (*at as i64) < byte) {
            utf16 += c.len_utf16() as i64;
        }
        utf16
    };
    for entity in entities {
        let end = entity.end();
        entity.offset = reach(entity.offset);
        entity.length = reach(end) - entity.offset;
    }
}
