//! `GET /contacts`: order, pages by offset and by cursor, filters, field masks, and values that make no sense.

use contactgram_testkit::{Client, Options, TestServer, Value, json};

use super::{add, bad_request, each, ids};
use crate::kit::{number, on_each_engine, text};

/// Names in the order of `sort=name`; added in another.
const NAMES: [&str; 7] = ["Ádám", "Bea", "Čeněk", "Dora", "Émile", "Фёдор", "明"];

async fn add_all(client: &Client) {
    for at in [4, 0, 6, 2, 5, 1, 3] {
        let label = if at % 2 == 0 { "even" } else { "odd" };
        let body = json!({
            "first_name": NAMES[at],
            "phone_number": format!("+4479000000{at:02}"),
            "labels": [label, "all"],
        });
        add(client, body).await;
    }
}

#[tokio::test]
async fn pages_by_offset_and_by_cursor_show_each_contact_once_in_every_order() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await.v1();
        add_all(&shop).await;
        for sort in ["name", "id", "updated_at"] {
            let whole = shop.get(&format!("/contacts?sort={sort}")).await.result();
            assert_eq!((number(&whole["total_count"]), ids(&whole).len()), (7, 7));
            assert!(whole.get("next_cursor").is_none(), "there is no other page: {whole}");
            assert_eq!(by_cursor(&shop, &format!("sort={sort}&limit=3")).await, ids(&whole), "{sort}");
            assert_eq!(by_offset(&shop, &format!("sort={sort}&limit=3")).await, ids(&whole), "{sort}");
        }
        assert_eq!(each(&shop.get("/contacts").await.result(), "first_name"), NAMES, "name is the default");
        let by_id = ids(&shop.get("/contacts?sort=id").await.result());
        assert!(by_id.is_sorted(), "{by_id:?}");
        let by_change = shop.get("/contacts?sort=updated_at").await.result();
        assert_eq!(each(&by_change, "first_name"), [4, 0, 6, 2, 5, 1, 3].map(|at| NAMES[at]));
    })
    .await;
}

async fn by_cursor(client: &Client, query: &str) -> Vec<i64> {
    let mut seen = Vec::new();
    let mut path = format!("/contacts?{query}");
    loop {
        let page = client.get(&path).await.result();
        assert_eq!(page["total_count"], 7);
        seen.extend(ids(&page));
        let Some(cursor) = page["next_cursor"].as_str() else {
            assert!(page["next_sync_token"].is_string(), "the last page has it: {page}");
            return seen;
        };
        assert!(page.get("next_sync_token").is_none(), "only the last page has it: {page}");
        path = format!("/contacts?{query}&cursor={cursor}");
    }
}

async fn by_offset(client: &Client, query: &str) -> Vec<i64> {
    let mut seen = Vec::new();
    for offset in [0, 3, 6, 9] {
        let page = client.get(&format!("/contacts?{query}&offset={offset}")).await.result();
        if offset > 0 {
            assert!(page.get("next_sync_token").is_none(), "pages before may have changed since: {page}");
        }
        seen.extend(ids(&page));
    }
    seen
}

#[tokio::test]
async fn contacts_that_come_and_go_between_pages_make_no_other_appear_twice_or_vanish() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await.v1();
        add_all(&shop).await;
        let first = shop.get("/contacts?limit=3").await.result();
        assert_eq!(each(&first, "first_name"), NAMES[..3]);
        shop.delete(&format!("/contacts/{}", ids(&first)[1])).await.result();
        add(&shop, json!({"first_name": "Aaron", "phone_number": "+447900000100"})).await;
        add(&shop, json!({"first_name": "Zoe", "phone_number": "+447900000101"})).await;
        let path = format!("/contacts?limit=100&cursor={}", text(&first["next_cursor"]));
        let rest = shop.get(&path).await.result();
        assert_eq!(each(&rest, "first_name"), ["Dora", "Émile", "Zoe", "Фёдор", "明"]);
    })
    .await;
}

