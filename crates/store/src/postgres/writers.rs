//! The threads that write to PostgreSQL, each with a connection and a queue of its own. All writes of one
//! account go to the same one, so that they share its COMMITs and never wait for each other's locks. The
//! engine puts jobs in; nobody is answered before the COMMIT has returned.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use tokio::sync::{Semaphore, oneshot};

use super::connect::Connector;
use super::group::{self, End, Entry, Failure, Sharing};
use super::line::Line;
use super::run::{TRIES, pause};
use crate::figures::{Meter, Writes};
use crate::job::Job;
use crate::slots::Places;
use crate::{Options, R, StoreError};

/// Jobs that share one transaction at most: beyond this many savepoints PostgreSQL's bookkeeping spills.
const GROUP: usize = 64;
/// Groups that take savepoints after one without had to be undone.
const CAREFUL: u32 = 64;
/// Writers at most.
const WRITERS: usize = 4;

enum Message {
    Run(Entry),
    Close(oneshot::Sender<()>),
}

/// The writers' queues, as callers see them.
pub(super) struct Writers {
    queues: Vec<Sender<Message>>,
    places: Places,
    meter: Arc<Meter>,
}

impl Writers {
    /// Starts the threads; each connects when it has something to write. They end with [`Writers::close`], or
    /// when the queues are dropped.
    pub(super) fn start(connector: &Connector, options: &Options) -> R<Writers> {
        let places = Places::new("writes", options.queue);
        let meter = Arc::<Meter>::default();
        let count = options.pool.clamp(1, WRITERS);
        let queues = (0..count).map(|number| {
            let (sender, messages) = channel();
            let (connector, places, meter) = (connector.clone(), places.freed(), meter.clone());
            let ready = VecDeque::new();
            let writer = Writer { connector, line: None, messages, places, meter, ready, careful: 0 };
            std::thread::Builder::new()
                .name(format!("store-writer-{number}"))
                .spawn(move || writer.run())
                .map_err(|error| StoreError::Other(format!("a writer thread can't be started: {error}")))?;
            Ok(sender)
        });
        Ok(Writers { queues: queues.collect::<R<_>>()?, places, meter })
    }

    /// Refuses the job at once when no place is free. Once it returns, the job will be run, unless its caller
    /// goes away first.
    pub(super) fn put(&self, key: i64, job: Box<dyn Job>) -> R<()> {
        self.places.take()?;
        let number = key.unsigned_abs() % self.queues.len().max(1) as u64;
        let queue = usize::try_from(number).ok().and_then(|number| self.queues.get(number));
        let queue = queue.ok_or(StoreError::Closed)?;
        queue.send(Message::Run(Entry::new(key, job))).map_err(|_| StoreError::Closed)
    }

    pub(super) fn figures(&self) -> Writes {
        self.meter.read(self.places.figures())
    }

    /// Refuses new jobs, lets the queued ones be answered, and returns when the connections are closed.
    pub(super) async fn close(&self) {
        self.places.close();
        let mut ends = Vec::new();
        for queue in &self.queues {
            let (done, closed) = oneshot::channel();
            if queue.send(Message::Close(done)).is_ok() {
                ends.push(closed);
            }
        }
        for closed in ends {
            // An error means that the writer is gone, which is what was asked for.
            let _ = closed.await;
        }
    }
}

struct Writer {
    connector: Connector,
    line: Option<Line>,
    messages: Receiver<Message>,
    places: Arc<Semaphore>,
    meter: Arc<Meter>,
    /// Taken from the queue and not answered.
    ready: VecDeque<Entry>,
    /// Groups yet to run with savepoints.
    careful: u32,
}

impl Writer {
    fn run(mut self) {
        let mut closing = None;
        while closing.is_none() {
            match self.messages.recv() {
                Ok(Message::Run(entry)) => self.take(entry),
                Ok(Message::Close(done)) => closing = Some(done),
                Err(_) => return,
            }
            while !self.ready.is_empty() {
                while self.ready.len() < GROUP && closing.is_none() {
                    match self.messages.try_recv() {
                        Ok(Message::Run(entry)) => self.take(entry),
                        Ok(Message::Close(done)) => closing = Some(done),
                        Err(_) => break,
                    }
                }
                let mut jobs: Vec<Entry> = self.ready.drain(..).collect();
                jobs.retain(|entry| !entry.job.gone());
                let (writes, begun) = (jobs.len(), Instant::now());
                if writes > 0 {
                    self.run_group(jobs);
                    self.meter.group(writes, begun.elapsed());
                }
            }
        }
        drop(self.line);
        if let Some(done) = closing {
            // Whoever asked may have stopped waiting.
            let _ = done.send(());
        }
    }

    fn take(&mut self, entry: Entry) {
        self.places.add_permits(1);
        self.ready.push_back(entry);
    }

    /// Runs jobs together if that is possible, and answers them. What has to run again goes to the front of
    /// the next group: there it may wait for its locks.
    fn run_group(&mut self, mut jobs: Vec<Entry>) {
        if jobs.len() > 1 && self.together(&mut jobs) {
            for entry in jobs {
                if entry.end == End::Again { self.ready.push_back(entry) } else { self.answer(entry) }
            }
            return;
        }
        // Who waited in vain for a lock has shown that others of the account would, too.
        let mut stuck = Vec::new();
        for mut entry in jobs {
            if entry.job.gone() {
                continue;
            }
            if stuck.contains(&entry.key) {
                entry.end = End::Failed(StoreError::Busy);
            } else if self.alone(&mut entry) == Some(StoreError::Busy) {
                stuck.push(entry.key);
            }
            self.answer(entry);
        }
    }

    fn answer(&self, entry: Entry) {
        self.meter.failed(usize::from(matches!(entry.end, End::Failed(_) | End::Again)));
        entry.answer();
    }

    /// False when they have to run alone.
    fn together(&mut self, jobs: &mut [Entry]) -> bool {
        let mut sharing = if self.careful > 0 { Sharing::Savepoints } else { Sharing::Bare };
        self.careful = self.careful.saturating_sub(1);
        for tries in 1..=TRIES {
            let Ok(line) = self.line() else { return false };
            match group::together(line, jobs, sharing) {
                Ok(()) => return true,
                Err(Failure::Gone) => {
                    self.line = None;
                    std::thread::sleep(pause(tries));
                }
                Err(Failure::Lost) => {
                    if line.rollback().is_err() {
                        self.line = None;
                    }
                    if sharing == Sharing::Savepoints {
                        return false;
                    }
                    sharing = Sharing::Savepoints;
                    self.careful = CAREFUL;
                }
            }
        }
        false
    }

    /// What PostgreSQL had against it.
    fn alone(&mut self, entry: &mut Entry) -> Option<StoreError> {
        for tries in 1..=TRIES {
            let ended = match self.line() {
                Ok(line) => group::alone(line, entry),
                Err(error) => {
                    entry.end = End::Failed(error);
                    return None;
                }
            };
            match ended {
                Ok(error) => return error,
                Err(_) => {
                    self.line = None;
                    entry.end = End::Failed(StoreError::Closed);
                    std::thread::sleep(pause(tries));
                }
            }
        }
        None
    }

    fn line(&mut self) -> R<&mut Line> {
        if self.line.as_ref().is_none_or(|line| !line.is_open()) {
            self.line = Some(self.connector.line()?);
        }
        self.line.as_mut().ok_or(StoreError::Closed)
    }
}
