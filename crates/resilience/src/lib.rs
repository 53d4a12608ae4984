//! What to do when something outside fails: whether to try again, how long to wait, and when to stop asking; and how to
//! send no faster than is allowed. Used by the connectors, the webhook dispatcher and the client. Pure decisions: the time and the
//! randomness are arguments, so a test can be every clock and every die.
//! It never sleeps, never opens a socket and never reads a clock.

pub mod backoff;
pub mod breaker;
pub mod budget;
pub mod flood;
pub mod verdict;

/// 64 random bits for the `random` arguments of this crate.
///
/// Jitter is no secret: should the system have no randomness to give, a fixed middle value is returned
/// rather than an error.
pub fn entropy() -> u64 {
    getrandom::u64().unwrap_or(u64::MAX / 2)
}

/// A value from `0..=max`, chosen by `random` (64 uniform bits).
fn pick(random: u64, max: u64) -> u64 {
    let wide = u128::from(random) * (u128::from(max) + 1);
    // The upper half of a 64 × 65 bit product is below `max + 1`, so it fits.
    u64::try_from(wide >> 64).unwrap_or(max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pick_reaches_both_ends_and_never_goes_beyond() {
        assert_eq!(pick(0, 60), 0);
        assert_eq!(pick(u64::MAX, 60), 60);
        assert_eq!(pick(u64::MAX, u64::MAX), u64::MAX);
        assert_eq!(pick(u64::MAX / 2, 99), 49);
        assert_eq!(pick(12345, 0), 0);
    }

    #[test]
    fn entropy_does_not_repeat_itself() {
        let drawn: std::collections::HashSet<u64> = (0..16).map(|_| entropy()).collect();
        assert_eq!(drawn.len(), 16);
    }
}
