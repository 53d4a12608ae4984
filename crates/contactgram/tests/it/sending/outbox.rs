//! The outbox: what was taken goes out later, in order, at its time, and never twice; what became of it can be read.

use super::{Scene, scene, upload};
use crate::gateway::kit::until;
use contactgram_testkit::{Answer, Fault, Method, Options, TestServer, Value, json};
use std::time::Duration;

const LATER: (&str, &str) = ("Prefer", "respond-async");

impl Scene {
    async fn queue(&self, chat: i64, text: &str) -> Value {
        let answer = self.with(LATER, "sendMessage", json!({"chat_id": chat, "text": text})).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        answer.result()
    }

    /// The entry when it stands there.
    async fn stands(&self, id: &Value, status: &str) -> Value {
        let path = format!("outbox/{id}");
        until(async || Some(self.bot.get(&path).await.result()).filter(|entry| entry["status"] == status))
            .await
    }
}

#[tokio::test]
async fn what_is_taken_goes_out_in_order_and_says_so() {
    let scene = scene(Options::default()).await;
    scene.upstream.fail_next("sendMessage", Fault::Slow(Duration::from_millis(300)));
    let first = scene.queue(7, "1").await;
    assert!(first["status"] == "queued" && first["params"]["text"] == "1", "{first}");
    let mut last = first.clone();
    for text in ["2", "3", "4"] {
        last = scene.queue(7, text).await;
    }
    let beside = scene.queue(8, "beside").await;
    assert_eq!(scene.stands(&beside["id"], "sent").await["chat_id"], 8);
    let sent = scene.stands(&last["id"], "sent").await;
    assert_eq!(
        (&sent["message"]["text"], &sent["message_id"]),
        (&json!("4"), &sent["message"]["message_id"])
    );
    assert_eq!(scene.texts(7), ["1", "2", "3", "4"]);
    let page = scene.bot.get("outbox?status=sent&limit=2").await.result();
    assert_eq!((&page["total_count"], &page["entries"][0]["id"]), (&json!(5), &beside["id"]));
    let kept = scene.bot.get("messages?chat_id=7&limit=1").await.json();
    assert_eq!(kept[0], sent["message"]);
}

#[tokio::test]
async fn what_waits_for_its_time_can_be_changed_and_taken_back() {
    let scene = scene(Options::default()).await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let at = |ahead: u64| json!({"chat_id": 7, "text": "later", "send_at": now + ahead});
    let first = scene.bot.call("sendMessage", at(3600)).await;
    assert_eq!((first.status, &first.result()["send_at"]), (202, &json!(now + 3600)));
    let second = scene.bot.call("sendMessage", at(3600)).await.result();
    let refused = scene.bot.call("sendMessage", at(400 * 24 * 3600)).await.refusal();
    assert_eq!(
        refused,
        (400, "Bad Request: send_at must be a Unix time within the next 365 days".to_owned())
    );
    let path = format!("outbox/{}", first.result()["id"]);
    let changed = scene.bot.patch(&path, json!({"text": "sooner", "chat_id": 8, "send_at": null})).await;
    assert_eq!(changed.result()["params"]["text"], "sooner");
    scene.stands(&first.result()["id"], "sent").await;
    assert_eq!((scene.texts(7).len(), scene.texts(8)), (0, vec!["sooner".to_owned()]));
    let late = scene.bot.patch(&path, json!({"text": "x"})).await;
    assert_eq!((late.status, scene.bot.delete(&path).await.status), (409, 409));
    let path = format!("outbox/{}", second["id"]);
    assert_eq!(scene.bot.delete(&path).await.result()["status"], "cancelled");
    assert_eq!(scene.bot.delete("outbox/999").await.status, 404);
    // Of a soon enough time it is still the time that counts.
    let soon = scene.bot.call("sendMessage", at(2)).await.result();
    let sent = scene.stands(&soon["id"], "sent").await;
    assert!(sent["updated_at"].as_u64() >= Some(now + 2), "{sent}");
}

#[tokio::test]
async fn failures_are_tried_again_only_where_nothing_can_have_been_sent() {
    let mut scene = scene(Options::default()).await;
    for fault in [Fault::too_many(1), Fault::error(503, "Service Unavailable"), Fault::error(500, "Internal")]
    {
        scene.upstream.fail_next("sendMessage", fault);
        let entry = scene.queue(7, "again").await;
        assert_eq!(scene.stands(&entry["id"], "sent").await["tries"], 2);
    }
    assert_eq!(scene.upstream.acted("sendMessage"), 3);
    scene.upstream.fail_next("sendMessage", Fault::error(400, "Bad Request: message text is empty"));
    let refused = scene.queue(8, "").await;
    let refused = scene.stands(&refused["id"], "failed").await;
    assert_eq!(
        (&refused["error_code"], &refused["error"]),
        (&json!(400), &json!("Bad Request: message text is empty"))
    );
    for fault in [Fault::LostReply, Fault::Page(502), Fault::Page(504), Fault::Malformed] {
        scene.upstream.fail_next("sendMessage", fault);
        let entry = scene.queue(9, "perhaps").await;
        assert_eq!(scene.stands(&entry["id"], "unknown").await["tries"], 1);
    }
    scene.upstream.stop();
    let waiting = scene.queue(10, "when it is back").await;
    until(async || {
        let entry = scene.bot.get(&format!("outbox/{}", waiting["id"])).await.result();
        entry["error"].as_str().map(str::to_owned)
    })
    .await;
    scene.upstream.start_again().await;
    scene.stands(&waiting["id"], "sent").await;
    assert_eq!((scene.texts(9).len(), scene.texts(10).len()), (2, 1), "two of four were sent, none twice");
}

