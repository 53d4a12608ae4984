//! A contactgram server for each test, and the people who talk to its accounts. Used by the tests beside it.
//! Speaks to the program only as an operator could: by its command line, its standard output and the admin
//! API; it knows none of its crates.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use teloxide::Bot;
use teloxide::requests::Requester;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

const ADMIN_TOKEN: &str = "admin-token-of-the-rust-suite-0123456789";
/// For a loaded machine: whatever works takes a fraction of it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server; ends with the test.
pub struct Server {
    pub url: String,
    /// Where its bots live and their people are, if that is not here.
    upstream: Option<Box<Server>>,
    process: Child,
    folder: TempDir,
}

/// An account as the command line makes it.
pub struct Account {
    pub id: i64,
    pub token: String,
}

/// Somebody in an app: writes, presses, and has a screen.
pub struct Person<'a> {
    pub id: i64,
    server: &'a Server,
}

/// Tests that run twice: with an account of the server's own, and with one of another server behind it.
#[macro_export]
macro_rules! on_each_server {
    ($($name:ident)+) => {$(
        mod $name {
            #[tokio::test]
            async fn of_this_server() {
                $crate::End::check(super::$name($crate::Server::start().await).await);
            }

            #[tokio::test]
            async fn of_another_behind_it() {
                $crate::End::check(super::$name($crate::Server::start_behind().await).await);
            }
        }
    )+};
}

/// How a test may end.
pub trait End {
    fn check(self);
}

impl End for () {
    fn check(self) {}
}

impl<E: std::fmt::Debug> End for Result<(), E> {
    fn check(self) {
        self.expect("no call was refused");
    }
}

impl Server {
    /// A server in front of another one.
    pub async fn start_behind() -> Server {
        let upstream = Server::start().await;
        Server { upstream: Some(Box::new(upstream)), ..Server::start().await }
    }

    pub async fn start() -> Server {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let mut command = program(&folder);
        command.args(["serve", "--listen", "127.0.0.1:0"]).arg("--data").arg(folder.path().join("data"));
        command.env("CONTACTGRAM_ADMIN_TOKEN", ADMIN_TOKEN);
        let mut process =
            command.stdout(Stdio::piped()).kill_on_drop(true).spawn().expect("the program starts");
        let mut lines = BufReader::new(process.stdout.take().expect("stdout is piped")).lines();
        let listening = async {
            while let Ok(Some(line)) = lines.next_line().await {
                if let Some((_, url)) = line.split_once("listening on ") {
                    return url.split_whitespace().next().map(|url| url.trim_end_matches('/').to_owned());
                }
            }
            None
        };
        let url = timeout(PATIENCE, listening).await.ok().flatten().expect("the server listens");
        // Somebody must go on reading, or a full pipe stops the server.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Server { url, upstream: None, process, folder }
    }

    /// Ends it as an operator would; it must end well.
    pub async fn stop(mut self) {
        let id = self.process.id().expect("the server runs").to_string();
        let sent = Command::new("kill").args(["-s", "TERM", &id]).status().await;
        assert!(sent.is_ok_and(|status| status.success()), "SIGTERM can be sent");
        let ended = timeout(PATIENCE, self.process.wait()).await.expect("the server ends when asked to");
        assert!(ended.is_ok_and(|status| status.success()), "the server ends well");
        if let Some(upstream) = self.upstream {
            Box::pin(upstream.stop()).await;
        }
    }

    pub async fn account(&self, name: &str) -> Account {
        let Some(upstream) = &self.upstream else {
            return self.add(&["--name", name], "").await;
        };
        let there = Box::pin(upstream.account(name)).await;
        let words = ["--connector", "bot", "--token-stdin", "--upstream", &upstream.url];
        self.add(&words, &there.token).await;
        // Another process connected it: the server hears of that a moment later.
        let bot = self.bot(&there.token);
        let known = async {
            while bot.get_me().await.is_err() {
                sleep(Duration::from_millis(50)).await
            }
        };
        timeout(PATIENCE, known).await.expect("the server hears of the bot");
        there
    }

