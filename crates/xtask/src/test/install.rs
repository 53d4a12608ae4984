//! What suites are built of besides cargo: Python's and Node's packages, kept under the target folder until the file that pins
//! them changes. Called by `compat` and `examples`. The system's own packages are the business of `packages`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run;

/// Installs what a `requirements.txt` pins into the environment `home`, and returns its Python.
pub fn venv(pins: &Path, home: &Path) -> Result<PathBuf, String> {
    let python = home.join("bin/python");
    once(home, &[pins], || {
        run::run(Command::new("python3").args(["-m", "venv"]).arg(home))?;
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
        run::run(Command::new(&python).args(pip).arg(pins))
    })?;
    Ok(python)
}

/// Installs what the `package-lock.json` in `folder` pins into `home`, and links it into the folder.
pub fn npm(folder: &Path, home: &Path) -> Result<(), String> {
    let pins = [folder.join("package-lock.json"), folder.join("package.json")];
    once(home, &[&pins[0], &pins[1]], || {
        fs::create_dir_all(home).map_err(|why| format!("{}: {why}", home.display()))?;
        for pin in &pins {
            let copy = home.join(pin.file_name().unwrap_or_default());
            fs::copy(pin, copy).map_err(|why| format!("{}: {why}", pin.display()))?;
        }
        run::run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(home))
    })?;
    link(&home.join("node_modules"), &folder.join("node_modules"))
}

/// Installs into `home` unless it holds an install made from exactly these pins.
/// The stamp is written last, so that an interrupted install is done again from the start.
fn once(home: &Path, pins: &[&Path], install: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    let mut wanted = String::new();
    for pin in pins {
        wanted += &fs::read_to_string(pin).map_err(|why| format!("{}: {why}", pin.display()))?;
    }
    // The pins themselves and not a hash of them: it is no larger than a few kilobytes, and can be read.
    let stamp = home.join(".xtask-pins");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    if home.exists() {
        fs::remove_dir_all(home).map_err(|why| format!("{}: {why}", home.display()))?;
    }
    install()?;
    fs::write(&stamp, wanted).map_err(|why| format!("{}: {why}", stamp.display()))
}

/// Points `link` at `to`. Node looks for packages beside the code that asks for them, hence a link in the tree.
fn link(to: &Path, link: &Path) -> Result<(), String> {
    if fs::read_link(link).is_ok_and(|current| current == to) {
        return Ok(());
    }
    if link.is_symlink() {
        fs::remove_file(link).map_err(|why| format!("{}: {why}", link.display()))?;
    }
    if link.exists() {
        return Ok(()); // Somebody's own `npm ci`: theirs to keep.
    }
    std::os::unix::fs::symlink(to, link).map_err(|why| format!("{}: {why}", link.display()))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn an_install_is_made_once_for_each_set_of_pins() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (home, pins) = (dir.path().join("home"), dir.path().join("pins.txt"));
        let made = Cell::new(0);
        let install = |fails: bool| {
            once(&home, &[&pins], || {
                made.set(made.get() + 1);
                fs::create_dir_all(&home).map_err(|why| why.to_string())?;
                if fails { Err("no network".to_owned()) } else { Ok(()) }
            })
        };
        fs::write(&pins, "a==1").expect("the pins are written");
        assert_eq!(install(true), Err("no network".to_owned()));
        assert_eq!((install(false), install(false), made.get()), (Ok(()), Ok(()), 2));
        fs::write(&pins, "a==2").expect("the pins are written");
        assert_eq!((install(false), made.get()), (Ok(()), 3));
    }

    #[test]
    fn a_link_is_renewed_and_a_folder_of_somebody_is_kept() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let [first, second, at] = ["first", "second", "at"].map(|name| dir.path().join(name));
        assert_eq!(link(&first, &at), Ok(()));
        assert_eq!(link(&second, &at), Ok(()));
        assert_eq!(fs::read_link(&at).ok(), Some(second));
        let own = dir.path().join("own");
        fs::create_dir(&own).expect("the folder is made");
        assert_eq!(link(&first, &own), Ok(()));
        assert!(!own.is_symlink());
    }
}
