//! Who receives an account's updates: the default consumer, those that getUpdates named, and further webhooks. Here they
//! are listed, webhooks made and named consumers removed; one webhook has a page of its own, in `hook`.

use super::answer::{Oops, Seen, page_of, to};
use super::form::Form;
use super::secret::{Secret, shown};
use super::shell::{Shell, path};
use super::visit::Visit;
use super::words;
use crate::reply::Failure;
use crate::webhooks;
use askama::Template;
use contactgram_hub::access::{ContactsRead, UpdatesRead};
use contactgram_hub::{Answer, ConsumerView, EndpointRequest, EndpointView, Error, WebhookInfo};
use contactgram_model::{Role, Timestamp, UpdateKind, UpdateKinds};
use contactgram_wire::params::Params;
use serde::Deserialize;
use serde_json::Value;

/// What the form of a webhook has.
const FIELDS: [&str; 9] = [
    "description",
    "allowed_updates",
    "chats",
    "labels",
    "max_connections",
    "max_attempts",
    "secret_token",
    "secret",
    "url",
];
/// What those are called in the texts of refusals that name no field.
const IN_WORDS: [(&str, &str); 1] = [("secret", "secret_token")];

#[derive(Template)]
#[template(path = "hooks.html")]
struct HooksPage {
    shell: Shell,
    form: Form,
    at: String,
    main: ConsumerView,
    hook: Option<WebhookInfo>,
    named: Vec<ConsumerView>,
    webhooks: Vec<EndpointView>,
    kinds: Vec<&'static str>,
    labels: Vec<String>,
    now: Timestamp,
}

/// `GET /portal/a/{account}/webhooks`
pub(super) async fn list(visit: Visit) -> Seen {
    list_with(&visit, Form::default()).await
}

async fn list_with(visit: &Visit, form: Form) -> Seen {
    let (hub, at) = (visit.hub(), path(visit.account()?.0));
    let permit = visit.permit::<UpdatesRead>()?;
    let hook = hub.webhook_info(&permit).await?;
    let page = HooksPage {
        shell: Shell { live: Some(format!("{at}/live")), ..visit.shell("Webhooks and consumers", "hooks")? },
        main: hub.default_consumer(&permit).await?,
        hook: Some(hook).filter(|hook| !hook.url.is_empty()),
        named: hub.consumers(&permit).await?,
        webhooks: hub.endpoints(&permit).await?,
        kinds: kinds(),
        labels: hub.labels(&visit.permit::<ContactsRead>()?).await?,
        now: hub.now(),
        form,
        at,
    };
    page_of(page.form.is_wrong(), &page)
}

/// `POST /portal/a/{account}/webhooks`
pub(super) async fn add(visit: Visit) -> Seen {
    let form = visit.form.clone();
    let made = match asked(&visit, None).await {
        Ok(request) => visit.hub().add_endpoint(&visit.permit::<UpdatesRead>()?, request, None).await,
        Err(error) => Err(error),
    };
    match made {
        Ok((answer, id)) => secret(&visit, "The webhook is made", (id, answer)),
        Err(error) => list_with(&visit, refused(form, error)?).await,
    }
}

/// `POST /portal/a/{account}/consumers/remove`
pub(super) async fn remove_consumer(visit: Visit) -> Seen {
    visit.hub().remove_consumer(&visit.permit::<UpdatesRead>()?, visit.form.one("name")).await?;
    Ok(to(&format!("{}/webhooks?done=removed", path(visit.account()?.0))))
}

/// The page with a webhook's secret.
pub(super) fn secret(visit: &Visit, title: &str, (id, answer): (i64, Answer)) -> Seen {
    #[derive(Deserialize)]
    struct Made {
        secret: String,
    }
    let made: Made = serde_json::from_str(&answer.result).map_err(Error::internal)?;
    shown(Secret {
        shell: visit.shell(title, "hooks")?,
        back: format!("{}/webhooks/{id}", path(visit.account()?.0)),
        back_text: "Webhook".to_owned(),
        text: "Receivers check the header webhook-signature with it, after Standard Webhooks.".to_owned(),
        curl: String::new(),
        secrets: vec![("Signing secret", made.secret)],
    })
}

/// What the form asks for, read by the rules of the API; what was there before is not named again.
pub(super) async fn asked(visit: &Visit, before: Option<&EndpointView>) -> Result<EndpointRequest, Error> {
    let form = &visit.form;
    let account = visit.caller().map_err(|_| Error::Internal)?.account();
    let mut params: Vec<(&str, String)> = Vec::new();
    for name in ["url", "description", "secret_token", "max_connections", "max_attempts"] {
        let text = form.one(name).trim().to_owned();
        if !text.is_empty() || name == "description" {
            params.push((name, text));
        }
    }
    params.retain(|(name, text)| *name != "url" || before.is_none_or(|before| before.url != *text));
    let kinds: Vec<&str> = form.all("allowed_updates").collect();
    params.push(("allowed_updates", Value::from(kinds).to_string()));
    for name in ["chats", "labels"] {
        params.push((name, Value::from(form.list(name)).to_string()));
    }
    let params = Params::from_iter(params);
    webhooks::request(visit.hub(), account, &params).await.map_err(|failure| match failure {
        Failure::Hub(error) => error,
        _ => Error::Internal,
    })
}

/// The form with a refusal at its field.
pub(super) fn refused(form: Form, error: Error) -> Result<Form, Oops> {
    let mut form = form.refused(error, &FIELDS)?;
    for (named, field) in IN_WORDS {
        if let Some(text) = form.wrong(named).map(str::to_owned) {
            form = form.with(field, text);
        }
    }
    // Telegram's own words for what is wrong with an address.
    Ok(
        match form
            .unplaced()
            .filter(|text| text.contains("webhook") && !text.contains("already"))
            .map(str::to_owned)
        {
            Some(text) => form.with("url", text),
            None => form,
        },
    )
}

/// What a webhook is doing, and the colour of it.
pub(super) fn state(hook: &EndpointView) -> (&'static str, &'static str) {
    match (hook.paused, &hook.last_error_message) {
        (true, _) => ("paused", "warn"),
        (false, Some(_)) if hook.pending_update_count > 0 => ("failing", "bad"),
        (false, _) => ("delivers", "good"),
    }
}

/// When what waits longest came.
pub(super) fn oldest(at: &Option<Timestamp>, now: &Timestamp) -> String {
    at.map_or_else(|| "–".to_owned(), |at| words::since(at, *now))
}

/// Every kind of update that has a name.
pub(super) fn kinds() -> Vec<&'static str> {
    UpdateKind::ALL.iter().copied().collect::<UpdateKinds>().names().collect()
}
