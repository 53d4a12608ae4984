//! The beginning of an upload: the fields before its first file, read while the rest is still on its way.
//! Fed by whoever passes uploads on. It never fails: what can't be read is left out.

use super::Params;
use super::multipart::{MAX_BOUNDARY, boundary};

/// What has come of an upload so far.
#[derive(Debug)]
pub struct MultipartHead {
    /// `--` and the boundary.
    mark: Vec<u8>,
    bytes: Vec<u8>,
    fields: Vec<(String, String)>,
    /// Up to here it was read.
    at: usize,
    /// It is looked through again when it has this length: looking after each byte would cost too much.
    look_at: usize,
    is_over: bool,
}

impl MultipartHead {
    /// For a body of this content type; `None` when that is no upload.
    pub fn of(content_type: &str) -> Option<MultipartHead> {
        upload_boundary(content_type).map(|boundary| MultipartHead {
            mark: format!("--{boundary}").into_bytes(),
            bytes: Vec::new(),
            fields: Vec::new(),
            at: 0,
            look_at: 0,
            is_over: false,
        })
    }

    /// Takes the next piece of the body.
    pub fn push(&mut self, piece: &[u8]) {
        if self.is_over {
            return;
        }
        self.bytes.extend_from_slice(piece);
        if self.bytes.len() >= self.look_at {
            self.look();
            self.look_at = self.bytes.len() + self.bytes.len() / 8;
        }
    }

    fn look(&mut self) {
        while let Some(read) = self.part() {
            match read {
                Some((field, end)) => {
                    self.fields.push(field);
                    self.at = end;
                }
                None => {
                    self.is_over = true;
                    return;
                }
            }
        }
    }

    /// Whether a file has begun, or what came is no upload: nothing more is to be learnt.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// How many bytes came.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing came yet.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Adds the fields to those of the query.
    pub fn into_params(mut self, params: &mut Params) {
        if !self.is_over {
            self.look();
        }
        for (name, text) in self.fields {
            params.push_text(name, text);
        }
    }

    /// The next part: a field and where it ends, or `Some(None)` for what is no field; `None` as long as it is not all
    /// there.
    #[allow(clippy::option_option)]
    fn part(&self) -> Option<Option<((String, String), usize)>> {
        let rest = self.bytes.get(self.at..)?;
        let begin = find(rest, &self.mark)? + self.mark.len();
        let after = rest.get(begin..begin + 2)?;
        if after != b"\r\n" {
            return Some(None);
        }
        let head_end = find(&rest[begin..], b"\r\n\r\n")? + begin;
        let Some(name) = std::str::from_utf8(&rest[begin..head_end]).ok().and_then(field_name) else {
            return Some(None);
        };
        let text = head_end + 4;
        let ending = [b"\r\n", self.mark.as_slice()].concat();
        let end = find(rest.get(text..)?, &ending)? + text;
        let value = String::from_utf8_lossy(&rest[text..end]).into_owned();
        Some(Some(((name, value), self.at + end + 2)))
    }
}

/// The boundary of an upload; `None` for a content type that is none.
pub fn upload_boundary(content_type: &str) -> Option<&str> {
    let is_upload = content_type.to_ascii_lowercase().contains("multipart/form-data");
    Some(boundary(content_type)).filter(|boundary| is_upload && (1..=MAX_BOUNDARY).contains(&boundary.len()))
}

/// The name of a field; `None` for a file, and for what has no name.
fn field_name(head: &str) -> Option<String> {
    let line = head.lines().find(|line| {
        line.split_once(':').is_some_and(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"))
    })?;
    if line.to_ascii_lowercase().contains("filename") {
        return None;
    }
    let at = line.to_ascii_lowercase().find("name=")? + "name=".len();
    let value = &line[at..];
    let name = match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => value.split(';').next()?.trim(),
    };
    Some(name.to_owned())
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|part| part == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "--x\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n7\r\n--x\r\n\
        content-type: text/plain\r\ncontent-disposition: form-data; name=caption\r\n\r\na\r\nb\r\n--x\r\n\
        Content-Disposition: form-data; name=\"photo\"; filename=\"a.png\"\r\n\r\npng\r\n--x\r\n\
        Content-Disposition: form-data; name=\"late\"\r\n\r\n1\r\n--x--\r\n";

    #[test]
    fn fields_before_the_first_file_are_read_in_whatever_pieces_they_come() {
        for pieces in [1, 2, 7, 64, 1000] {
            let mut head = MultipartHead::of("multipart/form-data; boundary=x").unwrap();
            for piece in BODY.as_bytes().chunks(pieces) {
                head.push(piece);
            }
            let mut params = Params::from_query(Some("chat_id=5"));
            head.into_params(&mut params);
            assert_eq!(params.text("chat_id"), Some("5"), "the query comes first");
            assert_eq!((params.text("caption"), params.text("late")), (Some("a\r\nb"), None));
        }
    }

    #[test]
    fn what_is_no_upload_has_no_fields() {
        assert!(MultipartHead::of("application/json").is_none());
        assert!(MultipartHead::of("multipart/form-data").is_none());
        for body in ["", "--x", "--x--", "--y\r\n", "--x\r\n\r\n\r\n--x", "--x\r\nname=a\r\n\r\n1\r\n--x"] {
            let mut head = MultipartHead::of("multipart/form-data; boundary=x").unwrap();
            head.push(body.as_bytes());
            let mut params = Params::default();
            head.into_params(&mut params);
            assert!(params.is_empty(), "{body}");
        }
    }
}
