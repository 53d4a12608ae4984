//! Webhooks: settings, and failures that count only for the settings they were made with.

use super::{ANN, BEN, NOW, read, write};
use crate::ops::oauth::AppId;
use crate::ops::tokens::GivenTo;
use crate::ops::webhooks::{self, Failure, SetBy};
use crate::{Store, each_store};
use contactgram_model::consumer::ConsumerName;
use contactgram_model::scope::{Scope, Scopes};
use contactgram_model::webhook::{Webhook, WebhookSettings};
use contactgram_oauth::grant::FamilyId;

fn settings(url: &str) -> WebhookSettings {
    WebhookSettings {
        url: url.to_owned(),
        secret_token: Some("secret".to_owned()),
        max_connections: 40,
        ip_address: None,
        certificate: None,
        scopes: Scopes::all(),
    }
}

fn failure(generation: i64) -> Failure {
    Failure { generation, date: NOW, message: "503".to_owned() }
}

each_store! {
    async fn a_failure_counts_for_the_settings_it_was_made_with(store: Store) {
        write(&store, |tx| webhooks::put(tx, (ANN, &ConsumerName::DEFAULT), &settings("https://a"), (1, SetBy::Nobody))).await;
        write(&store, |tx| webhooks::failed(tx, ANN, &ConsumerName::DEFAULT, &failure(1))).await;
        let failing = read(&store, |tx| webhooks::get(tx, ANN, &ConsumerName::DEFAULT)).await.unwrap();
        assert_eq!((failing.last_error_date, failing.last_error_message.as_deref()), (Some(NOW), Some("503")));
        let other = WebhookSettings {
            secret_token: None,
            ip_address: Some("192.0.2.1".to_owned()),
            certificate: Some("PEM".to_owned()),
            scopes: [Scope::UpdatesRead].into_iter().collect(),
            ..settings("https://b")
        };
        let given = other.clone();
        write(&store, move |tx| webhooks::put(tx, (ANN, &ConsumerName::DEFAULT), &given, (2, SetBy::Nobody))).await;
        write(&store, |tx| webhooks::failed(tx, ANN, &ConsumerName::DEFAULT, &failure(1))).await;
        let fresh = read(&store, |tx| webhooks::get(tx, ANN, &ConsumerName::DEFAULT)).await;
        let wanted = Webhook { settings: other, generation: 2, last_error_date: None, last_error_message: None };
        assert_eq!(fresh, Some(wanted), "new settings begin without an error");
    }

    async fn who_set_it_is_kept_beside_it(store: Store) {
        assert_eq!(read(&store, |tx| webhooks::set_by(tx, ANN, &ConsumerName::DEFAULT)).await, SetBy::Nobody);
        let given_to = |family| SetBy::Application(GivenTo { app: AppId(3), family });
        for by in [SetBy::Token(7), given_to(Some(FamilyId(9))), given_to(None), SetBy::Nobody] {
            write(&store, move |tx| webhooks::put(tx, (ANN, &ConsumerName::DEFAULT), &settings("https://a"), (1, by))).await;
            assert_eq!(read(&store, |tx| webhooks::set_by(tx, ANN, &ConsumerName::DEFAULT)).await, by);
        }
    }

    async fn webhooks_are_removed_and_listed_by_account(store: Store) {
        write(&store, |tx| webhooks::put(tx, (BEN, &ConsumerName::DEFAULT), &settings("https://b"), (1, SetBy::Nobody))).await;
        write(&store, |tx| webhooks::put(tx, (ANN, &ConsumerName::DEFAULT), &settings("https://a"), (1, SetBy::Nobody))).await;
        assert_eq!(read(&store, webhooks::all).await, [(ANN, ConsumerName::DEFAULT), (BEN, ConsumerName::DEFAULT)]);
        assert!(write(&store, |tx| webhooks::delete(tx, ANN, &ConsumerName::DEFAULT)).await);
        assert!(!write(&store, |tx| webhooks::delete(tx, ANN, &ConsumerName::DEFAULT)).await, "already");
        assert_eq!(read(&store, |tx| webhooks::get(tx, ANN, &ConsumerName::DEFAULT)).await, None);
        assert_eq!(read(&store, webhooks::all).await, [(BEN, ConsumerName::DEFAULT)]);
    }
}
