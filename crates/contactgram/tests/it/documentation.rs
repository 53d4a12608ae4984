//! Every request of the API's documentation, as its page has it, against a server that was just started for
//! the first time: the examples work when they are pasted. Each by every way to show the token.

use contactgram_testkit::{Answer, Client, Options, TestServer, Value, json};

use crate::kit::{first_account, number, on_each_engine};

/// The page's body of sendMessage, with its comment.
const SEND_MESSAGE: &str = r#"{
    "chat_id": "-1234567890",  // Replace with actual chat ID
    "text": "Hello John!"
}"#;

/// The page's body of `POST /contacts`.
const ADD_CONTACT: &str = r#"{
    "phone_number": "+1234567890",
    "first_name": "John",
    "last_name": "Doe"
}"#;

/// A way to show a token.
struct Door<'a> {
    client: Client,
    /// User and password of `Authorization: Basic`.
    basic: Option<(&'a str, &'a str)>,
}

impl<'a> Door<'a> {
    fn all(server: &TestServer, token: &'a str) -> [Door<'a>; 5] {
        let (id, secret) = token.split_once(':').expect("a token has a colon");
        let path = |token: &str| Door { client: server.bot(token), basic: None };
        let versioned = Client::new(format!("{}/v1", server.url()));
        [
            path(token),
            path(&format!("{id}%3A{secret}")),
            path(&format!("{id}%3a{secret}")),
            Door { client: versioned.clone().bearer(token), basic: None },
            Door { client: versioned, basic: Some((id, secret)) },
        ]
    }

    /// Sends a request of the page as it is.
    async fn ask(&self, verb: &str, route: &str, body: &'static str) -> Answer {
        let verb = verb.parse().expect("the page has verbs of HTTP");
        let mut request = self.client.request(verb, route);
        if let Some((user, password)) = self.basic {
            request = request.basic_auth(user, Some(password));
        }
        if !body.is_empty() {
            request = request.header("Content-Type", "application/json").body(body);
        }
        self.client.send(request).await
    }

    /// The same; the result of a 200.
    async fn result(&self, verb: &str, route: &str, body: &'static str) -> Value {
        let answer = self.ask(verb, route, body).await;
        assert_eq!(answer.status, 200, "{verb} {}: {}", self.client.url(route), answer.text);
        answer.result()
    }
}

#[tokio::test]
async fn every_request_of_the_page_works_on_a_first_start_by_every_way_to_show_the_token() {
    on_each_engine(async |server| {
        let (account, token) = first_account(&server).await;
        for door in Door::all(&server, &token) {
            contact_is_shown_as_documented(&door).await;
            known_contact_is_added_once(&door).await;
            message_is_sent_with_the_pages_body(&door, account).await;
            messages_are_a_bare_array(&door).await;
            contact_is_removed_in_each_way(&door).await;
        }
    })
    .await;
}

async fn contact_is_shown_as_documented(door: &Door<'_>) {
    let contact = door.result("GET", "/contacts/1234567890", "").await;
    let documented = json!({
        "id": 1_234_567_890,
        "first_name": "John",
        "last_name": "Doe",
        "phone_number": "+1234567890",
        "email": "john.doe@example.com"
    });
    for (field, value) in documented.as_object().expect("an object") {
        assert_eq!(&contact[field], value, "{field} of {contact}");
    }
}

async fn known_contact_is_added_once(door: &Door<'_>) {
    let before = door.result("GET", "/contacts", "").await;
    let contact = door.result("POST", "/contacts", ADD_CONTACT).await;
    assert_eq!(contact["id"], 1_234_567_890);
    assert_eq!(contact["email"], "john.doe@example.com", "what the body does not name stays");
    let after = door.result("GET", "/contacts", "").await;
    assert_eq!(before["total_count"], after["total_count"]);
}

async fn message_is_sent_with_the_pages_body(door: &Door<'_>, account: i64) {
    let message = door.result("POST", "/sendMessage", SEND_MESSAGE).await;
    assert_eq!(message["chat"]["id"], -1_234_567_890);
    assert_eq!(message["text"], "Hello John!");
    assert_eq!(message["from"]["id"], account);

    // The page's second form, from its Python example.
    let body = r#"{"chat_id": "-1234567890", "text": "Hello, world!"}"#;
    let message = door.result("POST", "/sendMessage", body).await;
    assert_eq!(message["text"], "Hello, world!");
}

