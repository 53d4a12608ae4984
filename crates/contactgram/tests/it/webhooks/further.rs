//! Webhooks beside Telegram's own: what they are sent and how it is signed, what they are spared, and what becomes of
//! deliveries that fail.

use std::collections::BTreeSet;

use contactgram_testkit::{Account, Method, Options, TestServer, Value, json};
use standardwebhooks::Webhook;

use super::hook::{Do, Hook, Seen};
use crate::kit::{key, number, on_each_engine, text};

/// A server whose webhooks may be anywhere.
async fn server() -> TestServer {
    TestServer::start(Options::default()).await
}

/// Adds a webhook at this receiver, with further parameters.
async fn add(account: &Account, hook: &Hook, mut parameters: Value) -> Value {
    parameters["url"] = json!(hook.url());
    let answer = account.v1().post("webhooks", parameters).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let made = answer.result();
    assert_eq!(answer.header("location"), Some(format!("webhooks/{}", made["id"]).as_str()));
    made
}

async fn shown(account: &Account, id: &Value) -> Value {
    account.v1().get(&format!("webhooks/{id}")).await.result()
}

/// Waits until this holds for the webhook.
async fn until(account: &Account, id: &Value, holds: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..600 {
        let shown = shown(account, id).await;
        if holds(&shown) {
            return shown;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("it never holds: {}", shown(account, id).await);
}

async fn deliveries(account: &Account, id: &Value, query: &str) -> Value {
    account.v1().get(&format!("webhooks/{id}/deliveries?{query}")).await.result()
}

fn texts(seen: &[Seen]) -> Vec<&str> {
    seen.iter().map(|seen| seen.text.as_str()).collect()
}

/// What a receiver would do with the public library.
fn verifies(seen: &Seen, secret: &str) -> bool {
    let mut headers = http::HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let value = seen.header(name).unwrap_or_else(|| panic!("{name}: {}", seen.head));
        headers.insert(name, value.parse().unwrap());
    }
    Webhook::new(secret).unwrap().verify(seen.body.as_bytes(), &headers).is_ok()
}

#[tokio::test]
async fn every_webhook_is_sent_what_happens_signed_by_its_own_secret() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let ann = server.person(json!({"first_name": "Ann"})).await;
        ann.write(shop.id, "before").await;
        let (one, two) = (Hook::start(|_| Do::ok()).await, Hook::start(|_| Do::ok()).await);
        let given = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let first = add(&shop, &one, json!({"description": "crm", "secret_token": "from-me"})).await;
        let second = add(&shop, &two, json!({"secret": given})).await;
        assert_eq!(second["secret"], given);
        for text in ["one", "two"] {
            ann.write(shop.id, text).await;
        }
        for (hook, secret) in [(&one, text(&first["secret"])), (&two, given.to_owned())] {
            let seen = hook.until_accepted(2).await;
            assert_eq!(texts(&seen), ["one", "two"], "a webhook begins when it is made");
            assert!(seen.iter().all(|seen| verifies(seen, &secret)), "{seen:?}");
            assert!(!verifies(&seen[0], "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
        }
        assert_eq!(one.seen()[0].header("x-telegram-bot-api-secret-token"), Some("from-me"));
        let info = shop.bot().call("getWebhookInfo", json!({})).await.result();
        assert_eq!((info["url"].as_str(), info["pending_update_count"].as_i64()), (Some(""), Some(3)));
        let listed = shop.v1().get("webhooks").await.result();
        assert_eq!(listed.as_array().unwrap().len(), 2);
        assert!(!listed.to_string().contains("whsec_"), "a secret is shown once");
        assert!(shown(&shop, &first["id"]).await.get("secret").is_none());
    })
    .await;
}

#[tokio::test]
async fn a_dead_receiver_delays_no_other_and_loses_nothing() {
    let server = server().await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let (dead, alive) = (Hook::start(|_| Do::Reset).await, Hook::start(|_| Do::ok()).await);
    let failing = add(&shop, &dead, json!({})).await;
    add(&shop, &alive, json!({})).await;
    for n in 0..20 {
        ann.write(shop.id, &n.to_string()).await;
    }
    alive.until_accepted(20).await;
    dead.until(|seen| !seen.is_empty()).await;
    let waits = until(&shop, &failing["id"], |shown| shown.get("last_error_message").is_some()).await;
    assert_eq!(waits["pending_update_count"], 20);
    dead.behave(|_| Do::ok());
    let seen = dead.until_accepted(20).await;
    let wanted: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    assert_eq!(texts(&seen), wanted, "in order, once each");
    until(&shop, &failing["id"], |shown| shown["pending_update_count"] == 0).await;
}

