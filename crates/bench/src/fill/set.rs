//! A data set: where it lies and what is in it, kept beside it as `set.json`. Made by `fill`, read by the
//! operations. The tokens in it open nothing but made-up data on this machine.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::Failed;

/// How much there is to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Contacts of the sender.
    pub contacts: u64,
    /// Messages in the sender's mailbox; each has its other copy in another mailbox.
    pub messages: u64,
    /// Accounts beside the sender and the receiver.
    pub accounts: u64,
}

/// An account and the token that opens it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Account {
    pub id: i64,
    pub token: String,
}

/// What a set holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Set {
    pub size: Size,
    /// Has the contacts and the messages.
    pub sender: Account,
    /// Gets what is sent during a measurement.
    pub receiver: Account,
    /// The others, in no order.
    pub accounts: Vec<Account>,
    /// Ids of contacts, evenly over all: all of them, or 200,000.
    pub contacts: Vec<i64>,
}

impl Size {
    /// The folder's name.
    pub fn name(&self) -> String {
        let Size { contacts, messages, accounts } = self;
        format!("{contacts}-contacts-{messages}-messages-{accounts}-accounts")
    }
}

impl Set {
    pub fn load(folder: &Path) -> Result<Set, Failed> {
        let path = folder.join("set.json");
        let text = fs::read(&path).map_err(|why| format!("{}: {why}", path.display()))?;
        Ok(serde_json::from_slice(&text)?)
    }

    /// Written last: a folder without it is of a filling that was broken off.
    pub fn keep(&self, folder: &Path) -> Result<(), Failed> {
        fs::write(folder.join("set.json"), serde_json::to_vec(self)?)?;
        Ok(())
    }
}

/// Where the server looks in its data folder.
pub fn database(folder: &Path) -> PathBuf {
    folder.join("contactgram.db")
}
