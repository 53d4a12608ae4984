//! `parse_mode` HTML: tags to entities, with the official server's tolerance and its error texts.
//! Called by `entities::format`; positions in errors are bytes of the text as it was sent.
//! Never checks how entities overlap: that is `arrange`.

use super::scan::{Output, Source, is_space};
use super::{EntityKind, FormattedText, MessageEntity, link};

/// Takes the tags out of a text.
///
/// Errors: the reason that follows `can't parse entities: `.
pub(super) fn parse(text: &str) -> Result<FormattedText, String> {
    if text.contains('\0') {
        return Err("Text must not contain null bytes".into());
    }
    let mut parser =
        Parser { source: Source(text), at: 0, out: Output::default(), open: Vec::new(), torn: false };
    parser.run()?;
    if let Some(tag) = parser.open.last() {
        return Err(format!("Can't find end tag corresponding to start tag \"{}\"", tag.name));
    }
    if parser.torn {
        return Err("Text contains invalid Unicode characters after decoding HTML entities, check for \
                    unmatched surrogate code units"
            .into());
    }
    for entity in &mut parser.out.entities {
        if entity.kind == EntityKind::Code {
            entity.language = None;
        }
    }
    Ok(parser.out.finish())
}

struct Parser<'a> {
    source: Source<'a>,
    at: usize,
    out: Output,
    open: Vec<Tag>,
    /// A character reference named half a surrogate pair: an error, but only if there is no earlier one.
    torn: bool,
}

/// A start tag whose end has not come yet.
struct Tag {
    name: String,
    /// The one attribute that matters for this tag, such as `href`.
    argument: String,
    /// `unix` of `tg-time`.
    unix_time: i64,
    /// Where its text begins: UTF-16 code units, and bytes of the output.
    offset: i64,
    begin: usize,
}

impl Parser<'_> {
    fn run(&mut self) -> Result<(), String> {
        while self.at < self.source.len() {
            match self.source.byte(self.at) {
                b'<' if self.source.byte(self.at + 1) == b'/' => self.end_tag()?,
                b'<' => self.start_tag()?,
                b'&' => match reference(self.source, self.at) {
                    Some((code, next)) => {
                        self.torn |= char::from_u32(code).is_none();
                        self.out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                        self.at = next;
                    }
                    None => self.copy(),
                },
                _ => self.copy(),
            }
        }
        Ok(())
    }

    fn copy(&mut self) {
        let Some(c) = self.source.char(self.at) else {
            self.at += 1;
            return;
        };
        self.out.push(c);
        self.at += c.len_utf8();
    }

    fn start_tag(&mut self) -> Result<(), String> {
        let begin = self.at;
        self.at = self.source.find(begin + 1, |b| is_space(b) || b == b'>');
        if self.at == self.source.len() {
            return Err(format!("Unclosed start tag at byte offset {begin}"));
        }
        let name = self.source.slice(begin + 1, self.at).to_ascii_lowercase();
        if !TAGS.contains(&name.as_str()) {
            return Err(format!("Unsupported start tag \"{name}\" at byte offset {begin}"));
        }
        let mut tag = Tag {
            name,
            argument: String::new(),
            unix_time: 0,
            offset: self.out.utf16,
            begin: self.out.text.len(),
        };
        self.attributes(&mut tag, begin)?;
        if tag.name == "span" && tag.argument != "spoiler" {
            return Err(format!("Tag \"span\" must have class \"tg-spoiler\" at byte offset {begin}"));
        }
        self.open.push(tag);
        self.at += 1;
        Ok(())
    }

    /// Reads up to the `>` and stands on it.
    fn attributes(&mut self, tag: &mut Tag, begin: usize) -> Result<(), String> {
        let unclosed = |tag: &Tag| format!("Unclosed start tag \"{}\" at byte offset {begin}", tag.name);
        loop {
            self.skip_spaces();
            if self.source.byte(self.at) == b'>' {
                return Ok(());
            }
            let name_begin = self.at;
            self.at = self.source.find(name_begin, |b| is_space(b) || b"=>/\"'".contains(&b));
            let name = self.source.slice(name_begin, self.at);
            if name.is_empty() {
                return Err(format!(
                    "Empty attribute name in the tag \"{}\" at byte offset {begin}",
                    tag.name
                ));
            }
            self.skip_spaces();
            if self.at == self.source.len() {
                return Err(unclosed(tag));
            }
            if self.source.byte(self.at) != b'=' {
                tag.set(name, None);
                continue;
            }
            self.at += 1;
            self.skip_spaces();
            if self.at == self.source.len() {
                return Err(unclosed(tag));
            }
            let value = self.attribute_value()?;
            if self.at == self.source.len() {
                return Err(format!("Unclosed start tag at byte offset {begin}"));
            }
            tag.set(name, Some(value));
        }
    }

    fn attribute_value(&mut self) -> Result<String, String> {
        let begin = self.at;
        let quote = self.source.byte(begin);
        if quote != b'"' && quote != b'\'' {
            self.at = self.source.find(begin, |b| !(b.is_ascii_alphanumeric() || b == b'.' || b == b'-'));
            let next = self.source.byte(self.at);
            if !is_space(next) && next != b'>' {
                return Err(format!("Unexpected end of name token at byte offset {begin}"));
            }
            return Ok(self.source.slice(begin, self.at).to_ascii_lowercase());
        }
        self.at += 1;
        let mut value = String::new();
        while let Some(c) = self.source.char(self.at) {
            if c == char::from(quote) {
                self.at += 1;
                break;
            }
            if c == '&'
                && let Some((code, next)) = reference(self.source, self.at)
            {
                value.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                self.at = next;
                continue;
            }
            value.push(c);
            self.at += c.len_utf8();
        }
        Ok(value)
    }

    fn end_tag(&mut self) -> Result<(), String> {
        let begin = self.at;
        let Some(open) = self.open.last() else {
            return Err(format!("Unexpected end tag at byte offset {begin}"));
        };
        self.at = self.source.find(begin + 2, |b| is_space(b) || b == b'>');
        let name = self.source.slice(begin + 2, self.at).to_ascii_lowercase();
        let expected = open.name.clone();
        self.skip_spaces();
        if self.source.byte(self.at) != b'>' {
            return Err(format!("Unclosed end tag at byte offset {begin}"));
        }
        // `</>` closes whatever is open.
        if !name.is_empty() && name != expected {
            return Err(format!(
                "Unmatched end tag at byte offset {begin}, expected \"</{expected}>\", found \"</{name}>\""
            ));
        }
        self.at += 1;
        match self.open.pop() {
            Some(tag) if self.out.utf16 > tag.offset => self.close(tag),
            _ => Ok(()),
        }
    }

    fn close(&mut self, tag: Tag) -> Result<(), String> {
        use EntityKind::*;
        let mut entity = self.out.entity(Bold, tag.offset);
        entity.kind = match tag.name.as_str() {
            "b" | "strong" => Bold,
            "i" | "em" => Italic,
            "u" | "ins" => Underline,
            "s" | "strike" | "del" => Strikethrough,
            "tg-spoiler" | "span" => Spoiler,
            "blockquote" if tag.argument.is_empty() => Blockquote,
            "blockquote" => ExpandableBlockquote,
            "a" => {
                let shown = self.out.text[tag.begin..].to_owned();
                self.out.add_link(tag.offset, if tag.argument.is_empty() { &shown } else { &tag.argument });
                return Ok(());
            }
            "tg-emoji" => {
                let id = tag.argument.parse::<i64>().ok().filter(|&id| id != 0);
                let id = id.ok_or("Invalid custom emoji identifier specified")?;
                entity.custom_emoji_id = Some(id.to_string());
                CustomEmoji
            }
            "tg-time" => {
                let format = link::date_time_format(&tag.argument).ok_or("Invalid date format used")?;
                if tag.unix_time <= 0 {
                    return Ok(());
                }
                entity.unix_time = Some(tag.unix_time);
                entity.date_time_format = (!format.is_empty()).then_some(format);
                DateTime
            }
            name => {
                self.close_code(name == "pre", tag.argument, entity);
                return Ok(());
            }
        };
        self.out.entities.push(entity);
        Ok(())
    }

    /// `<pre><code class="language-x">` is one `pre` with a language, whichever of the two is outside.
    fn close_code(&mut self, is_pre: bool, language: String, mut entity: MessageEntity) {
        let language = (!language.is_empty()).then_some(language);
        let last =
            self.out.entities.last_mut().filter(|l| (l.offset, l.length) == (entity.offset, entity.length));
        match last {
            Some(code) if is_pre && code.kind == EntityKind::Code && code.language.is_some() => {
                code.kind = EntityKind::Pre;
            }
            Some(pre)
                if !is_pre && pre.kind == EntityKind::Pre && pre.language.is_none() && language.is_some() =>
            {
                pre.language = language;
            }
            _ => {
                entity.kind = if is_pre { EntityKind::Pre } else { EntityKind::Code };
                entity.language = language;
                self.out.entities.push(entity);
            }
        }
    }

    fn skip_spaces(&mut self) {
        self.at = self.source.find(self.at, |b| !is_space(b));
    }
}

