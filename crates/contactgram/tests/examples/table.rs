//! The table of faults and languages, written to `target/examples/faults.md` as the tests pass; `docs/examples.md` is a copy.
//! It says what was seen, and judges nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::stage::{Scenario, Walked};

const HEAD: &str = include_str!("table.md");

/// The table's lines, by their place.
static ROWS: Mutex<BTreeMap<usize, String>> = Mutex::new(BTreeMap::new());

/// Adds a row and writes the table anew.
pub fn write(scenario: &Scenario, walked: &[Walked]) {
    let languages: Vec<&str> = walked.iter().map(|walk| walk.language.as_str()).collect();
    let mut table = format!("{HEAD}\n| fault | requests that count | {} |\n", languages.join(" | "));
    table += &format!("|---|---|{}\n", "---|".repeat(languages.len()));
    let cells: Vec<String> = walked.iter().map(|walk| cell(scenario, walk)).collect();
    let requests = match scenario.requests {
        "*" => "all".to_owned(),
        some => format!("`{some}`"),
    };
    let row = format!("| {} | {requests} | {} |\n", scenario.fault, cells.join(" | "));
    let mut rows = ROWS.lock().unwrap_or_else(PoisonError::into_inner);
    rows.insert(scenario.row, row);
    rows.values().for_each(|row| table += row);
    let file = folder().join("faults.md");
    fs::write(&file, table).unwrap_or_else(|why| panic!("{}: {why}", file.display()));
}

/// `2 (1 key), 2.0 s between; exit 0, 1 sent`
fn cell(scenario: &Scenario, walk: &Walked) -> String {
    let seen = walk.seen(scenario.requests);
    let mut cell = seen.len().to_string();
    if scenario.requests != "*" {
        let keys: BTreeSet<&str> = seen.iter().filter_map(|one| one.idempotency_key.as_deref()).collect();
        match keys.len() {
            0 => {}
            1 => cell += " (1 key)",
            keys => cell += &format!(" ({keys} keys)"),
        }
        let waits = walk.waits(scenario.requests);
        let waits: Vec<String> = waits.iter().map(|wait| format!("{:.1}", wait.as_secs_f64())).collect();
        if !waits.is_empty() {
            cell += &format!(", {} s between", waits.join(", "));
        }
    }
    let code = walk.ended.code.map_or_else(|| "killed".to_owned(), |code| format!("exit {code}"));
    format!("{cell}; {code}, {} sent", walk.sent)
}

/// `target/examples`, made if need be: this test is `target/debug/deps/examples-…`.
fn folder() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let folder = test.ancestors().nth(3).expect("it is in a target folder").join("examples");
    fs::create_dir_all(&folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    folder
}
