//! Secrets stay secret: recognisable ones are sent through every route and every way to fail, on a server that
//! logs all it can; then none of them is in its log, its data, its metrics, or in what it tells anybody else.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use contactgram_testkit::{
    Account, Answer, Client, Engine, Method, Options, Receiver, Reply, TestServer, json,
};

use crate::files::{Part, body, downloads};
use crate::kit::{key, raw, text};
use crate::oauth::{self, App, form};

/// Credentials that open nothing, though they have the form of some that do.
const STRAY: &str = "1234567:StrayCanaryStrayCanaryStrayCanary01";
const STRAY_ADMIN: &str = "operator-canary-7f3a9b";
const BASIC_USER: &str = "basic-canary-user";
const BASIC_PASSWORD: &str = "basic-canary-password";
/// What a webhook's owner gives away to nobody but the webhook.
const HOOK_SECRET: &str = "hook-secret-canary";
const HOOK_PATH: &str = "hook-path-canary";
const HOOK_USER: &str = "hook-user-canary";
const HOOK_PASSWORD: &str = "hook-password-canary";

/// What members sign in with.
const PASSWORD: &str = "password-canary of many words";
const OTHER_PASSWORD: &str = "other-password-canary too";

/// What applications send, of the form that it has.
const CODE: &str = "cgo_1234567_CodeCanaryCodeCanaryCodeCanaryCode01";
const REFRESH: &str = "cgr_1234567_RefreshCanaryRefreshCanaryRefreshCan";
const VERIFIER: &str = "verifier-canary-verifier-canary-verifier-canary";
const STRAY_SECRET: &str = "cgs_client-secret-canary";

/// A server that logs all it can and counts as well, and two accounts on it.
struct Scene {
    server: TestServer,
    shop: Account,
    other: Account,
    /// An API key of the first account's.
    key: String,
    /// The codes of one-time links.
    codes: Vec<String>,
    /// An application, and access tokens of its own.
    desk: App,
    access: Vec<String>,
    metrics: String,
}

impl Scene {
    async fn start() -> Scene {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let metrics = free.expect("a free port").to_string();
        let options = Options::on(Engine::Sqlite)
            .variable("CONTACTGRAM_LOG", "trace")
            .variable("CONTACTGRAM_METRICS_LISTEN", &metrics)
            .variable("CONTACTGRAM_MAX_BODY", "20000");
        let server = TestServer::start(options).await;
        let (shop, other) = (server.account("Shop").await, server.account("Other").await);
        let key = text(&key(&server, &shop, &["--scope", "contacts:read"]).await["key"]);
        let codes = links(&server).await;
        let desk = oauth::app(&server, &shop, &[]).await;
        let access =
            vec![desk.token(&server, "contacts:read").await, desk.token(&server, "messages:send").await];
        Scene { server, shop, other, key, codes, desk, access, metrics: format!("http://{metrics}") }
    }

    /// The parts of credentials that only their holders know.
    fn credentials(&self) -> Vec<String> {
        let mut secrets: Vec<String> = [&self.shop.token, &self.other.token, STRAY]
            .map(|token| token.split_once(':').expect("a token has a colon").1.to_owned())
            .to_vec();
        secrets.push(self.key.rsplit_once('_').expect("a key has parts").1.to_owned());
        secrets.extend(
            [STRAY_ADMIN, BASIC_USER, BASIC_PASSWORD, "admin-token-of-the-test-kit"].map(str::to_owned),
        );
        secrets.extend([PASSWORD, OTHER_PASSWORD].map(str::to_owned));
        secrets.extend(self.codes.clone());
        secrets.push(self.desk.secret.clone());
        secrets.extend(self.access.iter().map(|token| token[token.len() - 36..].to_owned()));
        secrets.extend([CODE, REFRESH, VERIFIER, STRAY_SECRET].map(str::to_owned));
        // As a header has them: the beginning of `user:password` in base64.
        secrets.push("YmFzaWMtY2FuYXJ5".to_owned());
        secrets
    }

