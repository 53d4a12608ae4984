//! The answers that no handler gives: to heads that can't be parsed, to clients beyond the cap, to crashed handlers.
//! `wire`, `accept`, `connection` and `service` take whole answers from here; their texts are those of the API contract.
//! It never sees what the client sent, so it never repeats it.

use std::time::SystemTime;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;

use super::request_id::{X_REQUEST_ID, request_id};

/// Seconds that a client beyond the connection cap is asked to wait.
const RETRY_AFTER_SECONDS: u32 = 1;

/// A whole answer with its head, after which the connection closes.
pub(super) fn bytes(status: StatusCode) -> Bytes {
    let body = json(status);
    let retry = match status {
        StatusCode::SERVICE_UNAVAILABLE => format!("retry-after: {RETRY_AFTER_SECONDS}\r\n"),
        _ => String::new(),
    };
    let id = request_id(None);
    let answer = format!(
        "HTTP/1.1 {} {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\
         {retry}x-request-id: {}\r\ndate: {}\r\n\r\n{body}",
        status.as_u16(),
        phrase(status),
        body.len(),
        id.to_str().unwrap_or_default(),
        httpdate::fmt_http_date(SystemTime::now()),
    );
    Bytes::from(answer)
}

/// The same answer for a request that did reach the service.
pub(super) fn response(status: StatusCode, request_id: HeaderValue) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(json(status)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(X_REQUEST_ID, request_id);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
    }
    response
}

fn json(status: StatusCode) -> String {
    let code = status.as_u16();
    let description = description(status);
    let parameters = match status {
        StatusCode::SERVICE_UNAVAILABLE => {
            format!(r#","parameters":{{"retry_after":{RETRY_AFTER_SECONDS}}}"#)
        }
        _ => String::new(),
    };
    format!(r#"{{"ok":false,"error_code":{code},"description":"{description}"{parameters}}}"#)
}

fn description(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "Bad Request: malformed HTTP request",
        StatusCode::SERVICE_UNAVAILABLE => "Service Unavailable: too many connections",
        other => phrase(other),
    }
}

fn phrase(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Error")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(status: StatusCode) -> String {
        String::from_utf8(bytes(status).to_vec()).unwrap()
    }

    #[test]
    fn the_body_is_the_envelope_and_its_length_is_right() {
        let answer = text(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\n"), "{head}");
        assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", body.len())), "{head}");
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        let expected = serde_json::json!({
            "ok": false, "error_code": 431, "description": "Request Header Fields Too Large",
        });
        assert_eq!(body, expected);
    }

    #[test]
    fn a_503_says_when_to_come_back_in_both_places() {
        let answer = text(StatusCode::SERVICE_UNAVAILABLE);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("\r\nretry-after: 1\r\n"), "{head}");
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["parameters"]["retry_after"], 1);
    }
}
