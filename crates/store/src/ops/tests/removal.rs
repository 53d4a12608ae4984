//! A removed account leaves no row of its own in any table there is, nor a word in the search indexes, and
//! takes nothing of another account along. Tables are asked of the database, so that new ones are seen.

use super::search::index_all;
use super::{ANN, BEN, NOW, fill, read, scan, write};
use crate::ops::{accounts, groups};
use crate::{Dialect, R, Sql, Store, Tx, each_store, intern, p};
use contactgram_model::{MemberStatus, UserId};
use std::collections::BTreeMap;

static LITE: Sql = Sql::new(
    "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' \
     AND m.sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY 1, 2",
);
static POSTGRES: Sql = Sql::new(
    "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT) FROM information_schema.columns \
     WHERE table_schema = 'public' ORDER BY 1, 2",
);
/// Tables of the server as a whole, and the audit log, which nothing removes.
const SHARED: [&str; 11] = [
    "access_links",
    "access_members",
    "access_sessions",
    "audit",
    "audit_heads",
    "file_pieces",
    "files",
    "group_chats",
    "schema_migrations",
    "search_marks",
    "settings",
];

/// For each table that holds accounts' rows, the column that says whose they are.
fn owned(tx: &mut dyn Tx) -> R<BTreeMap<String, &'static str>> {
    let sql = if tx.dialect() == Dialect::Sqlite { &LITE } else { &POSTGRES };
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (table, column) in tx.all(sql, p![], |row| Ok((row.string(0)?, row.string(1)?)))? {
        let index = table.starts_with("contact_search_") || table.starts_with("message_search_");
        if !index && !SHARED.contains(&table.as_str()) {
            tables.entry(table).or_default().push(column);
        }
    }
    let owner = |table: &String, columns: &[String]| {
        let owners: &[&str] = match table.as_str() {
            "users" => &["id"],
            "members" => &["user_id"],
            _ => &["account_id"],
        };
        let found = owners.iter().copied().find(|owner| columns.iter().any(|column| column == owner));
        found.unwrap_or_else(|| panic!("whose are the rows of {table}?"))
    };
    Ok(tables.iter().map(|(table, columns)| (table.clone(), owner(table, columns))).collect())
}

/// Rows of an account in each table.
fn census(tx: &mut dyn Tx, account: UserId) -> R<BTreeMap<String, i64>> {
    let mut rows = BTreeMap::new();
    for (table, owner) in owned(tx)? {
        let sql = intern(format!("SELECT count(*) FROM {table} WHERE {owner} = $1"));
        rows.insert(table, tx.one(sql, p![account], |row| row.int(0))?);
    }
    Ok(rows)
}

/// Documents in SQLite's indexes, and those that hold a gram. PostgreSQL's are columns of the rows.
fn indexed(tx: &mut dyn Tx, gram: &str) -> R<(i64, i64)> {
    if tx.dialect() == Dialect::Postgres {
        return Ok((0, 0));
    }
    let (mut documents, mut hits) = (0, 0);
    for table in ["contact_search", "message_search"] {
        let all = intern(format!("SELECT count(*) FROM {table}"));
        documents += tx.one(all, p![], |row| row.int(0))?;
        let with = intern(format!("SELECT count(*) FROM {table} WHERE {table} MATCH $1"));
        hits += tx.one(with, p![format!("\"{gram}\"")], |row| row.int(0))?;
    }
    Ok((documents, hits))
}

each_store! {
    async fn a_removed_account_leaves_nothing_and_takes_nothing_along(store: Store) {
        write(&store, |tx| {
            fill::account(tx, ANN, "first", 7)?;
            fill::account(tx, BEN, "second", 8)?;
            index_all(tx)
        })
        .await;
        let (ann, ben) = scan(&store, |tx| Ok((census(tx, ANN)?, census(tx, BEN)?))).await;
        assert_eq!(ann, ben);
        for (table, rows) in &ann {
            assert!(*rows > 0, "the test puts nothing into {table}");
        }
        let lite = store.dialect() == Dialect::Sqlite;
        let wanted = if lite { (10, 5) } else { (0, 0) };
        assert_eq!(scan(&store, |tx| indexed(tx, "fir")).await, wanted);

        write(&store, |tx| accounts::remove(tx, ANN)).await;
        let (ann, after) = scan(&store, |tx| Ok((census(tx, ANN)?, census(tx, BEN)?))).await;
        for (table, rows) in &ann {
            assert_eq!(*rows, 0, "left in {table}");
        }
        assert_eq!(after, ben, "the other account keeps all");
        assert_eq!(scan(&store, |tx| indexed(tx, "fir")).await, if lite { (5, 0) } else { (0, 0) });
        assert_eq!(scan(&store, |tx| indexed(tx, "sec")).await, if lite { (5, 5) } else { (0, 0) });
        let members = read(&store, |tx| groups::members(tx, fill::GROUP)).await;
        assert_eq!(members, [(BEN, MemberStatus::Member)]);
    }

    async fn an_id_that_comes_back_begins_anew(store: Store) {
        write(&store, |tx| fill::account(tx, ANN, "first", 7)).await;
        let before = scan(&store, |tx| census(tx, ANN)).await;
        write(&store, |tx| {
            accounts::remove(tx, ANN)?;
            fill::account(tx, ANN, "again", 7)
        })
        .await;
        assert_eq!(scan(&store, |tx| census(tx, ANN)).await, before);
        let account = read(&store, |tx| accounts::get(tx, ANN)).await;
        assert_eq!(account.map(|account| account.created_at), Some(NOW));
    }

    async fn removing_nobody_removes_nothing(store: Store) {
        write(&store, |tx| fill::account(tx, ANN, "first", 7)).await;
        let before = scan(&store, |tx| census(tx, ANN)).await;
        write(&store, |tx| accounts::remove(tx, UserId(1))).await;
        assert_eq!(scan(&store, |tx| census(tx, ANN)).await, before);
    }
}
