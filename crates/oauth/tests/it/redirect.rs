//! What can be registered as an address to return to, and what matches it.

use crate::support::{CALLBACK, public};
use contactgram_oauth::RedirectUri;
use contactgram_oauth::redirect::{LONGEST, Unfit};

#[test]
fn web_loopback_and_app_addresses_can_be_registered() {
    let longest = format!("https://app.example/{}", "a".repeat(LONGEST - 20));
    for good in [
        "https://app.example/cb",
        "https://app.example",
        "https://app.example/",
        "https://app.example:8443/cb",
        "https://app.example/cb?tenant=4&x=%20",
        "https://192.0.2.1/cb",
        "https://xn--bcher-kva.example/cb",
        "https://localhost/cb",
        "http://127.0.0.1/cb",
        "http://127.0.0.1:8080/cb",
        "http://127.0.0.1",
        "http://[::1]/cb",
        "http://[::1]:8080/cb",
        "http://localhost:3000/cb",
        "com.example.app:/cb",
        "com.example.app://cb",
        "com.example.app:/cb?x=1",
        &longest,
    ] {
        assert_eq!(RedirectUri::register(good).map(|uri| uri.as_str().to_owned()), Ok(good.to_owned()));
    }
}

#[test]
fn what_could_lead_elsewhere_can_not_be_registered() {
    let too_long = format!("https://app.example/{}", "a".repeat(LONGEST - 19));
    let unusual = |text: &str| Unfit::Unusual(text.to_owned());
    let rows: &[(&str, Unfit)] = &[
        ("", Unfit::NotAbsolute),
        ("/cb", Unfit::NotAbsolute),
        ("app.example/cb", Unfit::NotAbsolute),
        ("//app.example/cb", Unfit::NotAbsolute),
        ("https://", Unfit::NotAbsolute),
        ("https://app.example:99999/cb", Unfit::NotAbsolute),
        (&too_long, Unfit::TooLong),
        ("https://app.example/cb#", Unfit::Fragment),
        ("https://app.example/cb#x", Unfit::Fragment),
        ("https://*.example/cb", Unfit::Wildcard),
        ("https://app.example/*", Unfit::Wildcard),
        ("https://user@app.example/cb", Unfit::User),
        ("https://user:pass@app.example/cb", Unfit::User),
        ("https://:pass@app.example/cb", Unfit::User),
        ("com.example.app://user@cb", Unfit::User),
        ("http://app.example/cb", Unfit::PlainHttp),
        ("http://127.0.0.2/cb", Unfit::PlainHttp),
        ("http://127.0.0.1.example/cb", Unfit::PlainHttp),
        ("http://localhost.example/cb", Unfit::PlainHttp),
        ("http://localhost./cb", Unfit::PlainHttp),
        ("http://0.0.0.0/cb", Unfit::PlainHttp),
        ("http://[::]/cb", Unfit::PlainHttp),
        ("http://[::ffff:127.0.0.1]/cb", Unfit::PlainHttp),
        ("myapp:/cb", Unfit::Scheme),
        ("javascript:alert(1)", Unfit::Scheme),
        ("data:text/html,x", Unfit::Scheme),
        ("file:///etc/passwd", Unfit::Scheme),
        ("ftp://app.example/cb", Unfit::Scheme),
        ("urn:ietf:wg:oauth:2.0:oob", Unfit::Scheme),
        ("com.example.app:", Unfit::Scheme),
        ("https://app.example/c b", Unfit::Character),
        (" https://app.example/cb", Unfit::Character),
        ("https://app.example/cb\n", Unfit::Character),
        ("https://app.example/\tcb", Unfit::Character),
        ("https://app.example\\@evil.example/cb", Unfit::Character),
        ("https://bücher.example/cb", Unfit::Character),
        ("https://app.example/{id}", Unfit::Character),
        ("https://app.example/<x>", Unfit::Character),
        ("https://app.example/cb?code=1", Unfit::Reserved),
        ("https://app.example/cb?a=1&state=x", Unfit::Reserved),
        ("https://app.example/cb?%69ss=x", Unfit::Reserved),
        ("https://app.example/cb?error", Unfit::Reserved),
        ("https:app.example/cb", unusual("https://app.example/cb")),
        ("https:/app.example/cb", unusual("https://app.example/cb")),
        ("HTTPS://app.example/cb", unusual("https://app.example/cb")),
        ("https://App.example/cb", unusual("https://app.example/cb")),
        ("https://app.example:443/cb", unusual("https://app.example/cb")),
        ("https://@app.example/cb", unusual("https://app.example/cb")),
        ("https://app.example/a/../cb", unusual("https://app.example/cb")),
        ("https://app.example/%2e%2e/cb", unusual("https://app.example/cb")),
        ("https://app.example?x=1", unusual("https://app.example/?x=1")),
        ("http://127.1/cb", unusual("http://127.0.0.1/cb")),
        ("http://2130706433/cb", unusual("http://127.0.0.1/cb")),
        ("http://[0:0:0:0:0:0:0:1]/cb", unusual("http://[::1]/cb")),
        ("http://127.0.0.1:80/cb", unusual("http://127.0.0.1/cb")),
        ("Com.Example.App:/cb", unusual("com.example.app:/cb")),
    ];
    for (bad, why) in rows {
        assert_eq!(RedirectUri::register(bad).as_ref(), Err(why), "{bad}");
    }
}

