//! Signing in, and what it opens: a session, known by a secret in a cookie. The store has digests; each request asks
//! it, so that an ended session opens nothing from then on. Who may sign in how often says `throttle`.

use super::{EVERYWHERE, MemberView, existing, needs_self_or_owner, record, view};
use crate::audit::{self, Event};
use crate::{Error, Hub, random};
use contactgram_model::member::CsrfToken;
use contactgram_model::{Action, Actor, MemberId, Password, PlainSecret, Timestamp, TokenDigest, UserId};
use contactgram_store::Tx;
use contactgram_store::ops::members::{self, Member};
use contactgram_store::ops::sessions::{self, Good, Session};
use serde::Serialize;
use serde_json::json;

/// How long a session is good without being used, and at most; in seconds.
const IDLE_S: i64 = 12 * 3600;
const LONGEST_S: i64 = 7 * 24 * 3600;
/// A use is written when the one before is so long ago, in seconds.
const EVERY_S: i64 = 60;
/// Characters of what a browser says of itself that are kept.
const AGENT_CHARS: usize = 120;
/// Those of an address.
const ADDRESS_CHARS: usize = 45;

/// Where somebody signs in.
#[derive(Debug, Clone, Default)]
pub struct SignInFrom {
    /// The address of the client, as far as it is known.
    pub address: String,
    /// `User-Agent`.
    pub agent: String,
}

/// A session that was just opened: the only time its secret is shown.
#[derive(Debug)]
pub struct NewSession {
    /// For the cookie.
    pub secret: PlainSecret,
    /// The session.
    pub session: SessionView,
}

/// A session as its member sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionView {
    /// Given once.
    pub session_id: i64,
    /// Whose.
    pub member_id: MemberId,
    /// Unix seconds.
    pub created_at: Timestamp,
    /// When it was used last, to a minute; in Unix seconds.
    pub seen_at: Timestamp,
    /// From where it was opened.
    pub address: String,
    /// With what.
    pub agent: String,
}

/// Who a session's secret belongs to.
#[derive(Debug)]
pub struct SignedIn {
    /// Who, with all roles.
    pub member: MemberView,
    /// Which of their sessions.
    pub session: SessionView,
    /// What the forms of this session must bring.
    pub csrf: CsrfToken,
}

impl SignedIn {
    /// Who acts, for the verbs of the hub.
    pub fn actor(&self) -> Actor {
        Actor::Member(self.member.member_id)
    }
}

impl From<Session> for SessionView {
    fn from(session: Session) -> SessionView {
        let Session { member, id, created_at, seen_at, address, agent } = session;
        SessionView { session_id: id, member_id: member, created_at, seen_at, address, agent }
    }
}

impl Hub {
    /// Opens a session for who knows a member's password. A wrong name and a wrong password cost the same and get
    /// the same answer.
    ///
    /// # Errors
    /// [`Error::Unauthorized`]; [`Error::TooMany`] after too many failures; [`Error::Unavailable`].
    pub async fn sign_in(&self, name: &str, password: &str, from: SignInFrom) -> Result<NewSession, Error> {
        let attempt = self.throttle.begin(name, &from.address, self.clock.now())?;
        match self.try_to_sign_in(name, Password::entered(password), from).await {
            Ok(opened) => {
                self.throttle.succeeded(attempt);
                Ok(opened)
            }
            Err(Error::Unauthorized) => Err(Error::Unauthorized),
            Err(error) => {
                self.throttle.undecided(attempt);
                Err(error)
            }
        }
    }

