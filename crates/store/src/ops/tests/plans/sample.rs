//! Some thousand rows, and every operation there is in groups by how much it may look at.

use super::super::{ANN, BEN, Draft, NOW, add, change, contact, draft, fill, post, remove};
use crate::ops::commands::Audience;
use crate::ops::consumers::Consumer;
use crate::ops::contact_list::{self, Place, Sort, Start};
use crate::ops::files::{Coming, Ending};
use crate::ops::tokens::{GivenTo, NewToken};
use crate::ops::updates::{NewUpdate, Seen, Span};
use crate::ops::views::ViewId;
use crate::ops::webhooks::SetBy;
use crate::ops::{
    accounts, backlog, broadcasts, callbacks, chats, commands, consumers, contacts, conversations, counters,
    deliveries, directory, endpoints, files, freezes, groups, history, idempotency, messages, newcomers,
    oauth, outbox, search as index, settings, tokens, updates, upstreams, views, webhooks,
};
use crate::{R, StoreError, Tx};
use contactgram_model::consumer::ConsumerName;
use contactgram_model::outbox::EntryState;
use contactgram_model::token::RANDOM_BYTES;
use contactgram_model::{
    ChatId, Contact, ContactId, Direction, MemberId, MessageId, PlainToken, TokenKind, UpdateId, UpdateKind,
    UpdateKinds, User, UserId, UserKind, search,
};
use contactgram_oauth::grant::FamilyId;

fn view() -> R<ViewId> {
    ViewId::new(9).ok_or(StoreError::NotFound)
}

const OWN: i64 = ContactId::OWN.start;
const SPAN: Span = Span { from: UpdateId(1), since: 0, limit: 50, seen: Seen::ByDefault };
const US: &ConsumerName = &ConsumerName::DEFAULT;

fn user(id: i64) -> User {
    User {
        id: UserId(id),
        kind: UserKind::Person,
        first_name: "Person".to_owned(),
        last_name: None,
        username: Some(format!("person_{id}")),
        phone_number: Some(format!("+4930{id:07}")),
        email: None,
        language_code: None,
    }
}

fn logged() -> NewUpdate<'static> {
    NewUpdate { kind: UpdateKind::Message, lane: 7, date: NOW, payload: "{}" }
}

/// Ann with most of the rows, Ben with some.
pub(super) fn fill(tx: &mut dyn Tx) -> R<()> {
    fill::account(tx, ANN, "first", 7)?;
    fill::account(tx, BEN, "second", 8)?;
    for i in 100..2_100_i64 {
        let account = if i % 5 == 0 { BEN } else { ANN };
        directory::insert(tx, &user(i), NOW)?;
        let labels = vec![format!("label {}", i % 9)];
        add(
            tx,
            account,
            &Contact { labels, phone_number: Some(format!("+4930{i}")), ..contact(i, "Common") },
        )?;
        contacts::add_alias(tx, account, ContactId(OWN + i), ContactId(i))?;
        let direction = if i % 3 == 0 { Direction::Out } else { Direction::In };
        post(tx, account, &Draft { date: NOW + i, ..draft(i % 50 + 20, direction, "Some common words") })?;
        updates::append(tx, account, &logged())?;
    }
    Ok(())
}

/// Everything that a request about one contact, message, chat or update does.
pub(super) fn points(tx: &mut dyn Tx) -> R<()> {
    people(tx)?;
    applications(tx)?;
    address_book(tx)?;
    mailbox(tx)?;
    sending(tx)?;
    log(tx)
}

fn sending(tx: &mut dyn Tx) -> R<()> {
    outbox::begin(tx, ANN, 1, (NOW, 60))?;
    let entry = outbox::get(tx, ANN, 1)?.ok_or(StoreError::NotFound)?;
    outbox::again(tx, &entry, (NOW, (None, "")), NOW)?;
    outbox::change(tx, &entry, NOW)?;
    outbox::cancel(tx, ANN, 1, NOW)?;
    let settled = outbox::Settled { state: EntryState::Sent, result: None, error: None };
    outbox::settle(tx, ANN, 1, (&settled, NOW))?;
    outbox::unknown(tx, ANN, "7")?;
    outbox::counts_of(tx, ANN, 1)?;
    broadcasts::waiting(tx, ANN, 1)?;
    broadcasts::move_entries(tx, ANN, 1, (EntryState::Queued, EntryState::Held, NOW))?;
    broadcasts::get(tx, ANN, 1)?;
    freezes::put(tx, ANN, ("account", NOW), NOW)?;
    idempotency::delete(tx, ANN, "other")
}

