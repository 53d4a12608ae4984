//! Accounts and their tokens: made, listed, removed by the operator and by members who own them. These verbs take no
//! permit, since no account's own credential calls them; those that change something name who does, and ask.

use crate::audit::{self, Event};
use crate::members::{EVERYWHERE, needs_role};
use crate::{Answer, Caller, Error, Hub, Rings, contacts, delivery, random};
use contactgram_model::consumer::ConsumerName;
use contactgram_model::token::RANDOM_BYTES;
use contactgram_model::user::{bot_username, username};
use contactgram_model::{
    Account, AccountKind, Action, Actor, Direction, MessageId, PhoneNumber, PlainToken, Role, Timestamp,
    TokenKind, UpdateId, UpdateKind, User, UserId, UserKind, phone,
};
use contactgram_store::Tx;
use contactgram_store::ops::tokens::{NewToken, TokenInfo};
use contactgram_store::ops::{
    accounts, consumers, counters, directory, messages, settings, tokens, updates, upstreams,
};
use contactgram_wire::user as wire_user;
use serde::Serialize;
use serde_json::json;

/// The name of the setting that holds the admin token's digest.
const ADMIN_DIGEST: &str = "admin_token_sha256";

/// What an account is made from.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// 1–64 characters.
    pub name: String,
    /// Made from the name for bots when there is none.
    pub username: Option<String>,
    /// In any form that [`PhoneNumber::parse`] takes.
    pub phone: Option<String>,
    /// Bot or user.
    pub kind: AccountKind,
    /// ISO 3166-1 region for numbers without a `+`.
    pub region: Option<String>,
    /// Hold to Telegram's rules where the default is kinder.
    pub strict: bool,
}

/// An account as the operator sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountView {
    /// The account's user id.
    pub id: UserId,
    /// Shown name.
    pub name: String,
    /// Without the `@`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// Bot or user.
    pub kind: AccountKind,
    /// How it reaches the world: `local` or `bot`.
    pub connector: &'static str,
    /// The Bot API server of its bot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// How its updates come: `poll` or `webhook`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receive: Option<&'static str>,
    /// Why that is asked no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// For numbers without a `+`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Whether Telegram's rules hold.
    pub strict: bool,
    /// Unix seconds.
    pub created_at: Timestamp,
    /// Contacts there are.
    pub contacts: i64,
    /// Messages there are.
    pub messages: i64,
    /// Updates that wait for the default consumer.
    pub pending_updates: i64,
}

/// A token that was just made: the only time it is shown.
#[derive(Debug, Serialize)]
pub struct NewTokenView {
    /// Its number within the account.
    pub token_id: i64,
    /// The token itself.
    pub token: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// A token as it is listed: everything but the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenView {
    /// Its number within the account.
    pub token_id: i64,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Unix seconds.
    pub created_at: Timestamp,
    /// Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When it was used last, to a minute; in Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
}

impl From<TokenInfo> for TokenView {
    fn from(token: TokenInfo) -> TokenView {
        TokenView {
            token_id: token.id,
            label: token.label,
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
        }
    }
}

