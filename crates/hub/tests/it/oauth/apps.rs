//! Who may register and change applications, and what they must be.

use super::*;
use contactgram_store::each_store;

fn new(scopes: &str) -> NewApp {
    NewApp {
        name: "App".to_owned(),
        redirects: vec![CALLBACK.to_owned()],
        public: false,
        scopes: set(scopes),
    }
}

#[track_caller]
fn is_forbidden<T: std::fmt::Debug>(result: Result<T, Error>) {
    assert!(matches!(result, Err(Error::Forbidden(_))), "{result:?}");
}

#[track_caller]
fn is_missing<T: std::fmt::Debug>(result: Result<T, Error>) {
    assert!(matches!(result, Err(Error::NotFound(_))), "{result:?}");
}

each_store! {
    async fn admins_and_owners_manage_the_applications_of_their_account(store: Store) {
        let scene = Scene::new(store).await;
        let (hub, shop) = (&scene.hub, scene.shop);
        let by = |member| Actor::Member(member);
        for role in [Role::Viewer, Role::Agent] {
            let low = by(scene.member(role.name(), shop, Some(role)).await);
            is_forbidden(hub.add_app(low, shop, new(READ)).await);
            is_forbidden(hub.apps(low, shop).await);
            is_forbidden(hub.app(low, &scene.client_id).await);
            is_forbidden(hub.rotate_app_secret(low, &scene.client_id).await);
            is_forbidden(hub.remove_app(low, &scene.client_id).await);
            is_forbidden(hub.grants_of_app(low, &scene.client_id).await);
        }
        let stranger = by(scene.member("stranger", scene.other, Some(Role::Owner)).await);
        is_missing(hub.add_app(stranger, shop, new(READ)).await);
        is_missing(hub.apps(stranger, shop).await);
        is_missing(hub.app(stranger, &scene.client_id).await);
        is_missing(hub.change_app(stranger, &scene.client_id, AppChange::default()).await);
        is_missing(hub.remove_app(stranger, &scene.client_id).await);
        is_missing(hub.app(by(scene.owner), "cgc_000000000000000000000000").await);
        is_missing(hub.app(by(scene.owner), "rubbish").await);

        let admin = by(scene.member("admin", shop, Some(Role::Admin)).await);
        let made = hub.add_app(admin, shop, new(READ)).await.unwrap();
        assert_eq!(hub.apps(admin, shop).await.unwrap().len(), 2);
        assert_eq!(hub.app(admin, &made.view.client_id).await.unwrap(), made.view);
        for other in [Actor::Token(1), Actor::Application(1), Actor::Anonymous] {
            is_missing(hub.add_app(other, shop, new(READ)).await);
        }
    }

    async fn nobody_gives_or_takes_over_more_than_their_role(store: Store) {
        let scene = Scene::new(store).await;
        let (hub, shop) = (&scene.hub, scene.shop);
        let admin = Actor::Member(scene.member("admin", shop, Some(Role::Admin)).await);
        is_forbidden(hub.add_app(admin, shop, new("account:manage")).await);
        let great = hub.add_app(Actor::Member(scene.owner), shop, new("account:manage contacts:read")).await.unwrap();
        let id = great.view.client_id;
        is_forbidden(hub.rotate_app_secret(admin, &id).await);
        let redirects = Some(vec!["https://evil.example/cb".to_owned()]);
        is_forbidden(hub.change_app(admin, &id, AppChange { redirects, ..AppChange::default() }).await);
        is_forbidden(hub.change_app(admin, &id, AppChange { scopes: Some(set(READ)), ..AppChange::default() }).await);
        let widened = AppChange { scopes: Some(set("account:manage")), ..AppChange::default() };
        is_forbidden(hub.change_app(admin, &scene.client_id, widened).await);
        // Shutting it out takes no more than managing.
        let shut = AppChange { disabled: Some(true), ..AppChange::default() };
        assert!(hub.change_app(admin, &id, shut).await.unwrap().disabled);
        is_forbidden(hub.change_app(admin, &id, AppChange { disabled: Some(false), ..AppChange::default() }).await);
        hub.remove_app(admin, &id).await.unwrap();
        is_missing(hub.app(admin, &id).await);
    }

    async fn what_an_application_must_be_is_said_by_field(store: Store) {
        let scene = Scene::new(store).await;
        let (hub, shop) = (&scene.hub, scene.shop);
        let app = || new(READ);
        let many: Vec<String> = (0..21).map(|n| format!("https://app.example/{n}")).collect();
        for (wrong, field) in [
            (NewApp { name: " ".to_owned(), ..app() }, "name"),
            (NewApp { name: "x".repeat(65), ..app() }, "name"),
            (NewApp { name: "a\u{0}b".to_owned(), ..app() }, "name"),
            (NewApp { scopes: Scopes::default(), ..app() }, "scopes"),
            (NewApp { redirects: many, ..app() }, "redirect_uris"),
            (NewApp { redirects: Vec::new(), public: true, ..app() }, "redirect_uris"),
            (NewApp { redirects: vec!["http://app.example/cb".to_owned()], ..app() }, "redirect_uris"),
            (NewApp { redirects: vec!["https://app.example/*".to_owned()], ..app() }, "redirect_uris"),
            (NewApp { redirects: vec!["https://app.example/#x".to_owned()], ..app() }, "redirect_uris"),
            (NewApp { redirects: vec!["/cb".to_owned()], ..app() }, "redirect_uris"),
        ] {
            match hub.add_app(Actor::Operator, shop, wrong).await {
                Err(Error::BadRequest(text)) => assert!(text.starts_with(field), "{text}"),
                other => panic!("{field}: {other:?}"),
            }
        }
        is_missing(hub.add_app(Actor::Operator, UserId(1), app()).await);
        let own = hub.add_app(Actor::Operator, shop, NewApp { redirects: Vec::new(), ..app() }).await.unwrap();
        assert!(own.view.redirect_uris.is_empty(), "it acts for itself alone");
        let twice = vec![CALLBACK.to_owned(), CALLBACK.to_owned()];
        let twice = hub.add_app(Actor::Operator, shop, NewApp { redirects: twice, ..app() }).await.unwrap();
        assert_eq!(twice.view.redirect_uris, [CALLBACK]);
    }

    async fn a_removed_application_leaves_nothing_on_any_account(store: Store) {
        let scene = Scene::new(store).await;
        scene.set_role(scene.owner, scene.other, Some(Role::Owner)).await;
        let code = scene.code_of(scene.owner, scene.other, READ).await;
        let (access, refresh) = pair(&scene.redeem(&code).await.unwrap());
        assert!(scene.opens_here(&access).await);
        scene.hub.remove_app(Actor::Operator, &scene.client_id).await.unwrap();
        assert!(!scene.opens_here(&access).await);
        is_refused(scene.refresh(&refresh).await, Kind::InvalidClient);
        assert_eq!(scene.hub.grants_of_member(scene.owner).await.unwrap(), []);
    }

    async fn a_removed_account_takes_its_applications_and_what_was_allowed_on_it(store: Store) {
        let scene = Scene::new(store).await;
        scene.set_role(scene.owner, scene.other, Some(Role::Owner)).await;
        let code = scene.code_of(scene.owner, scene.other, READ).await;
        let on_other = pair(&scene.redeem(&code).await.unwrap());
        let on_shop = scene.tokens(READ).await;
        scene.hub.remove_account(Actor::Operator, scene.other).await.unwrap();
        assert!(scene.opens(&on_other.0).await.is_none() && scene.opens(&on_shop.0).await.is_some());
        let code = scene.code(READ).await;
        scene.hub.remove_account(Actor::Operator, scene.shop).await.unwrap();
        assert_eq!(scene.opens(&on_shop.0).await, None);
        is_refused(scene.redeem(&code).await, Kind::InvalidClient);
    }
}
