//! Files through teloxide: sent from one account to another, fetched, sent again, and in an album.

use contactgram_compat_rust::{Server, on_each_server};
use teloxide::net::Download;
use teloxide::prelude::*;
use teloxide::types::{ChatId, FileId, InputFile, InputMedia, InputMediaPhoto};
use teloxide::{ApiError, RequestError};

on_each_server! { files_are_sent_fetched_and_sent_again an_album_comes_as_one }

fn png() -> Vec<u8> {
    [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], &[0, 0, 1, 64, 0, 0, 0, 200, 8, 6, 0, 0, 0]].concat()
}

/// So many messages, which have come or will.
async fn received(bot: &Bot, count: usize) -> Vec<Message> {
    let (mut messages, mut offset) = (Vec::new(), 0);
    while messages.len() < count {
        let updates = bot.get_updates().offset(offset).timeout(10).await.expect("updates can be asked for");
        for update in updates {
            offset = update.id.0 as i32 + 1;
            if let teloxide::types::UpdateKind::Message(message) = update.kind {
                messages.push(message);
            }
        }
    }
    messages
}

async fn fetched(bot: &Bot, id: FileId) -> Vec<u8> {
    let file = bot.get_file(id).await.expect("the account has it");
    let mut bytes = Vec::new();
    bot.download_file(&file.path, &mut bytes).await.expect("it comes");
    bytes
}

async fn files_are_sent_fetched_and_sent_again(server: Server) -> Result<(), RequestError> {
    let (shop, desk) = (server.account("Shop").await, server.account("Desk").await);
    let (one, two) = (server.bot(&shop.token), server.bot(&desk.token));
    let text: Vec<u8> = (0..700_000_u32).map(|at| (at % 251) as u8).collect();
    let file = InputFile::memory(text.clone()).file_name("plan.txt");
    let sent = one.send_document(ChatId(desk.id), file).caption("The plan").await?;
    let document = sent.document().expect("a document");
    assert_eq!((document.file_name.as_deref(), document.file.size), (Some("plan.txt"), 700_000));
    let photo = one.send_photo(ChatId(desk.id), InputFile::memory(png())).await?;
    assert_eq!(photo.photo().map(|sizes| (sizes[0].width, sizes[0].height)), Some((320, 200)));
    let got = received(&two, 2).await;
    let theirs = got[0].document().expect("a document").file.clone();
    assert_eq!(
        (theirs.unique_id.clone(), got[0].caption()),
        (document.file.unique_id.clone(), Some("The plan"))
    );
    assert!(fetched(&two, theirs.id.clone()).await == text);
    assert_eq!(fetched(&two, got[1].photo().expect("a photo")[0].file.id.clone()).await, png());
    let again = two.send_document(ChatId(shop.id), InputFile::file_id(theirs.id)).await?;
    assert_eq!(again.document().map(|file| file.file.unique_id.clone()), Some(theirs.unique_id));
    let strange = two.send_document(ChatId(shop.id), InputFile::file_id(document.file.id.clone())).await;
    assert!(matches!(strange, Err(RequestError::Api(ApiError::WrongFileIdOrUrl))), "{strange:?}");
    server.stop().await;
    Ok(())
}

async fn an_album_comes_as_one(server: Server) -> Result<(), RequestError> {
    let (shop, desk) = (server.account("Shop").await, server.account("Desk").await);
    let (one, two) = (server.bot(&shop.token), server.bot(&desk.token));
    let photo = || InputMedia::Photo(InputMediaPhoto::new(InputFile::memory(png())));
    let sent = one.send_media_group(ChatId(desk.id), [photo(), photo()]).await?;
    let got = received(&two, 2).await;
    let groups: Vec<_> = sent.iter().chain(&got).map(|message| message.media_group_id().cloned()).collect();
    assert!(groups[0].is_some() && groups.iter().all(|group| *group == groups[0]), "{groups:?}");
    server.stop().await;
    Ok(())
}
