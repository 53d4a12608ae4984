//! `contactgram app …`: applications are registered, listed, changed and removed, and what members allow them is shown
//! and revoked. A secret is printed when it is made, the only time that it can be seen.

use clap::{Args, Subcommand};
use contactgram_hub::Hub;
use contactgram_hub::oauth::{AppChange, AppView, GrantView, NewApp, NewAppView};
use contactgram_model::scope::Scope;
use contactgram_model::{Actor, MemberId, Role, UserId};

use super::context::{self, Context};
use super::named;
use crate::failure::Outcome;
use crate::{output, times};

/// Whose hands the command line is.
const BY: Actor = Actor::Operator;

#[derive(Subcommand)]
#[command(after_help = "\
Scopes: contacts:read, contacts:private (phone numbers, e-mail addresses, notes, attributes), contacts:write,
messages:read, messages:send, updates:read, account:manage.

Examples:
  contactgram app add --name \"Desk\" --redirect-uri https://desk.example/callback --scope contacts:read
  contactgram app add --account @shop_bot --name Phone --redirect-uri com.example.phone:/done --public
  contactgram app list
  contactgram app rotate-secret cgc_0123456789abcdef01234567
  contactgram app grants cgc_0123456789abcdef01234567")]
pub enum App {
    /// Register an application
    Add(Add),
    /// List the applications of an account
    List {
        #[command(flatten)]
        of: Of,
    },
    /// Show an application
    Show {
        /// The application's client id
        client_id: String,
    },
    /// Change an application; what is left out stays
    Edit(Edit),
    /// Make another secret; the one before stops working
    RotateSecret {
        /// The application's client id
        client_id: String,
    },
    /// Shut an application out: its access tokens end
    Disable {
        /// The application's client id
        client_id: String,
    },
    /// Let an application in again
    Enable {
        /// The application's client id
        client_id: String,
    },
    /// Remove an application with all its tokens
    Remove {
        /// The application's client id
        client_id: String,
    },
    /// Show what members allow an application
    Grants {
        /// The application's client id
        client_id: String,
    },
    /// Revoke what a member allows an application, with every token that came of it
    RevokeGrant {
        /// The application's client id
        client_id: String,
        /// Id, @username or name of the account that the grant is on
        #[arg(long)]
        account: String,
        /// Number of the member, as `app grants` shows it
        #[arg(long)]
        member: i64,
    },
}

#[derive(Args)]
pub struct Of {
    /// Id, @username or name of the account [default: the only one there is]
    #[arg(long)]
    account: Option<String>,
}

#[derive(Args)]
pub struct Add {
    #[command(flatten)]
    of: Of,
    /// What people know the application by
    #[arg(long)]
    name: String,
    /// Where people may be sent back to, to the letter; may be repeated
    #[arg(long, value_name = "URI")]
    redirect_uri: Vec<String>,
    /// It runs where it can keep no secret: in a browser, on a phone, on somebody's desk
    #[arg(long)]
    public: bool,
    /// The most it may have; may be repeated [default: all but account:manage]
    #[arg(long, value_name = "SCOPE")]
    scope: Vec<Scope>,
}

#[derive(Args)]
pub struct Edit {
    /// The application's client id
    client_id: String,
    /// Another name
    #[arg(long)]
    name: Option<String>,
    /// Where people may be sent back to, instead of the addresses so far; may be repeated
    #[arg(long, value_name = "URI")]
    redirect_uri: Vec<String>,
    /// The most it may have, instead of the scopes so far; may be repeated
    #[arg(long, value_name = "SCOPE")]
    scope: Vec<Scope>,
}

impl App {
    /// Does it.
    pub async fn run(self, context: &Context) -> Outcome {
        match self {
            App::Add(new) => new.run(context).await,
            App::List { of } => list(context, of).await,
            App::Show { client_id } => {
                let app = context.look(async |hub| Ok(hub.app(BY, &client_id).await?)).await?;
                context.answer(&app, || shown(&app))
            }
            App::Edit(edit) => edit.run(context).await,
            App::RotateSecret { client_id } => {
                let made =
                    context.change(async |hub| Ok(hub.rotate_app_secret(BY, &client_id).await?)).await?;
                context.answer(&made, || with_secret(&made))
            }
            App::Disable { client_id } => set_disabled(context, &client_id, true).await,
            App::Enable { client_id } => set_disabled(context, &client_id, false).await,
            App::Remove { client_id } => {
                context.change(async |hub| Ok(hub.remove_app(BY, &client_id).await?)).await?;
                context.tokens_have_ended().await;
                let answer = serde_json::json!({ "client_id": client_id, "removed": true });
                context.answer(&answer, || format!("Application {client_id} is removed."))
            }
            App::Grants { client_id } => grants(context, &client_id).await,
            App::RevokeGrant { client_id, account, member } => {
                let revoking = context.change(async |hub| {
                    let account = named::account(hub, &account).await?;
                    hub.revoke_grant(BY, &client_id, (account, MemberId(member))).await?;
                    Ok(account)
                });
                let account = revoking.await?;
                context.tokens_have_ended().await;
                let answer = serde_json::json!({
                    "client_id": client_id, "account_id": account, "member_id": member, "revoked": true,
                });
                context.answer(&answer, || "The grant is revoked.".to_owned())
            }
        }
    }
}

