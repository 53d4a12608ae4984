//! A line of the exported audit log: one cell a column for every reader of RFC 4180, and no formula for a spreadsheet.
//! The input is a label, an action, and a target, each on a line, and behind them details.

use contactgram_hub::{AuditActor, AuditView};
use serde_json::value::RawValue;

pub fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let mut parts = text.splitn(4, '\n');
    // A `¶` stands for what ends a line here, which a name could hold all the same.
    let mut part = || parts.next().unwrap_or_default().replace('¶', "\r\n");
    let (label, action, target, details) = (part(), part(), part(), part());
    let details = RawValue::from_string(details).unwrap_or_else(|error| {
        RawValue::from_string(serde_json::json!(error.to_string()).to_string()).expect("JSON")
    });
    let view = AuditView {
        account_id: None,
        seq: 1,
        at: 1_800_000_000,
        actor: AuditActor { kind: "member".to_owned(), id: 3, label },
        action,
        target,
        details,
        hash: "00".to_owned(),
    };
    let cells = cells(&view.csv());
    assert_eq!(cells.len(), AuditView::COLUMNS.split(',').count(), "{cells:?}");
    let told = [&view.actor.label, &view.action, &view.target, view.details.get()];
    for (cell, told) in cells[5..9].iter().zip(told) {
        let quoted = cell.strip_prefix('\'').is_some_and(|rest| rest == told);
        assert!(cell == told || quoted, "{cell:?} tells {told:?}");
        // What is not seen at the beginning of a cell does not keep a spreadsheet from the formula behind it.
        let first = cell.chars().find(|c| !c.is_whitespace() && !c.is_control() && *c != '\u{FEFF}');
        assert!(!first.is_some_and(|c| "=+-@|%＝＋－＠".contains(c)), "{cell:?} is a formula");
    }
}

/// The cells of one line, by RFC 4180, 2.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' if quoted => {
                quoted = false;
                assert!(matches!(chars.peek(), None | Some(',')), "a quote ends its cell: {line:?}");
            }
            '"' => {
                assert!(cell.is_empty(), "a quote begins its cell: {line:?}");
                quoted = true;
            }
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            '\r' | '\n' if !quoted => panic!("two lines: {line:?}"),
            c => cell.push(c),
        }
    }
    assert!(!quoted, "a cell without an end: {line:?}");
    cells.push(cell);
    cells
}
