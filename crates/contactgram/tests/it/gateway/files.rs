//! Files behind the gateway: downloads stream through, whole and in part, for whoever may read messages.

use contactgram_testkit::{Client, Fault, Method, json};

use super::kit::{Faked, faked};

const PATH: &str = "photos/file_1.jpg";

/// The client of `/file/bot<token>/…`.
fn files(scene: &Faked, token: &str) -> Client {
    Client::new(format!("{}/file/bot{token}", scene.gateway.url()))
}

#[tokio::test]
async fn a_file_comes_as_it_is_at_the_upstream() {
    let scene = faked().await;
    let size = 3_000_001;
    scene.upstream.put_file(&scene.token, PATH, size);
    let file = scene.bot.call("getFile", json!({"file_id": PATH})).await.result();
    assert_eq!(file["file_path"], PATH);
    let answer = files(&scene, &scene.token).get(PATH).await;
    let there = Client::new(format!("{}/file/bot{}", scene.upstream.url(), scene.token)).get(PATH).await;
    assert_eq!((answer.status, answer.header("content-length")), (200, Some("3000001")));
    assert!(answer.body == there.body && there.body.len() == 3_000_001, "byte for byte");
    // A slash that the client wrote as a code, as teloxide does.
    let slash = files(&scene, &scene.token).get("photos%2Ffile_1.jpg").await;
    assert_eq!((slash.status, slash.body.len()), (200, 3_000_001));
    // A colon that the client wrote as a code, and the head alone.
    let encoded = files(&scene, &scene.token.replace(':', "%3A"));
    let head = encoded.send(encoded.request(Method::HEAD, PATH)).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[tokio::test]
async fn who_may_not_read_messages_downloads_nothing() {
    let scene = faked().await;
    scene.upstream.put_file(&scene.token, PATH, 10);
    for (scope, status) in [("messages:read", 200), ("messages:send", 403)] {
        let words = ["key", "add", "--account", "4100000001", "--scope", scope, "--json"];
        let made = scene.gateway.cli_json(&words).await;
        let answer = files(&scene, made["key"].as_str().unwrap_or_default()).get(PATH).await;
        assert_eq!(answer.status, status, "{scope}: {}", answer.text);
    }
    let unknown = files(&scene, &format!("4100000001:{}", "A".repeat(35))).get(PATH).await;
    assert_eq!(unknown.refusal(), (401, "Unauthorized".to_owned()));
    assert_eq!(files(&scene, "x").get(PATH).await.status, 401);
    let asked = scene.upstream.journal().iter().filter(|seen| seen.path.starts_with("/file/")).count();
    assert_eq!(asked, 1, "the upstream heard of the one that was allowed");
}

#[tokio::test]
async fn what_is_not_there_and_what_leads_elsewhere_is_a_404() {
    let scene = faked().await;
    let client = files(&scene, &scene.token);
    for path in [PATH, "..%2Fx", "photos/%2e%2e/x", "a//b"] {
        assert_eq!(client.get(path).await.status, 404, "{path}");
    }
    let local = scene.gateway.account("Local").await;
    assert_eq!(files(&scene, &local.token).get(PATH).await.refusal().0, 404);
    let (status, _) = client.post(PATH, json!({})).await.refusal();
    assert_eq!(status, 405);
}

#[tokio::test]
async fn a_download_that_is_cut_there_ends_early_here() {
    let scene = faked().await;
    scene.upstream.put_file(&scene.token, PATH, 1_000_000);
    scene.upstream.fail_next(PATH, Fault::Cut);
    let client = files(&scene, &scene.token);
    let cut = client.try_send(client.request(Method::GET, PATH)).await;
    assert!(cut.is_err(), "{:?}", cut.map(|answer| (answer.status, answer.body.len())));
    let again = client.get(PATH).await;
    assert_eq!((again.status, again.body.len()), (200, 1_000_000));
}
