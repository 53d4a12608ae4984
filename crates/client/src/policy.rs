//! How patient a client is: how often it tries, how long it waits, and when it gives up.
//! Set by the builder, or for single calls by `Client::with_policy`; read by the sending loop. It decides nothing itself.

use std::time::Duration;

use contactgram_resilience::backoff::Exponential;

/// How one call is tried, and tried again.
///
/// What may be tried again at all is not a matter of taste and can't be set: see the [crate page](crate#what-is-tried-again).
///
/// ```
/// use std::time::Duration;
/// use contactgram_client::Policy;
///
/// let hasty = Policy::default().tries(2).deadline(Duration::from_secs(3));
/// assert_eq!((hasty.tries, hasty.deadline.as_secs()), (2, 3));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// How often a call is tried in all, at least once. 5 by default.
    pub tries: u32,
    /// How long a call may take in all: its tries, the waits between them, and getting a token. 60 s by default.
    ///
    /// A wait that would end after it is not begun: the failure that would be waited for is returned at once.
    pub deadline: Duration,
    /// How long a single try may take, until the end of its answer. 20 s by default; a long poll has its own time on top.
    pub try_timeout: Duration,
    /// The longest wait after the first failure; it doubles with each further one. 250 ms by default.
    pub backoff: Duration,
    /// The doubling ends here. 10 s by default. What the server asks for by `Retry-After` is kept, however long.
    pub longest_backoff: Duration,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            tries: 5,
            deadline: Duration::from_secs(60),
            try_timeout: Duration::from_secs(20),
            backoff: Duration::from_millis(250),
            longest_backoff: Duration::from_secs(10),
        }
    }
}

impl Policy {
    /// One try and no more.
    pub fn once() -> Policy {
        Policy::default().tries(1)
    }

    /// Sets how often a call is tried in all; 0 counts as 1.
    #[must_use]
    pub fn tries(mut self, tries: u32) -> Policy {
        self.tries = tries.max(1);
        self
    }

    /// Sets how long a call may take in all.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Policy {
        self.deadline = deadline;
        self
    }

    /// Sets how long a single try may take.
    #[must_use]
    pub fn try_timeout(mut self, timeout: Duration) -> Policy {
        self.try_timeout = timeout;
        self
    }

    /// Sets the longest wait after the first failure, and the longest of all. Waits are chosen between nothing and that
    /// ("full jitter"), so that clients that failed together don't come back together.
    #[must_use]
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Policy {
        (self.backoff, self.longest_backoff) = (first, longest);
        self
    }

    /// How long to wait after so many failures.
    pub(crate) fn wait(&self, failures: u32) -> Duration {
        let waits = Exponential { base: self.backoff, cap: self.longest_backoff };
        waits.delay(failures, None, contactgram_resilience::entropy())
    }
}
