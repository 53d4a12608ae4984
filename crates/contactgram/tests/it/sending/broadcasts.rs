//! Broadcasts: each selected contact gets the message once or is said not to have got it, and it can be paused and
//! cancelled on the way.

use super::{Scene, scene};
use crate::gateway::kit::until;
use crate::kit::{key, text};
use contactgram_testkit::{Client, Fault, Options, TestServer, Value, json};

impl Scene {
    /// People who wrote, with a label.
    async fn customers(&self, users: std::ops::Range<i64>) {
        for user in users {
            self.meet(user).await;
            self.bot.patch(&format!("contacts/{user}"), json!({"labels": ["customer"]})).await.result();
        }
    }

    async fn broadcast(&self, to: Value) -> String {
        let answer = self.bot.post("broadcasts", json!({"text": "news", "to": to})).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        format!("broadcasts/{}", answer.result()["id"])
    }

    async fn comes_to(&self, path: &str, status: &str) -> Value {
        until(async || Some(self.bot.get(path).await.result()).filter(|one| one["status"] == status)).await
    }

    /// How often each of these has it.
    fn copies(&self, users: std::ops::Range<i64>) -> Vec<usize> {
        users.map(|user| self.texts(user).len()).collect()
    }
}

fn counts(one: &Value) -> [i64; 8] {
    ["total", "queued", "sent", "failed", "blocked", "unknown", "cancelled", "skipped"]
        .map(|name| one[name].as_i64().unwrap())
}

#[tokio::test]
async fn everybody_selected_gets_it_once_or_is_said_why_not() {
    let scene = scene(Options::default()).await;
    scene.customers(101..106).await;
    scene.meet(106).await;
    let saved = json!({"first_name": "Phone", "phone_number": "+441632960001", "labels": ["customer"]});
    let saved = scene.bot.post("contacts", saved).await.result();
    scene.upstream.fail_next("sendMessage", Fault::error(403, "Forbidden: bot was blocked by the user"));
    let path = scene.broadcast(json!({"label": "customer"})).await;
    let over = scene.comes_to(&path, "finished").await;
    assert_eq!(counts(&over), [6, 0, 4, 0, 1, 0, 0, 1]);
    assert_eq!(scene.copies(101..107).iter().sum::<usize>(), 4);
    let blocked = scene.bot.get(&format!("{path}/recipients?status=blocked")).await.result();
    let who = blocked[0]["contact_id"].as_i64().unwrap();
    assert_eq!(scene.bot.get(&format!("contacts/{who}")).await.result()["is_blocked"], true);
    assert_eq!(scene.texts(who).len() + scene.texts(106).len(), 0);
    let skipped = scene.bot.get(&format!("{path}/recipients?status=skipped")).await.result();
    assert_eq!(
        (&skipped[0]["contact_id"], &skipped[0]["error"]),
        (&saved["id"], &json!("nobody is known behind the contact"))
    );
    let all = scene.bot.get(&format!("{path}/recipients?limit=3&offset=3")).await.result();
    assert_eq!(all.as_array().map(Vec::len), Some(3));

    // Who blocked is left out the next time; an id that is there twice counts once.
    let path = scene.broadcast(json!({"contact_ids": [who, 106, 106, 999_999]})).await;
    let over = scene.comes_to(&path, "finished").await;
    assert_eq!(counts(&over), [3, 0, 1, 0, 0, 0, 0, 2]);
    let path = scene.broadcast(json!({"q": "No. 106"})).await;
    assert_eq!(counts(&scene.comes_to(&path, "finished").await)[..3], [1, 0, 1]);
    assert_eq!(scene.texts(106).len(), 2);
}

