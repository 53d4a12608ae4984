//! One call in every form that client libraries send it: JSON, form, multipart, query, and names in any case.

use super::{bad, texts};
use contactgram_testkit::{Answer, Client, Method, Options, TestServer, json};

async fn raw(bot: &Client, path: &str, kind: &str, body: String) -> Answer {
    bot.send(bot.request(Method::POST, path).header("content-type", kind).body(body)).await
}

#[tokio::test]
async fn a_message_is_sent_in_every_encoding() {
    let server = TestServer::start(Options::default()).await;
    let (shop, ann) = (server.account("Shop").await, server.person(json!({"first_name": "Ann"})).await);
    let (bot, to) = (shop.bot(), ann.id);
    let markup = r#"{"inline_keyboard":[[{"text":"Да & нет","callback_data":"1"}]]}"#;
    let encoded = "%7B%22inline_keyboard%22%3A%5B%5B%7B%22text%22%3A%22%D0%94%D0%B0+%26+%D0%BD%D0%B5%D1%82%22%2C%22callback_data%22%3A%221%22%7D%5D%5D%7D";

    let query = format!("sendMessage?chat_id={to}&text=hello+world%21&reply_markup={encoded}");
    let form = format!("chat_id={to}&text=hello+world%21&reply_markup={encoded}");
    let part = |name: &str, value: &str| {
        format!("--b0undary\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let parts =
        [part("chat_id", &to.to_string()), part("text", "hello world!"), part("reply_markup", markup)];
    let multipart = format!("{}--b0undary--\r\n", parts.concat());
    let nested =
        json!({"chat_id": to.to_string(), "text": "hello world!", "reply_markup": markup}).to_string();
    let object = format!(r#"{{"chat_id":{to},"text":"hello world!","reply_markup":{markup}}}"#);
    let commented = format!(
        "{{ // to whom\n \"chat_id\": {to}, /* what */ \"text\": \"hello world!\", \"reply_markup\": {markup}}}"
    );

    let answers = [
        ("GET with a query", bot.get(&query).await),
        ("POST with a query alone", bot.send(bot.request(Method::POST, &query)).await),
        ("a query with an empty JSON body", raw(&bot, &query, "application/json", String::new()).await),
        ("a form", raw(&bot, "sendMessage", "application/x-www-form-urlencoded", form).await),
        ("multipart", raw(&bot, "sendMessage", "multipart/form-data; boundary=b0undary", multipart).await),
        ("JSON with JSON text", raw(&bot, "sendMessage", "application/json", nested).await),
        ("JSON", raw(&bot, "sendMessage", "application/json; charset=utf-8", object.clone()).await),
        ("JSON with comments", raw(&bot, "sendMessage", "application/json", commented).await),
        ("names in capitals", raw(&bot, "SendMessage", "Application/JSON", object.clone()).await),
        ("names in small letters", raw(&bot, "sendmessage", "application/json", object.clone()).await),
        ("the header's credential", raw(&shop.v1(), "sendMessage", "application/json", object).await),
    ];
    for (form, answer) in &answers {
        let sent = answer.result();
        assert_eq!(sent["text"], "hello world!", "{form}");
        assert_eq!(sent["reply_markup"]["inline_keyboard"][0][0]["text"], "Да & нет", "{form}");
        assert_eq!(answer.header("content-type"), Some("application/json"), "{form}");
    }
    assert_eq!(ann.screen(shop.id).await.len(), answers.len());
}

#[tokio::test]
async fn the_query_wins_over_the_body() {
    let server = TestServer::start(Options::default()).await;
    let (shop, ann) = (server.account("Shop").await, server.person(json!({"first_name": "Ann"})).await);
    let sent = shop.bot().post("sendMessage?text=query", json!({"chat_id": ann.id, "text": "body"})).await;
    assert_eq!(sent.result()["text"], "query");
    assert_eq!(texts(&shop.bot().get("messages").await.json()), ["query"]);
}

#[tokio::test]
async fn an_unknown_method_is_no_wrong_token() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let unknown = shop.bot().call("sendHologram", json!({})).await;
    assert_eq!(unknown.refusal(), (404, "Not Found: method not found".to_owned()));
    let named = shop.bot().post("", json!({"method": "GETME"})).await.result();
    assert_eq!(named["id"], shop.id, "an empty method is named by the parameter");
    bad(&shop.bot().call("SENDMESSAGE", json!({})).await, "message text is empty");
}
