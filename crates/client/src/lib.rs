//! A client of the Contactgram API: the contacts, messages and updates of an account over HTTP, from async Rust.
//! It is made for programs that run for long against a server that is sometimes away. It knows nothing of how the
//! server works inside.
//!
//! # A first look
//!
#![doc = concat!("```no_run\n", include_str!("../doc/first.example"), "```")]
//!
//! [`Client::builder`] says where the server is and who is calling; from the [`Client`] begin [contacts](Client::contacts),
//! [messages](Client::messages), the [outbox](Client::outbox), [updates](Client::updates), any other [method of the
//! Bot API](Client::call) and any other [resource](Client::resource). It is cheap to clone. It needs a tokio runtime.
//!
//! # Updates
//!
//! What people write arrives as a stream. An update is confirmed when the next one is asked for: whoever crashes in
//! between is shown it again.
//!
#![doc = concat!("```no_run\n", include_str!("../doc/updates.example"), "```")]
//!
//! # A copy that stays in step
//!
#![doc = concat!("```no_run\n", include_str!("../doc/sync.example"), "```")]
//!
//! # Who is calling
//!
//! | | with |
//! |---|---|
//! | an account's token, as a bot has it | [`ClientBuilder::token`] |
//! | an API key, or an access token from elsewhere | [`ClientBuilder::bearer`] |
//! | Basic, for development | [`ClientBuilder::basic`] |
//! | an application as itself: OAuth2 client credentials | [`ClientBuilder::client_credentials`] |
//! | an application for a person: OAuth2 code with PKCE | [`oauth::OAuth`] |
//!
//! With OAuth2, access tokens are renewed before they end, once for all calls that wait for it.
//!
#![doc = concat!("```no_run\n", include_str!("../doc/oauth.example"), "```")]
//!
//! # What is tried again
//!
//! A call is tried again when that may help and can do no harm, up to [`Policy::tries`] times within [`Policy::deadline`]:
//!
//! | what happened | reads, changes of a contact, removals | what acts (POST) |
//! |---|---|---|
//! | not reached: no address, refused, TLS | yes | yes |
//! | the connection ended, or time was up, before the answer | yes | yes, with the same `Idempotency-Key` |
//! | 429 or 503 with `Retry-After` | after exactly that | the same |
//! | 500, 502, 503, 504 | yes | yes, with the same `Idempotency-Key` |
//! | 401 | once, with a new access token, with OAuth2 alone | the same |
//! | 400, 403, 404, 409, 410, 412 and other refusals | never | never |
//!
//! Each POST has an idempotency key, made once per call: the server acts once for it, however many tries arrive. When all
//! tries are over and one of them may have acted, the error is [`Error::OutcomeUnknown`] with that key.
//!
//! Waits grow exponentially with full jitter. Two more things keep a server that is in trouble from being hit harder: a
//! retry budget for all calls of a client ([`ClientBuilder::retry_budget`]), and a circuit breaker
//! ([`ClientBuilder::breaker`]), which [`Client::breaker_state`] and [`Client::watch_breaker`] show.
//!
//! # What it logs
//!
//! Events of [`tracing`] with the target `contactgram_client` and the modules below it: each try at DEBUG; each retry
//! (`http.route`, `attempt`, `wait_ms`, `why`) and each change of the circuit breaker at WARN. No event holds a credential, an
//! id, a number, a name or a text.
//!
//! # Not here
//!
//! Webhooks, broadcasts, consumers and the audit log have no types of their own: [`Client::resource`] reaches them. Files are
//! uploaded from memory ([`Client::upload`]); downloads and the stream of server-sent events are not here.
#![deny(missing_docs)]

mod builder;
mod circuit;
mod client;
mod contacts;
mod credential;
mod error;
mod messages;
pub mod oauth;
mod outbox;
mod policy;
mod send;
mod updates;
mod upload;

pub use builder::ClientBuilder;
pub use client::Client;
pub use contacts::{
    Added, Changes, ContactFile, ContactPage, ContactPatch, ContactQuery, ContactRef, Contacts, ExportQuery,
    Imported, NewContact, OnConflict, RefusedLine, Sort, Tagged,
};
pub use error::{Cause, Error, Result};
pub use messages::{
    Chat, ChatRef, Direction, Message, MessagePage, MessageQuery, Messages, NewMessage, ParseMode,
    SharedContact,
};
pub use outbox::{Outbox, OutboxEntry, OutboxPage, OutboxStatus};
pub use policy::Policy;
pub use updates::{CallbackQuery, Event, Update, Updates, UpdatesBuilder};
pub use upload::InputFile;

pub use contactgram_model::{ChatId, Contact, ContactId, ContactSource, MessageId, UpdateId, UserId};
pub use contactgram_resilience::breaker::{BreakerOptions, Phase as BreakerState};
pub use contactgram_resilience::budget::BudgetOptions;
/// The JSON of the API, as the server itself writes it.
pub use contactgram_wire as wire;
pub use contactgram_wire::event::RemovedContact;
/// What a file of contacts is written in.
pub use contactgram_wire::transfer::Format as FileFormat;
pub use contactgram_wire::user::{Me, User};
/// For walking through the streams of this crate.
pub use futures_util::{Stream, StreamExt, TryStreamExt};
/// What [`ClientBuilder::http_client`] takes.
pub use reqwest;
