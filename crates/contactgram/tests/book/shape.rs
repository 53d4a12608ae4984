//! Whether an answer has the form of the one that a page shows: its fields, and their types. It knows nothing of pages.

use serde_json::Value;

/// Where the shown one has something that the real one has not: the path to it. A `"…"` stands for any text, and the list shown
/// may be shorter than the real one.
pub fn difference(shown: &Value, real: &Value) -> Option<String> {
    match (shown, real) {
        (Value::Object(shown), Value::Object(real)) => shown.iter().find_map(|(name, value)| {
            let Some(real) = real.get(name) else { return Some(format!(".{name} is not there")) };
            Some(format!(".{name}{}", difference(value, real)?))
        }),
        (Value::Array(shown), Value::Array(real)) => match (shown.is_empty(), real.is_empty()) {
            (true, false) => Some(" is not empty".to_owned()),
            (false, true) => Some(" is empty".to_owned()),
            _ => shown.iter().zip(real.iter().cycle()).find_map(|(shown, real)| difference(shown, real)),
        },
        _ if kind(shown) == kind(real) => None,
        _ => Some(format!(" is {}, not {}", kind(real), kind(shown))),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(true) => "true",
        Value::Bool(false) => "false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[test]
fn forms_are_compared_and_not_values() {
    use serde_json::json;

    let real =
        json!({"ok": true, "result": [{"id": 7, "name": "Ann"}, {"id": 8, "name": "Bob"}], "none": []});
    let differs = |shown: Value| difference(&shown, &real);
    assert_eq!(differs(json!({"ok": true, "result": [{"id": 1}]})), None);
    assert_eq!(differs(json!({"ok": false})).as_deref(), Some(".ok is true, not false"));
    assert_eq!(
        differs(json!({"result": [{"id": "1"}]})).as_deref(),
        Some(".result.id is a number, not text")
    );
    assert_eq!(differs(json!({"result": [{"nick": "A"}]})).as_deref(), Some(".result.nick is not there"));
    assert_eq!(differs(json!({"none": [1]})).as_deref(), Some(".none is empty"));
    assert_eq!(differs(json!({"result": []})).as_deref(), Some(".result is not empty"));
}
