//! Downloads: `/file/bot<token>/<path>`, as getFile names them. Those of a bot that lives on a Bot API server stream through and
//! are kept nowhere; ranges and conditions are the upstream's to answer. Those of the local connector come from the store.

use super::pass;
use crate::App;
use crate::call::{decoded_path, path_token};
use crate::reply::Reply;
use axum::extract::{Request, State};
use bytes::Bytes;
use contactgram_connector::bot::Door;
use contactgram_hub::FileName;
use contactgram_model::scope::Scope;
use http_body_util::Empty;

/// What a download takes of a credential: as much as reading the message that it came with.
pub(crate) const NEEDS: &[Scope] = &[Scope::MessagesRead];

/// `GET /file/bot<token>/<path>`
pub(crate) async fn download(State(app): State<App>, request: Request) -> Reply {
    let (mut head, _) = request.into_parts();
    let uri = std::mem::take(&mut head.uri);
    let rest = uri.path().strip_prefix("/file/bot").and_then(|rest| rest.split_once('/'));
    let (token, path) = rest.ok_or(crate::reply::Failure::NoRoute)?;
    let token = path_token(&app, token)?;
    let caller = match app.hub.known(&token) {
        Some(caller) => caller,
        None => app.hub.authenticate(&token).await?,
    };
    caller.needs(NEEDS)?;
    let Some(gateway) = app.hub.gateway_of(&caller)? else {
        let path = decoded_path(path)?;
        let file = app.hub.open_file(&caller.permit()?, FileName::Path(path)).await?;
        return Ok(crate::download::answer(file, &head.headers));
    };
    pass::whole_view(&caller)?;
    let request = Request::from_parts(head, Empty::<Bytes>::new());
    let answer = gateway.upstream().pass(Door::File(path), uri.query(), request).await;
    Ok(answer.map_err(pass::failure)?.map(pass::streamed))
}