    async fn try_to_sign_in(
        &self,
        name: &str,
        password: Password,
        from: SignInFrom,
    ) -> Result<NewSession, Error> {
        let name = name.to_owned();
        let found = self.store.read(move |tx| Ok::<_, Error>(members::by_name(tx, &name)?)).await?;
        let (member, hash) = found.unzip();
        let hash = hash.flatten();
        let fits = self.passwords.fits(password, hash.clone()).await?;
        let (secret, now) = (new_secret()?, self.clock.now());
        let digest = secret.digest();
        let opened = self.change(EVERYWHERE, move |tx, _| {
            tx.lock(EVERYWHERE.0)?;
            let known = match &member {
                Some(member) => members::get(tx, member.id)?,
                None => None,
            };
            let Some(member) = known.filter(|member| fits && member.is_enabled()) else {
                // Whatever was typed for a name may be a password: only a member's own is written down.
                return failed(tx, now, member.as_ref(), &from).map(|()| None);
            };
            // Set anew meanwhile: what was compared is no password any more.
            if members::password(tx, member.id)? != hash {
                return failed(tx, now, Some(&member), &from).map(|()| None);
            }
            let by = (Actor::Member(member.id), now);
            open(tx, by, (member.id, &digest), &from).map(Some)
        });
        match opened.await? {
            Some(session) => Ok(NewSession { secret, session }),
            None => Err(Error::Unauthorized),
        }
    }

    /// Whom a session's secret belongs to, if it is good. Notes the use, once a minute.
    pub async fn session(&self, secret: &PlainSecret) -> Result<Option<SignedIn>, Error> {
        let (digest, now) = (secret.digest(), self.clock.now());
        let found = self
            .store
            .read(move |tx| {
                let Some(session) = sessions::find(tx, &digest, good_at(now))? else { return Ok(None) };
                let member = members::get(tx, session.member)?.filter(Member::is_enabled);
                Ok::<_, Error>(match member {
                    Some(member) => Some((view(tx, member)?, session)),
                    None => None,
                })
            })
            .await?;
        let Some((member, session)) = found else { return Ok(None) };
        self.note_session(&session, now);
        Ok(Some(SignedIn { member, session: session.into(), csrf: secret.csrf() }))
    }

    fn note_session(&self, session: &Session, now: Timestamp) {
        let key = (session.member, session.id);
        if now < session.seen_at + EVERY_S || !self.last_uses.begin((UserId::EVERY_ACCOUNT, key.1), now) {
            return;
        }
        let store = self.store.clone();
        self.tasks.spawn(async move {
            let written =
                store.write(EVERYWHERE.0, move |tx| Ok::<_, Error>(sessions::seen(tx, key, now)?)).await;
            if let Err(error) = written {
                tracing::debug!(?error, "the use of a session is not noted");
            }
        });
    }

    /// Ends the session of this secret, if there is one.
    pub async fn sign_out(&self, secret: &PlainSecret) -> Result<(), Error> {
        let (digest, now) = (secret.digest(), self.clock.now());
        self.change(EVERYWHERE, move |tx, _| {
            let Some(session) = sessions::find(tx, &digest, good_at(now))? else { return Ok(()) };
            let by = (Actor::Member(session.member), now);
            end(tx, by, (session.member, session.id)).map(drop)
        })
        .await
    }

    /// A member's sessions, the one used last first; for themselves and for owners of all accounts.
    pub async fn sessions_of(&self, by: Actor, member: MemberId) -> Result<Vec<SessionView>, Error> {
        let now = self.clock.now();
        self.store
            .read(move |tx| {
                needs_self_or_owner(tx, by, member)?;
                existing(tx, member)?;
                let all = sessions::list(tx, member, good_at(now))?;
                Ok::<_, Error>(all.into_iter().map(SessionView::from).collect())
            })
            .await
    }

    /// Ends one of a member's sessions; for themselves and for owners of all accounts.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the member has none of this number.
    pub async fn end_session(&self, by: Actor, member: MemberId, session: i64) -> Result<(), Error> {
        let now = self.clock.now();
        self.change(EVERYWHERE, move |tx, _| {
            needs_self_or_owner(tx, by, member)?;
            match end(tx, (by, now), (member, session))? {
                true => Ok(()),
                false => Err(Error::missing("no such session")),
            }
        })
        .await
    }

