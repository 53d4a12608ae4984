//! What a run counted and what it found wrong. Filled by the stage's checks, printed as one row of a table.
//! It decides nothing but whether a promise was broken.

use std::fmt;
use std::time::Duration;

/// Notes kept of what went wrong: enough to begin with.
const NOTES: usize = 20;

/// Counts of one run.
#[derive(Debug, Default)]
pub struct Findings {
    /// Writes that were answered with success, and count.
    pub acknowledged: u64,
    /// Writes whose outcome the clients could not know: done or not, both are right.
    pub in_doubt: u64,
    /// Acknowledged and not there.
    pub lost: u64,
    /// Done twice, or confirmed and handed out again.
    pub repeated: u64,
    /// Everything else that should not be: another value, another answer, a gap, a damaged file.
    pub wrong: u64,
    /// The slowest return to readiness.
    pub ready: Duration,
    notes: Vec<String>,
}

impl Findings {
    pub fn lost(&mut self, note: impl Into<String>) {
        self.lost += 1;
        self.note(format!("lost: {}", note.into()));
    }

    pub fn repeated(&mut self, note: impl Into<String>) {
        self.repeated += 1;
        self.note(format!("repeated: {}", note.into()));
    }

    pub fn wrong(&mut self, note: impl Into<String>) {
        self.wrong += 1;
        self.note(format!("wrong: {}", note.into()));
    }

    pub fn is_clean(&self) -> bool {
        self.lost + self.repeated + self.wrong == 0
    }

    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Remembers the slowest start.
    pub fn started(&mut self, ready_after: Duration) {
        self.ready = self.ready.max(ready_after);
    }

    fn note(&mut self, note: String) {
        if self.notes.len() < NOTES {
            self.notes.push(note);
        }
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Findings { acknowledged, in_doubt, lost, repeated, wrong, ready, .. } = self;
        write!(
            f,
            "{acknowledged} acknowledged, {in_doubt} in doubt: {lost} lost, {repeated} repeated, {wrong} wrong; \
             ready again within {} ms",
            ready.as_millis()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_fault_counts_and_is_noted() {
        let mut findings = Findings::default();
        assert!(findings.is_clean());
        findings.lost("a");
        findings.repeated("b");
        findings.wrong("c");
        assert_eq!((findings.lost, findings.repeated, findings.wrong), (1, 1, 1));
        assert_eq!(findings.notes(), ["lost: a", "repeated: b", "wrong: c"]);
        assert!(!findings.is_clean());
    }

    #[test]
    fn a_flood_of_faults_is_counted_and_not_kept() {
        let mut findings = Findings::default();
        (0..100).for_each(|number| findings.lost(number.to_string()));
        assert_eq!((findings.lost, findings.notes().len()), (100, NOTES));
    }
}
