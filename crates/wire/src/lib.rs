//! The JSON of the Bot API and of the Contact API, and the rules for reading it.
//! Shared by the server, its connectors and its clients: one file a noun.
//! Nothing here stores or sends anything.

pub mod bad_request;
pub mod cell;
pub mod chat;
pub mod contact;
pub mod entities;
pub mod event;
pub mod file;
pub mod foreign;
pub mod markup;
pub mod message;
pub mod params;
pub mod transfer;
pub mod user;
pub mod vcard;

pub use bad_request::BadRequest;
