//! A webhook ends with the credential that set it, whichever way that ends, and with nothing else.

use super::*;
use contactgram_hub::access::UpdatesRead;
use contactgram_hub::{Act, AuditQuery, ChatRef, NewKey, NewPerson, WebhookRequest};
use contactgram_model::Action;
use contactgram_store::each_store;
use contactgram_wire::message::Content;
use std::time::Duration;

const SCOPES: &str = "contacts:read contacts:private updates:read";

/// Sets a webhook at an address that nobody calls: nothing is written to the account.
async fn set_webhook(scene: &Scene, caller: &Caller) {
    scene.hub.start().await.unwrap();
    let request = WebhookRequest { url: "https://1.1.1.1/hook".to_owned(), ..WebhookRequest::default() };
    scene.hub.set_webhook(&caller.permit::<UpdatesRead>().unwrap(), request).await.unwrap();
    assert!(is_there(scene).await);
}

async fn is_there(scene: &Scene) -> bool {
    let owner = scene.hub.as_member(scene.owner, scene.shop).await.unwrap().0;
    let info = scene.hub.webhook_info(&owner.permit::<UpdatesRead>().unwrap()).await.unwrap();
    !info.url.is_empty()
}

/// The dispatcher hears of it; nothing else takes a webhook away.
async fn goes(scene: &Scene) {
    for _ in 0..600 {
        if !is_there(scene).await {
            let owner = scene.hub.as_member(scene.owner, scene.shop).await.unwrap().0;
            let read = scene
                .hub
                .audit(&owner.permit().unwrap(), AuditQuery { limit: 1, ..AuditQuery::default() })
                .await
                .unwrap();
            let last = read.entries.first().unwrap();
            assert_eq!(
                (last.action.as_str(), last.actor.kind.as_str()),
                (Action::WebhookDeleted.name(), "server")
            );
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the webhook is still there");
}

async fn caller(scene: &Scene, token: &str) -> Caller {
    scene.hub.authenticate(&PlainToken::parse(token).unwrap()).await.unwrap()
}

each_store! {
    async fn a_revoked_key_takes_its_webhook_along_and_no_other(store: Store) {
        let scene = Scene::new(store).await;
        let key = || NewKey { scopes: set(SCOPES), ..NewKey::default() };
        let (one, two) = (
            scene.hub.add_key(Actor::Operator, scene.shop, key()).await.unwrap(),
            scene.hub.add_key(Actor::Operator, scene.shop, key()).await.unwrap(),
        );
        set_webhook(&scene, &caller(&scene, &one.key).await).await;
        // The same settings by another credential: it is that one's now.
        set_webhook(&scene, &caller(&scene, &two.key).await).await;
        scene.hub.revoke_key(Actor::Operator, scene.shop, one.view.key_id).await.unwrap();
        // A message makes the dispatcher look, and leaves the webhook where it is.
        let ann = NewPerson { first_name: "Ann".to_owned(), ..NewPerson::default() };
        let ann = scene.hub.add_person(ann).await.unwrap();
        let content = Content { text: Some("hello".to_owned()), ..Content::default() };
        scene.hub.act(ann.id, ChatRef::Id(scene.shop.0), Act::Write { content, reply_to: None }).await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(is_there(&scene).await);
        scene.hub.revoke_key(Actor::Operator, scene.shop, two.view.key_id).await.unwrap();
        goes(&scene).await;
    }

    async fn a_rotated_account_token_takes_its_webhook_along(store: Store) {
        let scene = Scene::new(store).await;
        let token = scene.hub.add_token(Actor::Operator, scene.shop, None, None).await.unwrap();
        set_webhook(&scene, &caller(&scene, &token.token).await).await;
        scene.hub.rotate_token(Actor::Operator, scene.shop, None, None).await.unwrap();
        goes(&scene).await;
    }

    async fn an_applications_webhook_outlives_its_tokens_but_not_the_grant(store: Store) {
        let scene = Scene::new(store).await;
        let (access, refresh) = scene.tokens(SCOPES).await;
        set_webhook(&scene, &caller(&scene, &access).await).await;
        scene.clock.advance_ms(2 * 3600 * SECOND_MS);
        assert_eq!(scene.opens(&access).await, None, "the token has expired");
        scene.refresh(&refresh).await.unwrap();
        assert!(is_there(&scene).await);
        scene.hub.revoke_grant(Actor::Operator, &scene.client_id, (scene.shop, scene.owner)).await.unwrap();
        goes(&scene).await;
    }

    async fn a_lower_role_of_the_giver_takes_the_webhook_along(store: Store) {
        let scene = Scene::new(store).await;
        let admin = scene.member("admin", scene.shop, Some(Role::Admin)).await;
        let code = scene.code_of(admin, scene.shop, SCOPES).await;
        let (access, _) = pair(&scene.redeem(&code).await.unwrap());
        set_webhook(&scene, &caller(&scene, &access).await).await;
        scene.hub.set_role(Actor::Operator, admin, scene.shop, Some(Role::Agent)).await.unwrap();
        // Roles are kept for all accounts at once, so nobody rings this one's bell: the next message does.
        let ann = NewPerson { first_name: "Ann".to_owned(), ..NewPerson::default() };
        let ann = scene.hub.add_person(ann).await.unwrap();
        let content = Content { text: Some("hello".to_owned()), ..Content::default() };
        scene.hub.act(ann.id, ChatRef::Id(scene.shop.0), Act::Write { content, reply_to: None }).await.unwrap();
        goes(&scene).await;
    }
}
