//! Contacts without `contacts:private`: no phone number, e-mail address, note or attributes in any answer, nobody
//! found by them, and no write that would tell of them.

use contactgram_testkit::{Account, Client, TestServer, Value, json};

use crate::kit::{key, number, on_each_engine, text};

const NUMBER: &str = "+447700900123";
const LACKS: &str = "Forbidden: the credential lacks the scope contacts:private";
/// What must be in no answer.
const SECRETS: [&str; 5] = ["7700900123", "carla@mail.example", "owes money", "pin_code", "VCARD"];

/// An account with a contact that has everything, and a person who shared that contact's number with it.
struct Scene {
    shop: Account,
    contact: i64,
    person: i64,
    /// All scopes but `contacts:private`.
    client: Client,
}

async fn scene(server: &TestServer) -> Scene {
    let shop = server.account("Shop").await;
    let body = json!({
        "first_name": "Carla", "last_name": "Quiet", "username": "carla_q", "phone_number": NUMBER,
        "email": "carla@mail.example", "note": "owes money", "attributes": {"pin_code": 1}, "labels": ["vip"],
    });
    let contact = number(&shop.v1().post("contacts", body).await.result()["id"]);
    let person = server.person(json!({"first_name": "Dan"})).await;
    person.write(shop.id, "call 7700900123 not").await;
    let card = format!("BEGIN:VCARD\nVERSION:3.0\nFN:Carla\nTEL:{NUMBER}\nEND:VCARD");
    let shared = json!({"to": shop.id, "phone_number": NUMBER, "first_name": "Carla", "vcard": card});
    person.act("share", shared).await.result();
    let scopes = [
        "contacts:read",
        "contacts:write",
        "messages:read",
        "messages:send",
        "updates:read",
        "account:manage",
    ];
    let arguments: Vec<&str> = scopes.iter().flat_map(|scope| ["--scope", *scope]).collect();
    let plain = text(&key(server, &shop, &arguments).await["key"]);
    let client = Client::new(format!("{}/v1", server.url())).bearer(&plain);
    Scene { shop, contact, person: person.id, client }
}

#[track_caller]
fn tells_nothing(text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    for field in ["\"phone_number\"", "\"email\"", "\"note\"", "\"attributes\"", "\"vcard\""] {
        assert!(!text.contains(field), "{field} is in {text}");
    }
}

#[tokio::test]
async fn private_fields_are_in_no_answer_with_a_contact() {
    on_each_engine(async |server| {
        let Scene { shop, contact, client, .. } = scene(&server).await;
        let begin = text(&client.get("contacts?limit=1000").await.result()["next_sync_token"]);
        shop.v1().patch(&format!("contacts/{contact}"), json!({"language_code": "de"})).await.result();
        for path in [
            format!("contacts/{contact}"),
            "contacts".to_owned(),
            "contacts?sort=id".to_owned(),
            "contacts?sort=updated_at&label=vip".to_owned(),
            "contacts?q=carla".to_owned(),
            format!("contacts?sync_token={begin}"),
            format!("getContact?contact_id={contact}"),
            "getContact?username=carla_q".to_owned(),
            "getContacts?q=quiet".to_owned(),
        ] {
            let answer = client.get(&path).await;
            assert!(answer.status == 200 && answer.text.contains("Carla"), "{path}: {}", answer.text);
            tells_nothing(&answer.text);
        }
        for answer in [
            client.patch(&format!("contacts/{contact}"), json!({"language_code": "fr"})).await,
            client.post("editContact", json!({"contact_id": contact, "labels": ["vip", "new"]})).await,
            client.post("addContact", json!({"username": "carla_q", "last_name": "Loud"})).await,
            client.post("contacts", json!({"username": "carla_q"})).await,
        ] {
            assert!(answer.status == 200 && answer.text.contains("Carla"), "{}", answer.text);
            tells_nothing(&answer.text);
        }
        // A tag of a contact is the same for everybody, and all is still there for those who may see it.
        let (seen, whole) = (
            client.get(&format!("contacts/{contact}")).await,
            shop.v1().get(&format!("contacts/{contact}")).await,
        );
        assert_eq!(seen.header("etag"), whole.header("etag"));
        assert_eq!(whole.result()["note"], "owes money");
    })
    .await;
}

