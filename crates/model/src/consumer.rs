//! Who reads an account's updates: the default consumer, which Telegram has too, further ones by the name that a poller
//! gives, and further webhooks. Made at the door from what a client said; `store` keeps a position for each. It knows
//! nothing of how they are served.

use std::borrow::Cow;
use std::fmt;

/// Characters of a name, at most.
const MOST: usize = 64;

/// Which consumer.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ConsumerName(Cow<'static, str>);

impl ConsumerName {
    /// The one of getUpdates and setWebhook.
    pub const DEFAULT: ConsumerName = ConsumerName(Cow::Borrowed(""));

    /// What all streams of an account's updates ask for together.
    pub const STREAMS: ConsumerName = ConsumerName(Cow::Borrowed("~streams"));

    /// A poller's name: 1–64 of `A-Z a-z 0-9 _ . -`.
    pub fn parse(text: &str) -> Option<ConsumerName> {
        let sound = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
        let sound = (1..=MOST).contains(&text.len()) && text.bytes().all(sound);
        sound.then(|| ConsumerName(Cow::Owned(text.to_owned())))
    }

    /// The consumer behind a further webhook. No poller's name looks like it.
    pub fn of_webhook(id: i64) -> ConsumerName {
        ConsumerName(Cow::Owned(format!("#{id}")))
    }

    /// A name that was kept.
    pub fn from_store(text: String) -> ConsumerName {
        ConsumerName(if text.is_empty() { Cow::Borrowed("") } else { Cow::Owned(text) })
    }

    /// As it is kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is Telegram's own.
    pub fn is_default(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a poller gave it.
    pub fn is_named(&self) -> bool {
        ConsumerName::parse(self.as_str()).is_some()
    }

    /// The number of the webhook behind which it stands.
    pub fn webhook(&self) -> Option<i64> {
        self.0.strip_prefix('#')?.parse().ok()
    }
}

impl fmt::Debug for ConsumerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_up_to_64_plain_characters_and_never_a_webhooks() {
        for name in ["a", "shop.desk_2-x", "7", &"x".repeat(64)] {
            assert_eq!(ConsumerName::parse(name).unwrap().as_str(), name);
        }
        for name in ["", "a b", "#1", "ä", "a/b", "a\n", &"x".repeat(65)] {
            assert_eq!(ConsumerName::parse(name), None, "{name}");
        }
        let webhook = ConsumerName::of_webhook(12);
        assert_eq!((webhook.webhook(), webhook.is_default()), (Some(12), false));
        assert_eq!(ConsumerName::from_store("#12".to_owned()), webhook);
        assert_eq!(ConsumerName::from_store(String::new()), ConsumerName::DEFAULT);
        assert_eq!(ConsumerName::parse("7").unwrap().webhook(), None);
        assert!(ConsumerName::parse("7").unwrap().is_named());
        assert!(![webhook, ConsumerName::STREAMS, ConsumerName::DEFAULT].iter().any(ConsumerName::is_named));
    }
}
