//! `contactgram audit export`: all entries that are asked for, the newest first, as JSON Lines or CSV. A cell that a
//! spreadsheet would take for a formula begins with an apostrophe.

use clap::{Args, ValueEnum};
use contactgram_hub::AuditView;
use contactgram_model::Actor;

use super::{PAGE, Which};
use crate::cli::context::Context;
use crate::failure::Outcome;
use crate::output;

#[derive(Args)]
pub struct Export {
    #[command(flatten)]
    which: Which,
    /// How entries are written
    #[arg(long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One JSON object a line
    Jsonl,
    /// Comma-separated values, with a line of headings
    Csv,
}

impl Export {
    pub(super) async fn run(self, context: &Context) -> Outcome {
        let mut query = self.which.query(PAGE)?;
        if self.format == Format::Csv {
            output::say(AuditView::COLUMNS);
        }
        let reading = context.change(async move |hub| {
            let account = self.which.account(hub).await?;
            // Written down first: who takes the log can't take the entry that says so away.
            hub.audit_is_exported(Actor::Operator, account).await?;
            loop {
                let page = hub.audit_as(Actor::Operator, account, query.clone()).await?;
                for entry in &page.entries {
                    match self.format {
                        Format::Jsonl => output::say_json(entry)?,
                        Format::Csv => output::say(entry.csv()),
                    }
                }
                match page.next_cursor {
                    Some(cursor) => query.cursor = Some(cursor),
                    None => return Ok(()),
                }
            }
        });
        reading.await
    }
}