fn people(tx: &mut dyn Tx) -> R<()> {
    directory::insert(tx, &user(5), NOW)?;
    directory::update(tx, &user(5))?;
    directory::get(tx, UserId(5))?;
    directory::by_phone(tx, "+49300000005")?;
    directory::by_username(tx, "person_5")?;
    directory::free_id(tx, &UserId::NEW, 1)?;
    directory::delete(tx, UserId(5))?;
    accounts::get(tx, ANN)?;
    accounts::acting(tx, ANN)?;
    let digest = PlainToken::create(ANN, &[2; RANDOM_BYTES]).digest();
    tokens::find(tx, ANN, &digest, NOW)?;
    let number = tokens::insert(tx, ANN, &NewToken::of_account(digest), NOW)?;
    tokens::list(tx, ANN, TokenKind::Account)?;
    tokens::used(tx, ANN, number, NOW)?;
    tokens::delete(tx, ANN, (number, TokenKind::Account))?;
    tokens::delete_all(tx, ANN)?;
    views::get(tx, ANN, view()?)?;
    views::shows(tx, ANN, view()?, ContactId(101))?;
    groups::get(tx, fill::GROUP)?;
    groups::member(tx, fill::GROUP, ANN)?;
    groups::members(tx, fill::GROUP)?;
    settings::put(tx, "a", "b")?;
    settings::get(tx, "a").map(drop)
}

fn applications(tx: &mut dyn Tx) -> R<()> {
    let (client, secret) = (fill::client(ANN), |n| fill::secret(ANN, n));
    let (app, family, member) = (oauth::AppId::of(&client), FamilyId(ANN.0), MemberId(1));
    let registered = oauth::apps::by_client(tx, &client)?.ok_or(StoreError::NotFound)?;
    oauth::apps::update(tx, &registered)?;
    oauth::apps::list(tx, ANN)?;
    oauth::families::behind(tx, ANN, GivenTo { app, family: Some(family) })?;
    oauth::families::extend(tx, ANN, family, NOW + 9001)?;
    oauth::codes::find(tx, ANN, &secret(1))?;
    oauth::codes::mark_used(tx, ANN, family)?;
    let access = oauth::access::find(tx, ANN, &secret(2))?.ok_or(StoreError::NotFound)?;
    let refresh = oauth::refresh::find(tx, ANN, &secret(3))?.ok_or(StoreError::NotFound)?;
    let place = (ANN, family, refresh.id);
    oauth::refresh::has_arrived(tx, place)?;
    oauth::refresh::spend(tx, place, refresh.id, NOW)?;
    oauth::refresh::note_arrival(tx, place)?;
    oauth::refresh::replace(tx, place, refresh.id, refresh.id)?;
    oauth::access::delete(tx, ANN, access.id)?;
    oauth::grants::get(tx, ANN, app, member)?;
    oauth::grants::of_app(tx, app)?;
    oauth::grants::of_member(tx, member)?;
    oauth::grants::on_account(tx, ANN)?;
    oauth::grants::revoke(tx, ANN, app, member)?;
    oauth::grants::revoke_of_member(tx, member, false)?;
    oauth::families::revoke(tx, ANN, family)?;
    oauth::access::delete_of_app(tx, app)?;
    oauth::apps::remove(tx, ANN, app).map(drop)
}

