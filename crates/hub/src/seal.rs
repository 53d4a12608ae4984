//! Secrets that have to be kept as they are, such as a bot's token at its upstream: encrypted with a key that is not in
//! the store, and bound to what they belong to, so that none can be put in another's place. The binary brings the key.

use crate::{Error, random};
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use std::fmt;

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
/// The first byte of everything sealed; another way of sealing takes another.
const VERSION: u8 = 1;

/// The key to the store's secrets.
pub struct Seal(XChaCha20Poly1305);

impl Seal {
    /// A seal with this key.
    pub fn new(key: &[u8; KEY_BYTES]) -> Seal {
        Seal(XChaCha20Poly1305::new(key.into()))
    }

    /// Encrypts a secret of `owner`.
    pub(crate) fn close(&self, owner: &str, secret: &[u8]) -> Result<Vec<u8>, Error> {
        let mut nonce = [0; NONCE_BYTES];
        random::fill(&mut nonce)?;
        let sealed = self.0.encrypt(&XNonce::from(nonce), Payload { msg: secret, aad: owner.as_bytes() });
        let sealed = sealed.map_err(|_| Error::Internal)?;
        Ok([&[VERSION][..], &nonce, &sealed].concat())
    }

    /// The secret of `owner` behind what [`close`](Seal::close) made; `None` with another key or owner.
    pub(crate) fn open(&self, owner: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (version, rest) = sealed.split_first()?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>()?;
        if *version != VERSION {
            return None;
        }
        self.0.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: owner.as_bytes() }).ok()
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_with_its_key_for_its_owner_alone() {
        let seal = Seal::new(&[7; KEY_BYTES]);
        let sealed = seal.close("upstream 1", b"a secret").unwrap();
        assert!(!sealed.windows(8).any(|bytes| bytes == b"a secret"));
        assert_eq!(seal.open("upstream 1", &sealed).as_deref(), Some(&b"a secret"[..]));
        assert_eq!(seal.open("upstream 2", &sealed), None);
        assert_eq!(Seal::new(&[8; KEY_BYTES]).open("upstream 1", &sealed), None);
        assert_ne!(seal.close("upstream 1", b"a secret").unwrap(), sealed, "never the same twice");
        for cut in 0..sealed.len() {
            assert_eq!(seal.open("upstream 1", &sealed[..cut]), None);
        }
    }
}