async fn messages_are_a_bare_array(door: &Door<'_>) {
    let answer = door.ask("GET", "/messages?limit=10&offset=0", "").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let messages = answer.json();
    let messages = messages.as_array().expect("a bare array");
    assert!(!messages.is_empty() && messages.len() <= 10, "{messages:?}");
    let dates: Vec<i64> = messages.iter().map(|message| number(&message["date"])).collect();
    assert!(dates.is_sorted_by(|one, next| one >= next), "newest first: {dates:?}");
    for message in messages {
        assert!(number(&message["message_id"]) > 0 && message["text"].is_string(), "{message}");
        assert!(message["from"]["id"].is_i64() && message["from"]["first_name"].is_string(), "{message}");
    }
    let from_john = door.ask("GET", "/messages?contact_id=1234567890&direction=in", "").await.json();
    assert_eq!(from_john[0]["text"], "Hello World!");
    let john = json!({"id": 1_234_567_890, "is_bot": false, "first_name": "John", "last_name": "Doe"});
    assert_eq!(from_john[0]["from"], john);
}

async fn contact_is_removed_in_each_way(door: &Door<'_>) {
    let ways = [
        ("DELETE", "/contacts/1234567890"),
        ("POST", "/contacts/1234567890/delete"),
        ("DELETE", "/contacts/1234567890/delete"),
    ];
    for (verb, route) in ways {
        assert_eq!(door.result(verb, route, "").await, true, "{verb} {route}");
        let gone = door.ask("GET", "/contacts/1234567890", "").await;
        assert_eq!(gone.refusal(), (404, "Not Found: contact not found".to_owned()));
        let again = door.ask("POST", "/contacts", ADD_CONTACT).await;
        assert_eq!(again.status, 201, "new once more: {}", again.text);
        assert_eq!(again.header("location"), Some("contacts/1234567890"));
        assert_eq!(again.result()["id"], 1_234_567_890, "John is still who he was");
    }
    // The page's contact has an e-mail address, which nobody can know of who was removed and added.
    let body = r#"{"email": "john.doe@example.com"}"#;
    door.result("PATCH", "/contacts/1234567890", body).await;
}

#[tokio::test]
async fn the_first_updates_hold_the_message_that_waits_and_repeat_until_confirmed() {
    let server = TestServer::start(Options::default()).await;
    let (_, token) = first_account(&server).await;
    for door in Door::all(&server, &token) {
        let updates = door.result("GET", "/getUpdates", "").await;
        assert_eq!(updates[0]["message"]["text"], "Hello World!");
        assert_eq!(updates[0]["message"]["from"]["id"], 1_234_567_890);
        let first = updates[0].as_object().and_then(|update| update.keys().next().cloned());
        assert!(first.is_some() && number(&updates[0]["update_id"]) > 0, "{updates}");
    }
}

#[tokio::test]
async fn the_pages_unknown_contact_is_a_404_in_the_envelope() {
    let server = TestServer::start(Options::default()).await;
    let (_, token) = first_account(&server).await;
    let bot = server.bot(&token);
    let answer = bot.get("/contacts/12345").await;
    assert_eq!(answer.refusal(), (404, "Not Found: contact not found".to_owned()));
    let answer = bot.delete("/contacts/12345").await;
    assert_eq!(answer.refusal(), (404, "Not Found: contact not found".to_owned()));
}

#[tokio::test]
async fn an_account_without_examples_takes_the_pages_contact_as_a_new_one() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let body: Value = serde_json::from_str(ADD_CONTACT).expect("the page's body is JSON");
        let made = shop.bot().post("/contacts", body.clone()).await;
        assert_eq!(made.status, 201);
        // On a first start the page's world exists, and the number is John's.
        assert_eq!(made.result()["id"], 1_234_567_890);
        assert_eq!(shop.bot().post("/contacts", body).await.status, 200);
    })
    .await;
}
