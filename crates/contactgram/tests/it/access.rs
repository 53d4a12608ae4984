//! Who gets in: tokens in the path, as Bearer and as Basic; expired, revoked and malformed ones; doors that the
//! operator shut; and the operator's own door.

mod keys;
mod narrow;
mod private;

use contactgram_testkit::{Account, Answer, Client, Method, Options, TestServer, json};

use crate::kit::{another_token, number, on_each_engine, text};

const UNAUTHORIZED: &str = "Unauthorized";
const INVALID: &str = "Unauthorized: invalid token specified";

fn v1(server: &TestServer) -> Client {
    Client::new(format!("{}/v1", server.url()))
}

async fn basic(server: &TestServer, user: &str, password: &str) -> Answer {
    let client = v1(server);
    client.send(client.request(Method::GET, "getMe").basic_auth(user, Some(password))).await
}

#[track_caller]
fn is_refused(answer: &Answer, text: &str) {
    assert_eq!(answer.refusal(), (401, text.to_owned()));
    assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"contactgram\""), "{answer:?}");
}

/// The same of a token that came as Bearer, in the words of RFC 6750.
#[track_caller]
fn is_invalid(answer: &Answer, text: &str) {
    assert_eq!(answer.refusal(), (401, text.to_owned()));
    let challenge = "Bearer realm=\"contactgram\", error=\"invalid_token\"";
    assert_eq!(answer.header("www-authenticate"), Some(challenge), "{answer:?}");
}

async fn opens(server: &TestServer, token: &str) -> bool {
    let (path, bearer) = (server.bot(token).get("getMe").await, v1(server).bearer(token).get("getMe").await);
    assert_eq!(path.status, bearer.status, "{} {}", path.text, bearer.text);
    match path.status {
        200 => true,
        _ => {
            is_refused(&path, UNAUTHORIZED);
            is_invalid(&bearer, UNAUTHORIZED);
            false
        }
    }
}

#[tokio::test]
async fn what_can_be_no_token_is_told_apart_from_one_that_opens_nothing() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let secret = shop.token.split_once(':').expect("a token has a colon").1.to_owned();
    let malformed = [
        "abc".to_owned(),
        secret.clone(),
        format!("{}{secret}", shop.id),
        format!("0{}:{secret}", shop.id),
        format!("-{}:{secret}", shop.id),
        format!("abc:{secret}"),
        format!("{}:short", shop.id),
        format!("{}:{secret}{secret}{secret}", shop.id),
        format!("{}:{secret}!", shop.id),
        format!("18014398509481984:{secret}"),
        format!("99999999999999999999:{secret}"),
        format!(":{secret}"),
    ];
    for token in &malformed {
        is_refused(&server.bot(token).get("getMe").await, INVALID);
        is_invalid(&v1(&server).bearer(token).get("getMe").await, INVALID);
        let (user, password) = token.split_once(':').unwrap_or((token, ""));
        is_refused(&basic(&server, user, password).await, INVALID);
    }
    is_refused(&Client::new(server.url()).get("/bot/getMe").await, INVALID);
    is_refused(&server.bot(&format!("{}:{}%2F", shop.id, &secret[1..])).get("getMe").await, INVALID);

    let mut other = secret.clone();
    other.replace_range(10..11, if &secret[10..11] == "x" { "y" } else { "x" });
    for token in [format!("{}:{other}", shop.id), format!("{}:{secret}", shop.id + 1), format!("1:{secret}")]
    {
        assert!(!opens(&server, &token).await);
        let (user, password) = token.split_once(':').expect("a colon");
        is_refused(&basic(&server, user, password).await, UNAUTHORIZED);
    }
    assert!(opens(&server, &shop.token).await);
}

#[tokio::test]
async fn a_request_without_a_credential_or_with_another_scheme_is_unauthorized() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    is_refused(&v1(&server).get("getMe").await, UNAUTHORIZED);
    for header in ["Bearer", "", "Token abc", "Digest username=\"x\"", &shop.token, "Negotiate"] {
        let request = v1(&server).request(Method::GET, "getMe").header("Authorization", header);
        is_refused(&v1(&server).send(request).await, UNAUTHORIZED);
    }
    // Schemes are read without regard to case (RFC 9110, section 11.1).
    for scheme in ["bearer", "BEARER"] {
        let header = format!("{scheme} {}", shop.token);
        let request = v1(&server).request(Method::GET, "getMe").header("Authorization", header);
        assert_eq!(number(&v1(&server).send(request).await.result()["id"]), shop.id);
    }
    // A token in the query is none: queries are kept in too many places.
    is_refused(
        &v1(&server).get(&format!("getMe?token={}&access_token={}", shop.token, shop.token)).await,
        UNAUTHORIZED,
    );
    // The token in the path counts, whatever a header says beside it.
    let request = shop.bot().request(Method::GET, "getMe").bearer_auth("rubbish");
    assert_eq!(number(&shop.bot().send(request).await.result()["id"]), shop.id);
}

