//! `contactgram audit …`: the audit log is listed, exported and verified, and its heads are printed to be kept
//! elsewhere. Nothing here changes an entry; an export is itself written down.

mod export;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use contactgram_hub::{AuditHead, AuditQuery, AuditView, BrokenChain, Hub};
use contactgram_model::{Action, Actor, UserId};
use serde_json::json;

use super::context::{Context, counted};
use super::named;
use crate::failure::{Failure, Outcome};
use crate::{output, progress, times};

/// Entries that are asked for at a time.
const PAGE: i64 = 1000;

#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  contactgram audit list --account @shop_bot --limit 20
  contactgram audit list --actor member:3 --action role.changed --from 2027-01-01
  contactgram audit export --format csv > audit.csv
  contactgram audit heads --json > heads.json
  contactgram audit verify --heads heads.json")]
pub enum Audit {
    /// List entries, the newest first
    List(List),
    /// Print all entries, the newest first, to be kept or read elsewhere
    Export(export::Export),
    /// Print where each log ends: kept elsewhere, that shows later whether one was cut or written anew
    Heads,
    /// Read every log and say which entry is not as it was written
    Verify {
        /// What `audit heads --json` printed before
        #[arg(long, value_name = "FILE")]
        heads: Option<PathBuf>,
    },
}

#[derive(Args)]
pub struct Which {
    /// The log of this account: id, @username or name [default: all logs]
    #[arg(long)]
    account: Option<String>,
    /// The server's own log
    #[arg(long, conflicts_with = "account")]
    server: bool,
    /// Written then or later: 2027-01-01 or Unix seconds
    #[arg(long, value_name = "WHEN")]
    from: Option<String>,
    /// Written before: 2027-01-01 or Unix seconds
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
    /// A kind of actor, such as operator, or one, such as member:3
    #[arg(long)]
    actor: Option<String>,
    /// Only this action, such as role.changed
    #[arg(long)]
    action: Option<Action>,
}

#[derive(Args)]
pub struct List {
    #[command(flatten)]
    which: Which,
    /// Entries at most
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=PAGE))]
    limit: i64,
}

impl Audit {
    /// Does it.
    pub async fn run(self, context: &Context) -> Outcome {
        match self {
            Audit::List(list) => list.run(context).await,
            Audit::Export(export) => export.run(context).await,
            Audit::Heads => heads(context).await,
            Audit::Verify { heads } => verify(context, heads).await,
        }
    }
}

impl Which {
    /// What is asked of the hub.
    fn query(&self, limit: i64) -> Outcome<AuditQuery> {
        let moment = |text: &Option<String>| text.as_deref().map(times::moment).transpose();
        Ok(AuditQuery {
            from: moment(&self.from)?,
            until: moment(&self.until)?,
            actor: self.actor.clone(),
            action: self.action.map(|action| action.name().to_owned()),
            limit,
            cursor: None,
        })
    }

    /// Whose log.
    async fn account(&self, hub: &Hub) -> Outcome<Option<UserId>> {
        match &self.account {
            // Also one that was removed: its log is still there.
            Some(named) => Ok(Some(match named.parse() {
                Ok(id) => UserId(id),
                Err(_) => named::account(hub, named).await?,
            })),
            None => Ok(self.server.then_some(UserId::EVERY_ACCOUNT)),
        }
    }
}

impl List {
    async fn run(self, context: &Context) -> Outcome {
        let query = self.which.query(self.limit)?;
        let reading = context.look(async move |hub| {
            let account = self.which.account(hub).await?;
            Ok(hub.audit_as(Actor::Operator, account, query).await?)
        });
        let page = reading.await?;
        context.answer(&page, || {
            let rows: Vec<[String; 6]> = page.entries.iter().map(row).collect();
            output::table(["WHEN", "LOG", "WHO", "WHAT", "TO", "MORE"], &rows)
        })
    }
}

fn row(entry: &AuditView) -> [String; 6] {
    [
        times::date(entry.at),
        log_of(entry),
        who(entry),
        entry.action.clone(),
        entry.target.clone(),
        if entry.details.get() == "{}" { String::new() } else { entry.details.get().to_owned() },
    ]
}

fn log_of(entry: &AuditView) -> String {
    entry.account_id.map_or_else(|| "server".to_owned(), |id| id.to_string())
}

fn who(entry: &AuditView) -> String {
    let actor = &entry.actor;
    if actor.label.is_empty() { actor.kind.clone() } else { actor.label.clone() }
}

async fn heads(context: &Context) -> Outcome {
    let heads: Vec<AuditHead> = context.look(async |hub| Ok(hub.audit_heads().await?)).await?;
    context.answer(&heads, || {
        let row = |head: &AuditHead| [name(head.account_id), head.seq.to_string(), head.hash.clone()];
        let rows: Vec<[String; 3]> = heads.iter().map(row).collect();
        output::table(["LOG", "ENTRIES", "HEAD"], &rows)
    })
}

async fn verify(context: &Context, file: Option<PathBuf>) -> Outcome {
    let kept = match file {
        Some(file) => read_heads(&file)?,
        None => Vec::new(),
    };
    let reading = context.look(async |hub| Ok(hub.verify_audit(&kept).await?));
    let (entries, broken) = progress::during("Reading the audit log", reading).await?;
    context.answer(&json!({ "ok": broken.is_empty(), "entries": entries, "broken": broken }), || {
        let found: Vec<String> = broken.iter().map(told).collect();
        match found.is_empty() {
            true => format!("{} as written.", counted(entries, "entry").replace("entrys", "entries")),
            false => found.join("\n"),
        }
    })?;
    match broken.len() {
        0 => Ok(()),
        logs => Err(format!("{} of the audit log broken", counted(logs as i64, "chain")).into()),
    }
}

fn read_heads(file: &std::path::Path) -> Outcome<Vec<AuditHead>> {
    let text = std::fs::read_to_string(file).map_err(|error| Failure::while_doing(file.display(), error))?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::while_doing(format!("{} has no heads", file.display()), error))
}

/// What is wrong with a chain, in a sentence.
pub fn told(broken: &BrokenChain) -> String {
    format!("log {}, entry {}: {}", name(broken.account_id), broken.seq, broken.why)
}

fn name(account: UserId) -> String {
    if account == UserId::EVERY_ACCOUNT { "server".to_owned() } else { account.to_string() }
}
