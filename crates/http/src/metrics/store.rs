//! The store's figures as metrics: its queues, the groups that its writers commit, the room of its files.

use super::page::Page;
use contactgram_hub::figures::{Queue, StoreFigures};

pub(super) fn render(page: &mut Page, store: &StoreFigures) {
    let queues: Vec<(&str, &Queue)> = [("writes", Some(&store.writes.queue)), ("scans", Some(&store.scans))]
        .into_iter()
        .chain([("reads", store.reads.as_ref())])
        .filter_map(|(name, queue)| Some((name, queue?)))
        .collect();
    let mut family =
        page.gauge("contactgram_store_waiting", "Operations that wait for their turn, by queue.");
    queues.iter().for_each(|(name, queue)| family.has(&[("queue", name)], queue.waiting));
    let mut family =
        page.gauge("contactgram_store_waiting_limit", "Operations that may wait; those beyond are refused.");
    queues.iter().for_each(|(name, queue)| family.has(&[("queue", name)], queue.room));
    let mut family = page.counter(
        "contactgram_store_refused_total",
        "Operations that were refused because too many waited, or waited too long: answered 503.",
    );
    queues.iter().for_each(|(name, queue)| family.has(&[("queue", name)], queue.refused));
    let mut family =
        page.gauge("contactgram_store_running", "Operations under way; of point reads on PostgreSQL alone.");
    let running = queues.iter().filter(|(name, _)| *name != "writes");
    running.for_each(|(name, queue)| family.has(&[("queue", name)], queue.running));

    page.counter(
        "contactgram_store_failed_writes_total",
        "Writes that were not kept: a full disk, a lock that others held, a database out of reach.",
    )
    .is(store.writes.failed);
    page.histogram("contactgram_store_group_writes", "Writes that shared a transaction and its sync.")
        .spreads(&[], &store.writes.sizes, 1.0);
    page.histogram(
        "contactgram_store_group_duration_seconds",
        "Time of a transaction, with its sync and the answers to who waits.",
    )
    .spreads(&[], &store.writes.times, 1e6);

    let files = store.files.as_ref();
    let mut family = page.gauge("contactgram_store_file_bytes", "Size of the SQLite data file.");
    files.into_iter().for_each(|files| family.is(files.data));
    let mut family = page.gauge("contactgram_store_wal_bytes", "Size of SQLite's write-ahead log.");
    files.into_iter().for_each(|files| family.is(files.wal));
    let mut family = page.gauge(
        "contactgram_store_free_bytes",
        "Room that is left on the file system of the SQLite data file.",
    );
    files.and_then(|files| files.free).into_iter().for_each(|free| family.is(free));
}
