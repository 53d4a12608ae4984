//! `cargo xtask tidy`: the house rules that can be checked by reading files.
//! Called by people, and by `ci`. It compiles nothing and changes nothing.

mod arrows;
mod lexer;
mod sources;
mod texts;
mod tree;

use std::fmt;
use std::path::Path;

use tree::Tree;

/// A rule that something breaks.
pub struct Finding {
    path: String,
    /// From 1; 0 stands for the file as a whole.
    line: usize,
    message: String,
}

/// Prints what is wrong with the repository at `root`; true when nothing is.
///
/// # Errors
/// A sentence, when the repository can't be read.
pub fn run(root: &Path) -> Result<bool, String> {
    let tree = Tree::read(root)?;
    let findings = check(&tree);
    for finding in &findings {
        println!("{finding}");
    }
    println!("tidy: {} files, {} findings", tree.files.len(), findings.len());
    Ok(findings.is_empty())
}

fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = arrows::check(tree);
    findings.extend(tree.files.iter().flat_map(sources::check));
    findings.extend(texts::check(tree));
    findings
}

impl Finding {
    fn new(path: impl Into<String>, line: usize, message: impl Into<String>) -> Finding {
        Finding { path: path.into(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.message),
            line => write!(f, "{}:{line}: {}", self.path, self.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A tree that breaks no rule; each test then spoils it.
    fn sound() -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a temporary folder");
        put(dir.path(), "crates/model/Cargo.toml", "[dependencies]\nserde = \"1\"\n");
        put(dir.path(), "crates/model/src/lib.rs", "//! Nouns.\n");
        put(dir.path(), "crates/store/Cargo.toml", "[dependencies]\ncontactgram-model.workspace = true\n");
        put(dir.path(), "crates/store/src/lib.rs", "//! SQL.\nconst A: &str = \"SELECT 1\";\n");
        put(dir.path(), "ARCHITECTURE.md", "# Architecture\n");
        put(dir.path(), "README.md", "Start: `cargo run`. Test: `cargo xtask test`.\n");
        dir
    }

    fn put(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("the folder is made");
        fs::write(path, text).expect("the file is written");
    }

    fn findings(root: &Path) -> Vec<String> {
        let tree = Tree::read(root).expect("the tree is readable");
        check(&tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_sound_tree_has_no_findings() {
        let dir = sound();
        assert_eq!(findings(dir.path()), Vec::<String>::new());
        assert_eq!(run(dir.path()), Ok(true));
    }

    #[test]
    fn each_kind_of_rule_is_reached_from_the_files_on_disk() {
        let dir = sound();
        put(dir.path(), "crates/model/Cargo.toml", "[dependencies]\ncontactgram-store = \"1\"\n");
        put(dir.path(), "crates/model/src/deep/inside.rs", "fn f() {}\n");
        put(dir.path(), "ARCHITECTURE.md", &"line\n".repeat(200));
        let found = findings(dir.path());
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].starts_with("crates/model/Cargo.toml: "), "{found:?}");
        assert!(found[1].starts_with("crates/model/src/deep/inside.rs:1: "), "{found:?}");
        assert!(found[2].starts_with("ARCHITECTURE.md: "), "{found:?}");
        assert_eq!(run(dir.path()), Ok(false));
    }

    #[test]
    fn what_is_built_or_installed_is_not_read() {
        let dir = sound();
        put(dir.path(), "tests/compat/node/node_modules/a/b.rs", "no documentation\n");
        put(dir.path(), "tests/compat/rust/target/c.rs", "no documentation\n");
        put(dir.path(), "tests/compat/rust/tests/d.rs", "no documentation\n");
        let found = findings(dir.path());
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("tests/compat/rust/tests/d.rs:1: "), "{found:?}");
    }

    #[test]
    fn a_broken_manifest_is_named() {
        let dir = sound();
        put(dir.path(), "crates/hub/Cargo.toml", "[dependencies\n");
        let why = run(dir.path()).expect_err("a broken manifest can't be judged");
        assert!(why.contains("hub"), "{why}");
    }
}
