//! The table of what each route takes, made real: every route and method with no credential, with each scope alone,
//! with those of each role, with all of them, with an account token, with access tokens of OAuth2, and with credentials
//! that are expired, revoked, forged, narrowed or somebody else's, in a header and in the path. What the table says is
//! what is answered, cell by cell. (Access tokens that have expired are in `oauth/bearer`: they take a minute.)

use std::time::Duration;

use contactgram_http::needs::{Need, Row, table};
use contactgram_model::Role;
use contactgram_model::scope::Scope;
use contactgram_testkit::{Account, Answer, Client, Method, Options, TestServer, json};

use crate::kit::{key, text};
use crate::oauth;

/// One column of the matrix.
struct Credential {
    name: String,
    token: String,
    /// What it may do; `None` if it opens nothing.
    scopes: Option<Vec<Scope>>,
}

async fn credentials(server: &TestServer, shop: &Account, other: &Account) -> Vec<Credential> {
    let mut all = Vec::new();
    let mut add = |name: &str, token: String, scopes: Option<Vec<Scope>>| {
        all.push(Credential { name: name.to_owned(), token, scopes });
    };
    let arguments = |scopes: &[Scope]| -> Vec<&'static str> {
        scopes.iter().flat_map(|scope| ["--scope", scope.name()]).collect()
    };
    let made = async |arguments: &[&str]| text(&key(server, shop, arguments).await["key"]);
    let everything = arguments(&Scope::ALL);
    let expired = made(&[&everything[..], &["--expires-in", "3s"]].concat()).await;
    let revoked = key(server, shop, &everything).await;
    let (account, number) = (shop.id.to_string(), revoked["key_id"].to_string());
    server.cli_json(&["key", "revoke", "--account", &account, &number, "--json"]).await;
    for scope in Scope::ALL {
        add(scope.name(), made(&arguments(&[scope])).await, Some(vec![scope]));
    }
    for role in Role::ALL {
        let scopes: Vec<Scope> = role.scopes().iter().collect();
        add(role.name(), made(&arguments(&scopes)).await, Some(scopes));
    }
    let narrow: Vec<Scope> = Scope::ALL[..5].to_vec();
    let narrowed = made(&[&arguments(&narrow)[..], &["--only-label", "support"]].concat()).await;
    add("narrowed", narrowed, Some(narrow));
    add("every scope", made(&everything).await, Some(Scope::ALL.to_vec()));
    add("account token", shop.token.clone(), Some(Scope::ALL.to_vec()));
    add("another account's token", other.token.clone(), Some(Scope::ALL.to_vec()));
    add("revoked", text(&revoked["key"]), None);
    let desk = oauth::app(server, shop, &everything).await;
    let few = [Scope::ContactsRead, Scope::MessagesSend];
    add("access token", desk.token(server, "contacts:read messages:send").await, Some(few.to_vec()));
    let names = Scope::ALL.map(Scope::name).join(" ");
    add("access token, every scope", desk.token(server, &names).await, Some(Scope::ALL.to_vec()));
    let ended = desk.token(server, &names).await;
    desk.post(server, "/oauth/revoke", &[("token", &ended)]).await;
    add("revoked access token", ended.clone(), None);
    add("refresh token", ended.replace("cga_", "cgr_"), None);
    // Of the right form, and never made here.
    add("forged access token", format!("cga_{}_{}", shop.id, "A1b2".repeat(9)), None);
    add("forged key", format!("cgk_{}_{}", shop.id, "A1b2".repeat(9)), None);
    add("forged token", format!("{}:{}", shop.id, "AAf0".repeat(9)), None);
    while server.bot(&expired).get("getMe").await.status != 401 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    add("expired", expired, None);
    all
}

/// A request of this row that does no harm where it is let in: it names nobody, and leaves out what it would need.
async fn ask(client: &Client, row: &Row) -> Answer {
    let filled = row
        .path
        .replace("{contact_id}", "4999999999")
        .replace("{chat_id}", "4999999999")
        .replace("{message_id}", "1")
        .replace("{id}", "4999999999")
        .replace("{account}", "1")
        .replace("{query}", "1")
        .replace("{token}", "x")
        .replace("{*path}", "photos/file_1.jpg")
        .replace("{name}", "nobody");
    let filled = match filled.as_str() {
        "/" => "/?method=getMe".to_owned(),
        // Whoever is let in is told what is wrong, rather than everything that happens from now on.
        "/updates/stream" => format!("{filled}?last_event_id=x"),
        _ => filled,
    };
    let verb = Method::from_bytes(row.verb.as_bytes()).expect("a verb");
    let request = client.request(verb, &filled);
    let request = match row.need {
        Need::Client => request
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials&token=x"),
        _ if row.verb == "GET" => request,
        _ => request.json(&json!({})),
    };
    client.send(request).await
}

