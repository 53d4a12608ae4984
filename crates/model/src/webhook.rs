//! A webhook: where an account's updates are posted, and how the last deliveries went. One is Telegram's own; further
//! ones are endpoints, which have more to them.

use crate::clock::Timestamp;
use crate::ids::UpdateId;
use crate::scope::Scopes;
use std::fmt;

/// What setWebhook was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSettings {
    /// Where to.
    pub url: String,
    /// Sent in `X-Telegram-Bot-Api-Secret-Token`.
    pub secret_token: Option<String>,
    /// Deliveries under way at once, 1–100.
    pub max_connections: i64,
    /// Connect here instead of asking DNS.
    pub ip_address: Option<String>,
    /// A PEM certificate to trust beside the public ones.
    pub certificate: Option<String>,
    /// What a method call in the receiver's answer may do: as much as whoever set the webhook.
    pub scopes: Scopes,
}

/// A webhook with its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its settings.
    pub settings: WebhookSettings,
    /// Changes with every setWebhook, so that a delivery begun under old settings records nothing.
    pub generation: i64,
    /// When a delivery last failed.
    pub last_error_date: Option<Timestamp>,
    /// How it failed.
    pub last_error_message: Option<String>,
}

/// An update on its way to a webhook, without its JSON: a backlog of many is held in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingUpdate {
    /// Its place in the log.
    pub id: UpdateId,
    /// Updates of one lane are delivered strictly one after the other.
    pub lane: i64,
    /// When it happened; it is dropped 24 hours later.
    pub date: Timestamp,
    /// The order of it in which it is delivered again, if it is.
    pub replay: Option<i64>,
}

/// What a webhook beside the default one has more: which updates it wants, how its deliveries are signed, and when an
/// update is given up.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Chance, within the account.
    pub id: i64,
    /// For people.
    pub description: Option<String>,
    /// Only updates of these chats, if there are any.
    pub chats: Vec<i64>,
    /// Only updates of chats with contacts that have one of these labels, if there are any.
    pub labels: Vec<String>,
    /// An update that failed so often is given up.
    pub max_attempts: i64,
    /// Whether nothing is delivered for now.
    pub paused: bool,
    /// What deliveries are signed with, encrypted.
    pub secret: Vec<u8>,
    /// What they were signed with before, encrypted, and until when both sign.
    pub old_secret: Option<(Vec<u8>, Timestamp)>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("id", &self.id).field("paused", &self.paused).finish_non_exhaustive()
    }
}