impl Hub {
    /// Makes an account with a first token. Whoever waits under its phone or username becomes it: messages
    /// to that number are its history, and those of the last 24 hours its first updates. For owners of all accounts.
    ///
    /// # Errors
    /// [`Error::BadRequest`], naming the field that is wrong or taken; [`Error::Forbidden`].
    pub async fn add_account(
        &self,
        by: Actor,
        new: NewAccount,
    ) -> Result<(AccountView, NewTokenView), Error> {
        let name = contacts::checked_name("name", &new.name)?;
        let chosen = new.username.as_deref().map(username).transpose().map_err(Error::bad)?;
        if new.region.as_deref().is_some_and(|code| !phone::is_region(code)) {
            return Err(Error::bad("region must be a two-letter country code in capitals, such as GB"));
        }
        let phone = new.phone.as_deref().map(|text| PhoneNumber::parse(text, new.region.as_deref()));
        let phone = phone.transpose().map_err(|error| Error::BadRequest(error.to_string().into()))?;
        let (seed, first_update) = (random::seed()?, 100_000_000 + (random::seed()? % 900_000_000) as i64);
        let mut secret = [0; RANDOM_BYTES];
        random::fill(&mut secret)?;
        let now = self.clock.now();
        // No id yet to queue under; any key serves.
        self.change(EVERYWHERE, move |tx, rings| {
            needs_role(tx, by, EVERYWHERE, Role::Owner)?;
            let waiting = match &phone {
                Some(phone) => directory::by_phone(tx, phone.e164())?,
                None => None,
            };
            if waiting.as_ref().is_some_and(|user| user.kind.is_account()) {
                return Err(Error::bad("phone belongs to another account"));
            }
            let id = match &waiting {
                Some(user) => user.id,
                None => directory::free_id(tx, &UserId::NEW, seed)?,
            };
            let username = match &chosen {
                Some(name) => Some(name.clone()),
                None if new.kind == AccountKind::Bot => Some(free_bot_username(tx, &name, seed)?),
                None => None,
            };
            let taken = match &username {
                Some(name) => directory::by_username(tx, name)?.filter(|user| user.id != id),
                None => None,
            };
            if taken.is_some() {
                return Err(Error::bad("username belongs to somebody else"));
            }
            let user = User {
                id,
                kind: match new.kind {
                    AccountKind::Bot => UserKind::Bot,
                    AccountKind::User => UserKind::Account,
                },
                first_name: name.clone(),
                last_name: None,
                username,
                phone_number: phone.as_ref().map(|phone| phone.e164().to_owned()),
                email: waiting.as_ref().and_then(|user| user.email.clone()),
                language_code: waiting.as_ref().and_then(|user| user.language_code.clone()),
            };
            match waiting {
                Some(_) => directory::update(tx, &user)?,
                None => drop(directory::insert(tx, &user, now)?),
            }
            let account = Account {
                id,
                kind: new.kind,
                region: new.region.clone(),
                strict: new.strict,
                created_at: now,
            };
            accounts::insert(tx, &account)?;
            counters::open(tx, id, first_update)?;
            let log_start = counters::get(tx, id)?.update_id + 1;
            consumers::open(tx, id, UpdateId(log_start))?;
            let plain = PlainToken::create(id, &secret);
            let stored = NewToken::of_account(plain.digest());
            let token_id = tokens::insert(tx, id, &stored, now)?;
            let details = json!({ "name": name, "token": token_id });
            record(tx, (by, now), (id, Action::AccountAdded), (target(id), details))?;
            contacts::user_became_known(tx, rings, &user, now)?;
            hand_over_waiting_messages(tx, rings, id, now)?;
            let token =
                NewTokenView { token_id, token: plain.reveal().to_owned(), label: None, expires_at: None };
            Ok((view(tx, account, now)?, token))
        })
        .await
    }

    /// Every account.
    pub async fn accounts(&self) -> Result<Vec<AccountView>, Error> {
        let now = self.clock.now();
        self.store
            .scan(move |tx| {
                let all = accounts::list(tx)?;
                all.into_iter().map(|account| view(tx, account, now)).collect::<Result<Vec<_>, Error>>()
            })
            .await
    }

    /// One account.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none of this id.
    pub async fn account(&self, id: UserId) -> Result<AccountView, Error> {
        let now = self.clock.now();
        self.store
            .scan(move |tx| {
                let account = existing(tx, id)?;
                view(tx, account, now)
            })
            .await
    }

    /// Removes an account with everything it held, but for its audit log. For its owners.
    pub async fn remove_account(&self, by: Actor, id: UserId) -> Result<(), Error> {
        let now = self.clock.now();
        self.change_tokens(id, move |tx, rings| {
            tx.lock(EVERYWHERE.0)?;
            existing(tx, id)?;
            needs_role(tx, by, id, Role::Owner)?;
            let name = directory::get(tx, id)?.map(|user| user.first_name);
            record(
                tx,
                (by, now),
                (EVERYWHERE, Action::AccountRemoved),
                (target(id), json!({ "name": name })),
            )?;
            accounts::remove(tx, id)?;
            rings.push(id);
            Ok(())
        })
        .await
    }

