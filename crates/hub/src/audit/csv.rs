//! The audit log as a table: a line for each entry, in which no spreadsheet finds a formula. The command line and the
//! portal export it so; nothing reads it back.

use super::AuditView;

impl AuditView {
    /// The names of the columns.
    pub const COLUMNS: &'static str =
        "account_id,seq,at,actor_kind,actor_id,actor_label,action,target,details,hash";

    /// The entry's line, without its end.
    pub fn csv(&self) -> String {
        let numbers = |number: i64| number.to_string();
        [
            self.account_id.map_or_else(String::new, |id| id.to_string()),
            numbers(self.seq),
            numbers(self.at),
            cell(&self.actor.kind),
            numbers(self.actor.id),
            cell(&self.actor.label),
            cell(&self.action),
            cell(&self.target),
            cell(self.details.get()),
            self.hash.clone(),
        ]
        .join(",")
    }
}

/// A text as RFC 4180 quotes it.
fn cell(text: &str) -> String {
    // Some readers pass over what can't be seen, and take the wide forms for the narrow ones.
    let seen = text.trim_start_matches(|c: char| c.is_whitespace() || c.is_control() || c == '\u{FEFF}');
    let formula = seen.starts_with(['=', '+', '-', '@', '|', '%', '＝', '＋', '－', '＠']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    match text.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn a_cell_is_a_text_for_every_reader() {
        assert_eq!(cell("ann"), "ann");
        assert_eq!(cell(r#"{"name":"ann","x":1}"#), r#""{""name"":""ann"",""x"":1}""#);
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "  =1", "\t=1", "|calc", "＝1", "\0=1", "\u{FEFF}=1"]
        {
            assert!(cell(formula).trim_start_matches('"').starts_with('\''), "{formula}");
        }
        assert_eq!(cell("=HYPERLINK(\"x\",1)"), "\"'=HYPERLINK(\"\"x\"\",1)\"");
    }
}
