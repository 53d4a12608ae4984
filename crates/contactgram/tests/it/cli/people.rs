//! People and groups from the command line, and what an account sees of what they do.

use super::kit::{Home, Server};
use serde_json::Value;

/// A home with a bot and Ann, and the bot's token.
fn scene() -> (Home, String) {
    let home = Home::new();
    let bot = home.json(&["account", "add", "--name", "Shop", "--username", "my_shop_bot"]);
    let phone = "+447700900123";
    let ann =
        home.json(&["people", "add", "--first-name", "Ann", "--username", "ann_example", "--phone", phone]);
    assert_eq!((&ann["kind"], &ann["phone_number"]), (&"person".into(), &phone.into()));
    (home, bot["token"].as_str().unwrap().to_owned())
}

fn updates(server: &Server, token: &str) -> Vec<Value> {
    let (code, answer) = server.get(&format!("/bot{token}/getUpdates"));
    assert_eq!(code, 200, "{answer}");
    answer["result"].as_array().unwrap().clone()
}

#[test]
fn what_a_person_writes_reaches_the_account_and_stays_on_the_persons_screen() {
    let (home, token) = scene();
    let server = home.serve(&[]);
    let text = "<b>Hello</b>";
    let write =
        ["people", "write", "@ann_example", "--to", "@my_shop_bot", "--text", text, "--parse-mode", "HTML"];
    let sent = home.json(&write);
    assert_eq!((&sent["text"], &sent["entities"][0]["type"]), (&"Hello".into(), &"bold".into()));
    let seen = updates(&server, &token);
    assert_eq!(seen[0]["message"]["from"]["first_name"], "Ann");
    let screen = home.ok(&["people", "messages", "@ann_example"]);
    assert!(screen.starts_with("#1 ") && screen.ends_with(": Hello\n"), "{screen}");
}

#[test]
fn a_person_edits_shares_and_blocks() {
    let (home, token) = scene();
    let to = ["--to", "@my_shop_bot"];
    let act = |arguments: &[&str]| home.json(&[&["people"], arguments].concat());
    let sent = act(&[&["write", "@ann_example", "--text", "one"][..], &to].concat());
    let id = sent["message_id"].to_string();
    let edited = act(&[&["edit", "@ann_example", "--message", &id, "--text", "two"][..], &to].concat());
    assert_eq!(edited["text"], "two");
    let shared = act(&[&["share", "@ann_example"][..], &to].concat());
    assert_eq!(shared["contact"]["first_name"], "Ann");
    act(&["block", "@ann_example", "@my_shop_bot"]);

    let server = home.serve(&[]);
    let kinds: Vec<String> = updates(&server, &token)
        .iter()
        .flat_map(|update| update.as_object().unwrap().keys().filter(|key| *key != "update_id").cloned())
        .collect();
    assert_eq!(kinds, ["message", "edited_message", "message", "my_chat_member"]);
}

#[test]
fn a_button_is_pressed_by_the_accounts_own_message_id() {
    let (home, token) = scene();
    let server = home.serve(&[]);
    home.ok(&["people", "write", "@ann_example", "--to", "@my_shop_bot", "--text", "/start"]);
    let chat = updates(&server, &token)[0]["message"]["chat"]["id"].to_string();
    // {"inline_keyboard":[[{"text":"Yes","callback_data":"yes"}]]}
    let markup = "%7B%22inline_keyboard%22%3A%5B%5B%7B%22text%22%3A%22Yes%22%2C%22callback_data%22%3A%22yes%22%7D%5D%5D%7D";
    let (code, sent) =
        server.get(&format!("/bot{token}/sendMessage?chat_id={chat}&text=Sure%3F&reply_markup={markup}"));
    assert_eq!(code, 200, "{sent}");
    let message = sent["result"]["message_id"].to_string();
    let press =
        ["people", "press", "@ann_example", "--to", "@my_shop_bot", "--message", &message, "--callback-data"];
    let seen_by = ["--seen-by", "@my_shop_bot"];
    let pressed = home.json(&[&press[..], &["yes"], &seen_by].concat());
    let query = updates(&server, &token).pop().unwrap();
    assert_eq!(query["callback_query"]["id"], pressed["callback_query_id"]);
    assert!(home.refusal(&[&press[..], &["no"], &seen_by].concat()).contains("data"));
}

#[test]
fn groups_are_made_joined_and_left() {
    let (home, _) = scene();
    let made = home.json(&[
        "group",
        "add",
        "--title",
        "Friends",
        "--creator",
        "@ann_example",
        "--id",
        "-4100000001",
    ]);
    assert_eq!((&made["id"], &made["title"]), (&(-4_100_000_001_i64).into(), &"Friends".into()));
    home.ok(&["people", "add", "--first-name", "Bob", "--username", "bob_example"]);
    let members = |value: Value| value["members"].as_array().unwrap().len();
    assert_eq!(members(home.json(&["people", "join", "@bob_example", "-4100000001"])), 2);
    assert_eq!(members(home.json(&["group", "member", "-4100000001", "@my_shop_bot", "administrator"])), 3);
    let written = home.json(&["people", "write", "@bob_example", "--to", "-4100000001", "--text", "Hi all"]);
    assert_eq!(written["chat"]["title"], "Friends");
    assert_eq!(members(home.json(&["people", "leave", "@bob_example", "-4100000001"])), 2);
    assert!(home.ok(&["group", "list"]).contains("-4100000001  Friends"));
}

#[test]
fn a_person_is_changed_and_an_empty_value_removes() {
    let (home, _) = scene();
    let changed = home.json(&["people", "change", "@ann_example", "--last-name", "Lee", "--phone", ""]);
    assert_eq!(changed["last_name"], "Lee");
    assert!(changed.get("phone_number").is_none(), "{changed}");
    let shown = home.ok(&["people", "show", "@ann_example"]);
    assert!(shown.contains("Ann Lee"), "{shown}");
    assert!(home.refusal(&["people", "show", "12"]).contains("no such person"));
}
