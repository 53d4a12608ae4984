//! What every page of the portal is framed by: who is signed in, which account is in view, what was just done.
//! Built by `visit`; templates read it.

use contactgram_hub::AccountView;
use contactgram_model::{Role, UserId};

/// The frame.
#[derive(Debug, Clone)]
pub(crate) struct Shell {
    pub title: String,
    /// Which entry of the navigation is this page's.
    pub active: &'static str,
    /// Who is signed in.
    pub member: String,
    /// The session's token for forms.
    pub csrf: String,
    /// What was just done.
    pub note: Option<&'static str>,
    /// Where the page hears that something came in.
    pub live: Option<String>,
    /// The member's role on all accounts.
    pub everywhere: Option<Role>,
    /// The account in view.
    pub here: Option<Here>,
    /// All accounts of the member, on the page that lists them.
    pub accounts: Vec<Here>,
}

/// An account as the navigation shows it.
#[derive(Debug, Clone)]
pub(crate) struct Here {
    pub id: UserId,
    pub name: String,
    pub username: Option<String>,
    pub role: Role,
}

impl Here {
    pub fn of(view: &AccountView, role: Role) -> Here {
        Here { id: view.id, name: view.name.clone(), username: view.username.clone(), role }
    }

    /// Where the account's pages are.
    pub fn path(&self) -> String {
        path(self.id)
    }
}

/// Where an account's pages are.
pub(crate) fn path(account: UserId) -> String {
    format!("/portal/a/{account}")
}

impl Shell {
    pub fn account(&self) -> Option<&Here> {
        self.here.as_ref()
    }

    pub fn everywhere(&self) -> Option<Role> {
        self.everywhere
    }

    /// The name of the account in view.
    pub fn here_name(&self) -> &str {
        self.here.as_ref().map_or("", |here| here.name.as_str())
    }
}

/// What a page says was done before it: the address has a word for it, so that nobody can write the text.
pub(super) fn note(word: &str) -> Option<&'static str> {
    Some(match word {
        "account-removed" => "The account is removed.",
        "added" => "Added.",
        "app-removed" => "The application is removed, and its tokens are ended.",
        "broadcast-cancelled" => "Cancelled: nobody else gets it.",
        "connected" => "The bot is connected again.",
        "disabled" => "Disabled.",
        "enabled" => "Enabled.",
        "grant-revoked" => "That access is revoked.",
        "key-revoked" => "The key opens nothing any more.",
        "member-removed" => "They can't sign in any more.",
        "paused" => "Paused: nothing goes out until it is resumed.",
        "password" => "The password is changed, and all other sessions are ended.",
        "queued" => "It waits in the outbox until its time.",
        "removed" => "Removed.",
        "resumed" => "It goes on.",
        "role" => "The role is changed.",
        "saved" => "Saved.",
        "session" => "Ended.",
        "taken-back" => "It is taken back, and is not sent.",
        "token-revoked" => "The token opens nothing any more.",
        "webhook" => "The webhook is set.",
        "webhook-removed" => "The webhook is removed.",
        _ => return None,
    })
}
