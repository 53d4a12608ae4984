//! How a test wants its server. Read by `server` when it starts; says nothing of how that is done.

use std::path::PathBuf;

/// What differs from a plain server on SQLite in a folder of its own.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub engine: Engine,
    /// Further arguments of `serve`.
    pub arguments: Vec<String>,
    /// Further variables of its environment, such as `CONTACTGRAM_MAX_BODY`.
    pub environment: Vec<(String, String)>,
    /// The program; by default `CONTACTGRAM_BIN`, or what was built beside the running test.
    pub program: Option<PathBuf>,
}

/// Where the server keeps its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    /// A new database on the server that `CONTACTGRAM_TEST_POSTGRES` names, removed afterwards.
    Postgres,
}

/// SQLite, unless the run as a whole asks for PostgreSQL by `CONTACTGRAM_TEST_ENGINE=postgres`.
impl Default for Engine {
    fn default() -> Engine {
        match std::env::var("CONTACTGRAM_TEST_ENGINE").as_deref() {
            Ok("postgres") => Engine::Postgres,
            _ => Engine::Sqlite,
        }
    }
}

impl Options {
    pub fn on(engine: Engine) -> Options {
        Options { engine, ..Options::default() }
    }

    /// Adds an argument of `serve`, or two.
    #[must_use]
    pub fn argument(mut self, words: &[&str]) -> Options {
        self.arguments.extend(words.iter().map(|&word| word.to_owned()));
        self
    }

    /// Sets a variable of the server's environment.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Options {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }
}
