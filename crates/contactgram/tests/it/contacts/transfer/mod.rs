//! `/contacts/import` and `/contacts/export`: files of every format in and out, by whoever may, on both engines.

mod broken;
mod large;

use contactgram_testkit::{Account, Answer, Client, Method, TestServer, Value, json};

use super::{add, each};
use crate::kit::{key, number, on_each_engine, text};

/// Imports a file.
async fn import(client: &Client, query: &str, kind: &str, file: impl Into<Vec<u8>>) -> Answer {
    let request = client.request(Method::POST, &format!("contacts/import{query}"));
    client.send(request.header("Content-Type", kind).body(file.into())).await
}

/// What came of it: added, updated, unchanged, refused.
#[track_caller]
fn counts(answer: &Answer) -> [i64; 4] {
    let report = answer.result();
    ["added", "updated", "unchanged", "refused"].map(|name| number(&report[name]))
}

/// Lines that were refused, with their fields.
#[track_caller]
fn refusals(answer: &Answer) -> Vec<(i64, String)> {
    let report = answer.result();
    let refusals = report["refusals"].as_array().expect("a list");
    let field = |refusal: &Value| refusal["field"].as_str().unwrap_or_default().to_owned();
    refusals.iter().map(|refusal| (number(&refusal["line"]), field(refusal))).collect()
}

/// An account's contacts, without what every server says anew.
async fn contacts(account: &Account) -> Vec<Value> {
    let page = account.v1().get("contacts?limit=1000&sort=name").await.result();
    let mut all = page["contacts"].as_array().expect("a page").clone();
    for contact in &mut all {
        for field in ["id", "source", "created_at", "updated_at"] {
            contact.as_object_mut().expect("a contact").remove(field);
        }
    }
    all
}

const CSV: &str = "text/csv";
const JSONL: &str = "application/x-ndjson";
const VCARD: &str = "text/vcard";

