//! The disk fails to sync while clients write: the process ends itself and acknowledges nothing more, and
//! after a power cut everything that it did acknowledge is there. Called by `runs`.

use std::time::Duration;

use super::{Ending, Setup};
use crate::disk::Disk;
use crate::findings::Findings;
use crate::process::Fsync;
use crate::random::Random;
use crate::stage::{Setting, Stage};

const MEBIBYTES: u64 = 256;
/// Generous: it ends within the write that meets the failure.
const TO_END: Duration = Duration::from_secs(30);

pub async fn run(setup: &Setup, rounds: u64) -> Result<Ending, String> {
    let mut findings = Findings::default();
    let mut random = Random::new();
    for _ in 0..rounds {
        round(setup, 10 + random.below(60), &mut findings).await?;
    }
    let done = format!("{rounds} times EIO from fsync under {} writers, then a power cut", setup.writers);
    Ok(Ending::of(done, &findings))
}

async fn round(setup: &Setup, first_failure: u64, findings: &mut Findings) -> Result<(), String> {
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
    stage.start(Fsync::FailingFrom(first_failure)).await?;
    let cutter = disk.cutter().await?;
    let mut load = stage.load()?;
    match stage.server()?.ended(TO_END).await {
        Some(status) if !status.success() => {}
        Some(status) => findings.wrong(format!("the server ended with {status} after a failed fsync")),
        None => findings.wrong("the server goes on after a failed fsync"),
    }
    stage.kill().await?;
    // Every acknowledgement counts: all of them were given before the power goes.
    load.wait_for_writers().await?;
    stage.gather(load).await?;
    cutter.cut().await?;
    disk.again().await?;
    findings.started(stage.start(Fsync::Honest).await?);
    stage.check(findings).await
}
