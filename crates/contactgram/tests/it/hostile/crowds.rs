//! Many clients at once: the cap holds, memory has a bound, and when they are gone the server serves at once.

use contactgram_testkit::{Line, Options, TestServer, json};
use tokio::task::JoinSet;

use super::{get_me, head, memory};

/// As many half-sent requests as a test can well afford.
const CROWD: usize = 400;

#[tokio::test]
async fn heads_that_never_end_hold_no_more_than_their_bytes() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let before = memory(&server);
    let half = format!("GET /livez HTTP/1.1\r\nhost: x\r\nx: {}", "y".repeat(60_000));
    let mut crowd = Vec::new();
    for _ in 0..CROWD {
        let mut line = Line::open(server.url()).await;
        line.send(&half).await;
        crowd.push(line);
    }
    assert_eq!(shop.bot().call("getMe", json!({})).await.status, 200, "others are served meanwhile");
    let each = memory(&server).saturating_sub(before) / CROWD as u64;
    assert!(each < 256 * 1024, "{each} bytes for each head of 60,000");
}

#[tokio::test]
async fn large_bodies_that_never_end_fill_their_room_and_no_more() {
    // On a busy machine the first would be given up before the last has come, and make room for it.
    let patient = Options::default().variable("CONTACTGRAM_BODY_TIMEOUT_S", "300");
    let server = TestServer::start(patient).await;
    let shop = server.account("Shop").await;
    let before = memory(&server);
    let length = 1024 * 1024;
    let half = head(&shop, &format!("content-length: {length}\r\n")) + &" ".repeat(length - 1);
    let mut crowd = Vec::new();
    for _ in 0..CROWD {
        let mut line = Line::open(server.url()).await;
        line.send(&half).await;
        crowd.push(line);
    }
    let small = shop.bot().call("getMe", json!({})).await;
    assert_eq!(small.status, 200, "small ones are served meanwhile: {small:?}");
    let grown = memory(&server).saturating_sub(before);
    assert!(grown < 768 << 20, "{grown} bytes for bodies of which 256 MiB may be held");
    // Who is refused is not said by who came last: each that is makes room for another.
    let mut answers = JoinSet::new();
    for mut line in crowd {
        answers.spawn(async move { line.answer().await });
    }
    let refused = loop {
        match answers.join_next().await.expect("who finds no room is told").unwrap() {
            Some(refused) => break refused,
            None => continue,
        }
    };
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")), "{refused:?}");
    assert!(refused.body.contains(r#""parameters":{"retry_after":1}"#), "{refused:?}");
    answers.shutdown().await;
    // The room is given back as the server sees them go.
    let whole =
        head(&shop, &format!("connection: close\r\ncontent-length: {length}\r\n")) + &" ".repeat(length);
    loop {
        match Line::open(server.url()).await.ask(&whole).await {
            answer if answer.status == 503 => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            answer => break assert_eq!(answer.status, 400, "read to its end, and no JSON: {answer:?}"),
        }
    }
}

#[tokio::test]
async fn a_flood_over_the_cap_is_told_to_come_back_and_then_served_at_once() {
    const CAP: usize = 50;
    let options = Options::default().variable("CONTACTGRAM_MAX_CONNECTIONS", &CAP.to_string());
    let server = TestServer::start(options).await;
    let shop = server.account("Shop").await;
    let mut within = Vec::new();
    for _ in 0..CAP {
        let mut line = Line::open(server.url()).await;
        assert_eq!(line.ask(get_me(&shop)).await.status, 200);
        within.push(line);
    }
    for round in 0..3 {
        let mut beyond = Vec::new();
        for _ in 0..4 * CAP {
            beyond.push(Line::open(server.url()).await);
        }
        for line in &mut beyond {
            line.send(get_me(&shop)).await;
            let refused = line.answer().await.expect("it is told");
            assert_eq!(
                (refused.status, refused.header("retry-after")),
                (503, Some("1")),
                "{round}: {refused:?}"
            );
            assert!(refused.body.contains(r#""error_code":503"#), "{refused:?}");
            assert!(refused.body.contains(r#""parameters":{"retry_after":1}"#), "{refused:?}");
            assert_eq!(line.rest().await, "");
        }
        for line in &mut within {
            assert_eq!(line.ask(get_me(&shop)).await.status, 200, "those within the cap notice nothing");
        }
    }
    within.truncate(1);
    // One place is free as soon as the server has seen one of them go.
    loop {
        let mut line = Line::open(server.url()).await;
        match line.ask(get_me(&shop)).await.status {
            200 => break,
            status => assert_eq!(status, 503),
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(within[0].ask(get_me(&shop)).await.status, 200);
}

#[tokio::test]
async fn a_flood_of_lists_is_served_or_told_to_come_again_at_once() {
    // One scan at a time, and far more clients than may wait for it.
    let server = TestServer::start(Options::default().variable("CONTACTGRAM_SCANS", "1")).await;
    let shop = server.account("Shop").await;
    for number in 0..200 {
        let contact =
            json!({"first_name": format!("Anna {number}"), "phone_number": format!("+4930{number:07}")});
        assert_eq!(shop.bot().post("contacts", contact).await.status, 201);
    }
    let token = &shop.token;
    let list = format!("GET /bot{token}/contacts?limit=200&q=ann HTTP/1.1\r\nhost: x\r\n\r\n");
    let before = memory(&server);
    let clients = (0..1000).map(|_| {
        let (url, list) = (server.url().to_owned(), list.clone());
        async move { Line::open(&url).await.ask(&list).await }
    });
    let said = clients.collect::<JoinSet<_>>().join_all().await;
    let (served, refused): (Vec<_>, Vec<_>) = said.iter().partition(|said| said.status == 200);
    assert!(!served.is_empty() && served.iter().all(|said| said.body.contains("Anna 199")));
    for said in refused {
        assert_eq!((said.status, said.header("retry-after")), (503, Some("1")), "{said:?}");
    }
    let grown = memory(&server).saturating_sub(before);
    assert!(grown < 256 << 20, "{grown} bytes for 1000 clients");
    assert_eq!(Line::open(server.url()).await.ask(&list).await.status, 200, "then it serves at once");
}
