//! `contactgram member …`: who signs in to the portal, with which roles. Made, listed, given roles, disabled and
//! removed here in the operator's name. A link to set a password is printed, the only time that it can be seen.

mod add;
mod show;

use clap::{Args, Subcommand};
use contactgram_hub::{Hub, OneTimeLink};
use contactgram_model::{Actor, MemberId, Role, UserId};
use serde_json::json;

use super::context::{self, Context};
use super::named;
use crate::failure::{Failure, Outcome};
use crate::{banner, times};

#[derive(Subcommand)]
#[command(after_help = "\
Roles: viewer (reads contacts without private fields, and messages), agent (works with them), admin (also
applications, keys, webhooks, the audit log), owner (everything, members' roles included).

Examples:
  contactgram member add ann@example.org --role agent --account @shop_bot
  contactgram member add boss --role owner --all-accounts --password-stdin < password.txt
  contactgram member list
  contactgram member role ann@example.org --account @shop_bot admin
  contactgram member role ann@example.org --all none
  contactgram member link ann@example.org
  contactgram member disable ann@example.org
  contactgram member sessions ann@example.org --end")]
pub enum Member {
    /// Make a member, and print the link with which they set a password
    Add(add::New),
    /// List the members with their roles
    List,
    /// Give a member a role, or take it
    Role(Change),
    /// Print a new link with which a member sets a password; the one before ends
    Link(Named),
    /// Have a member sign in no more, and end what they opened
    Disable(Named),
    /// Let a member sign in again
    Enable(Named),
    /// Remove a member for good
    Remove(Named),
    /// List where a member is signed in, or end that
    Sessions(show::Sessions),
}

#[derive(Args)]
pub struct Named {
    /// The member's sign-in name or number
    name: String,
}

#[derive(Args)]
pub struct Change {
    /// The member's sign-in name or number
    name: String,
    #[command(flatten)]
    on: On,
    /// viewer, agent, admin or owner; `none` takes the role
    role: String,
}

/// Which accounts a role is for.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct On {
    /// Id, @username or name of the account
    #[arg(long)]
    account: Option<String>,
    /// All accounts of this server, new ones too
    #[arg(long)]
    all: bool,
}

impl Member {
    /// Does it.
    pub async fn run(self, context: &Context) -> Outcome {
        match self {
            Member::Add(new) => new.run(context).await,
            Member::List => show::list(context).await,
            Member::Role(change) => change.run(context).await,
            Member::Link(named) => named.link(context).await,
            Member::Disable(named) => named.end(context, "disabled").await,
            Member::Enable(named) => named.enable(context).await,
            Member::Remove(named) => named.end(context, "removed").await,
            Member::Sessions(sessions) => sessions.run(context).await,
        }
    }
}

impl Change {
    async fn run(self, context: &Context) -> Outcome {
        let role = match self.role.as_str() {
            "none" => None,
            name => Some(name.parse::<Role>()?),
        };
        let name = self.name.clone();
        let changing = context.change(async move |hub| {
            let (member, on) = (find(hub, &name).await?, account(hub, self.on.account.as_deref()).await?);
            hub.set_role(Actor::Operator, member, on, role).await?;
            Ok((member, on))
        });
        let (member, on) = changing.await?;
        context.tokens_have_ended().await;
        let on = (on != UserId::EVERY_ACCOUNT).then_some(on);
        let answer = json!({ "member_id": member, "account_id": on, "role": role.map(Role::name) });
        let place = on.map_or_else(|| "all accounts".to_owned(), |id| format!("account {id}"));
        context.answer(&answer, || match role {
            Some(role) => format!("{} is {} of {place}.", self.name, role.name()),
            None => format!("{} has no role of their own on {place}.", self.name),
        })
    }
}

impl Named {
    async fn link(self, context: &Context) -> Outcome {
        let name = self.name.clone();
        let making = context.change(async move |hub| {
            let member = find(hub, &name).await?;
            Ok((member, hub.new_link(Actor::Operator, member).await?))
        });
        let (member, link) = making.await?;
        let url = url_of(context, &link);
        let answer = json!({ "member_id": member, "link": url, "expires_at": link.expires_at });
        context.answer(&answer, || introduce(&url, &link))
    }

    async fn enable(self, context: &Context) -> Outcome {
        let name = self.name.clone();
        let enabling = context.change(async move |hub| {
            let member = find(hub, &name).await?;
            hub.enable_member(Actor::Operator, member).await?;
            Ok(member)
        });
        let member = enabling.await?;
        context.answer(&json!({ "member_id": member, "disabled": false }), || {
            format!("{} may sign in again, with the same roles.", self.name)
        })
    }

    async fn end(self, context: &Context, how: &str) -> Outcome {
        let (name, removing) = (self.name.clone(), how == "removed");
        let ending = context.change(async move |hub| {
            let member = find(hub, &name).await?;
            match removing {
                true => hub.remove_member(Actor::Operator, member).await?,
                false => hub.disable_member(Actor::Operator, member).await?,
            }
            Ok(member)
        });
        let member = ending.await?;
        context.tokens_have_ended().await;
        context.answer(&json!({ "member_id": member, how: true }), || {
            format!("{} is {how}, and what they opened has ended.", self.name)
        })
    }
}

/// The member of this sign-in name or number.
async fn find(hub: &Hub, named: &str) -> Outcome<MemberId> {
    match hub.member_named(named).await {
        Ok(id) => Ok(id),
        Err(contactgram_hub::Error::NotFound(_)) => {
            let id = named.parse().map(MemberId).map_err(|_| nobody(named))?;
            Ok(hub.member(Actor::Operator, id).await.map_err(|_| nobody(named))?.member_id)
        }
        Err(error) => Err(error.into()),
    }
}

fn nobody(named: &str) -> Failure {
    format!("no member signs in as `{named}`; `contactgram member list` shows them").into()
}

/// The account of this name, or all where there is none.
async fn account(hub: &Hub, named: Option<&str>) -> Outcome<UserId> {
    match named {
        Some(named) => named::account(hub, named).await,
        None => Ok(UserId::EVERY_ACCOUNT),
    }
}

/// The address of a link, as far as the configuration knows how this server is reached.
fn url_of(context: &Context, link: &OneTimeLink) -> String {
    let config = context.config();
    let local = || format!("http://{}", banner::reachable(&config.listen));
    let url = config.public_url.clone().unwrap_or_else(local);
    format!("{}{}", url.trim_end_matches('/'), link.path())
}

fn introduce(url: &str, link: &OneTimeLink) -> String {
    let until = times::date_and_distance(link.expires_at, context::now());
    format!(
        "{url}\n\nWhoever opens the link sets the password, once. It ends {until}, and is shown this once."
    )
}
