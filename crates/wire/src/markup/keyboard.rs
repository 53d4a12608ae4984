//! The keyboards that are not part of a message: one in place of the letters, its removal, and a forced reply.
//! Read by `markup::check`, kept for the person's screen.
//! Never shows in the Message that the bot gets back.

use super::{ReplyMarkup, flags};
use crate::BadRequest;
use crate::entities::fields::Fields;
use crate::entities::link::{self, Allowed};
use crate::entities::refuse;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// A `ReplyKeyboardRemove`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remove {
    /// Always true.
    pub remove_keyboard: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub selective: bool,
}

/// A `ForceReply`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ForceReply {
    /// Always true.
    pub force_reply: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub selective: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub input_field_placeholder: String,
}

/// Everything in a markup that is no button.
pub(super) struct Options {
    remove: bool,
    force_reply: bool,
    selective: bool,
    placeholder: String,
    resize: bool,
    one_time: bool,
    is_persistent: bool,
}

impl Options {
    /// The names that older bots use are understood too.
    pub fn read(fields: Fields<'_>) -> Result<Options, String> {
        let either = |old, new| Ok::<_, String>(fields.flag(old)? | fields.flag(new)?);
        let mut options = Options {
            remove: either("hide_keyboard", "remove_keyboard")?,
            selective: either("personal_keyboard", "selective")?,
            force_reply: either("force_reply_keyboard", "force_reply")?,
            placeholder: fields.string_or_none("input_field_placeholder")?.unwrap_or_default(),
            resize: false,
            one_time: false,
            is_persistent: false,
        };
        if !fields.array("keyboard")?.is_empty() {
            options.resize = fields.flag("resize_keyboard")?;
            options.one_time = fields.flag("one_time_keyboard")?;
            options.is_persistent = fields.flag("is_persistent")?;
        }
        Ok(options)
    }

    /// The canonical ReplyKeyboardMarkup.
    pub fn keyboard(self, rows: Vec<Vec<Value>>) -> Value {
        let mut keyboard = flags(&[
            ("is_persistent", self.is_persistent),
            ("resize_keyboard", self.resize),
            ("one_time_keyboard", self.one_time),
            ("selective", self.selective),
        ]);
        if !self.placeholder.is_empty() {
            keyboard.insert("input_field_placeholder".into(), self.placeholder.into());
        }
        keyboard.insert("keyboard".into(), rows.into());
        Value::Object(keyboard)
    }

    pub fn without_buttons(self) -> Option<ReplyMarkup> {
        let Options { remove, force_reply, selective, placeholder, .. } = self;
        if remove {
            return Some(ReplyMarkup::Remove(Remove { remove_keyboard: true, selective }));
        }
        force_reply.then_some(ReplyMarkup::ForceReply(ForceReply {
            force_reply,
            selective,
            input_field_placeholder: placeholder,
        }))
    }
}

/// A button in canonical form, its link still to be judged.
pub(super) fn read_button(value: &Value) -> Result<Value, String> {
    if let Value::String(text) = value {
        return Ok(json!({ "text": text }));
    }
    let fields = Fields::of(value).ok_or("KeyboardButton must be a String or an Object")?;
    let mut button = Map::new();
    button.insert("text".into(), fields.string("text")?.into());
    for name in ["icon_custom_emoji_id", "style"] {
        if let Some(text) = fields.string_or_none(name)?.filter(|t| !t.is_empty()) {
            button.insert(name.into(), text.into());
        }
    }
    if let Some((name, request)) = read_request(fields)? {
        button.insert(name.into(), request);
    }
    Ok(Value::Object(button))
}

