//! What the product does: accounts, contacts, messages, updates, webhooks and the people of the local
//! connector. One file a noun, each with its verbs as methods of [`Hub`]; a verb takes a permit, runs in
//! one transaction and rings the bells when that is on disk. It speaks no HTTP and holds no SQL.

pub mod access;
mod accounts;
mod answer;
mod audit;
pub mod backup;
mod bell;
mod broadcasts;
mod callbacks;
mod chats;
mod commands;
mod contacts;
mod conversations;
mod counts;
mod delivery;
mod error;
pub mod figures;
mod files;
mod gateway;
mod housekeeping;
mod keys;
mod members;
mod messages;
pub mod oauth;
mod once;
mod outbox;
mod people;
mod random;
mod seal;
mod updates;
mod watch;
mod webhooks;
mod world;

pub use access::{Caller, Permit};
pub use accounts::{AccountView, NewAccount, NewTokenView, TokenView};
pub use answer::{Answer, Once};
pub use audit::{AuditActor, AuditHead, AuditPage, AuditQuery, AuditView, BrokenChain};
pub use broadcasts::{BroadcastView, NewCast, Reach, Selection};
pub use callbacks::CallbackAnswer;
pub use chats::CHAT_ACTIONS;
pub use contactgram_connector::courier::ReplyCall;
pub use contactgram_store::ops::commands::Audience;
pub use contactgram_store::ops::conversations::Hour;
pub use contactgram_store::ops::outbox::List as OutboxList;
pub use contacts::{
    AS_TYPED, ContactKey, ContactPage, Export, ExportQuery, Import, ImportReport, ImportRequest, ListQuery,
    OnConflict, RefusedLine,
};
pub use conversations::{Conversations, HOURS};
pub use error::Error;
pub use files::{FileName, Fresh, Image, OpenFile, Upload};
pub use gateway::{About, BotView, Gateway, GatewaySettings, NewBot, Note, Pacing, Passing, Polling, sends};
pub use keys::{KeyView, NewKey, NewKeyView};
pub use members::{
    AccountMemberView, MemberView, NewMember, NewSession, OneTimeLink, RoleView, SessionView, SignInFrom,
    SignedIn,
};
pub use messages::{ChatRef, Copying, Draft, Edit, HistoryPage, HistoryQuery, Reply};
pub use once::{Begun, Ended, Known, REUSED};
pub use outbox::{
    EntryChange, EntryView, FARTHEST_S, Later, LocalCall, LocalRefusal, LocalRunner, OutboxPage,
};
pub use people::{Act, GroupView, NewPerson, PersonChange, SeenMessage, Sharing};
pub use seal::{KEY_BYTES, Seal};
pub use updates::{ConsumerView, Poll, Streamed, UpdateStream};
pub use watch::Watch;
pub use webhooks::{
    DeliveriesPage, DeliveryView, EndpointRequest, EndpointView, MethodRunner, ReplayRequest, WebhookInfo,
    WebhookRequest,
};

use bell::{Bells, Rings};
use contactgram_connector::courier::Courier;
use contactgram_model::{Clock, UserId};
use contactgram_store::{Store, Tx};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long updates wait for consumers beside the default one: 30 days, in seconds.
const RETENTION_S: i64 = 30 * 24 * 3600;

/// What the hub is built from.
pub struct Parts {
    /// The store, open.
    pub store: Store,
    /// The only source of time.
    pub clock: Arc<dyn Clock>,
    /// Posts webhooks.
    pub courier: Courier,
    /// Ends waiting polls and deliveries.
    pub shutdown: CancellationToken,
}

/// The product.
pub struct Hub {
    store: Store,
    clock: Arc<dyn Clock>,
    courier: Arc<Courier>,
    shutdown: CancellationToken,
    bells: Arc<Bells>,
    counts: Arc<counts::Counts>,
    last_look: figures::LastLook,
    known: Arc<access::KnownTokens>,
    last_uses: Arc<access::LastUses>,
    passwords: members::Passwords,
    throttle: members::Throttle,
    oauth: oauth::OAuth,
    own_ids: contacts::OwnIds,
    pollers: updates::Pollers,
    streams: Arc<updates::Streams>,
    /// How long updates are kept for consumers beside the default one, in seconds.
    retention_s: i64,
    running: Arc<once::Running>,
    fences: Arc<contacts::Fences>,
    past_hours: conversations::PastHours,
    dispatchers: webhooks::Dispatchers,
    gateways: gateway::Gateways,
    outbox: outbox::Outbox,
    leftovers: Arc<files::Leftovers>,
    tasks: TaskTracker,
}

impl Hub {
    /// Puts the parts together. Background work starts with [`Hub::start`].
    pub fn new(parts: Parts) -> Hub {
        Hub {
            store: parts.store,
            clock: parts.clock,
            courier: Arc::new(parts.courier),
            shutdown: parts.shutdown,
            bells: Arc::default(),
            counts: Arc::default(),
            last_look: figures::LastLook::default(),
            known: Arc::default(),
            last_uses: Arc::default(),
            passwords: members::Passwords::default(),
            throttle: members::Throttle::default(),
            oauth: oauth::OAuth::default(),
            own_ids: contacts::OwnIds::default(),
            pollers: updates::Pollers::default(),
            streams: Arc::default(),
            retention_s: RETENTION_S,
            running: Arc::default(),
            fences: Arc::default(),
            past_hours: conversations::PastHours::default(),
            dispatchers: webhooks::Dispatchers::default(),
            gateways: gateway::Gateways::default(),
            outbox: outbox::Outbox::default(),
            leftovers: Arc::default(),
            tasks: TaskTracker::new(),
        }
    }

    /// The same hub with another time for which consumers beside the default one may fall behind: a day or more.
    #[must_use]
    pub fn with_retention(self, seconds: i64) -> Hub {
        Hub { retention_s: seconds.max(updates::LEAST_RETENTION_S), ..self }
    }

    /// The store, for whoever asks whether it is well.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Runs a change and rings the bells it names, once it is on disk.
    async fn change<T: Send + 'static>(
        &self,
        account: UserId,
        f: impl Fn(&mut dyn Tx, &mut Rings) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (bells, logged) = (Arc::clone(&self.bells), counts::Logged::by(&self.counts));
        let (value, _ringing) = self
            .store
            .write(account.0, move |tx| {
                let mut rings = Rings::default();
                logged.set(0);
                let value = f(tx, &mut rings)?;
                logged.set(rings.logged());
                Ok::<_, Error>((value, bells.ring_after(rings)))
            })
            .await?;
        Ok(value)
    }
}
