//! `GET /contacts?sync_token=`: what changed since, with the removed, and tokens that are no longer good.

use contactgram_testkit::{Client, Value, json};

use super::{add, bad_request, each, ids, route};
use crate::kit::{number, on_each_engine, text};

async fn token(client: &Client) -> String {
    text(&client.get("/contacts?limit=1000").await.result()["next_sync_token"])
}

async fn since(client: &Client, token: &str) -> Value {
    client.get(&format!("/contacts?sync_token={token}")).await.result()
}

#[tokio::test]
async fn a_sync_holds_what_is_new_what_changed_and_what_is_gone_and_nothing_else() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await.v1();
        let start = token(&shop).await;
        let mut made = Vec::new();
        for at in 0..4 {
            let body = json!({"first_name": format!("C{at}"), "phone_number": format!("+44790000000{at}")});
            made.push(add(&shop, body).await);
        }
        let first = since(&shop, &start).await;
        assert_eq!(first["contacts"], json!(made));
        let then = text(&first["next_sync_token"]);

        let nothing = since(&shop, &then).await;
        assert_eq!((&nothing["contacts"], &nothing["total_count"]), (&json!([]), &json!(4)));

        shop.patch(&route(&made[1]), json!({"note": "changed"})).await.result();
        shop.delete(&route(&made[2])).await.result();
        let new = add(&shop, json!({"first_name": "New", "email": "new@example.org"})).await;
        // Added, changed and removed between two looks: only its end counts.
        let brief = add(&shop, json!({"first_name": "Brief", "email": "brief@example.org"})).await;
        shop.delete(&route(&brief)).await.result();
        let changes = since(&shop, &then).await;
        let changed = shop.get(&route(&made[1])).await.result();
        let gone = |contact: &Value| json!({"id": contact["id"], "deleted": true});
        assert_eq!(changes["contacts"], json!([changed, gone(&made[2]), new, gone(&brief)]));
        // An older token still works, and tells the same end.
        let from_start = since(&shop, &start).await;
        assert_eq!(ids(&from_start).len(), 6);
        assert_eq!(from_start["next_sync_token"], changes["next_sync_token"]);
    })
    .await;
}

#[tokio::test]
async fn a_long_sync_comes_in_pages_that_miss_nothing() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await.v1();
        let start = token(&shop).await;
        let mut expected = Vec::new();
        for at in 0..9 {
            let made =
                add(&shop, json!({"first_name": format!("C{at}"), "email": format!("{at}@x.example")})).await;
            expected.push(number(&made["id"]));
        }
        for at in [0, 4, 8] {
            shop.delete(&format!("/contacts/{}", expected[at])).await.result();
        }
        let mut seen = Vec::new();
        let mut path = format!("/contacts?limit=2&sync_token={start}");
        let last = loop {
            let page = shop.get(&path).await.result();
            seen.extend(ids(&page));
            match page["next_cursor"].as_str() {
                Some(cursor) => path = format!("/contacts?limit=2&sync_token={start}&cursor={cursor}"),
                None => break text(&page["next_sync_token"]),
            }
            assert!(page.get("next_sync_token").is_none(), "only the last page has it: {page}");
        };
        seen.sort_unstable();
        expected.sort_unstable();
        assert_eq!(seen, expected, "each once");
        assert_eq!(since(&shop, &last).await["contacts"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_change_between_the_pages_of_a_list_is_in_the_sync_that_follows() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await.v1();
        let mut made = Vec::new();
        for name in ["A", "B", "C"] {
            made.push(add(&shop, json!({"first_name": name, "email": format!("{name}@x.example")})).await);
        }
        let first = shop.get("/contacts?limit=2").await.result();
        shop.patch(&route(&made[0]), json!({"note": "late"})).await.result();
        let rest = format!("/contacts?limit=2&cursor={}", text(&first["next_cursor"]));
        let rest = shop.get(&rest).await.result();
        assert_eq!(each(&rest, "first_name"), ["C"]);
        let changes = since(&shop, &text(&rest["next_sync_token"])).await;
        assert_eq!(
            (ids(&changes), &changes["contacts"][0]["note"]),
            (vec![number(&made[0]["id"])], &json!("late"))
        );
    })
    .await;
}

#[tokio::test]
async fn removed_and_added_again_is_there_at_the_end_of_a_sync() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await.v1();
        let body = json!({"first_name": "Ann", "phone_number": "+447900000001"});
        let ann = add(&shop, body.clone()).await;
        let then = token(&shop).await;
        shop.delete(&route(&ann)).await.result();
        let again = add(&shop, body).await;
        assert_eq!(again["id"], ann["id"], "the number waits under the same id");
        let changes = since(&shop, &then).await;
        assert_eq!(changes["contacts"], json!([again]), "it is not gone, so nothing says that it is");
    })
    .await;
}

#[tokio::test]
async fn a_token_that_this_store_can_not_have_given_is_gone() {
    on_each_engine(async |server| {
        let (busy, quiet) = (server.account("Busy").await.v1(), server.account("Quiet").await.v1());
        for at in 0..3 {
            add(&busy, json!({"first_name": "C", "email": format!("{at}@x.example")})).await;
        }
        // As after a restore from an older backup: the token is ahead of the store.
        let ahead = token(&busy).await;
        let text = "Gone: the sync token has expired; list the contacts again without it";
        let answer = quiet.get(&format!("/contacts?sync_token={ahead}")).await;
        assert_eq!(answer.refusal(), (410, text.to_owned()));
        let answer = quiet.call("getContacts", json!({"sync_token": ahead})).await;
        assert_eq!(answer.refusal(), (410, text.to_owned()));
        // Another kind of position is no sync token.
        add(&quiet, json!({"first_name": "A", "email": "a@x.example"})).await;
        add(&quiet, json!({"first_name": "B", "email": "b@x.example"})).await;
        let cursor = quiet.get("/contacts?limit=1").await.result();
        let cursor = cursor["next_cursor"].as_str().expect("there is another page");
        let answer = quiet.get(&format!("/contacts?sync_token={cursor}")).await;
        assert_eq!(bad_request(&answer), "sync_token is not one that this server gave");
    })
    .await;
}

#[tokio::test]
async fn a_mask_leaves_the_removed_recognisable() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await.v1();
        let ann = add(&shop, json!({"first_name": "Ann", "email": "ann@x.example"})).await;
        let then = token(&shop).await;
        shop.delete(&route(&ann)).await.result();
        let bob = add(&shop, json!({"first_name": "Bob", "email": "bob@x.example"})).await;
        let changes = shop.get(&format!("/contacts?fields=id,email&sync_token={then}")).await.result();
        let expected =
            json!([{"id": ann["id"], "deleted": true}, {"id": bob["id"], "email": "bob@x.example"}]);
        assert_eq!(changes["contacts"], expected);
    })
    .await;
}