fn address_book(tx: &mut dyn Tx) -> R<()> {
    contacts::get(tx, ANN, ContactId(101))?;
    contacts::get(tx, ANN, ContactId(OWN + 101))?;
    contacts::by_phone(tx, ANN, "+4930101")?;
    contacts::by_username(tx, ANN, "nobody")?;
    let number = |id: i64, phone: &str| User {
        kind: UserKind::Placeholder,
        username: None,
        phone_number: Some(phone.to_owned()),
        ..user(id)
    };
    newcomers::admit(tx, ANN, &number(OWN + 9, "+4930101"), NOW)?;
    newcomers::admit(tx, ANN, &number(OWN + 9, "+49309"), NOW)?;
    contacts::is_free(tx, ANN, ContactId(OWN + 9))?;
    let labels = vec!["vip".to_owned()];
    let added = add(tx, ANN, &Contact { labels, ..contact(50, "New") })?;
    change(tx, ANN, &Contact { first_name: "Changed".to_owned(), ..added.clone() })?;
    contacts::set_blocked(tx, ANN, &Contact { version: 99_999, ..added })?;
    contacts::add_alias(tx, ANN, ContactId(OWN), ContactId(50))?;
    remove(tx, ANN, ContactId(50), NOW)?;
    counters::raise_sync_floor(tx, ANN, 1)?;
    counters::get(tx, ANN).map(drop)
}

fn mailbox(tx: &mut dyn Tx) -> R<()> {
    let message = post(tx, ANN, &draft(20, Direction::In, "New words"))?;
    messages::get_in(tx, ANN, message.chat, message.id)?;
    messages::copy(tx, ANN, message.origin)?;
    messages::copy(tx, ANN, (ANN, message.id))?;
    messages::update(tx, ANN, &message, true)?;
    messages::delete(tx, ANN, &message)?;
    history::first_at(tx, ANN, NOW + 500)?;
    history::count(tx, ANN, &history::Query::default(), 10)?;
    history::count(tx, ANN, &history::Query { chat: Some(message.chat), ..Default::default() }, 10)?;
    chats::get(tx, ANN, message.chat)?;
    chats::start(tx, ANN, message.chat)?;
    chats::block(tx, ANN, UserId(9))?;
    chats::is_blocked(tx, ANN, UserId(9))?;
    chats::unblock(tx, ANN, UserId(9))?;
    files(tx)?;
    callbacks::insert(tx, ANN, 2, UserId(7), NOW)?;
    callbacks::answer(tx, ANN, 2, 0, "{}")?;
    callbacks::get(tx, ANN, 2)?;
    let audience = Audience { scope: "{}".to_owned(), language: String::new() };
    commands::put(tx, ANN, &audience, "[]")?;
    commands::get(tx, ANN, &audience)?;
    commands::delete(tx, ANN, &audience)?;
    let kept = idempotency::Kept { key: "other", fingerprint: &[1], answer: "{}" };
    idempotency::put(tx, ANN, &kept, NOW)?;
    idempotency::get(tx, ANN, "other", NOW).map(drop)
}

fn log(tx: &mut dyn Tx) -> R<()> {
    updates::append(tx, ANN, &logged())?;
    consumers::standing(tx, ANN, US)?;
    updates::read(tx, ANN, SPAN)?;
    updates::nth_last(tx, ANN, SPAN, 3)?;
    updates::pending(tx, ANN, US, NOW)?;
    updates::pending_rows(tx, ANN, US, SPAN)?;
    updates::body(tx, ANN, UpdateId(1))?;
    updates::acknowledge(tx, ANN, US, &[UpdateId(3), UpdateId(1)])?;
    consumers::confirm(tx, ANN, US, UpdateId(9))?;
    consumers::allow(tx, ANN, US, UpdateKinds::usual())?;
    named(tx)?;
    endpoint(tx)?;
    let webhook = webhooks::get(tx, ANN, US)?.ok_or(StoreError::NotFound)?;
    webhooks::put(tx, (ANN, US), &webhook.settings, (2, SetBy::Nobody))?;
    webhooks::set_by(tx, ANN, US)?;
    upstream(tx)?;
    tokens::lives(tx, ANN, 1, NOW)?;
    let failure = webhooks::Failure { generation: 2, date: NOW, message: String::new() };
    webhooks::failed(tx, ANN, US, &failure)?;
    webhooks::delete(tx, ANN, US).map(drop)
}

