//! Applications of an account: registered, set up, shut out; and who gave them access, which can be taken back. The
//! secret of one is shown once.

use super::answer::{Oops, Seen, page_of, to};
use super::form::Form;
use super::secret::{Secret, shown};
use super::shell::{Shell, path};
use super::visit::Visit;
use super::words;
use askama::Template;
use contactgram_hub::Error;
use contactgram_hub::oauth::{AppChange, AppView, NewApp, NewAppView};
use contactgram_model::scope::{Scope, Scopes};
use contactgram_model::{MemberId, Role, Timestamp, UserId};

const FIELDS: [&str; 4] = ["name", "redirect_uris", "scopes", "scope"];

#[derive(Template)]
#[template(path = "apps.html")]
struct AppsPage {
    shell: Shell,
    form: Form,
    at: String,
    apps: Vec<AppView>,
    offered: Vec<Scope>,
}

/// `GET /portal/a/{account}/apps`
pub(super) async fn list(visit: Visit) -> Seen {
    list_with(&visit, Form::default()).await
}

async fn list_with(visit: &Visit, form: Form) -> Seen {
    let (account, role) = visit.account()?;
    let page = AppsPage {
        shell: visit.shell("Applications", "apps")?,
        at: path(account),
        apps: visit.hub().apps(visit.actor()?, account).await?,
        offered: role.scopes().iter().collect(),
        form,
    };
    page_of(page.form.is_wrong(), &page)
}

/// `POST /portal/a/{account}/apps`
pub(super) async fn add(visit: Visit) -> Seen {
    let ((account, _), form) = (visit.account()?, visit.form.clone());
    let new = NewApp {
        name: form.one("name").to_owned(),
        redirects: form.list("redirect_uris"),
        public: form.one("kind") == "public",
        scopes: scopes(&form),
    };
    match visit.hub().add_app(visit.actor()?, account, new).await {
        Ok(made) => credentials(&visit, account, made),
        Err(error) => list_with(&visit, refused(form, error)?).await,
    }
}

fn scopes(form: &Form) -> Scopes {
    form.all("scope").filter_map(|name| name.parse::<Scope>().ok()).collect()
}

fn refused(form: Form, error: Error) -> Result<Form, Error> {
    let form = form.refused(error, &FIELDS)?;
    Ok(match form.wrong("scopes").map(str::to_owned) {
        Some(text) => form.with("scope", text),
        None => form,
    })
}

fn credentials(visit: &Visit, account: UserId, made: NewAppView) -> Seen {
    let NewAppView { client_secret, view } = made;
    let url = &visit.app().options.url;
    let curl = client_secret.as_ref().map(|secret| {
        format!("curl {url}/oauth/token -u {}:{secret} -d grant_type=client_credentials", view.client_id)
    });
    let back = format!("{}/apps/{}", path(account), view.client_id);
    let id = ("Client id", view.client_id);
    let secrets = client_secret.map(|secret| ("Client secret", secret));
    shown(Secret {
        shell: visit.shell(format!("{} is registered", view.name), "apps")?,
        back,
        back_text: view.name,
        text: String::new(),
        curl: curl.unwrap_or_default(),
        secrets: [id].into_iter().chain(secrets).collect(),
    })
}

struct GrantRow {
    who: String,
    member: i64,
    account: UserId,
    scopes: Vec<&'static str>,
    since: Timestamp,
    given: Timestamp,
}

#[derive(Template)]
#[template(path = "app.html")]
struct AppPage {
    shell: Shell,
    form: Form,
    at: String,
    base: String,
    app: AppView,
    offered: Vec<Scope>,
    grants: Vec<GrantRow>,
    now: Timestamp,
}

/// The application of the path, if it is one of the account's: another's is none.
async fn known(visit: &Visit) -> Result<AppView, Oops> {
    let (account, _) = visit.account()?;
    let app = visit.hub().app(visit.actor()?, visit.part("client")).await?;
    if app.account_id == account { Ok(app) } else { Err(Error::missing("no such application").into()) }
}

