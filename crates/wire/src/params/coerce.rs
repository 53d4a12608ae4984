//! What a parameter's text means as a number or a flag, leniently (Bot API) and strictly (our own resources).
//! Called by `Params` only; pure functions from text.
//! Nothing here refuses on its own: the lenient forms always answer, the strict one says `None`.

use std::ops::RangeInclusive;

use serde_json::Value;

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

/// A JSON number that is whole however it is written, such as `11.0` or `1e3` (JSON Schema counts both as integers), within
/// 64 bits; as a fraction only as far as such a number is exact.
pub fn whole_number(value: &Value) -> Option<i64> {
    const EXACT: f64 = (1_i64 << 53) as f64;
    let exact = |number: &f64| number.fract() == 0.0 && number.abs() <= EXACT;
    value.as_i64().or_else(|| value.as_f64().filter(exact).map(|number| number as i64))
}

/// `true`, `yes` and `1` after trimming, in any case; everything else is false.
pub(super) fn flag(text: &str) -> bool {
    let text = text.trim();
    text == "1" || text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("yes")
}

/// A flag that says one or the other.
pub(super) fn strict_flag(text: &str) -> Option<bool> {
    let says = |words: [&str; 3]| words.iter().any(|word| text.trim().eq_ignore_ascii_case(word));
    if says(["true", "yes", "1"]) {
        return Some(true);
    }
    says(["false", "no", "0"]).then_some(false)
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
    fn a_whole_number_is_one_however_json_writes_it() {
        let read = |text: &str| whole_number(&serde_json::from_str(text).unwrap());
        for (text, number) in [
            ("11", 11),
            ("11.0", 11),
            ("-449454506.0", -449_454_506),
            ("1e3", 1000),
            ("-9223372036854775808", i64::MIN),
            ("9007199254740992.0", 1 << 53),
        ] {
            assert_eq!(read(text), Some(number), "{text}");
        }
        for text in ["11.5", "1e300", "9007199254740994.0", "9223372036854775808", "\"11\"", "null", "true"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn strict_flags_say_one_or_the_other() {
        for (text, flag) in
            [("true", true), (" YES ", true), ("1", true), ("False", false), ("no", false), ("0", false)]
        {
            assert_eq!(strict_flag(text), Some(flag), "{text:?}");
        }
        for text in ["{}", "2", "on", "truee", "null"] {
            assert_eq!(strict_flag(text), None, "{text:?}");
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
