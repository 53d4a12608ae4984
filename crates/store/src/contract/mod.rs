//! What both engines promise, tested on both with tables of its own. The operations' tests rest on this.

mod basics;
mod contacts_as_json;
mod failures;
mod lifetime;
mod locks;
mod migrations;
mod selectors;

use std::sync::mpsc;

use tokio::task::JoinHandle;

use crate::{Options, R, Sql, Store, StoreError, Tx, p};

/// BYTEA is PostgreSQL's word; SQLite keeps bytes whatever the column is called.
static CREATE: Sql = Sql::new(
    "CREATE TABLE t_contact (
        account BIGINT NOT NULL, phone TEXT NOT NULL, name TEXT NOT NULL,
        age BIGINT, active BOOLEAN NOT NULL DEFAULT TRUE, photo BYTEA,
        PRIMARY KEY (account, phone)
    )",
);
static INSERT: Sql = Sql::new("INSERT INTO t_contact (account, phone, name) VALUES ($1, $2, $3)");
static UPSERT: Sql = Sql::new(
    "INSERT INTO t_contact (account, phone, name) VALUES ($1, $2, $3)
     ON CONFLICT (account, phone) DO UPDATE SET name = excluded.name RETURNING name",
);
static NAME: Sql = Sql::new("SELECT name FROM t_contact WHERE phone = $2 AND account = $1");
static COUNT: Sql = Sql::new("SELECT COUNT(*) FROM t_contact");

/// A caller's own error type, as the hub has one.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Refusal {
    Store(StoreError),
    Domain(&'static str),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Refusal::Store(error)
    }
}

fn insert(tx: &mut dyn Tx, account: i64, phone: &str) -> R<u64> {
    tx.execute(&INSERT, p![account, phone, "Ann"])
}

fn count(tx: &mut dyn Tx) -> R<i64> {
    tx.one(&COUNT, p![], |row| row.int(0))
}

async fn with_table(store: &Store) {
    store.write(1, |tx| tx.execute(&CREATE, p![])).await.unwrap();
}

async fn kept(store: &Store) -> i64 {
    store.read(count).await.unwrap()
}

/// Another store on the same database, as another process would open it.
async fn again(store: &Store, options: &Options) -> Store {
    Store::open(store.location(), options).await.unwrap()
}

/// A write that is under way, and holds what it has locked, until [`Held::release`].
struct Held {
    release: mpsc::Sender<()>,
    write: JoinHandle<R<()>>,
}

impl Held {
    /// Runs `f` and returns once it has run, before its COMMIT.
    async fn new(store: &Store, f: impl Fn(&mut dyn Tx) -> R<()> + Send + 'static) -> Held {
        let (release, released) = mpsc::channel::<()>();
        let (began, mut begun) = tokio::sync::mpsc::unbounded_channel();
        let store = store.clone();
        let write = tokio::spawn(async move {
            store
                .write(1, move |tx| {
                    f(tx)?;
                    began.send(()).unwrap();
                    released.recv().unwrap();
                    Ok(())
                })
                .await
        });
        begun.recv().await.unwrap();
        Held { release, write }
    }

    async fn release(self) {
        self.release.send(()).unwrap();
        self.write.await.unwrap().unwrap();
    }
}
