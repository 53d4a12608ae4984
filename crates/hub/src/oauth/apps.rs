//! Applications: registered, listed, changed, given another secret, shut out and removed. Called by the portal in a
//! member's name and by the command line in the operator's. A secret is shown when it is made and never again.

use super::noted;
use super::standing::manages;
use crate::{Error, Hub, random};
use contactgram_model::scope::{Scope, Scopes};
use contactgram_model::{Action, Actor, Timestamp, UserId};
use contactgram_oauth::client::{ID_BYTES, SECRET_BYTES};
use contactgram_oauth::scopes::{is_empty, within, write};
use contactgram_oauth::{ClientId, ClientSecret, RedirectUri};
use contactgram_store::Tx;
use contactgram_store::ops::oauth::apps::{self as rows, App};
use contactgram_store::ops::oauth::{AppId, access};
use serde::Serialize;
use std::sync::Arc;

/// Addresses that an application may have.
const REDIRECTS: usize = 20;
/// Applications that an account may have.
const APPS: usize = 1000;

/// What an application is registered with.
#[derive(Debug, Clone, Default)]
pub struct NewApp {
    /// What people know it by; 1–64 characters.
    pub name: String,
    /// Where people may be sent back to; up to 20. None for an application that acts for itself alone.
    pub redirects: Vec<String>,
    /// Whether it can keep no secret.
    pub public: bool,
    /// The most it may have; at least one, and none beyond the role of who registers it.
    pub scopes: Scopes,
}

/// What is to change; the rest stays.
#[derive(Debug, Clone, Default)]
pub struct AppChange {
    /// Another name.
    pub name: Option<String>,
    /// Other addresses.
    pub redirects: Option<Vec<String>>,
    /// Another limit. Tokens that have more do at once no more than this.
    pub scopes: Option<Scopes>,
    /// Whether to shut it out. Its access tokens end; a refresh token is good again when it is let in again.
    pub disabled: Option<bool>,
}

/// An application as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AppView {
    /// Its public name.
    pub client_id: String,
    /// Whose it is.
    pub account_id: UserId,
    /// What people know it by.
    pub name: String,
    /// Whether it has no secret.
    pub public: bool,
    /// Where people may be sent back to.
    pub redirect_uris: Vec<String>,
    /// The most it may have.
    pub scopes: Vec<&'static str>,
    /// Whether it is shut out.
    pub disabled: bool,
    /// The member who registered it; left out for the operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registered_by: Option<i64>,
    /// Unix seconds.
    pub created_at: Timestamp,
}

/// An application with a secret that was just made: the only time it is shown.
#[derive(Debug, Serialize)]
pub struct NewAppView {
    /// Its secret; a public one has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// What else there is to it.
    #[serde(flatten)]
    pub view: AppView,
}

impl From<&App> for AppView {
    fn from(app: &App) -> AppView {
        AppView {
            client_id: app.client.to_string(),
            account_id: app.account,
            name: app.name.clone(),
            public: app.secret.is_none(),
            redirect_uris: app.redirects.iter().map(|uri| uri.as_str().to_owned()).collect(),
            scopes: app.scopes.iter().map(Scope::name).collect(),
            disabled: app.disabled,
            registered_by: (app.registered_by != 0).then_some(app.registered_by),
            created_at: app.created_at,
        }
    }
}

