//! The nouns of Contactgram: what an account, a contact, a message or a token is.
//! Every other crate builds on these; nothing here does I/O, knows SQL or speaks HTTP.

pub mod account;
pub mod audit;
pub mod chat;
pub mod clock;
pub mod consumer;
pub mod contact;
pub mod file;
pub mod hex;
pub mod ids;
pub mod measure;
pub mod member;
pub mod message;
pub mod outbox;
pub mod page;
pub mod phone;
pub mod role;
pub mod scope;
pub mod search;
pub mod times;
pub mod token;
pub mod update;
pub mod user;
pub mod webhook;

pub use account::{Account, AccountKind};
pub use audit::{Action, Actor};
pub use chat::{ChatKind, Group, MemberStatus};
pub use clock::{Clock, SystemClock, Timestamp};
pub use contact::{Contact, ContactSource, OwnName, StoredContact};
pub use file::{FileCode, FileKind};
pub use ids::{ChatId, ContactId, MemberId, MessageId, UpdateId, UserId};
pub use member::{Password, PlainSecret};
pub use message::{Direction, StoredMessage};
pub use phone::PhoneNumber;
pub use role::Role;
pub use token::{PlainToken, TokenDigest, TokenKind};
pub use update::{UpdateKind, UpdateKinds};
pub use user::{User, UserKind};
