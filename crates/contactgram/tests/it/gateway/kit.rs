//! What the gateway's tests stand on: a bot at a second server of ours, with the local connector, or at an upstream that
//! fails as it is told.

use contactgram_testkit::{Account, Client, FakeUpstream, Options, Person, TestServer, Value, json};
use std::time::Duration;

/// A bot, somebody who writes to it, and the server in between.
pub struct Scene {
    pub gateway: TestServer,
    pub upstream: TestServer,
    /// The bot at its upstream.
    pub there: Account,
    /// With the bot's own token, through the gateway.
    pub bot: Client,
    /// With the token that the gateway gave.
    pub here: Client,
    pub ann: Person,
}

pub async fn scene() -> Scene {
    let upstream = TestServer::start(Options::default()).await;
    let gateway = TestServer::start(Options::default()).await;
    let there = upstream.account("Shop").await;
    let ann = upstream.person(json!({"first_name": "Ann", "username": "ann_example"})).await;
    let printed = connect(&gateway, &there.token, upstream.url()).await;
    assert_eq!((&printed["id"], &printed["connector"]), (&json!(there.id), &json!("bot")));
    let bot = Client::new(format!("{}/bot{}", gateway.url(), there.token));
    let given = printed["token"].as_str().expect("printed as JSON");
    let here = Client::new(format!("{}/v1", gateway.url())).bearer(given);
    Scene { gateway, upstream, there, bot, here, ann }
}

/// What `account add --connector bot` prints.
pub async fn connect(gateway: &TestServer, token: &str, upstream: &str) -> Value {
    connect_with(gateway, (token, upstream), &[]).await
}

/// The same with further arguments.
pub async fn connect_with(gateway: &TestServer, (token, upstream): (&str, &str), more: &[&str]) -> Value {
    let arguments =
        ["account", "add", "--connector", "bot", "--token-stdin", "--upstream", upstream, "--json"];
    let output = gateway.cli_reading(&[&arguments, more].concat(), token).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).expect("printed as JSON")
}

/// Asks until the answer is as it should be.
pub async fn until<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..2400 {
        if let Some(found) = ask().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never came to that");
}

/// Waits until the gateway knows the bot: the command line connected it beside the running server.
pub async fn known(scene: &Scene) {
    until(async || scene.bot.call("getMe", json!({})).await.json()["ok"].as_bool().filter(|ok| *ok)).await;
    until(async || {
        let me = scene.bot.call("getMe", json!({})).await.json();
        (me == scene.there.bot().call("getMe", json!({})).await.json()).then_some(())
    })
    .await;
}

/// A bot at an upstream that fails as it is told, and its client through a server of ours.
pub struct Faked {
    pub upstream: FakeUpstream,
    pub gateway: TestServer,
    pub token: String,
    /// With the bot's own token, through the gateway.
    pub bot: Client,
}

pub async fn faked() -> Faked {
    let upstream = FakeUpstream::start().await;
    let gateway = TestServer::start(Options::default()).await;
    let token = upstream.bot(4_100_000_001);
    connect(&gateway, &token, &upstream.url()).await;
    let bot = Client::new(format!("{}/bot{token}", gateway.url()));
    until(async || bot.call("getMe", json!({})).await.json()["ok"].as_bool().filter(|ok| *ok)).await;
    Faked { upstream, gateway, token, bot }
}

impl Faked {
    /// Has something happen to the bot, and waits until it is kept.
    pub async fn happens(&self, update: Value) {
        self.upstream.push(&self.token, update);
        until(async || (self.upstream.pending(&self.token) == 0).then_some(())).await;
    }

    /// The contact with this id.
    pub async fn contact(&self, id: i64) -> Value {
        self.bot.get(&format!("contacts/{id}")).await.result()
    }

    /// All messages that are kept, newest first.
    pub async fn history(&self) -> Value {
        self.bot.get("messages").await.json()
    }
}

/// Somebody of the upstream.
pub fn somebody(id: i64, name: &str) -> Value {
    json!({"id": id, "is_bot": false, "first_name": name})
}

/// A message of theirs to the bot, with more fields.
pub fn message(number: i64, from: &Value, more: Value) -> Value {
    let mut message = json!({"message_id": number, "date": 1_800_000_000 + number, "from": from,
        "chat": {"id": from["id"], "type": "private", "first_name": from["first_name"]}});
    if let (Some(fields), Value::Object(more)) = (message.as_object_mut(), more) {
        fields.extend(more);
    }
    message
}