    /// Every door with every sort of credential.
    fn doors(&self) -> Vec<Client> {
        let root = self.server.url();
        let v1 = || Client::new(format!("{root}/v1"));
        vec![
            self.shop.bot(),
            self.shop.v1(),
            self.server.bot(&self.key),
            v1().bearer(&self.key),
            self.server.bot(STRAY),
            v1().bearer(STRAY),
            v1().bearer("not-a-token-but-stray-canary"),
            v1().bearer(&self.codes[0]),
            v1().bearer(PASSWORD),
            self.server.bot(&self.access[0]),
            v1().bearer(&self.access[1]),
            v1().bearer(REFRESH),
            v1().bearer(CODE),
            v1().bearer(&self.desk.secret),
            Client::new(format!("{root}/admin")).bearer(STRAY_ADMIN),
            Client::new(format!("{root}/admin")).bearer(&self.shop.token),
            self.server.admin(),
        ]
    }
}

/// Makes members: one with a password, and others with links; the codes of those.
async fn links(server: &TestServer) -> Vec<String> {
    let code = |link: &str| link.split_once("code=").expect("a link has a code").1.trim().to_owned();
    let adding = ["member", "add", "boss", "--role", "owner", "--all-accounts", "--password-stdin"];
    let made = server.cli_reading(&adding, PASSWORD).await;
    let said = [made.stdout, made.stderr].concat();
    assert!(made.status.success() && !holds(&said, PASSWORD), "{}", String::from_utf8_lossy(&said));
    let refused = server.cli_reading(&adding, OTHER_PASSWORD).await;
    assert!(!refused.status.success(), "the name is taken");
    assert!(!holds(&[refused.stdout, refused.stderr].concat(), OTHER_PASSWORD));
    let invited = server.cli_json(&["member", "add", "ann", "--json"]).await;
    let again = server.cli_json(&["member", "link", "ann", "--json"]).await;
    let owners = server.cli_json(&["member", "link", "owner", "--json"]).await;
    [invited, again, owners].map(|made| code(&text(&made["link"]))).to_vec()
}

/// Every path of the description, with something where it wants an id.
pub async fn routes(server: &TestServer) -> Vec<String> {
    let document = server.get("/openapi.json").await.json();
    let paths = document["paths"].as_object().expect("the description lists paths");
    let mut routes: Vec<String> = paths
        .keys()
        .map(|path| {
            let parts = path.split('/').map(|part| if part.starts_with('{') { "5" } else { part });
            parts.collect::<Vec<_>>().join("/").replace("/admin/", "/")
        })
        // These end the token that the rest is asked with, or wait.
        .filter(|route| !["/logOut", "/close"].contains(&route.as_str()))
        .collect();
    routes.extend(["/no/such/route", "/noSuchMethod", "/%ff%fe", "/contacts/%00"].map(str::to_owned));
    routes
}

/// No part of an answer repeats a credential.
fn says_none_of(secrets: &[String], answer: &Answer, what: &str) {
    let headers = format!("{:?}", answer.headers);
    for secret in secrets {
        assert!(!answer.text.contains(secret) && !headers.contains(secret), "{what}: {answer:?}");
    }
}

async fn every_route_is_asked(scene: &Scene) {
    let secrets = scene.credentials();
    for mut route in routes(&scene.server).await {
        if route.ends_with("updates/stream") {
            // One that is let in would go on for ever; what it shows is an update as any other.
            route.push_str("?last_event_id=x");
        }
        for door in scene.doors() {
            for request in [
                door.request(Method::GET, &route),
                door.request(Method::POST, &route)
                    .header("Content-Type", "application/json")
                    .body("{\"a\": tru"),
                door.request(Method::POST, &route).json(&json!({"chat_id": "x", "text": ""})),
            ] {
                says_none_of(&secrets, &door.send(request).await, &route);
            }
        }
    }
}

