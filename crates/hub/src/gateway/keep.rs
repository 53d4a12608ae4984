//! What the upstream told, or took from us, is kept: messages in the mailbox under their places, people among the
//! contacts, updates in the log. Each in the caller's transaction; nothing here asks the upstream.

use crate::{Error, Rings, contacts, outbox};
use contactgram_model::{Direction, MessageId, StoredMessage, Timestamp, UpdateKind, UserId};
use contactgram_store::Tx;
use contactgram_store::ops::updates::NewUpdate;
use contactgram_store::ops::upstreams::{self, Place};
use contactgram_store::ops::{chats, counters, messages, updates};
use contactgram_wire::foreign::{Event, Message, Update};
use sha2::{Digest, Sha256};

/// How far an upstream's clock may be ahead, in seconds.
const AHEAD_S: i64 = 300;

/// The number of a business connection's space; 0 without one.
pub(super) fn space(connection: Option<&str>) -> i64 {
    let Some(connection) = connection else { return 0 };
    let digest: [u8; 32] = Sha256::digest(connection).into();
    // Above 0, and the same in each process.
    digest.first_chunk().map_or(1, |bytes| (i64::from_be_bytes(*bytes) & i64::MAX).max(1))
}

/// Keeps an update with all that it teaches. The caller has looked that it wasn't kept before.
pub(super) fn update(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    (account, now): (UserId, Timestamp),
    update: &Update<'_>,
) -> Result<(), Error> {
    for person in update.people.iter().filter(|person| person.id != account) {
        contacts::learn_person(tx, rings, (account, now), person)?;
    }
    match &update.event {
        Event::Message(message) => {
            if message.from == Some(account) {
                outbox::turned_up(tx, rings, (account, now), (message, update.payload))?;
            }
            outbox::turned_up_by_reply(tx, rings, (account, now), update.payload)?;
            self::message(tx, rings, (account, now), Kept::came(account, message, update.payload))?;
            if let Some(shared) = &message.contact
                && message.from != Some(account)
            {
                contacts::learn_number(tx, rings, (account, now), message.from, shared)?;
            }
        }
        Event::Deleted { connection, chat, numbers } => {
            let space = space(Some(connection));
            for number in numbers {
                forget(tx, rings, account, Place { space, chat: *chat, number: *number })?;
            }
        }
        Event::Blocked(user, blocked) => {
            match blocked {
                true => chats::block(tx, account, *user)?,
                false => chats::unblock(tx, account, *user)?,
            };
            contacts::set_blocked(tx, rings, (account, now), *user, *blocked)?;
        }
        Event::Other => {}
    }
    log(tx, rings, (account, now), update)
}

/// Keeps an update alone, for whoever asks for updates.
pub(super) fn log(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    (account, now): (UserId, Timestamp),
    update: &Update<'_>,
) -> Result<(), Error> {
    let kind = UpdateKind::parse(update.kind).unwrap_or(UpdateKind::Unknown);
    let new = NewUpdate { kind, lane: update.lane, date: now, payload: update.payload };
    let logged = match kind {
        UpdateKind::Unknown => updates::append_unknown(tx, account, update.kind, &new)?,
        _ => updates::append(tx, account, &new)?,
    };
    if logged.is_some() {
        rings.log(account);
    }
    Ok(())
}

/// A message of an upstream with its JSON, which stays as it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept<'a> {
    pub message: &'a Message,
    pub body: &'a str,
    /// Whether the account wrote it, for all that its sender may be a channel, or not said.
    pub is_own: bool,
}

impl<'a> Kept<'a> {
    /// One that an update brought.
    pub(crate) fn came(account: UserId, message: &'a Message, body: &'a str) -> Kept<'a> {
        Kept { message, body, is_own: message.from == Some(account) }
    }

    /// One that a call of the account's made.
    pub(crate) fn sent(message: &'a Message, body: &'a str) -> Kept<'a> {
        Kept { message, body, is_own: true }
    }
}

/// Keeps a message, or the text that it has now.
pub(crate) fn message(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    (account, now): (UserId, Timestamp),
    Kept { message, body, is_own }: Kept<'_>,
) -> Result<(), Error> {
    rings.show(account);
    let space = space(message.connection.as_deref());
    let place = Place { space, chat: message.chat, number: message.number };
    if let Some(id) = upstreams::message(tx, account, place)?
        && let Some(mut kept) = messages::get(tx, account, id)?
    {
        kept.text.clone_from(&message.text);
        body.clone_into(&mut kept.body);
        return Ok(messages::update(tx, account, &kept, true)?);
    }
    // Clocks differ, and some servers count milliseconds; what comes after one from the future would seem as late.
    let date = message.date.min(now + AHEAD_S);
    let next = counters::next_message(tx, account, date, None)?;
    let from = message.from.unwrap_or(if is_own { account } else { UserId(message.chat.0) });
    let stored = StoredMessage {
        id: next.id,
        chat: message.chat,
        from,
        direction: if is_own { Direction::Out } else { Direction::In },
        date: next.date,
        origin: (from, MessageId(message.number)),
        text: message.text.clone(),
        body: body.to_owned(),
    };
    messages::insert(tx, account, &stored, true)?;
    Ok(upstreams::keep_message(tx, account, place, next.id)?)
}

/// Whether a message is here already.
pub(crate) fn is_kept(tx: &mut dyn Tx, account: UserId, message: &Message) -> Result<bool, Error> {
    let space = space(message.connection.as_deref());
    let place = Place { space, chat: message.chat, number: message.number };
    Ok(upstreams::message(tx, account, place)?.is_some())
}

/// Removes a message that is gone.
pub(super) fn forget(tx: &mut dyn Tx, rings: &mut Rings, account: UserId, place: Place) -> Result<(), Error> {
    let Some(id) = upstreams::message(tx, account, place)? else { return Ok(()) };
    if let Some(kept) = messages::get(tx, account, id)? {
        messages::delete(tx, account, &kept)?;
        rings.show(account);
    }
    Ok(upstreams::forget_message(tx, account, id)?)
}
