//! Trouble shows: an upstream that is down, asks to wait, or refuses a token.

use super::scrape::Watched;
use crate::gateway::kit::{connect, until};
use contactgram_testkit::{Client, Engine, FakeUpstream, Fault, json};

const BOT: i64 = 4_100_000_001;

#[tokio::test(flavor = "multi_thread")]
async fn a_bots_state_and_its_breaker_follow_its_upstream() {
    let watched = Watched::start(Engine::Sqlite).await.expect("SQLite is always there");
    let mut upstream = FakeUpstream::start().await;
    let token = upstream.bot(BOT);
    connect(&watched.server, &token, &upstream.url()).await;
    let bot = Client::new(format!("{}/bot{token}", watched.server.url()));
    until(async || bot.call("getMe", json!({})).await.json()["ok"].as_bool().filter(|ok| *ok)).await;
    let id = BOT.to_string();
    let account = ("account_id", id.as_str());
    let (state, bots) = ("contactgram_upstream_bot_state", "contactgram_upstream_bots");
    let open = "contactgram_upstream_bot_breaker_open";
    let requests = "contactgram_upstream_requests_total";

    let well = watched.until_is(state, &[account, ("state", "polling")], 1.0).await;
    assert_eq!((well.value(bots, &[("state", "polling")]), well.value(open, &[account])), (1.0, 0.0));
    assert!(well.value(requests, &[("outcome", "ok")]) >= 1.0);
    upstream.push(
        &token,
        json!({"message": {"message_id": 1, "date": 1_800_000_000, "text": "hello",
        "chat": {"id": 7, "type": "private", "first_name": "Ann"},
        "from": {"id": 7, "is_bot": false, "first_name": "Ann"}}}),
    );
    watched.until_is("contactgram_upstream_updates_total", &[("way", "polled")], 1.0).await;

    // One that asks to wait is not down.
    upstream.fail_next("sendMessage", Fault::too_many(1));
    bot.call("sendMessage", json!({"chat_id": 7, "text": "x"})).await;
    watched.until_is(requests, &[("outcome", "too_many")], 1.0).await;
    let own = "contactgram_upstream_bot_requests_total";
    watched.until_is(own, &[account, ("outcome", "too_many")], 1.0).await;

    upstream.stop();
    let down = async || {
        // What is asked meanwhile counts as well: so its circuit breaker opens.
        bot.call("getChat", json!({"chat_id": 7})).await;
        let scrape = watched.scrape().await;
        (scrape.value(open, &[account]) == 1.0).then_some(scrape)
    };
    let down = until(down).await;
    assert_eq!(down.value("contactgram_upstream_breakers", &[("state", "closed")]), 0.0, "{}", down.text);
    assert!(
        down.value(requests, &[("outcome", "not_sent")]) + down.value(requests, &[("outcome", "lost")])
            >= 1.0
    );
    watched.until_is(state, &[account, ("state", "failing")], 1.0).await;

    upstream.start_again().await;
    watched.until_is(open, &[account], 0.0).await;
    watched.until_is(state, &[account, ("state", "polling")], 1.0).await;

    upstream.revoke(&token);
    // The poll that waits ends with its connection, and the next one is refused.
    upstream.stop();
    upstream.start_again().await;
    let refused = watched.until_is(state, &[account, ("state", "unauthorized")], 1.0).await;
    assert_eq!(refused.value(bots, &[("state", "unauthorized")]), 1.0);
    assert!(!refused.text.contains(&token) && !refused.text.contains("Ann"));
}
