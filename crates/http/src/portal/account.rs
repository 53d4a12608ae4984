//! One account: its bot where it has one at a server, its tokens, its keys, its webhook, and its end. What a role may not do is not on the page, and is
//! refused by the table of routes as well.

use super::answer::{Oops, Seen, page_of, to};
use super::bots::BotSection;
use super::form::Form;
use super::secret::{Secret, shown};
use super::shell::{Shell, path};
use super::visit::Visit;
use super::words;
use askama::Template;
use contactgram_hub::access::UpdatesRead;
use contactgram_hub::{AccountView, KeyView, NewKey, TokenView, WebhookInfo, WebhookRequest};
use contactgram_model::scope::Scope;
use contactgram_model::{AccountKind, Role, Timestamp};

const DAY_S: i64 = 86_400;

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    shell: Shell,
    form: Form,
    at: String,
    view: AccountView,
    kind: &'static str,
    role: Role,
    tokens: Vec<TokenView>,
    keys: Vec<KeyView>,
    webhook: Option<WebhookInfo>,
    bot: Option<BotSection>,
    offered: Vec<Scope>,
    now: Timestamp,
}

/// `GET /portal/a/{account}`
pub(super) async fn show(visit: Visit) -> Seen {
    with(&visit, Form::default()).await
}

pub(super) async fn with(visit: &Visit, form: Form) -> Seen {
    let (account, role) = visit.account()?;
    let (hub, view) = (visit.hub(), visit.hub().account(account).await?);
    let admin = role >= Role::Admin;
    let webhook = match admin {
        true => Some(hub.webhook_info(&visit.permit::<UpdatesRead>()?).await?),
        false => None,
    };
    let bot = match admin {
        true => hub.bot_view(account).await?.map(|bot| BotSection::of(bot, hub.now())),
        false => None,
    };
    let form = match &bot {
        Some(bot) => {
            form.or("upstream", &bot.upstream).or("receive", if bot.webhook { "webhook" } else { "poll" })
        }
        None => form,
    };
    let page = AccountPage {
        shell: visit.shell(view.name.clone(), "account")?,
        bot,
        form,
        at: path(account),
        kind: if view.kind == AccountKind::Bot { "bot" } else { "user" },
        role,
        tokens: if role >= Role::Owner { hub.tokens(account).await? } else { Vec::new() },
        keys: if admin { hub.keys(account).await? } else { Vec::new() },
        webhook: webhook.filter(|hook| !hook.url.is_empty()),
        offered: role.scopes().iter().collect(),
        now: hub.now(),
        view,
    };
    page_of(page.form.is_wrong(), &page)
}

/// `POST /portal/a/{account}/tokens`
pub(super) async fn add_token(visit: Visit) -> Seen {
    let (account, _) = visit.account()?;
    let label = visit.form.some("label");
    match visit.hub().add_token(visit.actor()?, account, label, None).await {
        Ok(made) => token(&visit, "A new token", made.token),
        Err(error) => with(&visit, visit.form.clone().refused(error, &[])?).await,
    }
}

/// `POST /portal/a/{account}/tokens/rotate`
pub(super) async fn rotate(visit: Visit) -> Seen {
    let (account, _) = visit.account()?;
    let made = visit.hub().rotate_token(visit.actor()?, account, None, None).await?;
    token(&visit, "The account's only token", made.token)
}

fn token(visit: &Visit, title: &str, token: String) -> Seen {
    let url = &visit.app().options.url;
    shown(Secret { curl: format!("curl {url}/bot{token}/getMe"), ..secret(visit, title, ("Token", token))? })
}

