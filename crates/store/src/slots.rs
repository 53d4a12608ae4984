//! Slots for what only a few callers can have at a time, with the short queue before them, and places in the queue
//! of a writer. Both engines take from here. Who finds the queue full is refused at once: to let everybody wait, only
//! to refuse them late, helps nobody. It never hands out connections, only the right to one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use crate::figures::Queue;
use crate::{Options, R, StoreError};
use contactgram_model::measure::Counter;

/// Refusals in one log line, until they are over.
pub(crate) struct Crowd {
    what: &'static str,
    told: AtomicBool,
    refused: Counter,
}

impl Crowd {
    pub(crate) const fn at(what: &'static str) -> Crowd {
        Crowd { what, told: AtomicBool::new(false), refused: Counter::new() }
    }

    /// How many were refused so far.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.get()
    }

    /// One more is refused.
    pub(crate) fn refuse(&self) -> StoreError {
        self.refused.one();
        if !self.told.swap(true, Ordering::Relaxed) {
            tracing::warn!(queue = self.what, "too many wait for the store; those beyond are refused");
        }
        StoreError::Overloaded
    }

    pub(crate) fn is_over(&self) {
        if self.told.load(Ordering::Relaxed) {
            self.told.store(false, Ordering::Relaxed);
        }
    }
}

/// Places in the queue before a writer. Who puts a job in takes one; the writer frees it when it takes the job.
pub(crate) struct Places {
    free: Arc<Semaphore>,
    count: usize,
    crowd: Crowd,
}

impl Places {
    pub(crate) fn new(what: &'static str, count: usize) -> Places {
        Places { free: Arc::new(Semaphore::new(count.max(1))), count, crowd: Crowd::at(what) }
    }

    /// Takes a place, or refuses at once where none is free.
    pub(crate) fn take(&self) -> R<()> {
        let place = self.free.try_acquire().map_err(|error| match error {
            TryAcquireError::NoPermits => self.crowd.refuse(),
            TryAcquireError::Closed => StoreError::Closed,
        })?;
        place.forget();
        if self.free.available_permits() >= self.count / 2 {
            self.crowd.is_over();
        }
        Ok(())
    }

    /// For the writer, to add what it frees.
    pub(crate) fn freed(&self) -> Arc<Semaphore> {
        self.free.clone()
    }

    /// How full it is.
    pub(crate) fn figures(&self) -> Queue {
        let waiting = self.count.max(1).saturating_sub(self.free.available_permits());
        Queue { running: 0, waiting: waiting as u64, room: self.count as u64, refused: self.crowd.refused() }
    }

    pub(crate) fn close(&self) {
        self.free.close();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.free.is_closed()
    }
}

/// A slot; free again when it is dropped.
pub(crate) type Slot = OwnedSemaphorePermit;

pub(crate) struct Slots {
    free: Arc<Semaphore>,
    size: u32,
    /// Places for those who find no slot free.
    places: Semaphore,
    room: usize,
    wait: Duration,
    crowd: Crowd,
}

impl Slots {
    pub(crate) fn new(what: &'static str, size: usize, options: &Options) -> Slots {
        let size = u32::try_from(size).unwrap_or(u32::MAX).clamp(1, 10_000);
        Slots {
            free: Arc::new(Semaphore::new(size as usize)),
            size,
            places: Semaphore::new(options.waiting.min(Semaphore::MAX_PERMITS)),
            room: options.waiting.min(Semaphore::MAX_PERMITS),
            wait: options.wait,
            crowd: Crowd::at(what),
        }
    }

    /// The next free slot, in the order of asking; [`StoreError::Overloaded`] when too many wait already, or
    /// when none is free within [`Options::wait`].
    pub(crate) async fn take(&self) -> R<Slot> {
        // Fails while anybody waits, so nobody is overtaken.
        if let Ok(slot) = self.free.clone().try_acquire_owned() {
            self.crowd.is_over();
            return Ok(slot);
        }
        if self.free.is_closed() {
            return Err(StoreError::Closed);
        }
        let _place = self.places.try_acquire().map_err(|_| self.crowd.refuse())?;
        tokio::time::timeout(self.wait, self.free.clone().acquire_owned())
            .await
            .map_err(|_| self.crowd.refuse())?
            .map_err(|_| StoreError::Closed)
    }

