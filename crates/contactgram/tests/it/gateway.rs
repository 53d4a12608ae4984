//! A bot that lives on a Bot API server, reached through this one: a second server of ours, with the local connector, is
//! its upstream. Whatever the bot did before it can do here, and what passes is kept.

#![allow(clippy::unwrap_used)]

use contactgram_testkit::{
    Account, Client, FakeUpstream, Fault, Method, Options, Person, Receiver, Reply, TestServer, Value, json,
};
use std::time::Duration;

/// A bot, somebody who writes to it, and the server in between.
struct Scene {
    gateway: TestServer,
    upstream: TestServer,
    /// The bot at its upstream.
    there: Account,
    /// With the bot's own token, through the gateway.
    bot: Client,
    /// With the token that the gateway gave.
    here: Client,
    ann: Person,
}

async fn scene() -> Scene {
    let upstream = TestServer::start(Options::default()).await;
    let gateway = TestServer::start(Options::default()).await;
    let there = upstream.account("Shop").await;
    let ann = upstream.person(json!({"first_name": "Ann", "username": "ann_example"})).await;
    let printed = connect(&gateway, &there.token, upstream.url()).await;
    assert_eq!((&printed["id"], &printed["connector"]), (&json!(there.id), &json!("bot")));
    let bot = Client::new(format!("{}/bot{}", gateway.url(), there.token));
    let given = printed["token"].as_str().unwrap();
    let here = Client::new(format!("{}/v1", gateway.url())).bearer(given);
    Scene { gateway, upstream, there, bot, here, ann }
}

