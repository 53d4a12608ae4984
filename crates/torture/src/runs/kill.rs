//! kill -9 while clients write: nothing acknowledged is missing, nothing is there twice, and the server is
//! soon ready again. On SQLite and on PostgreSQL. Called by `runs`.

use contactgram_store::Location;
use contactgram_store::testing::PostgresDatabase;

use super::{Ending, ROUNDS_A_STAGE, Setup};
use crate::findings::Findings;
use crate::process::Fsync;
use crate::random::Random;
use crate::stage::{Setting, Stage};

/// On the data file.
pub async fn run(setup: &Setup, rounds: u64) -> Result<Ending, String> {
    let mut findings = Findings::default();
    let mut left = rounds;
    while left > 0 {
        let here = left.min(ROUNDS_A_STAGE);
        stage(setup, here, None, &mut findings).await?;
        left -= here;
    }
    Ok(Ending::of(format!("{rounds} kills under {} writers", setup.writers), &findings))
}

/// On PostgreSQL, where the tests have one. Only our server is killed.
pub async fn on_postgres(setup: &Setup, rounds: u64) -> Result<Ending, String> {
    if std::env::var_os("CONTACTGRAM_TEST_POSTGRES").is_none() {
        return Ok(Ending::Skipped("CONTACTGRAM_TEST_POSTGRES names no server".to_owned()));
    }
    let database = PostgresDatabase::create().await.ok_or("no database could be made")?;
    let mut findings = Findings::default();
    let ended = match database.location() {
        Location::Postgres { url } => stage(setup, rounds, Some(url), &mut findings).await,
        Location::Sqlite { .. } => Err("the database is none of PostgreSQL's".to_owned()),
    };
    database.remove().await;
    ended?;
    Ok(Ending::of(format!("{rounds} kills under {} writers", setup.writers), &findings))
}

async fn stage(
    setup: &Setup,
    rounds: u64,
    store: Option<String>,
    findings: &mut Findings,
) -> Result<(), String> {
    let folder = setup.folder()?;
    let mut random = Random::new();
    let mut stage = Stage::set(Setting {
        file: &setup.file,
        data: folder.path().join("data"),
        log: folder.path().join("log"),
        store,
        writers: setup.writers,
    })
    .await?;
    stage.start(Fsync::Honest).await?;
    for _ in 0..rounds {
        let mut load = stage.load()?;
        load.work(random.millis(20, 500)).await;
        stage.kill().await?;
        // What was answered before the end counts, even where it is read after it.
        load.wait_for_writers().await?;
        stage.gather(load).await?;
        findings.started(stage.start(Fsync::Honest).await?);
        stage.check(findings).await?;
    }
    Ok(())
}
