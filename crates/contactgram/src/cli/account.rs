//! `contactgram account …`: accounts are made, listed, shown and removed. Prints a new account's token,
//! the only time that it can be seen.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use clap::{Args, Subcommand, ValueEnum};
use contactgram_hub::{AccountView, NewAccount, NewBot, NewTokenView};
use contactgram_model::{AccountKind, Actor};
use serde::Serialize;

use super::context::{self, Context, counted};
use super::named;
use crate::failure::Outcome;
use crate::{output, secrets, times};

#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  contactgram account add --name Shop
  contactgram account add --name Support --kind user --phone +447700900123 --region GB --json
  contactgram account add --connector bot --token-stdin < bot-token.txt
  contactgram account list
  contactgram account remove @shop_bot --yes")]
pub enum Account {
    /// Make an account and print its token
    Add(Add),
    /// List the accounts
    List,
    /// Show one account
    Show {
        /// Id, @username or name
        account: String,
    },
    /// Remove an account with its contacts, messages and tokens
    Remove {
        /// Id, @username or name
        account: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Args)]
pub struct Add {
    /// How the account reaches the world
    #[arg(long, value_enum, default_value = "local")]
    connector: Connector,
    /// Name that others see; a bot's comes from its upstream
    #[arg(long, required_unless_present = "token_stdin")]
    name: Option<String>,
    /// Read the bot's token, as BotFather gave it, from standard input
    #[arg(long, conflicts_with_all = ["name", "username", "phone", "kind", "strict", "demo"])]
    token_stdin: bool,
    /// The bot's Bot API server [default: https://api.telegram.org]
    #[arg(long, requires = "token_stdin")]
    upstream: Option<String>,
    /// How its updates come
    #[arg(long, value_enum, default_value = "poll", requires = "token_stdin")]
    receive: Receive,
    /// Username; made from the name for bots when left out
    #[arg(long)]
    username: Option<String>,
    /// Phone number
    #[arg(long)]
    phone: Option<String>,
    /// How the account shows itself
    #[arg(long, value_enum, default_value = "bot")]
    kind: Kind,
    /// Region that numbers without a + are read in, such as GB [default: the setting default_region]
    #[arg(long)]
    region: Option<String>,
    /// Refuse what Telegram refuses, such as a bot that writes first
    #[arg(long)]
    strict: bool,
    /// Fill it with the documentation's examples
    #[arg(long)]
    demo: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Connector {
    /// Accounts of this server message one another
    Local,
    /// A bot of Telegram, or of another Bot API server
    Bot,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Receive {
    /// The upstream is asked for them
    Poll,
    /// The upstream posts them to the setting public_url, which it must reach
    Webhook,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Bot,
    User,
}

/// An account with the token that was made with it.
#[derive(Serialize)]
struct Added<'a> {
    #[serde(flatten)]
    account: &'a AccountView,
    #[serde(flatten)]
    token: Option<&'a NewTokenView>,
}

impl Account {
    /// Does it.
    pub async fn run(self, context: &Context) -> Outcome {
        match self {
            Account::Add(add) => add.run(context).await,
            Account::List => list(context).await,
            Account::Show { account } => show(context, &account).await,
            Account::Remove { account, yes } => remove(context, &account, yes).await,
        }
    }
}

impl Add {
    async fn run(self, context: &Context) -> Outcome {
        if self.token_stdin != (self.connector == Connector::Bot) {
            return Err("--connector bot and --token-stdin go together".into());
        }
        if self.token_stdin {
            return self.connect(context).await;
        }
        let demo = self.demo;
        let new = NewAccount {
            name: self.name.unwrap_or_default(),
            username: self.username,
            phone: self.phone,
            kind: match self.kind {
                Kind::Bot => AccountKind::Bot,
                Kind::User => AccountKind::User,
            },
            region: self.region.or_else(|| context.config().default_region.clone()),
            strict: self.strict,
        };
        let made = context.make(async move |hub| {
            let (account, token) = hub.add_account(Actor::Operator, new).await?;
            if !demo {
                return Ok((account, token));
            }
            hub.demo(account.id).await?;
            Ok((hub.account(account.id).await?, token))
        });
        let (account, token) = made.await?;
        context.answer(&Added { account: &account, token: Some(&token) }, || {
            format!("{}\n\nThe token is shown this once.", described(&account, Some(&token.token)))
        })
    }

