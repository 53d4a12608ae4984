//! Connecting an account to its bot: the Bot API server is asked who the bot is, its token is encrypted, and from then on
//! opens the account here as well, so that a bot only has to change its base URL.

use super::owner;
use super::receive::Hook;
use crate::accounts::{self, AccountView, NewTokenView, record, target, view};
use crate::members::{EVERYWHERE, needs_role};
use crate::seal::Seal;
use crate::{Error, Hub, random};
use contactgram_connector::bot::{BaseUrl, CallError, UpstreamToken};
use contactgram_model::token::RANDOM_BYTES;
use contactgram_model::{
    Account, AccountKind, Action, Actor, PlainToken, Role, Timestamp, TokenDigest, TokenKind, UpdateId, User,
    UserId, UserKind, phone,
};
use contactgram_store::Tx;
use contactgram_store::ops::tokens::NewToken;
use contactgram_store::ops::upstreams::{self, NewUpstream, UpstreamRow};
use contactgram_store::ops::{accounts as rows, consumers, counters, directory, tokens};
use contactgram_wire::foreign::Person;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// What an account on a Bot API server is made from.
#[derive(Debug, Clone, Default)]
pub struct NewBot {
    /// As BotFather gave it.
    pub token: String,
    /// The Bot API server; Telegram's own when there is none.
    pub upstream: Option<String>,
    /// ISO 3166-1 region for numbers without a `+`.
    pub region: Option<String>,
    /// Whether the upstream posts updates to this server, instead of being asked for them.
    pub webhook: bool,
}

impl Hub {
    /// Makes an account of a bot, with a token of ours, or connects the account that there is for it anew. The bot's own
    /// token opens it too; one that it had before does no more.
    ///
    /// # Errors
    /// [`Error::BadRequest`], naming the field, also for a token that the upstream doesn't know;
    /// [`Error::Unavailable`] when the upstream can't be asked; [`Error::Forbidden`].
    pub async fn connect_bot(
        &self,
        by: Actor,
        new: NewBot,
    ) -> Result<(AccountView, Option<NewTokenView>), Error> {
        let bad = |field: &str, why: &str| Error::BadRequest(format!("{field} {why}").into());
        let token = UpstreamToken::read(&new.token).map_err(|why| bad("token", why))?;
        let base = match &new.upstream {
            Some(url) => BaseUrl::read(url).map_err(|why| bad("upstream", why))?,
            None => BaseUrl::telegram(),
        };
        if new.region.as_deref().is_some_and(|code| !phone::is_region(code)) {
            return Err(Error::bad("region must be a two-letter country code in capitals, such as GB"));
        }
        let means = self.gateways.means()?;
        let id = UserId(token.bot_id());
        // Both sides know the token: it must be one that can be told apart here.
        let own = PlainToken::parse(token.expose()).filter(|plain| plain.account() == id);
        let own = own.ok_or_else(|| bad("token", "is no bot token, such as 123456:AAE…"))?.digest();
        let upstream = means.uplinks.upstream(&base, &token);
        let me = upstream.get_me().await.map_err(refused)?;
        let me: Value = serde_json::from_str(me.get()).map_err(Error::internal)?;
        // Servers that stand in for Telegram in tests leave `is_bot` out.
        let is_bot = me["is_bot"] != false;
        let me = Person::read(&me).filter(|me| me.id == id && is_bot);
        let me = me.ok_or_else(|| bad("token", "belongs to no bot of this id at the upstream"))?;
        let hook = match (new.webhook, &means.settings.public_url) {
            (false, _) => None,
            (true, Some(url)) => Some(Hook::make(url, id)?),
            (true, None) => {
                return Err(bad(
                    "receive",
                    "by webhook takes the setting public_url: that is where updates go",
                ));
            }
        };
        if let Some(hook) = &hook {
            // What it posts before this is written down is refused, and comes again.
            hook.set(&upstream, "").await.map_err(unhooked)?;
        }
        let hook = hook.map(|hook| hook.sealed(&means.seal, id)).transpose()?;
        let sealed = means.seal.close(&owner(id), token.expose().as_bytes())?;
        let first_update = 100_000_000 + (random::seed()? % 900_000_000) as i64;
        let mut secret = [0; RANDOM_BYTES];
        random::fill(&mut secret)?;
        let (now, url) = (self.clock.now(), base.to_string());
        let seal = Arc::clone(&means.seal);
        let made = self
            .change_tokens(id, move |tx, _| {
                needs_role(tx, by, EVERYWHERE, Role::Owner)?;
                let is_new = rows::get(tx, id)?.is_none();
                if is_new {
                    if directory::get(tx, id)?.is_some() {
                        return Err(Error::bad(
                            "token is of a bot whose id belongs to somebody of this server",
                        ));
                    }
                    let username = match &me.username {
                        Some(name) if directory::by_username(tx, name)?.is_none() => Some(name.clone()),
                        _ => None,
                    };
                    let user = User {
                        id,
                        kind: UserKind::Remote,
                        first_name: me.first_name.clone(),
                        last_name: None,
                        username,
                        phone_number: None,
                        email: None,
                        language_code: None,
                    };
                    directory::insert(tx, &user, now)?;
                    let account = Account {
                        id,
                        kind: AccountKind::Bot,
                        region: new.region.clone(),
                        strict: false,
                        created_at: now,
                    };
                    rows::insert(tx, &account)?;
                    counters::open(tx, id, first_update)?;
                    let log_start = counters::get(tx, id)?.update_id + 1;
                    consumers::open(tx, id, UpdateId(log_start))?;
                } else {
                    let before = upstreams::get(tx, id)?.ok_or(Error::bad(
                        "token is of a bot whose id is an account of the local connector",
                    ))?;
                    if before.base_url != url {
                        upstreams::forget_all_received(tx, id)?;
                    }
                    end_own_token(tx, (by, now), id, (before_token(&seal, &before), &own))?;
                }
                let webhook = hook.as_deref();
                upstreams::put(tx, id, NewUpstream { base_url: &url, token: &sealed, webhook })?;
                if tokens::find(tx, id, &own, now)?.is_none() {
                    let label = Some("the bot's own token".to_owned());
                    tokens::insert(tx, id, &NewToken { label, ..NewToken::of_account(own) }, now)?;
                }
                let mut token = None;
                if is_new {
                    let plain = PlainToken::create(id, &secret);
                    token = Some(NewTokenView {
                        token_id: tokens::insert(tx, id, &NewToken::of_account(plain.digest()), now)?,
                        token: plain.reveal().to_owned(),
                        label: None,
                        expires_at: None,
                    });
                }
                let token_id = token.as_ref().map(|token| token.token_id);
                let details = json!({ "name": me.first_name, "token": token_id, "upstream": url });
                record(tx, (by, now), (id, Action::AccountAdded), (target(id), details))?;
                let account = accounts::existing(tx, id)?;
                Ok((view(tx, account, now)?, token))
            })
            .await?;
        self.renew_gateways().await?;
        Ok(made)
    }
}

