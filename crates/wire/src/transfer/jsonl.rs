//! JSON Lines: a contact a line, as the API shows it. Called by `Reader`. What a contact may hold is checked where the
//! API's own bodies are.

use super::lines::{Lines, OneLine};
use super::{Line, MOST_RECORD, Said, Wrong, said};
use crate::contact::Meaning;
use serde_json::{Map, Value};

/// A file of JSON objects.
#[derive(Debug, Default)]
pub(super) struct Objects(Lines);

impl Objects {
    pub fn push(&mut self, bytes: &[u8], region: Option<&str>, out: &mut Vec<Line>) {
        self.0.push(bytes, |line| read(line, region, out));
    }

    pub fn finish(self, region: Option<&str>, out: &mut Vec<Line>) {
        self.0.finish(|line| read(line, region, out));
    }
}

fn read(line: OneLine<'_>, region: Option<&str>, out: &mut Vec<Line>) {
    if !line.bytes.trim_ascii().is_empty() {
        out.push(Line { number: line.number, says: says(line, region) });
    }
}

fn says(line: OneLine<'_>, region: Option<&str>) -> Result<Said, Wrong> {
    if line.is_cut {
        return Err(Wrong::line(format!("the line has more than {MOST_RECORD} bytes")));
    }
    let text = std::str::from_utf8(line.bytes).map_err(|_| Wrong::line("the line is not in UTF-8"))?;
    let fields: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
        let at = if error.column() > 0 { format!(" at column {}", error.column()) } else { String::new() };
        Wrong::line(format!("the line is not a JSON object{at}"))
    })?;
    if fields.get("deleted").is_some_and(|deleted| *deleted == Value::Bool(true)) {
        return Err(Wrong::line("the line tells of a removed contact"));
    }
    said(&fields, region, Meaning::Merge)
}
