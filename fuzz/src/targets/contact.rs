//! What a caller says of a contact. The input is `add`, `merge` or `replace` on the first line, perhaps with a
//! region (`add GB`), and a JSON object behind it.

use super::first_line_of;
use contactgram_model::contact::ContactChange;
use contactgram_model::phone::is_region;
use contactgram_wire::contact::{Meaning, needs_region, read_change};
use serde_json::{Map, Value};

pub fn run(input: &[u8]) {
    let Some((line, body)) = first_line_of(input) else { return };
    let (meaning, region) = line.split_once(' ').map_or((line, None), |(word, code)| (word, Some(code)));
    let meaning = match meaning {
        "merge" => Meaning::Merge,
        "replace" => Meaning::Replace,
        _ => Meaning::Add,
    };
    // An account's region was checked when the account was made.
    let region = region.filter(|code| is_region(code));
    let Ok(body) = serde_json::from_str::<Map<String, Value>>(body) else { return };
    let with_plus = !needs_region(&body);
    match read_change(&body, region, meaning) {
        Ok(change) => {
            holds_its_limits(&change);
            if with_plus {
                let other = read_change(&body, Some("US"), meaning).expect("the region has no say");
                assert!(other == change);
            }
            can_be_sent_again(&change);
        }
        Err(bad) => assert!(!bad.0.is_empty() && !bad.0.contains('\0'), "{bad}"),
    }
}

fn holds_its_limits(change: &ContactChange) {
    let flat = |field: &Option<Option<String>>| field.clone().flatten();
    let limits = [
        (change.first_name.clone(), 64),
        (flat(&change.last_name), 64),
        (flat(&change.username), 33),
        (flat(&change.email), 254),
        (flat(&change.language_code), 35),
        (flat(&change.note), 4096),
    ];
    for (text, most) in limits {
        let Some(text) = text else { continue };
        assert!(!text.is_empty() && text.trim() == text && !text.contains('\0'), "{text:?}");
        assert!(text.chars().count() <= most);
    }
    if let Some(labels) = &change.labels {
        assert!(labels.len() <= 50 && labels.is_sorted());
        assert!(labels.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(labels.iter().all(|label| !label.is_empty() && label.chars().count() <= 64));
    }
    if let Some(attributes) = &change.attributes {
        assert!(serde_json::to_string(attributes).expect("JSON").len() <= 16 * 1024);
    }
    assert!(change.user_id.is_none_or(|id| id.0 > 0));
}

/// A change that is written as JSON and read as a merge is the same change.
fn can_be_sent_again(change: &ContactChange) {
    let mut body = Map::new();
    let mut put = |name: &str, value: Option<Option<Value>>| {
        if let Some(value) = value {
            body.insert(name.to_owned(), value.unwrap_or_default());
        }
    };
    let text = |field: &Option<Option<String>>| field.clone().map(|value| value.map(Value::from));
    put("first_name", change.first_name.clone().map(|name| Some(name.into())));
    put("last_name", text(&change.last_name));
    put("username", text(&change.username));
    put("email", text(&change.email));
    put("language_code", text(&change.language_code));
    put("note", text(&change.note));
    let phone = change.phone_number.clone();
    put("phone_number", phone.map(|number| number.map(|number| number.e164().into())));
    put("labels", change.labels.clone().map(|labels| Some(labels.into())));
    put("attributes", change.attributes.clone().map(|map| Some(Value::Object(map))));
    put("user_id", change.user_id.map(|id| Some(id.0.into())));
    let again = read_change(&body, None, Meaning::Merge).expect("a read change can be sent");
    let merges = body.contains_key("attributes");
    assert!(again == ContactChange { merge_attributes: merges, ..change.clone() }, "{body:?}");
}
