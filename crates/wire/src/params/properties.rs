//! What holds for every request: nothing panics, and what was sent is what is read.

use proptest::prelude::*;
use serde_json::Value;

use super::tests::{MULTIPART, json, read};

/// Bodies made of the pieces that matter, so that chance gets past the first byte.
fn tangle() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("{".to_owned()),
        Just("}".to_owned()),
        Just("[".to_owned()),
        Just("\"a\"".to_owned()),
        Just(":".to_owned()),
        Just(",".to_owned()),
        Just("\"".to_owned()),
        Just("\\".to_owned()),
        Just("\\ud83d".to_owned()),
        Just("//".to_owned()),
        Just("/*".to_owned()),
        Just("*/".to_owned()),
        Just("\r\n".to_owned()),
        Just("--XX".to_owned()),
        Just("--".to_owned()),
        Just("Content-Disposition: form-data; name=\"a\"; filename=".to_owned()),
        Just("%e2%".to_owned()),
        Just("&a=".to_owned()),
        any::<String>(),
    ];
    prop_oneof![
        prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat().into_bytes()),
        prop::collection::vec(any::<u8>(), 0..200),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![any::<String>(), "[/*\"\\\\a]{0,8}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(text.clone(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_request_panics(
        query in any::<Option<String>>(),
        content_type in prop_oneof![
            Just("application/json".to_owned()),
            Just("application/x-www-form-urlencoded".to_owned()),
            Just(MULTIPART.to_owned()),
            Just(String::new()),
            "multipart/form-data; ?boundary=.{0,9}",
        ],
        body in tangle(),
    ) {
        if let Ok(params) = read(query.as_deref(), Some(&content_type), &body) {
            let names: Vec<String> = params.iter().map(|(name, _)| name.to_owned()).collect();
            for name in &names {
                let text = &params.get(name).unwrap().text;
                let lenient = params.int_clamped(name, 5, 1..=10);
                prop_assert!((1..=10).contains(&lenient), "{text}");
                if let Ok(Some(number)) = params.whole(name, 1..=10) {
                    prop_assert_eq!(number, lenient);
                }
                prop_assert_eq!(params.flag(name), params.maybe_flag(name).unwrap_or(false));
                prop_assert!(params.json::<Value>(name).is_ok() || !text.is_empty());
            }
            let object = params.object();
            prop_assert!(names.iter().all(|name| object.contains_key(name)));
        }
    }

    #[test]
    fn an_object_survives_being_sent(members in prop::collection::btree_map(any::<String>(), any_json(), 0..6)) {
        let object = Value::Object(members.into_iter().collect());
        for text in [object.to_string(), serde_json::to_string_pretty(&object).unwrap()] {
            prop_assert_eq!(Value::Object(json(&text).object()), object.clone());
            let commented = format!("/* \" */ {text} // {{\n");
            prop_assert_eq!(Value::Object(json(&commented).object()), object.clone());
        }
    }
}
