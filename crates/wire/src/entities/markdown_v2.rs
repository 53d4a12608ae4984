//! `parse_mode` MarkdownV2: nested marks, quotes by line, and every reserved character to be escaped.
//! Called by `entities::format`; positions in errors are bytes of the text as it was sent.
//! Never checks how entities overlap: that is `arrange`.

use super::scan::{Output, Source};
use super::{EntityKind, FormattedText, link};

/// Takes the marks out of a text.
///
/// Errors: the reason that follows `can't parse entities: `.
pub(super) fn parse(text: &str) -> Result<FormattedText, String> {
    let mut parser = Parser {
        source: Source(text),
        at: 0,
        out: Output::default(),
        open: Vec::new(),
        in_quote: false,
        at_line_start: true,
    };
    parser.run()?;
    parser.end_last_quote();
    match parser.open.last() {
        Some(open) => Err(open.unended()),
        None => Ok(parser.out.finish()),
    }
}

struct Parser<'a> {
    source: Source<'a>,
    at: usize,
    out: Output,
    open: Vec<Open>,
    in_quote: bool,
    /// Only here does `>` begin a quote.
    at_line_start: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Mark {
    Bold,
    Italic,
    Underline,
    Strikethrough,
    Spoiler,
    Code,
    Pre(Option<String>),
    Link,
    Emoji,
    Quote,
}

/// A mark whose end has not come yet.
struct Open {
    mark: Mark,
    /// Where the mark stands in the source.
    byte: usize,
    /// Where its text begins: UTF-16 code units, and bytes of the output.
    offset: i64,
    begin: usize,
}

impl Open {
    fn unended(&self) -> String {
        let name = match self.mark {
            Mark::Bold => "Bold",
            Mark::Italic => "Italic",
            Mark::Underline => "Underline",
            Mark::Strikethrough => "Strikethrough",
            Mark::Spoiler => "Spoiler",
            Mark::Code => "Code",
            Mark::Pre(None) => "Pre",
            Mark::Pre(Some(_)) => "PreCode",
            Mark::Link => "TextUrl",
            Mark::Emoji => "CustomEmoji",
            Mark::Quote => "BlockQuote",
        };
        format!("Can't find end of {name} entity at byte offset {}", self.byte)
    }
}