async fn every_refusal_is_met(scene: &Scene) {
    let secrets = scene.credentials();
    let v1 = Client::new(format!("{}/v1", scene.server.url()));
    files_are_asked(scene, &secrets).await;
    for door in scene.doors().into_iter().chain([v1.clone()]) {
        for request in [
            // Wrong verbs, types and encodings; too large; a precondition; another's origin.
            door.request(Method::from_bytes(b"BREW").expect("a verb"), "getMe"),
            door.request(Method::DELETE, "contacts"),
            door.request(Method::OPTIONS, "contacts").header("Origin", "https://a.example"),
            door.request(Method::POST, "sendMessage").header("Content-Type", "image/png").body("x"),
            door.request(Method::POST, "sendMessage").header("Content-Encoding", "br").body("x"),
            door.request(Method::POST, "sendMessage").header("Content-Encoding", "gzip").body("x"),
            door.request(Method::POST, "sendMessage").header("Content-Type", "multipart/form-data").body("x"),
            door.request(Method::POST, "sendMessage").body("x".repeat(30_000)),
            door.request(Method::PATCH, "contacts/5").header("If-Match", "\"7\"").json(&json!({"note": "x"})),
            door.request(Method::POST, "contacts").header("Idempotency-Key", "k".repeat(300)).body("{}"),
        ] {
            says_none_of(&secrets, &door.send(request).await, "a refusal");
        }
    }
    for request in [
        v1.request(Method::GET, "getMe").basic_auth(BASIC_USER, Some(BASIC_PASSWORD)),
        v1.request(Method::GET, "getMe").basic_auth("1234567", Some(&STRAY[8..])),
        v1.request(Method::GET, "getMe").header("Authorization", format!("Digest {STRAY_ADMIN}")),
        v1.request(Method::GET, &format!("getMe?token={STRAY}&access_token={STRAY_ADMIN}")),
        v1.request(Method::GET, "getMe").header("Cookie", format!("session={STRAY_ADMIN}")),
        v1.request(Method::GET, "getMe").header("X-Request-Id", "an-id").bearer_auth(STRAY),
    ] {
        says_none_of(&secrets, &v1.send(request).await, "a credential");
    }
}

/// Uploads, whole and cut, at every door, and downloads with every credential in the path.
async fn files_are_asked(scene: &Scene, secrets: &[String]) {
    let parts =
        [Part::Text("chat_id", scene.shop.id.to_string()), Part::File("document", "a.txt", b"a file")];
    let whole = body(&parts);
    for door in scene.doors() {
        for bytes in [&whole[..], &whole[..whole.len() / 2]] {
            let request = door.request(Method::POST, "sendDocument").body(bytes.to_vec());
            let request = request.header("Content-Type", "multipart/form-data; boundary=b0undary");
            says_none_of(secrets, &door.send(request).await, "an upload");
        }
    }
    let tokens =
        [&scene.shop.token, &scene.other.token, &scene.key, &scene.access[0], &scene.access[1], STRAY, CODE];
    for token in tokens {
        let client = downloads(&scene.server, token);
        for path in ["documents/file_1.txt", "documents/file_2.txt", "x"] {
            says_none_of(secrets, &client.get(path).await, "a download");
        }
    }
}

/// Everything that the authorization server may be sent, right and wrong, in the body, the header and the address.
async fn applications_ask(scene: &Scene) {
    let secrets = scene.credentials();
    let root = Client::new(scene.server.url());
    let (id, secret) = (scene.desk.id.as_str(), scene.desk.secret.as_str());
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", CODE),
        ("code_verifier", VERIFIER),
        ("redirect_uri", oauth::CALLBACK),
        ("refresh_token", REFRESH),
        ("token", &scene.access[0]),
    ];
    for path in ["/oauth/token", "/oauth/introspect", "/oauth/authorize"] {
        for grant in ["authorization_code", "refresh_token", "client_credentials", "password"] {
            let mut asked = pairs.to_vec();
            asked[0].1 = grant;
            let with = |secret: &str| {
                let mut all = asked.clone();
                all.extend([("client_id", id), ("client_secret", secret)]);
                form(root.request(Method::POST, path), &all)
            };
            let query = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(&asked)
                .append_pair("client_secret", secret)
                .finish();
            for request in [
                with(STRAY_SECRET),
                form(root.request(Method::POST, path), &asked).basic_auth(id, Some(STRAY_SECRET)),
                form(root.request(Method::POST, path), &asked).bearer_auth(REFRESH),
                form(root.request(Method::POST, &format!("{path}?{query}")), &asked),
                root.request(Method::GET, &format!("{path}?{query}")),
                root.request(Method::POST, path).json(&json!({"code": CODE, "client_secret": secret})),
            ] {
                says_none_of(&secrets, &root.send(request).await, path);
            }
            // New tokens are another's secrets; what was sent is in no answer.
            says_none_of(&secrets, &root.send(with(secret)).await, path);
        }
    }
    let revoked = scene.desk.post(&scene.server, "/oauth/revoke", &[("token", &scene.access[1])]).await;
    says_none_of(&secrets, &revoked, "/oauth/revoke");
    for words in [
        &["app", "show", id][..],
        &["app", "show", id, "--json"],
        &["app", "grants", id],
        &["audit", "export"],
    ] {
        let output = scene.server.cli(words).await;
        let said = [output.stdout, output.stderr].concat();
        assert!(!secrets.iter().any(|secret| holds(&said, secret)), "{words:?}");
    }
}

