//! Random mailboxes and address books against a naive model in memory. The model knows nothing of grams,
//! counters or indexes: it filters and sorts all there is.

mod contacts;
mod history;

use crate::testing::{on_postgres, on_sqlite};
use crate::{Dialect, Store};
use contactgram_model::UserId;
use contactgram_model::search::{self, Term};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseResult, TestRunner};
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::runtime::Handle;

/// Words that share prefixes and infixes, in scripts with and without spaces between words.
const WORDS: [&str; 20] = [
    "John",
    "john",
    "Johanna",
    "José",
    "Jose",
    "j",
    "Jo",
    "Doe",
    "Do",
    "Müller",
    "Muller",
    "Łukasz",
    "Groß",
    "Алёна",
    "Алена",
    "Иванова",
    "王小明",
    "小明",
    "김철수",
    "2030",
];

fn words(most: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&WORDS[..]), 1..=most).prop_map(|words| words.join(" "))
}

/// Pieces of those words and of phone numbers, one or two; seldom something that is in none.
fn question() -> impl Strategy<Value = String> {
    let texts: Vec<&str> = WORDS.into_iter().chain(["4155550", "+1 415-555", "xyz"]).collect();
    let piece = (prop::sample::select(texts), 0..4_usize, 1..6_usize)
        .prop_map(|(text, from, length)| text.chars().skip(from).take(length).collect::<String>());
    prop::collection::vec(piece, 1..=2).prop_map(|pieces| pieces.join(" "))
}

/// Whether `fields` hold all of `terms`: anywhere in a word from three characters on, else at its
/// beginning, or anywhere in a word of a script without spaces.
fn matches(fields: &[&str], terms: &[Term]) -> bool {
    let folded: Vec<String> = fields.iter().map(|field| search::fold(field)).collect();
    let words: Vec<&str> = folded
        .iter()
        .flat_map(|field| field.split(|c: char| !c.is_alphanumeric()))
        .filter(|word| !word.is_empty())
        .collect();
    terms.iter().all(|term| {
        let pattern = term.pattern();
        let term = pattern.trim_matches('%').trim();
        let anywhere = |word: &str| term.chars().count() > 2 || word.chars().any(|c| u32::from(c) > 0x1000);
        words.iter().any(|word| if anywhere(word) { word.contains(term) } else { word.starts_with(term) })
    })
}

/// Runs a property on both engines, fewer times where each statement is a round trip. Each case gets an
/// account of its own in a database that fills up, so that every case also tests isolation.
async fn holds<S: Strategy + 'static>(
    strategy: fn() -> S,
    check: fn(&Handle, &Store, UserId, &S::Value) -> TestCaseResult,
) {
    let run = move |store: Store| async move {
        let handle = Handle::current();
        let cases = if store.dialect() == Dialect::Sqlite { 64 } else { 16 };
        let config = Config { cases, failure_persistence: None, ..Config::default() };
        let next = AtomicI64::new(1);
        let outcome = tokio::task::spawn_blocking(move || {
            let outcome = TestRunner::new(config).run(&strategy(), |case| {
                check(&handle, &store, UserId(next.fetch_add(1, Ordering::Relaxed)), &case)
            });
            outcome.map_err(|failed| failed.to_string())
        });
        if let Err(failed) = outcome.await.unwrap() {
            panic!("{failed}");
        }
    };
    on_sqlite(run).await;
    on_postgres(run).await;
}
