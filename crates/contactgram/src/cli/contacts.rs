//! `contactgram contacts …`: an account's contacts in from a file and out into one. Called by the command line. It streams
//! as the API does, and works beside a running server; what lines mean is the hub's business.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use contactgram_hub::{ExportQuery, Hub, ImportReport, ImportRequest, OnConflict};
use contactgram_wire::transfer::Format;

use super::context::Context;
use super::named;
use crate::failure::{Failure, Outcome};
use crate::output;

/// Bytes that are read at a time.
const PIECE: usize = 64 << 10;

#[derive(Subcommand)]
#[command(after_help = "\
Examples:
  contactgram contacts import phone.vcf --account @shop_bot --region GB --dry-run
  contactgram contacts import contacts.csv --account @shop_bot --on-conflict replace
  contactgram contacts export contacts.csv --account @shop_bot
  contactgram contacts export --account @shop_bot --label friends | jq .first_name")]
pub enum Contacts {
    /// Add and update contacts from a vCard, CSV or JSON Lines file
    Import(Import),
    /// Write contacts into a file, or to standard output
    Export(Export),
}

#[derive(Args)]
pub struct Import {
    /// The file; - for standard input
    file: PathBuf,
    /// Id, @username or name of the account
    #[arg(long)]
    account: String,
    /// What the file is written in [default: as its name ends]
    #[arg(long, value_enum)]
    format: Option<Written>,
    /// What becomes of contacts that are there
    #[arg(long, value_enum, default_value_t = Rule::Merge)]
    on_conflict: Rule,
    /// Country of numbers without a +, such as GB [default: the account's]
    #[arg(long, value_name = "COUNTRY")]
    region: Option<String>,
    /// Say what would come of it, and write nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Args)]
pub struct Export {
    /// The file to make; one that is there stays [default: standard output]
    file: Option<PathBuf>,
    /// Id, @username or name of the account
    #[arg(long)]
    account: String,
    /// What to write [default: as the file's name ends, or jsonl]
    #[arg(long, value_enum)]
    format: Option<Written>,
    /// Only contacts with this label
    #[arg(long)]
    label: Option<String>,
    /// Only contacts that these words find
    #[arg(long)]
    q: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Written {
    /// vCards
    Vcard,
    /// A table
    Csv,
    /// A JSON object a line
    Jsonl,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Rule {
    /// They are given what they lack
    Merge,
    /// They stay as they are
    Skip,
    /// What the file says takes the place of what there is
    Replace,
}

impl Contacts {
    /// Does it.
    pub async fn run(self, context: &Context) -> Outcome {
        match self {
            Contacts::Import(import) => import.run(context).await,
            Contacts::Export(export) => export.run(context).await,
        }
    }
}

impl Import {
    async fn run(self, context: &Context) -> Outcome {
        let format = chosen(self.format, Some(&self.file))
            .ok_or("the file's name doesn't say what is in it: give --format vcard, csv or jsonl")?;
        let mut file: Box<dyn Read + Send> = match self.file.to_str() {
            Some("-") => Box::new(io::stdin()),
            _ => Box::new(opened(&self.file, |path| File::open(path))?),
        };
        let request = ImportRequest {
            format,
            region: self.region,
            on_conflict: match self.on_conflict {
                Rule::Merge => OnConflict::Merge,
                Rule::Skip => OnConflict::Skip,
                Rule::Replace => OnConflict::Replace,
            },
            dry_run: self.dry_run,
        };
        let importing = context.change(async |hub| {
            let account = named::account(hub, &self.account).await?;
            let permit = hub.as_operator(account).await?.permit()?;
            let mut import = hub.import(permit, request, None).await?;
            let done = async {
                let mut piece = vec![0; PIECE];
                loop {
                    match file.read(&mut piece)? {
                        0 => return Ok(import.finish().await?),
                        some => import.push(piece.get(..some).unwrap_or_default()).await?,
                    }
                }
            };
            let done: Outcome<_> = done.await;
            if done.is_err() {
                import.break_off().await;
            }
            done
        });
        let report: ImportReport = serde_json::from_str(&importing.await?.result)?;
        context.answer(&report, || told(&report))
    }
}

impl Export {
    async fn run(self, context: &Context) -> Outcome {
        let format = chosen(self.format, self.file.as_deref()).unwrap_or(Format::Jsonl);
        let asked = ExportQuery { format, label: self.label, q: self.q };
        let exporting = context.change(async |hub| {
            // An account that isn't there leaves no file behind.
            let account = named::account(hub, &self.account).await?;
            let permit = hub.as_operator(account).await?.permit()?;
            match &self.file {
                Some(path) => {
                    written(hub, &permit, asked, opened(path, |path| File::create_new(path))?).await
                }
                None => written(hub, &permit, asked, io::stdout()).await,
            }
        });
        exporting.await
    }
}

async fn written(
    hub: &Hub,
    permit: &contactgram_hub::Permit<contactgram_hub::access::ContactsRead>,
    asked: ExportQuery,
    mut to: impl Write,
) -> Outcome {
    let mut export = hub.export(permit, asked).await?;
    while let Some(piece) = export.next().await? {
        match to.write_all(&piece) {
            // Who reads no further has enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            other => other?,
        }
    }
    Ok(to.flush()?)
}

fn chosen(format: Option<Written>, file: Option<&Path>) -> Option<Format> {
    match format {
        Some(Written::Vcard) => Some(Format::Vcard),
        Some(Written::Csv) => Some(Format::Csv),
        Some(Written::Jsonl) => Some(Format::Jsonl),
        None => Format::named(file?.extension()?.to_str()?),
    }
}

fn opened(path: &Path, open: impl FnOnce(&Path) -> io::Result<File>) -> Outcome<File> {
    open(path).map_err(|error| Failure::while_doing(path.display(), error))
}

fn told(report: &ImportReport) -> String {
    let ImportReport { added, updated, unchanged, refused, without_number, .. } = report;
    let would = if report.dry_run { "Nothing is written. It would be: " } else { "" };
    let mut text =
        format!("{would}{added} added, {updated} updated, {unchanged} unchanged, {refused} refused.");
    if *without_number > 0 {
        text += &format!("\nOf {without_number} no phone number could be read; perhaps --region helps.");
    }
    if !report.refusals.is_empty() {
        let rows: Vec<[String; 3]> = report
            .refusals
            .iter()
            .map(|line| [line.line.to_string(), line.field.clone().unwrap_or_default(), line.why.clone()])
            .collect();
        text += "\n\n";
        text += &output::table(["LINE", "FIELD", "WHY"], &rows);
    }
    if *refused > report.refusals.len() as u64 {
        text += &format!("\n… and {} more", refused - report.refusals.len() as u64);
    }
    text
}
