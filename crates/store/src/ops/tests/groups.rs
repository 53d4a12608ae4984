//! Groups and who is in them.

use super::{ANN, BEN, read, write};
use crate::ops::groups;
use crate::{Store, each_store};
use contactgram_model::{ChatId, Group, MemberStatus, UserId};

each_store! {
    async fn groups_keep_their_members_and_their_titles(store: Store) {
        let group = |id: i64, title: &str| Group { id: ChatId(id), title: title.to_owned() };
        assert!(write(&store, move |tx| groups::insert(tx, &group(-5, "Climbing"))).await);
        assert!(write(&store, move |tx| groups::insert(tx, &group(-9, "Chess"))).await);
        assert!(!write(&store, move |tx| groups::insert(tx, &group(-5, "Other"))).await, "the id is taken");
        assert_eq!(read(&store, |tx| groups::get(tx, ChatId(-5))).await, Some(group(-5, "Climbing")));
        assert_eq!(read(&store, groups::list).await, [group(-5, "Climbing"), group(-9, "Chess")]);
        assert_eq!(read(&store, |tx| groups::get(tx, ChatId(-6))).await, None);

        let chat = ChatId(-5);
        write(&store, move |tx| {
            groups::set_member(tx, chat, BEN, MemberStatus::Creator)?;
            groups::set_member(tx, chat, ANN, MemberStatus::Member)?;
            groups::set_member(tx, chat, UserId(3), MemberStatus::Member)?;
            groups::set_member(tx, chat, UserId(3), MemberStatus::Kicked)
        })
        .await;
        let members = read(&store, move |tx| groups::members(tx, chat)).await;
        assert_eq!(members, [(ANN, MemberStatus::Member), (BEN, MemberStatus::Creator)]);
        let standing = |user| read(&store, move |tx| groups::member(tx, chat, user));
        assert_eq!(standing(UserId(3)).await, Some(MemberStatus::Kicked));
        assert_eq!(standing(UserId(4)).await, None);
        assert_eq!(read(&store, |tx| groups::members(tx, ChatId(-9))).await, []);
    }
}
