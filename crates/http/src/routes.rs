//! Which path leads to which handler. Everything of the API is there twice: with the token in the path, and
//! under `/v1` with the token in a header. The API's own paths are few and hot, so they are matched by hand;
//! axum's router serves the rest. `door` asks for both.

use crate::call::{Call, Credential};
use crate::needs::{self, Need, Verb, route};
use crate::reply::{Failure, Reply};
use crate::{
    App, admin, audit, botapi, broadcasts, consumers, contacts, explorer, messages, oauth, ops, outbox,
    portal, stream, upstream, webhooks,
};
use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post};
use http::Method;
use hyper::body::Incoming;
use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;

/// Where a path of the API leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Route {
    pub place: Place,
    /// Whether the path begins with `/bot<token>`, else with `/v1`.
    pub has_token: bool,
}

/// What the API has behind its prefixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Contacts,
    ContactsImport,
    ContactsExport,
    Contact,
    ContactDelete,
    ContactMessages,
    Messages,
    Message,
    Audit,
    Consumers,
    Consumer,
    Outbox,
    OutboxEntry,
    Broadcasts,
    Broadcast,
    BroadcastPause,
    BroadcastResume,
    BroadcastRecipients,
    Webhooks,
    Webhook,
    WebhookRotate,
    WebhookDeliveries,
    WebhookReplay,
    Stream,
    Method,
    /// The path ends with the prefix's slash; the method's name is a parameter.
    NoMethod,
}

/// Both forms of each route, in the order of [`Place`]: as metrics name them.
macro_rules! labels {
    ($($path:literal),*) => { [$([concat!("/v1", $path), concat!("/bot{token}", $path)]),*] };
}
const LABELS: [[&str; 2]; 26] = labels!(
    "/contacts",
    "/contacts/import",
    "/contacts/export",
    "/contacts/{contact_id}",
    "/contacts/{contact_id}/delete",
    "/contacts/{contact_id}/messages",
    "/messages",
    "/messages/{chat_id}/{message_id}",
    "/audit",
    "/consumers",
    "/consumers/{name}",
    "/outbox",
    "/outbox/{id}",
    "/broadcasts",
    "/broadcasts/{id}",
    "/broadcasts/{id}/pause",
    "/broadcasts/{id}/resume",
    "/broadcasts/{id}/recipients",
    "/webhooks",
    "/webhooks/{id}",
    "/webhooks/{id}/rotate",
    "/webhooks/{id}/deliveries",
    "/webhooks/{id}/replay",
    "/updates/stream",
    "/{method}",
    "/"
);

impl Route {
    /// How many there are.
    pub const COUNT: usize = 2 * LABELS.len();

    /// Where a path leads, as it came: names that are encoded are other names.
    pub fn find(path: &str) -> Option<Route> {
        let (rest, has_token) = match path.strip_prefix("/v1/") {
            Some(rest) => (rest, false),
            None => {
                let (_token, rest) = path.strip_prefix("/bot")?.split_once('/')?;
                (rest, true)
            }
        };
        Place::find(rest).map(|place| Route { place, has_token })
    }

    /// Counts from 0.
    pub fn index(self) -> usize {
        2 * self.place as usize + usize::from(self.has_token)
    }

    /// The name of the route of this index.
    pub fn label(index: usize) -> &'static str {
        LABELS[index / 2][index % 2]
    }

    /// Answers a request to this route. What needs no waiting is done at once, so that a request whose
    /// caller is known moves into its handler's box and nowhere else.
    pub fn answer(self, app: Arc<App>, request: http::Request<Incoming>) -> Work {
        let begun = self.place.handler(request.method()).and_then(|(handler, need)| {
            let credential = Credential::read(&app, self, &request)?;
            Ok((handler, need, credential))
        });
        let (handler, need, credential) = match begun {
            Ok(begun) => begun,
            Err(failure) => return Box::pin(ready(Err(failure))),
        };
        match app.hub.known(&credential.token) {
            Some(caller) => match caller.needs(need.scopes()) {
                Ok(()) => handler(Call::new((app, self), (caller, credential), request)),
                Err(error) => Box::pin(ready(Err(error.into()))),
            },
            None => Box::pin(async move {
                let caller = app.hub.authenticate(&credential.token).await;
                let caller = caller.map_err(|error| credential.refused(error))?;
                caller.needs(need.scopes())?;
                handler(Call::new((app, self), (caller, credential), request)).await
            }),
        }
    }
}