#[tokio::test]
async fn contacts_go_out_of_one_account_and_into_another_in_every_format() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let ann = server.person(json!({"first_name": "Ann", "username": "ann_example"})).await;
        ann.write(shop.id, "hello").await;
        let many = "=SUM(A1)\nsecond, line; \"quoted\" 🙂";
        for contact in [
            json!({"first_name": "=cmd", "last_name": "O'Neil, Jr.", "phone_number": "+447700900101", "note": many,
                   "labels": ["a,b", "friends"], "email": "one@mail.example", "language_code": "de",
                   "attributes": {"nested": {"a": [1, null]}, "empty": null, "other_phone_numbers": ["+447700900199"]}}),
            json!({"first_name": "Žofie", "username": "zofie_example", "labels": ["[odd"]}),
            json!({"first_name": "Only", "email": "only@mail.example"}),
        ] {
            add(&shop.v1(), contact).await;
        }
        let before = contacts(&shop).await;
        for (format, kind) in [("jsonl", JSONL), ("csv", CSV), ("vcard", VCARD)] {
            let file = shop.bot().get(&format!("contacts/export?format={format}")).await;
            assert_eq!(file.status, 200, "{}", file.text);
            assert!(file.header("content-type").is_some_and(|kind_of| kind_of.starts_with(kind)));
            let ending = if format == "vcard" { "vcf" } else { format };
            let named = format!("attachment; filename=\"contacts.{ending}\"");
            assert_eq!(file.header("content-disposition"), Some(named.as_str()));
            let other = server.account("Other").await;
            let came = import(&other.bot(), "", kind, file.body.clone()).await;
            assert_eq!(counts(&came), [4, 0, 0, 0], "{format}: {}", came.text);
            assert_eq!(contacts(&other).await, before, "{format}");
            let sources = other.v1().get("contacts?label=friends").await.result();
            assert_eq!(each(&sources, "source"), ["import"]);
            // Once more, where they come from and where they went: nobody is there twice, and nothing is other.
            for account in [&shop, &other] {
                for rule in ["merge", "replace", "skip"] {
                    let again = import(&account.v1(), &format!("?on_conflict={rule}"), kind, file.body.clone()).await;
                    assert_eq!(counts(&again), [0, 0, 4, 0], "{format} {rule}: {}", again.text);
                }
                assert_eq!(contacts(account).await, before, "{format}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_there_is_completed_kept_or_replaced_as_asked() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let client = shop.v1();
        let known = json!({"first_name": "Ann", "last_name": "Old", "phone_number": "+447700900101", "note": "kept",
                           "labels": ["a"], "attributes": {"x": 1}});
        let id = number(&add(&client, known).await["id"]);
        let file = "{\"phone_number\":\"+44 7700 900101\",\"first_name\":\"Anna\",\"email\":\"ann@mail.example\",\
                    \"note\":\"new\",\"labels\":[\"b\"],\"attributes\":{\"x\":2,\"y\":3}}\n";
        assert_eq!(counts(&import(&client, "?on_conflict=skip", JSONL, file).await), [0, 0, 1, 0]);
        assert_eq!(counts(&import(&client, "?dry_run=true", JSONL, file).await), [0, 1, 0, 0]);
        let get = async || client.get(&format!("contacts/{id}")).await.result();
        assert_eq!(get().await["email"], Value::Null, "nothing is written yet");
        assert_eq!(counts(&import(&client, "", JSONL, file).await), [0, 1, 0, 0]);
        let merged = get().await;
        assert_eq!((&merged["first_name"], &merged["last_name"], &merged["note"]), (&json!("Ann"), &json!("Old"), &json!("kept")));
        assert_eq!((&merged["email"], &merged["labels"]), (&json!("ann@mail.example"), &json!(["a", "b"])));
        assert_eq!(merged["attributes"], json!({"x": 1, "y": 3}));
        assert_eq!(counts(&import(&client, "", JSONL, file).await), [0, 0, 1, 0]);
        assert_eq!(counts(&import(&client, "?on_conflict=replace", JSONL, file).await), [0, 1, 0, 0]);
        let replaced = get().await;
        assert_eq!((&replaced["first_name"], &replaced["last_name"]), (&json!("Anna"), &Value::Null));
        assert_eq!((&replaced["note"], &replaced["labels"]), (&json!("new"), &json!(["b"])));
        assert_eq!(replaced["attributes"], json!({"x": 2, "y": 3}));
        // `null` takes away, and only where it is asked to.
        let nothing = format!("{{\"id\":{id},\"note\":null}}");
        assert_eq!(counts(&import(&client, "", JSONL, nothing.clone()).await), [0, 0, 1, 0]);
        assert_eq!(counts(&import(&client, "?on_conflict=replace", JSONL, nothing).await), [0, 1, 0, 0]);
        assert_eq!(get().await["note"], Value::Null);
        // A table changes what its cells say, and finds its people by their ids, also under another number.
        let table = format!("id,first_name,phone_number,note\n{id},Anna,+447700900202,\n");
        assert_eq!(counts(&import(&client, "?on_conflict=replace", CSV, table).await), [0, 1, 0, 0]);
        assert_eq!((&get().await["phone_number"], &get().await["email"]), (&json!("+447700900202"), &json!("ann@mail.example")));
    })
    .await;
}

#[tokio::test]
async fn an_id_of_another_server_is_nobody_here() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let client = shop.v1();
        let id = number(&add(&client, json!({"first_name": "Ann", "phone_number": "+447700900101"})).await["id"]);
        let stranger = format!("{{\"id\":{id},\"first_name\":\"Ben\",\"phone_number\":\"+447700900102\",\"created_at\":5}}");
        assert_eq!(counts(&import(&client, "?on_conflict=replace", JSONL, stranger).await), [1, 0, 0, 0]);
        assert_eq!(client.get(&format!("contacts/{id}")).await.result()["first_name"], "Ann");
        // Whom only the other server knows by a user's id is refused; with a number they come in without it.
        let unknown = "{\"id\":4999999999,\"user_id\":4999999999,\"first_name\":\"Cid\"}\n\
                       {\"id\":4999999998,\"user_id\":4999999998,\"first_name\":\"Dan\",\"phone_number\":\"+447700900103\"}\n";
        let answer = import(&client, "", JSONL, unknown).await;
        assert_eq!((counts(&answer), refusals(&answer)), ([1, 0, 0, 1], vec![(1, "user_id".to_owned())]));
        let found = client.get("getContact?phone_number=%2B447700900103").await.result();
        assert_eq!((&found["first_name"], &found["user_id"]), (&json!("Dan"), &Value::Null));
    })
    .await;
}

