//! The client: one value that is cheap to clone, from which the nouns begin. It owns nothing but what all calls share.

use std::sync::Arc;
use std::time::Duration;

use contactgram_resilience::breaker::Phase;
use contactgram_resilience::verdict::CONFLICT_WAIT;
use contactgram_wire::user::Me;
use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::sync::watch;

use crate::builder::ClientBuilder;
use crate::contacts::Contacts;
use crate::credential::Authority;
use crate::error::{Error, Result};
use crate::messages::Messages;
use crate::outbox::Outbox;
use crate::policy::Policy;
use crate::send::Sender;
use crate::send::answer::Answer;
use crate::send::request::{Repeat, Request, part};
use crate::updates::UpdatesBuilder;
use crate::upload::{self, InputFile};

/// Speaks to one server for one account. Clones share connections, tokens, circuit breaker and retry budget.
#[derive(Debug, Clone)]
pub struct Client {
    sender: Arc<Sender>,
    authority: Authority,
    policy: Policy,
}

impl Client {
    /// Sets one up for the server at `url`: what stands before `/v1/`, such as `https://contacts.example.org`.
    pub fn builder(url: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(url.into())
    }

    pub(crate) fn of(sender: Arc<Sender>, authority: Authority, policy: Policy) -> Client {
        Client { sender, authority, policy }
    }

    /// The same client with another patience, for some of its calls.
    #[must_use]
    pub fn with_policy(&self, policy: Policy) -> Client {
        Client { policy, ..self.clone() }
    }

