//! Makes data sets: accounts, contacts and messages, in large transactions and with the rows that the API would
//! have written. Called by `contactgram-bench fill` and by `run` where a set is missing. It never touches a folder
//! that holds another set.

pub mod names;
mod rows;
pub mod set;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use contactgram_connector::courier::{Courier, CourierOptions};
use contactgram_hub::access::UpdatesRead;
use contactgram_hub::{Act, Caller, ChatRef, Hub, NewAccount, NewPerson, Parts, Poll};
use contactgram_model::clock::ManualClock;
use contactgram_model::{
    AccountKind, Actor, Clock, ContactId, PlainToken, SystemClock, Timestamp, UpdateKinds, User, UserId,
};
use contactgram_store::ops::{directory, search};
use contactgram_store::{Location, Options, R, Store, Tx};
use contactgram_wire::message::Content;
use tokio_util::sync::CancellationToken;

use crate::Failed;
use crate::chance::Chance;
use set::{Account, Set, Size};

/// The days before today over which the contacts, and then the messages, are spread.
const DAYS: i64 = 200;
const DAY_S: i64 = 24 * 3600;
/// Rows made in one transaction.
const AT_ONCE: u64 = 20_000;
/// Contacts that are written to, at most.
const CHATS: usize = 5000;
/// People who write.
const PEOPLE: u64 = 200;
/// Ids that a set remembers.
const REMEMBERED: usize = 200_000;
/// From the id of one contact to that of the next, at most.
const LONGEST_STEP: u64 = 32;
/// For the writer while filling; the server that is measured has its own setting.
const CACHE_KIB: u32 = 6 * 1024 * 1024;

/// Make a data set
#[derive(Args)]
pub struct Fill {
    /// Folder of the set, made when it is missing
    #[arg(long)]
    data: PathBuf,
    /// Contacts of one account
    #[arg(long, default_value_t = 100_000)]
    contacts: u64,
    /// Messages in that account's mailbox; each has its other copy in another one
    #[arg(long, default_value_t = 0)]
    messages: u64,
    /// Further accounts
    #[arg(long, default_value_t = 0)]
    accounts: u64,
}

impl Fill {
    pub fn run(self) -> Result<(), Failed> {
        let size = Size { contacts: self.contacts, messages: self.messages, accounts: self.accounts };
        fill(&self.data, size).map(drop)
    }
}

/// The set in this folder, made where it is missing.
///
/// # Errors
/// The folder holds a set of another size, or one that was broken off.
pub fn fill(folder: &Path, size: Size) -> Result<Set, Failed> {
    if folder.join("set.json").exists() {
        let set = Set::load(folder)?;
        if set.size != size {
            return Err(format!("{} holds another set: {:?}", folder.display(), set.size).into());
        }
        return Ok(set);
    }
    let path = set::database(folder);
    if path.exists() {
        return Err(format!("{} holds a set that was never finished: remove it", folder.display()).into());
    }
    std::fs::create_dir_all(folder)?;
    let set = timed(&Location::Sqlite { path }, size)?;
    set.keep(folder)?;
    Ok(set)
}

/// Fills an empty PostgreSQL database.
pub fn fill_database(url: &str, size: Size) -> Result<Set, Failed> {
    timed(&Location::Postgres { url: url.to_owned() }, size)
}

fn timed(location: &Location, size: Size) -> Result<Set, Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let start = Instant::now();
    let set = runtime.block_on(make(location, size))?;
    eprintln!("made {} in {:.1} s", size.name(), start.elapsed().as_secs_f64());
    Ok(set)
}

async fn make(location: &Location, size: Size) -> Result<Set, Failed> {
    let options = Options { cache_kib: CACHE_KIB, ..Options::default() };
    let store = Store::open(location, &options).await?;
    let start = SystemClock.now() - 2 * DAYS * DAY_S;
    let filling = Filling::begin(&store, start).await?;
    let contacts = filling.contacts(size.contacts, start).await?;
    filling.messages(size.messages, &contacts, start + DAYS * DAY_S).await?;
    let now = SystemClock.now();
    let made =
        in_batches(&store, "accounts", size.accounts, move |tx, number| rows::account(tx, number, now));
    let accounts = made.await?;
    // Else the server that is measured would do it.
    while store.write(0, search::index_batch).await? > 0 {}
    store.close().await;
    let step = contacts.len().div_ceil(REMEMBERED).max(1);
    let contacts = contacts.into_iter().step_by(step).collect();
    Ok(Set { size, sender: filling.sender, receiver: filling.receiver, accounts, contacts })
}

/// A store with the two accounts that everything is between.
struct Filling {
    store: Store,
    hub: Hub,
    sender: Account,
    receiver: Account,
    caller: Caller,
}

impl Filling {
    async fn begin(store: &Store, start: Timestamp) -> Result<Filling, Failed> {
        let hub = Hub::new(Parts {
            store: store.clone(),
            clock: Arc::new(ManualClock::at_ms(start * 1000)),
            courier: Courier::new(CourierOptions::default()),
            shutdown: CancellationToken::new(),
        });
        let sender = account(&hub, "Sender").await?;
        let receiver = account(&hub, "Receiver").await?;
        let token = PlainToken::parse(&sender.token).ok_or("a token was just made")?;
        let caller = hub.authenticate(&token).await.map_err(refused)?;
        Ok(Filling { store: store.clone(), hub, sender, receiver, caller })
    }

