//! One-time links: whoever opens one sets a password and is signed in. Good for a day, once, and until the next one
//! is made; the store has the digest. The first start makes one for the first owner.

use super::sessions::{self, NewSession, SignInFrom};
use super::{EVERYWHERE, MemberView, existing, needs_role, record, roles};
use crate::{Error, Hub, random};
use contactgram_model::{Action, Actor, MemberId, Password, PlainSecret, Role, Timestamp, UserId};
use contactgram_store::Tx;
use contactgram_store::ops::members::{self, Member};
use serde_json::json;

/// How long a link is good, in seconds.
const LINK_S: i64 = 24 * 3600;
/// The sign-in name of the member that the first start makes.
const FIRST: &str = "owner";

/// A link that was just made: the only time its secret is shown.
#[derive(Debug, Clone)]
pub struct OneTimeLink {
    /// What goes behind `code=`.
    pub secret: PlainSecret,
    /// From when on it opens nothing; in Unix seconds.
    pub expires_at: Timestamp,
}

impl OneTimeLink {
    pub(super) fn create(now: Timestamp) -> Result<OneTimeLink, Error> {
        let mut random = [0; PlainSecret::RANDOM_BYTES];
        random::fill(&mut random)?;
        Ok(OneTimeLink { secret: PlainSecret::create(&random), expires_at: now + LINK_S })
    }

    /// The path of the page that it opens.
    pub fn path(&self) -> String {
        format!("/portal/welcome?code={}", self.secret.reveal())
    }
}

impl Hub {
    /// Makes a link for a member, in the place of the one before; for the operator and owners of all accounts,
    /// since whoever has it can be that member.
    pub async fn new_link(&self, by: Actor, member: MemberId) -> Result<OneTimeLink, Error> {
        let now = self.clock.now();
        let link = OneTimeLink::create(now)?;
        let (digest, expires_at) = (link.secret.digest(), link.expires_at);
        self.change(EVERYWHERE, move |tx, _| {
            needs_role(tx, by, EVERYWHERE, Role::Owner)?;
            if !existing(tx, member)?.is_enabled() {
                return Err(Error::bad("the member is disabled"));
            }
            members::put_link(tx, member, &digest, expires_at)?;
            record(tx, (by, now), (Action::LinkMade, member), json!({}))
        })
        .await?;
        Ok(link)
    }

    /// Whom a link is for.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a link that was used, replaced, or is too old.
    pub async fn link_holder(&self, secret: &PlainSecret) -> Result<MemberView, Error> {
        let (digest, now) = (secret.digest(), self.clock.now());
        let member = self
            .store
            .read(move |tx| {
                members::by_link(tx, &digest, now)?.filter(Member::is_enabled).ok_or_else(used_up)
            })
            .await?;
        Ok(MemberView::of(member, Vec::new()))
    }

    /// Sets the password of whom the link is for, ends all their sessions, and signs them in.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a link that was used, replaced, or is too old.
    pub async fn accept_link(
        &self,
        secret: &PlainSecret,
        password: Password,
        from: SignInFrom,
    ) -> Result<NewSession, Error> {
        // Before the work of hashing: nobody without a link causes it.
        self.link_holder(secret).await?;
        let hash = self.passwords.hash(password).await?;
        let (digest, now, opened) = (secret.digest(), self.clock.now(), sessions::new_secret()?);
        let kept = opened.clone();
        let session = self.change_tokens(EVERYWHERE, move |tx, _| {
            tx.lock(EVERYWHERE.0)?;
            let member =
                members::by_link(tx, &digest, now)?.filter(Member::is_enabled).ok_or_else(used_up)?;
            let by = (Actor::Member(member.id), now);
            members::set_password(tx, member.id, &hash, None)?;
            record(tx, by, (Action::PasswordSet, member.id), json!({ "by": "link" }))?;
            sessions::open(tx, by, (member.id, &kept.digest()), &from)
        });
        Ok(NewSession { session: session.await?, secret: opened })
    }

    /// On a server where nobody can sign in yet: makes the member `owner`, who owns all accounts, if there is no
    /// member, and a link for them. `None` where somebody has a password, or the operator makes the members.
    pub async fn first_owner_link(&self) -> Result<Option<OneTimeLink>, Error> {
        let now = self.clock.now();
        let link = OneTimeLink::create(now)?;
        let (digest, expires_at) = (link.secret.digest(), link.expires_at);
        let made = self
            .change(EVERYWHERE, move |tx, _| {
                tx.lock(EVERYWHERE.0)?;
                let Some(owner) = first_owner(tx, now)? else { return Ok(false) };
                members::put_link(tx, owner, &digest, expires_at)?;
                record(tx, (Actor::Server, now), (Action::LinkMade, owner), json!({}))?;
                Ok(true)
            })
            .await?;
        Ok(made.then_some(link))
    }
}

/// The owner who has yet to set a password; made where nobody is.
fn first_owner(tx: &mut dyn Tx, now: Timestamp) -> Result<Option<MemberId>, Error> {
    if members::count(tx)? == 0 {
        let owner = members::insert(tx, (FIRST, "Owner"), now)?;
        let by = (Actor::Server, now);
        record(tx, by, (Action::MemberAdded, owner), json!({ "name": FIRST }))?;
        roles::give(tx, by, owner, (UserId::EVERY_ACCOUNT, Some(Role::Owner)))?;
        return Ok(Some(owner));
    }
    if members::any_password(tx)? {
        return Ok(None);
    }
    let Some((owner, _)) = members::by_name(tx, FIRST)? else { return Ok(None) };
    let owns_all = members::given_role(tx, owner.id, EVERYWHERE)? == Some(Role::Owner);
    Ok((owns_all && owner.is_enabled()).then_some(owner.id))
}

fn used_up() -> Error {
    Error::missing("the link was used, replaced by another, or is too old")
}
