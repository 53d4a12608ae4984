//! The local connector: a Telegram in the small. It holds the rules by which accounts and people of one
//! server reach one another, and so is the specification that the other connectors are measured by.
//! It asks a [`World`] for facts and answers with decisions; it stores nothing and sends nothing itself:
//! the hub carries decisions out, inside the transaction that it asked in.

mod rules;
#[cfg(test)]
mod tests;
mod world;

pub use rules::{DELETE_WITHIN_S, Deletion, Refusal, Route, may_delete, may_edit, member_refusal, route};
pub use world::{Sender, World};
