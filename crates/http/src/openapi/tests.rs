//! The document against the server: nothing that there is may be missing, and its copy must be fresh.

use super::document;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// The names of an object's fields, sorted.
pub(super) fn keys<T: Serialize>(value: &T) -> Vec<String> {
    let value = serde_json::to_value(value).unwrap();
    let mut keys: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
    keys.sort();
    keys
}

/// The properties of a component, sorted.
pub(super) fn properties(name: &str) -> Vec<String> {
    keys(&whole()["components"]["schemas"][name]["properties"])
}

fn whole() -> Value {
    serde_json::to_value(document()).unwrap()
}

/// Every object and every value in a document.
fn each(value: &Value, visit: &mut impl FnMut(&Value)) {
    visit(value);
    match value {
        Value::Object(object) => object.values().for_each(|value| each(value, visit)),
        Value::Array(array) => array.iter().for_each(|value| each(value, visit)),
        _ => {}
    }
}

#[test]
fn every_method_of_the_server_is_described_and_no_other() {
    let there: BTreeSet<&str> = crate::botapi::needs().map(|(name, _)| name).collect();
    let names: Vec<String> = super::methods::all().iter().map(|method| method.name.to_lowercase()).collect();
    let described: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(described, there);
    let document = whole();
    for method in super::methods::all() {
        let item = &document["paths"][format!("/{}", method.name)];
        assert!(item["get"].is_object() && item["post"].is_object(), "{}", method.name);
    }
}

#[test]
fn every_route_of_the_server_is_described() {
    let document = whole();
    let described = |path: &str| document["paths"][path].is_object();
    for path in crate::routes::resources() {
        assert!(described(path) || path == "/{method}", "{path}");
    }
    let described_at_root = [crate::needs::Need::Operator, crate::needs::Need::Client];
    for row in crate::needs::table().iter().filter(|row| described_at_root.contains(&row.need)) {
        let named = row.path.replace("{account}", "{account_id}").replace("{query}", "{callback_query_id}");
        assert!(described(&named), "{}", row.path);
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_component_is_used() {
    let document = whole();
    let mut used = BTreeSet::new();
    each(&document, &mut |value| {
        if let Some(Value::String(target)) = value.get("$ref") {
            let pointer = target.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{target}");
            used.insert(target.clone());
        }
    });
    for kind in ["schemas", "responses", "headers", "parameters"] {
        for name in keys(&document["components"][kind]) {
            assert!(used.contains(&format!("#/components/{kind}/{name}")), "{kind}/{name} is used nowhere");
        }
    }
}

#[test]
fn operations_have_names_of_their_own_and_tags_that_there_are() {
    let document = whole();
    let tags: Vec<&str> =
        document["tags"].as_array().unwrap().iter().filter_map(|tag| tag["name"].as_str()).collect();
    let mut names = BTreeSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values().filter(|value| value["operationId"].is_string()) {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} is there twice");
            assert!(tags.contains(&operation["tags"][0].as_str().unwrap()), "{name}");
            assert!(operation["summary"].as_str().unwrap().len() <= 80, "{name}: {}", operation["summary"]);
        }
    }
}

/// `UPDATE_OPENAPI=1` writes the copy anew; `cargo xtask openapi` sets it.
#[test]
fn the_copy_in_the_repository_is_this_document() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let mut fresh = document().to_pretty_json().unwrap();
    fresh.push('\n');
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(path, &fresh).unwrap();
    }
    let copy = std::fs::read_to_string(path).unwrap_or_default();
    assert!(copy == fresh, "docs/openapi.json is stale: cargo xtask openapi");
}
