//! A request on its way to a handler: who calls (checked first, before a byte of the body is read), the
//! parts of the route, the parameters, and the idempotency key.

mod upload;

use crate::App;
use crate::reply::{Failure, bad};
use crate::routes::Route;
use crate::server::{BodyLimits, Paced, read_body};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use contactgram_hub::access::Need;
use contactgram_hub::{Caller, Error, Hub, Once, Permit, Upload};
use contactgram_model::{PhoneNumber, PlainToken};
use contactgram_wire::params::Params;
use flate2::read::{GzDecoder, ZlibDecoder};
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, Method, Request};
use hyper::body::{Body as _, Incoming};
use sha2::{Digest, Sha256};
use std::io::Read as _;
use std::sync::Arc;

/// A request whose caller is known.
pub(crate) struct Call {
    pub caller: Caller,
    pub parts: Parts,
    /// For what goes on after it was checked.
    pub token: PlainToken,
    app: Arc<App>,
    route: Route,
    decoded: Decoded,
    body: Incoming,
}

/// What a request opens the API with.
pub(crate) struct Credential {
    pub token: PlainToken,
    is_bearer: bool,
    decoded: Decoded,
}

/// The parts of a path, where anything in it was encoded: what is not can be read where it stands.
type Decoded = Option<Vec<String>>;

/// A request that has been read to its end.
pub(crate) struct Asked {
    pub hub: Arc<Hub>,
    pub caller: Caller,
    pub params: Params,
    pub once: Option<Once>,
    /// The contents of the parameters' files, where the method keeps files.
    pub uploads: Vec<Upload>,
}

/// The token that a path names behind `bot`, as it was written.
pub(crate) fn path_token(app: &App, text: &str) -> Result<PlainToken, Failure> {
    if !app.options.allow_token_in_path {
        return Err(Error::Unauthorized.into());
    }
    let text = String::from_utf8(decoded(text.as_bytes())).map_err(|_| Failure::NoRoute)?;
    PlainToken::parse(&text).ok_or(Failure::MalformedToken)
}

/// The path of a file, without its percent-encoding.
pub(crate) fn decoded_path(path: &str) -> Result<String, Failure> {
    String::from_utf8(decoded(path.as_bytes())).map_err(|_| Failure::NoRoute)
}

impl Credential {
    /// Reads the token of a request; whether it opens anything is the hub's to say.
    pub fn read(app: &App, route: Route, request: &Request<Incoming>) -> Result<Credential, Failure> {
        let path = request.uri().path();
        let decoded = match path.contains('%') {
            // A path that is no UTF-8 once it is decoded leads nowhere.
            true => Some(decoded_parts(path).ok_or(Failure::NoRoute)?),
            false => None,
        };
        let (token, is_bearer) = match route.has_token {
            true if !app.options.allow_token_in_path => return Err(Error::Unauthorized.into()),
            true => {
                let first = part_of(path, &decoded, 1);
                let text = first.strip_prefix("bot").unwrap_or_default();
                (PlainToken::parse(text).ok_or(Failure::MalformedToken)?, false)
            }
            false => from_header(request.headers(), app.options.allow_basic)?,
        };
        Ok(Credential { token, is_bearer, decoded })
    }

    /// Why it was not let in: whoever sent it as Bearer is told so in the words of RFC 6750.
    pub fn refused(&self, error: Error) -> Failure {
        match error {
            Error::Unauthorized if self.is_bearer => Failure::InvalidBearer { malformed: false },
            other => other.into(),
        }
    }
}

impl Call {
    /// A request of this caller.
    pub fn new(
        (app, route): (Arc<App>, Route),
        (caller, credential): (Caller, Credential),
        request: Request<Incoming>,
    ) -> Call {
        let (parts, body) = request.into_parts();
        Call { caller, parts, token: credential.token, app, route, decoded: credential.decoded, body }
    }

    /// The hub.
    pub fn hub(&self) -> &Hub {
        &self.app.hub
    }

