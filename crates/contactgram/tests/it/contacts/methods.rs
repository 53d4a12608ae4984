//! getContact, getContacts, addContact, editContact and deleteContact, in every encoding that client libraries
//! use, and in whatever case they write the name.

use contactgram_testkit::{Answer, Client, Method, Options, TestServer, Value, json};

use super::{bad_request, is_missing};
use crate::kit::{encoded, number, on_each_engine};

/// How parameters reach a method.
#[derive(Clone, Copy, Debug)]
enum Encoding {
    Query,
    QueryOfPost,
    Form,
    Multipart,
    Json,
    JsonAsForm,
}

const ALL: [Encoding; 6] = [
    Encoding::Query,
    Encoding::QueryOfPost,
    Encoding::Form,
    Encoding::Multipart,
    Encoding::Json,
    Encoding::JsonAsForm,
];

impl Encoding {
    async fn call(self, client: &Client, method: &str, parameters: &[(&str, &str)]) -> Answer {
        let object: Value = parameters.iter().map(|&(name, text)| (name.to_owned(), json!(text))).collect();
        let pairs = encoded(parameters);
        let post = client.request(Method::POST, method);
        let typed = |kind: &str, body: String| {
            post.try_clone().expect("no body yet").header("Content-Type", kind).body(body)
        };
        client
            .send(match self {
                Encoding::Query => client.request(Method::GET, &format!("{method}?{pairs}")),
                Encoding::QueryOfPost => client.request(Method::POST, &format!("{method}?{pairs}")),
                Encoding::Form => typed("application/x-www-form-urlencoded", pairs),
                Encoding::Json => typed("application/json; charset=utf-8", object.to_string()),
                // As `curl -d` sends it.
                Encoding::JsonAsForm => typed("application/x-www-form-urlencoded", object.to_string()),
                Encoding::Multipart => typed("multipart/form-data; boundary=between", multipart(parameters)),
            })
            .await
    }
}

fn multipart(parameters: &[(&str, &str)]) -> String {
    let parts = parameters.iter().map(|(name, text)| {
        format!("--between\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
    });
    parts.collect::<String>() + "--between--\r\n"
}

#[tokio::test]
async fn every_method_takes_every_encoding() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        for client in [shop.bot(), shop.v1()] {
            for encoding in ALL {
                lifetime_of_a_contact(&client, encoding).await;
            }
        }
    })
    .await;
}

async fn lifetime_of_a_contact(client: &Client, encoding: Encoding) {
    let about = [
        ("phone_number", "+44 7900 000001"),
        ("first_name", "Zoë & Söhne"),
        ("labels", r#"["a b","vip"]"#),
        ("attributes", r#"{"crm":{"id":7}}"#),
        ("chat_type", "unknown parameters are passed over"),
    ];
    let added = encoding.call(client, "addContact", &about).await;
    assert_eq!(added.status, 200, "a method always answers 200: {encoding:?} {}", added.text);
    let contact = added.result();
    assert_eq!(
        (contact["first_name"].as_str(), contact["phone_number"].as_str()),
        (Some("Zoë & Söhne"), Some("+447900000001"))
    );
    assert_eq!(
        (&contact["labels"], &contact["attributes"]),
        (&json!(["a b", "vip"]), &json!({"crm": {"id": 7}}))
    );
    let again = encoding.call(client, "addContact", &about).await.result();
    assert_eq!(again, contact, "{encoding:?}: the same contact, unchanged");

    let id = contact["id"].to_string();
    let keys = [("contact_id", id.as_str()), ("user_id", &id), ("phone_number", "+447900000001")];
    for key in keys {
        assert_eq!(
            encoding.call(client, "getContact", &[key]).await.result(),
            contact,
            "{encoding:?} {key:?}"
        );
    }
    let edit = [("contact_id", id.as_str()), ("note", "100% + more\nlines"), ("labels", "one, two")];
    let edited = encoding.call(client, "editContact", &edit).await.result();
    assert_eq!(
        (edited["note"].as_str(), &edited["labels"]),
        (Some("100% + more\nlines"), &json!(["one", "two"]))
    );
    let list = [("label", "two"), ("limit", "10"), ("sort", "id"), ("fields", "id,note")];
    let page = encoding.call(client, "getContacts", &list).await.result();
    assert_eq!(page["contacts"], json!([{"id": number(&contact["id"]), "note": "100% + more\nlines"}]));
    assert_eq!(encoding.call(client, "deleteContact", &[("contact_id", &id)]).await.result(), true);
    is_missing(&encoding.call(client, "getContact", &[("contact_id", &id)]).await);
    is_missing(&encoding.call(client, "editContact", &edit).await);
    is_missing(&encoding.call(client, "deleteContact", &[("contact_id", &id)]).await);
}

#[tokio::test]
async fn names_of_methods_are_read_without_regard_to_case_and_may_be_a_parameter() {
    let server = TestServer::start(Options::default()).await;
    let bot = server.account("Shop").await.bot();
    for name in ["getContacts", "GetContacts", "GETCONTACTS", "getcontacts", "get%43ontacts"] {
        assert_eq!(bot.get(name).await.result()["total_count"], 0, "{name}");
    }
    assert_eq!(bot.get("?method=getContacts").await.result()["total_count"], 0);
    assert_eq!(bot.post("", json!({"method": "GetContacts"})).await.result()["total_count"], 0);
    // Routes of resources are matched exactly.
    assert_eq!(bot.get("Contacts").await.refusal(), (404, "Not Found: method not found".to_owned()));
}

#[tokio::test]
async fn the_query_wins_over_the_body_and_a_number_may_be_a_string() {
    let server = TestServer::start(Options::default()).await;
    let bot = server.account("Shop").await.bot();
    let body = json!({"first_name": "Body", "email": "a@example.org"});
    let contact = bot.post("addContact?first_name=Query", body).await.result();
    assert_eq!(contact["first_name"], "Query");
    let by_text = bot.call("getContact", json!({"contact_id": contact["id"].to_string()})).await;
    assert_eq!(by_text.result(), contact);
    let commented =
        "{\n  // who\n  \"contact_id\": /* the id */ ID\n}".replace("ID", &contact["id"].to_string());
    let request =
        bot.request(Method::POST, "getContact").header("Content-Type", "application/json").body(commented);
    assert_eq!(bot.send(request).await.result(), contact);
}

#[tokio::test]
async fn what_names_no_contact_is_refused_by_its_name() {
    let server = TestServer::start(Options::default()).await;
    let bot = server.account("Shop").await.bot();
    let required = "parameter \"contact_id\" is required";
    for (method, parameters, text) in [
        ("getContact", json!({}), required),
        ("getContact", json!({"contact_id": ""}), required),
        ("getContact", json!({"contact_id": null}), required),
        ("deleteContact", json!({"first_name": "Ann"}), required),
        ("editContact", json!({"phone_number": "+447900000001"}), required),
        ("getContact", json!({"contact_id": "ann"}), "contact_id must be a whole number"),
        ("deleteContact", json!({"user_id": 1.5}), "user_id must be a whole number"),
        (
            "getContact",
            json!({"phone_number": "+1"}),
            "phone_number must be + and 7 to 15 digits, such as +14155550100",
        ),
    ] {
        assert_eq!(bad_request(&bot.call(method, parameters.clone()).await), text, "{method} {parameters}");
    }
    is_missing(&bot.call("getContact", json!({"username": "@nobody_here"})).await);
}
