//! How much of request bodies a process holds at a time. `body` takes room for each piece it keeps; what finds
//! none is refused at once, so that clients who send much and finish nothing can't fill the memory.
//! It never waits: whoever waited would hold what it has already taken.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The beginning of each body, in bytes, is free: ordinary requests are served however full it is. All
/// connections together are bounded by their cap.
const FREE: usize = 16 * 1024;
/// The usual room, in bytes.
const USUAL: usize = 256 * 1024 * 1024;

/// Room for bodies; clones share it.
#[derive(Clone, Debug)]
pub struct Room(Arc<Semaphore>);

impl Default for Room {
    fn default() -> Self {
        Self::of(USUAL)
    }
}

impl Room {
    /// Room for so many bytes.
    pub fn of(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS))))
    }

    /// The usual room, or more where one body may be so large that it would take much of it.
    pub fn for_bodies_of(bytes: usize) -> Self {
        Self::of(USUAL.max(bytes.saturating_mul(2)))
    }
}

/// What one body has taken; given back when it is dropped.
pub(super) struct Share {
    room: Room,
    held: Option<OwnedSemaphorePermit>,
}

impl Share {
    pub fn new(room: Room) -> Self {
        Self { room, held: None }
    }

    /// Takes what a body of so many bytes needs beyond what it has. `false` when there is no room.
    pub fn cover(&mut self, received: usize) -> bool {
        let has = self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let lacks = received.saturating_sub(FREE).saturating_sub(has);
        if lacks == 0 {
            return true;
        }
        let Ok(lacks) = u32::try_from(lacks) else { return false };
        let Ok(more) = Arc::clone(&self.room.0).try_acquire_many_owned(lacks) else { return false };
        match &mut self.held {
            Some(held) => held.merge(more),
            None => self.held = Some(more),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_taken_piece_by_piece_and_given_back_as_a_whole() {
        let room = Room::of(1000);
        let mut one = Share::new(room.clone());
        assert!(one.cover(FREE) && one.cover(FREE + 400) && one.cover(FREE + 600));
        let mut two = Share::new(room.clone());
        assert!(two.cover(FREE), "the beginning is free");
        assert!(!two.cover(FREE + 401), "600 are taken");
        assert!(two.cover(FREE + 400));
        drop(one);
        assert!(two.cover(FREE + 1000));
        assert!(!two.cover(FREE + 1001));
        drop(two);
        assert_eq!(room.0.available_permits(), 1000);
    }

    #[test]
    fn the_room_is_enough_for_the_largest_body() {
        assert_eq!(Room::for_bodies_of(1024).0.available_permits(), USUAL);
        assert!(Share::new(Room::for_bodies_of(1 << 30)).cover(1 << 30));
    }
}
