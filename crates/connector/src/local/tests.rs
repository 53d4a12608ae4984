//! The rules against a world that is a table.

use super::*;
use contactgram_model::{ChatId, Group, MemberStatus, User, UserId, UserKind};
use std::convert::Infallible;

#[derive(Default)]
struct Table {
    users: Vec<User>,
    members: Vec<(UserId, MemberStatus)>,
    blocked: Vec<(UserId, UserId)>,
    written: Vec<(UserId, UserId)>,
}

const GROUP: ChatId = ChatId(-9);

impl World for Table {
    type Error = Infallible;

    fn user(&mut self, id: UserId) -> Result<Option<User>, Infallible> {
        Ok(self.users.iter().find(|user| user.id == id).cloned())
    }
    fn group(&mut self, id: ChatId) -> Result<Option<Group>, Infallible> {
        Ok((id == GROUP).then(|| Group { id, title: "Team".to_owned() }))
    }
    fn member(&mut self, _: ChatId, user: UserId) -> Result<Option<MemberStatus>, Infallible> {
        Ok(self.members.iter().find(|(id, _)| *id == user).map(|(_, status)| *status))
    }
    fn members(&mut self, _: ChatId) -> Result<Vec<UserId>, Infallible> {
        Ok(self.members.iter().filter(|(_, status)| status.is_in()).map(|(id, _)| *id).collect())
    }
    fn has_blocked(&mut self, user: UserId, sender: UserId) -> Result<bool, Infallible> {
        Ok(self.blocked.contains(&(user, sender)))
    }
    fn has_written(&mut self, user: UserId, sender: UserId) -> Result<bool, Infallible> {
        Ok(self.written.contains(&(user, sender)))
    }
}

fn user(id: i64, kind: UserKind) -> User {
    User {
        id: UserId(id),
        kind,
        first_name: format!("User {id}"),
        last_name: None,
        username: None,
        phone_number: None,
        email: None,
        language_code: None,
    }
}

fn world() -> Table {
    Table {
        users: vec![
            user(1, UserKind::Bot),
            user(2, UserKind::Person),
            user(3, UserKind::Bot),
            user(4, UserKind::Remote),
        ],
        ..Table::default()
    }
}

fn decide(world: &mut Table, strict: bool, chat: i64) -> Result<Route, Refusal> {
    let bot = user(1, UserKind::Bot);
    let Ok(decision) = route(world, Sender { user: &bot, strict }, ChatId(chat));
    decision
}

#[test]
fn the_default_lets_a_bot_open_a_conversation_and_strict_does_not() {
    let mut world = world();
    assert!(matches!(decide(&mut world, false, 2), Ok(Route::Private(to)) if to.id == UserId(2)));
    let refused = Err(Refusal::Forbidden("bot can't initiate conversation with a user"));
    assert_eq!(decide(&mut world, true, 2), refused);
    world.written.push((UserId(2), UserId(1)));
    assert!(decide(&mut world, true, 2).is_ok());
}

#[test]
fn strict_keeps_bots_apart() {
    let mut world = world();
    assert!(decide(&mut world, false, 3).is_ok());
    assert_eq!(decide(&mut world, true, 3), Err(Refusal::Forbidden("bot can't send messages to bots")));
    world.members = [1, 2, 3].map(|id| (UserId(id), MemberStatus::Member)).to_vec();
    let others = |route| match route {
        Ok(Route::Group { others, .. }) => others,
        other => panic!("{other:?}"),
    };
    assert_eq!(others(decide(&mut world, false, GROUP.0)), [UserId(2), UserId(3)]);
    assert_eq!(others(decide(&mut world, true, GROUP.0)), [UserId(2)]);
}

#[test]
fn unknown_chats_blocked_users_and_foreign_groups_are_refused_as_telegram_does() {
    let mut world = world();
    assert_eq!(decide(&mut world, false, 99), Err(Refusal::BadRequest("chat not found")));
    assert_eq!(decide(&mut world, false, 4), Err(Refusal::BadRequest("chat not found")));
    assert_eq!(decide(&mut world, false, -5), Err(Refusal::BadRequest("chat not found")));
    assert_eq!(decide(&mut world, false, GROUP.0), Err(Refusal::BadRequest("chat not found")));
    world.blocked.push((UserId(2), UserId(1)));
    assert_eq!(decide(&mut world, false, 2), Err(Refusal::Forbidden("bot was blocked by the user")));
    world.members = vec![(UserId(1), MemberStatus::Kicked)];
    let kicked = Err(Refusal::Forbidden("bot was kicked from the group chat"));
    assert_eq!(decide(&mut world, false, GROUP.0), kicked);
    world.members = vec![(UserId(1), MemberStatus::Left)];
    let left = Err(Refusal::Forbidden("bot is not a member of the group chat"));
    assert_eq!(decide(&mut world, false, GROUP.0), left);
}

#[test]
fn only_ones_own_messages_can_be_edited_and_old_ones_deleted_only_by_who_leads() {
    assert!(may_edit(UserId(1), UserId(1)).is_ok());
    assert!(may_edit(UserId(1), UserId(2)).is_err());
    let fresh = Deletion {
        actor: UserId(1),
        kind: UserKind::Bot,
        author: UserId(2),
        chat: ChatId(2),
        leads: false,
        date: 0,
        now: DELETE_WITHIN_S,
    };
    assert!(may_delete(&fresh).is_ok());
    assert!(may_delete(&Deletion { now: DELETE_WITHIN_S + 1, ..fresh }).is_err());
    assert!(may_delete(&Deletion { kind: UserKind::Person, now: DELETE_WITHIN_S + 1, ..fresh }).is_ok());
    assert!(may_delete(&Deletion { chat: GROUP, ..fresh }).is_err());
    assert!(may_delete(&Deletion { chat: GROUP, leads: true, now: DELETE_WITHIN_S + 1, ..fresh }).is_ok());
}