#[test]
fn an_address_matches_byte_by_byte() {
    let registered = RedirectUri::register("https://app.example/cb").unwrap();
    assert!(registered.matches("https://app.example/cb"));
    for near in [
        "",
        "https://app.example/cb/",
        "https://app.example/cb?",
        "https://app.example/cb?x=1",
        "https://app.example/cb#",
        "https://app.example/cb#x",
        "https://app.example/CB",
        "https://APP.example/cb",
        "HTTPS://app.example/cb",
        "http://app.example/cb",
        "https://app.example:443/cb",
        "https://app.example:8443/cb",
        "https://app.example./cb",
        "https://app.example/cb%00",
        "https://app.example/%63b",
        "https://app.example//cb",
        "https://app.example/x/../cb",
        "https://app.example/cb/../x",
        "https://app.example/cb\\..\\x",
        "https://app.example/cb ",
        " https://app.example/cb",
        "https://app.example/cb\n",
        "https://app.example/c",
        "https://app.example",
        "https://app.example.evil.example/cb",
        "https://evil.example/https://app.example/cb",
        "https://app.example@evil.example/cb",
        "https://user@app.example/cb",
        "https://sub.app.example/cb",
        "https://example/cb",
        "//app.example/cb",
        "https://app.exаmple/cb",
        "javascript:alert(1)",
    ] {
        assert!(!registered.matches(near), "{near}");
    }
    let bare = RedirectUri::register("https://app.example").unwrap();
    assert!(!bare.matches("https://app.example/"));
}

#[test]
fn only_the_port_of_a_loopback_literal_is_free() {
    let rows: &[(&str, &str, bool)] = &[
        ("http://127.0.0.1/cb", "http://127.0.0.1/cb", true),
        ("http://127.0.0.1/cb", "http://127.0.0.1:1/cb", true),
        ("http://127.0.0.1/cb", "http://127.0.0.1:65535/cb", true),
        ("http://127.0.0.1:8080/cb", "http://127.0.0.1:9090/cb", true),
        ("http://127.0.0.1:8080/cb", "http://127.0.0.1/cb", true),
        ("http://127.0.0.1", "http://127.0.0.1:9090", true),
        ("http://127.0.0.1/cb?x=1", "http://127.0.0.1:9090/cb?x=1", true),
        ("http://[::1]/cb", "http://[::1]:9090/cb", true),
        ("http://127.0.0.1/cb", "http://127.0.0.1:0/cb", false),
        ("http://127.0.0.1/cb", "http://127.0.0.1:65536/cb", false),
        ("http://127.0.0.1/cb", "http://127.0.0.1:080/cb", false),
        ("http://127.0.0.1/cb", "http://127.0.0.1:+80/cb", false),
        ("http://127.0.0.1/cb", "http://127.0.0.1:/cb", false),
        ("http://127.0.0.1/cb", "http://127.0.0.1:x/cb", false),
        ("http://127.0.0.1/cb", "http://127.0.0.1:80@evil.example/cb", false),
        ("http://127.0.0.1/cb", "http://127.0.0.1@evil.example/cb", false),
        ("http://127.0.0.1/cb", "http://127.0.0.1.evil.example/cb", false),
        ("http://127.0.0.1/cb", "http://127.0.0.1:80.evil.example/cb", false),
        ("http://127.0.0.1/cb", "http://127.0.0.1:80/other", false),
        ("http://127.0.0.1/cb", "http://127.0.0.1:80/cb/", false),
        ("http://127.0.0.1/cb", "http://127.0.0.1:80/cb?x=1", false),
        ("http://127.0.0.1/cb", "http://127.0.0.1:80/cb#x", false),
        ("http://127.0.0.1/cb", "https://127.0.0.1:80/cb", false),
        ("http://127.0.0.1/cb", "http://127.0.0.2:80/cb", false),
        ("http://127.0.0.1/cb", "http://127.1:80/cb", false),
        ("http://127.0.0.1/cb", "http://[::1]:80/cb", false),
        ("http://127.0.0.1/cb", "http://localhost:80/cb", false),
        ("http://127.0.0.1", "http://127.0.0.1:80/", false),
        ("http://[::1]/cb", "http://[::1%25eth0]:80/cb", false),
        ("http://[::1]/cb", "http://127.0.0.1:80/cb", false),
        ("http://localhost:3000/cb", "http://localhost:3000/cb", true),
        ("http://localhost:3000/cb", "http://localhost:3001/cb", false),
        ("http://localhost/cb", "http://127.0.0.1/cb", false),
        ("https://localhost/cb", "https://localhost:8443/cb", false),
        ("com.example.app:/cb", "com.example.app:/cb", true),
        ("com.example.app:/cb", "com.example.app://cb", false),
        ("com.example.app:/cb", "com.example.app.evil:/cb", false),
    ];
    for (registered, asked, matches) in rows {
        let uri = RedirectUri::register(registered).expect(registered);
        assert_eq!(uri.matches(asked), *matches, "{registered} {asked}");
    }
}

#[test]
fn an_origin_is_what_browsers_send_and_not_an_address() {
    let client = public();
    assert!(client.may_call_from("https://app.example"));
    for other in
        [CALLBACK, "https://app.example/", "https://app.exampl", "https://app.example:444", "null", ""]
    {
        assert!(!client.may_call_from(other), "{other}");
    }
}
