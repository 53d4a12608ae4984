//! The queue before long reads. A few threads take the reads out of it one after the other: none rests while somebody waits, however
//! busy the runtime is with those who are turned away. Handing out the right to a thread instead, to tasks that had to be
//! scheduled first, left the threads idle when it mattered. It knows nothing of connections.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::figures::Queue as Figures;
use crate::slots::Crowd;
use crate::{Options, R, StoreError};

/// The queue and its threads.
pub(super) struct Scans {
    queue: Mutex<Queue>,
    /// Threads at a time.
    most: usize,
    /// Places for those who find no thread free.
    waiting: usize,
    /// How long somebody waits for a thread.
    wait: Duration,
    crowd: Crowd,
}

#[derive(Default)]
struct Queue {
    works: VecDeque<Box<dyn Work>>,
    threads: usize,
    is_closed: bool,
}

trait Work: Send {
    /// Does it, unless nobody waits for it any more.
    fn run(self: Box<Self>);
}

struct Scan<F, V> {
    work: F,
    stage: Arc<AtomicU8>,
    caller: oneshot::Sender<V>,
}

const QUEUED: u8 = 0;
const BEGUN: u8 = 1;
const LEFT: u8 = 2;

impl<V: Send, F: FnOnce() -> V + Send> Work for Scan<F, V> {
    fn run(self: Box<Self>) {
        let begins =
            || self.stage.compare_exchange(QUEUED, BEGUN, Ordering::AcqRel, Ordering::Acquire).is_ok();
        if !self.caller.is_closed() && begins() {
            // A caller who stops waiting meanwhile is none of the store's business.
            let _ = self.caller.send((self.work)());
        }
    }
}

/// A thread that is counted, until it has ended in whatever way.
struct Thread {
    scans: Arc<Scans>,
    /// What it was made for: that never waits among the others.
    first: Option<Box<dyn Work>>,
    is_counted: bool,
}

impl Thread {
    fn run(mut self) {
        let mut work = self.first.take();
        while let Some(some) = work.or_else(|| self.next()) {
            some.run();
            work = None;
        }
    }

    /// The next in the queue. Where there is none the thread ends, in the same moment: whoever comes then makes another.
    fn next(&mut self) -> Option<Box<dyn Work>> {
        let mut queue = self.scans.queue();
        let work = queue.works.pop_front();
        if work.is_none() {
            queue.threads -= 1;
            self.is_counted = false;
        }
        work
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        // A runtime that ends drops what it has not begun.
        if self.is_counted {
            self.scans.queue().threads -= 1;
        }
    }
}

impl Scans {
    pub(super) fn new(options: &Options) -> Scans {
        Scans {
            queue: Mutex::default(),
            most: options.scans.max(1),
            waiting: options.waiting,
            wait: options.wait,
            crowd: Crowd::at("scans"),
        }
    }

    /// Runs this on a thread that may be blocked for long, in the order of asking; [`StoreError::Overloaded`] when too many wait
    /// already, or when its turn does not come within [`Options::wait`].
    pub(super) async fn run<T, E>(
        self: &Arc<Self>,
        work: impl FnOnce() -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (caller, mut answer) = oneshot::channel();
        let stage = Arc::new(AtomicU8::new(QUEUED));
        self.put(Box::new(Scan { work, stage: stage.clone(), caller }))?;
        let ended = match tokio::time::timeout(self.wait, &mut answer).await {
            Ok(ended) => ended,
            Err(_) => {
                if stage.compare_exchange(QUEUED, LEFT, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                    return Err(self.crowd.refuse().into());
                }
                answer.await
            }
        };
        ended.unwrap_or_else(|_| Err(StoreError::Closed.into()))
    }

    fn put(self: &Arc<Self>, work: Box<dyn Work>) -> R<()> {
        let mut queue = self.queue();
        if queue.is_closed {
            return Err(StoreError::Closed);
        }
        if queue.threads == self.most {
            if queue.works.len() >= self.waiting {
                return Err(self.crowd.refuse());
            }
            queue.works.push_back(work);
            return Ok(());
        }
        self.crowd.is_over();
        queue.threads += 1;
        drop(queue);
        let thread = Thread { scans: self.clone(), first: Some(work), is_counted: true };
        tokio::task::spawn_blocking(move || thread.run());
        Ok(())
    }

    /// How many run and how many wait.
    pub(super) fn figures(&self) -> Figures {
        let queue = self.queue();
        Figures {
            running: queue.threads as u64,
            waiting: queue.works.len() as u64,
            room: self.waiting as u64,
            refused: self.crowd.refused(),
        }
    }

