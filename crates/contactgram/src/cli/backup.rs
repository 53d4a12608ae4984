//! `contactgram backup` and `contactgram restore`: all data into one file beside a running server, and back into an empty
//! place. Called by the command line. The key to bots' tokens is not in the file: whoever finds one alone can use neither.

use std::path::PathBuf;

use clap::Args;
use contactgram_store::backup;
use serde::Serialize;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::context::{Context, counted, shown};
use crate::failure::{Failure, Outcome};
use crate::{progress, secrets};

#[derive(Args)]
#[command(after_help = "\
Examples:
  contactgram backup /var/backups/contactgram-2026-11-23.db
  contactgram backup --store postgres://contactgram@localhost/contactgram contactgram.dump")]
pub struct Backup {
    /// The file to make; one that is there stays
    file: PathBuf,
}

#[derive(Args)]
#[command(after_help = "\
Examples:
  contactgram restore /var/backups/contactgram-2026-11-23.db --data /var/lib/contactgram")]
pub struct Restore {
    /// The file that `contactgram backup` made
    file: PathBuf,
}

/// What a backup is.
#[derive(Serialize)]
struct Made {
    file: String,
    bytes: u64,
    accounts: usize,
    /// Where the key is that the file has not.
    secrets_key: Option<String>,
}

impl Backup {
    /// Makes it.
    pub async fn run(self, context: &Context) -> Outcome {
        let accounts = context.change(async |hub| {
            // Before, so that it is in the backup as well.
            hub.note_backup().await?;
            Ok(hub.accounts().await?.len())
        });
        let accounts = accounts.await?;
        let location = context.config().location();
        let saving = progress::during("Copying the data", backup::save(&location, &self.file)).await;
        saving.map_err(|error| Failure::while_doing(self.file.display(), error))?;
        let key = secrets::find(context.config()).ok().flatten().map(|_| secrets::place(context.config()));
        let made = Made {
            file: self.file.display().to_string(),
            bytes: self.file.metadata()?.len(),
            accounts,
            secrets_key: key.map(|place| place.display().to_string()),
        };
        context.answer(&made, || {
            let mut text = format!(
                "{} of {} are in {}.",
                size(made.bytes),
                counted(made.accounts as i64, "account"),
                made.file
            );
            if let Some(key) = &made.secrets_key {
                text += &format!("\nThe key to bots' tokens is not: keep a copy of {key} in another place.");
            }
            text
        })
    }
}

impl Restore {
    /// Brings the data back.
    pub async fn run(self, context: &Context) -> Outcome {
        let location = context.config().location();
        let loading = progress::during("Copying the data", backup::load(&self.file, &location)).await;
        let restoring = loading.map_err(|error| Failure::while_doing(self.file.display(), error))?;
        let store = context.open_at(restoring.place()).await?;
        let settled = context.hub(store.clone(), CancellationToken::new()).settle_restored().await;
        store.close().await;
        let settled = settled?;
        restoring.finish().map_err(|error| Failure::while_doing(shown(&location), error))?;
        let found = context.look(async |hub| Ok(hub.accounts().await?)).await?;
        let bots = found.iter().filter(|account| account.upstream.is_some()).count();
        let key = secrets::find(context.config()).ok().flatten().is_some();
        let about = json!({
            "accounts": found.len(),
            "unknown": settled.unknown,
            "paused": settled.paused,
            "sessions": settled.sessions,
            "needs_key": bots > 0 && !key,
        });
        context.answer(&about, || {
            let mut lines = vec![format!(
                "{} {} back at {}.",
                counted(found.len() as i64, "account"),
                if found.len() == 1 { "is" } else { "are" },
                shown(&location)
            )];
            if settled.unknown > 0 {
                let sends = counted(settled.unknown as i64, "send");
                lines.push(format!("{sends} of the outbox may have gone out since, and stand as unknown."));
            }
            if settled.paused > 0 {
                let broadcasts = counted(settled.paused as i64, "broadcast");
                lines.push(format!("{broadcasts} under way then, and paused now."));
            }
            if bots > 0 && !key {
                let place = secrets::place(context.config());
                lines.push(format!("Bots need their key: put it back at {}.", place.display()));
            }
            lines.push(
                "Tokens and keys that were revoked since the backup are good again: revoke them once more."
                    .to_owned(),
            );
            lines.join("\n")
        })
    }
}

fn size(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
