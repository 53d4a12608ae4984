//! Logs name requests and nobody: a request's id is in its answer and on its lines, and of all that is written about people, by
//! every route and into every way to fail, nothing is in the log of a server that logs all it can.

use super::with_metrics;
use crate::files::{Part, upload};
use crate::gateway::kit::{connect, until};
use crate::kit::{number, on_each_engine_with, text};
use crate::secrets::routes;
use contactgram_testkit::{
    Account, Client, Engine, FakeUpstream, Fault, Method, Options, Person, Receiver, Reply, TestServer,
    Value, json,
};

/// What people are known by, and what they wrote: words that nothing else in a log is made of.
const FIRST: &str = "Zebedina";
const LAST: &str = "Quennellova";
const USER: &str = "zebedina_canary";
const PHONE: &str = "+447700900987";
const OTHER_PHONE: &str = "+447700900765";
const EMAIL: &str = "zeb.canary@mail.example";
const NOTE: &str = "owes-canary-money";
const LABEL: &str = "label-canary";
const TEXT: &str = "meet-me-canary-at-nine";
const CAPTION: &str = "caption-canary";
const FILE: &str = "payslip-canary.txt";
const CONTENT: &str = "salary-canary-70000";
const PRESSED: &str = "pressed-canary";
const GROUP: &str = "Canary-Anonymous";
const SEARCH: &str = "searched-canary";
const FOREIGN: &str = "foreign-canary-words";
const ATTRIBUTE: &str = "attribute-canary";

const ALL: [&str; 19] = [
    FIRST,
    LAST,
    USER,
    EMAIL,
    NOTE,
    LABEL,
    TEXT,
    CAPTION,
    FILE,
    CONTENT,
    PRESSED,
    GROUP,
    SEARCH,
    FOREIGN,
    ATTRIBUTE,
    // A number in any form has these digits.
    "7700900987",
    "7700900765",
    "7700 900987",
    "7700 900765",
];

/// A body that has everything that any route takes.
fn everything() -> Value {
    json!({
        "chat_id": format!("@{USER}"), "user_id": USER, "contact_id": PHONE, "text": TEXT, "caption": CAPTION,
        "phone_number": PHONE, "first_name": FIRST, "last_name": LAST, "username": USER, "email": EMAIL,
        "emails": [EMAIL], "note": NOTE, "labels": [LABEL], "attributes": {"kept": ATTRIBUTE}, "title": GROUP,
        "name": FIRST, "description": NOTE, "q": SEARCH, "data": PRESSED, "vcard": format!("BEGIN:VCARD\nFN:{FIRST}"),
        "parse_mode": "HTML", "document": CONTENT, "method": TEXT, "url": format!("http://{USER}.example/{NOTE}"),
        "selection": {"labels": [LABEL], "q": SEARCH}, "commands": [{"command": USER, "description": NOTE}],
        "reply_markup": {"inline_keyboard": [[{"text": TEXT, "callback_data": PRESSED}]]},
    })
}

async fn every_route_is_told_of_people(server: &TestServer, shop: &Account) {
    let query = [("q", SEARCH), ("phone_number", PHONE), ("text", TEXT), ("chat_id", USER), ("cursor", NOTE)];
    let query = crate::kit::encoded(&query);
    for route in routes(server).await {
        if route.ends_with("updates/stream") {
            continue;
        }
        for door in [shop.bot(), shop.v1(), server.admin()] {
            let whole = everything().to_string();
            for request in [
                door.request(Method::GET, &format!("{route}?{query}")),
                door.request(Method::POST, &format!("{route}?{query}")).json(&everything()),
                door.request(Method::PATCH, &route).json(&everything()),
                door.request(Method::PUT, &route).json(&everything()),
                // Cut off, and of another type than it says.
                door.request(Method::POST, &route)
                    .header("Content-Type", "application/json")
                    .body(whole[..whole.len() / 2].to_owned()),
                door.request(Method::POST, &route).header("Content-Type", "text/html").body(whole.clone()),
                door.request(Method::DELETE, &format!("{route}?{query}")),
            ] {
                door.send(request).await;
            }
        }
    }
    for path in
        [format!("contacts/{PHONE}"), format!("contacts/@{USER}"), format!("{NOTE}/{TEXT}"), USER.to_owned()]
    {
        for door in [shop.bot(), shop.v1()] {
            door.get(&path).await;
            door.delete(&path).await;
        }
    }
}

