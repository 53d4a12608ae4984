//! The courier against real receivers on this machine: what they see, and what it says of their answers.
//! Each receiver speaks raw HTTP from a script, so that it can also misbehave. `guard` has the attacks.
//! Nothing here leaves the machine.

mod guard;
mod hosts;
mod receiver;
mod tls;

use super::*;
use receiver::{Answer, Receiver, http};

fn development() -> Courier {
    Courier::new(CourierOptions { allow_private: true, ..CourierOptions::default() })
}

fn impatient() -> Courier {
    let timeout = Duration::from_millis(200);
    Courier::new(CourierOptions { allow_private: true, timeout, ..CourierOptions::default() })
}

fn target(url: String) -> Target {
    Target { url, secret_token: None, ip_address: None, certificate: None }
}

const UPDATE: Bytes = Bytes::from_static(br#"{"update_id":7,"message":{"text":"hi"}}"#);

async fn outcome_of(answer: Answer) -> Outcome {
    let receiver = Receiver::answering(answer).await;
    development().deliver(&target(receiver.url("/hook")), UPDATE, None).await
}

async fn error_of(answer: Answer) -> String {
    last_error(&outcome_of(answer).await).expect("the delivery should have failed")
}

#[tokio::test]
async fn an_update_arrives_as_telegram_sends_it() {
    let receiver = Receiver::answering(http("200 OK", &[], "")).await;
    let url = receiver.url("/hook?x=1").replace("http://", "http://user:p%40ss@");
    let delivery = Target { secret_token: Some("S3cret_-".into()), ..target(url) };
    assert_eq!(development().deliver(&delivery, UPDATE, None).await, Outcome::Accepted { reply: None });

    let request = receiver.requests().remove(0);
    assert_eq!(request.line, "POST /hook?x=1 HTTP/1.1");
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("x-telegram-bot-api-secret-token"), Some("S3cret_-"));
    assert_eq!(request.header("authorization"), Some("Basic dXNlcjpwQHNz"));
    assert_eq!(request.header("host"), Some(receiver.address.to_string().as_str()));
    assert_eq!(request.body, UPDATE);
}

#[tokio::test]
async fn without_a_secret_no_secret_is_sent() {
    let receiver = Receiver::answering(http("204 No Content", &[], "")).await;
    let delivery = Target { secret_token: Some(String::new()), ..target(receiver.url("/")) };
    assert_eq!(development().deliver(&delivery, UPDATE, None).await, Outcome::Accepted { reply: None });
    let request = receiver.requests().remove(0);
    assert_eq!(request.header("x-telegram-bot-api-secret-token"), None);
    assert_eq!(request.header("authorization"), None);
}

#[tokio::test]
async fn a_call_in_the_answer_is_handed_over() {
    let body = r#"{"method":"sendMessage","chat_id":5,"text":"hello"}"#;
    let answer = http("200 OK", &["Content-Type: application/json"], body);
    let Outcome::Accepted { reply: Some(call) } = outcome_of(answer).await else {
        panic!("the call was not read");
    };
    assert_eq!(call.method, "sendMessage");
    assert!(call.params.contains(&("text".into(), "hello".into())));

    let form = ["Content-Type: application/x-www-form-urlencoded"];
    let answer = http("201 Created", &form, "method=sendChatAction&chat_id=5&action=typing");
    let Outcome::Accepted { reply: Some(call) } = outcome_of(answer).await else {
        panic!("the call was not read");
    };
    assert_eq!(call.method, "sendChatAction");
}

