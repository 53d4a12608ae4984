//! getMe, getChat and its like, sendChatAction, leaveChat, and a bot's commands.

use crate::kit::{number, on_each_engine};
use crate::messages::{Inbox, bad, send};
use contactgram_testkit::{Options, TestServer, Value, json};

#[tokio::test]
async fn get_me_says_all_that_libraries_need() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account_with("Shop & Co", &["--username", "the_shop_bot"]).await;
    let me = shop.bot().get("getMe").await.result();
    assert_eq!((number(&me["id"]), &me["is_bot"]), (shop.id, &true.into()));
    assert_eq!((&me["first_name"], &me["username"]), (&"Shop & Co".into(), &"the_shop_bot".into()));
    for flag in
        ["can_join_groups", "can_read_all_group_messages", "supports_inline_queries", "has_main_web_app"]
    {
        assert!(me[flag].is_boolean(), "{flag}: {me}");
    }
    assert!(me.as_object().unwrap().values().all(|value| !value.is_null()));
    assert_eq!(shop.bot().get("close").await.result(), true);
    assert_eq!(shop.bot().get("logOut").await.result(), true);
    assert_eq!(shop.bot().get("getMe").await.result(), me, "the account is still there");
    let user = server.account_with("Ann", &["--kind", "user"]).await;
    assert_eq!(user.bot().get("getMe").await.result()["is_bot"], false);
}

#[tokio::test]
async fn get_chat_tells_only_of_chats_that_the_account_has_to_do_with() {
    on_each_engine(async |server| {
        let (shop, desk) = (server.account("Shop").await, server.account("Desk").await);
        let ann = json!({"first_name": "Ann", "last_name": "Lee", "username": "ann_example"});
        let ann = server.person(ann).await;
        let chat = async |id: Value| shop.bot().call("getChat", json!({"chat_id": id})).await;
        bad(&chat(ann.id.into()).await, "chat not found");
        ann.write(shop.id, "hello").await;
        let told = chat(ann.id.into()).await.result();
        assert_eq!(
            (number(&told["id"]), &told["type"], &told["first_name"]),
            (ann.id, &"private".into(), &"Ann".into())
        );
        assert_eq!(told["active_usernames"], json!(["ann_example"]));
        assert_eq!(chat("@Ann_Example".into()).await.result(), told);
        assert_eq!(number(&chat(shop.id.into()).await.result()["id"]), shop.id);
        bad(&chat(desk.id.into()).await, "chat not found");
        bad(&chat("".into()).await, "chat_id is empty");
        bad(&chat(42.into()).await, "chat not found");

        let group = server.group("Team", &[ann.id, shop.id]).await;
        let told = chat(group.into()).await.result();
        assert_eq!((&told["title"], &told["type"]), (&"Team".into(), &"group".into()));
        let refused = desk.bot().call("getChat", json!({"chat_id": group})).await;
        bad(&refused, "chat not found");
    })
    .await;
}

#[tokio::test]
async fn members_of_a_chat_are_told_with_their_standing() {
    let server = TestServer::start(Options::default()).await;
    let (shop, ann) = (server.account("Shop").await, server.person(json!({"first_name": "Ann"})).await);
    let ben = server.person(json!({"first_name": "Ben"})).await;
    let group = server.group("Team", &[ann.id, shop.id]).await;
    let member = async |chat: i64, user: Value| {
        shop.bot().call("getChatMember", json!({"chat_id": chat, "user_id": user})).await
    };
    let told = member(group, ann.id.into()).await.result();
    assert_eq!((&told["status"], &told["user"]["first_name"]), (&"creator".into(), &"Ann".into()));
    assert_eq!(told["is_anonymous"], false);
    assert_eq!(member(group, shop.id.to_string().into()).await.result()["status"], "member");
    bad(&member(group, ben.id.into()).await, "user not found");
    bad(&member(group, 0.into()).await, "invalid user_id specified");
    bad(&member(-42, ann.id.into()).await, "chat not found");
    ann.act("leave", json!({"group_id": group})).await.result();
    assert_eq!(member(group, ann.id.into()).await.result()["status"], "left");
    let count = shop.bot().call("getChatMemberCount", json!({"chat_id": group})).await;
    assert_eq!(count.result(), 1);
    ann.write(shop.id, "hello").await;
    assert_eq!(member(ann.id, ann.id.into()).await.result()["status"], "member");
    let count = shop.bot().call("getChatMemberCount", json!({"chat_id": ann.id})).await;
    assert_eq!(count.result(), 2);
}

