//! What is on a person's screen: messages as lines for people, or as the Bot API's `Message` in JSON.
//! Called by `people`.

use clap::Args;
use contactgram_hub::{ChatRef, HistoryQuery};
use contactgram_wire::message::{Content, Message};

use crate::cli::context::Context;
use crate::cli::named;
use crate::failure::Outcome;
use crate::{output, times};

#[derive(Args)]
pub struct Messages {
    /// Id or @username of the person
    person: String,
    /// Only this chat: an account's id or @username, or a group's id
    #[arg(long, value_name = "CHAT", allow_negative_numbers = true)]
    chat: Option<String>,
    /// Messages at most
    #[arg(long, default_value = "20", value_parser = clap::value_parser!(i64).range(1..=1000))]
    limit: i64,
    /// Messages to leave out
    #[arg(long, default_value = "0", value_parser = clap::value_parser!(i64).range(0..))]
    offset: i64,
    /// Oldest first
    #[arg(long)]
    oldest_first: bool,
}

impl Messages {
    /// Prints a page.
    pub async fn run(self, context: &Context) -> Outcome {
        let chat = self.chat.as_deref().map(ChatRef::parse).transpose()?;
        let query = HistoryQuery {
            chat,
            ascending: self.oldest_first,
            offset: self.offset,
            limit: self.limit,
            ..HistoryQuery::default()
        };
        let looking = context.look(async move |hub| {
            let person = named::person(hub, &self.person).await?;
            Ok(hub.person_messages(person, query).await?)
        });
        let page = looking.await?;
        if context.json {
            output::say(page.json);
            return Ok(());
        }
        let messages: Vec<Message> = serde_json::from_str(&page.json)?;
        output::say(if messages.is_empty() {
            "No messages.".to_owned()
        } else {
            messages.iter().map(told).collect::<Vec<_>>().join("\n")
        });
        Ok(())
    }
}

/// A message on one line: `#7 2026-11-22 12:30 UTC  Ann in 5000000001: Hello`.
pub fn told(message: &Message) -> String {
    let line = format!(
        "#{} {}  {} in {}: {}",
        message.message_id,
        times::date(message.date),
        message.from.first_name,
        message.chat.id,
        said(&message.content)
    );
    output::printable(&line)
}

fn said(content: &Content) -> String {
    if let Some(text) = &content.text {
        return text.clone();
    }
    if let Some(contact) = &content.contact {
        return format!("(contact) {} {}", contact.first_name, contact.phone_number);
    }
    if let Some((kind, media)) = content.carried() {
        let words = [media.file_name.as_deref(), content.caption.as_deref()];
        let words: Vec<&str> = words.into_iter().flatten().collect();
        return format!("({}) {}", kind.field(), words.join(": "));
    }
    let event = match content {
        Content { group_chat_created: true, .. } => "(made the group)",
        Content { left_chat_member: Some(_), .. } => "(somebody left the group)",
        Content { new_chat_members, .. } if !new_chat_members.is_empty() => "(somebody joined the group)",
        _ => "(nothing that can be shown as text)",
    };
    event.to_owned()
}
