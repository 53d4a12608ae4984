//! A member: somebody who signs in, with a role on accounts. Here is what names and passwords must be, and the
//! secrets of links and sessions in their plain form, which exists when it is made and when a request brings it.
//! None of them is ever written by `Debug`, a log or an error.

use crate::token::TokenDigest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;
use unicode_normalization::UnicodeNormalization as _;

/// Characters of a new password.
pub const PASSWORD: std::ops::RangeInclusive<usize> = 10..=256;
/// Bytes of a password that are looked at when somebody signs in.
const ENTERED_MOST: usize = 4096;

/// A sign-in name: 1–64 letters, digits and `.`, `_`, `-`, `+`, `@`, so that an e-mail address is one.
///
/// # Errors
/// A sentence that begins with the field's name.
pub fn sign_in_name(text: &str) -> Result<String, &'static str> {
    let name: String = text.trim().nfc().collect();
    if !(1..=64).contains(&name.chars().count()) {
        return Err("name must have 1 to 64 characters");
    }
    if !name.chars().all(|c| c.is_alphanumeric() || "._-+@".contains(c)) {
        return Err("name may hold only letters, digits and . _ - + @");
    }
    Ok(name)
}

/// What two sign-in names have in common when they are the same but for capitals.
pub fn name_key(name: &str) -> String {
    name.trim().nfkc().flat_map(char::to_lowercase).nfkc().collect()
}

/// A password as somebody typed it, in the form in which different keyboards agree.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// One that is to be set.
    ///
    /// # Errors
    /// A sentence that begins with the field's name.
    pub fn new(text: &str) -> Result<Password, &'static str> {
        let password = Password(text.nfc().collect());
        if !PASSWORD.contains(&password.0.chars().count()) {
            return Err("password must have 10 to 256 characters");
        }
        if password.0.chars().all(|c| password.0.starts_with(c)) {
            return Err("password must not be one character repeated");
        }
        Ok(password)
    }

    /// One that is to be compared; what is far too long is cut, and fits nothing then.
    pub fn entered(text: &str) -> Password {
        Password(text.nfc().take(ENTERED_MOST).collect())
    }

    /// The bytes that are hashed.
    pub fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// The secret of a session or a one-time link: 32 random bytes, 43 characters of base64url.
#[derive(Clone)]
pub struct PlainSecret(String);

impl PlainSecret {
    /// Random bytes behind a secret.
    pub const RANDOM_BYTES: usize = 32;

    /// A new one.
    pub fn create(random: &[u8; Self::RANDOM_BYTES]) -> PlainSecret {
        PlainSecret(URL_SAFE_NO_PAD.encode(random))
    }

    /// Reads what a request brought. Anything of the right form passes.
    pub fn parse(text: &str) -> Option<PlainSecret> {
        let bytes = (text.len() == 43).then(|| URL_SAFE_NO_PAD.decode(text).ok()).flatten()?;
        (bytes.len() == Self::RANDOM_BYTES).then(|| PlainSecret(text.to_owned()))
    }

    /// What the store keeps.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::of(&self.0)
    }

    /// What the forms of this session carry, so that a page of somebody else can't post them. Nobody can tell
    /// the secret from it.
    pub fn csrf(&self) -> CsrfToken {
        let digest = Sha256::new().chain_update("contactgram csrf 1:").chain_update(&self.0).finalize();
        CsrfToken(URL_SAFE_NO_PAD.encode(digest))
    }

    /// The secret itself, for the cookie or the link.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PlainSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainSecret(…)")
    }
}

/// What a session's forms carry.
#[derive(Clone)]
pub struct CsrfToken(String);

impl CsrfToken {
    /// For a hidden field.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether a form brought it, compared in constant time.
    pub fn fits(&self, brought: &str) -> bool {
        self.0.as_bytes().ct_eq(brought.as_bytes()).into()
    }
}

impl fmt::Debug for CsrfToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CsrfToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_words_or_addresses() {
        for good in ["owner", " ann@example.org ", "Zoë", "a"] {
            assert_eq!(sign_in_name(good).as_deref(), Ok(good.trim()));
        }
        for bad in ["", "  ", "a b", "a\u{202E}b", "<script>", &"x".repeat(65)] {
            assert!(sign_in_name(bad).is_err(), "{bad:?}");
        }
        assert_eq!(name_key("ZOË@Example.org"), name_key("zoe\u{308}@example.ORG"));
        assert_ne!(name_key("ann"), name_key("anne"));
    }

    #[test]
    fn passwords_are_neither_short_nor_empty_of_chance_nor_shown() {
        for bad in ["", "123456789", "          ", &"ab".repeat(129)] {
            assert!(Password::new(bad).is_err(), "{bad:?}");
        }
        let (composed, typed) =
            (Password::new("Zoë's password").unwrap(), Password::entered("Zoe\u{308}'s password"));
        assert_eq!(composed.bytes(), typed.bytes());
        assert_eq!(format!("{composed:?}"), "Password(…)");
        assert!(Password::entered(&"x".repeat(1 << 20)).bytes().len() <= ENTERED_MOST);
    }

    #[test]
    fn a_secret_is_read_back_and_gives_a_token_for_forms_that_is_another_secret() {
        let secret = PlainSecret::create(&[7; PlainSecret::RANDOM_BYTES]);
        assert_eq!(secret.reveal().len(), 43);
        assert_eq!(PlainSecret::parse(secret.reveal()).unwrap().digest(), secret.digest());
        for bad in ["", "x", &secret.reveal()[1..], &format!("{}=", &secret.reveal()[1..]), &"é".repeat(43)]
        {
            assert!(PlainSecret::parse(bad).is_none(), "{bad}");
        }
        let csrf = secret.csrf();
        assert!(csrf.fits(secret.csrf().reveal()) && !csrf.fits(secret.reveal()) && !csrf.fits(""));
        assert!(!csrf.fits(PlainSecret::create(&[8; 32]).csrf().reveal()));
        assert_eq!(format!("{secret:?}{csrf:?}"), "PlainSecret(…)CsrfToken(…)");
    }
}
