//! The power goes while clients write, or soon after a crash: nothing acknowledged before the cut may be
//! missing. And the control: on a disk that lies about fsync the same must lose something. Called by `runs`.

use tempfile::TempDir;

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
    let mut notes = Vec::new();
    for _ in 0..rounds {
        let mut findings = Findings::default();
        // Data may be left that no server starts on. That is no proof of a loss, and no reason to stop.
        notes.extend(stage(setup, 1, Fsync::Lying, &mut findings).await.err());
        acknowledged += findings.acknowledged;
        lost += findings.lost;
        rounds_with_loss += u64::from(findings.lost > 0);
    }
    let held = rounds_with_loss > 0;
    if !held {
        notes.push("a disk that lies about fsync lost nothing: the power cuts prove nothing".to_owned());
    }
    Ok(Ending::Ran(Report {
        done: format!("{rounds} power cuts with fsync answered and not done"),
        found: format!(
            "{acknowledged} acknowledged: losses in {rounds_with_loss} of {rounds} rounds, {lost} found, as it must be"
        ),
        held,
        notes,
    }))
}

/// A server that crashed may have written what was not synced. The next one finds it, and may answer a
/// repeated request from it only once it is on the disk. Crashes are failed fsyncs and kills by turns.
pub async fn after_crash(setup: &Setup, rounds: u64) -> Result<Ending, String> {
    let (mut findings, mut random, mut repeated) = (Findings::default(), Random::new(), 0);
    for round in 0..rounds {
        let Scenery { folder: _folder, disk, mut stage } = Scenery::set(setup).await?;
        let kill = round % 2 == 1;
        stage.start(if kill { Fsync::Honest } else { Fsync::FailingFrom(10 + random.below(60)) }).await?;
        let mut load = stage.load_writers()?;
        if kill {
            load.work(random.millis(20, 300)).await;
            stage.kill().await?;
        }
        // Writers stop when the server is gone.
        load.wait_for_writers().await?;
        stage.kill().await?;
        stage.gather(load).await?;
        findings.started(stage.start(Fsync::Honest).await?);
        let cutter = disk.cutter().await?;
        repeated += stage.repeat_what_is_there(&mut findings).await?;
        cutter.cut().await?;
        stage.kill().await?;
        disk.again().await?;
        stage.start(Fsync::Honest).await?;
        stage.check(&mut findings).await?;
    }
    if repeated == 0 {
        findings.wrong("no request in doubt had been done: nothing was proved");
    }
    let done = format!("{rounds} crashes under {} writers, {repeated} answers repeated, cut", setup.writers);
    Ok(Ending::of(done, &findings))
}

/// A stage on a disk, dropped in this order: the server, the disk it stands on, the folder of both. Where it
/// is taken apart, the other way round: bindings are dropped from the last to the first.
struct Scenery {
    stage: Stage,
    disk: Disk,
    folder: TempDir,
}

impl Scenery {
    async fn set(setup: &Setup) -> Result<Scenery, String> {
        let folder = setup.folder()?;
        let disk = Disk::make(folder.path(), MEBIBYTES).await?;
        let stage = Stage::set(Setting {
            file: &setup.file,
            data: disk.folder().join("data"),
            log: folder.path().join("log"),
            store: None,
            writers: setup.writers,
        });
        Ok(Scenery { stage: stage.await?, disk, folder })
    }
}

async fn stage(setup: &Setup, rounds: u64, fsync: Fsync, findings: &mut Findings) -> Result<(), String> {
    let Scenery { folder: _folder, disk, mut stage } = Scenery::set(setup).await?;
    let mut random = Random::new();
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
