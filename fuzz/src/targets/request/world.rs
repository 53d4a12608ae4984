//! A server's insides on a store in memory: an account that somebody wrote to, with contacts and a group, a member
//! who is signed in, and applications with what they were given. Made by the target `request`, once, and then copied;
//! it listens nowhere and starts nothing in the background.

use super::wire;
use bytes::Bytes;
use contactgram_connector::courier::{Courier, CourierOptions};
use contactgram_http::{Api, Options};
use contactgram_hub::oauth::{Asked, AuthorizationRequest, NewApp};
use contactgram_hub::{Act, ChatRef, Hub, NewAccount, NewMember, NewPerson, Parts, SignInFrom};
use contactgram_model::clock::ManualClock;
use contactgram_model::scope::{Scope, Scopes};
use contactgram_model::{AccountKind, Actor, MemberId, Password, PlainToken, Role, TokenDigest, UserId};
use contactgram_oauth::credentials::Credentials;
use contactgram_oauth::grant::TokenRequest;
use contactgram_oauth::{Params, RedirectUri};
use contactgram_store::testing::sqlite_store;
use contactgram_wire::message::Content;
use http::{Request, Response};
use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// The operator's token, as inputs write it.
const ADMIN: &str = "operator-token";
/// Where the applications want people to be sent back to; inputs write it out.
const CALLBACK: &str = "https://app.example/cb";
/// The challenge and its verifier of RFC 7636, appendix B; inputs write the verifier out.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// A store that is made once, since the hash of a password alone takes as long as a hundred requests.
pub struct Template {
    folder: TempDir,
    account: UserId,
    /// What stands for what in an input.
    names: Vec<(&'static str, String)>,
}

pub struct World {
    /// Credentials, none of which an answer may have in it that was not asked to repeat it.
    pub secrets: Vec<Secret>,
    names: Vec<(&'static str, String)>,
    account: UserId,
    api: Api,
    hub: Arc<Hub>,
    shutdown: CancellationToken,
    _folder: TempDir,
}

pub struct Secret {
    pub text: String,
    /// Whether a request told it other than as its credential: somebody may have stored it then.
    pub told: Cell<bool>,
}

impl Template {
    pub async fn new() -> Template {
        let folder = in_memory();
        let (hub, shutdown) = hub_in(folder.path()).await;
        let (account, token) = hub.add_account(Actor::Operator, shop()).await.expect("an account");
        hub.demo(account.id).await.expect("its world");
        let person = somebody_who_writes(&hub, account.id).await;
        let (owner, session) = a_member_signed_in(&hub).await;
        let (agent, link) = a_member_with_a_link(&hub, account.id).await;
        let csrf = session.csrf().reveal().to_owned();
        let mut names = vec![
            ("{token}", token.token),
            ("{account}", account.id.to_string()),
            ("{person}", person.to_string()),
            // The group of the documentation has a number of its own; this is John.
            ("{contact}", "1234567890".to_owned()),
            ("{session}", session.reveal().to_owned()),
            ("{csrf}", csrf),
            ("{member}", agent.to_string()),
            ("{link}", link),
        ];
        names.extend(applications(&hub, owner, account.id).await);
        shutdown.cancel();
        hub.store().close().await;
        Template { folder, account: account.id, names }
    }

    /// The plain text of a name, without what is no secret of it.
    fn secret(&self, name: &str) -> Secret {
        let text = self.names.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text.as_str());
        let text = text.split_once(':').map_or(text, |(_, secret)| secret).to_owned();
        Secret { text, told: Cell::new(false) }
    }
}

impl World {
    pub async fn new(template: &Template) -> World {
        let folder = in_memory();
        for file in std::fs::read_dir(template.folder.path()).expect("the template's folder").flatten() {
            std::fs::copy(file.path(), folder.path().join(file.file_name())).expect("room for a copy");
        }
        let (hub, shutdown) = hub_in(folder.path()).await;
        let options = Options { admin_digest: Some(TokenDigest::of(ADMIN)), ..Options::default() };
        let secrets = ["{token}", "{session}", "{secret}", "{link}", "{refresh}"];
        World {
            secrets: secrets.into_iter().map(|name| template.secret(name)).collect(),
            names: template.names.clone(),
            account: template.account,
            api: contactgram_http::app(Arc::clone(&hub), options),
            hub,
            shutdown,
            _folder: folder,
        }
    }

    /// The text with the world's own numbers in it.
    pub fn put_in(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, value) in &self.names {
            if text.contains(name) {
                text = text.replace(name, value);
            }
        }
        text
    }

    pub async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        wire::answer(&self.api, request).await
    }

    /// Whether people may be sent to this address because of an application that is registered.
    pub async fn may_lead_to(&self, address: &str) -> bool {
        // An account that was removed has no applications.
        let apps = self.hub.apps(Actor::Operator, self.account).await.unwrap_or_default();
        apps.into_iter()
            .flat_map(|app| app.redirect_uris)
            .any(|uri| RedirectUri::from_store(uri).matches(address))
    }

    /// Closes the store, so that its threads end. The audit log must be whole until then.
    pub async fn end(self) {
        let (_, broken) = self.hub.verify_audit(&[]).await.expect("a log that can be read");
        assert!(broken.is_empty(), "{broken:?}");
        self.shutdown.cancel();
        self.hub.store().close().await;
    }
}

