//! What a person is made to do: write, edit, press, share, join, leave, block. Called by `people`; the rules
//! are the hub's.

use clap::Args;
use contactgram_hub::{Act, ChatRef, Hub, SeenMessage, Sharing};
use contactgram_model::{ChatId, MemberStatus, MessageId, UserId};
use contactgram_wire::entities::{self, ParseMode};
use contactgram_wire::message::{Content, SharedContact};

use super::Seen;
use super::screen::told;
use crate::cli::context::Context;
use crate::cli::named;
use crate::failure::{Failure, Outcome};
use crate::output;

/// Who acts, and where.
#[derive(Args)]
struct Scene {
    /// Id or @username of the person
    person: String,
    /// Account (id or @username) or group (id) that it goes to
    #[arg(long, value_name = "CHAT", allow_negative_numbers = true)]
    to: String,
}

#[derive(Args)]
pub struct Write {
    #[command(flatten)]
    scene: Scene,
    #[command(flatten)]
    text: Text,
    /// Message that it replies to, by the person's own id
    #[arg(long, value_name = "ID")]
    reply_to: Option<i64>,
    /// Account whose id of the message replied to it is
    #[arg(long, value_name = "ACCOUNT", requires = "reply_to")]
    seen_by: Option<String>,
}

#[derive(Args)]
pub struct Edit {
    #[command(flatten)]
    scene: Scene,
    #[command(flatten)]
    seen: Seen,
    #[command(flatten)]
    text: Text,
}

#[derive(Args)]
struct Text {
    /// Text, 1 to 4096 characters
    #[arg(long)]
    text: String,
    /// How the text is marked up: HTML, MarkdownV2 or Markdown
    #[arg(long)]
    parse_mode: Option<String>,
    /// Entities of the text, as a JSON array
    #[arg(long, value_name = "JSON")]
    entities: Option<String>,
}

#[derive(Args)]
pub struct Press {
    #[command(flatten)]
    scene: Scene,
    #[command(flatten)]
    seen: Seen,
    /// callback_data of the button
    #[arg(long, value_name = "DATA")]
    callback_data: String,
}

#[derive(Args)]
pub struct Share {
    #[command(flatten)]
    scene: Scene,
    /// Share this user's contact
    #[arg(long, value_name = "USER", conflicts_with_all = ["phone", "first_name", "last_name", "vcard"])]
    user: Option<String>,
    /// Share any contact: its phone number
    #[arg(long, requires = "first_name")]
    phone: Option<String>,
    /// Its first name
    #[arg(long, requires = "phone")]
    first_name: Option<String>,
    /// Its last name
    #[arg(long, requires = "phone")]
    last_name: Option<String>,
    /// Its vCard
    #[arg(long, requires = "phone")]
    vcard: Option<String>,
}

#[derive(Args)]
pub struct Membership {
    /// Id or @username of the person
    person: String,
    /// Id of the group
    #[arg(allow_negative_numbers = true)]
    group: i64,
}

#[derive(Args)]
pub struct Blocking {
    /// Id or @username of the person
    person: String,
    /// Id, @username or name of the account
    account: String,
}

impl Write {
    /// Writes.
    pub async fn run(self, context: &Context) -> Outcome {
        let content = self.text.content()?;
        perform(context, self.scene, async move |hub| {
            let reply_to = match self.reply_to {
                Some(id) => Some(seen(hub, id, self.seen_by.as_deref()).await?),
                None => None,
            };
            Ok(Act::Write { content, reply_to })
        })
        .await
    }
}

impl Edit {
    /// Edits.
    pub async fn run(self, context: &Context) -> Outcome {
        let content = self.text.content()?;
        perform(context, self.scene, async move |hub| {
            let message = self.seen.resolve(hub).await?;
            Ok(Act::Edit { message, content })
        })
        .await
    }
}

