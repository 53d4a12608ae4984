//! The token of a bot is a password: nothing that is said of a failure holds it.

use contactgram_connector::bot::{CallError, How};
use contactgram_testkit::{ConnectionFault, Fault, json};

use super::*;

#[tokio::test]
async fn no_error_holds_the_token() {
    let mut world = World::impatient().await;
    let mut said = vec![format!("{:?}", world.upstream)];
    let how = How { tries: 1, timeout: Duration::from_millis(300), ..How::SEND };
    for fault in [
        Fault::LostReply,
        Fault::CloseUnread,
        Fault::Malformed,
        Fault::Slow(Duration::from_secs(9)),
        Fault::error(401, "Unauthorized"),
    ] {
        world.fake.fail_next("sendMessage", fault.clone());
        world.fake.fail_next("sendMessage", fault);
        match world.send().await {
            Ok(answer) => said.push(format!("{answer:?}")),
            Err(error) => said.push(format!("{error:?} {error}")),
        }
        match world.upstream.call("sendMessage", &json!({}), how).await {
            Ok(answer) => said.push(format!("{answer:?}")),
            Err(error) => said.push(format!("{error:?} {error}")),
        }
        // A few good ones, for the breaker.
        for _ in 0..3 {
            let _ = world.upstream.get_me().await;
        }
    }
    world.fake.fail_connections(1, ConnectionFault::NotHttp);
    if let Err(error) = world.send().await {
        said.push(format!("{error:?} {error}"));
    }
    world.fake.stop();
    for _ in 0..8 {
        match world.upstream.call("sendMessage", &json!({}), how).await {
            Err(error @ (CallError::Open { .. } | CallError::NotSent(_) | CallError::Unknown(_))) => {
                said.push(format!("{error:?} {error}"));
            }
            other => panic!("{other:?}"),
        }
    }
    let secret = world.token.split(':').nth(1).unwrap();
    assert!(said.len() >= 18);
    for text in said {
        assert!(!text.contains(secret), "{text}");
    }
}
