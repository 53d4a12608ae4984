//! The parameters of one request, however they were encoded: query string, form, multipart or JSON.
//! Made at the door from the parts of a request; every handler reads its input through here.
//! It never decides what a method needs, and its `Debug` never shows a value.

mod body;
mod coerce;
mod head;
mod json;
mod multipart;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
mod upload;

use std::fmt;
use std::ops::RangeInclusive;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::BadRequest;

pub use coerce::whole_number;
pub use head::{MultipartHead, upload_boundary};
pub use upload::{Upload, UploadError, UploadedPart};

/// The most bytes that all names and text values of a request may have together: 1 MiB.
/// Files don't count. The Bot API has the same limit.
pub const MAX_TEXT: usize = 1 << 20;
/// The most parameters of one request. Far above any method's need; it bounds what a tiny `a&a&a…` can cost.
pub const MAX_PARAMETERS: usize = 4096;
/// The most uploaded files of one request, as in the Bot API.
pub const MAX_FILES: usize = 50;

/// Name and value pairs in the order they came, the query's before the body's, and the uploaded files.
/// Where a name comes twice the first one wins, so the query beats the body.
#[derive(Clone, Default, PartialEq)]
pub struct Params {
    /// May hold a name twice: dropping doubles would cost every request what only a strange one needs.
    entries: Vec<(String, Param)>,
    files: Vec<File>,
}

/// One value. All encodings but JSON know text only, so text is what is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Param {
    /// The decoded text, or the JSON text of a literal.
    pub text: String,
    /// Whether this came as a JSON value that was not a string: a number, `true`, `null`, an object, an array.
    pub literal: bool,
}

/// An uploaded file: a multipart part that has a file name.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// The form field it came in.
    pub name: String,
    /// As the sender wrote it: may hold path separators, may be empty.
    pub file_name: Option<String>,
    pub content_type: Option<String>,
    /// The whole content, undecoded; nothing where [`Upload`] handed it on as it came.
    pub bytes: Bytes,
}

/// Why a body can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadBody {
    /// 400: the text says what is wrong, and where.
    #[error(transparent)]
    Malformed(#[from] BadRequest),
    /// 415: there is a body, and its content type is none of those read here.
    #[error("unsupported content type")]
    UnsupportedType,
    /// 413: beyond [`MAX_TEXT`], [`MAX_PARAMETERS`] or [`MAX_FILES`].
    #[error("the parameters are too large")]
    TooLarge,
}

impl Params {
    /// The parameters of a query string, given without its `?`. `+` is a space, a malformed percent sequence
    /// stands for itself, and what is not UTF-8 becomes U+FFFD.
    pub fn from_query(query: Option<&str>) -> Params {
        let mut params = Params::default();
        if let Some(query) = query {
            params.push_form(query.as_bytes());
        }
        params
    }

    /// The parameters of a query string and a body. The caller bounds the raw size of both and undoes any
    /// content encoding.
    ///
    /// Content types are matched by substring without regard to case, as the Bot API does. An empty body has no
    /// parameters, whatever its type. A body without a type is read as JSON where it opens with `{`.
    pub async fn read(
        query: Option<&str>,
        content_type: Option<&str>,
        body: Bytes,
    ) -> Result<Params, BadBody> {
        let mut params = Params::from_query(query);
        body::read(&mut params, content_type.unwrap_or_default(), body).await?;
        params.check_size()?;
        Ok(params)
    }

    /// As [`Params::read`] of an empty body.
    pub fn without_body(query: Option<&str>) -> Result<Params, BadBody> {
        let params = Params::from_query(query);
        params.check_size()?;
        Ok(params)
    }

    /// The first parameter of this name, as it came.
    pub fn get(&self, name: &str) -> Option<&Param> {
        self.entries.iter().find(|(have, _)| have == name).map(|(_, param)| param)
    }

