//! The rules about a single Rust file: how it opens, how long it is, and what it must leave to others.
//! Called by `tidy` for each file. Rules about the product leave tests alone.

use super::lexer::{Source, has_word};
use super::{Finding, tree::File};

/// Lines a file may have; near 400 it should already be looking for its second noun.
const LONGEST: usize = 500;

/// Files allowed to be longer, each with its reason beside it.
const LONGER: &[&str] = &[];

/// First words of a statement, as they are written in this repository.
const SQL: &[&str] = &["SELECT", "INSERT", "UPDATE", "DELETE", "CREATE"];

/// Where a status code may be chosen. Connectors and the client read the codes of others, so they are free.
const STATUS_CODES: &[&str] =
    &["crates/http/src/reply.rs", "crates/http/src/oauth/error.rs", "crates/http/src/server/"];

pub fn check(file: &File) -> Vec<Finding> {
    let mut found = Findings { path: &file.path, list: Vec::new() };
    opening(file, &mut found);
    length(file, &mut found);
    let krate = file.krate().unwrap_or_default();
    if krate == "connector" {
        for (number, line) in file.text.lines().enumerate() {
            if line.contains("contactgram_store") {
                found.add(number + 1, "connector reports facts and never knows the store");
            }
        }
    }
    if !file.is_for_tests() {
        let source = Source::read_without_tests(&file.text);
        if krate != "store" {
            sql(&source, &mut found);
        }
        for (number, line) in source.lines() {
            code_line(file, number, &line, &mut found);
        }
    }
    found.list
}

fn opening(file: &File, found: &mut Findings<'_>) {
    if !file.text.starts_with("//!") {
        found.add(1, "a file opens with `//!`: what it is, who calls it, what it never does");
    }
}

fn length(file: &File, found: &mut Findings<'_>) {
    let lines = file.text.lines().count();
    if lines > LONGEST && !LONGER.contains(&file.path.as_str()) {
        found.add(0, format!("{lines} lines, over {LONGEST}: look for the file's second noun and split"));
    }
}

fn sql(source: &Source, found: &mut Findings<'_>) {
    for (number, text) in source.strings() {
        let mut words = text.trim_start().splitn(2, char::is_whitespace);
        let first = words.next().unwrap_or_default();
        if SQL.contains(&first) && words.next().is_some() {
            found.add(number, "only the store contains SQL");
        }
    }
}

fn code_line(file: &File, number: usize, line: &str, found: &mut Findings<'_>) {
    let krate = file.krate().unwrap_or_default();
    let picks_codes = STATUS_CODES.iter().any(|allowed| file.path.starts_with(allowed));
    if line.contains("StatusCode::") && !picks_codes && !matches!(krate, "connector" | "client") {
        found.add(number, "status codes are chosen in http's reply.rs, oauth/error.rs and server/ only");
    }
    // A build script talks to cargo by printing and through the environment.
    let is_build_script = file.path.ends_with("/build.rs");
    let may_ask = file.path.starts_with("crates/contactgram/src/config") || is_build_script;
    if (line.contains("env::var") || line.contains("env::{var")) && !may_ask {
        found.add(number, "only the binary's config reads the environment");
    }
    if krate == "model" {
        for word in ["tokio", "async", "await"] {
            if has_word(line, word) {
                found.add(number, format!("model waits for nothing: no `{word}` here"));
            }
        }
    }
    let may_print = krate == "contactgram" || is_build_script;
    if !may_print && (has_word(line, "println!") || has_word(line, "print!")) {
        found.add(number, "only the binary prints to standard output; use tracing");
    }
}

struct Findings<'a> {
    path: &'a str,
    list: Vec<Finding>,
}