async fn broken_requests_are_sent(scene: &Scene) {
    let secrets = scene.credentials();
    let token = &scene.shop.token;
    let long = "x".repeat(80_000);
    for request in [
        format!("GET /bot{token}/getMe HTTP/1.1\r\nno colon\r\n\r\n"),
        format!("GET /bot{token}/getMe HTTP/9.9\r\n\r\n"),
        format!("GET /bot{token}/get me HTTP/1.1\r\nHost: x\r\n\r\n"),
        format!("GET /bot{token}/getMe HTTP/1.1\r\nHost: x\r\nX: {long}\r\n\r\n"),
        format!("GET /bot{token}/{long} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
        format!("CONNECT /bot{token}/getMe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
        format!("POST /bot{token}/getMe HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"),
        format!(
            "POST /v1/getMe HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n"
        ),
        format!(
            "GET http://{BASIC_USER}:{BASIC_PASSWORD}@127.0.0.1/bot{token}/getMe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        ),
    ] {
        let answer = raw(&scene.server, request).await;
        assert!(
            !secrets.iter().any(|secret| answer.head.contains(secret) || answer.body.contains(secret)),
            "{answer:?}"
        );
    }
}

/// Sets webhooks that fail in every way, and lets each be tried.
async fn webhooks_fail(scene: &Scene) {
    let ann = scene.server.person(json!({"first_name": "Ann"})).await;
    let mut receiver = Receiver::start().await;
    let hook = |at: &str| at.replacen("http://", &format!("http://{HOOK_USER}:{HOOK_PASSWORD}@"), 1);
    let away = Reply::status(302).header("location", &format!("http://127.0.0.1:9/{HOOK_PATH}"));
    let calls = Reply::json(&json!({"method": "sendMessage", "chat_id": 5, "text": HOOK_SECRET}));
    let replies = [Reply::status(500), Reply::status(404).body(HOOK_SECRET), away, calls, Reply::status(200)];
    receiver.answer_next(replies.clone());
    let dead = format!("http://127.0.0.1:9/{HOOK_PATH}?x={HOOK_PATH}");
    for url in [dead, receiver.url(&format!("/{HOOK_PATH}?x={HOOK_PATH}"))] {
        let set = json!({"url": hook(&url), "secret_token": HOOK_SECRET, "drop_pending_updates": true});
        scene.shop.bot().call("setWebhook", set).await.result();
        ann.write(scene.shop.id, "hello").await;
        let failed =
            async || scene.shop.bot().get("getWebhookInfo").await.result()["last_error_message"].is_string();
        for _ in 0..300 {
            if failed().await {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(failed().await, "the delivery is tried");
    }
    // The secrets are not lost on the way: whoever they are for gets them.
    for _ in 0..replies.len() - 1 {
        let arrived = receiver.next().await;
        assert_eq!(arrived.header("x-telegram-bot-api-secret-token"), Some(HOOK_SECRET));
        assert!(arrived.uri.path().contains(HOOK_PATH) && arrived.header("authorization").is_some());
    }
    for refused in [
        json!({"url": format!("ftp://{HOOK_USER}:{HOOK_PASSWORD}@x/{HOOK_PATH}")}),
        json!({"url": format!("http://{HOOK_USER}:{HOOK_PASSWORD}@no-such-host.invalid/{HOOK_PATH}")}),
        json!({"url": hook(&receiver.url("/")), "secret_token": format!("{HOOK_SECRET} !")}),
        json!({"url": hook(&receiver.url("/")), "certificate": format!("-----{HOOK_SECRET}")}),
    ] {
        let answer = scene.other.bot().call("setWebhook", refused).await;
        assert_eq!(answer.status, 400, "{}", answer.text);
        let said =
            [HOOK_SECRET, HOOK_PATH, HOOK_USER, HOOK_PASSWORD].map(|secret| answer.text.contains(secret));
        assert_eq!(said, [false; 4], "{}", answer.text);
    }
}

/// What the server tells others than a secret's owner.
async fn public_texts(scene: &Scene) -> Vec<(String, String)> {
    let metrics = Client::new(scene.metrics.clone());
    let mut texts = vec![
        ("/metrics".to_owned(), metrics.get("metrics").await.text),
        ("/audit".to_owned(), scene.shop.v1().get("audit?limit=1000").await.text),
        ("another's getWebhookInfo".to_owned(), scene.other.bot().get("getWebhookInfo").await.text),
        ("/openapi.json".to_owned(), scene.server.get("/openapi.json").await.text),
        ("/readyz".to_owned(), scene.server.get("/readyz").await.text),
        ("people".to_owned(), scene.server.admin().get("people").await.text),
    ];
    let id = scene.shop.id.to_string();
    for words in [
        &["doctor"][..],
        &["doctor", "--json"],
        &["config"],
        &["account", "list", "--json"],
        &["account", "show", &id],
        &["token", "list", &id],
        &["member", "list"],
        &["member", "list", "--json"],
        &["member", "sessions", "boss"],
        &["audit", "list"],
        &["audit", "export"],
        &["audit", "heads"],
    ] {
        let output = scene.server.cli(words).await;
        let said = [output.stdout, output.stderr].concat();
        texts.push((words.join(" "), String::from_utf8_lossy(&said).into_owned()));
    }
    assert!(texts[0].1.contains("contactgram_http_requests_total"), "{}", texts[0].1);
    texts
}

/// The files of a folder with their content, and of those below.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.clone(), std::fs::read(&path).unwrap_or_default()));
        }
    }
    found
}

fn holds(content: &[u8], secret: &str) -> bool {
    content.windows(secret.len()).any(|window| window == secret.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_the_log_the_data_or_what_others_are_told() {
    let mut scene = Scene::start().await;
    every_route_is_asked(&scene).await;
    every_refusal_is_met(&scene).await;
    broken_requests_are_sent(&scene).await;
    applications_ask(&scene).await;
    webhooks_fail(&scene).await;
    let credentials = scene.credentials();
    let of_webhooks = [HOOK_SECRET, HOOK_PATH, HOOK_USER, HOOK_PASSWORD];
    let everything: Vec<&str> = credentials.iter().map(String::as_str).chain(of_webhooks).collect();
    for (place, text) in public_texts(&scene).await {
        let found: Vec<_> = everything.iter().filter(|secret| text.contains(**secret)).collect();
        assert!(found.is_empty(), "{place}: {found:?}");
    }
    // While the server runs there is a write-ahead log; once it has stopped, all that it had to say is written.
    let mut kept = files(scene.server.data());
    assert!(
        kept.iter().any(|(path, _)| path.to_string_lossy().ends_with("-wal")),
        "there is a write-ahead log"
    );
    assert!(scene.server.stop().await.success());
    kept.extend(files(scene.server.data()));
    let mut looked_into = 0;
    for (path, content) in &kept {
        let is_log = path.ends_with("log");
        // A webhook's URL and secret have to be sent as they are, so the data holds them in plain: whoever can
        // read the data file can write to the webhook anyway. Credentials of ours are digests there.
        let secrets: &[&str] = if is_log { &everything } else { &everything[..credentials.len()] };
        for secret in secrets {
            assert!(!holds(content, secret), "{secret} is in {}", path.display());
        }
        looked_into += content.len();
    }
    let log = scene.server.log();
    assert!(log.contains("TRACE") || log.contains("DEBUG"), "the log is as talkative as it can be");
    assert!(looked_into > 100_000, "{looked_into} bytes are not all there is");
}
