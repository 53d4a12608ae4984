//! What the tests over TCP share beyond the test kit: a server of each engine, requests written by hand, byte
//! for byte, and a token of an account that a first start made. It knows no test.

use std::time::Duration;

use contactgram_testkit::{Account, Answer, Engine, Options, TestServer, Value};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Only a server that hangs makes a test wait for this.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a test on a server of each engine; on SQLite alone where there is no PostgreSQL to test with.
pub async fn on_each_engine(test: impl AsyncFn(TestServer)) {
    on_each_engine_with(Options::default(), test).await;
}

/// The same with a server that is set up in another way.
pub async fn on_each_engine_with(options: Options, test: impl AsyncFn(TestServer)) {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let options = Options { engine, ..options.clone() };
        if let Some(server) = TestServer::start_if_possible(options).await {
            test(server).await;
        }
    }
}

/// The id and a token of the account that a first start makes.
pub async fn first_account(server: &TestServer) -> (i64, String) {
    let accounts = server.cli_json(&["account", "list", "--json"]).await;
    let id = accounts[0]["id"].as_i64().expect("a first start makes an account");
    let made = server.cli_json(&["token", "add", &id.to_string(), "--json"]).await;
    (id, text(&made["token"]))
}

/// Another token of an account, with further arguments of `token add`.
pub async fn another_token(server: &TestServer, account: &Account, arguments: &[&str]) -> Value {
    let id = account.id.to_string();
    server.cli_json(&[&["token", "add", &id, "--json"], arguments].concat()).await
}

/// A key of an account, with further arguments of `key add`.
pub async fn key(server: &TestServer, account: &Account, arguments: &[&str]) -> Value {
    let id = account.id.to_string();
    server.cli_json(&[&["key", "add", "--account", &id, "--json"], arguments].concat()).await
}

/// Pairs as a query string or a form.
pub fn encoded(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// A JSON string's text.
#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a string: {value}")).to_owned()
}

/// A JSON number's value.
#[track_caller]
pub fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("a number: {value}"))
}

/// An answer as it came over the wire.
#[derive(Debug)]
pub struct Raw {
    pub status: u16,
    pub head: String,
    pub body: String,
}

/// Writes a request as it is, and reads until the server closes. The request has to ask for that.
pub async fn raw(server: &TestServer, request: impl AsRef<[u8]>) -> Raw {
    let address = server.url().trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.expect("the server accepts");
    let mut answer = Vec::new();
    let exchange = async {
        // A server that refuses need not read to the end.
        let _ = stream.write_all(request.as_ref()).await;
        stream.read_to_end(&mut answer).await
    };
    let read = tokio::time::timeout(PATIENCE, exchange).await.expect("the server closes");
    let answer = String::from_utf8(answer).expect("answers are text");
    let Some((head, body)) = answer.split_once("\r\n\r\n") else {
        panic!("no answer ({read:?}): {answer:?}");
    };
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.unwrap_or_else(|| panic!("no status: {head}"));
    Raw { status, head: head.to_owned(), body: body.to_owned() }
}

impl Raw {
    /// A header's text, if the answer has it.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut pairs = self.head.lines().filter_map(|line| line.split_once(": "));
        pairs.find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Status and `description` of a refusal, its envelope checked.
    #[track_caller]
    pub fn refusal(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        assert!(self.header("x-request-id").is_some(), "{self:?}");
        self.answer().refusal()
    }

    /// The same as the test kit's client would give it, without headers.
    pub fn answer(&self) -> Answer {
        Answer {
            status: self.status,
            headers: Default::default(),
            body: self.body.clone().into(),
            text: self.body.clone(),
        }
    }
}