#[track_caller]
fn judge(row: &Row, column: &str, scopes: Option<&[Scope]>, answer: &Answer) {
    let place = format!("{} {} with {column}: {} {}", row.verb, row.path, answer.status, answer.text);
    let Some(scopes) = scopes else {
        assert_eq!(answer.refusal(), (401, "Unauthorized".to_owned()), "{place}");
        return;
    };
    let missing = row.need.scopes().iter().find(|scope| !scopes.contains(scope));
    match missing {
        Some(scope) => {
            let wanted = format!("Forbidden: the credential lacks the scope {}", scope.name());
            assert_eq!(answer.refusal(), (403, wanted), "{place}");
        }
        None => assert!(![401, 403, 405, 500].contains(&answer.status), "{place}"),
    }
}

/// What a route beside the API answers to a credential with these scopes, or to none.
fn beside(row: &Row, scopes: Option<&[Scope]>) -> u16 {
    match (row.need, scopes) {
        (Need::Nothing, _) => 200,
        // Whoever manages an account may look at the tokens on it.
        (Need::Client, Some(scopes)) if row.path == "/oauth/introspect" => {
            if scopes.contains(&Scope::AccountManage) { 200 } else { 403 }
        }
        _ => 401,
    }
}

#[tokio::test]
async fn every_cell_of_the_table_is_as_the_table_says() {
    let server = TestServer::start(Options::default()).await;
    let (shop, other) = (server.account("Shop").await, server.account("Other").await);
    shop.v1().post("contacts", json!({"first_name": "Onlyshops", "user_id": other.id})).await.result();
    let credentials = credentials(&server, &shop, &other).await;
    let (rows, v1) = (table(), Client::new(format!("{}/v1", server.url())));
    let mut cells = 0;
    for row in rows.iter().filter(|row| row.is_api) {
        let path = if row.is_method { format!("/{}", row.path).leak() } else { row.path };
        let row = Row { path, ..*row };
        judge(&row, "nothing", None, &ask(&v1, &row).await);
        cells += 1;
        for Credential { name, token, scopes } in &credentials {
            for client in [v1.clone().bearer(token), server.bot(token)] {
                let answer = ask(&client, &row).await;
                judge(&row, name, scopes.as_deref(), &answer);
                assert!(*token != other.token || !answer.text.contains("Onlyshops"), "{}", answer.text);
                cells += 1;
            }
        }
    }
    let root = Client::new(server.url());
    for row in rows.iter().filter(|row| !row.is_api && !matches!(row.need, Need::Page(_))) {
        let row = Row { path: row.path, ..*row };
        let mut clients = vec![(root.clone(), None), (root.clone().bearer("rubbish"), None)];
        clients.extend(
            credentials
                .iter()
                .map(|credential| (root.clone().bearer(&credential.token), credential.scopes.as_deref())),
        );
        for (client, scopes) in clients {
            let answer = ask(&client, &row).await;
            assert_eq!(answer.status, beside(&row, scopes), "{} {}: {}", row.verb, row.path, answer.text);
            cells += 1;
        }
        let answer = ask(&root.clone().bearer(server.admin_token()), &row).await;
        match row.need {
            // The token of a download is in its path, and is none here.
            Need::Client | Need::Scopes(_) | Need::Upstream => {
                assert_eq!(answer.status, 401, "{}: {}", row.path, answer.text)
            }
            _ => assert!(![401, 403].contains(&answer.status), "{} {}: {}", row.verb, row.path, answer.text),
        }
        cells += 1;
    }
    assert!(rows.len() > 90 && cells > 2000, "{} rows, {cells} cells", rows.len());
}

#[test]
fn each_scope_opens_something_and_no_row_is_there_twice() {
    let rows = table();
    for scope in Scope::ALL {
        assert!(rows.iter().any(|row| row.need.scopes().contains(&scope)), "{}", scope.name());
    }
    let mut places: Vec<(&str, &str)> = rows.iter().map(|row| (row.verb, row.path)).collect();
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), rows.len());
}
