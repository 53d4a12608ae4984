//! The audit log's nouns: who did what to what, and the digest that chains an entry to the one before it. Called
//! by `store`, which keeps the chains, and by whoever reads them. It decides nothing and knows no clock.

use crate::clock::Timestamp;
use crate::ids::{MemberId, UserId};
use sha2::{Digest, Sha256};

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Actor {
    /// The server by itself.
    Server,
    /// Whoever runs the command line or has the admin token.
    Operator,
    /// Somebody who has not signed in.
    Anonymous,
    /// Who is signed in.
    Member(MemberId),
    /// An account token, by its number within the account.
    Token(i64),
    /// An API key, by its number within the account.
    Key(i64),
    /// An application, by its number.
    Application(i64),
}

impl Actor {
    /// The kind's stable name, and the number.
    pub fn parts(self) -> (&'static str, i64) {
        match self {
            Actor::Server => ("server", 0),
            Actor::Operator => ("operator", 0),
            Actor::Anonymous => ("anonymous", 0),
            Actor::Member(id) => ("member", id.0),
            Actor::Token(number) => ("token", number),
            Actor::Key(number) => ("key", number),
            Actor::Application(number) => ("application", number),
        }
    }

    /// What [`Actor::parts`] says.
    pub fn from_parts(kind: &str, number: i64) -> Option<Actor> {
        let all = [
            Actor::Server,
            Actor::Operator,
            Actor::Anonymous,
            Actor::Member(MemberId(number)),
            Actor::Token(number),
            Actor::Key(number),
            Actor::Application(number),
        ];
        all.into_iter().find(|actor| actor.parts().0 == kind)
    }
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What was done. The names are part of the interface: they never change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action {
            $($(#[$doc])* $name,)*
        }

        impl Action {
            /// Every action there is.
            pub const ALL: &'static [Action] = &[$(Action::$name),*];

            /// Its stable name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Action::$name => $text,)*
                }
            }
        }
    };
}
actions! {
    /// Somebody signed in, with a password or by a one-time link.
    MemberSignedIn = "member.signed_in",
    /// Name or password was wrong, or the member is disabled.
    MemberSignInFailed = "member.sign_in_failed",
    /// A member was made.
    MemberAdded = "member.added",
    /// A member's shown name changed.
    MemberChanged = "member.changed",
    /// A member may no longer sign in.
    MemberDisabled = "member.disabled",
    /// A member may sign in again.
    MemberEnabled = "member.enabled",
    /// A member was removed.
    MemberRemoved = "member.removed",
    /// A one-time link was made.
    LinkMade = "link.made",
    /// A password was set.
    PasswordSet = "password.set",
    /// A session was ended before its time.
    SessionEnded = "session.ended",
    /// A member got, lost or changed a role.
    RoleChanged = "role.changed",
    /// An account was made.
    AccountAdded = "account.added",
    /// An account was removed.
    AccountRemoved = "account.removed",
    /// An account token was made.
    TokenAdded = "token.added",
    /// An account token was made, and all others ended.
    TokenRotated = "token.rotated",
    /// An account token was ended.
    TokenRevoked = "token.revoked",
    /// An API key was made.
    KeyAdded = "key.added",
    /// An API key was ended.
    KeyRevoked = "key.revoked",
    /// The admin token was replaced.
    AdminTokenChanged = "admin_token.changed",
    /// A contact was removed.
    ContactRemoved = "contact.removed",
    /// Contacts were taken out in bulk.
    ContactsExported = "contacts.exported",
    /// Contacts were read from a file.
    ContactsImported = "contacts.imported",
    /// A webhook was set.
    WebhookSet = "webhook.set",
    /// A webhook was deleted.
    WebhookDeleted = "webhook.deleted",
    /// A further webhook was changed.
    WebhookChanged = "webhook.changed",
    /// A further webhook got a new secret.
    WebhookRotated = "webhook.rotated",
    /// Updates are delivered again.
    WebhookReplayed = "webhook.replayed",
    /// An application was registered.
    AppAdded = "app.added",
    /// An application was changed.
    AppChanged = "app.changed",
    /// An application was removed.
    AppRemoved = "app.removed",
    /// A member let an application act.
    GrantGiven = "grant.given",
    /// An application may no longer act for a member.
    GrantRevoked = "grant.revoked",
    /// An application got tokens.
    TokenIssued = "token.issued",
    /// A code or refresh token came a second time, and what it gave was ended.
    TokenReused = "token.reused",
    /// All data were taken out, as a backup.
    DataSaved = "data.saved",
    /// All data came back from a backup.
    DataRestored = "data.restored",
    /// The audit log was taken out in bulk.
    AuditExported = "audit.exported",
}