#[tokio::test]
async fn nobody_is_found_by_what_is_not_shown() {
    on_each_engine(async |server| {
        let Scene { shop, client, .. } = scene(&server).await;
        // Another one whose name is the number: names are for everybody.
        shop.v1()
            .post("contacts", json!({"username": "other_one", "first_name": "Carl 900123"}))
            .await
            .result();
        for (q, found) in [
            ("447700", 0),
            ("mail", 0),
            ("carla example", 0),
            ("900123", 1),
            ("carla", 1),
            ("quiet carla_q", 1),
        ] {
            let page = client.get(&format!("contacts?q={q}&limit=10")).await.result();
            let rows = page["contacts"].as_array().map(Vec::len);
            assert_eq!((number(&page["total_count"]), rows), (found, Some(found as usize)), "{q}: {page}");
        }
        assert_eq!(number(&shop.v1().get("contacts?q=447700").await.result()["total_count"]), 1);
        for sort in ["name", "id", "updated_at"] {
            let first = client.get(&format!("contacts?q=carl&limit=1&sort={sort}")).await.result();
            let mut seen = vec![first["contacts"][0]["id"].clone()];
            let mut cursor = first["next_cursor"].clone();
            while let Some(at) = cursor.as_str() {
                let page =
                    client.get(&format!("contacts?q=carl&limit=1&sort={sort}&cursor={at}")).await.result();
                seen.push(page["contacts"][0]["id"].clone());
                cursor = page["next_cursor"].clone();
            }
            assert_eq!(seen.len() as i64, number(&first["total_count"]), "{sort}");
            let second = client.get(&format!("contacts?q=carl&limit=1&offset=1&sort={sort}")).await.result();
            assert_eq!(seen.get(1), second["contacts"].get(0).map(|row| &row["id"]), "{sort}");
        }
    })
    .await;
}

#[tokio::test]
async fn asking_or_writing_by_a_private_field_is_refused_by_the_name_of_the_scope() {
    on_each_engine(async |server| {
        let Scene { shop, contact, person, client } = scene(&server).await;
        let before = shop.v1().get(&format!("contacts/{contact}")).await.result();
        let one = format!("contacts/{contact}");
        let mut refusals = Vec::new();
        for known in [NUMBER, "+447700900999"] {
            refusals.extend([
                client.post("contacts", json!({"phone_number": known, "first_name": "X"})).await,
                client.post("addContact", json!({"phone_number": known, "first_name": "X"})).await,
                client.post("getContact", json!({"phone_number": known})).await,
                client.post("deleteContact", json!({"phone_number": known})).await,
                client.post("sendMessage", json!({"phone_number": known, "text": "x"})).await,
                client
                    .post("sendContact", json!({"chat_id": person, "phone_number": known, "first_name": "X"}))
                    .await,
                client.patch(&one, json!({"phone_number": known})).await,
            ]);
        }
        for field in ["phone_number", "email", "note", "attributes"] {
            refusals.extend([
                client.get(&format!("contacts?fields=id,{field}")).await,
                client.get(&format!("{one}?fields={field}")).await,
                client.post("getContacts", json!({"fields": field})).await,
                client.patch(&one, json!({field: null})).await,
                client.put(&one, json!({"first_name": "Carla", field: null})).await,
            ]);
        }
        refusals.push(client.patch(&one, json!({"note": "mine"})).await);
        refusals
            .push(client.post("editContact", json!({"contact_id": contact, "attributes": {"a": 1}})).await);
        refusals.push(client.post("setWebhook", json!({"url": "http://127.0.0.1:9/"})).await);
        for refused in refusals {
            assert_eq!(refused.refusal(), (403, LACKS.to_owned()));
        }
        assert_eq!(shop.v1().get(&one).await.result(), before, "nothing was changed");

        // PUT replaces what the caller can see, and leaves what it can't.
        client.put(&one, json!({"first_name": "Carla", "username": "carla_q"})).await.result();
        let after = shop.v1().get(&one).await.result();
        assert!(after.get("last_name").is_none() && after.get("labels").is_none(), "{after}");
        for field in ["phone_number", "email", "note", "attributes"] {
            assert_eq!(after[field], before[field]);
        }
    })
    .await;
}

