//! A small HTTP client for tests: a base URL, perhaps a credential, and answers that are easy to look into.
//! Made by `server` and `account`; never retries, never follows a proxy or a redirect.

use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

/// Longer than the longest poll (50 s): a test that waits for this is lost anyway.
const PATIENCE: Duration = Duration::from_secs(70);

/// Speaks to one base URL with one credential.
#[derive(Clone, Debug)]
pub struct Client {
    base: String,
    bearer: Option<String>,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The body, as far as it is UTF-8.
    pub text: String,
}

impl Client {
    /// `base` without a slash at its end.
    pub fn new(base: impl Into<String>) -> Client {
        Client { base: base.into(), bearer: None }
    }

    /// The same with `Authorization: Bearer`.
    #[must_use]
    pub fn bearer(mut self, credential: &str) -> Client {
        self.bearer = Some(credential.to_owned());
        self
    }

    /// Calls a Bot API method with a JSON body.
    pub async fn call(&self, method: &str, parameters: Value) -> Answer {
        self.post(method, parameters).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(&body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// A request to be dressed (headers, forms, query) and given to [`Client::send`].
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = shared().request(method, self.url(path));
        match &self.bearer {
            Some(credential) => request.bearer_auth(credential),
            None => request,
        }
    }

    /// Sends it and reads the whole answer.
    ///
    /// # Panics
    /// When no answer arrives.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        self.try_send(request).await.unwrap_or_else(|why| panic!("no answer: {why:?}"))
    }

    /// The same for tests of servers that go away.
    ///
    /// # Errors
    /// When no whole answer arrives.
    pub async fn try_send(&self, request: RequestBuilder) -> Result<Answer, reqwest::Error> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await?;
        let text = String::from_utf8_lossy(&body).into_owned();
        Ok(Answer { status, headers, body, text })
    }

    /// The absolute URL of a path, with or without a slash before it.
    pub fn url(&self, path: &str) -> String {
        format!("{}/{}", self.base, path.trim_start_matches('/'))
    }
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Panics
    /// When it is something else.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|why| panic!("not JSON ({why}): {self:?}"))
    }

    /// `result` of a success.
    ///
    /// # Panics
    /// When the answer is a refusal.
    #[track_caller]
    pub fn result(&self) -> Value {
        let mut body = self.json();
        assert!(
            (200..300).contains(&self.status) && body["ok"] == true,
            "refused: {} {}",
            self.status,
            self.text
        );
        body["result"].take()
    }

    /// Status and `description` of a refusal, its envelope checked.
    ///
    /// # Panics
    /// When the answer is a success, or no envelope.
    #[track_caller]
    pub fn refusal(&self) -> (u16, String) {
        let body = self.json();
        assert_eq!(body["ok"], false, "not refused: {} {}", self.status, self.text);
        assert_eq!(body["error_code"], self.status, "error_code is the status: {}", self.text);
        let description = body["description"].as_str().expect("a refusal has a description");
        (self.status, description.to_owned())
    }

    /// A header's text, if the answer has it.
    pub fn header(&self, name: impl TryInto<HeaderName>) -> Option<&str> {
        self.headers.get(name.try_into().ok()?)?.to_str().ok()
    }
}

/// One pool of connections for a test program.
fn shared() -> &'static reqwest::Client {
    static SHARED: OnceLock<reqwest::Client> = OnceLock::new();
    SHARED.get_or_init(|| {
        // Another part of the test may have chosen already, and any choice will do: nothing here speaks TLS.
        let _ = rustls::crypto::ring::default_provider().install_default();
        reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            // Each test has a runtime of its own: a connection must not outlive the one that made it.
            .pool_max_idle_per_host(0)
            .timeout(PATIENCE)
            .build()
            .expect("a client without TLS roots can be built")
    })
}