/// Judges a button's text and link. One without a text is passed over.
pub(super) fn settle(button: Value) -> Result<Option<Value>, BadRequest> {
    let fields = Fields::of(&button).ok_or(BadRequest::new("BUTTON_INVALID"))?;
    let has_text = fields.string("text").is_ok_and(|text| !text.is_empty());
    if !has_text && !fields.has("icon_custom_emoji_id") {
        return Ok(None);
    }
    if !has_text {
        return Err(refuse("Keyboard button text must be non-empty"));
    }
    if let Ok(url) = fields.object("web_app").and_then(|app| app.string("url")) {
        if link::user_id(&url).is_some() {
            return Err(refuse("Link to a user can't be used in Web App URL buttons"));
        }
        link::check(&url, Allowed::HttpsOnly)
            .map_err(|reason| refuse(format!("Keyboard button Web App {reason}")))?;
    }
    let quantity = fields.object("request_users").and_then(|users| users.int("max_quantity"));
    if quantity.is_ok_and(|quantity| !(1..=MAX_USERS).contains(&quantity)) {
        return Err(BadRequest::new("BUTTON_QUANTITY_MAX_INVALID"));
    }
    Ok(Some(button))
}

/// Most users that one press may share.
const MAX_USERS: i32 = 10;

/// What a press asks the person for; the first in Telegram's order counts.
fn read_request(fields: Fields<'_>) -> Result<Option<(&'static str, Value)>, String> {
    if fields.flag("request_phone_number")? | fields.flag("request_contact")? {
        return Ok(Some(("request_contact", true.into())));
    }
    if fields.flag("request_location")? {
        return Ok(Some(("request_location", true.into())));
    }
    if fields.has("request_poll") {
        let kind = fields.object("request_poll")?.string_or_none("type")?;
        let kind = kind.filter(|kind| kind == "quiz" || kind == "regular");
        return Ok(Some(("request_poll", kind.map_or(json!({}), |kind| json!({ "type": kind })))));
    }
    if fields.has("web_app") {
        return Ok(Some(("web_app", json!({ "url": fields.object("web_app")?.string("url")? }))));
    }
    if let Some(name) = ["request_users", "request_user"].into_iter().find(|name| fields.has(name)) {
        return Ok(Some(("request_users", read_request_users(fields.object(name)?)?)));
    }
    if fields.has("request_chat") {
        return Ok(Some(("request_chat", read_request_chat(fields.object("request_chat")?)?)));
    }
    Ok(None)
}

fn read_request_users(fields: Fields<'_>) -> Result<Value, String> {
    let mut request = Map::new();
    request.insert("request_id".into(), fields.int("request_id")?.into());
    // A false one of these two is a demand as well: no bot, no premium.
    for name in ["user_is_bot", "user_is_premium"] {
        let demanded = fields.flag(name)?;
        if fields.has(name) {
            request.insert(name.into(), demanded.into());
        }
    }
    let quantity = if fields.has("max_quantity") { fields.int("max_quantity")? } else { 1 };
    request.insert("max_quantity".into(), quantity.into());
    request.append(&mut flags(&[
        ("request_name", fields.flag("request_name")?),
        ("request_username", fields.flag("request_username")?),
        ("request_photo", fields.flag("request_photo")?),
    ]));
    Ok(Value::Object(request))
}

fn read_request_chat(fields: Fields<'_>) -> Result<Value, String> {
    let mut request = Map::new();
    request.insert("request_id".into(), fields.int("request_id")?.into());
    request.insert("chat_is_channel".into(), fields.flag("chat_is_channel")?.into());
    for name in ["chat_is_forum", "chat_has_username"] {
        let demanded = fields.flag(name)?;
        if fields.has(name) {
            request.insert(name.into(), demanded.into());
        }
    }
    request.append(&mut flags(&[
        ("chat_is_created", fields.flag("chat_is_created")?),
        ("bot_is_member", fields.flag("bot_is_member")?),
        ("request_title", fields.flag("request_title")?),
        ("request_username", fields.flag("request_username")?),
        ("request_photo", fields.flag("request_photo")?),
    ]));
    for name in ["user_administrator_rights", "bot_administrator_rights"] {
        if let Some(rights) = fields.get(name) {
            if !rights.is_object() {
                return Err("ChatAdministratorRights must be an Object".into());
            }
            request.insert(name.into(), rights.clone());
        }
    }
    Ok(Value::Object(request))
}

fn is_false(flag: &bool) -> bool {
    !flag
}
