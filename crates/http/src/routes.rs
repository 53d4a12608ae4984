//! Which path leads to which handler. Everything of the API is mounted twice: with the token in the path,
//! and under `/v1` with the token in a header.

use crate::reply::{Failure, Reply};
use crate::{App, admin, botapi, contacts, door, explorer, messages, ops};
use axum::Router;
use axum::routing::{MethodRouter, any, get, post};

/// The whole API behind its door.
pub(crate) fn router(app: App) -> Router {
    let mut router = Router::new();
    for (path, handlers) in resources() {
        let with_token = format!("/bot{{token}}{path}");
        let versioned = format!("/v1{path}");
        router = router.route(&with_token, handlers.clone()).route(&versioned, handlers);
    }
    router
        .route("/livez", get(ops::live).fallback(verbs_get))
        .route("/readyz", get(ops::ready).fallback(verbs_get))
        .merge(explorer::routes())
        .merge(admin::routes())
        .fallback(async || Failure::NoRoute)
        .layer(axum::middleware::from_fn_with_state(app.clone(), door::pass))
        .with_state(app)
}

/// Routes beside the methods, each with what it answers to other verbs.
pub(crate) fn resources() -> Vec<(&'static str, MethodRouter<App>)> {
    vec![
        ("/contacts", get(contacts::list).post(contacts::add).fallback(verbs_get_post)),
        (
            "/contacts/{contact_id}",
            get(contacts::get)
                .patch(contacts::patch)
                .put(contacts::put)
                .delete(contacts::remove)
                .fallback(verbs_resource),
        ),
        (
            "/contacts/{contact_id}/delete",
            post(contacts::remove).delete(contacts::remove).fallback(verbs_delete),
        ),
        (
            "/contacts/{contact_id}/messages",
            get(messages::of_contact).post(messages::send_to_contact).fallback(verbs_get_post),
        ),
        ("/messages", get(messages::list).fallback(verbs_get)),
        ("/messages/{chat_id}/{message_id}", get(messages::one).fallback(verbs_get)),
        ("/{method}", any(botapi::method)),
        ("/", any(botapi::method)),
    ]
}

async fn verbs_get() -> Reply {
    Err(Failure::WrongVerb("GET, HEAD"))
}

async fn verbs_get_post() -> Reply {
    Err(Failure::WrongVerb("GET, HEAD, POST"))
}

async fn verbs_resource() -> Reply {
    Err(Failure::WrongVerb("GET, HEAD, PATCH, PUT, DELETE"))
}

async fn verbs_delete() -> Reply {
    Err(Failure::WrongVerb("POST, DELETE"))
}
