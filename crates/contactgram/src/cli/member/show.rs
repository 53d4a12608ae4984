//! `contactgram member list` and `member sessions`: who there is, and where they are signed in.

use clap::Args;
use contactgram_hub::{MemberView, SessionView};
use contactgram_model::Actor;
use serde_json::json;

use super::find;
use crate::cli::context::{self, Context, counted};
use crate::failure::Outcome;
use crate::{output, times};

#[derive(Args)]
pub struct Sessions {
    /// The member's sign-in name or number
    name: String,
    /// End all of them
    #[arg(long)]
    end: bool,
}

pub(super) async fn list(context: &Context) -> Outcome {
    let members: Vec<MemberView> = context.look(async |hub| Ok(hub.members(Actor::Operator).await?)).await?;
    context.answer(&members, || {
        let rows: Vec<[String; 6]> = members.iter().map(row).collect();
        output::table(["NUMBER", "NAME", "SHOWN AS", "ROLES", "STATE", "SIGNED IN"], &rows)
    })
}

fn row(member: &MemberView) -> [String; 6] {
    let roles = member.roles.iter().map(|given| match given.account_id {
        Some(account) => format!("{} of {account}", given.role),
        None => format!("{} of all", given.role),
    });
    let state = match (member.disabled, member.has_password) {
        (true, _) => "disabled",
        (false, false) => "no password yet",
        (false, true) => "",
    };
    [
        member.member_id.to_string(),
        member.name.clone(),
        member.display_name.clone(),
        roles.collect::<Vec<_>>().join(", "),
        state.to_owned(),
        member.last_sign_in_at.map_or_else(|| "never".to_owned(), |at| times::distance(at, context::now())),
    ]
}

impl Sessions {
    pub(super) async fn run(self, context: &Context) -> Outcome {
        if self.end {
            let name = self.name.clone();
            let ending = context.change(async move |hub| {
                let member = find(hub, &name).await?;
                Ok((member, hub.end_sessions(Actor::Operator, member, None).await?))
            });
            let (member, ended) = ending.await?;
            let answer = json!({ "member_id": member, "ended": ended });
            return context.answer(&answer, || {
                format!(
                    "{} of {} ended.",
                    counted(i64::try_from(ended).unwrap_or(i64::MAX), "session"),
                    self.name
                )
            });
        }
        let name = self.name;
        let listing = context.look(async move |hub| {
            let member = find(hub, &name).await?;
            Ok(hub.sessions_of(Actor::Operator, member).await?)
        });
        let sessions: Vec<SessionView> = listing.await?;
        context.answer(&sessions, || {
            let ago = |at| times::distance(at, context::now());
            let row = |session: &SessionView| {
                let SessionView { session_id, created_at, seen_at, address, agent, .. } = session;
                [session_id.to_string(), ago(*created_at), ago(*seen_at), address.clone(), agent.clone()]
            };
            let rows: Vec<[String; 5]> = sessions.iter().map(row).collect();
            output::table(["NUMBER", "SIGNED IN", "USED", "FROM", "WITH"], &rows)
        })
    }
}