    /// A part of the route, such as `contact_id`.
    pub fn part(&self, name: &str) -> &str {
        let place = self.route.place.part(name);
        place.map_or("", |place| part_of(self.parts.uri.path(), &self.decoded, place))
    }

    /// A permit for `N`.
    pub fn permit<N: Need>(&self) -> Result<Permit<N>, Failure> {
        Ok(self.caller.permit()?)
    }

    /// The query's parameters alone, for what has no body.
    pub fn query(&self) -> Params {
        Params::from_query(self.parts.uri.query())
    }

    /// The request's idempotency key, as [`Once`] has it.
    pub fn key(&self) -> Result<Option<String>, Failure> {
        key(&self.caller, &self.parts)
    }

    /// The hub, for what outlives the call.
    pub fn shared_hub(&self) -> Arc<Hub> {
        Arc::clone(&self.app.hub)
    }

    /// The bounds of a body that is read.
    pub fn body_limits(&self) -> BodyLimits {
        self.app.options.body.clone()
    }

    /// The body, to be read as it comes: at most so many bytes of it, of which `held` are in memory at a time.
    pub fn into_body(self, most: usize, held: usize) -> Paced<Incoming> {
        let limits = BodyLimits { max_bytes: most, ..self.app.options.body.clone() };
        Paced::passing(self.body, limits, held)
    }

    /// The request as it came.
    pub fn into_request(self) -> Request<Incoming> {
        Request::from_parts(self.parts, self.body)
    }

    /// Reads the request to its end.
    pub async fn ask(self) -> Result<Asked, Failure> {
        if !self.body.is_end_stream() {
            // In a box, or each call without a body, however long it then waits, would keep the room for one.
            return Box::pin(self.ask_body()).await;
        }
        let nothing = unpacked(&self.parts.headers, Bytes::new(), 0)?;
        let once = once(&self.caller, &self.parts, &nothing)?;
        let params = Params::without_body(self.parts.uri.query())?;
        Ok(Asked { hub: Arc::clone(&self.app.hub), caller: self.caller, params, once, uploads: Vec::new() })
    }

    async fn ask_body(self) -> Result<Asked, Failure> {
        let Call { app, caller, parts, body, .. } = self;
        let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let upload =
            content_type.is_some_and(|kind| kind.to_ascii_lowercase().contains("multipart/form-data"));
        let most = if upload { app.options.max_upload } else { app.options.body.max_bytes };
        let raw = read_body(body, BodyLimits { max_bytes: most, ..app.options.body.clone() }).await?;
        let body = unpacked(&parts.headers, raw, most)?;
        let once = once(&caller, &parts, &body)?;
        let params = Params::read(parts.uri.query(), content_type, body).await?;
        Ok(Asked { hub: Arc::clone(&app.hub), caller, params, once, uploads: Vec::new() })
    }
}

impl Asked {
    /// The hub.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// A permit for `N`.
    pub fn permit<N: Need>(&self) -> Result<Permit<N>, Failure> {
        Ok(self.caller.permit()?)
    }

    /// Reads a phone number; one without a `+` with the account's region.
    pub async fn phone(&self, text: &str) -> Result<PhoneNumber, Failure> {
        let region = match text.trim().starts_with('+') {
            true => None,
            false => self.hub.region(&self.caller).await?,
        };
        PhoneNumber::parse(text, region.as_deref()).map_err(|error| bad(error.to_string()))
    }
}

/// A part of a path; the first is empty, before the slash that every path begins with.
fn part_of<'a>(path: &'a str, decoded: &'a Decoded, place: usize) -> &'a str {
    match decoded {
        Some(parts) => parts.get(place).map_or("", String::as_str),
        None => path.split('/').nth(place).unwrap_or_default(),
    }
}

/// The parts of a path without their percent-encoding: split first, so that an encoded slash stays in its
/// part. A `%` that begins no code stands for itself.
fn decoded_parts(path: &str) -> Option<Vec<String>> {
    path.split('/').map(|part| String::from_utf8(decoded(part.as_bytes())).ok()).collect()
}

