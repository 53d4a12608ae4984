//! The methods of the Bot API through teloxide: objects that its strict types take, refusals that it knows.

use std::future::IntoFuture;

use contactgram_compat_rust::{Account, Server, on_each_server};
use serde_json::json;
use teloxide::prelude::*;
use teloxide::types::{ChatAction, ChatId, MessageEntityKind, MessageId, ParseMode, ReplyParameters};
use teloxide::{ApiError, RequestError};

async fn refusal<T: std::fmt::Debug>(request: impl IntoFuture<Output = Result<T, RequestError>>) -> ApiError {
    match request.await {
        Err(RequestError::Api(why)) => why,
        other => panic!("refused by the API, not {other:?}"),
    }
}

async fn shop(server: &Server) -> (Account, Bot) {
    let account = server.account("Shop").await;
    let bot = server.bot(&account.token);
    (account, bot)
}

on_each_server! { the_objects_of_the_answers_are_whole refusals_are_the_ones_it_knows }

async fn the_objects_of_the_answers_are_whole(server: Server) -> Result<(), RequestError> {
    let (account, bot) = shop(&server).await;
    let ann = server.person(json!({"first_name": "Ann", "last_name": "Lee"})).await;
    ann.write(account.id, "hello").await;
    let chat = ChatId(ann.id);

    let me = bot.get_me().await?;
    assert_eq!((me.id.0 as i64, me.is_bot, me.first_name.as_str()), (account.id, true, "Shop"));

    let sent = bot.send_message(chat, "*bold* 👋 _italic_").parse_mode(ParseMode::MarkdownV2).await?;
    let entities: Vec<_> = sent.parse_entities().into_iter().flatten().collect();
    assert_eq!(sent.text(), Some("bold 👋 italic"));
    assert_eq!(entities.iter().map(|e| e.text()).collect::<Vec<_>>(), ["bold", "italic"]);
    assert_eq!(*entities[1].kind(), MessageEntityKind::Italic);

    let reply = bot.send_message(chat, "reply").reply_parameters(ReplyParameters::new(sent.id)).await?;
    assert_eq!(reply.reply_to_message().map(|message| message.id), Some(sent.id));
    let edited = bot.edit_message_text(chat, sent.id, "edited").await?;
    assert_eq!((edited.id, edited.text(), edited.edit_date().is_some()), (sent.id, Some("edited"), true));
    let forwarded = bot.forward_message(chat, chat, sent.id).await?;
    assert!(forwarded.forward_origin().is_some());
    let copied = bot.copy_message(chat, chat, sent.id).await?;
    assert_eq!(copied.0, forwarded.id.0 + 1);
    let contact = bot.send_contact(chat, "+441632960961", "Eve").await?;
    assert_eq!(contact.contact().map(|contact| contact.first_name.as_str()), Some("Eve"));
    bot.delete_message(chat, copied).await?;
    bot.send_chat_action(chat, ChatAction::Typing).await?;

    let described = bot.get_chat(chat).await?;
    assert_eq!(
        (described.id, described.first_name(), described.last_name()),
        (chat, Some("Ann"), Some("Lee"))
    );
    server.stop().await;
    Ok(())
}

async fn refusals_are_the_ones_it_knows(server: Server) -> Result<(), RequestError> {
    let (account, bot) = shop(&server).await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    ann.write(account.id, "hello").await;
    let (chat, nothing) = (ChatId(ann.id), MessageId(99_999));

    let stranger = server.bot(&format!("{}:{}", account.id, "A".repeat(35)));
    assert_eq!(refusal(stranger.get_me()).await, ApiError::InvalidToken);
    assert_eq!(refusal(bot.send_message(ChatId(987_654_321), "x")).await, ApiError::ChatNotFound);
    assert_eq!(refusal(bot.send_message(chat, "")).await, ApiError::MessageTextIsEmpty);
    assert_eq!(refusal(bot.send_message(chat, "x".repeat(4097))).await, ApiError::MessageIsTooLong);
    assert_eq!(refusal(bot.edit_message_text(chat, nothing, "x")).await, ApiError::MessageToEditNotFound);
    assert_eq!(refusal(bot.delete_message(chat, nothing)).await, ApiError::MessageToDeleteNotFound);
    assert_eq!(refusal(bot.forward_message(chat, chat, nothing)).await, ApiError::MessageToForwardNotFound);
    assert_eq!(refusal(bot.copy_message(chat, chat, nothing)).await, ApiError::MessageToCopyNotFound);
    let reply = bot.send_message(chat, "x").reply_parameters(ReplyParameters::new(nothing));
    assert_eq!(refusal(reply).await, ApiError::MessageToReplyNotFound);
    let broken = bot.send_message(chat, "<b>x").parse_mode(ParseMode::Html);
    assert!(matches!(refusal(broken).await, ApiError::CantParseEntities(_)));

    let sent = bot.send_message(chat, "same").await?;
    assert_eq!(refusal(bot.edit_message_text(chat, sent.id, "same")).await, ApiError::MessageNotModified);
    let query = bot.answer_callback_query(teloxide::types::CallbackQueryId("123456789".into()));
    // The library has an older form of this text (`id`): today's Telegram says `ID`, and so do we.
    let told = "Bad Request: query is too old and response timeout expired or query ID is invalid";
    assert_eq!(refusal(query).await, ApiError::Unknown(told.to_owned()));
    ann.act("block", json!({"account_id": account.id})).await;
    assert_eq!(refusal(bot.send_message(chat, "x")).await, ApiError::BotBlocked);
    Ok(())
}
