//! OAuth over the hub's doors on both engines: an application of one account, members with roles, and the requests of a
//! client that does everything right; each test spoils one thing.

mod apps;
mod authorize;
mod codes;
mod inspect;
mod own;
mod refresh;
mod standing;
mod webhook;

use crate::kit;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contactgram_hub::oauth::{AppChange, Asked, AuthorizationRequest, Issued, NewApp, Refusal};
use contactgram_hub::{Caller, Error, Hub, NewAccount};
use contactgram_model::clock::ManualClock;
use contactgram_model::scope::Scopes;
use contactgram_model::{AccountKind, Actor, MemberId, PlainToken, Role, UserId};
use contactgram_oauth::credentials::Credentials;
use contactgram_oauth::grant::TokenRequest;
use contactgram_oauth::{Kind, Params, scopes};
use contactgram_store::Store;
use contactgram_store::ops::members;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

pub const CALLBACK: &str = "https://app.example/cb";
pub const VERIFIER: &str = "a-verifier-of-forty-three-characters-or-more";
pub const READ: &str = "contacts:read messages:read";
const SECOND_MS: i64 = 1000;
const DAY_MS: i64 = 24 * 3600 * SECOND_MS;

/// A hub on a store of either engine, with an account, an owner of it, and an application.
pub struct Scene {
    pub hub: Arc<Hub>,
    pub clock: ManualClock,
    pub store: Store,
    pub shop: UserId,
    pub other: UserId,
    pub owner: MemberId,
    pub client_id: String,
    pub secret: String,
}

pub fn set(text: &str) -> Scopes {
    scopes::parse(text).unwrap()
}

pub async fn account(hub: &Hub, name: &str) -> UserId {
    let new = NewAccount {
        name: name.to_owned(),
        username: None,
        phone: None,
        kind: AccountKind::Bot,
        region: None,
        strict: false,
    };
    hub.add_account(Actor::Operator, new).await.unwrap().0.id
}

impl Scene {
    pub async fn new(store: Store) -> Scene {
        let clock = ManualClock::at_ms(kit::START_MS);
        let hub = kit::hub(store.clone(), clock.clone(), CancellationToken::new());
        let (shop, other) = (account(&hub, "Shop").await, account(&hub, "Other").await);
        let new = NewApp {
            name: "Desk".to_owned(),
            redirects: vec![CALLBACK.to_owned()],
            public: false,
            scopes: Role::Admin.scopes(),
        };
        let app = hub.add_app(Actor::Operator, shop, new).await.unwrap();
        let (client_id, secret) = (app.view.client_id, app.client_secret.unwrap());
        let mut scene = Scene { hub, clock, store, shop, other, owner: MemberId(0), client_id, secret };
        scene.owner = scene.member("owner", shop, Some(Role::Owner)).await;
        scene
    }

    pub async fn member(&self, name: &'static str, account: UserId, role: Option<Role>) -> MemberId {
        let made = self.store.write(0, move |tx| {
            let id = members::insert(tx, (name, name), 0)?;
            members::set_role(tx, id, account, role)?;
            Ok::<_, Error>(id)
        });
        made.await.unwrap()
    }

    pub async fn set_role(&self, member: MemberId, account: UserId, role: Option<Role>) {
        let set =
            self.store.write(0, move |tx| Ok::<_, Error>(members::set_role(tx, member, account, role)?));
        set.await.unwrap();
    }

    /// Lets a second and more pass for what is remembered of tokens.
    pub async fn set_disabled(&self, member: MemberId, since: Option<i64>) {
        let set = self.store.write(0, move |tx| Ok::<_, Error>(members::set_disabled(tx, member, since)?));
        set.await.unwrap();
    }

    /// A hub on the same store that remembers nothing, as another process would be.
    pub fn elsewhere(&self) -> Arc<Hub> {
        kit::hub(self.store.clone(), self.clock.clone(), CancellationToken::new())
    }

