//! A JSON object as parameters: strings decoded, every other value kept as its JSON text.
//! Called for JSON bodies. Comments are taken, since the documented sendMessage example has one.
//! It never guesses: what can't be parsed is refused with line and column.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{BadBody, MAX_PARAMETERS, Param};
use crate::BadRequest;

/// Whether the first thing in a body is an opening brace.
pub(super) fn opens_object(body: &[u8]) -> bool {
    without_bom(body).trim_ascii_start().first() == Some(&b'{')
}

/// The members of the object that a body is, in order, doubles included.
///
/// Errors: `can't parse JSON body at line 3 column 5: …` (both from 1, the column in bytes),
/// `can't parse request body: a JSON object is expected, not …`, or too many members.
pub(super) fn entries(body: &[u8]) -> Result<Vec<(String, Param)>, BadBody> {
    let body = without_bom(body);
    let text = std::str::from_utf8(body)
        .map_err(|error| bad_at(position(body, error.valid_up_to()), "it is not UTF-8"))?;
    // Strictly first: most bodies have no comments, and one that is right needs no second look.
    if let Ok(members) = serde_json::from_str::<Members<'_>>(text) {
        return members.into_entries(text);
    }
    let text = without_comments(text);
    let members: Members<'_> = serde_json::from_str(&text).map_err(|error| refusal(&text, &error))?;
    members.into_entries(&text)
}

/// The text with `//` and `/* */` comments blanked out, so that positions stay true. What is inside strings is
/// no comment; nor is a block that never ends, and nothing behind such a block matters.
fn without_comments(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'"' {
            at = string_end(bytes, at);
            continue;
        }
        let end = match bytes[at..] {
            [b'/', b'/', ..] => text[at..].find(['\n', '\r']).map_or(bytes.len(), |length| at + length),
            [b'/', b'*', ..] => match text[at + 2..].find("*/") {
                Some(length) => at + 2 + length + 2,
                None => break,
            },
            _ => {
                at += 1;
                continue;
            }
        };
        out.push_str(&text[copied..at]);
        out.extend(
            bytes[at..end].iter().map(|byte| if byte.is_ascii_whitespace() { *byte as char } else { ' ' }),
        );
        at = end;
        copied = end;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// The index behind the string that opens at `start`.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Some Windows programs open their files with a byte order mark.
fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body)
}

/// An object's members with their values unread, so that a number keeps every digit it came with.
struct Members<'a> {
    members: Vec<(String, &'a RawValue)>,
    too_many: bool,
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while members.len() < MAX_PARAMETERS {
            match map.next_entry()? {
                Some(member) => members.push(member),
                None => return Ok(Members { members, too_many: false }),
            }
        }
        let mut too_many = false;
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            too_many = true;
        }
        Ok(Members { members, too_many })
    }
}

impl Members<'_> {
    fn into_entries(self, text: &str) -> Result<Vec<(String, Param)>, BadBody> {
        if self.too_many {
            return Err(BadBody::TooLarge);
        }
        self.members
            .into_iter()
            .map(|(name, raw)| match param(raw.get()) {
                Ok(param) => Ok((name, param)),
                Err(error) => {
                    let at = position(text.as_bytes(), offset_in(text, raw.get()));
                    Err(bad_at(at, &format!("\"{name}\": {}", reason(&error))).into())
                }
            })
            .collect()
    }
}

/// Reads one value. Numbers and nested values are parsed only to be sure that they can be: then no later reader
/// meets a depth bomb (serde_json stops at 128 levels) or a number beyond any range.
fn param(raw: &str) -> Result<Param, serde_json::Error> {
    match raw.as_bytes().first() {
        Some(b'"') => {
            return Ok(Param { text: super::without_nul(serde_json::from_str(raw)?), literal: false });
        }
        Some(b't' | b'f' | b'n') => {}
        _ => {
            serde_json::from_str::<Value>(raw)?;
        }
    }
    Ok(Param { text: raw.to_owned(), literal: true })
}

/// Where a part of `text` begins in it.
fn offset_in(text: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}

/// Line and column, both from 1, of the byte at an offset.
fn position(text: &[u8], offset: usize) -> (usize, usize) {
    let before = &text[..offset.min(text.len())];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
    (line, column)
}

fn refusal(text: &str, error: &serde_json::Error) -> BadRequest {
    // Values are left unread at this stage, so the only thing of a wrong kind can be the body itself.
    if error.is_data() {
        let kind = match text.trim_start().as_bytes().first() {
            Some(b'"') => "a string",
            Some(b'[') => "an array",
            Some(b't' | b'f') => "a boolean",
            Some(b'n') => "null",
            _ => "a number",
        };
        return BadRequest::of(format!("can't parse request body: a JSON object is expected, not {kind}"));
    }
    bad_at((error.line(), error.column()), &reason(error))
}

/// An error's text without the position that serde_json puts behind it.
fn reason(error: &serde_json::Error) -> String {
    let mut text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    if text.ends_with(&position) {
        text.truncate(text.len() - position.len());
    }
    text
}

fn bad_at((line, column): (usize, usize), reason: &str) -> BadRequest {
    BadRequest::of(format!("can't parse JSON body at line {line} column {column}: {reason}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn comments_are_blanked_where_they_are_comments() {
        let table = [
            ("{}", "{}"),
            ("{} // x", "{}     "),
            ("// x\r\n{}", "    \r\n{}"),
            ("{/*a\nb*/}", "{   \n   }"),
            ("/**/{/***/}", "    {     }"),
            ("{\"a//b\": \"/*c*/\"}", "{\"a//b\": \"/*c*/\"}"),
            ("\"\\\"//\" //\"", "\"\\\"//\"    "),
            ("// /* \n1 // */", "      \n1      "),
            ("/* // */ 1", "         1"),
            ("{ /* \"a\": 1 } // x", "{ /* \"a\": 1 } // x"),
            ("/*/ 1", "/*/ 1"),
            ("1 / 2", "1 / 2"),
            ("\"open // ", "\"open // "),
            ("// ü", "     "),
        ];
        for (text, blanked) in table {
            assert_eq!(without_comments(text), blanked, "{text:?}");
        }
    }

    #[test]
    fn many_comments_that_never_end_cost_no_more_than_one() {
        // Quadratic work here would take minutes.
        let body = "/* ".repeat(1 << 20);
        assert!(without_comments(&body) == body);
    }

    proptest! {
        #[test]
        fn blanking_keeps_every_length_and_line(text in "([/*\"\\\\\n a]|ü){0,40}") {
            let blanked = without_comments(&text);
            prop_assert_eq!(blanked.len(), text.len());
            let lines = |text: &str| text.match_indices('\n').map(|(at, _)| at).collect::<Vec<_>>();
            prop_assert_eq!(lines(&blanked), lines(&text));
        }
    }
}
