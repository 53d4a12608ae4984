//! The audit log, read: an account's by whoever manages it, all of it by owners of all accounts. Called by the API,
//! the portal and the command line. It never changes an entry.

use super::{Event, record};
use crate::access::AccountManage;
use crate::members::{EVERYWHERE, needs_role};
use crate::{Error, Hub, Permit};
use contactgram_model::hex;
use contactgram_model::page::{decode_cursor, encode_cursor};
use contactgram_model::{Action, Actor, Role, Timestamp, UserId};
use contactgram_store::ops::audit::{self, Kept, Place, Query};
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

/// What is asked of the log.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// Written then or later; in Unix seconds.
    pub from: Option<Timestamp>,
    /// Written before; in Unix seconds.
    pub until: Option<Timestamp>,
    /// A kind of actor, such as `operator`, or one of a kind, such as `member:3`.
    pub actor: Option<String>,
    /// The name of an action.
    pub action: Option<String>,
    /// Entries at most.
    pub limit: i64,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// Entries, the newest first.
#[derive(Debug, Serialize)]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<AuditView>,
    /// Where older ones begin, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// An entry of the log.
#[derive(Debug, Serialize)]
pub struct AuditView {
    /// Whose log it is in; absent in the server's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<UserId>,
    /// Counts from 1 in each log.
    pub seq: i64,
    /// Unix seconds.
    pub at: Timestamp,
    /// Who did it.
    pub actor: AuditActor,
    /// What was done.
    pub action: String,
    /// What it was done to.
    pub target: String,
    /// A small object.
    pub details: Box<RawValue>,
    /// The digest of this entry and, through the one before, of all before it; in hexadecimal digits.
    pub hash: String,
}

/// Who did something.
#[derive(Debug, Serialize)]
pub struct AuditActor {
    /// `member`, `key`, `operator` and so on.
    pub kind: String,
    /// Their number among those.
    pub id: i64,
    /// A name, to be read also when they are gone.
    pub label: String,
}

#[derive(Serialize, Deserialize)]
struct Cursor(Timestamp, i64, i64);

impl Hub {
    /// The log of the caller's account.
    ///
    /// # Errors
    /// [`Error::BadRequest`] for filters that can't be one.
    pub async fn audit(&self, permit: &Permit<AccountManage>, query: AuditQuery) -> Result<AuditPage, Error> {
        self.audit_page(Some(permit.account()), query, None).await
    }

    /// The log of an account, for its admins and owners; with [`UserId::EVERY_ACCOUNT`] the server's own, and with
    /// `None` all of them together, for owners of all accounts.
    ///
    /// # Errors
    /// [`Error::Forbidden`] and [`Error::NotFound`]; [`Error::BadRequest`] for filters that can't be one.
    pub async fn audit_as(
        &self,
        by: Actor,
        account: Option<UserId>,
        query: AuditQuery,
    ) -> Result<AuditPage, Error> {
        self.audit_page(account, query, Some(by)).await
    }

    /// Writes down that somebody takes the log with them.
    pub async fn audit_is_exported(&self, by: Actor, account: Option<UserId>) -> Result<(), Error> {
        let (now, account) = (self.clock.now(), account.unwrap_or(EVERYWHERE));
        self.change(account, move |tx, _| {
            let (action, target) = (Action::AuditExported, "audit log".to_owned());
            record(tx, (by, now), Event { account, action, target, details: json!({}) })
        })
        .await
    }

    async fn audit_page(
        &self,
        account: Option<UserId>,
        query: AuditQuery,
        by: Option<Actor>,
    ) -> Result<AuditPage, Error> {
        let query = checked(account, query)?;
        self.store
            .scan(move |tx| {
                if let Some(by) = by {
                    let on = account.unwrap_or(EVERYWHERE);
                    needs_role(tx, by, on, if on == EVERYWHERE { Role::Owner } else { Role::Admin })?;
                }
                let all = audit::page(tx, &query)?;
                let last = all.last().filter(|_| all.len() as i64 == query.limit).map(|kept| &kept.entry);
                let next_cursor = last.map(|last| encode_cursor(&Cursor(last.at, last.account.0, last.seq)));
                let entries = all.into_iter().map(shown).collect::<Result<_, Error>>()?;
                Ok(AuditPage { entries, next_cursor })
            })
            .await
    }
}

fn checked(account: Option<UserId>, query: AuditQuery) -> Result<Query, Error> {
    let actor = query.actor.as_deref().map(|text| {
        let (kind, number) = text.split_once(':').map_or((text, None), |(kind, number)| (kind, Some(number)));
        let number = number.map(str::parse::<i64>).transpose().ok()?;
        let is_one = Actor::from_parts(kind, 0).is_some() && number.is_none_or(|number| number >= 0);
        is_one.then(|| (kind.to_owned(), number))
    });
    if actor.as_ref().is_some_and(Option::is_none) {
        return Err(Error::bad("actor must be a kind of actor, such as operator, or one, such as member:3"));
    }
    let before = match query.cursor.as_deref().map(decode_cursor::<Cursor>) {
        None => None,
        Some(Some(Cursor(at, account, seq))) => Some(Place { at, account: UserId(account), seq }),
        Some(None) => return Err(Error::bad("cursor is not one that this server gave")),
    };
    if let Some(name) = &query.action {
        name.parse::<Action>().map_err(|_| Error::bad("action must be one of those that the log has"))?;
    }
    Ok(Query {
        account,
        from: query.from.unwrap_or(0),
        until: query.until.unwrap_or(i64::MAX),
        actor: actor.flatten(),
        action: query.action,
        before,
        limit: query.limit,
    })
}

fn shown(Kept { entry, hash, .. }: Kept) -> Result<AuditView, Error> {
    Ok(AuditView {
        account_id: (entry.account != EVERYWHERE).then_some(entry.account),
        seq: entry.seq,
        at: entry.at,
        actor: AuditActor { kind: entry.actor_kind, id: entry.actor_id, label: entry.actor_label },
        action: entry.action,
        target: entry.target,
        details: RawValue::from_string(entry.details).map_err(Error::internal)?,
        hash: hex::encode(&hash),
    })
}
