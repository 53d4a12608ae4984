//! Account tokens, keys and what else is given as a credential, as they come in a path or a header. The input is the
//! credential.

use contactgram_model::token::RANDOM_BYTES;
use contactgram_model::{PlainToken, TokenDigest, TokenKind, UserId};

const KINDS: [TokenKind; 5] =
    [TokenKind::Account, TokenKind::Key, TokenKind::Access, TokenKind::Refresh, TokenKind::Code];

pub fn run(input: &[u8]) {
    if let Some(random) = input.first_chunk::<RANDOM_BYTES>() {
        made_tokens_are_read_back(random);
    }
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Some(digest) = TokenDigest::from_hex(text) {
        assert_eq!(digest.to_hex(), text.to_ascii_lowercase());
    }
    let Some(token) = PlainToken::parse(text) else { return };
    let rest = text.strip_prefix(token.kind().prefix()).expect("the kind is what it begins with");
    let (sign, length) = if token.kind() == TokenKind::Account { (':', 35) } else { ('_', 36) };
    let (id, secret) = rest.split_once(sign).expect("the number comes first");
    assert_eq!(token.reveal(), text);
    assert_eq!(token.account().to_string(), id, "one way to write an account's number");
    assert!(token.digest() == TokenDigest::of(text));
    assert!(!format!("{token:?}").contains(secret));
    // A made token differs from every other in its check, so ours are few.
    assert!(!token.is_ours() || secret.len() == length);
}

fn made_tokens_are_read_back(random: &[u8; RANDOM_BYTES]) {
    let account = UserId(i64::from(random[0]) << 40 | 7);
    for kind in KINDS {
        let made = PlainToken::create_as(kind, account, random);
        let read = PlainToken::parse(made.reveal()).expect("what is made is a token");
        assert_eq!((read.kind(), read.account()), (kind, account));
        assert!(read.is_ours() && read.digest() == made.digest());
        assert_eq!(TokenKind::from_code(kind.code()), Some(kind));
    }
    let digest = PlainToken::create(account, random).digest();
    assert!(TokenDigest::from_hex(&digest.to_hex()).expect("its own writing") == digest);
    assert!(TokenDigest::from_bytes(digest.bytes()).expect("its own bytes") == digest);
}
