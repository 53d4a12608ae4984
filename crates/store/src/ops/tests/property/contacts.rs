//! `contact_list::page` against a model, under random contacts, changes and queries.

use super::super::{add, change, contact, on, remove, unversioned};
use super::{holds, matches, question, words};
use crate::Store;
use crate::ops::contact_list::{self, Query, Sort, Start};
use crate::ops::{counters, search as index};
use contactgram_model::{Contact, ContactId, UserId, search};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use std::collections::BTreeMap;
use tokio::runtime::Handle;

const LABELS: [&str; 3] = ["vip", "VIP", "друзья"];

/// What happens to a contact; ids are few, so that they meet.
#[derive(Debug, Clone)]
enum Step {
    Put(Box<Contact>),
    Remove(ContactId),
    Index,
}

#[derive(Debug, Clone)]
struct Question {
    q: String,
    label: Option<&'static str>,
    sort: Sort,
    offset: i64,
    limit: i64,
}

fn step() -> impl Strategy<Value = Step> {
    let id = 1..25_i64;
    let put = (
        id.clone(),
        words(2),
        prop::option::of(words(2)),
        any::<[bool; 3]>(),
        prop::sample::subsequence(&LABELS[..], 0..=3),
    );
    let put = put.prop_map(|(id, first_name, last_name, [phone, username, email], labels)| Contact {
        first_name,
        last_name,
        phone_number: phone.then(|| format!("+14155550{id:03}")),
        username: username.then(|| format!("Doe_{id}")),
        email: email.then(|| format!("user{id}@muller.example")),
        labels: labels.into_iter().map(str::to_owned).collect(),
        ..contact(id, "")
    });
    prop_oneof![6 => put.prop_map(|contact| Step::Put(Box::new(contact))), 1 => id.prop_map(|id| Step::Remove(ContactId(id))), 1 => Just(Step::Index)]
}

fn asked() -> impl Strategy<Value = Question> {
    let q = prop_oneof![Just(String::new()), question()];
    let sort = prop::sample::select(vec![Sort::Name, Sort::Id, Sort::UpdatedAt]);
    let label = prop::option::weighted(0.3, prop::sample::select(&LABELS[..]));
    (q, label, sort, 0..12_i64, 1..8_i64).prop_map(|(q, label, sort, offset, limit)| Question {
        q,
        label,
        sort,
        offset,
        limit,
    })
}

/// Takes the steps in the store and in the model.
fn play(handle: &Handle, store: &Store, account: UserId, steps: &[Step]) -> Vec<Contact> {
    let steps = steps.to_vec();
    let model = handle.block_on(store.write(account.0, move |tx| {
        counters::open(tx, account, 0)?;
        let mut model = BTreeMap::new();
        for step in &steps {
            match step {
                Step::Put(contact) if model.contains_key(&contact.id) => {
                    model.insert(contact.id, change(tx, account, contact)?);
                }
                Step::Put(contact) => {
                    model.insert(contact.id, add(tx, account, contact)?);
                }
                Step::Index => drop(index::index_batch(tx)?),
                Step::Remove(id) => {
                    if model.remove(id).is_some() {
                        remove(tx, account, *id, 0)?;
                    }
                }
            }
        }
        Ok::<_, crate::StoreError>(model)
    }));
    model.unwrap().into_values().collect()
}

fn wanted<'m>(model: &'m [Contact], question: &Question) -> Vec<&'m Contact> {
    let terms = search::terms(&question.q);
    let mut rows: Vec<&Contact> = model
        .iter()
        .filter(|contact| question.label.is_none_or(|label| contact.labels.iter().any(|own| own == label)))
        .filter(|contact| {
            let optional = [&contact.last_name, &contact.username, &contact.phone_number, &contact.email];
            let fields: Vec<&str> = [contact.first_name.as_str()]
                .into_iter()
                .chain(optional.into_iter().flatten().map(String::as_str))
                .collect();
            matches(&fields, &terms)
        })
        .collect();
    match question.sort {
        Sort::Name => rows.sort_by_key(|contact| (contact.name_key(), contact.id)),
        Sort::Id => rows.sort_by_key(|contact| contact.id),
        Sort::UpdatedAt => rows.sort_by_key(|contact| contact.version),
    }
    rows
}

fn check(
    handle: &Handle,
    store: &Store,
    account: UserId,
    (steps, questions): &(Vec<Step>, Vec<Question>),
) -> TestCaseResult {
    let model = play(handle, store, account, steps);
    for question in questions {
        let rows = wanted(&model, question);
        let query = Query {
            terms: search::terms(&question.q),
            private: true,
            label: question.label.map(str::to_owned),
            view: None,
            sort: question.sort,
            start: Start::offset(question.offset),
            limit: question.limit,
        };
        let ask = |query: Query| {
            handle.block_on(store.scan(move |tx| contact_list::page(tx, account, &query))).unwrap()
        };
        let (offset, limit) = (question.offset as usize, question.limit as usize);
        let page = ask(query.clone());
        let expected: Vec<Contact> = rows.iter().skip(offset).take(limit).map(|c| unversioned(c)).collect();
        prop_assert_eq!(on(&page), expected, "{:?}", question);
        prop_assert_eq!(page.total, rows.len() as i64, "{:?}", question);
        let (mut start, mut walked) = (Start::offset(0), Vec::new());
        loop {
            let page = ask(Query { start, ..query.clone() });
            walked.extend(on(&page));
            let Some(last) = page.last else { break };
            start = Start::after(last);
        }
        prop_assert!(
            walked.iter().cloned().eq(rows.iter().map(|row| unversioned(row))),
            "{:?} by cursor: {:?}",
            question,
            walked
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn contact_lists_agree_with_a_naive_model() {
    holds(|| (prop::collection::vec(step(), 0..60), prop::collection::vec(asked(), 1..8)), check).await;
}