fn decoded(mut text: &[u8]) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let mut bytes = Vec::with_capacity(text.len());
    while let Some((&first, rest)) = text.split_first() {
        let code = match rest {
            [high, low, ..] if first == b'%' => digit(*high).zip(digit(*low)),
            _ => None,
        };
        match code {
            Some((high, low)) => {
                bytes.push(high << 4 | low);
                text = &rest[2..];
            }
            None => {
                bytes.push(first);
                text = rest;
            }
        }
    }
    bytes
}

/// The token of an `Authorization` header: Bearer, or Basic whose `user:password` is the token. Also whether it is
/// the former.
fn from_header(headers: &HeaderMap, allow_basic: bool) -> Result<(PlainToken, bool), Failure> {
    let unauthorized = || Failure::Hub(Error::Unauthorized);
    let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or_else(unauthorized)?;
    let (scheme, rest) = value.split_once(' ').ok_or_else(unauthorized)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        let token = PlainToken::parse(rest.trim());
        return token.map(|token| (token, true)).ok_or(Failure::InvalidBearer { malformed: true });
    }
    if scheme.eq_ignore_ascii_case("basic") && allow_basic {
        let decoded = STANDARD.decode(rest.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let token = decoded.and_then(|text| PlainToken::parse(&text));
        return token.map(|token| (token, false)).ok_or(Failure::MalformedToken);
    }
    Err(unauthorized())
}

/// The body without its `Content-Encoding`; never larger than `most`, however well it was packed.
fn unpacked(headers: &HeaderMap, body: Bytes, most: usize) -> Result<Bytes, Failure> {
    let Some(encoding) = headers.get(CONTENT_ENCODING) else { return Ok(body) };
    let mut out = Vec::new();
    let bound = most as u64 + 1;
    let read = match encoding.as_bytes().to_ascii_lowercase().as_slice() {
        b"identity" | b"" => return Ok(body),
        b"gzip" | b"x-gzip" => GzDecoder::new(&body[..]).take(bound).read_to_end(&mut out),
        b"deflate" => ZlibDecoder::new(&body[..]).take(bound).read_to_end(&mut out),
        _ => return Err(Failure::WrongType),
    };
    match read {
        Ok(bytes) if bytes > most => Err(Failure::TooLarge),
        Ok(_) => Ok(Bytes::from(out)),
        Err(_) => Err(bad("the body is not in the encoding that Content-Encoding names")),
    }
}

/// The idempotency key of a POST. A credential that may do less than its account has keys of its own: another's kept
/// answers may show more.
fn key(caller: &Caller, parts: &Parts) -> Result<Option<String>, Failure> {
    let Some(value) = parts.headers.get("idempotency-key").filter(|_| parts.method == Method::POST) else {
        return Ok(None);
    };
    let key = value.to_str().ok().map(str::trim).filter(|key| (1..=255).contains(&key.len()));
    let Some(key) = key else { return Err(bad("Idempotency-Key must have 1 to 255 visible characters")) };
    Ok(Some(match caller.is_whole() {
        true => key.to_owned(),
        false => format!("{}\u{1f}{key}", caller.distinct()),
    }))
}

/// The same with a digest of all that makes the request what it is.
fn once(caller: &Caller, parts: &Parts, body: &[u8]) -> Result<Option<Once>, Failure> {
    let Some(key) = key(caller, parts)? else { return Ok(None) };
    let mut digest = Sha256::new();
    let query = parts.uri.query().unwrap_or_default();
    for piece in [route(parts).as_bytes(), query.as_bytes(), body] {
        digest.update((piece.len() as u64).to_le_bytes());
        digest.update(piece);
    }
    Ok(Some(Once { key, fingerprint: digest.finalize().into() }))
}

/// The route without its credential: the token may be in the path one time and in a header the next.
pub(crate) fn route(parts: &Parts) -> &str {
    parts.uri.path().splitn(3, '/').nth(2).unwrap_or_default()
}
