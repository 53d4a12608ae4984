//! Account tokens, as they come in a path or a header. The input is the token.

use contactgram_model::token::RANDOM_BYTES;
use contactgram_model::{PlainToken, TokenDigest, UserId};

pub fn run(input: &[u8]) {
    if let Some(random) = input.first_chunk::<RANDOM_BYTES>() {
        made_tokens_are_read_back(random);
    }
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Some(digest) = TokenDigest::from_hex(text) {
        assert_eq!(digest.to_hex(), text.to_ascii_lowercase());
    }
    let Some(token) = PlainToken::parse(text) else { return };
    let (id, secret) = text.split_once(':').expect("a token has a colon");
    assert_eq!(token.reveal(), text);
    assert_eq!(token.account().to_string(), id, "one way to write an account's number");
    assert!(token.digest() == TokenDigest::of(text));
    assert!(!format!("{token:?}").contains(secret));
    // A made token differs from every other in its check, so ours are few.
    assert!(!token.is_ours() || secret.len() == 35);
}

fn made_tokens_are_read_back(random: &[u8; RANDOM_BYTES]) {
    let account = UserId(i64::from(random[0]) << 40 | 7);
    let made = PlainToken::create(account, random);
    let read = PlainToken::parse(made.reveal()).expect("what is made is a token");
    assert!(read.is_ours() && read.account() == account && read.digest() == made.digest());
    let digest = made.digest();
    assert!(TokenDigest::from_hex(&digest.to_hex()).expect("its own writing") == digest);
    assert!(TokenDigest::from_bytes(digest.bytes()).expect("its own bytes") == digest);
}
