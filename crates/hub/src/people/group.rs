//! Groups of the local connector: made, joined and left. Everybody in them sees the service messages, and
//! the accounts the updates, that Telegram would send.

use super::acting;
use crate::delivery::{self, Parcel, to_json};
use crate::messages::NO_CHAT;
use crate::{Error, Hub, Rings, random};
use contactgram_connector::local::Route;
use contactgram_model::{ChatId, Group, MemberStatus, Timestamp, UpdateKind, User, UserId, UserKind, ids};
use contactgram_store::Tx;
use contactgram_store::ops::updates::NewUpdate;
use contactgram_store::ops::{directory, groups, updates};
use contactgram_wire::chat::Chat;
use contactgram_wire::event::{ChatMember, ChatMemberUpdated};
use contactgram_wire::message::Content;
use contactgram_wire::user::User as WireUser;
use serde::Serialize;

/// A group as the operator sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroupView {
    /// Negative.
    pub id: ChatId,
    /// Its title.
    pub title: String,
    /// Who is in it.
    pub members: Vec<UserId>,
}

impl Hub {
    /// Makes a group of `creator` and `members`; `id` is negative, chosen freely when absent.
    pub async fn add_group(
        &self,
        (title, id): (String, Option<ChatId>),
        creator: UserId,
        members: Vec<UserId>,
    ) -> Result<GroupView, Error> {
        if title.trim().is_empty() || title.chars().count() > 128 {
            return Err(Error::bad("title must have 1 to 128 characters"));
        }
        if id.is_some_and(|id| !id.is_group()) {
            return Err(Error::bad("id of a group must be negative"));
        }
        let (seed, now) = (random::seed()?, self.clock.now());
        self.change(creator, move |tx, rings| {
            let maker = here(tx, creator)?.ok_or(Error::bad("creator is not a user of this server"))?;
            let group = new_group(tx, (title.trim(), id), seed)?;
            groups::set_member(tx, group.id, creator, MemberStatus::Creator)?;
            announce(
                tx,
                rings,
                (&group, now),
                (&maker, None),
                Content { group_chat_created: true, ..Content::default() },
            )?;
            tell(tx, rings, (&group, now), (&maker, &maker), (MemberStatus::Left, MemberStatus::Creator))?;
            // Whoever lists the creator too means no demotion.
            for member in members.iter().filter(|member| **member != creator) {
                let user = here(tx, *member)?.ok_or(Error::bad("members must be users of this server"))?;
                set_member(tx, rings, (group.id, now), (&maker, &user, MemberStatus::Member))?;
            }
            view(tx, group)
        })
        .await
    }

    /// Every group.
    pub async fn groups(&self) -> Result<Vec<GroupView>, Error> {
        self.store
            .scan(|tx| {
                let all = groups::list(tx)?;
                all.into_iter().map(|group| view(tx, group)).collect::<Result<Vec<_>, Error>>()
            })
            .await
    }

    /// Gives somebody another standing in a group; `by` did it, or the person itself.
    pub async fn set_member(
        &self,
        group: ChatId,
        (user, status): (UserId, MemberStatus),
        by: Option<UserId>,
    ) -> Result<GroupView, Error> {
        let now = self.clock.now();
        self.change(user, move |tx, rings| {
            let target = here(tx, user)?.ok_or(Error::bad("user_id is not a user of this server"))?;
            let target = if target.kind.is_account() { target } else { acting(tx, rings, user, now)? };
            let actor = match by {
                Some(by) => here(tx, by)?.ok_or(Error::bad("by is not a user of this server"))?,
                None => target.clone(),
            };
            set_member(tx, rings, (group, now), (&actor, &target, status))?;
            let group = groups::get(tx, group)?.ok_or(NO_CHAT)?;
            view(tx, group)
        })
        .await
    }
}

