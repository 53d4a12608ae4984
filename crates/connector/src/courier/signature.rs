//! Signatures after Standard Webhooks 1.0: HMAC-SHA256 over id, time and body, so that a receiver knows that a delivery is
//! from here and new. Called by the hub for webhooks that have a secret. A secret is shown to whoever makes the webhook, and
//! never in a log.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::fmt;
use std::ops::RangeInclusive;

/// What every secret begins with.
const PREFIX: &str = "whsec_";
/// Bytes of a secret, as the specification has it.
const BYTES: RangeInclusive<usize> = 24..=64;
/// Bytes of a secret that is made here.
pub const SECRET_BYTES: usize = 32;

/// What deliveries are signed with.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningSecret(Vec<u8>);

impl SigningSecret {
    /// Reads `whsec_` and 24 to 64 bytes in Base64.
    pub fn parse(text: &str) -> Option<SigningSecret> {
        let bytes = STANDARD.decode(text.strip_prefix(PREFIX)?).ok()?;
        SigningSecret::from_bytes(bytes)
    }

    /// A secret of these bytes.
    pub fn from_bytes(bytes: Vec<u8>) -> Option<SigningSecret> {
        BYTES.contains(&bytes.len()).then_some(SigningSecret(bytes))
    }

    /// The bytes, to be sealed.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As receivers take it.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(…)")
    }
}

/// What a signed delivery says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The same on each try. Without a full stop, which stands between what is signed.
    pub id: String,
    /// When this try was signed, in Unix seconds.
    pub at: i64,
    /// A signature by each secret, with spaces between.
    pub signatures: String,
}

impl Signed {
    /// Signs a body with all of these.
    pub fn with<'a>(
        secrets: impl IntoIterator<Item = &'a SigningSecret>,
        (id, at): (String, i64),
        body: &[u8],
    ) -> Signed {
        let mut signatures = String::new();
        for secret in secrets {
            // HMAC takes keys of any length.
            let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.bytes()) else { continue };
            mac.update(format!("{id}.{at}.").as_bytes());
            mac.update(body);
            if !signatures.is_empty() {
                signatures.push(' ');
            }
            signatures.push_str("v1,");
            signatures.push_str(&STANDARD.encode(mac.finalize().into_bytes()));
        }
        Signed { id, at, signatures }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The specification's own example.
    #[test]
    fn a_signature_is_the_specifications() {
        let secret = SigningSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let id = ("msg_p5jXN8AQM9LWM0D4loKWxJek".to_owned(), 1_614_265_330);
        let signed = Signed::with([&secret], id.clone(), br#"{"test": 2432232314}"#);
        assert_eq!(signed.signatures, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let other = SigningSecret::from_bytes(vec![7; 24]).unwrap();
        let both = Signed::with([&secret, &other], id, br#"{"test": 2432232314}"#).signatures;
        let (first, second) = both.split_once(' ').unwrap();
        assert_eq!(first, signed.signatures);
        assert!(second.starts_with("v1,") && second != first);
    }

    #[test]
    fn a_secret_is_24_to_64_bytes_and_shown_by_nothing_but_its_name() {
        let secret = SigningSecret::from_bytes(vec![1; SECRET_BYTES]).unwrap();
        assert_eq!(SigningSecret::parse(&secret.reveal()), Some(secret.clone()));
        assert_eq!(format!("{secret:?}"), "SigningSecret(…)");
        for bytes in [0, 23, 65] {
            let text = format!("{PREFIX}{}", STANDARD.encode(vec![1; bytes]));
            assert_eq!(SigningSecret::parse(&text), None, "{bytes} bytes");
        }
        for text in ["", "whsec_", "whsec_***", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            assert_eq!(SigningSecret::parse(text), None, "{text}");
        }
    }
}
