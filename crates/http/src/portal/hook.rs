//! One further webhook: how it fares, what it receives, what was delivered and given up; changed, paused, given another
//! secret and removed here, and told to deliver again.

use super::answer::{Seen, page_of, to};
use super::form::Form;
use super::hooks::{self, asked, kinds, refused};
use super::shell::{Shell, path};
use super::visit::Visit;
use super::words;
use askama::Template;
use contactgram_hub::access::{ContactsRead, UpdatesRead};
use contactgram_hub::{DeliveriesPage, EndpointRequest, EndpointView, Error, ReplayRequest};
use contactgram_model::{Role, Timestamp};
use serde::Deserialize;

/// Tries on a page.
const TRIES: i64 = 50;

#[derive(Template)]
#[template(path = "hook.html")]
struct HookPage {
    shell: Shell,
    form: Form,
    at: String,
    /// Where this webhook's pages are.
    base: String,
    here: String,
    hook: EndpointView,
    /// Which tries are shown.
    status: String,
    log: DeliveriesPage,
    newer: Option<String>,
    older: Option<String>,
    replayed: Option<i64>,
    kinds: Vec<&'static str>,
    labels: Vec<String>,
    now: Timestamp,
}

/// `GET /portal/a/{account}/webhooks/{id}`
pub(super) async fn show(visit: Visit) -> Seen {
    with(&visit, None).await
}

async fn with(visit: &Visit, form: Option<Form>) -> Seen {
    let (hub, permit) = (visit.hub(), visit.permit::<UpdatesRead>()?);
    let (at, id) = (path(visit.account()?.0), visit.number("id")?);
    let hook = hub.endpoint(&permit, id).await?;
    let offset: i64 = visit.query("offset").parse().unwrap_or(0).clamp(0, i64::MAX / 2);
    let status = ["delivered", "failed", "dead"].into_iter().find(|known| *known == visit.query("status"));
    let log = hub.deliveries(&permit, id, status, (TRIES, offset)).await?;
    let here = format!("{at}/webhooks/{id}");
    let status = status.unwrap_or_default().to_owned();
    let from = |offset: i64| format!("{here}?status={status}&offset={offset}#log");
    let page = HookPage {
        shell: Shell { live: Some(format!("{at}/live")), ..visit.shell("Webhook", "hooks")? },
        newer: (offset > 0).then(|| from((offset - TRIES).max(0))),
        older: (log.total_count > offset + TRIES).then(|| from(offset + TRIES)),
        // What a form was refused for does not look again by itself: it would lose what was typed.
        base: here.clone(),
        here: if form.is_some() { here.clone() } else { visit.here() },
        form: form.unwrap_or_else(|| form_of(&hook)),
        replayed: visit.query("replayed").parse().ok(),
        kinds: kinds(),
        labels: hub.labels(&visit.permit::<ContactsRead>()?).await?,
        now: hub.now(),
        at,
        hook,
        status,
        log,
    };
    page_of(page.form.is_wrong(), &page)
}

/// The form with what a webhook has.
fn form_of(hook: &EndpointView) -> Form {
    let join = |all: Vec<String>| all.join(", ");
    let kinds = hook.allowed_updates.iter().flatten().map(|kind| ("allowed_updates", (*kind).to_owned()));
    let fields = [
        ("url", hook.url.clone()),
        ("description", hook.description.clone().unwrap_or_default()),
        ("chats", join(hook.chats.iter().map(ToString::to_string).collect())),
        ("labels", join(hook.labels.clone())),
        ("max_connections", hook.max_connections.to_string()),
        ("max_attempts", hook.max_attempts.to_string()),
    ];
    Form::of(fields.into_iter().chain(kinds))
}

/// `POST /portal/a/{account}/webhooks/{id}`
pub(super) async fn save(visit: Visit) -> Seen {
    let (form, id, permit) = (visit.form.clone(), visit.number("id")?, visit.permit::<UpdatesRead>()?);
    let before = visit.hub().endpoint(&permit, id).await?;
    let saved = match asked(&visit, Some(&before)).await {
        Ok(request) => visit.hub().change_endpoint(&permit, id, request).await,
        Err(error) => Err(error),
    };
    match saved {
        Ok(_) => back(&visit, "saved"),
        Err(error) => with(&visit, Some(refused(form, error)?)).await,
    }
}

