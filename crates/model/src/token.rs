//! Tokens: what BotFather would give, `<account id>:<35 characters of base64url>`.
//! The plain form exists when it is made and when a request brings it; the store keeps digests.
//! Neither form is ever written by `Debug`, a log or an error.

use crate::ids::UserId;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// Random bytes behind a token: 30 characters of base64url, 180 bits.
pub const RANDOM_BYTES: usize = 22;
const SECRET_CHARS: usize = 35;
const PREFIX: &str = "AA";

/// A token as its holder writes it.
#[derive(Clone)]
pub struct PlainToken {
    account: UserId,
    text: String,
}

impl PlainToken {
    /// A new token of `account`. The secret is `AA`, 29 random characters and 4 that check them, so that
    /// a scanner can tell a real token from a look-alike without asking the server.
    pub fn create(account: UserId, random: &[u8; RANDOM_BYTES]) -> PlainToken {
        let mut secret = String::with_capacity(SECRET_CHARS);
        secret.push_str(PREFIX);
        secret.push_str(&URL_SAFE_NO_PAD.encode(random)[..29]);
        let check = checksum(account, &secret);
        secret.push_str(&check);
        PlainToken { account, text: format!("{account}:{secret}") }
    }

    /// Reads what a request brought. Anything of the right form passes, ours or not; whether it opens
    /// anything is the store's to say.
    pub fn parse(text: &str) -> Option<PlainToken> {
        if text.len() > 80 || text.starts_with('0') {
            return None;
        }
        let (id, secret) = text.split_once(':')?;
        if id.is_empty() || !id.bytes().all(|b| b.is_ascii_digit()) || secret.len() < 24 {
            return None;
        }
        if !secret.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            return None;
        }
        let account = id.parse().ok().filter(|id| (1..1 << 54).contains(id))?;
        Some(PlainToken { account: UserId(account), text: text.to_owned() })
    }

    /// The digits in front.
    pub fn account(&self) -> UserId {
        self.account
    }

    /// Whether the last four characters fit the rest, as they do in tokens made here.
    pub fn is_ours(&self) -> bool {
        let Some((_, secret)) = self.text.split_once(':') else { return false };
        if secret.len() != SECRET_CHARS {
            return false;
        }
        let (body, check) = secret.split_at(SECRET_CHARS - 4);
        checksum(self.account, body) == check
    }

    /// What the store keeps.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest(Sha256::digest(self.text.as_bytes()).into())
    }

    /// The secret itself, to be shown once to its owner.
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for PlainToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlainToken({}:…)", self.account)
    }
}

/// SHA-256 of a token.
#[derive(Clone, Copy)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// The digest's bytes, for the store.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A digest as the store kept it.
    pub fn from_bytes(bytes: &[u8]) -> Option<TokenDigest> {
        bytes.try_into().ok().map(TokenDigest)
    }
}

impl TokenDigest {
    /// The digest of any secret text.
    pub fn of(secret: &str) -> TokenDigest {
        TokenDigest(Sha256::digest(secret.as_bytes()).into())
    }

    /// Two hexadecimal digits a byte, for settings.
    pub fn to_hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads what [`TokenDigest::to_hex`] wrote.
    pub fn from_hex(text: &str) -> Option<TokenDigest> {
        // Asked first, because the reading of a number would take a sign.
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(TokenDigest(bytes))
    }
}

impl PartialEq for TokenDigest {
    fn eq(&self, other: &TokenDigest) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest(…)")
    }
}

fn checksum(account: UserId, secret: &str) -> String {
    let digest = Sha256::digest(format!("contactgram token {account}:{secret}"));
    URL_SAFE_NO_PAD.encode(&digest[..3])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_token_looks_like_botfathers_and_checks_itself() {
        let token = PlainToken::create(UserId(1234567890), &[7; RANDOM_BYTES]);
        let (id, secret) = token.reveal().split_once(':').unwrap();
        assert_eq!((id, secret.len()), ("1234567890", 35));
        let back = PlainToken::parse(token.reveal()).unwrap();
        assert!(back.is_ours());
        assert_eq!(back.digest(), token.digest());
        let mut forged = token.reveal().to_owned();
        forged.replace_range(14..15, "x");
        assert!(!PlainToken::parse(&forged).unwrap().is_ours());
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for bad in [
            "",
            "abc",
            "12:short",
            "0123:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "-5:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAA/A",
            "1:AAAAAAAAAAAAAAAAAAAA AAAAAAAAAAA",
            "18014398509481984:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert!(PlainToken::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_digest_is_read_from_64_hexadecimal_digits_and_nothing_else() {
        let written = TokenDigest::of("x").to_hex();
        assert_eq!(TokenDigest::from_hex(&written), Some(TokenDigest::of("x")));
        for bad in [&written[1..], &format!("+{}", &written[1..]), &format!("{}é", &written[2..]), ""] {
            assert_eq!(TokenDigest::from_hex(bad), None, "{bad}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let token = PlainToken::create(UserId(5), &[9; RANDOM_BYTES]);
        let shown = format!("{token:?} {:?}", token.digest());
        assert!(!shown.contains("AA") && shown.contains('5'), "{shown}");
    }
}
