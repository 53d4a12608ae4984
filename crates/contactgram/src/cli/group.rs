//! `contactgram group …`: groups of the local connector are made and listed, members come and go.

use clap::{Args, Subcommand, ValueEnum};
use contactgram_hub::GroupView;
use contactgram_model::{ChatId, MemberStatus};

use super::context::{Context, counted};
use super::named;
use crate::failure::Outcome;
use crate::output;

#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  contactgram group add --title Friends --creator @ann_example --member @shop_bot
  contactgram group list
  contactgram group member -4000000001 @shop_bot administrator --by @ann_example")]
pub enum Group {
    /// Make a group
    Add(Add),
    /// List the groups
    List,
    /// Change somebody's standing in a group
    Member(Member),
}

#[derive(Args)]
pub struct Add {
    /// Title, 1 to 128 characters
    #[arg(long)]
    title: String,
    /// Person or account that makes it: id or @username
    #[arg(long, value_name = "USER")]
    creator: String,
    /// Another member; may be repeated
    #[arg(long = "member", value_name = "USER")]
    members: Vec<String>,
    /// Id to give it, negative [default: a free one]
    #[arg(long, allow_negative_numbers = true)]
    id: Option<i64>,
}

#[derive(Args)]
pub struct Member {
    /// Id of the group
    #[arg(allow_negative_numbers = true)]
    group: i64,
    /// Person or account: id or @username
    user: String,
    /// Its standing from now on
    #[arg(value_enum)]
    status: Status,
    /// Who changes it [default: the user itself]
    #[arg(long, value_name = "USER")]
    by: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Status {
    Member,
    Administrator,
    Left,
    Kicked,
}

impl Group {
    /// Does it.
    pub async fn run(self, context: &Context) -> Outcome {
        match self {
            Group::Add(add) => add.run(context).await,
            Group::List => list(context).await,
            Group::Member(member) => member.run(context).await,
        }
    }
}

impl Add {
    async fn run(self, context: &Context) -> Outcome {
        let making = context.change(async move |hub| {
            let creator = named::user(hub, &self.creator).await?;
            let mut members = Vec::with_capacity(self.members.len());
            for member in &self.members {
                members.push(named::user(hub, member).await?);
            }
            Ok(hub.add_group((self.title, self.id.map(ChatId)), creator, members).await?)
        });
        let group = making.await?;
        context.answer(&group, || described(&group))
    }
}

impl Member {
    async fn run(self, context: &Context) -> Outcome {
        let status = match self.status {
            Status::Member => MemberStatus::Member,
            Status::Administrator => MemberStatus::Administrator,
            Status::Left => MemberStatus::Left,
            Status::Kicked => MemberStatus::Kicked,
        };
        let changing = context.change(async move |hub| {
            let user = named::user(hub, &self.user).await?;
            let by = match &self.by {
                Some(by) => Some(named::user(hub, by).await?),
                None => None,
            };
            Ok(hub.set_member(ChatId(self.group), (user, status), by).await?)
        });
        let group = changing.await?;
        context.answer(&group, || described(&group))
    }
}

async fn list(context: &Context) -> Outcome {
    let groups = context.look(async |hub| Ok(hub.groups().await?)).await?;
    context.answer(&groups, || {
        if groups.is_empty() {
            return "No groups yet; `contactgram group add` makes one.".to_owned();
        }
        let rows: Vec<[String; 3]> = groups.iter().map(row).collect();
        output::table(["ID", "TITLE", "MEMBERS"], &rows)
    })
}

fn row(group: &GroupView) -> [String; 3] {
    [group.id.to_string(), group.title.clone(), members(group)]
}

fn described(group: &GroupView) -> String {
    output::fields(&[
        ("id", Some(group.id.to_string())),
        ("title", Some(group.title.clone())),
        ("members", Some(members(group))),
    ])
}

/// A few by id, many by their number.
fn members(group: &GroupView) -> String {
    match group.members.len() {
        0..=6 => group.members.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        many => counted(many as i64, "member"),
    }
}
