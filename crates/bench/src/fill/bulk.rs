//! The three kinds of rows in large numbers. Contacts and messages go through the hub, many at a time, so that
//! they share commits; accounts through the store's operations, as the hub looks at all accounts for each new
//! one. Called by `fill`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use contactgram_hub::access::{ContactsWrite, MessagesSend, UpdatesRead};
use contactgram_hub::{Act, Caller, ChatRef, Draft, Hub, NewPerson, Poll};
use contactgram_model::clock::ManualClock;
use contactgram_model::contact::ContactChange;
use contactgram_model::token::RANDOM_BYTES;
use contactgram_model::{
    Account as ModelAccount, AccountKind, Clock, PhoneNumber, PlainToken, SystemClock, UpdateId, UpdateKinds,
    User, UserId, UserKind,
};
use contactgram_store::ops::tokens::NewToken;
use contactgram_store::ops::{accounts, counters, directory, tokens, updates};
use contactgram_store::{Store, StoreError};
use contactgram_wire::message::Content;
use tokio::task::JoinSet;

use super::names;
use super::set::Account;
use crate::Failed;
use crate::chance::Chance;

pub const DAY_MS: i64 = 24 * 3600 * 1000;
/// Twice a group of the writer: while one is committed the next gathers.
const TOGETHER: u64 = 1024;
/// Contacts that are written to, at most.
const CHATS: usize = 5000;
/// People who write.
const PEOPLE: u64 = 200;
/// Ids that a set remembers.
const REMEMBERED: usize = 200_000;
/// Accounts made in one transaction.
const ACCOUNTS_AT_ONCE: u64 = 1000;

/// The mailbox being filled.
pub struct Mailbox {
    hub: Arc<Hub>,
    clock: ManualClock,
    caller: Caller,
}

impl Mailbox {
    pub async fn open(hub: Arc<Hub>, clock: ManualClock, account: &Account) -> Result<Mailbox, Failed> {
        let token = PlainToken::parse(&account.token).ok_or("a token was just made")?;
        let caller = hub.authenticate(&token).await.map_err(refused)?;
        Ok(Mailbox { hub, clock, caller })
    }

    /// Which updates are logged from now on.
    pub async fn ask_for(&self, kinds: UpdateKinds) -> Result<(), Failed> {
        let permit = self.caller.permit::<UpdatesRead>().map_err(refused)?;
        let poll = Poll { offset: 0, limit: 1, timeout: 0, allowed: Some(kinds) };
        self.hub.updates(&permit, poll).await.map_err(refused)?;
        Ok(())
    }

    /// Adds contacts over so many days; their ids in the order of making, more or less.
    pub async fn contacts(&self, count: u64, days: i64) -> Result<Vec<i64>, Failed> {
        let permit = Arc::new(self.caller.permit::<ContactsWrite>().map_err(refused)?);
        let made = self.each("contacts", count, days, move |hub, number| {
            let permit = Arc::clone(&permit);
            async move {
                let somebody = names::somebody(number);
                let phone = PhoneNumber::parse(&somebody.phone_number, None)?;
                let change = ContactChange {
                    first_name: Some(somebody.first_name.to_owned()),
                    last_name: Some(Some(somebody.last_name)),
                    phone_number: Some(Some(phone)),
                    email: Some(Some(somebody.email)),
                    ..ContactChange::default()
                };
                let answer = hub.add_contact(&permit, change, None).await.map_err(refused)?;
                Ok(answer.created.ok_or("a made-up contact was there already")?.0)
            }
        });
        made.await
    }

    /// Adds messages over so many days: three of four to contacts, one from somebody.
    pub async fn messages(&self, count: u64, contacts: &[i64], days: i64) -> Result<(), Failed> {
        if count == 0 {
            return Ok(());
        }
        let mut people = Vec::new();
        for number in 0..PEOPLE {
            let somebody = names::somebody(number);
            let new = NewPerson {
                first_name: somebody.first_name.to_owned(),
                last_name: Some(somebody.last_name),
                username: None,
                phone_number: None,
                email: None,
                language_code: None,
            };
            people.push(self.hub.add_person(new).await.map_err(refused)?.id);
        }
        let step = (contacts.len() / CHATS).max(1);
        let chats: Arc<Vec<i64>> = Arc::new(contacts.iter().step_by(step).copied().collect());
        if chats.is_empty() {
            return Err("messages need contacts to go to".into());
        }
        let (people, permit) =
            (Arc::new(people), Arc::new(self.caller.permit::<MessagesSend>().map_err(refused)?));
        let account = self.caller.account();
        let sent = self.each("messages", count, days, move |hub, number| {
            let (chats, people, permit) = (Arc::clone(&chats), Arc::clone(&people), Arc::clone(&permit));
            async move {
                let content = Content::text(names::text(number), Vec::new());
                let mut chance = Chance::new(number);
                if number % 4 == 3 {
                    let act = Act::Write { content, reply_to: None };
                    hub.act(*chance.one(&people), ChatRef::Id(account.0), act).await.map_err(refused)?;
                } else {
                    let draft = Draft::new(ChatRef::Id(*chance.one(&chats)), content);
                    hub.send(&permit, draft, None).await.map_err(refused)?;
                }
                Ok(0)
            }
        });
        sent.await.map(drop)
    }