#[tokio::test]
async fn filters_hold_back_other_kinds_chats_and_labels() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let ann = server.person(json!({"first_name": "Ann"})).await;
        let ben = server.person(json!({"first_name": "Ben"})).await;
        for person in [&ann, &ben] {
            person.write(shop.id, "hello").await;
        }
        shop.v1().patch(&format!("contacts/{}", ben.id), json!({"labels": ["vip"]})).await.result();
        let hooks = [
            Hook::start(|_| Do::ok()).await,
            Hook::start(|_| Do::ok()).await,
            Hook::start(|_| Do::ok()).await,
        ];
        let by_chat = add(&shop, &hooks[0], json!({"chats": [ann.id.to_string()]})).await;
        let by_label = add(&shop, &hooks[1], json!({"labels": ["vip", "other"]})).await;
        let kinds = json!({"allowed_updates": ["edited_message", "contact_changed"], "labels": ["vip"]});
        let by_kind = add(&shop, &hooks[2], kinds).await;
        for (person, text) in
            [(&ann, "from ann"), (&ben, "from ben"), (&ann, "last of ann"), (&ben, "last of ben")]
        {
            person.write(shop.id, text).await;
        }
        for person in [&ann, &ben] {
            shop.v1().patch(&format!("contacts/{}", person.id), json!({"note": "x"})).await.result();
        }
        assert_eq!(texts(&hooks[0].until_accepted(2).await), ["from ann", "last of ann"]);
        assert_eq!(texts(&hooks[1].until_accepted(2).await), ["from ben", "last of ben"]);
        let changed = hooks[2].until_accepted(1).await;
        assert_eq!(changed[0].json()["contact_changed"]["id"], ben.id);
        for made in [by_chat, by_label, by_kind] {
            until(&shop, &made["id"], |shown| shown["pending_update_count"] == 0).await;
        }
        assert_eq!(hooks.each_ref().map(|hook| hook.seen().len()), [2, 2, 1], "and nothing else");
    })
    .await;
}

#[tokio::test]
async fn a_paused_webhook_goes_on_where_it_stopped() {
    let server = server().await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let hook = Hook::start(|_| Do::ok()).await;
    let made = add(&shop, &hook, json!({"paused": true})).await;
    let at = format!("webhooks/{}", made["id"]);
    ann.write(shop.id, "one").await;
    assert_eq!(shown(&shop, &made["id"]).await["pending_update_count"], 1);
    assert!(hook.seen().is_empty());
    let changed = shop.v1().patch(&at, json!({"paused": false, "max_connections": 2})).await.result();
    assert_eq!((changed["paused"].as_bool(), changed["max_connections"].as_i64()), (Some(false), Some(2)));
    hook.until_accepted(1).await;
    shop.v1().patch(&at, json!({"paused": true})).await.result();
    ann.write(shop.id, "two").await;
    shop.v1().patch(&at, json!({"paused": false})).await.result();
    assert_eq!(texts(&hook.until_accepted(2).await), ["one", "two"]);
}

#[tokio::test]
async fn two_secrets_sign_after_a_rotation() {
    let server = server().await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let hook = Hook::start(|_| Do::ok()).await;
    let made = add(&shop, &hook, json!({})).await;
    let rotated = shop.v1().post(&format!("webhooks/{}/rotate", made["id"]), json!({})).await.result();
    let (old, new) = (text(&made["secret"]), text(&rotated["secret"]));
    assert_ne!(old, new);
    ann.write(shop.id, "hello").await;
    let seen = hook.until_accepted(1).await;
    assert!(verifies(&seen[0], &old) && verifies(&seen[0], &new));
    assert_eq!(seen[0].header("webhook-signature").unwrap().split(' ').count(), 2);
}

