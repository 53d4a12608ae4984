//! The two halves of every markup parser: a text read by byte, and a text written with its UTF-16 length.
//! Used by `html`, `markdown` and `markdown_v2`; knows no markup itself.
//! Reading past the end gives 0, as in the official parsers, so that their error texts come out the same.

use super::{EntityKind, FormattedText, MessageEntity, link};

/// The source text by byte position.
#[derive(Clone, Copy)]
pub(super) struct Source<'a>(pub &'a str);

impl<'a> Source<'a> {
    pub fn len(self) -> usize {
        self.0.len()
    }

    /// The byte at `at`, or 0 beyond the end.
    pub fn byte(self, at: usize) -> u8 {
        self.0.as_bytes().get(at).copied().unwrap_or(0)
    }

    pub fn starts(self, at: usize, with: &str) -> bool {
        self.0.as_bytes().get(at..).is_some_and(|rest| rest.starts_with(with.as_bytes()))
    }

    /// The character that begins at `at`.
    pub fn char(self, at: usize) -> Option<char> {
        self.0.get(at..).and_then(|rest| rest.chars().next())
    }

    /// The text between two positions that were both found at ASCII characters.
    pub fn slice(self, from: usize, to: usize) -> &'a str {
        self.0.get(from..to).unwrap_or_default()
    }

    /// The first position from `at` where `stop` holds, or the end.
    pub fn find(self, at: usize, stop: impl Fn(u8) -> bool) -> usize {
        (at..self.len()).find(|&i| stop(self.byte(i))).unwrap_or(self.len())
    }

    /// Where the text of a `pre` begins after its three backticks at `at`, and its language.
    /// One line break is dropped after the language, or right at the beginning.
    pub fn pre_start(self, at: usize) -> (usize, Option<String>) {
        let word_end = self.find(at, |b| is_space(b) || b == b'`');
        let has_language = word_end != at && word_end < self.len() && self.byte(word_end) != b'`';
        let (mut start, language) =
            if has_language { (word_end, Some(self.slice(at, word_end).to_owned())) } else { (at, None) };
        let is_break = |b: u8| b == b'\n' || b == b'\r';
        let (first, second) = (self.byte(start), self.byte(start + 1));
        if is_break(first) {
            start += if is_break(second) && first != second { 2 } else { 1 };
        }
        (start, language)
    }
}

/// White space as the official parsers count it, the end of the text included.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0 | 0x0b)
}

/// The text without its markup, and the entities so far.
#[derive(Default)]
pub(super) struct Output {
    pub text: String,
    /// Length of `text` in UTF-16 code units.
    pub utf16: i64,
    pub entities: Vec<MessageEntity>,
}

impl Output {
    pub fn push(&mut self, c: char) {
        self.text.push(c);
        self.utf16 += c.len_utf16() as i64;
    }

    /// An entity from `offset` to the end of what is written.
    pub fn entity(&self, kind: EntityKind, offset: i64) -> MessageEntity {
        MessageEntity::new(kind, offset, self.utf16 - offset)
    }

    /// Adds a link from `offset` to here: a mention if it leads to a user, nothing if it is no link at all.
    pub fn add_link(&mut self, offset: i64, url: &str) {
        let mut entity = self.entity(EntityKind::TextLink, offset);
        if link::aim(&mut entity, url).is_ok() {
            self.entities.push(entity);
        }
    }

    pub fn finish(mut self) -> FormattedText {
        super::entity::sort(&mut self.entities);
        FormattedText { text: self.text, entities: self.entities }
    }
}
