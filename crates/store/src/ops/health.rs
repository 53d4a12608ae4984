//! What an engine says of itself: its version, how much room the data takes, and whether it is sound.
//! For `doctor`; nothing of the product depends on it.

use crate::{Dialect, R, Sql, Tx};

static LITE_VERSION: Sql = Sql::new("SELECT sqlite_version()");
static LITE_SIZE: Sql =
    Sql::new("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()");
static LITE_CHECK: Sql = Sql::new("SELECT quick_check FROM pragma_quick_check LIMIT 20");
static PG_VERSION: Sql = Sql::new("SELECT current_setting('server_version')");
static PG_SIZE: Sql = Sql::new("SELECT pg_database_size(current_database())");

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Engine and version.
    pub engine: String,
    /// Bytes of data.
    pub bytes: i64,
    /// What is broken, at most 20 lines. PostgreSQL checks its pages as it reads them and has no check of
    /// its own to run.
    pub faults: Vec<String>,
}

/// Looks at the engine. On SQLite it reads the whole file: seconds for gigabytes.
pub fn check(tx: &mut dyn Tx) -> R<Health> {
    match tx.dialect() {
        Dialect::Sqlite => {
            let version = tx.one(&LITE_VERSION, &[], |row| row.string(0))?;
            let mut faults = tx.all(&LITE_CHECK, &[], |row| row.string(0))?;
            faults.retain(|line| line != "ok");
            Ok(Health {
                engine: format!("SQLite {version}"),
                bytes: tx.one(&LITE_SIZE, &[], |row| row.int(0))?,
                faults,
            })
        }
        Dialect::Postgres => Ok(Health {
            engine: format!("PostgreSQL {}", tx.one(&PG_VERSION, &[], |row| row.string(0))?),
            bytes: tx.one(&PG_SIZE, &[], |row| row.int(0))?,
            faults: Vec::new(),
        }),
    }
}
