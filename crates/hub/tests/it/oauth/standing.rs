//! Tokens stand on who is behind them: a lower role, a lost one, a member shut out or a grant revoked count at once, and
//! grants are revoked by those they concern.

use super::*;
use contactgram_model::scope::Scope;
use contactgram_store::each_store;

const ALL: &str = "contacts:read contacts:write messages:send";

each_store! {
    async fn a_token_does_no_more_than_its_giver_may_now(store: Store) {
        let scene = Scene::new(store).await;
        let agent = scene.member("agent", scene.shop, Some(Role::Agent)).await;
        let code = scene.code_of(agent, scene.shop, ALL).await;
        let (access, refresh) = pair(&scene.redeem(&code).await.unwrap());
        assert!(scene.opens(&access).await.unwrap().may(Scope::MessagesSend));
        scene.set_role(agent, scene.shop, Some(Role::Viewer)).await;
        let caller = scene.opens(&access).await.unwrap();
        assert!(caller.may(Scope::ContactsRead) && !caller.may(Scope::ContactsWrite) && !caller.may(Scope::MessagesSend));
        let next = scene.refresh(&refresh).await.unwrap();
        assert_eq!(next.issue.scopes, set("contacts:read"));
        let (access, refresh) = pair(&next);
        scene.set_role(agent, scene.shop, None).await;
        assert_eq!(scene.opens(&access).await, None);
        is_refused(scene.refresh(&refresh).await, Kind::InvalidGrant);
    }

    async fn a_member_who_is_shut_out_has_no_tokens_anywhere(store: Store) {
        let scene = Scene::new(store).await;
        let (access, refresh) = scene.tokens(READ).await;
        let own = scene.token(&[("grant_type", "client_credentials")]).await.unwrap();
        scene.set_disabled(scene.owner, Some(1)).await;
        assert_eq!(scene.opens(&access).await, None);
        is_refused(scene.refresh(&refresh).await, Kind::InvalidGrant);
        assert!(scene.opens(own.access.reveal()).await.is_some(), "the application's own token stands on the account");
    }

    async fn what_was_lost_does_not_come_back_with_the_role(store: Store) {
        let scene = Scene::new(store).await;
        let agent = scene.member("agent", scene.shop, Some(Role::Agent)).await;
        scene.set_role(agent, scene.other, Some(Role::Agent)).await;
        let code = scene.code_of(agent, scene.shop, READ).await;
        let (access, refresh) = pair(&scene.redeem(&code).await.unwrap());
        let code = scene.code_of(agent, scene.other, READ).await;
        let (kept, _) = pair(&scene.redeem(&code).await.unwrap());
        scene.set_role(agent, scene.shop, None).await;
        scene.set_role(agent, scene.shop, Some(Role::Agent)).await;
        assert_eq!(scene.opens(&access).await, None);
        is_refused(scene.refresh(&refresh).await, Kind::InvalidGrant);
        assert!(scene.opens(&kept).await.is_some(), "another account's stay");
        assert_eq!(scene.hub.grants_of_member(agent).await.unwrap().len(), 1);
        scene.set_disabled(agent, Some(1)).await;
        scene.set_disabled(agent, None).await;
        assert_eq!(scene.opens(&kept).await, None);
        assert_eq!(scene.hub.grants_of_member(agent).await.unwrap(), []);
    }

    async fn a_role_on_all_accounts_that_goes_leaves_what_another_role_carries(store: Store) {
        let scene = Scene::new(store).await;
        let member = scene.member("both", scene.shop, Some(Role::Viewer)).await;
        scene.set_role(member, UserId::EVERY_ACCOUNT, Some(Role::Owner)).await;
        let code = scene.code_of(member, scene.shop, READ).await;
        let (carried, _) = pair(&scene.redeem(&code).await.unwrap());
        let code = scene.code_of(member, scene.other, READ).await;
        let (bare, _) = pair(&scene.redeem(&code).await.unwrap());
        scene.set_role(member, UserId::EVERY_ACCOUNT, None).await;
        assert!(scene.opens(&carried).await.is_some());
        assert_eq!(scene.opens(&bare).await, None);
        assert_eq!(scene.hub.grants_of_member(member).await.unwrap().len(), 1);
    }

    async fn a_grant_is_revoked_by_those_whom_it_concerns(store: Store) {
        let scene = Scene::new(store).await;
        let (hub, id) = (&scene.hub, scene.client_id.as_str());
        let agent = scene.member("agent", scene.shop, Some(Role::Agent)).await;
        scene.set_role(agent, scene.other, Some(Role::Agent)).await;
        let stranger = scene.member("stranger", UserId(1), Some(Role::Owner)).await;
        let other_owner = scene.member("other_owner", scene.other, Some(Role::Owner)).await;
        let peer = scene.member("peer", scene.shop, Some(Role::Agent)).await;
        for by in [Actor::Member(agent), Actor::Member(scene.owner), Actor::Member(other_owner), Actor::Operator] {
            let code = scene.code_of(agent, scene.other, READ).await;
            let (access, refresh) = pair(&scene.redeem(&code).await.unwrap());
            let unused = scene.code_of(agent, scene.other, READ).await;
            assert!(scene.opens_here(&access).await);
            for not in [Actor::Member(stranger), Actor::Member(peer), Actor::Anonymous] {
                let refused = hub.revoke_grant(not, id, (scene.other, agent)).await;
                assert!(matches!(refused, Err(Error::NotFound(_))), "{refused:?}");
            }
            hub.revoke_grant(by, id, (scene.other, agent)).await.unwrap();
            assert!(!scene.opens_here(&access).await, "at once");
            is_refused(scene.refresh(&refresh).await, Kind::InvalidGrant);
            is_refused(scene.redeem(&unused).await, Kind::InvalidGrant);
            let again = hub.revoke_grant(by, id, (scene.other, agent)).await;
            assert!(matches!(again, Err(Error::NotFound(_))));
        }
    }

    async fn grants_are_listed_by_member_by_application_and_by_account(store: Store) {
        let scene = Scene::new(store).await;
        let agent = scene.member("agent", scene.other, Some(Role::Agent)).await;
        scene.code(READ).await;
        scene.clock.advance_ms(SECOND_MS);
        scene.code_of(agent, scene.other, "contacts:read").await;
        let of_app = scene.hub.grants_of_app(Actor::Operator, &scene.client_id).await.unwrap();
        assert_eq!(of_app.iter().map(|grant| grant.member.as_str()).collect::<Vec<_>>(), ["owner", "agent"]);
        let of_agent = scene.hub.grants_of_member(agent).await.unwrap();
        assert_eq!((of_agent.len(), of_agent[0].app.as_str(), &of_agent[0].scopes[..]), (1, "Desk", &["contacts:read"][..]));
        let on_shop = scene.hub.grants_on(Actor::Member(scene.owner), scene.shop).await.unwrap();
        assert_eq!((on_shop.len(), on_shop[0].account_id), (1, scene.shop));
        assert!(scene.hub.grants_on(Actor::Member(agent), scene.shop).await.is_err());
    }
}
