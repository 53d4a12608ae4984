//! getUpdates.

use super::Method;
use crate::openapi::about::UPDATES;
use crate::openapi::examples;
use crate::openapi::parts::{Field, list, may, of, sized, text, usually, whole};
use serde_json::json;

pub(super) fn all() -> Vec<Method> {
    let fields = [
        may(
            "offset",
            whole("The first update wanted; everything below counts as confirmed and is forgotten. 0: from the oldest. Negative: only the last so many, older ones are forgotten.")
                .default(Some(0.into())),
        ),
        may("limit", usually("Updates at most; beyond the range the nearest.", 1..=100, 100)),
        may("timeout", usually("Seconds to wait for an update when there is none; beyond the range the nearest.", 0..=50, 0)),
        may("allowed_updates", allowed()),
        may(
            "consumer",
            sized("A cursor of its own over the same updates, made when it is named first: it begins at the end of the log, a negative `offset` reaches back into what is kept. It waits, confirms, names its `allowed_updates` and is in conflict for itself, and is served while a webhook is set. Absent: Telegram's own.", 1..=64)
                .pattern(Some("^[A-Za-z0-9_.-]+$")),
        ),
    ];
    let update = json!({"update_id": 123_456_789, "message": examples::message()});
    vec![
        Method::new(
            "getUpdates",
            UPDATES,
            "What happened since the last confirmed update. At least once, in order; what was not confirmed by a higher `offset` comes again, for 24 hours. One call may wait at a time: a newer one ends the older with a 409, and so does a webhook.",
        )
        .takes(fields, json!({"offset": 123_456_789, "timeout": 50, "allowed_updates": ["message", "callback_query"]}))
        .answers(list("", of("Update")), json!([update]))
        .refuses(&[409]),
    ]
}

/// The parameter that setWebhook has too.
pub(super) fn allowed() -> impl Into<utoipa::openapi::RefOr<utoipa::openapi::Schema>> {
    list(
        "Kinds of updates from now on. It stays until another is sent; unknown names are passed over. Empty: the usual set, which leaves out `chat_member`, `contact_added`, `contact_changed` and `contact_removed`.",
        text(""),
    )
}

/// The parameter as a field.
pub(in crate::openapi) fn allowed_field() -> Field {
    may("allowed_updates", allowed())
}