#[tokio::test]
async fn what_comes_from_a_file_is_told_of_as_what_comes_over_the_api() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let client = shop.v1();
        let kinds = json!({"allowed_updates": ["contact_added", "contact_changed"]});
        client.call("getUpdates", kinds.clone()).await.result();
        let token = text(&client.get("contacts").await.result()["next_sync_token"]);
        let file = "phone,name\n+447700900101,Ann\n+447700900102,Ben\n+447700900101,Ann\n";
        assert_eq!(counts(&import(&client, "", CSV, file).await), [2, 0, 1, 0]);
        import(&client, "", CSV, "phone,email\n+447700900101,a@b.example\n").await.result();
        let updates = client.call("getUpdates", kinds).await.result();
        let told: Vec<&Value> = updates.as_array().expect("a list").iter().collect();
        assert_eq!(told.len(), 3, "{updates}");
        assert_eq!(told[0]["contact_added"]["first_name"], "Ann");
        assert_eq!(told[2]["contact_changed"]["email"], "a@b.example");
        let changes = client.get(&format!("contacts?sync_token={token}")).await.result();
        assert_eq!(each(&changes, "first_name"), ["Ben", "Ann"]);
        client.get("contacts/export?label=x&q=ann").await;
        let log = client.get("audit").await.result();
        let entries = log["entries"].as_array().expect("a list");
        let of =
            |action: &str| entries.iter().filter(move |entry| entry["action"] == action).collect::<Vec<_>>();
        let (imported, exported) = (of("contacts.imported"), of("contacts.exported"));
        assert_eq!((imported.len(), exported.len()), (2, 1));
        assert_eq!(
            imported[1]["details"],
            json!({"format": "csv", "added": 2, "updated": 0, "unchanged": 1, "refused": 0})
        );
        assert_eq!(
            exported[0]["details"],
            json!({"format": "jsonl", "label": "x", "private": true, "search": true})
        );
    })
    .await;
}

#[tokio::test]
async fn a_key_makes_a_retry_safe_and_an_address_alone_finds_its_contact_again() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let send = async |client: Client, key: &str, file: &str| {
            let request = client.request(Method::POST, "contacts/import").header("Idempotency-Key", key);
            client.send(request.header("Content-Type", CSV).body(file.to_owned())).await
        };
        let file = "name,email\nAnn,ann@mail.example\nBen,ben@mail.example\nAnn,ANN@mail.example\n";
        let first = send(shop.v1(), "import-1", file).await;
        assert_eq!(counts(&first), [2, 0, 1, 0], "{}", first.text);
        assert_eq!(send(shop.bot(), "import-1", file).await.text, first.text);
        let other = send(shop.v1(), "import-1", "name,email\nCid,cid@mail.example\n").await;
        assert_eq!(other.refusal().0, 422);
        assert_eq!(counts(&send(shop.v1(), "import-2", file).await), [0, 0, 3, 0]);
        assert_eq!(shop.v1().get("contacts").await.result()["total_count"], 2);
    })
    .await;
}

