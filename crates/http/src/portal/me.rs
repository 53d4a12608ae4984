//! What is a member's own: the password, the sessions, and what applications were allowed in their name.

use super::answer::{Seen, page_of, to};
use super::form::Form;
use super::shell::Shell;
use super::visit::Visit;
use super::words;
use askama::Template;
use contactgram_model::{Password, Role, Timestamp, UserId};

struct SessionRow {
    id: i64,
    place: String,
    this: bool,
    since: Timestamp,
    seen: Timestamp,
}

/// A consent of the member's.
struct GrantRow {
    client: String,
    app: String,
    account: UserId,
    scopes: Vec<&'static str>,
    since: Timestamp,
}

#[derive(Template)]
#[template(path = "me.html")]
struct MePage {
    shell: Shell,
    form: Form,
    sessions: Vec<SessionRow>,
    grants: Vec<GrantRow>,
    now: Timestamp,
}

/// `GET /portal/me`
pub(super) async fn show(visit: Visit) -> Seen {
    with(&visit, Form::default()).await
}

async fn with(visit: &Visit, form: Form) -> Seen {
    let signed = visit.signed()?;
    let this = signed.session.session_id;
    let all = visit.hub().sessions_of(signed.actor(), signed.member.member_id).await?;
    let row = |session: contactgram_hub::SessionView| SessionRow {
        id: session.session_id,
        this: session.session_id == this,
        place: place(&session.agent, &session.address),
        since: session.created_at,
        seen: session.seen_at,
    };
    let grants = visit.hub().grants_of_member(signed.member.member_id).await?;
    let allowed = |grant: contactgram_hub::oauth::GrantView| GrantRow {
        client: grant.client_id,
        app: grant.app,
        account: grant.account_id,
        scopes: grant.scopes,
        since: grant.created_at,
    };
    let page = MePage {
        shell: visit.shell("You", "me")?,
        sessions: all.into_iter().map(row).collect(),
        grants: grants.into_iter().map(allowed).collect(),
        now: visit.hub().now(),
        form,
    };
    page_of(page.form.is_wrong(), &page)
}

fn place(agent: &str, address: &str) -> String {
    let agent = if agent.is_empty() { "Something without a name" } else { agent };
    if address.is_empty() { agent.to_owned() } else { format!("{agent}, from {address}") }
}

/// `POST /portal/me/password`
pub(super) async fn password(visit: Visit) -> Seen {
    let signed = visit.signed()?;
    let (current, new) = (visit.form.one("current"), visit.form.one("password"));
    let new = match Password::new(new) {
        Ok(new) => new,
        Err(why) => return with(&visit, Form::default().with("password", why)).await,
    };
    match visit.hub().change_password(signed, current, new).await {
        Ok(()) => Ok(to("/portal/me?done=password")),
        Err(contactgram_hub::Error::BadRequest(why)) => {
            with(&visit, Form::default().with("current", why.into_owned())).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /portal/me/sessions/{id}/end`
pub(super) async fn end(visit: Visit) -> Seen {
    let signed = visit.signed()?;
    visit.hub().end_session(signed.actor(), signed.member.member_id, visit.number("id")?).await?;
    Ok(to("/portal/me?done=session"))
}

/// `POST /portal/me/sessions/end-others`
pub(super) async fn end_others(visit: Visit) -> Seen {
    visit.hub().end_other_sessions(visit.signed()?).await?;
    Ok(to("/portal/me?done=session"))
}

/// `POST /portal/me/grants/revoke`
pub(super) async fn revoke(visit: Visit) -> Seen {
    let signed = visit.signed()?;
    let account: i64 =
        visit.form.one("on").parse().map_err(|_| contactgram_hub::Error::missing("no such grant"))?;
    let on = (UserId(account), signed.member.member_id);
    visit.hub().revoke_grant(signed.actor(), visit.form.one("client"), on).await?;
    Ok(to("/portal/me?done=grant-revoked"))
}
