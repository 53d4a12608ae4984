//! The configuration file. The input is its text.

use crate::config::{Config, effective, load};
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();

pub fn run(input: &[u8]) {
    match load_text(input) {
        Ok((config, written)) => {
            let again = load_text(written.as_bytes()).map(|(config, _)| config);
            let again = again.expect("what is in force can be written down");
            // Secrets are hidden in what is written.
            if config.admin_token.is_none() && config.store.is_none() {
                assert!(again == config, "{written}");
            }
        }
        Err(sentence) => {
            assert_eq!(sentence.lines().count(), 1, "one line: {sentence}");
            assert!(sentence.starts_with("c.toml"), "it names the file: {sentence}");
        }
    }
}

fn load_text(text: &[u8]) -> Result<(Config, String), String> {
    let folder = FOLDER.get_or_init(|| {
        tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a temporary folder")
    });
    let path: PathBuf = folder.path().join(format!("c{}.toml", std::process::id()));
    fs::write(&path, text).expect("the file is written");
    let shown = path.display().to_string();
    let loaded = load(&[], Some(path)).map_err(|error| error.replacen(&shown, "c.toml", 1))?;
    let written = effective(&loaded);
    Ok((loaded.config, written))
}
