//! Members: the people who sign in, made, listed, disabled and removed. `roles` says what they may do, `links` and
//! `password` how a password is set, `sessions` how they sign in. Every change names who makes it, and is refused
//! in its own transaction to who may not.

mod links;
mod password;
mod roles;
mod sessions;
mod throttle;

pub use links::OneTimeLink;
pub(crate) use password::Passwords;
pub(crate) use roles::needs_role;
pub use roles::{AccountMemberView, RoleView};
pub(crate) use sessions::good_at;
pub use sessions::{NewSession, SessionView, SignInFrom, SignedIn};
pub(crate) use throttle::Throttle;

use crate::audit::{self, Event};
use crate::{Error, Hub, contacts};
use contactgram_model::member::sign_in_name;
use contactgram_model::{Action, Actor, MemberId, Password, Role, Timestamp, UserId};
use contactgram_store::Tx;
use contactgram_store::ops::members::{self, Member};
use serde::Serialize;
use serde_json::json;

/// In the place of an account: all of them.
pub(crate) const EVERYWHERE: UserId = UserId::EVERY_ACCOUNT;

/// What a member is made from.
#[derive(Debug, Clone, Default)]
pub struct NewMember {
    /// What they sign in with: 1–64 characters, an e-mail address or a word.
    pub name: String,
    /// What others see; the name where there is none.
    pub display_name: Option<String>,
    /// Roles on accounts, or on [`UserId::EVERY_ACCOUNT`].
    pub roles: Vec<(UserId, Role)>,
    /// Only the operator sets one; whoever has none gets a link.
    pub password: Option<Password>,
}

/// A member as those see it who may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemberView {
    /// Given once.
    pub member_id: MemberId,
    /// What they sign in with.
    pub name: String,
    /// What others see.
    pub display_name: String,
    /// Whether a password was set.
    pub has_password: bool,
    /// Whether they may not sign in.
    pub disabled: bool,
    /// Unix seconds.
    pub created_at: Timestamp,
    /// Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_sign_in_at: Option<Timestamp>,
    /// The roles that were given, that on all accounts first. Only on those that the asker may see.
    pub roles: Vec<RoleView>,
}

impl MemberView {
    fn of(member: Member, roles: Vec<(UserId, Role)>) -> MemberView {
        let disabled = !member.is_enabled();
        MemberView {
            member_id: member.id,
            name: member.name,
            display_name: member.display_name,
            has_password: member.has_password,
            disabled,
            created_at: member.created_at,
            last_sign_in_at: member.last_sign_in_at,
            roles: roles.into_iter().map(RoleView::from).collect(),
        }
    }
}

impl Hub {
    /// Makes a member, with a password of the operator's choice or else with a link to set one. Whoever owns an
    /// account may invite to it; roles on all accounts are for owners of all to give.
    ///
    /// # Errors
    /// [`Error::BadRequest`] for a name that is taken or wrong; [`Error::Forbidden`] and [`Error::NotFound`].
    pub async fn add_member(
        &self,
        by: Actor,
        new: NewMember,
    ) -> Result<(MemberView, Option<OneTimeLink>), Error> {
        let name = sign_in_name(&new.name).map_err(Error::bad)?;
        let display_name =
            contacts::checked_name("display_name", new.display_name.as_deref().unwrap_or(&name))?;
        if new.password.is_some() && by != Actor::Operator {
            return Err(Error::Forbidden("only the command line sets the password of somebody else".into()));
        }
        let (hash, link) = match new.password {
            Some(password) => (Some(self.passwords.hash(password).await?), None),
            None => (None, Some(OneTimeLink::create(self.clock.now())?)),
        };
        let (now, kept) = (self.clock.now(), link.clone());
        let view = self.change(EVERYWHERE, move |tx, _| {
            tx.lock(EVERYWHERE.0)?;
            may_invite(tx, by, &new.roles)?;
            if members::by_name(tx, &name)?.is_some() {
                return Err(Error::bad("name belongs to another member"));
            }
            let id = members::insert(tx, (&name, &display_name), now)?;
            let details = json!({ "name": name, "with_password": hash.is_some() });
            record(tx, (by, now), (Action::MemberAdded, id), details)?;
            for &(account, role) in &new.roles {
                roles::give(tx, (by, now), id, (account, Some(role)))?;
            }
            if let Some(hash) = &hash {
                members::set_password(tx, id, hash, None)?;
            }
            if let Some(link) = &kept {
                members::put_link(tx, id, &link.secret.digest(), link.expires_at)?;
            }
            let member = existing(tx, id)?;
            view(tx, member)
        });
        Ok((view.await?, link))
    }

    /// Every member with all roles, for owners of all accounts.
    pub async fn members(&self, by: Actor) -> Result<Vec<MemberView>, Error> {
        self.store
            .scan(move |tx| {
                needs_role(tx, by, EVERYWHERE, Role::Owner)?;
                let all = members::list(tx)?;
                all.into_iter().map(|member| view(tx, member)).collect::<Result<Vec<_>, Error>>()
            })
            .await
    }