    /// Makes another token for an account; for its owners, since a token may do everything.
    pub async fn add_token(
        &self,
        by: Actor,
        id: UserId,
        label: Option<String>,
        expires_at: Option<Timestamp>,
    ) -> Result<NewTokenView, Error> {
        self.new_token(by, id, (label, expires_at), false).await
    }

    /// Makes a token and forgets all others of the account; keys stay. For its owners.
    pub async fn rotate_token(
        &self,
        by: Actor,
        id: UserId,
        label: Option<String>,
        expires_at: Option<Timestamp>,
    ) -> Result<NewTokenView, Error> {
        self.new_token(by, id, (label, expires_at), true).await
    }

    async fn new_token(
        &self,
        by: Actor,
        id: UserId,
        (label, expires_at): (Option<String>, Option<Timestamp>),
        alone: bool,
    ) -> Result<NewTokenView, Error> {
        let now = self.clock.now();
        check_new(label.as_deref(), expires_at, now)?;
        let mut secret = [0; RANDOM_BYTES];
        random::fill(&mut secret)?;
        self.change_tokens(id, move |tx, _| {
            existing(tx, id)?;
            needs_role(tx, by, id, Role::Owner)?;
            let ended = if alone { tokens::delete_all(tx, id)? } else { 0 };
            let plain = PlainToken::create(id, &secret);
            let stored =
                NewToken { label: label.clone(), expires_at, ..NewToken::of_account(plain.digest()) };
            let token_id = tokens::insert(tx, id, &stored, now)?;
            let action = if alone { Action::TokenRotated } else { Action::TokenAdded };
            let details = json!({ "label": label, "expires_at": expires_at, "ended": ended });
            record(tx, (by, now), (id, action), (format!("token {token_id}"), details))?;
            Ok(NewTokenView { token_id, token: plain.reveal().to_owned(), label: label.clone(), expires_at })
        })
        .await
    }

    /// An account's tokens, without their secrets; keys are not among them.
    pub async fn tokens(&self, id: UserId) -> Result<Vec<TokenView>, Error> {
        self.store
            .read(move |tx| {
                existing(tx, id)?;
                Ok::<_, Error>(
                    tokens::list(tx, id, TokenKind::Account)?.into_iter().map(TokenView::from).collect(),
                )
            })
            .await
    }

    /// Makes a token open nothing any more, at once. For the account's owners.
    pub async fn revoke_token(&self, by: Actor, id: UserId, token: i64) -> Result<(), Error> {
        let now = self.clock.now();
        self.change_tokens(id, move |tx, _| {
            needs_role(tx, by, id, Role::Owner)?;
            if !tokens::delete(tx, id, (token, TokenKind::Account))? {
                return Err(Error::missing("no such token"));
            }
            record(tx, (by, now), (id, Action::TokenRevoked), (format!("token {token}"), json!({})))
        })
        .await
    }

    /// Keeps the digest of the admin token that opens the people's doors.
    pub async fn set_admin_digest(&self, digest: String) -> Result<(), Error> {
        let by = (Actor::Operator, self.clock.now());
        self.change(EVERYWHERE, move |tx, _| {
            settings::put(tx, ADMIN_DIGEST, &digest)?;
            record(tx, by, (EVERYWHERE, Action::AdminTokenChanged), ("admin token".to_owned(), json!({})))
        })
        .await
    }

    /// The digest of the admin token, when one was set.
    pub async fn admin_digest(&self) -> Result<Option<String>, Error> {
        self.store.read(|tx| Ok::<_, Error>(settings::get(tx, ADMIN_DIGEST)?)).await
    }

    /// getMe.
    pub async fn me(&self, caller: &Caller) -> Result<Answer, Error> {
        let id = caller.account();
        let user = self.store.read(move |tx| directory::get(tx, id)?.ok_or(Error::Unauthorized)).await?;
        Answer::of(&wire_user::Me::from(wire_user::User::from(&user)))
    }

    /// The region that an account's numbers without a `+` are read with.
    pub async fn region(&self, caller: &Caller) -> Result<Option<String>, Error> {
        self.region_of(caller.account()).await
    }

