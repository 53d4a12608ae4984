//! One account with something in every table, for the tests that look at all of them.

use super::{Draft, NOW, add, contact, post, remove};
use crate::ops::broadcasts::{self, NewBroadcast};
use crate::ops::commands::Audience;
use crate::ops::consumers::Consumer;
use crate::ops::deliveries::{Attempt, Status};
use crate::ops::idempotency::Kept;
use crate::ops::oauth::access::{self, NewAccess};
use crate::ops::oauth::apps::{self, App};
use crate::ops::oauth::families::{self, NewFamily};
use crate::ops::oauth::grants::{self, Grant};
use crate::ops::oauth::refresh::{self, NewRefresh};
use crate::ops::oauth::{AppId, codes};
use crate::ops::outbox::{self, NewEntry};
use crate::ops::tokens::{GivenTo, NewToken};
use crate::ops::updates::NewUpdate;
use crate::ops::upstreams::Place;
use crate::ops::views::{View, ViewId};
use crate::ops::webhooks::{Failure, SetBy};
use crate::ops::{
    accounts, callbacks, chats, commands, consumers, contacts, counters, deliveries, directory, endpoints,
    files, freezes, groups, idempotency, members, tokens, updates, upstreams, views, webhooks,
};
use crate::{R, StoreError, Tx};
use contactgram_model::consumer::ConsumerName;
use contactgram_model::outbox::EntryState;
use contactgram_model::scope::Scopes;
use contactgram_model::token::RANDOM_BYTES;
use contactgram_model::webhook::{Endpoint, WebhookSettings};
use contactgram_model::{
    Account, AccountKind, ChatId, Contact, ContactId, Direction, Group, MemberId, MemberStatus, MessageId,
    PlainToken, Role, TokenDigest, UpdateId, UpdateKind, UpdateKinds, User, UserId, UserKind,
};
use contactgram_oauth::grant::{CodeRecord, CodeState, FamilyId};
use contactgram_oauth::pkce::Challenge;
use contactgram_oauth::redirect::ReturnTo;
use contactgram_oauth::{ClientId, RedirectUri};

pub(super) const GROUP: ChatId = ChatId(-4_000_000_001);
/// Contacts of the same ids, with texts of the same words, in every account.
pub(super) const CONTACTS: [i64; 3] = [7, 8, 9];

/// Fills an account whose texts hold the words `common` and `word`. Its contact `labelled`, one of
/// [`CONTACTS`], has the label `vip`.
pub(super) fn account(tx: &mut dyn Tx, id: UserId, word: &str, labelled: i64) -> R<()> {
    person(tx, id, word)?;
    address_book(tx, id, word, labelled)?;
    mailbox(tx, id, word)?;
    log(tx, id, word)?;
    members::set_role(tx, MemberId(1), id, Some(Role::Viewer))?;
    application(tx, id, word)?;
    commands::put(tx, id, &Audience { scope: "{}".to_owned(), language: String::new() }, word)?;
    idempotency::put(tx, id, &Kept { key: "key", fingerprint: &[1], answer: word }, NOW)
}

fn person(tx: &mut dyn Tx, id: UserId, word: &str) -> R<()> {
    let user = User {
        id,
        kind: UserKind::Bot,
        first_name: word.to_owned(),
        last_name: None,
        username: Some(format!("{word}_bot")),
        phone_number: None,
        email: None,
        language_code: None,
    };
    directory::insert(tx, &user, NOW)?;
    let account = Account { id, kind: AccountKind::Bot, region: None, strict: false, created_at: NOW };
    accounts::insert(tx, &account)?;
    counters::open(tx, id, 0)?;
    let digest = PlainToken::create(id, &[1; RANDOM_BYTES]).digest();
    let token = NewToken { label: Some(word.to_owned()), ..NewToken::of_account(digest) };
    tokens::insert(tx, id, &token, NOW)?;
    let id_of_view = ViewId::new(9).ok_or(StoreError::NotFound)?;
    let view = View { labels: vec![word.to_owned()], contacts: vec![ContactId(7)] };
    views::put(tx, id, id_of_view, &view)
}

