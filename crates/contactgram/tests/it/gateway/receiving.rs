//! How an upstream's updates come: counted anew, of kinds that nobody here knows, and posted by the upstream itself. None
//! is lost, and each is kept once.

use contactgram_testkit::{Answer, Client, FakeUpstream, Fault, Options, TestServer, Value, json};

use super::kit::{Faked, connect, connect_with, faked, message, somebody, until};

const SECRET: &str = "x-telegram-bot-api-secret-token";

fn text(number: i64, text: &str) -> Value {
    json!({ "message": message(number, &somebody(7, "Ann"), json!({ "text": text })) })
}

#[tokio::test]
async fn an_upstream_that_counts_anew_is_heard_and_one_that_repeats_itself_is_not() {
    let faked = faked().await;
    faked.happens(text(1, "before")).await;
    faked.upstream.count_from(&faked.token, 5_000);
    faked.happens(text(2, "after")).await;
    faked.happens(text(3, "and on")).await;
    let history = faked.history().await;
    let texts: Vec<&str> =
        history.as_array().unwrap().iter().filter_map(|one| one["text"].as_str()).collect();
    assert_eq!(texts, ["and on", "after", "before"]);
    let offsets = faked.upstream.seen("getUpdates");
    assert_eq!(offsets.last().unwrap().json()["offset"], 5_002);
}

#[tokio::test]
async fn at_another_server_a_bot_is_heard_whatever_numbers_that_has() {
    let faked = faked().await;
    faked.happens(text(1, "there")).await;
    let elsewhere = FakeUpstream::start().await;
    let token = elsewhere.bot(4_100_000_001);
    elsewhere.count_from(&token, 40);
    elsewhere.push(&token, text(2, "elsewhere"));
    connect(&faked.gateway, &token, &elsewhere.url()).await;
    until(async || (faked.history().await[0]["text"] == "elsewhere").then_some(())).await;
}

#[tokio::test]
async fn a_kind_that_nobody_here_knows_is_asked_for_by_its_name_and_told_as_it_came() {
    let Faked { upstream, bot, token, gateway: _gateway } = faked().await;
    upstream.until_polled(&token, 1).await;
    bot.call("getUpdates", json!({"allowed_updates": ["message", "shiny_thing"]})).await.result();
    until(async || {
        let asked = upstream.seen("getUpdates").last()?.json()["allowed_updates"].to_string();
        (asked.contains("\"shiny_thing\"") && asked.contains("\"message_reaction\"")).then_some(())
    })
    .await;
    upstream.push(&token, json!({"shiny_thing": {"user": somebody(8, "Ben"), "gold": 3}}));
    let update = until(async || {
        let updates = bot.call("getUpdates", json!({})).await.result();
        updates.as_array()?.iter().find(|update| update["shiny_thing"].is_object()).cloned()
    })
    .await;
    assert_eq!(update["shiny_thing"], json!({"user": somebody(8, "Ben"), "gold": 3}));
    assert_eq!(bot.get("contacts/8").await.result()["first_name"], "Ben");
    // Whoever asks for others only is not told.
    bot.call("getUpdates", json!({"allowed_updates": ["message"], "offset": -1})).await.result();
    upstream.push(&token, json!({"shiny_thing": {"user": somebody(9, "Cy")}}));
    upstream.push(&token, text(1, "hello"));
    let updates = until(async || {
        let updates = bot.call("getUpdates", json!({})).await.result();
        updates.as_array()?.iter().any(|update| update["message"].is_object()).then_some(updates)
    })
    .await;
    assert!(!updates.to_string().contains("Cy"), "{updates}");
}

/// A bot whose upstream posts to `https://gateway.example`, where nobody is: the tests bring what it would post.
struct Posted {
    upstream: FakeUpstream,
    gateway: TestServer,
    token: String,
    bot: Client,
}

const BOT: i64 = 4_100_000_001;

async fn posted() -> Posted {
    let upstream = FakeUpstream::start().await;
    let here = Options::default().variable("CONTACTGRAM_PUBLIC_URL", "https://gateway.example");
    let gateway = TestServer::start(here).await;
    let token = upstream.bot(BOT);
    let printed = connect_with(&gateway, (&token, &upstream.url()), &["--receive", "webhook"]).await;
    assert_eq!(printed["receive"], "webhook");
    let bot = Client::new(format!("{}/bot{token}", gateway.url()));
    until(async || bot.call("getMe", json!({})).await.json()["ok"].as_bool().filter(|ok| *ok)).await;
    Posted { upstream, gateway, token, bot }
}

impl Posted {
    async fn post(&self, secret: Option<&str>, update: Value) -> Answer {
        let root = Client::new(self.gateway.url());
        let request = root.request(contactgram_testkit::Method::POST, &format!("/upstream/{BOT}"));
        let request = match secret {
            Some(secret) => request.header(SECRET, secret),
            None => request,
        };
        root.send(request.json(&update)).await
    }

    fn secret(&self) -> String {
        let webhook = self.upstream.webhook(&self.token).expect("it was told to post");
        assert_eq!(webhook["url"], format!("https://gateway.example/upstream/{BOT}"));
        assert!(webhook["allowed_updates"].to_string().contains("message_reaction"), "{webhook}");
        webhook["secret_token"].as_str().expect("a secret").to_owned()
    }
}

fn numbered(number: i64, update: Value) -> Value {
    let mut update = update;
    update["update_id"] = json!(number);
    update
}

