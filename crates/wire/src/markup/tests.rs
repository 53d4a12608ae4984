//! Cases of `reply_markup`: what is kept, in which form, and what is refused.

use super::*;
use serde_json::json;

fn canonical(markup: Value) -> Value {
    check(&markup.to_string()).unwrap().map_or(Value::Null, |markup| markup.to_value())
}

fn refusal(markup: Value) -> String {
    check(&markup.to_string()).unwrap_err().to_string()
}

fn inline(button: Value) -> Value {
    json!({ "inline_keyboard": [[button]] })
}

fn keyboard(button: Value) -> Value {
    json!({ "keyboard": [[button]] })
}

#[test]
fn an_inline_keyboard_is_kept_with_links_in_their_written_form() {
    let given = json!({ "inline_keyboard": [
        [{ "text": "a", "callback_data": "x", "url": null }, { "text": "b", "url": "example.com" }],
        [{ "text": "c", "url": "tg://user?id=7" }],
        [{ "text": "d", "switch_inline_query": "" }, { "text": "e", "copy_text": { "text": "f" } }],
        [{ "text": "g", "web_app": { "url": "https://h.i" } }, { "text": "j", "switch_inline_query_chosen_chat": {} }],
        [{ "text": "k", "login_url": { "url": "https://l.m" }, "style": "danger" }],
    ]});
    assert_eq!(
        canonical(given),
        json!({ "inline_keyboard": [
            [{ "text": "a", "callback_data": "x" }, { "text": "b", "url": "http://example.com/" }],
            [{ "text": "c", "url": "tg://user?id=7" }],
            [{ "text": "d", "switch_inline_query": "" }, { "text": "e", "copy_text": { "text": "f" } }],
            [{ "text": "g", "web_app": { "url": "https://h.i/" } }, { "text": "j", "switch_inline_query_chosen_chat": {} }],
            [{ "text": "k", "url": "https://l.m/", "style": "danger" }],
        ]})
    );
}

#[test]
fn a_canonical_keyboard_reads_back_as_itself() {
    let markup = check(&inline(json!({ "text": "a", "callback_data": "x" })).to_string()).unwrap().unwrap();
    assert_eq!(check(&markup.to_value().to_string()), Ok(Some(markup.clone())));
    let read: InlineKeyboard = serde_json::from_value(markup.to_value()).unwrap();
    assert_eq!(markup.inline(), Some(&read));
    assert_eq!(inline_keyboard(&markup), read.inline_keyboard.as_slice());
}

#[test]
fn callback_data_is_believed_only_if_a_button_carries_it() {
    let markup = check(&inline(json!({ "text": "a", "callback_data": "x" })).to_string()).unwrap().unwrap();
    let keyboard = markup.inline().unwrap();
    assert!(keyboard.has_callback("x"));
    assert!(!keyboard.has_callback("y"));
    let link = check(&inline(json!({ "text": "a", "url": "x.org" })).to_string()).unwrap().unwrap();
    assert!(!link.inline().unwrap().has_callback("x.org"));
}

#[test]
fn a_reply_keyboard_is_kept_for_the_screen_only() {
    let given = json!({ "keyboard": [["a", { "text": "b", "request_contact": true, "request_location": true }],
        [{ "text": "c", "request_users": { "request_id": 1, "user_is_bot": false } }],
        [{ "text": "d", "request_chat": { "request_id": 2, "chat_is_channel": true } }, { "text": "e", "request_poll": {} }]],
        "resize_keyboard": true, "one_time_keyboard": false, "input_field_placeholder": "…" });
    let expected = json!({ "keyboard": [[{ "text": "a" }, { "text": "b", "request_contact": true }],
        [{ "text": "c", "request_users": { "request_id": 1, "user_is_bot": false, "max_quantity": 1 } }],
        [{ "text": "d", "request_chat": { "request_id": 2, "chat_is_channel": true } }, { "text": "e", "request_poll": {} }]],
        "resize_keyboard": true, "input_field_placeholder": "…" });
    assert_eq!(canonical(given.clone()), expected);
    assert_eq!(canonical(expected.clone()), expected);
    let markup = check(&given.to_string()).unwrap().unwrap();
    assert_eq!(markup.inline(), None);
    assert!(inline_keyboard(&markup).is_empty());
}

#[test]
fn removal_and_forced_reply_are_told_apart() {
    assert_eq!(canonical(json!({ "remove_keyboard": true })), json!({ "remove_keyboard": true }));
    assert_eq!(
        canonical(json!({ "hide_keyboard": true, "selective": true })),
        json!({ "remove_keyboard": true, "selective": true })
    );
    assert_eq!(
        canonical(json!({ "force_reply": true, "input_field_placeholder": "x" })),
        json!({ "force_reply": true, "input_field_placeholder": "x" })
    );
}