#[tokio::test]
async fn labels_filter_and_count() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await.v1();
        add_all(&shop).await;
        let odd = shop.get("/contacts?label=odd").await.result();
        assert_eq!((&odd["total_count"], each(&odd, "first_name")), (&json!(3), only([1, 3, 5])));
        let first = shop.get("/contacts?label=even&limit=2").await.result();
        assert_eq!((&first["total_count"], each(&first, "first_name")), (&json!(4), only([0, 2])));
        let path = format!("/contacts?label=even&limit=2&cursor={}", text(&first["next_cursor"]));
        let second = shop.get(&path).await.result();
        assert_eq!(each(&second, "first_name"), only([4, 6]));
        assert!(second.get("next_sync_token").is_none(), "a part of the list is nothing to sync from");
        let none = shop.get("/contacts?label=nobody").await.result();
        assert_eq!(none, json!({"total_count": 0, "contacts": []}));
        // Labels are the caller's words: letter for letter.
        assert_eq!(shop.get("/contacts?label=ODD").await.result()["total_count"], 0);
    })
    .await;
}

fn only<const N: usize>(places: [usize; N]) -> Vec<String> {
    places.map(|at| NAMES[at].to_owned()).to_vec()
}

#[tokio::test]
async fn a_mask_leaves_the_named_fields_alone_in_lists_and_in_one_contact() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await.v1();
    let made = add(&shop, json!({"first_name": "Ann", "phone_number": "+447900000001", "note": "VIP"})).await;
    let list = shop.get("/contacts?fields=id,first_name").await.result();
    assert_eq!(list["contacts"], json!([{"id": made["id"], "first_name": "Ann"}]));
    let one = shop.get(&format!("/contacts/{}?fields=%20note%20,email", made["id"])).await.result();
    assert_eq!(one, json!({"note": "VIP"}), "a field without a value is left out");
    let all = shop.get("/contacts?fields=").await.result();
    assert_eq!(all["contacts"][0], made, "no mask is no mask");
}

#[tokio::test]
async fn a_value_that_makes_no_sense_is_refused_by_its_name() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let named = [
        ("limit=0", "limit must be a whole number from 1 to 1000, not \"0\""),
        ("limit=1001", "limit must be a whole number from 1 to 1000, not \"1001\""),
        ("limit=ten", "limit must be a whole number from 1 to 1000, not \"ten\""),
        ("limit=", "limit must be a whole number from 1 to 1000, not \"\""),
        ("offset=-1", "offset must be a whole number of at least 0, not \"-1\""),
        ("offset=1.5", "offset must be a whole number of at least 0, not \"1.5\""),
        ("sort=age", "sort must be name, id or updated_at"),
        ("fields=first_name,age", "fields names \"age\", which a contact does not have"),
        ("cursor=here", "cursor is not one that this server gave for this sort"),
        ("cursor=IjEi", "cursor is not one that this server gave for this sort"),
        ("sync_token=then", "sync_token is not one that this server gave"),
    ];
    for (query, text) in named {
        assert_eq!(bad_request(&shop.v1().get(&format!("/contacts?{query}")).await), text, "{query}");
        assert_eq!(bad_request(&shop.bot().get(&format!("/getContacts?{query}")).await), text, "{query}");
    }
}

#[tokio::test]
async fn a_cursor_belongs_to_its_order_and_goes_with_no_offset() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await.v1();
    add_all(&shop).await;
    let cursor = text(&shop.get("/contacts?limit=1").await.result()["next_cursor"]);
    let of_another_order = shop.get(&format!("/contacts?sort=id&cursor={cursor}")).await;
    assert_eq!(bad_request(&of_another_order), "cursor is not one that this server gave for this sort");
    let with_offset = shop.get(&format!("/contacts?offset=2&cursor={cursor}")).await;
    assert_eq!(bad_request(&with_offset), "offset and cursor can't be given together");
    let of_the_start = shop.get(&format!("/contacts?offset=0&cursor={cursor}")).await.result();
    assert_eq!(ids(&of_the_start).len(), 6);
    let limits: Vec<Value> = vec![shop.get("/contacts?limit=1000&offset=9223372036854775807").await.result()];
    assert_eq!(limits[0]["contacts"], json!([]), "the largest offset is no fault");
}
