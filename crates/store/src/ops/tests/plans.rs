//! How SQLite finds its rows: every operation runs on a database of some thousand rows without ANALYZE, as
//! the server has it, and each of its statements is explained on the way. None may pass over a whole table
//! that grows, none but a list over all rows of an account, and no plain page may sort.

mod sample;

use crate::testing::sqlite_store;
use crate::{Dialect, Param, R, Row, Sql, StoreError, Tx, intern};
use std::collections::BTreeSet;

/// Tables that grow with use.
const GROWING: [&str; 28] = [
    "users",
    "contacts",
    "contact_labels",
    "contact_aliases",
    "contact_tombstones",
    "contact_label_tombstones",
    "messages",
    "message_files",
    "files",
    "file_pieces",
    "upstream_messages",
    "upstream_received",
    "chats",
    "members",
    "updates",
    "acknowledged",
    "deliveries",
    "dead_letters",
    "replays",
    "callback_queries",
    "idempotency",
    "outbox",
    "tokens",
    "oauth_apps",
    "oauth_grants",
    "oauth_families",
    "oauth_codes",
    "oauth_refresh",
];

/// Lets operations through and asks SQLite for the plan of each statement.
struct Explaining<'t> {
    tx: &'t mut dyn Tx,
    /// Statements with a line of their plan each.
    plans: BTreeSet<(String, String)>,
}

impl Explaining<'_> {
    fn explain(&mut self, sql: &'static Sql, params: &[Param<'_>]) -> R<()> {
        let text = sql.postgres()?;
        let asked = intern(format!("EXPLAIN QUERY PLAN {text}"));
        let plans = &mut self.plans;
        self.tx.query(asked, params, &mut |row| {
            plans.insert((text.to_owned(), row.string(3)?));
            Ok(())
        })
    }
}

impl Tx for Explaining<'_> {
    fn execute(&mut self, sql: &'static Sql, params: &[Param<'_>]) -> R<u64> {
        self.explain(sql, params)?;
        self.tx.execute(sql, params)
    }

    fn query(
        &mut self,
        sql: &'static Sql,
        params: &[Param<'_>],
        each: &mut dyn FnMut(&dyn Row) -> R<()>,
    ) -> R<()> {
        self.explain(sql, params)?;
        self.tx.query(sql, params, each)
    }

    fn broken(&self) -> Option<&StoreError> {
        self.tx.broken()
    }

    fn dialect(&self) -> Dialect {
        self.tx.dialect()
    }
}

/// The plans of what `f` does on the sample.
async fn plans(f: impl Fn(&mut dyn Tx) -> R<()> + Send + Copy + 'static) -> BTreeSet<(String, String)> {
    let folder = tempfile::tempdir().unwrap();
    let store = sqlite_store(folder.path()).await;
    let plans = store
        .write(1, move |tx| {
            sample::fill(tx)?;
            let mut explaining = Explaining { tx, plans: BTreeSet::new() };
            f(&mut explaining)?;
            Ok::<_, StoreError>(explaining.plans)
        })
        .await
        .unwrap();
    store.close().await;
    assert!(!plans.is_empty());
    plans
}

/// The growing table that a line of a plan goes over.
fn growing<'l>(line: &'l str, verb: &str) -> Option<&'l str> {
    let table = line.strip_prefix(verb)?.split(' ').next()?;
    GROWING.contains(&table).then_some(table)
}

fn scans(line: &str) -> bool {
    growing(line, "SCAN ").is_some()
}

/// Finds an account and then looks at all it has.
fn passes_an_account(line: &str) -> bool {
    growing(line, "SEARCH ").is_some() && (line.ends_with("(account_id=?)") || line.ends_with("(group_id=?)"))
}

fn sorts(line: &str) -> bool {
    line.contains("TEMP B-TREE")
}

/// Fails with all the lines that `bad` is true of, but for those of statements that begin with one of
/// `allowed`.
fn refuse(plans: &BTreeSet<(String, String)>, bad: impl Fn(&str) -> bool, allowed: &[&str]) {
    let faults: Vec<String> = plans
        .iter()
        .filter(|(sql, line)| bad(line) && !allowed.iter().any(|start| sql.starts_with(start)))
        .map(|(sql, line)| format!("{line}\n    in {sql}"))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_on_one_row_look_at_few() {
    let plans = plans(sample::points).await;
    refuse(&plans, scans, &[]);
    let allowed = [
        // An account's applications, and what is allowed on it, are shown whole.
        "SELECT account_id, app_id",
        // What the operator does by hand may pass over an account's tokens.
        "SELECT token_id, label",
        "DELETE FROM tokens WHERE account_id = $1 AND kind = $2",
        // The newest alone, from the end of the index.
        "SELECT entry_id FROM outbox WHERE account_id = $1 ORDER BY entry_id DESC",
        // The members of a group are asked for whole.
        "SELECT user_id, status FROM members",
    ];
    refuse(&plans, passes_an_account, &allowed);
    refuse(&plans, sorts, &["SELECT account_id, app_id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_pages_come_in_the_order_of_an_index() {
    let plans = plans(sample::pages).await;
    refuse(&plans, scans, &[]);
    // The hours of a day, counted in a table of 24 rows.
    refuse(&plans, sorts, &["SELECT date / 3600"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn searches_begin_at_the_search_index() {
    let plans = plans(sample::searches).await;
    refuse(&plans, scans, &[]);
    refuse(&plans, passes_an_account, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_is_no_reason_to_pass_over_a_whole_table() {
    refuse(&plans(sample::views).await, scans, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_every_minute_passes_over_nothing_that_grows() {
    refuse(&plans(sample::housekeeping).await, scans, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_removed_without_passing_over_others() {
    refuse(&plans(sample::removal).await, scans, &[]);
}
