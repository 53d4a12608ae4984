//! `parse_mode` Markdown, the legacy one: four marks, no nesting, no escapes inside a mark.
//! Called by `entities::format`; positions in errors are bytes of the text as it was sent.
//! Never refuses a stray `)` or `]`, as the official server does not.

use super::scan::{Output, Source};
use super::{EntityKind, FormattedText};

/// Takes the marks out of a text.
///
/// Errors: the reason that follows `can't parse entities: `.
pub(super) fn parse(text: &str) -> Result<FormattedText, String> {
    let source = Source(text);
    let mut out = Output::default();
    let mut at = 0;
    while let Some(c) = source.char(at) {
        let next = source.byte(at + 1);
        if c == '\\' && is_mark(next) {
            out.push(char::from(next));
            at += 2;
        } else if c.is_ascii() && is_mark(source.byte(at)) {
            at = marked(source, at, &mut out)?;
        } else {
            out.push(c);
            at += c.len_utf8();
        }
    }
    Ok(out.finish())
}

fn is_mark(byte: u8) -> bool {
    matches!(byte, b'_' | b'*' | b'`' | b'[')
}

/// Reads one entity that begins at `begin`; gives the position after it.
fn marked(source: Source<'_>, begin: usize, out: &mut Output) -> Result<usize, String> {
    let mark = source.byte(begin);
    let is_pre = source.starts(begin, "```");
    let (body, language) = if is_pre { source.pre_start(begin + 3) } else { (begin + 1, None) };
    let close: &str = match mark {
        b'[' => "]",
        b'_' => "_",
        b'*' => "*",
        _ if is_pre => "```",
        _ => "`",
    };
    let offset = out.utf16;
    let mut at = body;
    while !source.starts(at, close) {
        let Some(c) = source.char(at) else {
            return Err(format!("Can't find end of the entity starting at byte offset {begin}"));
        };
        out.push(c);
        at += c.len_utf8();
    }
    let (shown, after) = (source.slice(body, at), at + close.len());
    if offset == out.utf16 {
        return Ok(after);
    }
    if mark == b'[' {
        if source.byte(after) != b'(' {
            out.add_link(offset, shown);
            return Ok(after);
        }
        let url_end = source.find(after + 1, |b| b == b')');
        out.add_link(offset, source.slice(after + 1, url_end));
        return Ok((url_end + 1).min(source.len()));
    }
    let kind = match mark {
        b'_' => EntityKind::Italic,
        b'*' => EntityKind::Bold,
        _ if is_pre => EntityKind::Pre,
        _ => EntityKind::Code,
    };
    let mut entity = out.entity(kind, offset);
    entity.language = language;
    out.entities.push(entity);
    Ok(after)
}
