//! What a person gets to see: sign-in, question, or the way back.

use crate::support::*;
use contactgram_oauth::authorize::Code;
use contactgram_oauth::authorize::consent::{Step, Visitor, next};
use contactgram_oauth::{Client, RedirectUri};

fn known(remembered: &str) -> Visitor {
    Visitor::Known { just_now: false, remembered: set(remembered) }
}

fn just_in(remembered: &str) -> Visitor {
    Visitor::Known { just_now: true, remembered: set(remembered) }
}

fn native(uri: &str) -> Client {
    Client { redirects: vec![RedirectUri::register(uri).expect("a good address")], ..public() }
}

/// `Err` holds the code that the client is told.
fn step(client: &Client, prompt: &str, visitor: Visitor) -> Result<Step, Code> {
    let uri = client.redirects[0].as_str().to_owned();
    let request =
        ask(client, &[("prompt", Some(prompt)), ("redirect_uri", Some(&uri))]).expect("a good request");
    match next(&request, client, visitor) {
        Step::Refuse(sent) => Err(sent.code()),
        step => Ok(step),
    }
}

#[test]
fn each_visitor_is_shown_what_is_still_needed() {
    let (web, server) = (public(), confidential());
    let loopback = native("http://127.0.0.1/cb");
    let scheme = native("com.example.app:/cb");
    let localhost = native("http://localhost/cb");
    let server_on_loopback = Client { redirects: loopback.redirects.clone(), ..confidential() };
    let rows: &[(&str, &Client, &str, Visitor, Result<Step, Code>)] = &[
        ("a stranger", &web, "", Visitor::Stranger, Ok(Step::SignIn)),
        ("a stranger, silently", &web, "none", Visitor::Stranger, Err(Code::LoginRequired)),
        ("a stranger, to sign in", &web, "login", Visitor::Stranger, Ok(Step::SignIn)),
        ("nothing remembered", &web, "", known(""), Ok(Step::Ask)),
        ("nothing remembered, silently", &web, "none", known(""), Err(Code::ConsentRequired)),
        ("something else remembered", &web, "", known("messages:read"), Ok(Step::Ask)),
        ("enough remembered", &web, "", known("contacts:read"), Ok(Step::Approve)),
        ("more remembered", &server, "", known("contacts:read messages:read"), Ok(Step::Approve)),
        ("enough remembered, silently", &web, "none", known("contacts:read"), Ok(Step::Approve)),
        ("enough remembered, to be asked", &web, "consent", known("contacts:read"), Ok(Step::Ask)),
        ("to choose an account", &web, "select_account", known("contacts:read"), Ok(Step::Ask)),
        ("to sign in again", &web, "login", known("contacts:read"), Ok(Step::SignIn)),
        ("signed in again", &web, "login", just_in("contacts:read"), Ok(Step::Approve)),
        ("signed in again, to be asked", &web, "login consent", just_in("contacts:read"), Ok(Step::Ask)),
        ("an app that listens locally", &loopback, "", known("contacts:read"), Ok(Step::Ask)),
        ("such an app, silently", &loopback, "none", known("contacts:read"), Err(Code::ConsentRequired)),
        ("an app by its scheme", &scheme, "", known("contacts:read"), Ok(Step::Ask)),
        ("an app on localhost", &localhost, "", known("contacts:read"), Ok(Step::Ask)),
        ("one with a secret", &server_on_loopback, "", known("contacts:read"), Ok(Step::Approve)),
    ];
    for (what, client, prompt, visitor, expected) in rows {
        assert_eq!(step(client, prompt, *visitor), *expected, "{what}");
    }
}
