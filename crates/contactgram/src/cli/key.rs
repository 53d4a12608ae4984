//! `contactgram key …`: an account's API keys are made, listed and revoked. A key does what its scopes say, perhaps
//! for some contacts alone. A new key is printed, the only time that it can be seen.

use clap::{Args, Subcommand};
use contactgram_hub::{KeyView, NewKey, NewKeyView};
use contactgram_model::scope::Scope;
use contactgram_model::{Actor, ContactId, UserId};
use serde::Serialize;

use super::context::{self, Context};
use super::named;
use crate::failure::Outcome;
use crate::{output, times};

#[derive(Subcommand)]
#[command(after_help = "\
Scopes: contacts:read, contacts:private (phone numbers, e-mail addresses, notes, attributes), contacts:write,
messages:read, messages:send, updates:read, account:manage.

Examples:
  contactgram key add --account @shop_bot --scope contacts:read --scope messages:read --label reports
  contactgram key add --account @shop_bot --scope messages:send --only-label support --expires-in 30d
  contactgram key list --account @shop_bot
  contactgram key revoke --account @shop_bot 3")]
pub enum Key {
    /// Make a key
    Add(New),
    /// List the keys, without their secrets
    List {
        /// Id, @username or name of the account
        #[arg(long)]
        account: String,
    },
    /// Make a key open nothing any more
    Revoke {
        /// Id, @username or name of the account
        #[arg(long)]
        account: String,
        /// The key's number, as `key list` shows it
        key_id: i64,
    },
}

#[derive(Args)]
pub struct New {
    /// Id, @username or name of the account
    #[arg(long)]
    account: String,
    /// What the key may do; may be repeated
    #[arg(long, required = true, value_name = "SCOPE")]
    scope: Vec<Scope>,
    /// What the key is for
    #[arg(long)]
    label: Option<String>,
    /// Only contacts with this label, as if there were no others; may be repeated
    #[arg(long, value_name = "LABEL")]
    only_label: Vec<String>,
    /// Only this contact, or also this one; may be repeated
    #[arg(long, value_name = "ID")]
    only_contact: Vec<i64>,
    /// When it stops working: 30d, 12h, 2027-01-01 or Unix seconds [default: never]
    #[arg(long, value_name = "WHEN")]
    expires_in: Option<String>,
}

#[derive(Serialize)]
struct Made<'a> {
    account_id: UserId,
    #[serde(flatten)]
    key: &'a NewKeyView,
}

impl Key {
    /// Does it.
    pub async fn run(self, context: &Context) -> Outcome {
        match self {
            Key::Add(new) => new.run(context).await,
            Key::List { account } => list(context, &account).await,
            Key::Revoke { account, key_id } => revoke(context, &account, key_id).await,
        }
    }
}

impl New {
    async fn run(self, context: &Context) -> Outcome {
        let expires_at =
            self.expires_in.as_deref().map(|text| times::expiry(text, context::now())).transpose()?;
        let new = NewKey {
            label: self.label,
            scopes: self.scope.into_iter().collect(),
            expires_at,
            labels: self.only_label,
            contacts: self.only_contact.into_iter().map(ContactId).collect(),
        };
        let made = context.change(async move |hub| {
            let account = named::account(hub, &self.account).await?;
            Ok((account, hub.add_key(Actor::Operator, account, new).await?))
        });
        let (account_id, key) = made.await?;
        context.answer(&Made { account_id, key: &key }, || {
            let view = &key.view;
            let shown = output::fields(&[
                ("key", Some(key.key.clone())),
                ("number", Some(view.key_id.to_string())),
                ("label", view.label.clone()),
                ("scopes", Some(view.scopes.join(", "))),
                ("only", only(view)),
                ("expires", Some(expiry(view.expires_at))),
            ]);
            format!("{shown}\n\nThe key is shown this once.")
        })
    }
}

async fn list(context: &Context, named: &str) -> Outcome {
    let listing = context.look(async |hub| Ok(hub.keys(named::account(hub, named).await?).await?));
    let keys: Vec<KeyView> = listing.await?;
    context.answer(&keys, || {
        let rows: Vec<[String; 6]> = keys.iter().map(row).collect();
        output::table(["NUMBER", "LABEL", "SCOPES", "ONLY", "USED", "EXPIRES"], &rows)
    })
}

fn row(key: &KeyView) -> [String; 6] {
    let used = key.last_used_at.map_or_else(|| "never".to_owned(), |at| times::distance(at, context::now()));
    [
        key.key_id.to_string(),
        key.label.clone().unwrap_or_default(),
        key.scopes.join(" "),
        only(key).unwrap_or_default(),
        used,
        expiry(key.expires_at),
    ]
}

/// What a key is narrowed to, in words.
fn only(key: &KeyView) -> Option<String> {
    let contacts = key.only_contacts.iter().map(ToString::to_string);
    let all: Vec<String> = key.only_labels.iter().cloned().chain(contacts).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

async fn revoke(context: &Context, named: &str, key_id: i64) -> Outcome {
    let revoking = context.change(async |hub| {
        let account = named::account(hub, named).await?;
        hub.revoke_key(Actor::Operator, account, key_id).await?;
        Ok(account)
    });
    let account = revoking.await?;
    context.tokens_have_ended().await;
    let answer = serde_json::json!({ "account_id": account, "key_id": key_id, "revoked": true });
    context.answer(&answer, || format!("Key {key_id} of account {account} is revoked."))
}

fn expiry(at: Option<i64>) -> String {
    at.map_or_else(|| "never".to_owned(), |at| times::date_and_distance(at, context::now()))
}
