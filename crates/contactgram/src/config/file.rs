//! The configuration file as a source of settings: flat TOML. Called by `load`. Errors name file and line.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::value::Given;
use super::{Config, Loaded, Origin};

const NAME: &str = "contactgram.toml";
/// Of the installed program: one that was just built, or is tested, must not find the data of the one in service.
const SYSTEM: &str = "/etc/contactgram";
const INSTALLED: &str = "/usr";

/// Where this program looks for a file when none is named. `data` is the data folder, if something stronger than a file says
/// which; whoever does has another installation in mind than the system's.
pub fn places(data: Option<&Path>, program: Option<&Path>) -> Vec<PathBuf> {
    let own = data.map_or_else(|| Config::default().data, Path::to_owned);
    let mut places = vec![own.join(NAME), PathBuf::from(NAME)];
    if data.is_none() && program.is_some_and(|program| program.starts_with(INSTALLED)) {
        places.push(Path::new(SYSTEM).join(NAME));
    }
    places
}

/// The file to read: the one that was named, which must exist, or the first that is there.
///
/// # Errors
/// A named file that isn't there.
pub fn find(named: Option<PathBuf>, places: &[PathBuf]) -> Result<Option<PathBuf>, String> {
    if let Some(path) = named {
        let found = path.is_file();
        return found.then_some(Some(path.clone())).ok_or(format!("there is no file {}", path.display()));
    }
    Ok(places.iter().find(|path| path.is_file()).cloned())
}

/// Sets what the file says.
///
/// # Errors
/// A sentence with file and line.
pub fn apply(path: &Path, loaded: &mut Loaded) -> Result<(), String> {
    let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
        ErrorKind::InvalidData => format!("{} is not UTF-8", path.display()),
        ErrorKind::PermissionDenied => format!(
            "{} can't be read: run this as the server's user, or name another file or data folder",
            path.display()
        ),
        _ => format!("{} can't be read: {error}", path.display()),
    })?;
    let line = |at: usize| text[..at.min(text.len())].matches('\n').count() + 1;
    let table = DeTable::parse(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| line(span.start));
        format!("{}:{line}: {}", path.display(), error.message().replace('\n', ", "))
    })?;
    for (key, value) in table.get_ref() {
        let origin = Origin::File { path, line: line(key.span().start) };
        if matches!(value.get_ref(), DeValue::Table(_)) {
            let place = origin.place(key.get_ref());
            return Err(format!("{place}: settings have no sections, so `{}` can't be one", key.get_ref()));
        }
        loaded.set(key.get_ref(), &Given::Toml(value.get_ref()), origin)?;
    }
    Ok(())
}
