//! Builds the programs of `examples/` and has `crates/contactgram/tests/examples` run them. Called by `test`. Each is built
//! as its README says, but with what it needs below the target folder; one that can't be built is a failure, and the others
//! run all the same.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};

use super::{Environment, install, tally::Tally};
use crate::run;

/// Where the tests read how each example is started.
const EXAMPLES: &str = "CONTACTGRAM_EXAMPLES";

/// Where the examples are, and where their parts go.
struct Workshop {
    examples: PathBuf,
    target: PathBuf,
}

/// Builds all, then runs the tests on those that were built.
pub fn run(root: &Path, environment: &Environment) -> Tally {
    let target = run::target_dir(root);
    let workshop = Workshop { examples: root.join("examples"), target };
    let mut tally = Tally::default();
    let mut built = Map::new();
    type Build = fn(&Workshop) -> Result<Value, String>;
    let languages: [(&str, Build); 5] = [
        ("Python", Workshop::python),
        ("Node.js", Workshop::node),
        ("Java", Workshop::java),
        ("C#", Workshop::csharp),
        ("Rust", Workshop::rust),
    ];
    for (language, build) in languages {
        match run::step(&format!("examples: build {language}"), || build(&workshop)) {
            Ok(how) => drop(built.insert(language.to_owned(), how)),
            Err(_) => tally.add(Tally::check(false)),
        }
    }
    if built.is_empty() {
        return tally;
    }
    let mut environment = environment.clone();
    environment.set(EXAMPLES, Value::Object(built).to_string());
    let counted = run::step("examples", || {
        // As the other suites build it: with other features everything would be compiled again.
        let test = ["test", "--workspace", "--test", "examples", "--no-fail-fast", "--", "--ignored"];
        environment.count(run::cargo().args(test).current_dir(root))
    });
    tally.add(counted.unwrap_or(Tally::check(false)));
    tally
}

impl Workshop {
    fn python(&self) -> Result<Value, String> {
        let folder = self.examples.join("python");
        let python =
            install::venv(&folder.join("requirements.txt"), &self.target.join("xtask/venv-examples"))?;
        // No `__pycache__` in the tree.
        Ok(commands(&folder, &[&text(&python), "-B"], "walk.py", "documented.py"))
    }

    fn node(&self) -> Result<Value, String> {
        let folder = self.examples.join("node");
        install::npm(&folder, &self.target.join("xtask/node-examples"))?;
        Ok(commands(&folder, &["node"], "walk.js", "documented.js"))
    }

    fn java(&self) -> Result<Value, String> {
        let folder = self.examples.join("java");
        run::run(Command::new("mvn").args(["--quiet", "--batch-mode", "compile"]).current_dir(&folder))?;
        let words = ["java", "--class-path", "target/classes:target/libraries/*"];
        Ok(commands(&folder, &words, "contactgram.Walk", "contactgram.Documented"))
    }

    fn csharp(&self) -> Result<Value, String> {
        let folder = self.examples.join("csharp");
        let home = self.target.join("xtask/mono-examples");
        fs::create_dir_all(&home).map_err(|why| format!("{}: {why}", home.display()))?;
        let program = text(&home.join("ContactgramExample.exe"));
        let references = ["-reference:System.Net.Http.dll", "-reference:System.Runtime.Serialization.dll"];
        let mut compiler = Command::new("mcs");
        compiler.args(["-langversion:7.2", "-warnaserror"]).args(references).arg(format!("-out:{program}"));
        run::run(compiler.args(sources(&folder)?).current_dir(&folder))?;
        Ok(commands(&folder, &["mono", &program], "walk", "documented"))
    }

    /// A member of the workspace; the documentation has no snippets in Rust.
    fn rust(&self) -> Result<Value, String> {
        let folder = self.examples.join("rust");
        // As the other suites build it, here too.
        let build = ["build", "--workspace", "--bin", "contactgram-example"];
        run::run(run::cargo().args(build).current_dir(&folder))?;
        let program = text(&self.target.join("debug/contactgram-example"));
        Ok(json!({"folder": text(&folder), "walk": [program]}))
    }
}

/// How an example is started, as the tests read it.
fn commands(folder: &Path, words: &[&str], walk: &str, documented: &str) -> Value {
    let with = |last: &str| words.iter().copied().chain([last]).map(str::to_owned).collect::<Vec<_>>();
    json!({"folder": text(folder), "walk": with(walk), "documented": with(documented)})
}

/// The C# sources beside the project file; what its own build leaves is in folders.
fn sources(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let read = fs::read_dir(folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    let mut files: Vec<PathBuf> = read.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|kind| kind == "cs"));
    files.sort();
    Ok(files)
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_ends_with_what_is_asked_of_it() {
        let told = commands(Path::new("/examples/node"), &["node"], "walk.js", "documented.js");
        let wanted = json!({
            "folder": "/examples/node", "walk": ["node", "walk.js"], "documented": ["node", "documented.js"],
        });
        assert_eq!(told, wanted);
    }

    #[test]
    fn only_sources_are_compiled() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        for name in ["b.cs", "a.cs", "a.csproj", "README.md"] {
            fs::write(dir.path().join(name), "").expect("the file is written");
        }
        let found = sources(dir.path()).expect("the folder is read");
        let names: Vec<_> = found.iter().filter_map(|file| file.file_name()?.to_str()).collect();
        assert_eq!(names, ["a.cs", "b.cs"]);
    }
}
