//! Who may sign in, and with which role: on all accounts, for those who own them all, and on one, for its owners.
//! What may be changed is decided by the hub, in the transaction of the change.

use super::answer::{Oops, Seen, page_of, to};
use super::form::Form;
use super::secret::{Secret, shown};
use super::shell::{Shell, path};
use super::visit::Visit;
use super::words;
use askama::Template;
use contactgram_hub::{AccountMemberView, Error, MemberView, NewMember, OneTimeLink};
use contactgram_model::{MemberId, Role, Timestamp, UserId};

struct MemberRow {
    id: MemberId,
    name: String,
    everywhere: Option<Role>,
    last_sign_in: Option<Timestamp>,
    disabled: bool,
    waiting: bool,
}

#[derive(Template)]
#[template(path = "members.html")]
struct MembersPage {
    shell: Shell,
    form: Form,
    members: Vec<MemberRow>,
    now: Timestamp,
}

/// `GET /portal/members`
pub(super) async fn list(visit: Visit) -> Seen {
    list_with(&visit, Form::default()).await
}

async fn list_with(visit: &Visit, form: Form) -> Seen {
    let all = visit.hub().members(visit.actor()?).await?;
    let row = |member: MemberView| MemberRow {
        id: member.member_id,
        everywhere: given(&member, None),
        name: member.name,
        last_sign_in: member.last_sign_in_at,
        disabled: member.disabled,
        waiting: !member.has_password,
    };
    let page = MembersPage {
        shell: visit.shell("People who sign in", "members")?,
        members: all.into_iter().map(row).collect(),
        now: visit.hub().now(),
        form,
    };
    page_of(page.form.is_wrong(), &page)
}

/// The role that somebody was given on an account, or on all.
fn given(member: &MemberView, account: Option<UserId>) -> Option<Role> {
    member.roles.iter().find(|given| given.account_id == account).and_then(|given| given.role.parse().ok())
}

/// `POST /portal/members`
pub(super) async fn invite(visit: Visit) -> Seen {
    let form = visit.form.clone();
    let roles = role(&form)?.map(|role| (UserId::EVERY_ACCOUNT, role));
    let new = NewMember {
        name: form.one("name").to_owned(),
        roles: roles.into_iter().collect(),
        ..NewMember::default()
    };
    match visit.hub().add_member(visit.actor()?, new).await {
        Ok((member, Some(link))) => {
            show_link(&visit, ("/portal/members", "People who sign in"), &member.name, &link)
        }
        Ok((_, None)) => Ok(to("/portal/members?done=added")),
        Err(error) => list_with(&visit, form.refused(error, &["name"])?).await,
    }
}

fn role(form: &Form) -> Result<Option<Role>, Error> {
    match form.one("role") {
        "" | "none" => Ok(None),
        name => name.parse().map(Some).map_err(|why: String| Error::BadRequest(why.into())),
    }
}

fn show_link(visit: &Visit, (back, back_text): (&str, &str), name: &str, link: &OneTimeLink) -> Seen {
    let active = if back == "/portal/members" { "members" } else { "roles" };
    shown(Secret {
        shell: visit.shell(format!("A link for {name}"), active)?,
        back: back.to_owned(),
        back_text: back_text.to_owned(),
        text: String::new(),
        curl: String::new(),
        secrets: vec![(
            "Give them this link: it sets a password once, within 24 hours",
            format!("{}{}", visit.app().options.url, link.path()),
        )],
    })
}

fn target(visit: &Visit) -> Result<MemberId, Oops> {
    visit.number("id").map(MemberId)
}

/// `POST /portal/members/{id}/role`
pub(super) async fn set_role(visit: Visit) -> Seen {
    let changed = visit
        .hub()
        .set_role(visit.actor()?, target(&visit)?, UserId::EVERY_ACCOUNT, role(&visit.form)?)
        .await;
    after(&visit, changed, "role").await
}

/// `POST /portal/members/{id}/link`
pub(super) async fn link(visit: Visit) -> Seen {
    let (by, id) = (visit.actor()?, target(&visit)?);
    match visit.hub().new_link(by, id).await {
        Ok(link) => {
            let member = visit.hub().member(by, id).await?;
            show_link(&visit, ("/portal/members", "People who sign in"), &member.name, &link)
        }
        Err(error) => list_with(&visit, Form::default().refused(error, &[])?).await,
    }
}

