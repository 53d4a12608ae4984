//! A bot at an upstream, through a server of ours: its messages have kinds and fields that nobody here knows, and what may
//! have been sent is never sent twice.

use std::time::Duration;

use contactgram_client::{Client, Error, Event, MessageQuery, NewMessage, StreamExt, TryStreamExt};
use contactgram_testkit::{FakeUpstream, Fault, Options, TestServer, json};
use serde_json::Value;

use crate::kit::quick;

struct Bot {
    client: Client,
    token: String,
    upstream: FakeUpstream,
    _server: TestServer,
}

async fn bot() -> Bot {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::start(Options::default()).await;
    let token = upstream.bot(4_100_000_001);
    let url = upstream.url();
    let words =
        ["account", "add", "--connector", "bot", "--token-stdin", "--upstream", url.as_str(), "--json"];
    let made = server.cli_reading(&words, &token).await;
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let client = Client::builder(server.url()).token(&token).policy(quick()).build().unwrap();
    // The command line connected it beside the running server.
    while client.me().await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Bot { client, token, upstream, _server: server }
}

#[tokio::test]
async fn what_telegram_says_is_read_also_where_it_is_new() {
    let bot = bot().await;
    let ann = json!({"id": 7, "is_bot": false, "first_name": "Ann", "is_premium": true});
    let private = json!({"id": 7, "type": "private", "first_name": "Ann"});
    let news = json!({"id": -1_000_000_000_001_i64, "type": "channel", "title": "News", "is_forum": false});
    let text = json!({"message_id": 1, "date": 1_800_000_001, "from": ann, "chat": private, "text": "hi",
        "entities": [{"type": "telepathy", "offset": 0, "length": 2}]});
    let post =
        json!({"message_id": 1, "date": 1_800_000_002, "chat": news, "sender_chat": news, "text": "news"});
    let gift = json!({"message_id": 2, "date": 1_800_000_003, "from": ann, "chat": private,
        "forward_origin": {"type": "hidden_user", "date": 1, "sender_user_name": "X"}, "unheard_of": {"a": 1}});
    for update in [json!({"message": text}), json!({"channel_post": post}), json!({"message": gift})] {
        bot.upstream.push(&bot.token, update);
    }
    let mut updates = bot.client.updates().stream();
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(updates.next().await.unwrap().unwrap().event);
    }
    let Event::Message(first) = &seen[0] else { panic!("{seen:?}") };
    assert_eq!(
        (first.text.as_deref(), first.more["entities"][0]["type"].as_str()),
        (Some("hi"), Some("telepathy"))
    );
    assert!(matches!(&seen[1], Event::Other { kind, .. } if kind == "channel_post"), "{seen:?}");

    let history: Vec<_> =
        bot.client.messages().all(MessageQuery::default().limit(2)).try_collect().await.unwrap();
    assert_eq!(history.len(), 3);
    assert_eq!((history[0].text.as_deref(), &history[0].more["unheard_of"]), (None, &json!({"a": 1})));
    assert_eq!((history[1].chat.kind.as_str(), history[1].from.as_ref()), ("channel", None));
    let rolled: Value = bot.client.call("sendDice", &json!({"chat_id": 7, "emoji": "🎲"})).await.unwrap();
    assert!(rolled.is_object(), "{rolled}");
}

#[tokio::test]
async fn what_may_have_reached_telegram_is_not_sent_again() {
    let bot = bot().await;
    bot.upstream.fail_next("sendMessage", Fault::LostReply);
    let message = NewMessage::text(7, "once");
    let unknown = bot.client.messages().send(message.clone()).await.unwrap_err();
    let Error::OutcomeUnknown { idempotency_key: Some(key), .. } = unknown else { panic!("{unknown:?}") };
    assert_eq!(bot.upstream.acted("sendMessage"), 1);
    // Asked again with the same key, it is still not known, and still not sent.
    let again = bot.client.messages().send(message.idempotency_key(key)).await.unwrap_err();
    assert_eq!((again.status(), bot.upstream.acted("sendMessage")), (Some(409), 1));
    bot.client.messages().send(NewMessage::text(7, "another")).await.unwrap();
    assert_eq!(bot.upstream.acted("sendMessage"), 2);
}

#[tokio::test]
async fn a_group_that_moved_says_where_to() {
    let bot = bot().await;
    bot.upstream.fail_always("sendMessage", Fault::migrated(-1_000_000_000_002));
    let moved = bot.client.messages().send(NewMessage::text(-7, "hello?")).await.unwrap_err();
    let Error::BadRequest { migrate_to_chat_id, .. } = moved else { panic!("{moved:?}") };
    assert_eq!(migrate_to_chat_id, Some(-1_000_000_000_002));
}