/// What people and an account do with one another when all goes well, and when it does not.
async fn people_live(server: &TestServer, shop: &Account) -> Person {
    let about = json!({"first_name": FIRST, "last_name": LAST, "username": USER, "phone_number": PHONE, "email": EMAIL});
    let zeb = server.person(about).await;
    zeb.write(shop.id, TEXT).await;
    zeb.act("share", json!({"to": shop.id})).await;
    let bot = shop.bot();
    let buttons = json!({"inline_keyboard": [[{"text": TEXT, "callback_data": PRESSED}]]});
    let sent = json!({"chat_id": zeb.id, "text": TEXT, "reply_markup": buttons});
    let sent = bot.call("sendMessage", sent).await.result();
    zeb.press(shop.id, number(&sent["message_id"]), PRESSED).await;
    bot.call("answerCallbackQuery", json!({"callback_query_id": PRESSED, "text": TEXT})).await;
    bot.call(
        "editMessageText",
        json!({"chat_id": zeb.id, "message_id": sent["message_id"], "text": CAPTION}),
    )
    .await;
    // Refusals that quote what they refuse.
    for (mode, words) in
        [("HTML", format!("<{TEXT}>x")), ("MarkdownV2", format!("*{TEXT}")), (TEXT, TEXT.to_owned())]
    {
        let body = json!({"chat_id": zeb.id, "text": words, "parse_mode": mode});
        assert_eq!(bot.call("sendMessage", body).await.status, 400);
    }
    let contact = json!({"phone_number": OTHER_PHONE, "first_name": FIRST, "last_name": LAST, "note": NOTE,
        "labels": [LABEL], "emails": [EMAIL], "attributes": {"kept": ATTRIBUTE}});
    let added = shop.v1().post("contacts", contact.clone()).await.result();
    let path = format!("contacts/{}", added["id"]);
    shop.v1().post("contacts", contact).await;
    shop.v1().patch(&path, json!({"note": NOTE, "first_name": LAST})).await.result();
    shop.v1().get(&format!("contacts?q={FIRST}&label={LABEL}")).await.result();
    assert_eq!(shop.v1().get(&format!("messages?q={TEXT}")).await.status, 200);
    let parts = [
        Part::Text("chat_id", zeb.id.to_string()),
        Part::Text("caption", CAPTION.to_owned()),
        Part::File("document", FILE, CONTENT.as_bytes()),
    ];
    upload(&bot, "sendDocument", &parts).await.result();
    let group = server.group(GROUP, &[zeb.id, shop.id]).await;
    bot.call("sendMessage", json!({"chat_id": group, "text": TEXT})).await;
    bot.call("sendMessage", json!({"chat_id": zeb.id, "text": TEXT, "send_at": 4_000_000_000_u32})).await;
    let body = json!({"method": "sendMessage", "params": {"text": TEXT}, "selection": {"q": FIRST}});
    shop.v1().post("broadcasts", body).await;
    let request = bot.request(Method::POST, "sendMessage").header("Prefer", "respond-async");
    bot.send(request.json(&json!({"chat_id": zeb.id, "text": format!("<{TEXT}>"), "parse_mode": "HTML"})))
        .await;
    zeb.act("block", json!({"account": shop.id})).await;
    bot.call("sendMessage", json!({"chat_id": zeb.id, "text": TEXT})).await;
    zeb
}

