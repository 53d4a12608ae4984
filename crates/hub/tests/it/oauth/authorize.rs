//! What a person is asked, what they may give, and what is remembered of it.

use super::*;
use contactgram_hub::oauth::{Choice, Step, Visitor};
use contactgram_store::each_store;

fn visitor(id: MemberId) -> Visitor {
    Visitor::Member { id, just_now: false }
}

async fn step(scene: &Scene, changes: &[(&str, &str)], visitor: Visitor) -> Step {
    let asked = scene.ask(changes).await;
    scene.hub.next_step(&asked, visitor).await.unwrap()
}

fn choices(step: Step) -> Vec<Choice> {
    match step {
        Step::Ask(choices) => choices,
        other => panic!("{other:?}"),
    }
}

fn gone(step: Step) -> String {
    match step {
        Step::Go(location) => location,
        other => panic!("{other:?}"),
    }
}

each_store! {
    async fn a_sound_request_names_who_asks_what_for_and_where_it_leads(store: Store) {
        let scene = Scene::new(store).await;
        let asked = scene.ask(&[]).await;
        assert_eq!((asked.app.name.as_str(), asked.scopes, asked.returns_to.as_str()), ("Desk", set(READ), "app.example"));
        assert!(matches!(step(&scene, &[], Visitor::Stranger).await, Step::SignIn));
        let refused = scene.hub.refuse(&asked);
        assert!(refused.starts_with("https://app.example/cb?"), "{refused}");
        assert_eq!(answered(&refused, "error").as_deref(), Some("access_denied"));
        assert_eq!(answered(&refused, "state").as_deref(), Some("s t"));
        assert_eq!(answered(&refused, "iss").as_deref(), Some("http://127.0.0.1:8081"));
    }

    async fn nobody_is_sent_to_an_address_that_is_not_registered(store: Store) {
        let scene = Scene::new(store).await;
        for changes in [
            &[("redirect_uri", "https://app.example/cb/")][..],
            &[("redirect_uri", "https://app.example/CB")],
            &[("redirect_uri", "https://app.example.evil.example/cb")],
            &[("redirect_uri", "https://evil.example/?https://app.example/cb")],
            &[("redirect_uri", "http://app.example/cb")],
            &[("redirect_uri", "https://app.example/cb?x=1")],
            &[("redirect_uri", "https://app.example/cb#")],
            &[("redirect_uri", "https://app.example:443/cb")],
            &[("redirect_uri", "https://user@app.example/cb")],
            &[("redirect_uri", "javascript:alert(1)")],
            &[("client_id", "cgc_000000000000000000000000")],
            &[("client_id", "")],
        ] {
            let asked = scene.hub.authorization(&scene.query(changes)).await.unwrap();
            assert!(matches!(asked, Asked::Show(_)), "{changes:?}: {asked:?}");
        }
        let twice = format!("{}&redirect_uri=https%3A%2F%2Fevil.example", scene.query(&[]));
        assert!(matches!(scene.hub.authorization(&twice).await.unwrap(), Asked::Show(_)));
        scene.change_app(AppChange { disabled: Some(true), ..AppChange::default() }).await;
        assert!(matches!(scene.hub.authorization(&scene.query(&[])).await.unwrap(), Asked::Show(_)), "shut out");
    }

    async fn what_else_is_wrong_goes_back_to_the_application(store: Store) {
        let scene = Scene::new(store).await;
        for (changes, error) in [
            (&[("response_type", "token")][..], "unsupported_response_type"),
            (&[("response_type", "")], "invalid_request"),
            (&[("code_challenge_method", "plain")], "invalid_request"),
            (&[("code_challenge_method", "")], "invalid_request"),
            (&[("code_challenge", "")], "invalid_request"),
            (&[("code_challenge", VERIFIER)], "invalid_request"),
            (&[("scope", "account:manage")], "invalid_scope"),
            (&[("scope", "everything")], "invalid_scope"),
            (&[("request", "x")], "request_not_supported"),
            (&[("prompt", "none login")], "invalid_request"),
        ] {
            match scene.hub.authorization(&scene.query(changes)).await.unwrap() {
                Asked::Redirect(location) => {
                    assert!(location.starts_with("https://app.example/cb?"), "{location}");
                    assert_eq!(answered(&location, "error").as_deref(), Some(error), "{changes:?}");
                    assert_eq!(answered(&location, "state").as_deref(), Some("s t"));
                }
                other => panic!("{changes:?}: {other:?}"),
            }
        }
    }

    async fn a_member_gives_what_their_roles_allow_on_accounts_that_are_theirs(store: Store) {
        let scene = Scene::new(store).await;
        let scope = "contacts:read messages:send updates:read";
        let agent = scene.member("agent", scene.shop, Some(Role::Agent)).await;
        scene.set_role(agent, scene.other, Some(Role::Viewer)).await;
        let offered = choices(step(&scene, &[("scope", scope)], visitor(agent)).await);
        let offered: Vec<_> = offered.iter().map(|choice| (choice.account, choice.scopes)).collect();
        let mut wanted = vec![
            (scene.shop, set("contacts:read messages:send")),
            (scene.other, set("contacts:read")),
        ];
        wanted.sort_by_key(|(account, _)| *account);
        assert_eq!(offered, wanted);

        let asked = scene.ask(&[("scope", scope)]).await;
        let given = scene.hub.give(&asked, agent, scene.other, set(scope)).await.unwrap();
        let issued = scene.redeem(&answered(&given, "code").unwrap()).await.unwrap();
        assert_eq!(issued.issue.scopes, set("contacts:read"), "no more than the role");
        assert_eq!(scene.opens(issued.access.reveal()).await.unwrap().account(), scene.other);
        let asked = scene.ask(&[("scope", READ)]).await;
        let given = scene.hub.give(&asked, agent, scene.shop, set("contacts:read messages:send")).await.unwrap();
        let issued = scene.redeem(&answered(&given, "code").unwrap()).await.unwrap();
        assert_eq!(issued.issue.scopes, set("contacts:read"), "no more than was asked for");

        let denied = scene.hub.give(&asked, agent, scene.shop, set("messages:send")).await.unwrap();
        assert_eq!(answered(&denied, "error").as_deref(), Some("access_denied"), "nothing is left of it");
        let stranger = scene.member("stranger", scene.other, None).await;
        let nothing = scene.hub.give(&asked, stranger, scene.shop, set(READ)).await;
        assert!(matches!(nothing, Err(Error::NotFound(_))), "{nothing:?}");
        assert_eq!(choices(step(&scene, &[], visitor(stranger)).await), []);
    }

    async fn a_consent_is_remembered_for_what_it_was_given_for(store: Store) {
        let scene = Scene::new(store).await;
        let who = visitor(scene.owner);
        choices(step(&scene, &[("scope", "contacts:read")], who).await);
        scene.code("contacts:read").await;
        let location = gone(step(&scene, &[("scope", "contacts:read")], who).await);
        assert!(scene.redeem(&answered(&location, "code").unwrap()).await.is_ok());
        let more = choices(step(&scene, &[("scope", READ)], who).await);
        assert_eq!(more[0].remembered, set("contacts:read"), "more is asked for");
        choices(step(&scene, &[("scope", "contacts:read"), ("prompt", "consent")], who).await);
        let login = step(&scene, &[("scope", "contacts:read"), ("prompt", "login")], who).await;
        assert!(matches!(login, Step::SignIn));
        let none = gone(step(&scene, &[("scope", READ), ("prompt", "none")], who).await);
        assert_eq!(answered(&none, "error").as_deref(), Some("consent_required"));
        let nobody = gone(step(&scene, &[("prompt", "none")], Visitor::Stranger).await);
        assert_eq!(answered(&nobody, "error").as_deref(), Some("login_required"));
        // Who takes something back is asked for it again.
        let asked = scene.ask(&[("scope", READ)]).await;
        scene.hub.give(&asked, scene.owner, scene.shop, set("messages:read")).await.unwrap();
        choices(step(&scene, &[("scope", "contacts:read")], who).await);
    }

    async fn with_two_accounts_agreed_to_nobody_knows_which_is_meant(store: Store) {
        let scene = Scene::new(store).await;
        scene.set_role(scene.owner, scene.other, Some(Role::Owner)).await;
        scene.code(READ).await;
        gone(step(&scene, &[], visitor(scene.owner)).await);
        scene.code_of(scene.owner, scene.other, READ).await;
        assert_eq!(choices(step(&scene, &[], visitor(scene.owner)).await).len(), 2);
    }

    async fn whoever_owns_all_accounts_chooses_among_all(store: Store) {
        let scene = Scene::new(store).await;
        let all = scene.member("all", UserId::EVERY_ACCOUNT, Some(Role::Owner)).await;
        assert_eq!(choices(step(&scene, &[], visitor(all)).await).len(), 2);
    }

    async fn a_public_application_on_the_persons_own_machine_is_asked_for_each_time(store: Store) {
        let mut scene = Scene::new(store).await;
        let new = NewApp {
            name: "Phone".to_owned(),
            redirects: vec![CALLBACK.to_owned(), "http://127.0.0.1/done".to_owned(), "com.example.phone:/done".to_owned()],
            public: true,
            scopes: set(READ),
        };
        scene.client_id = scene.hub.add_app(Actor::Operator, scene.shop, new).await.unwrap().view.client_id;
        let who = visitor(scene.owner);
        scene.code(READ).await;
        gone(step(&scene, &[], who).await);
        for own in ["http://127.0.0.1:9999/done", "com.example.phone:/done"] {
            choices(step(&scene, &[("redirect_uri", own)], who).await);
        }
        let asked = scene.ask(&[("redirect_uri", "com.example.phone:/done")]).await;
        assert_eq!(asked.returns_to, "com.example.phone");
        let asked = scene.ask(&[("redirect_uri", "http://127.0.0.1:9999/done")]).await;
        assert_eq!(asked.returns_to, "127.0.0.1:9999");
    }
}
