//! Reads the repository into memory for the tidy rules: each crate's manifest and each Rust file.
//! Called once by `tidy::run`, and by tests on trees made for them. It judges nothing.

use std::fs;
use std::path::{Path, PathBuf};

/// What the rules look at.
pub struct Tree {
    root: PathBuf,
    pub crates: Vec<Crate>,
    pub files: Vec<File>,
}

pub struct Crate {
    /// The folder's name under `crates/`, which is the crate's name without its prefix.
    pub name: String,
    pub manifest: toml::Table,
}

pub struct File {
    /// Relative to the root, with `/`.
    pub path: String,
    pub text: String,
}

impl Tree {
    /// Reads `crates/*/Cargo.toml` and the `.rs` files under the folders that hold code.
    ///
    /// # Errors
    /// A sentence, when something can't be read or a manifest is not TOML.
    pub fn read(root: &Path) -> Result<Tree, String> {
        let mut tree = Tree { root: root.to_owned(), crates: Vec::new(), files: Vec::new() };
        for folder in entries(&root.join("crates"))? {
            let manifest = folder.join("Cargo.toml");
            if !manifest.is_file() {
                continue;
            }
            let table = read(&manifest)?.parse().map_err(|why| format!("{}: {why}", manifest.display()))?;
            tree.crates.push(Crate { name: file_name(&folder), manifest: table });
        }
        for folder in ["crates", "tests", "fuzz", "examples"] {
            if root.join(folder).is_dir() {
                tree.collect(&root.join(folder))?;
            }
        }
        Ok(tree)
    }

    /// The text of a file at the root's side, if it is there.
    pub fn text(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.root.join(path)).ok()
    }

    fn collect(&mut self, folder: &Path) -> Result<(), String> {
        for path in entries(folder)? {
            let name = file_name(&path);
            if path.is_dir() {
                if !matches!(name.as_str(), "target" | "node_modules") && !path.is_symlink() {
                    self.collect(&path)?;
                }
            } else if name.ends_with(".rs") {
                let relative = path.strip_prefix(&self.root).unwrap_or(&path);
                let relative = relative.to_string_lossy().replace('\\', "/");
                self.files.push(File { path: relative, text: read(&path)? });
            }
        }
        Ok(())
    }
}

impl File {
    /// The crate's folder name, for a file under `crates/`.
    pub fn krate(&self) -> Option<&str> {
        self.path.strip_prefix("crates/")?.split('/').next()
    }

    /// Whether the file holds no code of the product: tests, benches, or a module behind a feature for tests.
    pub fn is_for_tests(&self) -> bool {
        let in_dev_crate = self.krate().is_none_or(|name| super::arrows::DEV.contains(&name));
        in_dev_crate
            || self.path.split('/').any(|part| {
                let part = part.strip_suffix(".rs").unwrap_or(part);
                matches!(part, "tests" | "testing" | "benches" | "examples") || part.ends_with("_tests")
            })
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let listing = fs::read_dir(folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    let mut paths = Vec::new();
    for entry in listing {
        paths.push(entry.map_err(|why| format!("{}: {why}", folder.display()))?.path());
    }
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|why| format!("{}: {why}", path.display()))
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
