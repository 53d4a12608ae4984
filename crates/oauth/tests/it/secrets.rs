//! Ids and secrets of clients: their forms, and that nothing shows what is secret.

use crate::support::*;
use contactgram_oauth::grant::TokenRequest;
use contactgram_oauth::opaque::Opaque;
use contactgram_oauth::{ClientId, ClientSecret};

#[test]
fn a_client_id_is_recognised_and_nothing_else_is() {
    let made = id(0xa5);
    assert_eq!(made.as_str(), "cgc_a5a5a5a5a5a5a5a5a5a5a5a5");
    assert_eq!(ClientId::parse(made.as_str()), Some(made.clone()));
    for bad in [
        "",
        "cgc_",
        "a5a5a5a5a5a5a5a5a5a5a5a5",
        "cgc_a5a5a5a5a5a5a5a5a5a5a5a",
        "cgc_a5a5a5a5a5a5a5a5a5a5a5a5a",
        "cgc_A5a5a5a5a5a5a5a5a5a5a5a5",
        "CGC_a5a5a5a5a5a5a5a5a5a5a5a5",
        "cgc_+5a5a5a5a5a5a5a5a5a5a5a5",
        " cgc_a5a5a5a5a5a5a5a5a5a5a5a5",
        "cgc_a5a5a5a5a5a5a5a5a5a5a5é",
    ] {
        assert_eq!(ClientId::parse(bad), None, "{bad}");
    }
}

#[test]
fn a_scanner_tells_a_secret_from_a_look_alike() {
    let made = secret();
    assert!(ClientSecret::is_one(made.reveal()), "{}", made.reveal());
    assert!(made.reveal().starts_with("cgs_") && made.reveal().len() == 53, "{}", made.reveal());
    let text = made.reveal();
    let mut wrong_check = text.to_owned();
    wrong_check.replace_range(52.., if text.ends_with('A') { "B" } else { "A" });
    let mut wrong_body = text.to_owned();
    wrong_body.replace_range(4..5, if &text[4..5] == "A" { "B" } else { "A" });
    for bad in
        ["", "cgs_", &text[1..], &text[..52], &format!("{text}A"), &wrong_check, &wrong_body, &"é".repeat(26)]
    {
        assert!(!ClientSecret::is_one(bad), "{bad}");
    }
}

#[test]
fn debug_shows_no_secret() {
    let request = token_request(&[
        ("grant_type", "authorization_code"),
        ("code", "cgo_canary"),
        ("code_verifier", VERIFIER),
    ]);
    let TokenRequest::Code(request) = request else { panic!("a code was sent") };
    let params = form(&[("client_secret", "canary")]);
    let shown = format!("{:?} {request:?} {:?} {params:?}", secret(), Opaque::new("canary"));
    assert!(!shown.contains("canary") && !shown.contains("cgs_") && !shown.contains("dBjft"), "{shown}");
    assert!(shown.contains("client_secret"), "names may be seen: {shown}");
}
