//! Makes data sets: accounts, contacts and messages, through the hub's own verbs in groups that share a commit,
//! so that every index and counter is as the API would have left it. Called by `contactgram-bench fill` and by
//! `run` where a set is missing. It never touches a folder that holds another set.

mod bulk;
pub mod names;
pub mod set;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use contactgram_connector::courier::{Courier, CourierOptions};
use contactgram_hub::{Hub, NewAccount, Parts};
use contactgram_model::clock::ManualClock;
use contactgram_model::{AccountKind, Clock, SystemClock, UpdateKinds};
use contactgram_store::{Options, Store};
use tokio_util::sync::CancellationToken;

use crate::Failed;
use bulk::{DAY_MS, Mailbox};
use set::{Account, Set, Size};

/// The days before today over which the contacts and messages are spread.
const DAYS: i64 = 400;
/// For the writer while filling; the server that is measured has its own setting.
const CACHE_KIB: u32 = 512 * 1024;

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
    /// Another database than the file in the folder: a postgres:// URL, empty
    #[arg(long)]
    store: Option<String>,
}

impl Fill {
    pub fn run(self) -> Result<(), Failed> {
        let size = Size { contacts: self.contacts, messages: self.messages, accounts: self.accounts };
        fill(&self.data, size, self.store.as_deref()).map(drop)
    }
}

/// The set in this folder, made where it is missing.
///
/// # Errors
/// The folder holds a set of another size, or one that was broken off.
pub fn fill(folder: &Path, size: Size, store: Option<&str>) -> Result<Set, Failed> {
    if folder.join("set.json").exists() {
        let set = Set::load(folder)?;
        if set.size != size {
            return Err(format!("{} holds another set: {:?}", folder.display(), set.size).into());
        }
        return Ok(set);
    }
    if store.is_none() && set::database(folder).exists() {
        return Err(format!("{} holds a set that was never finished: remove it", folder.display()).into());
    }
    std::fs::create_dir_all(folder)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let start = Instant::now();
    let set = runtime.block_on(make(folder, size, store))?;
    set.keep(folder)?;
    eprintln!("made {} in {:.1} s", size.name(), start.elapsed().as_secs_f64());
    Ok(set)
}

async fn make(folder: &Path, size: Size, store: Option<&str>) -> Result<Set, Failed> {
    let options = Options { cache_kib: CACHE_KIB, queue: 1 << 16, ..Options::default() };
    let store = Store::open(&set::location(folder, store)?, &options).await?;
    let now = SystemClock.now_ms();
    let clock = ManualClock::at_ms(now - DAYS * DAY_MS);
    let hub = Arc::new(Hub::new(Parts {
        store: store.clone(),
        clock: Arc::new(clock.clone()),
        courier: Courier::new(CourierOptions::default()),
        shutdown: CancellationToken::new(),
    }));
    let sender = account(&hub, "Sender").await?;
    let receiver = account(&hub, "Receiver").await?;
    let mailbox = Mailbox::open(Arc::clone(&hub), clock, &sender).await?;
    let contacts = mailbox.contacts(size.contacts, DAYS / 2).await?;
    // Nobody fetches these updates, and yesterday's would only be waiting to be removed.
    mailbox.ask_for(UpdateKinds::asked(["poll"])).await?;
    mailbox.messages(size.messages, &contacts, DAYS / 2).await?;
    mailbox.ask_for(UpdateKinds::usual()).await?;
    let accounts = bulk::accounts(&store, size.accounts).await?;
    store.close().await;
    Ok(Set { size, sender, receiver, accounts, contacts: bulk::some(contacts) })
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
    let (account, token) = hub.add_account(new).await.map_err(bulk::refused)?;
    Ok(Account { id: account.id.0, token: token.token })
}
