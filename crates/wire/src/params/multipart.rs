//! A multipart/form-data body (RFC 7578) as parameters and files.
//! Called for bodies of that type; the body is in memory already, its size bounded by the caller.
//! It never writes a file and never trusts a file's name.

use std::io::Cursor;

use bytes::Bytes;
use multer::{Field, Multipart};

use super::{BadBody, File, MAX_FILES, MAX_PARAMETERS, MAX_TEXT, Params};
use crate::BadRequest;

/// The most characters of a boundary (RFC 2046, section 5.1.1).
pub(super) const MAX_BOUNDARY: usize = 70;

/// Adds a body's parts: those with a file name are files, all others text.
///
/// Errors: `can't parse multipart body: …`; too large as soon as a limit is passed.
pub(super) async fn read(params: &mut Params, content_type: &str, body: Bytes) -> Result<(), BadBody> {
    let boundary = boundary(content_type);
    if boundary.is_empty() || boundary.len() > MAX_BOUNDARY {
        return Err(malformed(format!("the boundary must have 1 to {MAX_BOUNDARY} characters")));
    }
    let mut parts = Multipart::with_reader(Cursor::new(body), boundary);
    let mut text_bytes = 0;
    while let Some(part) = parts.next_field().await.map_err(malformed)? {
        let Some(name) = part.name().map(str::to_owned) else {
            return Err(malformed("a part has no name"));
        };
        if part.file_name().is_some() {
            read_file(params, name, part).await?;
            continue;
        }
        let text = part.bytes().await.map_err(malformed)?;
        text_bytes += name.len() + text.len();
        if text_bytes > MAX_TEXT || params.entries.len() >= MAX_PARAMETERS {
            return Err(BadBody::TooLarge);
        }
        let Ok(text) = String::from_utf8(text.into()) else {
            return Err(malformed(format!("the field {name:?} is not UTF-8")));
        };
        params.push_text(name, text);
    }
    Ok(())
}

async fn read_file(params: &mut Params, name: String, part: Field<'_>) -> Result<(), BadBody> {
    let file_name = part.file_name().map(str::to_owned);
    let content_type = part.content_type().map(ToString::to_string);
    let bytes = part.bytes().await.map_err(malformed)?;
    // What a browser sends for a file field in which nothing was chosen.
    if bytes.is_empty() && file_name.as_deref() == Some("") {
        return Ok(());
    }
    if params.files.len() >= MAX_FILES {
        return Err(BadBody::TooLarge);
    }
    params.files.push(File { name, file_name, content_type, bytes });
    Ok(())
}

/// The boundary, quoted or not; empty where there is none. Taken as it comes, because clients leave out the
/// quotes that RFC 2045 wants around `=`, `/` and the like.
pub(super) fn boundary(content_type: &str) -> &str {
    // Lower-casing ASCII moves nothing, so the index is true for both.
    let Some(at) = content_type.to_ascii_lowercase().find("boundary=") else {
        return "";
    };
    let value = &content_type[at + "boundary=".len()..];
    match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().unwrap_or_default(),
        None => value.split(';').next().unwrap_or_default().trim(),
    }
}

pub(super) fn malformed(reason: impl std::fmt::Display) -> BadBody {
    BadRequest::of(format!("can't parse multipart body: {reason}")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boundaries_are_found_as_clients_write_them() {
        let table = [
            ("multipart/form-data; boundary=----WebKitFormBoundaryAb1", "----WebKitFormBoundaryAb1"),
            ("multipart/form-data; boundary=\"a b;c\"; charset=utf-8", "a b;c"),
            ("multipart/form-data;charset=utf-8;BOUNDARY===abc/d:e== ; x=y", "==abc/d:e=="),
            ("multipart/form-data; boundary=XX;", "XX"),
            ("multipart/form-data; boundary=\"XX", "XX"),
            ("multipart/form-data; boundary=", ""),
            ("multipart/form-data", ""),
        ];
        for (content_type, expected) in table {
            assert_eq!(boundary(content_type), expected, "{content_type}");
        }
    }
}
