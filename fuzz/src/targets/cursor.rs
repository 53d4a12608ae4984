//! Page cursors and sync tokens: the envelope that all of them share. The input is a cursor.
//! What the hub makes of a position that nobody gave out is tried by the target `request`.

use contactgram_model::page::{decode_cursor, encode_cursor};
use serde::{Deserialize, Serialize};

/// As the hub's own positions are built.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Position {
    Name(String, i64, i64),
    Id(i64, i64),
    Sync(i64),
}

pub fn run(input: &[u8]) {
    let (name, rest) = input.split_at(input.len().min(64));
    let mut number = [0; 8];
    let length = rest.len().min(8);
    number[..length].copy_from_slice(&rest[..length]);
    let number = i64::from_le_bytes(number);
    let name = String::from_utf8_lossy(name).into_owned();
    for position in [Position::Name(name, number, !number), Position::Id(number, 1), Position::Sync(number)] {
        let cursor = encode_cursor(&position);
        assert!(cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{cursor}");
        assert_eq!(decode_cursor(&cursor), Some(position));
    }
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Some(position) = decode_cursor::<Position>(text) {
        assert_eq!(decode_cursor(&encode_cursor(&position)), Some(position));
    }
}
