//! Scopes: what a credential may do. An account token holds all of its account's.
//! `hub::access` turns scopes into permits; nothing else decides by them.

/// One thing a credential may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Scope {
    /// Contacts without phone number, e-mail, note and attributes.
    ContactsRead,
    /// Those fields too.
    ContactsPrivate,
    /// Add, change and delete contacts.
    ContactsWrite,
    /// History.
    MessagesRead,
    /// Sending, editing and deleting messages.
    MessagesSend,
    /// getUpdates and webhooks.
    UpdatesRead,
    /// Account settings and tokens.
    AccountManage,
}

impl Scope {
    /// Every scope there is.
    pub const ALL: [Scope; 7] = [
        Scope::ContactsRead,
        Scope::ContactsPrivate,
        Scope::ContactsWrite,
        Scope::MessagesRead,
        Scope::MessagesSend,
        Scope::UpdatesRead,
        Scope::AccountManage,
    ];

    /// The name an OAuth2 client asks for.
    pub fn name(self) -> &'static str {
        match self {
            Scope::ContactsRead => "contacts:read",
            Scope::ContactsPrivate => "contacts:private",
            Scope::ContactsWrite => "contacts:write",
            Scope::MessagesRead => "messages:read",
            Scope::MessagesSend => "messages:send",
            Scope::UpdatesRead => "updates:read",
            Scope::AccountManage => "account:manage",
        }
    }
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u8);

impl Scopes {
    /// What an account token holds.
    pub fn all() -> Scopes {
        Scope::ALL.into_iter().collect()
    }

    /// Whether `scope` is in the set.
    pub fn has(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u8) != 0
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Scopes {
        Scopes(scopes.into_iter().fold(0, |set, scope| set | 1 << scope as u8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in_and_no_more() {
        let set: Scopes = [Scope::ContactsRead, Scope::MessagesSend].into_iter().collect();
        assert!(set.has(Scope::ContactsRead) && set.has(Scope::MessagesSend));
        assert!(!set.has(Scope::ContactsPrivate) && !set.has(Scope::AccountManage));
        assert!(Scope::ALL.into_iter().all(|scope| Scopes::all().has(scope)));
    }
}
