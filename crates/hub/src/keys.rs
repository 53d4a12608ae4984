//! Personal API keys: credentials of an account with scopes of their own, and perhaps narrowed to some of its
//! contacts. Made, listed and revoked by the operator and by the account's admins and owners; what a key may do is
//! decided in `access`.

use crate::accounts::{check_new, existing, record};
use crate::members::needs_role;
use crate::{Error, Hub, random};
use contactgram_model::scope::{Scope, Scopes};
use contactgram_model::token::RANDOM_BYTES;
use contactgram_model::{Action, Actor, ContactId, PlainToken, Role, Timestamp, TokenKind, UserId};
use contactgram_store::Tx;
use contactgram_store::ops::tokens::{NewToken, TokenInfo};
use contactgram_store::ops::views::{self, ViewId};
use contactgram_store::ops::{contacts, tokens};
use serde::Serialize;
use serde_json::json;

/// Labels or contacts that one key is narrowed to at most.
const MOST: usize = 100;

/// What a key is made from.
#[derive(Debug, Clone, Default)]
pub struct NewKey {
    /// What it is for; 1–64 characters.
    pub label: Option<String>,
    /// What it may do; at least one.
    pub scopes: Scopes,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
    /// Narrowed to contacts with one of these labels.
    pub labels: Vec<String>,
    /// Narrowed to these contacts.
    pub contacts: Vec<ContactId>,
}

/// A key as it is listed: everything but the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyView {
    /// Its number within the account, among the tokens'.
    pub key_id: i64,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What it may do.
    pub scopes: Vec<&'static str>,
    /// The labels that it is narrowed to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub only_labels: Vec<String>,
    /// The contacts that it is narrowed to. One whose id has changed is there under both.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub only_contacts: Vec<ContactId>,
    /// Unix seconds.
    pub created_at: Timestamp,
    /// Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When it was used last, to a minute; in Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
}

/// A key that was just made: the only time it is shown.
#[derive(Debug, Serialize)]
pub struct NewKeyView {
    /// The key itself.
    pub key: String,
    /// What else there is to it.
    #[serde(flatten)]
    pub view: KeyView,
}

impl Hub {
    /// Makes a key for an account; for its admins and owners, with no scope that they don't have.
    ///
    /// # Errors
    /// [`Error::BadRequest`], naming the field that is wrong; [`Error::NotFound`] for an unknown account;
    /// [`Error::Forbidden`].
    pub async fn add_key(&self, by: Actor, account: UserId, new: NewKey) -> Result<NewKeyView, Error> {
        let now = self.clock.now();
        check(&new, now)?;
        let mut secret = [0; RANDOM_BYTES];
        random::fill(&mut secret)?;
        let is_narrow = !(new.labels.is_empty() && new.contacts.is_empty());
        // Chance, and never a number again: what a revoked key saw, no other key inherits.
        let number = (random::seed()? >> 1) as i64;
        let view = is_narrow.then(|| ViewId::new(number.max(1))).flatten();
        self.change(account, move |tx, _| {
            existing(tx, account)?;
            let role = needs_role(tx, by, account, Role::Admin)?;
            if let Some(scope) = new.scopes.iter().find(|scope| !role.scopes().has(*scope)) {
                let text = format!("the role {} can't give the scope {}", role.name(), scope.name());
                return Err(Error::Forbidden(text.into()));
            }
            let plain = PlainToken::create_as(TokenKind::Key, account, &secret);
            if let Some(view) = view {
                let contacts = present(tx, account, &new.contacts)?;
                views::put(tx, account, view, &views::View { labels: new.labels.clone(), contacts })?;
            }
            let stored = NewToken {
                digest: plain.digest(),
                kind: TokenKind::Key,
                label: new.label.clone(),
                expires_at: new.expires_at,
                scopes: new.scopes,
                view,
            };
            let id = tokens::insert(tx, account, &stored, now)?;
            let info = TokenInfo {
                id,
                label: stored.label,
                created_at: now,
                expires_at: stored.expires_at,
                scopes: stored.scopes,
                view,
                last_used_at: None,
            };
            let view = shown(tx, account, info)?;
            let details = json!({
                "label": view.label,
                "scopes": view.scopes,
                "expires_at": view.expires_at,
                "narrow": is_narrow,
            });
            record(tx, (by, now), (account, Action::KeyAdded), (format!("key {id}"), details))?;
            Ok(NewKeyView { key: plain.reveal().to_owned(), view })
        })
        .await
    }

    /// An account's keys, without their secrets.
    pub async fn keys(&self, account: UserId) -> Result<Vec<KeyView>, Error> {
        self.store
            .read(move |tx| {
                existing(tx, account)?;
                let keys = tokens::list(tx, account, TokenKind::Key)?;
                keys.into_iter().map(|key| shown(tx, account, key)).collect::<Result<Vec<_>, Error>>()
            })
            .await
    }

    /// Makes a key open nothing any more, at once. For the account's admins and owners.
    pub async fn revoke_key(&self, by: Actor, account: UserId, key: i64) -> Result<(), Error> {
        let now = self.clock.now();
        self.change_tokens(account, move |tx, _| {
            needs_role(tx, by, account, Role::Admin)?;
            if !tokens::delete(tx, account, (key, TokenKind::Key))? {
                return Err(Error::missing("no such key"));
            }
            record(tx, (by, now), (account, Action::KeyRevoked), (format!("key {key}"), json!({})))
        })
        .await
    }
}

fn check(new: &NewKey, now: Timestamp) -> Result<(), Error> {
    check_new(new.label.as_deref(), new.expires_at, now)?;
    if new.scopes == Scopes::default() {
        return Err(Error::bad("scopes must name at least one scope"));
    }
    let bad = |text: String| Err(Error::BadRequest(text.into()));
    if new.labels.len() > MOST || new.contacts.len() > MOST {
        return bad(format!("only_labels and only_contacts may have at most {MOST} entries each"));
    }
    if new.labels.iter().any(|label| !(1..=64).contains(&label.trim().chars().count())) {
        return Err(Error::bad("only_labels must have labels of 1 to 64 characters"));
    }
    let is_narrow = !(new.labels.is_empty() && new.contacts.is_empty());
    let wide = [Scope::UpdatesRead, Scope::AccountManage].into_iter().find(|scope| new.scopes.has(*scope));
    match wide {
        // Updates and settings are the account's as a whole.
        Some(scope) if is_narrow => {
            bad(format!("scopes can't have {} in a key that is narrowed to some contacts", scope.name()))
        }
        _ => Ok(()),
    }
}

/// Contacts under the ids they were named by and those they have.
fn present(tx: &mut dyn Tx, account: UserId, ids: &[ContactId]) -> Result<Vec<ContactId>, Error> {
    let mut all = Vec::new();
    for id in ids {
        let Some(contact) = contacts::get(tx, account, *id)? else {
            let text = format!("only_contacts names {id}, which is no contact of the account");
            return Err(Error::BadRequest(text.into()));
        };
        all.extend([*id, contact.id]);
    }
    Ok(all)
}

fn shown(tx: &mut dyn Tx, account: UserId, key: TokenInfo) -> Result<KeyView, Error> {
    let view = match key.view {
        Some(view) => views::get(tx, account, view)?,
        None => views::View::default(),
    };
    Ok(KeyView {
        key_id: key.id,
        label: key.label,
        scopes: key.scopes.iter().map(Scope::name).collect(),
        only_labels: view.labels,
        only_contacts: view.contacts,
        created_at: key.created_at,
        expires_at: key.expires_at,
        last_used_at: key.last_used_at,
    })
}
