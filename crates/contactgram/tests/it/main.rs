//! Tests of the program as a whole: the real binary, real sockets, real files.

mod access;
mod audit;
mod chats;
mod cli;
mod contacts;
mod described;
mod documentation;
mod envelope;
mod files;
mod gateway;
mod hostile;
mod idempotency;
mod kit;
mod limits;
mod matrix;
mod messages;
mod oauth;
mod operating;
mod people;
mod portal;
mod secrets;
mod sending;
mod tenants;
mod updates;
mod webhooks;