/// `POST /portal/members/{id}/disable`
pub(super) async fn disable(visit: Visit) -> Seen {
    let changed = visit.hub().disable_member(visit.actor()?, target(&visit)?).await;
    after(&visit, changed, "disabled").await
}

/// `POST /portal/members/{id}/enable`
pub(super) async fn enable(visit: Visit) -> Seen {
    let changed = visit.hub().enable_member(visit.actor()?, target(&visit)?).await;
    after(&visit, changed, "enabled").await
}

/// `POST /portal/members/{id}/remove`
pub(super) async fn remove(visit: Visit) -> Seen {
    let changed = visit.hub().remove_member(visit.actor()?, target(&visit)?).await;
    after(&visit, changed, "member-removed").await
}

async fn after(visit: &Visit, changed: Result<(), Error>, word: &str) -> Seen {
    match changed {
        Ok(()) => Ok(to(&format!("/portal/members?done={word}"))),
        Err(error) => list_with(visit, Form::default().refused(error, &[])?).await,
    }
}

struct RoleRow {
    id: MemberId,
    name: String,
    disabled: bool,
    here: Option<Role>,
    everywhere: Option<Role>,
    effective: Role,
}

#[derive(Template)]
#[template(path = "roles.html")]
struct RolesPage {
    shell: Shell,
    form: Form,
    at: String,
    members: Vec<RoleRow>,
    may_change: bool,
}

/// `GET /portal/a/{account}/members`
pub(super) async fn of_account(visit: Visit) -> Seen {
    roles_with(&visit, Form::default()).await
}

async fn roles_with(visit: &Visit, form: Form) -> Seen {
    let (account, role) = visit.account()?;
    let all = visit.hub().members_of(visit.actor()?, account).await?;
    let row = |AccountMemberView { member, everywhere }: AccountMemberView| {
        // The role that counts, and where it comes from.
        let effective = given(&member, Some(account))?;
        let (here, everywhere) = if everywhere { (None, Some(effective)) } else { (Some(effective), None) };
        Some(RoleRow {
            id: member.member_id,
            name: member.name,
            disabled: member.disabled,
            here,
            everywhere,
            effective,
        })
    };
    let page = RolesPage {
        shell: visit.shell("Members and roles", "roles")?,
        at: path(account),
        members: all.into_iter().filter_map(row).collect(),
        may_change: role >= Role::Owner,
        form,
    };
    page_of(page.form.is_wrong(), &page)
}

/// `POST /portal/a/{account}/members`
pub(super) async fn give(visit: Visit) -> Seen {
    let ((account, _), form, by) = (visit.account()?, visit.form.clone(), visit.actor()?);
    let Some(role) = role(&form)? else {
        return roles_with(&visit, form.with("role", "choose a role")).await;
    };
    let back = format!("{}/members", path(account));
    let given = match visit.hub().member_named(form.one("name").trim()).await {
        Ok(known) => visit.hub().set_role(by, known, account, Some(role)).await.map(|()| None),
        Err(Error::NotFound(_)) => {
            let new = NewMember {
                name: form.one("name").to_owned(),
                roles: vec![(account, role)],
                ..NewMember::default()
            };
            visit.hub().add_member(by, new).await.map(|(member, link)| link.map(|link| (member.name, link)))
        }
        Err(error) => Err(error),
    };
    match given {
        Ok(Some((name, link))) => show_link(&visit, (&back, "Members and roles"), &name, &link),
        Ok(None) => Ok(to(&format!("{back}?done=role"))),
        Err(error) => roles_with(&visit, form.refused(error, &["name"])?).await,
    }
}

/// `POST /portal/a/{account}/members/{id}/role`
pub(super) async fn set_role_here(visit: Visit) -> Seen {
    let (account, _) = visit.account()?;
    match visit.hub().set_role(visit.actor()?, target(&visit)?, account, role(&visit.form)?).await {
        Ok(()) => Ok(to(&format!("{}/members?done=role", path(account)))),
        Err(error) => roles_with(&visit, Form::default().refused(error, &[])?).await,
    }
}
