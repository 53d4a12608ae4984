//! `GET /audit`: an account's log over HTTP, by who manages the account, on both engines.

use contactgram_testkit::{Options, json};

use crate::kit::{key, on_each_engine_with, text};

#[tokio::test]
async fn an_accounts_log_is_read_in_pages_by_who_manages_it_and_shows_no_other() {
    on_each_engine_with(Options::default(), async |server| {
        let (shop, other) = (server.account("Shop").await, server.account("Other").await);
        let made = key(&server, &shop, &["--scope", "contacts:read", "--label", "desk"]).await;
        let ann =
            shop.v1().post("contacts", json!({"first_name": "Ann", "phone_number": "+14155550107"})).await;
        let ann = ann.result()["id"].as_i64().expect("an id");
        shop.v1().delete(&format!("contacts/{ann}")).await.result();
        shop.v1().delete(&format!("contacts/{ann}")).await.refusal();

        let page = shop.v1().get("audit?limit=2").await.result();
        let newest = &page["entries"][0];
        assert_eq!(newest["action"], "contact.removed");
        assert_eq!(newest["target"], format!("contact {ann}"));
        assert_eq!((&newest["account_id"], &newest["actor"]["kind"]), (&json!(shop.id), &json!("token")));
        assert_eq!(page["entries"][1]["details"]["label"], "desk");
        assert_eq!(newest["seq"].as_i64(), page["entries"][1]["seq"].as_i64().map(|seq| seq + 1));
        let cursor = text(&page["next_cursor"]);
        let rest = shop.bot().get(&format!("audit?limit=1000&cursor={cursor}")).await.result();
        let first = rest["entries"].as_array().expect("a list").last().expect("an entry").clone();
        assert_eq!((&first["action"], &first["seq"]), (&json!("account.added"), &json!(1)));
        assert!(rest.get("next_cursor").is_none());

        let asked = async |query: &str| shop.v1().get(&format!("audit?{query}")).await.result();
        assert_eq!(asked("action=key.added").await["entries"].as_array().map(Vec::len), Some(1));
        assert_eq!(asked("actor=token").await["entries"].as_array().map(Vec::len), Some(1));
        assert_eq!(asked("until=1000").await["entries"], json!([]));
        assert_eq!(asked("from=9999999999").await["entries"], json!([]));
        for wrong in
            ["limit=0", "limit=1001", "cursor=x", "actor=god", "actor=member:x", "action=x", "from=x"]
        {
            assert_eq!(shop.v1().get(&format!("audit?{wrong}")).await.status, 400, "{wrong}");
        }
        let theirs = other.v1().get("audit").await;
        assert!(
            !theirs.text.contains("desk") && !theirs.text.contains(&shop.id.to_string()),
            "{}",
            theirs.text
        );
        let small = server.bot(&text(&made["key"])).get("audit").await.refusal();
        assert_eq!(small, (403, "Forbidden: the credential lacks the scope account:manage".to_owned()));
        assert_eq!(shop.v1().post("audit", json!({})).await.status, 405);
        let everything = shop.v1().get("audit?limit=1000").await.text;
        assert!(!everything.contains("4155550107") && !everything.contains("Ann"), "{everything}");
    })
    .await;
}
