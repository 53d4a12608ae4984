//! Sending that is safe: at the pace that is allowed, once for a key, later where that is asked for, and to many. The
//! bot's upstream is one that fails as it is told.

#![allow(clippy::unwrap_used)]

mod broadcasts;
mod keys;
mod outbox;
mod pace;

use crate::gateway::kit::{connect, until};
use contactgram_testkit::{Answer, Client, FakeUpstream, Method, Options, TestServer, Value, json};

/// A bot at an upstream that fails as it is told, and the server in between.
struct Scene {
    upstream: FakeUpstream,
    gateway: TestServer,
    token: String,
    bot: Client,
}

async fn scene(options: Options) -> Scene {
    let upstream = FakeUpstream::start().await;
    let gateway = TestServer::start(options).await;
    let token = upstream.bot(4_100_000_001);
    connect(&gateway, &token, &upstream.url()).await;
    let bot = gateway.bot(&token);
    let scene = Scene { upstream, gateway, token, bot };
    scene.is_up().await;
    scene
}

impl Scene {
    /// Waits until the server knows the bot.
    async fn is_up(&self) {
        let before = self.upstream.seen("getMe").len();
        until(async || {
            self.bot.call("getMe", json!({})).await;
            (self.upstream.seen("getMe").len() > before).then_some(())
        })
        .await;
    }

    /// Ends the server as a power cut would, and starts it again.
    async fn crash(&mut self) {
        self.gateway.kill().await;
        self.gateway.start_again().await;
        self.bot = self.gateway.bot(&self.token);
        self.is_up().await;
    }

    /// Has somebody write to the bot, and waits until that is known.
    async fn meet(&self, user: i64) {
        let from = json!({"id": user, "is_bot": false, "first_name": format!("No. {user}")});
        let chat = json!({"id": user, "type": "private", "first_name": "Somebody"});
        let message =
            json!({"message_id": user, "date": 1_800_000_000, "text": "hello", "from": from, "chat": chat});
        self.upstream.push(&self.token, json!({ "message": message }));
        let path = format!("contacts/{user}");
        until(async || (self.bot.get(&path).await.status == 200).then_some(())).await;
    }

    async fn send(&self, chat: i64, text: &str) -> Answer {
        self.bot.call("sendMessage", json!({"chat_id": chat, "text": text})).await
    }

    /// A POST with a header.
    async fn with(&self, (name, value): (&str, &str), method: &str, params: Value) -> Answer {
        let request = self.bot.request(Method::POST, method).header(name, value).json(&params);
        self.bot.send(request).await
    }

    /// The texts that were sent to a chat, in their order.
    fn texts(&self, chat: i64) -> Vec<String> {
        let seen = self.upstream.seen("sendMessage");
        let bodies =
            seen.iter().filter(|seen| seen.act == contactgram_testkit::Act::Done).map(|seen| seen.json());
        let there = bodies.filter(|body| body["chat_id"].to_string().trim_matches('"') == chat.to_string());
        there.map(|body| body["text"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// An upload of a file to chat 7, with this boundary.
fn upload(boundary: &str, file: &str) -> (String, String) {
    let body = format!(
        "--{boundary}\r\ncontent-disposition: form-data; name=\"chat_id\"\r\n\r\n7\r\n--{boundary}\r\n\
         content-disposition: form-data; name=\"photo\"; filename=\"a.png\"\r\n\r\n{file}\r\n--{boundary}--\r\n"
    );
    (format!("multipart/form-data; boundary={boundary}"), body)
}
