//! The answers of webhooks, which strangers write: the method call that one may hold. The input is a content
//! type on the first line and a body behind it.

use super::first_line;
use crate::reply::read_call;
use bytes::Bytes;
use futures_util::FutureExt as _;

pub fn run(input: &[u8]) {
    let Some((content_type, body)) = first_line(input) else { return };
    let Ok(content_type) = std::str::from_utf8(content_type) else { return };
    let reading = read_call(content_type, Bytes::copy_from_slice(body));
    let Some(call) = reading.now_or_never().expect("a body in memory is not waited for") else { return };
    let method = call.method.to_ascii_lowercase();
    let barred = ["", "setwebhook", "deletewebhook", "close", "logout"];
    assert!(!barred.contains(&method.as_str()) && !method.starts_with("get"), "{method}");
    assert!(call.params.iter().all(|(name, _)| name != "method"));
}
