//! `contactgram people` and `group` beside a running server: the same deeds, seen at once.

use crate::kit::{number, on_each_engine};
use crate::messages::{Inbox, id};
use contactgram_testkit::json;

#[tokio::test]
async fn the_command_line_makes_people_act_while_the_server_runs() {
    on_each_engine(async |server| {
        let shop = server.account_with("Shop", &["--username", "the_shop_bot"]).await;
        let add = [
            "people",
            "add",
            "--json",
            "--first-name",
            "Ann",
            "--username",
            "ann_example",
            "--phone",
            "+447700900123",
            "--email",
            "ann@example.com",
        ];
        let ann = number(&server.cli_json(&add).await["id"]);
        let act = async |words: &[&str]| {
            let (deed, rest) = words.split_first().expect("a deed");
            server.cli_json(&[&["people", *deed, "@ann_example"], rest, &["--json"]].concat()).await
        };
        let mut inbox = Inbox::of(&shop);
        let wrote = act(&["write", "--to", "@the_shop_bot", "--text", "one"]).await;
        assert_eq!(inbox.one("message").await["from"]["id"], ann);
        act(&["edit", "--to", "@the_shop_bot", "--message", &id(&wrote).to_string(), "--text", "two"]).await;
        assert_eq!(inbox.one("edited_message").await["text"], "two");
        act(&["share", "--to", "@the_shop_bot"]).await;
        assert_eq!(inbox.one("message").await["contact"]["user_id"], ann);

        let keyboard = json!({"inline_keyboard": [[{"text": "Ok", "callback_data": "ok"}]]});
        let body = json!({"chat_id": ann, "text": "fine?", "reply_markup": keyboard});
        let sent = shop.bot().call("sendMessage", body).await.result();
        let message = id(&sent).to_string();
        let press = [
            "press",
            "--to",
            "@the_shop_bot",
            "--message",
            &message,
            "--seen-by",
            "@the_shop_bot",
            "--callback-data",
            "ok",
        ];
        let pressed = act(&press).await;
        assert_eq!(inbox.one("callback_query").await["id"], pressed["callback_query_id"]);

        let (ann_id, shop_id) = (ann.to_string(), shop.id.to_string());
        let group = ["group", "add", "--json", "--title", "Team", "--creator", &ann_id, "--member", &shop_id];
        let group = number(&server.cli_json(&group).await["id"]);
        let new = inbox.fresh().await;
        assert_eq!(new[0]["my_chat_member"]["new_chat_member"]["status"], "member");
        act(&["leave", &group.to_string()]).await;
        assert_eq!(inbox.one("message").await["left_chat_member"]["id"], ann);
        act(&["join", &group.to_string()]).await;
        assert_eq!(inbox.one("message").await["new_chat_members"][0]["id"], ann);
        act(&["block", "@the_shop_bot"]).await;
        assert_eq!(inbox.one("my_chat_member").await["new_chat_member"]["status"], "kicked");
        act(&["unblock", "@the_shop_bot"]).await;
        assert_eq!(inbox.one("my_chat_member").await["new_chat_member"]["status"], "member");

        let screen = act(&["messages"]).await;
        let screen = screen.get("messages").unwrap_or(&screen);
        assert!(screen.as_array().is_some_and(|messages| messages.len() >= 4), "{screen}");
        let listed = server.cli_json(&["people", "list", "--json"]).await;
        assert!(listed.as_array().unwrap().iter().any(|person| person["id"] == ann), "{listed}");
    })
    .await;
}

#[tokio::test]
async fn the_command_lines_refusals_are_sentences() {
    on_each_engine(async |server| {
        server.account_with("Shop", &["--username", "the_shop_bot"]).await;
        for words in [
            &["people", "write", "@nobody_here", "--to", "@the_shop_bot", "--text", "x"][..],
            &["people", "show", "42"],
            &["people", "add", "--first-name", "Ann", "--phone", "nine"],
        ] {
            let output = server.cli(words).await;
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(1), "{words:?}: {said}");
            assert!(!said.trim().is_empty() && !said.contains("panicked"), "{words:?}: {said}");
        }
    })
    .await;
}