    /// Ends all sessions of a member, but the one that is named; answers how many those were.
    pub async fn end_sessions(&self, by: Actor, member: MemberId, but: Option<i64>) -> Result<u64, Error> {
        let now = self.clock.now();
        self.change(EVERYWHERE, move |tx, _| {
            needs_self_or_owner(tx, by, member)?;
            let ended = sessions::end_all(tx, member, but)?;
            if ended > 0 {
                record(tx, (by, now), (Action::SessionEnded, member), json!({ "sessions": ended }))?;
            }
            Ok(ended)
        })
        .await
    }

    /// Ends all other sessions of who is signed in.
    pub async fn end_other_sessions(&self, signed_in: &SignedIn) -> Result<u64, Error> {
        let (member, session) = (signed_in.member.member_id, signed_in.session.session_id);
        self.end_sessions(signed_in.actor(), member, Some(session)).await
    }

    /// Sets another password for who is signed in and knows the one they have. All other sessions end.
    ///
    /// # Errors
    /// [`Error::BadRequest`] for a wrong old password; [`Error::TooMany`] after too many of them.
    pub async fn change_password(&self, signed_in: &SignedIn, old: &str, new: Password) -> Result<(), Error> {
        let (member, session) = (signed_in.member.member_id, signed_in.session.session_id);
        let now = self.clock.now();
        let attempt = self.throttle.begin(&signed_in.member.name, "", now)?;
        let hash = self.store.read(move |tx| Ok::<_, Error>(members::password(tx, member)?)).await?;
        if !self.passwords.fits(Password::entered(old), hash.clone()).await? {
            return Err(Error::bad("the old password is another"));
        }
        self.throttle.succeeded(attempt);
        let kept = self.passwords.hash(new).await?;
        self.change_tokens(EVERYWHERE, move |tx, _| {
            tx.lock(EVERYWHERE.0)?;
            if members::password(tx, member)? != hash {
                return Err(Error::Conflict("the password was changed meanwhile".into()));
            }
            members::set_password(tx, member, &kept, Some(session))?;
            let by = (Actor::Member(member), now);
            record(tx, by, (Action::PasswordSet, member), json!({ "by": "member" }))
        })
        .await
    }
}

/// Since when sessions must have been used and made to be good now.
pub(crate) fn good_at(now: Timestamp) -> Good {
    Good { seen: now - IDLE_S, created: now - LONGEST_S }
}

/// Opens a session and writes the sign-in down.
pub(super) fn open(
    tx: &mut dyn Tx,
    (by, now): (Actor, Timestamp),
    (member, digest): (MemberId, &TokenDigest),
    from: &SignInFrom,
) -> Result<SessionView, Error> {
    let id = members::next_number(tx)?;
    let (address, agent) = (shortened(&from.address, ADDRESS_CHARS), shortened(&from.agent, AGENT_CHARS));
    let session = Session { member, id, created_at: now, seen_at: now, address, agent };
    sessions::insert(tx, &session, digest)?;
    members::signed_in(tx, member, now)?;
    let details = json!({ "session": id, "address": session.address });
    record(tx, (by, now), (Action::MemberSignedIn, member), details)?;
    Ok(session.into())
}

fn end(tx: &mut dyn Tx, by: (Actor, Timestamp), (member, id): (MemberId, i64)) -> Result<bool, Error> {
    let ended = sessions::end(tx, (member, id))?;
    if ended {
        record(tx, by, (Action::SessionEnded, member), json!({ "session": id }))?;
    }
    Ok(ended)
}

fn failed(tx: &mut dyn Tx, now: Timestamp, member: Option<&Member>, from: &SignInFrom) -> Result<(), Error> {
    let event = Event {
        account: EVERYWHERE,
        action: Action::MemberSignInFailed,
        target: member.map_or_else(|| "nobody".to_owned(), |member| super::target(member.id)),
        details: json!({ "address": shortened(&from.address, ADDRESS_CHARS) }),
    };
    audit::record(tx, (Actor::Anonymous, now), event)
}

fn shortened(text: &str, chars: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(chars).collect()
}

/// The secret of a session that is to be opened.
pub(super) fn new_secret() -> Result<PlainSecret, Error> {
    let mut random = [0; PlainSecret::RANDOM_BYTES];
    random::fill(&mut random)?;
    Ok(PlainSecret::create(&random))
}
