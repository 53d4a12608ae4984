//! A token or code as a client sent it: a text whose form is somebody else's business.
//! Made by the readers of the token, introspection and revocation requests; the store looks it up by digest.
//! `Debug` never shows it.

use contactgram_model::TokenDigest;
use std::fmt;

/// A secret text.
#[derive(Clone, PartialEq, Eq)]
pub struct Opaque(String);

impl Opaque {
    /// Wraps what was sent.
    pub fn new(text: impl Into<String>) -> Opaque {
        Opaque(text.into())
    }

    /// What the store looks it up by.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::of(&self.0)
    }

    /// The text itself, for the parser of its form.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opaque(…)")
    }
}