/// What the bot's own token was, as far as it can still be read.
fn before_token(seal: &Seal, before: &UpstreamRow) -> Option<TokenDigest> {
    let token = String::from_utf8(seal.open(&owner(before.account), &before.token)?).ok()?;
    Some(PlainToken::parse(&token)?.digest())
}

/// Ends the token that the bot had before, where it has another now: whoever renews it means the old one to open nothing.
fn end_own_token(
    tx: &mut dyn Tx,
    (by, now): (Actor, Timestamp),
    account: UserId,
    (before, own): (Option<TokenDigest>, &TokenDigest),
) -> Result<(), Error> {
    let Some(before) = before.filter(|before| before != own) else { return Ok(()) };
    let Some(found) = tokens::find(tx, account, &before, now)? else { return Ok(()) };
    tokens::delete(tx, account, (found.id, TokenKind::Account))?;
    record(tx, (by, now), (account, Action::TokenRevoked), (format!("token {}", found.id), json!({})))
}

/// What asking the upstream about a token came to, in the operator's terms.
fn refused(error: CallError) -> Error {
    match error {
        CallError::Stop(_) => Error::bad("token is unknown to the upstream"),
        CallError::Refused(refusal) | CallError::Blocked(refusal) if refusal.status == 404 => {
            Error::bad("token is unknown to the upstream, or upstream is no Bot API server")
        }
        CallError::Wait { retry_after } | CallError::Open { retry_after } => {
            Error::unavailable(error.to_string(), retry_after)
        }
        other => Error::unavailable(other.to_string(), Duration::from_secs(5)),
    }
}

/// The same for telling the upstream to post.
fn unhooked(error: CallError) -> Error {
    match error {
        CallError::Refused(refusal) => {
            let why = refusal.description.unwrap_or_else(|| refusal.status.to_string());
            Error::BadRequest(format!("receive: the upstream doesn't post to this server: {why}").into())
        }
        other => refused(other),
    }
}
