//! The credential behind a webhook. What it was given ends with it: a key that is revoked, an application's grant that
//! is taken back or a role that shrinks would else go on receiving everything by the webhook it set before. Asked by
//! the dispatcher with each look at the log.

use crate::{Error, oauth};
use contactgram_model::consumer::ConsumerName;
use contactgram_model::scope::{Scope, Scopes};
use contactgram_model::webhook::WebhookSettings;
use contactgram_model::{Timestamp, UserId};
use contactgram_store::Tx;
use contactgram_store::ops::tokens;
use contactgram_store::ops::webhooks::{self, SetBy};

/// What of a caller is kept beside the webhook that it sets.
pub(super) fn set_by(
    tx: &mut dyn Tx,
    account: UserId,
    (token, now): (i64, Timestamp),
) -> Result<SetBy, Error> {
    if token == 0 {
        return Ok(SetBy::Nobody);
    }
    Ok(match tokens::lives(tx, account, token, now)? {
        Some(Some(given_to)) => SetBy::Application(given_to),
        Some(None) => SetBy::Token(token),
        // Revoked since the request came in.
        None => return Err(Error::Unauthorized),
    })
}

/// What may still be done in the name of whoever set a webhook; `None` where that is too little for one.
pub(super) fn of_webhook(
    tx: &mut dyn Tx,
    (account, name): (UserId, &ConsumerName),
    settings: &WebhookSettings,
    now: Timestamp,
) -> Result<Option<Scopes>, Error> {
    let scopes = match webhooks::set_by(tx, account, name)? {
        SetBy::Nobody => Some(settings.scopes),
        SetBy::Token(token) => tokens::lives(tx, account, token, now)?.map(|_| settings.scopes),
        SetBy::Application(given_to) => oauth::of_token(tx, account, given_to, settings.scopes)?,
    };
    let enough = |scopes: &Scopes| scopes.has(Scope::UpdatesRead) && scopes.has(Scope::ContactsPrivate);
    Ok(scopes.filter(enough))
}
