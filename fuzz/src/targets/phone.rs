//! Phone numbers. The input is a region (or an empty line) and a number behind it.

use super::first_line_of;
use contactgram_model::PhoneNumber;

pub fn run(input: &[u8]) {
    let Some((region, text)) = first_line_of(input) else { return };
    let region = Some(region).filter(|code| !code.is_empty());
    if let Ok(number) = PhoneNumber::from_telegram(text) {
        is_e164(&number);
    }
    let Ok(number) = PhoneNumber::parse(text, region) else { return };
    is_e164(&number);
    assert!(text.trim().len() <= 64, "a long text was taken");
    for other in [None, Some("GB"), region] {
        assert!(PhoneNumber::parse(number.e164(), other) == Ok(number.clone()), "its own writing is read");
    }
    assert!(PhoneNumber::from_telegram(&number.e164()[1..]) == Ok(number.clone()));
    assert!(!format!("{number:?}").contains(&number.e164()[1..]), "it is never shown");
}

fn is_e164(number: &PhoneNumber) {
    let digits = number.e164().strip_prefix('+').expect("a plus comes first");
    assert!((7..=15).contains(&digits.len()) && !digits.starts_with('0'), "{digits}");
    assert!(digits.bytes().all(|byte| byte.is_ascii_digit()), "{digits}");
}
