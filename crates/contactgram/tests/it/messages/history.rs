//! `GET /messages` and its like: pages, filters, single messages, limits.

use super::{bad, id, send, texts};
use crate::kit::{number, on_each_engine};
use contactgram_testkit::{Account, Options, Person, TestServer, Value, json};

/// An account with eight messages: 1–4 with Ann (the even ones hers), 5–8 with Ben (the same).
async fn scene(server: &TestServer) -> (Account, Person, Person) {
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let ben = server.person(json!({"first_name": "Ben"})).await;
    for (person, first) in [(&ann, 1), (&ben, 5)] {
        for n in [first, first + 2] {
            send(&shop, person.id, &format!("no. {n}")).await;
            person.write(shop.id, &format!("no. {}", n + 1)).await;
        }
    }
    (shop, ann, ben)
}

async fn ids(account: &Account, query: &str) -> Vec<i64> {
    let page = account.bot().get(&format!("messages?{query}")).await;
    page.json().as_array().unwrap_or_else(|| panic!("a bare list: {page:?}")).iter().map(id).collect()
}

#[tokio::test]
async fn history_is_filtered_and_ordered_as_asked() {
    on_each_engine(async |server| {
        let (shop, ann, ben) = scene(&server).await;
        let now = number(&shop.bot().get("messages?limit=1").await.json()[0]["date"]);
        let (ann, ben) = (ann.id, ben.id);
        let table: &[(String, &[i64])] = &[
            (String::new(), &[8, 7, 6, 5, 4, 3, 2, 1]),
            ("order=asc".into(), &[1, 2, 3, 4, 5, 6, 7, 8]),
            ("order=desc&limit=2".into(), &[8, 7]),
            ("limit=2&offset=3".into(), &[5, 4]),
            ("offset=99".into(), &[]),
            (format!("chat_id={ann}"), &[4, 3, 2, 1]),
            (format!("contact_id={ben}&order=asc"), &[5, 6, 7, 8]),
            ("direction=in".into(), &[8, 6, 4, 2]),
            ("direction=out".into(), &[7, 5, 3, 1]),
            (format!("direction=in&chat_id={ben}&limit=1&offset=1"), &[6]),
            ("before=4".into(), &[3, 2, 1]),
            ("after=6".into(), &[8, 7]),
            ("before=6&after=3".into(), &[5, 4]),
            ("after=3&order=asc&limit=2".into(), &[4, 5]),
            (format!("since={}", now + 3600), &[]),
            (format!("until={}", now - 3600), &[]),
            (format!("since={}&until={}", now - 3600, now + 3600), &[8, 7, 6, 5, 4, 3, 2, 1]),
            ("after=8".into(), &[]),
            ("chat_id=".into(), &[8, 7, 6, 5, 4, 3, 2, 1]),
        ];
        for (query, expected) in table {
            assert_eq!(ids(&shop, query).await, *expected, "{query}");
        }
    })
    .await;
}

