//! Getting in and out: signing in with a password, choosing one by a one-time link, signing out. These pages have no
//! navigation and run no script.

use super::answer::{Oops, Seen, page, to, with_session, wrong};
use super::visit::Visit;
use askama::Template;
use contactgram_hub::{Error, NewSession};
use contactgram_model::{Password, PlainSecret};

#[derive(Template, Default)]
#[template(path = "sign_in.html")]
struct SignInPage {
    name: String,
    next: String,
    wrong: Option<String>,
    note: Option<&'static str>,
}

/// `GET /portal/sign-in`
pub(super) async fn sign_in(visit: Visit) -> Seen {
    let next = inside(visit.query("next"));
    // An application may want somebody to sign in anew.
    if visit.maybe_signed().is_some() && !next.starts_with("/oauth/") {
        return Ok(to(&next));
    }
    let note = (visit.query("done") == "out").then_some("You are signed out.");
    page(&SignInPage { next, note, ..SignInPage::default() })
}

/// `POST /portal/sign-in`
pub(super) async fn try_sign_in(visit: Visit) -> Seen {
    let (name, next) = (visit.form.one("name").trim().to_owned(), inside(visit.form.one("next")));
    let tried = visit.hub().sign_in(&name, visit.form.one("password"), visit.from()).await;
    let why = match tried {
        Ok(opened) => return Ok(entered(&visit, &opened, &next)),
        Err(Error::Unauthorized) => "The name or the password is another.".to_owned(),
        Err(Error::TooMany { retry_after }) => {
            format!("Too many tries. Try again in {retry_after} seconds.")
        }
        Err(error) => return Err(error.into()),
    };
    wrong(&SignInPage { name, next, wrong: Some(why), note: None })
}

/// `POST /portal/sign-out`
pub(super) async fn sign_out(visit: Visit) -> Seen {
    if let Some(secret) = visit.secret() {
        visit.hub().sign_out(&secret).await?;
    }
    Ok(with_session(to("/portal/sign-in?done=out"), visit.app(), ""))
}

#[derive(Template)]
#[template(path = "welcome.html")]
struct WelcomePage {
    code: String,
    /// Whom the link is for; nobody where it is none any more.
    member: Option<String>,
    wrong: Option<String>,
}

/// `GET /portal/welcome`
pub(super) async fn welcome(visit: Visit) -> Seen {
    let code = visit.query("code").to_owned();
    let member = holder(&visit, &code).await?;
    page(&WelcomePage { code, member, wrong: None })
}

/// `POST /portal/welcome`
pub(super) async fn set_password(visit: Visit) -> Seen {
    let code = visit.form.one("code").to_owned();
    let (password, again) = (visit.form.one("password"), visit.form.one("again"));
    let refused = match Password::new(password) {
        Err(why) => why.to_owned(),
        Ok(_) if password != again => "The two are not the same.".to_owned(),
        Ok(password) => {
            let Some(secret) = PlainSecret::parse(&code) else { return gone(code) };
            return match visit.hub().accept_link(&secret, password, visit.from()).await {
                Ok(opened) => Ok(entered(&visit, &opened, "/portal")),
                Err(Error::NotFound(_)) => gone(code),
                Err(error) => Err(error.into()),
            };
        }
    };
    let member = holder(&visit, &code).await?;
    wrong(&WelcomePage { code, member, wrong: Some(refused) })
}

fn gone(code: String) -> Seen {
    wrong(&WelcomePage { code, member: None, wrong: None })
}

async fn holder(visit: &Visit, code: &str) -> Result<Option<String>, Oops> {
    let Some(secret) = PlainSecret::parse(code) else { return Ok(None) };
    match visit.hub().link_holder(&secret).await {
        Ok(member) => Ok(Some(member.name)),
        Err(Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn entered(visit: &Visit, opened: &NewSession, next: &str) -> axum::response::Response {
    with_session(to(next), visit.app(), opened.secret.reveal())
}

/// An address of this server's pages, or the first page: a link must not lead anywhere else.
fn inside(next: &str) -> String {
    let ours = (next == "/portal" || next.starts_with("/portal/") || next.starts_with("/portal?"))
        || next.starts_with("/oauth/authorize?");
    let plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if ours && plain { next.to_owned() } else { "/portal".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_to_pages_of_this_server_alone() {
        for good in ["/portal", "/portal/a/5/contacts?q=x", "/oauth/authorize?client_id=a%20b"] {
            assert_eq!(inside(good), good);
        }
        for bad in [
            "",
            "//evil.example",
            "https://evil.example/portal",
            "/portalx",
            "/portal/\\evil",
            "/portal/\r\nX: y",
            "/docs",
        ] {
            assert_eq!(inside(bad), "/portal", "{bad:?}");
        }
    }
}
