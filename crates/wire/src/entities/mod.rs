//! Formatted text: what `text`, `parse_mode` and `entities` of a request become.
//! Called by the Bot API methods that take a text or a caption, and by the screen where a person types.
//! Follows the official server to the letter of its error texts; never looks a user up or fetches a link.

mod arrange;
mod clean;
mod entity;
mod explicit;
pub(crate) mod fields;
mod find;
mod find_url;
mod html;
pub(crate) mod link;
mod markdown;
mod markdown_v2;
mod scan;

pub use entity::{EntityKind, MentionedUser, MessageEntity};

use crate::BadRequest;

/// Longest text before parsing, in bytes (Bot API server: `text is too long`).
pub const MAX_RAW_BYTES: usize = 32_768;
/// Longest message after parsing, in Unicode code points.
pub const MAX_MESSAGE_CHARS: usize = 4096;
/// Longest caption after parsing, in Unicode code points.
pub const MAX_CAPTION_CHARS: usize = 1024;

/// How the markup in a text is written (Bot API, "Formatting options").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParseMode {
    Html,
    /// The legacy mode, kept by Telegram for old bots: no nesting.
    Markdown,
    MarkdownV2,
}

impl ParseMode {
    /// Reads `parse_mode`, in any case. `""` and `none` mean no parsing.
    ///
    /// Errors: `unsupported parse_mode`.
    pub fn parse(name: &str) -> Result<Option<ParseMode>, BadRequest> {
        match name.to_ascii_lowercase().as_str() {
            "" | "none" => Ok(None),
            "html" => Ok(Some(ParseMode::Html)),
            "markdown" => Ok(Some(ParseMode::Markdown)),
            "markdownv2" => Ok(Some(ParseMode::MarkdownV2)),
            _ => Err(BadRequest::new("unsupported parse_mode")),
        }
    }
}

/// A text ready to be stored and shown, with its entities sorted as Telegram sends them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormattedText {
    pub text: String,
    pub entities: Vec<MessageEntity>,
}

/// What a kind of text may be: a message must say something, a caption may be absent.
#[derive(Debug, Clone)]
pub struct TextRules {
    /// Unicode code points allowed after parsing.
    pub max_chars: usize,
    /// The refusal of a longer text.
    pub too_long: BadRequest,
    /// Whether a text of nothing but white space is taken, and becomes empty.
    pub may_be_empty: bool,
}

impl TextRules {
    /// The text of sendMessage and editMessageText: 1–4096 characters.
    pub const fn message() -> TextRules {
        TextRules {
            max_chars: MAX_MESSAGE_CHARS,
            too_long: BadRequest::new("message is too long"),
            may_be_empty: false,
        }
    }

    /// The caption of a medium: 0–1024 characters.
    pub const fn caption() -> TextRules {
        TextRules {
            max_chars: MAX_CAPTION_CHARS,
            too_long: BadRequest::new("message caption is too long"),
            may_be_empty: true,
        }
    }
}

/// The text of a message, as sendMessage takes it: `explicit` is the JSON text of `entities`, which a
/// `parse_mode` overrides.
///
/// Errors: `message text is empty` (nothing given), `text must be non-empty` (nothing left after trimming),
/// `text is too long`, `message is too long`, `can't parse entities: …`, `can't parse MessageEntity: …`.
pub fn format(
    text: &str,
    mode: Option<ParseMode>,
    explicit: Option<&str>,
) -> Result<FormattedText, BadRequest> {
    format_as(text, mode, explicit, &TextRules::message())
}

/// The caption of a medium: like [`format`], but it may be empty and ends at 1024 characters.
pub fn format_caption(
    text: &str,
    mode: Option<ParseMode>,
    explicit: Option<&str>,
) -> Result<FormattedText, BadRequest> {
    format_as(text, mode, explicit, &TextRules::caption())
}

/// Like [`format`], within the given rules.
pub fn format_as(
    text: &str,
    mode: Option<ParseMode>,
    explicit: Option<&str>,
    rules: &TextRules,
) -> Result<FormattedText, BadRequest> {
    if text.is_empty() {
        return if rules.may_be_empty {
            Ok(FormattedText::default())
        } else {
            Err(BadRequest::new("message text is empty"))
        };
    }
    if text.len() > MAX_RAW_BYTES {
        return Err(BadRequest::new("text is too long"));
    }
    let parsed = match mode {
        Some(mode) => parse(text, mode)?,
        None => {
            FormattedText { text: text.to_owned(), entities: explicit::read(explicit.unwrap_or_default())? }
        }
    };
    let formatted = settle(parsed, rules)?;
    if formatted.text.chars().count() > rules.max_chars {
        return Err(rules.too_long.clone());
    }
    Ok(formatted)
}

/// The entities that Telegram finds by itself in a plain text: commands, mentions, tags, links, addresses,
/// phone numbers. Sorted; none overlaps another.
pub fn find(text: &str) -> Vec<MessageEntity> {
    find::all(text)
}

/// Length in UTF-16 code units, the unit of every entity's `offset` and `length`.
pub fn utf16_len(text: &str) -> i64 {
    text.chars().map(|c| c.len_utf16() as i64).sum()
}

fn parse(text: &str, mode: ParseMode) -> Result<FormattedText, BadRequest> {
    let parsed = match mode {
        ParseMode::Html => html::parse(text),
        ParseMode::Markdown => markdown::parse(text),
        ParseMode::MarkdownV2 => markdown_v2::parse(text),
    };
    parsed.map_err(|reason| BadRequest::of(format!("can't parse entities: {reason}")))
}

/// Cleans, trims, untangles, and adds what is found in the text; the order matters, because removed
/// characters can make entities touch that did not before.
fn settle(parsed: FormattedText, rules: &TextRules) -> Result<FormattedText, BadRequest> {
    let FormattedText { text, mut entities } = parsed;
    explicit::check_bounds(&entities)?;
    entities.retain(|e| e.length > 0);
    arrange::untangle(&mut entities);
    let mut text = clean::clean(&text, &mut entities)?;
    entities.retain(|e| e.length > 0);
    arrange::untangle(&mut entities);
    clean::trim(&mut text, &mut entities);
    if clean::shows_nothing(&text) {
        return if rules.may_be_empty {
            Ok(FormattedText::default())
        } else {
            Err(BadRequest::new("text must be non-empty"))
        };
    }
    arrange::keep_first(&mut entities);
    arrange::add_found(&mut entities, find::all(&text));
    Ok(FormattedText { text, entities })
}

/// A refusal worded as the official server words it: the first letter small, unless the text is a code.
pub(crate) fn refuse(reason: impl Into<String>) -> BadRequest {
    let reason = reason.into();
    let is_code = reason.chars().nth(1).is_some_and(|c| c == '_' || c.is_ascii_uppercase());
    if is_code || !reason.starts_with(|c: char| c.is_ascii_uppercase()) {
        return BadRequest::of(reason);
    }
    let (first, rest) = reason.split_at(1);
    BadRequest::of(first.to_ascii_lowercase() + rest)
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