    /// Adds an account by the command line, with something on its standard input.
    async fn add(&self, words: &[&str], input: &str) -> Account {
        let mut command = program(&self.folder);
        command.args(["account", "add", "--json"]).args(words);
        command.arg("--data").arg(self.folder.path().join("data")).stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = command.spawn().expect("the program starts");
        let mut stdin = running.stdin.take().expect("stdin is piped");
        stdin.write_all(input.as_bytes()).await.expect("the program reads");
        drop(stdin);
        let output = running.wait_with_output().await.expect("the program ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let made: Value = serde_json::from_slice(&output.stdout).expect("JSON is printed");
        let id = made["id"].as_i64().expect("an id is printed");
        Account { id, token: made["token"].as_str().expect("a token is printed").to_owned() }
    }

    pub async fn person(&self, about: Value) -> Person<'_> {
        let made = self.admin("people", Some(about)).await;
        Person { id: made["id"].as_i64().expect("a person has an id"), server: self }
    }

    /// A bot that knows of our server only its address.
    pub fn bot(&self, token: &str) -> Bot {
        let client =
            teloxide::net::default_reqwest_settings().no_proxy().build().expect("a client without TLS");
        Bot::with_client(token, client).set_api_url(self.url.parse().expect("the server's URL is one"))
    }

    /// Asks the admin API: a POST when there is something to say, else a GET.
    pub async fn admin(&self, path: &str, body: Option<Value>) -> Value {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client without TLS");
        let url =
            format!("{}/admin/{path}", self.upstream.as_ref().map_or(&self.url, |upstream| &upstream.url));
        let request = match &body {
            Some(body) => client.post(url).json(body),
            None => client.get(url),
        };
        let answer = request.bearer_auth(ADMIN_TOKEN).send().await.expect("the admin API answers");
        let status = answer.status();
        let mut answer: Value = answer.json().await.expect("the admin API speaks JSON");
        assert!(status.is_success(), "{path} {body:?}: {status} {answer}");
        answer["result"].take()
    }
}

impl Person<'_> {
    pub async fn write(&self, to: i64, text: &str) -> Value {
        self.act("write", json!({"to": to, "text": text})).await
    }

    pub async fn act(&self, deed: &str, body: Value) -> Value {
        self.server.admin(&format!("people/{}/{deed}", self.id), Some(body)).await
    }

    /// The chat with an account or in a group, newest first.
    pub async fn screen(&self, chat_id: i64) -> Vec<Value> {
        let path = format!("people/{}/messages?chat_id={chat_id}&limit=100", self.id);
        self.server.admin(&path, None).await.as_array().expect("a list of messages").clone()
    }

    /// Waits for a message with this text, from somebody else.
    pub async fn sees(&self, chat_id: i64, text: &str) -> Value {
        let look = async {
            loop {
                let screen = self.screen(chat_id).await;
                let found = screen.into_iter().find(|m| m["from"]["id"] != self.id && m["text"] == text);
                match found {
                    Some(message) => return message,
                    None => sleep(Duration::from_millis(50)).await,
                }
            }
        };
        timeout(PATIENCE, look).await.unwrap_or_else(|_| panic!("never seen: {text:?}"))
    }
}

/// CONTACTGRAM_BIN, or what `cargo build` makes; without the variables that steer tests, because the server
/// takes an unknown one for a mistyped setting.
fn program(folder: &TempDir) -> Command {
    let built = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../target/debug/contactgram"));
    let mut command = Command::new(std::env::var_os("CONTACTGRAM_BIN").map_or_else(built, PathBuf::from));
    for (name, _) in
        std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CONTACTGRAM_"))
    {
        command.env_remove(name);
    }
    command.current_dir(folder.path()).stdin(Stdio::null());
    command
}