    /// The authorization request of a client that does everything right, but for what is changed.
    pub fn query(&self, changes: &[(&str, &str)]) -> String {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let base = [
            ("client_id", self.client_id.as_str()),
            ("response_type", "code"),
            ("redirect_uri", CALLBACK),
            ("scope", READ),
            ("state", "s t"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let mut pairs: Vec<(&str, &str)> =
            base.into_iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name)).collect();
        pairs.extend(changes);
        form(&pairs)
    }

    pub async fn ask(&self, changes: &[(&str, &str)]) -> AuthorizationRequest {
        match self.hub.authorization(&self.query(changes)).await.unwrap() {
            Asked::Request(request) => *request,
            other => panic!("{other:?}"),
        }
    }

    /// A code that the owner gave for these scopes.
    pub async fn code(&self, scope: &str) -> String {
        self.code_of(self.owner, self.shop, scope).await
    }

    pub async fn code_of(&self, member: MemberId, account: UserId, scope: &str) -> String {
        let request = self.ask(&[("scope", scope)]).await;
        let location = self.hub.give(&request, member, account, set(scope)).await.unwrap();
        answered(&location, "code").unwrap_or_else(|| panic!("{location}"))
    }

    /// Sends a form to the token endpoint in the client's name.
    pub async fn token(&self, pairs: &[(&str, &str)]) -> Result<Issued, Refusal> {
        self.token_at(&self.hub, pairs).await
    }

    pub async fn token_at(&self, hub: &Hub, pairs: &[(&str, &str)]) -> Result<Issued, Refusal> {
        let mut all = vec![("client_id", self.client_id.as_str()), ("client_secret", self.secret.as_str())];
        all.extend(pairs);
        send(hub, &all).await
    }

    pub async fn redeem(&self, code: &str) -> Result<Issued, Refusal> {
        self.redeem_at(&self.hub, code).await
    }

    pub async fn redeem_at(&self, hub: &Hub, code: &str) -> Result<Issued, Refusal> {
        self.token_at(hub, &redemption(code)).await
    }

    pub async fn refresh(&self, token: &str) -> Result<Issued, Refusal> {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    /// Access and refresh token of a fresh consent.
    pub async fn tokens(&self, scope: &str) -> (String, String) {
        pair(&self.redeem(&self.code(scope).await).await.unwrap())
    }

    /// Whom a token opens an account for, as a process sees it that remembers nothing.
    pub async fn opens(&self, token: &str) -> Option<Caller> {
        self.elsewhere().authenticate(&PlainToken::parse(token).unwrap()).await.ok()
    }

    /// The same in this process, without another look at the store where that is not needed.
    pub async fn opens_here(&self, token: &str) -> bool {
        let token = PlainToken::parse(token).unwrap();
        self.hub.known(&token).is_some() || self.hub.authenticate(&token).await.is_ok()
    }

    pub async fn change_app(&self, change: AppChange) {
        self.hub.change_app(Actor::Operator, &self.client_id, change).await.unwrap();
    }
}

pub fn redemption(code: &str) -> [(&str, &str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]
}

pub async fn send(hub: &Hub, pairs: &[(&str, &str)]) -> Result<Issued, Refusal> {
    let params = Params::parse(form(pairs).as_bytes());
    let app = hub.client(&Credentials::read(None, &params)?).await?;
    hub.exchange(app, TokenRequest::read(&params)?).await
}

pub fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

pub fn pair(issued: &Issued) -> (String, String) {
    let refresh = issued.refresh.as_ref().expect("a refresh token");
    (issued.access.reveal().to_owned(), refresh.reveal().to_owned())
}

/// A parameter of the address that somebody is sent to.
pub fn answered(location: &str, name: &str) -> Option<String> {
    let (_, query) = location.split_once('?')?;
    let mut all = form_urlencoded::parse(query.as_bytes()).into_owned();
    all.find(|(key, _)| key == name).map(|(_, value)| value)
}

#[track_caller]
pub fn is_refused(outcome: Result<Issued, Refusal>, kind: Kind) {
    match outcome {
        Err(Refusal::Rules(error)) => assert_eq!(error.kind, kind, "{error}"),
        other => panic!("{other:?}"),
    }
}
