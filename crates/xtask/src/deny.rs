//! Licences, banned crates and sources of all dependencies, by the rules in `deny.toml`.
//! Called by `ci`. Runs cargo-deny where it is installed; otherwise checks the same lists itself from
//! `cargo metadata`, without advisories: building cargo-deny takes seven minutes of processor time.

use std::path::Path;

use serde_json::Value;

use crate::{run, spdx};

/// # Errors
/// What breaks the rules, one a line; or why they can't be checked.
pub fn run(root: &Path) -> Result<(), String> {
    let cargo = |arguments: &[&str]| run::run(run::cargo().args(arguments).current_dir(root));
    if !run::succeeds("cargo-deny", &["--version"]) {
        println!(
            "cargo-deny is not installed: checking licences, bans and sources here, advisories not at all"
        );
        return check_here(root);
    }
    println!("checking with cargo-deny");
    cargo(&["deny", "check", "bans", "licenses", "sources"])?;
    if cargo(&["deny", "fetch", "db"]).is_err() {
        println!("the advisory database can't be fetched: advisories are not checked");
        return Ok(());
    }
    cargo(&["deny", "check", "--disable-fetch", "advisories"])
}

fn check_here(root: &Path) -> Result<(), String> {
    let rules = std::fs::read_to_string(root.join("deny.toml")).map_err(|why| format!("deny.toml: {why}"))?;
    let rules = Rules::read(&rules)?;
    let mut metadata = run::cargo();
    metadata.args(["metadata", "--format-version", "1", "--quiet"]).current_dir(root);
    let metadata = run::output(&mut metadata)?;
    let metadata: Value = serde_json::from_str(&metadata).map_err(|why| format!("cargo metadata: {why}"))?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata lists no packages")?;
    let broken: Vec<String> = packages.iter().flat_map(|package| rules.broken_by(package)).collect();
    if !broken.is_empty() {
        return Err(broken.join("\n"));
    }
    println!("{} packages keep to deny.toml", packages.len());
    Ok(())
}

/// The part of `deny.toml` that is checked here.
struct Rules {
    licences: Vec<String>,
    banned: Vec<String>,
    registries: Vec<String>,
}

impl Rules {
    fn read(text: &str) -> Result<Rules, String> {
        let table: toml::Table = text.parse().map_err(|why| format!("deny.toml: {why}"))?;
        let list = |section: &str, key: &str| -> Result<Vec<String>, String> {
            let values = table.get(section).and_then(|section| section.get(key)?.as_array());
            let values = values.ok_or_else(|| format!("deny.toml: [{section}] has no list `{key}`"))?;
            // A ban is written as a name or as a table with the name in it.
            let name = |value: &toml::Value| Some(value.get("crate").unwrap_or(value).as_str()?.to_owned());
            let names = values.iter().map(name).collect::<Option<Vec<_>>>();
            names.ok_or_else(|| format!("deny.toml: [{section}] {key} holds something without a name"))
        };
        Ok(Rules {
            licences: list("licenses", "allow")?,
            banned: list("bans", "deny")?,
            registries: list("sources", "allow-registry")?,
        })
    }

    /// What a package of `cargo metadata` breaks.
    fn broken_by(&self, package: &Value) -> Vec<String> {
        let name = package["name"].as_str().unwrap_or("(a package without a name)");
        let mut broken = Vec::new();
        if self.banned.iter().any(|banned| banned == name) {
            broken.push(format!("{name}: banned by deny.toml"));
        }
        match package["license"].as_str().map(|licence| spdx::allowed(licence, &self.licences)) {
            Some(Ok(true)) => {}
            Some(Ok(false)) => broken.push(format!("{name}: licence {} is not allowed", package["license"])),
            Some(Err(why)) => broken.push(format!("{name}: licence {why}")),
            None => broken.push(format!("{name}: states no licence")),
        }
        // A package of the workspace has no source.
        if let Some(source) = package["source"].as_str() {
            let known = source
                .strip_prefix("registry+")
                .is_some_and(|url| self.registries.iter().any(|known| known == url));
            if !known {
                broken.push(format!("{name}: comes from {source}"));
            }
        }
        broken
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const RULES: &str = r#"
        [licenses]
        allow = ["MIT", "ISC"]
        [bans]
        deny = ["openssl", { crate = "native-tls", reason = "rustls" }]
        [sources]
        allow-registry = ["https://index.example"]
    "#;

    fn broken(package: &Value) -> Vec<String> {
        Rules::read(RULES).expect("the rules are well formed").broken_by(package)
    }

    #[test]
    fn a_sound_package_breaks_nothing() {
        let source = "registry+https://index.example";
        assert!(broken(&json!({"name": "a", "license": "MIT OR GPL-3.0", "source": source})).is_empty());
        assert!(broken(&json!({"name": "ours", "license": "MIT", "source": null})).is_empty());
    }

    #[test]
    fn bans_are_read_in_both_forms() {
        assert_eq!(broken(&json!({"name": "openssl", "license": "MIT"})), ["openssl: banned by deny.toml"]);
        assert_eq!(
            broken(&json!({"name": "native-tls", "license": "MIT"})),
            ["native-tls: banned by deny.toml"]
        );
    }

    #[test]
    fn other_licences_and_other_sources_are_named() {
        let package = json!({"name": "a", "license": "GPL-3.0", "source": "git+https://elsewhere.example/a"});
        let found = broken(&package);
        assert_eq!(
            found,
            ["a: licence \"GPL-3.0\" is not allowed", "a: comes from git+https://elsewhere.example/a"]
        );
        assert_eq!(broken(&json!({"name": "a"})), ["a: states no licence"]);
    }

    #[test]
    fn rules_that_miss_a_list_are_refused() {
        assert!(Rules::read("[licenses]\nallow = [\"MIT\"]").is_err());
    }

    #[test]
    fn our_own_rules_can_be_read() {
        let rules = Rules::read(include_str!("../../../deny.toml")).expect("deny.toml is well formed");
        assert!(rules.banned.iter().any(|name| name == "openssl"));
        assert!(rules.licences.iter().any(|name| name == "MIT"));
    }
}