    /// The same by the account's id.
    pub(crate) async fn region_of(&self, account: UserId) -> Result<Option<String>, Error> {
        self.store.read(move |tx| Ok::<_, Error>(existing(tx, account)?.region)).await
    }
}

/// What every credential is held to when it is made.
pub(crate) fn check_new(
    label: Option<&str>,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), Error> {
    if label.is_some_and(|label| label.is_empty() || label.chars().count() > 64) {
        return Err(Error::bad("label must have 1 to 64 characters"));
    }
    if expires_at.is_some_and(|end| end <= now) {
        return Err(Error::bad("expires must lie in the future"));
    }
    Ok(())
}

/// The account of this id.
pub(crate) fn existing(tx: &mut dyn Tx, id: UserId) -> Result<Account, Error> {
    accounts::get(tx, id)?.ok_or(Error::missing("no such account"))
}

/// How the log names an account.
pub(crate) fn target(id: UserId) -> String {
    format!("account {id}")
}

/// An entry of an account's log, or the server's.
pub(crate) fn record(
    tx: &mut dyn Tx,
    by: (Actor, Timestamp),
    (account, action): (UserId, Action),
    (target, details): (String, serde_json::Value),
) -> Result<(), Error> {
    audit::record(tx, by, Event { account, action, target, details })
}

pub(crate) fn view(tx: &mut dyn Tx, account: Account, now: Timestamp) -> Result<AccountView, Error> {
    let id = account.id;
    let user = directory::get(tx, id)?.ok_or_else(|| Error::internal("an account without a user"))?;
    let counted = counters::get(tx, id)?;
    let upstream = upstreams::get(tx, id)?;
    Ok(AccountView {
        id,
        name: user.first_name,
        username: user.username,
        phone_number: user.phone_number,
        kind: account.kind,
        connector: if upstream.is_some() { "bot" } else { "local" },
        stopped: upstream.as_ref().and_then(|row| row.stopped.as_ref()).map(|(_, why)| why.clone()),
        receive: upstream.as_ref().map(|row| if row.webhook.is_some() { "webhook" } else { "poll" }),
        upstream: upstream.map(|row| row.base_url),
        region: account.region,
        strict: account.strict,
        created_at: account.created_at,
        contacts: counted.contacts,
        messages: counted.messages,
        pending_updates: updates::pending(tx, id, &ConsumerName::DEFAULT, now - updates::KEPT_S)?,
    })
}

fn free_bot_username(tx: &mut dyn Tx, name: &str, seed: u64) -> Result<String, Error> {
    for salt in std::iter::once(0).chain((0..32).map(|step| (seed.rotate_left(step) as u32).max(1))) {
        let candidate = bot_username(name, salt);
        if directory::by_username(tx, &candidate)?.is_none() {
            return Ok(candidate);
        }
    }
    Err(Error::bad("username is needed: none could be made from the name"))
}

/// Makes what came for a number before it became an account findable and its writers known, and logs it as
/// far as updates are kept.
fn hand_over_waiting_messages(
    tx: &mut dyn Tx,
    rings: &mut Rings,
    id: UserId,
    now: Timestamp,
) -> Result<(), Error> {
    let since = contactgram_store::ops::history::first_at(tx, id, now - updates::KEPT_S + 1)?;
    let newest = counters::get(tx, id)?.message_id;
    for message_id in (1..=newest).map(MessageId) {
        let Some(mut message) = messages::get(tx, id, message_id)? else { continue };
        let content = delivery::read(&message)?.content;
        message.text = content.searchable();
        messages::update(tx, id, &message, true)?;
        if message.direction != Direction::In {
            continue;
        }
        if let Some(from) = directory::get(tx, message.from)? {
            contacts::learn(tx, rings, id, &from, now)?;
            if let Some(shared) = &content.contact {
                contacts::learn_shared(tx, rings, (id, now), &from, shared)?;
            }
        }
        if message_id >= since {
            delivery::log(tx, rings, id, (UpdateKind::Message, message.date), &message)?;
        }
    }
    Ok(())
}
