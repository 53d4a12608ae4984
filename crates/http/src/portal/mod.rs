//! The portal: what owners and their people see in a browser. Pages are made here, from templates, and work without
//! scripts; htmx makes them feel at once. `routes` mounts it. What a page takes stands in [`PAGES`], and `visit` lets
//! nobody past it; the rules of the product stay in the hub.

mod account;
mod accounts;
mod answer;
mod apps;
mod assets;
mod audit;
mod bots;
mod broadcast;
mod broadcasts;
mod chats;
mod consent;
mod contacts;
mod form;
mod front;
mod hook;
mod hooks;
mod live;
mod me;
mod members;
mod outbox;
mod overview;
mod rows;
mod secret;
mod shell;
mod transfer;
mod visit;
mod words;

use crate::App;
use crate::needs::{Need, Verb, Who, route};
use crate::reply::Failure;
use Who::{Anybody, Everywhere, On, SignedIn};
use axum::Router;
use axum::routing::{MethodRouter, get, post};
use contactgram_model::Role::{Admin, Agent, Owner, Viewer};

const GET: &[Verb] = &[Verb::Get];
const POST: &[Verb] = &[Verb::Post];

/// What each page takes. Where the verbs of a page differ in that, it has two rows.
pub(crate) const PAGES: &[(&str, &[Verb], Need)] = &[
    ("/portal/assets/portal.css", GET, Need::Nothing),
    ("/portal/assets/portal.js", GET, Need::Nothing),
    ("/portal/assets/htmx.js", GET, Need::Nothing),
    ("/portal/assets/icon.svg", GET, Need::Nothing),
    ("/portal/assets/htmx.LICENSE", GET, Need::Nothing),
    ("/portal/sign-in", &[Verb::Get, Verb::Post], Need::Page(Anybody)),
    ("/portal/welcome", &[Verb::Get, Verb::Post], Need::Page(Anybody)),
    ("/oauth/authorize", GET, Need::Page(Anybody)),
    ("/oauth/authorize", POST, Need::Page(SignedIn)),
    ("/portal/sign-out", POST, Need::Page(SignedIn)),
    ("/portal", GET, Need::Page(SignedIn)),
    ("/portal/me", GET, Need::Page(SignedIn)),
    ("/portal/me/password", POST, Need::Page(SignedIn)),
    ("/portal/me/sessions/end-others", POST, Need::Page(SignedIn)),
    ("/portal/me/sessions/{id}/end", POST, Need::Page(SignedIn)),
    ("/portal/me/grants/revoke", POST, Need::Page(SignedIn)),
    ("/portal/accounts", GET, Need::Page(SignedIn)),
    ("/portal/accounts", POST, Need::Page(Everywhere(Owner))),
    ("/portal/accounts/connect", POST, Need::Page(Everywhere(Owner))),
    ("/portal/a/{account}/upstream", POST, Need::Page(Everywhere(Owner))),
    ("/portal/members", &[Verb::Get, Verb::Post], Need::Page(Everywhere(Owner))),
    ("/portal/members/{id}/role", POST, Need::Page(Everywhere(Owner))),
    ("/portal/members/{id}/link", POST, Need::Page(Everywhere(Owner))),
    ("/portal/members/{id}/disable", POST, Need::Page(Everywhere(Owner))),
    ("/portal/members/{id}/enable", POST, Need::Page(Everywhere(Owner))),
    ("/portal/members/{id}/remove", POST, Need::Page(Everywhere(Owner))),
    ("/portal/audit", GET, Need::Page(Everywhere(Owner))),
    ("/portal/audit/export", GET, Need::Page(Everywhere(Owner))),
    ("/portal/a/{account}/audit", GET, Need::Page(On(Admin))),
    ("/portal/a/{account}/audit/export", GET, Need::Page(On(Admin))),
    ("/portal/a/{account}", GET, Need::Page(On(Viewer))),
    ("/portal/a/{account}/live", GET, Need::Page(On(Viewer))),
    ("/portal/a/{account}/tokens", POST, Need::Page(On(Owner))),
    ("/portal/a/{account}/tokens/rotate", POST, Need::Page(On(Owner))),
    ("/portal/a/{account}/tokens/{id}/revoke", POST, Need::Page(On(Owner))),
    ("/portal/a/{account}/keys", POST, Need::Page(On(Admin))),
    ("/portal/a/{account}/keys/{id}/revoke", POST, Need::Page(On(Admin))),
    ("/portal/a/{account}/webhook", POST, Need::Page(On(Admin))),
    ("/portal/a/{account}/webhook/remove", POST, Need::Page(On(Admin))),
    ("/portal/a/{account}/webhooks", &[Verb::Get, Verb::Post], Need::Page(On(Admin))),
    ("/portal/a/{account}/webhooks/{id}", &[Verb::Get, Verb::Post], Need::Page(On(Admin))),
    ("/portal/a/{account}/webhooks/{id}/pause", POST, Need::Page(On(Admin))),
    ("/portal/a/{account}/webhooks/{id}/resume", POST, Need::Page(On(Admin))),
    ("/portal/a/{account}/webhooks/{id}/secret", POST, Need::Page(On(Admin))),
    ("/portal/a/{account}/webhooks/{id}/replay", POST, Need::Page(On(Admin))),
    ("/portal/a/{account}/webhooks/{id}/remove", POST, Need::Page(On(Admin))),
    ("/portal/a/{account}/consumers/remove", POST, Need::Page(On(Admin))),
    ("/portal/a/{account}/remove", POST, Need::Page(On(Owner))),
    ("/portal/a/{account}/contacts", GET, Need::Page(On(Viewer))),
    ("/portal/a/{account}/contacts", POST, Need::Page(On(Agent))),
    ("/portal/a/{account}/contacts/new", GET, Need::Page(On(Agent))),
    ("/portal/a/{account}/contacts/files", GET, Need::Page(On(Viewer))),
    ("/portal/a/{account}/contacts/export", GET, Need::Page(On(Viewer))),
    ("/portal/a/{account}/contacts/import", POST, Need::Page(On(Agent))),
    ("/portal/a/{account}/contacts/{id}", GET, Need::Page(On(Viewer))),
    ("/portal/a/{account}/contacts/{id}", POST, Need::Page(On(Agent))),
    ("/portal/a/{account}/contacts/{id}/edit", GET, Need::Page(On(Agent))),
    ("/portal/a/{account}/contacts/{id}/remove", POST, Need::Page(On(Agent))),
    ("/portal/a/{account}/chats", GET, Need::Page(On(Viewer))),
    ("/portal/a/{account}/chats/{chat}", GET, Need::Page(On(Viewer))),
    ("/portal/a/{account}/files/{file}", GET, Need::Page(On(Viewer))),
    ("/portal/a/{account}/chats/{chat}/send", POST, Need::Page(On(Agent))),
    ("/portal/a/{account}/chats/{chat}/phone", POST, Need::Page(On(Admin))),
    ("/portal/a/{account}/outbox", GET, Need::Page(On(Agent))),
    ("/portal/a/{account}/outbox/{id}", &[Verb::Get, Verb::Post], Need::Page(On(Agent))),
    ("/portal/a/{account}/outbox/{id}/cancel", POST, Need::Page(On(Agent))),
    ("/portal/a/{account}/broadcasts", &[Verb::Get, Verb::Post], Need::Page(On(Agent))),
    ("/portal/a/{account}/broadcasts/new", &[Verb::Get, Verb::Post], Need::Page(On(Agent))),
    ("/portal/a/{account}/broadcasts/{id}", GET, Need::Page(On(Agent))),
    ("/portal/a/{account}/broadcasts/{id}/pause", POST, Need::Page(On(Agent))),
    ("/portal/a/{account}/broadcasts/{id}/resume", POST, Need::Page(On(Agent))),
    ("/portal/a/{account}/broadcasts/{id}/cancel", POST, Need::Page(On(Agent))),
    ("/portal/a/{account}/people", POST, Need::Page(On(Admin))),
    ("/portal/a/{account}/apps", &[Verb::Get, Verb::Post], Need::Page(On(Admin))),
    ("/portal/a/{account}/apps/{client}", &[Verb::Get, Verb::Post], Need::Page(On(Admin))),
    ("/portal/a/{account}/apps/{client}/secret", POST, Need::Page(On(Admin))),
    ("/portal/a/{account}/apps/{client}/disable", POST, Need::Page(On(Admin))),
    ("/portal/a/{account}/apps/{client}/enable", POST, Need::Page(On(Admin))),
    ("/portal/a/{account}/apps/{client}/remove", POST, Need::Page(On(Admin))),
    ("/portal/a/{account}/apps/{client}/grants/revoke", POST, Need::Page(On(Admin))),
    ("/portal/a/{account}/members", GET, Need::Page(On(Admin))),
    ("/portal/a/{account}/members", POST, Need::Page(On(Owner))),
    ("/portal/a/{account}/members/{id}/role", POST, Need::Page(On(Owner))),
];

