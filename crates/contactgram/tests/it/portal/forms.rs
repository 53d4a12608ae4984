//! Forms and sessions: what is forged is not taken, secrets change when they must, and headers say what browsers may.

use contactgram_http::needs::{Need, Who, table};
use contactgram_testkit::{Options, TestServer, json};
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Browser, PASSWORD};

async fn owner() -> (TestServer, Browser) {
    let server = TestServer::start(Options::default()).await;
    let owner = Browser::member(&server, "ann", &["--role", "owner", "--all-accounts"]).await;
    (server, owner)
}

#[tokio::test]
async fn no_form_is_taken_without_the_token_of_its_session_or_from_another_site() {
    let (server, ann) = owner().await;
    let bob = Browser::member(&server, "bob", &["--role", "owner", "--all-accounts"]).await;
    let shop = server.account("Shop").await.id.to_string();
    let mut tried = 0;
    for row in table() {
        if row.verb != "POST" || !matches!(row.need, Need::Page(who) if who != Who::Anybody) {
            continue;
        }
        // What the address itself says is checked before its form is.
        if row.path == "/oauth/authorize" {
            continue;
        }
        let path = row.path.replace("{account}", &shop).replace("{client}", "cgc_x").replace("{id}", "1");
        let path = path.replace("{chat}", "1");
        let (own, others) = (format!("csrf={}", ann.csrf), format!("csrf={}", bob.csrf));
        for (form, headers) in [
            ("", &[][..]),
            ("csrf=", &[]),
            (&others, &[]),
            (&own, &[("sec-fetch-site", "cross-site")][..]),
            (&own, &[("sec-fetch-site", "same-site")]),
            (&own, &[("origin", "https://evil.example")]),
            (&own, &[("origin", "null")]),
        ] {
            let answer = ann.post_from(&path, form, headers).await;
            assert_eq!(answer.status, 403, "{path} {form} {headers:?}: {}", answer.text);
            assert!(answer.text.contains("That was not sent"), "{}", answer.text);
            tried += 1;
        }
    }
    assert!(tried > 200, "{tried}");
    // Nothing of it happened.
    assert_eq!(ann.get("/portal/me").await.status, 200);
    assert_eq!(server.cli_json(&["account", "list", "--json"]).await.as_array().map(Vec::len), Some(2));
    let (form, own) = (format!("csrf={}", ann.csrf), [("origin", server.url())]);
    let good = ann.post_from("/portal/me/sessions/end-others", &form, &own).await;
    assert_eq!(good.status, 303);
}

#[tokio::test]
async fn signing_in_gives_a_new_secret_each_time_and_signing_out_ends_it() {
    let (server, ann) = owner().await;
    let form = format!("name=ANN&password={PASSWORD}&next=/portal/me");
    // A secret that somebody planted before is not the session's afterwards.
    let planted = Browser { cookie: "contactgram=planted".to_owned(), ..Browser::stranger(&server) };
    let answer = planted.post("/portal/sign-in", &form).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/portal/me")));
    let cookie = answer.header("set-cookie").expect("a cookie").to_owned();
    assert!(cookie.starts_with("contactgram=") && !cookie.contains("planted"), "{cookie}");
    for flag in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.split("; ").any(|part| part == flag), "{cookie}");
    }
    let again = Browser::stranger(&server).with(&answer).await;
    assert_ne!(again.cookie, ann.cookie);
    let out = again.ask("POST", "/portal/sign-out").await;
    assert_eq!((out.status, out.header("location")), (303, Some("/portal/sign-in?done=out")));
    assert!(out.header("set-cookie").is_some_and(|cookie| cookie.contains("Max-Age=0")));
    assert_eq!(again.get("/portal/me").await.status, 303);
    assert_eq!(ann.get("/portal/me").await.status, 200, "the other session goes on");
}

#[tokio::test]
async fn behind_tls_the_cookie_is_bound_to_the_host() {
    let options = Options::default().argument(&["--public-url", "https://contacts.example"]);
    let server = TestServer::start(options).await;
    let made =
        server.cli_json(&["member", "add", "ann", "--role", "owner", "--all-accounts", "--json"]).await;
    let link = made.to_string();
    let code = link.split("code=").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    let form = format!("code={code}&password={PASSWORD}&again={PASSWORD}");
    let origin = [("origin", "https://contacts.example")];
    let answer = Browser::stranger(&server).post_from("/portal/welcome", &form, &origin).await;
    let cookie = answer.header("set-cookie").expect("a cookie");
    assert!(cookie.starts_with("__Host-contactgram=") && cookie.contains("; Secure"), "{cookie}");
    assert!(!cookie.contains("Domain"), "{cookie}");
}

