//! Members on the command line: made with a link or a password, given roles, disabled, removed.

use super::kit::Home;
use serde_json::json;

fn home_with_shop() -> Home {
    let home = Home::new();
    home.ok(&["account", "add", "--name", "Shop", "--username", "my_shop_bot"]);
    home
}

#[test]
fn a_member_is_made_with_a_role_and_a_link_and_listed_without_it() {
    let home = home_with_shop();
    let made =
        home.json(&["member", "add", "Ann@example.org", "--role", "agent", "--account", "@my_shop_bot"]);
    let link = made["link"].as_str().unwrap();
    let code = link.strip_prefix("http://127.0.0.1:8081/portal/welcome?code=").unwrap();
    assert_eq!((code.len(), &made["has_password"]), (43, &json!(false)));
    assert_eq!(made["roles"][0]["role"], "agent");
    let listed = home.json(&["member", "list"]);
    assert_eq!((&listed[0]["name"], &listed[0]["roles"]), (&json!("Ann@example.org"), &made["roles"]));
    assert!(!listed.to_string().contains(code));
    let again = home.json(&["member", "link", "ann@EXAMPLE.org"]);
    assert_ne!(again["link"], made["link"]);
    let shown = home.ok(&["member", "list"]);
    assert!(shown.contains("no password yet") && shown.contains("agent of "), "{shown}");
}

#[test]
fn a_password_comes_from_standard_input_and_is_in_no_answer() {
    let home = Home::new();
    let arguments = ["member", "add", "boss", "--role", "owner", "--all-accounts", "--password-stdin"];
    let made = home.json_reading(&arguments, "a password of many words\n");
    assert_eq!((&made["has_password"], made.get("link")), (&json!(true), None));
    assert_eq!(made["roles"], json!([{"role": "owner"}]));
    assert!(!made.to_string().contains("many words"));
    let refusal = home.refusal(&["member", "add", "other", "--password-stdin"]);
    assert_eq!(refusal, "password must have 10 to 256 characters", "standard input was empty");
}

#[test]
fn roles_are_given_and_taken_but_not_the_last_owners() {
    let home = home_with_shop();
    home.ok(&["member", "add", "boss", "--role", "owner", "--all-accounts"]);
    home.ok(&["member", "add", "ann"]);
    let given = home.json(&["member", "role", "ann", "--account", "@my_shop_bot", "admin"]);
    assert_eq!(given["role"], "admin");
    home.ok(&["member", "role", "ann", "--all", "viewer"]);
    let taken = home.json(&["member", "role", "ann", "--account", "@my_shop_bot", "none"]);
    assert_eq!(taken["role"], json!(null));
    let ann = home.json(&["member", "list"])[1].clone();
    assert_eq!(ann["roles"], json!([{"role": "viewer"}]));
    for last in [
        &["member", "role", "boss", "--all", "none"][..],
        &["member", "disable", "boss"],
        &["member", "remove", "boss"],
    ] {
        assert_eq!(home.refusal(last), "the last owner can't go: make somebody else an owner first");
    }
    // Whoever was only invited can't take over from an owner who signs in; the other way round they can.
    let arguments = ["member", "add", "signs", "--role", "owner", "--all-accounts", "--password-stdin"];
    home.json_reading(&arguments, "a password of many words\n");
    assert_eq!(
        home.refusal(&["member", "remove", "signs"]),
        "the last owner can't go: make somebody else an owner first"
    );
    home.ok(&["member", "remove", "boss"]);
    assert!(home.refusal(&["member", "role", "ann", "--all", "god"]).contains("is no role"));
    assert!(home.refusal(&["member", "link", "nobody"]).starts_with("no member signs in as `nobody`"));
    let both = home.run(&["member", "role", "ann", "--all", "--account", "@my_shop_bot", "agent"]);
    assert_eq!(both.code, Some(2));
}

#[test]
fn a_member_is_disabled_enabled_and_removed_by_name_or_number() {
    let home = home_with_shop();
    let number = home.json(&["member", "add", "ann"])["member_id"].to_string();
    home.ok(&["member", "disable", "ann"]);
    assert_eq!(home.json(&["member", "list"])[0]["disabled"], true);
    assert_eq!(home.refusal(&["member", "link", "ann"]), "the member is disabled");
    home.ok(&["member", "enable", &number]);
    assert_eq!(home.json(&["member", "sessions", "ann"]), json!([]));
    assert_eq!(home.json(&["member", "sessions", "ann", "--end"])["ended"], 0);
    home.ok(&["member", "remove", &number]);
    assert_eq!(home.json(&["member", "list"]), json!([]));
}

#[test]
fn a_start_prints_the_owners_link_until_somebody_can_sign_in() {
    let home = Home::new();
    let link_in = |printed: &str| {
        let mark = "/portal/welcome?code=";
        printed.lines().find_map(|line| line.split_once(mark)).map(|(_, code)| code.trim().to_owned())
    };
    let first = link_in(&home.serve(&[]).stop()).unwrap();
    let second = link_in(&home.serve(&[]).stop()).unwrap();
    assert_ne!(first, second, "a start makes a new one");
    home.json_reading(&["member", "add", "ann", "--password-stdin"], "a password of many words");
    assert_eq!(link_in(&home.serve(&[]).stop()), None);
}
