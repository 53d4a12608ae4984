//! OAuth over HTTP: what the wire adds to the rules. Applications are registered by the command line, requests are sent
//! as client libraries send them. What can be told without HTTP is in the hub's own tests.

mod bearer;
mod commands;
mod endpoints;

use contactgram_testkit::{Account, Answer, Client, Method, RequestBuilder, TestServer, Value};

use crate::kit::text;

pub const CALLBACK: &str = "https://app.example/cb";

/// An application that was just registered.
pub struct App {
    pub id: String,
    pub secret: String,
}

/// Registers an application of an account; `arguments` beyond name and address.
pub async fn app(server: &TestServer, account: &Account, arguments: &[&str]) -> App {
    let account = account.id.to_string();
    let first = ["app", "add", "--account", &account, "--name", "Desk", "--redirect-uri", CALLBACK, "--json"];
    let made = server.cli_json(&[&first[..], arguments].concat()).await;
    App {
        id: text(&made["client_id"]),
        secret: made["client_secret"].as_str().unwrap_or_default().to_owned(),
    }
}

/// Posts a form, with nothing said of who sends it.
pub async fn post(server: &TestServer, path: &str, pairs: &[(&str, &str)]) -> Answer {
    let root = Client::new(server.url());
    root.send(form(root.request(Method::POST, path), pairs)).await
}

pub fn form(request: RequestBuilder, pairs: &[(&str, &str)]) -> RequestBuilder {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    request.header("Content-Type", "application/x-www-form-urlencoded").body(body)
}

impl App {
    /// Posts a form with this application's id and secret in it.
    pub async fn post(&self, server: &TestServer, path: &str, pairs: &[(&str, &str)]) -> Answer {
        let mut all = vec![("client_id", self.id.as_str()), ("client_secret", self.secret.as_str())];
        all.extend(pairs);
        post(server, path, &all).await
    }

    /// A token of the application's own.
    pub async fn token(&self, server: &TestServer, scope: &str) -> String {
        let pairs = [("grant_type", "client_credentials"), ("scope", scope)];
        text(&given(&self.post(server, "/oauth/token", &pairs).await)["access_token"])
    }
}

/// What a request was answered that did what was asked; no cache may keep it.
#[track_caller]
pub fn given(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/json"), "{answer:?}");
    answer.json()
}

/// Status and `error` of a refusal in OAuth's form.
#[track_caller]
pub fn refused(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer:?}");
    let body = answer.json();
    assert!(body["error_description"].is_string(), "{answer:?}");
    (answer.status, text(&body["error"]))
}
