//! The configuration as text: the annotated defaults, and what is in force with its sources. Called by the
//! command `config`. It never shows a secret.

use std::fmt::Write as _;

use super::settings::SETTINGS;
use super::{Loaded, env};

/// The annotated default configuration, which `load` takes back.
pub fn template() -> String {
    let mut text = String::from(
        "# Contactgram's configuration, with the defaults. Save it as contactgram.toml in the data folder or where\n\
         # the server is started, or name it with --config. Flags are stronger than variables (CONTACTGRAM_LISTEN\n\
         # for listen), and variables than this file.\n",
    );
    for setting in SETTINGS {
        text.push('\n');
        for line in setting.help.lines() {
            let _ = writeln!(text, "# {line}");
        }
        let hash = if setting.is_example { "#" } else { "" };
        let _ = writeln!(text, "{hash}{} = {}", setting.key, setting.sample);
    }
    text
}

/// What is in force and where it comes from, as TOML.
pub fn effective(loaded: &Loaded) -> String {
    let mut text = String::new();
    for setting in SETTINGS {
        let _ = match loaded.given.get(setting.key) {
            Some((_, origin)) if setting.secret => writeln!(text, "#{} = (hidden)  # {origin}", setting.key),
            Some((value, origin)) => writeln!(text, "{} = {value}  # {origin}", setting.key),
            None if setting.is_example => writeln!(text, "#{} is not set", setting.key),
            None => writeln!(text, "{} = {}  # default", setting.key, setting.sample),
        };
    }
    let _ = writeln!(text, "# Each setting has a variable, such as {}.", env::variable("listen"));
    text
}
