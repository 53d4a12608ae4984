//! Where a send stands that goes out later, and where a broadcast does. The store keeps the numbers, the API shows the
//! names. Which step follows which is the hub's to say.

/// Where an entry of the outbox stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryState {
    /// It waits for its time, its turn, or another try.
    Queued,
    /// It is being sent now.
    Sending,
    /// It is out.
    Sent,
    /// It was refused, or could not be brought out in time.
    Failed,
    /// The answer was lost: it is out or not. It is never sent again by itself.
    Unknown,
    /// Somebody took it back before it was sent.
    Cancelled,
    /// Refused since the recipient blocked the account or is gone.
    Blocked,
    /// Never sent: the contact could not be written to from the beginning.
    Skipped,
    /// Its broadcast is paused.
    Held,
}

impl EntryState {
    /// Every state, in the order of their numbers.
    pub const ALL: [EntryState; 9] = [
        EntryState::Queued,
        EntryState::Sending,
        EntryState::Sent,
        EntryState::Failed,
        EntryState::Unknown,
        EntryState::Cancelled,
        EntryState::Blocked,
        EntryState::Skipped,
        EntryState::Held,
    ];

    /// As the API names it.
    pub const fn name(self) -> &'static str {
        match self {
            EntryState::Queued => "queued",
            EntryState::Sending => "sending",
            EntryState::Sent => "sent",
            EntryState::Failed => "failed",
            EntryState::Unknown => "unknown",
            EntryState::Cancelled => "cancelled",
            EntryState::Blocked => "blocked",
            EntryState::Skipped => "skipped",
            EntryState::Held => "held",
        }
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Option<EntryState> {
        EntryState::ALL.into_iter().find(|state| state.name() == name)
    }

    /// As the store keeps it.
    pub const fn number(self) -> i64 {
        self as i64
    }

    /// Reads a number of the store's.
    pub fn of_number(number: i64) -> Option<EntryState> {
        EntryState::ALL.into_iter().find(|state| state.number() == number)
    }
}

/// Where a broadcast stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BroadcastState {
    /// Entries are made of it, and sent.
    Running,
    /// Nothing of it is sent until somebody resumes it.
    Paused,
    /// What was not sent by then never is.
    Cancelled,
    /// There is an entry for each recipient.
    Made,
}

impl BroadcastState {
    /// Every state, in the order of their numbers.
    pub const ALL: [BroadcastState; 4] =
        [BroadcastState::Running, BroadcastState::Paused, BroadcastState::Cancelled, BroadcastState::Made];

    /// As the store keeps it.
    pub const fn number(self) -> i64 {
        self as i64
    }

    /// Reads a number of the store's.
    pub fn of_number(number: i64) -> Option<BroadcastState> {
        BroadcastState::ALL.into_iter().find(|state| state.number() == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_has_a_number_and_a_name_of_its_own() {
        for (place, state) in EntryState::ALL.into_iter().enumerate() {
            assert_eq!(state.number(), place as i64);
            assert_eq!(EntryState::of_number(place as i64), Some(state));
            assert_eq!(EntryState::parse(state.name()), Some(state));
        }
        assert_eq!((EntryState::of_number(9), EntryState::parse("")), (None, None));
        for (place, state) in BroadcastState::ALL.into_iter().enumerate() {
            assert_eq!(BroadcastState::of_number(place as i64), Some(state));
        }
    }
}
