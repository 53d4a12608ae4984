//! (being written)
pub mod server;
