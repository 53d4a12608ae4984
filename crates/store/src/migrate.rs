//! The list of schema changes and the decision what comes next. The files are
//! `migrations/NNN_name.{sqlite,postgres}.sql`, embedded in the program; each engine applies them in its own
//! way and records them in `schema_migrations`. A shipped migration never changes.

use contactgram_model::hex;
use include_dir::{Dir, include_dir};
use sha2::{Digest, Sha256};

use crate::{Dialect, R, Sql, StoreError};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/migrations");

/// Understood by both engines.
pub(crate) const CREATE_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migrations (
    version BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    checksum TEXT NOT NULL,
    applied_at TEXT NOT NULL
)";
pub(crate) static SELECT_APPLIED: Sql =
    Sql::new("SELECT version, name, checksum FROM schema_migrations ORDER BY version");
pub(crate) static RECORD: Sql = Sql::new(
    "INSERT INTO schema_migrations (version, name, checksum, applied_at)
     VALUES ($1, $2, $3, CAST(CURRENT_TIMESTAMP AS TEXT))",
);

/// One step of the schema, in both dialects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    /// 1, 2, 3, … without gaps.
    pub version: i64,
    pub name: &'static str,
    pub sqlite: &'static str,
    pub postgres: &'static str,
}

impl Migration {
    pub fn text(&self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Sqlite => self.sqlite,
            Dialect::Postgres => self.postgres,
        }
    }

    /// SHA-256 of the text, in hexadecimal.
    pub fn checksum(&self, dialect: Dialect) -> String {
        hex::encode(&Sha256::digest(self.text(dialect)))
    }
}

/// A row of `schema_migrations`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    pub version: i64,
    pub name: String,
    /// [`Migration::checksum`] of the text that was applied.
    pub checksum: String,
}

/// All migrations of this program, oldest first. [`StoreError::Rule`] when the files are not a series
/// 1, 2, 3, … with both dialects each; a test keeps that from being shipped.
pub fn list() -> R<Vec<Migration>> {
    let mut files = Vec::new();
    for file in FILES.files() {
        let name = file.path().to_str().unwrap_or_default();
        let text = file.contents_utf8().ok_or_else(|| StoreError::Rule(format!("{name} is not UTF-8")))?;
        files.push((name, text));
    }
    series(files)
}

/// What to apply next; `None` when the schema is up to date.
pub(crate) fn next<'m>(
    known: &'m [Migration],
    applied: &[Applied],
    dialect: Dialect,
) -> R<Option<&'m Migration>> {
    let newest = known.last().map_or(0, |migration| migration.version);
    if let Some(newer) = applied.iter().map(|row| row.version).max().filter(|&version| version > newest) {
        return Err(StoreError::Newer { found: newer, known: newest });
    }
    for migration in known {
        let Some(row) = applied.iter().find(|row| row.version == migration.version) else {
            return Ok(Some(migration));
        };
        if row.checksum != migration.checksum(dialect) {
            return Err(StoreError::Changed { version: row.version, name: row.name.clone() });
        }
    }
    Ok(None)
}

/// Pairs `NNN_name.sqlite.sql` with `NNN_name.postgres.sql`; files with another ending are left aside.
fn series(mut files: Vec<(&'static str, &'static str)>) -> R<Vec<Migration>> {
    files.sort_unstable();
    let mut migrations: Vec<Migration> = Vec::new();
    for &(file, sqlite) in &files {
        let Some(stem) = file.strip_suffix(".sqlite.sql") else { continue };
        let twin = format!("{stem}.postgres.sql");
        let postgres = files.iter().find(|(name, _)| *name == twin);
        let (_, postgres) = postgres.ok_or_else(|| StoreError::Rule(format!("{twin} is missing")))?;
        let numbered = stem.split_once('_').and_then(|(n, name)| Some((n.parse::<i64>().ok()?, name)));
        let (version, name) = numbered.ok_or_else(|| StoreError::Rule(format!("{file} has no number")))?;
        migrations.push(Migration { version, name, sqlite, postgres });
    }
    migrations.sort_by_key(|migration| migration.version);
    let in_order = migrations.iter().zip(1..).all(|(migration, n)| migration.version == n);
    let lonely = files.iter().filter(|(name, _)| name.ends_with(".postgres.sql")).count();
    if !in_order || lonely != migrations.len() {
        return Err(StoreError::Rule("migrations must be numbered 1, 2, 3, … in both dialects".to_owned()));
    }
    Ok(migrations)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [Migration; 2] = [
        Migration { version: 1, name: "a", sqlite: "A", postgres: "PA" },
        Migration { version: 2, name: "b", sqlite: "B", postgres: "PB" },
    ];

    fn applied(n: usize) -> Vec<Applied> {
        let row = |m: &Migration| Applied {
            version: m.version,
            name: m.name.to_owned(),
            checksum: m.checksum(Dialect::Sqlite),
        };
        KNOWN[..n].iter().map(row).collect()
    }

    #[test]
    fn the_files_shipped_are_a_series_in_both_dialects() {
        let versions: Vec<i64> = list().unwrap().iter().map(|migration| migration.version).collect();
        assert_eq!(versions, (1..=versions.len() as i64).collect::<Vec<_>>());
    }

    #[test]
    fn migrations_follow_each_other() {
        let next = |n| next(&KNOWN, &applied(n), Dialect::Sqlite).unwrap().map(|m| m.version);
        assert_eq!([next(0), next(1), next(2)], [Some(1), Some(2), None]);
    }

    #[test]
    fn newer_data_and_changed_texts_are_refused() {
        let newer = next(&KNOWN[..1], &applied(2), Dialect::Sqlite);
        assert_eq!(newer, Err(StoreError::Newer { found: 2, known: 1 }));
        let changed = next(&KNOWN, &applied(1), Dialect::Postgres);
        assert_eq!(changed, Err(StoreError::Changed { version: 1, name: "a".to_owned() }));
    }

    #[test]
    fn a_gap_or_a_missing_dialect_is_refused() {
        let both = |stem: &str| {
            let (a, b): (&str, &str) =
                (format!("{stem}.sqlite.sql").leak(), format!("{stem}.postgres.sql").leak());
            [(a, ""), (b, "")]
        };
        assert_eq!(series([both("001_a"), both("002_b")].concat()).unwrap()[1].name, "b");
        assert!(series([both("001_a"), both("003_b")].concat()).is_err());
        assert!(series(both("001_a")[..1].to_vec()).is_err());
        assert!(series(both("001_a")[1..].to_vec()).is_err());
    }
}
