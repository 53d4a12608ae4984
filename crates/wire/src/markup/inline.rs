//! The inline keyboard, which hangs under its message: buttons that open a link or call the bot back.
//! Read by `markup::check`; stored and shown with the message.
//! Takes no button for a game, a payment or a log-in: there is nothing behind them here.

use crate::BadRequest;
use crate::entities::fields::Fields;
use crate::entities::link::{self, Allowed};
use crate::entities::refuse;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Longest `callback_data`, in bytes.
pub const MAX_CALLBACK_BYTES: usize = 64;
/// Longest text of a `copy_text` button, in Unicode code points.
const MAX_COPY_CHARS: usize = 256;

/// An `InlineKeyboardMarkup`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InlineKeyboard {
    /// Rows of buttons; neither is empty.
    pub inline_keyboard: Vec<Vec<InlineButton>>,
}

/// An `InlineKeyboardButton`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InlineButton {
    pub text: String,
    /// Number of the custom emoji before the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon_custom_emoji_id: Option<String>,
    /// `danger`, `success` or `primary`; passed on unread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<String>,
    #[serde(flatten)]
    pub action: ButtonAction,
}

/// What pressing a button does: exactly one field of the button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ButtonAction {
    /// Opens a link, or a chat if it is `tg://user?id=N`.
    Url(String),
    /// Sends the bot a callback_query with this data, 1–64 bytes.
    CallbackData(String),
    WebApp(WebApp),
    SwitchInlineQuery(String),
    SwitchInlineQueryCurrentChat(String),
    SwitchInlineQueryChosenChat(ChosenChat),
    CopyText(CopyText),
}

/// A `WebAppInfo`: the https link of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebApp {
    pub url: String,
}

/// A `CopyTextButton`: 1–256 characters for the clipboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyText {
    pub text: String,
}

/// A `SwitchInlineQueryChosenChat`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChosenChat {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub query: String,
    #[serde(skip_serializing_if = "is_false")]
    pub allow_user_chats: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub allow_bot_chats: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub allow_group_chats: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub allow_channel_chats: bool,
}

impl InlineKeyboard {
    /// Whether some button carries this `callback_data`: only such a press is believed.
    pub fn has_callback(&self, data: &str) -> bool {
        let carries = |b: &InlineButton| matches!(&b.action, ButtonAction::CallbackData(own) if own == data);
        self.inline_keyboard.iter().flatten().any(carries)
    }

