//! Lines of a file that comes in pieces. Called by the readers of vCards and JSON Lines. It knows nothing of what a line
//! says, and never holds more than the longest that is read.

use super::MOST_RECORD;

/// A file on its way.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The beginning of the line whose end has not come.
    open: Vec<u8>,
    /// Whether more of it came than is kept.
    is_cut: bool,
    /// Lines that have ended.
    ended: u64,
}

/// A line without its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct OneLine<'a> {
    /// Counted from 1.
    pub number: u64,
    pub bytes: &'a [u8],
    /// Whether it is longer than what is here of it.
    pub is_cut: bool,
}

impl Lines {
    /// Takes bytes, and hands on each line that has ended.
    pub fn push(&mut self, mut bytes: &[u8], mut each: impl FnMut(OneLine<'_>)) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = (&bytes[..end], &bytes[end + 1..]);
            bytes = rest;
            if self.open.is_empty() && line.len() <= MOST_RECORD {
                self.hand_on(line, false, &mut each);
                continue;
            }
            self.keep(line);
            self.hand_on_open(&mut each);
        }
        self.keep(bytes);
    }

    /// Hands on what came behind the last end of a line.
    pub fn finish(mut self, mut each: impl FnMut(OneLine<'_>)) {
        if !self.open.is_empty() {
            self.hand_on_open(&mut each);
        }
    }

    fn hand_on_open(&mut self, each: &mut impl FnMut(OneLine<'_>)) {
        let (line, is_cut) = (std::mem::take(&mut self.open), std::mem::take(&mut self.is_cut));
        self.hand_on(&line, is_cut, each);
    }

    fn hand_on(&mut self, line: &[u8], is_cut: bool, each: &mut impl FnMut(OneLine<'_>)) {
        self.ended += 1;
        let bytes = line.strip_suffix(b"\r").unwrap_or(line);
        each(OneLine { number: self.ended, bytes, is_cut });
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = MOST_RECORD.saturating_sub(self.open.len());
        self.is_cut |= bytes.len() > room;
        self.open.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}
