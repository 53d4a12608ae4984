//! A value as somebody wrote it, and its readings. Called by the table of settings. Errors continue a
//! sentence that began with the setting's name: "must be …".

use std::borrow::Cow;
use std::fmt;
use std::ops::RangeInclusive;

use toml::de::DeValue;

/// A value as it was written.
pub enum Given<'a> {
    /// From a flag or a variable: plain text.
    Text(&'a str),
    /// From the file, where types are told apart.
    Toml(&'a DeValue<'a>),
}

/// What would have been allowed.
pub type Allowed = Cow<'static, str>;

/// Yes or no.
pub fn boolean(given: &Given<'_>) -> Result<bool, Allowed> {
    let read = match given {
        Given::Text(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Some(true),
            "false" | "no" | "off" | "0" => Some(false),
            _ => None,
        },
        Given::Toml(value) => value.as_bool(),
    };
    read.ok_or(Cow::Borrowed("must be true or false"))
}

/// A whole number within a range.
pub fn whole(given: &Given<'_>, range: RangeInclusive<u64>) -> Result<u64, Allowed> {
    let read = match given {
        Given::Text(text) => text.parse().ok(),
        Given::Toml(value) => {
            value.as_integer().and_then(|number| u64::from_str_radix(number.as_str(), number.radix()).ok())
        }
    };
    read.filter(|number| range.contains(number))
        .ok_or_else(|| format!("must be a whole number from {} to {}", range.start(), range.end()).into())
}

/// [`whole`], for counts.
pub fn count(given: &Given<'_>, range: RangeInclusive<u64>) -> Result<usize, Allowed> {
    whole(given, range).and_then(|number| {
        usize::try_from(number).map_err(|_| Cow::Borrowed("must be a number that this machine can count to"))
    })
}

/// Text; an empty one counts as none.
pub fn optional_text(given: &Given<'_>) -> Result<Option<String>, Allowed> {
    let text = match given {
        Given::Text(text) => Some(*text),
        Given::Toml(value) => value.as_str(),
    };
    let text = text.ok_or(Cow::Borrowed("must be text in quotes"))?;
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// Text with something in it.
pub fn text(given: &Given<'_>) -> Result<String, Allowed> {
    optional_text(given)?.ok_or(Cow::Borrowed("must not be empty"))
}

/// A list of texts; on the command line and in variables with commas between.
pub fn list(given: &Given<'_>) -> Result<Vec<String>, Allowed> {
    let allowed = || Cow::Borrowed("must be a list of texts, such as [\"https://example.com\"]");
    match given {
        Given::Text(text) => {
            Ok(text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect())
        }
        Given::Toml(value) => {
            let items = value.as_array().ok_or_else(allowed)?.iter();
            items.map(|item| item.get_ref().as_str().map(str::to_owned).ok_or_else(allowed)).collect()
        }
    }
}

/// `host:port`, where a host may be an address or a name.
pub fn address(given: &Given<'_>) -> Result<String, Allowed> {
    let text = text(given)?;
    let is_address = text.parse::<std::net::SocketAddr>().is_ok();
    let is_name = text
        .rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && !host.contains(':') && port.parse::<u16>().is_ok());
    if is_address || is_name {
        return Ok(text);
    }
    Err(Cow::Borrowed("must be an address with a port, such as 127.0.0.1:8081 or [::1]:8081"))
}

impl fmt::Display for Given<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Given::Text(text) => write!(f, "{text:?}"),
            Given::Toml(value) => display(value, f),
        }
    }
}

fn display(value: &DeValue<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match value {
        DeValue::String(text) => write!(f, "{text:?}"),
        DeValue::Integer(number) => f.write_str(number.as_str()),
        DeValue::Float(number) => f.write_str(number.as_str()),
        DeValue::Boolean(value) => write!(f, "{value}"),
        DeValue::Datetime(date) => write!(f, "{date}"),
        DeValue::Array(items) => {
            f.write_str("[")?;
            for (i, item) in items.iter().enumerate() {
                f.write_str(if i == 0 { "" } else { ", " })?;
                display(item.get_ref(), f)?;
            }
            f.write_str("]")
        }
        DeValue::Table(_) => f.write_str("a section"),
    }
}
