//! What is kept of files, and for how long: one content once, as long as a message carries it, and nothing of uploads that
//! broke off.

use crate::kit::{Cast, World, permit};
use bytes::Bytes;
use contactgram_hub::access::{MessagesRead, MessagesSend};
use contactgram_hub::{ChatRef, Draft, Error, FileName, Hub};
use contactgram_model::{Actor, FileKind, MessageId};
use contactgram_store::ops::files::{self, PIECE_BYTES};
use contactgram_wire::file::Media;
use contactgram_wire::message::Content;
use serde_json::Value;
use std::time::Duration;

fn content(seed: u8) -> Bytes {
    (0..PIECE_BYTES * 2 + 7).map(|at| (at % 251) as u8 ^ seed).collect::<Vec<u8>>().into()
}

/// Sends a file to the person; the message.
async fn send(hub: &Hub, cast: &Cast, bytes: Bytes) -> Value {
    let mut upload = hub.upload().unwrap();
    for piece in bytes.chunks(100_000) {
        upload.push(Bytes::copy_from_slice(piece)).await.unwrap();
    }
    upload.finish().await.unwrap();
    let fresh = upload.fresh().cloned();
    let media = Media { file_size: Some(bytes.len() as i64), ..Media::default() };
    let draft = Draft::new(ChatRef::Id(cast.person.0), Content::file(FileKind::Document, media));
    let sent = hub.send(&permit::<MessagesSend>(&cast.caller), Draft { fresh, ..draft }, None).await.unwrap();
    serde_json::from_str(&sent.result).unwrap()
}

async fn delete(hub: &Hub, cast: &Cast, message: &Value) {
    let id = MessageId(message["message_id"].as_i64().unwrap());
    let target = (ChatRef::Id(cast.person.0), vec![id], false);
    hub.delete_messages(&permit::<MessagesSend>(&cast.caller), target, None).await.unwrap();
}

async fn fetch(hub: &Hub, cast: &Cast, message: &Value) -> Result<Vec<u8>, Error> {
    let id = message["document"]["file_id"].as_str().unwrap().to_owned();
    let file = hub.open_file(&permit::<MessagesRead>(&cast.caller), FileName::Id(id)).await?;
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < file.bytes {
        bytes.extend_from_slice(&file.from(bytes.len() as u64).await?);
    }
    Ok(bytes)
}

/// Numbers of files that no message carries, and of those on their way out.
async fn idle(world: &World) -> (Vec<i64>, Vec<i64>) {
    let looking =
        world.store.scan(|tx| Ok::<_, Error>((files::unused(tx, i64::MAX)?, files::leaving(tx, i64::MAX)?)));
    looking.await.unwrap()
}

/// Waits until no file is left over: a hub that was started erases beside the test.
async fn erased(world: &World) {
    let wait = async {
        while idle(world).await != (vec![], vec![]) {
            world.hub.forget_old().await.unwrap();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await.expect("leftovers are erased");
}

async fn first_piece(world: &World, file: i64) -> Option<Vec<u8>> {
    world.store.read(move |tx| Ok::<_, Error>(files::piece(tx, file, 0)?)).await.unwrap()
}

#[tokio::test]
async fn the_same_content_is_kept_once_and_goes_with_its_last_message() {
    let world = World::new().await;
    let cast = world.cast().await;
    let (one, two) = (send(&world.hub, &cast, content(0)).await, send(&world.hub, &cast, content(0)).await);
    assert_eq!(one["document"]["file_size"], two["document"]["file_size"]);
    assert_ne!(
        one["document"]["file_id"], two["document"]["file_id"],
        "each message has a way of its own to it"
    );
    let (unused, _) = idle(&world).await;
    assert_eq!(unused.len(), 1, "the second copy has no message");
    world.hub.forget_old().await.unwrap();
    assert_eq!(first_piece(&world, unused[0]).await, None);
    assert!(fetch(&world.hub, &cast, &two).await.unwrap() == content(0));
    delete(&world.hub, &cast, &one).await;
    world.hub.forget_old().await.unwrap();
    assert_eq!(fetch(&world.hub, &cast, &one).await, Err(Error::missing("file not found")));
    assert!(fetch(&world.hub, &cast, &two).await.unwrap() == content(0), "another message carries it");
    delete(&world.hub, &cast, &two).await;
    let (unused, _) = idle(&world).await;
    assert_eq!(unused.len(), 1);
    world.hub.forget_old().await.unwrap();
    assert_eq!((idle(&world).await, first_piece(&world, unused[0]).await), ((vec![], vec![]), None));
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let world = World::new().await;
    let mut upload = world.hub.upload().unwrap();
    upload.push(content(1)).await.unwrap();
    let (unused, _) = idle(&world).await;
    assert_eq!(unused.len(), 1);
    world.hub.forget_old().await.unwrap();
    assert!(first_piece(&world, unused[0]).await.is_some(), "it is still coming");
    drop(upload);
    world.hub.forget_old().await.unwrap();
    assert_eq!((idle(&world).await, first_piece(&world, unused[0]).await), ((vec![], vec![]), None));
}

#[tokio::test]
async fn what_a_crash_left_is_erased_at_the_next_start() {
    let mut world = World::new().await;
    let cast = world.cast().await;
    let sent = send(&world.hub, &cast, content(2)).await;
    let mut upload = world.hub.upload().unwrap();
    upload.push(content(3)).await.unwrap();
    // As a crash would: nobody is there to tidy up.
    std::mem::forget(upload);
    world.crash().await;
    world.hub.start().await.unwrap();
    erased(&world).await;
    assert!(fetch(&world.hub, &cast, &sent).await.unwrap() == content(2), "what was sent is there");
}

#[tokio::test]
async fn files_of_a_removed_account_stay_with_whoever_else_has_them() {
    let mut world = World::new().await;
    let cast = world.cast().await;
    send(&world.hub, &cast, content(4)).await;
    // To itself: nobody else has that one.
    let alone = Cast { person: cast.account, ..cast };
    send(&world.hub, &alone, content(5)).await;
    world.hub.remove_account(Actor::Operator, alone.account).await.unwrap();
    let (unused, _) = idle(&world).await;
    assert_eq!(unused.len(), 1);
    world.restart();
    world.hub.start().await.unwrap();
    erased(&world).await;
    assert_eq!(first_piece(&world, unused[0]).await, None);
}