fn secret(visit: &Visit, title: &str, one: (&'static str, String)) -> Result<Secret, Oops> {
    let shell = visit.shell(title, "account")?;
    let (account, _) = visit.account()?;
    let back_text = shell.here_name().to_owned();
    Ok(Secret {
        shell,
        back: path(account),
        back_text,
        text: String::new(),
        curl: String::new(),
        secrets: vec![one],
    })
}

/// `POST /portal/a/{account}/tokens/{id}/revoke`
pub(super) async fn revoke_token(visit: Visit) -> Seen {
    let (account, _) = visit.account()?;
    visit.hub().revoke_token(visit.actor()?, account, visit.number("id")?).await?;
    Ok(to(&format!("{}?done=token-revoked", path(account))))
}

/// `POST /portal/a/{account}/keys`
pub(super) async fn add_key(visit: Visit) -> Seen {
    let ((account, _), form) = (visit.account()?, visit.form.clone());
    let scopes = form.all("scope").filter_map(|name| name.parse::<Scope>().ok()).collect();
    let days = match form.some("expires_in_days").map(|days| days.parse::<i64>()) {
        None => None,
        Some(Ok(days)) if (1..=3650).contains(&days) => Some(days),
        Some(_) => {
            return with(&visit, form.with("expires_in_days", "must be 1 to 3650 days, or nothing")).await;
        }
    };
    if form.all("scope").next().is_none() {
        return with(&visit, form.with("scope", "a key that may do nothing is none: tick at least one"))
            .await;
    }
    let new = NewKey {
        label: form.some("label"),
        scopes,
        expires_at: days.map(|days| visit.hub().now() + days * DAY_S),
        labels: form.list("only_labels"),
        contacts: Vec::new(),
    };
    match visit.hub().add_key(visit.actor()?, account, new).await {
        Ok(made) => {
            let (url, key) = (&visit.app().options.url, made.key.clone());
            let curl = format!("curl -H 'Authorization: Bearer {key}' {url}/v1/getMe");
            shown(Secret { curl, ..secret(&visit, "A new key", ("Key", key))? })
        }
        Err(error) => {
            let form = form.refused(error, &["label", "labels", "scope", "scopes"])?;
            let moved = [("labels", "only_labels"), ("scopes", "scope")];
            let form = moved.into_iter().fold(form, |form, (named, field)| {
                match form.wrong(named).map(str::to_owned) {
                    Some(text) => form.with(field, text),
                    None => form,
                }
            });
            with(&visit, form).await
        }
    }
}

/// `POST /portal/a/{account}/keys/{id}/revoke`
pub(super) async fn revoke_key(visit: Visit) -> Seen {
    let (account, _) = visit.account()?;
    visit.hub().revoke_key(visit.actor()?, account, visit.number("id")?).await?;
    Ok(to(&format!("{}?done=key-revoked", path(account))))
}

/// `POST /portal/a/{account}/webhook`
pub(super) async fn set_webhook(visit: Visit) -> Seen {
    let ((account, _), form) = (visit.account()?, visit.form.clone());
    let Some(url) = form.some("url") else {
        return with(&visit, form.with("url", "an address is needed")).await;
    };
    let request = WebhookRequest {
        url,
        certificate: None,
        ip_address: None,
        max_connections: None,
        allowed: None,
        drop_pending: false,
        secret_token: form.some("secret_token"),
    };
    match visit.hub().set_webhook(&visit.permit::<UpdatesRead>()?, request).await {
        Ok(_) => Ok(to(&format!("{}?done=webhook", path(account)))),
        Err(error) => {
            let form = form.refused(error, &["secret_token", "secret"])?;
            // Every other refusal is about the address.
            let form = match form.unplaced().or(form.wrong("secret")).map(str::to_owned) {
                Some(text) => form.with("url", text),
                None => form,
            };
            with(&visit, form).await
        }
    }
}

/// `POST /portal/a/{account}/webhook/remove`
pub(super) async fn remove_webhook(visit: Visit) -> Seen {
    let (account, _) = visit.account()?;
    visit.hub().delete_webhook(&visit.permit::<UpdatesRead>()?, false).await?;
    Ok(to(&format!("{}?done=webhook-removed", path(account))))
}

/// `POST /portal/a/{account}/remove`
pub(super) async fn remove(visit: Visit) -> Seen {
    let ((account, _), form) = (visit.account()?, visit.form.clone());
    if form.one("sure").trim() != account.to_string() {
        return with(&visit, form.with("sure", format!("type {account} to remove this account"))).await;
    }
    visit.hub().remove_account(visit.actor()?, account).await?;
    Ok(to("/portal/accounts?done=account-removed"))
}
