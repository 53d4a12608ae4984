//! Answers with a file: streamed from the store piece by piece, whole or in part (RFC 9110, section 14). A browser is told to
//! keep it, never to show it: what somebody sent must not run as a page of this server.

use crate::reply::{BEYOND, Body, PARTIAL, Response};
use bytes::Bytes;
use contactgram_hub::{Error, OpenFile};
use futures_util::stream;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_RANGE, RANGE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue};
use http_body_util::Either;
use std::fmt::Write as _;
use std::ops::Range;

/// Which part of a file is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    Whole,
    Part(Range<u64>),
    /// Nothing that there is.
    Beyond,
}

/// The file, or the part of it that the request's headers ask for.
pub(crate) fn answer(file: OpenFile, headers: &HeaderMap) -> Response {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let tag = format!("\"{}\"", file.tag);
    let same = text(IF_RANGE).is_none_or(|known| known == tag);
    let wanted = match text(RANGE).filter(|_| same) {
        Some(range) => wanted(range, file.bytes),
        None => Wanted::Whole,
    };
    let whole = file.bytes;
    let mut response = match &wanted {
        Wanted::Whole => streamed(file.clone(), 0..whole),
        Wanted::Part(part) => {
            let mut response = streamed(file.clone(), part.clone());
            *response.status_mut() = PARTIAL;
            response
        }
        Wanted::Beyond => {
            let mut response = streamed(file.clone(), 0..0);
            *response.status_mut() = BEYOND;
            response
        }
    };
    let about = [
        (CONTENT_TYPE, file.mime),
        (ETAG, tag),
        (CONTENT_DISPOSITION, disposition(&file.name)),
        (ACCEPT_RANGES, "bytes".to_owned()),
        (CACHE_CONTROL, "private, no-cache".to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'".to_owned()),
    ];
    let range = match wanted {
        Wanted::Whole => None,
        Wanted::Part(part) => Some(format!("bytes {}-{}/{whole}", part.start, part.end - 1)),
        Wanted::Beyond => Some(format!("bytes */{whole}")),
    };
    for (name, value) in about.into_iter().chain(range.map(|range| (CONTENT_RANGE, range))) {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn streamed(file: OpenFile, part: Range<u64>) -> Response {
    let length = part.end - part.start;
    let pieces = stream::try_unfold((file, part), async |(file, part)| {
        if part.is_empty() {
            return Ok::<_, Failed>(None);
        }
        let mut piece: Bytes = file.from(part.start).await.map_err(Failed)?;
        piece.truncate(usize::try_from(part.end - part.start).unwrap_or(usize::MAX));
        let next = part.start + piece.len() as u64..part.end;
        Ok(Some((piece, (file, next))))
    });
    let mut response = Response::new(match length {
        0 => Body::Left(http_body_util::Full::default()),
        _ => Either::Right(axum::body::Body::from_stream(pieces)),
    });
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    response
}

/// Why a file breaks off on its way out: the connection ends, so that nobody takes the part for the whole.
#[derive(Debug)]
pub(crate) struct Failed(pub Error);

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the file can't be read on: {:?}", self.0)
    }
}

impl std::error::Error for Failed {}

/// What a `Range` asks for. Several ranges at once are answered with the whole, and so is what can't be read.
fn wanted(range: &str, whole: u64) -> Wanted {
    let Some(range) = range.trim().strip_prefix("bytes=") else { return Wanted::Whole };
    let Some((first, last)) = range.split_once('-') else { return Wanted::Whole };
    let number = |text: &str| match text.trim() {
        "" => Some(None),
        text => {
            text.bytes().all(|byte| byte.is_ascii_digit()).then(|| Some(text.parse().unwrap_or(u64::MAX)))
        }
    };
    let (Some(first), Some(last)) = (number(first), number(last)) else { return Wanted::Whole };
    let part = match (first, last) {
        (None, None) => return Wanted::Whole,
        (None, Some(most)) => whole.saturating_sub(most)..whole,
        (Some(first), Some(last)) if last < first => return Wanted::Whole,
        (Some(first), last) => first..last.map_or(whole, |last| last.saturating_add(1).min(whole)),
    };
    if part.start >= part.end { Wanted::Beyond } else { Wanted::Part(part) }
}

/// `Content-Disposition` with the name as RFC 8187 writes it.
fn disposition(name: &str) -> String {
    let mut text = "attachment; filename*=UTF-8''".to_owned();
    for byte in name.bytes() {
        match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            true => text.push(char::from(byte)),
            // Writing into a text doesn't fail.
            false => drop(write!(text, "%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_rfc_has_them() {
        let table = [
            ("bytes=0-9", Wanted::Part(0..10)),
            ("bytes=5-", Wanted::Part(5..100)),
            ("bytes=-7", Wanted::Part(93..100)),
            ("bytes=-700", Wanted::Part(0..100)),
            ("bytes=90-900", Wanted::Part(90..100)),
            ("bytes=99-99", Wanted::Part(99..100)),
            ("bytes=100-", Wanted::Beyond),
            ("bytes=-0", Wanted::Beyond),
            ("bytes=99999999999999999999999-", Wanted::Beyond),
            ("bytes=0-1,5-6", Wanted::Whole),
            ("bytes=9-5", Wanted::Whole),
            ("bytes=a-5", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("lines=1-2", Wanted::Whole),
        ];
        for (range, expected) in table {
            assert_eq!(wanted(range, 100), expected, "{range}");
        }
        assert_eq!(wanted("bytes=0-", 0), Wanted::Beyond);
    }

    #[test]
    fn a_name_can_hold_anything() {
        assert_eq!(disposition("a b\".pdf"), "attachment; filename*=UTF-8''a%20b%22.pdf");
        assert_eq!(disposition("ä\r\n"), "attachment; filename*=UTF-8''%C3%A4%0D%0A");
    }
}
