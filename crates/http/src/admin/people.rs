//! `/admin/people`: who there is, and what is on their screens.

use super::Operator;
use crate::messages::history_query;
use crate::reply::{self, Failure, Reply};
use contactgram_hub::{Answer, NewPerson, PersonChange};
use contactgram_model::UserId;

/// `GET /admin/people`
pub(super) async fn list(operator: Operator) -> Reply {
    let limit = operator.params.whole("limit", 1..=1000)?.unwrap_or(100);
    let after = operator.params.whole("after", 0..=i64::MAX)?.unwrap_or(0);
    let people = operator.hub().people(UserId(after), limit).await?;
    Ok(reply::done(Answer::of(&people)?))
}

/// `POST /admin/people`
pub(super) async fn add(operator: Operator) -> Reply {
    let person = NewPerson {
        first_name: operator.text("first_name")?,
        last_name: operator.optional("last_name")?,
        username: operator.optional("username")?,
        phone_number: operator.optional("phone_number")?,
        email: operator.optional("email")?,
        language_code: operator.optional("language_code")?,
    };
    let person = operator.hub().add_person(person).await?;
    Ok(reply::done(Answer::of(&person)?))
}

/// `GET /admin/people/{id}`
pub(super) async fn get(operator: Operator) -> Reply {
    let person = operator.hub().person(operator.person()?).await?;
    Ok(reply::done(Answer::of(&person)?))
}

/// `PATCH /admin/people/{id}`
pub(super) async fn edit(operator: Operator) -> Reply {
    let body = operator.params.object();
    let field = |name: &str| -> Result<Option<Option<String>>, Failure> {
        match body.get(name) {
            None => Ok(None),
            Some(serde_json::Value::Null) => Ok(Some(None)),
            Some(serde_json::Value::String(text)) if text.trim().is_empty() => Ok(Some(None)),
            Some(serde_json::Value::String(text)) => Ok(Some(Some(text.clone()))),
            Some(serde_json::Value::Number(number)) => Ok(Some(Some(number.to_string()))),
            Some(_) => Err(reply::bad(format!("{name} must be a string"))),
        }
    };
    let first_name = field("first_name")?;
    if first_name == Some(None) {
        return Err(reply::bad("first_name can't be removed"));
    }
    let change = PersonChange {
        first_name: first_name.flatten(),
        last_name: field("last_name")?,
        username: field("username")?,
        phone_number: field("phone_number")?,
        email: field("email")?,
        language_code: field("language_code")?,
    };
    let person = operator.hub().edit_person(operator.person()?, change).await?;
    Ok(reply::done(Answer::of(&person)?))
}

/// `GET /admin/people/{id}/messages`
pub(super) async fn messages(operator: Operator) -> Reply {
    let page = operator.hub().person_messages(operator.person()?, history_query(&operator.params)?).await?;
    Ok(reply::result(page.json))
}
