//! Roles: given and taken by owners, asked for by every verb that somebody signed in may call. A role on all
//! accounts counts on each; the higher of two counts. Asked anew each time, so that what was taken is gone at once.

use super::{EVERYWHERE, MemberView, existing, target};
use crate::access::Caller;
use crate::accounts::{self, AccountView};
use crate::audit::{self, Event};
use crate::{Error, Hub};
use contactgram_model::{Action, Actor, MemberId, Role, Timestamp, UserId};
use contactgram_store::Tx;
use contactgram_store::ops::members;
use serde::Serialize;
use serde_json::json;

/// A role that was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RoleView {
    /// On which account; absent for all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<UserId>,
    /// Its name.
    pub role: &'static str,
}

impl From<(UserId, Role)> for RoleView {
    fn from((account, role): (UserId, Role)) -> RoleView {
        RoleView { account_id: (account != EVERYWHERE).then_some(account), role: role.name() }
    }
}

/// A member as the members' list of one account shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountMemberView {
    /// Who, with the role that counts on this account alone.
    #[serde(flatten)]
    pub member: MemberView,
    /// Whether that is a role on all accounts.
    pub everywhere: bool,
}

impl Hub {
    /// Gives a member a role on an account, or on [`UserId::EVERY_ACCOUNT`]; with `None` takes it. For owners of
    /// the account, or of all.
    ///
    /// # Errors
    /// [`Error::Conflict`] when nobody would own the account then; [`Error::Forbidden`], [`Error::NotFound`].
    pub async fn set_role(
        &self,
        by: Actor,
        member: MemberId,
        account: UserId,
        role: Option<Role>,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        self.change_tokens(EVERYWHERE, move |tx, _| {
            tx.lock(EVERYWHERE.0)?;
            needs_role(tx, by, account, Role::Owner)?;
            existing(tx, member)?;
            leave_an_owner(tx, &[account], |tx| give(tx, (by, now), member, (account, role)))
        })
        .await
    }

    /// The role that counts for a member on an account.
    ///
    /// # Errors
    /// [`Error::NotFound`] where they have none: the account is not there for them.
    pub async fn role_of(&self, member: MemberId, account: UserId) -> Result<Role, Error> {
        self.store.read(move |tx| needs_role(tx, Actor::Member(member), account, Role::Viewer)).await
    }

    /// A caller for what a member does with an account: it may do what the role may, and no more.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an account on which they have no role, as for one that never was.
    pub async fn as_member(&self, member: MemberId, account: UserId) -> Result<(Caller, Role), Error> {
        let role = self
            .store
            .read(move |tx| {
                accounts::existing(tx, account)?;
                needs_role(tx, Actor::Member(member), account, Role::Viewer)
            })
            .await?;
        Ok((Caller::of_member(account, member, role), role))
    }

    /// The accounts that a member has a role on, by id.
    pub async fn accounts_of(&self, member: MemberId) -> Result<Vec<(AccountView, Role)>, Error> {
        let now = self.clock.now();
        self.store
            .scan(move |tx| {
                if !members::get(tx, member)?.is_some_and(|member| member.is_enabled()) {
                    return Ok(Vec::new());
                }
                let mut found = Vec::new();
                let given = members::roles(tx, member)?;
                let everywhere =
                    given.iter().find(|(account, _)| *account == EVERYWHERE).map(|(_, role)| *role);
                for account in contactgram_store::ops::accounts::list(tx)? {
                    let own = given.iter().find(|(on, _)| *on == account.id).map(|(_, role)| *role);
                    if let Some(role) = own.max(everywhere) {
                        found.push((accounts::view(tx, account, now)?, role));
                    }
                }
                Ok::<_, Error>(found)
            })
            .await
    }

    /// Who has a role on an account, for its admins and owners.
    pub async fn members_of(&self, by: Actor, account: UserId) -> Result<Vec<AccountMemberView>, Error> {
        self.store
            .scan(move |tx| {
                needs_role(tx, by, account, Role::Admin)?;
                let all = members::with_role(tx, account)?.into_iter().map(|with| AccountMemberView {
                    everywhere: with.everywhere,
                    member: MemberView::of(with.member, vec![(account, with.role)]),
                });
                Ok::<_, Error>(all.collect())
            })
            .await
    }
}

/// The role of whoever acts, if it is at least this one. The operator and the server have every role.
///
/// # Errors
/// [`Error::NotFound`] for who has no role on the account, [`Error::Forbidden`] for who has too low a one.
pub(crate) fn needs_role(tx: &mut dyn Tx, by: Actor, account: UserId, least: Role) -> Result<Role, Error> {
    let role = match by {
        Actor::Operator | Actor::Server => Some(Role::Owner),
        Actor::Member(id) => match members::get(tx, id)? {
            Some(member) if member.is_enabled() => members::role(tx, id, account)?,
            _ => None,
        },
        Actor::Anonymous | Actor::Token(_) | Actor::Key(_) | Actor::Application(_) => None,
    };
    match role {
        Some(role) if role >= least => Ok(role),
        None if account != EVERYWHERE => Err(Error::missing("no such account")),
        _ => {
            let on = if account == EVERYWHERE { " on all accounts" } else { "" };
            Err(Error::Forbidden(format!("this takes the role {}{on}", least.name()).into()))
        }
    }
}

/// Gives or takes a role and writes it down, in the log of the account. Under the lock, and where it is known who
/// may.
pub(super) fn give(
    tx: &mut dyn Tx,
    by: (Actor, Timestamp),
    member: MemberId,
    (account, role): (UserId, Option<Role>),
) -> Result<(), Error> {
    if account != EVERYWHERE {
        accounts::existing(tx, account)?;
    }
    let before = members::given_role(tx, member, account)?;
    if before == role {
        return Ok(());
    }
    members::set_role(tx, member, account, role)?;
    let name = members::get(tx, member)?.map(|member| member.name);
    let details = json!({ "name": name, "role": role.map(Role::name), "before": before.map(Role::name) });
    audit::record(tx, by, Event { account, action: Action::RoleChanged, target: target(member), details })
}

/// Makes a change that takes something from owners, unless nobody could own one of the accounts then. Who was only
/// invited is no owner to rely on: the link may have expired.
pub(super) fn leave_an_owner(
    tx: &mut dyn Tx,
    accounts: &[UserId],
    change: impl FnOnce(&mut dyn Tx) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut before = Vec::new();
    for &account in accounts {
        before.push((account, members::owners(tx, account)?));
    }
    change(tx)?;
    for (account, before) in before {
        let left = members::owners(tx, account)?;
        let nobody = |before: i64, left: i64| before > 0 && left == 0;
        if nobody(before.can_sign_in, left.can_sign_in) || nobody(before.all, left.all) {
            return Err(Error::Conflict("the last owner can't go: make somebody else an owner first".into()));
        }
    }
    Ok(())
}
