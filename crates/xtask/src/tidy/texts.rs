//! The rules about the texts at the root that people read first.
//! Called by `tidy`. It checks that they are there, short, and name the commands
//! and dependencies; never their style.

use super::{Finding, tree::Tree};

/// An architecture longer than this is not read.
const ARCHITECTURE_LINES: usize = 200;

/// What a newcomer types: one command to start the server, one to test everything.
const COMMANDS: &[&str] = &["cargo run", "cargo xtask test"];

/// Where each direct dependency has its line.
const DEPENDENCIES: &str = "docs/dependencies.md";

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    match tree.text("ARCHITECTURE.md").map(|text| text.lines().count()) {
        None => findings.push(Finding::new("ARCHITECTURE.md", 0, "is missing")),
        Some(lines) if lines >= ARCHITECTURE_LINES => {
            let message = format!("{lines} lines; it stays under {ARCHITECTURE_LINES}");
            findings.push(Finding::new("ARCHITECTURE.md", 0, message));
        }
        Some(_) => {}
    }
    if let Some(manifest) = tree.text("Cargo.toml") {
        match undocumented(&manifest, &tree.text(DEPENDENCIES).unwrap_or_default()) {
            Ok(missing) => findings.extend(missing.iter().map(|name| {
                Finding::new(
                    DEPENDENCIES,
                    0,
                    format!("says nothing of `{name}`: what for, and what it replaced"),
                )
            })),
            Err(why) => findings.push(Finding::new("Cargo.toml", 0, why)),
        }
    }
    let Some(readme) = tree.text("README.md") else {
        findings.push(Finding::new("README.md", 0, "is missing"));
        return findings;
    };
    for command in COMMANDS {
        if !readme.contains(command) {
            findings.push(Finding::new("README.md", 0, format!("does not mention `{command}`")));
        }
    }
    findings
}

/// Dependencies of the workspace without a line in `docs/dependencies.md`.
fn undocumented(manifest: &str, documented: &str) -> Result<Vec<String>, String> {
    let manifest: toml::Table = manifest.parse().map_err(|why| format!("can't be read: {why}"))?;
    let dependencies =
        manifest.get("workspace").and_then(|workspace| workspace.get("dependencies")?.as_table());
    let foreign =
        dependencies.into_iter().flat_map(toml::Table::iter).filter(|(_, how)| how.get("path").is_none());
    let missing = foreign.filter(|(name, _)| !documented.contains(&format!("`{name}`")));
    Ok(missing.map(|(name, _)| name.clone()).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn findings(readme: Option<&str>, architecture: Option<&str>) -> Vec<String> {
        let dir = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(dir.path().join("crates")).expect("the folder is made");
        for (name, text) in [("README.md", readme), ("ARCHITECTURE.md", architecture)] {
            if let Some(text) = text {
                fs::write(dir.path().join(name), text).expect("the file is written");
            }
        }
        let tree = Tree::read(dir.path()).expect("the tree is readable");
        check(&tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn both_texts_have_to_be_there() {
        assert_eq!(findings(None, None), ["ARCHITECTURE.md: is missing", "README.md: is missing"]);
    }

    #[test]
    fn the_readme_names_both_commands() {
        let found = findings(Some("`cargo run` starts it"), Some("short"));
        assert_eq!(found, ["README.md: does not mention `cargo xtask test`"]);
    }

    #[test]
    fn a_dependency_without_a_line_is_named_and_our_own_crates_need_none() {
        let manifest =
            "[workspace.dependencies]\nserde = \"1\"\nurl = { version = \"2\" }\nours = { path = \"ours\" }";
        assert_eq!(undocumented(manifest, "| `serde` | reads and writes JSON |"), Ok(vec!["url".to_owned()]));
        assert!(undocumented("[workspace", "").is_err());
    }

    #[test]
    fn the_architecture_stays_short() {
        let readme = Some("cargo run, cargo xtask test");
        assert!(findings(readme, Some(&"a\n".repeat(199))).is_empty());
        assert_eq!(findings(readme, Some(&"a\n".repeat(200))).len(), 1);
    }
}
