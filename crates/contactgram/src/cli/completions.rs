//! `contactgram completions SHELL`: a script that completes commands and options. It reads nothing.

use clap::Args;
use clap_complete::Shell;

use crate::output;

#[derive(Args)]
#[command(after_help = "\
Examples:
  contactgram completions bash > ~/.local/share/bash-completion/completions/contactgram
  contactgram completions zsh > ~/.zfunc/_contactgram
  contactgram completions fish > ~/.config/fish/completions/contactgram.fish")]
pub struct Completions {
    /// Shell to make the script for
    shell: Shell,
}

impl Completions {
    /// Prints the script.
    pub fn run(&self, mut command: clap::Command) {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "contactgram", &mut script);
        output::say(String::from_utf8_lossy(&script).trim_end());
    }
}
