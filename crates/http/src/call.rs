//! A request on its way to a handler: who calls (checked first, before a byte of the body is read), the
//! parts of the route, the parameters, and the idempotency key.

use crate::App;
use crate::reply::{Failure, bad};
use crate::server::read_body;
use axum::RequestExt;
use axum::body::Body;
use axum::extract::{FromRequest, RawPathParams, Request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use contactgram_hub::access::Need;
use contactgram_hub::{Caller, Error, Hub, Once, Permit};
use contactgram_model::{PhoneNumber, PlainToken};
use contactgram_wire::params::Params;
use flate2::read::{GzDecoder, ZlibDecoder};
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, Method};
use sha2::{Digest, Sha256};
use std::io::Read as _;
use std::sync::Arc;

/// A request whose caller is known.
pub(crate) struct Call {
    pub app: App,
    pub caller: Caller,
    pub parts: Parts,
    path: Vec<(String, String)>,
    body: Body,
}

/// A request that has been read to its end.
pub(crate) struct Asked {
    pub hub: Arc<Hub>,
    pub caller: Caller,
    pub params: Params,
    pub once: Option<Once>,
}

impl FromRequest<App> for Call {
    type Rejection = Failure;

    async fn from_request(mut request: Request, app: &App) -> Result<Call, Failure> {
        let path: Vec<(String, String)> = match request.extract_parts::<RawPathParams>().await {
            Ok(params) => params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            // A path that is no UTF-8 once it is decoded leads nowhere.
            Err(_) => return Err(Failure::NoRoute),
        };
        let in_path = path.iter().find(|(name, _)| name == "token").map(|(_, value)| value.as_str());
        let token = match in_path {
            Some(_) if !app.options.allow_token_in_path => return Err(Error::Unauthorized.into()),
            Some(text) => PlainToken::parse(text).ok_or(Failure::MalformedToken)?,
            None => from_header(request.headers(), app.options.allow_basic)?,
        };
        let caller = app.hub.authenticate(&token).await?;
        let (parts, body) = request.into_parts();
        Ok(Call { app: app.clone(), caller, parts, path, body })
    }
}

impl Call {
    /// The hub.
    pub fn hub(&self) -> &Hub {
        &self.app.hub
    }

    /// A part of the route, such as `contact_id`.
    pub fn part(&self, name: &str) -> &str {
        self.path.iter().find(|(part, _)| part == name).map_or("", |(_, value)| value.as_str())
    }

    /// A permit for `N`.
    pub fn permit<N: Need>(&self) -> Result<Permit<N>, Failure> {
        Ok(self.caller.permit()?)
    }

    /// The query's parameters alone, for what has no body.
    pub fn query(&self) -> Params {
        Params::from_query(self.parts.uri.query())
    }

    /// Reads the request to its end.
    pub async fn ask(self) -> Result<Asked, Failure> {
        let Call { app, caller, parts, body, .. } = self;
        let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let upload =
            content_type.is_some_and(|kind| kind.to_ascii_lowercase().contains("multipart/form-data"));
        let mut limits = app.options.body.clone();
        if upload {
            limits.max_bytes = app.options.max_upload;
        }
        let most = limits.max_bytes;
        let raw = read_body(body, limits).await?;
        let body = decoded(&parts.headers, raw, most)?;
        let once = once(&parts, &body)?;
        let params = Params::read(parts.uri.query(), content_type, body).await?;
        Ok(Asked { hub: app.hub, caller, params, once })
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

/// The token of an `Authorization` header: Bearer, or Basic whose `user:password` is the token.
fn from_header(headers: &HeaderMap, allow_basic: bool) -> Result<PlainToken, Failure> {
    let unauthorized = || Failure::Hub(Error::Unauthorized);
    let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or_else(unauthorized)?;
    let (scheme, rest) = value.split_once(' ').ok_or_else(unauthorized)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return PlainToken::parse(rest.trim()).ok_or(Failure::MalformedToken);
    }
    if scheme.eq_ignore_ascii_case("basic") && allow_basic {
        let decoded = STANDARD.decode(rest.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        return decoded.and_then(|text| PlainToken::parse(&text)).ok_or(Failure::MalformedToken);
    }
    Err(unauthorized())
}

/// The body without its `Content-Encoding`; never larger than `most`, however well it was packed.
fn decoded(headers: &HeaderMap, body: Bytes, most: usize) -> Result<Bytes, Failure> {
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

/// The idempotency key of a POST, with a digest of all that makes the request what it is.
fn once(parts: &Parts, body: &[u8]) -> Result<Option<Once>, Failure> {
    let Some(value) = parts.headers.get("idempotency-key").filter(|_| parts.method == Method::POST) else {
        return Ok(None);
    };
    let key = value.to_str().ok().map(str::trim).filter(|key| (1..=255).contains(&key.len()));
    let Some(key) = key else { return Err(bad("Idempotency-Key must have 1 to 255 visible characters")) };
    let mut digest = Sha256::new();
    // The route without its credential: the token may be in the path one time and in a header the next.
    let route = parts.uri.path().splitn(3, '/').nth(2).unwrap_or_default();
    for piece in [route.as_bytes(), parts.uri.query().unwrap_or_default().as_bytes(), body] {
        digest.update((piece.len() as u64).to_le_bytes());
        digest.update(piece);
    }
    Ok(Some(Once { key: key.to_owned(), fingerprint: digest.finalize().into() }))
}
