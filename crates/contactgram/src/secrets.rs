//! The key that secrets in the store are encrypted with: a file of its own, so that a copy of the data gives none of them
//! away. Made when a bot is connected first; read by the server and by the commands that need it. Never printed.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use contactgram_hub::{KEY_BYTES, Seal};
use contactgram_model::hex;

use crate::config::Config;
use crate::failure::{Failure, Outcome};

/// Where the key is.
pub fn place(config: &Config) -> PathBuf {
    config.secrets_key.clone().unwrap_or_else(|| config.data.join("secrets.key"))
}

/// The key, if it has been made.
///
/// # Errors
/// A file that is no key, or that others can read.
pub fn find(config: &Config) -> Outcome<Option<Seal>> {
    let place = place(config);
    match fs::read_to_string(&place) {
        Ok(text) => {
            private(&place)?;
            let key = hex::decode(text.trim());
            let key =
                key.ok_or_else(|| format!("{} holds no key: 64 hexadecimal digits", place.display()))?;
            Ok(Some(Seal::new(&key)))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::while_doing(place.display(), error)),
    }
}

/// The key, made now if there was none.
///
/// # Errors
/// As [`find`], and a folder that can't be written to.
pub fn find_or_make(config: &Config) -> Outcome<Seal> {
    if let Some(seal) = find(config)? {
        return Ok(seal);
    }
    let place = place(config);
    let why = |error: io::Error| Failure::while_doing(place.display(), error);
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder).map_err(why)?;
    }
    let mut key = [0_u8; KEY_BYTES];
    getrandom::fill(&mut key).map_err(|error| Failure::while_doing("no randomness", error))?;
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&place) {
        Ok(mut file) => {
            writeln!(file, "{}", hex::encode(&key)).and_then(|()| file.sync_all()).map_err(why)?;
            Ok(Seal::new(&key))
        }
        // Another process was first: its key counts.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            find(config)?.ok_or_else(|| format!("{} was there and is gone", place.display()).into())
        }
        Err(error) => Err(why(error)),
    }
}

fn private(place: &Path) -> Outcome {
    let mode = place.metadata()?.permissions().mode() & 0o777;
    match mode & 0o077 {
        0 => Ok(()),
        _ => Err(format!("others can read {}; `chmod 600` it", place.display()).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_for_nobody_else() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { data: folder.path().join("data"), ..Config::default() };
        assert!(find(&config).unwrap().is_none());
        find_or_make(&config).unwrap();
        let made = fs::read_to_string(place(&config)).unwrap();
        assert_eq!((made.len(), hex::decode::<KEY_BYTES>(made.trim()).is_some()), (65, true));
        find_or_make(&config).unwrap();
        assert_eq!(fs::read_to_string(place(&config)).unwrap(), made);
        fs::set_permissions(place(&config), fs::Permissions::from_mode(0o644)).unwrap();
        assert!(find(&config).unwrap_err().to_string().starts_with("others can read "));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("key");
        let config = Config { secrets_key: Some(at.clone()), ..Config::default() };
        for text in ["", "abc", &"g".repeat(64), &"é".repeat(32), &"a".repeat(66)] {
            fs::write(&at, text).unwrap();
            fs::set_permissions(&at, fs::Permissions::from_mode(0o600)).unwrap();
            let why = find(&config).unwrap_err().to_string();
            assert!(why.ends_with("holds no key: 64 hexadecimal digits"), "{why}");
        }
    }
}
