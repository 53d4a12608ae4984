//! Reading an HTTP/1.1 answer as far as a load generator needs it: its status and where it ends. Called by
//! `load` for each piece that arrives and by `client`. It knows Content-Length only; no server here chunks.

use crate::Failed;

/// An answer that is complete.
#[derive(Debug, PartialEq, Eq)]
pub struct Whole {
    pub status: u16,
    /// Where the body begins.
    pub body: usize,
    /// Bytes of head and body.
    pub length: usize,
}

/// Reads an answer; `None` while it is not complete.
///
/// # Errors
/// What came is no answer, or one without a length.
pub fn read(bytes: &[u8]) -> Result<Option<Whole>, Failed> {
    let Some(body) = end_of_head(bytes) else { return Ok(None) };
    let head = &bytes[..body];
    let wrong = || format!("no answer of HTTP/1.1: {}", String::from_utf8_lossy(head));
    if !head.starts_with(b"HTTP/1.1 ") {
        return Err(wrong().into());
    }
    let status = number(&head[9..]).and_then(|code| u16::try_from(code).ok()).ok_or_else(wrong)?;
    let length = body + content_length(head).ok_or_else(wrong)?;
    Ok((bytes.len() >= length).then_some(Whole { status, body, length }))
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let mut from = 0;
    // Line ends are few: look at those instead of at every window of four.
    while let Some(at) = bytes[from..].iter().position(|byte| *byte == b'\n') {
        let next = from + at + 1;
        if bytes[next..].starts_with(b"\r\n") {
            return Some(next + 2);
        }
        from = next;
    }
    None
}

fn content_length(head: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"content-length:";
    let line = head.split(|byte| *byte == b'\n').find(|line| {
        line.first().is_some_and(|first| first | 32 == b'c')
            && line.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME))
    })?;
    number(line[NAME.len()..].trim_ascii_start())
}

fn number(text: &[u8]) -> Option<usize> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&text[..digits]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_with_its_last_byte_and_not_before() {
        let text = b"HTTP/1.1 201 Created\r\nX-A: 1\r\ncontent-LENGTH:  5\r\n\r\nhello";
        for end in 0..text.len() {
            assert_eq!(read(&text[..end]).unwrap(), None, "{end}");
        }
        assert_eq!(read(text).unwrap(), Some(Whole { status: 201, body: 52, length: 57 }));
    }

    #[test]
    fn what_has_no_length_or_is_not_http_is_an_error() {
        assert!(read(b"HTTP/1.1 200 OK\r\nx: y\r\n\r\n").is_err());
        assert!(read(b"SSH-2.0\r\n\r\n").is_err());
    }
}
