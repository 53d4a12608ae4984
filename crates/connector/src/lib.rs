//! The world outside: what brings messages in and takes them out, and the courier that posts updates.
//! Called by the hub, which records what is reported here. It never touches the store.

pub mod bot;
pub mod courier;
pub mod local;
mod roots;
