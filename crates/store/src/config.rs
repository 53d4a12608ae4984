//! Where the data lives and how much the store may take: given once, to [`Store::open`](crate::Store).
//! It reads no environment.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::StoreError;

/// The database.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A file, created with its folder if missing (0600 and 0700).
    Sqlite { path: PathBuf },
    /// A `postgres://` URL or a `key=value` connection string.
    Postgres { url: String },
}

impl FromStr for Location {
    type Err = StoreError;

    /// `postgres://…` and `postgresql://…` are PostgreSQL; `sqlite:PATH` and a plain path are a file.
    fn from_str(text: &str) -> Result<Self, StoreError> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Location::Postgres { url: text.to_owned() });
        }
        let path = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:")).unwrap_or(text);
        if path.is_empty() || path.contains("://") {
            return Err(StoreError::Unsafe(
                "the database must be a file path, `sqlite:PATH` or a `postgres://` URL".to_owned(),
            ));
        }
        Ok(Location::Sqlite { path: path.into() })
    }
}

impl std::fmt::Debug for Location {
    /// The URL may carry a password, so it is not shown.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Location::Sqlite { path } => write!(f, "Sqlite({})", path.display()),
            Location::Postgres { .. } => f.write_str("Postgres(…)"),
        }
    }
}

/// Limits of one store. The defaults suit a small machine.
#[derive(Debug, Clone)]
pub struct Options {
    /// PostgreSQL connections for point reads, 1 or more. As many more write, but at most 4.
    pub pool: usize,
    /// Long reads at a time, each with a connection of its own, 1 or more.
    pub scans: usize,
    /// Writes that may wait for a writer, 1 or more. Those beyond are refused at once.
    pub queue: usize,
    /// Callers that may wait for a connection, and as many for a scan. Those beyond are refused at once.
    pub waiting: usize,
    /// How long a caller waits for a connection or a scan.
    pub wait: Duration,
    /// How long a statement waits for a lock that another process or transaction holds.
    pub lock_wait: Duration,
    /// The longest a PostgreSQL statement may run outside `scan`.
    pub statement_limit: Duration,
    /// Page cache of the SQLite writer in KiB; each reader gets a quarter.
    pub cache_kib: u32,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            pool: 16,
            scans: 3,
            queue: 4096,
            // Where a list takes 2 ms, the last of them waits for a sixth of a second.
            waiting: 256,
            wait: Duration::from_secs(2),
            lock_wait: Duration::from_secs(5),
            statement_limit: Duration::from_secs(30),
            cache_kib: 8 * 1024,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Location;

    #[test]
    fn a_location_is_told_by_its_scheme() {
        assert_eq!("a/b.db".parse(), Ok(Location::Sqlite { path: "a/b.db".into() }));
        assert_eq!("sqlite:/x.db".parse(), Ok(Location::Sqlite { path: "/x.db".into() }));
        let url = "postgres://u:secret@h/db";
        assert_eq!(url.parse(), Ok(Location::Postgres { url: url.into() }));
        assert!("mysql://h/db".parse::<Location>().is_err());
        assert!("".parse::<Location>().is_err());
    }

    #[test]
    fn debug_output_hides_the_password() {
        let location: Location = "postgres://u:secret@h/db".parse().unwrap();
        assert!(!format!("{location:?}").contains("secret"));
    }
}
