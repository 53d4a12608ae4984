//! `contactgram member add`: a member with a first role. The password comes from standard input, or is set by
//! whoever opens the link that is printed; it never is an argument, which other users of the machine could read.

use std::io::{self, BufRead as _};

use clap::Args;
use contactgram_hub::NewMember;
use contactgram_model::{Actor, Password, Role};
use serde_json::json;

use super::{account, introduce, url_of};
use crate::cli::context::Context;
use crate::failure::Outcome;

#[derive(Args)]
pub struct New {
    /// What they sign in with: an e-mail address, or a word
    name: String,
    /// What others see [default: the sign-in name]
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// viewer, agent, admin or owner
    #[arg(long, requires = "on")]
    role: Option<Role>,
    /// Account of the role: id, @username or name
    #[arg(long, group = "on", requires = "role")]
    account: Option<String>,
    /// The role is for all accounts of this server, new ones too
    #[arg(long, group = "on", requires = "role")]
    all_accounts: bool,
    /// Read the password, a line, from standard input
    #[arg(long)]
    password_stdin: bool,
}

impl New {
    pub(super) async fn run(self, context: &Context) -> Outcome {
        let password = if self.password_stdin { Some(read()?) } else { None };
        let made = context.make(async move |hub| {
            let roles = match self.role {
                Some(role) => vec![(account(hub, self.account.as_deref()).await?, role)],
                None => Vec::new(),
            };
            let new = NewMember { name: self.name, display_name: self.display_name, roles, password };
            Ok(hub.add_member(Actor::Operator, new).await?)
        });
        let (member, link) = made.await?;
        let mut answer = json!(member);
        let url = link.as_ref().map(|link| url_of(context, link));
        if let (Some(answer), Some(link)) = (answer.as_object_mut(), &link) {
            answer.insert("link".to_owned(), json!(url));
            answer.insert("link_expires_at".to_owned(), json!(link.expires_at));
        }
        context.answer(&answer, || {
            let said = format!("{} is member {}.", member.name, member.member_id);
            match (&url, &link) {
                (Some(url), Some(link)) => format!("{said}\n\n{}", introduce(url, link)),
                _ => said,
            }
        })
    }
}

fn read() -> Outcome<Password> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(Password::new(line.trim_end_matches(['\r', '\n']))?)
}
