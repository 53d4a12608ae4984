//! A request's parameters. The input is a content type on the first line, a query string on the second, and a
//! body behind them.

use super::first_line;
use bytes::Bytes;
use contactgram_wire::params::{BadBody, MAX_FILES, MAX_PARAMETERS, MAX_TEXT, Params};
use futures_util::FutureExt as _;
use serde_json::Value;

pub fn run(input: &[u8]) {
    let Some((content_type, rest)) = first_line(input) else { return };
    let Some((query, body)) = first_line(rest) else { return };
    let (Ok(content_type), Ok(query)) = (std::str::from_utf8(content_type), std::str::from_utf8(query))
    else {
        return;
    };
    let kind = Some(content_type).filter(|text| !text.is_empty());
    let query = Some(query).filter(|text| !text.is_empty());
    let params = match read(query, kind, body) {
        Ok(params) => params,
        Err(BadBody::Malformed(bad)) => return assert!(!bad.0.is_empty()),
        Err(BadBody::UnsupportedType | BadBody::TooLarge) => return,
    };
    assert!(params.files().len() <= MAX_FILES && params.iter().count() <= MAX_PARAMETERS);
    let size: usize = params.iter().map(|(name, param)| name.len() + param.text.len()).sum();
    assert!(size <= MAX_TEXT);
    assert_eq!(format!("{params:?}").lines().count(), 1);
    each_has_its_readings(&params);
    an_object_survives_being_sent(&params);
}

fn read(query: Option<&str>, content_type: Option<&str>, body: &[u8]) -> Result<Params, BadBody> {
    let reading = Params::read(query, content_type, Bytes::copy_from_slice(body));
    reading.now_or_never().expect("a body in memory is not waited for")
}

fn each_has_its_readings(params: &Params) {
    for (name, _) in params.iter().take(64) {
        let first = params.get(name).expect("it is there");
        assert!(first.literal || !first.text.contains('\0'));
        let clamped = params.int_clamped(name, 5, 1..=10);
        assert!((1..=10).contains(&clamped));
        if let Ok(Some(number)) = params.whole(name, 1..=10) {
            assert_eq!(number, clamped);
        }
        assert_eq!(params.flag(name), params.maybe_flag(name).unwrap_or(false));
        if first.literal {
            assert!(params.json::<Value>(name).is_ok(), "a literal is JSON: {}", first.text);
        }
        assert_eq!(params.required(name).is_ok(), params.text(name).is_some_and(|text| !text.is_empty()));
    }
}

fn an_object_survives_being_sent(params: &Params) {
    let object = Value::Object(params.object());
    let body = object.to_string();
    // Reading a number with a fraction may miss its last digit.
    if body.len() > MAX_TEXT / 8 || has_fraction(&object) {
        return;
    }
    let again = read(None, Some("application/json"), body.as_bytes()).expect("an object is a body");
    assert_eq!(Value::Object(again.object()), object);
}

fn has_fraction(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(items) => items.iter().any(has_fraction),
        Value::Object(map) => map.values().any(has_fraction),
        _ => false,
    }
}
