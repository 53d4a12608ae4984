//! Paging: limits, offsets and the cursors that `next_cursor` carries.
//! A cursor is opaque to clients and checked when it comes back; it never holds a secret.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Serialize, de::DeserializeOwned};

/// Rows a page has when nothing is said.
pub const DEFAULT_LIMIT: i64 = 50;
/// Rows a page may have.
pub const MAX_LIMIT: i64 = 1000;

/// Writes a cursor: the position as JSON, in base64url.
pub fn encode_cursor<T: Serialize>(position: &T) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(position).unwrap_or_default())
}

/// Reads a cursor that [`encode_cursor`] wrote; `None` for anything else.
pub fn decode_cursor<T: DeserializeOwned>(cursor: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went_and_rubbish_does_not() {
        let position = ("doe john".to_owned(), 42_i64);
        assert_eq!(decode_cursor::<(String, i64)>(&encode_cursor(&position)), Some(position));
        assert_eq!(decode_cursor::<(String, i64)>("!!"), None);
        assert_eq!(decode_cursor::<(String, i64)>(&encode_cursor(&7)), None);
    }
}
