//! `history::page`, `count` and `first_at` against a model, under random mailboxes and queries.

use super::super::{Draft, NOW, post};
use super::{holds, matches, question, words};
use crate::Store;
use crate::ops::history::{self, Query};
use crate::ops::{counters, messages, search as index};
use contactgram_model::{ChatId, Direction, MessageId, StoredMessage, UserId, search};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use tokio::runtime::Handle;

/// What happens in a mailbox.
#[derive(Debug, Clone)]
enum Step {
    Post(Draft),
    /// The message so many places from the oldest.
    Remove(usize),
    Index,
    Edit(usize, String),
}

#[derive(Debug, Clone)]
struct Question {
    query: Query,
    most: i64,
    time: i64,
}

fn direction() -> impl Strategy<Value = Direction> {
    prop::sample::select(vec![Direction::In, Direction::Out])
}

fn step() -> impl Strategy<Value = Step> {
    let text = || prop_oneof![3 => words(4), 1 => Just(String::new())];
    let post = (-1..3_i64, direction(), -3..40_i64, text()).prop_map(|(chat, direction, later, text)| {
        Step::Post(Draft { chat, direction, date: NOW + later, text })
    });
    prop_oneof![
        8 => post,
        1 => Just(Step::Index),
        1 => (0..60_usize).prop_map(Step::Remove),
        1 => (0..60_usize, text()).prop_map(|(at, text)| Step::Edit(at, text)),
    ]
}

fn asked() -> impl Strategy<Value = Question> {
    let narrow = (
        prop::option::weighted(0.4, (-1..4_i64).prop_map(ChatId)),
        prop::option::weighted(0.3, direction()),
        prop::option::weighted(0.3, (0..60_i64).prop_map(MessageId)),
        prop::option::weighted(0.3, (0..60_i64).prop_map(MessageId)),
        prop::option::weighted(0.5, question()),
    );
    let page = (any::<bool>(), 0..10_i64, 0..30_i64);
    (narrow, page, 0..30_i64, -5..45_i64).prop_map(
        |((chat, direction, from, below, q), (ascending, offset, limit), most, later)| {
            let terms = q.as_deref().map(search::terms).unwrap_or_default();
            let query =
                Query { chat, direction, from, below, terms, ascending, offset, limit, ..Query::default() };
            Question { query, most, time: NOW + later }
        },
    )
}

/// Takes the steps in the store and in the model.
fn play(handle: &Handle, store: &Store, owner: UserId, steps: &[Step]) -> Vec<StoredMessage> {
    let steps = steps.to_vec();
    let model = handle.block_on(store.write(owner.0, move |tx| {
        counters::open(tx, owner, 0)?;
        let mut model: Vec<StoredMessage> = Vec::new();
        for step in &steps {
            match step {
                Step::Post(draft) => model.push(post(tx, owner, draft)?),
                Step::Index => drop(index::index_batch(tx)?),
                Step::Remove(at) if *at < model.len() => {
                    messages::delete(tx, owner, &model.remove(*at))?;
                }
                Step::Edit(at, text) if *at < model.len() => {
                    model[*at].text.clone_from(text);
                    model[*at].body = format!("edited {at}: {text}");
                    messages::update(tx, owner, &model[*at], true)?;
                }
                _ => {}
            }
        }
        Ok::<_, crate::StoreError>(model)
    }));
    model.unwrap()
}

fn wanted<'m>(model: &'m [StoredMessage], query: &Query) -> Vec<&'m str> {
    let mut rows: Vec<&StoredMessage> = model
        .iter()
        .filter(|message| query.chat.is_none_or(|chat| message.chat == chat))
        .filter(|message| query.direction.is_none_or(|direction| message.direction == direction))
        .filter(|message| query.from.is_none_or(|id| message.id >= id))
        .filter(|message| query.below.is_none_or(|id| message.id < id))
        .filter(|message| matches(&[&message.text], &query.terms))
        .collect();
    if !query.ascending {
        rows.reverse();
    }
    rows.into_iter().map(|message| message.body.as_str()).collect()
}

fn check(
    handle: &Handle,
    store: &Store,
    owner: UserId,
    (steps, questions): &(Vec<Step>, Vec<Question>),
) -> TestCaseResult {
    let model = play(handle, store, owner, steps);
    for Question { query, most, time } in questions {
        let (given, most, time) = (query.clone(), *most, *time);
        let answer = handle.block_on(store.scan(move |tx| {
            let mut page = Vec::new();
            history::page(tx, owner, &given, &mut |body| page.push(body.to_owned()))?;
            let count = history::count(tx, owner, &given, most)?;
            Ok::<_, crate::StoreError>((page, count, history::first_at(tx, owner, time)?))
        }));
        let (page, count, first) = answer.unwrap();
        let rows = wanted(&model, query);
        let expected: Vec<&str> =
            rows.iter().copied().skip(query.offset as usize).take(query.limit as usize).collect();
        prop_assert_eq!(page, expected, "{:?}", query);
        let total = rows.len() as i64;
        prop_assert!(count == Some(total) || (count.is_none() && total > most), "{:?}: {:?}", query, count);
        let since: Vec<_> = model.iter().filter(|message| message.date >= time).map(|m| m.id).collect();
        let from: Vec<_> = model.iter().filter(|message| message.id >= first).map(|m| m.id).collect();
        prop_assert_eq!(from, since, "from {} on", first);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn histories_agree_with_a_naive_model() {
    holds(|| (prop::collection::vec(step(), 0..60), prop::collection::vec(asked(), 1..10)), check).await;
}