#[tokio::test]
async fn a_wrong_password_says_no_more_than_an_unknown_name_and_too_many_are_stopped() {
    let (server, _ann) = owner().await;
    let browser = Browser::stranger(&server);
    let page = |text: &str| text.replace("value=\"nobody\"", "value=\"ann\"");
    let wrong = browser.post("/portal/sign-in", "name=ann&password=wrong").await;
    let unknown = browser.post("/portal/sign-in", "name=nobody&password=wrong").await;
    assert_eq!((wrong.status, unknown.status), (422, 422));
    assert_eq!(page(&wrong.text), page(&unknown.text));
    let mut stopped = None;
    for _ in 0..12 {
        let answer = browser.post("/portal/sign-in", "name=ann&password=wrong").await;
        if answer.text.contains("Too many tries") {
            stopped = Some(answer.status);
            break;
        }
    }
    assert_eq!(stopped, Some(422));
    let right = browser.post("/portal/sign-in", &format!("name=ann&password={PASSWORD}")).await;
    assert!(right.text.contains("Too many tries"), "the right one waits as well: {}", right.text);
}

#[tokio::test]
async fn every_page_has_the_headers_that_keep_it_from_being_framed_kept_or_scripted() {
    let (server, ann) = owner().await;
    let shop = server.account("Shop").await.id;
    let stranger = Browser::stranger(&server);
    let mut seen = vec![stranger.get("/portal").await, stranger.get("/oauth/authorize").await];
    for path in ["/portal/sign-in", "/portal/welcome?code=x"] {
        seen.push(stranger.get(path).await);
    }
    let at = format!("/portal/a/{shop}");
    for path in [
        "/portal",
        "/portal/me",
        "/portal/accounts",
        "/portal/members",
        "/portal/audit",
        "/portal/a/1",
        at.as_str(),
    ] {
        seen.push(ann.get(path).await);
    }
    for answer in seen {
        let header = |name: &str| answer.header(name).unwrap_or_default().to_owned();
        let policy = header("content-security-policy");
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "frame-ancestors 'none'",
            "form-action 'self'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(part), "{} {policy}", answer.status);
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
        assert_eq!(header("x-frame-options"), "DENY");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("referrer-policy"), "same-origin");
    }
}

#[tokio::test]
async fn names_and_messages_are_text_wherever_they_are_shown() {
    let (server, ann) = owner().await;
    let shop = server.account("Shop <i>&").await;
    let evil = "<script>alert(1)</script>\"'&";
    shop.v1()
        .post(
            "contacts",
            json!({"first_name": evil, "phone_number": "+447700900123", "note": evil, "labels": [evil]}),
        )
        .await
        .result();
    let person = server.person(json!({"first_name": evil})).await;
    person.write(shop.id, evil).await;
    let hook = json!({"url": "http://127.0.0.1:9/%3Cscript%3Ealert", "description": evil, "labels": [evil]});
    let hook = shop.v1().post("webhooks", hook).await.result()["id"].to_string();
    shop.bot().call("getUpdates", json!({"consumer": "x"})).await.result();
    let tomorrow = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 86_400;
    let later = json!({"chat_id": person.id, "text": evil, "send_at": tomorrow});
    assert_eq!(shop.v1().post("sendMessage", later).await.status, 202);
    let cast = json!({"text": evil, "to": {"label": evil}});
    assert_eq!(shop.v1().post("broadcasts", cast).await.status, 202);
    let at = format!("/portal/a/{}", shop.id);
    let chat = format!("{at}/chats/{}?phone=1", person.id);
    let pages = [
        "/portal".to_owned(),
        at.clone(),
        format!("{at}/contacts"),
        format!("{at}/contacts?q=%3Cscript%3E%22"),
        format!("{at}/chats"),
        chat,
        format!("{at}/contacts/{}", person.id),
        format!("{at}/audit"),
        format!("{at}/webhooks"),
        format!("{at}/webhooks/{hook}"),
        format!("{at}/outbox"),
        format!("{at}/outbox/1"),
        format!("{at}/broadcasts"),
        format!("{at}/broadcasts/1"),
        format!("{at}/broadcasts/new?label=%3Cscript%3E%22"),
    ];
    for page in pages {
        let answer = ann.get(&page).await;
        assert_eq!(answer.status, 200, "{page}: {}", answer.text);
        assert!(
            !answer.text.contains("<script>alert") && !answer.text.contains("<i>&"),
            "{page}: {}",
            answer.text
        );
    }
}
