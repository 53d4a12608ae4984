//! Messages as resources: `/messages`, and the messages of one contact. History is the one answer without
//! an envelope, as the API's documentation shows it; its paging is in headers.

use crate::botapi::{is_preferred, is_scheduled, queue_to};
use crate::call::Call;
use crate::contacts::contact_id;
use crate::reply::{self, Failure, Reply, bad};
use contactgram_hub::access::MessagesRead;
use contactgram_hub::{ChatRef, Error, HistoryQuery};
use contactgram_model::{Direction, MessageId, page};
use contactgram_wire::params::Params;
use http::header::LINK;
use http::{HeaderName, HeaderValue};

const X_TOTAL_COUNT: HeaderName = HeaderName::from_static("x-total-count");

/// `GET /messages`
pub(crate) async fn list(call: Call) -> Reply {
    let query = history_query(&call.query())?;
    answer(call, query).await
}

/// `GET /contacts/{contact_id}/messages`
pub(crate) async fn of_contact(call: Call) -> Reply {
    let chat = Some(ChatRef::Contact(contact_id(call.part("contact_id"))?));
    let query = HistoryQuery { chat, ..history_query(&call.query())? };
    match answer(call, query).await {
        Err(Failure::Hub(Error::BadRequest(text))) if text == "chat not found" => {
            Err(Error::missing("contact not found").into())
        }
        other => other,
    }
}

/// `POST /contacts/{contact_id}/messages`
pub(crate) async fn send_to_contact(call: Call) -> Reply {
    let permit = call.permit()?;
    let chat = ChatRef::Contact(contact_id(call.part("contact_id"))?);
    let is_preferred = is_preferred(&call.parts.headers);
    let asked = call.ask().await?;
    if is_preferred || is_scheduled(&asked.params) {
        return queue_to(asked, ("sendMessage", chat)).await;
    }
    let draft = crate::botapi::text_draft(&asked.params, chat)?;
    Ok(reply::done(asked.hub().send(&permit, draft, asked.once.clone()).await?))
}

/// `GET /messages/{chat_id}/{message_id}`
pub(crate) async fn one(call: Call) -> Reply {
    let permit = call.permit::<MessagesRead>()?;
    let chat = ChatRef::parse(call.part("chat_id"))?;
    let missing = || Failure::Hub(Error::missing("message not found"));
    let id: i64 = call.part("message_id").parse().map_err(|_| missing())?;
    match call.hub().message(&permit, chat, MessageId(id)).await {
        Ok(json) => Ok(reply::result(json)),
        // A chat that isn't there has no messages either.
        Err(Error::BadRequest(_)) => Err(missing()),
        Err(error) => Err(error.into()),
    }
}

/// What the parameters ask of a history.
pub(crate) fn history_query(params: &Params) -> Result<HistoryQuery, Failure> {
    let text = |name: &str| params.text(name).filter(|text| !text.is_empty());
    let id = |name: &str| params.whole(name, 0..=i64::MAX).map(|id| id.map(MessageId));
    let chat = match (text("contact_id"), text("chat_id")) {
        (Some(_), Some(_)) => return Err(bad("contact_id and chat_id can't be given together")),
        (Some(contact), None) => Some(ChatRef::Contact(contact_id(contact)?)),
        (None, Some(chat)) => Some(ChatRef::parse(chat)?),
        (None, None) => None,
    };
    let direction = match text("direction") {
        None => None,
        Some(word) => Some(Direction::parse(word).ok_or_else(|| bad("direction must be in or out"))?),
    };
    let ascending = match text("order") {
        None | Some("desc") => false,
        Some("asc") => true,
        Some(_) => return Err(bad("order must be asc or desc")),
    };
    Ok(HistoryQuery {
        chat,
        direction,
        since: params.whole("since", 0..=i64::MAX)?,
        until: params.whole("until", 0..=i64::MAX)?,
        before: id("before")?,
        after: id("after")?,
        q: params.strict_text("q")?.filter(|text| !text.is_empty()).map(str::to_owned),
        ascending,
        offset: params.whole("offset", 0..=i64::MAX)?.unwrap_or(0),
        limit: params.whole("limit", 1..=page::MAX_LIMIT)?.unwrap_or(page::DEFAULT_LIMIT),
    })
}

async fn answer(call: Call, query: HistoryQuery) -> Reply {
    let permit = call.permit::<MessagesRead>()?;
    let (offset, limit) = (query.offset, query.limit);
    let placed = query.before.is_some() || query.after.is_some();
    let page = call.hub().messages(&permit, query).await?;
    let mut headers = Vec::new();
    if let Some(total) = page.total {
        headers.push((X_TOTAL_COUNT, HeaderValue::from(total)));
    }
    let more = match page.total {
        Some(total) if !placed => offset + page.rows < total,
        _ => page.rows == limit,
    };
    if more
        && page.rows > 0
        && let Ok(value) = HeaderValue::from_str(&next_link(call.parts.uri.query(), offset + page.rows))
    {
        headers.push((LINK, value));
    }
    Ok(reply::bare(page.json, headers))
}

/// The same query with another offset, as a relative link: the path may hold a token.
fn next_link(query: Option<&str>, offset: i64) -> String {
    let kept =
        query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("offset="));
    let mut pairs: Vec<String> = kept.map(str::to_owned).collect();
    pairs.push(format!("offset={offset}"));
    format!("<?{}>; rel=\"next\"", pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::next_link;

    #[test]
    fn the_link_to_the_next_page_keeps_the_query_and_shows_no_path() {
        assert_eq!(
            next_link(Some("limit=10&offset=0&chat_id=5"), 10),
            "<?limit=10&chat_id=5&offset=10>; rel=\"next\""
        );
        assert_eq!(next_link(None, 50), "<?offset=50>; rel=\"next\"");
    }
}