    /// Connects a bot.
    async fn connect(self, context: &Context) -> Outcome {
        let mut token = String::new();
        io::stdin().lock().read_line(&mut token)?;
        let region = self.region.or_else(|| context.config().default_region.clone());
        let new = NewBot {
            token: token.trim().to_owned(),
            upstream: self.upstream,
            region,
            webhook: self.receive == Receive::Webhook,
        };
        let seal = secrets::find_or_make(context.config())?;
        let made = context.make_with(
            |hub| context.with_gateways(hub, seal),
            async move |hub| Ok(hub.connect_bot(Actor::Operator, new).await?),
        );
        let (account, token) = made.await?;
        if token.is_none() {
            // A token that the bot had before has ended.
            context.tokens_have_ended().await;
        }
        context.answer(&Added { account: &account, token: token.as_ref() }, || match &token {
            Some(token) => format!(
                "{}\n\nThe token is shown this once. The bot's own token opens the account, too.",
                described(&account, Some(&token.token))
            ),
            None => format!(
                "{}\n\nIt is connected again, and opened by the bot's own token and those that it had from this server.",
                described(&account, None)
            ),
        })
    }
}

async fn list(context: &Context) -> Outcome {
    let accounts = context.look(async |hub| Ok(hub.accounts().await?)).await?;
    context.answer(&accounts, || {
        if accounts.is_empty() {
            return "No accounts yet; `contactgram account add --name NAME` makes one.".to_owned();
        }
        let rows: Vec<[String; 7]> = accounts.iter().map(row).collect();
        output::table(["ID", "NAME", "USERNAME", "KIND", "CONTACTS", "MESSAGES", "CREATED"], &rows)
    })
}

fn row(account: &AccountView) -> [String; 7] {
    [
        account.id.to_string(),
        account.name.clone(),
        account.username.as_ref().map(|name| format!("@{name}")).unwrap_or_default(),
        kind(account.kind).to_owned(),
        account.contacts.to_string(),
        account.messages.to_string(),
        times::distance(account.created_at, context::now()),
    ]
}

async fn show(context: &Context, named: &str) -> Outcome {
    let shown = context.look(async |hub| Ok(hub.account(named::account(hub, named).await?).await?)).await?;
    context.answer(&shown, || described(&shown, None))
}

async fn remove(context: &Context, named: &str, yes: bool) -> Outcome {
    let found = context.look(async |hub| Ok(hub.account(named::account(hub, named).await?).await?)).await?;
    if !yes && !confirmed(&found)? {
        return Err("nothing was removed".into());
    }
    context.change(async move |hub| Ok(hub.remove_account(Actor::Operator, found.id).await?)).await?;
    context.tokens_have_ended().await;
    let id = found.id;
    context.answer(&serde_json::json!({ "id": id, "removed": true }), || format!("Account {id} is removed."))
}

fn confirmed(account: &AccountView) -> Outcome<bool> {
    if !io::stdin().is_terminal() {
        return Err("removing an account needs --yes where nobody can be asked".into());
    }
    let holds =
        format!("{} and {}", counted(account.contacts, "contact"), counted(account.messages, "message"));
    let name = output::printable(&account.name);
    eprint!("Remove account {} ({name}) with {holds}? Type yes: ", account.id);
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim().eq_ignore_ascii_case("yes"))
}

/// An account for people, with its token if it is new.
pub fn described(account: &AccountView, token: Option<&str>) -> String {
    output::fields(&[
        ("id", Some(account.id.to_string())),
        ("name", Some(account.name.clone())),
        ("username", account.username.as_ref().map(|name| format!("@{name}"))),
        ("phone", account.phone_number.clone()),
        ("kind", Some(kind(account.kind).to_owned())),
        ("connector", Some(account.connector.to_owned())),
        ("upstream", account.upstream.clone()),
        ("stopped", account.stopped.clone()),
        ("region", account.region.clone()),
        ("strict", account.strict.then(|| "yes".to_owned())),
        ("contacts", Some(account.contacts.to_string())),
        ("messages", Some(account.messages.to_string())),
        ("pending updates", Some(account.pending_updates.to_string())),
        ("created", Some(times::date_and_distance(account.created_at, context::now()))),
        ("token", token.map(str::to_owned)),
    ])
}

fn kind(kind: AccountKind) -> &'static str {
    match kind {
        AccountKind::Bot => "bot",
        AccountKind::User => "user",
    }
}