/// `POST /portal/a/{account}/webhooks/{id}/pause`
pub(super) async fn pause(visit: Visit) -> Seen {
    set_paused(&visit, true).await
}

/// `POST /portal/a/{account}/webhooks/{id}/resume`
pub(super) async fn resume(visit: Visit) -> Seen {
    set_paused(&visit, false).await
}

async fn set_paused(visit: &Visit, paused: bool) -> Seen {
    let request = EndpointRequest { paused: Some(paused), ..EndpointRequest::default() };
    visit.hub().change_endpoint(&visit.permit::<UpdatesRead>()?, visit.number("id")?, request).await?;
    back(visit, if paused { "paused" } else { "resumed" })
}

/// `POST /portal/a/{account}/webhooks/{id}/secret`
pub(super) async fn rotate(visit: Visit) -> Seen {
    let id = visit.number("id")?;
    let made = visit.hub().rotate_endpoint(&visit.permit::<UpdatesRead>()?, (id, None), None).await?;
    hooks::secret(&visit, "The webhook's new secret", (id, made))
}

/// `POST /portal/a/{account}/webhooks/{id}/remove`
pub(super) async fn remove(visit: Visit) -> Seen {
    visit.hub().remove_endpoint(&visit.permit::<UpdatesRead>()?, visit.number("id")?).await?;
    Ok(to(&format!("{}/webhooks?done=webhook-removed", path(visit.account()?.0))))
}

/// `POST /portal/a/{account}/webhooks/{id}/replay`
pub(super) async fn replay(visit: Visit) -> Seen {
    #[derive(Deserialize)]
    struct Queued {
        queued: i64,
    }
    let id = visit.number("id")?;
    let request = match again(&visit.form) {
        Ok(request) => request,
        Err((field, text)) => {
            let hook = visit.hub().endpoint(&visit.permit::<UpdatesRead>()?, id).await?;
            return with(&visit, Some(typed(&visit.form, &hook).with(field, text))).await;
        }
    };
    let field = if matches!(request, ReplayRequest::Updates(_)) { "update_ids" } else { "since" };
    match visit.hub().replay(&visit.permit::<UpdatesRead>()?, (id, request), None).await {
        Ok(answer) => {
            let Queued { queued } = serde_json::from_str(&answer.result).map_err(Error::internal)?;
            Ok(to(&format!("{}/webhooks/{id}?replayed={queued}", path(visit.account()?.0))))
        }
        Err(Error::BadRequest(text) | Error::NotFound(text)) => {
            let hook = visit.hub().endpoint(&visit.permit::<UpdatesRead>()?, id).await?;
            with(&visit, Some(typed(&visit.form, &hook).with(field, text))).await
        }
        Err(error) => Err(error.into()),
    }
}

/// What was typed to deliver again, with what the webhook's own form has.
fn typed(form: &Form, hook: &EndpointView) -> Form {
    ["update_ids", "since", "until"].into_iter().fold(form_of(hook), |all, name| all.or(name, form.one(name)))
}

/// What is to be delivered again.
fn again(form: &Form) -> Result<ReplayRequest, (&'static str, &'static str)> {
    let numbers = form.list("update_ids");
    let moment = |name: &'static str| form.moment(name).map_err(|why| (name, why));
    match (numbers.is_empty(), moment("since")?, moment("until")?) {
        (false, None, None) => {
            let ids = numbers.iter().map(|text| text.parse().ok()).collect::<Option<_>>();
            ids.map(ReplayRequest::Updates).ok_or(("update_ids", "must be numbers with commas between"))
        }
        (true, Some(since), until) => Ok(ReplayRequest::Between(since, until.unwrap_or(i64::MAX))),
        (false, ..) => Err(("update_ids", "give either numbers or a time, not both")),
        (true, None, _) => Err(("update_ids", "give the numbers of updates, or the time from which on")),
    }
}

fn back(visit: &Visit, done: &str) -> Seen {
    Ok(to(&format!("{}/webhooks/{}?done={done}", path(visit.account()?.0), visit.number("id")?)))
}
