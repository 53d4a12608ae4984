//! `contactgram people …`: the people of the local connector, who stand in for Telegram's users. What can be
//! typed is here; making and listing is in `keep`, acting in `act`, reading in `screen`.

mod act;
mod keep;
mod screen;

use clap::{Args, Subcommand};

use super::context::Context;
use crate::failure::Outcome;

#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  contactgram people add --first-name Ann --phone +447700900123 --username ann_example
  contactgram people write @ann_example --to @shop_bot --text '/start'
  contactgram people press @ann_example --to @shop_bot --message 7 --seen-by @shop_bot --callback-data yes
  contactgram people share @ann_example --to @shop_bot
  contactgram people messages @ann_example --limit 5

A person is named by id or @username; --to takes an account's id or @username, or a group's id.")]
pub enum People {
    /// Add a person
    Add(keep::Add),
    /// List people, and numbers that nobody has acted as yet
    List(keep::List),
    /// Show one person
    Show {
        /// Id or @username
        person: String,
    },
    /// Change a person; an empty value removes
    Change(keep::Change),
    /// Write a message as a person
    Write(act::Write),
    /// Edit a message of a person
    Edit(act::Edit),
    /// Press an inline button
    Press(act::Press),
    /// Share a contact: the person's own, another user's, or any
    Share(act::Share),
    /// Join a group
    Join(act::Membership),
    /// Leave a group
    Leave(act::Membership),
    /// Block an account
    Block(act::Blocking),
    /// Unblock an account
    Unblock(act::Blocking),
    /// Show what is on a person's screen
    Messages(screen::Messages),
}

/// A message as somebody counts it.
#[derive(Args)]
pub struct Seen {
    /// Id of the message
    #[arg(long, value_name = "ID")]
    message: i64,
    /// Account whose id of the message it is [default: the person's own]
    #[arg(long, value_name = "ACCOUNT")]
    seen_by: Option<String>,
}

impl People {
    /// Does it.
    pub async fn run(self, context: &Context) -> Outcome {
        match self {
            People::Add(add) => add.run(context).await,
            People::List(list) => list.run(context).await,
            People::Show { person } => keep::show(context, &person).await,
            People::Change(change) => change.run(context).await,
            People::Write(write) => write.run(context).await,
            People::Edit(edit) => edit.run(context).await,
            People::Press(press) => press.run(context).await,
            People::Share(share) => share.run(context).await,
            People::Join(membership) => membership.run(context, true).await,
            People::Leave(membership) => membership.run(context, false).await,
            People::Block(blocking) => blocking.run(context, true).await,
            People::Unblock(blocking) => blocking.run(context, false).await,
            People::Messages(messages) => messages.run(context).await,
        }
    }
}