fn address_book(tx: &mut dyn Tx, id: UserId, word: &str, labelled: i64) -> R<()> {
    for contact_id in CONTACTS {
        let labels = if contact_id == labelled { vec!["vip".to_owned()] } else { Vec::new() };
        let contact = Contact {
            last_name: Some(word.to_owned()),
            phone_number: Some(format!("+1415555010{contact_id}")),
            labels,
            ..contact(contact_id, "Common")
        };
        add(tx, id, &contact)?;
    }
    add(tx, id, &contact(10, "Gone"))?;
    remove(tx, id, ContactId(10), NOW)?;
    contacts::unlabel(tx, id, (ContactId(10), &[word.to_owned()]), (1, NOW))?;
    contacts::add_alias(tx, id, ContactId(ContactId::OWN.start), ContactId(7))
}

fn mailbox(tx: &mut dyn Tx, id: UserId, word: &str) -> R<()> {
    for direction in [Direction::In, Direction::Out] {
        let text = format!("common {word}");
        post(tx, id, &Draft { chat: 7, direction, date: NOW, text })?;
    }
    files::carry(tx, id, (MessageId(1), MessageId(1)), 1)?;
    chats::block(tx, id, UserId(8))?;
    groups::insert(tx, &Group { id: GROUP, title: "Common".to_owned() })?;
    groups::set_member(tx, GROUP, id, MemberStatus::Member)
}

fn log(tx: &mut dyn Tx, id: UserId, word: &str) -> R<()> {
    consumers::open(tx, id, UpdateId(1))?;
    let payload = format!("\"{word}\"");
    for _ in 0..3 {
        let update = NewUpdate { kind: UpdateKind::Message, lane: 7, date: NOW, payload: &payload };
        updates::append(tx, id, &update)?;
    }
    updates::acknowledge(tx, id, &ConsumerName::DEFAULT, &[UpdateId(2)])?;
    let desk = ConsumerName::from_store("desk".to_owned());
    let new = Consumer { position: UpdateId(1), allowed: UpdateKinds::usual() };
    consumers::add(tx, id, &desk, new)?;
    let settings = WebhookSettings {
        url: format!("https://{word}.example"),
        secret_token: None,
        max_connections: 1,
        ip_address: None,
        certificate: None,
        scopes: Scopes::all(),
    };
    webhooks::put(tx, (id, &ConsumerName::DEFAULT), &settings, (1, SetBy::Nobody))?;
    let failure = Failure { generation: 1, date: NOW, message: word.to_owned() };
    webhooks::failed(tx, id, &ConsumerName::DEFAULT, &failure)?;
    endpoint(tx, id, word)?;
    let new = upstreams::NewUpstream {
        base_url: "https://upstream.example",
        token: word.as_bytes(),
        webhook: Some(word.as_bytes()),
    };
    upstreams::put(tx, id, new)?;
    upstreams::receive(tx, id, 5, NOW)?;
    let place = Place { space: 0, chat: ChatId(7), number: 1 };
    upstreams::keep_message(tx, id, place, MessageId(1))?;
    freezes::put(tx, id, ("chat:7", NOW + 9), NOW)?;
    sending(tx, id, word)?;
    callbacks::insert(tx, id, 1, UserId(7), NOW)
}

fn sending(tx: &mut dyn Tx, id: UserId, word: &str) -> R<()> {
    let new = NewBroadcast {
        method: "sendMessage".to_owned(),
        params: format!("{{\"text\":\"{word}\"}}"),
        selection: "{}".to_owned(),
        scopes: Scopes::all(),
        total: 1,
    };
    let broadcast = broadcasts::insert(tx, id, &new, NOW)?;
    let entry = NewEntry {
        method: new.method,
        lane: "7".to_owned(),
        params: new.params,
        scopes: Scopes::all(),
        send_at: None,
        state: EntryState::Queued,
        error: None,
        of: Some((broadcast, 7)),
    };
    outbox::insert(tx, id, &[entry], NOW).map(drop)
}

