//! What tests of the whole program stand on: a real server process on data of its own, clients that speak to
//! it, people who write to it, a receiver for its webhooks, a Bot API server that fails as told, and a proxy that
//! fails what passes through it. Used by the tests of `contactgram`, `hub`, `connector` and `client`.
//! Never part of the program. It panics rather than returns errors: whoever calls it is a test.
//!
//! ```no_run
//! # async fn example() {
//! use contactgram_testkit::{Options, TestServer, json};
//!
//! let server = TestServer::start(Options::default()).await;
//! let shop = server.account("Shop").await;
//! let ann = server.person(json!({"first_name": "Ann"})).await;
//! ann.write(shop.id, "Are you open?").await;
//! let updates = shop.bot().call("getUpdates", json!({})).await.result();
//! assert_eq!(updates[0]["message"]["text"], "Are you open?");
//! # }
//! ```

#[cfg(feature = "server")]
mod account;
mod client;
#[cfg(feature = "server")]
mod line;
#[cfg(feature = "server")]
mod options;
#[cfg(feature = "server")]
mod person;
#[cfg(feature = "server")]
mod process;
mod proxy;
#[cfg(feature = "server")]
mod receiver;
#[cfg(feature = "server")]
mod server;
mod upstream;

#[cfg(feature = "server")]
pub use account::Account;
pub use client::{Answer, Client};
#[cfg(feature = "server")]
pub use line::{Line, Said};
#[cfg(feature = "server")]
pub use options::{Engine, Options};
#[cfg(feature = "server")]
pub use person::Person;
pub use proxy::{FaultProxy, Passed, Pattern, ProxyFault};
#[cfg(feature = "server")]
pub use receiver::{Received, Receiver, Reply};
pub use reqwest::{Method, RequestBuilder};
pub use serde_json::{Value, json};
#[cfg(feature = "server")]
pub use server::TestServer;
pub use upstream::{Act, BotError, ConnectionFault, FakeUpstream, Fault, Seen, checksum, file_bytes};
