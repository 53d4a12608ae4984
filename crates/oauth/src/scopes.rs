//! Scopes as OAuth writes them: names with spaces between (RFC 6749, 3.3).
//! Called by the readers of requests and by `answer`. It never widens: what is asked is given or refused.

use crate::error::{Error, Kind};
use contactgram_model::scope::{Scope, Scopes};
use std::borrow::Cow;

/// Why scopes can't be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A name that stands for nothing here.
    #[error("A scope is unknown.")]
    Unknown,
    /// A scope beyond what may be asked for.
    #[error("A scope is more than may be asked for.")]
    Beyond,
    /// No scope at all would be had.
    #[error("No scope was asked for, and there is no default.")]
    Nothing,
}

/// What may be asked for, and what is given when nothing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The most that may be asked for.
    pub limit: Scopes,
    /// Given when no scope is named; what lies beyond `limit` is left out.
    pub default: Scopes,
}

impl Range {
    /// Everything, unless less is asked for.
    pub fn of(limit: Scopes) -> Range {
        Range { limit, default: limit }
    }

    /// Reads the parameter `scope`.
    ///
    /// # Errors
    /// [`Refused`]; one bad name refuses all of them.
    pub fn choose(&self, asked: Option<&str>) -> Result<Scopes, Refused> {
        let chosen = match asked {
            Some(text) => parse(text)?,
            None => both(self.default, self.limit),
        };
        if is_empty(chosen) {
            return Err(Refused::Nothing);
        }
        if within(chosen, self.limit) { Ok(chosen) } else { Err(Refused::Beyond) }
    }
}

/// Reads names with spaces between; the same one twice counts once.
///
/// # Errors
/// [`Refused::Unknown`] for a name that isn't exactly one of [`Scope::ALL`].
pub fn parse(text: &str) -> Result<Scopes, Refused> {
    let known = |name| Scope::ALL.into_iter().find(|scope| scope.name() == name).ok_or(Refused::Unknown);
    text.split(' ').filter(|name| !name.is_empty()).map(known).collect()
}

/// Writes names with spaces between, in the order of [`Scope::ALL`].
pub fn write(scopes: Scopes) -> String {
    let names: Vec<&str> =
        Scope::ALL.into_iter().filter(|scope| scopes.has(*scope)).map(Scope::name).collect();
    names.join(" ")
}

/// Whether `part` has nothing that `whole` hasn't.
pub fn within(part: Scopes, whole: Scopes) -> bool {
    Scope::ALL.into_iter().all(|scope| !part.has(scope) || whole.has(scope))
}

/// What both have.
pub fn both(one: Scopes, other: Scopes) -> Scopes {
    Scope::ALL.into_iter().filter(|scope| one.has(*scope) && other.has(*scope)).collect()
}

/// Whether nothing is in it.
pub fn is_empty(scopes: Scopes) -> bool {
    within(scopes, Scopes::default())
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Error {
        Error { kind: Kind::InvalidScope, description: Cow::Owned(refused.to_string()) }
    }
}