impl Hub {
    /// Registers an application of an account.
    ///
    /// # Errors
    /// [`Error::BadRequest`], naming the field that is wrong; [`Error::Forbidden`] for who may not.
    pub async fn add_app(&self, by: Actor, account: UserId, new: NewApp) -> Result<NewAppView, Error> {
        let (name, redirects) = (checked_name(&new.name)?, checked_redirects(&new.redirects)?);
        if new.public && redirects.is_empty() {
            return Err(Error::bad(
                "redirect_uris must have an address: a public application acts for people",
            ));
        }
        check_scopes(new.scopes)?;
        let (mut id, now) = ([0; ID_BYTES], self.clock.now());
        random::fill(&mut id)?;
        let secret = if new.public { None } else { Some(Arc::new(new_secret()?)) };
        let client = ClientId::create(&id);
        self.change(account, move |tx, _| {
            check_limit(new.scopes, manages(tx, by, account)?)?;
            if rows::list(tx, account)?.len() >= APPS {
                return Err(Error::bad("the account has 1000 applications already"));
            }
            let app = App {
                id: AppId::of(&client),
                account,
                client: client.clone(),
                name: name.clone(),
                secret: secret.as_ref().map(|secret| secret.digest()),
                redirects: redirects.clone(),
                scopes: new.scopes,
                disabled: false,
                registered_by: match by {
                    Actor::Member(member) => member.0,
                    _ => 0,
                },
                created_at: now,
            };
            rows::insert(tx, &app)?;
            note(tx, (by, now), Action::AppAdded, &app)?;
            let client_secret = secret.as_ref().map(|secret| secret.reveal().to_owned());
            Ok(NewAppView { client_secret, view: AppView::from(&app) })
        })
        .await
    }

    /// An account's applications, the oldest first.
    pub async fn apps(&self, by: Actor, account: UserId) -> Result<Vec<AppView>, Error> {
        let listing = self.store.scan(move |tx| {
            manages(tx, by, account)?;
            Ok::<_, Error>(rows::list(tx, account)?.iter().map(AppView::from).collect())
        });
        listing.await
    }

    /// One application.
    ///
    /// # Errors
    /// [`Error::NotFound`] for one of an account that they don't manage, too.
    pub async fn app(&self, by: Actor, client_id: &str) -> Result<AppView, Error> {
        let client = parsed(client_id)?;
        let found = self.store.read(move |tx| managed(tx, by, &client));
        Ok(AppView::from(&found.await?.0))
    }

    /// Changes an application.
    ///
    /// # Errors
    /// As for [`Hub::add_app`]; also for an application that may do more than who would change it.
    pub async fn change_app(&self, by: Actor, client_id: &str, change: AppChange) -> Result<AppView, Error> {
        let name = change.name.as_deref().map(checked_name).transpose()?;
        let redirects = change.redirects.as_deref().map(checked_redirects).transpose()?;
        if let Some(scopes) = change.scopes {
            check_scopes(scopes)?;
        }
        let now = self.clock.now();
        self.change_app_row(by, client_id, move |tx, mut app, limit| {
            // Whoever may only shut it out, may that.
            let widens = name.is_some()
                || redirects.is_some()
                || change.scopes.is_some()
                || change.disabled == Some(false);
            if widens {
                check_limit(app.scopes, limit)?;
            }
            if let Some(scopes) = change.scopes {
                check_limit(scopes, limit)?;
                app.scopes = scopes;
            }
            if let Some(name) = &name {
                app.name.clone_from(name);
            }
            if let Some(redirects) = &redirects {
                app.redirects.clone_from(redirects);
            }
            if app.secret.is_none() && app.redirects.is_empty() {
                return Err(Error::bad(
                    "redirect_uris must have an address: a public application acts for people",
                ));
            }
            if let Some(disabled) = change.disabled {
                app.disabled = disabled;
            }
            if app.disabled {
                access::delete_of_app(tx, app.id)?;
            }
            rows::update(tx, &app)?;
            note(tx, (by, now), Action::AppChanged, &app)?;
            Ok(AppView::from(&app))
        })
        .await
    }

    /// Gives an application another secret; the one before is good for nothing any more. Tokens stay.
    ///
    /// # Errors
    /// [`Error::BadRequest`] for a public one.
    pub async fn rotate_app_secret(&self, by: Actor, client_id: &str) -> Result<NewAppView, Error> {
        let (secret, now) = (Arc::new(new_secret()?), self.clock.now());
        self.change_app_row(by, client_id, move |tx, mut app, limit| {
            check_limit(app.scopes, limit)?;
            if app.secret.is_none() {
                return Err(Error::bad("a public application has no secret"));
            }
            app.secret = Some(secret.digest());
            rows::update(tx, &app)?;
            note(tx, (by, now), Action::AppChanged, &app)?;
            Ok(NewAppView { client_secret: Some(secret.reveal().to_owned()), view: AppView::from(&app) })
        })
        .await
    }