/// What is done for a further webhook.
fn endpoint(tx: &mut dyn Tx) -> R<()> {
    let name = ConsumerName::of_webhook(5);
    let known = endpoints::get(tx, ANN, 5)?.ok_or(StoreError::NotFound)?;
    endpoints::put(tx, ANN, &known)?;
    endpoints::labels_of(tx, ANN, 7)?;
    endpoints::pause(tx, ANN, 5, false)?;
    deliveries::add(tx, ANN, 5, &[])?;
    deliveries::dead(tx, ANN, 5)?;
    deliveries::replay(tx, ANN, 5, &[UpdateId(1)])?;
    deliveries::replays(tx, ANN, 5, 0)?;
    deliveries::replayed(tx, ANN, 5, (1, Some(UpdateId(1))))?;
    deliveries::one(tx, ANN, UpdateId(1))?;
    updates::acknowledge(tx, ANN, &name, &[UpdateId(1)])?;
    endpoints::delete(tx, ANN, 5).map(drop)
}

/// What is done for a named consumer.
fn named(tx: &mut dyn Tx) -> R<()> {
    let name = ConsumerName::from_store("other".to_owned());
    let new = Consumer { position: UpdateId(1), allowed: UpdateKinds::usual() };
    consumers::add(tx, ANN, &name, new)?;
    let span = Span { seen: new.seen(&name), ..SPAN };
    updates::read(tx, ANN, span)?;
    updates::nth_last(tx, ANN, span, 3)?;
    consumers::further(tx, ANN)?;
    consumers::confirm(tx, ANN, &name, UpdateId(2))?;
    consumers::remove(tx, ANN, &name).map(drop)
}

/// Pages that are neither searches nor by label.
fn upstream(tx: &mut dyn Tx) -> R<()> {
    let place = upstreams::Place { space: 0, chat: ChatId(20), number: 5 };
    let new = upstreams::NewUpstream {
        base_url: "https://upstream.example",
        token: b"sealed",
        webhook: Some(b"sealed"),
    };
    upstreams::put(tx, ANN, new)?;
    upstreams::ask_for(tx, ANN, "new_kind")?;
    upstreams::lease(tx, ANN, 1, (NOW, NOW + 60))?;
    upstreams::release(tx, 1)?;
    upstreams::receive(tx, ANN, 5, NOW)?;
    upstreams::forget_received(tx, NOW)?;
    upstreams::get(tx, ANN)?;
    upstreams::next_update(tx, ANN)?;
    upstreams::taken(tx, ANN, 3)?;
    upstreams::stop(tx, ANN, (NOW, "401"))?;
    upstreams::keep_message(tx, ANN, place, MessageId(900))?;
    upstreams::message(tx, ANN, place)?;
    upstreams::first_from(tx, ANN, place)?;
    upstreams::forget_message(tx, ANN, MessageId(900))
}

/// A file comes, is carried and goes.
fn files(tx: &mut dyn Tx) -> R<()> {
    files::add(tx, &Coming { id: 1, salt: b"s", now: NOW }, (0, b"a"))?;
    files::finish(tx, 1, &Ending { sha256: b"a", bytes: 1, image: None, now: NOW })?;
    files::with_content(tx, b"a")?;
    files::carry(tx, ANN, (MessageId(3), MessageId(3)), 1)?;
    files::carried(tx, ANN, MessageId(3), 10)?;
    files::piece(tx, 1, 0)?;
    files::put_down(tx, ANN, MessageId(3))?;
    files::leave(tx, 1, NOW)?;
    files::spare(tx, 1)?;
    files::erase_some(tx, 1).map(drop)
}

pub(super) fn pages(tx: &mut dyn Tx) -> R<()> {
    for (sort, starts) in [
        (Sort::Name, [Start::offset(1000), Start::after(Place::Name("common".to_owned(), 9))]),
        (Sort::Id, [Start::offset(1000), Start::after(Place::Number(1000))]),
        (Sort::UpdatedAt, [Start::offset(1000), Start::after(Place::Number(1000))]),
    ] {
        for start in starts {
            contact_list::place(tx, ANN, sort, (start.after.as_ref(), 100))?;
            let query = contact_list::Query { start, ..list(sort) };
            contact_list::page(tx, ANN, &query)?;
        }
    }
    contact_list::changes(tx, (ANN, None), 1000, 50)?;
    conversations::chats(tx, (ANN, None), Some(MessageId(900)), 30)?;
    conversations::by_hour(tx, ANN, (MessageId(1), MessageId(900)))?;
    conversations::labels(tx, ANN, 50)?;
    for chat in [None, Some(ChatId(20))] {
        for direction in [None, Some(Direction::In)] {
            for (from, below) in [(None, None), (Some(MessageId(9)), Some(MessageId(900)))] {
                for ascending in [true, false] {
                    let query = history::Query {
                        chat,
                        direction,
                        from,
                        below,
                        ascending,
                        offset: 5,
                        limit: 50,
                        ..Default::default()
                    };
                    history::page(tx, ANN, &query, &mut |_| {})?;
                    history::count(tx, ANN, &query, 100)?;
                }
            }
        }
    }
    directory::people(tx, UserId(1000), 50).map(drop)
}

