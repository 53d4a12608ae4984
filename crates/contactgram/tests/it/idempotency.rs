//! `Idempotency-Key`: a POST that is repeated acts once and is answered as the first time, byte for byte.

use contactgram_testkit::{Account, Answer, Client, Method, Options, TestServer, Value, json};

use crate::kit::{number, on_each_engine};

async fn post(client: &Client, path: &str, key: &str, body: &Value) -> Answer {
    let request = client.request(Method::POST, path).header("Idempotency-Key", key);
    client.send(request.json(body)).await
}

/// How many messages an account sent.
async fn sent(account: &Account) -> usize {
    let history = account.v1().get("/messages?direction=out&limit=1000").await.json();
    history.as_array().expect("a bare array").len()
}

#[track_caller]
fn is_the_same(first: &Answer, second: &Answer) {
    assert_eq!((first.status, &first.text), (second.status, &second.text));
    for header in ["location", "etag", "content-type"] {
        assert_eq!(first.header(header), second.header(header), "{header}");
    }
}

#[tokio::test]
async fn a_repeated_request_acts_once_and_gets_the_first_answer_byte_for_byte() {
    on_each_engine(async |server| {
        let (shop, john) = (server.account("Shop").await, server.account("John").await);
        let client = shop.v1();

        let hello = json!({"chat_id": john.id, "text": "Hello"});
        let first = post(&client, "sendMessage", "send-1", &hello).await;
        assert_eq!(first.status, 200, "{}", first.text);
        for _ in 0..3 {
            is_the_same(&first, &post(&client, "sendMessage", "send-1", &hello).await);
        }
        // The token in the path this time; it is still the same request.
        is_the_same(&first, &post(&shop.bot(), "sendMessage", "send-1", &hello).await);
        assert_eq!(sent(&shop).await, 1);
        assert_eq!(john.bot().call("getUpdates", json!({})).await.result().as_array().map(Vec::len), Some(1));

        let ann = json!({"first_name": "Ann", "phone_number": "+447900000001"});
        let made = post(&client, "contacts", "add-1", &ann).await;
        assert_eq!((made.status, made.header("location").is_some()), (201, true));
        let id = made.result()["id"].clone();
        client.patch(&format!("contacts/{id}"), json!({"note": "changed since"})).await.result();
        is_the_same(&made, &post(&client, "contacts", "add-1", &ann).await);
        let by_method = post(&client, "addContact", "add-2", &ann).await;
        is_the_same(&by_method, &post(&client, "addContact", "add-2", &ann).await);

        let removal = format!("contacts/{id}/delete");
        let removed = post(&client, &removal, "delete-1", &json!({})).await;
        assert_eq!(removed.result(), true);
        is_the_same(&removed, &post(&client, &removal, "delete-1", &json!({})).await);
        assert_eq!(
            post(&client, &removal, "delete-2", &json!({})).await.refusal().0,
            404,
            "another key is another request"
        );
        // Even now the first answer is what it was: the contact isn't made again.
        is_the_same(&made, &post(&client, "contacts", "add-1", &ann).await);
        assert_eq!(client.get("contacts?q=ann").await.result()["total_count"], 0);
    })
    .await;
}

#[tokio::test]
async fn a_key_that_comes_back_with_something_else_is_a_422_and_does_nothing() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let client = shop.v1();
        let body = json!({"chat_id": shop.id, "text": "one"});
        assert_eq!(post(&client, "sendMessage", "key", &body).await.status, 200);
        let text = "Unprocessable Entity: the Idempotency-Key was used before with another request";
        let others = [
            ("sendMessage", json!({"chat_id": shop.id, "text": "two"})),
            ("sendMessage?text=one", body.clone()),
            ("addContact", body.clone()),
            ("contacts", json!({"first_name": "Ann", "email": "ann@example.org"})),
        ];
        for (path, body) in others {
            assert_eq!(
                post(&client, path, "key", &body).await.refusal(),
                (422, text.to_owned()),
                "{path} {body}"
            );
        }
        assert_eq!(
            (sent(&shop).await, client.get("contacts").await.result()["total_count"].clone()),
            (1, json!(0))
        );
        assert_eq!(
            post(&client, "sendMessage", "key", &body).await.status,
            200,
            "the first is still the first"
        );
    })
    .await;
}

#[tokio::test]
async fn parallel_copies_have_one_effect_between_them() {
    on_each_engine(async |server| {
        let (shop, john) = (server.account("Shop").await, server.account("John").await);
        for round in 0..8 {
            let key = format!("parallel-{round}");
            let body = json!({"chat_id": john.id, "text": key});
            let copies: Vec<_> = (0..8)
                .map(|_| {
                    let (client, key, body) = (shop.v1(), key.clone(), body.clone());
                    tokio::spawn(async move { post(&client, "sendMessage", &key, &body).await })
                })
                .collect();
            let mut done: Vec<Answer> = Vec::new();
            for copy in copies {
                let answer = copy.await.expect("a request does not panic");
                if answer.status == 200 {
                    done.push(answer);
                    continue;
                }
                let text = "Conflict: a request with this Idempotency-Key is still running";
                assert_eq!(answer.refusal(), (409, text.to_owned()));
            }
            let first = done.first().expect("one of them was done");
            done.iter().for_each(|answer| is_the_same(first, answer));
            is_the_same(first, &post(&shop.v1(), "sendMessage", &key, &body).await);
            assert_eq!(sent(&shop).await, round + 1);
        }
        let updates = john.bot().call("getUpdates", json!({})).await.result();
        assert_eq!(updates.as_array().map(Vec::len), Some(8));
    })
    .await;
}

