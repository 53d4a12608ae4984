//! Codes: once, soon, and by whom they were made for.

use super::*;
use contactgram_store::each_store;

each_store! {
    async fn of_64_redemptions_at_a_time_one_wins_and_the_others_end_what_it_got(store: Store) {
        let scene = Arc::new(Scene::new(store).await);
        // Two processes on one store.
        let hubs = [Arc::clone(&scene.hub), scene.elsewhere()];
        let code = scene.code(READ).await;
        let work: Vec<_> = (0..64)
            .map(|n| {
                let (scene, hub, code) = (Arc::clone(&scene), Arc::clone(&hubs[n % 2]), code.clone());
                tokio::spawn(async move { scene.redeem_at(&hub, &code).await })
            })
            .collect();
        let mut won = Vec::new();
        for one in work {
            match one.await.unwrap() {
                Ok(issued) => won.push(pair(&issued)),
                lost => is_refused(lost, Kind::InvalidGrant),
            }
        }
        assert_eq!(won.len(), 1);
        assert_eq!(scene.opens(&won[0].0).await, None, "a code that came twice was copied");
        is_refused(scene.refresh(&won[0].1).await, Kind::InvalidGrant);
    }

    async fn a_code_becomes_tokens_of_the_account_and_scopes_that_were_given(store: Store) {
        let scene = Scene::new(store).await;
        let (access, refresh) = scene.tokens(READ).await;
        let caller = scene.opens(&access).await.unwrap();
        assert_eq!(caller.account(), scene.shop);
        for scope in contactgram_model::scope::Scope::ALL {
            assert_eq!(caller.may(scope), set(READ).has(scope), "{}", scope.name());
        }
        assert!(access.starts_with(&format!("cga_{}_", scene.shop)) && refresh.starts_with("cgr_"));
        assert_eq!(scene.hub.authenticate(&PlainToken::parse(&refresh).unwrap()).await, Err(Error::Unauthorized));
    }

    async fn a_code_is_good_for_a_minute(store: Store) {
        let scene = Scene::new(store).await;
        let (early, late) = (scene.code(READ).await, scene.code(READ).await);
        scene.clock.advance_ms(59 * SECOND_MS);
        assert!(scene.redeem(&early).await.is_ok());
        scene.clock.advance_ms(SECOND_MS);
        is_refused(scene.redeem(&late).await, Kind::InvalidGrant);
        is_refused(scene.redeem(&early).await, Kind::InvalidGrant);
    }

    async fn whoever_found_a_code_gets_nothing_and_ends_nothing(store: Store) {
        let scene = Scene::new(store).await;
        let thief = scene.hub.add_app(Actor::Operator, scene.shop, NewApp {
            name: "Thief".to_owned(),
            redirects: vec![CALLBACK.to_owned()],
            public: false,
            scopes: Role::Admin.scopes(),
        }).await.unwrap();
        let code = scene.code(READ).await;
        for changed in [
            ("code_verifier", "another-verifier-of-forty-three-characters-"),
            ("redirect_uri", "https://app.example/cb/"),
            ("redirect_uri", ""),
            ("code", "cgo_5_x"),
            ("code", "rubbish"),
        ] {
            let mut pairs = redemption(&code).to_vec();
            pairs.retain(|(name, _)| *name != changed.0);
            pairs.push(changed);
            let kind = match changed { ("code", _) | ("redirect_uri", _) | ("code_verifier", _) => Kind::InvalidGrant, _ => unreachable!() };
            is_refused(scene.token(&pairs).await, kind);
        }
        let theirs = thief.client_secret.unwrap();
        let mut stolen = vec![("client_id", thief.view.client_id.as_str()), ("client_secret", theirs.as_str())];
        stolen.extend(redemption(&code));
        is_refused(send(&scene.hub, &stolen).await, Kind::InvalidGrant);
        // Another account's number in it makes it another code, whatever its check says.
        let moved = code.replace(&scene.shop.to_string(), &scene.other.to_string());
        is_refused(scene.redeem(&moved).await, Kind::InvalidGrant);

        let (access, _) = pair(&scene.redeem(&code).await.unwrap());
        is_refused(send(&scene.hub, &stolen).await, Kind::InvalidGrant);
        assert!(scene.opens(&access).await.is_some(), "a thief without the verifier ends nothing");
        is_refused(scene.redeem(&code).await, Kind::InvalidGrant);
        assert_eq!(scene.opens(&access).await, None);
    }

    async fn a_second_use_ends_its_own_family_and_no_other(store: Store) {
        let scene = Scene::new(store).await;
        let (first, second) = (scene.code(READ).await, scene.tokens(READ).await);
        let (access, refresh) = pair(&scene.redeem(&first).await.unwrap());
        assert!(scene.opens_here(&access).await);
        is_refused(scene.redeem(&first).await, Kind::InvalidGrant);
        assert!(!scene.opens_here(&access).await, "at once in this process");
        is_refused(scene.refresh(&refresh).await, Kind::InvalidGrant);
        assert!(scene.opens(&second.0).await.is_some());
        assert!(scene.refresh(&second.1).await.is_ok());
    }

    async fn a_code_is_worth_what_its_giver_may_still_give(store: Store) {
        let scene = Scene::new(store).await;
        let agent = scene.member("agent", scene.shop, Some(Role::Agent)).await;
        let all = "contacts:read contacts:write messages:read messages:send";
        let (lowered, gone, shut) = (
            scene.code_of(agent, scene.shop, all).await,
            scene.code_of(agent, scene.shop, all).await,
            scene.code_of(agent, scene.shop, all).await,
        );
        scene.set_role(agent, scene.shop, Some(Role::Viewer)).await;
        assert_eq!(scene.redeem(&lowered).await.unwrap().issue.scopes, set(READ));
        scene.set_disabled(agent, Some(1)).await;
        is_refused(scene.redeem(&shut).await, Kind::InvalidGrant);
        scene.set_disabled(agent, None).await;
        scene.set_role(agent, scene.shop, None).await;
        is_refused(scene.redeem(&gone).await, Kind::InvalidGrant);
    }

    async fn a_code_of_an_application_that_is_shut_or_gone_is_worth_nothing(store: Store) {
        let scene = Scene::new(store).await;
        let code = scene.code(READ).await;
        scene.change_app(AppChange { disabled: Some(true), ..AppChange::default() }).await;
        is_refused(scene.redeem(&code).await, Kind::InvalidClient);
        scene.change_app(AppChange { disabled: Some(false), ..AppChange::default() }).await;
        assert!(scene.redeem(&code).await.is_ok());
        let code = scene.code(READ).await;
        scene.hub.remove_app(Actor::Operator, &scene.client_id).await.unwrap();
        is_refused(scene.redeem(&code).await, Kind::InvalidClient);
    }

    async fn nothing_that_was_given_is_in_the_data_as_it_was_given(store: Store) {
        let scene = Scene::new(store).await;
        let code = scene.code(READ).await;
        let unused = scene.code(READ).await;
        let (access, refresh) = pair(&scene.redeem(&code).await.unwrap());
        let next = pair(&scene.refresh(&refresh).await.unwrap());
        let secrets = [&code, &unused, &access, &refresh, &next.0, &next.1, &scene.secret, &VERIFIER.to_owned()];
        let contactgram_store::Location::Sqlite { path } = scene.store.location().clone() else { return };
        let mut looked_into = 0;
        for file in std::fs::read_dir(path.parent().unwrap()).unwrap() {
            let content = std::fs::read(file.unwrap().path()).unwrap();
            looked_into += content.len();
            for secret in secrets {
                let found = content.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "{}", &secret[..4]);
            }
        }
        assert!(looked_into > 100_000, "{looked_into} bytes");
    }
}
