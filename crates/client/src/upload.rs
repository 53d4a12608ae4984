//! Files that go along with a method, as `multipart/form-data` (RFC 7578). Used by `Client::upload`. A body is written once,
//! so that each try sends the same bytes under its key.

use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::send::request::{Request, new_key};

/// An upload is given a second more for each so many bytes.
const SLOWEST_BYTES_S: usize = 128 * 1024;

/// A file to be uploaded. It is in memory as a whole.
///
/// ```
/// use contactgram_client::InputFile;
///
/// let menu = InputFile::new("document", "menu.pdf", b"%PDF-1.7 ...".to_vec()).mime("application/pdf");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    field: String,
    name: String,
    mime: String,
    content: Bytes,
}

impl InputFile {
    /// A file for the parameter `field` (`document`, `photo` …), with its name and content. What another parameter calls
    /// `attach://x` is the file of the field `x`.
    pub fn new(field: impl Into<String>, name: impl Into<String>, content: impl Into<Bytes>) -> InputFile {
        let mime = "application/octet-stream".to_owned();
        InputFile { field: field.into(), name: name.into(), mime, content: content.into() }
    }

    /// Says what type it is; `application/octet-stream` by default.
    #[must_use]
    pub fn mime(mut self, mime: impl Into<String>) -> InputFile {
        self.mime = mime.into();
        self
    }
}

/// A POST of parameters and files.
pub(crate) fn request(path: String, params: &Map<String, Value>, files: &[InputFile]) -> Result<Request> {
    let boundary = new_key();
    let mut body = BytesMut::new();
    for (name, value) in params {
        // As the Bot API has it: texts as they are, all else as JSON.
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        part(&mut body, &boundary, &format!("form-data; name=\"{}\"", quoted(name)), (None, text.as_bytes()));
    }
    for file in files {
        if HeaderValue::from_str(&file.mime).is_err() {
            return Err(Error::Setup(format!("{:?} is no type of a file", file.mime)));
        }
        let (field, name) = (quoted(&file.field), quoted(&file.name));
        let disposition = format!("form-data; name=\"{field}\"; filename=\"{name}\"");
        part(&mut body, &boundary, &disposition, (Some(&file.mime), &file.content));
    }
    body.put_slice(format!("--{boundary}--\r\n").as_bytes());
    let kind = HeaderValue::try_from(format!("multipart/form-data; boundary={boundary}"));
    let kind = kind.map_err(|why| Error::Setup(why.to_string()))?;
    let mut request = Request::post("{method}", path, None).header(CONTENT_TYPE, kind);
    request.patience = Duration::from_secs((body.len() / SLOWEST_BYTES_S) as u64);
    request.body = Some(body.freeze());
    Ok(request)
}

fn part(body: &mut BytesMut, boundary: &str, disposition: &str, (mime, content): (Option<&str>, &[u8])) {
    body.put_slice(format!("--{boundary}\r\nContent-Disposition: {disposition}\r\n").as_bytes());
    if let Some(mime) = mime {
        body.put_slice(format!("Content-Type: {mime}\r\n").as_bytes());
    }
    body.put_slice(b"\r\n");
    body.put_slice(content);
    body.put_slice(b"\r\n");
}

/// A name between quotes, as browsers write it.
fn quoted(text: &str) -> String {
    text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parameters_and_files_are_parts_of_one_body() {
        let params = json!({"chat_id": 5, "caption": "a \"menu\""}).as_object().unwrap().clone();
        let file = InputFile::new("document", "a\"\r\nb.txt", "hello").mime("text/plain");
        let request = request("sendDocument".to_owned(), &params, &[file]).unwrap();
        let kind = request.headers[CONTENT_TYPE].to_str().unwrap();
        let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
        let body = String::from_utf8(request.body.clone().unwrap().to_vec()).unwrap();
        let parts: Vec<_> = body.split(&format!("--{boundary}")).collect();
        assert_eq!((parts.len(), parts[4]), (5, "--\r\n"));
        assert!(
            body.contains("name=\"chat_id\"\r\n\r\n5\r\n")
                && body.contains("name=\"caption\"\r\n\r\na \"menu\"\r\n")
        );
        assert_eq!(
            parts[3],
            "\r\nContent-Disposition: form-data; name=\"document\"; filename=\"a%22%0D%0Ab.txt\"\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
        );
        assert!(
            super::request(String::new(), &params, &[InputFile::new("a", "b", "").mime("a\r\nb")]).is_err()
        );
    }
}
