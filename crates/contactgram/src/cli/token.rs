//! `contactgram token …`: an account's tokens are made, listed, rotated and revoked. A new token is printed,
//! the only time that it can be seen.

use clap::{Args, Subcommand};
use contactgram_hub::{NewTokenView, TokenView};
use contactgram_model::{Actor, UserId};
use serde::Serialize;

use super::context::{self, Context};
use super::named;
use crate::failure::Outcome;
use crate::{output, times};

#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  contactgram token add @shop_bot --label ci --expires 30d
  contactgram token list @shop_bot
  contactgram token rotate @shop_bot
  contactgram token revoke @shop_bot 2")]
pub enum Token {
    /// Make another token
    Add(New),
    /// List the tokens, without their secrets
    List {
        /// Id, @username or name of the account
        account: String,
    },
    /// Make a token and revoke all others
    Rotate(New),
    /// Make a token open nothing any more
    Revoke {
        /// Id, @username or name of the account
        account: String,
        /// The token's number, as `token list` shows it
        token_id: i64,
    },
}

#[derive(Args)]
pub struct New {
    /// Id, @username or name of the account
    account: String,
    /// What the token is for
    #[arg(long)]
    label: Option<String>,
    /// When it stops working: 30d, 12h, 2027-01-01 or Unix seconds [default: never]
    #[arg(long, value_name = "WHEN")]
    expires: Option<String>,
}

#[derive(Serialize)]
struct Made<'a> {
    account_id: UserId,
    #[serde(flatten)]
    token: &'a NewTokenView,
}

impl Token {
    /// Does it.
    pub async fn run(self, context: &Context) -> Outcome {
        match self {
            Token::Add(new) => new.run(context, false).await,
            Token::Rotate(new) => new.run(context, true).await,
            Token::List { account } => list(context, &account).await,
            Token::Revoke { account, token_id } => revoke(context, &account, token_id).await,
        }
    }
}

impl New {
    async fn run(self, context: &Context, alone: bool) -> Outcome {
        let expires = self.expires.as_deref().map(|text| times::expiry(text, context::now())).transpose()?;
        let made = context.change(async move |hub| {
            let account = named::account(hub, &self.account).await?;
            let token = match alone {
                true => hub.rotate_token(Actor::Operator, account, self.label, expires).await?,
                false => hub.add_token(Actor::Operator, account, self.label, expires).await?,
            };
            Ok((account, token))
        });
        let (account_id, token) = made.await?;
        if alone {
            context.tokens_have_ended().await;
        }
        context.answer(&Made { account_id, token: &token }, || {
            let shown = output::fields(&[
                ("token", Some(token.token.clone())),
                ("number", Some(token.token_id.to_string())),
                ("label", token.label.clone()),
                ("expires", Some(expiry(token.expires_at))),
            ]);
            let others = if alone { "\nAll other tokens of the account are revoked." } else { "" };
            format!("{shown}\n\nThe token is shown this once.{others}")
        })
    }
}

async fn list(context: &Context, named: &str) -> Outcome {
    let listing = context.look(async |hub| Ok(hub.tokens(named::account(hub, named).await?).await?));
    let tokens: Vec<TokenView> = listing.await?;
    context.answer(&tokens, || {
        let rows: Vec<[String; 4]> = tokens.iter().map(row).collect();
        output::table(["NUMBER", "LABEL", "CREATED", "EXPIRES"], &rows)
    })
}

fn row(token: &TokenView) -> [String; 4] {
    [
        token.token_id.to_string(),
        token.label.clone().unwrap_or_default(),
        times::distance(token.created_at, context::now()),
        expiry(token.expires_at),
    ]
}

async fn revoke(context: &Context, named: &str, token_id: i64) -> Outcome {
    let revoking = context.change(async |hub| {
        let account = named::account(hub, named).await?;
        hub.revoke_token(Actor::Operator, account, token_id).await?;
        Ok(account)
    });
    let account = revoking.await?;
    context.tokens_have_ended().await;
    let answer = serde_json::json!({ "account_id": account, "token_id": token_id, "revoked": true });
    context.answer(&answer, || format!("Token {token_id} of account {account} is revoked."))
}

fn expiry(at: Option<i64>) -> String {
    at.map_or_else(|| "never".to_owned(), |at| times::date_and_distance(at, context::now()))
}
