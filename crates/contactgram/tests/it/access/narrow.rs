//! Narrowed keys: contacts outside are answered for as ids that never existed, in lists, counts, searches, syncs,
//! histories and sends; and no write leads out of the view or takes somebody into it.

use contactgram_testkit::{Account, Client, TestServer, Value, json};

use crate::kit::{key, number, on_each_engine, text};

const SCOPES: [&str; 10] = [
    "--scope",
    "contacts:read",
    "--scope",
    "contacts:private",
    "--scope",
    "contacts:write",
    "--scope",
    "messages:read",
    "--scope",
    "messages:send",
];
const ELSEWHERE: &str = "Forbidden: the credential is narrowed to other contacts";
/// A user's id and a contact's that nobody has.
const NOBODY: [i64; 2] = [4_999_999_999, (1 << 39) + 77];

/// Ann has the label `support`, Eve has `sales`; both have written. Finn is a contact with a number alone.
struct Scene {
    shop: Account,
    ann: i64,
    eve: i64,
    finn: i64,
    group: i64,
    client: Client,
}

async fn narrowed(server: &TestServer, shop: &Account, only: &[&str]) -> Client {
    let made = key(server, shop, &[&SCOPES[..], only].concat()).await;
    Client::new(format!("{}/v1", server.url())).bearer(&text(&made["key"]))
}

async fn scene(server: &TestServer) -> Scene {
    let shop = server.account("Shop").await;
    let mut ids = Vec::new();
    for (name, label) in [("Ann", "support"), ("Eve", "sales")] {
        let phone = format!("+44770090{}", ids.len() + 1000);
        let about = json!({"first_name": name, "username": format!("{name}_long"), "phone_number": phone});
        let person = server.person(about).await;
        for text in ["first words", "second words"] {
            person.write(shop.id, text).await;
        }
        shop.v1()
            .patch(&format!("contacts/{}", person.id), json!({"labels": [label], "phone_number": phone}))
            .await
            .result();
        ids.push(person.id);
    }
    let finn = json!({"first_name": "Finn", "phone_number": "+447700900777"});
    let finn = number(&shop.v1().post("contacts", finn).await.result()["id"]);
    let group = server.group("Team", &[ids[1], shop.id, ids[0]]).await;
    let client = narrowed(server, &shop, &["--only-label", "support"]).await;
    Scene { shop, ann: ids[0], eve: ids[1], finn, group, client }
}

/// Requests about a contact or a chat of this id.
async fn asked(client: &Client, id: i64) -> Vec<String> {
    let mut answers = Vec::new();
    for path in [
        format!("contacts/{id}"),
        format!("contacts/{id}/messages"),
        format!("getContact?user_id={id}"),
        format!("messages?chat_id={id}"),
        format!("messages?contact_id={id}"),
        format!("messages/{id}/1"),
        format!("getChat?chat_id={id}"),
        format!("getChatMember?chat_id={id}&user_id={id}"),
        format!("getChatMemberCount?chat_id={id}"),
        format!("sendChatAction?chat_id={id}&action=typing"),
        format!("deleteMessages?chat_id={id}&message_ids=[1,2]"),
        format!("editMessageText?chat_id={id}&message_id=1&text=x"),
        format!("leaveChat?chat_id={id}"),
    ] {
        answers.push(client.get(&path).await);
    }
    let one = format!("contacts/{id}");
    answers.extend([
        client.patch(&one, json!({"note": "x"})).await,
        client.put(&one, json!({"first_name": "X", "labels": ["support"]})).await,
        client.delete(&one).await,
        client.post(&format!("{one}/messages"), json!({"text": "x"})).await,
        client.post("sendMessage", json!({"chat_id": id, "text": "x"})).await,
        client.post("sendMessage", json!({"contact_id": id, "text": "x"})).await,
        client
            .post("sendContact", json!({"chat_id": id, "phone_number": "+447700900555", "first_name": "Z"}))
            .await,
        client.post("editContact", json!({"contact_id": id, "note": "x"})).await,
        client.post("deleteContact", json!({"user_id": id})).await,
    ]);
    answers.into_iter().map(|answer| format!("{} {}", answer.status, answer.text)).collect()
}