/// A handler at work.
pub(crate) type Work = Pin<Box<dyn Future<Output = Reply> + Send>>;

type Handler = fn(Call) -> Work;

macro_rules! boxed {
    ($handler:path) => {
        |call| Box::pin($handler(call))
    };
}

impl Place {
    fn find(rest: &str) -> Option<Place> {
        let mut parts = rest.split('/');
        let (first, second, third) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        // The last part of a longer path is never empty; one before it may be, and names nothing.
        if parts.next().is_some() || third.or(second) == Some("") {
            return None;
        }
        Some(match (first, second, third) {
            ("", None, None) => Place::NoMethod,
            ("contacts", None, None) => Place::Contacts,
            ("contacts", Some("import"), None) => Place::ContactsImport,
            ("contacts", Some("export"), None) => Place::ContactsExport,
            ("contacts", Some(_), None) => Place::Contact,
            ("contacts", Some(_), Some("delete")) => Place::ContactDelete,
            ("contacts", Some(_), Some("messages")) => Place::ContactMessages,
            ("messages", None, None) => Place::Messages,
            ("messages", Some(_), Some(_)) => Place::Message,
            ("audit", None, None) => Place::Audit,
            ("consumers", None, None) => Place::Consumers,
            ("consumers", Some(_), None) => Place::Consumer,
            ("outbox", None, None) => Place::Outbox,
            ("outbox", Some(_), None) => Place::OutboxEntry,
            ("broadcasts", None, None) => Place::Broadcasts,
            ("broadcasts", Some(_), None) => Place::Broadcast,
            ("broadcasts", Some(_), Some("pause")) => Place::BroadcastPause,
            ("broadcasts", Some(_), Some("resume")) => Place::BroadcastResume,
            ("broadcasts", Some(_), Some("recipients")) => Place::BroadcastRecipients,
            ("webhooks", None, None) => Place::Webhooks,
            ("webhooks", Some(_), None) => Place::Webhook,
            ("webhooks", Some(_), Some("rotate")) => Place::WebhookRotate,
            ("webhooks", Some(_), Some("deliveries")) => Place::WebhookDeliveries,
            ("webhooks", Some(_), Some("replay")) => Place::WebhookReplay,
            ("updates", Some("stream"), None) => Place::Stream,
            (_, None, None) => Place::Method,
            _ => return None,
        })
    }

    /// Every place.
    pub const ALL: [Place; 26] = [
        Place::Contacts,
        Place::ContactsImport,
        Place::ContactsExport,
        Place::Contact,
        Place::ContactDelete,
        Place::ContactMessages,
        Place::Messages,
        Place::Message,
        Place::Audit,
        Place::Consumers,
        Place::Consumer,
        Place::Outbox,
        Place::OutboxEntry,
        Place::Broadcasts,
        Place::Broadcast,
        Place::BroadcastPause,
        Place::BroadcastResume,
        Place::BroadcastRecipients,
        Place::Webhooks,
        Place::Webhook,
        Place::WebhookRotate,
        Place::WebhookDeliveries,
        Place::WebhookReplay,
        Place::Stream,
        Place::Method,
        Place::NoMethod,
    ];

