//! What the gateway learns of people from what passes: names, numbers, blocks, and whose message is whose.

use contactgram_testkit::{Fault, json};

use super::kit::{faked, known, message, scene, somebody, until};

#[tokio::test]
async fn whoever_blocks_the_bot_is_a_contact_who_did() {
    let scene = scene().await;
    known(&scene).await;
    scene.ann.write(scene.there.id, "hello").await;
    scene.ann.act("block", json!({"account_id": scene.there.id})).await.result();
    let blocked = async |wanted: bool| {
        let path = format!("contacts/{}", scene.ann.id);
        until(async || {
            let contact = scene.here.get(&path).await.json();
            (contact["result"]["is_blocked"].as_bool().unwrap_or_default() == wanted).then_some(())
        })
        .await;
    };
    blocked(true).await;
    scene.ann.act("unblock", json!({"account_id": scene.there.id})).await.result();
    blocked(false).await;
}

#[tokio::test]
async fn a_refusal_that_says_so_marks_who_blocked_the_bot() {
    let scene = faked().await;
    scene.happens(json!({"message": message(1, &somebody(7, "Ann"), json!({"text": "hello"}))})).await;
    scene.upstream.fail_next("sendMessage", Fault::error(403, "Forbidden: bot was blocked by the user"));
    let refused = scene.bot.call("sendMessage", json!({"chat_id": 7, "text": "x"})).await.refusal();
    assert_eq!(refused, (403, "Forbidden: bot was blocked by the user".to_owned()));
    assert_eq!(scene.contact(7).await["is_blocked"], true);
}

#[tokio::test]
async fn a_contact_that_was_saved_by_number_becomes_the_user_who_shares_it() {
    let scene = faked().await;
    let saved = scene
        .bot
        .post(
            "contacts",
            json!({"phone_number": "+447900000001", "first_name": "Ann from work", "note": "vip"}),
        )
        .await
        .result();
    let own = saved["id"].as_i64().unwrap_or_default();
    assert!(own >= 1 << 39, "{saved}");
    let ann = json!({"id": 7, "is_bot": false, "first_name": "Ann", "username": "ann_example"});
    let card = "BEGIN:VCARD\nVERSION:3.0\nFN:Ann\nEMAIL;TYPE=work:ann@example.com\nEND:VCARD";
    let contact = json!({"phone_number": "447900000001", "first_name": "Ann", "user_id": 7, "vcard": card});
    scene.happens(json!({"message": message(1, &ann, json!({"contact": contact}))})).await;
    let now = scene.contact(7).await;
    assert_eq!(
        (&now["id"], &now["user_id"], &now["username"], &now["phone_verified"]),
        (&json!(7), &json!(7), &json!("ann_example"), &json!(true))
    );
    assert_eq!(
        (&now["first_name"], &now["note"], &now["email"]),
        (&json!("Ann from work"), &json!("vip"), &json!("ann@example.com"))
    );
    assert_eq!(scene.contact(own).await, now, "the old id goes on");
    assert_eq!(scene.bot.get("contacts").await.result()["total_count"], 1);
}

#[tokio::test]
async fn a_number_that_went_to_another_is_theirs_once_they_prove_it() {
    let scene = faked().await;
    let (ann, ben) = (somebody(7, "Ann"), somebody(8, "Ben"));
    let shares = |number: i64, who: &contactgram_testkit::Value, holder: i64| {
        let contact = json!({"phone_number": "447900000001", "first_name": "X", "user_id": holder});
        json!({"message": message(number, who, json!({"contact": contact}))})
    };
    let phone = async |id: i64| scene.contact(id).await["phone_number"].clone();
    scene.happens(shares(1, &ann, 7)).await;
    assert_eq!(phone(7).await, "+447900000001");
    // What Ann says of Ben's number takes hers from nobody.
    scene.happens(json!({"message": message(2, &ben, json!({"text": "hello"}))})).await;
    scene.happens(shares(3, &ann, 8)).await;
    assert_eq!((phone(7).await, phone(8).await), (json!("+447900000001"), json!(null)));
    scene.happens(shares(4, &ben, 8)).await;
    assert_eq!((phone(7).await, phone(8).await), (json!(null), json!("+447900000001")));
    assert_eq!(scene.contact(8).await["phone_verified"], true);
    assert_eq!(scene.contact(7).await["first_name"], "Ann");
    assert_eq!(scene.bot.get("contacts").await.result()["total_count"], 2);
}

#[tokio::test]
async fn names_follow_their_owners_and_a_saved_name_stays() {
    let scene = faked().await;
    let says = |number, id, name: &str| json!({"message": message(number, &somebody(id, name), json!({"text": "hello"}))});
    scene.happens(says(1, 7, "Ann")).await;
    scene.happens(says(2, 8, "Ben")).await;
    let path = "contacts/8";
    scene.bot.patch(path, json!({"first_name": "Ben from work"})).await.result();
    scene.happens(says(3, 7, "Anna")).await;
    scene.happens(says(4, 8, "Benjamin")).await;
    assert_eq!(scene.contact(7).await["first_name"], "Anna");
    let ben = scene.contact(8).await;
    assert_eq!(
        (&ben["first_name"], &ben["own_name"]),
        (&json!("Ben from work"), &json!({"first_name": "Benjamin"}))
    );
    assert!(scene.contact(7).await.get("own_name").is_none());
}

