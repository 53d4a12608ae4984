//! Settings of the server as a whole that live with the data, such as the admin token's digest.

use crate::{R, Sql, Tx, p};

static GET: Sql = Sql::new("SELECT value FROM settings WHERE name = $1");
static PUT: Sql = Sql::new(
    "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
);

/// A setting's value.
pub fn get(tx: &mut dyn Tx, name: &str) -> R<Option<String>> {
    tx.opt(&GET, p![name], |row| row.string(0))
}

/// Sets a value.
pub fn put(tx: &mut dyn Tx, name: &str, value: &str) -> R<()> {
    tx.execute(&PUT, p![name, value]).map(drop)
}
