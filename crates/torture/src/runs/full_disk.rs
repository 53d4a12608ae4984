//! The disk fills up while clients write: writes are refused with a 503 that says when to come again, reads
//! go on, and with room again writes do too, in the same process. Called by `runs`.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Ending, Setup};
use crate::disk::Disk;
use crate::findings::Findings;
use crate::http::{Answer, Connection, Request};
use crate::process::Fsync;
use crate::stage::{Setting, Stage};

/// Small, so that filling it is quick.
const MEBIBYTES: u64 = 64;
/// To end a hang.
const PATIENCE: Duration = Duration::from_secs(60);
/// Refusals in a row after which the disk counts as full.
const REFUSALS: u32 = 10;
const LOADED: Duration = Duration::from_millis(700);

pub async fn run(setup: &Setup, rounds: u64) -> Result<Ending, String> {
    let mut findings = Findings::default();
    let mut refused = 0;
    for _ in 0..rounds {
        refused += round(setup, &mut findings).await?;
    }
    let done = format!("{rounds} times full under {} writers, {refused} writes refused", setup.writers);
    Ok(Ending::of(done, &findings))
}

async fn round(setup: &Setup, findings: &mut Findings) -> Result<u64, String> {
    let folder = setup.folder()?;
    let disk = Disk::make(folder.path(), MEBIBYTES).await?;
    let mut stage = Stage::set(Setting {
        file: &setup.file,
        data: disk.folder().join("data"),
        log: folder.path().join("log"),
        store: None,
        writers: setup.writers,
    })
    .await?;
    stage.start(Fsync::Honest).await?;
    let load = stage.load()?;
    load.work(LOADED).await;

    let mut visitor = Visitor::of(&mut stage)?;
    let filler = disk.folder().join("filler");
    visitor.until_refused(&filler).await?;
    // Full for a while, under load, and read in the meantime.
    let begin = Instant::now();
    while begin.elapsed() < LOADED {
        visitor.read_everything(findings).await;
        fill(&filler)?;
    }
    match visitor.write().await {
        Some(answer) if answer.is_proper_503() => {}
        answer => findings.wrong(format!("a write on the full disk was answered with {answer:?}")),
    }
    std::fs::remove_file(&filler).map_err(|why| format!("{}: {why}", filler.display()))?;
    visitor.until_accepted().await?;
    tokio::time::sleep(LOADED).await;
    stage.gather(load).await?;
    if !stage.server()?.runs() {
        findings.wrong("the server ended on a full disk");
        stage.start(Fsync::Honest).await?;
    }
    let refused = stage.refused();
    stage.check(findings).await?;
    stage.kill().await?;
    findings.started(stage.start(Fsync::Honest).await?);
    stage.check(findings).await?;
    Ok(refused)
}

/// A client of its own, whose writes the writers' journals know nothing of.
struct Visitor {
    connection: Connection,
    token: String,
    written: u64,
}

impl Visitor {
    fn of(stage: &mut Stage) -> Result<Visitor, String> {
        let connection = Connection::new(stage.server()?.address);
        Ok(Visitor { connection, token: stage.accounts[0].token.clone(), written: 0 })
    }

    /// `None` where nothing was answered.
    async fn write(&mut self) -> Option<Answer> {
        self.written += 1;
        let name = format!("visitor {}", self.written);
        let body = json!({"first_name": name, "email": format!("v{}@example.org", self.written)});
        let request = Request::with_body("POST", &self.token, "/v1/contacts", &body);
        self.connection.send(&request).await.ok()
    }

    /// Fills the disk until writes are refused for good: at first the log still has room of its own.
    async fn until_refused(&mut self, filler: &Path) -> Result<(), String> {
        let (begin, mut in_a_row) = (Instant::now(), 0);
        while in_a_row < REFUSALS {
            if begin.elapsed() > PATIENCE {
                return Err("writes go on although the disk is full".to_owned());
            }
            fill(filler)?;
            let refused = self.write().await.is_some_and(|answer| answer.status == 503);
            in_a_row = if refused { in_a_row + 1 } else { 0 };
        }
        Ok(())
    }

    async fn until_accepted(&mut self) -> Result<(), String> {
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            if self.write().await.is_some_and(|answer| answer.status == 201) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err("writes stay refused although there is room again".to_owned())
    }

    async fn read_everything(&mut self, findings: &mut Findings) {
        for path in ["/v1/contacts?limit=100", "/v1/messages?limit=100", "/v1/getMe", "/readyz", "/livez"] {
            let answer = self.connection.send(&Request::get(&self.token, path)).await;
            match answer {
                Ok(answer) if answer.status == 200 => {}
                answer => findings.wrong(format!("{path} on the full disk was answered with {answer:?}")),
            }
        }
    }
}

/// Writes until nothing more fits.
fn fill(filler: &Path) -> Result<(), String> {
    let file = File::options().create(true).append(true).open(filler);
    let mut file = file.map_err(|why| format!("{}: {why}", filler.display()))?;
    let mut size = 1 << 20;
    while size >= 512 {
        match file.write(&vec![0_u8; size]) {
            Ok(written) if written > 0 => {}
            _ => size /= 2,
        }
    }
    Ok(())
}
