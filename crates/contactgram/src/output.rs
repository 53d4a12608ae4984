//! What the commands print: tables and sentences for people, JSON for programs. Called by the commands.
//! A reader that went away (`… | head`) is no failure, and nothing printed can steer a terminal.

use std::io::{self, Write as _};

use serde::Serialize;

/// Prints a line to standard output.
pub fn say(text: impl AsRef<str>) {
    let mut out = io::stdout().lock();
    // Nobody is left to be told when standard output is gone.
    let _ = writeln!(out, "{}", text.as_ref()).and_then(|()| out.flush());
}

/// Prints a value as one line of JSON.
///
/// # Errors
/// A value that JSON can't hold.
pub fn say_json<T: Serialize + ?Sized>(value: &T) -> Result<(), serde_json::Error> {
    serde_json::to_string(value).map(say)
}

/// Rows under headings, aligned. Numbers are for the caller to format.
pub fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let cell = |text: &str| printable(text);
    let rows: Vec<[String; N]> = rows.iter().map(|row| row.each_ref().map(|text| cell(text))).collect();
    let mut widths = headings.map(|heading| heading.chars().count());
    for row in &rows {
        for (width, text) in widths.iter_mut().zip(row) {
            *width = (*width).max(text.chars().count());
        }
    }
    let mut lines = vec![line(&headings.map(str::to_owned), &widths)];
    lines.extend(rows.iter().map(|row| line(row, &widths)));
    lines.join("\n")
}

/// Names with their values below each other; absent ones are left out.
pub fn fields(pairs: &[(&str, Option<String>)]) -> String {
    let width = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines = pairs.iter().filter_map(|(name, value)| {
        value.as_ref().map(|value| format!("{name:<width$}  {}", printable(value)))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Text of others without the characters that steer a terminal; line ends become spaces.
pub fn printable(text: &str) -> String {
    let shown = |c: char| match c {
        '\n' | '\r' | '\t' => ' ',
        // Marks that turn the direction of what follows on the line.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(shown).collect()
}

fn line<const N: usize>(cells: &[String; N], widths: &[usize; N]) -> String {
    let padded: Vec<String> =
        cells.iter().zip(widths).map(|(text, &width)| format!("{text:<width$}")).collect();
    padded.join("  ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_lines_have_no_trailing_blanks() {
        let rows = [["1".to_owned(), "Ann".to_owned()], ["12345".to_owned(), String::new()]];
        assert_eq!(table(["ID", "NAME"], &rows), "ID     NAME\n1      Ann\n12345");
    }

    #[test]
    fn absent_fields_are_left_out() {
        let shown =
            fields(&[("id", Some("7".to_owned())), ("phone", None), ("name", Some("Ann".to_owned()))]);
        assert_eq!(shown, "id     7\nname   Ann");
    }

    #[test]
    fn a_name_can_not_steer_the_terminal() {
        assert_eq!(printable("A\u{1b}[2Jb\nc\u{202e}d"), "A\u{fffd}[2Jb c\u{fffd}d");
    }
}