/// A webhook whose replies name calls that fail, with people's words in them.
async fn webhooks_answer(server: &TestServer, shop: &Account) {
    let person = server.person(json!({"first_name": FIRST})).await;
    let mut receiver = Receiver::start().await;
    let call = json!({"method": "sendMessage", "chat_id": person.id, "text": format!("<{TEXT}>"), "parse_mode": "HTML"});
    receiver.answer_next([
        Reply::status(500).body(FOREIGN),
        Reply::json(&call),
        Reply::json(&json!({"method": "sendMessage", "chat_id": format!("@{USER}"), "text": TEXT})),
    ]);
    shop.bot().call("setWebhook", json!({"url": receiver.url(&format!("/{FOREIGN}"))})).await.result();
    for _ in 0..2 {
        person.write(shop.id, TEXT).await;
    }
    for _ in 0..3 {
        receiver.next().await;
    }
    shop.bot().call("deleteWebhook", json!({})).await.result();
}

/// A bot's upstream that has words of its own for each failure.
async fn an_upstream_fails(server: &TestServer) {
    let upstream = FakeUpstream::start().await;
    let token = upstream.bot(4_100_000_001);
    connect(server, &token, &upstream.url()).await;
    let bot = Client::new(format!("{}/bot{token}", server.url()));
    until(async || bot.call("getMe", json!({})).await.json()["ok"].as_bool().filter(|ok| *ok)).await;
    let zeb = json!({"id": 7, "is_bot": false, "first_name": FIRST, "last_name": LAST, "username": USER});
    let message = json!({"message_id": 1, "date": 1_800_000_000, "from": zeb, "text": TEXT,
        "chat": {"id": 7, "type": "private", "first_name": FIRST},
        "contact": {"phone_number": PHONE, "first_name": FIRST, "user_id": 7}});
    for update in [json!({"message": message}), json!({"message": {"text": TEXT}}), json!({FOREIGN: zeb})] {
        upstream.push(&token, update);
    }
    until(async || (upstream.pending(&token) == 0).then_some(())).await;
    for fault in [
        Fault::error(400, &format!("Bad Request: {FOREIGN}")),
        Fault::error(403, &format!("Forbidden: {FOREIGN}")),
        Fault::error(500, FOREIGN),
        Fault::Malformed,
    ] {
        upstream.fail_next("getUpdates", fault.clone());
        upstream.fail_next("sendMessage", fault);
        upstream.push(&token, json!({"message": message}));
        bot.call("sendMessage", json!({"chat_id": 7, "text": TEXT})).await;
        let request = bot.request(Method::POST, "sendMessage").header("Prefer", "respond-async");
        bot.send(request.json(&json!({"chat_id": 7, "text": TEXT}))).await;
    }
    until(async || (upstream.pending(&token) == 0).then_some(())).await;
}

/// Files of contacts, sound and broken.
async fn contacts_come_and_go_in_files(server: &TestServer, shop: &Account) {
    let card = format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{FIRST} {LAST}\r\nTEL:{PHONE}\r\nNOTE:{NOTE}\r\nEND:VCARD\r\n"
    );
    let table = format!("first_name,phone_number,email,{ATTRIBUTE}\n{FIRST},{PHONE},{EMAIL},x\n\"{TEXT}");
    let lines = format!(
        "{{\"first_name\": \"{FIRST}\", \"phone_number\": \"{PHONE}\"}}\n{{\"note\": \"{NOTE}\n[{TEXT}"
    );
    let files = [("text/vcard", card), ("text/csv", table), ("application/x-ndjson", lines)];
    for (kind, file) in &files {
        for door in [shop.v1(), shop.bot()] {
            for part in [&file[..], &file[..file.len() / 2], TEXT] {
                let request = door.request(Method::POST, "contacts/import").header("Content-Type", *kind);
                door.send(request.body(part.to_owned())).await;
            }
        }
        shop.v1().send(shop.v1().request(Method::GET, "contacts/export").header("Accept", *kind)).await;
    }
    for (name, (_, file)) in ["a.vcf", "a.csv", "a.jsonl"].into_iter().zip(&files) {
        let path = server.data().join(name);
        std::fs::write(&path, file).expect("the folder can be written to");
        let id = shop.id.to_string();
        is_quiet(
            &server.cli(&["contacts", "import", &path.display().to_string(), "--account", &id]).await.stderr,
        );
    }
}