impl std::str::FromStr for Action {
    type Err = String;

    fn from_str(name: &str) -> Result<Action, String> {
        let found = Action::ALL.iter().copied().find(|action| action.name() == name);
        found.ok_or_else(|| format!("{name:?} is no action of the audit log"))
    }
}

/// An entry as it is kept. What it says is text, so that entries of a later version can be read and verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// The account whose chain it is in; 0 for the server's.
    pub account: UserId,
    /// Counts from 1 in each chain.
    pub seq: i64,
    /// When; never falls within a chain.
    pub at: Timestamp,
    /// The kind of who did it: [`Actor::parts`].
    pub actor_kind: String,
    /// The number of who did it.
    pub actor_id: i64,
    /// Who did it, to be read when they are gone.
    pub actor_label: String,
    /// [`Action::name`].
    pub action: String,
    /// What it was done to.
    pub target: String,
    /// A small JSON object.
    pub details: String,
}

/// A link of a chain.
pub type AuditHash = [u8; 32];

/// What a chain begins with.
pub const FIRST: AuditHash = [0; 32];

impl AuditEntry {
    /// SHA-256 over every field with its length, and the hash of the entry before.
    pub fn hash(&self, previous: &AuditHash) -> AuditHash {
        let mut hash = Sha256::new().chain_update("contactgram audit 1\n").chain_update(previous);
        for number in [self.account.0, self.seq, self.at, self.actor_id] {
            hash.update(number.to_be_bytes());
        }
        let texts = [&self.actor_kind, &self.actor_label, &self.action, &self.target, &self.details];
        for text in texts {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        hash.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex;

    fn entry() -> AuditEntry {
        AuditEntry {
            account: UserId(5),
            seq: 1,
            at: 1_800_000_000,
            actor_kind: "member".to_owned(),
            actor_id: 3,
            actor_label: "ann".to_owned(),
            action: "role.changed".to_owned(),
            target: "member 4".to_owned(),
            details: "{}".to_owned(),
        }
    }

    #[test]
    fn names_are_read_back_and_differ() {
        for (place, action) in Action::ALL.iter().enumerate() {
            assert_eq!(action.name().parse(), Ok(*action));
            assert!(Action::ALL[..place].iter().all(|other| other.name() != action.name()));
        }
        for actor in [Actor::Server, Actor::Operator, Actor::Member(MemberId(9)), Actor::Key(2)] {
            let (kind, number) = actor.parts();
            assert_eq!(Actor::from_parts(kind, number), Some(actor));
        }
        assert_eq!(Actor::from_parts("god", 1), None);
    }

    #[test]
    fn every_field_and_the_entry_before_change_the_hash() {
        let changes: [fn(&mut AuditEntry); 9] = [
            |e| e.account = UserId(6),
            |e| e.seq = 2,
            |e| e.at += 1,
            |e| e.actor_kind.push('x'),
            |e| e.actor_id = 4,
            |e| e.actor_label.push('x'),
            |e| e.action.push('x'),
            |e| e.target.push('x'),
            |e| e.details.push(' '),
        ];
        let mut hashes = vec![entry().hash(&FIRST), entry().hash(&[1; 32])];
        for change in changes {
            let mut changed = entry();
            change(&mut changed);
            hashes.push(changed.hash(&FIRST));
        }
        // A character that moves from one field to the next.
        let moved =
            AuditEntry { action: "role.change".to_owned(), target: "dmember 4".to_owned(), ..entry() };
        hashes.push(moved.hash(&FIRST));
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), 12);
    }

    #[test]
    fn the_hash_of_an_entry_is_the_same_in_every_version() {
        let hash = hex::encode(&entry().hash(&FIRST));
        assert_eq!(hash, "5bddd0c1ffc3f6c0e175fe603b5b0fbab1b6968047340b16f4bf19b4a779de55");
    }
}