    fn account(&self) -> UserId {
        UserId(self.sender.id)
    }

    /// Adds contacts; their ids in the order of making.
    async fn contacts(&self, count: u64, start: Timestamp) -> Result<Vec<i64>, Failed> {
        let account = self.account();
        in_batches(&self.store, "contacts", count, move |tx, number| {
            let moment = (own_id(number), spread(start, number, count));
            Ok(rows::contact(tx, account, names::somebody(number), moment)?.0)
        })
        .await
    }

    /// Adds messages: three of four to contacts, one from somebody.
    async fn messages(&self, count: u64, contacts: &[i64], start: Timestamp) -> Result<(), Failed> {
        if count == 0 {
            return Ok(());
        }
        if contacts.is_empty() {
            return Err("messages need contacts to go to".into());
        }
        // Nobody would fetch these updates, and old ones would only be waiting to be removed.
        self.ask_for(UpdateKinds::asked(["poll"])).await?;
        let own = self.user(self.account()).await?;
        let mut chats = Vec::new();
        for id in contacts.iter().step_by(contacts.len().div_ceil(CHATS)) {
            chats.push(self.user(UserId(*id)).await?);
        }
        let people = self.people().await?;
        in_batches(&self.store, "messages", count, move |tx, number| {
            let (mut chance, now) = (Chance::new(number), spread(start, number, count));
            let text = names::text(number);
            match number % 4 {
                3 => rows::message(tx, (chance.one(&people), &own), text, now),
                _ => rows::message(tx, (&own, chance.one(&chats)), text, now),
            }
        })
        .await?;
        self.ask_for(UpdateKinds::usual()).await
    }

    /// People who have written to the account once, so that it knows them.
    async fn people(&self) -> Result<Vec<User>, Failed> {
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
            let person = self.hub.add_person(new).await.map_err(refused)?;
            let content = Content::text(names::text(number), Vec::new());
            let act = Act::Write { content, reply_to: None };
            self.hub.act(person.id, ChatRef::Id(self.sender.id), act).await.map_err(refused)?;
            people.push(person);
        }
        Ok(people)
    }

    /// Which updates are logged from now on.
    async fn ask_for(&self, kinds: UpdateKinds) -> Result<(), Failed> {
        let permit = self.caller.permit::<UpdatesRead>().map_err(refused)?;
        let poll = Poll { offset: 0, limit: 1, timeout: 0, allowed: Some(kinds) };
        self.hub.updates(&permit, poll).await.map(drop).map_err(refused)
    }

    async fn user(&self, id: UserId) -> Result<User, Failed> {
        let found = self.store.read(move |tx| directory::get(tx, id)).await?;
        found.ok_or_else(|| "a user that was just made is gone".into())
    }
}

/// Makes something for each number below `count`, thousands in a transaction.
async fn in_batches<T: Send + 'static>(
    store: &Store,
    what: &str,
    count: u64,
    make: impl Fn(&mut dyn Tx, u64) -> R<T> + Send + Sync + 'static,
) -> Result<Vec<T>, Failed> {
    let (make, start) = (Arc::new(make), Instant::now());
    let mut all = Vec::with_capacity(usize::try_from(count)?);
    for first in (0..count).step_by(usize::try_from(AT_ONCE)?) {
        let (make, numbers) = (Arc::clone(&make), first..count.min(first + AT_ONCE));
        let batch =
            store.write(0, move |tx| numbers.clone().map(|number| make(tx, number)).collect::<R<Vec<T>>>());
        all.extend(batch.await?);
        if all.len().is_multiple_of(500_000) {
            let rate = all.len() as f64 / start.elapsed().as_secs_f64();
            eprintln!("{} of {count} {what}, {rate:.0} a second", all.len());
        }
    }
    Ok(all)
}

/// An id as the hub gives them: growing, by random steps.
pub fn own_id(number: u64) -> UserId {
    let place = number * LONGEST_STEP + Chance::new(number).next() % LONGEST_STEP;
    UserId(ContactId::OWN.start + place as i64)
}

/// The moment of a number, evenly over the days.
fn spread(start: Timestamp, number: u64, count: u64) -> Timestamp {
    start + (number as f64 / count as f64 * (DAYS * DAY_S) as f64) as i64
}

async fn account(hub: &Hub, name: &str) -> Result<Account, Failed> {
    let new = NewAccount {
        name: name.to_owned(),
        username: None,
        phone: None,
        kind: AccountKind::Bot,
        region: None,
        strict: false,
    };
    let (account, token) = hub.add_account(Actor::Operator, new).await.map_err(refused)?;
    Ok(Account { id: account.id.0, token: token.token })
}

/// The hub's refusal in words.
fn refused(error: contactgram_hub::Error) -> Failed {
    format!("the hub refused: {error:?}").into()
}