#[tokio::test]
async fn pages_carry_the_total_and_a_link_to_the_next() {
    on_each_engine(async |server| {
        let (shop, ann, _) = scene(&server).await;
        let mut link = Some("?limit=3".to_owned());
        let mut seen = Vec::new();
        while let Some(query) = link.take() {
            let page = shop.bot().get(&format!("messages{query}")).await;
            assert_eq!(page.header("x-total-count"), Some("8"), "{query}");
            seen.extend(page.json().as_array().unwrap().iter().map(id));
            link = page.header("link").map(|link| {
                let query = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\""));
                query.expect("a link to the next page").to_owned()
            });
        }
        assert_eq!(seen, [8, 7, 6, 5, 4, 3, 2, 1]);
        for (query, total, more) in [
            (format!("chat_id={}&limit=4", ann.id), "4", false),
            (format!("chat_id={}&limit=3", ann.id), "4", true),
            ("direction=in&limit=1".to_owned(), "4", true),
            ("before=3&direction=in".to_owned(), "4", false),
            ("limit=1&offset=7".to_owned(), "8", false),
        ] {
            let page = shop.bot().get(&format!("messages?{query}")).await;
            assert_eq!(
                (page.header("x-total-count"), page.header("link").is_some()),
                (Some(total), more),
                "{query}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn one_message_is_read_by_its_chat_and_id() {
    let server = TestServer::start(Options::default()).await;
    let (shop, ann, ben) = scene(&server).await;
    let read = async |path: String| shop.v1().get(&format!("messages/{path}")).await;
    assert_eq!(read(format!("{}/2", ann.id)).await.result()["text"], "no. 2");
    for path in [
        format!("{}/2", ben.id),
        format!("{}/99", ann.id),
        "42/1".into(),
        format!("{}/x", ann.id),
        "-42/1".into(),
    ] {
        let missing = read(path.clone()).await;
        assert_eq!(missing.refusal(), (404, "Not Found: message not found".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn a_contacts_messages_are_a_resource_of_the_contact() {
    let server = TestServer::start(Options::default()).await;
    let (shop, ann, _) = scene(&server).await;
    let page = shop.bot().get(&format!("contacts/{}/messages?limit=3", ann.id)).await;
    assert_eq!((page.header("x-total-count"), page.header("link").is_some()), (Some("4"), true));
    assert_eq!(texts(&page.json()), ["no. 4", "no. 3", "no. 2"]);
    let missing = shop.bot().get("contacts/42/messages").await;
    assert_eq!(missing.refusal(), (404, "Not Found: contact not found".to_owned()));
    // Whoever wrote is answered, also once the contact was deleted.
    shop.bot().delete(&format!("contacts/{}", ann.id)).await.result();
    assert_eq!(ids(&shop, &format!("contact_id={}", ann.id)).await, [4, 3, 2, 1]);
    let sent = shop.bot().call("sendMessage", json!({"contact_id": ann.id, "text": "still there"})).await;
    assert_eq!(sent.result()["chat"]["id"], ann.id);
}

#[tokio::test]
async fn get_messages_is_the_same_call_with_the_envelope() {
    let server = TestServer::start(Options::default()).await;
    let (shop, ann, _) = scene(&server).await;
    let body = json!({"chat_id": ann.id, "limit": "2", "order": "asc"});
    let posted = shop.bot().call("getMessages", body).await.result();
    assert_eq!(texts(&posted), ["no. 1", "no. 2"]);
    let asked = shop.bot().get(&format!("getMessages?chat_id={}&limit=2&order=asc", ann.id)).await.result();
    assert_eq!(asked, posted);
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    for (query, text) in [
        ("limit=0", "limit must be a whole number from 1 to 1000, not \"0\""),
        ("limit=1001", "limit must be a whole number from 1 to 1000, not \"1001\""),
        ("limit=ten", "limit must be a whole number from 1 to 1000, not \"ten\""),
        ("offset=-1", "offset must be a whole number of at least 0, not \"-1\""),
        ("since=yesterday", "since must be a whole number of at least 0, not \"yesterday\""),
        ("before=x", "before must be a whole number of at least 0, not \"x\""),
        ("direction=up", "direction must be in or out"),
        ("order=random", "order must be asc or desc"),
        ("chat_id=1&contact_id=1", "contact_id and chat_id can't be given together"),
        ("chat_id=@nobody_here", "chat not found"),
    ] {
        bad(&shop.bot().get(&format!("messages?{query}")).await, text);
        bad(&shop.bot().get(&format!("getMessages?{query}")).await, text);
    }
    let largest = format!("offset={}&limit=1000", i64::MAX);
    assert!(ids(&shop, &largest).await.is_empty());
    assert_eq!(shop.bot().get("messages?after=9223372036854775807").await.json(), json!([]));
}

#[tokio::test]
async fn a_group_has_a_history_of_its_own() {
    let server = TestServer::start(Options::default()).await;
    let (shop, ann, _) = scene(&server).await;
    let group = server.group("Team", &[ann.id, shop.id]).await;
    ann.write(group, "hello all").await;
    let page: Value = shop.bot().get(&format!("messages?chat_id={group}")).await.json();
    assert_eq!(page[0]["chat"]["title"], "Team");
    assert_eq!(texts(&page), ["hello all", "-"]);
    assert_eq!(ids(&shop, &format!("chat_id={}", ann.id)).await, [4, 3, 2, 1]);
}