fn list(sort: Sort) -> contact_list::Query {
    let (terms, start) = (Vec::new(), Start::offset(0));
    contact_list::Query { terms, private: true, label: None, view: None, sort, start, limit: 50 }
}

/// What a narrowed credential asks: its contacts, one by one, and their chats.
pub(super) fn views(tx: &mut dyn Tx) -> R<()> {
    for terms in [Vec::new(), search::terms("common words")] {
        for private in [true, false] {
            let query =
                contact_list::Query { terms: terms.clone(), private, view: Some(view()?), ..list(Sort::Id) };
            contact_list::page(tx, ANN, &query)?;
        }
        let query = history::Query { view: Some(view()?), terms, limit: 50, ..Default::default() };
        history::page(tx, ANN, &query, &mut |_| {})?;
        history::count(tx, ANN, &query, 100)?;
    }
    contact_list::changes(tx, (ANN, Some(view()?)), 1000, 50)?;
    views::count(tx, ANN, view()?).map(drop)
}

/// Searches, alone and within a label, a chat or a direction.
pub(super) fn searches(tx: &mut dyn Tx) -> R<()> {
    let terms = search::terms("common words");
    for sort in [Sort::Name, Sort::Id, Sort::UpdatedAt] {
        for label in [None, Some("vip".to_owned())] {
            for private in [true, false] {
                let (terms, label) = (terms.clone(), label.clone());
                let query = contact_list::Query { terms, private, label, ..list(sort) };
                contact_list::page(tx, ANN, &query)?;
                contact_list::first(tx, ANN, &query, 0)?;
            }
        }
    }
    for chat in [None, Some(ChatId(20))] {
        for direction in [None, Some(Direction::In)] {
            let terms = terms.clone();
            let query = history::Query { chat, direction, terms, limit: 50, ..Default::default() };
            history::page(tx, ANN, &query, &mut |_| {})?;
            history::count(tx, ANN, &query, 100)?;
        }
    }
    Ok(())
}

/// What the server does by itself, every minute.
pub(super) fn housekeeping(tx: &mut dyn Tx) -> R<()> {
    index::waiting(tx)?;
    index::index_batch(tx)?;
    consumers::confirm(tx, ANN, US, UpdateId(500))?;
    updates::with_expired(tx, NOW)?;
    updates::pass_expired(tx, ANN, NOW)?;
    updates::at_unseen(tx)?;
    deliveries::forget_dead(tx, NOW)?;
    updates::with_confirmed(tx)?;
    updates::forget_confirmed(tx, ANN)?;
    updates::forget_old(tx, NOW)?;
    idempotency::forget_old(tx, NOW)?;
    callbacks::forget_old(tx, NOW)?;
    files::leaving(tx, NOW)?;
    outbox::due_accounts(tx, NOW)?;
    outbox::next_due(tx, NOW)?;
    outbox::heads(tx, ANN, NOW, 50)?;
    outbox::left_behind(tx, NOW)?;
    outbox::forget_old(tx, NOW)?;
    broadcasts::open(tx)?;
    let bounds = backlog::Bounds { now: NOW, since: NOW - 100, others_since: 0, most: 100 };
    backlog::look(tx, bounds)?;
    oauth::forget_old(tx, NOW + 9_999_999)?;
    contact_list::forget_old(tx, NOW)
}

/// The removal of a whole account.
pub(super) fn removal(tx: &mut dyn Tx) -> R<()> {
    accounts::remove(tx, BEN)
}
