//! Connecting a bot: what is refused, and where its token is kept.

use contactgram_testkit::{Client, FakeUpstream, Options, TestServer, json};

use super::kit::{Faked, connect, faked, known, scene, until};

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

#[tokio::test]
async fn a_webhook_that_the_bot_had_is_removed_where_it_stands_in_the_way() {
    let Faked { upstream, gateway, token, bot } = faked().await;
    let there = contactgram_testkit::Client::new(format!("{}/bot{token}", upstream.url()));
    upstream.until_polled(&token, 1).await;
    there.call("setWebhook", json!({"url": "https://example.com/hook"})).await.result();
    upstream.push(
        &token,
        json!({"message": {"message_id": 1, "date": 1_800_000_000, "text": "hello",
        "chat": {"id": 7, "type": "private"}, "from": {"id": 7, "is_bot": false, "first_name": "Ann"}}}),
    );
    until(async || (bot.get("messages").await.json()[0]["text"] == "hello").then_some(())).await;
    assert!(upstream.webhook(&token).is_none());
    // What is set here is no business of the upstream's.
    bot.call("setWebhook", json!({"url": "https://127.0.0.1:9/hook"})).await.result();
    assert!(upstream.webhook(&token).is_none());
    drop(gateway);
}

#[tokio::test]
async fn a_bot_that_is_connected_again_goes_on_with_its_new_token() {
    let upstream = FakeUpstream::start().await;
    let gateway = TestServer::start(Options::default()).await;
    let token = upstream.bot(4_100_000_001);
    let given = connect(&gateway, &token, &upstream.url()).await["token"].as_str().unwrap().to_owned();
    let show = ["account", "show", "4100000001", "--json"];
    upstream.until_polled(&token, 1).await;
    upstream.push(&token, json!({"poll": {}}));
    let renewed = upstream.renew(&token);
    until(async || gateway.cli_json(&show).await["stopped"].as_str().map(str::to_owned)).await;
    let ours = Client::new(format!("{}/v1", gateway.url())).bearer(&given);
    let before = Client::new(format!("{}/bot{token}", gateway.url()));
    assert_eq!(before.get("contacts").await.status, 200);
    let printed = connect(&gateway, &renewed, &upstream.url()).await;
    assert!(printed.get("token").is_none(), "the one that was given is good: {printed}");
    assert_eq!(ours.get("contacts").await.status, 200);
    assert_eq!(before.get("contacts").await.status, 401, "whoever renewed it means the old one to end");
    let bot = Client::new(format!("{}/bot{renewed}", gateway.url()));
    until(async || bot.call("getMe", json!({})).await.json()["ok"].as_bool().filter(|ok| *ok)).await;
    assert_eq!(gateway.cli_json(&show).await.get("stopped").filter(|why| !why.is_null()), None);
    assert_eq!(upstream.seen("getMe").last().map(|seen| seen.path.contains(&renewed)), Some(true));
}