/// Changes somebody's standing and tells everybody whom it concerns.
pub(crate) fn set_member(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    (chat, now): (ChatId, Timestamp),
    (actor, target, status): (&User, &User, MemberStatus),
) -> Result<(), Error> {
    let group = groups::get(tx, chat)?.ok_or(NO_CHAT)?;
    let before = groups::member(tx, chat, target.id)?.unwrap_or(MemberStatus::Left);
    if before == status {
        return Ok(());
    }
    groups::set_member(tx, chat, target.id, status)?;
    tell(tx, rings, (&group, now), (actor, target), (before, status))?;
    let moved = WireUser::from(target);
    let content = match (before.is_in(), status.is_in()) {
        (false, true) => Content { new_chat_members: vec![moved], ..Content::default() },
        (true, false) => Content { left_chat_member: Some(moved), ..Content::default() },
        _ => return Ok(()),
    };
    let removed = if status.is_in() { None } else { Some(target.id) };
    announce(tx, rings, (&group, now), (actor, removed), content)
}

/// Says in the group what happened; also to `removed`, who is no longer in it.
fn announce(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    (group, now): (&Group, Timestamp),
    (actor, removed): (&User, Option<UserId>),
    content: Content,
) -> Result<(), Error> {
    let members = groups::members(tx, group.id)?.into_iter().map(|(id, _)| id);
    let others = members.chain(removed).filter(|id| *id != actor.id).collect();
    let route = Route::Group { group: group.clone(), others };
    let parcel = Parcel {
        file: None,
        from: actor,
        route: &route,
        content,
        reply_to: None,
        forward_origin: None,
        reply_markup: None,
        link_preview_options: None,
        protected: false,
        now,
    };
    delivery::deliver(tx, rings, parcel).map(drop)
}

/// `my_chat_member` for the account that it is about, `chat_member` for administrators who asked for it.
fn tell(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    (group, date): (&Group, Timestamp),
    (actor, target): (&User, &User),
    (old, new): (MemberStatus, MemberStatus),
) -> Result<(), Error> {
    let (from, user) = (WireUser::from(actor), WireUser::from(target));
    let payload = to_json(&ChatMemberUpdated {
        chat: &Chat::of(group),
        from: &from,
        date,
        old_chat_member: ChatMember::new(&user, old),
        new_chat_member: ChatMember::new(&user, new),
    })?;
    let mut log = |tx: &mut dyn Tx, account: UserId, kind: UpdateKind| -> Result<(), Error> {
        if updates::append(tx, account, &NewUpdate { kind, lane: group.id.0, date, payload: &payload })?
            .is_some()
        {
            rings.log(account);
        }
        Ok(())
    };
    if target.is_bot() {
        log(tx, target.id, UpdateKind::MyChatMember)?;
    }
    for (member, status) in groups::members(tx, group.id)? {
        let leads = matches!(status, MemberStatus::Creator | MemberStatus::Administrator);
        if leads && member != target.id {
            log(tx, member, UpdateKind::ChatMember)?;
        }
    }
    Ok(())
}

/// Somebody who can be in a group: bots that live elsewhere are in groups over there.
fn here(tx: &mut dyn Tx, id: UserId) -> Result<Option<User>, Error> {
    Ok(directory::get(tx, id)?.filter(|user| user.kind != UserKind::Remote))
}

fn new_group(tx: &mut dyn Tx, (title, id): (&str, Option<ChatId>), seed: u64) -> Result<Group, Error> {
    let mut random = seed;
    for _ in 0..16 {
        let chosen = id.unwrap_or_else(|| ChatId(-ids::pick(&ChatId::NEW_GROUP, random)));
        let group = Group { id: chosen, title: title.to_owned() };
        if groups::insert(tx, &group)? {
            return Ok(group);
        }
        if id.is_some() {
            return Err(Error::bad("id belongs to another group"));
        }
        random = random.rotate_left(17).wrapping_add(0x9E37_79B9_7F4A_7C15);
    }
    Err(Error::internal("no free group id found"))
}

fn view(tx: &mut dyn Tx, group: Group) -> Result<GroupView, Error> {
    let members = groups::members(tx, group.id)?.into_iter().map(|(id, _)| id).collect();
    Ok(GroupView { id: group.id, title: group.title, members })
}