#[tokio::test]
async fn a_credential_reads_and_writes_no_more_than_it_may() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let full = json!({"first_name": "Ann", "phone_number": "+447700900101", "note": "secret", "email": "ann@mail.example",
                          "attributes": {"pin": 7}, "labels": ["support"], "username": "ann_example"});
        add(&shop.v1(), full).await;
        add(&shop.v1(), json!({"first_name": "Eve", "phone_number": "+447700900102", "labels": ["sales"]})).await;
        let client = async |arguments: &[&str]| {
            let made = key(&server, &shop, arguments).await;
            Client::new(format!("{}/v1", server.url())).bearer(&text(&made["key"]))
        };
        let public = client(&["--scope", "contacts:read", "--scope", "contacts:write"]).await;
        for format in ["jsonl", "csv", "vcard"] {
            let file = public.get(&format!("contacts/export?format={format}")).await;
            assert!(file.text.contains("Ann") && file.text.contains("Eve"), "{format}: {}", file.text);
            for secret in ["4477", "secret", "ann@mail", "pin"] {
                assert!(!file.text.contains(secret), "{format}: {}", file.text);
            }
            let by_number = public.get(&format!("contacts/export?format={format}&q=447700900101")).await;
            assert!(!by_number.text.contains("Ann"), "{format}: {}", by_number.text);
        }
        let answer = import(&public, "", CSV, "username,phone,labels\nann_example,+447700900103,x\nnew_example,,y\n").await;
        assert_eq!((counts(&answer), refusals(&answer)), ([1, 0, 0, 1], vec![(2, "phone_number".to_owned())]));
        let narrow = client(&[
            "--scope", "contacts:read", "--scope", "contacts:write", "--scope", "contacts:private", "--only-label", "support",
        ])
        .await;
        let file = narrow.get("contacts/export?format=csv").await;
        assert!(file.text.contains("Ann") && !file.text.contains("Eve"), "{}", file.text);
        let rows = "phone,name,labels\n+447700900101,Ann,support\n+447700900102,Eve,support\n+447700900104,Flo,support\n\
                    +447700900105,Gil,sales\n";
        let answer = import(&narrow, "", CSV, rows).await;
        assert_eq!(counts(&answer), [1, 0, 1, 2], "{}", answer.text);
        assert_eq!(refusals(&answer), [(3, String::new()), (5, String::new())]);
        let everything = shop.v1().get("contacts?q=gil").await.result();
        assert_eq!(everything["total_count"], 0, "a refused line leaves nothing");
        let reader = client(&["--scope", "contacts:read"]).await;
        assert_eq!(import(&reader, "", CSV, rows).await.refusal().0, 403);
    })
    .await;
}

#[tokio::test]
async fn a_list_is_filtered_as_the_list_is_and_chosen_by_what_is_accepted() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let client = shop.v1();
        for (at, name) in ["Ann", "Ben", "Anton"].iter().enumerate() {
            let label = if at == 1 { json!(["b"]) } else { json!(["a"]) };
            add(
                &client,
                json!({"first_name": name, "phone_number": format!("+44770090010{at}"), "labels": label}),
            )
            .await;
        }
        let names = async |query: &str| -> Vec<String> {
            let file = client.get(&format!("contacts/export?format=jsonl&{query}")).await;
            assert_eq!(file.status, 200, "{}", file.text);
            let line = |line: &str| serde_json::from_str::<Value>(line).expect("JSON");
            file.text.lines().map(|text_of| text(&line(text_of)["first_name"])).collect()
        };
        assert_eq!(names("").await, ["Ann", "Ben", "Anton"]);
        assert_eq!(names("label=a").await, ["Ann", "Anton"]);
        assert_eq!(names("q=an").await, ["Ann", "Anton"]);
        assert_eq!(names("q=447700900101&label=b").await, ["Ben"]);
        assert_eq!(names("q=%21%21").await, Vec::<String>::new());
        let request =
            client.request(Method::GET, "contacts/export").header("Accept", "text/html, text/vcard;q=0.9");
        assert!(client.send(request).await.text.starts_with("BEGIN:VCARD\r\n"));
        let head = client.send(client.request(Method::HEAD, "contacts/export?format=csv")).await;
        assert_eq!((head.status, head.text.as_str()), (200, ""));
        assert_eq!(client.get("contacts/export?format=pdf").await.refusal().0, 400);
        assert_eq!(client.get("contacts/import").await.refusal().0, 405);
    })
    .await;
}

#[tokio::test]
async fn real_address_books_come_in() {
    let server = TestServer::start(Default::default()).await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../wire/testdata");
    let (mut files, mut taken) = (0, 0);
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|ending| ending != "vcf") {
            continue;
        }
        let shop = server.account("Shop").await;
        let file = std::fs::read(&path).expect("a file");
        let cards = file.windows(11).filter(|bytes| bytes.eq_ignore_ascii_case(b"BEGIN:VCARD")).count();
        let answer = import(&shop.v1(), "?region=US", VCARD, file).await;
        let place = format!("{}: {}", path.display(), answer.text);
        assert_eq!(counts(&answer).iter().sum::<i64>(), cards as i64, "{place}");
        // Some have no number but one that the region's plan doesn't know, and nothing else.
        assert!(refusals(&answer).iter().all(|(_, field)| field == "phone_number"), "{place}");
        taken += counts(&answer)[0];
        files += 1;
    }
    assert!(files >= 18 && taken >= 18, "{taken} contacts of {files} files");
}
