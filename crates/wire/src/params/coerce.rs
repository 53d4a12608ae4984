//! What a parameter's text means as a number or a flag, leniently (Bot API) and strictly (our own resources).
//! Called by `Params` only; pure functions from text.
//! Nothing here refuses on its own: the lenient forms always answer, the strict one says `None`.

use std::ops::RangeInclusive;

use super::Param;
use crate::BadRequest;

/// How much of a refused value an error repeats, in characters.
const QUOTED: usize = 40;

/// A leading `-` and digits, the rest ignored; no digit at all is 0; beyond 64 bits the nearest number.
pub(super) fn lenient_int(text: &str) -> i64 {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let mut number = 0i64;
    for digit in digits.bytes().take_while(u8::is_ascii_digit).map(|byte| i64::from(byte - b'0')) {
        // Counted on the side of the sign, so that the lowest number is reached as well as the highest.
        number = number.saturating_mul(10).saturating_add(if negative { -digit } else { digit });
    }
    number
}

/// An optional `-` and digits and nothing else, within 64 bits.
pub(super) fn strict_int(text: &str) -> Option<i64> {
    if text.starts_with('+') { None } else { text.parse().ok() }
}

/// `true`, `yes` and `1` after trimming, in any case; everything else is false.
pub(super) fn flag(text: &str) -> bool {
    let text = text.trim();
    text == "1" || text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("yes")
}

/// The refusal of a value that is no whole number within the range.
pub(super) fn not_whole(name: &str, range: &RangeInclusive<i64>, param: &Param) -> BadRequest {
    let allowed = match (*range.start(), *range.end()) {
        (i64::MIN, i64::MAX) => String::new(),
        (least, i64::MAX) => format!(" of at least {least}"),
        (i64::MIN, most) => format!(" of at most {most}"),
        (least, most) => format!(" from {least} to {most}"),
    };
    BadRequest::of(format!("{name} must be a whole number{allowed}, not {}", quote(param)))
}

fn quote(param: &Param) -> String {
    let mut text: String = param.text.chars().take(QUOTED).collect();
    if text.len() < param.text.len() {
        text.push('…');
    }
    if param.literal { text } else { format!("{text:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lenient_integers_are_read_as_the_bot_api_reads_them() {
        let table = [
            ("0", 0),
            ("42", 42),
            ("-1234567890", -1234567890),
            ("10.5", 10),
            ("12abc", 12),
            ("1e3", 1),
            ("abc", 0),
            ("true", 0),
            ("-", 0),
            ("--5", 0),
            ("+5", 0),
            (" 5", 0),
            ("007", 7),
            ("٣", 0),
            ("9223372036854775807", i64::MAX),
            ("9223372036854775808", i64::MAX),
            ("-9223372036854775808", i64::MIN),
            ("-99999999999999999999999", i64::MIN),
        ];
        for (text, number) in table {
            assert_eq!(lenient_int(text), number, "{text:?}");
        }
    }

    #[test]
    fn strict_integers_are_digits_and_nothing_else() {
        for (text, number) in [("0", 0), ("-7", -7), ("007", 7), ("9223372036854775807", i64::MAX)] {
            assert_eq!(strict_int(text), Some(number), "{text:?}");
        }
        for text in ["", "-", "+5", " 5", "5 ", "5.0", "1e3", "abc", "0x10", "٣", "9223372036854775808"] {
            assert_eq!(strict_int(text), None, "{text:?}");
        }
    }

    #[test]
    fn flags_are_true_for_three_words_only() {
        for text in ["true", "True", "YES", "yes", "1", " true\n"] {
            assert!(flag(text), "{text:?}");
        }
        for text in ["", "0", "false", "no", "on", "2", "11", "y", "truer"] {
            assert!(!flag(text), "{text:?}");
        }
    }

    #[test]
    fn a_refused_number_is_quoted_briefly_and_on_one_line() {
        let refuse = |text: &str, literal| {
            not_whole("limit", &(1..=1000), &Param { text: text.to_owned(), literal }).to_string()
        };
        assert_eq!(refuse("abc", false), r#"limit must be a whole number from 1 to 1000, not "abc""#);
        assert_eq!(refuse("true", true), "limit must be a whole number from 1 to 1000, not true");
        assert_eq!(refuse("a\nb", false), r#"limit must be a whole number from 1 to 1000, not "a\nb""#);
        let long = refuse(&"ü".repeat(5000), false);
        assert!(long.ends_with("üüü…\"") && long.chars().count() < 100, "{long}");
    }

    #[test]
    fn an_open_range_is_worded_without_its_open_end() {
        let param = Param { text: "x".to_owned(), literal: false };
        let table = [
            (0..=i64::MAX, "since must be a whole number of at least 0, not \"x\""),
            (i64::MIN..=9, "since must be a whole number of at most 9, not \"x\""),
            (i64::MIN..=i64::MAX, "since must be a whole number, not \"x\""),
        ];
        for (range, text) in table {
            assert_eq!(not_whole("since", &range, &param).to_string(), text);
        }
    }
}
