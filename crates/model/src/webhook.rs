//! A webhook: where an account's updates are posted, and how the last deliveries went.

use crate::clock::Timestamp;
use crate::ids::UpdateId;
use crate::scope::Scopes;

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
}