    /// Does something for each number below `count`, many at a time, while the clock moves over the days.
    async fn each<F, A>(&self, what: &'static str, count: u64, days: i64, act: F) -> Result<Vec<i64>, Failed>
    where
        F: Fn(Arc<Hub>, u64) -> A + Clone + Send + 'static,
        A: Future<Output = Result<i64, Failed>> + Send,
    {
        let next = Arc::new(AtomicU64::new(0));
        let (start, step_ms) = (Instant::now(), days * DAY_MS / i64::try_from(count.max(1))?);
        let mut working = JoinSet::new();
        for _ in 0..TOGETHER.min(count) {
            let (hub, clock, next, act) =
                (Arc::clone(&self.hub), self.clock.clone(), Arc::clone(&next), act.clone());
            working.spawn(async move {
                let mut made = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return Ok::<_, Failed>(made);
                    }
                    clock.advance_ms(step_ms);
                    made.push((number, act(Arc::clone(&hub), number).await?));
                    if number % 1_000_000 == 999_999 {
                        let rate = number as f64 / start.elapsed().as_secs_f64();
                        eprintln!("{} of {count} {what}, {rate:.0} a second", number + 1);
                    }
                }
            });
        }
        let mut all = Vec::with_capacity(usize::try_from(count)?);
        while let Some(made) = working.join_next().await {
            all.extend(made??);
        }
        all.sort_unstable();
        Ok(all.into_iter().map(|(_, id)| id).collect())
    }
}

/// Makes accounts as the hub would, in large transactions.
pub async fn accounts(store: &Store, count: u64) -> Result<Vec<Account>, Failed> {
    let now = SystemClock.now();
    let mut all = Vec::new();
    for first in (0..count).step_by(usize::try_from(ACCOUNTS_AT_ONCE)?) {
        let numbers = first..count.min(first + ACCOUNTS_AT_ONCE);
        let made = store.write(0, move |tx| {
            numbers
                .clone()
                .map(|number| {
                    let mut chance = Chance::new(number);
                    let id = directory::free_id(tx, &UserId::NEW, chance.next())?;
                    let user = User {
                        id,
                        kind: UserKind::Bot,
                        first_name: format!("Account {number}"),
                        last_name: None,
                        username: Some(format!("bench_{number}_bot")),
                        phone_number: None,
                        email: None,
                        language_code: None,
                    };
                    directory::insert(tx, &user, now)?;
                    let account = ModelAccount {
                        id,
                        kind: AccountKind::Bot,
                        region: None,
                        strict: false,
                        created_at: now,
                    };
                    accounts::insert(tx, &account)?;
                    let first_update = 100_000_000 + i64::try_from(chance.below(900_000_000)).unwrap_or(0);
                    counters::open(tx, id, first_update)?;
                    updates::open(tx, id, UpdateId(first_update + 1))?;
                    let mut secret = [0; RANDOM_BYTES];
                    secret.iter_mut().for_each(|byte| *byte = chance.next() as u8);
                    let token = PlainToken::create(id, &secret);
                    let stored = NewToken { digest: token.digest(), label: None, expires_at: None };
                    tokens::insert(tx, id, &stored, now)?;
                    Ok(Account { id: id.0, token: token.reveal().to_owned() })
                })
                .collect::<Result<Vec<_>, StoreError>>()
        });
        all.extend(made.await?);
    }
    Ok(all)
}

/// The hub's refusal in words.
pub fn refused(error: contactgram_hub::Error) -> Failed {
    format!("the hub refused: {error:?}").into()
}

/// At most as many as a set remembers, evenly over all.
pub fn some(ids: Vec<i64>) -> Vec<i64> {
    let step = ids.len().div_ceil(REMEMBERED).max(1);
    ids.into_iter().step_by(step).collect()
}
