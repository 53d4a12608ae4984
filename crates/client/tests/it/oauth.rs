//! OAuth2: as an application, for a person, renewed in time and once, and ended.

use contactgram_client::oauth::{App, OAuth, Scope, Tokens};
use contactgram_client::{Client, ClientBuilder, Error};
use contactgram_testkit::{Answer, Client as Plain, Method, ProxyFault, TestServer};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

use crate::kit::{Stage, contact, quick};

const CALLBACK: &str = "https://desk.example/callback";
const SCOPES: [Scope; 3] = [Scope::ContactsRead, Scope::ContactsPrivate, Scope::ContactsWrite];

async fn app(stage: &Stage) -> App {
    let account = stage.account.id.to_string();
    let words = ["app", "add", "--account", &account, "--name", "Desk", "--redirect-uri", CALLBACK, "--json"];
    let made = stage.server.cli_json(&words).await;
    App::confidential(made["client_id"].as_str().unwrap(), made["client_secret"].as_str().unwrap())
}

fn builder(stage: &Stage) -> ClientBuilder {
    Client::builder(stage.proxy.url()).policy(quick())
}

/// A person with a browser, who has signed in.
struct Browser {
    root: Plain,
    cookie: String,
}

impl Browser {
    async fn owner(server: &TestServer) -> Browser {
        let made =
            server.cli_json(&["member", "add", "boss", "--role", "owner", "--all-accounts", "--json"]).await;
        let printed = made.to_string();
        let code = printed.split("code=").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let browser = Browser { root: Plain::new(server.url()), cookie: String::new() };
        let password = "a+long+enough+password";
        let welcome = browser
            .post("/portal/welcome", format!("code={code}&password={password}&again={password}"))
            .await;
        let cookie = welcome.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        Browser { cookie, ..browser }
    }

    async fn get(&self, path: &str) -> Answer {
        self.root.send(self.root.request(Method::GET, path).header("cookie", &self.cookie)).await
    }

    async fn post(&self, path: &str, form: String) -> Answer {
        let request = self.root.request(Method::POST, path).header("cookie", &self.cookie);
        self.root.send(request.header("content-type", "application/x-www-form-urlencoded").body(form)).await
    }

    /// Opens the page that an application sends its user to, and answers. Returns where the browser is sent then.
    async fn answer(&self, url: &str, (account, answer): (i64, &str)) -> String {
        let path = &url[url.find("/oauth/").unwrap()..];
        let page = self.get(path).await;
        let csrf = page.text.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let form = format!("csrf={}&account={account}&answer={answer}", csrf.expect("forms have a token"));
        let sent = self.post(path, form).await;
        sent.header("location").unwrap_or_else(|| panic!("sent back: {}", sent.text)).to_owned()
    }
}

/// Tokens whose access token has ended by the clock.
fn ended(tokens: &Tokens) -> Tokens {
    until(tokens, 1)
}

fn until(tokens: &Tokens, time: i64) -> Tokens {
    let mut json = serde_json::to_value(tokens).unwrap();
    json["expires_at"] = json!(time);
    serde_json::from_value(json).unwrap()
}

async fn tokens_of_a_person(stage: &Stage, oauth: &OAuth) -> Tokens {
    let browser = Browser::owner(&stage.server).await;
    let login = oauth.login(CALLBACK, &SCOPES).await.unwrap();
    oauth.exchange(&login, &browser.answer(login.url(), (stage.account.id, "allow")).await).await.unwrap()
}