#[tokio::test]
async fn what_fails_too_often_is_given_up_and_blocks_nothing() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let ann = server.person(json!({"first_name": "Ann"})).await;
        let hook = Hook::start(|seen| Do::status(if seen.text == "poison" { 500 } else { 200 })).await;
        let made = add(&shop, &hook, json!({"max_attempts": 2})).await;
        for text in ["one", "poison", "two"] {
            ann.write(shop.id, text).await;
        }
        assert_eq!(texts(&hook.until_accepted(2).await), ["one", "two"]);
        let id = &made["id"];
        until(&shop, id, |shown| shown["dead_letter_count"] == 1 && shown["pending_update_count"] == 0).await;
        let dead = deliveries(&shop, id, "status=dead").await;
        let letter = &dead["deliveries"][0];
        assert_eq!((dead["total_count"].as_i64(), letter["attempt"].as_i64()), (Some(1), Some(2)));
        assert_eq!(letter["error"], "Wrong response from the webhook: 500 As Told");
        let tries = deliveries(&shop, id, "limit=10").await;
        let all = tries["deliveries"].as_array().unwrap();
        let states: Vec<_> = all.iter().rev().map(|one| text(&one["status"])).collect();
        assert_eq!(states, ["delivered", "failed", "dead", "delivered"]);
        assert_eq!((all[1]["http_status"].as_i64(), all[0].get("error")), (Some(500), None));
        assert!(all.iter().all(|one| one["duration_ms"].is_i64()), "{tries}");
        assert_eq!(deliveries(&shop, id, "status=failed").await["total_count"], 1);

        // It is taken when it is delivered again, under the name that it had.
        hook.behave(|_| Do::ok());
        let again = json!({"update_ids": [letter["update_id"]]});
        let queued = shop.v1().post(&format!("webhooks/{id}/replay"), again).await.result();
        assert_eq!(queued, json!({"queued": 1}));
        let seen = hook.until_accepted(3).await;
        assert_eq!(texts(&seen), ["one", "two", "poison"]);
        let poison: BTreeSet<_> = hook
            .seen()
            .iter()
            .filter(|seen| seen.text == "poison")
            .map(|seen| seen.header("webhook-id").unwrap().to_owned())
            .collect();
        assert_eq!(poison.into_iter().collect::<Vec<_>>(), [text(&letter["webhook_id"])]);
        until(&shop, id, |shown| shown["dead_letter_count"] == 0 && shown["pending_update_count"] == 0).await;
        // And as often as somebody asks.
        let again = json!({"update_ids": [letter["update_id"]]});
        shop.v1().post(&format!("webhooks/{id}/replay"), again).await.result();
        hook.until(|seen| seen.iter().filter(|seen| seen.accepted).count() == 4).await;
        assert_eq!(hook.seen().last().map(|seen| seen.text.clone()).as_deref(), Some("poison"));
    })
    .await;
}

#[tokio::test]
async fn a_range_of_time_is_delivered_again_in_order() {
    let server = server().await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let hook = Hook::start(|_| Do::ok()).await;
    let made = add(&shop, &hook, json!({})).await;
    for text in ["one", "two", "three"] {
        ann.write(shop.id, text).await;
    }
    hook.until_accepted(3).await;
    until(&shop, &made["id"], |shown| shown["pending_update_count"] == 0).await;
    let at = format!("webhooks/{}/replay", made["id"]);
    let request = shop.v1().request(Method::POST, &at).header("Idempotency-Key", "again");
    let queued = shop.v1().send(request.json(&json!({"since": 0}))).await.result();
    assert_eq!(queued, json!({"queued": 3}));
    hook.until(|seen| seen.len() == 6).await;
    let request = shop.v1().request(Method::POST, &at).header("Idempotency-Key", "again");
    assert_eq!(shop.v1().send(request.json(&json!({"since": 0}))).await.result(), queued);
    until(&shop, &made["id"], |shown| shown["pending_update_count"] == 0).await;
    assert_eq!(texts(&hook.seen()), ["one", "two", "three", "one", "two", "three"]);
    for (body, why) in [
        (json!({}), "replay takes either update_ids or since, and until with the latter"),
        (
            json!({"since": 0, "update_ids": [1]}),
            "replay takes either update_ids or since, and until with the latter",
        ),
        (json!({"update_ids": ["x"]}), "update_ids must be a list of numbers"),
    ] {
        assert_eq!(shop.v1().post(&at, body).await.refusal(), (400, format!("Bad Request: {why}")));
    }
    assert_eq!(
        shop.v1().post(&at, json!({"update_ids": [1]})).await.refusal(),
        (404, "Not Found: update 1 is not kept".to_owned())
    );
}

