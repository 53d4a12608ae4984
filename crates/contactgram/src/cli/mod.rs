//! The command line: what can be typed, and which file does it. Called by `main`. Each command opens the
//! store itself, so that it works beside a running server.

mod account;
mod admin_token;
mod app;
mod audit;
mod backup;
mod completions;
mod config;
mod contacts;
pub mod context;
mod doctor;
mod group;
mod health;
mod key;
mod man;
mod member;
mod named;
mod people;
mod serve;
mod token;

use std::path::PathBuf;

use clap::{Args, CommandFactory as _, Parser, Subcommand};

use crate::config::{self as settings, Flag};
use crate::failure::Outcome;
use crate::telemetry;
use context::Context;

const EXAMPLES: &str = "\
Examples:
  contactgram                                  start the server on 127.0.0.1:8081
  contactgram serve --listen 0.0.0.0:8081 --data /var/lib/contactgram
  contactgram account add --name Shop          make an account and print its token
  contactgram token add @shop_bot --label ci --expires 30d
  contactgram key add --account @shop_bot --scope contacts:read
  contactgram member add ann@example.org --role agent --account @shop_bot
  contactgram contacts import phone.vcf --account @shop_bot
  contactgram people add --first-name Ann --phone +447700900123
  contactgram people write 5 --to @shop_bot --text 'Hello'
  contactgram config > contactgram.toml        write the annotated defaults
  contactgram doctor                           say what works and what does not

Settings come from flags, variables (CONTACTGRAM_LISTEN=…), the file and the defaults, in this order.";

/// A self-hosted, unofficial Telegram Contact API.
#[derive(Parser)]
#[command(name = "contactgram", version = env!("CONTACTGRAM_VERSION"), after_help = EXAMPLES, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Args)]
#[command(next_help_heading = "Common options")]
struct Globals {
    /// Folder of the data file [default: contactgram-data]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<String>,
    /// Another database: postgres://… or a file
    #[arg(long, global = true, value_name = "URL")]
    store: Option<String>,
    /// Configuration file [default: contactgram.toml in the data folder, here, or in /etc/contactgram]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Any setting, as `contactgram config` lists them; may be repeated
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Answer in JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API (also without any command)
    Serve(serve::Serve),
    /// Make, list and remove accounts
    #[command(subcommand)]
    Account(account::Account),
    /// Make, list and revoke the tokens of an account
    #[command(subcommand)]
    Token(token::Token),
    /// Make, list and revoke API keys, which may do less than a token
    #[command(subcommand)]
    Key(key::Key),
    /// Register applications that use OAuth2, and see what they are allowed
    #[command(subcommand)]
    App(app::App),
    /// Make the members who sign in, and say what they may do
    #[command(subcommand)]
    Member(member::Member),
    /// Bring an account's contacts in from a file, or out into one
    #[command(subcommand)]
    Contacts(contacts::Contacts),
    /// Read the audit log, and check that it is as it was written
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Make people, and act as them
    #[command(subcommand)]
    People(people::People),
    /// Make groups, and change their members
    #[command(subcommand)]
    Group(group::Group),
    /// Make a new admin token; the old one stops working
    AdminToken,
    /// Copy all data into one file, beside a running server
    Backup(backup::Backup),
    /// Bring data back from such a file, where there are none
    Restore(backup::Restore),
    /// Check the data, its folder and the listen address
    Doctor,
    /// Ask a running server whether it can serve: for containers and supervisors
    Health,
    /// Print the annotated default configuration
    Config(config::Config),
    /// Print shell completions
    Completions(completions::Completions),
    /// Write the manual pages into a folder
    Man(man::Man),
}

