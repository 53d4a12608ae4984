//! How a client says who it is: `client_secret_basic`, `client_secret_post`, or its id alone (RFC 6749, 2.3).
//! The token, revocation and introspection endpoints read first, fetch the client, then let it prove itself.
//! An unknown client and a wrong secret get the same answer after the same work.

use crate::client::{Client, ClientId, ClientKind};
use crate::error::{Error, Kind};
use crate::opaque::Opaque;
use crate::params::Params;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use contactgram_model::TokenDigest;

/// Clients disagree about padding, and nothing depends on it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Who a request claims to be from.
#[derive(Debug)]
pub struct Credentials {
    id: Option<ClientId>,
    secret: Option<Opaque>,
}

impl Credentials {
    /// Reads the header `Authorization` and the parameters `client_id` and `client_secret`.
    ///
    /// # Errors
    /// `invalid_request` for two ways at once or two different ids, `invalid_client` for none.
    pub fn read(authorization: Option<&str>, params: &Params) -> Result<Credentials, Error> {
        let id = params.one("client_id")?;
        let secret = params.one("client_secret")?;
        let Some(header) = authorization else {
            let id = id.ok_or_else(Error::client)?;
            return Ok(Credentials { id: ClientId::parse(id), secret: secret.map(Opaque::new) });
        };
        if secret.is_some() {
            return Err(Error::new(Kind::InvalidRequest, "The client sent its secret in two ways at once."));
        }
        let (user, password) = basic(header).ok_or_else(Error::client)?;
        if id.is_some_and(|id| id != user) {
            return Err(Error::new(Kind::InvalidRequest, "The request names two different clients."));
        }
        Ok(Credentials { id: ClientId::parse(&user), secret: Some(Opaque::new(password)) })
    }

    /// Which client to fetch; none when the id can't be one of ours.
    pub fn client_id(&self) -> Option<&ClientId> {
        self.id.as_ref()
    }

    /// Decides whether the sender is `client`, the one fetched for [`Credentials::client_id`].
    ///
    /// # Errors
    /// `invalid_client` when it is unknown, its secret is wrong or missing, or a public client sent one.
    pub fn prove<'c>(&self, client: Option<&'c Client>) -> Result<&'c Client, Error> {
        let sent = self.secret.as_ref().map(Opaque::digest);
        // Compared with something in every case, so that an unknown client takes as long as a known one.
        let expected = match client.map(|client| &client.kind) {
            Some(ClientKind::Confidential { secret }) => *secret,
            Some(ClientKind::Public) | None => TokenDigest::of("no secret"),
        };
        let equal = sent.unwrap_or(TokenDigest::of("nothing sent")) == expected;
        let client =
            client.filter(|client| Some(&client.id) == self.id.as_ref()).ok_or_else(Error::client)?;
        let proven = match client.kind {
            ClientKind::Public => sent.is_none(),
            ClientKind::Confidential { .. } => sent.is_some() && equal,
        };
        if proven { Ok(client) } else { Err(Error::client()) }
    }
}

/// User and password of a Basic header, both of which OAuth clients encode like a form's values.
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some((form_value(user), form_value(password)))
}

/// Decodes one value. What separates values in a whole form is protected first: here it is text.
fn form_value(text: &str) -> String {
    let text = text.replace('&', "%26").replace('=', "%3D");
    form_urlencoded::parse(text.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}
