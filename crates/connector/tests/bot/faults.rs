//! What goes wrong upstream, and what a caller is told of it.

use std::io;

use contactgram_connector::bot::Why;
use contactgram_testkit::{ConnectionFault, Fault, file_bytes};
use http_body_util::{BodyExt, StreamBody};

use super::*;

#[tokio::test]
async fn a_lost_reply_is_an_unknown_fate_and_nothing_is_sent_twice() {
    let world = World::new().await;
    world.fake.fail_next("sendMessage", Fault::LostReply);
    assert_eq!(world.send().await.map(drop), Err(PassError::Unknown(Why::Closed)));
    world.fake.fail_next("sendMessage", Fault::LostReply);
    let small = Request::post("/").body(Bytes::from_static(b"{}")).unwrap();
    let lost = world.upstream.pass_small(Door::Method("sendMessage"), None, small).await;
    assert_eq!(lost.map(drop), Err(PassError::Unknown(Why::Closed)));
    assert_eq!(world.fake.acted("sendMessage"), 2);
}

#[tokio::test]
async fn an_upstream_that_does_not_listen_was_sent_nothing() {
    let mut world = World::new().await;
    world.fake.stop();
    // The connection's task may take a moment to end.
    let failed = loop {
        match world.send().await {
            Err(PassError::NotSent(why)) => break why,
            Err(PassError::Unknown(_)) | Ok(_) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    };
    assert!(matches!(failed, Why::Unreachable | Why::Closed), "{failed}");
    world.fake.start_again().await;
    assert_eq!(world.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_small_request_is_sent_again_when_it_was_not_sent() {
    let mut world = World::new().await;
    world.fake.stop();
    let port = world.fake.port();
    // Nobody listens any more.
    while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let small = || Request::post("/").body(Bytes::from_static(b"{}")).unwrap();
    let failed = world.upstream.pass_small(Door::Method("sendMessage"), None, small()).await;
    assert_eq!(failed.map(drop), Err(PassError::NotSent(Why::Unreachable)));
    world.fake.start_again().await;
    // The breaker counted the tries, not the calls; it still lets this through.
    let sent = world.upstream.pass_small(Door::Method("sendMessage"), None, small()).await;
    assert_eq!(sent.unwrap().status(), 200);
    assert_eq!(world.fake.acted("sendMessage"), 1);
}

#[tokio::test]
async fn a_connection_that_went_away_while_idle_is_replaced_unnoticed() {
    let mut world = World::new().await;
    for _ in 0..5 {
        text(world.send().await.unwrap()).await;
        world.fake.start_again().await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!((world.fake.acted("sendMessage"), world.fake.connections()), (5, 5));
}

#[tokio::test]
async fn an_upstream_that_is_down_is_asked_nothing_more() {
    let world = World::new().await;
    world.fake.fail_always("*", Fault::Page(502));
    for _ in 0..5 {
        assert_eq!(world.send().await.unwrap().status(), 502);
    }
    assert!(!world.upstream.is_up());
    let (seen, connections) = (world.fake.journal().len(), world.fake.connections());
    for _ in 0..1000 {
        let Err(PassError::Open { retry_after }) = world.send().await else { panic!("it is open") };
        assert!((Duration::from_millis(1)..=Duration::from_secs(5)).contains(&retry_after));
    }
    assert_eq!((world.fake.journal().len(), world.fake.connections()), (seen, connections));
}

#[tokio::test]
async fn when_the_wait_is_over_one_of_a_thousand_looks_whether_it_is_up_again() {
    let world = World::new().await;
    world.fake.fail_always("*", Fault::Page(502));
    for _ in 0..5 {
        let _ = world.send().await;
    }
    let Err(PassError::Open { retry_after }) = world.send().await else { panic!("it is open") };
    tokio::time::sleep(retry_after).await;
    world.fake.heal();
    world.fake.fail_next("sendMessage", Fault::Slow(Duration::from_secs(2)));
    let before = world.fake.seen("sendMessage").len();
    let thousand = (0..1000).map(|_| {
        let upstream = world.upstream.clone();
        tokio::spawn(async move { upstream.pass(Door::Method("sendMessage"), None, get()).await.is_ok() })
    });
    let mut passed = 0;
    for sent in thousand.collect::<Vec<_>>() {
        passed += usize::from(sent.await.unwrap());
    }
    assert_eq!((passed, world.fake.seen("sendMessage").len() - before), (1, 1));
    assert!(world.upstream.is_up());
}

#[tokio::test]
async fn errors_that_blame_the_request_pass_and_count_against_nobody() {
    let world = World::new().await;
    for fault in [
        Fault::too_many(3),
        Fault::error(400, "Bad Request: chat not found"),
        Fault::error(403, "Forbidden: x"),
    ] {
        world.fake.fail_always("sendMessage", fault);
        for _ in 0..30 {
            assert!(world.send().await.unwrap().status().is_client_error());
        }
    }
    assert!(world.upstream.is_up());
    world.fake.fail_always("sendMessage", Fault::too_many(3));
    let answer = world.send().await.unwrap();
    assert_eq!(answer.headers()["retry-after"], "3");
    let body = r#"{"description":"Too Many Requests: retry after 3","error_code":429,"ok":false,"parameters":{"retry_after":3}}"#;
    assert_eq!(text(answer).await, body);
}

#[tokio::test]
async fn a_client_that_breaks_off_says_nothing_of_the_upstream() {
    let world = World::new().await;
    for _ in 0..10 {
        let pieces =
            [Ok(http_body::Frame::data(Bytes::from(file_bytes(1000)))), Err(io::Error::other("gone"))];
        let body = StreamBody::new(futures_util::stream::iter(pieces));
        let request = Request::post("/").body(body).unwrap();
        let failed = world.upstream.pass(Door::Method("sendDocument"), None, request).await.map(drop);
        assert!(
            matches!(failed, Err(PassError::Unknown(Why::Caller) | PassError::NotSent(Why::Caller))),
            "{failed:?}"
        );
    }
    assert!(world.upstream.is_up());
    assert_eq!((world.fake.acted("sendDocument"), world.send().await.unwrap().status().as_u16()), (0, 200));
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_waited_for_so_long_only() {
    let world = World::impatient().await;
    world.fake.fail_next("sendMessage", Fault::Slow(Duration::from_secs(60)));
    assert_eq!(world.send().await.map(drop), Err(PassError::Unknown(Why::TimedOut)));
    world.fake.fail_connections(1, ConnectionFault::Silent);
    assert_eq!(world.send().await.map(drop), Err(PassError::Unknown(Why::TimedOut)));
    world.fake.fail_next("sendMessage", Fault::Stall);
    let answer = world.send().await.unwrap();
    assert_eq!(answer.into_body().whole(1 << 20).await, Err(Why::TimedOut));
    assert_eq!(world.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn an_upload_may_take_longer_than_an_answer() {
    let world = World::impatient().await;
    let pieces = futures_util::stream::unfold(0, |sent| async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let piece = http_body::Frame::data(Bytes::from_static(b"0123456789"));
        (sent < 10).then_some((Ok::<_, io::Error>(piece), sent + 1))
    });
    let request = Request::post("/").body(StreamBody::new(Box::pin(pieces))).unwrap();
    let answer = world.upstream.pass(Door::Method("sendDocument"), None, request).await;
    assert_eq!(answer.unwrap().status(), 200);
    assert_eq!(world.fake.seen("sendDocument")[0].body_len, 100);
}

#[tokio::test]
async fn an_answer_that_is_cut_off_is_told_to_be() {
    let world = World::new().await;
    world.fake.fail_next("sendMessage", Fault::Cut);
    let answer = world.send().await.unwrap();
    let mut body = answer.into_body();
    let failed = loop {
        match body.frame().await.expect("it doesn't end as if it were whole") {
            Ok(_) => {}
            Err(why) => break why,
        }
    };
    assert_eq!(failed, Why::Closed);
}

#[tokio::test]
async fn what_is_not_http_is_no_answer() {
    let world = World::new().await;
    world.fake.fail_connections(1, ConnectionFault::NotHttp);
    assert_eq!(world.send().await.map(drop), Err(PassError::Unknown(Why::Garbled)));
    world.fake.fail_connections(1, ConnectionFault::Reset);
    let reset = world.send().await.map(drop);
    assert!(matches!(reset, Err(PassError::Unknown(Why::Closed) | PassError::NotSent(_))), "{reset:?}");
    assert_eq!(world.send().await.unwrap().status(), 200);
    assert_eq!(world.fake.acted("sendMessage"), 1);
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_ends_it_before_a_byte_is_written() {
    let world = World::with(FakeUpstream::start_tls().await, UplinkOptions::default());
    assert_eq!(world.send().await.map(drop), Err(PassError::NotSent(Why::Tls)));
    assert!(world.fake.journal().is_empty());
}

#[tokio::test]
async fn an_operators_own_authority_is_trusted_for_the_names_it_signed() {
    let authorities = Some(FakeUpstream::authority().to_owned());
    let options = UplinkOptions { authorities, ..UplinkOptions::default() };
    let world = World::with(FakeUpstream::start_tls().await, options.clone());
    assert_eq!(world.send().await.unwrap().status(), 200);

    let by_address = BaseUrl::read(&format!("https://127.0.0.1:{}", world.fake.port())).unwrap();
    let uplinks = Uplinks::new(options).unwrap();
    let upstream = uplinks.upstream(&by_address, &UpstreamToken::read(&world.token).unwrap());
    let failed = upstream.pass(Door::Method("getMe"), None, get()).await.map(drop);
    assert_eq!(failed, Err(PassError::NotSent(Why::Tls)));
    assert!(world.fake.seen("getMe").is_empty());

    for (pem, words) in [
        ("", "holds no certificate"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "unusable"),
    ] {
        let broken = UplinkOptions { authorities: Some(pem.to_owned()), ..UplinkOptions::default() };
        assert!(Uplinks::new(broken).err().unwrap().contains(words));
    }
}
