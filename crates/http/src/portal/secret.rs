//! The page that shows a secret, the only time that it can be seen: the answer to the form that made it, kept by no
//! cache and no history of ours.

use super::answer::{Seen, page};
use super::shell::Shell;
use askama::Template;
use contactgram_model::Role;

/// What is shown once.
#[derive(Template)]
#[template(path = "secret.html")]
pub(super) struct Secret {
    pub shell: Shell,
    pub back: String,
    pub back_text: String,
    /// What to do with it, where that is not plain.
    pub text: String,
    pub curl: String,
    pub secrets: Vec<(&'static str, String)>,
}

/// The page.
pub(super) fn shown(secret: Secret) -> Seen {
    page(&secret)
}