#[tokio::test]
async fn deliveries_and_their_count_survive_a_kill() {
    on_each_engine(async |mut server| {
        let shop = server.account("Shop").await;
        let ann = server.person(json!({"first_name": "Ann"})).await;
        let hook = Hook::start(|_| Do::status(503)).await;
        let made = add(&shop, &hook, json!({"max_attempts": 3})).await;
        let id = &made["id"];
        ann.write(shop.id, "hello").await;
        // The second try failed and is written down; the third is due in some seconds.
        for _ in 0..600 {
            if deliveries(&shop, id, "status=failed").await["total_count"] == 2 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        server.kill().await;
        server.start_again().await;
        until(&shop, id, |shown| shown["dead_letter_count"] == 1).await;
        let dead = deliveries(&shop, id, "status=dead").await;
        assert_eq!(dead["deliveries"][0]["attempt"], 3, "what was tried before counts");
    })
    .await;
}

#[tokio::test]
async fn a_webhook_goes_with_its_key_and_with_its_deletion() {
    let server = server().await;
    let shop = server.account("Shop").await;
    let hook = Hook::start(|_| Do::ok()).await;
    let scopes = ["--scope", "updates:read", "--scope", "contacts:private"];
    let made = key(&server, &shop, &scopes).await;
    let client = server.bot(&text(&made["key"]));
    client.post("webhooks", json!({"url": hook.url()})).await.result();
    let kept = add(&shop, &hook, json!({})).await;
    let (account, number) = (shop.id.to_string(), number(&made["key_id"]).to_string());
    server.cli_json(&["key", "revoke", "--account", &account, &number, "--json"]).await;
    for _ in 0..600 {
        if shop.v1().get("webhooks").await.result().as_array().unwrap().len() == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let left = shop.v1().get("webhooks").await.result();
    assert_eq!((left.as_array().unwrap().len(), &left[0]["id"]), (1, &kept["id"]));
    let at = format!("webhooks/{}", kept["id"]);
    assert_eq!(shop.v1().delete(&at).await.result(), true);
    let none = (404, "Not Found: webhook not found".to_owned());
    assert_eq!(shop.v1().delete(&at).await.refusal(), none);
    assert_eq!(shop.v1().get(&at).await.refusal(), none);
    assert_eq!(shop.v1().get("webhooks/x").await.refusal(), none);
}

#[tokio::test]
async fn what_is_wrong_is_refused_by_its_field() {
    let server = server().await;
    let shop = server.account("Shop").await;
    let url = "https://example.com/hook";
    for (body, why) in [
        (json!({}), "url is missing"),
        (json!({"url": "ftp://example.com"}), "invalid webhook URL specified"),
        (json!({"url": url, "secret": "whsec_short"}), "secret must be whsec_ and 24 to 64 bytes in Base64"),
        (json!({"url": url, "chats": ["x"]}), "chats must be a list of numbers"),
        (
            json!({"url": url, "description": "x".repeat(256)}),
            "description must have 255 characters or fewer",
        ),
        (json!({"url": url, "secret_token": "a b"}), "secret token contains unallowed characters"),
    ] {
        let refused = shop.v1().post("webhooks", body).await;
        assert_eq!(refused.refusal(), (400, format!("Bad Request: {why}")));
    }
    assert_eq!(shop.v1().get("webhooks").await.result(), json!([]));
}

#[tokio::test]
async fn a_repeated_request_makes_one_webhook_and_shows_its_secret_once() {
    let server = server().await;
    let shop = server.account("Shop").await;
    let hook = Hook::start(|_| Do::ok()).await;
    let ask = async || {
        let request = shop.v1().request(Method::POST, "webhooks").header("Idempotency-Key", "one");
        shop.v1().send(request.json(&json!({"url": hook.url()}))).await
    };
    let (first, second) = (ask().await.result(), ask().await.result());
    assert_eq!(first["id"], second["id"]);
    assert!(first["secret"].is_string() && second.get("secret").is_none());
    assert_eq!(shop.v1().get("webhooks").await.result().as_array().unwrap().len(), 1);
}