/// The pages.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route(route!("/portal"), read(get(overview::overview)))
        .route(route!("/portal/sign-in"), both(get(front::sign_in).post(front::try_sign_in)))
        .route(route!("/portal/welcome"), both(get(front::welcome).post(front::set_password)))
        .route(route!("/oauth/authorize"), both(get(consent::ask).post(consent::answer)))
        .route(route!("/portal/sign-out"), write(post(front::sign_out)))
        .route(route!("/portal/me"), read(get(me::show)))
        .route(route!("/portal/me/password"), write(post(me::password)))
        .route(route!("/portal/me/sessions/end-others"), write(post(me::end_others)))
        .route(route!("/portal/me/sessions/{id}/end"), write(post(me::end)))
        .route(route!("/portal/me/grants/revoke"), write(post(me::revoke)))
        .route(route!("/portal/accounts"), both(get(accounts::list).post(accounts::add)))
        .route(route!("/portal/accounts/connect"), write(post(bots::connect)))
        .merge(assets::routes())
        .merge(of_members())
        .merge(of_account())
        .merge(of_apps())
        .merge(of_hooks())
        .merge(of_outbox())
}

fn of_members() -> Router<App> {
    Router::new()
        .route(route!("/portal/members"), both(get(members::list).post(members::invite)))
        .route(route!("/portal/members/{id}/role"), write(post(members::set_role)))
        .route(route!("/portal/members/{id}/link"), write(post(members::link)))
        .route(route!("/portal/members/{id}/disable"), write(post(members::disable)))
        .route(route!("/portal/members/{id}/enable"), write(post(members::enable)))
        .route(route!("/portal/members/{id}/remove"), write(post(members::remove)))
        .route(route!("/portal/audit"), read(get(audit::of_server)))
        .route(route!("/portal/audit/export"), read(get(audit::export_server)))
        .route(route!("/portal/a/{account}/audit"), read(get(audit::of_account)))
        .route(route!("/portal/a/{account}/audit/export"), read(get(audit::export_account)))
        .route(route!("/portal/a/{account}/members"), both(get(members::of_account).post(members::give)))
        .route(route!("/portal/a/{account}/members/{id}/role"), write(post(members::set_role_here)))
}

