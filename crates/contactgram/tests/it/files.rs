//! Files of the local connector: sent in every way there is, shown to both sides, downloaded by who may, and gone with their
//! messages. The helpers here serve the tests across accounts too.

mod album;
mod download;
mod flow;
pub mod memory;
mod send;

use contactgram_testkit::{Account, Answer, Client, Method, Person, TestServer, Value, json};

/// A PNG of so many pixels: its head alone, which is all that is read of it.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend(b"\x08\x06\0\0\0rest");
    bytes
}

/// A part of an upload.
pub enum Part<'a> {
    Text(&'a str, String),
    File(&'a str, &'a str, &'a [u8]),
}

/// The body of an upload, between `--b0undary`.
pub fn body(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for part in parts {
        match part {
            Part::Text(name, text) => {
                let head = format!(
                    "--b0undary\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n"
                );
                body.extend(head.into_bytes());
            }
            Part::File(name, file, bytes) => {
                let head = format!(
                    "--b0undary\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\n\
                     Content-Type: application/octet-stream\r\n\r\n"
                );
                body.extend(head.into_bytes());
                body.extend(*bytes);
                body.extend(b"\r\n");
            }
        }
    }
    body.extend(b"--b0undary--\r\n");
    body
}

/// Calls a method with an upload.
pub async fn upload(client: &Client, method: &str, parts: &[Part<'_>]) -> Answer {
    let request = client.request(Method::POST, method).body(body(parts));
    client.send(request.header("content-type", "multipart/form-data; boundary=b0undary")).await
}

/// A document that an account sends to somebody; the message.
pub async fn document(account: &Account, chat: i64, name: &str, bytes: &[u8]) -> Value {
    let parts = [Part::Text("chat_id", chat.to_string()), Part::File("document", name, bytes)];
    upload(&account.bot(), "sendDocument", &parts).await.result()
}

/// The client of `/file/bot<token>/…`.
pub fn downloads(server: &TestServer, token: &str) -> Client {
    Client::new(format!("{}/file/bot{token}", server.url()))
}

/// What getFile says of a file.
async fn asked(account: &Account, file: &Value) -> Value {
    account.bot().call("getFile", json!({"file_id": file["file_id"]})).await.result()
}

/// A file's bytes, by getFile and its download.
pub async fn fetch(server: &TestServer, account: &Account, file: &Value) -> Vec<u8> {
    let path = asked(account, file).await["file_path"].as_str().expect("a path").to_owned();
    let answer = downloads(server, &account.token).get(&path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.body.to_vec()
}

/// Two accounts and a person of one server.
struct Cast {
    shop: Account,
    desk: Account,
    ann: Person,
}

async fn cast(server: &TestServer) -> Cast {
    Cast {
        shop: server.account("Shop").await,
        desk: server.account("Desk").await,
        ann: server.person(json!({"first_name": "Ann"})).await,
    }
}

/// The only message that an account was told of.
async fn received(account: &Account) -> Value {
    let updates = account.bot().call("getUpdates", json!({})).await.result();
    let updates = updates.as_array().expect("a list").clone();
    let [update] = updates.as_slice() else { panic!("one update: {updates:#?}") };
    account
        .bot()
        .call("getUpdates", json!({"offset": update["update_id"].as_i64().unwrap_or(0) + 1}))
        .await
        .result();
    update["message"].clone()
}
