//! The order of deliveries: updates of one lane strictly one after the other, lanes beside each other.
//! Pure bookkeeping: time comes in as an argument, nothing is sent here.

use contactgram_model::UpdateId;
use contactgram_model::webhook::PendingUpdate;
use std::collections::{BTreeSet, HashMap, VecDeque};
use tokio::time::Instant;

/// Updates on their way, by lane.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    lanes: HashMap<i64, Lane>,
    ready: VecDeque<i64>,
    waiting: BTreeSet<(Instant, i64)>,
    queued: usize,
    replays: usize,
    loaded: Option<UpdateId>,
}

#[derive(Debug, Default)]
struct Lane {
    queue: VecDeque<PendingUpdate>,
    failures: u32,
}

impl Lanes {
    /// Updates that are loaded and not finished.
    pub fn queued(&self) -> usize {
        self.queued
    }

    /// The same, of those alone that come from the log for the first time.
    pub fn open(&self) -> usize {
        self.queued - self.replays
    }

    /// Lanes whose next update may go at once.
    pub fn ready(&self) -> usize {
        self.ready.len()
    }

    /// Lanes that wait to be tried again.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The newest update that was loaded.
    pub fn loaded(&self) -> Option<UpdateId> {
        self.loaded
    }

    /// Takes an update in; they come in the order of the log, but for those that are delivered again.
    pub fn load(&mut self, update: PendingUpdate) {
        match update.replay {
            None => self.loaded = Some(update.id),
            Some(_) => self.replays += 1,
        }
        self.queued += 1;
        let lane = update.lane;
        let entry = self.lanes.entry(lane).or_default();
        entry.queue.push_back(update);
        // A lane with one update in it was empty: neither under way nor waiting.
        if entry.queue.len() == 1 {
            self.ready.push_back(lane);
        }
    }

    /// The next update to deliver now, if a lane is ready. Its lane is under way until told otherwise.
    pub fn next(&mut self, now: Instant) -> Option<PendingUpdate> {
        while let Some(&(at, lane)) = self.waiting.first() {
            if at > now {
                break;
            }
            self.waiting.pop_first();
            self.ready.push_back(lane);
        }
        let lane = self.ready.pop_front()?;
        self.lanes.get(&lane)?.queue.front().copied()
    }

    /// Passes an update over, as if it had been loaded and finished.
    pub fn pass(&mut self, id: UpdateId) {
        self.loaded = Some(id);
    }

    /// When a waiting lane is due.
    pub fn due(&self) -> Option<Instant> {
        self.waiting.first().map(|(at, _)| *at)
    }

    /// The lane's first update is done with: taken, or given up.
    pub fn finish(&mut self, lane: i64) {
        let Some(entry) = self.lanes.get_mut(&lane) else { return };
        if let Some(update) = entry.queue.pop_front() {
            self.queued -= 1;
            self.replays -= usize::from(update.replay.is_some());
        }
        entry.failures = 0;
        if entry.queue.is_empty() {
            self.lanes.remove(&lane);
        } else {
            self.ready.push_back(lane);
        }
    }

    /// The lane's first update failed; answers how often in a row now.
    pub fn fail(&mut self, lane: i64) -> u32 {
        let Some(entry) = self.lanes.get_mut(&lane) else { return 0 };
        entry.failures += 1;
        entry.failures
    }

    /// How often the lane's first update failed in a row.
    pub fn failures(&self, lane: i64) -> u32 {
        self.lanes.get(&lane).map_or(0, |entry| entry.failures)
    }

    /// Tries the lane again at `at`.
    pub fn wait(&mut self, lane: i64, at: Instant) {
        if self.lanes.contains_key(&lane) {
            self.waiting.insert((at, lane));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn update(id: i64, lane: i64) -> PendingUpdate {
        PendingUpdate { id: UpdateId(id), lane, date: 0, replay: None }
    }

    fn next(lanes: &mut Lanes, now: Instant) -> Option<i64> {
        lanes.next(now).map(|update| update.id.0)
    }

    #[tokio::test(start_paused = true)]
    async fn a_lane_keeps_its_order_and_holds_up_no_other() {
        let (mut lanes, now) = (Lanes::default(), Instant::now());
        for (id, lane) in [(1, 7), (2, 7), (3, 8)] {
            lanes.load(update(id, lane));
        }
        assert_eq!(
            (next(&mut lanes, now), next(&mut lanes, now), next(&mut lanes, now)),
            (Some(1), Some(3), None)
        );
        lanes.finish(7);
        assert_eq!(next(&mut lanes, now), Some(2));
        assert_eq!((lanes.fail(7), lanes.fail(7)), (1, 2));
        let later = now + Duration::from_secs(2);
        lanes.wait(7, later);
        lanes.finish(8);
        assert_eq!((next(&mut lanes, now), lanes.due()), (None, Some(later)));
        assert_eq!(next(&mut lanes, later), Some(2), "the same again");
        lanes.finish(7);
        assert_eq!((lanes.queued(), lanes.loaded(), lanes.due()), (0, Some(UpdateId(3)), None));
        lanes.load(update(4, 7));
        assert_eq!(next(&mut lanes, later), Some(4));
        assert_eq!(lanes.fail(7), 1, "success forgets failures");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_replayed_waits_its_turn_and_moves_no_position() {
        let (mut lanes, now) = (Lanes::default(), Instant::now());
        lanes.load(update(9, 7));
        lanes.load(PendingUpdate { replay: Some(1), ..update(2, 7) });
        assert_eq!((lanes.queued(), lanes.open(), lanes.loaded()), (2, 1, Some(UpdateId(9))));
        assert_eq!(next(&mut lanes, now), Some(9));
        lanes.finish(7);
        assert_eq!((next(&mut lanes, now), lanes.open()), (Some(2), 0));
        lanes.finish(7);
        lanes.pass(UpdateId(10));
        assert_eq!((lanes.queued(), lanes.loaded()), (0, Some(UpdateId(10))));
    }
}
