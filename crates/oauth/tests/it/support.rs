//! Clients, requests and records that are right; each test spoils one thing.
//! Used by every test of this folder.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contactgram_model::scope::Scopes;
use contactgram_oauth::authorize::{self, Approval, Refused, Request};
use contactgram_oauth::grant::{Asking, CodeRecord, FamilyId, Lifetimes, TokenRequest};
use contactgram_oauth::{Client, ClientId, ClientKind, ClientSecret, Issuer, Params, RedirectUri, scopes};
use sha2::{Digest, Sha256};

pub const NOW: i64 = 1_800_000_000;
pub const FAMILY: FamilyId = FamilyId(7);
pub const CALLBACK: &str = "https://app.example/cb";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// The digest of [`VERIFIER`], both from RFC 7636, appendix B.
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// Everything an authorization request needs, besides the client.
pub const ASKED: &[(&str, &str)] = &[
    ("response_type", "code"),
    ("redirect_uri", CALLBACK),
    ("state", "a b&c"),
    ("code_challenge", CHALLENGE),
    ("code_challenge_method", "S256"),
];

pub fn id(number: u8) -> ClientId {
    ClientId::create(&[number; 12])
}

pub fn secret() -> ClientSecret {
    ClientSecret::create(&[3; 32])
}

pub fn set(text: &str) -> Scopes {
    scopes::parse(text).expect("the test names scopes that exist")
}

pub fn public() -> Client {
    Client {
        id: id(1),
        kind: ClientKind::Public,
        redirects: vec![RedirectUri::register(CALLBACK).expect("a good address")],
        scopes: set("contacts:read contacts:write messages:read"),
        default_scopes: set("contacts:read"),
        own_scopes: Scopes::default(),
    }
}

pub fn confidential() -> Client {
    Client {
        id: id(2),
        kind: ClientKind::Confidential { secret: secret().digest() },
        own_scopes: set("messages:send contacts:read"),
        ..public()
    }
}

pub fn issuer() -> Issuer {
    Issuer::parse("https://cg.example").expect("a good issuer")
}

pub fn form(pairs: &[(&str, &str)]) -> Params {
    let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    Params::parse(text.as_bytes())
}

/// `base` without those named in `changes`, and with those of `changes` that have a value.
pub fn changed<'a>(
    base: &[(&'a str, &'a str)],
    changes: &[(&'a str, Option<&'a str>)],
) -> Vec<(&'a str, &'a str)> {
    let kept = base.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    let new = changes.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
    kept.copied().chain(new).collect()
}

pub fn ask(client: &Client, changes: &[(&str, Option<&str>)]) -> Result<Request, Refused> {
    let mut pairs = vec![("client_id", client.id.as_str())];
    pairs.extend(changed(ASKED, changes));
    authorize::read(&form(&pairs), Some(client))
}

pub fn code_record(client: &Client, changes: &[(&str, Option<&str>)]) -> CodeRecord {
    let request = ask(client, changes).expect("a good request");
    let approval = Approval { scopes: request.scopes, family: FAMILY };
    request.approve(approval, &Lifetimes::default(), NOW).expect("something was approved")
}

pub fn token_request(pairs: &[(&str, &str)]) -> TokenRequest {
    TokenRequest::read(&form(pairs)).expect("a good request")
}

pub fn asking<'a>(client: &'a ClientId, lifetimes: &'a Lifetimes, now: i64) -> Asking<'a> {
    Asking { client, now, lifetimes }
}

pub fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

/// The parameters of an address's query, decoded.
pub fn query(location: &str) -> Vec<(String, String)> {
    url::Url::parse(location).expect("a location is an address").query_pairs().into_owned().collect()
}

pub fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
