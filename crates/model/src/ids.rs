//! Identifiers, each a type of its own so that a chat can't be passed where a user is meant.
//! Ranges follow the Bot API: ids fit 52 bits, `message_id` fits 31 bits, `update_id` fits 32.
//! Choosing random ids happens where randomness is allowed; here are only the ranges.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// A Telegram user: a person, a bot, or an account of this server (an account *is* a user).
    UserId
);
id!(
    /// A contact of one account: its user's id once that is known, else from [`ContactId::OWN`].
    ContactId
);
id!(
    /// A chat as one account sees it: a user's id for a private chat, negative for a group.
    ChatId
);
id!(
    /// A message within one account's mailbox, counted from 1.
    MessageId
);
id!(
    /// A row of an account's update log; grows by one with each update.
    UpdateId
);
id!(
    /// Somebody who signs in, counted from 1 on each server and given once.
    MemberId
);

impl UserId {
    /// Ids given to new users of the local directory: like today's on Telegram, ten digits.
    pub const NEW: std::ops::Range<i64> = 5_000_000_000..9_000_000_000;

    /// The private chat with this user.
    pub fn chat(self) -> ChatId {
        ChatId(self.0)
    }
}

impl UserId {
    /// In the place of an account: all accounts of the server, new ones too.
    pub const EVERY_ACCOUNT: UserId = UserId(0);
}

impl ContactId {
    /// Ids of contacts without a known Telegram user: above today's users, and still within the
    /// 40 bits that client libraries take for a user.
    pub const OWN: std::ops::Range<i64> = (1 << 39)..(1 << 40);

    /// Whether this id was given by us and not by Telegram.
    pub fn is_own(self) -> bool {
        Self::OWN.contains(&self.0)
    }
}

impl ChatId {
    /// Ids of basic groups, without the minus sign in front.
    pub const NEW_GROUP: std::ops::Range<i64> = 4_000_000_000..5_000_000_000;

    /// A group's id is negative.
    pub fn is_group(self) -> bool {
        self.0 < 0
    }

    /// The user behind a private chat.
    pub fn user(self) -> UserId {
        UserId(self.0)
    }
}

/// A number in `range` made from 64 random bits; the bias is far below what ids could show.
pub fn pick(range: &std::ops::Range<i64>, random: u64) -> i64 {
    let width = range.end.saturating_sub(range.start).max(1) as u64;
    range.start + (random % width) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picked_ids_stay_in_their_range() {
        for random in [0, 1, u64::MAX, 1 << 63] {
            assert!(UserId::NEW.contains(&pick(&UserId::NEW, random)));
            assert!(ContactId(pick(&ContactId::OWN, random)).is_own());
        }
    }
}
