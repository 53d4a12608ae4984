//! The examples of the crate's first page, run for real: the same files are compiled into its documentation.

use std::collections::HashMap;

use contactgram_client::{ContactPatch, Error};
use contactgram_testkit::{ProxyFault, json};

use crate::kit::{Stage, contact};

mod first {
    include!("../../doc/first.example");

    pub async fn run(url: &str, token: &str) -> contactgram_client::Result<()> {
        first(url, token).await
    }
}

mod updates {
    include!("../../doc/updates.example");

    pub async fn run(client: Client) -> contactgram_client::Result<()> {
        echo(client).await
    }
}

mod sync {
    include!("../../doc/sync.example");

    pub async fn run(
        client: &Client,
        copy: &mut HashMap<ContactId, Contact>,
        token: Option<String>,
    ) -> contactgram_client::Result<String> {
        refresh(client, copy, token).await
    }
}

mod oauth {
    include!("../../doc/oauth.example");

    pub async fn run(url: &str, id: &str, secret: &str) -> contactgram_client::Result<usize> {
        count(url, id, secret).await
    }
}

#[tokio::test]
async fn the_first_example_runs() {
    let stage = Stage::new().await;
    let ann = stage.server.person(json!({"first_name": "Ann", "phone_number": "+14155550101"})).await;
    first::run(stage.server.url(), &stage.account.token).await.unwrap();
    assert_eq!(ann.screen(stage.account.id).await[0]["text"], "Hello Ann!");
    assert_eq!(stage.client.contacts().list(&Default::default()).await.unwrap().total_count, 0);
}

#[tokio::test]
async fn the_example_of_updates_answers_and_ends_in_order() {
    let stage = Stage::new().await;
    let ann = stage.server.person(json!({"first_name": "Ann"})).await;
    ann.write(stage.account.id, "hello").await;
    ann.write(stage.account.id, "/stop").await;
    updates::run(stage.client.clone()).await.unwrap();
    assert_eq!(ann.screen(stage.account.id).await[0]["text"], "hello");
    let left: serde_json::Value = stage.client.call("getUpdates", &json!({})).await.unwrap();
    assert_eq!(left, json!([]));
}

#[tokio::test]
async fn the_example_of_a_copy_stays_in_step() {
    let stage = Stage::new().await;
    let contacts = stage.client.contacts();
    let mut ids = Vec::new();
    for at in 0..3 {
        ids.push(contacts.add(contact(at)).await.unwrap().contact.id);
    }
    let mut copy = HashMap::new();
    let token = sync::run(&stage.client, &mut copy, None).await.unwrap();
    assert_eq!(copy.len(), 3);
    contacts.delete(ids[0]).await.unwrap();
    contacts.edit(ids[1], &ContactPatch::new().note("new")).await.unwrap();
    let token = sync::run(&stage.client, &mut copy, Some(token)).await.unwrap();
    assert_eq!((copy.len(), copy[&ids[1]].note.as_deref()), (2, Some("new")));
    // A token that has become too old begins anew.
    contacts.delete(ids[2]).await.unwrap();
    stage.proxy.fail_next("GET contacts", ProxyFault::refusal(410, "Gone: the sync token has expired"));
    sync::run(&stage.client, &mut copy, Some(token)).await.unwrap();
    assert_eq!(copy.keys().copied().collect::<Vec<_>>(), [ids[1]]);
    assert!(matches!(contacts.sync(Some("rubbish")).await, Err(Error::BadRequest { .. })));
}

#[tokio::test]
async fn the_example_of_an_application_counts() {
    let stage = Stage::new().await;
    for at in 0..3 {
        stage.client.contacts().add(contact(at)).await.unwrap();
    }
    let account = stage.account.id.to_string();
    let made =
        stage.server.cli_json(&["app", "add", "--account", &account, "--name", "Desk", "--json"]).await;
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    let counted = oauth::run(stage.server.url(), &text("client_id"), &text("client_secret")).await;
    assert_eq!(counted.unwrap(), 3);
}