#[tokio::test]
async fn an_account_has_several_tokens_and_each_ends_by_itself() {
    on_each_engine(async |server| {
        let (shop, other) = (server.account("Shop").await, server.account("Other").await);
        let second = another_token(&server, &shop, &["--label", "ci"]).await;
        let third = another_token(&server, &shop, &[]).await;
        let tokens = [shop.token.clone(), text(&second["token"]), text(&third["token"])];
        for token in &tokens {
            assert_eq!(number(&server.bot(token).get("getMe").await.result()["id"]), shop.id);
        }
        let id = shop.id.to_string();
        server.cli_json(&["token", "revoke", &id, &second["token_id"].to_string(), "--json"]).await;
        assert!(!opens(&server, &tokens[1]).await, "revoked, at once");
        assert!(opens(&server, &tokens[0]).await && opens(&server, &tokens[2]).await);

        let fresh = text(&server.cli_json(&["token", "rotate", &id, "--json"]).await["token"]);
        assert!(!opens(&server, &tokens[0]).await && !opens(&server, &tokens[2]).await);
        assert!(opens(&server, &fresh).await && opens(&server, &other.token).await);

        server.cli_json(&["account", "remove", &id, "--yes", "--json"]).await;
        assert!(!opens(&server, &fresh).await, "an account that is gone has no tokens");
        assert!(opens(&server, &other.token).await);
    })
    .await;
}

#[tokio::test]
async fn a_token_ends_when_it_was_said_to() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let now = number(&shop.bot().call("sendMessage", json!({"chat_id": shop.id, "text": "now"})).await.result()["date"]);
        let later = another_token(&server, &shop, &["--expires", &(now + 3600).to_string()]).await;
        let soon = another_token(&server, &shop, &["--expires", &(now + 8).to_string()]).await;
        let (later, soon) = (text(&later["token"]), text(&soon["token"]));
        assert!(opens(&server, &later).await);
        let mut tries = 0;
        while server.bot(&soon).get("getMe").await.status == 200 {
            tries += 1;
            assert!(tries < 300, "it never ends");
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
        assert!(!opens(&server, &soon).await);
        assert!(opens(&server, &later).await && opens(&server, &shop.token).await);
    })
    .await;
}

#[tokio::test]
async fn basic_can_be_switched_off() {
    let server = TestServer::start(Options::default().variable("CONTACTGRAM_ALLOW_BASIC", "false")).await;
    let shop = server.account("Shop").await;
    let (user, password) = shop.token.split_once(':').expect("a colon");
    is_refused(&basic(&server, user, password).await, UNAUTHORIZED);
    assert!(opens(&server, &shop.token).await);

    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let (user, password) = shop.token.split_once(':').expect("a colon");
    assert_eq!(number(&basic(&server, user, password).await.result()["id"]), shop.id);
}

#[tokio::test]
async fn tokens_in_paths_can_be_switched_off() {
    let server =
        TestServer::start(Options::default().variable("CONTACTGRAM_ALLOW_TOKEN_IN_PATH", "false")).await;
    let shop = server.account("Shop").await;
    is_refused(&shop.bot().get("getMe").await, UNAUTHORIZED);
    is_refused(&shop.bot().get("contacts").await, UNAUTHORIZED);
    // Not even together with a header: the path has been written down somewhere by now.
    let request = shop.bot().request(Method::GET, "getMe").bearer_auth(&shop.token);
    is_refused(&shop.bot().send(request).await, UNAUTHORIZED);
    assert_eq!(number(&shop.v1().get("getMe").await.result()["id"]), shop.id);
}

