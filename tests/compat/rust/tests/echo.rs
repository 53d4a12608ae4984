//! An unmodified teloxide bot by polling: commands, an inline keyboard, echoes, and its end.

use contactgram_compat_rust::{Server, on_each_server};
use serde_json::json;
use teloxide::dispatching::{DefaultKey, ShutdownToken};
use teloxide::prelude::*;
use teloxide::types::{InlineKeyboardButton, InlineKeyboardMarkup, ParseMode};
use teloxide::utils::command::BotCommands;

#[derive(BotCommands, Clone)]
#[command(rename_rule = "lowercase", description = "This bot knows:")]
enum Command {
    #[command(description = "begin")]
    Start,
}

async fn start(bot: Bot, message: Message, _command: Command) -> ResponseResult<()> {
    let buttons = ["yes", "no"].map(|word| InlineKeyboardButton::callback(word, word));
    let keyboard = InlineKeyboardMarkup::new([buttons]);
    bot.send_message(message.chat.id, "<b>Welcome</b>!")
        .parse_mode(ParseMode::Html)
        .reply_markup(keyboard)
        .await?;
    Ok(())
}

async fn echo(bot: Bot, message: Message) -> ResponseResult<()> {
    if let Some(text) = message.text() {
        bot.send_message(message.chat.id, text).await?;
    }
    Ok(())
}

async fn button(bot: Bot, query: CallbackQuery) -> ResponseResult<()> {
    let data = query.data.clone().unwrap_or_default();
    bot.answer_callback_query(query.id.clone()).text(format!("You said {data}")).await?;
    if let Some(message) = query.regular_message() {
        bot.edit_message_text(message.chat.id, message.id, format!("Selected: {data}")).await?;
    }
    Ok(())
}

fn dispatcher(bot: Bot) -> Dispatcher<Bot, teloxide::RequestError, DefaultKey> {
    let handler = dptree::entry()
        .branch(Update::filter_message().filter_command::<Command>().endpoint(start))
        .branch(Update::filter_message().endpoint(echo))
        .branch(Update::filter_callback_query().endpoint(button));
    Dispatcher::builder(bot, handler).build()
}

async fn end(token: ShutdownToken, running: tokio::task::JoinHandle<()>) {
    token.shutdown().expect("the dispatcher runs").await;
    running.await.expect("the dispatcher ends well");
}

on_each_server! { a_polling_bot_echoes_and_answers_buttons the_commands_of_a_bot_are_set_and_read_back }

async fn a_polling_bot_echoes_and_answers_buttons(server: Server) {
    let account = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    ann.write(account.id, "written before the bot runs").await;

    let mut dispatcher = dispatcher(server.bot(&account.token));
    let token = dispatcher.shutdown_token();
    let running = tokio::spawn(async move { dispatcher.dispatch().await });
    ann.sees(account.id, "written before the bot runs").await;

    ann.write(account.id, "/start").await;
    let greeting = ann.sees(account.id, "Welcome!").await;
    assert_eq!(greeting["entities"], json!([{"offset": 0, "length": 7, "type": "bold"}]));
    ann.write(account.id, "Good morning ☀️").await;
    ann.sees(account.id, "Good morning ☀️").await;

    let press = json!({"to": account.id, "message_id": greeting["message_id"], "data": "yes"});
    let pressed = ann.act("press", press).await;
    let edited = ann.sees(account.id, "Selected: yes").await;
    assert_eq!(edited["message_id"], greeting["message_id"]);
    let id = pressed["callback_query_id"].as_str().expect("a press makes a callback query");
    let press = server.admin(&format!("people/{}/presses/{}/{id}", ann.id, account.id), None).await;
    assert_eq!(press["answer"]["text"], "You said yes");

    end(token, running).await;
    // It confirmed what it handled: nothing is left for the next one.
    let left = server.bot(&account.token).get_updates().await.expect("updates can be asked for");
    assert_eq!(left.len(), 0);
    server.stop().await;
}

async fn the_commands_of_a_bot_are_set_and_read_back(server: Server) {
    let account = server.account("Shop").await;
    let bot = server.bot(&account.token);
    bot.set_my_commands(Command::bot_commands()).await.expect("commands are set");
    let commands = bot.get_my_commands().await.expect("commands are read");
    // The library sends `/start`; like Telegram, the server keeps what follows the slash.
    let kept = commands.iter().map(|known| (known.command.as_str(), known.description.as_str()));
    assert_eq!(kept.collect::<Vec<_>>(), [("start", "begin")]);
}
