//! Bodies of the fake upstream's answers: whole, cut, stalled, or as long as one likes.
//! Made by the server. None of them holds more than a piece of what it sends.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use serde_json::{Value, json};
use tokio::time::{Sleep, sleep};

use super::fault::BotError;

/// Files are this, over and over.
const PATTERN: &[u8; 251] = &pattern();
const PIECE: usize = 251 * 256;

const fn pattern() -> [u8; 251] {
    let mut bytes = [0; 251];
    let mut at = 0;
    while at < bytes.len() {
        // Below 251, so it fits.
        bytes[at] = at as u8;
        at += 1;
    }
    bytes
}

/// The first `size` bytes of every file that the fake upstream offers.
pub fn file_bytes(size: usize) -> Vec<u8> {
    PATTERN.iter().copied().cycle().take(size).collect()
}

/// A sum that tells bodies apart, piece by piece: start with 0.
pub fn checksum(sum: u64, bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(sum, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3).wrapping_add(1))
}

pub(crate) enum ReplyBody {
    Whole(Option<Bytes>),
    /// The connection fails after this, when it has had time to be read.
    Cut(Option<Bytes>, u64, Pin<Box<Sleep>>),
    /// Nothing comes after this.
    Stall(Option<Bytes>, u64),
    File {
        left: u64,
        piece: Bytes,
    },
    /// A JSON answer whose `result` is a long text.
    Huge {
        before: Option<Bytes>,
        left: u64,
        piece: Bytes,
        after: Option<Bytes>,
    },
}

impl ReplyBody {
    pub fn file(size: u64) -> ReplyBody {
        ReplyBody::File { left: size, piece: file_bytes(PIECE).into() }
    }

    pub fn cut(before: Bytes, promised: u64) -> ReplyBody {
        ReplyBody::Cut(Some(before), promised, Box::pin(sleep(Duration::from_millis(50))))
    }

    pub fn huge(size: u64) -> ReplyBody {
        ReplyBody::Huge {
            before: Some(Bytes::from_static(br#"{"ok":true,"result":""#)),
            left: size,
            piece: vec![b'x'; PIECE].into(),
            after: Some(Bytes::from_static(br#""}"#)),
        }
    }
}

/// Takes a piece of at most `left` bytes off.
fn next_piece(left: &mut u64, piece: &Bytes) -> Option<Bytes> {
    let length = usize::try_from(*left).unwrap_or(usize::MAX).min(piece.len());
    *left -= length as u64;
    (length > 0).then(|| piece.slice(..length))
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let data = match self.get_mut() {
            ReplyBody::Whole(bytes) => bytes.take(),
            ReplyBody::Cut(bytes, _, read) => match bytes.take() {
                None => {
                    ready!(read.as_mut().poll(cx));
                    return Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into())));
                }
                some => some,
            },
            ReplyBody::Stall(bytes, _) => match bytes.take() {
                None => return Poll::Pending,
                some => some,
            },
            ReplyBody::File { left, piece } => next_piece(left, piece),
            ReplyBody::Huge { before, left, piece, after } => {
                before.take().or_else(|| next_piece(left, piece)).or_else(|| after.take())
            }
        };
        Poll::Ready(data.map(|data| Ok(Frame::data(data))))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            ReplyBody::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            ReplyBody::Cut(_, promised, _) | ReplyBody::Stall(_, promised) => SizeHint::with_exact(*promised),
            ReplyBody::File { left, .. } => SizeHint::with_exact(*left),
            ReplyBody::Huge { .. } => SizeHint::default(),
        }
    }
}

pub(super) fn ok_text(result: &Value) -> Bytes {
    json!({"ok": true, "result": result}).to_string().into()
}

pub(super) fn ok(body: ReplyBody) -> Response<ReplyBody> {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

pub(super) fn refusal(error: &BotError) -> Response<ReplyBody> {
    let mut body = json!({"ok": false, "error_code": error.status, "description": error.description});
    if let Some(wait) = error.retry_after {
        body["parameters"]["retry_after"] = wait.into();
    }
    if let Some(chat) = error.migrate_to_chat_id {
        body["parameters"]["migrate_to_chat_id"] = chat.into();
    }
    let mut response = ok(ReplyBody::Whole(Some(body.to_string().into())));
    *response.status_mut() = status(error.status);
    if let Some(wait) = error.retry_after {
        response.headers_mut().insert(RETRY_AFTER, wait.into());
    }
    response
}

pub(super) fn page(code: u16) -> Response<ReplyBody> {
    let text = format!("<html><head><title>{code}</title></head><body>somewhere in between</body></html>");
    let mut response = Response::new(ReplyBody::Whole(Some(text.into())));
    *response.status_mut() = status(code);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).expect("a test plans statuses that exist")
}
