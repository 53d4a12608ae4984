//! What a webhook's deliveries go by, read from the store and opened: where to, how many at once, signed by what. Made by the
//! dispatcher when the webhook's generation is another than it knew.

use super::signing::Signing;
use crate::Hub;
use contactgram_connector::courier::Target;
use contactgram_model::UserId;
use contactgram_model::scope::Scopes;
use contactgram_model::webhook::{Endpoint, Webhook};
use std::sync::Arc;

/// What the deliveries go by; another generation means other settings.
pub(super) struct Settings {
    pub generation: i64,
    pub scopes: Scopes,
    pub most: usize,
    pub target: Arc<Target>,
    /// Of an endpoint: what deliveries are signed with.
    pub signing: Option<Arc<Signing>>,
    /// Of an endpoint: an update that failed so often is given up.
    pub max_attempts: Option<i64>,
}

impl Settings {
    pub fn of(hub: &Hub, account: UserId, (webhook, endpoint): (&Webhook, Option<&Endpoint>)) -> Settings {
        let settings = &webhook.settings;
        let target = Target {
            url: settings.url.clone(),
            secret_token: settings.secret_token.clone(),
            ip_address: settings.ip_address.as_deref().and_then(|ip| ip.parse().ok()),
            certificate: settings.certificate.clone(),
        };
        let mut most = usize::try_from(settings.max_connections).unwrap_or_default().max(1);
        let signing = endpoint.and_then(|endpoint| {
            let signing = Signing::open(hub.gateways.seal()?, account, endpoint);
            signing.map(Arc::new)
        });
        if endpoint.is_some() && signing.is_none() {
            // Nothing goes out unsigned.
            tracing::error!(
                account.id = account.0,
                webhook.id = endpoint.map(|endpoint| endpoint.id),
                "a webhook's secret was encrypted with another key: give it a new one"
            );
            most = 0;
        }
        Settings {
            generation: webhook.generation,
            scopes: settings.scopes,
            most,
            target: Arc::new(target),
            signing,
            max_attempts: endpoint.map(|endpoint| endpoint.max_attempts),
        }
    }
}