impl Press {
    /// Presses, and prints the callback query's id.
    pub async fn run(self, context: &Context) -> Outcome {
        let pressing = context.change(async move |hub| {
            let person = named::person(hub, &self.scene.person).await?;
            let message = self.seen.resolve(hub).await?;
            Ok(hub.press(person, message, self.callback_data).await?)
        });
        let query = pressing.await?;
        let answer = serde_json::json!({ "callback_query_id": query });
        context.answer(&answer, || format!("Pressed: callback query {query}."))
    }
}

impl Share {
    /// Shares.
    pub async fn run(self, context: &Context) -> Outcome {
        let any = self.phone.zip(self.first_name).map(|(phone_number, first_name)| SharedContact {
            phone_number,
            first_name,
            last_name: self.last_name,
            vcard: self.vcard,
            user_id: None,
        });
        perform(context, self.scene, async move |hub| {
            Ok(Act::Share(match (any, self.user) {
                (Some(contact), _) => Sharing::Contact(contact),
                (None, Some(user)) => Sharing::User(named::user(hub, &user).await?),
                (None, None) => Sharing::Own,
            }))
        })
        .await
    }
}

impl Membership {
    /// Joins or leaves.
    pub async fn run(self, context: &Context, joins: bool) -> Outcome {
        let status = if joins { MemberStatus::Member } else { MemberStatus::Left };
        let group = ChatId(self.group);
        let moving = context.change(async move |hub| {
            let person = named::person(hub, &self.person).await?;
            Ok((person, hub.set_member(group, (person, status), None).await?))
        });
        let (person, view) = moving.await?;
        context.answer(&view, || {
            let done = if joins { "is in" } else { "is not in" };
            format!("{person} {done} {}.", output::printable(&view.title))
        })
    }
}

impl Blocking {
    /// Blocks or unblocks.
    pub async fn run(self, context: &Context, blocks: bool) -> Outcome {
        let changing = context.change(async |hub| {
            let person = named::person(hub, &self.person).await?;
            let account = named::account(hub, &self.account).await?;
            hub.block(person, account, blocks).await?;
            Ok((person, account))
        });
        let (person, account) = changing.await?;
        let answer = serde_json::json!({ "person_id": person, "account_id": account, "blocked": blocks });
        context.answer(&answer, || {
            let done = if blocks { "has blocked" } else { "does not block" };
            format!("{person} {done} {account}.")
        })
    }
}

impl Text {
    fn content(&self) -> Outcome<Content> {
        let wrong = |error: contactgram_wire::BadRequest| Failure::from(error.0.into_owned());
        let mode = ParseMode::parse(self.parse_mode.as_deref().unwrap_or_default()).map_err(wrong)?;
        let formatted = entities::format(&self.text, mode, self.entities.as_deref()).map_err(wrong)?;
        Ok(Content::text(formatted.text, formatted.entities))
    }
}

impl Seen {
    async fn resolve(&self, hub: &Hub) -> Outcome<SeenMessage> {
        seen(hub, self.message, self.seen_by.as_deref()).await
    }
}

async fn seen(hub: &Hub, id: i64, seen_by: Option<&str>) -> Outcome<SeenMessage> {
    let seen_by: Option<UserId> = match seen_by {
        Some(account) => Some(named::account(hub, account).await?),
        None => None,
    };
    Ok(SeenMessage { id: MessageId(id), seen_by })
}

/// Lets a person act, and prints the message as the person sees it.
async fn perform(context: &Context, scene: Scene, act: impl AsyncFnOnce(&Hub) -> Outcome<Act>) -> Outcome {
    let to = ChatRef::parse(&scene.to)?;
    let acting = context.change(async move |hub| {
        let person = named::person(hub, &scene.person).await?;
        let act = act(hub).await?;
        Ok(hub.act(person, to, act).await?)
    });
    let message = acting.await?;
    if context.json {
        output::say(message);
        return Ok(());
    }
    output::say(told(&serde_json::from_str(&message)?));
    Ok(())
}
