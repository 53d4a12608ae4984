//! Credentials in their plain form: account tokens as BotFather would give them, `<account id>:<35 characters>`,
//! and what this server gives besides, `cgk_<account id>_<36 characters>` and its like. One parser tells them
//! apart. The plain form exists when it is made and when a request brings it; the store keeps digests.
//! Neither form is ever written by `Debug`, a log or an error.

use crate::hex;
use crate::ids::UserId;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// Random bytes behind a token: 30 characters, nearly 180 bits.
pub const RANDOM_BYTES: usize = 22;
const SECRET_CHARS: usize = 35;
const PREFIX: &str = "AA";
/// Characters of the secret that follow the account's id in what isn't an account token.
const LONG_CHARS: usize = 36;
/// How many of them check the others.
const CHECK_CHARS: usize = 6;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What a credential is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// An account token: all scopes, and BotFather's form.
    Account,
    /// A personal API key, `cgk_…`.
    Key,
    /// An OAuth2 access token, `cga_…`.
    Access,
    /// An OAuth2 refresh token, `cgr_…`. It opens no route.
    Refresh,
    /// An OAuth2 authorization code, `cgo_…`. It opens no route.
    Code,
}

impl TokenKind {
    const ALL: [TokenKind; 5] =
        [TokenKind::Account, TokenKind::Key, TokenKind::Access, TokenKind::Refresh, TokenKind::Code];

