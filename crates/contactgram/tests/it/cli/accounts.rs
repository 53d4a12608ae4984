//! Accounts and tokens, with and without a server beside.

use super::kit::Home;
use serde_json::Value;

fn me(server: &super::kit::Server, token: &str) -> u16 {
    server.get(&format!("/bot{token}/getMe")).0
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn adding_an_account_prints_one_object_with_id_and_token() {
    let home = Home::new();
    let added = home.json(&["account", "add", "--name", "Shop", "--username", "my_shop_bot"]);
    let id = added["id"].as_i64().unwrap();
    assert!(text(&added["token"]).starts_with(&format!("{id}:")), "{added}");
    assert_eq!(
        (&added["name"], &added["username"], &added["kind"]),
        (&"Shop".into(), &"my_shop_bot".into(), &"bot".into())
    );
    let listed = home.json(&["account", "list"]);
    assert_eq!((&listed[0]["id"], listed.as_array().unwrap().len()), (&added["id"], 1));
    assert!(listed[0].get("token").is_none(), "a token is never listed");
}

#[test]
fn an_account_is_found_by_id_username_and_name() {
    let home = Home::new();
    let added =
        home.json(&["account", "add", "--name", "My Shop", "--kind", "user", "--username", "Shopper"]);
    let id = added["id"].to_string();
    for named in [id.as_str(), "@shopper", "My Shop"] {
        let shown = home.ok(&["account", "show", named]);
        assert!(shown.contains(&format!("id               {id}\n")), "{named}: {shown}");
    }
    let refusal = home.refusal(&["account", "show", "@nobody"]);
    assert!(refusal.starts_with("no account is called `@nobody`"), "{refusal}");
}

#[test]
fn looking_where_nothing_is_makes_nothing() {
    let home = Home::new();
    for command in [&["account", "list"][..], &["token", "add", "5"], &["people", "list"], &["group", "list"]]
    {
        assert!(home.refusal(command).starts_with("there is no data at "), "{command:?}");
    }
    assert!(!home.database().exists());
}

#[test]
fn removing_an_account_wants_a_yes() {
    let home = Home::new();
    home.ok(&["account", "add", "--name", "Shop", "--username", "my_shop_bot"]);
    assert!(home.refusal(&["account", "remove", "@my_shop_bot"]).contains("--yes"));
    home.ok(&["account", "remove", "@my_shop_bot", "--yes"]);
    assert_eq!(home.json(&["account", "list"]), Value::Array(Vec::new()));
}

#[test]
fn wrong_input_is_one_sentence_that_names_it() {
    let home = Home::new();
    assert!(home.refusal(&["account", "add", "--name", " "]).contains("name"));
    assert!(home.refusal(&["account", "add", "--name", "A", "--username", "x"]).contains("username"));
    home.ok(&["account", "add", "--name", "A", "--username", "shop_bot"]);
    let refusal = home.refusal(&["token", "add", "@shop_bot", "--expires", "yesterday"]);
    assert!(refusal.starts_with("`yesterday` is no expiry"), "{refusal}");
    assert_eq!(home.refusal(&["token", "revoke", "@shop_bot", "9"]), "no such token");
}

#[test]
fn an_account_made_beside_a_running_server_works_at_once() {
    let home = Home::new();
    let server = home.serve(&[]);
    let added = home.json(&["account", "add", "--name", "Late"]);
    let (code, answer) = server.get(&format!("/bot{}/getMe", text(&added["token"])));
    assert_eq!((code, &answer["result"]["id"]), (200, &added["id"]), "{answer}");
}

#[test]
fn tokens_are_added_rotated_and_revoked_beside_a_running_server() {
    let home = Home::new();
    let server = home.serve(&["--no-demo"]);
    let first = home.json(&["account", "add", "--name", "Shop", "--username", "my_shop_bot"]);
    let second = home.json(&["token", "add", "@my_shop_bot", "--label", "ci", "--expires", "30d"]);
    assert_eq!((&second["account_id"], &second["label"]), (&first["id"], &"ci".into()));
    let (first, second) = (text(&first["token"]), text(&second["token"]));
    assert_eq!((me(&server, first), me(&server, second)), (200, 200));

    let table = home.ok(&["token", "list", "@my_shop_bot"]);
    assert!(
        table.contains("ci") && table.contains("(in 29 days)") || table.contains("(in 30 days)"),
        "{table}"
    );
    assert!(!table.contains(second), "a token is never listed");

    home.ok(&["token", "revoke", "@my_shop_bot", "1"]);
    assert_eq!((me(&server, first), me(&server, second)), (401, 200));

    let third = home.json(&["token", "rotate", "@my_shop_bot"]);
    assert_eq!((me(&server, second), me(&server, text(&third["token"]))), (401, 200));
    assert_eq!(home.json(&["token", "list", "@my_shop_bot"]).as_array().unwrap().len(), 1);
}
