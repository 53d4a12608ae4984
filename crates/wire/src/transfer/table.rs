//! CSV: a table whose first row names its columns. Called by `Reader`. Which names mean what is in `columns`; quotation
//! marks, which may hold commas and ends of lines, are csv-core's business.

use super::columns::Columns;
use super::{Line, MOST_RECORD, Said, Wrong, said};
use crate::BadRequest;
use crate::contact::Meaning;
use csv_core::{ReadFieldResult, Reader as Core, ReaderBuilder};

/// Columns at most.
const MOST_COLUMNS: usize = 1024;

/// A file of rows.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// From the end of the first line on, which shows what stands between cells.
    core: Option<Core>,
    columns: Option<Columns>,
    row: Row,
    /// What came before that.
    waiting: Vec<u8>,
    /// Whether the first byte was taken apart.
    has_begun: bool,
    /// Ends of lines that were passed.
    lines: u64,
}

/// A row on its way.
#[derive(Debug, Default)]
struct Row {
    /// Where it began; 0 between rows.
    begins: u64,
    cells: Vec<Vec<u8>>,
    cell: Vec<u8>,
    bytes: usize,
}

impl Row {
    fn is_too_large(&self) -> bool {
        self.bytes > MOST_RECORD || self.cells.len() > MOST_COLUMNS
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.bytes = self.bytes.saturating_add(bytes.len());
        if !self.is_too_large() {
            self.cell.extend_from_slice(bytes);
        }
    }

    fn end_cell(&mut self) {
        let cell = std::mem::take(&mut self.cell);
        if !self.is_too_large() {
            self.cells.push(cell);
        }
    }
}

impl Table {
    pub fn push(
        &mut self,
        bytes: &[u8],
        region: Option<&str>,
        out: &mut Vec<Line>,
    ) -> Result<(), BadRequest> {
        if self.core.is_some() {
            return self.read(bytes, region, out);
        }
        self.waiting.extend_from_slice(bytes);
        match self.waiting.contains(&b'\n') || self.waiting.len() > MOST_RECORD {
            true => self.begin(region, out),
            false => Ok(()),
        }
    }

    pub fn finish(mut self, region: Option<&str>, out: &mut Vec<Line>) -> Result<(), BadRequest> {
        if self.core.is_none() {
            self.begin(region, out)?;
        }
        if self.row.begins > 0 {
            // Inside of quotation marks this ends nothing.
            let (begins, lines) = (self.row.begins, self.lines);
            self.read(b"\n", region, out)?;
            if self.row.begins == begins && self.lines > lines && self.columns.is_some() {
                let why = "a quotation mark in this row is never closed";
                out.push(Line { number: begins, says: Err(Wrong::line(why)) });
            }
        }
        match self.columns {
            Some(_) => Ok(()),
            None => Err(BadRequest::new("the file has no row that names its columns")),
        }
    }

    /// The first line is there: it shows what stands between cells.
    fn begin(&mut self, region: Option<&str>, out: &mut Vec<Line>) -> Result<(), BadRequest> {
        let waiting = std::mem::take(&mut self.waiting);
        let first = waiting.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
        // What Excel writes above the names.
        let told = first.strip_prefix(b"sep=").filter(|rest| rest.len() == 1).map(|rest| rest[0]);
        let delimiter = told.filter(u8::is_ascii).unwrap_or_else(|| between(first));
        self.core = Some(ReaderBuilder::new().delimiter(delimiter).build());
        // What is left of that line is its end, which is counted where all ends of lines are.
        let bytes = if told.is_some() { &waiting[first.len()..] } else { &waiting[..] };
        self.read(bytes, region, out)
    }

    fn read(
        &mut self,
        mut bytes: &[u8],
        region: Option<&str>,
        out: &mut Vec<Line>,
    ) -> Result<(), BadRequest> {
        let mut space = [0; 4096];
        loop {
            // Between rows ends of lines mean nothing, and where the row begins is known only behind them.
            while self.row.begins == 0 && matches!(bytes.first(), Some(b'\r' | b'\n')) {
                self.lines += u64::from(bytes[0] == b'\n');
                bytes = &bytes[1..];
            }
            let Some(core) = &mut self.core else { return Ok(()) };
            // To csv-core nothing means that the file has ended.
            if bytes.is_empty() {
                return Ok(());
            }
            if self.row.begins == 0 {
                self.row.begins = self.lines + 1;
            }
            // Of what it is given first, csv-core drops a byte order mark, if all of that is there: it is never.
            let some = if std::mem::replace(&mut self.has_begun, true) { bytes } else { &bytes[..1] };
            let (ended, taken, written) = core.read_field(some, &mut space);
            let passed = &bytes[..taken];
            self.lines += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
            bytes = &bytes[taken..];
            self.row.keep(&space[..written]);
            if let ReadFieldResult::Field { record_end } = ended {
                self.row.end_cell();
                if record_end {
                    self.end_row(region, out)?;
                }
            }
        }
    }

    fn end_row(&mut self, region: Option<&str>, out: &mut Vec<Line>) -> Result<(), BadRequest> {
        let row = std::mem::take(&mut self.row);
        let Some(columns) = &self.columns else {
            let name = |cell: &Vec<u8>| {
                String::from_utf8_lossy(cell).trim_start_matches('\u{FEFF}').trim().to_owned()
            };
            let names: Vec<String> = row.cells.iter().map(name).collect();
            self.columns = Some(Columns::named(&names)?);
            return Ok(());
        };
        if row.is_too_large() {
            let why = format!(
                "the row has more than {MOST_RECORD} bytes or {MOST_COLUMNS} cells; perhaps a quotation mark is missing"
            );
            out.push(Line { number: row.begins, says: Err(Wrong::line(why)) });
        } else if row.cells.iter().any(|cell| !cell.trim_ascii().is_empty()) {
            out.push(Line { number: row.begins, says: says(&row.cells, columns, region) });
        }
        Ok(())
    }
}

fn says(cells: &[Vec<u8>], columns: &Columns, region: Option<&str>) -> Result<Said, Wrong> {
    let beyond = cells.get(columns.count()..).unwrap_or_default();
    if beyond.iter().any(|cell| !cell.trim_ascii().is_empty()) {
        let (has, named) = (cells.len(), columns.count());
        let why =
            format!("the row has {has} cells where {named} are named; perhaps quotation marks are missing");
        return Err(Wrong::line(why));
    }
    let cells: Result<Vec<&str>, Wrong> = cells
        .iter()
        .enumerate()
        .map(|(at, cell)| {
            std::str::from_utf8(cell).map_err(|_| Wrong {
                field: columns.field(at),
                why: format!("the cell in column {} is not in UTF-8; save the file as UTF-8", at + 1),
            })
        })
        .collect();
    let (fields, has_odd_numbers) = columns.fields(&cells?, region);
    Ok(Said { has_odd_numbers, ..said(&fields, region, Meaning::Add)? })
}

/// What stands between the cells of this line: whatever is there most often, outside of quotation marks.
fn between(line: &[u8]) -> u8 {
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in line {
        match byte {
            b'"' => quoted = !quoted,
            byte if !quoted => {
                counts.iter_mut().filter(|(one, _)| one == byte).for_each(|(_, count)| *count += 1);
            }
            _ => {}
        }
    }
    // Of equals the first.
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(byte, _)| byte)
}
