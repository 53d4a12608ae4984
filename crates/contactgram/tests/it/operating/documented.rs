//! The table of metrics in `docs/operating.md` and a scrape of a real server say the same.

use super::scrape::Watched;
use contactgram_testkit::Engine;
use std::collections::{BTreeMap, BTreeSet};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operating.md");

/// Rows of the table: name, type and labels.
fn documented() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let page = std::fs::read_to_string(PAGE).expect("the page is there");
    let rows = page.lines().filter_map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let name = cells.get(1)?.strip_prefix('`')?.strip_suffix('`')?;
        let kind = *cells.get(2)?;
        let is_row = ["counter", "gauge", "histogram"].contains(&kind) && cells.len() == 7;
        let labels = cells.get(3)?.split(", ").filter_map(|label| label.strip_prefix('`')?.strip_suffix('`'));
        is_row.then(|| (name.to_owned(), (kind.to_owned(), labels.map(str::to_owned).collect())))
    });
    rows.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_of_metrics_is_what_a_server_serves() {
    let documented = documented();
    assert!(documented.len() > 40, "the table was found");
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Some(watched) = Watched::start(engine).await else { continue };
        watched.server.account("Shop").await.v1().get("contacts").await.result();
        let scrape = watched.until(|scrape| scrape.has("contactgram_accounts")).await;
        let served: BTreeMap<&str, &str> = scrape.families();
        let listed: BTreeMap<&str, &str> =
            documented.iter().map(|(name, (kind, _))| (name.as_str(), kind.as_str())).collect();
        assert_eq!(served, listed);
        for (name, labels) in scrape.labels() {
            assert_eq!(documented[name].1, labels, "{name}");
        }
    }
}
