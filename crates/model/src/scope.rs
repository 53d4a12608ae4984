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
    pub const fn name(self) -> &'static str {
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

impl std::str::FromStr for Scope {
    type Err = String;

    fn from_str(name: &str) -> Result<Scope, String> {
        let found = Scope::ALL.into_iter().find(|scope| scope.name() == name);
        let known = || Scope::ALL.map(Scope::name).join(", ");
        found.ok_or_else(|| format!("{name:?} is no scope; there are {}", known()))
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

    /// The set as a number, a bit for each scope in the order of [`Scope::ALL`].
    pub fn bits(self) -> i64 {
        i64::from(self.0)
    }

    /// The set of which [`Scopes::bits`] is this number; bits of no scope count for nothing.
    pub fn from_bits(bits: i64) -> Scopes {
        Scope::ALL.into_iter().filter(|scope| bits & (1 << *scope as u8) != 0).collect()
    }

    /// What is in it.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope))
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
        assert_eq!(Scopes::from_bits(set.bits()), set);
        assert_eq!(Scopes::from_bits(-1), Scopes::all());
        assert_eq!(set.iter().collect::<Vec<_>>(), [Scope::ContactsRead, Scope::MessagesSend]);
        assert!(Scope::ALL.into_iter().all(|scope| scope.name().parse() == Ok(scope)));
        assert!("contacts".parse::<Scope>().is_err());
    }
}
