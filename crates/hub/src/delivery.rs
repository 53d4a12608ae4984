//! Delivering: one message becomes a copy in each participant's mailbox, a contact and an update for each
//! account among them. All within one transaction: either everybody has it or nobody.

use crate::files::Enclosed;
use crate::{Error, Rings, contacts};
use contactgram_connector::local::Route;
use contactgram_model::{Direction, StoredMessage, Timestamp, UpdateKind, User, UserId, UserKind};
use contactgram_store::Tx;
use contactgram_store::ops::updates::NewUpdate;
use contactgram_store::ops::{counters, directory, messages, updates};
use contactgram_wire::chat::Chat;
use contactgram_wire::message::{Content, ForwardOrigin, Message};
use contactgram_wire::user::User as WireUser;
use serde_json::Value;

/// A message about to be delivered.
#[derive(Debug, Clone)]
pub(crate) struct Parcel<'a> {
    /// Who writes.
    pub from: &'a User,
    /// To whom.
    pub route: &'a Route,
    /// What.
    pub content: Content,
    /// The file that the content has.
    pub file: Option<Enclosed>,
    /// The message it replies to, in the writer's mailbox.
    pub reply_to: Option<StoredMessage>,
    /// Where it was written first.
    pub forward_origin: Option<ForwardOrigin>,
    /// The inline keyboard.
    pub reply_markup: Option<Value>,
    /// Preview options, as given.
    pub link_preview_options: Option<Value>,
    /// Forwarding and saving are switched off.
    pub protected: bool,
    /// Now.
    pub now: Timestamp,
}

/// A message in one mailbox.
#[derive(Debug)]
pub(crate) struct Delivered {
    /// As its writer sees it.
    pub message: Message,
    /// The same as JSON.
    pub body: String,
}

/// Delivers a message; answers with the writer's copy.
pub(crate) fn deliver(tx: &mut dyn Tx, rings: &mut Rings, parcel: Parcel<'_>) -> Result<Delivered, Error> {
    let recipients = recipients(parcel.from, parcel.route);
    lock(tx, parcel.from, parcel.route)?;

    let mut content = parcel.content;
    fill_mentions(tx, &mut content)?;
    if let (Route::Private(user), [recipient]) = (parcel.route, recipients.as_slice())
        && user.kind.is_account()
    {
        contacts::learn_ahead(tx, *recipient, parcel.from)?;
    }
    let place = counters::next_message(tx, parcel.from.id, parcel.now, None)?;
    if let Some(file) = &parcel.file {
        file.put(tx, (parcel.from.id, true), place.id, &mut content)?;
    }
    let mut message = Message {
        message_id: place.id,
        from: WireUser::from(parcel.from),
        chat: chat_for(parcel.from, parcel.from, parcel.route),
        date: place.date,
        edit_date: None,
        forward_from: parcel.forward_origin.as_ref().map(|origin| origin.sender_user.clone()),
        forward_date: parcel.forward_origin.as_ref().map(|origin| origin.date),
        forward_origin: parcel.forward_origin,
        reply_to_message: parcel.reply_to.as_ref().map(quoted).transpose()?,
        has_protected_content: parcel.protected,
        content,
        link_preview_options: parcel.link_preview_options,
        reply_markup: parcel.reply_markup,
    };
    let mut stored = StoredMessage {
        id: place.id,
        chat: message.chat.id,
        from: parcel.from.id,
        direction: Direction::Out,
        date: place.date,
        origin: (parcel.from.id, place.id),
        text: message.content.searchable(),
        body: to_json(&message)?,
    };
    messages::insert(tx, parcel.from.id, &stored, parcel.from.kind.is_account())?;
    rings.show(parcel.from.id);

    let own = (message.message_id, message.chat.clone(), message.date, message.reply_to_message.take());
    let body = std::mem::take(&mut stored.body);
    stored.direction = Direction::In;
    for recipient in recipients {
        let looked_up;
        let user = match parcel.route {
            Route::Private(user) if user.kind.is_known() => user,
            // Somebody may have come to a number that waited, before it was locked.
            _ => match directory::get(tx, recipient)? {
                Some(user) => {
                    looked_up = user;
                    &looked_up
                }
                None => continue,
            },
        };
        let is_account = user.kind.is_account();
        if is_account {
            contacts::learn(tx, rings, recipient, parcel.from, parcel.now)?;
            if let Some(shared) = &message.content.contact {
                contacts::learn_shared(tx, rings, (recipient, parcel.now), parcel.from, shared)?;
            }
        }
        let kind = is_account.then_some(UpdateKind::Message);
        let place = counters::next_message(tx, recipient, parcel.now, kind)?;
        if let Some(file) = &parcel.file {
            file.put(tx, (recipient, false), place.id, &mut message.content)?;
        }
        message.message_id = place.id;
        message.date = place.date;
        message.chat = chat_for(user, parcel.from, parcel.route);
        message.reply_to_message = match &parcel.reply_to {
            Some(target) => messages::copy(tx, recipient, target.origin)?.as_ref().map(quoted).transpose()?,
            None => None,
        };
        stored.id = place.id;
        stored.date = place.date;
        stored.chat = message.chat.id;
        stored.body = to_json(&message)?;
        messages::insert(tx, recipient, &stored, is_account)?;
        if let Some(logged) = place.update {
            let (kind, lane) = (UpdateKind::Message, stored.chat.0);
            let update = NewUpdate { kind, lane, date: place.date, payload: &stored.body };
            updates::append_as(tx, recipient, logged, &update)?;
            rings.log(recipient);
        }
    }
    (message.message_id, message.chat, message.date, message.reply_to_message) = own;
    if let Some(file) = &parcel.file {
        file.name(parcel.from.id, message.message_id, &mut message.content);
    }
    Ok(Delivered { message, body })
}

