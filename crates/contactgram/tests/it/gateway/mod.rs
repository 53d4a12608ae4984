//! A bot that lives on a Bot API server, reached through this one: whatever it did before it can do here, and what
//! passes is kept.

mod connecting;
mod failing;
mod files;
pub(crate) mod kit;
mod learning;
mod passing;
mod receiving;
