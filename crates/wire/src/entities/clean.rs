//! What Telegram does to every text before it keeps it: odd characters out, edges trimmed, offsets moved along.
//! Called by `entities::format` between parsing and finding.
//! Never lengthens a text.

use super::{MessageEntity, entity, refuse, utf16_len};
use crate::BadRequest;

/// The text without characters that break lines or layouts, with the entities moved to fit.
///
/// Errors: an entity that begins or ends outside the text or inside a surrogate pair.
pub(super) fn clean(text: &str, entities: &mut [MessageEntity]) -> Result<String, BadRequest> {
    let mut cleaned = String::with_capacity(text.len());
    let mut places = Vec::with_capacity(text.len() + 1);
    let mut written = 0;
    for (byte, c) in text.char_indices() {
        places.push(Place::Boundary(written));
        let next_byte = byte + c.len_utf8();
        places.extend((1..c.len_utf16()).map(|_| Place::Inside(next_byte)));
        if let Some(kept) = cleaned_char(c) {
            cleaned.push(kept);
            written += kept.len_utf16() as i64;
        }
    }
    places.push(Place::Boundary(written));
    for entity in entities {
        let end = place_of_end(&places, entity)?;
        let begin = place_of_begin(&places, entity)?;
        entity.offset = begin;
        entity.length = end - begin;
    }
    Ok(tame_direction_marks(&cleaned))
}

/// Cuts spaces and line breaks off both edges. White space at the front stays if an entity begins there.
pub(super) fn trim(text: &mut String, entities: &mut Vec<MessageEntity>) {
    const EDGE: [char; 2] = [' ', '\n'];
    text.truncate(text.trim_end_matches(EDGE).len());
    let end = utf16_len(text);
    entities.retain_mut(|e| {
        e.length = e.length.min(end - e.offset);
        e.length > 0
    });
    entity::sort(entities);

    let leading = text.len() - text.trim_start_matches(EDGE).len();
    let first = entities.first().map_or(leading, |e| usize::try_from(e.offset).unwrap_or(0));
    let cut = leading.min(first);
    text.drain(..cut);
    for entity in entities {
        entity.offset -= cut as i64;
    }
}

/// Whether a text, though not empty, would be seen as empty.
pub(super) fn shows_nothing(text: &str) -> bool {
    text.chars().all(|c| {
        matches!(c, ' ' | '\n' | '\u{a0}' | '\u{1680}' | '\u{180e}' | '\u{2000}'..='\u{200f}' | '\u{202e}'
            | '\u{202f}' | '\u{205f}' | '\u{2800}' | '\u{3000}' | '\u{feff}' | '\u{fffc}'
            | '\u{e0000}'..='\u{e007f}')
    })
}

/// What stands at an offset of the text as it came.
#[derive(Clone, Copy)]
enum Place {
    /// Between two characters: the same place in the cleaned text, in UTF-16 code units.
    Boundary(i64),
    /// Inside a surrogate pair: the byte where its character ends.
    Inside(usize),
}

fn place(places: &[Place], offset: i64) -> Option<Place> {
    usize::try_from(offset).ok().and_then(|offset| places.get(offset)).copied()
}

fn place_of_begin(places: &[Place], entity: &MessageEntity) -> Result<i64, BadRequest> {
    match place(places, entity.offset) {
        Some(Place::Boundary(at)) => Ok(at),
        Some(Place::Inside(byte)) => {
            Err(refuse(format!("Entity begins in a middle of a UTF-16 symbol at byte offset {byte}")))
        }
        None => {
            Err(refuse(format!("Entity begins after the end of the text at UTF-16 offset {}", entity.offset)))
        }
    }
}

fn place_of_end(places: &[Place], entity: &MessageEntity) -> Result<i64, BadRequest> {
    place_of_begin(places, entity)?;
    match place(places, entity.end()) {
        Some(Place::Boundary(at)) => Ok(at),
        Some(Place::Inside(byte)) => Err(refuse(format!(
            "Entity beginning at UTF-16 offset {} ends in a middle of a UTF-16 symbol at byte offset {byte}",
            entity.offset
        ))),
        None => Err(refuse(format!(
            "Entity beginning at UTF-16 offset {} ends after the end of the text at UTF-16 offset {}",
            entity.offset,
            entity.end()
        ))),
    }
}

fn cleaned_char(c: char) -> Option<char> {
    match c {
        '\n' => Some(c),
        // Line and paragraph separators, direction overrides, and marks that cross neighbouring lines.
        '\r' | '\u{2028}'..='\u{202e}' | '\u{333}' | '\u{33f}' | '\u{30a}' => None,
        '\0'..=' ' => Some(' '),
        _ => Some(c),
    }
}

/// Of a run of direction marks only the last counts; the others become non-joiners of the same length.
fn tame_direction_marks(text: &str) -> String {
    let is_mark = |c: char| c == '\u{200e}' || c == '\u{200f}';
    let mut chars = text.chars().peekable();
    let mut tamed = String::with_capacity(text.len());
    while let Some(c) = chars.next() {
        let is_followed = chars.peek().is_some_and(|&next| is_mark(next));
        tamed.push(if is_mark(c) && is_followed { '\u{200c}' } else { c });
    }
    tamed
}
