//! An account of the server under test, as `contactgram account add --json` made it. Never changes it.

use serde_json::Value;

use crate::Client;

/// An account and its first token.
#[derive(Clone, Debug)]
pub struct Account {
    pub id: i64,
    pub token: String,
    server: String,
}

impl Account {
    pub(crate) fn from_json(server: &str, printed: &Value) -> Account {
        let id = printed["id"].as_i64().unwrap_or_else(|| panic!("an id is printed: {printed}"));
        let token = printed["token"].as_str().unwrap_or_else(|| panic!("a token is printed: {printed}"));
        Account { id, token: token.to_owned(), server: server.to_owned() }
    }

    /// Speaks to `/bot<token>/…`.
    pub fn bot(&self) -> Client {
        Client::new(format!("{}/bot{}", self.server, self.token))
    }

    /// Speaks to `/v1/…` with the token as Bearer.
    pub fn v1(&self) -> Client {
        Client::new(format!("{}/v1", self.server)).bearer(&self.token)
    }
}
