//! Contacts: the whole life of one, pages, and a copy that is kept in step.

use contactgram_client::{ContactPatch, ContactQuery, Error, NewContact, Sort, TryStreamExt};
use serde_json::json;

use crate::kit::{Stage, contact};

#[tokio::test]
async fn a_contact_is_added_found_by_any_of_its_names_changed_and_removed() {
    let stage = Stage::new().await;
    let contacts = stage.client.contacts();
    let attributes = json!({"tier": 1}).as_object().unwrap().clone();
    let new = NewContact::new("Ann")
        .last_name("Lee")
        .phone_number("+44 7900 900123")
        .username("@ann_lee")
        .email("ann@example.org")
        .labels(["vip"])
        .attributes(attributes)
        .note("met in Berlin");
    let added = contacts.add(new).await.unwrap();
    assert!(added.is_new);
    let id = added.contact.id;
    assert_eq!(added.contact.phone_number.as_deref(), Some("+447900900123"));

    for found in [
        contacts.get(id).await,
        contacts.get(id.0).await,
        contacts.get("@ann_lee").await,
        contacts.get("+447900900123").await,
        contacts.get(&added.contact.contact).await,
    ] {
        assert_eq!(found.unwrap(), added.contact);
    }
    assert!(matches!(contacts.get("@nobody_here").await, Err(Error::NotFound { .. })));

    // The same number is the same contact.
    let again = contacts.add(NewContact::new("Anna").phone_number("+447900900123")).await.unwrap();
    assert_eq!((again.is_new, again.contact.id, again.contact.first_name.as_str()), (false, id, "Anna"));

    let patch = ContactPatch::new().clear("note").labels(["vip", "eu"]).set("email", "anna@example.org");
    let changed = contacts.edit(id, &patch).await.unwrap();
    assert_eq!((changed.note.as_deref(), changed.labels.len()), (None, 2));
    assert_eq!(
        (changed.email.as_deref(), changed.last_name.as_deref()),
        (Some("anna@example.org"), Some("Lee"))
    );

    contacts.delete("@ann_lee").await.unwrap();
    assert!(matches!(contacts.get(id).await, Err(Error::NotFound { .. })));
    assert!(matches!(contacts.delete(id).await, Err(Error::NotFound { .. })));
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let stage = Stage::new().await;
    let wrong = stage.client.contacts().add(NewContact::new("Ann").email("nobody")).await.unwrap_err();
    let Error::BadRequest { field, description, .. } = &wrong else { panic!("{wrong:?}") };
    assert_eq!((field.as_deref(), wrong.is_retryable()), (Some("email"), false));
    assert!(description.starts_with("Bad Request: email must"), "{description}");
    let no_name =
        stage.client.contacts().edit(1, &ContactPatch::new().clear("first_name")).await.unwrap_err();
    assert_eq!(no_name.status(), Some(400));
}

#[tokio::test]
async fn a_change_is_refused_when_somebody_was_faster() {
    let stage = Stage::new().await;
    let contacts = stage.client.contacts();
    let read = contacts.add(contact(1)).await.unwrap().contact;
    let changed = contacts.edit_if(&read, &ContactPatch::new().note("first")).await.unwrap();
    assert_eq!(changed.note.as_deref(), Some("first"));
    assert_ne!(changed.etag, read.etag);
    let late = contacts.edit_if(&read, &ContactPatch::new().note("second")).await.unwrap_err();
    assert!(matches!(late, Error::PreconditionFailed { .. }), "{late:?}");
    assert!(matches!(contacts.delete_if(&read).await, Err(Error::PreconditionFailed { .. })));
    assert_eq!(contacts.get(read.id).await.unwrap().note.as_deref(), Some("first"));
    contacts.delete_if(&changed).await.unwrap();
    assert!(matches!(contacts.get(read.id).await, Err(Error::NotFound { .. })));
}