#[tokio::test]
async fn a_crash_leaves_what_was_being_sent_unknown_and_everything_else_goes_out() {
    let mut scene = scene(Options::default()).await;
    scene.upstream.fail_next("sendMessage", Fault::Slow(Duration::from_secs(30)));
    let first = scene.queue(7, "in the middle").await;
    let behind = scene.queue(7, "behind").await;
    scene.upstream.until_seen("sendMessage", 1).await;
    scene.stands(&first["id"], "sending").await;
    scene.crash().await;
    let unknown = scene.stands(&first["id"], "unknown").await;
    assert!(unknown["error"].as_str().unwrap().contains("may be out"), "{unknown}");
    scene.stands(&behind["id"], "sent").await;
    scene.crash().await;
    assert_eq!(scene.texts(7), ["in the middle", "behind"]);
}

#[tokio::test]
async fn what_was_thought_lost_is_found_when_somebody_replies_to_it() {
    let scene = scene(Options::default()).await;
    let mut lost = Vec::new();
    for text in ["one", "two"] {
        scene.upstream.fail_next("sendMessage", Fault::LostReply);
        let entry = scene.queue(7, text).await;
        lost.push(scene.stands(&entry["id"], "unknown").await);
    }
    let chat = json!({"id": 7, "type": "private", "first_name": "Ann"});
    let bot = json!({"id": 4_100_000_001_i64, "is_bot": true, "first_name": "Bot"});
    let ours =
        json!({"message_id": 500, "date": lost[1]["created_at"], "text": "two", "from": bot, "chat": chat});
    for number in [501, 502] {
        let reply = json!({"message_id": number, "date": lost[1]["created_at"], "text": "thanks", "chat": chat,
            "from": {"id": 7, "is_bot": false, "first_name": "Ann"}, "reply_to_message": ours});
        scene.upstream.push(&scene.token, json!({ "message": reply }));
    }
    let found = scene.stands(&lost[1]["id"], "sent").await;
    assert_eq!(found["message_id"], 500);
    until(async || (scene.bot.get("messages/7/502").await.status == 200).then_some(())).await;
    assert_eq!(scene.bot.get(&format!("outbox/{}", lost[0]["id"])).await.result()["status"], "unknown");
    assert_eq!(scene.bot.get("messages/7/500").await.result()["text"], "two");
}

#[tokio::test]
async fn the_same_request_is_one_entry_and_an_upload_is_none() {
    let scene = scene(Options::default()).await;
    let ask = async |text: &str| -> Answer {
        let request = scene.bot.request(Method::POST, "sendMessage").header("Idempotency-Key", "a");
        scene.bot.send(request.header(LATER.0, LATER.1).json(&json!({"chat_id": 7, "text": text}))).await
    };
    let (first, again) = (ask("x").await, ask("x").await);
    assert_eq!((first.status, again.status, &first.text), (202, 202, &again.text));
    assert_eq!(ask("y").await.status, 422);
    scene.stands(&first.result()["id"], "sent").await;
    assert_eq!(scene.texts(7), ["x"]);
    let (kind, body) = upload("x", "png");
    let request = scene.bot.request(Method::POST, "sendPhoto").header(LATER.0, LATER.1);
    let (status, text) = scene.bot.send(request.header("content-type", kind).body(body)).await.refusal();
    assert!(status == 400 && text.contains("photo is an uploaded file"), "{text}");
    scene.meet(9).await;
    let to_contact = scene.with(LATER, "contacts/9/messages", json!({"text": "hello"})).await;
    assert_eq!(to_contact.status, 202, "{}", to_contact.text);
    scene.stands(&to_contact.result()["id"], "sent").await;
    assert_eq!(scene.texts(9), ["hello"]);
}

#[tokio::test]
async fn an_account_of_this_server_sends_each_entry_once_whatever_crashes() {
    let mut server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let mut queued = Vec::new();
    for number in 0..12 {
        let client = server.bot(&shop.token);
        let params = json!({"chat_id": ann.id, "text": format!("no. {number}")});
        let request = client.request(Method::POST, "sendMessage").header(LATER.0, LATER.1).json(&params);
        let answer = client.send(request).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        queued.push(answer.result()["id"].clone());
        if number % 4 == 3 {
            server.kill().await;
            server.start_again().await;
        }
    }
    let client = server.bot(&shop.token);
    for id in &queued {
        let path = format!("outbox/{id}");
        until(async || (client.get(&path).await.result()["status"] == "sent").then_some(())).await;
    }
    let history = client.get("messages?order=asc&limit=100").await.json();
    let texts: Vec<&str> =
        history.as_array().unwrap().iter().filter_map(|one| one["text"].as_str()).collect();
    assert_eq!(texts, (0..12).map(|number| format!("no. {number}")).collect::<Vec<_>>());
    let params = json!({"chat_id": ann.id, "text": ""});
    let request = client.request(Method::POST, "sendMessage").header(LATER.0, LATER.1).json(&params);
    let empty = client.send(request).await.result();
    let path = format!("outbox/{}", empty["id"]);
    let failed =
        until(async || Some(client.get(&path).await.result()).filter(|one| one["status"] == "failed")).await;
    assert_eq!(failed["error"], "Bad Request: message text is empty");
}