    /// What the plain form begins with; an account token begins with its account's id.
    pub fn prefix(self) -> &'static str {
        match self {
            TokenKind::Account => "",
            TokenKind::Key => "cgk_",
            TokenKind::Access => "cga_",
            TokenKind::Refresh => "cgr_",
            TokenKind::Code => "cgo_",
        }
    }

    /// As the store keeps it.
    pub fn code(self) -> i64 {
        self as i64
    }

    /// What [`TokenKind::code`] says.
    pub fn from_code(code: i64) -> Option<TokenKind> {
        TokenKind::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// A token as its holder writes it.
#[derive(Clone)]
pub struct PlainToken {
    account: UserId,
    kind: TokenKind,
    text: String,
}

impl PlainToken {
    /// A new credential of `account`. All but account tokens have 30 letters and digits of chance and 6 that
    /// check them.
    pub fn create_as(kind: TokenKind, account: UserId, random: &[u8; RANDOM_BYTES]) -> PlainToken {
        if kind == TokenKind::Account {
            return PlainToken::create(account, random);
        }
        let (first, second) = random.split_at(RANDOM_BYTES / 2);
        let body = base62(first, 15) + &base62(second, 15);
        let check = long_checksum(kind, account, &body);
        PlainToken { account, kind, text: format!("{}{account}_{body}{check}", kind.prefix()) }
    }

    /// A new token of `account`. The secret is `AA`, 29 random characters and 4 that check them, so that
    /// a scanner can tell a real token from a look-alike without asking the server.
    pub fn create(account: UserId, random: &[u8; RANDOM_BYTES]) -> PlainToken {
        let mut secret = String::with_capacity(SECRET_CHARS);
        secret.push_str(PREFIX);
        secret.push_str(&URL_SAFE_NO_PAD.encode(random)[..29]);
        let check = checksum(account, &secret);
        secret.push_str(&check);
        PlainToken { account, kind: TokenKind::Account, text: format!("{account}:{secret}") }
    }

    /// Reads what a request brought. Anything of the right form passes, ours or not; whether it opens
    /// anything is the store's to say.
    pub fn parse(text: &str) -> Option<PlainToken> {
        let mut marked = TokenKind::ALL.into_iter().filter(|kind| *kind != TokenKind::Account);
        if let Some(kind) = marked.find(|kind| text.starts_with(kind.prefix())) {
            return PlainToken::parse_marked(kind, text);
        }
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
        Some(PlainToken { account: UserId(account), kind: TokenKind::Account, text: text.to_owned() })
    }

    fn parse_marked(kind: TokenKind, text: &str) -> Option<PlainToken> {
        let (id, secret) = text.get(kind.prefix().len()..)?.split_once('_')?;
        let is_id = (1..=17).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit());
        if !is_id || id.starts_with('0') || secret.len() != LONG_CHARS {
            return None;
        }
        if !secret.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return None;
        }
        let account = id.parse().ok().filter(|id| (1..1 << 54).contains(id))?;
        Some(PlainToken { account: UserId(account), kind, text: text.to_owned() })
    }

    /// The account's id, which every form shows.
    pub fn account(&self) -> UserId {
        self.account
    }

    /// What it says it is.
    pub fn kind(&self) -> TokenKind {
        self.kind
    }

    /// Whether the last characters fit the rest, as they do in what was made here.
    pub fn is_ours(&self) -> bool {
        if self.kind != TokenKind::Account {
            let Some((_, secret)) = self.text.rsplit_once('_') else { return false };
            let Some((body, check)) = secret.split_at_checked(LONG_CHARS - CHECK_CHARS) else { return false };
            return long_checksum(self.kind, self.account, body) == check;
        }
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
        match self.kind {
            TokenKind::Account => write!(f, "PlainToken({}:…)", self.account),
            kind => write!(f, "PlainToken({}{}_…)", kind.prefix(), self.account),
        }
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

    /// The number that its first eight bytes are: what an index finds it by, before the whole is compared.
    pub fn selector(&self) -> i64 {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        i64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

impl TokenDigest {
    /// The digest of any secret text.
    pub fn of(secret: &str) -> TokenDigest {
        TokenDigest(Sha256::digest(secret.as_bytes()).into())
    }

    /// Two hexadecimal digits a byte, for settings.
    pub fn to_hex(&self) -> String {
        hex::encode(&self.0)
    }

    /// Reads what [`TokenDigest::to_hex`] wrote.
    pub fn from_hex(text: &str) -> Option<TokenDigest> {
        hex::decode(text).map(TokenDigest)
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

fn long_checksum(kind: TokenKind, account: UserId, body: &str) -> String {
    let digest = Sha256::digest(format!("contactgram {}{account}_{body}", kind.prefix()));
    base62(&digest[..4], CHECK_CHARS)
}

/// The number that up to 16 bytes are, in so many letters and digits.
fn base62(bytes: &[u8], chars: usize) -> String {
    let mut number = bytes.iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    let mut text = vec![b'0'; chars];
    for place in text.iter_mut().rev() {
        *place = BASE62[(number % 62) as usize];
        number /= 62;
    }
    text.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_form_that_is_read_back_and_checks_itself() {
        for kind in TokenKind::ALL {
            for random in [[0; RANDOM_BYTES], [0xFF; RANDOM_BYTES], [7; RANDOM_BYTES]] {
                let made = PlainToken::create_as(kind, UserId(5_000_000_101), &random);
                let read = PlainToken::parse(made.reveal()).unwrap();
                assert_eq!((read.kind(), read.account()), (kind, UserId(5_000_000_101)));
                assert!(read.is_ours() && read.digest() == made.digest(), "{}", made.reveal());
                assert_eq!(TokenKind::from_code(kind.code()), Some(kind));
            }
        }
        let key = PlainToken::create_as(TokenKind::Key, UserId(12), &[9; RANDOM_BYTES]);
        let secret = key.reveal().strip_prefix("cgk_12_").unwrap();
        assert_eq!(secret.len(), 36);
        let access = PlainToken::parse(&format!("cga_12_{secret}")).unwrap();
        assert!(!access.is_ours(), "the kind is part of what is checked");
        assert!(!format!("{key:?}").contains(secret));
    }

    #[test]
    fn what_only_begins_like_a_key_is_refused() {
        let good = PlainToken::create_as(TokenKind::Key, UserId(12), &[9; RANDOM_BYTES]);
        let secret = good.reveal().strip_prefix("cgk_12_").unwrap().to_owned();
        let bad = [
            "cgk_".to_owned(),
            format!("cgk_{secret}"),
            format!("cgk_012_{secret}"),
            format!("cgk_-12_{secret}"),
            format!("cgk__{secret}"),
            format!("cgk_12_{secret}x"),
            format!("cgk_12_{}", &secret[1..]),
            format!("cgk_12_-{}", &secret[1..]),
            format!("cgk_12:{secret}"),
            format!("cgx_12_{secret}"),
            format!("CGK_12_{secret}"),
            format!("cgk_18014398509481984_{secret}"),
        ];
        for text in bad {
            assert!(PlainToken::parse(&text).is_none(), "{text}");
        }
    }

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
