//! `contactgram config`: the annotated defaults, or what is in force and why. It opens no store.

use clap::Args;

use super::context::Context;
use crate::config::{effective, template};
use crate::output;

#[derive(Args)]
#[command(after_help = "\
Examples:
  contactgram config > contactgram.toml
  contactgram config --effective --data /var/lib/contactgram")]
pub struct Config {
    /// Print what is in force instead, and where each value comes from
    #[arg(long)]
    effective: bool,
}

impl Config {
    /// Whether a sound configuration is needed.
    pub fn reads(&self) -> bool {
        self.effective
    }

    /// Prints the defaults.
    pub fn print_template(&self) {
        output::say(template().trim_end());
    }

    /// Prints what is in force.
    pub fn print_effective(&self, context: &Context) {
        output::say(effective(&context.loaded).trim_end());
    }
}
