//! Users, chats and who is in them, as the Bot API shows them.

use crate::openapi::parts::{
    Field, always, flag, list, may, must, of, record, sized, text, time, whole, within, word,
};
use utoipa::openapi::{RefOr, Schema};

pub(super) fn all() -> Vec<(&'static str, RefOr<Schema>)> {
    vec![
        ("User", record("A user: a person or a bot.", user()).into()),
        ("Me", me()),
        ("Chat", record("A private chat or a basic group.", chat()).into()),
        ("FullChat", full_chat()),
        ("AcceptedGiftTypes", gift_types()),
        ("ChatMember", member()),
        ("BotCommand", command()),
        ("BotCommandScope", scope()),
    ]
}

fn user() -> Vec<Field> {
    vec![
        must("id", within("", 1..=(1 << 52) - 1)),
        must("is_bot", flag("")),
        must("first_name", sized("", 1..=64)),
        may("last_name", text("")),
        may("username", text("Without the `@`.")),
        may("language_code", text("IETF language tag.")),
    ]
}

fn me() -> RefOr<Schema> {
    let own = [
        must("can_join_groups", flag("")),
        must("can_read_all_group_messages", flag("")),
        must("supports_inline_queries", flag("")),
        must("can_connect_to_business", flag("")),
        must("has_main_web_app", flag("")),
        must("has_topics_enabled", flag("")),
        must("allows_users_to_create_topics", flag("")),
        must("can_manage_bots", flag("")),
    ];
    record("The account itself.", user().into_iter().chain(own)).into()
}

fn chat() -> Vec<Field> {
    vec![
        must("id", whole("Positive for a private chat (the other's user id), negative for a group.")),
        may("first_name", text("Private chats: the other's.")),
        may("last_name", text("Private chats: the other's.")),
        may("username", text("Private chats: the other's, without the `@`.")),
        may("title", sized("Groups.", 1..=128)),
        must("type", word("", &["private", "group"])),
        may("all_members_are_administrators", flag("Groups.")),
    ]
}

fn full_chat() -> RefOr<Schema> {
    let own = [
        may("active_usernames", list("", text(""))),
        must("accent_color_id", within("Colour of the name.", 0..=6)),
        must("max_reaction_count", within("", 0..=11)),
        must("accepted_gift_types", of("AcceptedGiftTypes")),
    ];
    record("A chat, with what only getChat tells.", chat().into_iter().chain(own)).into()
}

fn gift_types() -> RefOr<Schema> {
    let kinds =
        ["unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"];
    record("Gifts are no part of this server.", kinds.map(|kind| must(kind, always("", false)))).into()
}

fn member() -> RefOr<Schema> {
    let rights = [
        "can_be_edited",
        "can_manage_chat",
        "can_change_info",
        "can_delete_messages",
        "can_invite_users",
        "can_restrict_members",
        "can_promote_members",
        "can_manage_video_chats",
        "can_pin_messages",
        "can_post_stories",
        "can_edit_stories",
        "can_delete_stories",
    ];
    let begin = [
        must("user", of("User")),
        must("status", word("", &["creator", "administrator", "member", "left", "kicked"])),
        may("is_anonymous", flag("Creators and administrators.")),
    ];
    let rights = rights.map(|right| may(right, flag("Administrators.")));
    let end = [may("until_date", time("Kicked: until when; 0 is for ever."))];
    record("Somebody's standing in a chat.", begin.into_iter().chain(rights).chain(end)).into()
}

fn command() -> RefOr<Schema> {
    record(
        "A command of a bot.",
        [
            must(
                "command",
                sized("Lower-case letters, digits and `_`, a `/` in front is dropped.", 1..=33)
                    .pattern(Some("^/?[a-z0-9_]{1,32}$")),
            ),
            must("description", super::super::parts::name("", 256)),
        ],
    )
    .into()
}

fn scope() -> RefOr<Schema> {
    let kinds = [
        "default",
        "all_private_chats",
        "all_group_chats",
        "all_chat_administrators",
        "chat",
        "chat_administrators",
        "chat_member",
    ];
    record(
        "Whom a list of commands is for.",
        [
            must("type", word("", &kinds)),
            may(
                "chat_id",
                super::super::parts::chat_ref("For `chat`, `chat_administrators`, `chat_member`."),
            ),
            may("user_id", whole("For `chat_member`.")),
        ],
    )
    .into()
}

#[cfg(test)]
mod tests {
    use crate::openapi::tests::{keys, properties};
    use contactgram_model::{ChatId, ChatKind, MemberStatus, UserId};
    use contactgram_wire::chat::{Chat, FullChat, GiftTypes};
    use contactgram_wire::event::ChatMember;
    use contactgram_wire::user::{Me, User};
    use std::collections::BTreeSet;

    fn user() -> User {
        let text = || Some("x".to_owned());
        User {
            id: UserId(1),
            is_bot: false,
            first_name: "John".to_owned(),
            last_name: text(),
            username: text(),
            language_code: text(),
        }
    }

    #[test]
    fn users_and_chats_have_the_fields_that_the_document_lists() {
        let text = || Some("x".to_owned());
        let chat = Chat {
            id: ChatId(1),
            first_name: text(),
            last_name: text(),
            username: text(),
            title: text(),
            kind: ChatKind::Private,
            all_members_are_administrators: Some(false),
        };
        assert_eq!(keys(&user()), properties("User"));
        assert_eq!(keys(&Me::from(user())), properties("Me"));
        assert_eq!(keys(&chat), properties("Chat"));
        assert_eq!(keys(&FullChat::from(chat)), properties("FullChat"));
        assert_eq!(keys(&GiftTypes::default()), properties("AcceptedGiftTypes"));
    }

    #[test]
    fn members_of_every_standing_together_have_the_fields_that_the_document_lists() {
        use MemberStatus::{Administrator, Creator, Kicked, Left, Member};
        let user = user();
        let all = [Creator, Administrator, Member, Left, Kicked].map(|status| ChatMember::new(&user, status));
        let fields: BTreeSet<String> = all.iter().flat_map(keys).collect();
        assert_eq!(fields.into_iter().collect::<Vec<_>>(), properties("ChatMember"));
    }
}
