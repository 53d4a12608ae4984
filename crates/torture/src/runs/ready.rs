//! The time from the start of the process to the first 200 of `/readyz` after kill -9, with many messages.
//! The bound is generous, to end a hang; the time is reported. Called by `runs`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;
use tokio::task::JoinSet;

use super::{Ending, Setup, Size};
use crate::findings::Findings;
use crate::http::{Connection, Request};
use crate::process::Fsync;
use crate::stage::{Setting, Stage};

/// Each message is kept twice, once for either side.
const SENT_SMALL: u64 = 5_000;
const SENT_LONG: u64 = 500_000;
const SENDERS: usize = 256;
/// How often it is killed and started.
const STARTS: u64 = 5;

pub async fn run(setup: &Setup, size: Size) -> Result<Ending, String> {
    let wanted = if size == Size::Long { SENT_LONG } else { SENT_SMALL };
    let folder = setup.folder()?;
    let mut stage = Stage::set(Setting {
        file: &setup.file,
        data: folder.path().join("data"),
        log: folder.path().join("log"),
        store: None,
        writers: 0,
    })
    .await?;
    let mut findings = Findings::default();
    stage.start(Fsync::Honest).await?;
    findings.acknowledged = send(&mut stage, wanted).await?;
    if findings.acknowledged < wanted {
        findings.wrong(format!("only {} messages could be sent", findings.acknowledged));
    }
    for _ in 0..STARTS {
        // Each start has a full log to recover.
        send(&mut stage, SENT_SMALL).await?;
        stage.kill().await?;
        findings.started(stage.start(Fsync::Honest).await?);
    }
    let done = format!("{STARTS} kills with {} messages kept", 2 * findings.acknowledged);
    Ok(Ending::of(done, &findings))
}

/// Sends so many messages round the ring of accounts; returns how many were acknowledged.
async fn send(stage: &mut Stage, wanted: u64) -> Result<u64, String> {
    let address = stage.server()?.address;
    let (next, acknowledged) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        let (accounts, next, acknowledged) = (stage.accounts.clone(), next.clone(), acknowledged.clone());
        senders.spawn(async move {
            let (from, to) = (sender % accounts.len(), (sender + 1) % accounts.len());
            let mut connection = Connection::new(address);
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= wanted {
                    break;
                }
                let body = json!({"chat_id": accounts[to].id, "text": format!("message {number} of many")});
                let request = Request::with_body("POST", &accounts[from].token, "/v1/sendMessage", &body);
                let sent = connection.send(&request).await;
                acknowledged
                    .fetch_add(u64::from(sent.is_ok_and(|sent| sent.status == 200)), Ordering::Relaxed);
            }
        });
    }
    while let Some(ended) = senders.join_next().await {
        ended.map_err(|why| format!("a sender failed: {why}"))?;
    }
    Ok(acknowledged.load(Ordering::Relaxed))
}
