//! Metrics move when something happens, by as much as happened.

use super::scrape::Watched;
use crate::kit::number;
use contactgram_testkit::{Engine, Receiver, Reply, json};

/// Runs a test on each engine.
async fn on_each_engine(test: impl AsyncFn(Watched)) {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        if let Some(watched) = Watched::start(engine).await {
            test(watched).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_waits_in_the_backlog_until_it_is_confirmed() {
    on_each_engine(async |watched| {
        let shop = watched.server.account("Shop").await;
        let ann = watched.server.person(json!({"first_name": "Ann"})).await;
        let before = watched.until(|scrape| scrape.value("contactgram_accounts", &[]) >= 1.0).await;
        let id = shop.id.to_string();
        let of_shop = [("account_id", id.as_str()), ("consumer", "default")];
        let (logged, delivered) = ("contactgram_updates_logged_total", "contactgram_updates_delivered_total");
        let backlog = "contactgram_consumer_backlog_updates";
        let waiting = before.value("contactgram_backlog_updates", &[]);

        ann.write(shop.id, "Are you open?").await;
        let taken = watched.until_is(logged, &[], before.value(logged, &[]) + 1.0).await;
        assert_eq!(taken.value(delivered, &[]), before.value(delivered, &[]), "nobody asked yet");
        let one = watched.until_is(backlog, &of_shop, 1.0).await;
        assert_eq!(one.value("contactgram_backlog_updates", &[]), waiting + 1.0);
        assert!(one.value("contactgram_backlog_consumers", &[]) >= 1.0);

        let updates = shop.bot().call("getUpdates", json!({})).await.result();
        let polled = [("way", "getUpdates")];
        let given = watched.until_is(delivered, &polled, before.value(delivered, &polled) + 1.0).await;
        assert_eq!(given.value(logged, &[]), taken.value(logged, &[]), "nothing else was logged");
        watched.until_is(backlog, &of_shop, 1.0).await;

        let next = number(&updates[0]["update_id"]) + 1;
        shop.bot().call("getUpdates", json!({"offset": next})).await.result();
        let done = watched.until_is(backlog, &of_shop, 0.0).await;
        assert_eq!(done.value("contactgram_backlog_updates", &[]), waiting);
        assert!(!done.text.contains("Ann") && !done.text.contains("Shop"), "{}", done.text);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_counted_by_route_verb_and_status_while_and_after_they_are_answered() {
    on_each_engine(async |watched| {
        let shop = watched.server.account("Shop").await;
        let total = "contactgram_http_requests_total";
        shop.v1().get("contacts/5").await.refusal();
        shop.v1().get("contacts").await.result();
        shop.bot().call("sendMessage", json!({})).await.refusal();
        let seen = watched.scrape().await;
        let one =
            |route, method, code| seen.value(total, &[("route", route), ("method", method), ("code", code)]);
        assert_eq!(one("/v1/contacts/{contact_id}", "GET", "404"), 1.0, "{}", seen.text);
        assert_eq!(one("/v1/contacts", "GET", "200"), 1.0);
        assert_eq!(one("/bot{token}/sendmessage", "POST", "400"), 1.0);
        let took = "contactgram_http_request_duration_seconds_count";
        assert_eq!(seen.value(took, &[("route", "/v1/contacts")]), 1.0);
        assert_eq!(seen.value("contactgram_http_requests_in_flight", &[]), 0.0);

        let waiting = tokio::spawn({
            let bot = shop.bot();
            async move { bot.call("getUpdates", json!({"timeout": 50})).await.result() }
        });
        let seen = watched.until_is("contactgram_updates_polls_waiting", &[], 1.0).await;
        assert_eq!(seen.value("contactgram_http_requests_in_flight", &[]), 1.0);
        assert!(seen.value("contactgram_http_connections", &[]) >= 1.0);
        let ann = watched.server.person(json!({"first_name": "Ann"})).await;
        ann.write(shop.id, "hello").await;
        assert_eq!(waiting.await.expect("it is answered").as_array().map(Vec::len), Some(1));
        watched.until_is("contactgram_http_requests_in_flight", &[], 0.0).await;
        watched.until_is(total, &[("route", "/bot{token}/getupdates"), ("code", "200")], 1.0).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_to_webhooks_are_counted_with_the_waits_between_them() {
    let watched = Watched::start(Engine::Sqlite).await.expect("SQLite is always there");
    let shop = watched.server.account("Shop").await;
    let ann = watched.server.person(json!({"first_name": "Ann"})).await;
    let mut receiver = Receiver::start().await;
    receiver.answer_next([Reply::status(500), Reply::status(200)]);
    shop.bot().call("setWebhook", json!({"url": receiver.url("/hook")})).await.result();
    ann.write(shop.id, "hello").await;
    receiver.next().await;
    let deliveries = "contactgram_webhook_deliveries_total";
    let failed = watched.until_is(deliveries, &[("outcome", "failed")], 1.0).await;
    assert_eq!(failed.value("contactgram_webhook_retry_wait_seconds_count", &[]), 1.0);
    receiver.next().await;
    let done = watched.until_is(deliveries, &[("outcome", "delivered")], 1.0).await;
    assert_eq!(done.value(deliveries, &[("outcome", "failed")]), 1.0);
    assert_eq!(done.value("contactgram_webhook_delivery_duration_seconds_count", &[]), 2.0);
    assert_eq!(done.value("contactgram_updates_delivered_total", &[("way", "webhook")]), 1.0);
    watched.until_is("contactgram_webhook_chats_waiting", &[], 0.0).await;
    watched.until_is("contactgram_webhook_deliveries_in_flight", &[], 0.0).await;

    // A receiver that goes on failing leaves a chat that waits.
    receiver.answer_next(vec![Reply::status(500); 50]);
    ann.write(shop.id, "again").await;
    watched.until_is("contactgram_webhook_chats_waiting", &[], 1.0).await;
    shop.bot().call("deleteWebhook", json!({})).await.result();
    watched.until_is("contactgram_webhook_chats_waiting", &[], 0.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_in_the_outbox_is_counted_by_what_it_waits_for() {
    on_each_engine(async |watched| {
        let shop = watched.server.account("Shop").await;
        let ann = watched.server.person(json!({"first_name": "Ann"})).await;
        // Whoever writes first may be written to.
        ann.write(shop.id, "hello").await;
        let entries = "contactgram_outbox_entries";
        let in_an_hour =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() + 3600;
        let later = json!({"chat_id": ann.id, "text": "later", "send_at": in_an_hour});
        shop.bot().call("sendMessage", later).await.result();
        watched.until_is(entries, &[("state", "scheduled")], 1.0).await;
        let request = shop.bot().request(contactgram_testkit::Method::POST, "sendMessage");
        let request =
            request.header("Prefer", "respond-async").json(&json!({"chat_id": ann.id, "text": "now"}));
        assert_eq!(shop.bot().send(request).await.status, 202);
        let done = watched.until_is("contactgram_outbox_settled_total", &[("outcome", "sent")], 1.0).await;
        assert_eq!(done.value(entries, &[("state", "scheduled")]), 1.0);
        watched.until_is(entries, &[("state", "due")], 0.0).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_and_the_process_say_how_they_are() {
    on_each_engine(async |watched| {
        let groups = "contactgram_store_group_writes_count";
        let before = watched.scrape().await;
        watched.server.person(json!({"first_name": "Ann"})).await;
        let after = watched.until(|scrape| scrape.value(groups, &[]) > before.value(groups, &[])).await;
        assert!(after.value("contactgram_store_group_duration_seconds_sum", &[]) > 0.0);
        assert!(after.value("contactgram_store_size_bytes", &[]) > 100_000.0);
        assert_eq!(after.value("contactgram_store_up", &[]), 1.0);
        assert_eq!(after.value("contactgram_store_waiting", &[]), 0.0);
        let files =
            ["contactgram_store_file_bytes", "contactgram_store_wal_bytes", "contactgram_store_free_bytes"];
        let is_sqlite = watched
            .server
            .data()
            .join("data")
            .read_dir()
            .into_iter()
            .flatten()
            .flatten()
            .any(|file| file.file_name().to_string_lossy().ends_with("-wal"));
        for name in files {
            assert_eq!(after.has(name), is_sqlite, "{name}");
        }
        for name in [
            "process_cpu_seconds_total",
            "process_resident_memory_bytes",
            "process_open_fds",
            "process_max_fds",
            "process_start_time_seconds",
        ] {
            assert!(after.value(name, &[]) > 0.0, "{name}\n{}", after.text);
        }
        assert_eq!(after.value("contactgram_build_info", &[("version", env!("CARGO_PKG_VERSION"))]), 1.0);
    })
    .await;
}
