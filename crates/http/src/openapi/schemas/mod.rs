//! The objects that answers and parameters are made of, one file a noun. `document` puts them among the
//! components. They describe what `model` and `wire` write; the tests hold the two together.

mod contact;
mod file;
mod message;
mod operator;
mod update;
mod user;

use super::parts::{always, may, must, record, text, usually};
use utoipa::openapi::{RefOr, Schema};

pub(super) use contact::{
    USERNAME, WITH_PLUS, changes as contact_changes, content as contact_content, field_mask,
};

/// Every named schema.
pub(super) fn all() -> Vec<(&'static str, RefOr<Schema>)> {
    let mut all = vec![("Failure", failure()), ("ResponseParameters", response_parameters())];
    all.extend(contact::all());
    all.extend(user::all());
    all.extend(message::all());
    all.extend(file::all());
    all.extend(update::all());
    all.extend(operator::all());
    all.extend(super::consumers::schemas());
    all.extend(super::webhooks::schemas());
    all.extend(super::audit::schemas());
    all.extend(super::outbox::schemas());
    all.extend(super::oauth::schemas());
    all
}

fn failure() -> RefOr<Schema> {
    record(
        "What every failure answers with; its `error_code` is the HTTP status.",
        [
            must("ok", always("Never true here.", false)),
            must("error_code", usually("The HTTP status again.", 400..=599, 400)),
            must(
                "description",
                text("For people and, since client libraries compare texts, for programs. Begins as the status does: `Bad Request: `, `Unauthorized`, `Forbidden: ` ‥"),
            ),
            may("parameters", super::parts::of("ResponseParameters")),
        ],
    )
    .into()
}

fn response_parameters() -> RefOr<Schema> {
    record(
        "What a program can act on. There on every 429 and 503.",
        [may(
            "retry_after",
            super::parts::count(
                "Seconds to wait before asking again; the header `Retry-After` says the same.",
            ),
        )],
    )
    .into()
}
