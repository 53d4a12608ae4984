//! What people do, by the operator's word.

use super::Operator;
use crate::botapi::{formatted, shared_contact};
use crate::reply::{self, Failure, Reply};
use contactgram_hub::{Act, Answer, SeenMessage, Sharing};
use contactgram_model::{MessageId, UserId};
use serde_json::json;

/// `POST /admin/people/{id}/write`
pub(super) async fn write(operator: Operator) -> Reply {
    let content = formatted(&operator.params)?;
    let reply_to = operator.params.whole("reply_to_message_id", 1..=i64::MAX)?;
    let reply_to = reply_to.map(|id| seen(&operator, id)).transpose()?;
    act(operator, Act::Write { content, reply_to }).await
}

/// `POST /admin/people/{id}/edit`
pub(super) async fn edit(operator: Operator) -> Reply {
    let content = formatted(&operator.params)?;
    let message = seen(&operator, operator.number("message_id")?)?;
    act(operator, Act::Edit { message, content }).await
}

/// `POST /admin/people/{id}/share`
pub(super) async fn share(operator: Operator) -> Reply {
    let given = |name: &str| operator.params.text(name).is_some_and(|text| !text.is_empty());
    let sharing = if given("phone_number") {
        Sharing::Contact(shared_contact(&operator.params)?)
    } else if given("user_id") {
        Sharing::User(UserId(operator.number("user_id")?))
    } else {
        Sharing::Own
    };
    act(operator, Act::Share(sharing)).await
}

/// `POST /admin/people/{id}/press`
pub(super) async fn press(operator: Operator) -> Reply {
    let message = seen(&operator, operator.number("message_id")?)?;
    let data = operator.params.required("data")?.to_owned();
    let query = operator.hub().press(operator.person()?, message, data).await?;
    Ok(reply::done(Answer::of(&json!({"callback_query_id": query}))?))
}

/// `GET /admin/people/{id}/presses/{account}/{query}`
pub(super) async fn press_answer(operator: Operator) -> Reply {
    let (account, query) = (UserId(operator.id("account")?), operator.part("query").to_owned());
    let answer = operator.hub().press_answer(operator.person()?, account, query).await?;
    Ok(reply::result(match answer {
        Some(answer) => format!("{{\"answered\":true,\"answer\":{answer}}}"),
        None => "{\"answered\":false}".to_owned(),
    }))
}

/// `POST /admin/people/{id}/block`
pub(super) async fn block(operator: Operator) -> Reply {
    set_blocked(operator, true).await
}

/// `POST /admin/people/{id}/unblock`
pub(super) async fn unblock(operator: Operator) -> Reply {
    set_blocked(operator, false).await
}

async fn set_blocked(operator: Operator, blocks: bool) -> Reply {
    let account = UserId(operator.number("account_id")?);
    operator.hub().block(operator.person()?, account, blocks).await?;
    Ok(reply::done(Answer::yes()))
}

async fn act(operator: Operator, act: Act) -> Reply {
    let (person, to) = (operator.person()?, operator.to()?);
    Ok(reply::result(operator.hub().act(person, to, act).await?))
}

fn seen(operator: &Operator, id: i64) -> Result<SeenMessage, Failure> {
    let seen_by = operator.params.whole("seen_by", 1..=i64::MAX)?.map(UserId);
    Ok(SeenMessage { id: MessageId(id), seen_by })
}
