//! The examples as programs: which there are, and what one printed when it ran. Used by `stage` and `documented`.
//! How they are built is known to `cargo xtask test` alone.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use contactgram_testkit::Value;
use tokio::process::Command;

/// Where `cargo xtask test` says how each example is started: `{"Python": {"folder": …, "walk": […], "documented": […]}, …}`.
/// Not every language has a `documented`.
const EXAMPLES: &str = "CONTACTGRAM_EXAMPLES";
/// An example has a deadline of its own; only one that loops for ever makes a test wait for this.
const PATIENCE: Duration = Duration::from_secs(180);

/// An example in one language.
#[derive(Clone)]
pub struct Example {
    pub language: String,
    folder: PathBuf,
    walk: Vec<String>,
    documented: Option<Vec<String>>,
}

/// How a program ended.
pub struct Ended {
    /// `None` when a signal ended it.
    pub code: Option<i32>,
    pub output: String,
    pub errors: String,
}

/// All that were built.
///
/// # Panics
/// When there are none: a test without a program would say nothing.
pub fn examples() -> Vec<Example> {
    let told = std::env::var(EXAMPLES).expect("`cargo xtask test --only examples` builds the examples");
    let told: Value = serde_json::from_str(&told).expect("CONTACTGRAM_EXAMPLES is JSON");
    let words = |about: &Value| -> Vec<String> {
        let words = about.as_array().expect("a command is a list");
        words.iter().map(|word| word.as_str().expect("of words").to_owned()).collect()
    };
    let each =
        told.as_object().expect("CONTACTGRAM_EXAMPLES is an object").iter().map(|(language, about)| {
            Example {
                language: language.clone(),
                folder: PathBuf::from(about["folder"].as_str().expect("a folder")),
                walk: words(&about["walk"]),
                documented: about.get("documented").map(words),
            }
        });
    let examples: Vec<Example> = each.collect();
    assert!(!examples.is_empty(), "no example was built");
    examples
}

impl Example {
    pub async fn walk(&self, settings: &[(&str, &str)]) -> Ended {
        self.run(&self.walk, settings).await
    }

    /// Makes the requests of the documentation's own snippets, if there are any in this language.
    pub async fn documented(&self, settings: &[(&str, &str)]) -> Option<Ended> {
        match &self.documented {
            Some(words) => Some(self.run(words, settings).await),
            None => None,
        }
    }

    async fn run(&self, words: &[String], settings: &[(&str, &str)]) -> Ended {
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).current_dir(&self.folder).kill_on_drop(true);
        // Whatever proxy this machine has is not for the server beside us.
        command.env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1").envs(settings.iter().copied());
        command.stdin(Stdio::null());
        let ended = tokio::time::timeout(PATIENCE, command.output()).await;
        let ended = ended.unwrap_or_else(|_| panic!("{} does not end", self.language));
        let ended = ended.unwrap_or_else(|why| panic!("{words:?} can't be started: {why}"));
        Ended {
            code: ended.status.code(),
            output: String::from_utf8_lossy(&ended.stdout).into_owned(),
            errors: String::from_utf8_lossy(&ended.stderr).into_owned(),
        }
    }
}