#[tokio::test]
async fn contacts_and_chats_outside_answer_as_ids_that_never_existed() {
    on_each_engine(async |server| {
        let Scene { shop, eve, finn, group, client, .. } = scene(&server).await;
        let [user, own] = NOBODY;
        let (no_user, no_contact) = (asked(&client, user).await, asked(&client, own).await);
        assert!(
            no_user.iter().all(|answer| answer.starts_with("404") || answer.starts_with("400")),
            "{no_user:?}"
        );
        assert_eq!(asked(&client, eve).await, no_user);
        assert_eq!(asked(&client, finn).await, no_contact);
        assert_eq!(asked(&client, group).await, asked(&client, -4_000_000_999).await);
        assert_eq!(asked(&client, shop.id).await, no_user, "its own chat is no contact's");
        for (path, outside, nobody) in [
            ("getContact?username=", "Eve_long", "Nobody_long"),
            ("getContact?phone_number=%2B", "447700901001", "447700909999"),
            ("getChat?chat_id=@", "Eve_long", "Nobody_long"),
            ("sendMessage?text=x&chat_id=@", "Eve_long", "Nobody_long"),
            ("sendMessage?text=x&phone_number=%2B", "447700901001", "447700909999"),
        ] {
            let (one, other) =
                (client.get(&format!("{path}{outside}")).await, client.get(&format!("{path}{nobody}")).await);
            assert_eq!((one.status, one.text), (other.status, other.text), "{path}");
        }
        assert_eq!(shop.v1().get("contacts").await.result()["total_count"], 3, "all are still there");
    })
    .await;
}

#[tokio::test]
async fn lists_counts_and_searches_have_the_contacts_of_the_view_and_no_others() {
    on_each_engine(async |server| {
        let Scene { shop, ann, eve, client, .. } = scene(&server).await;
        let ids = |page: &Value| -> Vec<i64> {
            page["contacts"].as_array().unwrap().iter().map(|row| number(&row["id"])).collect()
        };
        for (path, wanted) in [
            ("contacts", vec![ann]),
            ("contacts?sort=id", vec![ann]),
            ("contacts?sort=updated_at", vec![ann]),
            ("contacts?q=n", vec![]),
            ("contacts?q=ann", vec![ann]),
            ("contacts?q=a&label=support", vec![ann]),
            ("contacts?q=eve", vec![]),
            ("contacts?q=4477", vec![ann]),
            ("contacts?label=sales", vec![]),
            ("contacts?label=support", vec![ann]),
            ("contacts?offset=1", vec![]),
            ("getContacts?limit=1", vec![ann]),
        ] {
            let page = client.get(path).await.result();
            assert_eq!(ids(&page), wanted, "{path}");
            let offset = i64::from(path.contains("offset"));
            assert_eq!(number(&page["total_count"]), wanted.len() as i64 + offset, "{path}");
            assert!(page.get("next_cursor").is_none(), "{path}");
        }
        let both =
            narrowed(&server, &shop, &["--only-label", "support", "--only-contact", &eve.to_string()]).await;
        let first = both.get("contacts?limit=1").await.result();
        assert_eq!((ids(&first), number(&first["total_count"])), (vec![ann], 2));
        let next =
            both.get(&format!("contacts?limit=1&cursor={}", text(&first["next_cursor"]))).await.result();
        assert_eq!(ids(&next), [eve]);
        assert!(next["next_sync_token"].is_string(), "the end of all that it sees");
    })
    .await;
}

