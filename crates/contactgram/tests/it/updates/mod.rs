//! getUpdates over TCP: what it answers, who may wait, and what survives.

mod conflicts;
mod kinds;
mod model;
mod named;
mod offsets;
mod stream;
mod survival;
mod waiting;

use std::time::Duration;

use contactgram_testkit::{Account, Answer, Client, Value, json};
use tokio::task::JoinHandle;

/// Time for a call to arrive and begin to wait. Too short on a slow machine, it makes a test easier to
/// pass, never harder.
const SETTLE: Duration = Duration::from_millis(400);

/// The updates that getUpdates answers with these parameters.
pub async fn poll(account: &Account, parameters: Value) -> Vec<Value> {
    let result = account.bot().call("getUpdates", parameters).await.result();
    result.as_array().expect("an array of updates").clone()
}

/// A call to getUpdates that goes on beside the test, and has begun to wait.
pub async fn waiting(client: Client, parameters: Value) -> JoinHandle<Answer> {
    let call = tokio::spawn(async move { client.call("getUpdates", parameters).await });
    tokio::time::sleep(SETTLE).await;
    assert!(!call.is_finished(), "the call waits");
    call
}

/// What each update tells.
pub fn kinds(updates: &[Value]) -> Vec<&str> {
    updates.iter().map(kind).collect()
}

pub fn kind(update: &Value) -> &str {
    let keys = update.as_object().expect("an update is an object").keys();
    let mut kinds = keys.filter(|key| *key != "update_id");
    let kind = kinds.next().expect("an update tells something");
    assert_eq!(kinds.next(), None, "and one thing only: {update}");
    kind
}

pub fn ids(updates: &[Value]) -> Vec<i64> {
    updates.iter().map(|update| update["update_id"].as_i64().expect("an update has a number")).collect()
}

pub fn texts(updates: &[Value]) -> Vec<&str> {
    updates.iter().map(|update| update["message"]["text"].as_str().unwrap_or_default()).collect()
}

/// Status and text of the conflict between two polls.
pub fn newer_call() -> (u16, String) {
    conflict("terminated by other getUpdates request; make sure that only one bot instance is running")
}

pub fn conflict(text: &str) -> (u16, String) {
    (409, format!("Conflict: {text}"))
}

/// A webhook that nobody listens at.
pub fn nowhere() -> Value {
    json!({"url": "http://127.0.0.1:9/hook"})
}
