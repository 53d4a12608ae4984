//! Kinds of updates and sets of them, as `allowed_updates` names them.
//! The list is Bot API 10.0's, with the three of our own that only those see who ask.

use std::fmt;

macro_rules! kinds {
    ($($variant:ident = $name:literal,)*) => {
        /// What an update tells; the name is its key in the `Update` object.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        #[allow(missing_docs)]
        pub enum UpdateKind { $($variant,)* }

        impl UpdateKind {
            /// Every kind, in the order of their stored numbers; new ones go to the end.
            pub const ALL: &[UpdateKind] = &[$(UpdateKind::$variant,)*];

            /// The key in the `Update` object and the word in `allowed_updates`.
            pub fn name(self) -> &'static str {
                match self { $(UpdateKind::$variant => $name,)* }
            }
        }
    };
}

kinds! {
    Message = "message",
    EditedMessage = "edited_message",
    ChannelPost = "channel_post",
    EditedChannelPost = "edited_channel_post",
    InlineQuery = "inline_query",
    ChosenInlineResult = "chosen_inline_result",
    CallbackQuery = "callback_query",
    ShippingQuery = "shipping_query",
    PreCheckoutQuery = "pre_checkout_query",
    Poll = "poll",
    PollAnswer = "poll_answer",
    MyChatMember = "my_chat_member",
    ChatMember = "chat_member",
    ChatJoinRequest = "chat_join_request",
    ChatBoost = "chat_boost",
    RemovedChatBoost = "removed_chat_boost",
    MessageReaction = "message_reaction",
    MessageReactionCount = "message_reaction_count",
    BusinessConnection = "business_connection",
    BusinessMessage = "business_message",
    EditedBusinessMessage = "edited_business_message",
    DeletedBusinessMessages = "deleted_business_messages",
    PurchasedPaidMedia = "purchased_paid_media",
    ManagedBot = "managed_bot",
    GuestMessage = "guest_message",
    ContactAdded = "contact_added",
    ContactChanged = "contact_changed",
    ContactRemoved = "contact_removed",
    // All kinds of upstreams that have no name here. Not a name that anybody can ask for.
    Unknown = "",
}

impl UpdateKind {
    /// The kind of this name.
    pub fn parse(name: &str) -> Option<UpdateKind> {
        UpdateKind::ALL.iter().copied().find(|kind| kind.name() == name && *kind != UpdateKind::Unknown)
    }

    /// Whether a name can be that of a kind that is not known here yet.
    pub fn may_become(name: &str) -> bool {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        (1..=64).contains(&name.len()) && name.bytes().all(fits) && UpdateKind::parse(name).is_none()
    }

    /// Kinds that arrive only where they are named.
    fn must_be_asked_for(self) -> bool {
        use UpdateKind::{
            ChatMember, ContactAdded, ContactChanged, ContactRemoved, MessageReaction, MessageReactionCount,
        };
        matches!(
            self,
            ChatMember
                | MessageReaction
                | MessageReactionCount
                | ContactAdded
                | ContactChanged
                | ContactRemoved
        )
    }
}

/// A set of update kinds, kept as one number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UpdateKinds(u64);

impl UpdateKinds {
    /// What a consumer gets that never named any.
    pub fn usual() -> UpdateKinds {
        UpdateKind::ALL.iter().copied().filter(|kind| !kind.must_be_asked_for()).collect()
    }

    /// The set that `allowed_updates` asks for. When no name is known, or the list is empty, it is the usual set, as on
    /// Telegram. A name that nobody knows yet asks for all such kinds.
    pub fn asked<'a>(names: impl IntoIterator<Item = &'a str>) -> UpdateKinds {
        let kind = |name| match UpdateKind::parse(name) {
            None if UpdateKind::may_become(name) => Some(UpdateKind::Unknown),
            known => known,
        };
        let set: UpdateKinds = names.into_iter().filter_map(kind).collect();
        let unknown: UpdateKinds = [UpdateKind::Unknown].into_iter().collect();
        if set.0 & !unknown.0 == 0 { UpdateKinds::usual() } else { set }
    }

    /// Whether `kind` is in the set.
    pub fn has(self, kind: UpdateKind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }

    /// The set with these, too.
    #[must_use]
    pub fn with(self, others: UpdateKinds) -> UpdateKinds {
        UpdateKinds(self.0 | others.0)
    }

    /// The names in the set, in their order of [`UpdateKind::ALL`].
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let named = UpdateKind::ALL.iter().copied().filter(|kind| *kind != UpdateKind::Unknown);
        named.filter(move |kind| self.has(*kind)).map(UpdateKind::name)
    }

    /// The number for the store.
    pub fn bits(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }

    /// The set behind a stored number.
    pub fn from_bits(bits: i64) -> UpdateKinds {
        UpdateKinds(u64::try_from(bits).unwrap_or_default())
    }
}