impl Findings<'_> {
    fn add(&mut self, line: usize, message: impl Into<String>) {
        self.list.push(Finding::new(self.path, line, message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The messages for a file that opens as it should and goes on with `text`.
    fn findings(path: &str, text: &str) -> Vec<String> {
        let file = File { path: path.to_owned(), text: format!("//! A file.\n{text}") };
        check(&file).into_iter().map(|found| format!("{}: {}", found.line, found.message)).collect()
    }

    #[test]
    fn a_file_opens_with_its_documentation() {
        let file = File { path: "crates/hub/src/lib.rs".to_owned(), text: "use x;\n//! Late.".to_owned() };
        assert_eq!(check(&file).len(), 1);
        assert!(findings("crates/hub/src/lib.rs", "use x;").is_empty());
    }

    #[test]
    fn a_long_file_is_reported_even_among_tests() {
        assert!(findings("crates/hub/src/a.rs", &"\n".repeat(LONGEST - 1)).is_empty());
        assert_eq!(findings("crates/hub/src/a.rs", &"\n".repeat(LONGEST)).len(), 1);
        assert_eq!(findings("crates/hub/tests/a.rs", &"\n".repeat(LONGEST)).len(), 1);
    }

    #[test]
    fn sql_outside_the_store_is_reported_with_its_line() {
        let text = "fn f() {\n    run(\"\n  SELECT id FROM contact\");\n}";
        assert_eq!(findings("crates/hub/src/a.rs", text), ["3: only the store contains SQL"]);
        assert!(findings("crates/store/src/a.rs", text).is_empty());
        assert!(findings("crates/hub/tests/a.rs", text).is_empty());
        assert!(
            findings("crates/hub/src/a.rs", &format!("#[cfg(test)]\nmod tests {{\n{text}\n}}")).is_empty()
        );
    }

    #[test]
    fn a_verb_or_a_sentence_is_not_sql() {
        assert!(
            findings("crates/http/src/a.rs", "const VERBS: [&str; 2] = [\"DELETE\", \"Select one\"];")
                .is_empty()
        );
    }

    #[test]
    fn status_codes_stay_where_errors_become_answers() {
        let text = "let code = StatusCode::OK;";
        assert_eq!(findings("crates/http/src/contacts/list.rs", text).len(), 1);
        for path in
            ["http/src/reply.rs", "http/src/oauth/error.rs", "http/src/server/conn.rs", "client/src/lib.rs"]
        {
            assert!(findings(&format!("crates/{path}"), text).is_empty(), "{path}");
        }
        assert!(findings("crates/http/src/a.rs", "/// Not `StatusCode::OK`.\nstruct A;").is_empty());
    }

    #[test]
    fn only_config_reads_the_environment() {
        let text = "let home = std::env::var_os(name);";
        assert_eq!(findings("crates/contactgram/src/main.rs", text).len(), 1);
        for path in ["contactgram/src/config/env.rs", "store/src/testing.rs", "testkit/src/lib.rs"] {
            assert!(findings(&format!("crates/{path}"), text).is_empty(), "{path}");
        }
        let behind_feature = format!("#[cfg(feature = \"testing\")]\nfn f() {{ {text} }}");
        assert!(findings("crates/store/src/lib.rs", &behind_feature).is_empty());
    }

    #[test]
    fn model_has_nothing_asynchronous() {
        assert_eq!(findings("crates/model/src/a.rs", "async fn f() { g().await }").len(), 2);
        assert!(findings("crates/model/src/a.rs", "/// Not async.\nfn f() {}").is_empty());
    }

    #[test]
    fn connector_mentions_the_store_not_even_in_tests() {
        assert_eq!(findings("crates/connector/tests/a.rs", "use contactgram_store::Store;").len(), 1);
    }

    #[test]
    fn printing_is_left_to_the_binary() {
        let text = "println!(\"{a}\");";
        assert_eq!(findings("crates/hub/src/a.rs", text).len(), 1);
        assert!(findings("crates/contactgram/src/cli.rs", text).is_empty());
        assert!(findings("crates/store/build.rs", text).is_empty());
        assert!(findings("crates/hub/src/a.rs", "eprintln!(\"{a}\");").is_empty());
    }
}
