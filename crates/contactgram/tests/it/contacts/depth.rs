//! `GET /contacts?offset=`: deep pages are the list's own rows, whatever the server remembers of it, and rows
//! are what POST answered, byte for byte.

use contactgram_testkit::json;

use super::{add, ids};
use crate::kit::on_each_engine;

/// Enough for two fences of the hub and some rows behind.
const MANY: usize = 300;

#[tokio::test]
async fn deep_pages_are_the_rows_of_the_list_also_after_it_changed() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await.v1();
        for at in 0..MANY {
            let name = format!("{:03} Ann", at * 7 % MANY);
            add(&shop, json!({"first_name": name, "phone_number": format!("+44790000{at:04}")})).await;
        }
        for round in 0..3 {
            for sort in ["name", "id", "updated_at"] {
                let all = ids(&shop.get(&format!("/contacts?sort={sort}&limit=1000")).await.result());
                assert_eq!(all.len(), MANY);
                // Each offset twice: the second time of a version the server puts up its fences.
                for offset in [130, 130, 127, 128, 129, 255, 256, 257, 299, 130, 300, 1000] {
                    let path = format!("/contacts?sort={sort}&limit=20&offset={offset}");
                    let page = shop.get(&path).await.result();
                    let wanted: Vec<i64> = all.iter().skip(offset).take(20).copied().collect();
                    assert_eq!(ids(&page), wanted, "{sort} from {offset} in round {round}");
                    assert_eq!(page["total_count"], MANY);
                    assert_eq!(page.get("next_cursor").is_some(), offset + 20 < MANY);
                }
            }
            let first = ids(&shop.get("/contacts?limit=1").await.result())[0];
            shop.delete(&format!("/contacts/{first}")).await.result();
            add(&shop, json!({"first_name": "Zoe", "phone_number": format!("+4478000000{round:02}")})).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_contact_is_the_same_bytes_wherever_it_is_answered() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await.v1();
        let body = json!({
            "first_name": "A\u{7f}\u{1f642}/\"", "phone_number": "+447900000001", "note": "\u{1}\n\\", "labels": ["b", "a"],
            "attributes": {"z": 1e300, "a": 0.1, "ключ": {"\u{0}": [null, -1, 0.30000000000000004]}},
        });
        let start = shop.get("/contacts").await.result()["next_sync_token"].as_str().map(str::to_owned).unwrap();
        let posted = shop.post("/contacts", body).await.text;
        let bare = posted.strip_prefix(r#"{"ok":true,"result":"#).and_then(|rest| rest.strip_suffix('}')).unwrap();
        let id = ids(&shop.get("/contacts").await.result())[0];
        assert_eq!(shop.get(&format!("/contacts/{id}")).await.text, posted);
        let listed = shop.get("/contacts").await.text;
        assert!(listed.contains(&format!(r#""contacts":[{bare}]"#)), "{listed} holds {bare}");
        let path = format!("/contacts?sync_token={start}");
        let synced = shop.get(&path).await.text;
        assert!(synced.contains(&format!(r#""contacts":[{bare}]"#)), "{synced} holds {bare}");
        let second = add(&shop, json!({"first_name": "B", "email": "b@example.org"})).await;
        shop.delete(&format!("/contacts/{id}")).await.result();
        let masked = shop.get(&format!("{path}&fields=first_name")).await.result();
        let gone = json!({"id": id, "deleted": true});
        assert_eq!(masked["contacts"], json!([{"first_name": second["first_name"]}, gone]), "what is gone is whole");
    })
    .await;
}
