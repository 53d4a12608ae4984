//! When a connection's plans are due to be made anew. PostgreSQL keeps a statement's plan: one made while a table
//! was nearly empty may pass over all rows of an account once there are many. `line` counts here; it makes no plans.

use crate::Sql;

pub(super) static PLAN_AGAIN: Sql = Sql::new("DISCARD PLANS");
/// Uses before the first time.
const FIRST: u64 = 128;
/// The longest way to the next: until then they double.
const LONGEST: u64 = 1 << 16;

/// Transactions and readings of a connection.
pub(super) struct Plans {
    uses: u64,
    due_at: u64,
}

impl Plans {
    pub(super) fn new() -> Plans {
        Plans { uses: 0, due_at: FIRST }
    }

    /// Counts a use; whether plans are due before it.
    pub(super) fn due(&mut self) -> bool {
        self.uses += 1;
        let due = self.uses >= self.due_at;
        if due {
            self.due_at += self.due_at.min(LONGEST);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_double_up_to_the_longest() {
        let mut plans = Plans::new();
        let due: Vec<u64> = (1..300_000).filter(|_| plans.due()).collect();
        assert_eq!(due[..4], [128, 256, 512, 1024]);
        assert_eq!(due[due.len() - 2] + LONGEST, due[due.len() - 1]);
    }
}