#[tokio::test]
async fn a_forbidden_call_in_the_answer_is_only_an_acceptance() {
    for method in ["setWebhook", "deletewebhook", "logOut", "close", "getUpdates"] {
        let answer =
            http("200 OK", &["Content-Type: application/json"], &format!(r#"{{"method":"{method}"}}"#));
        assert_eq!(outcome_of(answer).await, Outcome::Accepted { reply: None });
    }
}

#[tokio::test]
async fn an_endless_answer_is_accepted_without_its_body() {
    let body = format!(r#"{{"method":"sendMessage","text":"{}"}}"#, "x".repeat(MAX_REPLY));
    let answer = http("200 OK", &["Content-Type: application/json"], &body);
    assert_eq!(outcome_of(answer).await, Outcome::Accepted { reply: None });
}

#[tokio::test]
async fn a_redirect_is_a_wrong_response_and_not_followed() {
    let elsewhere = Receiver::answering(http("200 OK", &[], "")).await;
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let location = format!("Location: {}", elsewhere.url("/"));
        let error = error_of(http(status, &[&location], "")).await;
        assert_eq!(error, format!("Wrong response from the webhook: {status}"));
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn a_refusal_keeps_status_and_reason() {
    let error = error_of(http("500 Internal Server Error", &[], "oops")).await;
    assert_eq!(error, "Wrong response from the webhook: 500 Internal Server Error");
    let error = error_of(http("418 Short And Stout", &[], "")).await;
    assert_eq!(error, "Wrong response from the webhook: 418 Short And Stout");
    let error = error_of(http("599 ", &[], "")).await;
    assert_eq!(error, "Wrong response from the webhook: 599");
}

#[tokio::test]
async fn a_receiver_may_say_when_to_come_back() {
    let refused = |retry_after| Outcome::Refused {
        status: 429,
        reason: "Too Many Requests".into(),
        retry_after,
        gone: false,
    };
    for (header, expected) in [
        ("Retry-After: 17", Some(17)),
        ("Retry-After: 0", None),
        ("Retry-After: -5", None),
        ("Retry-After: soon", None),
        ("X-Other: 1", None),
    ] {
        assert_eq!(
            outcome_of(http("429 Too Many Requests", &[header], "")).await,
            refused(expected),
            "{header}"
        );
    }
}

#[tokio::test]
async fn status_410_says_that_the_webhook_is_gone() {
    let outcome = outcome_of(http("410 Gone", &[], "")).await;
    assert!(matches!(outcome, Outcome::Refused { status: 410, gone: true, .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_broken_connection_is_told_in_telegrams_words() {
    assert_eq!(error_of(Answer::Reset).await, "Connection reset by peer");
    assert_eq!(error_of(Answer::Close).await, "Webhook connection closed");
    let cut_off = Answer::SayAndClose("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc".into());
    assert_eq!(error_of(cut_off).await, "Webhook connection closed");
    let ssh = Answer::SayAndClose("SSH-2.0-OpenSSH_9.2\r\n\r\n".into());
    assert_eq!(error_of(ssh).await, "Wrong response from the webhook: not an HTTP response");
}

#[tokio::test]
async fn a_closed_port_refuses() {
    // Bound and not listening: nobody else can open this port meanwhile.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    let outcome = development().deliver(&target(format!("http://{address}/")), UPDATE, None).await;
    assert_eq!(outcome, Outcome::unreachable("Connection refused"));
}

#[tokio::test]
async fn a_slow_receiver_runs_into_the_timeout() {
    let unfinished = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc";
    for answer in [Answer::Hang, Answer::SayAndHang(unfinished.into())] {
        let receiver = Receiver::answering(answer).await;
        let outcome = impatient().deliver(&target(receiver.url("/")), UPDATE, None).await;
        assert_eq!(outcome, Outcome::unreachable("Read timeout expired"));
    }
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_said_so() {
    let lookup: Lookup = std::sync::Arc::new(|_| {
        let text = "failed to lookup address information: Name or service not known";
        Box::pin(async move { Err(std::io::Error::other(text)) })
    });
    let courier = Courier::with_rules(CourierOptions::default(), Rules::PUBLIC, lookup);
    let outcome = courier.deliver(&target("https://nowhere.example/".into()), UPDATE, None).await;
    assert_eq!(outcome, Outcome::unreachable("Failed to resolve host: Name or service not known"));
    let url = courier.check_url("https://nowhere.example/").unwrap();
    let refusal = "bad webhook: Failed to resolve host: Name or service not known";
    assert_eq!(courier.resolve(&url).await, Err(refusal.into()));
}

#[tokio::test]
async fn connections_are_used_again() {
    let receiver = Receiver::answering(http("200 OK", &[], "")).await;
    let courier = development();
    for _ in 0..20 {
        let outcome = courier.deliver(&target(receiver.url("/")), UPDATE, None).await;
        assert_eq!(outcome, Outcome::Accepted { reply: None });
    }
    assert_eq!(receiver.requests().len(), 20);
    assert!(receiver.connections() < 20, "{}", receiver.connections());
}

#[tokio::test]
async fn a_given_address_is_connected_to_under_the_urls_name() {
    let receiver = Receiver::answering(http("200 OK", &[], "")).await;
    let port = receiver.address.port();
    let url = format!("http://hook.example:{port}/");
    let delivery = Target { ip_address: Some(receiver.address.ip()), ..target(url) };
    assert_eq!(development().deliver(&delivery, UPDATE, None).await, Outcome::Accepted { reply: None });
    assert_eq!(receiver.requests()[0].header("host"), Some(format!("hook.example:{port}").as_str()));
}
