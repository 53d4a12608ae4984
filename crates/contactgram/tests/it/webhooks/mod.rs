//! Webhooks over TCP: how they are set, what they are sent, in which order, and what survives.

#![allow(clippy::unwrap_used)]

mod calls;
mod delivery;
mod failures;
mod further;
mod hook;
mod ledger;
mod neighbours;
mod private;
mod setting;
mod stress;
mod survival;
mod switching;

use contactgram_testkit::{Account, Value, json};

use hook::Hook;

/// Sets a webhook at this receiver, with further parameters.
async fn set(account: &Account, hook: &Hook, mut parameters: Value) -> Value {
    parameters["url"] = json!(hook.url());
    let answer = account.bot().call("setWebhook", parameters).await;
    assert_eq!(answer.result(), true, "{}", answer.text);
    answer.json()["description"].take()
}

async fn info(account: &Account) -> Value {
    account.bot().call("getWebhookInfo", json!({})).await.result()
}

/// Waits until nothing waits for the account's webhook any more.
async fn drained(account: &Account) -> Value {
    for _ in 0..600 {
        let info = info(account).await;
        if info["pending_update_count"] == 0 {
            return info;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("updates still wait: {}", info(account).await);
}
