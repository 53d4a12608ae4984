//! Two accounts with contacts of the same ids, messages of the same ids and texts of the same words: no
//! list, search or point read of one shows anything of the other.

use super::{ANN, BEN, NOW, fill, on, scan, write};
use crate::ops::commands::Audience;
use crate::ops::contact_list::{self, Change, Query, Sort, Start};
use crate::ops::updates::{self, Seen, Span};
use crate::ops::{callbacks, commands, contacts, history, idempotency, messages, tokens, webhooks};
use crate::{R, Store, Tx, each_store};
use contactgram_model::consumer::ConsumerName;
use contactgram_model::{ContactId, MessageId, TokenKind, UpdateId, UserId, search};

async fn both(store: &Store) {
    write(store, |tx| {
        fill::account(tx, ANN, "first", 7)?;
        fill::account(tx, BEN, "second", 8)
    })
    .await;
}

/// What each list of contacts shows: last names and ids.
fn listed(tx: &mut dyn Tx, account: UserId, query: &Query) -> R<Vec<(String, i64)>> {
    let page = contact_list::page(tx, account, query)?;
    let contacts = on(&page);
    assert_eq!(page.total, contacts.len() as i64);
    Ok(contacts.into_iter().map(|contact| (contact.last_name.unwrap(), contact.id.0)).collect())
}

fn bodies(tx: &mut dyn Tx, account: UserId, query: &history::Query) -> R<Vec<String>> {
    let mut bodies = Vec::new();
    history::page(tx, account, query, &mut |body| bodies.push(body.to_owned()))?;
    assert_eq!(history::count(tx, account, query, 100)?, Some(bodies.len() as i64));
    Ok(bodies)
}

each_store! {
    async fn contacts_are_their_accounts_alone(store: Store) {
        both(&store).await;
        for (account, word, other, labelled) in [(ANN, "first", "second", 7), (BEN, "second", "first", 8)] {
            for sort in [Sort::Name, Sort::Id, Sort::UpdatedAt] {
                let list = |q: &str, label: Option<&str>, start| {
                    let label = label.map(str::to_owned);
                    let query = Query { terms: search::terms(q), private: true, label, view: None, sort, start, limit: 100 };
                    scan(&store, move |tx| listed(tx, account, &query))
                };
                let own = fill::CONTACTS.map(|id| (word.to_owned(), id));
                let vip = [(word.to_owned(), labelled)];
                assert_eq!(list("", None, Start::offset(0)).await, own);
                for q in ["common", "co", "415555", word] {
                    assert_eq!(list(q, None, Start::offset(0)).await, own, "{q}");
                }
                assert_eq!(list(other, None, Start::offset(0)).await, []);
                assert_eq!(list("", Some("vip"), Start::offset(0)).await, vip);
                assert_eq!(list("common", Some("vip"), Start::offset(0)).await, vip);
            }
            let (changes, by_phone, aliased) = scan(&store, move |tx| {
                Ok((
                    contact_list::changes(tx, (account, None), 0, 100)?,
                    contacts::by_phone(tx, account, "+14155550107")?,
                    contacts::get(tx, account, ContactId(ContactId::OWN.start))?,
                ))
            })
            .await;
            assert_eq!(changes.len(), 4);
            for (_, change) in changes {
                let Change::Kept(contact) = change else { continue };
                assert_eq!(contact.contact().unwrap().last_name.as_deref(), Some(word));
            }
            for found in [by_phone, aliased] {
                assert_eq!(found.and_then(|contact| contact.last_name).as_deref(), Some(word));
            }
        }
    }

    async fn mailboxes_are_their_accounts_alone(store: Store) {
        both(&store).await;
        for (account, word, other) in [(ANN, "first", "second"), (BEN, "second", "first")] {
            for (q, rows) in [("", 2), ("common", 2), ("co", 2), (word, 2), (other, 0)] {
                for chat in [None, Some(UserId(7).chat())] {
                    let query =
                        history::Query { terms: search::terms(q), chat, limit: 100, ..Default::default() };
                    let seen = scan(&store, move |tx| bodies(tx, account, &query)).await;
                    assert_eq!(seen.len(), rows, "{q:?}");
                    assert!(seen.iter().all(|body| body.contains(word)), "{seen:?}");
                }
            }
            let (got, copy) = scan(&store, move |tx| {
                let origin = (UserId(7), MessageId(1001));
                Ok((messages::get(tx, account, MessageId(1))?, messages::copy(tx, account, origin)?))
            })
            .await;
            assert!(got.unwrap().body.contains(word) && copy.unwrap().body.contains(word));
        }
    }

    async fn logs_tokens_and_settings_are_their_accounts_alone(store: Store) {
        both(&store).await;
        for (account, word) in [(ANN, "first"), (BEN, "second")] {
            scan(&store, move |tx| {
                let span = Span { from: UpdateId(0), since: 0, limit: 100, seen: Seen::ByDefault };
                let logged = updates::read(tx, account, span)?;
                assert_eq!(logged.len(), 3);
                assert!(logged.iter().all(|(_, body)| body.contains(word)));
                let pending = updates::pending_rows(tx, account, &ConsumerName::DEFAULT, span)?;
                assert_eq!(pending.iter().map(|row| row.id.0).collect::<Vec<_>>(), [1, 3]);
                let body = updates::body(tx, account, UpdateId(1))?;
                assert!(body.is_some_and(|body| body.contains(word)));
                assert_eq!(updates::pending(tx, account, &ConsumerName::DEFAULT, 0)?, 2);
                assert_eq!(updates::nth_last(tx, account, span, 0)?, Some(UpdateId(3)));
                let labels: Vec<_> = tokens::list(tx, account, TokenKind::Account)?.into_iter().map(|token| token.label).collect();
                assert_eq!(labels, [Some(word.to_owned())]);
                let webhook = webhooks::get(tx, account, &ConsumerName::DEFAULT)?.unwrap();
                assert!(webhook.settings.url.contains(word));
                assert_eq!(webhook.last_error_message.as_deref(), Some(word));
                let audience = Audience { scope: "{}".to_owned(), language: String::new() };
                assert_eq!(commands::get(tx, account, &audience)?.as_deref(), Some(word));
                let (_, answer) = idempotency::get(tx, account, "key", NOW)?.unwrap();
                assert_eq!(answer, word);
                Ok(())
            })
            .await;
        }
        assert!(write(&store, |tx| callbacks::answer(tx, ANN, 1, 0, "x")).await);
        let bens = scan(&store, |tx| callbacks::get(tx, BEN, 1)).await;
        assert_eq!(bens, Some((UserId(7), None)));
    }
}
