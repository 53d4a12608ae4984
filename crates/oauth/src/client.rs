//! Applications: how their ids and secrets look, and what is registered about them.
//! Registered by the portal and the command line, read by every endpoint. Plain secrets are made here and
//! shown once; a registration holds a digest.

use crate::redirect::RedirectUri;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contactgram_model::TokenDigest;
use contactgram_model::hex;
use contactgram_model::scope::Scopes;
use sha2::{Digest, Sha256};
use std::fmt;

/// Random bytes behind a client id.
pub const ID_BYTES: usize = 12;
/// Random bytes behind a client secret.
pub const SECRET_BYTES: usize = 32;

const ID_PREFIX: &str = "cgc_";
const SECRET_PREFIX: &str = "cgs_";
const SECRET_CHARS: usize = 43;
const CHECK_CHARS: usize = 6;

/// The public name of a client: `cgc_` and 24 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientId(String);

impl ClientId {
    /// A new id.
    pub fn create(random: &[u8; ID_BYTES]) -> ClientId {
        ClientId(format!("{ID_PREFIX}{}", hex::encode(random)))
    }

    /// Reads what a request or the store brought.
    pub fn parse(text: &str) -> Option<ClientId> {
        let digits = text.strip_prefix(ID_PREFIX)?;
        let fits = digits.len() == 2 * ID_BYTES
            && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        fits.then(|| ClientId(text.to_owned()))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The secret of a confidential client: `cgs_`, 43 characters of base64url, and 6 that check them, so that
/// a scanner of source code can tell it from a look-alike.
#[derive(Clone)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// A new secret.
    pub fn create(random: &[u8; SECRET_BYTES]) -> ClientSecret {
        let body = format!("{SECRET_PREFIX}{}", URL_SAFE_NO_PAD.encode(random));
        let check = checksum(&body);
        ClientSecret(body + &check)
    }

    /// Whether `text` has the form and the checksum of a secret made here.
    pub fn is_one(text: &str) -> bool {
        let body_chars = SECRET_PREFIX.len() + SECRET_CHARS;
        text.starts_with(SECRET_PREFIX)
            && text.len() == body_chars + CHECK_CHARS
            && text.split_at_checked(body_chars).is_some_and(|(body, check)| checksum(body) == check)
    }

    /// What the store keeps.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::of(&self.0)
    }

    /// The secret itself, to be shown once to whoever registers the client.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

fn checksum(body: &str) -> String {
    let digest = Sha256::digest(format!("contactgram client secret {body}"));
    URL_SAFE_NO_PAD.encode(&digest[..4])
}

/// Whether a client can keep a secret (RFC 6749, 2.1).
#[derive(Debug, Clone, PartialEq)]
pub enum ClientKind {
    /// In a browser or on somebody's device: it has no secret, and PKCE alone protects its codes.
    Public,
    /// On a server: it proves itself each time.
    Confidential {
        /// Of the secret that is valid now.
        secret: TokenDigest,
    },
}

/// A registered application.
#[derive(Debug, Clone, PartialEq)]
pub struct Client {
    /// Its public name.
    pub id: ClientId,
    /// How it proves itself.
    pub kind: ClientKind,
    /// Where people may be sent back to. With none of them it can't ask people at all.
    pub redirects: Vec<RedirectUri>,
    /// The most it may ask people for.
    pub scopes: Scopes,
    /// What it gets when it names no scope.
    pub default_scopes: Scopes,
    /// The most it may have for itself, by client credentials; empty when that grant is not for it.
    pub own_scopes: Scopes,
}

impl Client {
    /// Whether a page of this origin may read what the token endpoint answers to the client: a public one, on a page
    /// that people are sent back to. A secret has no place in a browser.
    pub fn may_call_from(&self, origin: &str) -> bool {
        self.kind == ClientKind::Public && self.redirects.iter().any(|uri| uri.is_of(origin))
    }
}