#[tokio::test]
async fn shared_contacts_lose_their_numbers_in_history_and_updates() {
    on_each_engine(async |server| {
        let Scene { shop, person, client, .. } = scene(&server).await;
        let shared = |messages: &Value| {
            messages.as_array().unwrap().iter().find(|message| message["contact"].is_object()).cloned()
        };
        let whole = shared(&shop.v1().get("messages").await.json()).expect("it is in the history");
        assert!(whole["contact"]["vcard"].is_string());
        let id = number(&whole["message_id"]);
        shop.v1()
            .post(
                "sendMessage",
                json!({"chat_id": person, "text": "got it", "reply_parameters": {"message_id": id}}),
            )
            .await
            .result();
        for path in [
            "messages".to_owned(),
            format!("messages?chat_id={person}"),
            format!("getMessages?contact_id={person}"),
            format!("messages/{person}/{id}"),
            "messages?q=got".to_owned(),
        ] {
            let answer = client.get(&path).await;
            assert!(answer.text.contains("Carla"), "{path}: {}", answer.text);
            // The text is what somebody wrote; only fields can be taken out.
            tells_nothing(&answer.text.replace("call 7700900123 not", ""));
        }
        let forwarded = client
            .post("forwardMessage", json!({"chat_id": person, "from_chat_id": person, "message_id": id}))
            .await;
        assert_eq!(forwarded.status, 200, "{}", forwarded.text);
        tells_nothing(&forwarded.text);
        let found = |q: &str| format!("messages?q={q}");
        let by_number = client.get(&found("7700900123")).await.json();
        assert!(
            shared(&by_number).is_none() && by_number.as_array().unwrap().len() == 1,
            "the text alone: {by_number}"
        );

        let allowed = json!({"allowed_updates": ["message", "contact_changed"]});
        client.post("getUpdates", allowed).await.result();
        shop.v1().post("editContact", json!({"contact_id": person, "note": "owes money"})).await.result();
        let updates = client.get("getUpdates").await;
        assert!(
            updates.text.contains("contact_changed") && updates.text.contains("Carla"),
            "{}",
            updates.text
        );
        tells_nothing(&updates.text.replace("call 7700900123 not", ""));
    })
    .await;
}

#[tokio::test]
async fn who_may_send_but_not_read_learns_nothing_of_what_was_written_before() {
    on_each_engine(async |server| {
        let Scene { shop, person, .. } = scene(&server).await;
        let plain = text(&key(&server, &shop, &["--scope", "messages:send"]).await["key"]);
        let client = server.bot(&plain);
        let id = shop.v1().get("messages?order=asc").await.json()[0]["message_id"].clone();
        let reply = json!({"chat_id": person, "text": "yes", "reply_parameters": {"message_id": id}});
        let sent = client.post("sendMessage", reply).await;
        assert_eq!(sent.result()["text"], "yes");
        assert!(!sent.text.contains("call"), "{}", sent.text);
        for method in ["forwardMessage", "copyMessage"] {
            let body = json!({"chat_id": person, "from_chat_id": person, "message_id": id});
            let wanted = "Forbidden: the credential lacks the scope messages:read";
            assert_eq!(client.post(method, body).await.refusal(), (403, wanted.to_owned()));
        }
    })
    .await;
}
