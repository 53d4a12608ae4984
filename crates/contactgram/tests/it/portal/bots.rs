//! Bots that are connected in the browser: what is refused where, what the page says of the bot, and that its token is
//! shown nowhere.

use contactgram_testkit::{Client, FakeUpstream, Options, TestServer, json};

use super::{Browser, beside};
use crate::gateway::kit::until;

#[tokio::test]
async fn a_bot_is_connected_by_its_token_which_is_shown_nowhere() {
    let upstream = TestServer::start(Options::default()).await;
    let server = TestServer::start(Options::default()).await;
    let owner = Browser::member(&server, "ann", &["--role", "owner", "--all-accounts"]).await;
    let shop = upstream.account("Shop <i>").await;
    let form = format!("csrf={}&token={}&upstream={}", owner.csrf, shop.token, upstream.url());
    let answer = owner.post("/portal/accounts/connect", &form).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(answer.text.contains("Shop &#60;i&#62; is connected"), "{}", answer.text);
    assert!(answer.text.contains(server.url()) && !answer.text.contains(&shop.token), "{}", answer.text);
    let bot = Client::new(format!("{}/bot{}", server.url(), shop.token));
    until(async || bot.call("getMe", json!({})).await.json()["ok"].as_bool().filter(|ok| *ok)).await;
    let page = owner.get(&format!("/portal/a/{}", shop.id)).await.text;
    for said in ["connector bot", upstream.url(), "Updates are asked for, since"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let (_, secret) = shop.token.split_once(':').unwrap();
    assert!(!page.contains(secret) && !server.log().contains(secret));
}

#[tokio::test]
async fn what_can_not_be_connected_is_said_beside_its_field_and_the_token_is_not_repeated() {
    let upstream = TestServer::start(Options::default()).await;
    let server = TestServer::start(Options::default()).await;
    let owner = Browser::member(&server, "ann", &["--role", "owner", "--all-accounts"]).await;
    let (shop, own) = (upstream.account("Shop").await, server.account("Own").await);
    let unknown = format!("{}:{}", shop.id, "A".repeat(35));
    let before = server.cli_json(&["account", "list", "--json"]).await;
    for (token, url, field, why) in [
        ("", upstream.url(), "token", "the token is needed"),
        ("no_token", upstream.url(), "token", "is no bot token"),
        (&unknown, upstream.url(), "token", "unknown to the upstream"),
        (&own.token, server.url(), "token", "an account of the local connector"),
        (&shop.token, "ftp://example.com", "upstream", "has to begin with https://"),
        (&shop.token, "http://127.0.0.1:9", "upstream", "was not reached"),
    ] {
        let form = format!("csrf={}&token={token}&upstream={url}", owner.csrf);
        let answer = owner.post("/portal/accounts/connect", &form).await;
        assert_eq!(answer.status, 422, "{token} {url}: {}", answer.text);
        let beside = beside(&answer.text, field);
        assert!(beside.contains(why), "{token} {url}: {beside}");
        assert!(answer.text.contains(&format!("value=\"{url}\"")), "{}", answer.text);
        assert!(token.is_empty() || !answer.text.contains(token), "{}", answer.text);
    }
    let form =
        format!("csrf={}&token={}&upstream={}&receive=webhook", owner.csrf, shop.token, upstream.url());
    let answer = owner.post("/portal/accounts/connect", &form).await;
    assert!(beside(&answer.text, "receive").contains("public_url"), "{}", answer.text);
    assert_eq!(server.cli_json(&["account", "list", "--json"]).await, before);
}

#[tokio::test]
async fn a_bot_whose_token_is_refused_says_so_and_goes_on_with_the_new_one() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::start(Options::default()).await;
    let owner = Browser::member(&server, "ann", &["--role", "owner", "--all-accounts"]).await;
    let (token, other) = (upstream.bot(4_100_000_001), upstream.bot(4_100_000_002));
    let connect = |token: &str| format!("csrf={}&token={token}&upstream={}", owner.csrf, upstream.url());
    assert_eq!(owner.post("/portal/accounts/connect", &connect(&token)).await.status, 200);
    upstream.until_polled(&token, 1).await;
    upstream.push(&token, json!({"poll": {}}));
    let renewed = upstream.renew(&token);
    let at = "/portal/a/4100000001";
    let says = async |text: &str| owner.get(at).await.text.contains(text).then_some(());
    until(async || says("does not know the bot&#39;s token any more").await).await;
    says("Connect the bot again with its new token.").await.expect("what to do");
    let tokens = server.cli_json(&["token", "list", "4100000001", "--json"]).await;

    let wrong = owner.post(&format!("{at}/upstream"), &connect(&other)).await;
    assert_eq!(wrong.status, 422, "{}", wrong.text);
    assert!(beside(&wrong.text, "token").contains("this account is the bot 4100000001"), "{}", wrong.text);
    let done = owner.post(&format!("{at}/upstream"), &connect(&renewed)).await;
    assert_eq!((done.status, done.header("location")), (303, Some("/portal/a/4100000001?done=connected")));
    until(async || says("Updates are asked for, since").await).await;
    // The bot's new token opens the account in the place of its earlier one, and nothing else came of it.
    let after = server.cli_json(&["token", "list", "4100000001", "--json"]).await;
    assert_eq!(after.as_array().map(Vec::len), tokens.as_array().map(Vec::len), "{after}");
    assert!(!server.log().contains(&renewed));
}

#[tokio::test]
async fn an_account_of_the_local_connector_has_no_bot_to_connect_again() {
    let server = TestServer::start(Options::default()).await;
    let owner = Browser::member(&server, "ann", &["--role", "owner", "--all-accounts"]).await;
    let shop = server.account("Shop").await;
    let at = format!("/portal/a/{}", shop.id);
    assert!(!owner.get(&at).await.text.contains("Connect the bot again"));
    let form = format!("csrf={}&token={}", owner.csrf, shop.token);
    assert_eq!(owner.post(&format!("{at}/upstream"), &form).await.status, 404);
}
