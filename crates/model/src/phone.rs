//! Phone numbers in E.164: `+` and 7–15 digits (ITU-T E.164 allows 15; 7 is the shortest in use).
//! A number with its `+` is taken as it stands, assigned or not; a national form is read with a region.
//! Made at the edge, so that the store never sees a raw number.

use rlibphonenumber::{PhoneNumberFormat, Region};
use std::fmt;

/// A number in E.164.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PhoneNumber(String);

/// Why a text is no phone number; the sentence is for whoever sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// Letters, too few or too many digits …
    #[error("phone_number must be + and 7 to 15 digits, such as +14155550100")]
    Malformed,
    /// There is no `+`, and no region to read a national form with.
    #[error("phone_number must begin with + and the country code, as the account has no default region")]
    NoRegion,
    /// A national form that the region's numbering plan doesn't know.
    #[error("phone_number is not a number of the region {0}; write it with + and the country code")]
    NotOfRegion(String),
}

impl PhoneNumber {
    /// Reads a number. Spaces, dots, dashes, brackets and slashes are dropped; `region` is an ISO 3166-1
    /// code such as `GB`, used for numbers without a `+`.
    ///
    /// # Errors
    /// A sentence that names the field and says what would do.
    pub fn parse(text: &str, region: Option<&str>) -> Result<PhoneNumber, PhoneError> {
        let text = text.trim();
        if text.len() > 64 {
            return Err(PhoneError::Malformed);
        }
        if let Some(rest) = text.strip_prefix('+').or_else(|| text.strip_prefix('\u{ff0b}')) {
            return plain(rest);
        }
        if !text.chars().any(|c| c.is_ascii_digit()) {
            return Err(PhoneError::Malformed);
        }
        let Some(code) = region else { return Err(PhoneError::NoRegion) };
        let not_of_region = || PhoneError::NotOfRegion(code.to_owned());
        let region = Region::try_from(code).map_err(|_| not_of_region())?;
        let number = rlibphonenumber::PhoneNumber::parse(text, Some(region)).map_err(|_| not_of_region())?;
        if !number.is_valid() {
            return Err(not_of_region());
        }
        plain(number.format_as(PhoneNumberFormat::E164).trim_start_matches('+'))
    }

    /// A number as Telegram writes it in a `Contact`, where the `+` may be missing.
    ///
    /// # Errors
    /// As [`PhoneNumber::parse`].
    pub fn from_telegram(text: &str) -> Result<PhoneNumber, PhoneError> {
        plain(text.trim().trim_start_matches('+'))
    }

    /// `+` and digits.
    pub fn e164(&self) -> &str {
        &self.0
    }
}

/// Whether `code` is a region that national forms can be read with.
pub fn is_region(code: &str) -> bool {
    Region::try_from(code).is_ok()
}

fn plain(rest: &str) -> Result<PhoneNumber, PhoneError> {
    let mut number = String::with_capacity(16);
    number.push('+');
    for c in rest.chars() {
        match c {
            '0'..='9' => number.push(c),
            ' ' | '\u{a0}' | '.' | '-' | '\u{2010}' | '\u{2011}' | '\u{2013}' | '(' | ')' | '/' => {}
            _ => return Err(PhoneError::Malformed),
        }
    }
    if !(8..=16).contains(&number.len()) || number.as_bytes()[1] == b'0' {
        return Err(PhoneError::Malformed);
    }
    Ok(PhoneNumber(number))
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, region: Option<&str>) -> Result<String, PhoneError> {
        PhoneNumber::parse(text, region).map(|number| number.e164().to_owned())
    }

    #[test]
    fn a_plus_and_digits_pass_assigned_or_not() {
        for text in ["+1234567890", "+1 234 567 890", "+1 (234) 567-890", " +1.234.567.890 "] {
            assert_eq!(read(text, None).as_deref(), Ok("+1234567890"), "{text}");
        }
        assert!(read("+123456789012345", None).is_ok() && read("+1234567", None).is_ok());
    }

    #[test]
    fn what_is_no_number_is_refused_with_a_sentence() {
        for text in
            ["", "+", "+123456", "+1234567890123456", "+12345x7890", "hello", "+0123456789", "++1234567"]
        {
            assert_eq!(read(text, None), Err(PhoneError::Malformed), "{text}");
        }
    }

    #[test]
    fn a_national_form_is_read_with_the_region() {
        assert_eq!(read("020 7946 0018", Some("GB")).as_deref(), Ok("+442079460018"));
        assert_eq!(read("(415) 555-2671", Some("US")).as_deref(), Ok("+14155552671"));
        assert_eq!(read("020 7946 0018", None), Err(PhoneError::NoRegion));
        assert_eq!(read("12", Some("GB")), Err(PhoneError::NotOfRegion("GB".to_owned())));
        assert_eq!(
            read("020 7946 0018", Some("nowhere")),
            Err(PhoneError::NotOfRegion("nowhere".to_owned()))
        );
    }
}
