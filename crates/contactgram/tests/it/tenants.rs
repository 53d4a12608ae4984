//! Two accounts of one server: what one has, the other can't tell from what never was. Every route of an
//! account is asked twice, once with ids that somebody else has and once with ids that nobody has; the answers
//! are the same to the byte. The table below must name every route of the description.

use contactgram_testkit::{Account, Answer, Client, Method, TestServer, Value, json};

use crate::kit::{number, on_each_engine, text};

/// Verb, route, body. What is in braces is taken from [`Things`]. A person is nobody's own, as on Telegram, and
/// may be written to by whoever knows their number; what only who has met them may see is asked with `{met}`.
const ASKS: &[(&str, &str, &str)] = &[
    ("GET", "/contacts/{contact}", ""),
    ("GET", "/contacts/{met}", ""),
    ("PATCH", "/contacts/{contact}", r#"{"note": "mine"}"#),
    ("PATCH", "/contacts/{met}", r#"{"note": "mine"}"#),
    ("PUT", "/contacts/{contact}", r#"{"first_name": "Mine"}"#),
    ("DELETE", "/contacts/{contact}", ""),
    ("DELETE", "/contacts/{met}", ""),
    ("DELETE", "/contacts/{contact}/delete", ""),
    ("POST", "/contacts/{contact}/delete", "{}"),
    ("GET", "/contacts/{contact}/messages", ""),
    ("GET", "/contacts/{met}/messages", ""),
    ("POST", "/contacts/{contact}/messages", r#"{"text": "x"}"#),
    ("GET", "/contacts?q={name}", ""),
    ("GET", "/contacts?label={name}", ""),
    ("GET", "/contacts/export?label={name}", ""),
    ("GET", "/contacts/export?q={name}&format=csv", ""),
    ("POST", "/contacts/import?format=jsonl", r#"{"id": {contact}, "note": "mine"}"#),
    ("POST", "/contacts/import?format=jsonl&on_conflict=replace", r#"{"user_id": {contact}}"#),
    ("POST", "/contacts/import?format=jsonl&dry_run=true", r#"{"username": "{name}"}"#),
    ("GET", "/messages?chat_id={met}", ""),
    ("GET", "/messages?chat_id={group}", ""),
    ("GET", "/messages?contact_id={contact}", ""),
    ("GET", "/messages?q={name}", ""),
    ("GET", "/messages?after={message}", ""),
    ("GET", "/messages/{met}/{message}", ""),
    ("GET", "/messages/{met}/1", ""),
    ("GET", "/messages/{group}/{message}", ""),
    ("GET", "/messages/{own}/{message}", ""),
    ("POST", "/getMessages", r#"{"chat_id": {group}}"#),
    ("POST", "/getMessages", r#"{"contact_id": {contact}}"#),
    ("POST", "/getContact", r#"{"contact_id": {contact}}"#),
    ("POST", "/getContact", r#"{"user_id": {met}}"#),
    ("POST", "/getContact", r#"{"phone_number": "{phone}"}"#),
    ("POST", "/getContact", r#"{"username": "{name}"}"#),
    ("POST", "/getContacts", r#"{"q": "{name}"}"#),
    ("POST", "/editContact", r#"{"contact_id": {contact}, "note": "mine"}"#),
    ("POST", "/editContact", r#"{"contact_id": {met}, "note": "mine"}"#),
    ("POST", "/deleteContact", r#"{"contact_id": {contact}}"#),
    ("POST", "/deleteContact", r#"{"phone_number": "{phone}"}"#),
    ("POST", "/addContact", r#"{"user_id": {contact}}"#),
    ("POST", "/sendMessage", r#"{"chat_id": {contact}, "text": "x"}"#),
    ("POST", "/sendMessage", r#"{"contact_id": {contact}, "text": "x"}"#),
    ("POST", "/sendMessage", r#"{"phone_number": "{phone}", "text": "x"}"#),
    ("POST", "/sendMessage", r#"{"chat_id": "@{name}", "text": "x"}"#),
    ("POST", "/sendMessage", r#"{"chat_id": {group}, "text": "x"}"#),
    (
        "POST",
        "/sendMessage",
        r#"{"chat_id": {own}, "text": "x", "reply_parameters": {"message_id": {message}}}"#,
    ),
    ("POST", "/sendDocument", r#"{"chat_id": {own}, "document": "{file}"}"#),
    ("POST", "/sendDocument", r#"{"chat_id": {group}, "document": "{file}"}"#),
    ("POST", "/sendPhoto", r#"{"chat_id": {own}, "photo": "{file}"}"#),
    ("POST", "/sendVideo", r#"{"chat_id": {own}, "video": "{file}"}"#),
    ("POST", "/sendAudio", r#"{"chat_id": {own}, "audio": "{file}"}"#),
    ("POST", "/sendVoice", r#"{"chat_id": {own}, "voice": "{file}"}"#),
    ("POST", "/sendAnimation", r#"{"chat_id": {own}, "animation": "{file}"}"#),
    ("POST", "/sendVideoNote", r#"{"chat_id": {own}, "video_note": "{file}"}"#),
    ("POST", "/sendSticker", r#"{"chat_id": {own}, "sticker": "{file}"}"#),
    ("POST", "/sendMediaGroup", r#"{"chat_id": {own}, "media": [{"type": "document", "media": "{file}"}]}"#),
    ("POST", "/getFile", r#"{"file_id": "{file}"}"#),
    ("POST", "/editMessageCaption", r#"{"chat_id": {contact}, "message_id": {message}, "caption": "x"}"#),
    ("POST", "/editMessageCaption", r#"{"chat_id": {own}, "message_id": {message}, "caption": "x"}"#),
    ("POST", "/sendContact", r#"{"chat_id": {group}, "phone_number": "+447900000077", "first_name": "Z"}"#),
    ("POST", "/forwardMessage", r#"{"chat_id": {own}, "from_chat_id": {met}, "message_id": {message}}"#),
    ("POST", "/forwardMessage", r#"{"chat_id": {own}, "from_chat_id": {group}, "message_id": {message}}"#),
    ("POST", "/forwardMessage", r#"{"chat_id": {own}, "from_chat_id": {own}, "message_id": {message}}"#),
    (
        "POST",
        "/forwardMessages",
        r#"{"chat_id": {own}, "from_chat_id": {met}, "message_ids": [1, {message}]}"#,
    ),
    ("POST", "/copyMessage", r#"{"chat_id": {own}, "from_chat_id": {met}, "message_id": {message}}"#),
    ("POST", "/copyMessage", r#"{"chat_id": {own}, "from_chat_id": {contact}, "message_id": {message}}"#),
    ("POST", "/copyMessages", r#"{"chat_id": {own}, "from_chat_id": {group}, "message_ids": [{message}]}"#),
    ("POST", "/editMessageText", r#"{"chat_id": {contact}, "message_id": {message}, "text": "x"}"#),
    ("POST", "/editMessageText", r#"{"chat_id": {group}, "message_id": {message}, "text": "x"}"#),
    ("POST", "/editMessageText", r#"{"chat_id": {own}, "message_id": {message}, "text": "x"}"#),
    (
        "POST",
        "/editMessageReplyMarkup",
        r#"{"chat_id": {contact}, "message_id": {message}, "reply_markup": {"inline_keyboard": []}}"#,
    ),
    ("POST", "/deleteMessage", r#"{"chat_id": {contact}, "message_id": {message}}"#),
    ("POST", "/deleteMessage", r#"{"chat_id": {own}, "message_id": {message}}"#),
    ("POST", "/deleteMessages", r#"{"chat_id": {group}, "message_ids": [{message}, 1]}"#),
    ("POST", "/getChat", r#"{"chat_id": {met}}"#),
    ("POST", "/getChat", r#"{"chat_id": {contact}}"#),
    ("POST", "/getChat", r#"{"chat_id": {group}}"#),
    ("POST", "/getChat", r#"{"chat_id": "@{name}"}"#),
    ("POST", "/getChatMember", r#"{"chat_id": {met}, "user_id": {met}}"#),
    ("POST", "/getChatMember", r#"{"chat_id": {group}, "user_id": {met}}"#),
    ("POST", "/getChatMember", r#"{"chat_id": {own}, "user_id": {met}}"#),
    ("POST", "/getChatMemberCount", r#"{"chat_id": {group}}"#),
    ("POST", "/getChatMemberCount", r#"{"chat_id": {met}}"#),
    ("POST", "/sendChatAction", r#"{"chat_id": {contact}, "action": "typing"}"#),
    ("POST", "/sendChatAction", r#"{"chat_id": {group}, "action": "typing"}"#),
    ("POST", "/leaveChat", r#"{"chat_id": {group}}"#),
    ("POST", "/leaveChat", r#"{"chat_id": {met}}"#),
    ("POST", "/answerCallbackQuery", r#"{"callback_query_id": "{press}"}"#),
    ("POST", "/setMyCommands", r#"{"commands": [], "scope": {"type": "chat", "chat_id": {group}}}"#),
    ("POST", "/getMyCommands", r#"{"scope": {"type": "chat", "chat_id": {group}}}"#),
    ("POST", "/getMyCommands", r#"{"scope": {"type": "chat", "chat_id": {met}}}"#),
    ("POST", "/deleteMyCommands", r#"{"scope": {"type": "chat", "chat_id": {group}}}"#),
    ("POST", "/", r#"{"method": "getChat", "chat_id": {met}}"#),
    ("DELETE", "/consumers/{name}", ""),
    ("GET", "/outbox/{later}", ""),
    ("PATCH", "/outbox/{later}", r#"{"text": "mine"}"#),
    ("DELETE", "/outbox/{later}", ""),
    ("GET", "/broadcasts/{broadcast}", ""),
    ("POST", "/broadcasts/{broadcast}/pause", "{}"),
    ("POST", "/broadcasts/{broadcast}/resume", "{}"),
    ("GET", "/broadcasts/{broadcast}/recipients", ""),
    ("DELETE", "/broadcasts/{broadcast}", ""),
    ("GET", "/webhooks/{hook}", ""),
    ("PATCH", "/webhooks/{hook}", r#"{"paused": true}"#),
    ("DELETE", "/webhooks/{hook}", ""),
    ("POST", "/webhooks/{hook}/rotate", "{}"),
    ("GET", "/webhooks/{hook}/deliveries", ""),
    ("POST", "/webhooks/{hook}/replay", r#"{"since": 0}"#),
];

/// Routes that name nothing of anybody, or that a test of their own is about.
const WITHOUT_IDS: &[&str] = &[
    "/contacts",
    "/messages",
    "/audit",
    "/consumers",
    "/webhooks",
    "/updates/stream",
    "/outbox",
    "/broadcasts",
    "/getMe",
    "/logOut",
    "/close",
    "/getUpdates",
    "/setWebhook",
    "/deleteWebhook",
    "/getWebhookInfo",
];

/// What an id stands for, in the hands of whoever asks.
struct Things(Vec<(&'static str, String)>);

impl Things {
    fn put_into(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }
}

/// What somebody else has, and what nobody has that looks alike.
async fn somebodys_and_nobodys(server: &TestServer, other: &Account, own: i64) -> (Things, Things) {
    let client = other.v1();
    let contact = json!({
        "first_name": "Secret", "phone_number": "+447900000001", "username": "secret_name",
        "note": "theirs", "labels": ["secret_name"],
    });
    let contact = client.post("/contacts", contact).await.result();
    let ann = server.person(json!({"first_name": "Ann"})).await;
    client.call("getUpdates", json!({"consumer": "secret_name"})).await.result();
    let hook = json!({"url": "http://127.0.0.1:9/hook", "paused": true});
    let hook = number(&client.post("/webhooks", hook).await.result()["id"]);
    let group = server.group("Theirs", &[ann.id, other.id]).await;
    // More messages than the one who asks has: their ids are nobody's there.
    for _ in 0..12 {
        ann.write(other.id, "a secret_name in a text").await;
    }
    client.call("sendMessage", json!({"chat_id": group, "text": "secret_name"})).await.result();
    let markup = json!({"inline_keyboard": [[{"text": "press", "callback_data": "d"}]]});
    let asked = json!({"chat_id": ann.id, "text": "press", "reply_markup": markup});
    let message = number(&client.call("sendMessage", asked).await.result()["message_id"]);
    let press = ann.press(other.id, message, "d").await;
    client.call("setMyCommands", json!({
        "commands": [{"command": "secret", "description": "theirs"}], "scope": {"type": "chat", "chat_id": group},
    })).await.result();
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
    let later = json!({"chat_id": ann.id, "text": "secret_name", "send_at": now + 3600});
    let later = number(&client.call("sendMessage", later).await.result()["id"]);
    // To somebody whom nobody knows: nothing is sent while the test goes on.
    let broadcast = json!({"text": "secret_name", "to": {"contact_ids": [contact["id"]]}});
    let broadcast = number(&client.post("/broadcasts", broadcast).await.result()["id"]);
    let sent = crate::files::document(other, ann.id, "secret_name.txt", b"secret").await;
    let file = text(&sent["document"]["file_id"]);
    let no_file = format!("{}AAAAAAAA", &file[..file.len() - 8]);
    let never = (1 << 39) + 5;
    let things =
        |contact: i64, met: i64, group: i64, message: i64, press: String, name: &str, phone: &str| {
            Things(vec![
                ("{contact}", contact.to_string()),
                ("{met}", met.to_string()),
                ("{group}", group.to_string()),
                ("{message}", message.to_string()),
                ("{press}", press),
                ("{name}", name.to_owned()),
                ("{later}", if contact == never { "1000999".to_owned() } else { later.to_string() }),
                ("{broadcast}", if contact == never { "1000999".to_owned() } else { broadcast.to_string() }),
                ("{hook}", if contact == never { "2147483649".to_owned() } else { hook.to_string() }),
                ("{file}", if contact == never { no_file.clone() } else { file.clone() }),
                ("{phone}", phone.to_owned()),
                ("{own}", own.to_string()),
            ])
        };
    let theirs =
        things(number(&contact["id"]), ann.id, group, message, press.clone(), "secret_name", "+447900000001");
    let nobodys = things(
        never,
        8_999_999_999,
        -4_999_999_999,
        1_000_000,
        another(&press),
        "nobody_name",
        "+447900000002",
    );
    (theirs, nobodys)
}

/// A number that is as long and another.
fn another(number: &str) -> String {
    let last = if number.ends_with('7') { "8" } else { "7" };
    format!("{}{last}", &number[..number.len() - 1])
}

async fn ask(client: &Client, (verb, route, body): (&str, &str, &str), things: &Things) -> Answer {
    let method = Method::from_bytes(verb.as_bytes()).expect("the table has verbs");
    let request = client.request(method, &things.put_into(route));
    let body = things.put_into(body);
    let request =
        if body.is_empty() { request } else { request.header("Content-Type", "application/json").body(body) };
    client.send(request).await
}

/// An answer without what differs from one request to the next.
fn told(answer: &Answer) -> (u16, Vec<(String, String)>, &str) {
    let headers =
        answer.headers.iter().filter(|(name, _)| !["x-request-id", "date"].contains(&name.as_str()));
    let headers = headers.map(|(name, value)| (name.to_string(), format!("{value:?}"))).collect();
    (answer.status, headers, &answer.text)
}

/// All that an account can read of itself.
async fn state(account: &Account) -> Vec<String> {
    let client = account.v1();
    let mut state = Vec::new();
    let lists = [
        "contacts?limit=1000",
        "messages?limit=1000",
        "getWebhookInfo",
        "getUpdates",
        "getMe",
        "consumers",
        "webhooks",
    ];
    for route in lists {
        let answer = client.get(route).await;
        assert_eq!(answer.status, 200, "{route}: {}", answer.text);
        state.push(answer.text);
    }
    state
}

#[tokio::test]
async fn what_another_account_has_answers_to_the_byte_as_what_never_was() {
    on_each_engine(async |server| {
        let (mine, other) = (server.account("Mine").await, server.account("Other").await);
        // Somebody to forward to, and to edit a message of.
        let bob = server.person(json!({"first_name": "Bob"})).await;
        bob.write(mine.id, "hello").await;
        let (theirs, nobodys) = somebodys_and_nobodys(&server, &other, bob.id).await;
        let before = state(&other).await;
        let client = mine.v1();
        let mut differ = Vec::new();
        for asked in ASKS {
            let (one, two) = (ask(&client, *asked, &theirs).await, ask(&client, *asked, &nobodys).await);
            assert!(one.status < 500, "{asked:?}: {}", one.text);
            if told(&one) != told(&two) {
                differ.push(format!("{asked:?}: {} against {}", one.text, two.text));
            }
        }
        assert!(differ.is_empty(), "{differ:#?}");
        assert_eq!(state(&other).await, before, "nothing of theirs has changed");
    })
    .await;
}

#[tokio::test]
async fn the_table_names_every_route_of_an_account() {
    let server = TestServer::start(Default::default()).await;
    let document = server.get("/openapi.json").await.json();
    let paths = document["paths"].as_object().expect("the description lists paths");
    let of_accounts = paths.iter().filter(|(_, path)| path.get("servers").is_none()).map(|(path, _)| path);
    let shape = |route: &str| -> Vec<String> {
        let path = route.split('?').next().unwrap_or_default();
        path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }.to_owned()).collect()
    };
    let named: Vec<_> = ASKS.iter().map(|(_, route, _)| shape(route)).collect();
    let missing: Vec<_> = of_accounts
        .filter(|path| !named.contains(&shape(path)) && !WITHOUT_IDS.contains(&path.as_str()))
        .collect();
    assert!(missing.is_empty(), "give these a line in the table: {missing:?}");
}

#[tokio::test]
async fn positions_in_another_accounts_lists_show_nothing_of_them() {
    on_each_engine(async |server| {
        let (mine, other) = (server.account("Mine").await, server.account("Other").await);
        for (account, names) in [(&mine, &["A", "B"][..]), (&other, &["Secret", "Secret Too", "Zed", "Zoe"])]
        {
            for name in names {
                account
                    .v1()
                    .post(
                        "/contacts",
                        json!({"first_name": name, "email": format!("{}@a.example", name.replace(' ', ""))}),
                    )
                    .await
                    .result();
            }
        }
        let client = mine.v1();
        let own = client.get("/contacts").await.result()["contacts"].clone();
        for sort in ["name", "id", "updated_at"] {
            let page = other.v1().get(&format!("/contacts?limit=2&sort={sort}")).await.result();
            let cursor = text(&page["next_cursor"]);
            let page = client.get(&format!("/contacts?sort={sort}&cursor={cursor}")).await.result();
            let shown = page["contacts"].as_array().expect("a page");
            assert!(shown.iter().all(|contact| own.as_array().expect("a page").contains(contact)), "{page}");
            assert_eq!(page["total_count"], 2);
        }
        // Both are ahead of whatever happened to the one who asks.
        let token = text(&other.v1().get("/contacts").await.result()["next_sync_token"]);
        let one = client.get(&format!("/contacts?sync_token={token}")).await;
        // {"Sync":99999}, which nobody was ever given.
        let two = client.get("/contacts?sync_token=eyJTeW5jIjo5OTk5OX0").await;
        assert_eq!(told(&one), told(&two));
        assert_eq!(one.status, 410);
    })
    .await;
}

#[tokio::test]
async fn keys_updates_and_webhooks_of_another_account_change_nothing() {
    on_each_engine(async |server| {
        let (mine, other) = (server.account("Mine").await, server.account("Other").await);
        let bob = server.person(json!({"first_name": "Bob"})).await;
        for account in [&mine, &other] {
            bob.write(account.id, "hello").await;
        }
        let send = async |account: &Account, key: &str, body: &Value| {
            let request = account.v1().request(Method::POST, "sendMessage").header("Idempotency-Key", key);
            account.v1().send(request.json(body)).await
        };
        let words = json!({"chat_id": bob.id, "text": "theirs"});
        send(&other, "their-key", &words).await.result();
        let nowhere = json!({"chat_id": -4_999_999_999_i64, "text": "mine"});
        let (one, two) = (send(&mine, "their-key", &nowhere).await, send(&mine, "fresh-key", &nowhere).await);
        assert_eq!(told(&one), told(&two));
        assert_eq!(send(&mine, "their-key", &json!({"chat_id": bob.id, "text": "mine"})).await.status, 200);

        let first = async |account: &Account| {
            number(&account.bot().call("getUpdates", json!({})).await.result()[0]["update_id"])
        };
        let (own, theirs) = (first(&mine).await, first(&other).await);
        let look = async |offset: i64| mine.bot().call("getUpdates", json!({"offset": offset})).await;
        // Accounts begin to count anywhere; numbers that happen to lie within reach are one's own.
        if (own - theirs).abs() > 1_000_000 {
            assert_eq!(told(&look(theirs + 1).await), told(&look(i64::from(i32::MAX)).await));
        }
        assert_eq!(first(&mine).await, own, "still unconfirmed");

        let before = mine.bot().get("getWebhookInfo").await;
        let hook = json!({"url": "http://127.0.0.1:9/theirs", "secret_token": "theirs"});
        other.bot().call("setWebhook", hook).await.result();
        assert_eq!(told(&mine.bot().get("getWebhookInfo").await), told(&before));
        assert_eq!(mine.bot().get("deleteWebhook").await.json()["description"], "Webhook is already deleted");
        assert_eq!(other.bot().get("getWebhookInfo").await.result()["url"], "http://127.0.0.1:9/theirs");
        assert_eq!(mine.bot().get("getUpdates").await.status, 200);
    })
    .await;
}