/// `GET /portal/a/{account}/apps/{client}`
pub(super) async fn show(visit: Visit) -> Seen {
    let app = known(&visit).await?;
    let fields = [("name", app.name.clone()), ("redirect_uris", app.redirect_uris.join("\n"))];
    let form =
        Form::of(fields.into_iter().chain(app.scopes.iter().map(|scope| ("scope", (*scope).to_owned()))));
    show_with(&visit, app, form).await
}

async fn show_with(visit: &Visit, app: AppView, form: Form) -> Seen {
    let (account, role) = visit.account()?;
    let grants = visit.hub().grants_of_app(visit.actor()?, &app.client_id).await?;
    let row = |grant: contactgram_hub::oauth::GrantView| GrantRow {
        who: grant.member,
        member: grant.member_id,
        account: grant.account_id,
        scopes: grant.scopes,
        since: grant.created_at,
        given: grant.given_at,
    };
    let page = AppPage {
        shell: visit.shell(app.name.clone(), "apps")?,
        at: path(account),
        base: visit.app().options.url.clone(),
        offered: role.scopes().iter().collect(),
        grants: grants.into_iter().map(row).collect(),
        now: visit.hub().now(),
        app,
        form,
    };
    page_of(page.form.is_wrong(), &page)
}

/// `POST /portal/a/{account}/apps/{client}`
pub(super) async fn save(visit: Visit) -> Seen {
    let (app, form) = (known(&visit).await?, visit.form.clone());
    let change = AppChange {
        name: Some(form.one("name").to_owned()),
        redirects: Some(form.list("redirect_uris")),
        scopes: Some(scopes(&form)),
        disabled: None,
    };
    match visit.hub().change_app(visit.actor()?, &app.client_id, change).await {
        Ok(app) => Ok(to(&format!("{}/apps/{}?done=saved", path(visit.account()?.0), app.client_id))),
        Err(error) => show_with(&visit, app, refused(form, error)?).await,
    }
}

/// `POST /portal/a/{account}/apps/{client}/secret`
pub(super) async fn secret(visit: Visit) -> Seen {
    let app = known(&visit).await?;
    let made = visit.hub().rotate_app_secret(visit.actor()?, &app.client_id).await?;
    credentials(&visit, app.account_id, made)
}

/// `POST /portal/a/{account}/apps/{client}/disable`
pub(super) async fn disable(visit: Visit) -> Seen {
    set_disabled(&visit, true).await
}

/// `POST /portal/a/{account}/apps/{client}/enable`
pub(super) async fn enable(visit: Visit) -> Seen {
    set_disabled(&visit, false).await
}

async fn set_disabled(visit: &Visit, disabled: bool) -> Seen {
    let app = known(visit).await?;
    let change = AppChange { disabled: Some(disabled), ..AppChange::default() };
    visit.hub().change_app(visit.actor()?, &app.client_id, change).await?;
    let word = if disabled { "disabled" } else { "enabled" };
    Ok(to(&format!("{}/apps/{}?done={word}", path(app.account_id), app.client_id)))
}

/// `POST /portal/a/{account}/apps/{client}/remove`
pub(super) async fn remove(visit: Visit) -> Seen {
    let app = known(&visit).await?;
    visit.hub().remove_app(visit.actor()?, &app.client_id).await?;
    Ok(to(&format!("{}/apps?done=app-removed", path(app.account_id))))
}

/// `POST /portal/a/{account}/apps/{client}/grants/revoke`
pub(super) async fn revoke(visit: Visit) -> Seen {
    let app = known(&visit).await?;
    let of = |name: &str| visit.form.one(name).parse::<i64>().map_err(|_| Error::missing("no such grant"));
    let on = (UserId(of("on")?), MemberId(of("member")?));
    visit.hub().revoke_grant(visit.actor()?, &app.client_id, on).await?;
    Ok(to(&format!("{}/apps/{}?done=grant-revoked", path(app.account_id), app.client_id)))
}
