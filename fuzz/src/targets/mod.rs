//! The targets, one file each, and how they cut an input into pieces. Listed in the crate's `TARGETS`.
//! Inputs are text wherever that is possible, so that a corpus can be read and written by hand.

pub mod audit;
pub mod config;
pub mod contact;
pub mod cursor;
pub mod markup;
pub mod member;
pub mod oauth;
pub mod params;
pub mod phone;
pub mod redirect;
pub mod reply;
pub mod request;
pub mod search;
pub mod text;
pub mod token;
pub mod transfer;
pub mod vcard;
pub mod webhook;

/// The first line, and what comes behind it. Nothing when there is no line end.
fn first_line(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = input.iter().position(|byte| *byte == b'\n')?;
    Some((&input[..end], &input[end + 1..]))
}

/// The same for text.
fn first_line_of(input: &[u8]) -> Option<(&str, &str)> {
    std::str::from_utf8(input).ok()?.split_once('\n')
}
