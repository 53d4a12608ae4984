//! What passes through the gateway: calls, uploads, refusals, and that it is kept as it was.

use contactgram_testkit::{Client, Method, Receiver, Reply, json};

use super::kit::{Faked, faked, known, message, scene, somebody, until};

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
    // Her first message waits for the webhook.
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
async fn uploads_pass_as_they_are_and_answers_are_not_asked_for_packed_where_they_are_read() {
    let Faked { upstream, bot, gateway: _gateway, .. } = faked().await;
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

#[tokio::test]
async fn what_a_webhooks_answer_deletes_is_gone_here_too() {
    let Faked { upstream, bot, token, gateway: _gateway } = faked().await;
    let sent = bot.call("sendMessage", json!({"chat_id": 7, "text": "one"})).await.result();
    assert_eq!(bot.get("messages").await.json(), json!([sent]));
    let hook = Receiver::start().await;
    let call = json!({"method": "deleteMessage", "chat_id": 7, "message_id": sent["message_id"]});
    hook.answer_next([Reply {
        status: 200,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: call.to_string(),
        ..Reply::default()
    }]);
    bot.call("setWebhook", json!({"url": hook.url("/")})).await.result();
    upstream.push(&token, json!({"poll": {"id": "1"}}));
    upstream.until_seen("deleteMessage", 1).await;
    until(async || (bot.get("messages").await.json() == json!([])).then_some(())).await;
}

#[tokio::test]
async fn what_a_credential_may_not_is_refused_before_the_upstream_hears_of_it() {
    let Faked { upstream, gateway, bot, .. } = faked().await;
    let key = async |scope: &str| {
        let words = ["key", "add", "--account", "4100000001", "--scope", scope, "--json"];
        let made = gateway.cli_json(&words).await;
        Client::new(format!("{}/bot{}", gateway.url(), made["key"].as_str().unwrap_or_default()))
    };
    let reader = key("messages:read").await;
    for (method, lacks) in [("sendMessage", "messages:send"), ("setMyCommands", "account:manage")] {
        let (status, text) = reader.call(method, json!({"chat_id": 7, "text": "x"})).await.refusal();
        assert!(status == 403 && text.contains(lacks), "{method}: {status} {text}");
        assert_eq!(upstream.seen(method).len(), 0, "{method}");
    }
    let sender = key("messages:send").await;
    sender.call("sendMessage", json!({"chat_id": 7, "text": "x"})).await.result();
    assert_eq!(upstream.acted("sendMessage"), 1);
    bot.call("setMyCommands", json!({"commands": []})).await;
    assert_eq!(upstream.seen("setMyCommands").len(), 1);
}

#[tokio::test]
async fn copies_are_kept_with_what_they_say() {
    let scene = faked().await;
    let (ann, ben) = (somebody(7, "Ann"), somebody(8, "Ben"));
    for (number, who, text) in [(1, &ann, "hello"), (2, &ann, "again"), (1, &ben, "I am Ben")] {
        scene.happens(json!({"message": message(number, who, json!({"text": text}))})).await;
    }
    let call = json!({"chat_id": 8, "from_chat_id": 7, "message_id": 1});
    let copy = scene.bot.call("copyMessage", call).await.result();
    let kept = scene.bot.get(&format!("messages/8/{}", copy["message_id"])).await.result();
    assert_eq!((&kept["text"], &kept["chat"]["first_name"]), (&json!("hello"), &json!("Ben")));
    assert_eq!((&kept["from"]["id"], &kept["message_id"]), (&json!(4_100_000_001_i64), &copy["message_id"]));
    assert!(kept.get("forward_origin").is_none(), "{kept}");

    let call = json!({"chat_id": 8, "from_chat_id": 7, "message_ids": [1, 2]});
    let both = scene.bot.call("forwardMessages", call).await.result();
    let texts: Vec<_> = scene
        .history()
        .await
        .as_array()
        .into_iter()
        .flatten()
        .take(2)
        .map(|one| one["text"].clone())
        .collect();
    assert_eq!((both.as_array().map(Vec::len), texts), (Some(2), vec![json!("again"), json!("hello")]));
    assert_eq!(scene.history().await[0]["forward_origin"]["sender_user"]["id"], 7);
    // What is not known here is a message all the same.
    let call = json!({"chat_id": 8, "from_chat_id": 7, "message_id": 99});
    let copy = scene.bot.call("copyMessage", call).await.result();
    assert_eq!(scene.history().await[0]["message_id"], copy["message_id"]);
}