/// A further webhook, which was told of one update, gave up another and is to be told of it again.
fn endpoint(tx: &mut dyn Tx, id: UserId, word: &str) -> R<()> {
    let name = ConsumerName::of_webhook(5);
    let new = Consumer { position: UpdateId(1), allowed: UpdateKinds::usual() };
    consumers::add(tx, id, &name, new)?;
    let settings = WebhookSettings {
        url: format!("https://{word}.example/further"),
        secret_token: None,
        max_connections: 1,
        ip_address: None,
        certificate: None,
        scopes: Scopes::all(),
    };
    webhooks::put(tx, (id, &name), &settings, (1, SetBy::Nobody))?;
    let endpoint = Endpoint {
        id: 5,
        description: Some(word.to_owned()),
        chats: vec![7],
        labels: vec!["vip".to_owned()],
        max_attempts: 3,
        paused: false,
        secret: word.as_bytes().to_vec(),
        old_secret: Some((vec![1], NOW)),
        created_at: NOW,
    };
    endpoints::put(tx, id, &endpoint)?;
    let attempt = |update, status| Attempt {
        update: UpdateId(update),
        attempt: 1,
        at: NOW,
        status,
        http_status: Some(500),
        error: Some(word.to_owned()),
        duration_ms: 7,
    };
    deliveries::add(tx, id, 5, &[attempt(1, Status::Delivered), attempt(2, Status::Dead)])?;
    deliveries::replay(tx, id, 5, &[UpdateId(2)])
}

/// The application of an account: its public name is made of the account's number.
pub(super) fn client(id: UserId) -> ClientId {
    let mut random = [0; 12];
    random[..8].copy_from_slice(&(id.0 << 20).to_be_bytes());
    ClientId::create(&random)
}

/// The digest of what has this number in an account's application.
pub(super) fn secret(id: UserId, n: u8) -> TokenDigest {
    TokenDigest::of(&format!("{id} {n}"))
}

/// An application with a consent, a used code, and the tokens that came of it.
fn application(tx: &mut dyn Tx, id: UserId, word: &str) -> R<()> {
    let client = client(id);
    let (app, family, member) = (AppId::of(&client), FamilyId(id.0), MemberId(1));
    let callback = format!("https://{word}.example/cb");
    let registered = App {
        id: app,
        account: id,
        client: client.clone(),
        name: word.to_owned(),
        secret: Some(secret(id, 0)),
        redirects: vec![RedirectUri::from_store(callback.clone())],
        scopes: Scopes::all(),
        disabled: false,
        registered_by: 0,
        created_at: NOW,
    };
    apps::insert(tx, &registered)?;
    let scopes = Scopes::all();
    grants::put(tx, &Grant { account: id, app, member, scopes, created_at: NOW, given_at: NOW })?;
    families::insert(tx, id, &NewFamily { id: family, app, member, expires_at: NOW + 60 }, NOW)?;
    let code = CodeRecord {
        client,
        return_to: ReturnTo { uri: callback, named: true },
        challenge: Challenge::from_bytes(&[7; 32]).ok_or(StoreError::NotFound)?,
        scopes,
        family,
        expires_at: NOW + 60,
        state: CodeState::Used,
    };
    codes::insert(tx, id, &secret(id, 1), &code)?;
    let to = GivenTo { app, family: Some(family) };
    let new = NewAccess { digest: secret(id, 2), to, scopes, expires_at: NOW + 3600 };
    let number = access::insert(tx, id, &new, NOW)?;
    let new = NewRefresh { id: number, digest: secret(id, 3), family, scopes, expires_at: NOW + 9000 };
    refresh::insert(tx, id, &new, NOW)?;
    families::extend(tx, id, family, NOW + 9000)
}
