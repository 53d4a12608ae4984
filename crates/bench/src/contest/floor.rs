//! The least that a durable contact server over SQLite can do: `GET /ID` reads a row where it is asked,
//! `GET /?from=ID` a page of 50, `POST /` inserts through one thread that commits whatever waits at once, with
//! `synchronous=FULL`. No credential, no search index, no update log. `fill` makes its rows.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::{Method, Request, StatusCode};
use rusqlite::{Connection, OptionalExtension, Row};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::{Answer, json};
use crate::Failed;

/// Rows that share one COMMIT at most.
const GROUP: usize = 1024;
/// Contacts on a page.
const PAGE: i64 = 50;

#[derive(Clone)]
pub struct Floor {
    path: Arc<PathBuf>,
    writer: Sender<Job>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Contact {
    pub id: i64,
    pub first_name: String,
    pub last_name: String,
    pub phone_number: String,
    pub email: String,
}

#[derive(Serialize)]
struct Envelope<T> {
    ok: bool,
    result: T,
}

struct Job {
    contact: Contact,
    answer: oneshot::Sender<Contact>,
}

thread_local! {
    static READER: RefCell<Option<Connection>> = const { RefCell::new(None) };
}

impl Floor {
    pub fn open(path: &Path) -> Result<Floor, Failed> {
        let connection = connect(path)?;
        let (writer, jobs) = channel();
        std::thread::Builder::new().name("writer".to_owned()).spawn(move || write(&connection, &jobs))?;
        Ok(Floor { path: Arc::new(path.to_owned()), writer })
    }

    pub async fn answer(self, request: Request<Incoming>) -> Answer {
        match self.try_answer(request).await {
            Ok(answer) => answer,
            Err(why) => {
                let mut answer = json(Bytes::from(format!("{why}")));
                *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                answer
            }
        }
    }

    async fn try_answer(self, request: Request<Incoming>) -> Result<Answer, Failed> {
        if request.method() == Method::POST {
            let body = request.into_body().collect().await?.to_bytes();
            let contact = serde_json::from_slice(&body)?;
            let (answer, kept) = oneshot::channel();
            self.writer.send(Job { contact, answer }).map_err(|_| "the writer is gone")?;
            let mut answer = enveloped(&kept.await?)?;
            *answer.status_mut() = StatusCode::CREATED;
            return Ok(answer);
        }
        if let Some(from) = request.uri().query().and_then(|query| query.strip_prefix("from=")) {
            let from: i64 = from.parse()?;
            return enveloped(&read(&self.path, |reader| page(reader, from))?);
        }
        let id: i64 = request.uri().path().trim_start_matches('/').parse()?;
        enveloped(&read(&self.path, |reader| one(reader, id))?.ok_or("no such row")?)
    }
}

/// Makes a file with these contacts as rows 1, 2, 3 …
pub fn fill(path: &Path, contacts: impl Iterator<Item = Contact>) -> Result<(), Failed> {
    let mut connection = connect(path)?;
    connection.execute_batch(
        "CREATE TABLE contacts (id INTEGER PRIMARY KEY, first_name TEXT, last_name TEXT, phone_number TEXT, email TEXT);
         CREATE INDEX contacts_phone ON contacts (phone_number);",
    )?;
    let transaction = connection.transaction()?;
    for contact in contacts {
        insert(&transaction, &contact)?;
    }
    transaction.commit()?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

/// A generous page cache and memory mapping: the floor is what SQLite can do, not what a small server grants it.
fn connect(path: &Path) -> Result<Connection, Failed> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;
         PRAGMA cache_size = -65536; PRAGMA mmap_size = 1073741824;",
    )?;
    Ok(connection)
}

fn write(connection: &Connection, jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let group: Vec<Job> = std::iter::once(first).chain(jobs.try_iter()).take(GROUP).collect();
        let kept = (|| {
            connection.execute_batch("BEGIN IMMEDIATE")?;
            let ids: Result<Vec<i64>, _> = group.iter().map(|job| insert(connection, &job.contact)).collect();
            let ids = ids?;
            connection.execute_batch("COMMIT")?;
            Ok::<_, rusqlite::Error>(ids)
        })();
        // Dropping the jobs tells the callers that it failed.
        let Ok(ids) = kept else { continue };
        for (job, id) in group.into_iter().zip(ids) {
            drop(job.answer.send(Contact { id, ..job.contact }));
        }
    }
}

fn insert(connection: &Connection, contact: &Contact) -> rusqlite::Result<i64> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO contacts (first_name, last_name, phone_number, email) VALUES (?1, ?2, ?3, ?4)",
    )?;
    statement.insert((&contact.first_name, &contact.last_name, &contact.phone_number, &contact.email))
}

fn read<T>(path: &Path, f: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Failed> {
    READER.with_borrow_mut(|reader| {
        if reader.is_none() {
            *reader = Some(connect(path)?);
        }
        let reader = reader.as_ref().ok_or("the reader was just opened")?;
        Ok(f(reader)?)
    })
}

fn one(reader: &Connection, id: i64) -> rusqlite::Result<Option<Contact>> {
    const SQL: &str = "SELECT first_name, last_name, phone_number, email, id FROM contacts WHERE id = ?1";
    reader.prepare_cached(SQL)?.query_row([id], contact).optional()
}

fn page(reader: &Connection, from: i64) -> rusqlite::Result<Vec<Contact>> {
    const SQL: &str = "SELECT first_name, last_name, phone_number, email, id FROM contacts \
                       WHERE id >= ?1 ORDER BY id LIMIT ?2";
    reader.prepare_cached(SQL)?.query_map([from, PAGE], contact)?.collect()
}

fn contact(row: &Row<'_>) -> rusqlite::Result<Contact> {
    Ok(Contact {
        first_name: row.get(0)?,
        last_name: row.get(1)?,
        phone_number: row.get(2)?,
        email: row.get(3)?,
        id: row.get(4)?,
    })
}

fn enveloped<T: Serialize>(result: &T) -> Result<Answer, Failed> {
    Ok(json(serde_json::to_vec(&Envelope { ok: true, result })?.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_by_number_and_by_page() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("floor.db");
        let contacts =
            (1..=120).map(|number| Contact { first_name: number.to_string(), ..Contact::default() });
        fill(&path, contacts).unwrap();
        let connection = connect(&path).unwrap();
        assert_eq!(one(&connection, 7).unwrap().unwrap().first_name, "7");
        assert!(one(&connection, 121).unwrap().is_none());
        let ids: Vec<i64> = page(&connection, 60).unwrap().into_iter().map(|contact| contact.id).collect();
        assert_eq!(ids, (60..110).collect::<Vec<_>>());
        let synchronous: i64 = connection.query_row("PRAGMA synchronous", [], |row| row.get(0)).unwrap();
        assert_eq!(synchronous, 2);
    }
}