    /// Its path, without a prefix.
    pub fn path(self) -> &'static str {
        LABELS[self as usize][0].strip_prefix("/v1").unwrap_or_default()
    }

    /// What answers a verb, and what that takes.
    fn handler(self, verb: &Method) -> Result<(Handler, Need), Failure> {
        // Which verbs a method takes is told to those only who may call it.
        if matches!(self, Place::Method | Place::NoMethod) {
            return Ok((boxed!(botapi::method), Need::Credential));
        }
        let verb = Verb::of(verb).ok_or(Failure::WrongVerb(self.verbs()))?;
        let need = needs::of(self, verb).ok_or(Failure::WrongVerb(self.verbs()))?;
        let handler: Handler = match (self, verb) {
            (Place::Contacts, Verb::Get) => boxed!(contacts::list),
            (Place::Contacts, Verb::Post) => boxed!(contacts::add),
            (Place::ContactsImport, Verb::Post) => boxed!(contacts::import),
            (Place::ContactsExport, Verb::Get) => boxed!(contacts::export),
            (Place::Contact, Verb::Get) => boxed!(contacts::get),
            (Place::Contact, Verb::Patch) => boxed!(contacts::patch),
            (Place::Contact, Verb::Put) => boxed!(contacts::put),
            (Place::Contact | Place::ContactDelete, Verb::Delete) => boxed!(contacts::remove),
            (Place::ContactDelete, Verb::Post) => boxed!(contacts::remove),
            (Place::ContactMessages, Verb::Get) => boxed!(messages::of_contact),
            (Place::ContactMessages, Verb::Post) => boxed!(messages::send_to_contact),
            (Place::Messages, Verb::Get) => boxed!(messages::list),
            (Place::Message, Verb::Get) => boxed!(messages::one),
            (Place::Audit, Verb::Get) => boxed!(audit::list),
            (Place::Consumers, Verb::Get) => boxed!(consumers::list),
            (Place::Consumer, Verb::Delete) => boxed!(consumers::remove),
            (Place::Outbox, Verb::Get) => boxed!(outbox::list),
            (Place::OutboxEntry, Verb::Get) => boxed!(outbox::one),
            (Place::OutboxEntry, Verb::Patch) => boxed!(outbox::change),
            (Place::OutboxEntry, Verb::Delete) => boxed!(outbox::cancel),
            (Place::Broadcasts, Verb::Get) => boxed!(broadcasts::list),
            (Place::Broadcasts, Verb::Post) => boxed!(broadcasts::begin),
            (Place::Broadcast, Verb::Get) => boxed!(broadcasts::one),
            (Place::Broadcast, Verb::Delete) => boxed!(broadcasts::cancel),
            (Place::BroadcastPause, Verb::Post) => boxed!(broadcasts::pause),
            (Place::BroadcastResume, Verb::Post) => boxed!(broadcasts::resume),
            (Place::BroadcastRecipients, Verb::Get) => boxed!(broadcasts::recipients),
            (Place::Webhooks, Verb::Get) => boxed!(webhooks::list),
            (Place::Webhooks, Verb::Post) => boxed!(webhooks::add),
            (Place::Webhook, Verb::Get) => boxed!(webhooks::get),
            (Place::Webhook, Verb::Patch) => boxed!(webhooks::patch),
            (Place::Webhook, Verb::Delete) => boxed!(webhooks::remove),
            (Place::WebhookRotate, Verb::Post) => boxed!(webhooks::rotate),
            (Place::WebhookDeliveries, Verb::Get) => boxed!(webhooks::deliveries),
            (Place::WebhookReplay, Verb::Post) => boxed!(webhooks::replay),
            (Place::Stream, Verb::Get) => boxed!(stream::updates),
            _ => return Err(Failure::WrongVerb(self.verbs())),
        };
        Ok((handler, need))
    }

    /// The verbs that it knows, as `Allow` has them.
    fn verbs(self) -> &'static str {
        match self {
            Place::Contacts | Place::ContactMessages | Place::Broadcasts | Place::Webhooks => {
                "GET, HEAD, POST"
            }
            Place::OutboxEntry | Place::Webhook => "GET, HEAD, PATCH, DELETE",
            Place::Broadcast => "GET, HEAD, DELETE",
            Place::ContactsImport
            | Place::BroadcastPause
            | Place::BroadcastResume
            | Place::WebhookRotate
            | Place::WebhookReplay => "POST",
            Place::Contact => "GET, HEAD, PATCH, PUT, DELETE",
            Place::ContactDelete => "POST, DELETE",
            Place::ContactsExport
            | Place::Messages
            | Place::Message
            | Place::Audit
            | Place::Consumers
            | Place::Outbox
            | Place::BroadcastRecipients
            | Place::WebhookDeliveries
            | Place::Stream => "GET, HEAD",
            Place::Consumer => "DELETE",
            Place::Method | Place::NoMethod => "GET, POST",
        }
    }

    /// The place of an open part among all parts of the path, the prefix being the first: 0 is before it.
    pub fn part(self, name: &str) -> Option<usize> {
        match (self, name) {
            (Place::Contact | Place::ContactDelete | Place::ContactMessages, "contact_id") => Some(3),
            (
                Place::OutboxEntry
                | Place::Broadcast
                | Place::BroadcastPause
                | Place::BroadcastResume
                | Place::BroadcastRecipients,
                "id",
            ) => Some(3),
            (Place::Message, "chat_id") => Some(3),
            (Place::Message, "message_id") => Some(4),
            (Place::Consumer, "name") => Some(3),
            (
                Place::Webhook | Place::WebhookRotate | Place::WebhookDeliveries | Place::WebhookReplay,
                "id",
            ) => Some(3),
            (Place::Method, "method") => Some(2),
            _ => None,
        }
    }
}

