//! A stage: one server's data, the accounts on it, and what the clients know of them. The runs start, hurt
//! and check it; `clients` is the load, `journal` what it remembers, `check` the comparison.

mod check;
mod clients;
mod journal;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::findings::Findings;
use crate::process::{Account, Fsync, Program, Server};
use clients::Scene;
use journal::{Cursor, Journal};

/// Writes that a round needs to say something, and how long a loaded machine has for them.
const LEAST: u64 = 50;
const FOR_LEAST: Duration = Duration::from_secs(20);
/// Accounts that write to each other in a ring.
const ACCOUNTS: usize = 4;

/// Data, accounts and journals that belong together.
pub struct Stage {
    pub program: Program,
    pub accounts: Arc<Vec<Account>>,
    server: Option<Server>,
    journals: Vec<Journal>,
    cursors: Vec<(usize, Cursor)>,
    /// How many acknowledged writes were counted as findings already.
    counted: u64,
}

/// Clients at work.
pub struct Load {
    writers: JoinSet<Journal>,
    written: Vec<Journal>,
    pollers: JoinSet<(usize, Cursor)>,
    scene: Scene,
}

/// How to set a stage.
pub struct Setting<'a> {
    /// The server's program.
    pub file: &'a Path,
    /// Where the data goes.
    pub data: PathBuf,
    /// Where the log goes: not on a disk that loses power.
    pub log: PathBuf,
    pub store: Option<String>,
    pub writers: usize,
}

impl Stage {
    /// Makes the accounts; the server is not started yet.
    pub async fn set(setting: Setting<'_>) -> Result<Stage, String> {
        let Setting { file, data, log, store, writers } = setting;
        let program = Program { file: file.to_owned(), data, store, log };
        let mut accounts = Vec::new();
        for number in 0..ACCOUNTS {
            accounts.push(program.account(&format!("Shop {number}")).await?);
        }
        Ok(Stage {
            program,
            accounts: Arc::new(accounts),
            server: None,
            journals: (0..writers).map(|writer| Journal::new(writer, ACCOUNTS)).collect(),
            cursors: (0..ACCOUNTS).map(|account| (account, Cursor::default())).collect(),
            counted: 0,
        })
    }

    /// Starts the server and says how long it took to be ready.
    pub async fn start(&mut self, fsync: Fsync) -> Result<Duration, String> {
        let server = self.program.start(fsync).await?;
        let ready_after = server.ready_after;
        self.server = Some(server);
        Ok(ready_after)
    }

    pub fn server(&mut self) -> Result<&mut Server, String> {
        self.server.as_mut().ok_or_else(|| "the server does not run".to_owned())
    }

    pub async fn kill(&mut self) -> Result<(), String> {
        match self.server.take() {
            Some(server) => server.kill().await,
            None => Ok(()),
        }
    }

    /// Lets the clients work.
    pub fn load(&mut self) -> Result<Load, String> {
        let mut load = self.load_writers()?;
        for cursor in self.cursors.drain(..) {
            load.pollers.spawn(clients::poll(load.scene.clone(), cursor));
        }
        Ok(load)
    }

    /// Lets the writers work while nobody takes updates: a start then has nothing to forget, and writes nothing.
    pub fn load_writers(&mut self) -> Result<Load, String> {
        let scene = Scene {
            address: self.server()?.address,
            accounts: self.accounts.clone(),
            cut: Arc::default(),
            acknowledged: Arc::default(),
        };
        let mut writers = JoinSet::new();
        for journal in self.journals.drain(..) {
            writers.spawn(clients::write(scene.clone(), journal));
        }
        Ok(Load { writers, written: Vec::new(), pollers: JoinSet::new(), scene })
    }

    /// Waits until all clients have stopped and takes their journals back.
    pub async fn gather(&mut self, mut load: Load) -> Result<(), String> {
        load.scene.cut.store(true, Ordering::SeqCst);
        load.wait_for_writers().await?;
        self.journals.append(&mut load.written);
        while let Some(ended) = load.pollers.join_next().await {
            self.cursors.push(ended.map_err(|why| format!("a poller failed: {why}"))?);
        }
        self.journals.sort_by_key(|journal| journal.writer);
        self.cursors.sort_by_key(|(account, _)| *account);
        Ok(())
    }

    /// How many writes were refused with a proper 503 so far. Between loads only.
    pub fn refused(&self) -> u64 {
        self.journals.iter().map(|journal| journal.refused).sum()
    }

    /// Compares what the running server says with the journals, settles what was in doubt, and looks into
    /// the file.
    pub async fn check(&mut self, findings: &mut Findings) -> Result<(), String> {
        let acknowledged: u64 = self.journals.iter().map(|journal| journal.acknowledged).sum();
        findings.acknowledged += acknowledged - self.counted;
        let address = self.server()?.address;
        let mut check = check::Check::new(address, &self.accounts, findings);
        check.all(&mut self.journals, &mut self.cursors).await?;
        // What a repeated key settled is no acknowledgement from before.
        self.counted = self.journals.iter().map(|journal| journal.acknowledged).sum();
        self.check_file(findings).await;
        Ok(())
    }

    /// Sends requests in doubt again, where they were done; their answers count. Returns how many did.
    pub async fn repeat_what_is_there(&mut self, findings: &mut Findings) -> Result<u64, String> {
        let address = self.server()?.address;
        let before: u64 = self.journals.iter().map(|journal| journal.acknowledged).sum();
        let mut check = check::Check::new(address, &self.accounts, findings);
        check.repeat_what_is_there(&mut self.journals).await?;
        Ok(self.journals.iter().map(|journal| journal.acknowledged).sum::<u64>() - before)
    }

    /// Looks for damage in the data file, if there is one.
    pub async fn check_file(&self, findings: &mut Findings) {
        if self.program.store.is_none() {
            check::file(&self.program.data.join("contactgram.db"), findings).await;
        }
    }
}

impl Load {
    /// Lets the clients work for this long, or until enough was acknowledged to be worth a crash.
    pub async fn work(&self, least: Duration) {
        let begin = Instant::now();
        tokio::time::sleep(least).await;
        while self.scene.acknowledged.load(Ordering::Relaxed) < LEAST && begin.elapsed() < FOR_LEAST {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// From now on nothing counts.
    pub fn cut(&self) {
        self.scene.cut.store(true, Ordering::SeqCst);
    }

    /// Waits for the writers to notice that the server is gone, so that what it still answered counts.
    pub async fn wait_for_writers(&mut self) -> Result<(), String> {
        while let Some(ended) = self.writers.join_next().await {
            self.written.push(ended.map_err(|why| format!("a writer failed: {why}"))?);
        }
        Ok(())
    }
}
