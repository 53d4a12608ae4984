//! Introspection and revocation: a client sees and ends its own tokens, an account's manager sees all of the account's.

use super::*;
use contactgram_hub::access::AccountManage;
use contactgram_oauth::inspect::TokenRecord;
use contactgram_oauth::opaque::Opaque;
use contactgram_store::each_store;
use contactgram_store::ops::oauth::apps::App;

async fn client(scene: &Scene, id: &str, secret: &str) -> App {
    let params = Params::parse(form(&[("client_id", id), ("client_secret", secret)]).as_bytes());
    scene.hub.client(&Credentials::read(None, &params).unwrap()).await.unwrap()
}

async fn desk(scene: &Scene) -> App {
    client(scene, &scene.client_id, &scene.secret).await
}

async fn another(scene: &Scene) -> App {
    let new = NewApp {
        name: "Another".to_owned(),
        redirects: vec![CALLBACK.to_owned()],
        public: false,
        scopes: Role::Admin.scopes(),
    };
    let made = scene.hub.add_app(Actor::Operator, scene.shop, new).await.unwrap();
    client(scene, &made.view.client_id, &made.client_secret.unwrap()).await
}

async fn seen(scene: &Scene, app: &App, token: &str) -> Option<TokenRecord> {
    scene.hub.introspect(app, &Opaque::new(token)).await.unwrap()
}

each_store! {
    async fn a_client_sees_its_own_tokens_while_they_are_good(store: Store) {
        let scene = Scene::new(store).await;
        let (desk, another) = (desk(&scene).await, another(&scene).await);
        let (access, refresh) = scene.tokens(READ).await;
        let shown = seen(&scene, &desk, &access).await.unwrap();
        assert_eq!((shown.scopes, shown.subject.as_str()), (set(READ), scene.shop.to_string().as_str()));
        assert_eq!(shown.expires_at - shown.issued_at, 3600);
        assert!(seen(&scene, &desk, &refresh).await.is_some());
        for token in [&access, &refresh] {
            assert_eq!(seen(&scene, &another, token).await, None, "another's token does not exist");
        }
        let account_token = PlainToken::create(scene.shop, &[1; 22]);
        for token in [account_token.reveal(), "rubbish", "", &scene.secret, &access.replace("cga_", "cgk_")] {
            assert_eq!(seen(&scene, &desk, token).await, None);
        }
        let next = pair(&scene.refresh(&refresh).await.unwrap());
        assert_eq!(seen(&scene, &desk, &refresh).await, None, "spent");
        assert!(seen(&scene, &desk, &next.1).await.is_some());
        scene.clock.advance_ms(3600 * SECOND_MS);
        assert_eq!(seen(&scene, &desk, &next.0).await, None, "expired");
        assert!(seen(&scene, &desk, &next.1).await.is_some());
    }

    async fn what_is_seen_is_what_may_be_done_now(store: Store) {
        let scene = Scene::new(store).await;
        let desk = desk(&scene).await;
        let agent = scene.member("agent", scene.shop, Some(Role::Agent)).await;
        let code = scene.code_of(agent, scene.shop, "contacts:read messages:send").await;
        let (access, refresh) = pair(&scene.redeem(&code).await.unwrap());
        scene.set_role(agent, scene.shop, Some(Role::Viewer)).await;
        for token in [&access, &refresh] {
            assert_eq!(seen(&scene, &desk, token).await.unwrap().scopes, set("contacts:read"));
        }
        scene.set_role(agent, scene.shop, None).await;
        for token in [&access, &refresh] {
            assert_eq!(seen(&scene, &desk, token).await, None);
        }
    }

    async fn whoever_manages_an_account_sees_the_tokens_on_it(store: Store) {
        let scene = Scene::new(store).await;
        let (access, refresh) = scene.tokens(READ).await;
        let manager = |account| {
            let scene = &scene;
            async move {
                let token = scene.hub.add_token(Actor::Operator, account, None, None).await.unwrap().token;
                let caller = scene.opens(&token).await.unwrap();
                caller.permit::<AccountManage>().unwrap()
            }
        };
        let (ours, theirs) = (manager(scene.shop).await, manager(scene.other).await);
        for token in [&access, &refresh] {
            let token = Opaque::new(token.as_str());
            assert!(scene.hub.introspect_of_account(&ours, &token).await.unwrap().is_some());
            assert_eq!(scene.hub.introspect_of_account(&theirs, &token).await.unwrap(), None);
        }
    }

    async fn an_access_token_ends_alone_and_a_refresh_token_takes_its_family_along(store: Store) {
        let scene = Scene::new(store).await;
        let desk = desk(&scene).await;
        let revoke = |token: String| {
            let (scene, desk) = (&scene, &desk);
            async move { scene.hub.revoke(desk, &Opaque::new(token)).await.unwrap() }
        };
        let (access, refresh) = scene.tokens(READ).await;
        assert!(scene.opens_here(&access).await);
        revoke(access.clone()).await;
        assert!(!scene.opens_here(&access).await, "at once");
        let (access, refresh) = pair(&scene.refresh(&refresh).await.unwrap());
        let (kept, _) = scene.tokens(READ).await;
        revoke(refresh.clone()).await;
        assert_eq!(scene.opens(&access).await, None);
        is_refused(scene.refresh(&refresh).await, Kind::InvalidGrant);
        assert!(scene.opens(&kept).await.is_some(), "another consent's tokens stay");
        // Again, and what never was: it is done either way.
        for token in [refresh, access, "rubbish".to_owned(), "cga_5_x".to_owned()] {
            revoke(token).await;
        }
    }

    async fn nobody_ends_anothers_tokens(store: Store) {
        let scene = Scene::new(store).await;
        let another = another(&scene).await;
        let (access, refresh) = scene.tokens(READ).await;
        for token in [&access, &refresh] {
            let refused = scene.hub.revoke(&another, &Opaque::new(token.as_str())).await;
            assert!(matches!(&refused, Err(Refusal::Rules(error)) if error.kind == Kind::InvalidGrant), "{refused:?}");
        }
        assert!(scene.opens(&access).await.is_some() && scene.refresh(&refresh).await.is_ok());
    }
}
