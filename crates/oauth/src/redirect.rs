//! Where people may be sent back to: what can be registered, and what matches a registration.
//! The portal and the command line register; `authorize` matches. A match is a comparison of texts
//! (RFC 9700, 4.1.3), save the port of a loopback address (RFC 8252, 7.3); nothing is normalised or guessed.

use url::{Host, Url};

/// Bytes that a registered address may have.
pub const LONGEST: usize = 1024;

/// What an authorization response adds to an address, and a registration may therefore not contain.
const RESERVED: &[&str] = &["code", "state", "iss", "error", "error_description", "error_uri"];
/// Origins whose port is free: native apps listen where the system lets them.
const LOOPBACK: &[&str] = &["http://127.0.0.1", "http://[::1]"];

/// A registered address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectUri(String);

/// Why an address can't be registered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Over [`LONGEST`].
    #[error("a redirect URI has at most {LONGEST} bytes")]
    TooLong,
    /// Not an absolute address, or none at all.
    #[error("a redirect URI is an absolute address, such as https://app.example/callback")]
    NotAbsolute,
    /// White space, control characters, letters beyond ASCII, or one of `"<>\^{|}` and the grave accent.
    #[error("a redirect URI has no white space and only characters of an address; encode the others")]
    Character,
    /// A `#`.
    #[error("a redirect URI has no fragment")]
    Fragment,
    /// A `*`: every address is registered by itself.
    #[error("a redirect URI has no wildcard; register each address")]
    Wildcard,
    /// A user or password before the host.
    #[error("a redirect URI names no user or password")]
    User,
    /// http to another machine.
    #[error("a redirect URI is https; http is for 127.0.0.1, [::1] and localhost only")]
    PlainHttp,
    /// A scheme that is neither the web's nor an app's own.
    #[error("an app's own scheme is a domain name turned round, such as com.example.app")]
    Scheme,
    /// A name that the answer needs for itself.
    #[error("a redirect URI has no parameter named code, state, iss or error in its query")]
    Reserved,
    /// An address that clients and browsers would write differently, so that it would never match.
    #[error("write the redirect URI as {0}")]
    Unusual(String),
}

impl RedirectUri {
    /// Reads an address that somebody wants to register.
    ///
    /// # Errors
    /// [`Unfit`], a sentence for the person who typed it.
    pub fn register(text: &str) -> Result<RedirectUri, Unfit> {
        if text.len() > LONGEST {
            return Err(Unfit::TooLong);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte)) {
            return Err(Unfit::Character);
        }
        if text.contains('#') {
            return Err(Unfit::Fragment);
        }
        if text.contains('*') {
            return Err(Unfit::Wildcard);
        }
        let url = Url::parse(text).map_err(|_| Unfit::NotAbsolute)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Unfit::User);
        }
        check_scheme(&url)?;
        if url.query_pairs().any(|(name, _)| RESERVED.contains(&name.as_ref())) {
            return Err(Unfit::Reserved);
        }
        // The slash after a bare host may be left out: it is the one difference everybody makes.
        let bare = url.path() == "/" && url.query().is_none();
        if url.as_str() != text && !(bare && url.as_str().strip_suffix('/') == Some(text)) {
            return Err(Unfit::Unusual(url.into()));
        }
        Ok(RedirectUri(text.to_owned()))
    }

    /// An address as the store kept it: it was judged when it was registered.
    pub fn from_store(text: String) -> RedirectUri {
        RedirectUri(text)
    }

    /// As it was registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a request may be sent back to `asked` because of this registration.
    pub fn matches(&self, asked: &str) -> bool {
        if self.0 == asked {
            return true;
        }
        match (without_port(&self.0), without_port(asked)) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => false,
        }
    }
}

impl RedirectUri {
    /// Whether a page of this origin, as browsers write it, is where the address leads.
    pub(crate) fn is_of(&self, origin: &str) -> bool {
        let exact =
            self.0.strip_prefix(origin).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
        let web = match origin.split_once("://") {
            Some(("https" | "http", host)) => !host.contains(['/', '?']),
            _ => false,
        };
        let local = match (without_port(&self.0), without_port(origin)) {
            (Some((ours, _)), Some((theirs, rest))) => ours == theirs && rest.is_empty(),
            _ => false,
        };
        web && (exact || local)
    }
}

fn check_scheme(url: &Url) -> Result<(), Unfit> {
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => Ok(()),
        ("http", Some(Host::Ipv4(ip))) if ip == std::net::Ipv4Addr::LOCALHOST => Ok(()),
        ("http", Some(Host::Ipv6(ip))) if ip == std::net::Ipv6Addr::LOCALHOST => Ok(()),
        ("http", Some(Host::Domain("localhost"))) => Ok(()),
        ("http", _) => Err(Unfit::PlainHttp),
        (scheme, _) if scheme.contains('.') && url.as_str().len() > scheme.len() + 1 => Ok(()),
        _ => Err(Unfit::Scheme),
    }
}

/// Origin and rest of a loopback address, whatever its port. `localhost` is none: it is a name, and names
/// can be made to lead elsewhere.
fn without_port(text: &str) -> Option<(&'static str, &str)> {
    LOOPBACK.iter().find_map(|origin| {
        let after = text.strip_prefix(origin)?;
        let rest = match after.strip_prefix(':') {
            None => after,
            Some(after) => {
                let digits = after.bytes().take_while(u8::is_ascii_digit).count();
                let (port, rest) = after.split_at(digits);
                port.parse::<u16>().ok().filter(|number| *number > 0 && !port.starts_with('0'))?;
                rest
            }
        };
        (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((*origin, rest))
    })
}

/// Where a request's answer goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnTo {
    /// The address, as asked for or else as registered.
    pub uri: String,
    /// Whether the request named it; then the token request has to name it, too (RFC 6749, 4.1.3).
    pub named: bool,
}

/// Finds where to send somebody back to. Left out, it is the one that is registered, if there is just one.
pub(crate) fn choose(registered: &[RedirectUri], asked: Option<&str>) -> Option<ReturnTo> {
    match (asked, registered) {
        (Some(asked), _) => registered
            .iter()
            .any(|one| one.matches(asked))
            .then(|| ReturnTo { uri: asked.to_owned(), named: true }),
        (None, [only]) => Some(ReturnTo { uri: only.0.clone(), named: false }),
        (None, _) => None,
    }
}

impl ReturnTo {
    /// What a person is shown of it: host and port, or the scheme of an app's own address.
    pub fn shown(&self) -> String {
        let Ok(url) = Url::parse(&self.uri) else { return String::new() };
        match (url.scheme(), url.host_str(), url.port()) {
            ("https" | "http", Some(host), None) => host.to_owned(),
            ("https" | "http", Some(host), Some(port)) => format!("{host}:{port}"),
            (scheme, _, _) => scheme.to_owned(),
        }
    }

    /// The address with an answer's parameters behind its own.
    pub(crate) fn with(&self, answer: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(answer);
        let query = query.finish();
        let separator = match self.uri.split_once('?') {
            None => "?",
            Some((_, own)) if own.is_empty() || own.ends_with('&') => "",
            Some(_) => "&",
        };
        format!("{}{separator}{query}", self.uri)
    }
}
