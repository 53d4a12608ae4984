//! The authorization endpoint, which people see: they sign in, are asked in plain words, and are sent back with a code
//! or a refusal. The request travels through the forms as the query it came in, and is read again each time.

use super::answer::{Oops, Seen, leading_to, page, to};
use super::visit::Visit;
use super::words;
use crate::reply::bad;
use askama::Template;
use contactgram_hub::oauth::{Asked, AuthorizationRequest, Choice, Step, Visitor};
use contactgram_hub::{Error, SignedIn};
use contactgram_model::UserId;
use contactgram_model::scope::{Scope, Scopes};

/// A sign-in so recent, in seconds, counts as made for the request that asked for one.
const JUST_NOW_S: i64 = 120;

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage {
    app: String,
    member: String,
    csrf: String,
    query: String,
    to: String,
    accounts: Vec<Choice>,
    scopes: Vec<Scope>,
}

/// What a request is about, or where it ends at once.
async fn read(visit: &Visit) -> Result<Result<Box<AuthorizationRequest>, axum::response::Response>, Oops> {
    match visit.hub().authorization(&visit.raw_query).await? {
        // Nobody is sent to an address that the application did not register.
        Asked::Show(why) => Err(bad(why).into()),
        Asked::Redirect(location) => Ok(Err(to(&location))),
        Asked::Request(asked) => Ok(Ok(asked)),
    }
}

/// `GET /oauth/authorize`
pub(super) async fn ask(visit: Visit) -> Seen {
    let asked = match read(&visit).await? {
        Ok(asked) => asked,
        Err(ended) => return Ok(ended),
    };
    let visitor = visit.maybe_signed().map_or(Visitor::Stranger, |signed| Visitor::Member {
        id: signed.member.member_id,
        just_now: visit.hub().now() - signed.session.created_at < JUST_NOW_S,
    });
    match visit.hub().next_step(&asked, visitor).await? {
        Step::SignIn => Err(Oops::SignIn(visit.here())),
        Step::Go(location) => Ok(to(&location)),
        Step::Ask(choices) => question(&visit, &asked, choices),
    }
}

fn question(visit: &Visit, asked: &AuthorizationRequest, choices: Vec<Choice>) -> Seen {
    let signed = visit.signed()?;
    let offered =
        |scope: &Scope| choices.is_empty() || choices.iter().any(|choice| choice.scopes.has(*scope));
    let shown = page(&ConsentPage {
        app: asked.app.name.clone(),
        member: signed.member.name.clone(),
        csrf: signed.csrf.reveal().to_owned(),
        query: visit.raw_query.clone(),
        to: asked.returns_to.clone(),
        scopes: asked.scopes.iter().filter(offered).collect(),
        accounts: choices,
    })?;
    // Browsers hold the form's policy against the address that its answer redirects to.
    Ok(leading_to(shown, &origin(&visit.hub().refuse(asked))))
}

/// The scheme and host of an address, as a policy names them.
fn origin(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once(':') else { return String::new() };
    match rest.strip_prefix("//") {
        Some(rest) if matches!(scheme, "http" | "https") => {
            format!("{scheme}://{}", rest.split(['/', '?', '#']).next().unwrap_or_default())
        }
        _ => format!("{scheme}:"),
    }
}

/// `POST /oauth/authorize`
pub(super) async fn answer(visit: Visit) -> Seen {
    let asked = match read(&visit).await? {
        Ok(asked) => asked,
        Err(ended) => return Ok(ended),
    };
    let signed = visit.signed()?;
    let location = match visit.form.one("answer") {
        "allow" => allow(&visit, &asked, signed).await?,
        _ => visit.hub().refuse(&asked),
    };
    Ok(leading_to(to(&location), &origin(&location)))
}

async fn allow(visit: &Visit, asked: &AuthorizationRequest, signed: &SignedIn) -> Result<String, Oops> {
    let account: i64 = visit.form.one("account").parse().map_err(|_| Error::bad("account is missing"))?;
    let scopes: Scopes = asked.scopes;
    Ok(visit.hub().give(asked, signed.member.member_id, UserId(account), scopes).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_a_host_or_a_scheme_and_nothing_of_the_path() {
        for (address, wanted) in [
            ("https://app.example/cb?error=x", "https://app.example"),
            ("http://127.0.0.1:5000?x", "http://127.0.0.1:5000"),
            ("com.example.app:/cb", "com.example.app:"),
            ("com.example.app://cb", "com.example.app:"),
            ("none", ""),
        ] {
            assert_eq!(origin(address), wanted);
        }
    }
}
