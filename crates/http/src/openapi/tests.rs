//! The document against the server: nothing that there is may be missing, and its copy must be fresh.

use super::document;
use crate::needs::{Need, Row};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

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

/// What the server has and the document leaves out on purpose: pages for people, and what those and the explorer are made of.
fn is_no_api(row: &Row) -> bool {
    let parts = ["/docs/", "/portal/assets/"];
    matches!(row.need, Need::Page(_)) || parts.iter().any(|part| row.path.starts_with(part))
}

/// A route as both sides name it: what stands for an open part is a matter of taste, a method's case is not Telegram's.
fn named(verb: &str, path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        parts.push(match part.split_once('{') {
            Some((before, _)) => format!("{before}{{}}"),
            None => part.to_owned(),
        });
    }
    format!("{} {}", verb.to_uppercase(), parts.join("/"))
}

/// Every operation: its name, its path, the path's item and itself.
fn operations(document: &Value) -> Vec<(String, &str, &Value, &Value)> {
    const VERBS: [&str; 8] = ["get", "post", "put", "patch", "delete", "head", "options", "trace"];
    let paths = document["paths"].as_object().unwrap();
    let items = paths.iter().flat_map(|(path, item)| {
        let verbs = VERBS.iter().filter_map(move |verb| Some((*verb, item.get(verb)?)));
        verbs.map(move |(verb, operation)| (named(verb, path), path.as_str(), item, operation))
    });
    items.collect()
}

#[test]
fn the_document_has_every_verb_of_every_route_with_what_it_takes_and_no_other() {
    let document = whole();
    let spelling = |row: &Row| {
        let methods = super::methods::all();
        let method = methods.iter().find(|method| method.name.eq_ignore_ascii_case(row.path));
        method.map_or_else(|| row.path.to_owned(), |method| format!("/{}", method.name))
    };
    let there: BTreeMap<String, Row> = crate::needs::table()
        .into_iter()
        .filter(|row| !is_no_api(row))
        .map(|row| (named(row.verb, &if row.is_method { spelling(&row) } else { row.path.to_owned() }), row))
        .collect();
    let operations = operations(&document);
    let described: BTreeSet<&String> = operations.iter().map(|(name, ..)| name).collect();
    assert_eq!(described, there.keys().collect::<BTreeSet<_>>());
    for (name, _, item, operation) in &operations {
        let row = there[name];
        let servers = item.get("servers").map(|servers| servers[0]["url"].as_str().unwrap());
        assert_eq!(servers, (!row.is_api).then_some("/"), "{name}");
        let security = operation["security"].as_array().unwrap_or_else(|| panic!("{name}"));
        let takes = |scheme: &str| security.iter().find_map(|one| one.get(scheme));
        match row.need {
            // The token is in the path, or there is none.
            _ if row.path.starts_with("/file/") => assert!(security.is_empty(), "{name}"),
            Need::Nothing => assert!(security.is_empty(), "{name}"),
            Need::Operator => assert!(takes("admin").is_some() && security.len() == 1, "{name}"),
            Need::Upstream => assert!(takes("upstream").is_some() && security.len() == 1, "{name}"),
            Need::Client => assert!(takes("client").is_some() && takes("oauth2").is_none(), "{name}"),
            Need::Credential | Need::Scopes(_) => {
                let scopes: Vec<&str> = row.need.scopes().iter().map(|scope| scope.name()).collect();
                for scheme in ["bearer", "oauth2", "basic"] {
                    assert_eq!(takes(scheme), Some(&json!(scopes)), "{name} {scheme}");
                }
            }
            Need::Page(_) => unreachable!("pages are left out"),
        }
    }
}

#[test]
fn each_open_part_of_a_path_is_described_and_nothing_else_is_in_a_path() {
    let document = whole();
    for (name, path, _, operation) in operations(&document) {
        let open: BTreeSet<&str> =
            path.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect();
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let in_path = parameters.filter(|parameter| parameter["in"] == "path");
        let described: BTreeSet<&str> = in_path
            .map(|parameter| {
                assert_eq!(parameter["required"], true, "{name}");
                parameter["name"].as_str().unwrap()
            })
            .collect();
        assert_eq!(described, open, "{name}");
    }
}

#[test]
fn headers_and_the_answers_that_they_lead_to_stand_together() {
    let document = whole();
    let resolved = |value: &Value| match value["$ref"].as_str() {
        Some(target) => document.pointer(target.strip_prefix('#').unwrap()).unwrap().clone(),
        None => value.clone(),
    };
    for (name, _, _, operation) in operations(&document) {
        let parameters: Vec<Value> =
            operation["parameters"].as_array().into_iter().flatten().map(&resolved).collect();
        let takes = |header: &str| {
            parameters.iter().any(|parameter| parameter["in"] == "header" && parameter["name"] == header)
        };
        let answers = operation["responses"].as_object().unwrap();
        let any_method = name.ends_with(" /");
        // (header, code): who takes the one may be answered with the other.
        for (header, code) in [("Idempotency-Key", "422"), ("If-Match", "412"), ("If-None-Match", "304")] {
            assert!(takes(header) == answers.contains_key(code) || any_method, "{name}: {header}, {code}");
        }
        assert!(!takes("Prefer") || answers.contains_key("202"), "{name}");
        assert!(!takes("Range") || answers.contains_key("206") && answers.contains_key("416"), "{name}");
        assert!(!takes("Idempotency-Key") || name.starts_with("POST "), "{name}");
        for (code, answer) in answers {
            let answer = resolved(answer);
            let says = |header: &str| answer["headers"].get(header).is_some();
            assert!(says("X-Request-Id"), "{name} {code}");
            assert!(says("Retry-After") == matches!(&code[..], "429" | "503"), "{name} {code}");
            assert!(code != "401" || says("WWW-Authenticate"), "{name} {code}");
            assert!(code != "201" || says("Location"), "{name} {code}");
            assert!(!takes("If-None-Match") || code.starts_with(['4', '5']) || says("ETag"), "{name} {code}");
        }
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
