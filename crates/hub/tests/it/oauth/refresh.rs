//! Refresh tokens: each follows the one before, and one that comes again tells of a copy, or of an answer lost.

use super::*;
use contactgram_store::each_store;

each_store! {
    async fn of_64_refreshes_at_a_time_the_answers_of_one_are_alive(store: Store) {
        let scene = Arc::new(Scene::new(store).await);
        let hubs = [Arc::clone(&scene.hub), scene.elsewhere()];
        let (_, refresh) = scene.tokens(READ).await;
        let work: Vec<_> = (0..64)
            .map(|n| {
                let (scene, hub, token) = (Arc::clone(&scene), Arc::clone(&hubs[n % 2]), refresh.clone());
                tokio::spawn(async move {
                    scene.token_at(&hub, &[("grant_type", "refresh_token"), ("refresh_token", &token)]).await
                })
            })
            .collect();
        let mut given = Vec::new();
        for one in work {
            given.push(pair(&one.await.unwrap().unwrap()));
        }
        let mut alive = Vec::new();
        for (access, refresh) in &given {
            if scene.opens(access).await.is_some() {
                alive.push(refresh.clone());
            }
        }
        assert_eq!(alive.len(), 1, "exactly one wins");
        assert!(scene.refresh(&alive[0]).await.is_ok());
    }

    async fn a_refresh_token_is_followed_by_another_and_earlier_access_tokens_stay(store: Store) {
        let scene = Scene::new(store).await;
        let (mut access, mut refresh) = scene.tokens(READ).await;
        for _ in 0..5 {
            let next = pair(&scene.refresh(&refresh).await.unwrap());
            assert!(scene.opens(&access).await.is_some() && scene.opens(&next.0).await.is_some());
            assert!(next.0 != access && next.1 != refresh);
            (access, refresh) = next;
        }
    }

    async fn an_answer_that_was_lost_is_given_again(store: Store) {
        let scene = Scene::new(store).await;
        let (_, refresh) = scene.tokens(READ).await;
        let lost = pair(&scene.refresh(&refresh).await.unwrap());
        scene.clock.advance_ms(59 * SECOND_MS);
        let again = pair(&scene.refresh(&refresh).await.unwrap());
        assert_eq!(scene.opens(&lost.0).await, None, "the lost answer's token ends");
        assert!(scene.opens(&again.0).await.is_some());
        assert!(scene.refresh(&again.1).await.is_ok());
    }

    async fn whoever_comes_with_the_lost_answer_ends_the_family(store: Store) {
        let scene = Scene::new(store).await;
        let (_, refresh) = scene.tokens(READ).await;
        let lost = pair(&scene.refresh(&refresh).await.unwrap());
        let again = pair(&scene.refresh(&refresh).await.unwrap());
        is_refused(scene.refresh(&lost.1).await, Kind::InvalidGrant);
        assert_eq!(scene.opens(&again.0).await, None);
        is_refused(scene.refresh(&again.1).await, Kind::InvalidGrant);
    }

    async fn a_spent_token_ends_the_family_once_its_answer_was_used(store: Store) {
        let scene = Scene::new(store).await;
        // By its access token, which this process has seen a moment ago.
        let (_, refresh) = scene.tokens(READ).await;
        let next = pair(&scene.refresh(&refresh).await.unwrap());
        assert!(scene.opens_here(&next.0).await);
        is_refused(scene.refresh(&refresh).await, Kind::InvalidGrant);
        assert!(!scene.opens_here(&next.0).await);
        // By its refresh token.
        let (_, refresh) = scene.tokens(READ).await;
        let next = pair(&scene.refresh(&refresh).await.unwrap());
        let last = pair(&scene.refresh(&next.1).await.unwrap());
        is_refused(scene.refresh(&refresh).await, Kind::InvalidGrant);
        assert_eq!(scene.opens(&last.0).await, None);
        is_refused(scene.refresh(&last.1).await, Kind::InvalidGrant);
        // By giving its access token back.
        let (_, refresh) = scene.tokens(READ).await;
        let next = pair(&scene.refresh(&refresh).await.unwrap());
        let params = Params::parse(form(&[("client_id", &scene.client_id), ("client_secret", &scene.secret)]).as_bytes());
        let app = scene.hub.client(&Credentials::read(None, &params).unwrap()).await.unwrap();
        scene.hub.revoke(&app, &contactgram_oauth::opaque::Opaque::new(next.0)).await.unwrap();
        is_refused(scene.refresh(&refresh).await, Kind::InvalidGrant);
        is_refused(scene.refresh(&next.1).await, Kind::InvalidGrant);
    }

    async fn a_spent_token_ends_the_family_after_a_minute(store: Store) {
        let scene = Scene::new(store).await;
        let (_, refresh) = scene.tokens(READ).await;
        let next = pair(&scene.refresh(&refresh).await.unwrap());
        scene.clock.advance_ms(60 * SECOND_MS);
        is_refused(scene.refresh(&refresh).await, Kind::InvalidGrant);
        is_refused(scene.refresh(&next.1).await, Kind::InvalidGrant);
    }

    async fn a_narrowed_refresh_narrows_the_access_token_alone(store: Store) {
        let scene = Scene::new(store).await;
        let (_, refresh) = scene.tokens(READ).await;
        let narrow = |token: String, scope: &'static str| {
            let scene = &scene;
            async move {
                let pairs = [("grant_type", "refresh_token"), ("refresh_token", token.as_str()), ("scope", scope)];
                scene.token(&pairs).await
            }
        };
        is_refused(narrow(refresh.clone(), "messages:send").await, Kind::InvalidScope);
        is_refused(narrow(refresh.clone(), "contacts").await, Kind::InvalidScope);
        let less = narrow(refresh, "contacts:read").await.unwrap();
        assert_eq!(less.issue.scopes, set("contacts:read"));
        let (access, refresh) = pair(&less);
        assert!(!scene.opens(&access).await.unwrap().may(contactgram_model::scope::Scope::MessagesRead));
        assert_eq!(scene.refresh(&refresh).await.unwrap().issue.scopes, set(READ), "the grant is as before");
    }

    async fn a_refresh_token_lives_thirty_days_from_when_it_was_made(store: Store) {
        let scene = Scene::new(store).await;
        let (_, refresh) = scene.tokens(READ).await;
        scene.clock.advance_ms(30 * DAY_MS - SECOND_MS);
        let (_, refresh) = pair(&scene.refresh(&refresh).await.unwrap());
        scene.clock.advance_ms(30 * DAY_MS);
        is_refused(scene.refresh(&refresh).await, Kind::InvalidGrant);
    }

    async fn a_refresh_token_is_its_clients_alone_and_no_other_kind_is_one(store: Store) {
        let scene = Scene::new(store).await;
        let (access, refresh) = scene.tokens(READ).await;
        let thief = scene.hub.add_app(Actor::Operator, scene.shop, NewApp {
            name: "Thief".to_owned(),
            redirects: vec![CALLBACK.to_owned()],
            public: false,
            scopes: Role::Admin.scopes(),
        }).await.unwrap();
        let secret = thief.client_secret.unwrap();
        let stolen = [
            ("client_id", thief.view.client_id.as_str()),
            ("client_secret", secret.as_str()),
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.as_str()),
        ];
        is_refused(send(&scene.hub, &stolen).await, Kind::InvalidGrant);
        for wrong in [access.as_str(), "rubbish", "cgr_5_x", &refresh.replace("cgr_", "cgo_"), &scene.secret] {
            is_refused(scene.refresh(wrong).await, Kind::InvalidGrant);
        }
        let moved = refresh.replace(&scene.shop.to_string(), &scene.other.to_string());
        is_refused(scene.refresh(&moved).await, Kind::InvalidGrant);
        assert!(scene.refresh(&refresh).await.is_ok(), "and none of that ended it");
    }

    async fn old_rows_are_forgotten_and_what_may_come_again_is_not(store: Store) {
        let scene = Scene::new(store).await;
        let (first, refresh) = scene.tokens(READ).await;
        scene.clock.advance_ms(2 * 3600 * SECOND_MS);
        let next = pair(&scene.refresh(&refresh).await.unwrap());
        scene.clock.advance_ms(DAY_MS);
        scene.hub.forget_old().await.unwrap();
        assert_eq!(scene.opens(&first).await, None);
        is_refused(scene.refresh(&refresh).await, Kind::InvalidGrant);
        is_refused(scene.refresh(&next.1).await, Kind::InvalidGrant);
        scene.clock.advance_ms(32 * DAY_MS);
        scene.hub.forget_old().await.unwrap();
        for table in ["oauth_families", "oauth_codes", "oauth_refresh", "tokens WHERE kind = 2"] {
            let sql = contactgram_store::intern(format!("SELECT count(*) FROM {}", match table.split_once(" WHERE ") {
                Some((name, rest)) => format!("{name} WHERE {rest}"),
                None => table.to_owned(),
            }));
            let rows = scene.store.read(move |tx| Ok::<_, Error>(tx.one(sql, &[], |row| row.int(0))?)).await.unwrap();
            assert_eq!(rows, 0, "{table}");
        }
        assert_eq!(scene.hub.grants_of_member(scene.owner).await.unwrap().len(), 1, "a consent is remembered");
    }
}
