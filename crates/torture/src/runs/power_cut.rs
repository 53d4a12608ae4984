//! The power goes while clients write: nothing acknowledged before the cut may be missing. And the control:
//! on a disk that lies about fsync the same must lose something. Called by `runs`.

use super::{Ending, ROUNDS_A_STAGE, Report, Setup};
use crate::disk::Disk;
use crate::findings::Findings;
use crate::process::Fsync;
use crate::random::Random;
use crate::stage::{Setting, Stage};

/// Room for all rounds of a stage.
const MEBIBYTES: u64 = 512;
/// A round with fewer writes acknowledged on average says little.
const LEAST_A_ROUND: u64 = 20;

/// The promise.
pub async fn run(setup: &Setup, rounds: u64) -> Result<Ending, String> {
    let mut findings = Findings::default();
    let mut left = rounds;
    while left > 0 {
        let here = left.min(ROUNDS_A_STAGE);
        stage(setup, here, Fsync::Honest, &mut findings).await?;
        left -= here;
    }
    if findings.acknowledged < rounds * LEAST_A_ROUND {
        findings.wrong("too few writes were acknowledged to prove anything");
    }
    Ok(Ending::of(format!("{rounds} power cuts under {} writers", setup.writers), &findings))
}

/// The control. What it loses is what it is for; losing nothing is its only fault.
pub async fn lying(setup: &Setup, rounds: u64) -> Result<Ending, String> {
    let (mut acknowledged, mut lost, mut rounds_with_loss) = (0, 0, 0);
    for _ in 0..rounds {
        let mut findings = Findings::default();
        // Data that is too broken to start on is lost too.
        let ended = stage(setup, 1, Fsync::Lying, &mut findings).await;
        acknowledged += findings.acknowledged;
        lost += findings.lost;
        rounds_with_loss += u64::from(findings.lost > 0 || ended.is_err());
    }
    let held = rounds_with_loss > 0;
    let mut notes = Vec::new();
    if !held {
        notes.push("a disk that lies about fsync lost nothing: the power cuts prove nothing".to_owned());
    }
    Ok(Ending::Ran(Report {
        done: format!("{rounds} power cuts with fsync answered and not done"),
        found: format!(
            "{acknowledged} acknowledged: {lost} lost, in {rounds_with_loss} of {rounds} rounds, as it must be"
        ),
        held,
        notes,
    }))
}

async fn stage(setup: &Setup, rounds: u64, fsync: Fsync, findings: &mut Findings) -> Result<(), String> {
    // Dropped in reverse order: the server, the disk it stands on, the folder of both.
    let folder = setup.folder()?;
    let disk = Disk::make(folder.path(), MEBIBYTES).await?;
    let mut random = Random::new();
    let mut stage = Stage::set(Setting {
        file: &setup.file,
        data: disk.folder().join("data"),
        log: folder.path().join("log"),
        store: None,
        writers: setup.writers,
    })
    .await?;
    stage.start(fsync).await?;
    for _ in 0..rounds {
        let cutter = disk.cutter().await?;
        let load = stage.load()?;
        load.work(random.millis(20, 500)).await;
        load.cut();
        cutter.cut().await?;
        stage.kill().await?;
        stage.gather(load).await?;
        disk.again().await?;
        findings.started(stage.start(Fsync::Honest).await?);
        stage.check(findings).await?;
    }
    Ok(())
}
