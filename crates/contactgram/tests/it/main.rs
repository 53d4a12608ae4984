//! Tests of the program as a whole: the real binary, real sockets, real files.

mod access;
mod cli;
mod contacts;
mod documentation;
mod envelope;
mod idempotency;
mod kit;