/// What a command answers a mistake with is for who made it; its log is told by the time in front.
fn is_quiet(errors: &[u8]) {
    let lines = String::from_utf8_lossy(errors).into_owned();
    for line in lines.lines().filter(|line| line.starts_with("20")) {
        assert!(!ALL.iter().any(|canary| line.contains(canary)), "{line}");
    }
}

/// What the command line logs.
async fn commands_are_run(server: &TestServer, zeb: &Person) {
    let id = zeb.id.to_string();
    for words in [
        &["people", "add", "--first-name", FIRST, "--phone", PHONE, "--email", EMAIL][..],
        &["people", "write", &id, "--to", USER, "--text", TEXT],
        &["account", "add", "--name", LAST],
        &["member", "add", USER],
        &["people", "list"],
    ] {
        is_quiet(&server.cli(words).await.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_about_people_is_in_the_log_or_the_metrics() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let (options, metrics) = with_metrics(engine);
        let options = options.variable("CONTACTGRAM_LOG", "trace");
        let Some(server) = TestServer::start_if_possible(options).await else { continue };
        let shop = server.account("Shop").await;
        let zeb = people_live(&server, &shop).await;
        webhooks_answer(&server, &shop).await;
        an_upstream_fails(&server).await;
        contacts_come_and_go_in_files(&server, &shop).await;
        // Some of it ends the account's credential.
        every_route_is_told_of_people(&server, &shop).await;
        commands_are_run(&server, &zeb).await;
        let metrics = Client::new(metrics).get("metrics").await.text;
        assert!(metrics.contains("contactgram_http_requests_total"), "{metrics}");
        let log = server.log();
        assert!(log.contains("DEBUG") && log.contains("http.route"), "the log is as talkative as it can be");
        // Failures that have foreign words with them are told, without those.
        assert!(log.contains("(withheld)") && log.contains("the upstream refuses: 400"), "{engine:?}");
        for (place, text) in [("the log", &log), ("the metrics", &metrics)] {
            let line = text.lines().find(|line| ALL.iter().any(|canary| line.contains(canary)));
            assert_eq!(line, None, "{place} of {engine:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_found_in_the_log_by_the_id_that_its_answer_has() {
    let options =
        Options::default().variable("CONTACTGRAM_LOG", "debug").variable("CONTACTGRAM_LOG_FORMAT", "json");
    on_each_engine_with(options, async |server| {
        let shop = server.account("Shop").await;
        let ask = async |id: &str| {
            let request = shop.v1().request(Method::GET, "contacts").header("X-Request-Id", id);
            let answer = shop.v1().send(request).await;
            answer.header("x-request-id").expect("each answer has one").to_owned()
        };
        assert_eq!(ask("desk-42/7").await, "desk-42/7");
        let too_long = "x".repeat(200);
        let made = [ask("two words").await, ask(&too_long).await, ask("say\"it").await];
        for id in &made {
            assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
        }
        let lines: Vec<Value> = until(async || {
            let log = server.log();
            let lines = log
                .lines()
                .map(|line| serde_json::from_str(line).unwrap_or_else(|why| panic!("{why}: {line}")));
            let lines: Vec<Value> = lines.collect();
            let is_there = |id: &str| lines.iter().any(|line| line["request.id"] == id);
            made.iter().all(|id| is_there(id)).then(|| lines.clone())
        })
        .await;
        let of_desk = lines.iter().find(|line| line["request.id"] == "desk-42/7").expect("its line");
        assert_eq!((&of_desk["http.status"], &of_desk["http.route"]), (&json!(200), &json!("/v1/contacts")));
        assert_eq!(
            (text(&of_desk["level"]), text(&of_desk["message"])),
            ("DEBUG".to_owned(), "request".to_owned())
        );
        assert!(of_desk["timestamp"].is_string() && of_desk["target"].is_string(), "{of_desk}");
    })
    .await;
}