#[tokio::test]
async fn an_account_leaves_a_group() {
    on_each_engine(async |server| {
        let (shop, desk) = (server.account("Shop").await, server.account("Desk").await);
        let ann = server.person(json!({"first_name": "Ann"})).await;
        let group = server.group("Team", &[ann.id, shop.id]).await;
        let mut inbox = Inbox::of(&shop);
        inbox.fresh().await;
        let leave = async |chat: Value| shop.bot().call("leaveChat", json!({"chat_id": chat})).await;
        assert_eq!(leave(group.into()).await.result(), true);
        let told = inbox.one("my_chat_member").await;
        assert_eq!(
            (&told["new_chat_member"]["status"], number(&told["from"]["id"])),
            (&"left".into(), shop.id)
        );
        assert_eq!(ann.screen(group).await[0]["left_chat_member"]["id"], shop.id);
        let gone = (403, "Forbidden: bot is not a member of the group chat".to_owned());
        assert_eq!(leave(group.into()).await.refusal(), gone);
        let write = shop.bot().call("sendMessage", json!({"chat_id": group, "text": "x"})).await;
        assert_eq!(write.refusal(), gone);
        bad(&leave((-42).into()).await, "chat not found");
        bad(&desk.bot().call("leaveChat", json!({"chat_id": group})).await, "chat not found");
        ann.write(shop.id, "hello").await;
        assert_eq!(leave(ann.id.into()).await.status, 400, "private chats can't be left");
    })
    .await;
}

#[tokio::test]
async fn a_chat_action_is_checked_and_leaves_no_trace() {
    let server = TestServer::start(Options::default()).await;
    let (shop, ann) = (server.account("Shop").await, server.person(json!({"first_name": "Ann"})).await);
    let act = async |chat: i64, action: &str| {
        shop.bot().call("sendChatAction", json!({"chat_id": chat, "action": action})).await
    };
    for action in ["typing", "upload_photo", "find_location", "choose_sticker"] {
        assert_eq!(act(ann.id, action).await.result(), true);
    }
    bad(&act(ann.id, "sleeping").await, "wrong parameter action in request");
    bad(&act(42, "").await, "wrong parameter action in request");
    bad(&act(42, "typing").await, "chat not found");
    assert!(ann.screen(shop.id).await.is_empty());
}

#[tokio::test]
async fn commands_are_kept_by_audience_and_language() {
    on_each_engine(async |server| {
        let (shop, desk) = (server.account("Shop").await, server.account("Desk").await);
        let set = async |body: Value| shop.bot().call("setMyCommands", body).await;
        let get = async |body: Value| shop.bot().call("getMyCommands", body).await.result();
        let list = |name: &str| json!([{"command": name, "description": "Does it"}]);
        assert_eq!(get(json!({})).await, json!([]));
        assert_eq!(set(json!({"commands": list("/start")})).await.result(), true);
        let german = json!({"commands": list("los"), "language_code": "de"});
        assert_eq!(set(german).await.result(), true);
        let scope = json!({"type": "chat", "chat_id": "-77"});
        assert_eq!(set(json!({"commands": list("team"), "scope": scope.to_string()})).await.result(), true);
        assert_eq!(get(json!({})).await, list("start"), "without the slash");
        assert_eq!(get(json!({"language_code": "de"})).await, list("los"));
        assert_eq!(get(json!({"scope": {"chat_id": -77, "type": "chat"}})).await, list("team"));
        assert_eq!(get(json!({"scope": {"type": "all_private_chats"}})).await, json!([]));
        assert_eq!(desk.bot().get("getMyCommands").await.result(), json!([]));

        assert_eq!(shop.bot().call("deleteMyCommands", json!({})).await.result(), true);
        assert_eq!(get(json!({})).await, json!([]));
        assert_eq!(get(json!({"language_code": "de"})).await, list("los"));
        assert_eq!(set(json!({"commands": [], "language_code": "de"})).await.result(), true);
        assert_eq!(get(json!({"language_code": "de"})).await, json!([]));

        bad(&set(json!({"commands": list("Not A Name")})).await, "BOT_COMMAND_INVALID");
        bad(
            &set(json!({"commands": [{"command": "a", "description": ""}]})).await,
            "BOT_COMMAND_DESCRIPTION_INVALID",
        );
        let many: Vec<Value> =
            (0..101).map(|n| json!({"command": format!("c{n}"), "description": "d"})).collect();
        bad(&set(json!({"commands": many})).await, "BOT_COMMANDS_TOO_MUCH");
        assert!(set(json!({"commands": "{"})).await.refusal().1.starts_with("Bad Request: can't parse"));
        let scope = json!({"commands": list("a"), "scope": {"type": "galaxy"}});
        assert!(set(scope).await.refusal().1.starts_with("Bad Request: can't parse BotCommandScope"));
        bad(
            &set(json!({"commands": list("a"), "language_code": "klingon"})).await,
            "invalid language code specified",
        );
        send(&shop, desk.id, "/start").await;
    })
    .await;
}