    /// Refuses everybody whose turn has not come.
    pub(super) fn close(&self) {
        let mut queue = self.queue();
        queue.is_closed = true;
        let left = std::mem::take(&mut queue.works);
        drop(queue);
        drop(left);
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn scans(scans: usize, waiting: usize, wait: Duration) -> Arc<Scans> {
        Arc::new(Scans::new(&Options { scans, waiting, wait, ..Options::default() }))
    }

    /// Work that says that it has begun, and ends when it is told.
    fn held(scans: &Arc<Scans>) -> (tokio::task::JoinHandle<R<()>>, mpsc::Receiver<()>, mpsc::Sender<()>) {
        let ((begun, begins), (end, ends)) = (mpsc::channel(), mpsc::channel::<()>());
        let scans = scans.clone();
        let running = tokio::spawn(async move {
            let work = move || {
                begun.send(()).unwrap();
                let _ = ends.recv();
                Ok(())
            };
            scans.run(work).await
        });
        (running, begins, end)
    }

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn those_who_wait_have_their_turn_in_order_and_those_beyond_are_refused() {
        let scans = scans(1, 2, LONG);
        let (first, begins, end) = held(&scans);
        begins.recv().unwrap();
        let (say, said) = mpsc::channel();
        let mut waiting = Vec::new();
        for number in 1..=2 {
            let (own, say) = (scans.clone(), say.clone());
            waiting.push(tokio::spawn(async move {
                own.run(move || say.send(number).map_err(|_| StoreError::Closed)).await
            }));
            while scans.queue().works.len() < number {
                tokio::task::yield_now().await;
            }
        }
        assert_eq!(scans.run(|| Ok::<_, StoreError>(())).await, Err(StoreError::Overloaded));
        assert_eq!(scans.figures(), Figures { running: 1, waiting: 2, room: 2, refused: 1 });
        end.send(()).unwrap();
        assert_eq!(first.await.unwrap(), Ok(()));
        for waited in waiting {
            assert_eq!(waited.await.unwrap(), Ok(()));
        }
        assert_eq!([said.recv().unwrap(), said.recv().unwrap()], [1, 2]);
        assert_eq!(scans.run(|| Ok::<_, StoreError>(7)).await, Ok(7));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn whoever_waits_too_long_or_leaves_is_passed_over() {
        let scans = scans(1, 8, Duration::from_millis(20));
        let (first, begins, end) = held(&scans);
        begins.recv().unwrap();
        let (say, said) = mpsc::channel();
        let late = say.clone();
        let waited = scans.run(move || late.send("late").map_err(|_| StoreError::Closed)).await;
        assert_eq!(waited, Err(StoreError::Overloaded));
        let own = scans.clone();
        let left =
            tokio::spawn(
                async move { own.run(move || say.send("left").map_err(|_| StoreError::Closed)).await },
            );
        while scans.queue().works.len() < 2 {
            tokio::task::yield_now().await;
        }
        left.abort();
        let _gone = left.await;
        end.send(()).unwrap();
        assert_eq!(first.await.unwrap(), Ok(()), "one that has begun is waited for, however long it takes");
        assert_eq!(scans.run(|| Ok::<_, StoreError>(7)).await, Ok(7));
        assert!(said.recv().is_err(), "neither was done");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn closing_refuses_all_but_what_has_begun() {
        let scans = scans(1, 8, LONG);
        let (first, begins, end) = held(&scans);
        begins.recv().unwrap();
        let own = scans.clone();
        let second = tokio::spawn(async move { own.run(|| Ok::<_, StoreError>(())).await });
        while scans.queue().works.is_empty() {
            tokio::task::yield_now().await;
        }
        scans.close();
        assert_eq!(second.await.unwrap(), Err(StoreError::Closed));
        assert_eq!(scans.run(|| Ok::<_, StoreError>(())).await, Err(StoreError::Closed));
        end.send(()).unwrap();
        assert_eq!(first.await.unwrap(), Ok(()));
    }

    #[test]
    fn a_runtime_that_ends_leaves_no_thread_counted() {
        let scans = scans(2, 8, LONG);
        let runtime = || {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            builder.enable_time().max_blocking_threads(1).build().unwrap()
        };
        let first = runtime();
        // The only thread is taken, so that what comes is never begun.
        let (end, ends) = mpsc::channel::<()>();
        first.spawn_blocking(move || ends.recv());
        first.block_on(async {
            let own = scans.clone();
            let never = tokio::spawn(async move { own.run(|| Ok::<_, StoreError>(())).await });
            while scans.queue().threads == 0 {
                tokio::task::yield_now().await;
            }
            never.abort();
        });
        first.shutdown_background();
        drop(end);
        // The runtime drops what was queued on a thread of its own.
        for _ in 0..6000 {
            if scans.queue().threads == 0 {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(runtime().block_on(scans.run(|| Ok::<_, StoreError>(7))), Ok(7));
    }
}