/// What `account add --connector bot` prints.
async fn connect(gateway: &TestServer, token: &str, upstream: &str) -> Value {
    let arguments =
        ["account", "add", "--connector", "bot", "--token-stdin", "--upstream", upstream, "--json"];
    let output = gateway.cli_reading(&arguments, token).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Asks until the answer is as it should be.
async fn until<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..2400 {
        if let Some(found) = ask().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never came to that");
}

/// Waits until the gateway knows the bot: the command line connected it beside the running server.
async fn known(scene: &Scene) {
    until(async || scene.bot.call("getMe", json!({})).await.json()["ok"].as_bool().filter(|ok| *ok)).await;
    until(async || {
        let me = scene.bot.call("getMe", json!({})).await.json();
        (me == scene.there.bot().call("getMe", json!({})).await.json()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_bot_does_here_what_it_did_there_and_what_passes_is_kept() {
    let scene = scene().await;
    known(&scene).await;
    scene.ann.write(scene.there.id, "hello").await;
    let updates = scene.bot.call("getUpdates", json!({"timeout": 30})).await.result();
    let message = &updates[0]["message"];
    assert_eq!((&message["text"], &message["from"]["id"]), (&json!("hello"), &json!(scene.ann.id)));

    let sent =
        scene.bot.call("sendMessage", json!({"chat_id": scene.ann.id, "text": "good day"})).await.result();
    let screen = scene.ann.screen(scene.there.id).await;
    assert_eq!(screen[0]["text"], "good day");

    let contacts = scene.here.get("contacts").await.result();
    assert_eq!(
        (&contacts["total_count"], &contacts["contacts"][0]["username"]),
        (&json!(1), &json!("ann_example"))
    );
    assert_eq!(contacts["contacts"][0]["id"], json!(scene.ann.id));
    let history = scene.here.get("messages").await.json();
    assert_eq!(history, json!([sent, message]), "in the upstream's own JSON");
    let one = scene.here.get(&format!("messages/{}/{}", scene.ann.id, sent["message_id"])).await.result();
    assert_eq!(one, sent);
    let found = scene.here.get("messages?q=good").await.json();
    assert_eq!(found, json!([sent]));
    let beside = format!("messages?chat_id={}&before={}", scene.ann.id, sent["message_id"]);
    assert_eq!(scene.here.get(&beside).await.json(), json!([message]));
    let beside = format!("messages?chat_id={}&after={}", scene.ann.id, message["message_id"]);
    assert_eq!(scene.here.get(&beside).await.json(), json!([sent]));
    let (status, text) = scene.here.get("messages?before=9").await.refusal();
    assert!(status == 400 && text.contains("chat_id"), "{text}");
}

#[tokio::test]
async fn a_contact_is_written_to_and_a_webhook_answers_by_the_upstream() {
    let scene = scene().await;
    known(&scene).await;
    scene.ann.write(scene.there.id, "hello").await;
    until(async || {
        let contacts = scene.here.get("contacts").await.result();
        (contacts["total_count"] == 1).then_some(())
    })
    .await;
    let path = format!("contacts/{}/messages", scene.ann.id);
    let sent = scene.here.post(&path, json!({"text": "to a contact"})).await.result();
    assert_eq!(scene.ann.screen(scene.there.id).await[0]["text"], "to a contact");
    assert_eq!(scene.here.get("messages").await.json()[0], sent);
    let refused = scene.here.post(&path, json!({"text": ""})).await.refusal();
    assert_eq!(refused, (400, "Bad Request: message text is empty".to_owned()));

    let hook = Receiver::start().await;
    let call = json!({"method": "sendMessage", "chat_id": scene.ann.id, "text": "by webhook"});
    hook.answer_next([Reply {
        status: 200,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: call.to_string(),
        ..Reply::default()
    }]);
    scene.bot.call("setWebhook", json!({"url": hook.url("/")})).await.result();
    scene.ann.write(scene.there.id, "again").await;
    until(async || (scene.ann.screen(scene.there.id).await[0]["text"] == "by webhook").then_some(())).await;
}

#[tokio::test]
async fn edits_and_deletions_change_what_is_kept() {
    let scene = scene().await;
    known(&scene).await;
    scene.ann.write(scene.there.id, "hello").await;
    let sent = scene.bot.call("sendMessage", json!({"chat_id": scene.ann.id, "text": "one"})).await.result();
    let number = sent["message_id"].clone();
    let change = json!({"chat_id": scene.ann.id, "message_id": number, "text": "two"});
    let edited = scene.bot.call("editMessageText", change).await.result();
    let path = format!("messages/{}/{number}", scene.ann.id);
    assert_eq!(scene.here.get(&path).await.result(), edited);
    scene.bot.call("deleteMessage", json!({"chat_id": scene.ann.id, "message_id": number})).await.result();
    assert_eq!(scene.here.get(&path).await.refusal(), (404, "Not Found: message not found".to_owned()));
}

#[tokio::test]
async fn refusals_of_the_upstream_come_as_they_are() {
    let scene = scene().await;
    known(&scene).await;
    for (method, params) in [
        ("sendMessage", json!({"chat_id": scene.ann.id})),
        ("sendMessage", json!({"chat_id": 1, "text": "x"})),
        ("noSuchMethod", json!({})),
        ("editMessageText", json!({"chat_id": scene.ann.id, "message_id": 99, "text": "x"})),
    ] {
        let (there, here) =
            (scene.there.bot().call(method, params.clone()).await, scene.bot.call(method, params).await);
        assert_eq!((here.status, &here.text), (there.status, &there.text), "{method}");
    }
}

#[tokio::test]
async fn whoever_blocks_the_bot_is_a_contact_who_did() {
    let scene = scene().await;
    known(&scene).await;
    scene.ann.write(scene.there.id, "hello").await;
    scene.ann.act("block", json!({"account_id": scene.there.id})).await.result();
    let blocked = async |wanted: bool| {
        let path = format!("contacts/{}", scene.ann.id);
        until(async || {
            let contact = scene.here.get(&path).await.json();
            (contact["result"]["is_blocked"].as_bool().unwrap_or_default() == wanted).then_some(())
        })
        .await;
    };
    blocked(true).await;
    scene.ann.act("unblock", json!({"account_id": scene.there.id})).await.result();
    blocked(false).await;
}

#[tokio::test]
async fn while_the_upstream_is_down_callers_are_told_and_what_is_kept_is_read() {
    let mut scene = scene().await;
    known(&scene).await;
    scene.ann.write(scene.there.id, "hello").await;
    until(async || {
        let history = scene.here.get("messages").await.json();
        (history.as_array().map(Vec::len) == Some(1)).then_some(())
    })
    .await;
    assert!(scene.upstream.stop().await.success());
    let refused = scene.bot.call("sendMessage", json!({"chat_id": scene.ann.id, "text": "x"})).await;
    assert_eq!(refused.status, 503, "{}", refused.text);
    assert!(
        refused.json()["parameters"]["retry_after"].as_i64() >= Some(1)
            && refused.header("retry-after").is_some()
    );
    assert_eq!(scene.here.get("messages").await.json()[0]["text"], "hello");
    scene.upstream.start_again().await;
    let sent = until(async || {
        let answer = scene.bot.call("sendMessage", json!({"chat_id": scene.ann.id, "text": "again"})).await;
        (answer.status == 200).then(|| answer.result())
    })
    .await;
    assert_eq!(scene.here.get("messages").await.json()[0], sent);
}

#[tokio::test]
async fn a_token_is_in_no_file_but_as_it_was_encrypted() {
    let mut scene = scene().await;
    known(&scene).await;
    scene.bot.call("sendMessage", json!({"chat_id": 1, "text": "x"})).await;
    let (_, secret) = scene.there.token.split_once(':').unwrap();
    assert!(!scene.gateway.log().contains(secret));
    assert!(scene.gateway.stop().await.success());
    let data = scene.gateway.data().join("data");
    for file in std::fs::read_dir(&data).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "{}", path.display());
    }
    assert!(data.join("secrets.key").exists(), "apart from the data, which may be PostgreSQL's");
    // The key opens it again.
    scene.gateway.start_again().await;
    known(&scene).await;
}

#[tokio::test]
async fn what_can_not_be_connected_is_refused_by_field() {
    let gateway = TestServer::start(Options::default()).await;
    let upstream = TestServer::start(Options::default()).await;
    let before = gateway.cli_json(&["account", "list", "--json"]).await;
    let shop = upstream.account("Shop").await;
    let unknown = format!("{}:{}", shop.id, "A".repeat(35));
    let cases = [
        (shop.token.as_str(), "ftp://example.com", "upstream "),
        ("no token", upstream.url(), "token is no bot token"),
        (&unknown, upstream.url(), "token is unknown to the upstream"),
    ];
    for (token, url, why) in cases {
        let arguments = ["account", "add", "--connector", "bot", "--token-stdin", "--upstream", url];
        let output = gateway.cli_reading(&arguments, token).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(why), "{said}");
        assert!(!said.contains(token), "{said}");
    }
    assert_eq!(gateway.cli_json(&["account", "list", "--json"]).await, before);
}

/// A bot at an upstream that fails as it is told, and the client of it through a server of ours.
async fn failing() -> (FakeUpstream, TestServer, String, Client) {
    let upstream = FakeUpstream::start().await;
    let gateway = TestServer::start(Options::default()).await;
    let token = upstream.bot(4_100_000_001);
    connect(&gateway, &token, &upstream.url()).await;
    let bot = Client::new(format!("{}/bot{token}", gateway.url()));
    until(async || bot.call("getMe", json!({})).await.json()["ok"].as_bool().filter(|ok| *ok)).await;
    (upstream, gateway, token, bot)
}

#[tokio::test]
async fn a_reply_that_is_lost_is_a_504_and_nothing_is_sent_twice() {
    let (upstream, _gateway, _, bot) = failing().await;
    upstream.fail_next("sendMessage", Fault::LostReply);
    let answer = bot.call("sendMessage", json!({"chat_id": 7, "text": "once"})).await;
    let why = "Gateway Timeout: the upstream gave no answer, and may have done what it was asked";
    assert_eq!(answer.refusal(), (504, why.to_owned()));
    assert_eq!(upstream.acted("sendMessage"), 1);
    let sent = bot.call("sendMessage", json!({"chat_id": 7, "text": "twice"})).await.result();
    assert_eq!((upstream.acted("sendMessage"), &sent["text"]), (2, &json!("twice")));
}

#[tokio::test]
async fn what_was_taken_comes_again_when_the_upstream_did_not_hear_of_it_and_is_kept_once() {
    let (upstream, _gateway, token, bot) = failing().await;
    let message = |number: i64| {
        json!({"message": {"message_id": number, "date": 1_800_000_000, "text": format!("no. {number}"),
            "chat": {"id": 7, "type": "private", "first_name": "Ann"},
            "from": {"id": 7, "is_bot": false, "first_name": "Ann"}}})
    };
    for number in 1..=5 {
        upstream.fail_next("getUpdates", Fault::LostReply);
        upstream.push(&token, message(number));
    }
    let count = async || bot.get("messages").await.json().as_array().map(Vec::len);
    until(async || (count().await == Some(5)).then_some(())).await;
    until(async || (upstream.pending(&token) == 0).then_some(())).await;
    let updates = bot.call("getUpdates", json!({})).await.result();
    let texts: Vec<&Value> =
        updates.as_array().unwrap().iter().map(|update| &update["message"]["text"]).collect();
    assert_eq!(texts, ["no. 1", "no. 2", "no. 3", "no. 4", "no. 5"]);
    assert_eq!(bot.get("contacts").await.result()["total_count"], 1);
}

#[tokio::test]
async fn a_token_that_the_upstream_refuses_stops_the_polling_until_it_is_connected_again() {
    let (upstream, gateway, token, _bot) = failing().await;
    // The poll that waits is woken; the next one is refused.
    upstream.push(&token, json!({"poll": {}}));
    upstream.revoke(&token);
    let show = ["account", "show", "4100000001", "--json"];
    until(async || gateway.cli_json(&show).await["stopped"].as_str().map(str::to_owned)).await;
    let polls = upstream.seen("getUpdates").len();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(upstream.seen("getUpdates").len(), polls, "it is left alone");
}

#[tokio::test]
async fn uploads_pass_as_they_are_and_answers_are_not_asked_for_packed_where_they_are_read() {
    let (upstream, _gateway, _, bot) = failing().await;
    let body = "--x\r\ncontent-disposition: form-data; name=\"chat_id\"\r\n\r\n7\r\n--x\r\n\
         content-disposition: form-data; name=\"photo\"; filename=\"a.png\"\r\n\r\n\u{0}\u{1}png\r\n--x--\r\n";
    let upload = bot.request(Method::POST, "sendPhoto?disable_notification=true");
    let upload =
        upload.header("content-type", "multipart/form-data; boundary=x").header("accept-encoding", "gzip");
    bot.send(upload.body(body)).await;
    let seen = upstream.until_seen("sendPhoto", 1).await;
    assert_eq!(
        (seen[0].body.as_ref(), seen[0].header("content-type")),
        (body.as_bytes(), Some("multipart/form-data; boundary=x"))
    );
    assert!(seen[0].path.ends_with("/sendPhoto?disable_notification=true"), "{}", seen[0].path);
    assert_eq!(seen[0].header("accept-encoding"), None);
    assert_eq!(seen[0].header("authorization"), None);
}
