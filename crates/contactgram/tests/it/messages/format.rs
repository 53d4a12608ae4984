//! parse_mode and entities: what becomes of a text, and what is refused.

use super::bad;
use contactgram_testkit::{Options, TestServer, Value, json};

#[tokio::test]
async fn texts_are_formatted_by_mode_or_by_entities() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann =
        server.person(json!({"first_name": "Ann", "last_name": "Lee", "username": "ann_example"})).await;
    let mention = json!({"id": ann.id, "is_bot": false, "first_name": "Ann", "last_name": "Lee", "username": "ann_example"});
    let say = async |mut body: Value| {
        body["chat_id"] = ann.id.into();
        let sent = shop.bot().call("sendMessage", body).await.result();
        (sent["text"].clone(), sent.get("entities").cloned().unwrap_or_default())
    };
    let table = [
        (
            json!({"text": "<b>a</b> &lt;b&gt;", "parse_mode": "HTML"}),
            "a <b>",
            json!([{"type": "bold", "offset": 0, "length": 1}]),
        ),
        (
            json!({"text": "*a* \\*", "parse_mode": "MarkdownV2"}),
            "a *",
            json!([{"type": "bold", "offset": 0, "length": 1}]),
        ),
        (
            json!({"text": "_a_", "parse_mode": "markdown"}),
            "a",
            json!([{"type": "italic", "offset": 0, "length": 1}]),
        ),
        (
            json!({"text": "🙂 <i>b</i>", "parse_mode": "html"}),
            "🙂 b",
            json!([{"type": "italic", "offset": 3, "length": 1}]),
        ),
        (json!({"text": "*a*"}), "*a*", Value::Null),
        (
            json!({"text": "a b", "entities": [{"type": "code", "offset": 2, "length": 1}]}),
            "a b",
            json!([{"type": "code", "offset": 2, "length": 1}]),
        ),
        (
            json!({"text": "/start at example.com"}),
            "/start at example.com",
            json!([{"type": "bot_command", "offset": 0, "length": 6}, {"type": "url", "offset": 10, "length": 11}]),
        ),
        (
            json!({"text": format!("<a href=\"tg://user?id={}\">you</a>", ann.id), "parse_mode": "HTML"}),
            "you",
            json!([{"type": "text_mention", "offset": 0, "length": 3, "user": mention}]),
        ),
        (
            json!({"text": "me", "entities": [{"type": "text_mention", "offset": 0, "length": 2, "user": {"id": 42}}]}),
            "me",
            Value::Null,
        ),
    ];
    for (body, text, entities) in table {
        assert_eq!(say(body.clone()).await, (text.into(), entities), "{body}");
    }
}

#[tokio::test]
async fn broken_formatting_is_refused_in_telegrams_words() {
    let server = TestServer::start(Options::default()).await;
    let (shop, ann) = (server.account("Shop").await, server.person(json!({"first_name": "Ann"})).await);
    let say = async |mut body: Value| {
        body["chat_id"] = ann.id.into();
        shop.bot().call("sendMessage", body).await
    };
    bad(&say(json!({"text": "a", "parse_mode": "BBCode"})).await, "unsupported parse_mode");
    bad(
        &say(json!({"text": "*a", "parse_mode": "Markdown"})).await,
        "can't parse entities: Can't find end of the entity starting at byte offset 0",
    );
    bad(
        &say(json!({"text": "a.b", "parse_mode": "MarkdownV2"})).await,
        "can't parse entities: Character '.' is reserved and must be escaped with the preceding '\\'",
    );
    bad(
        &say(json!({"text": "<b>a", "parse_mode": "HTML"})).await,
        "can't parse entities: Can't find end tag corresponding to start tag \"b\"",
    );
    bad(
        &say(json!({"text": "<x>a</x>", "parse_mode": "HTML"})).await,
        "can't parse entities: Unsupported start tag \"x\" at byte offset 0",
    );
    bad(
        &say(json!({"text": "a", "entities": [{"type": "bold", "offset": 5, "length": 1}]})).await,
        "entity begins after the end of the text at UTF-16 offset 5",
    );
    assert!(ann.screen(shop.id).await.is_empty(), "nothing was sent");
}
