//! Roles: what a member may do with an account. A role is its scopes and a few rights that no scope names; a
//! higher role has all of a lower one's. `hub::members` gives them and asks for them; nothing here decides.

use crate::scope::{Scope, Scopes};

/// What somebody who signs in may do with an account, from little to everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Role {
    /// Reads contacts, without private fields, and messages.
    Viewer = 1,
    /// Works with contacts and writes to them.
    Agent = 2,
    /// Sets up what works by itself: applications, keys, webhooks.
    Admin = 3,
    /// Everything, members' roles included.
    Owner = 4,
}

impl Role {
    /// Every role there is, the lowest first.
    pub const ALL: [Role; 4] = [Role::Viewer, Role::Agent, Role::Admin, Role::Owner];

    /// As it is typed and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Agent => "agent",
            Role::Admin => "admin",
            Role::Owner => "owner",
        }
    }

    /// What it may do, and give to applications and keys.
    pub fn scopes(self) -> Scopes {
        let allowed = |scope: &Scope| match scope {
            Scope::ContactsRead | Scope::MessagesRead => true,
            Scope::ContactsPrivate | Scope::ContactsWrite | Scope::MessagesSend => self >= Role::Agent,
            Scope::UpdatesRead => self >= Role::Admin,
            Scope::AccountManage => self >= Role::Owner,
        };
        Scope::ALL.into_iter().filter(allowed).collect()
    }

    /// Applications and API keys: registering them, and ending what they have.
    pub fn may_manage_applications(self) -> bool {
        self >= Role::Admin
    }

    /// Webhooks, which see every update.
    pub fn may_manage_webhooks(self) -> bool {
        self >= Role::Admin
    }

    /// The account's audit log and its members.
    pub fn may_see_audit(self) -> bool {
        self >= Role::Admin
    }

    /// Members' roles, and the account's tokens, which may do everything.
    pub fn may_manage_members(self) -> bool {
        self >= Role::Owner
    }

    /// As the store keeps it.
    pub fn code(self) -> i64 {
        self as i64
    }

    /// What [`Role::code`] says.
    pub fn from_code(code: i64) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.code() == code)
    }
}

impl std::str::FromStr for Role {
    type Err = String;

    fn from_str(name: &str) -> Result<Role, String> {
        let found = Role::ALL.into_iter().find(|role| role.name() == name);
        let known = || Role::ALL.map(Role::name).join(", ");
        found.ok_or_else(|| format!("{name:?} is no role; there are {}", known()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_has_all_of_the_one_below_and_more() {
        let mut below = Scopes::default();
        for role in Role::ALL {
            assert!(below.iter().all(|scope| role.scopes().has(scope)), "{}", role.name());
            assert!(role.scopes().iter().count() > below.iter().count(), "{}", role.name());
            assert_eq!((role.name().parse(), Role::from_code(role.code())), (Ok(role), Some(role)));
            below = role.scopes();
        }
        assert_eq!(below, Scopes::all());
        assert_eq!(Role::from_code(0), None);
        assert!("Owner".parse::<Role>().is_err());
    }

    #[test]
    fn the_scopes_of_roles_are_those_of_the_documentation() {
        let names = |role: Role| role.scopes().iter().map(Scope::name).collect::<Vec<_>>().join(" ");
        assert_eq!(names(Role::Viewer), "contacts:read messages:read");
        let agent = "contacts:read contacts:private contacts:write messages:read messages:send";
        assert_eq!(names(Role::Agent), agent);
        assert_eq!(names(Role::Admin), format!("{agent} updates:read"));
        let rights =
            |role: Role| (role.may_manage_applications(), role.may_see_audit(), role.may_manage_members());
        assert_eq!(rights(Role::Agent), (false, false, false));
        assert_eq!(rights(Role::Admin), (true, true, false));
        assert_eq!(rights(Role::Owner), (true, true, true));
    }
}
