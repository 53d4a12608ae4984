//! Proof key for code exchange (RFC 7636), by S256 only: the plain method protects from nobody who can
//! read the request. Challenges come with authorization requests, verifiers with codes.
//! It compares digests, in constant time.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// The SHA-256 of a verifier, as the authorization request told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge([u8; 32]);

impl Challenge {
    /// Reads `code_challenge`: 43 characters of base64url without padding.
    pub fn parse(text: &str) -> Option<Challenge> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        Challenge::from_bytes(&bytes)
    }

    /// A challenge as the store kept it.
    pub fn from_bytes(bytes: &[u8]) -> Option<Challenge> {
        bytes.try_into().ok().map(Challenge)
    }

    /// Its bytes, for the store.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether `verifier` is what the challenge was made of.
    pub fn is_met_by(&self, verifier: &Verifier) -> bool {
        let digest: [u8; 32] = Sha256::digest(verifier.0.as_bytes()).into();
        digest.ct_eq(&self.0).into()
    }
}

/// The secret behind a challenge.
#[derive(Clone)]
pub struct Verifier(String);

impl Verifier {
    /// Reads `code_verifier`: 43 to 128 of the characters that need no encoding in an address.
    pub fn parse(text: &str) -> Option<Verifier> {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let fits = (43..=128).contains(&text.len()) && text.bytes().all(unreserved);
        fits.then(|| Verifier(text.to_owned()))
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier(…)")
    }
}
