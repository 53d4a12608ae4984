//! Migration 6 on a database of before: credentials that were made without a selector are found by it.

use crate::migrate;
use crate::ops::tokens;
use crate::testing::PostgresDatabase;
use crate::{Location, Options, R, Sql, Store, p};
use contactgram_model::{TokenDigest, UserId};

const ANN: UserId = UserId(5_000_000_101);
static INSERT: Sql =
    Sql::new("INSERT INTO tokens (account_id, token_id, digest, created_at) VALUES ($1, $2, $3, 0)");

/// Digests that begin with every sort of digit, and with each bit that makes a number negative.
fn digests() -> Vec<TokenDigest> {
    let begin = |bytes: [u8; 8]| {
        let mut all = [0x5A; 32];
        all[..8].copy_from_slice(&bytes);
        TokenDigest::from_bytes(&all).unwrap()
    };
    let mut all = vec![
        begin([0; 8]),
        begin([0xFF; 8]),
        begin([0x80, 0, 0, 0, 0, 0, 0, 0]),
        begin([0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
        begin([0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF]),
    ];
    all.extend((0..20).map(|n| TokenDigest::of(&format!("token {n}"))));
    all
}

async fn check(location: &Location) {
    let mut before = migrate::list().unwrap();
    before.retain(|migration| migration.version < 6);
    let store = Store::open_with(location, &Options::default(), before).await.unwrap();
    let written = store.write(ANN.0, |tx| {
        for (place, digest) in digests().iter().enumerate() {
            tx.execute(&INSERT, p![ANN, place as i64 + 1, digest.bytes()])?;
        }
        R::Ok(())
    });
    written.await.unwrap();
    store.close().await;
    let store = Store::open(location, &Options::default()).await.unwrap();
    for (place, digest) in digests().into_iter().enumerate() {
        let found = store.read(move |tx| tokens::find(tx, ANN, &digest, 1)).await.unwrap();
        assert_eq!(found.map(|token| token.id), Some(place as i64 + 1), "{}", digest.to_hex());
    }
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_of_before_are_found_by_their_selectors() {
    let folder = tempfile::tempdir().unwrap();
    check(&Location::Sqlite { path: folder.path().join("old.db") }).await;
    if let Some(database) = PostgresDatabase::create().await {
        check(&database.location()).await;
        database.remove().await;
    }
}
