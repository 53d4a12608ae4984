//! `/contacts`, `/contacts/{contact_id}` and the methods that do the same, on both engines.

mod becoming_known;
mod depth;
mod list;
mod methods;
mod numbers;
mod resource;
mod search;
mod sync;
mod tenants;
mod transfer;

use contactgram_testkit::{Answer, Client, Value};

use crate::kit::{number, text};

/// Adds a contact and answers with it.
async fn add(client: &Client, body: Value) -> Value {
    let answer = client.post("/contacts", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.result()
}

/// A value of a list's page for each of its contacts.
#[track_caller]
fn each(page: &Value, field: &str) -> Vec<String> {
    let contacts = page["contacts"].as_array().unwrap_or_else(|| panic!("a page of contacts: {page}"));
    contacts.iter().map(|contact| text(&contact[field])).collect()
}

/// The ids of a list's page.
#[track_caller]
fn ids(page: &Value) -> Vec<i64> {
    let contacts = page["contacts"].as_array().unwrap_or_else(|| panic!("a page of contacts: {page}"));
    contacts.iter().map(|contact| number(&contact["id"])).collect()
}

/// The route of a contact.
fn route(contact: &Value) -> String {
    format!("/contacts/{}", contact["id"])
}

/// What is answered for a contact that isn't there.
#[track_caller]
fn is_missing(answer: &Answer) {
    assert_eq!(answer.refusal(), (404, "Not Found: contact not found".to_owned()));
}

/// The text of a 400.
#[track_caller]
fn bad_request(answer: &Answer) -> String {
    let (status, description) = answer.refusal();
    assert_eq!(status, 400, "{description}");
    let text = description.strip_prefix("Bad Request: ");
    text.unwrap_or_else(|| panic!("a 400 says so: {description}")).to_owned()
}
