//! Counts tests by reading what test runners print: cargo, pytest, and Node's own runner.
//! Called by `test` for each line; a suite that ends badly without saying how many failed counts as one failure.

/// Tests passed and failed so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
}

impl Tally {
    /// A check that is not a suite of tests counts as one.
    pub fn check(ok: bool) -> Tally {
        Tally { passed: u64::from(ok), failed: u64::from(!ok) }
    }

    pub fn add(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    /// Reads one line of a runner's output.
    pub fn read(&mut self, line: &str) {
        let line = line.trim();
        if let Some(counts) = cargo(line).or_else(|| pytest(line)).or_else(|| node(line)) {
            self.add(counts);
        }
    }

    /// Closes a suite: how its process ended has the last word.
    pub fn closed(mut self, ended_well: bool) -> Tally {
        if !ended_well && self.failed == 0 {
            self.failed = 1;
        }
        self
    }

    /// Prints the line that everything ends with; true when nothing failed.
    pub fn report(self) -> bool {
        println!("{} passed, {} failed", self.passed, self.failed);
        self.failed == 0
    }
}

/// `test result: ok. 12 passed; 0 failed; 1 ignored; …`
fn cargo(line: &str) -> Option<Tally> {
    let counts = line.strip_prefix("test result: ")?;
    Some(Tally { passed: before(counts, "passed"), failed: before(counts, "failed") })
}

/// `==== 3 passed, 1 failed, 1 error in 0.12s ====`, or the same without the bars.
fn pytest(line: &str) -> Option<Tally> {
    let counts = line.trim_matches(['=', ' ']);
    let (counts, _time) = counts.rsplit_once(" in ")?;
    let known = [
        "passed",
        "failed",
        "error",
        "errors",
        "skipped",
        "deselected",
        "xfailed",
        "xpassed",
        "warnings",
        "warning",
    ];
    let reads_so = counts.split(", ").all(|part| {
        part.split_once(' ')
            .is_some_and(|(number, word)| number.parse::<u64>().is_ok() && known.contains(&word))
    });
    if !reads_so {
        return None;
    }
    let failed = before(counts, "failed") + before(counts, "error") + before(counts, "errors");
    Some(Tally { passed: before(counts, "passed"), failed })
}

/// `# pass 5` and `# fail 0` (TAP), or the same with `ℹ` (spec).
fn node(line: &str) -> Option<Tally> {
    let count = line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ "))?;
    match count.split_once(' ')? {
        ("pass", number) => Some(Tally { passed: number.parse().ok()?, failed: 0 }),
        ("fail" | "cancelled", number) => Some(Tally { passed: 0, failed: number.parse().ok()? }),
        _ => None,
    }
}

/// The number that stands before `word`, or 0.
fn before(text: &str, word: &str) -> u64 {
    let words: Vec<&str> = text.split([' ', ',', ';']).filter(|word| !word.is_empty()).collect();
    let pair = words.windows(2).find(|pair| pair[1] == word);
    pair.and_then(|pair| pair[0].parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> (u64, u64) {
        let mut tally = Tally::default();
        lines.iter().for_each(|line| tally.read(line));
        (tally.passed, tally.failed)
    }

    #[test]
    fn cargos_lines_add_up() {
        let ok =
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s";
        let bad = "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s";
        assert_eq!(read(&["running 12 tests", "test a ... ok", ok, bad]), (15, 2));
    }

    #[test]
    fn pytests_line_is_read_with_and_without_bars() {
        assert_eq!(read(&["===== 1 failed, 3 passed, 2 skipped, 1 error in 0.12s ====="]), (3, 2));
        assert_eq!(read(&["7 passed in 61.03s (0:01:01)"]), (7, 0));
        assert_eq!(read(&["= no tests ran in 0.01s =", "2 passed cars in 3 lanes"]), (0, 0));
    }

    #[test]
    fn nodes_lines_are_read_in_both_of_its_forms() {
        assert_eq!(read(&["# tests 6", "# pass 5", "# fail 1", "# cancelled 0"]), (5, 1));
        assert_eq!(read(&["ℹ pass 5", "ℹ fail 0", "ℹ duration_ms 12.5"]), (5, 0));
    }

    #[test]
    fn a_suite_that_ends_badly_counts_at_least_one_failure() {
        assert_eq!(Tally { passed: 4, failed: 0 }.closed(false), Tally { passed: 4, failed: 1 });
        assert_eq!(Tally { passed: 4, failed: 2 }.closed(false), Tally { passed: 4, failed: 2 });
        assert_eq!(Tally { passed: 4, failed: 0 }.closed(true), Tally { passed: 4, failed: 0 });
    }
}
