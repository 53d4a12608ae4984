//! `contactgram man DIR`: the manual pages, one for each command, made of the definition of the command line. Packages ship
//! them. It reads nothing.

use std::path::PathBuf;

use clap::Args;

use crate::failure::{Failure, Outcome};

#[derive(Args)]
#[command(after_help = "\
Examples:
  contactgram man ~/.local/share/man/man1")]
pub struct Man {
    /// Folder to write them into, made when it is missing
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl Man {
    /// Writes the pages.
    pub fn run(&self, command: clap::Command) -> Outcome {
        let failed = |error| Failure::while_doing(self.folder.display(), error);
        std::fs::create_dir_all(&self.folder).map_err(failed)?;
        clap_mangen::generate_to(command, &self.folder).map_err(failed)
    }
}