#[tokio::test]
async fn what_was_refused_may_be_tried_again_under_its_key() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let client = shop.v1();
        let body = json!({"contact_id": 5_555_555_555_i64, "text": "Hello"});
        let refused = post(&client, "sendMessage", "again", &body).await;
        assert_eq!(refused.refusal(), (400, "Bad Request: chat not found".to_owned()));
        // Nothing happened, so nothing is kept: not even what the request was.
        let other = json!({"chat_id": shop.id, "text": "Hello"});
        assert_eq!(post(&client, "sendMessage", "again", &other).await.status, 200);
        assert_eq!(sent(&shop).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_key_has_1_to_255_visible_characters() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let client = shop.v1();
    let body = json!({"chat_id": shop.id, "text": "Hello"});
    let longest = "k".repeat(255);
    for key in ["k", "7f1e-40", "any \"visible\" sign: {},;=", &longest] {
        let first = post(&client, "sendMessage", key, &body).await;
        assert_eq!(first.status, 200, "{key}: {}", first.text);
        is_the_same(&first, &post(&client, "sendMessage", key, &body).await);
    }
    assert_eq!(sent(&shop).await, 4);
    let text = "Bad Request: Idempotency-Key must have 1 to 255 visible characters";
    for key in ["", " ", &"k".repeat(256), "schlüssel"] {
        assert_eq!(post(&client, "sendMessage", key, &body).await.refusal(), (400, text.to_owned()), "{key}");
    }
    assert_eq!(sent(&shop).await, 4);
    // A GET has nothing to repeat.
    let request = client.request(Method::GET, "getMe").header("Idempotency-Key", "k");
    assert_eq!(client.send(request).await.status, 200);
}

#[tokio::test]
async fn each_account_has_keys_of_its_own() {
    on_each_engine(async |server| {
        let (one, two) = (server.account("One").await, server.account("Two").await);
        let body = json!({"first_name": "Ann", "phone_number": "+447900000001"});
        let first = post(&one.v1(), "contacts", "key", &body).await;
        let second =
            post(&two.v1(), "contacts", "key", &json!({"first_name": "Bob", "email": "b@x.example"})).await;
        assert_eq!((first.status, second.status), (201, 201), "{}", second.text);
        assert_eq!(second.result()["first_name"], "Bob");
    })
    .await;
}

#[tokio::test]
async fn keys_survive_a_restart_and_a_kill() {
    on_each_engine(async |mut server| {
        let shop = server.account("Shop").await;
        let body = json!({"chat_id": shop.id, "text": "Hello"});
        let first = post(&shop.v1(), "sendMessage", "key", &body).await;
        assert_eq!(first.status, 200, "{}", first.text);
        server.restart().await;
        is_the_same(&first, &post(&shop.v1(), "sendMessage", "key", &body).await);
        server.kill().await;
        server.start_again().await;
        is_the_same(&first, &post(&shop.v1(), "sendMessage", "key", &body).await);
        assert_eq!(sent(&shop).await, 1);
    })
    .await;
}

#[tokio::test]
async fn every_method_that_writes_takes_a_key() {
    on_each_engine(async |server| {
        let (shop, john) = (server.account("Shop").await, server.account("John").await);
        let client = shop.v1();
        let message = client.call("sendMessage", json!({"chat_id": john.id, "text": "Hello"})).await.result();
        let (chat, id) = (john.id, number(&message["message_id"]));
        let contact =
            client.call("addContact", json!({"first_name": "Ann", "email": "a@x.example"})).await.result();
        let writes = [
            ("sendContact", json!({"chat_id": chat, "phone_number": "+447900000001", "first_name": "Ann"})),
            ("forwardMessage", json!({"chat_id": chat, "from_chat_id": chat, "message_id": id})),
            ("copyMessage", json!({"chat_id": chat, "from_chat_id": chat, "message_id": id})),
            ("copyMessages", json!({"chat_id": chat, "from_chat_id": chat, "message_ids": [id]})),
            ("editMessageText", json!({"chat_id": chat, "message_id": id, "text": "Changed"})),
            ("editContact", json!({"contact_id": contact["id"], "note": "x"})),
            ("deleteMessage", json!({"chat_id": chat, "message_id": id})),
            ("deleteContact", json!({"contact_id": contact["id"]})),
        ];
        for (at, (method, body)) in writes.iter().enumerate() {
            let key = format!("key-{at}");
            let first = post(&client, method, &key, body).await;
            assert_eq!(first.status, 200, "{method}: {}", first.text);
            let before = sent(&shop).await;
            is_the_same(&first, &post(&client, method, &key, body).await);
            assert_eq!(sent(&shop).await, before, "{method} acts once");
        }
    })
    .await;
}