fn of_account() -> Router<App> {
    Router::new()
        .route(route!("/portal/a/{account}"), read(get(account::show)))
        .route(route!("/portal/a/{account}/live"), read(get(live::stream)))
        .route(route!("/portal/a/{account}/upstream"), write(post(bots::renew)))
        .route(route!("/portal/a/{account}/tokens"), write(post(account::add_token)))
        .route(route!("/portal/a/{account}/tokens/rotate"), write(post(account::rotate)))
        .route(route!("/portal/a/{account}/tokens/{id}/revoke"), write(post(account::revoke_token)))
        .route(route!("/portal/a/{account}/keys"), write(post(account::add_key)))
        .route(route!("/portal/a/{account}/keys/{id}/revoke"), write(post(account::revoke_key)))
        .route(route!("/portal/a/{account}/webhook"), write(post(account::set_webhook)))
        .route(route!("/portal/a/{account}/webhook/remove"), write(post(account::remove_webhook)))
        .route(route!("/portal/a/{account}/remove"), write(post(account::remove)))
        .route(route!("/portal/a/{account}/contacts"), both(get(contacts::list).post(contacts::add)))
        .route(route!("/portal/a/{account}/contacts/new"), read(get(contacts::new)))
        .route(route!("/portal/a/{account}/contacts/files"), read(get(transfer::show)))
        .route(route!("/portal/a/{account}/contacts/export"), read(get(transfer::export)))
        .route(route!("/portal/a/{account}/contacts/import"), write(post(transfer::import)))
        .route(route!("/portal/a/{account}/contacts/{id}"), both(get(contacts::show).post(contacts::save)))
        .route(route!("/portal/a/{account}/contacts/{id}/edit"), read(get(contacts::edit)))
        .route(route!("/portal/a/{account}/contacts/{id}/remove"), write(post(contacts::remove)))
        .route(route!("/portal/a/{account}/chats"), read(get(chats::list)))
        .route(route!("/portal/a/{account}/chats/{chat}"), read(get(chats::show)))
        .route(route!("/portal/a/{account}/files/{file}"), read(get(chats::file)))
        .route(route!("/portal/a/{account}/chats/{chat}/send"), write(post(chats::send)))
        .route(route!("/portal/a/{account}/chats/{chat}/phone"), write(post(chats::write_as)))
        .route(route!("/portal/a/{account}/people"), write(post(chats::add_person)))
}