    /// Contacts: list, search, add, change, remove, sync.
    pub fn contacts(&self) -> Contacts<'_> {
        Contacts { client: self }
    }

    /// Messages: send, read, search, change, remove.
    pub fn messages(&self) -> Messages<'_> {
        Messages { client: self }
    }

    /// What is sent later.
    pub fn outbox(&self) -> Outbox<'_> {
        Outbox { client: self }
    }

    /// What happens on the account, as it happens.
    pub fn updates(&self) -> UpdatesBuilder {
        UpdatesBuilder::new(self.clone())
    }

    /// The account itself.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn me(&self) -> Result<Me> {
        self.call("getMe", &()).await
    }

    /// Calls any method of the Bot API by its name, also one that this crate has never heard of.
    ///
    /// What begins with `get` is a read. Anything else is sent with an idempotency key, which is made once and kept over all
    /// tries: see [`Client::call_with_key`] to bring your own.
    ///
    /// ```no_run
    /// # async fn example(client: contactgram_client::Client) -> contactgram_client::Result<()> {
    /// use serde_json::{Value, json};
    ///
    /// let sent: Value = client.call("sendDice", &json!({"chat_id": 1234567890, "emoji": "🎲"})).await?;
    /// println!("{}", sent["dice"]["value"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of any call, and [`Error::Decode`] when the result is no `T`.
    pub async fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        parameters: &(impl Serialize + ?Sized),
    ) -> Result<T> {
        self.method(method, parameters, None).await
    }

    /// The same with a key of your own (1 to 255 visible characters): within 24 hours the method acts once for it.
    ///
    /// # Errors
    /// Those of [`Client::call`]; 422 as [`Error::Refused`] when the key was used for something else.
    pub async fn call_with_key<T: DeserializeOwned>(
        &self,
        method: &str,
        parameters: &(impl Serialize + ?Sized),
        key: impl Into<String>,
    ) -> Result<T> {
        self.method(method, parameters, Some(key.into())).await
    }

    /// Asks for any other resource below `/v1/`, such as `consumers`, `webhooks` or `broadcasts/3?limit=10`. A POST has an
    /// idempotency key.
    ///
    /// ```no_run
    /// # async fn example(client: contactgram_client::Client) -> contactgram_client::Result<()> {
    /// use contactgram_client::reqwest::Method;
    /// use serde_json::{Value, json};
    ///
    /// let hook = json!({"url": "https://crm.example/hook", "allowed_updates": ["message"]});
    /// let made: Value = client.resource(Method::POST, "webhooks", Some(&hook)).await?;
    /// let all: Value = client.resource(Method::GET, "webhooks", None).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of any call, and [`Error::Decode`] when the result is no `T`.
    pub async fn resource<T: DeserializeOwned>(
        &self,
        verb: Method,
        path: &str,
        parameters: Option<&Value>,
    ) -> Result<T> {
        let path = path.trim_start_matches('/');
        let mut request = match verb {
            Method::POST => Request::post("{resource}", path, None),
            Method::DELETE => Request::new(verb, "{resource}", path).repeats(Repeat::Removes),
            verb => Request::new(verb, "{resource}", path),
        };
        if let Some(parameters) = parameters {
            request = request.json(parameters)?;
        }
        self.send(request).await?.result()
    }

    /// Calls a method with files: sendDocument, sendPhoto, sendMediaGroup … Like any POST it acts once, however often it has
    /// to be tried. A try may take a second longer for each 128 KiB.
    ///
    /// ```no_run
    /// # async fn example(client: contactgram_client::Client) -> contactgram_client::Result<()> {
    /// use contactgram_client::{InputFile, Message};
    /// use serde_json::json;
    ///
    /// let menu = InputFile::new("document", "menu.txt", "Soup\n");
    /// let sent: Message = client.upload("sendDocument", &json!({"chat_id": 1234567890}), &[menu]).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of any call; 413 as [`Error::Refused`] when the server takes no files of that size.
    pub async fn upload<T: DeserializeOwned>(
        &self,
        method: &str,
        parameters: &(impl Serialize + ?Sized),
        files: &[InputFile],
    ) -> Result<T> {
        self.send(upload::request(part(method), &object(parameters)?, files)?).await?.result()
    }

    async fn method<T: DeserializeOwned>(
        &self,
        method: &str,
        parameters: &(impl Serialize + ?Sized),
        key: Option<String>,
    ) -> Result<T> {
        let is_read = method.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("get")) && key.is_none();
        let request = match is_read {
            true => Request::new(Method::POST, "{method}", part(method)),
            false => Request::post("{method}", part(method), key),
        };
        self.send(request.json(&object(parameters)?)?).await?.result()
    }

    /// Where the circuit breaker stands. When it is open, calls fail with [`Error::CircuitOpen`] and nothing is sent.
    pub fn breaker_state(&self) -> Phase {
        self.sender.circuit.phase()
    }

    /// The same as a channel that tells of each change.
    ///
    /// ```no_run
    /// # async fn example(client: contactgram_client::Client) {
    /// let mut states = client.watch_breaker();
    /// tokio::spawn(async move {
    ///     while states.changed().await.is_ok() {
    ///         eprintln!("circuit breaker: {:?}", *states.borrow_and_update());
    ///     }
    /// });
    /// # }
    /// ```
    pub fn watch_breaker(&self) -> watch::Receiver<Phase> {
        self.sender.circuit.watch()
    }

    /// How long a loop that goes on after an error waits before it does.
    pub(crate) fn pause(&self, failures: u32, why: &Error) -> Duration {
        let least = match why {
            Error::Conflict { .. } => CONFLICT_WAIT,
            _ => why.retry_after().unwrap_or_default(),
        };
        self.policy.wait(failures).max(least)
    }

    pub(crate) async fn send(&self, request: Request) -> Result<Answer> {
        self.sender.send(&self.policy, &self.authority, &request).await
    }
}

/// Parameters by name; none at all is none by name.
fn object(parameters: &(impl Serialize + ?Sized)) -> Result<Map<String, Value>> {
    match serde_json::to_value(parameters) {
        Ok(Value::Object(parameters)) => Ok(parameters),
        Ok(Value::Null) => Ok(Map::new()),
        Ok(_) => Err(Error::Setup("the parameters have no names: they must be a JSON object".to_owned())),
        Err(why) => Err(Error::Setup(format!("the parameters are no JSON: {why}"))),
    }
}