#[tokio::test]
async fn users_whom_somebody_shares_are_met() {
    let scene = faked().await;
    let shared =
        json!({"request_id": 1, "users": [{"user_id": 9, "first_name": "Cleo", "username": "cleo_example"}]});
    scene.happens(json!({"message": message(1, &somebody(7, "Ann"), json!({"users_shared": shared}))})).await;
    let cleo = scene.contact(9).await;
    assert_eq!((&cleo["first_name"], &cleo["username"]), (&json!("Cleo"), &json!("cleo_example")));
}

#[tokio::test]
async fn an_edit_changes_the_message_that_is_kept_and_is_an_update() {
    let scene = faked().await;
    let ann = somebody(7, "Ann");
    scene.happens(json!({"message": message(1, &ann, json!({"text": "one"}))})).await;
    let edited = message(1, &ann, json!({"text": "two", "edit_date": 1_800_000_100}));
    scene.happens(json!({"edited_message": edited})).await;
    assert_eq!(scene.history().await, json!([edited]));
    let updates = scene.bot.call("getUpdates", json!({})).await.result();
    let kinds: Vec<bool> = updates
        .as_array()
        .into_iter()
        .flatten()
        .map(|update| update.get("edited_message").is_some())
        .collect();
    assert_eq!(kinds, [false, true]);
}

#[tokio::test]
async fn messages_of_a_business_connection_are_kept_under_it_and_go_when_they_are_deleted() {
    let scene = faked().await;
    let ann = somebody(7, "Ann");
    let own = message(1, &ann, json!({"text": "to the bot"}));
    let business = message(1, &ann, json!({"text": "to its owner", "business_connection_id": "c1"}));
    scene.happens(json!({"message": own})).await;
    scene.happens(json!({"business_message": business})).await;
    assert_eq!(scene.history().await, json!([business, own]), "the same number in another space");
    let one = scene.bot.get("messages/7/1").await.result();
    assert_eq!(one, own);
    let gone = json!({"business_connection_id": "c1", "chat": own["chat"], "message_ids": [1, 2]});
    scene.happens(json!({"deleted_business_messages": gone})).await;
    assert_eq!(scene.history().await, json!([own]));
}

#[tokio::test]
async fn groups_and_channels_have_their_own_numbers() {
    let scene = faked().await;
    let group = json!({"id": -1_001_000, "type": "supergroup", "title": "G"});
    let channel = json!({"id": -1_002_000, "type": "channel", "title": "C"});
    let said = json!({"message_id": 1, "date": 1_800_000_001, "chat": group, "from": somebody(7, "Ann"), "text": "in a group"});
    let post = json!({"message_id": 1, "date": 1_800_000_002, "chat": channel, "sender_chat": channel, "text": "in a channel"});
    scene.happens(json!({"message": said})).await;
    scene.happens(json!({"channel_post": post})).await;
    assert_eq!(scene.history().await, json!([post, said]));
    assert_eq!(scene.bot.get("messages?chat_id=-1001000").await.json(), json!([said]));
    assert_eq!(scene.bot.get("messages/-1002000/1").await.result(), post);
    assert_eq!(scene.bot.get("contacts").await.result()["total_count"], 1, "a channel is nobody");
    until(async || (scene.contact(7).await["source"] == "message").then_some(())).await;
}

#[tokio::test]
async fn nobody_of_this_server_reaches_a_bot_that_lives_elsewhere() {
    let scene = scene().await;
    known(&scene).await;
    let (id, gateway) = (scene.there.id, &scene.gateway);
    let local = gateway.account("Desk").await;
    let mallory = gateway.person(json!({"first_name": "Mallory"})).await;
    let not_found = (400, "Bad Request: chat not found".to_owned());
    let wrote = mallory.act("write", json!({"to": id, "text": "I am Telegram"})).await.refusal();
    assert_eq!(wrote, not_found);
    let sent = local.bot().call("sendMessage", json!({"chat_id": id, "text": "x"})).await.refusal();
    assert_eq!(sent, not_found);
    assert_eq!(mallory.act("block", json!({"account_id": id})).await.refusal(), not_found);
    let group =
        |creator: i64, members: Vec<i64>| json!({"title": "Trap", "creator": creator, "members": members});
    let make = async |body| gateway.admin().post("groups", body).await.refusal();
    let refused = |why: &str| (400, format!("Bad Request: {why}"));
    assert_eq!(make(group(mallory.id, vec![id])).await, refused("members must be users of this server"));
    assert_eq!(make(group(id, vec![])).await, refused("creator is not a user of this server"));
    assert_eq!(scene.here.get("contacts").await.result()["total_count"], 0);
    assert_eq!(scene.here.get("messages").await.json(), json!([]));
    scene.ann.write(id, "but I do").await;
    until(async || {
        let kept = scene.here.get("messages").await.json();
        (kept[0]["text"] == "but I do").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_clock_that_is_ahead_makes_no_message_of_the_future() {
    let scene = faked().await;
    let mut early = message(1, &somebody(7, "Ann"), json!({"text": "in milliseconds"}));
    early["date"] = json!(1_800_000_000_000_i64);
    scene.happens(json!({ "message": early })).await;
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
    let later = format!("messages?since={}", now + 3600);
    assert_eq!(scene.bot.get(&later).await.json(), json!([]));
    assert_eq!(scene.history().await[0]["date"], json!(1_800_000_000_000_i64), "as it was written");
}