impl Parser<'_> {
    fn run(&mut self) -> Result<(), String> {
        while let Some(c) = self.source.char(self.at) {
            if c == '\\'
                && let Some(escaped) = escaped(self.source, self.at)
            {
                self.out.push(escaped);
                if escaped != '\r' {
                    self.at_line_start = escaped == '\n';
                }
                self.at += 2;
            } else if !self.is_reserved(c) {
                self.out.push(c);
                if c != '\r' {
                    self.at_line_start = false;
                }
                self.at += c.len_utf8();
            } else if self.ends_here() {
                self.end()?;
            } else {
                self.begin(c)?;
            }
        }
        Ok(())
    }

    fn is_reserved(&self, c: char) -> bool {
        match self.open.last().map(|o| &o.mark) {
            Some(Mark::Code | Mark::Pre(_)) => c == '`',
            _ => "_*[]()~`>#+-=|{}.!\n".contains(c),
        }
    }

    fn ends_here(&self) -> bool {
        let Some(open) = self.open.last() else { return false };
        let (here, next) = (self.source.byte(self.at), self.source.byte(self.at + 1));
        if self.in_quote && here == b'\n' && next != b'>' {
            return true;
        }
        match open.mark {
            Mark::Bold => here == b'*',
            Mark::Italic => here == b'_' && next != b'_',
            Mark::Underline => here == b'_' && next == b'_',
            Mark::Strikethrough => here == b'~',
            Mark::Spoiler => here == b'|' && next == b'|',
            Mark::Code => here == b'`',
            Mark::Pre(_) => self.source.starts(self.at, "```"),
            Mark::Link | Mark::Emoji => here == b']',
            Mark::Quote => false,
        }
    }

    fn begin(&mut self, c: char) -> Result<(), String> {
        let byte = self.at;
        let doubled = self.source.byte(byte + 1) == self.source.byte(byte);
        self.at += 1;
        let mark = match c {
            '\n' => {
                self.out.push('\n');
                self.at_line_start = true;
                return Ok(());
            }
            '_' if doubled => {
                self.at += 1;
                Mark::Underline
            }
            '_' => Mark::Italic,
            '*' => Mark::Bold,
            '~' => Mark::Strikethrough,
            '|' if doubled => {
                self.at += 1;
                Mark::Spoiler
            }
            '[' => Mark::Link,
            '!' if self.source.byte(self.at) == b'[' => {
                self.at += 1;
                Mark::Emoji
            }
            '`' if self.source.starts(byte, "```") => {
                let (start, language) = self.source.pre_start(byte + 3);
                self.at = start;
                Mark::Pre(language)
            }
            '`' => Mark::Code,
            '>' if self.at_line_start && self.in_quote => return Ok(()),
            '>' if self.at_line_start => {
                self.in_quote = true;
                Mark::Quote
            }
            _ => {
                return Err(format!(
                    "Character '{c}' is reserved and must be escaped with the preceding '\\'"
                ));
            }
        };
        self.open.push(Open { mark, byte, offset: self.out.utf16, begin: self.out.text.len() });
        Ok(())
    }

    fn end(&mut self) -> Result<(), String> {
        if self.source.byte(self.at) == b'\n' && self.in_quote {
            return self.end_quote();
        }
        let Some(open) = self.open.pop() else { return Ok(()) };
        self.at += match open.mark {
            Mark::Underline | Mark::Spoiler => 2,
            Mark::Pre(_) => 3,
            _ => 1,
        };
        let is_empty = self.out.utf16 == open.offset;
        let kind = match &open.mark {
            Mark::Bold => EntityKind::Bold,
            Mark::Italic => EntityKind::Italic,
            Mark::Underline => EntityKind::Underline,
            Mark::Strikethrough => EntityKind::Strikethrough,
            Mark::Spoiler => EntityKind::Spoiler,
            Mark::Code => EntityKind::Code,
            Mark::Pre(_) => EntityKind::Pre,
            Mark::Link => {
                let shown = self.out.text[open.begin..].to_owned();
                let url = self.target()?.unwrap_or(shown);
                if !is_empty {
                    self.out.add_link(open.offset, &url);
                }
                return Ok(());
            }
            Mark::Emoji => return self.end_emoji(&open),
            Mark::Quote => EntityKind::Blockquote,
        };
        if !is_empty {
            let mut entity = self.out.entity(kind, open.offset);
            if let Mark::Pre(language) = open.mark {
                entity.language = language;
            }
            self.out.entities.push(entity);
        }
        Ok(())
    }

    /// The `(link)` after a `]`, if there is one.
    fn target(&mut self) -> Result<Option<String>, String> {
        if self.source.byte(self.at) != b'(' {
            return Ok(None);
        }
        self.at += 1;
        let begin = self.at;
        let mut url = String::new();
        while let Some(c) = self.source.char(self.at) {
            if c == ')' {
                self.at += 1;
                return Ok(Some(url));
            }
            match escaped(self.source, self.at).filter(|_| c == '\\') {
                Some(escaped) => {
                    url.push(escaped);
                    self.at += 2;
                }
                None => {
                    url.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
        Err(format!("Can't find end of a URL at byte offset {begin}"))
    }

    fn end_emoji(&mut self, open: &Open) -> Result<(), String> {
        let url = self.target()?.ok_or("The entity must contain a tg://emoji or tg://time URL")?;
        let mut entity = self.out.entity(EntityKind::CustomEmoji, open.offset);
        if let Some(id) = link::custom_emoji_id(&url) {
            entity.custom_emoji_id = Some(id);
        } else {
            let (unix, format) =
                link::date_time(&url).ok_or("Invalid tg://emoji or tg://time URL specified")?;
            let format = link::date_time_format(&format).ok_or("Invalid date format used")?;
            entity.kind = EntityKind::DateTime;
            entity.unix_time = Some(unix);
            entity.date_time_format = (!format.is_empty()).then_some(format);
        }
        if entity.length > 0 {
            self.out.entities.push(entity);
        }
        Ok(())
    }

    /// A line break that no `>` follows ends the quote; a bare `||` before it makes the quote expandable.
    fn end_quote(&mut self) -> Result<(), String> {
        let returns = usize::from(self.out.text.ends_with('\r'));
        let bare_spoiler =
            |o: &Open| o.mark == Mark::Spoiler && (o.byte + 2 == self.at || o.byte + 2 + returns == self.at);
        let is_expandable = self.open.last().is_some_and(bare_spoiler);
        if is_expandable {
            self.open.pop();
        }
        match self.open.pop() {
            Some(open) if open.mark == Mark::Quote => {
                self.out.push('\n');
                self.at += 1;
                self.at_line_start = true;
                self.add_quote(&open, is_expandable);
                Ok(())
            }
            Some(open) => Err(open.unended()),
            None => Ok(()),
        }
    }

    fn end_last_quote(&mut self) {
        if !self.in_quote {
            return;
        }
        let end = self.source.len();
        let is_expandable = self.open.last().is_some_and(|o| o.mark == Mark::Spoiler && o.byte + 2 == end);
        if is_expandable {
            self.open.pop();
        }
        if let Some(open) = self.open.pop_if(|o| o.mark == Mark::Quote) {
            self.add_quote(&open, is_expandable);
        }
    }

    fn add_quote(&mut self, open: &Open, is_expandable: bool) {
        self.in_quote = false;
        let kind = if is_expandable { EntityKind::ExpandableBlockquote } else { EntityKind::Blockquote };
        let entity = self.out.entity(kind, open.offset);
        if entity.length > 0 {
            self.out.entities.push(entity);
        }
    }
}

/// The character that the backslash at `at` escapes: codes 1 to 126.
fn escaped(source: Source<'_>, at: usize) -> Option<char> {
    let next = source.byte(at + 1);
    (1..=126).contains(&next).then(|| char::from(next))
}
