//! Which mailboxes a transaction has locked, and for which it may wait. Waiting for one lock while holding
//! another is what makes deadlocks: it is done in the order of ids or not at all. It runs no statements.

/// The locks of one transaction, which may be shared by the jobs of a group.
#[derive(Debug, Default)]
pub(super) struct Locks {
    /// Of jobs before.
    held: Vec<i64>,
    /// Of the job that runs.
    mine: Vec<i64>,
    /// Somebody else had one that could not be waited for.
    pub missed: bool,
    /// The job that runs has others before it in its transaction.
    pub is_behind: bool,
}

impl Locks {
    pub(super) fn has(&self, account: i64) -> bool {
        self.held.contains(&account) || self.mine.contains(&account)
    }

    /// Only with nothing in hand that comes after it, and that others might wait for. Jobs before may have
    /// written what others wait for without taking a lock.
    pub(super) fn may_wait_for(&self, account: i64) -> bool {
        !self.is_behind && self.mine.iter().all(|&mine| mine < account)
    }

    pub(super) fn take(&mut self, account: i64) {
        self.mine.push(account);
    }

    /// The running job's locks stay to the end of the transaction.
    pub(super) fn keep(&mut self) {
        self.held.append(&mut self.mine);
    }

    /// The locks of a job that could not go on, or that were undone with it.
    pub(super) fn give_up(&mut self) -> Vec<i64> {
        self.missed = false;
        std::mem::take(&mut self.mine)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rising_locks_of_the_first_job_may_wait() {
        let mut locks = Locks::default();
        assert!(locks.may_wait_for(5));
        locks.take(5);
        assert!(locks.has(5) && locks.may_wait_for(7) && !locks.may_wait_for(3));
        locks.keep();
        locks.is_behind = true;
        assert!(locks.has(5) && !locks.may_wait_for(7));
    }

    #[test]
    fn what_a_job_gave_up_is_no_longer_held() {
        let mut locks = Locks::default();
        locks.take(5);
        assert_eq!(locks.give_up(), [5]);
        assert!(!locks.has(5) && locks.may_wait_for(1));
    }
}
