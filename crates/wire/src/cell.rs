//! Cells of a CSV file in which no spreadsheet finds a formula, and back again. Called by whoever writes a table:
//! exported contacts, the audit log. It knows no columns.

/// What a spreadsheet takes for the beginning of a formula; the wide forms are taken for the narrow ones.
const FORMULA: [char; 10] = ['=', '+', '-', '@', '|', '%', '＝', '＋', '－', '＠'];

/// A text as a cell: quoted where RFC 4180 asks for it, and behind a `'` where it would begin a formula.
pub fn text(text: &str) -> String {
    match begins_formula(text) {
        true => plain(&format!("'{text}")),
        false => plain(text),
    }
}

/// A text that can begin no formula, such as a number, as a cell.
pub fn plain(text: &str) -> String {
    match text.contains(['"', ',', ';', '\n', '\r', '\t']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

/// What [`text`] was given, from a cell that is no longer quoted.
pub fn bare(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if begins_formula(rest) => rest,
        _ => cell,
    }
}

/// Behind any number of `'`, so that those of the text itself can be told from ours.
fn begins_formula(text: &str) -> bool {
    // Some readers pass over what can't be seen.
    let unseen = |c: char| c.is_whitespace() || c.is_control() || c == '\u{FEFF}';
    text.trim_start_matches('\'').trim_start_matches(unseen).starts_with(FORMULA)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_a_text_for_every_reader() {
        assert_eq!(text("ann"), "ann");
        assert_eq!(text(r#"{"name":"ann","x":1}"#), r#""{""name"":""ann"",""x"":1}""#);
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "  =1", "\t=1", "|calc", "＝1", "\0=1", "\u{FEFF}=1"]
        {
            assert!(text(formula).trim_start_matches('"').starts_with('\''), "{formula}");
        }
        assert_eq!(text("=HYPERLINK(\"x\",1)"), "\"'=HYPERLINK(\"\"x\"\",1)\"");
    }

    #[test]
    fn what_was_put_before_a_formula_is_taken_away_again_and_nothing_else() {
        for original in ["=1", "'=1", "''-x", "'ann", "ann", "", "'", "o'neil", " =1"] {
            assert_eq!(bare(&text(original)), original);
        }
    }
}
