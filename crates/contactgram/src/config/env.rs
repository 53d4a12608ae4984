//! The environment as a source of settings: `CONTACTGRAM_LISTEN` is `listen`. Called by `load`.
//! A variable of ours that is no setting is an error, since it would otherwise silently do nothing.

use super::{Origin, Variables, settings};
use std::path::PathBuf;

const PREFIX: &str = "CONTACTGRAM_";
/// Names of the test suites, which run beside and through the program.
const FOR_TESTS: [&str; 3] = ["BIN", "TEST_", "REQUIRE_"];

/// What the environment says.
#[derive(Debug, Default)]
pub struct Environment {
    /// `CONTACTGRAM_CONFIG`: the configuration file.
    pub file: Option<PathBuf>,
    /// Settings by key.
    pub settings: Vec<(String, String)>,
}

impl Environment {
    /// The value of a setting.
    pub fn value(&self, key: &str) -> Option<String> {
        self.settings.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone())
    }
}

/// The variable of a setting.
pub fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase())
}

/// Picks our variables; empty ones count as unset, as compose files write them.
///
/// # Errors
/// A variable that is no setting, or no text.
pub fn read(variables: Variables) -> Result<Environment, String> {
    let mut environment = Environment::default();
    for (name, value) in variables {
        let Some(name) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else { continue };
        if value.is_empty() || FOR_TESTS.iter().any(|ours| name.starts_with(ours)) {
            continue;
        }
        if name == "CONFIG" {
            environment.file = Some(value.into());
            continue;
        }
        let key = name.to_lowercase();
        if settings::find(&key).is_none() || name != key.to_uppercase() {
            return Err(Origin::Environment.unknown(&key));
        }
        let value = value.into_string().map_err(|_| format!("{} must be UTF-8", variable(&key)))?;
        environment.settings.push((key, value));
    }
    Ok(environment)
}
