//! Two accounts of one server: neither can tell that the other is there.

use contactgram_testkit::{Client, Method, Value, json};

use super::{add, is_missing, route};
use crate::kit::{on_each_engine, text};

#[tokio::test]
async fn another_accounts_contact_answers_exactly_as_one_that_never_was() {
    on_each_engine(async |server| {
        let (mine, other) = (server.account("Mine").await, server.account("Other").await);
        let secret = json!({
            "first_name": "Secret", "phone_number": "+447900000001", "username": "secret_name",
            "email": "secret@example.org", "note": "theirs", "labels": ["theirs"],
        });
        let theirs = add(&other.v1(), secret).await;
        let named = add(&other.v1(), json!({"first_name": "Named", "username": "only_named"})).await;
        let client = mine.v1();
        for contact in [&theirs, &named] {
            let path = route(contact);
            is_missing(&client.get(&path).await);
            is_missing(&client.patch(&path, json!({"note": "mine"})).await);
            is_missing(&client.put(&path, json!({"first_name": "Mine"})).await);
            is_missing(&client.delete(&path).await);
            is_missing(&client.delete(&format!("{path}/delete")).await);
            is_missing(&client.get(&format!("{path}/messages")).await);
            same_as_never_there(&client, contact).await;
        }
        for key in [json!({"phone_number": "+447900000001"}), json!({"username": "secret_name"})] {
            is_missing(&client.call("getContact", key.clone()).await);
            is_missing(&client.call("deleteContact", key).await);
        }
        for query in ["q=secret", "q=7900", "label=theirs", "limit=1000"] {
            let page = client.get(&format!("/contacts?{query}")).await.result();
            assert_eq!((&page["total_count"], &page["contacts"]), (&json!(0), &json!([])), "{query}");
        }
        assert_eq!(other.v1().get(&route(&theirs)).await.result(), theirs, "nothing of theirs changed");
    })
    .await;
}

/// The same requests for an id that nobody ever had, letter for letter.
async fn same_as_never_there(client: &Client, contact: &Value) {
    let never = (1_i64 << 39) + 5;
    let asks = |id: &Value| {
        [
            ("sendMessage", json!({"chat_id": id, "text": "x"})),
            ("sendMessage", json!({"contact_id": id, "text": "x"})),
            ("getChat", json!({"chat_id": id})),
            ("sendChatAction", json!({"chat_id": id, "action": "typing"})),
            ("getChatMember", json!({"chat_id": id, "user_id": id})),
            ("getMessages", json!({"chat_id": id})),
            ("addContact", json!({"user_id": id})),
        ]
    };
    for ((method, theirs), (_, nobodys)) in asks(&contact["id"]).into_iter().zip(asks(&json!(never))) {
        let (one, other) = (client.call(method, theirs).await, client.call(method, nobodys).await);
        assert_eq!((one.status, &one.text), (other.status, &other.text), "{method}");
    }
}

#[tokio::test]
async fn the_same_number_is_a_contact_of_each_with_its_own_name_and_labels() {
    on_each_engine(async |server| {
        let (one, two) = (server.account("One").await.v1(), server.account("Two").await.v1());
        let phone = "+447900000001";
        let first = add(&one, json!({"first_name": "Boss", "phone_number": phone, "labels": ["work"]})).await;
        let second = add(&two, json!({"first_name": "Dad", "phone_number": phone, "labels": ["home"]})).await;
        one.patch(&route(&first), json!({"note": "strict"})).await.result();
        assert_eq!(two.get(&route(&second)).await.result(), second);
        one.delete(&route(&first)).await.result();
        assert_eq!(two.get(&route(&second)).await.result(), second);
        assert_eq!(two.get("/contacts?label=home&q=dad").await.result()["total_count"], 1);
    })
    .await;
}

#[tokio::test]
async fn positions_and_keys_of_one_account_open_nothing_in_another() {
    on_each_engine(async |server| {
        let (one, two) = (server.account("One").await.v1(), server.account("Two").await.v1());
        for name in ["A", "B", "C"] {
            add(&one, json!({"first_name": name, "email": format!("{name}@one.example")})).await;
        }
        let body = json!({"first_name": "Z", "email": "z@two.example"});
        let send = async |client: &Client| {
            let request = client.request(Method::POST, "/contacts").header("Idempotency-Key", "same");
            client.send(request.json(&body)).await
        };
        assert_eq!(send(&one).await.status, 201);
        assert_eq!(send(&two).await.status, 201, "the key of another account is another key");
        let cursor = text(&one.get("/contacts?limit=1").await.result()["next_cursor"]);
        let page = two.get(&format!("/contacts?cursor={cursor}")).await.result();
        assert_eq!(super::each(&page, "first_name"), ["Z"]);
    })
    .await;
}