#[tokio::test]
async fn what_is_posted_is_kept_once_in_whatever_order_and_only_with_the_secret() {
    let mut posted = posted().await;
    let secret = posted.secret();
    for wrong in [None, Some(""), Some("x"), Some(&secret[1..])] {
        let answer = posted.post(wrong, numbered(1, text(1, "forged"))).await;
        assert_eq!(answer.refusal(), (401, "Unauthorized".to_owned()));
    }
    for (number, words) in [(12, "second"), (11, "first"), (12, "second"), (13, "third"), (11, "first")] {
        let answer = posted.post(Some(&secret), numbered(number, text(number, words))).await;
        assert_eq!((answer.status, answer.json()), (200, json!({"ok": true, "result": true})));
    }
    for odd in [json!({}), json!([1]), json!({"update_id": 14}), json!({"update_id": "x", "message": {}})] {
        assert_eq!(posted.post(Some(&secret), odd).await.status, 200, "it would come again for a day");
    }
    let updates = posted.bot.call("getUpdates", json!({})).await.result();
    let told: Vec<&str> =
        updates.as_array().unwrap().iter().filter_map(|update| update["message"]["text"].as_str()).collect();
    assert_eq!(told, ["second", "first", "third"]);
    assert_eq!(posted.bot.get("messages").await.json().as_array().map(Vec::len), Some(3));
    assert_eq!(posted.bot.get("contacts/7").await.result()["first_name"], "Ann");
    assert_eq!(posted.upstream.seen("getUpdates").len(), 0, "nobody polls");
    // The secret outlives a restart, and what came before it is still known.
    posted.gateway.restart().await;
    let again = posted.post(Some(&secret), numbered(12, text(12, "second"))).await;
    assert_eq!(again.status, 200);
    assert_eq!(posted.bot.get("messages").await.json().as_array().map(Vec::len), Some(3));
    assert!(!posted.gateway.log().contains(&secret));
}

#[tokio::test]
async fn whoever_connects_a_bot_says_how_its_updates_come() {
    let posted = posted().await;
    let before = posted.secret();
    posted.post(Some(&before), numbered(700_000_020, text(1, "posted"))).await;
    // Polled from now on: the webhook stands in the way, and what waits is taken.
    connect(&posted.gateway, &posted.token, &posted.upstream.url()).await;
    posted.upstream.push(&posted.token, text(2, "polled"));
    until(async || (posted.bot.get("messages").await.json()[0]["text"] == "polled").then_some(())).await;
    assert!(posted.upstream.webhook(&posted.token).is_none());
    assert_eq!(posted.post(Some(&before), numbered(2, text(3, "late"))).await.status, 401);
    // Posted again: with another secret.
    connect_with(&posted.gateway, (&posted.token, &posted.upstream.url()), &["--receive", "webhook"]).await;
    // Who polled until now may have taken it away once more.
    until(async || posted.upstream.webhook(&posted.token)).await;
    let now = posted.secret();
    assert_ne!(before, now);
    until(async || {
        let answer = posted.post(Some(&now), numbered(3, text(4, "posted again"))).await;
        (answer.status == 200).then_some(())
    })
    .await;
    assert_eq!(posted.bot.get("messages").await.json()[0]["text"], "posted again");
}

#[tokio::test]
async fn who_can_not_be_posted_to_is_told_by_field() {
    let upstream = FakeUpstream::start().await;
    let token = upstream.bot(BOT);
    let mut gateway = TestServer::start(Options::default()).await;
    let url = upstream.url();
    let words =
        ["account", "add", "--connector", "bot", "--token-stdin", "--upstream", &url, "--receive", "webhook"];
    let said = async |gateway: &TestServer| {
        let output = gateway.cli_reading(&words, &token).await;
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let why = said(&gateway).await;
    assert!(why.contains("receive by webhook takes the setting public_url"), "{why}");
    gateway.set_variable("CONTACTGRAM_PUBLIC_URL", "http://gateway.example");
    let refusal = "Bad Request: bad webhook: An HTTPS URL must be provided for webhook";
    upstream.fail_next("setWebhook", Fault::error(400, refusal));
    let why = said(&gateway).await;
    assert!(
        why.contains("receive: the upstream doesn't post to this server") && why.contains(refusal),
        "{why}"
    );
    assert!(
        gateway
            .cli_json(&["account", "list", "--json"])
            .await
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["connector"] == "local")
    );
}

#[tokio::test]
async fn a_second_server_posts_to_this_one() {
    let upstream = TestServer::start(Options::default()).await;
    let mut gateway = TestServer::start(Options::default()).await;
    let url = gateway.url().to_owned();
    gateway.set_variable("CONTACTGRAM_PUBLIC_URL", &url);
    gateway.restart().await;
    let there = upstream.account("Shop").await;
    let ann = upstream.person(json!({"first_name": "Ann"})).await;
    connect_with(&gateway, (&there.token, upstream.url()), &["--receive", "webhook"]).await;
    let bot = Client::new(format!("{}/bot{}", gateway.url(), there.token));
    until(async || bot.call("getMe", json!({})).await.json()["ok"].as_bool().filter(|ok| *ok)).await;
    for number in 0..20 {
        ann.write(there.id, &format!("no. {number}")).await;
    }
    let updates = until(async || {
        let updates = bot.call("getUpdates", json!({})).await.result();
        (updates.as_array().map(Vec::len) == Some(20)).then_some(updates)
    })
    .await;
    for (number, update) in updates.as_array().unwrap().iter().enumerate() {
        assert_eq!(update["message"]["text"], format!("no. {number}"), "in the order of the chat");
    }
    let sent = bot.call("sendMessage", json!({"chat_id": ann.id, "text": "all here"})).await.result();
    assert_eq!(bot.get("messages").await.json()[0], sent);
}
