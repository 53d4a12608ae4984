//! `reply_markup`: the keyboards that come with a message.
//! Called by the Bot API methods that send or edit, by the store for what it kept, and by the person's screen.
//! Never answers a pressed button; only says which there are.

mod inline;
mod keyboard;

pub use inline::{ButtonAction, ChosenChat, CopyText, InlineButton, InlineKeyboard, WebApp};
pub use keyboard::{ForceReply, Remove};

use crate::BadRequest;
use crate::entities::fields::Fields;
use crate::entities::refuse;
use serde::Serialize;
use serde_json::{Map, Value};

/// Longest canonical JSON of a markup, in bytes (`reply markup is too long`).
pub const MAX_BYTES: usize = 10_240;
/// Most buttons that are kept: in a row, and in all. What is beyond is dropped, as Telegram does.
const MAX_ROW: usize = 12;
const MAX_BUTTONS: usize = 300;

/// A checked `reply_markup`. Serialises to its canonical JSON, which [`check`] reads back.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ReplyMarkup {
    /// The only kind that shows in the message itself.
    Inline(InlineKeyboard),
    /// A ReplyKeyboardMarkup; its buttons are objects, never bare texts.
    Keyboard(Value),
    Remove(Remove),
    ForceReply(ForceReply),
}

impl ReplyMarkup {
    /// The inline keyboard, which the Message's `reply_markup` shows; other kinds are for the screen only.
    pub fn inline(&self) -> Option<&InlineKeyboard> {
        match self {
            ReplyMarkup::Inline(keyboard) => Some(keyboard),
            _ => None,
        }
    }

    /// The canonical JSON.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// Reads `reply_markup`. `None` means no markup: nothing given, an object that names no keyboard, or one
/// without a button.
///
/// Errors: `can't parse reply keyboard markup JSON object`, `object expected as reply markup`,
/// `can't parse inline keyboard button: …`, `can't parse keyboard button: …`, `field "…" must be of type …`,
/// `inline keyboard button URL '…' is invalid: …`, `BUTTON_DATA_INVALID`, `reply markup is too long`.
pub fn check(reply_markup: &str) -> Result<Option<ReplyMarkup>, BadRequest> {
    if reply_markup.trim().is_empty() {
        return Ok(None);
    }
    let value: Value = serde_json::from_str(reply_markup)
        .map_err(|_| BadRequest::new("can't parse reply keyboard markup JSON object"))?;
    if value.is_null() {
        return Ok(None);
    }
    let fields = Fields::of(&value).ok_or(BadRequest::new("object expected as reply markup"))?;
    let markup = read(fields)?;
    let bytes = markup.as_ref().map_or(0, |markup| markup.to_value().to_string().len());
    if bytes > MAX_BYTES {
        return Err(BadRequest::new("reply markup is too long"));
    }
    Ok(markup)
}

/// The buttons of an inline keyboard, row by row; none for the other kinds.
pub fn inline_keyboard(markup: &ReplyMarkup) -> &[Vec<InlineButton>] {
    markup.inline().map_or(&[], |keyboard| &keyboard.inline_keyboard)
}

fn read(fields: Fields<'_>) -> Result<Option<ReplyMarkup>, BadRequest> {
    let keyboard_given = fields.array("keyboard").map_err(refuse)?;
    let inline_given = fields.array("inline_keyboard").map_err(refuse)?;
    // Every row is read before any is judged, so that a broken one is named first.
    let not_rows = "Field \"keyboard\" must be an Array of Arrays";
    let keyboard = rows(keyboard_given, not_rows, |button| {
        keyboard::read_button(button)
            .map_err(|reason| refuse(format!("Can't parse keyboard button: {reason}")))
    })?;
    let not_rows = "Field \"inline_keyboard\" of the InlineKeyboardMarkup must be an Array of Arrays";
    let inline = rows(inline_given, not_rows, |button| {
        inline::read_button(button)
            .map_err(|reason| refuse(format!("Can't parse inline keyboard button: {reason}")))
    })?;
    let options = keyboard::Options::read(fields).map_err(refuse)?;
    if !keyboard_given.is_empty() {
        let rows = kept(keyboard, keyboard::settle)?;
        return Ok((!rows.is_empty()).then(|| ReplyMarkup::Keyboard(options.keyboard(rows))));
    }
    if !inline_given.is_empty() {
        let inline_keyboard = kept(inline, inline::settle)?;
        let keyboard = InlineKeyboard { inline_keyboard };
        return Ok((!keyboard.inline_keyboard.is_empty()).then_some(ReplyMarkup::Inline(keyboard)));
    }
    Ok(options.without_buttons())
}

fn rows<T>(
    rows: &[Value],
    not_rows: &'static str,
    read_button: impl Fn(&Value) -> Result<T, BadRequest>,
) -> Result<Vec<Vec<T>>, BadRequest> {
    let read_row = |row: &Value| match row {
        Value::Array(buttons) => buttons.iter().map(&read_button).collect(),
        _ => Err(refuse(not_rows)),
    };
    rows.iter().map(read_row).collect()
}

/// Judges the buttons one by one, up to the limits; `settle` gives `None` for a button that is passed over.
fn kept<T, U>(
    rows: Vec<Vec<T>>,
    settle: impl Fn(T) -> Result<Option<U>, BadRequest>,
) -> Result<Vec<Vec<U>>, BadRequest> {
    let mut kept_rows = Vec::new();
    let mut left = MAX_BUTTONS;
    for row in rows {
        let mut kept_row = Vec::new();
        for button in row {
            if left == 0 || kept_row.len() == MAX_ROW {
                break;
            }
            if let Some(button) = settle(button)? {
                kept_row.push(button);
                left -= 1;
            }
        }
        if !kept_row.is_empty() {
            kept_rows.push(kept_row);
        }
    }
    Ok(kept_rows)
}

/// The fields that are true, for a canonical object.
fn flags(given: &[(&str, bool)]) -> Map<String, Value> {
    given.iter().filter(|(_, set)| *set).map(|(name, _)| ((*name).to_owned(), Value::Bool(true))).collect()
}

#[cfg(test)]
mod tests;