    /// How many have a slot and how many wait for one.
    pub(crate) fn figures(&self) -> Queue {
        let taken = |all: usize, free: &Semaphore| all.saturating_sub(free.available_permits()) as u64;
        Queue {
            running: taken(self.size as usize, &self.free),
            waiting: taken(self.room, &self.places),
            room: self.room as u64,
            refused: self.crowd.refused(),
        }
    }

    /// Refuses everybody who has no slot yet.
    pub(crate) fn close(&self) {
        self.free.close();
    }

    /// Returns when everybody who asked before has had a slot and is done with it; then nobody gets one.
    pub(crate) async fn drain(&self) {
        // An error means that another caller has closed it already.
        let _all = self.free.acquire_many(self.size).await;
        self.close();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    fn slots(size: usize, waiting: usize) -> Arc<Slots> {
        let options = Options { waiting, wait: Duration::from_secs(30), ..Options::default() };
        Arc::new(Slots::new("test", size, &options))
    }

    /// Lets those who were spawned before come as far as they can.
    async fn settle() {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_finds_the_queue_full_is_refused_while_no_time_passes() {
        let (slots, began) = (slots(1, 2), tokio::time::Instant::now());
        let held = slots.take().await.unwrap();
        let order = Arc::new(AtomicUsize::new(0));
        let waiting: Vec<_> = (0..2)
            .map(|_| {
                let (slots, order) = (slots.clone(), order.clone());
                tokio::spawn(async move {
                    let _slot = slots.take().await.unwrap();
                    order.fetch_add(1, Ordering::Relaxed)
                })
            })
            .collect();
        settle().await;
        for _ in 0..100 {
            assert_eq!(slots.take().await.err(), Some(StoreError::Overloaded));
        }
        assert_eq!(slots.figures(), Queue { running: 1, waiting: 2, room: 2, refused: 100 });
        assert_eq!(began.elapsed(), Duration::ZERO);
        drop(held);
        for (asked, task) in waiting.into_iter().enumerate() {
            assert_eq!(task.await.unwrap(), asked, "in the order of asking");
        }
        assert!(slots.take().await.is_ok(), "all is free again");
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_is_refused_after_the_bound_and_leaves_the_place_to_another() {
        let (slots, began) = (slots(1, 1), tokio::time::Instant::now());
        let held = slots.take().await.unwrap();
        for waits in 1..=2 {
            assert_eq!(slots.take().await.err(), Some(StoreError::Overloaded));
            assert_eq!(began.elapsed().as_secs(), waits * 30, "both have waited");
        }
        drop(held);
        assert!(slots.take().await.is_ok());
    }

    #[tokio::test]
    async fn who_stops_waiting_leaves_the_place_to_another() {
        let slots = slots(1, 1);
        let held = slots.take().await.unwrap();
        for _ in 0..3 {
            let asking = slots.clone();
            let gone = tokio::spawn(async move { asking.take().await.map(drop) });
            settle().await;
            assert_eq!(slots.take().await.err(), Some(StoreError::Overloaded), "the place is taken");
            gone.abort();
            assert!(gone.await.unwrap_err().is_cancelled());
        }
        drop(held);
        assert!(slots.take().await.is_ok());
    }

    #[tokio::test]
    async fn a_drain_lets_those_have_their_slot_who_asked_before() {
        let slots = slots(1, 4);
        let held = slots.take().await.unwrap();
        let (before, draining) = (slots.clone(), slots.clone());
        let before = tokio::spawn(async move { before.take().await.map(drop) });
        settle().await;
        let draining = tokio::spawn(async move { draining.drain().await });
        settle().await;
        drop(held);
        draining.await.unwrap();
        assert_eq!(before.await.unwrap(), Ok(()));
        assert_eq!(slots.take().await.err(), Some(StoreError::Closed));
    }
}