fn in_memory() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder")
}

async fn hub_in(folder: &Path) -> (Arc<Hub>, CancellationToken) {
    let shutdown = CancellationToken::new();
    let parts = Parts {
        store: sqlite_store(folder).await,
        clock: Arc::new(ManualClock::at_ms(1_800_000_000_000)),
        courier: Courier::new(CourierOptions::default()),
        shutdown: shutdown.clone(),
    };
    (Arc::new(Hub::new(parts)), shutdown)
}

fn shop() -> NewAccount {
    NewAccount {
        name: "Shop".to_owned(),
        username: None,
        phone: None,
        kind: AccountKind::Bot,
        region: Some("GB".to_owned()),
        strict: false,
    }
}

async fn somebody_who_writes(hub: &Hub, account: UserId) -> UserId {
    let ann = NewPerson {
        first_name: "Ann".to_owned(),
        phone_number: Some("+447900000001".to_owned()),
        ..NewPerson::default()
    };
    let ann = hub.add_person(ann).await.expect("a person");
    for text in ["hello", "/start", "see https://example.com"] {
        let content = Content { text: Some(text.to_owned()), ..Content::default() };
        let act = Act::Write { content, reply_to: None };
        hub.act(ann.id, ChatRef::Id(account.0), act).await.expect("a message");
    }
    ann.id
}

/// An owner of everything, with a session.
async fn a_member_signed_in(hub: &Hub) -> (MemberId, contactgram_model::PlainSecret) {
    let roles = vec![(UserId::EVERY_ACCOUNT, Role::Owner)];
    let owner = NewMember { name: "owner".to_owned(), roles, ..NewMember::default() };
    let (owner, link) = hub.add_member(Actor::Operator, owner).await.expect("a member");
    let link = link.expect("whoever gets no password gets a link").secret;
    let password = Password::new("a good password").expect("long enough");
    let from = SignInFrom { address: "192.0.2.1".to_owned(), agent: "Browser".to_owned() };
    let opened = hub.accept_link(&link, password, from).await.expect("a session");
    (owner.member_id, opened.secret)
}

/// An agent on one account, who is yet to choose a password.
async fn a_member_with_a_link(hub: &Hub, account: UserId) -> (MemberId, String) {
    let roles = vec![(account, Role::Agent)];
    let agent = NewMember { name: "ben@example.org".to_owned(), roles, ..NewMember::default() };
    let (agent, link) = hub.add_member(Actor::Operator, agent).await.expect("a member");
    let link = link.expect("whoever gets no password gets a link");
    (agent.member_id, link.secret.reveal().to_owned())
}

/// An application that keeps a secret, with a code and with tokens, and one that keeps none.
async fn applications(hub: &Hub, owner: MemberId, account: UserId) -> Vec<(&'static str, String)> {
    let app = |public| NewApp {
        name: "App".to_owned(),
        redirects: vec![CALLBACK.to_owned(), "http://127.0.0.1/cb".to_owned()],
        public,
        scopes: Scope::ALL.into_iter().filter(|scope| *scope != Scope::AccountManage).collect::<Scopes>(),
    };
    let ours = hub.add_app(Actor::Operator, account, app(false)).await.expect("an application");
    let public = hub.add_app(Actor::Operator, account, app(true)).await.expect("an application");
    let (client, secret) = (ours.view.client_id, ours.client_secret.expect("it keeps one"));
    let query = form(&[
        ("client_id", &client),
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    let Asked::Request(asked) = hub.authorization(&query).await.expect("a request") else {
        panic!("the request is sound");
    };
    let code = given(hub, &asked, (owner, account)).await;
    let spent = given(hub, &asked, (owner, account)).await;
    let body = form(&[
        ("client_id", &client),
        ("client_secret", &secret),
        ("grant_type", "authorization_code"),
        ("code", &spent),
        ("code_verifier", VERIFIER),
        ("redirect_uri", CALLBACK),
    ]);
    let params = Params::parse(body.as_bytes());
    let app = hub.client(&Credentials::read(None, &params).expect("credentials")).await.expect("its own");
    let request = TokenRequest::read(&params).expect("a request for tokens");
    let issued = hub.exchange(app, request).await.expect("tokens");
    let refresh = issued.refresh.as_ref().map(PlainToken::reveal).unwrap_or_default().to_owned();
    vec![
        ("{client}", client),
        ("{secret}", secret),
        ("{public}", public.view.client_id),
        ("{code}", code),
        ("{access}", issued.access.reveal().to_owned()),
        ("{refresh}", refresh),
    ]
}

/// The code that comes of a consent.
async fn given(hub: &Hub, asked: &AuthorizationRequest, (member, account): (MemberId, UserId)) -> String {
    let location = hub.give(asked, member, account, asked.scopes).await.expect("a consent");
    let (_, query) = location.split_once('?').expect("an answer in the query");
    let params = Params::parse(query.as_bytes());
    params.one("code").ok().flatten().expect("a code").to_owned()
}

fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
