//! Where OAuth sends people: what is registered, what matches it, and how an answer is put behind it. The input is a
//! registered address, the address that a request asks for, a state, and an origin, each on a line. Addresses are
//! judged here by the parser that browsers have, which the code under test never asks about a match.

use contactgram_model::scope::{Scope, Scopes};
use contactgram_oauth::authorize::{self, Refused};
use contactgram_oauth::{Client, ClientId, ClientKind, Issuer, Params, RedirectUri, redirect};
use url::{Host, Url};

/// The challenge of RFC 7636, appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const CODE: &str = "cgo_1_code";

pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let mut lines = text.split('\n');
    let mut line = || lines.next().unwrap_or_default();
    let (ours, asked, state, origin) = (line(), line(), line(), line());
    let Ok(registered) = RedirectUri::register(ours) else { return };
    is_fit(&registered, ours);
    if registered.matches(asked) && asked != ours {
        is_the_same_but_for_the_port(ours, asked);
    }
    let client = public(registered.clone());
    if client.may_call_from(origin) {
        is_the_origin_of(origin, ours);
    }
    for asked in [asked, ours] {
        let (query, issuer) = (query(&client.id, asked, state), Issuer::parse("https://cg.example"));
        let issuer = issuer.expect("an address");
        match authorize::read(&Params::parse(query.as_bytes()), Some(&client)) {
            Ok(request) => {
                assert!(asked.is_empty() || (registered.matches(asked) && request.return_to.uri == asked));
                assert!(!request.return_to.shown().is_empty());
                let location = request.location(CODE, &issuer);
                is_answered_at(&request.return_to.uri, &location, &[("code", CODE), ("state", state)]);
            }
            Err(Refused::Sent(sent)) => panic!("all but the address is right: {sent}"),
            Err(Refused::Shown(_)) => assert!(!asked.is_empty() && !registered.matches(asked)),
        }
    }
}

fn is_fit(registered: &RedirectUri, text: &str) {
    assert!(registered.as_str() == text && registered.matches(text) && text.len() <= redirect::LONGEST);
    let url = Url::parse(text).expect("an address");
    assert!(url.fragment().is_none() && url.username().is_empty() && url.password().is_none(), "{text}");
    assert!(http::HeaderValue::from_str(text).is_ok(), "{text}");
    match url.scheme() {
        "https" => assert!(url.has_host(), "{text}"),
        "http" => assert!(is_here(&url) || url.host_str() == Some("localhost"), "{text}"),
        // So that neither `javascript:` nor `data:` is one.
        scheme => assert!(scheme.contains('.'), "{text}"),
    }
}

/// Whether an address is that of the person's own machine, written as a number.
fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        _ => false,
    }
}

fn is_the_same_but_for_the_port(ours: &str, asked: &str) {
    let (ours, asked) = (Url::parse(ours).expect("registered"), Url::parse(asked).expect("what matches"));
    assert!(ours.scheme() == "http" && is_here(&ours), "{ours} {asked}");
    let parts = |url: &Url| {
        let (path, query) = (url.path().to_owned(), url.query().map(str::to_owned));
        (url.scheme().to_owned(), url.host().map(|host| host.to_owned()), path, query)
    };
    assert_eq!(parts(&ours), parts(&asked));
    assert!(asked.username().is_empty() && asked.password().is_none() && asked.fragment().is_none());
}

fn is_the_origin_of(origin: &str, ours: &str) {
    let (page, ours) = (Url::parse(origin).expect("an origin"), Url::parse(ours).expect("registered"));
    assert!(page.path() == "/" && page.query().is_none(), "{origin}");
    assert_eq!((page.scheme(), page.host()), (ours.scheme(), ours.host()), "{origin}");
    let free = page.scheme() == "http" && is_here(&page);
    assert!(free || page.port_or_known_default() == ours.port_or_known_default(), "{origin}");
}

/// The answer is at the address, behind what the address has of its own.
fn is_answered_at(address: &str, location: &str, answer: &[(&str, &str)]) {
    let (asked, given) = (Url::parse(address).expect("an address"), Url::parse(location).expect("one more"));
    assert_eq!((asked.scheme(), asked.host(), asked.port()), (given.scheme(), given.host(), given.port()));
    assert_eq!(asked.path(), given.path());
    let mut expected: Vec<(String, String)> = asked.query_pairs().into_owned().collect();
    let answer = answer.iter().filter(|(_, value)| !value.is_empty());
    expected.extend(answer.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    expected.push(("iss".to_owned(), "https://cg.example".to_owned()));
    assert_eq!(given.query_pairs().into_owned().collect::<Vec<_>>(), expected, "{location}");
}

fn public(registered: RedirectUri) -> Client {
    let scopes: Scopes = [Scope::ContactsRead].into_iter().collect();
    Client {
        id: ClientId::create(&[1; 12]),
        kind: ClientKind::Public,
        redirects: vec![registered],
        scopes,
        default_scopes: scopes,
        own_scopes: Scopes::default(),
    }
}

fn query(id: &ClientId, asked: &str, state: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("client_id", id.as_str()).append_pair("redirect_uri", asked);
    query.append_pair("state", state).append_pair("response_type", "code");
    query.append_pair("code_challenge", CHALLENGE).append_pair("code_challenge_method", "S256");
    query.finish()
}
