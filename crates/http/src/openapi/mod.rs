//! Writes the OpenAPI document: every route and method with its parameters, answers and failures. Tests
//! alone call it: they keep `docs/openapi.json` fresh, and that is what `explorer` serves, so that the
//! server is built without the crates that write it. It describes; it is never asked what to do.

mod about;
mod access;
mod admin;
mod answers;
mod audit;
mod consumers;
mod download;
mod examples;
mod methods;
mod oauth;
mod ops;
mod outbox;
mod parts;
mod requests;
mod resources;
mod schemas;
mod stream;
mod tests;
mod transfer;
mod upstream;
mod webhooks;

use utoipa::openapi::{Components, OpenApi, OpenApiBuilder, Paths};

/// The whole document.
fn document() -> OpenApi {
    let paths = [
        resources::paths,
        transfer::paths,
        consumers::paths,
        outbox::paths,
        webhooks::paths,
        stream::paths,
        audit::paths,
        methods::paths,
        download::paths,
        upstream::paths,
        oauth::paths,
        ops::paths,
        admin::paths,
    ]
    .into_iter()
    .fold(Paths::new(), |paths, add| add(paths));
    let paths = access::say(paths);
    OpenApiBuilder::new()
        .info(about::info())
        .servers(Some(about::servers()))
        .paths(paths)
        .components(Some(components()))
        .security(Some(about::security(&[])))
        .tags(Some(about::tags()))
        .build()
}

fn components() -> Components {
    let mut components = Components::new();
    for (name, schema) in schemas::all() {
        components.schemas.insert(name.to_owned(), schema);
    }
    [methods::share, admin::share, requests::share, answers::share, about::share]
        .into_iter()
        .fold(components, |components, add| add(components))
}