    /// A parameter's text, which may be empty. A JSON `null` counts as absent.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|param| !param.is_null()).map(|param| param.text.as_str())
    }

    /// All texts by their names, in the order in which they came.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|(name, param)| (name.as_str(), param.text.as_str()))
    }

    /// A parameter's text read strictly, for resources of our own: a JSON number is its text, anything else that is no string is
    /// refused. `None` where it is absent or `null`.
    pub fn strict_text(&self, name: &str) -> Result<Option<&str>, BadRequest> {
        let Some(param) = self.get(name).filter(|param| !param.is_null()) else { return Ok(None) };
        let is_text = !param.literal || param.text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        if is_text { Ok(Some(&param.text)) } else { Err(BadRequest::of(format!("{name} must be a string"))) }
    }

    /// A parameter's text, which must not be empty: else `parameter "X" is required`, as the Bot API has it.
    pub fn required(&self, name: &str) -> Result<&str, BadRequest> {
        self.filled(name).ok_or_else(|| BadRequest::of(format!("parameter \"{name}\" is required")))
    }

    /// An integer as leniently as the Bot API reads it: a leading `-` and digits, the rest ignored, so that
    /// `10.5` is 10 and `abc` is 0. Beyond 64 bits the nearest one. Absent or empty: `None`.
    pub fn int(&self, name: &str) -> Option<i64> {
        self.filled(name).map(coerce::lenient_int)
    }

    /// As [`Params::int`], with a default, put into the range: the Bot API's way with limits and timeouts.
    pub fn int_clamped(&self, name: &str, default: i64, range: RangeInclusive<i64>) -> i64 {
        self.int(name).unwrap_or(default).max(*range.start()).min(*range.end())
    }

    /// A whole number read strictly, for resources of our own. Anything else that is present, the empty text
    /// included, is refused with the field, the range and what came:
    /// `limit must be a whole number from 1 to 1000, not "abc"`.
    pub fn whole(&self, name: &str, range: RangeInclusive<i64>) -> Result<Option<i64>, BadRequest> {
        let Some(param) = self.get(name).filter(|param| !param.is_null()) else {
            return Ok(None);
        };
        let number = coerce::strict_int(&param.text)
            .or_else(|| param.literal.then(|| whole_number(&param.value())).flatten());
        match number.filter(|number| range.contains(number)) {
            Some(number) => Ok(Some(number)),
            None => Err(coerce::not_whole(name, &range, param)),
        }
    }

    /// Whether a parameter says `true`, `yes` or `1` (trimmed, in any case). Absent is `false`.
    pub fn flag(&self, name: &str) -> bool {
        self.maybe_flag(name).unwrap_or(false)
    }

    /// As [`Params::flag`], but `None` where the parameter is absent or empty.
    pub fn maybe_flag(&self, name: &str) -> Option<bool> {
        self.filled(name).map(coerce::flag)
    }

    /// A flag read strictly, for resources of our own: `true`, `yes`, `1`, `false`, `no` or `0`, in any case. `None` where it is
    /// absent or empty.
    pub fn strict_flag(&self, name: &str) -> Result<Option<bool>, BadRequest> {
        let Some(text) = self.filled(name) else { return Ok(None) };
        match coerce::strict_flag(text) {
            Some(flag) => Ok(Some(flag)),
            None => Err(BadRequest::of(format!("{name} must be true or false"))),
        }
    }

    /// An object parameter: JSON text, also where it came inside a form or a JSON string.
    /// Absent, empty or `null`: `None`. Errors: `can't parse parameter "X": …`.
    pub fn json<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, BadRequest> {
        let Some(text) = self.filled(name) else {
            return Ok(None);
        };
        serde_json::from_str(text)
            .map_err(|error| BadRequest::of(format!("can't parse parameter \"{name}\": {error}")))
    }

    /// The first uploaded file of this field.
    pub fn file(&self, name: &str) -> Option<&File> {
        self.files.iter().find(|file| file.name == name)
    }

    /// All uploaded files, in the order they came.
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// All parameters, in the order they came, doubles included: for passing a call on.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Param)> {
        self.entries.iter().map(|(name, param)| (name.as_str(), param))
    }

    /// Whether there is neither a parameter nor a file.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.files.is_empty()
    }

    /// Every parameter as JSON: literals as what they are, `null` included, all else as strings. This is the
    /// form for the bodies of resources and for JSON merge patches (RFC 7396).
    pub fn object(&self) -> Map<String, Value> {
        let mut object = Map::new();
        for (name, param) in &self.entries {
            if !object.contains_key(name) {
                object.insert(name.clone(), param.value());
            }
        }
        object
    }

    /// A parameter's text, unless it is absent, `null` or empty.
    fn filled(&self, name: &str) -> Option<&str> {
        self.text(name).filter(|text| !text.is_empty())
    }

    fn push_text(&mut self, name: String, text: String) {
        self.entries.push((name, Param { text: without_nul(text), literal: false }));
    }

    fn push_form(&mut self, form: &[u8]) {
        for (name, text) in form_urlencoded::parse(form) {
            self.push_text(name.into_owned(), text.into_owned());
        }
    }

    fn check_size(&self) -> Result<(), BadBody> {
        let text: usize = self.entries.iter().map(|(name, param)| name.len() + param.text.len()).sum();
        if text > MAX_TEXT || self.entries.len() > MAX_PARAMETERS || self.files.len() > MAX_FILES {
            return Err(BadBody::TooLarge);
        }
        Ok(())
    }
}

impl Param {
    /// Whether this is a JSON `null`; the text "null" of a form is not.
    pub fn is_null(&self) -> bool {
        self.literal && self.text == "null"
    }

    /// This parameter as JSON: a literal as what it is, all else as a string.
    pub fn value(&self) -> Value {
        if self.literal
            && let Ok(value) = serde_json::from_str(&self.text)
        {
            return value;
        }
        Value::String(self.text.clone())
    }
}

/// Parameters from pairs of text, as a form would give them.
impl<N: Into<String>, T: Into<String>> FromIterator<(N, T)> for Params {
    fn from_iter<I: IntoIterator<Item = (N, T)>>(pairs: I) -> Params {
        let mut params = Params::default();
        for (name, text) in pairs {
            params.push_text(name.into(), text.into());
        }
        params
    }
}

// Values hold texts, phone numbers and tokens, and names may be a body that was sent with the wrong type:
// none of that belongs in a log.
impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Params({} parameters, {} files)", self.entries.len(), self.files.len())
    }
}

impl fmt::Debug for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Param({} bytes)", self.text.len())
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "File({} bytes)", self.bytes.len())
    }
}

/// NUL becomes a space, as Telegram cleans texts: PostgreSQL can't hold it, and nobody can mean it.
pub(crate) fn without_nul(text: String) -> String {
    if text.contains('\0') { text.replace('\0', " ") } else { text }
}
