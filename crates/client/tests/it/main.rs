//! The client against a real server, well and with faults in between. One program, so that it is linked once.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod bots;
mod contacts;
mod examples;
mod faults;
mod kit;
mod messages;
mod oauth;
mod outbox;
mod patience;
mod transfer;
mod updates;
