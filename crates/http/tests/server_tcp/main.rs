//! The accept loop over real sockets: what a client sees of timers, bounds, refusals and shutdown.
//! One file a promise; `kit` has the server under test and the raw client.
//! No assertion is about a duration: short limits make things happen, outer bounds only keep a failure from hanging.

#![expect(clippy::unwrap_used, reason = "the kit is a test's too, though clippy can't know it")]

mod bodies;
mod capacity;
mod disconnects;
mod kit;
mod refusals;
mod shutdown;
mod timeouts;
