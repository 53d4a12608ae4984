//! What `/metrics` says, in the text form of Prometheus: requests, which the door counts, and what hub, store and system say of
//! themselves when somebody asks. The binary serves [`Metrics::app`] on a listener of its own. `docs/operating.md` has a row for
//! each metric, and a test holds it to that.

mod hub;
mod page;
mod process;
mod requests;
mod store;

pub(crate) use requests::{Requests, Spot};

use crate::server::Connections;
use axum::response::IntoResponse;
use contactgram_hub::Hub;
use http::header::CONTENT_TYPE;
use page::Page;
use std::fmt;
use std::sync::Arc;

/// Which program this is.
#[derive(Debug, Clone, Default)]
pub struct Build {
    /// Its version.
    pub version: String,
    /// The commit that it is made from; empty where nobody knows.
    pub commit: String,
}

/// The server's metrics, to be counted where [`Options::metrics`](crate::Options::metrics) has them, and
/// served on a listener of their own.
#[derive(Clone)]
pub struct Metrics {
    pub(crate) requests: Arc<Requests>,
    connections: Connections,
    build: Arc<Build>,
}

impl Metrics {
    /// Zeros. `connections` are those of the API's listener.
    pub fn new(build: Build, connections: Connections) -> Metrics {
        Metrics { requests: Arc::default(), connections, build: Arc::new(build) }
    }

    /// An app that answers `/metrics` in the Prometheus text form, and nothing else.
    pub fn app(self, hub: Arc<Hub>) -> axum::Router {
        let answer = move || {
            let (metrics, hub) = (self.clone(), Arc::clone(&hub));
            async move { ([(CONTENT_TYPE, page::CONTENT_TYPE)], metrics.render(&hub).await).into_response() }
        };
        axum::Router::new().route("/metrics", axum::routing::get(answer))
    }

    async fn render(&self, hub: &Hub) -> String {
        let figures = hub.figures().await;
        let mut page = Page::default();
        self.requests.render(&mut page);
        page.gauge("contactgram_http_connections", "Connections to the API that are open.")
            .is(self.connections.open());
        page.counter("contactgram_http_connections_refused_total", "Connections beyond max_connections.")
            .is(self.connections.refused());
        hub::render(&mut page, &figures);
        store::render(&mut page, &figures.store);
        process::render(&mut page);
        page.gauge("contactgram_build_info", "1, with the version and the commit of the program.")
            .has(&[("version", &self.build.version), ("commit", &self.build.commit)], 1);
        page.text()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics(…)")
    }
}
