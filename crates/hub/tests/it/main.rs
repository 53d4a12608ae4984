//! Tests of the hub through its own doors, without HTTP: what must hold over time that a test sets itself,
//! and over more sequences of calls than a server over TCP gets through.

#![allow(clippy::unwrap_used)]

mod audit;
mod files;
mod kit;
mod members;
mod oauth;
mod pacing;
mod retention;
mod updates_model;
mod waking;