#[tokio::test]
async fn a_broadcast_that_is_paused_goes_on_where_it_was_also_after_a_crash() {
    let mut scene = scene(Options::default().variable("CONTACTGRAM_FLOOD_ACCOUNT_PER_S", "2")).await;
    scene.customers(101..107).await;
    let path = scene.broadcast(json!({"label": "customer"})).await;
    assert_eq!(scene.bot.post(&format!("{path}/pause"), json!({})).await.result()["status"], "paused");
    scene.crash().await;
    let paused = scene.bot.get(&path).await.result();
    assert!(paused["status"] == "paused" && paused["queued"].as_i64() > Some(0), "{paused}");
    scene.bot.post(&format!("{path}/resume"), json!({})).await.result();
    let over = scene.comes_to(&path, "finished").await;
    let told = over["sent"].as_i64().unwrap() + over["unknown"].as_i64().unwrap();
    assert_eq!((told, &over["total"]), (6, &json!(6)));
    assert!(scene.copies(101..107).iter().all(|copies| *copies <= 1));
}

#[tokio::test]
async fn a_cancelled_broadcast_sends_no_more_and_senseless_ones_are_refused() {
    let scene = scene(Options::default().variable("CONTACTGRAM_FLOOD_ACCOUNT_PER_S", "1")).await;
    scene.customers(101..107).await;
    let path = scene.broadcast(json!({"label": "customer"})).await;
    let cancelled = scene.bot.delete(&path).await.result();
    assert_eq!(cancelled["status"], "cancelled");
    let over =
        until(async || Some(scene.bot.get(&path).await.result()).filter(|one| one["sending"] == 0)).await;
    let (sent, spared) = (over["sent"].as_i64().unwrap(), over["cancelled"].as_i64().unwrap());
    assert!(spared > 0 && sent + spared == 6, "{over}");
    assert_eq!(scene.copies(101..107).iter().sum::<usize>(), usize::try_from(sent).unwrap());
    assert_eq!(scene.bot.post(&format!("{path}/resume"), json!({})).await.status, 409);
    for (body, why) in [
        (json!({"text": "x"}), "to is required"),
        (json!({"text": "x", "to": {}}), "to must name"),
        (json!({"text": "x", "to": {"label": "a", "contact_ids": [1]}}), "contact_ids together"),
        (json!({"text": "x", "to": {"contact_ids": []}}), "1 to 10000"),
        (json!({"text": "x", "chat_id": 5, "to": {"label": "a"}}), "chat_id can't be given"),
        (json!({"method": "getMe", "to": {"label": "a"}}), "method must be one that sends"),
    ] {
        let (status, text) = scene.bot.post("broadcasts", body).await.refusal();
        assert!(status == 400 && text.contains(why), "{text}");
    }
    assert_eq!(scene.bot.get("broadcasts/99").await.status, 404);
}

#[tokio::test]
async fn what_a_broadcast_says_and_whom_it_selects_is_shown_to_who_may_know_that() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    ann.write(shop.id, "hello").await;
    let body = json!({"text": "news", "to": {"q": "ann"}});
    let made = shop.v1().post("broadcasts", body).await.result();
    let (params, to) = (json!({"text": "news"}), json!({"label": null, "q": "ann"}));
    assert_eq!((&made["params"], &made["to"]), (&params, &to));
    let path = format!("broadcasts/{}", made["id"]);
    for (more, shown) in [
        (&[][..], (None, None)),
        (&["messages:read"], (Some(&params), None)),
        (&["messages:read", "contacts:private"], (Some(&params), Some(&to))),
    ] {
        let scopes = more.iter().flat_map(|scope| ["--scope", scope]);
        let arguments: Vec<&str> = ["--scope", "messages:send"].into_iter().chain(scopes).collect();
        let plain = text(&key(&server, &shop, &arguments).await["key"]);
        let client = Client::new(format!("{}/v1", server.url())).bearer(&plain);
        let one = client.get(&path).await.result();
        assert_eq!((one.get("params"), one.get("to")), shown, "{more:?}");
        assert_eq!(client.get("broadcasts").await.result()[0].get("params"), shown.0);
    }
    // Named one by one they are a list that may be long.
    let body = json!({"text": "news", "to": {"contact_ids": [ann.id]}});
    assert_eq!(shop.v1().post("broadcasts", body).await.result().get("to"), None);
}