    /// Removes an application with all its tokens, and all that it was allowed.
    pub async fn remove_app(&self, by: Actor, client_id: &str) -> Result<(), Error> {
        let now = self.clock.now();
        self.change_app_row(by, client_id, move |tx, app, _| {
            rows::remove(tx, app.account, app.id)?;
            note(tx, (by, now), Action::AppRemoved, &app)
        })
        .await
    }

    /// Changes an application that `by` manages; its tokens may end by it.
    async fn change_app_row<T: Send + 'static>(
        &self,
        by: Actor,
        client_id: &str,
        f: impl Fn(&mut dyn Tx, App, Scopes) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let client = parsed(client_id)?;
        let wanted = client.clone();
        let (app, _) = self.store.read(move |tx| managed(tx, by, &wanted)).await?;
        self.change_tokens(app.account, move |tx, _| {
            tx.lock(app.account.0)?;
            let (app, limit) = managed(tx, by, &client)?;
            f(tx, app, limit)
        })
        .await
    }
}

/// An application that `by` manages, and the most that they may give to one.
pub(super) fn managed(tx: &mut dyn Tx, by: Actor, client: &ClientId) -> Result<(App, Scopes), Error> {
    let missing = || Error::missing("no such application");
    let app = rows::by_client(tx, client)?.ok_or_else(missing)?;
    let limit = manages(tx, by, app.account).map_err(|error| match error {
        Error::NotFound(_) => missing(),
        other => other,
    })?;
    Ok((app, limit))
}

/// A client id as somebody typed it; what can't be one is nobody's.
pub(super) fn parsed(client_id: &str) -> Result<ClientId, Error> {
    ClientId::parse(client_id.trim()).ok_or(Error::missing("no such application"))
}

fn new_secret() -> Result<ClientSecret, Error> {
    let mut secret = [0; SECRET_BYTES];
    random::fill(&mut secret)?;
    Ok(ClientSecret::create(&secret))
}

fn checked_name(name: &str) -> Result<String, Error> {
    let name = name.trim();
    if !(1..=64).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(Error::bad("name must have 1 to 64 characters"));
    }
    Ok(name.to_owned())
}

fn checked_redirects(redirects: &[String]) -> Result<Vec<RedirectUri>, Error> {
    if redirects.len() > REDIRECTS {
        return Err(Error::bad("redirect_uris may have at most 20 addresses"));
    }
    let mut read: Vec<RedirectUri> = Vec::new();
    for text in redirects {
        let uri = RedirectUri::register(text)
            .map_err(|unfit| Error::BadRequest(format!("redirect_uris: {unfit}").into()))?;
        if !read.contains(&uri) {
            read.push(uri);
        }
    }
    Ok(read)
}

fn check_scopes(scopes: Scopes) -> Result<(), Error> {
    match is_empty(scopes) {
        true => Err(Error::bad("scopes must name at least one scope")),
        false => Ok(()),
    }
}

fn check_limit(scopes: Scopes, limit: Scopes) -> Result<(), Error> {
    match within(scopes, limit) {
        true => Ok(()),
        false => Err(Error::Forbidden("the application may do more than you may".into())),
    }
}

fn note(tx: &mut dyn Tx, (by, now): (Actor, Timestamp), action: Action, app: &App) -> Result<(), Error> {
    let details = serde_json::json!({
        "name": app.name, "public": app.secret.is_none(), "disabled": app.disabled, "scopes": write(app.scopes),
    });
    noted::note(tx, (app.account, by, now), (action, app.client.as_str()), details)
}
