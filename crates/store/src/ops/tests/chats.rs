//! Chats count their messages and remember that the other side wrote; blocks hold until lifted.

use super::{ANN, BEN, read, write};
use crate::ops::chats::{self, ChatState};
use crate::{Store, each_store};
use contactgram_model::{ChatId, UserId};

const CHAT: ChatId = ChatId(77);

each_store! {
    async fn a_chat_counts_and_does_not_forget_that_the_other_side_wrote(store: Store) {
        assert_eq!(read(&store, |tx| chats::get(tx, ANN, CHAT)).await, ChatState::default());
        write(&store, |tx| chats::count(tx, ANN, CHAT, false)).await;
        let state = read(&store, |tx| chats::get(tx, ANN, CHAT)).await;
        assert_eq!(state, ChatState { messages: 1, wrote: false });
        write(&store, |tx| chats::count(tx, ANN, CHAT, true)).await;
        write(&store, |tx| chats::count(tx, ANN, CHAT, false)).await;
        write(&store, |tx| chats::fewer(tx, ANN, CHAT, 2)).await;
        let state = read(&store, |tx| chats::get(tx, ANN, CHAT)).await;
        assert_eq!(state, ChatState { messages: 1, wrote: true });
        assert_eq!(read(&store, |tx| chats::get(tx, BEN, CHAT)).await, ChatState::default());
    }

    async fn a_chat_starts_without_a_message_and_keeps_its_count(store: Store) {
        write(&store, |tx| chats::start(tx, ANN, CHAT)).await;
        let state = read(&store, |tx| chats::get(tx, ANN, CHAT)).await;
        assert_eq!(state, ChatState { messages: 0, wrote: true });
        write(&store, |tx| chats::count(tx, ANN, ChatId(78), false)).await;
        write(&store, |tx| chats::start(tx, ANN, ChatId(78))).await;
        let state = read(&store, |tx| chats::get(tx, ANN, ChatId(78))).await;
        assert_eq!(state, ChatState { messages: 1, wrote: true });
    }

    async fn a_block_holds_until_it_is_lifted(store: Store) {
        let user = UserId(3);
        assert!(write(&store, move |tx| chats::block(tx, ANN, user)).await);
        assert!(!write(&store, move |tx| chats::block(tx, ANN, user)).await, "already");
        assert!(read(&store, move |tx| chats::is_blocked(tx, ANN, user)).await);
        assert!(!read(&store, move |tx| chats::is_blocked(tx, BEN, user)).await, "another account");
        assert!(write(&store, move |tx| chats::unblock(tx, ANN, user)).await);
        assert!(!write(&store, move |tx| chats::unblock(tx, ANN, user)).await, "already");
        assert!(!read(&store, move |tx| chats::is_blocked(tx, ANN, user)).await);
    }
}
