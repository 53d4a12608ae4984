//! The arrows between crates: a crate may use only those on the floors below its own.
//! Called by `tidy`; reads manifests only. Dev-dependencies are free: tests may look up the stairs.

use super::{Finding, tree::Crate, tree::Tree};

/// The floors, ground first. Crates of one floor do not know each other.
const FLOORS: &[(&str, u8)] = &[
    ("model", 0),
    ("resilience", 0),
    ("oauth", 1),
    ("wire", 1),
    ("store", 2),
    ("connector", 2),
    ("client", 2),
    ("hub", 3),
    ("http", 4),
    ("contactgram", 5),
];

/// Crates that help with the work and are in no product.
pub const DEV: &[&str] = &["testkit", "xtask", "bench", "torture"];

pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.crates.iter().flat_map(check_crate).collect()
}

fn check_crate(krate: &Crate) -> Vec<Finding> {
    let manifest = format!("crates/{}/Cargo.toml", krate.name);
    if DEV.contains(&krate.name.as_str()) {
        return Vec::new();
    }
    let Some(own) = floor(&krate.name) else {
        let message = format!("crate `{}` has no floor: give it one in FLOORS of xtask's tidy", krate.name);
        return vec![Finding::new(manifest, 0, message)];
    };
    let mut findings = Vec::new();
    for used in used_crates(&krate.manifest, &["dependencies", "build-dependencies"]) {
        match floor(&used) {
            Some(theirs) if theirs < own => {}
            Some(_) => findings.push(Finding::new(
                &manifest,
                0,
                format!("`{}` may use only crates on floors below it, and `{used}` is not", krate.name),
            )),
            None => findings.push(Finding::new(
                &manifest,
                0,
                format!("`{used}` is for development and may only be a dev-dependency of `{}`", krate.name),
            )),
        }
    }
    if krate.name == "model" {
        findings.extend(runtimes(&krate.manifest).map(|name| {
            Finding::new(&manifest, 0, format!("model does no I/O and waits for nothing: drop `{name}`"))
        }));
    }
    if krate.name == "connector"
        && used_crates(&krate.manifest, &["dev-dependencies"]).contains(&"store".to_owned())
    {
        findings.push(Finding::new(manifest, 0, "connector reports facts and never knows the store"));
    }
    findings
}

fn floor(name: &str) -> Option<u8> {
    FLOORS.iter().find(|(known, _)| *known == name).map(|(_, floor)| *floor)
}

/// Crates of this workspace named in the given sections, for any target.
fn used_crates(manifest: &toml::Table, sections: &[&str]) -> Vec<String> {
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    let tables = std::iter::once(manifest)
        .chain(targets.into_iter().flat_map(|targets| targets.values().filter_map(toml::Value::as_table)));
    let mut used = Vec::new();
    for table in tables {
        for section in sections {
            let Some(dependencies) = table.get(*section).and_then(toml::Value::as_table) else { continue };
            for (key, value) in dependencies {
                // A dependency can be renamed: `package` says what it really is.
                let name = value.get("package").and_then(toml::Value::as_str).unwrap_or(key);
                used.extend(own_name(name));
            }
        }
    }
    used
}

fn own_name(package: &str) -> Option<String> {
    let package = package.replace('_', "-");
    if package == "contactgram" || package == "xtask" {
        return Some(package);
    }
    package.strip_prefix("contactgram-").map(str::to_owned)
}

fn runtimes(manifest: &toml::Table) -> impl Iterator<Item = &String> {
    manifest
        .get("dependencies")
        .and_then(toml::Value::as_table)
        .into_iter()
        .flat_map(|table| table.keys())
        .filter(|name| {
            ["tokio", "futures", "async", "rusqlite", "hyper", "reqwest"]
                .iter()
                .any(|start| name.starts_with(start))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(name: &str, manifest: &str) -> Vec<String> {
        let manifest = manifest.parse().expect("the test's manifest is TOML");
        check_crate(&Crate { name: name.to_owned(), manifest })
            .into_iter()
            .map(|found| found.message)
            .collect()
    }

    #[test]
    fn a_crate_may_use_those_below() {
        assert!(
            findings("hub", "[dependencies]\ncontactgram-store.workspace = true\nserde = \"1\"").is_empty()
        );
    }

    #[test]
    fn a_crate_may_not_use_those_beside_or_above() {
        let beside = findings("connector", "[dependencies]\ncontactgram-store.workspace = true");
        assert!(beside[0].contains("`store` is not"), "{beside:?}");
        assert_eq!(
            findings("store", "[build-dependencies]\ncontactgram = { path = \"../contactgram\" }").len(),
            1
        );
    }

    #[test]
    fn renaming_a_dependency_or_moving_it_under_a_target_does_not_hide_it() {
        assert_eq!(findings("model", "[dependencies]\nx = { package = \"contactgram-http\" }").len(), 1);
        assert_eq!(findings("model", "[target.'cfg(unix)'.dependencies]\ncontactgram_hub = \"1\"").len(), 1);
    }

    #[test]
    fn tests_may_use_what_they_like_but_the_product_may_not_use_the_test_kit() {
        assert!(findings("store", "[dev-dependencies]\ncontactgram-testkit.workspace = true").is_empty());
        assert!(findings("testkit", "[dependencies]\ncontactgram-http.workspace = true").is_empty());
        assert_eq!(findings("store", "[dependencies]\ncontactgram-testkit.workspace = true").len(), 1);
    }

    #[test]
    fn even_the_connectors_tests_do_not_know_the_store() {
        assert_eq!(findings("connector", "[dev-dependencies]\ncontactgram-store.workspace = true").len(), 1);
    }

    #[test]
    fn model_takes_no_runtime() {
        assert_eq!(findings("model", "[dependencies]\ntokio.workspace = true").len(), 1);
    }

    #[test]
    fn a_crate_without_a_floor_is_reported() {
        assert!(findings("attic", "")[0].contains("has no floor"));
    }
}