    /// The canonical JSON, `{"inline_keyboard":[…]}`.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// A button whose JSON is right, but whose link or data is still to be judged.
pub(super) enum Draft {
    Button(InlineButton),
    /// A log-in link: checked as one, then an ordinary link, as in the messages that Telegram gives back.
    LogIn(InlineButton),
    /// A kind that has no meaning here.
    Barred,
}

/// Reads a button; the first field with a meaning decides, in Telegram's order.
pub(super) fn read_button(value: &Value) -> Result<Draft, String> {
    let fields = Fields::of(value).ok_or("InlineKeyboardButton must be an Object")?;
    let text = fields.string("text")?;
    let non_empty = |name| fields.string_or_none(name).map(|text| text.filter(|t: &String| !t.is_empty()));
    let (icon_custom_emoji_id, style) = (non_empty("icon_custom_emoji_id")?, non_empty("style")?);
    let button = |action| InlineButton { text, icon_custom_emoji_id, style, action };
    if let Some(url) = non_empty("url")? {
        return Ok(Draft::Button(button(ButtonAction::Url(url))));
    }
    if let Some(data) = non_empty("callback_data")? {
        return Ok(Draft::Button(button(ButtonAction::CallbackData(data))));
    }
    if fields.has("callback_game") || fields.has("pay") {
        return Ok(Draft::Barred);
    }
    let action = if fields.has("switch_inline_query") {
        ButtonAction::SwitchInlineQuery(fields.string("switch_inline_query")?)
    } else if fields.has("switch_inline_query_chosen_chat") {
        ButtonAction::SwitchInlineQueryChosenChat(chosen_chat(
            fields.object("switch_inline_query_chosen_chat")?,
        )?)
    } else if fields.has("switch_inline_query_current_chat") {
        ButtonAction::SwitchInlineQueryCurrentChat(fields.string("switch_inline_query_current_chat")?)
    } else if fields.has("login_url") {
        return Ok(Draft::LogIn(button(ButtonAction::Url(login_url(fields.object("login_url")?)?))));
    } else if fields.has("web_app") {
        ButtonAction::WebApp(WebApp { url: fields.object("web_app")?.string("url")? })
    } else if fields.has("copy_text") {
        ButtonAction::CopyText(CopyText { text: fields.object("copy_text")?.string("text")? })
    } else {
        return Err("Text buttons are unallowed in the inline keyboard".into());
    };
    Ok(Draft::Button(button(action)))
}

/// Judges links and data, and puts links in their written form. A button without a text is passed over.
pub(super) fn settle(draft: Draft) -> Result<Option<InlineButton>, BadRequest> {
    let (mut button, is_login) = match draft {
        Draft::Button(button) => (button, false),
        Draft::LogIn(button) => (button, true),
        Draft::Barred => return Err(BadRequest::new("BUTTON_TYPE_INVALID")),
    };
    if button.text.is_empty() && button.icon_custom_emoji_id.is_none() {
        return Ok(None);
    }
    if button.text.is_empty() {
        return Err(refuse("Inline keyboard button text must be non-empty"));
    }
    match &mut button.action {
        ButtonAction::Url(url) if is_login => *url = https_only(url, "login", "login URL")?,
        ButtonAction::Url(url) if link::user_id(url).is_none() => {
            *url = link::check(url, Allowed::Any)
                .map_err(|reason| refuse(format!("Inline keyboard button {reason}")))?;
        }
        ButtonAction::WebApp(app) => app.url = https_only(&app.url, "Web App", "Web App URL")?,
        ButtonAction::CallbackData(data) if data.len() > MAX_CALLBACK_BYTES => {
            return Err(BadRequest::new("BUTTON_DATA_INVALID"));
        }
        ButtonAction::CopyText(copy) if !(1..=MAX_COPY_CHARS).contains(&copy.text.chars().count()) => {
            return Err(BadRequest::new("BUTTON_COPY_TEXT_INVALID"));
        }
        _ => {}
    }
    Ok(Some(button))
}

fn https_only(url: &str, name: &str, buttons: &str) -> Result<String, BadRequest> {
    if link::user_id(url).is_some() {
        return Err(refuse(format!("Link to a user can't be used in {buttons} buttons")));
    }
    link::check(url, Allowed::HttpsOnly)
        .map_err(|reason| refuse(format!("Inline keyboard button {name} {reason}")))
}

fn chosen_chat(fields: Fields<'_>) -> Result<ChosenChat, String> {
    Ok(ChosenChat {
        query: fields.string_or_none("query")?.unwrap_or_default(),
        allow_user_chats: fields.flag("allow_user_chats")?,
        allow_bot_chats: fields.flag("allow_bot_chats")?,
        allow_group_chats: fields.flag("allow_group_chats")?,
        allow_channel_chats: fields.flag("allow_channel_chats")?,
    })
}

fn login_url(fields: Fields<'_>) -> Result<String, String> {
    let url = fields.string("url")?;
    let bot = fields.string_or_none("bot_username")?.unwrap_or_default();
    fields.flag("request_write_access")?;
    fields.string_or_none("forward_text")?;
    let name = bot.strip_prefix('@').unwrap_or(&bot);
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if bot.is_empty() || is_name { Ok(url) } else { Err("LoginUrl bot username is invalid".into()) }
}

fn is_false(flag: &bool) -> bool {
    !flag
}