/// Everything beside the API: health, the explorer, the operator's door, and the 404.
pub(crate) fn others(app: App) -> Router {
    Router::new()
        .route(route!("/livez"), get(ops::live).fallback(verbs_get))
        .route(route!("/readyz"), get(ops::ready).fallback(verbs_get))
        .route(route!("/file/bot{token}/{*path}"), get(botapi::file::download).fallback(verbs_get))
        .route(route!("/upstream/{account}"), post(upstream::receive).fallback(verbs_post))
        .merge(explorer::routes())
        .merge(admin::routes())
        .merge(oauth::routes())
        .merge(portal::routes())
        .layer(from_fn(tell_route))
        .fallback(async || Failure::NoRoute)
        .with_state(app)
}

async fn verbs_post() -> Reply {
    Err(Failure::WrongVerb("POST"))
}

async fn verbs_get() -> Reply {
    Err(Failure::WrongVerb("GET, HEAD"))
}

/// Says on the answer which route gave it: the door counts by it.
async fn tell_route(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    if let Some(route) = route {
        response.extensions_mut().insert(route);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::routing::any;
    use tower_service::Service as _;

    /// Every path of up to five of these parts.
    fn paths() -> Vec<String> {
        const PARTS: [&str; 21] = [
            "",
            "bot",
            "bot1:x",
            "botany",
            "v1",
            "contacts",
            "import",
            "messages",
            "audit",
            "consumers",
            "outbox",
            "broadcasts",
            "pause",
            "webhooks",
            "replay",
            "updates",
            "stream",
            "delete",
            "getMe",
            "%63ontacts",
            "ж",
        ];
        let mut all = vec![String::new()];
        let mut last = all.clone();
        for _ in 0..4 {
            last = last.iter().flat_map(|begin| PARTS.map(|part| format!("{begin}/{part}"))).collect();
            all.extend(last.clone());
        }
        let five = ["/v1", "/bot1:x"].into_iter().flat_map(|prefix| {
            PARTS.into_iter().flat_map(move |one| {
                let four =
                    PARTS.into_iter().map(move |two| format!("{prefix}/contacts/{one}/messages/{two}"));
                four.chain(PARTS.into_iter().map(move |two| format!("{prefix}/messages/{one}/7/{two}")))
            })
        });
        all.extend(five);
        all.retain(|path| !path.is_empty());
        all
    }

    #[tokio::test]
    async fn paths_lead_where_a_router_with_the_same_routes_takes_them() {
        let mut router = Router::new().fallback(async || "none");
        for label in LABELS.iter().flatten() {
            router = router.route(label, any(async |path: MatchedPath| path.as_str().to_owned()));
        }
        let mut found = 0;
        for path in paths() {
            // A path in a URI is ASCII; what is not comes encoded.
            let path = path.replace('ж', "%D0%B6");
            let request = http::Request::builder().uri(&path).body(Body::empty()).unwrap();
            let answer = router.call(request).await.unwrap();
            let answer = axum::body::to_bytes(answer.into_body(), 1000).await.unwrap();
            let route = Route::find(&path);
            let label = route.map_or("none", |route| Route::label(route.index()));
            assert_eq!(label.as_bytes(), &answer[..], "{path}");
            found += usize::from(route.is_some());
        }
        assert!(found > 300, "{found} paths lead somewhere");
    }

    #[test]
    fn a_verb_has_a_handler_where_it_has_a_row() {
        for place in Place::ALL {
            for verb in [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE]
            {
                let is_method = matches!(place, Place::Method | Place::NoMethod);
                let listed = Verb::of(&verb).and_then(|verb| needs::of(place, verb)).is_some();
                assert_eq!(place.handler(&verb).is_ok(), listed || is_method, "{verb} {place:?}");
                let allowed = place.verbs().split(", ").any(|known| known == verb.as_str());
                let head = is_method && verb == Method::HEAD;
                assert_eq!(allowed || head, listed, "{verb} {place:?}");
            }
        }
    }

    #[test]
    fn each_route_has_an_index_and_a_label_of_its_own() {
        let mut labels: Vec<&str> = (0..Route::COUNT).map(Route::label).collect();
        labels.sort_unstable();
        labels.dedup();
        assert_eq!(labels.len(), Route::COUNT);
        let route = Route::find("/bot1:x/messages/5/6").unwrap();
        assert_eq!(Route::label(route.index()), "/bot{token}/messages/{chat_id}/{message_id}");
        assert_eq!((route.place.part("chat_id"), route.place.part("message_id")), (Some(3), Some(4)));
    }
}