#[tokio::test]
async fn lists_come_in_pages_in_streams_and_in_part() {
    let stage = Stage::new().await;
    let contacts = stage.client.contacts();
    for at in 0..25 {
        let new = if at % 5 == 0 { contact(at).labels(["fifth"]) } else { contact(at) };
        contacts.add(new).await.unwrap();
    }
    let ten = ContactQuery::default().limit(10);
    let page = contacts.list(&ten).await.unwrap();
    assert_eq!((page.total_count, page.contacts.len()), (25, 10));
    assert_eq!(page.contacts[0].first_name, "C000");
    let second = contacts.list(&ten.clone().cursor(page.next_cursor.unwrap())).await.unwrap();
    assert_eq!(second.contacts[0].first_name, "C010");
    let third = contacts.list(&ten.clone().offset(20)).await.unwrap();
    assert_eq!((third.contacts.len(), third.next_cursor), (5, None));

    let all: Vec<_> = contacts.all(ten.clone().sort(Sort::Name)).try_collect().await.unwrap();
    let names: Vec<String> = (0..25).map(|at| format!("C{at:03}")).collect();
    assert_eq!(all.iter().map(|contact| contact.first_name.clone()).collect::<Vec<_>>(), names);
    let fifths: Vec<_> = contacts.all(ten.clone().limit(2).label("fifth")).try_collect().await.unwrap();
    assert_eq!(fifths.len(), 5);
    assert_eq!(contacts.search("c017").await.unwrap().contacts.len(), 1);

    #[derive(serde::Deserialize)]
    struct Name {
        first_name: String,
    }
    let part = contacts.list_fields::<Name>(&ten, &["first_name"]).await.unwrap();
    assert_eq!((part.contacts.len(), part.contacts[9].first_name.as_str()), (10, "C009"));
    // A stream ends with its first error.
    let bad = contacts.all(ten.cursor("rubbish")).try_collect::<Vec<_>>().await;
    assert!(matches!(bad, Err(Error::BadRequest { field: Some(field), .. }) if field == "cursor"));
}

#[tokio::test]
async fn a_sync_tells_what_changed_and_what_is_gone() {
    let stage = Stage::new().await;
    let contacts = stage.client.contacts();
    let mut ids = Vec::new();
    for at in 0..4 {
        ids.push(contacts.add(contact(at)).await.unwrap().contact.id);
    }
    let first = contacts.sync(None).await.unwrap();
    assert_eq!((first.changed.len(), first.removed.len()), (4, 0));
    contacts.edit(ids[1], &ContactPatch::new().note("changed")).await.unwrap();
    contacts.delete(ids[2]).await.unwrap();
    let then = contacts.sync(Some(&first.next_sync_token)).await.unwrap();
    let changed: Vec<_> = then.changed.iter().map(|contact| contact.id).collect();
    assert_eq!((changed, then.removed), (vec![ids[1]], vec![ids[2]]));
    let nothing = contacts.sync(Some(&then.next_sync_token)).await.unwrap();
    assert!(nothing.changed.is_empty() && nothing.removed.is_empty());
}

#[tokio::test]
async fn a_sync_of_many_goes_on_over_its_pages() {
    let stage = Stage::new().await;
    let contacts = stage.client.contacts();
    let start = contacts.sync(None).await.unwrap().next_sync_token;
    let lines: String =
        (0..1100).map(|at| format!("{{\"first_name\":\"C{at}\",\"email\":\"{at}@x.example\"}}\n")).collect();
    // Adding them one by one through the client would take longer than what is tested.
    let direct = stage.account.v1();
    let mut adding = Vec::new();
    for line in lines.lines().map(str::to_owned) {
        let direct = direct.clone();
        adding
            .push(async move { direct.post("contacts", serde_json::from_str(&line).unwrap()).await.status });
    }
    let statuses = futures_util::future::join_all(adding).await;
    assert!(statuses.iter().all(|status| *status == 201), "{statuses:?}");
    let changes = contacts.sync(Some(&start)).await.unwrap();
    assert_eq!((changes.changed.len(), changes.removed.len()), (1100, 0));
    assert!(stage.proxy.seen("GET contacts").len() >= 3);
}
