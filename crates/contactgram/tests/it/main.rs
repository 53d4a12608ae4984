//! Tests of the program as a whole: the real binary, real sockets, real files.

mod access;
mod chats;
mod cli;
mod contacts;
mod documentation;
mod envelope;
mod idempotency;
mod kit;
mod limits;
mod messages;
mod people;
mod updates;
mod webhooks;
