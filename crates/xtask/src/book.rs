//! `cargo xtask book`: the pages of `docs/` as a book to click through, in `target/book`. Called by people; that links and commands on the
//! pages hold is tested without it. mdBook is built where it is not installed, which takes minutes, once.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run;

const VERSION: &str = "0.5.4";

/// Makes the book.
///
/// # Errors
/// A sentence, when mdBook can't be had or refuses a page.
pub fn run(root: &Path) -> Result<(), String> {
    let mdbook = mdbook(root)?;
    run::run(Command::new(mdbook).arg("build").current_dir(root))?;
    println!("{}", root.join("target/book/index.html").display());
    Ok(())
}

fn mdbook(root: &Path) -> Result<PathBuf, String> {
    if let Some(installed) = run::which("mdbook") {
        return Ok(installed);
    }
    let tools = run::target_dir(root).join("xtask/tools");
    let program = tools.join("bin/mdbook");
    if !program.exists() {
        let mut cargo = run::cargo();
        cargo.args(["install", "mdbook", "--locked", "--version", VERSION]);
        // It watches and serves nothing here.
        cargo.args(["--no-default-features", "--features", "search", "--root"]).arg(&tools);
        run::run(&mut cargo)?;
    }
    Ok(program)
}
