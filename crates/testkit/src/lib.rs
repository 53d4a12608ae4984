//! What tests of the whole program stand on: a real server process on data of its own, clients that speak to
//! it, people who write to it, and a receiver for its webhooks. Used by `crates/contactgram/tests/it`.
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

mod account;
mod client;
mod line;
mod options;
mod person;
mod process;
mod receiver;
mod server;

pub use account::Account;
pub use client::{Answer, Client};
pub use line::{Line, Said};
pub use options::{Engine, Options};
pub use person::Person;
pub use receiver::{Received, Receiver, Reply};
pub use reqwest::{Method, RequestBuilder};
pub use serde_json::{Value, json};
pub use server::TestServer;