#[tokio::test]
async fn an_application_gets_one_token_for_all_calls_that_wait() {
    let stage = Stage::new().await;
    let client = builder(&stage).client_credentials(app(&stage).await, &SCOPES).build().unwrap();
    let adding = (0..20).map(|at| {
        let client = client.clone();
        async move { client.contacts().add(contact(at)).await }
    });
    for added in futures_util::future::join_all(adding).await {
        assert!(added.unwrap().is_new);
    }
    assert_eq!(stage.proxy.seen("POST oauth/token").len(), 1);
    let lacks = client.messages().list(&Default::default()).await.unwrap_err();
    assert!(
        matches!(&lacks, Error::Forbidden { scope: Some(scope), .. } if scope == "messages:read"),
        "{lacks:?}"
    );
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_then_it_is_final() {
    let stage = Stage::new().await;
    let client = builder(&stage).client_credentials(app(&stage).await, &SCOPES).build().unwrap();
    stage.proxy.fail_next("GET contacts", ProxyFault::refusal(401, "Unauthorized"));
    client.contacts().list(&Default::default()).await.unwrap();
    assert_eq!((stage.proxy.seen("contacts").len(), stage.proxy.seen("oauth/token").len()), (2, 2));

    stage.proxy.fail_always("contacts", ProxyFault::refusal(401, "Unauthorized"));
    let refused = client.contacts().list(&Default::default()).await.unwrap_err();
    assert!(matches!(refused, Error::Unauthorized { .. }), "{refused:?}");
    assert_eq!((stage.proxy.seen("contacts").len(), stage.proxy.seen("oauth/token").len()), (4, 3));

    let fixed = Client::builder(stage.proxy.url()).token("1:wrong").build().unwrap();
    stage.proxy.heal();
    assert!(matches!(fixed.me().await, Err(Error::Unauthorized { .. })));
    assert_eq!(stage.proxy.seen("getMe").len(), 1);
}

#[tokio::test]
async fn a_token_endpoint_that_fails_is_tried_again_and_one_that_refuses_is_not() {
    let stage = Stage::new().await;
    let app = app(&stage).await;
    let client = builder(&stage).client_credentials(app.clone(), &SCOPES).build().unwrap();
    stage.proxy.fail_next("oauth/token", ProxyFault::CutAfter);
    stage.proxy.fail_next("oauth/token", ProxyFault::page(503));
    client.contacts().list(&Default::default()).await.unwrap();
    assert_eq!(stage.proxy.seen("oauth/token").len(), 3);

    let wrong = App::confidential(app.id(), "cgs_wrong");
    let stranger = builder(&stage).client_credentials(wrong, &SCOPES).build().unwrap();
    let calls = (0..5).map(|_| stranger.me());
    for refused in futures_util::future::join_all(calls).await {
        let Error::OAuth { code, .. } = refused.unwrap_err() else { panic!("refused by OAuth") };
        assert_eq!(code, "invalid_client");
    }
    // Those who waited were told what the first was told.
    assert_eq!(stage.proxy.seen("oauth/token").len(), 4);
}

#[tokio::test]
async fn a_person_allows_and_their_tokens_renew_themselves() {
    let stage = Stage::new().await;
    let kept: Arc<Mutex<Vec<Tokens>>> = Arc::default();
    let keep = Arc::clone(&kept);
    let oauth = builder(&stage).on_new_tokens(move |tokens| keep.lock().unwrap().push(tokens.clone()));
    let oauth = OAuth::new(oauth, app(&stage).await).unwrap();
    let tokens = tokens_of_a_person(&stage, &oauth).await;
    assert_eq!(tokens.scope, "contacts:read contacts:private contacts:write");
    let shown = format!("{tokens:?}");
    assert!(!shown.contains(&tokens.access_token) && !shown.contains("cgr_"), "{shown}");
    oauth.client(tokens.clone()).contacts().add(contact(1)).await.unwrap();

    // From where they were kept, after the access token has ended: many calls, one renewal.
    let before = stage.proxy.seen("oauth/token").len();
    let client = oauth.client(ended(&tokens));
    for listed in futures_util::future::join_all(
        (0..10).map(|_| async { client.contacts().list(&Default::default()).await }),
    )
    .await
    {
        assert_eq!(listed.unwrap().total_count, 1);
    }
    assert_eq!(stage.proxy.seen("oauth/token").len(), before + 1);
    let renewed = kept.lock().unwrap().last().cloned().unwrap();
    assert_ne!(renewed.refresh_token, tokens.refresh_token);

    // What is left of a token serves when it can't be renewed just now.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let client = oauth.client(until(&renewed, i64::try_from(now.as_secs()).unwrap() + 25));
    stage.proxy.fail_next("oauth/token", ProxyFault::refusal(400, "Bad Request: not now"));
    client.contacts().list(&Default::default()).await.unwrap();

    // A renewal whose answer is lost costs nothing.
    stage.proxy.fail_next("oauth/token", ProxyFault::CutAfter);
    let client = oauth.client(ended(&renewed));
    client.contacts().list(&Default::default()).await.unwrap();
    let renewed = kept.lock().unwrap().last().cloned().unwrap();

    oauth.revoke(&renewed).await.unwrap();
    let gone = client.contacts().list(&Default::default()).await.unwrap_err();
    assert!(matches!(&gone, Error::OAuth { code, .. } if code == "invalid_grant"), "{gone:?}");
    // That is for good: nobody is asked any more.
    let asked = stage.proxy.journal().len();
    let again = client.contacts().list(&Default::default()).await.unwrap_err();
    assert!(matches!(again, Error::OAuth { .. }));
    assert_eq!(stage.proxy.journal().len(), asked);
}

#[tokio::test]
async fn a_person_who_refuses_gives_nothing() {
    let stage = Stage::new().await;
    let oauth = OAuth::new(builder(&stage), app(&stage).await).unwrap();
    let browser = Browser::owner(&stage.server).await;
    let login = oauth.login(CALLBACK, &SCOPES).await.unwrap();
    let back = browser.answer(login.url(), (stage.account.id, "refuse")).await;
    let refused = oauth.exchange(&login, &back).await.unwrap_err();
    assert!(matches!(&refused, Error::OAuth { code, .. } if code == "access_denied"), "{refused:?}");
    assert_eq!(stage.proxy.seen("oauth/token").len(), 0);
}

#[tokio::test]
async fn a_code_is_good_for_its_own_login_and_not_asked_for_twice() {
    let stage = Stage::new().await;
    let oauth = OAuth::new(builder(&stage), app(&stage).await).unwrap();
    let browser = Browser::owner(&stage.server).await;
    let (mine, other) =
        (oauth.login(CALLBACK, &SCOPES).await.unwrap(), oauth.login(CALLBACK, &SCOPES).await.unwrap());
    let back = browser.answer(mine.url(), (stage.account.id, "allow")).await;
    assert!(back.starts_with(CALLBACK) && back.contains(mine.state()), "{back}");
    let mixed = oauth.exchange(&other, &back).await.unwrap_err();
    assert!(matches!(&mixed, Error::OAuth { code, .. } if code == "invalid_state"), "{mixed:?}");

    // A login survives a session store.
    let kept: Value = serde_json::to_value(&mine).unwrap();
    let mine = serde_json::from_value(kept).unwrap();
    stage.proxy.fail_next("oauth/token", ProxyFault::CutAfter);
    let lost = oauth.exchange(&mine, &back).await.unwrap_err();
    assert!(matches!(lost, Error::OutcomeUnknown { idempotency_key: None, .. }), "{lost:?}");
    assert_eq!(stage.proxy.seen("oauth/token").len(), 1);
}
