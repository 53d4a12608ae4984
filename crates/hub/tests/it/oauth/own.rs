//! Client credentials: an application acts for its own account, and never with more than it may have.

use super::*;
use contactgram_store::each_store;

const OWN: [(&str, &str); 1] = [("grant_type", "client_credentials")];

each_store! {
    async fn an_application_gets_a_token_for_its_account_with_what_it_may_have(store: Store) {
        let scene = Scene::new(store).await;
        let issued = scene.token(&OWN).await.unwrap();
        assert!(issued.refresh.is_none());
        assert_eq!(issued.issue.scopes, Role::Admin.scopes());
        assert_eq!(scene.opens(issued.access.reveal()).await.unwrap().account(), scene.shop);
        let less = scene.token(&[OWN[0], ("scope", "messages:send")]).await.unwrap();
        assert_eq!(less.issue.scopes, set("messages:send"));
        for scope in ["account:manage", "messages:send account:manage", "nothing", "MESSAGES:SEND"] {
            is_refused(scene.token(&[OWN[0], ("scope", scope)]).await, Kind::InvalidScope);
        }
    }

    async fn an_access_token_lives_an_hour(store: Store) {
        let scene = Scene::new(store).await;
        let token = scene.token(&OWN).await.unwrap().access.reveal().to_owned();
        scene.clock.advance_ms(3599 * SECOND_MS);
        assert!(scene.opens_here(&token).await);
        scene.clock.advance_ms(SECOND_MS);
        assert!(!scene.opens_here(&token).await, "what is remembered of it ends in the same second");
    }

    async fn a_client_that_does_not_prove_itself_gets_nothing(store: Store) {
        let scene = Scene::new(store).await;
        let (id, secret) = (scene.client_id.as_str(), scene.secret.as_str());
        let wrong = format!("{}x", &secret[..secret.len() - 1]);
        for credentials in [
            vec![("client_id", id)],
            vec![("client_id", id), ("client_secret", "")],
            vec![("client_id", id), ("client_secret", &wrong)],
            vec![("client_id", "cgc_000000000000000000000000"), ("client_secret", secret)],
            vec![("client_id", "Desk"), ("client_secret", secret)],
            vec![],
        ] {
            let mut pairs = credentials;
            pairs.extend(OWN);
            is_refused(send(&scene.hub, &pairs).await, Kind::InvalidClient);
        }
        for _ in 0..10 {
            let _ = send(&scene.hub, &[("client_id", id), ("client_secret", "x"), OWN[0]]).await;
        }
        let waits = send(&scene.hub, &[("client_id", id), ("client_secret", "x"), OWN[0]]).await;
        assert!(matches!(waits, Err(Refusal::TooMany(1..=60))), "{waits:?}");
        assert!(scene.token(&OWN).await.is_ok(), "nobody shuts a client out by naming it");
    }

    async fn a_new_secret_ends_the_one_before_and_leaves_tokens(store: Store) {
        let mut scene = Scene::new(store).await;
        let token = scene.token(&OWN).await.unwrap().access.reveal().to_owned();
        let made = scene.hub.rotate_app_secret(Actor::Operator, &scene.client_id).await.unwrap();
        is_refused(scene.token(&OWN).await, Kind::InvalidClient);
        scene.secret = made.client_secret.unwrap();
        assert!(scene.token(&OWN).await.is_ok());
        assert!(scene.opens(&token).await.is_some());
    }

    async fn a_public_application_acts_for_people_alone(store: Store) {
        let mut scene = Scene::new(store).await;
        let new = NewApp {
            name: "Phone".to_owned(),
            redirects: vec![CALLBACK.to_owned()],
            public: true,
            scopes: set(READ),
        };
        let made = scene.hub.add_app(Actor::Operator, scene.shop, new).await.unwrap();
        assert_eq!(made.client_secret, None);
        scene.client_id = made.view.client_id;
        let id = scene.client_id.clone();
        is_refused(send(&scene.hub, &[("client_id", &id), OWN[0]]).await, Kind::UnauthorizedClient);
        is_refused(scene.token(&OWN).await, Kind::InvalidClient);
        let code = scene.code(READ).await;
        let mut pairs = vec![("client_id", id.as_str())];
        pairs.extend(redemption(&code));
        let issued = send(&scene.hub, &pairs).await.unwrap();
        assert!(scene.opens(issued.access.reveal()).await.is_some());
        let rotated = scene.hub.rotate_app_secret(Actor::Operator, &id).await;
        assert!(matches!(rotated, Err(Error::BadRequest(_))));
    }

    async fn a_shut_application_has_no_tokens(store: Store) {
        let scene = Scene::new(store).await;
        let token = scene.token(&OWN).await.unwrap().access.reveal().to_owned();
        assert!(scene.opens_here(&token).await);
        scene.change_app(AppChange { disabled: Some(true), ..AppChange::default() }).await;
        assert!(!scene.opens_here(&token).await);
        is_refused(scene.token(&OWN).await, Kind::InvalidClient);
        scene.change_app(AppChange { disabled: Some(false), ..AppChange::default() }).await;
        assert!(!scene.opens_here(&token).await, "it does not come back");
        assert!(scene.token(&OWN).await.is_ok());
    }

    async fn tokens_do_no_more_than_the_application_may_now(store: Store) {
        let scene = Scene::new(store).await;
        let own = scene.token(&OWN).await.unwrap().access.reveal().to_owned();
        let (access, refresh) = scene.tokens(READ).await;
        scene.change_app(AppChange { scopes: Some(set("contacts:read")), ..AppChange::default() }).await;
        for token in [&own, &access] {
            let caller = scene.opens(token).await.unwrap();
            assert!(caller.may(contactgram_model::scope::Scope::ContactsRead));
            assert!(!caller.may(contactgram_model::scope::Scope::MessagesRead));
        }
        assert_eq!(scene.refresh(&refresh).await.unwrap().issue.scopes, set("contacts:read"));
    }
}
