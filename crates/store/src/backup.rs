//! A backup of the whole database while it is in use, and a new database from one. Called by the commands. What has to
//! change in data that come back is not decided here: see the hub.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::postgres::dump;
use crate::sqlite::copy;
use crate::{Location, R, StoreError};

/// What a data file of SQLite begins with, and a backup of PostgreSQL.
const SQLITE: &[u8] = b"SQLite format 3\0";
const POSTGRES: &[u8] = b"PGDMP";

/// Writes the database as it is now into a new file, for its owner alone. A file that is there stays; one that could not be
/// finished is not left behind.
///
/// # Errors
/// [`StoreError::Unsafe`] when the file is there; what the engine says.
pub async fn save(location: &Location, to: &Path) -> R<()> {
    if to.exists() {
        return Err(StoreError::Unsafe(format!("{} is there already", to.display())));
    }
    let part = beside(to, ".part");
    // Made beforehand, so that nobody else can read it while it grows.
    make(&part).map_err(|error| said(&part, &error))?;
    let saved = match location {
        Location::Sqlite { path } => {
            let (path, part) = (path.clone(), part.clone());
            let saving = tokio::task::spawn_blocking(move || copy::save(&path, &part));
            saving.await.unwrap_or(Err(StoreError::Panic))
        }
        Location::Postgres { url } => dump::save(url, &part).await,
    };
    let saved = saved.and_then(|()| keep(&part, to).map_err(|error| said(to, &error)));
    if saved.is_err() {
        // What is left of it is of no use, and says nothing that the error doesn't.
        let _gone = fs::remove_file(&part);
    }
    saved
}

/// A database on its way back.
#[derive(Debug)]
pub struct Restoring {
    place: Location,
    end: Option<PathBuf>,
}

/// Begins to make a database from a backup, where there is none.
///
/// # Errors
/// [`StoreError::Unsafe`] when there is one, or when the file is no backup of this sort of database.
pub async fn load(from: &Path, location: &Location) -> R<Restoring> {
    let is = kind(from).map_err(|error| said(from, &error))?;
    match location {
        Location::Sqlite { path } => {
            expect(from, is, SQLITE, "of an embedded database")?;
            if path.exists() {
                return Err(StoreError::Unsafe(format!("there are data at {} already", path.display())));
            }
            let (from, part) = (from.to_owned(), beside(path, ".restoring"));
            let place = Location::Sqlite { path: part.clone() };
            let copying = tokio::task::spawn_blocking(move || {
                copy::check(&from)?;
                bring(&from, &part).map_err(|error| said(&part, &error))
            });
            copying.await.unwrap_or(Err(StoreError::Panic))?;
            Ok(Restoring { place, end: Some(path.clone()) })
        }
        Location::Postgres { url } => {
            expect(from, is, POSTGRES, "of PostgreSQL")?;
            dump::load(from, url).await?;
            Ok(Restoring { place: location.clone(), end: None })
        }
    }
}

impl Restoring {
    /// Where to open it, to change what has to be changed before it is used.
    pub fn place(&self) -> &Location {
        &self.place
    }

    /// Puts it in its place. Whoever opened it has closed it.
    ///
    /// # Errors
    /// What the file system says.
    pub fn finish(self) -> R<()> {
        match (self.place, self.end) {
            (Location::Sqlite { path }, Some(end)) => {
                // Closing it has moved all of it into the file; a log that is left would be lost with its name.
                if beside(&path, "-wal").exists() {
                    return Err(StoreError::Unsafe(format!("{} is still in use", path.display())));
                }
                keep(&path, &end).map_err(|error| said(&end, &error))
            }
            _ => Ok(()),
        }
    }
}

/// Which sort of database a file is a backup of.
fn kind(file: &Path) -> io::Result<Option<&'static [u8]>> {
    let mut begin = Vec::new();
    File::open(file)?.take(SQLITE.len() as u64).read_to_end(&mut begin)?;
    Ok([SQLITE, POSTGRES].into_iter().find(|mark| begin.starts_with(mark)))
}

fn expect(file: &Path, is: Option<&[u8]>, wanted: &[u8], of: &str) -> R<()> {
    if is == Some(wanted) {
        return Ok(());
    }
    Err(StoreError::Unsafe(format!("{} is no backup {of}", file.display())))
}

/// A file of this name with something behind it.
fn beside(path: &Path, behind: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(behind);
    name.into()
}

/// An empty file for its owner alone; what was there of an earlier try goes.
fn make(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Copies a file, on the disk.
fn bring(from: &Path, to: &Path) -> io::Result<()> {
    let mut copy = make(to)?;
    io::copy(&mut File::open(from)?, &mut copy)?;
    copy.sync_all()
}

/// Gives a file its name, on the disk.
fn keep(part: &Path, name: &Path) -> io::Result<()> {
    File::open(part)?.sync_all()?;
    // Never in the place of a file that came meanwhile.
    fs::hard_link(part, name)?;
    fs::remove_file(part)?;
    let folder = name.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

fn said(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Other(format!("{}: {error}", path.display()))
}