    /// One member with all roles, for themselves and for owners of all accounts.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none of this id.
    pub async fn member(&self, by: Actor, id: MemberId) -> Result<MemberView, Error> {
        self.store
            .read(move |tx| {
                needs_self_or_owner(tx, by, id)?;
                let member = existing(tx, id)?;
                view(tx, member)
            })
            .await
    }

    /// The member of this sign-in name, for whoever owns an account and wants to give a role.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none.
    pub async fn member_named(&self, name: &str) -> Result<MemberId, Error> {
        let name = name.to_owned();
        let found = self.store.read(move |tx| Ok::<_, Error>(members::by_name(tx, &name)?)).await?;
        found.map(|(member, _)| member.id).ok_or(Error::missing("no such member"))
    }

    /// Changes what others see of a member; for themselves and for owners of all accounts.
    pub async fn rename_member(&self, by: Actor, id: MemberId, display_name: &str) -> Result<(), Error> {
        let (shown, now) = (contacts::checked_name("display_name", display_name)?, self.clock.now());
        self.change(EVERYWHERE, move |tx, _| {
            needs_self_or_owner(tx, by, id)?;
            existing(tx, id)?;
            members::rename(tx, id, &shown)?;
            record(tx, (by, now), (Action::MemberChanged, id), json!({}))
        })
        .await
    }

    /// Has a member sign in no more; what they opened with ends at once, and their roles count for nothing.
    ///
    /// # Errors
    /// [`Error::Conflict`] for the last owner of all accounts, or of one.
    pub async fn disable_member(&self, by: Actor, id: MemberId) -> Result<(), Error> {
        let now = self.clock.now();
        self.end_member(by, id, move |tx, member| {
            if !member.is_enabled() {
                return Ok(());
            }
            members::set_disabled(tx, id, Some(now))?;
            record(tx, (by, now), (Action::MemberDisabled, id), json!({ "name": member.name }))
        })
        .await
    }

    /// Lets a member sign in again, with the roles they had.
    pub async fn enable_member(&self, by: Actor, id: MemberId) -> Result<(), Error> {
        let now = self.clock.now();
        self.change(EVERYWHERE, move |tx, _| {
            needs_role(tx, by, EVERYWHERE, Role::Owner)?;
            let member = existing(tx, id)?;
            if member.is_enabled() {
                return Ok(());
            }
            members::set_disabled(tx, id, None)?;
            record(tx, (by, now), (Action::MemberEnabled, id), json!({ "name": member.name }))
        })
        .await
    }

    /// Removes a member for good, with roles, links and sessions. The audit log keeps what they did.
    ///
    /// # Errors
    /// [`Error::Conflict`] for the last owner of all accounts, or of one.
    pub async fn remove_member(&self, by: Actor, id: MemberId) -> Result<(), Error> {
        let now = self.clock.now();
        self.end_member(by, id, move |tx, member| {
            // Written first: whoever removes themselves has a name only until then.
            record(tx, (by, now), (Action::MemberRemoved, id), json!({ "name": member.name }))?;
            Ok(members::delete(tx, id)?)
        })
        .await
    }

    async fn end_member(
        &self,
        by: Actor,
        id: MemberId,
        end: impl Fn(&mut dyn Tx, Member) -> Result<(), Error> + Send + 'static,
    ) -> Result<(), Error> {
        self.change_tokens(EVERYWHERE, move |tx, _| {
            tx.lock(EVERYWHERE.0)?;
            needs_role(tx, by, EVERYWHERE, Role::Owner)?;
            let member = existing(tx, id)?;
            let owned = members::roles(tx, id)?.into_iter().filter(|(_, role)| *role == Role::Owner);
            let owned: Vec<UserId> = owned.map(|(account, _)| account).collect();
            roles::leave_an_owner(tx, &owned, |tx| end(tx, member.clone()))
        })
        .await
    }
}

/// The member of this id.
fn existing(tx: &mut dyn Tx, id: MemberId) -> Result<Member, Error> {
    members::get(tx, id)?.ok_or(Error::missing("no such member"))
}

fn view(tx: &mut dyn Tx, member: Member) -> Result<MemberView, Error> {
    let roles = members::roles(tx, member.id)?;
    Ok(MemberView::of(member, roles))
}

/// An entry of the server's log about a member.
fn record(
    tx: &mut dyn Tx,
    by: (Actor, Timestamp),
    (action, member): (Action, MemberId),
    details: serde_json::Value,
) -> Result<(), Error> {
    audit::record(tx, by, Event { account: EVERYWHERE, action, target: target(member), details })
}

/// How the log names a member.
fn target(member: MemberId) -> String {
    format!("member {member}")
}

fn needs_self_or_owner(tx: &mut dyn Tx, by: Actor, id: MemberId) -> Result<(), Error> {
    if by == Actor::Member(id) {
        return Ok(());
    }
    needs_role(tx, by, EVERYWHERE, Role::Owner).map(drop)
}

/// Inviting takes an account to invite to, or the right to invite to all of them.
fn may_invite(tx: &mut dyn Tx, by: Actor, roles: &[(UserId, Role)]) -> Result<(), Error> {
    if roles.is_empty() {
        return needs_role(tx, by, EVERYWHERE, Role::Owner).map(drop);
    }
    roles.iter().try_for_each(|(account, _)| needs_role(tx, by, *account, Role::Owner).map(drop))
}
