//! Formatted text. The input is a parse mode or a JSON list of entities on the first line, and the text behind.

use super::first_line_of;
use contactgram_wire::BadRequest;
use contactgram_wire::entities::{
    FormattedText, MAX_CAPTION_CHARS, MAX_MESSAGE_CHARS, MessageEntity, ParseMode, find, format,
    format_caption, utf16_len,
};

pub fn run(input: &[u8]) {
    let Some((how, text)) = first_line_of(input) else { return };
    let (mode, entities) = match ParseMode::parse(how) {
        Ok(mode) => (mode, None),
        Err(_) => (None, Some(how)),
    };
    if let Ok(message) = format(text, mode, entities) {
        let chars = message.text.chars().count();
        assert!((1..=MAX_MESSAGE_CHARS).contains(&chars));
        if chars <= MAX_CAPTION_CHARS {
            assert_eq!(format_caption(text, mode, entities).as_ref(), Ok(&message));
        }
        fits(&message);
        let again = formatted_again(&message).expect("a formatted text is a text");
        // A link to a user with blanks behind it is a link; without them, as it is given back, a mention.
        let tells_users = |e: &MessageEntity| e.url.as_ref().is_some_and(|url| url.starts_with("tg://user"));
        if !message.entities.iter().any(tells_users) {
            assert_eq!(again, message, "formatting again changes nothing");
        }
        assert_eq!(formatted_again(&again).as_ref(), Ok(&again));
    }
    escaping_gives_the_text_back(text);
}

fn formatted_again(message: &FormattedText) -> Result<FormattedText, BadRequest> {
    let written = serde_json::to_string(&message.entities).expect("entities are JSON");
    format(&message.text, None, Some(&written))
}

fn fits(message: &FormattedText) {
    let mut ends = vec![0];
    let mut at = 0;
    for c in message.text.chars() {
        at += c.len_utf16() as i64;
        ends.push(at);
    }
    assert_eq!(at, utf16_len(&message.text));
    for e in &message.entities {
        assert!(e.length > 0, "{e:?}");
        assert!(ends.binary_search(&e.offset).is_ok() && ends.binary_search(&e.end()).is_ok(), "{e:?}");
    }
    assert!(message.entities.is_sorted_by_key(|e| e.offset), "{:?}", message.entities);
    let found = find(&message.text);
    assert!(found.windows(2).all(|pair| pair[0].end() <= pair[1].offset), "{found:?}");
}

/// NUL is the one character that markup may not hold.
fn escaping_gives_the_text_back(text: &str) {
    if text.contains('\0') || text.len() > 4096 {
        return;
    }
    let plain = format(text, None, None);
    let html = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    assert_eq!(format(&html, Some(ParseMode::Html), None), plain);
    let escape = |c: char| if ('!'..='~').contains(&c) { vec!['\\', c] } else { vec![c] };
    let markdown: String = text.chars().flat_map(escape).collect();
    assert_eq!(format(&markdown, Some(ParseMode::MarkdownV2), None), plain);
}
