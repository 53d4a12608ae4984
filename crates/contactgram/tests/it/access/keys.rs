//! API keys: made by the command line, used in the path and as Bearer, listed with their last use, ended by time and
//! by hand. What each scope opens is in `matrix`.

use std::time::Duration;

use contactgram_testkit::{Method, Options, TestServer, json};

use super::{UNAUTHORIZED, is_refused, v1};
use crate::kit::{first_account, key, number, on_each_engine, text};

#[tokio::test]
async fn a_key_opens_its_account_in_the_path_and_as_bearer_as_far_as_its_scopes_go() {
    on_each_engine(async |server| {
        let (shop, other) = (server.account("Shop").await, server.account("Other").await);
        let made = key(&server, &shop, &["--scope", "contacts:read", "--label", "reports"]).await;
        assert_eq!((number(&made["account_id"]), number(&made["key_id"])), (shop.id, 2));
        assert_eq!(made["scopes"], json!(["contacts:read"]));
        let plain = text(&made["key"]);
        assert!(plain.starts_with(&format!("cgk_{}_", shop.id)), "scanners find it");
        for client in [server.bot(&plain), v1(&server).bearer(&plain)] {
            assert_eq!(number(&client.get("getMe").await.result()["id"]), shop.id);
            assert_eq!(client.get("contacts").await.result()["total_count"], 0);
            let refused = client.get("messages").await.refusal();
            let wanted = "Forbidden: the credential lacks the scope messages:read";
            assert_eq!(refused, (403, wanted.to_owned()));
        }
        // As another account's, or as another kind of credential, it is nothing.
        let secret = plain.rsplit_once('_').expect("it has parts").1;
        for wrong in [
            format!("cgk_{}_{secret}", other.id),
            format!("cga_{}_{secret}", shop.id),
            format!("cgr_{}_{secret}", shop.id),
        ] {
            is_refused(&server.bot(&wrong).get("getMe").await, UNAUTHORIZED);
        }
        // A key has no colon, so Basic can't carry it.
        let request = v1(&server).request(Method::GET, "getMe").basic_auth(&plain, Some(""));
        assert_eq!(v1(&server).send(request).await.status, 401);
    })
    .await;
}

#[tokio::test]
async fn a_key_ends_by_time_and_by_hand_and_its_number_is_nobody_elses() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let id = shop.id.to_string();
        let brief = key(&server, &shop, &["--scope", "contacts:read", "--expires-in", "2s"]).await;
        let lasting = key(&server, &shop, &["--scope", "contacts:read", "--expires-in", "30d"]).await;
        let opens = async |made: &contactgram_testkit::Value| {
            server.bot(&text(&made["key"])).get("getMe").await.status == 200
        };
        assert!(opens(&lasting).await);
        while opens(&brief).await {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let number_of = |made: &contactgram_testkit::Value| made["key_id"].to_string();
        server.cli_json(&["key", "revoke", "--account", &id, &number_of(&lasting), "--json"]).await;
        assert!(!opens(&lasting).await, "at once");
        let again = server.cli(&["key", "revoke", "--account", &id, &number_of(&lasting), "--json"]).await;
        assert!(!again.status.success(), "there is none any more");
        let next = key(&server, &shop, &["--scope", "contacts:read"]).await;
        assert!(number(&next["key_id"]) > number(&lasting["key_id"]));

        // Keys and tokens are apart: neither command ends the other's.
        let token = server.cli(&["token", "revoke", &id, &number_of(&next), "--json"]).await;
        assert!(!token.status.success());
        server.cli_json(&["token", "rotate", &id, "--json"]).await;
        assert!(opens(&next).await, "rotating tokens leaves keys");
        assert_eq!(server.bot(&shop.token).get("getMe").await.status, 401);
    })
    .await;
}

#[tokio::test]
async fn the_list_says_when_a_key_was_used_and_never_the_key() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let id = shop.id.to_string();
        let made = key(&server, &shop, &["--scope", "contacts:read", "--label", "reports"]).await;
        let plain = text(&made["key"]);
        let listed = async || {
            server.cli_json(&["key", "list", "--account", &id, "--json"]).await.as_array().cloned().unwrap()
        };
        let unused = listed().await;
        assert!(unused.len() == 1 && unused[0].get("last_used_at").is_none(), "{unused:?}");
        assert_eq!((&unused[0]["label"], &unused[0]["key_id"]), (&json!("reports"), &made["key_id"]));
        server.bot(&plain).get("getMe").await.result();
        // Noted beside the request.
        let used = loop {
            let used = listed().await;
            if used[0]["last_used_at"].is_i64() {
                break used;
            }
        };
        assert!(number(&used[0]["last_used_at"]) >= number(&used[0]["created_at"]));
        let secret = plain.rsplit_once('_').expect("it has parts").1;
        assert!(!json!(used).to_string().contains(secret));
    })
    .await;
}

#[tokio::test]
async fn what_no_key_may_be_is_refused_by_the_name_of_the_field() {
    let server = TestServer::start(Options::default()).await;
    let (account, _) = first_account(&server).await;
    let account = account.to_string();
    for (arguments, field) in [
        (&["--scope", "contacts"][..], "scope"),
        (&["--scope", "contacts:read", "--label", ""], "label"),
        (&["--scope", "contacts:read", "--expires-in", "yesterday"], "expiry"),
        (&["--scope", "updates:read", "--only-label", "support"], "updates:read"),
        (&["--scope", "account:manage", "--only-label", "support"], "account:manage"),
        (&["--scope", "contacts:read", "--only-label", ""], "only_labels"),
        (&["--scope", "contacts:read", "--only-contact", "77"], "only_contacts"),
    ] {
        let begin = ["key", "add", "--account", &account];
        let refused = server.cli(&[&begin, arguments].concat()).await;
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains(field), "{arguments:?}: {said}");
    }
    let unknown = server.cli(&["key", "add", "--account", "77", "--scope", "contacts:read"]).await;
    assert!(!unknown.status.success());
}

#[tokio::test]
async fn an_idempotency_key_of_one_credential_repeats_nothing_to_another() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let limited = text(&key(&server, &shop, &["--scope", "contacts:write"]).await["key"]);
        let person = server.person(json!({"first_name": "Ann", "username": "ann_wood"})).await;
        let body = json!({"user_id": person.id});
        let add = async |token: &str| {
            let client = v1(&server).bearer(token);
            let request = client.request(Method::POST, "contacts").header("Idempotency-Key", "k1");
            client.send(request.json(&body)).await
        };
        let whole = add(&shop.token).await;
        shop.v1().patch(&format!("contacts/{}", person.id), json!({"note": "secret"})).await.result();
        let seen = add(&limited).await;
        assert_eq!((whole.status, seen.status), (201, 200), "it is another request: {}", seen.text);
        assert!(!seen.text.contains("secret"), "{}", seen.text);
        assert_eq!(add(&shop.token).await.text, whole.text, "and each has its own answer");
        assert_eq!(add(&limited).await.text, seen.text);
    })
    .await;
}