/// Does what the arguments say.
///
/// # Errors
/// The sentence to end with. Wrong usage ends the process here, with code 2.
pub fn run() -> Outcome {
    let cli = Cli::parse();
    let command = cli.command.unwrap_or_else(|| Command::Serve(serve::Serve::default()));
    match command {
        // These work without a sound configuration.
        Command::Completions(wanted) => {
            wanted.run(Cli::command());
            return Ok(());
        }
        Command::Man(wanted) => return wanted.run(Cli::command()),
        Command::Config(wanted) if !wanted.reads() => {
            wanted.print_template();
            return Ok(());
        }
        _ => {}
    }
    let mut flags = cli.globals.flags()?;
    if let Command::Serve(serve) = &command {
        flags.extend(serve.flags());
    }
    let loaded = settings::load(&flags, cli.globals.config)?;
    let is_server = matches!(command, Command::Serve(_));
    // A command's answer is its output; logs only disturb it, unless somebody asked for them.
    let quiet = !is_server && !loaded.is_given("log");
    let directives = if quiet { "warn" } else { &loaded.config.log };
    telemetry::start(directives, loaded.config.log_format)?;
    let context = Context { loaded, json: cli.globals.json };
    if is_server {
        return serve::run(context);
    }
    context::block_on(async move {
        match command {
            Command::Account(command) => command.run(&context).await,
            Command::Token(command) => command.run(&context).await,
            Command::Key(command) => command.run(&context).await,
            Command::App(command) => command.run(&context).await,
            Command::Member(command) => command.run(&context).await,
            Command::Contacts(command) => command.run(&context).await,
            Command::Audit(command) => command.run(&context).await,
            Command::People(command) => command.run(&context).await,
            Command::Group(command) => command.run(&context).await,
            Command::AdminToken => admin_token::run(&context).await,
            Command::Backup(wanted) => wanted.run(&context).await,
            Command::Restore(wanted) => wanted.run(&context).await,
            Command::Doctor => doctor::run(&context).await,
            Command::Health => health::run(&context).await,
            Command::Config(wanted) => {
                wanted.print_effective(&context);
                Ok(())
            }
            Command::Serve(_) | Command::Completions(_) | Command::Man(_) => Ok(()),
        }
    })
}

impl Globals {
    fn flags(&self) -> Outcome<Vec<Flag>> {
        let mut flags = Vec::new();
        for pair in &self.set {
            let (key, value) =
                pair.split_once('=').ok_or("--set takes KEY=VALUE, such as --set drain_s=5")?;
            flags.push(Flag {
                key: key.trim().to_owned(),
                value: value.to_owned(),
                name: format!("--set {key}"),
            });
        }
        flags.extend(flag("data", &self.data));
        flags.extend(flag("store", &self.store));
        Ok(flags)
    }
}

/// The flag of a setting, if it was given.
fn flag(key: &str, value: &Option<String>) -> Option<Flag> {
    let name = format!("--{}", key.replace('_', "-"));
    value.as_ref().map(|value| Flag { key: key.to_owned(), value: value.clone(), name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn common_options_may_stand_before_and_after_the_command() {
        for line in ["contactgram --data d --json account list", "contactgram account list --data d --json"] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            assert_eq!((cli.globals.data.as_deref(), cli.globals.json), (Some("d"), true), "{line}");
        }
        let cli = Cli::try_parse_from(["contactgram"]).unwrap();
        assert!(cli.command.is_none() && cli.globals.flags().unwrap().is_empty());
    }

    #[test]
    fn no_command_takes_a_common_option_for_something_else() {
        fn check(command: &clap::Command, common: &[String], depth: usize) {
            for argument in command.get_arguments().filter(|_| depth > 0) {
                let long = argument.get_long().unwrap_or_default();
                assert!(!common.iter().any(|name| name == long), "{}: --{long}", command.get_name());
            }
            command.get_subcommands().for_each(|below| check(below, common, depth + 1));
        }
        let command = Cli::command();
        let common = command.get_arguments().filter_map(|argument| argument.get_long().map(str::to_owned));
        check(&command, &common.collect::<Vec<_>>(), 0);
    }

    #[test]
    fn every_command_group_shows_examples() {
        for command in Cli::command().get_subcommands() {
            if command.has_subcommands() {
                let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.contains("contactgram "), "{}", command.get_name());
            }
        }
    }
}