#[tokio::test]
async fn only_whoever_is_let_in_learns_which_methods_and_contacts_there_are() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let stranger = format!("{}:{}", shop.id, "A".repeat(35));
    type Judge = fn(&Answer, &str);
    let strange: [(Client, Judge); 2] =
        [(server.bot(&stranger), is_refused), (v1(&server).bearer(&stranger), is_invalid)];
    for (client, is_refused) in &strange {
        for path in
            ["noSuchMethod", "getMe", "contacts", "contacts/5", "contacts/abc", "messages", "messages/1/1"]
        {
            is_refused(&client.get(path).await, UNAUTHORIZED);
        }
        is_refused(&client.patch("contacts/5", json!({"first_name": "x"})).await, UNAUTHORIZED);
        is_refused(&client.delete("contacts/5").await, UNAUTHORIZED);
        // Nor is a byte of their bodies read.
        let rubbish =
            client.request(Method::POST, "sendMessage").header("Content-Type", "text/plain").body("{");
        is_refused(&client.send(rubbish).await, UNAUTHORIZED);
        let large = client.request(Method::POST, "sendMessage").body("x".repeat(3 << 20));
        is_refused(&client.send(large).await, UNAUTHORIZED);
    }
    for client in [shop.bot(), shop.v1()] {
        let unknown = client.get("noSuchMethod").await;
        assert_eq!(unknown.refusal(), (404, "Not Found: method not found".to_owned()));
        let unknown = client.post("noSuchMethod", json!({"x": 1})).await;
        assert_eq!(unknown.refusal(), (404, "Not Found: method not found".to_owned()));
        let unnamed = client.post("", json!({})).await;
        assert_eq!(unnamed.refusal(), (404, "Not Found: method not found".to_owned()));
    }
}

#[tokio::test]
async fn the_operators_door_takes_the_admin_token_alone() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let at = |client: Client| async move { client.get("/admin/people").await };
    let root = Client::new(server.url());
    is_refused(&at(root.clone()).await, UNAUTHORIZED);
    for wrong in [shop.token.as_str(), "admin-", "x", "admin-token-of-the-test-kit-012345678"] {
        is_refused(&at(root.clone().bearer(wrong)).await, UNAUTHORIZED);
    }
    let request = root.request(Method::GET, "/admin/people").basic_auth("admin", Some("admin"));
    is_refused(&root.send(request).await, UNAUTHORIZED);
    is_refused(
        &root.clone().bearer(&shop.token).post("/admin/people", json!({"first_name": "Eve"})).await,
        UNAUTHORIZED,
    );
    is_refused(&root.clone().bearer(&shop.token).get("/admin/people/1").await, UNAUTHORIZED);
    assert_eq!(server.admin().get("/people").await.status, 200);
    // It opens no account.
    let admin = server.admin();
    let request = admin.request(Method::GET, "/../v1/getMe");
    is_invalid(&admin.send(request).await, INVALID);
    is_refused(&server.bot("admin-token-of-the-test-kit-0123456789").get("getMe").await, INVALID);
}

#[tokio::test]
async fn a_new_admin_token_ends_the_one_before() {
    on_each_engine_without_admin_token(async |server| {
        let first = text(&server.cli_json(&["admin-token", "--json"]).await["admin_token"]);
        let admin = |token: &str| Client::new(format!("{}/admin", server.url())).bearer(token);
        assert_eq!(admin(&first).get("/people").await.status, 200);
        let second = text(&server.cli_json(&["admin-token", "--json"]).await["admin_token"]);
        is_refused(&admin(&first).get("/people").await, UNAUTHORIZED);
        assert_eq!(admin(&second).get("/people").await.status, 200);
    })
    .await;
}

/// An empty variable is as good as none.
async fn on_each_engine_without_admin_token(test: impl AsyncFn(TestServer)) {
    let options = Options::default().variable("CONTACTGRAM_ADMIN_TOKEN", "");
    crate::kit::on_each_engine_with(options, test).await;
}

#[tokio::test]
async fn no_token_is_ever_logged() {
    let server = TestServer::start(Options::default().variable("CONTACTGRAM_LOG", "trace")).await;
    let shop: Account = server.account("Shop").await;
    let (user, password) = shop.token.split_once(':').expect("a colon");
    shop.bot().get("getMe").await.result();
    shop.v1().get("contacts").await.result();
    basic(&server, user, password).await.result();
    let wrong = format!("{user}:{}", "W".repeat(35));
    server.bot(&wrong).get("getMe").await.refusal();
    server.bot(&format!("{password}!!")).get("getMe").await.refusal();
    shop.bot().get("no/such/route").await.refusal();
    shop.bot().get("noSuchMethod").await.refusal();
    server.admin().get("/people").await.result();
    server.restart_and_read_log(&[password, &wrong[user.len() + 1..], "admin-token-of-the-test-kit"]).await;
}

trait Log {
    async fn restart_and_read_log(self, secrets: &[&str]);
}

impl Log for TestServer {
    /// A process that ended has written all that it had to.
    async fn restart_and_read_log(mut self, secrets: &[&str]) {
        assert!(self.stop().await.success());
        let log = self.log();
        assert!(
            log.contains("getMe") || log.contains("/{method}"),
            "requests are logged at this level: {log}"
        );
        for secret in secrets {
            assert!(!log.contains(secret), "a secret is in the log");
        }
    }
}