impl Tag {
    fn set(&mut self, attribute: &str, value: Option<String>) {
        match (self.name.as_str(), attribute, value) {
            ("blockquote", "expandable", _) => self.argument = "1".into(),
            ("a", "href", Some(value))
            | ("tg-emoji", "emoji-id", Some(value))
            | ("tg-time", "format", Some(value)) => {
                self.argument = value;
            }
            ("tg-time", "unix", Some(value)) => self.unix_time = value.parse::<i32>().unwrap_or(0).into(),
            ("code", "class", Some(value)) => self.set_suffix(&value, "language-"),
            ("span", "class", Some(value)) => self.set_suffix(&value, "tg-"),
            _ => {}
        }
    }

    fn set_suffix(&mut self, value: &str, prefix: &str) {
        if let Some(rest) = value.strip_prefix(prefix) {
            self.argument = rest.to_owned();
        }
    }
}

const TAGS: [&str; 17] = [
    "a",
    "b",
    "strong",
    "i",
    "em",
    "s",
    "strike",
    "del",
    "u",
    "ins",
    "tg-spoiler",
    "tg-emoji",
    "tg-time",
    "span",
    "pre",
    "code",
    "blockquote",
];

/// The character reference at `at`: its code point and the position after it. `None` means a plain `&`.
fn reference(source: Source<'_>, at: usize) -> Option<(u32, usize)> {
    let (code, end) = if source.byte(at + 1) == b'#' {
        let (begin, radix) = if source.byte(at + 2) == b'x' { (at + 3, 16) } else { (at + 2, 10) };
        let end = source.find(begin, |b| !char::from(b).is_digit(radix));
        if end - at >= 10 {
            return None;
        }
        let code = u32::from_str_radix(source.slice(begin, end), radix).ok()?;
        (Some(code).filter(|&c| c != 0 && c < 0x10_ffff)?, end)
    } else {
        let end = source.find(at + 1, |b| !b.is_ascii_alphabetic());
        let c = match source.slice(at + 1, end) {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            _ => return None,
        };
        (u32::from(c), end)
    };
    Some((code, if source.byte(end) == b';' { end + 1 } else { end }))
}