#[test]
fn a_markup_without_a_button_is_none() {
    for nothing in
        [json!({}), json!(null), json!({ "inline_keyboard": [] }), json!({ "inline_keyboard": [[]] })]
    {
        assert_eq!(canonical(nothing), Value::Null);
    }
    assert_eq!(canonical(keyboard(json!(""))), Value::Null);
    assert_eq!(check(""), Ok(None));
}

#[test]
fn wrong_markup_is_refused_in_the_words_of_the_official_server() {
    let too_long = "x".repeat(65);
    let cases = [
        (json!([]), "object expected as reply markup"),
        (json!({ "inline_keyboard": "bad" }), "field \"inline_keyboard\" must be of type Array"),
        (json!({ "keyboard": "bad" }), "field \"keyboard\" must be of type Array"),
        (json!({ "keyboard": ["a"] }), "field \"keyboard\" must be an Array of Arrays"),
        (
            json!({ "inline_keyboard": [{}] }),
            "field \"inline_keyboard\" of the InlineKeyboardMarkup must be an Array of Arrays",
        ),
        (json!({ "force_reply": "yes" }), "field \"force_reply\" must be of type Boolean"),
        (
            json!({ "keyboard": [["A"]], "is_persistent": "yes" }),
            "field \"is_persistent\" must be of type Boolean",
        ),
        (inline(json!("a")), "can't parse inline keyboard button: InlineKeyboardButton must be an Object"),
        (
            inline(json!({ "callback_data": "x" })),
            "can't parse inline keyboard button: Can't find field \"text\"",
        ),
        (
            inline(json!({ "text": true, "callback_data": "x" })),
            "can't parse inline keyboard button: Field \"text\" must be of type String",
        ),
        (
            inline(json!({ "text": "a", "callback_data": "" })),
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (inline(json!({ "text": "a", "callback_data": too_long })), "BUTTON_DATA_INVALID"),
        (inline(json!({ "text": "a", "pay": true })), "BUTTON_TYPE_INVALID"),
        (inline(json!({ "text": "a", "copy_text": { "text": "" } })), "BUTTON_COPY_TEXT_INVALID"),
        (
            inline(json!({ "text": "a", "url": "not-a-url" })),
            "inline keyboard button URL 'not-a-url' is invalid: Wrong HTTP URL",
        ),
        (
            inline(json!({ "text": "a", "url": "ftp://example.com" })),
            "inline keyboard button URL 'ftp://example.com' is invalid: Unsupported URL protocol",
        ),
        (
            inline(json!({ "text": "a", "web_app": { "url": "bad" } })),
            "inline keyboard button Web App URL 'bad' is invalid: Only HTTPS links are allowed",
        ),
        (
            inline(json!({ "text": "a", "switch_inline_query_chosen_chat": { "allow_user_chats": "yes" } })),
            "can't parse inline keyboard button: Field \"allow_user_chats\" must be of type Boolean",
        ),
        (keyboard(json!(7)), "can't parse keyboard button: KeyboardButton must be a String or an Object"),
        (
            keyboard(json!({ "text": "a", "request_chat": {} })),
            "can't parse keyboard button: Can't find field \"request_id\"",
        ),
        (
            keyboard(json!({ "text": "a", "request_users": { "request_id": 1, "max_quantity": 999 } })),
            "BUTTON_QUANTITY_MAX_INVALID",
        ),
        (
            keyboard(json!({ "text": "a", "web_app": { "url": "http://example.com" } })),
            "keyboard button Web App URL 'http://example.com' is invalid: Only HTTPS links are allowed",
        ),
    ];
    for (markup, reason) in cases {
        assert_eq!(refusal(markup.clone()), reason, "{markup}");
    }
    assert_eq!(check("{").unwrap_err().to_string(), "can't parse reply keyboard markup JSON object");
}

#[test]
fn long_rows_are_cut_and_long_markups_refused() {
    let button = json!({ "text": "a", "callback_data": "x" });
    let markup = json!({ "inline_keyboard": [vec![button.clone(); 20]] });
    let kept = check(&markup.to_string()).unwrap().unwrap();
    assert_eq!(inline_keyboard(&kept)[0].len(), 12);
    let wordy = json!({ "text": "a".repeat(200), "callback_data": "x" });
    assert_eq!(refusal(json!({ "inline_keyboard": vec![vec![wordy]; 60] })), "reply markup is too long");
}
