//! What OAuth's endpoints are sent: credentials as Basic and as a form's fields, requests for tokens, scopes. The
//! input is the value of `Authorization` on a line, empty for none, and behind it a form as it is posted.

use super::first_line;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use contactgram_model::TokenDigest;
use contactgram_model::scope::Scopes;
use contactgram_oauth::authorize::{self, Refused};
use contactgram_oauth::credentials::Credentials;
use contactgram_oauth::grant::TokenRequest;
use contactgram_oauth::{Client, ClientId, ClientKind, Issuer, Params, RedirectUri, answer, inspect, scopes};

const NAMES: [&str; 8] = [
    "client_id",
    "client_secret",
    "grant_type",
    "code",
    "code_verifier",
    "refresh_token",
    "redirect_uri",
    "scope",
];
/// What inputs write into secrets, so that it can be looked for where none may be.
const MARK: &str = "s3cr3t";

pub fn run(input: &[u8]) {
    let Some((header, form)) = first_line(input) else { return };
    let params = Params::parse(form);
    let sent: Vec<(String, String)> = form_urlencoded::parse(form).into_owned().collect();
    for name in NAMES {
        let mut values = sent.iter().filter(|(given, _)| given == name).map(|(_, value)| value.as_str());
        match (values.next(), values.next()) {
            (value, None) => {
                assert_eq!(params.one(name).expect("it came once"), value.filter(|v| !v.is_empty()))
            }
            _ => assert!(params.one(name).is_err(), "{name} came twice"),
        }
    }
    let header = std::str::from_utf8(header).ok();
    is_answered(Credentials::read(header.filter(|header| !header.is_empty()), &params), &sent);
    match TokenRequest::read(&params) {
        Ok(request) => shows_no_secret(&format!("{request:?}"), &sent),
        Err(error) => is_json(&answer::error(&error)),
    }
    let _ = inspect::token(&params);
    if let Some(text) = params.one("scope").ok().flatten() {
        scopes_are_read_back(text);
    }
    let secret = String::from_utf8_lossy(form);
    proves_itself(&secret);
    if let Err(Refused::Sent(sent)) = authorize::read(&params, Some(&client(&secret))) {
        let issuer = Issuer::parse("https://cg.example").expect("an address");
        assert!(sent.location(&issuer).starts_with("https://app.example/cb?error="));
    }
}

fn is_answered(read: Result<Credentials, contactgram_oauth::Error>, sent: &[(String, String)]) {
    match read {
        Ok(credentials) => {
            assert!(credentials.prove(None).is_err(), "nobody proves to be an unknown client");
            shows_no_secret(&format!("{credentials:?}"), sent);
        }
        Err(error) => is_json(&answer::error(&error)),
    }
}

fn shows_no_secret(shown: &str, sent: &[(String, String)]) {
    let is_secret = |name: &str| ["client_secret", "code", "code_verifier", "refresh_token"].contains(&name);
    let told_elsewhere = sent.iter().any(|(name, value)| !is_secret(name) && value.contains(MARK));
    assert!(told_elsewhere || !shown.contains(MARK), "{shown}");
}

fn is_json(answer: &answer::Answer) {
    let body: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
    assert!(body["error"].is_string() && body["error_description"].is_string(), "{body}");
    assert!(answer.headers.iter().all(|(_, value)| http::HeaderValue::from_str(value).is_ok()));
}

fn scopes_are_read_back(text: &str) {
    if let Ok(read) = scopes::parse(text) {
        assert_eq!(scopes::parse(&scopes::write(read)), Ok(read));
        assert!(
            text.split(' ').all(|name| name.is_empty() || scopes::write(read).split(' ').any(|n| n == name))
        );
    }
}

/// Whatever the secret, its client gets in with it by both ways, and with no other.
fn proves_itself(secret: &str) {
    let client = client(secret);
    let id = client.id.as_str();
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let basic = |secret: &str| {
        let header = format!("Basic {}", STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret))));
        let read = Credentials::read(Some(&header), &Params::parse(b"")).expect("one way");
        read.prove(Some(&client)).is_ok()
    };
    let posted = |secret: &str| {
        let form = format!("client_id={id}&client_secret={}", encoded(secret));
        let read = Credentials::read(None, &Params::parse(form.as_bytes())).expect("one way");
        read.prove(Some(&client)).is_ok()
    };
    let other = format!("{secret}x");
    assert!(basic(secret) && !basic(&other), "{secret:?}");
    // A field without a value counts as left out.
    assert!(posted(secret) != secret.is_empty() && !posted(&other), "{secret:?}");
}

fn client(secret: &str) -> Client {
    let scopes = scopes::parse("contacts:read contacts:write").expect("scopes that exist");
    Client {
        id: ClientId::create(&[0xAB; 12]),
        kind: ClientKind::Confidential { secret: TokenDigest::of(secret) },
        redirects: vec![RedirectUri::register("https://app.example/cb").expect("an address")],
        scopes,
        default_scopes: scopes,
        own_scopes: Scopes::default(),
    }
}
