//! `POST /upstream/{account}`: updates that an account's Bot API server posts. Known by the secret that it was given; answered
//! once the update is on disk. It knows no other credential, and answers nobody else.

use crate::App;
use crate::reply::{self, Reply};
use crate::server::read_body;
use axum::extract::{Path, Request, State};
use contactgram_hub::Error;
use contactgram_model::UserId;

const SECRET: &str = "x-telegram-bot-api-secret-token";

/// `POST /upstream/{account}`
pub(crate) async fn receive(State(app): State<App>, Path(account): Path<String>, request: Request) -> Reply {
    let (head, body) = request.into_parts();
    let secret = head.headers.get(SECRET).and_then(|value| value.to_str().ok()).ok_or(Error::Unauthorized)?;
    let account = account.parse().map_err(|_| Error::Unauthorized)?;
    let gateway = app.hub.posted_by(UserId(account), secret)?;
    let body = read_body(body, app.options.body.clone()).await?;
    app.hub.receive(&gateway, String::from_utf8_lossy(&body).into_owned()).await?;
    Ok(reply::result("true".to_owned()))
}