impl Of {
    async fn account(self, hub: &Hub) -> Outcome<UserId> {
        if let Some(named) = self.account {
            return named::account(hub, &named).await;
        }
        match &hub.accounts().await?[..] {
            [only] => Ok(only.id),
            [] => Err("there is no account yet; `contactgram account add` makes one".into()),
            _ => Err("there are several accounts: name one with --account".into()),
        }
    }
}

impl Add {
    async fn run(self, context: &Context) -> Outcome {
        let scopes = match self.scope.is_empty() {
            true => Role::Admin.scopes(),
            false => self.scope.into_iter().collect(),
        };
        let new = NewApp { name: self.name, redirects: self.redirect_uri, public: self.public, scopes };
        let made = context.change(async move |hub| {
            let account = self.of.account(hub).await?;
            Ok(hub.add_app(BY, account, new).await?)
        });
        let made = made.await?;
        context.answer(&made, || with_secret(&made))
    }
}

impl Edit {
    async fn run(self, context: &Context) -> Outcome {
        let change = AppChange {
            name: self.name,
            redirects: (!self.redirect_uri.is_empty()).then_some(self.redirect_uri),
            scopes: (!self.scope.is_empty()).then(|| self.scope.into_iter().collect()),
            disabled: None,
        };
        let app = context.change(async |hub| Ok(hub.change_app(BY, &self.client_id, change).await?)).await?;
        context.answer(&app, || shown(&app))
    }
}

async fn list(context: &Context, of: Of) -> Outcome {
    let listing = context.look(async |hub| {
        let account = of.account(hub).await?;
        Ok(hub.apps(BY, account).await?)
    });
    let apps: Vec<AppView> = listing.await?;
    context.answer(&apps, || {
        let rows: Vec<[String; 5]> = apps
            .iter()
            .map(|app| {
                let state = if app.disabled { "disabled" } else { "enabled" };
                [
                    app.client_id.clone(),
                    app.name.clone(),
                    kind(app).to_owned(),
                    state.to_owned(),
                    app.scopes.join(" "),
                ]
            })
            .collect();
        output::table(["CLIENT ID", "NAME", "KIND", "STATE", "SCOPES"], &rows)
    })
}

async fn set_disabled(context: &Context, client_id: &str, disabled: bool) -> Outcome {
    let change = AppChange { disabled: Some(disabled), ..AppChange::default() };
    let app = context.change(async |hub| Ok(hub.change_app(BY, client_id, change).await?)).await?;
    if disabled {
        context.tokens_have_ended().await;
    }
    let state = if disabled { "disabled" } else { "enabled" };
    context.answer(&app, || {
        format!("Application {} ({}) is {state}.", app.client_id, output::printable(&app.name))
    })
}

async fn grants(context: &Context, client_id: &str) -> Outcome {
    let grants: Vec<GrantView> =
        context.look(async |hub| Ok(hub.grants_of_app(BY, client_id).await?)).await?;
    context.answer(&grants, || {
        let rows: Vec<[String; 5]> = grants
            .iter()
            .map(|grant| {
                [
                    grant.account_id.to_string(),
                    grant.member_id.to_string(),
                    grant.member.clone(),
                    grant.scopes.join(" "),
                    times::distance(grant.given_at, context::now()),
                ]
            })
            .collect();
        output::table(["ACCOUNT", "MEMBER", "NAME", "SCOPES", "GIVEN"], &rows)
    })
}

fn kind(app: &AppView) -> &'static str {
    if app.public { "public" } else { "confidential" }
}

fn shown(app: &AppView) -> String {
    output::fields(&rows(app))
}

fn rows(app: &AppView) -> [(&'static str, Option<String>); 7] {
    [
        ("client id", Some(app.client_id.clone())),
        ("name", Some(app.name.clone())),
        ("account", Some(app.account_id.to_string())),
        ("kind", Some(kind(app).to_owned())),
        ("addresses", Some(app.redirect_uris.join(" "))),
        ("scopes", Some(app.scopes.join(", "))),
        ("state", app.disabled.then(|| "disabled".to_owned())),
    ]
}

fn with_secret(made: &NewAppView) -> String {
    let Some(secret) = &made.client_secret else { return shown(&made.view) };
    let mut all = vec![("client secret", Some(secret.clone()))];
    all.extend(rows(&made.view));
    format!("{}\n\nThe secret is shown this once.", output::fields(&all))
}
