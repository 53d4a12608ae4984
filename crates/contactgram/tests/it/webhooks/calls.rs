//! Answers of a webhook that call a method.

use contactgram_testkit::{Options, TestServer, json};

use super::hook::{Do, Hook};
use super::{drained, info, set};

const JSON: &str = "content-type: application/json\r\n";
const FORM: &str = "content-type: application/x-www-form-urlencoded\r\n";

fn call(headers: &str, body: String) -> Do {
    Do::Say(200, headers.to_owned(), body)
}

#[tokio::test]
async fn a_method_in_the_answer_is_run_in_the_order_of_the_chat() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let hook = Hook::start(|seen| match seen.text.parse::<u32>() {
        Ok(number) if number % 2 == 0 => {
            let body =
                json!({"method": "sendMessage", "chat_id": seen.chat, "text": format!("re {}", seen.text)});
            call(JSON, body.to_string())
        }
        Ok(_) => call(FORM, format!("method=SENDMESSAGE&chat_id={}&text=re+{}", seen.chat, seen.text)),
        Err(_) => Do::ok(),
    })
    .await;
    set(&shop, &hook, json!({})).await;
    for number in 0..20 {
        ann.write(shop.id, &number.to_string()).await;
    }
    drained(&shop).await;
    let screen = ann.screen(shop.id).await;
    let answers: Vec<_> = screen.iter().rev().filter_map(|message| message["text"].as_str()).collect();
    let answers: Vec<_> = answers.into_iter().filter(|text| text.starts_with("re ")).collect();
    let wanted: Vec<_> = (0..20).map(|number| format!("re {number}")).collect();
    assert_eq!(answers, wanted);
}

#[tokio::test]
async fn some_methods_are_not_run_from_an_answer() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let bodies = [
        json!({"method": "deleteWebhook"}),
        json!({"method": "setWebhook", "url": ""}),
        json!({"method": "SetWebhook", "url": "http://127.0.0.1:9/"}),
        json!({"method": "logOut"}),
        json!({"method": "close"}),
        json!({"method": "getUpdates", "offset": -1}),
        json!({"method": "noSuchMethod"}),
        json!({"method": "sendMessage", "chat_id": 1}),
        json!({"method": 7}),
        json!(["sendMessage"]),
    ];
    let count = bodies.len();
    let mut answers = bodies.map(|body| call(JSON, body.to_string())).into_iter();
    let hook = Hook::start(move |_| answers.next().unwrap_or_else(Do::ok)).await;
    set(&shop, &hook, json!({})).await;
    for _ in 0..=count {
        ann.write(shop.id, "hello").await;
    }
    hook.until_accepted(count + 1).await;
    let info = drained(&shop).await;
    assert_eq!(info["url"], hook.url());
    assert_eq!(info.get("last_error_message"), None, "an answer that is no call is none: {info}");
    assert_eq!(shop.bot().call("getMe", json!({})).await.status, 200);
}

#[tokio::test]
async fn a_press_can_be_answered_in_the_answer() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let ann = server.person(json!({"first_name": "Ann"})).await;
    ann.write(shop.id, "hello").await;
    let keyboard = json!({"inline_keyboard": [[{"text": "Ok", "callback_data": "ok"}]]});
    let body = json!({"chat_id": ann.id, "text": "fine?", "reply_markup": keyboard});
    let sent = shop.bot().call("sendMessage", body).await.result();
    let hook = Hook::start(|seen| {
        let query = seen.json()["callback_query"]["id"].as_str().map(str::to_owned);
        match query {
            Some(id) => {
                let body =
                    json!({"method": "answerCallbackQuery", "callback_query_id": id, "text": "thanks"});
                call(JSON, body.to_string())
            }
            None => Do::ok(),
        }
    })
    .await;
    set(&shop, &hook, json!({})).await;
    let query = ann.press(shop.id, sent["message_id"].as_i64().unwrap(), "ok").await;
    drained(&shop).await;
    let path = format!("people/{}/presses/{}/{query}", ann.id, shop.id);
    let answer = server.admin().get(&path).await.result();
    assert_eq!((&answer["answered"], &answer["answer"]["text"]), (&json!(true), &json!("thanks")));
    assert_eq!(info(&shop).await["pending_update_count"], 0);
}
