//! `GET /contacts?q=`: words of any script, in any case, with and without accents, and numbers.

use contactgram_testkit::{Client, json};

use super::{add, each, route};
use crate::kit::{encoded, on_each_engine};

async fn found(client: &Client, q: &str) -> Vec<String> {
    let page = client.get(&format!("/contacts?{}", encoded(&[("q", q)]))).await.result();
    let names = each(&page, "first_name");
    assert_eq!(page["total_count"], names.len(), "{q}");
    names
}

#[tokio::test]
async fn names_are_found_in_any_script_case_and_accent() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await.v1();
        let people = [
            ("José", "Müller", "jose@example.org", "+447900000001"),
            ("Łukasz", "Groß", "lukasz@example.net", "+447900000002"),
            ("Алёна", "Иванова", "alena@example.org", "+79161234567"),
            ("王小明", "", "wang@example.org", "+8613800138000"),
            ("さくら", "田中", "sakura@example.org", "+81312345678"),
            ("محمد", "علي", "m.ali@example.org", "+96612345678"),
            ("100%", "O'Neil_", "percent@example.org", "+447900000003"),
        ];
        for (first, last, email, phone) in people {
            let body = json!({"first_name": first, "last_name": last, "email": email, "phone_number": phone});
            add(&shop, body).await;
        }
        for (q, names) in [
            ("jose", vec!["José"]),
            ("MÜLLER", vec!["José"]),
            ("muller jo", vec!["José"]),
            ("ülle", vec!["José"]),
            ("gross", vec!["Łukasz"]),
            ("алена", vec!["Алёна"]),
            ("ВАНО", vec!["Алёна"]),
            ("小明", vec!["王小明"]),
            ("明", vec!["王小明"]),
            ("田中 さく", vec!["さくら"]),
            ("علي", vec!["محمد"]),
            ("j", vec!["José"]),
            ("m.ali@example", vec!["محمد"]),
            ("example.net", vec!["Łukasz"]),
            ("o'neil", vec!["100%"]),
            ("100%", vec!["100%"]),
            ("+7 (916) 123-45", vec!["Алёна"]),
            ("8000", vec!["王小明"]),
            ("900000", vec!["100%", "José", "Łukasz"]),
            ("jose groß", vec![]),
            ("osé_", vec!["José"]),
            ("🦊", vec![]),
            ("%", vec![]),
            ("nobody", vec![]),
        ] {
            assert_eq!(found(&shop, q).await, names, "{q}");
        }
        assert_eq!(found(&shop, "").await.len(), people.len(), "nothing to look for is no search");
    })
    .await;
}

#[tokio::test]
async fn a_search_follows_what_changes_and_pages_like_a_list() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await.v1();
        let ann = add(&shop, json!({"first_name": "Ann", "email": "ann@example.org"})).await;
        for at in 0..5 {
            let body = json!({"first_name": format!("Twin {at}"), "email": format!("{at}@twins.example")});
            add(&shop, body).await;
        }
        shop.patch(&route(&ann), json!({"first_name": "Berta", "email": null})).await.result();
        assert_eq!(found(&shop, "ann").await, [""; 0]);
        assert_eq!(found(&shop, "berta").await, ["Berta"]);
        shop.delete(&route(&ann)).await.result();
        assert_eq!(found(&shop, "berta").await, [""; 0]);

        let first = shop.get("/contacts?q=twins&limit=3").await.result();
        assert_eq!((&first["total_count"], each(&first, "first_name").len()), (&json!(5), 3));
        let cursor = first["next_cursor"].as_str().expect("there is another page");
        let second = shop.get(&format!("/contacts?q=twins&limit=3&cursor={cursor}")).await.result();
        assert_eq!(each(&second, "first_name"), ["Twin 3", "Twin 4"]);
        let offset = shop.get("/contacts?q=twins&limit=3&offset=3").await.result();
        assert_eq!(each(&offset, "first_name"), ["Twin 3", "Twin 4"]);
        assert!(second.get("next_sync_token").is_none(), "a search is nothing to sync from");
    })
    .await;
}

#[tokio::test]
async fn a_query_longer_than_any_field_is_answered_like_another() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let name = "a".repeat(60);
        add(&shop.v1(), json!({"first_name": name, "email": "a@example.org"})).await;
        shop.bot().call("sendMessage", json!({"chat_id": shop.id, "text": "a".repeat(4000)})).await.result();
        // A message can hold what is looked at of a query; a name can't.
        for (query, contacts, messages) in [("a".repeat(60_000), 0, 1), ("\u{3316}".repeat(60_000), 0, 0)] {
            let page = shop.bot().call("getContacts", json!({"q": query})).await.result();
            assert_eq!(page["total_count"], contacts);
            let page = shop.bot().call("getMessages", json!({"q": query})).await.result();
            assert_eq!(page.as_array().map(Vec::len), Some(messages), "{page}");
        }
    })
    .await;
}