fn of_apps() -> Router<App> {
    Router::new()
        .route(route!("/portal/a/{account}/apps"), both(get(apps::list).post(apps::add)))
        .route(route!("/portal/a/{account}/apps/{client}"), both(get(apps::show).post(apps::save)))
        .route(route!("/portal/a/{account}/apps/{client}/secret"), write(post(apps::secret)))
        .route(route!("/portal/a/{account}/apps/{client}/disable"), write(post(apps::disable)))
        .route(route!("/portal/a/{account}/apps/{client}/enable"), write(post(apps::enable)))
        .route(route!("/portal/a/{account}/apps/{client}/remove"), write(post(apps::remove)))
        .route(route!("/portal/a/{account}/apps/{client}/grants/revoke"), write(post(apps::revoke)))
}

fn of_hooks() -> Router<App> {
    Router::new()
        .route(route!("/portal/a/{account}/webhooks"), both(get(hooks::list).post(hooks::add)))
        .route(route!("/portal/a/{account}/webhooks/{id}"), both(get(hook::show).post(hook::save)))
        .route(route!("/portal/a/{account}/webhooks/{id}/pause"), write(post(hook::pause)))
        .route(route!("/portal/a/{account}/webhooks/{id}/resume"), write(post(hook::resume)))
        .route(route!("/portal/a/{account}/webhooks/{id}/secret"), write(post(hook::rotate)))
        .route(route!("/portal/a/{account}/webhooks/{id}/replay"), write(post(hook::replay)))
        .route(route!("/portal/a/{account}/webhooks/{id}/remove"), write(post(hook::remove)))
        .route(route!("/portal/a/{account}/consumers/remove"), write(post(hooks::remove_consumer)))
}

fn of_outbox() -> Router<App> {
    Router::new()
        .route(route!("/portal/a/{account}/outbox"), read(get(outbox::list)))
        .route(route!("/portal/a/{account}/outbox/{id}"), both(get(outbox::show).post(outbox::save)))
        .route(route!("/portal/a/{account}/outbox/{id}/cancel"), write(post(outbox::cancel)))
        .route(route!("/portal/a/{account}/broadcasts"), both(get(broadcasts::list).post(broadcasts::begin)))
        .route(
            route!("/portal/a/{account}/broadcasts/new"),
            both(get(broadcasts::new).post(broadcasts::check)),
        )
        .route(route!("/portal/a/{account}/broadcasts/{id}"), read(get(broadcast::show)))
        .route(route!("/portal/a/{account}/broadcasts/{id}/pause"), write(post(broadcast::pause)))
        .route(route!("/portal/a/{account}/broadcasts/{id}/resume"), write(post(broadcast::resume)))
        .route(route!("/portal/a/{account}/broadcasts/{id}/cancel"), write(post(broadcast::cancel)))
}

fn read(verbs: MethodRouter<App>) -> MethodRouter<App> {
    verbs.fallback(async || Failure::WrongVerb("GET, HEAD"))
}

fn write(verbs: MethodRouter<App>) -> MethodRouter<App> {
    verbs.fallback(async || Failure::WrongVerb("POST"))
}

fn both(verbs: MethodRouter<App>) -> MethodRouter<App> {
    verbs.fallback(async || Failure::WrongVerb("GET, HEAD, POST"))
}