/// Makes other writers of these mailboxes wait: what is read after it stays true to the end.
pub(crate) fn lock(tx: &mut dyn Tx, from: &User, route: &Route) -> Result<(), Error> {
    let everybody: Vec<UserId> = recipients(from, route).into_iter().chain([from.id]).collect();
    Ok(counters::lock_all(tx, &everybody)?)
}

/// Writes a changed message into every mailbox that has a copy, and tells the accounts among them.
/// `original` was read under [`lock`].
pub(crate) fn revise(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    (owner, route): (&User, &Route),
    original: &StoredMessage,
    revise: &dyn Fn(&mut Message),
) -> Result<Delivered, Error> {
    let (message, stored) = revised(original, revise)?;
    messages::update(tx, owner.id, &stored, owner.kind.is_account())?;
    rings.show(owner.id);
    for recipient in recipients(owner, route) {
        let Some(copy) = messages::copy(tx, recipient, original.origin)? else { continue };
        let user = directory::get(tx, recipient)?;
        let is_account = user.is_some_and(|user| user.kind.is_account());
        let (changed, stored) = revised(&copy, revise)?;
        messages::update(tx, recipient, &stored, is_account)?;
        rings.show(recipient);
        // A keyboard that changes below somebody else's message is no update of the Bot API.
        let text_changed = changed.content != read(&copy)?.content;
        if is_account && text_changed {
            // The age of an edit counts, not that of what was edited.
            let date = changed.edit_date.unwrap_or(changed.date);
            log(tx, rings, recipient, (UpdateKind::EditedMessage, date), &stored)?;
        }
    }
    Ok(Delivered { message, body: stored.body })
}

/// Everybody but the writer.
pub(crate) fn recipients(from: &User, route: &Route) -> Vec<UserId> {
    match route {
        Route::Private(user) if user.id == from.id => Vec::new(),
        Route::Private(user) => vec![user.id],
        Route::Group { others, .. } => others.clone(),
    }
}

/// A stored message as a struct.
pub(crate) fn read(stored: &StoredMessage) -> Result<Message, Error> {
    serde_json::from_str(&stored.body).map_err(|_| messages::corrupt_body(stored.id).into())
}

/// A message as others quote it: without what it replies to itself.
pub(crate) fn quoted(stored: &StoredMessage) -> Result<Box<Message>, Error> {
    let mut message = read(stored)?;
    message.reply_to_message = None;
    Ok(Box::new(message))
}

/// Logs what happened to a message, for its mailbox's owner.
pub(crate) fn log(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    account: UserId,
    (kind, date): (UpdateKind, Timestamp),
    message: &StoredMessage,
) -> Result<(), Error> {
    let update = NewUpdate { kind, lane: message.chat.0, date, payload: &message.body };
    if updates::append(tx, account, &update)?.is_some() {
        rings.log(account);
    }
    Ok(())
}

/// JSON of what the wire knows.
pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(Error::internal)
}

fn revised(stored: &StoredMessage, revise: &dyn Fn(&mut Message)) -> Result<(Message, StoredMessage), Error> {
    let mut message = read(stored)?;
    revise(&mut message);
    let body = to_json(&message)?;
    let changed = StoredMessage { text: message.content.searchable(), body, ..stored.clone() };
    Ok((message, changed))
}

/// The chat as `viewer` sees it.
fn chat_for(viewer: &User, writer: &User, route: &Route) -> Chat {
    match route {
        Route::Group { group, .. } => Chat::of(group),
        Route::Private(other) if viewer.id == writer.id => Chat::with(other),
        Route::Private(_) => Chat::with(writer),
    }
}

/// Completes the users that a text mentions; drops mentions of nobody.
pub(crate) fn fill_mentions(tx: &mut dyn Tx, content: &mut Content) -> Result<(), Error> {
    for entities in [&mut content.entities, &mut content.caption_entities] {
        let mut kept = Vec::with_capacity(entities.len());
        for mut entity in entities.drain(..) {
            if let Some(mentioned) = &mut entity.user {
                let found = directory::get(tx, UserId(mentioned.id))?;
                let Some(user) = found.filter(|user| user.kind != UserKind::Placeholder) else { continue };
                mentioned.is_bot = user.is_bot();
                mentioned.first_name = user.first_name;
                mentioned.last_name = user.last_name;
                mentioned.username = user.username;
                mentioned.language_code = user.language_code;
            }
            kept.push(entity);
        }
        *entities = kept;
    }
    Ok(())
}
