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

const HEADINGS: &str = "account_id,seq,at,actor_kind,actor_id,actor_label,action,target,details,hash";

impl Export {
    pub(super) async fn run(self, context: &Context) -> Outcome {
        let mut query = self.which.query(PAGE)?;
        if self.format == Format::Csv {
            output::say(HEADINGS);
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
                        Format::Csv => output::say(csv(entry)),
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

fn csv(entry: &AuditView) -> String {
    let numbers = |number: i64| number.to_string();
    [
        entry.account_id.map_or_else(String::new, |id| id.to_string()),
        numbers(entry.seq),
        numbers(entry.at),
        cell(&entry.actor.kind),
        numbers(entry.actor.id),
        cell(&entry.actor.label),
        cell(&entry.action),
        cell(&entry.target),
        cell(entry.details.get()),
        entry.hash.clone(),
    ]
    .join(",")
}

/// A text as RFC 4180 quotes it.
fn cell(text: &str) -> String {
    let formula = text.trim_start().starts_with(['=', '+', '-', '@', '\t', '\r', '|', '%']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    match text.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn a_cell_is_a_text_for_every_reader() {
        assert_eq!(cell("ann"), "ann");
        assert_eq!(cell(r#"{"name":"ann","x":1}"#), r#""{""name"":""ann"",""x"":1}""#);
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "  =1", "\t=1", "|calc"] {
            assert!(cell(formula).trim_start_matches('"').starts_with('\''), "{formula}");
        }
        assert_eq!(cell("=HYPERLINK(\"x\",1)"), "\"'=HYPERLINK(\"\"x\"\",1)\"");
    }
}
