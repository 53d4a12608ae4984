//! What must hold for every answer: the envelope of the API, the words of OAuth, pages that nobody frames or writes
//! into, and no secret in any of them. Called by the target `request`; panics where a law is broken.

use super::Asked;
use super::world::World;
use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderName, Method, Response, StatusCode};
use serde_json::Value;

/// What an input says where it tries to write into a page; each begins with what has to be escaped.
const WRITTEN_INTO_PAGES: [&str; 3] = ["<fuzz", "\"onfuzz", "'onfuzz"];
const OAUTH: [&str; 3] = ["/oauth/token", "/oauth/revoke", "/oauth/introspect"];

pub async fn hold(world: &World, asked: &Asked, answer: &Response<Bytes>) {
    let (status, body) = (answer.status(), String::from_utf8_lossy(answer.body()));
    let told = || format!("{} {} -> {answer:?}", asked.method, asked.uri);
    assert!(!status.is_server_error(), "{}", told());
    assert!(answer.headers().contains_key("x-request-id"), "every answer has an id: {}", told());
    if status == StatusCode::UNAUTHORIZED {
        assert!(answer.headers().contains_key(WWW_AUTHENTICATE), "{}", told());
    }
    assert!(!answer.headers().contains_key(AUTHORIZATION), "no answer repeats a credential");
    let location = header(answer, &LOCATION);
    for secret in world.secrets.iter().filter(|secret| !secret.told.get()) {
        let repeated = body.contains(&secret.text) || location.contains(&secret.text);
        assert!(!repeated, "no answer repeats a credential: {}", told());
    }
    let bodiless =
        asked.method == Method::HEAD || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if is_api(asked) && !bodiless {
        assert_eq!(header(answer, &CONTENT_TYPE), "application/json", "{}", told());
        is_enveloped(status, answer.body());
    }
    if asked.method == Method::POST && OAUTH.contains(&asked.path()) {
        is_oauths(asked.path(), answer);
    }
    if header(answer, &CONTENT_TYPE).starts_with("text/html") && is_portal(asked) {
        is_guarded(answer);
        let body = body.to_ascii_lowercase();
        assert!(WRITTEN_INTO_PAGES.iter().all(|text| !body.contains(text)), "{}", told());
    }
    if !location.is_empty() && is_portal(asked) {
        assert!(leads_well(world, asked, location).await, "{}", told());
    }
}

fn is_api(asked: &Asked) -> bool {
    ["/v1/", "/bot", "/admin/"].iter().any(|start| asked.path().starts_with(start))
}

fn is_portal(asked: &Asked) -> bool {
    asked.path().starts_with("/portal") || asked.path() == "/oauth/authorize"
}

/// A header's text; empty where there is none.
fn header<'a>(answer: &'a Response<Bytes>, name: &HeaderName) -> &'a str {
    answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn is_enveloped(status: StatusCode, body: &[u8]) {
    let envelope = match serde_json::from_slice(body) {
        Ok(Value::Object(envelope)) => envelope,
        // A history is the one answer that is a bare list.
        Ok(Value::Array(_)) if status.is_success() => return,
        _ => panic!("{status}: {}", String::from_utf8_lossy(body)),
    };
    if status.is_success() {
        assert_eq!(envelope["ok"], true, "{envelope:?}");
        assert!(envelope.contains_key("result"), "{envelope:?}");
    } else {
        assert_eq!((&envelope["ok"], &envelope["error_code"]), (&false.into(), &status.as_u16().into()));
        assert!(envelope["description"].as_str().is_some_and(|text| !text.is_empty()), "{envelope:?}");
    }
}

/// RFC 6749, 5.1 and 5.2: JSON that nobody keeps. What could not even be read has the API's envelope.
fn is_oauths(path: &str, answer: &Response<Bytes>) {
    assert!(header(answer, &CACHE_CONTROL).contains("no-store"), "{answer:?}");
    assert!(header(answer, &CONTENT_TYPE).starts_with("application/json"), "{answer:?}");
    let said: Value = serde_json::from_slice(answer.body()).expect("JSON");
    let has = |name: &str| said[name].as_str().is_some_and(|text| !text.is_empty());
    match answer.status().is_success() {
        // A revocation says nothing.
        true if path == "/oauth/revoke" => assert_eq!(said, serde_json::json!({})),
        true => assert!(has("access_token") || said["active"].is_boolean(), "{answer:?}"),
        false => assert!(has("error") || has("description"), "{answer:?}"),
    }
}

fn is_guarded(answer: &Response<Bytes>) {
    let policy = header(answer, &CONTENT_SECURITY_POLICY);
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{answer:?}");
    assert!(!policy.contains("unsafe"), "{answer:?}");
    assert_eq!(header(answer, &X_FRAME_OPTIONS), "DENY", "{answer:?}");
    assert_eq!(header(answer, &X_CONTENT_TYPE_OPTIONS), "nosniff", "{answer:?}");
    assert_eq!(header(answer, &CACHE_CONTROL), "no-store", "{answer:?}");
}

/// Pages lead to pages of ours; only the answer to an application leads elsewhere, to an address that is registered.
async fn leads_well(world: &World, asked: &Asked, location: &str) -> bool {
    let ours = ["/portal", "/oauth/authorize?"].iter().any(|start| location.starts_with(start));
    if ours && !location.starts_with("//") && !location.contains('\\') {
        return true;
    }
    if asked.path() != "/oauth/authorize" {
        return false;
    }
    // No registered address has these names in it, so the answer begins with the first of them.
    let ends = ["?code=", "&code=", "?error=", "&error="].map(|start| location.find(start));
    let Some(end) = ends.into_iter().flatten().min() else { return false };
    // A `?` that the address ends with was there before the answer came.
    world.may_lead_to(&location[..end]).await || world.may_lead_to(&location[..=end]).await
}
