//! setWebhook, deleteWebhook, getWebhookInfo.

use super::Method;
use super::updates::allowed_field;
use crate::openapi::about::UPDATES;
use crate::openapi::parts::{flag, may, of, sized, text, usually};
use serde_json::json;

pub(super) fn all() -> Vec<Method> {
    let drop_pending = || may("drop_pending_updates", flag("Forget what waits.").default(Some(false.into())));
    let set = [
        may(
            "url",
            text(
                "Where to: https, on port 443, 80, 88 or 8443, at no reserved address, as far as the operator has not allowed others. Absent or empty: none any more.",
            ),
        ),
        may("certificate", text("PEM, to trust beside the public ones; in `multipart/form-data` a file.")),
        may("ip_address", text("Connect here instead of asking DNS.")),
        may(
            "max_connections",
            usually("Deliveries under way at once; beyond the range the nearest.", 1..=100, 40),
        ),
        allowed_field(),
        drop_pending(),
        may(
            "secret_token",
            sized("Sent along in `X-Telegram-Bot-Api-Secret-Token`.", 0..=256)
                .pattern(Some("^[A-Za-z0-9_-]*$")),
        ),
    ];
    let info = json!({
        "url": "https://example.com/hook", "has_custom_certificate": false, "pending_update_count": 0,
        "max_connections": 40,
    });
    vec![
        Method::new(
            "setWebhook",
            UPDATES,
            "Has updates brought. Each is a POST with an `Update`; any 2xx accepts it, anything else is tried again with growing pauses for up to 24 hours, and the answer may name a method to call. Strictly one after the other within a chat. The `description` tells whether something changed.",
        )
        .takes(set, json!({"url": "https://example.com/hook", "secret_token": "from-me", "max_connections": 40})),
        Method::new(
            "deleteWebhook",
            UPDATES,
            "Stops bringing updates. They wait for getUpdates again. The `description` tells whether there was a webhook.",
        )
        .takes([drop_pending()], json!({"drop_pending_updates": true})),
        Method::new("getWebhookInfo", UPDATES, "The webhook and how it fares.").answers(of("WebhookInfo"), info),
    ]
}
