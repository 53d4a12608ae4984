//! Groups: who joins, leaves and is removed, and who is told.

use crate::kit::{number, on_each_engine};
use crate::messages::{Inbox, bad, send};
use contactgram_testkit::{Options, TestServer, Value, json};

/// `old status, new status, whose` of a changed standing.
fn change(told: &Value) -> (&str, &str, i64) {
    let status = |member: &str| told[member]["status"].as_str().expect("a status");
    (status("old_chat_member"), status("new_chat_member"), number(&told["new_chat_member"]["user"]["id"]))
}

#[tokio::test]
async fn everybody_sees_who_comes_and_goes() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let mut people = Vec::new();
        for name in ["Ann", "Ben"] {
            people.push(server.person(json!({"first_name": name})).await);
        }
        let (ann, ben) = (&people[0], &people[1]);
        let made = json!({"title": "Team", "creator": ann.id, "members": [shop.id]});
        let group = server.admin().post("groups", made).await.result();
        assert_eq!(group["title"], "Team");
        let group = number(&group["id"]);
        assert!(group < 0);
        let mut inbox = Inbox::of(&shop);
        let new = inbox.fresh().await;
        assert_eq!(new.len(), 2, "{new:#?}");
        assert_eq!(change(&new[0]["my_chat_member"]), ("left", "member", shop.id));
        assert_eq!(new[0]["my_chat_member"]["from"]["id"], ann.id);
        let chat =
            json!({"id": group, "title": "Team", "type": "group", "all_members_are_administrators": false});
        assert_eq!(new[1]["message"]["chat"], chat);
        assert_eq!(new[1]["message"]["new_chat_members"][0]["id"], shop.id);

        ben.act("join", json!({"group_id": group})).await.result();
        let joined = inbox.one("message").await;
        assert_eq!(
            (&joined["new_chat_members"][0]["id"], &joined["from"]["id"]),
            (&ben.id.into(), &ben.id.into())
        );
        ben.write(group, "hi all").await;
        let said = inbox.one("message").await;
        assert_eq!((&said["text"], number(&said["from"]["id"])), (&"hi all".into(), ben.id));
        assert_eq!(shop.bot().get(&format!("contacts/{}", ben.id)).await.result()["source"], "message");
        send(&shop, group, "hi Ben").await;
        assert_eq!(ben.screen(group).await[0]["text"], "hi Ben");
        assert_eq!(ann.screen(group).await[0]["from"]["id"], shop.id);

        ben.act("leave", json!({"group_id": group})).await.result();
        let left = inbox.one("message").await;
        assert_eq!((number(&left["left_chat_member"]["id"]), number(&left["from"]["id"])), (ben.id, ben.id));
        let refused = ben.act("write", json!({"to": group, "text": "x"})).await;
        assert_eq!(refused.refusal().0, 403);

        let kick = json!({"user_id": shop.id, "status": "kicked", "by": ann.id});
        server.admin().post(&format!("groups/{group}/members"), kick).await.result();
        let new = inbox.fresh().await;
        assert_eq!(change(&new[0]["my_chat_member"]), ("member", "kicked", shop.id));
        assert_eq!(new[1]["message"]["left_chat_member"]["id"], shop.id, "the bot itself");
        let refused = shop.bot().call("sendMessage", json!({"chat_id": group, "text": "x"})).await;
        assert_eq!(refused.refusal(), (403, "Forbidden: bot was kicked from the group chat".to_owned()));
        ann.write(group, "quiet").await;
        assert!(inbox.fresh().await.is_empty(), "nothing of the group comes any more");
    })
    .await;
}

#[tokio::test]
async fn administrators_who_ask_are_told_who_comes_and_goes() {
    on_each_engine(async |server| {
        let (shop, desk) = (server.account("Shop").await, server.account("Desk").await);
        let ann = server.person(json!({"first_name": "Ann"})).await;
        let ben = server.person(json!({"first_name": "Ben"})).await;
        let group = server.group("Team", &[ann.id, shop.id, desk.id]).await;
        let raise = json!({"user_id": shop.id, "status": "administrator", "by": ann.id});
        let members = format!("groups/{group}/members");
        let view = server.admin().post(&members, raise).await.result();
        assert!(view["members"].as_array().unwrap().contains(&shop.id.into()), "{view}");
        let mut inboxes = Vec::new();
        for account in [&shop, &desk] {
            let mut inbox = Inbox::of(account);
            inbox.fresh().await;
            account.bot().call("getUpdates", json!({"offset": -1, "allowed_updates": ["chat_member"]})).await;
            inboxes.push(inbox);
        }
        ben.act("join", json!({"group_id": group})).await.result();
        let told = inboxes[0].one("chat_member").await;
        assert_eq!(change(&told), ("left", "member", ben.id));
        assert_eq!(number(&told["from"]["id"]), ben.id);
        assert!(inboxes[1].fresh().await.is_empty(), "who leads nothing is told nothing");
        let out = json!({"user_id": ben.id, "status": "left", "by": ann.id});
        server.admin().post(&members, out).await.result();
        let told = inboxes[0].one("chat_member").await;
        assert_eq!((change(&told), number(&told["from"]["id"])), (("member", "left", ben.id), ann.id));
    })
    .await;
}

#[tokio::test]
async fn a_group_may_have_a_chosen_id_and_wrong_ones_are_named() {
    let server = TestServer::start(Options::default()).await;
    let (shop, ann) = (server.account("Shop").await, server.person(json!({"first_name": "Ann"})).await);
    let add = async |body: Value| server.admin().post("groups", body).await;
    let made =
        add(json!({"title": "Team", "creator": ann.id, "members": [shop.id], "id": -77})).await.result();
    assert_eq!((number(&made["id"]), made["members"].as_array().unwrap().len()), (-77, 2));
    bad(&add(json!({"title": "Again", "creator": ann.id, "id": -77})).await, "id belongs to another group");
    bad(&add(json!({"title": "Up", "creator": ann.id, "id": 77})).await, "id of a group must be negative");
    bad(
        &add(json!({"title": "x".repeat(129), "creator": ann.id})).await,
        "title must have 1 to 128 characters",
    );
    bad(&add(json!({"title": "Who", "creator": 42})).await, "creator is not a user of this server");
    bad(
        &add(json!({"title": "Who", "creator": ann.id, "members": [42]})).await,
        "members must be users of this server",
    );
    let groups = server.admin().get("groups").await.result();
    let titles: Vec<&Value> = groups.as_array().unwrap().iter().map(|group| &group["title"]).collect();
    assert!(titles.contains(&&"Team".into()) && !titles.contains(&&"Who".into()), "{groups}");

    bad(&ann.act("join", json!({"group_id": -42})).await, "chat not found");
    let status = json!({"user_id": ann.id, "status": "creator"});
    bad(
        &server.admin().post("groups/-77/members", status).await,
        "status must be member, administrator, left or kicked",
    );
    let nobody = json!({"user_id": 42, "status": "member"});
    bad(&server.admin().post("groups/-77/members", nobody).await, "user_id is not a user of this server");
}