#[tokio::test]
async fn history_is_that_of_chats_with_contacts_of_the_view() {
    on_each_engine(async |server| {
        let Scene { ann, eve, group, client, shop, .. } = scene(&server).await;
        shop.v1().post("sendMessage", json!({"chat_id": group, "text": "words for all"})).await.result();
        for path in [
            "messages",
            "messages?q=words",
            "messages?direction=in",
            "messages?since=1&order=asc",
            "messages?limit=1",
        ] {
            let answer = client.get(path).await;
            let all = answer.json();
            let chats: Vec<i64> = all.as_array().unwrap().iter().map(|m| number(&m["chat"]["id"])).collect();
            assert!(!chats.is_empty() && chats.iter().all(|chat| *chat == ann), "{path}: {chats:?}");
            assert_eq!(answer.header("x-total-count"), Some("2"), "{path}");
        }
        let seen = shop.v1().get(&format!("messages?chat_id={eve}")).await.json();
        let id = number(&seen[0]["message_id"]);
        assert_eq!(client.get(&format!("messages/{eve}/{id}")).await.status, 404);
        assert_eq!(client.get(&format!("messages/{ann}/{id}")).await.status, 404);
        // Nothing can be carried out of a chat that is not seen, nor into one.
        for (from, to) in [(eve, ann), (ann, eve), (group, ann)] {
            let body =
                json!({"from_chat_id": from, "chat_id": to, "message_ids": [id, id + 1, 1, 2, 3, 4, 5]});
            assert_eq!(
                client.post("copyMessages", body).await.refusal(),
                (400, "Bad Request: chat not found".to_owned())
            );
        }
        assert_eq!(client.post("sendMessage", json!({"chat_id": ann, "text": "hello"})).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn whoever_leaves_the_view_is_told_as_removed_and_whoever_was_never_in_it_not_at_all() {
    on_each_engine(async |server| {
        let Scene { shop, ann, eve, finn, client, .. } = scene(&server).await;
        let mut token = text(&client.get("contacts").await.result()["next_sync_token"]);
        let mut since = async || {
            let page = client.get(&format!("contacts?sync_token={token}")).await.result();
            token = text(&page["next_sync_token"]);
            let rows = page["contacts"].as_array().unwrap();
            let mut told: Vec<(i64, bool)> =
                rows.iter().map(|row| (number(&row["id"]), row["deleted"] == true)).collect();
            told.sort_unstable();
            (told, number(&page["total_count"]))
        };
        let label = async |id: i64, labels: &[&str]| {
            shop.v1().patch(&format!("contacts/{id}"), json!({"labels": labels})).await.result();
        };
        label(eve, &["sales", "big"]).await;
        shop.v1().delete(&format!("contacts/{finn}")).await.result();
        assert_eq!(since().await, (vec![], 1), "nothing of what it does not see");
        label(ann, &["vip"]).await;
        label(ann, &["vip", "x"]).await;
        assert_eq!(since().await, (vec![(ann, true)], 0));
        assert_eq!(since().await, (vec![], 0));
        label(ann, &["support"]).await;
        label(eve, &["support"]).await;
        let mut both = vec![(ann, false), (eve, false)];
        both.sort_unstable();
        assert_eq!(since().await, (both, 2));
        label(eve, &[]).await;
        label(eve, &["support"]).await;
        assert_eq!(since().await, (vec![(eve, false)], 2), "there again");
        shop.v1().delete(&format!("contacts/{eve}")).await.result();
        assert_eq!(since().await, (vec![(eve, true)], 1));
    })
    .await;
}

#[tokio::test]
async fn no_write_leads_out_of_the_view_or_takes_somebody_into_it() {
    on_each_engine(async |server| {
        let Scene { shop, ann, eve, client, .. } = scene(&server).await;
        let elsewhere = |answer: contactgram_testkit::Answer| {
            assert_eq!(answer.refusal(), (403, ELSEWHERE.to_owned()));
        };
        let one = format!("contacts/{ann}");
        elsewhere(
            client.post("contacts", json!({"first_name": "New", "phone_number": "+447700900444"})).await,
        );
        elsewhere(client.patch(&one, json!({"labels": ["vip"]})).await);
        elsewhere(client.patch(&one, json!({"labels": null})).await);
        elsewhere(client.put(&one, json!({"first_name": "Ann"})).await);
        // Somebody whom the account has already is not taken over, by whatever they are named.
        for name in [
            json!({"user_id": eve}),
            json!({"username": "Eve_long"}),
            json!({"phone_number": "+447700900777"}),
        ] {
            let mut body = json!({"first_name": "Mine", "labels": ["support"]});
            body.as_object_mut().unwrap().extend(name.as_object().unwrap().clone());
            elsewhere(client.post("contacts", body).await);
        }
        elsewhere(client.patch(&one, json!({"phone_number": "+447700900777"})).await);
        let before = shop.v1().get("contacts?limit=10").await.result();
        assert_eq!(before["total_count"], 3, "nothing came of it: {before}");
        assert_eq!(shop.v1().get(&one).await.result()["labels"], json!(["support"]));

        let new =
            json!({"first_name": "New", "phone_number": "+447700900444", "labels": ["support", "fresh"]});
        let added = client.post("contacts", new).await;
        assert_eq!(added.status, 201, "{}", added.text);
        let id = number(&added.result()["id"]);
        client
            .patch(&format!("contacts/{id}"), json!({"labels": ["support"], "note": "ours"}))
            .await
            .result();
        let known = json!({"username": "Eve_long"});
        elsewhere(client.patch(&format!("contacts/{id}"), known).await);
        client.delete(&format!("contacts/{id}")).await.result();
        assert_eq!(client.get(&format!("contacts/{id}")).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn a_key_for_one_contact_keeps_it_when_its_id_changes() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let gina = json!({"first_name": "Gina", "username": "gina_late"});
        let old = number(&shop.v1().post("contacts", gina).await.result()["id"]);
        let client = narrowed(&server, &shop, &["--only-contact", &old.to_string()]).await;
        let token = text(&client.get("contacts").await.result()["next_sync_token"]);
        let gina = server.person(json!({"first_name": "Gina", "username": "gina_late"})).await;
        assert_ne!(gina.id, old);
        for id in [old, gina.id] {
            assert_eq!(number(&client.get(&format!("contacts/{id}")).await.result()["id"]), gina.id);
        }
        let changes = client.get(&format!("contacts?sync_token={token}")).await.result();
        let rows = changes["contacts"].as_array().unwrap();
        assert_eq!(rows.len(), 2, "{changes}");
        assert!(rows.iter().any(|row| row["id"] == old && row["deleted"] == true));
        gina.write(shop.id, "hello").await;
        assert_eq!(client.get("messages").await.header("x-total-count"), Some("1"));
        shop.v1().delete(&format!("contacts/{}", gina.id)).await.result();
        assert_eq!(client.get("messages").await.header("x-total-count"), Some("0"), "no contact, no chat");
        assert_eq!(client.post("sendMessage", json!({"chat_id": gina.id, "text": "x"})).await.status, 400);
    })
    .await;
}