/// What an account's log takes, for whom: kept as one number beside others that a write asks for anyway.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wanted {
    /// What the default consumer asked for.
    allowed: i64,
    /// What the others asked for, all together.
    also: i64,
}

/// Above the kinds of the default consumer in the one number.
const ALSO_SHIFT: u32 = 32;
const _: () = assert!(UpdateKind::ALL.len() < ALSO_SHIFT as usize - 1, "two sets must fit one number");

impl Wanted {
    /// For the default consumer alone.
    pub fn by_default(kinds: UpdateKinds) -> Wanted {
        Wanted { allowed: kinds.bits(), also: 0 }
    }

    /// What others ask for, too.
    #[must_use]
    pub fn and_by_others(self, kinds: UpdateKinds) -> Wanted {
        Wanted { also: self.also | kinds.bits(), ..self }
    }

    /// Both sets behind the one number: `allowed + also * 2^32`.
    pub fn from_bits(bits: i64) -> Wanted {
        Wanted { allowed: bits & ((1 << ALSO_SHIFT) - 1), also: bits >> ALSO_SHIFT }
    }

    /// Whether anybody wants it.
    pub fn has(self, kind: UpdateKind) -> bool {
        (self.allowed | self.also) & (1 << kind as u8) != 0
    }

    /// Whether somebody wants each of these.
    pub fn has_all(self, kinds: UpdateKinds) -> bool {
        kinds.bits() & !(self.allowed | self.also) == 0
    }

    /// Whether others want it and the default consumer doesn't.
    pub fn is_aside(self, kind: UpdateKind) -> bool {
        self.allowed & (1 << kind as u8) == 0 && self.has(kind)
    }
}

impl Default for UpdateKinds {
    fn default() -> UpdateKinds {
        UpdateKinds::usual()
    }
}

impl FromIterator<UpdateKind> for UpdateKinds {
    fn from_iter<I: IntoIterator<Item = UpdateKind>>(kinds: I) -> UpdateKinds {
        UpdateKinds(kinds.into_iter().fold(0, |set, kind| set | 1 << kind as u8))
    }
}

impl fmt::Debug for UpdateKinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_set_leaves_out_what_must_be_asked_for() {
        let usual = UpdateKinds::usual();
        assert!(usual.has(UpdateKind::Message) && usual.has(UpdateKind::CallbackQuery));
        for name in ["chat_member", "message_reaction", "message_reaction_count", "contact_added"] {
            assert!(!usual.has(UpdateKind::parse(name).unwrap()), "{name}");
        }
        assert_eq!(usual.names().count(), UpdateKind::ALL.len() - 7);
        assert!(usual.has(UpdateKind::Unknown) && UpdateKind::parse("").is_none());
    }

    #[test]
    fn what_others_want_is_beside_what_the_default_consumer_wants() {
        let kinds = |kind| [kind].into_iter().collect::<UpdateKinds>();
        let (message, last) = (UpdateKind::Message, *UpdateKind::ALL.last().unwrap());
        let wanted = Wanted::by_default(kinds(message)).and_by_others(kinds(last));
        let number = kinds(message).bits() + kinds(last).bits() * 4_294_967_296;
        assert_eq!(Wanted::from_bits(number), wanted);
        assert!(wanted.has(message) && !wanted.is_aside(message));
        assert!(wanted.has(last) && wanted.is_aside(last));
        assert!(!wanted.has(UpdateKind::Poll) && !wanted.is_aside(UpdateKind::Poll));
        assert!(
            !wanted.and_by_others(kinds(message)).is_aside(message),
            "the default consumer wants it, too"
        );
    }

    #[test]
    fn a_name_that_nobody_knows_yet_asks_for_such_and_none_known_means_the_usual_set() {
        let asked = UpdateKinds::asked(["message", "no_such_thing"]);
        assert!(asked.has(UpdateKind::Unknown));
        assert_eq!(asked.names().collect::<Vec<_>>(), ["message"]);
        let asked = UpdateKinds::asked(["message", "", "No name"]);
        assert!(!asked.has(UpdateKind::Unknown), "no name of any kind");
        assert_eq!(UpdateKinds::asked(["no_such_thing"]), UpdateKinds::usual());
        assert_eq!(UpdateKinds::asked([]), UpdateKinds::usual());
        assert_eq!(UpdateKinds::from_bits(asked.bits()), asked);
    }
}
