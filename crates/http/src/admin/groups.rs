//! `/admin/groups`, and people who join and leave them.

use super::Operator;
use crate::reply::{self, Reply, bad};
use contactgram_hub::Answer;
use contactgram_model::{ChatId, MemberStatus, UserId};
use contactgram_wire::params::whole_number;
use serde_json::Value;

/// `GET /admin/groups`
pub(super) async fn list(operator: Operator) -> Reply {
    let groups = operator.hub().groups().await?;
    Ok(reply::done(Answer::of(&groups)?))
}

/// `POST /admin/groups`
pub(super) async fn add(operator: Operator) -> Reply {
    let title = operator.text("title")?;
    let id = operator.params.whole("id", i64::MIN..=i64::MAX)?.map(ChatId);
    let creator = UserId(operator.number("creator")?);
    let members: Vec<Value> = operator.params.json("members")?.unwrap_or_default();
    let members = members.iter().map(|id| whole_number(id).map(UserId)).collect::<Option<Vec<_>>>();
    let members = members.ok_or_else(|| bad("members must be a list of whole numbers"))?;
    let group = operator.hub().add_group((title, id), creator, members).await?;
    Ok(reply::done(Answer::of(&group)?))
}

/// `POST /admin/groups/{id}/members`
pub(super) async fn set_member(operator: Operator) -> Reply {
    let (group, user) = (ChatId(operator.id("id")?), UserId(operator.number("user_id")?));
    let word = operator.params.text("status").unwrap_or("member");
    let status = MemberStatus::from_word(word).filter(|status| *status != MemberStatus::Creator);
    let status = status.ok_or_else(|| bad("status must be member, administrator, left or kicked"))?;
    let by = operator.params.whole("by", 1..=i64::MAX)?.map(UserId);
    let group = operator.hub().set_member(group, (user, status), by).await?;
    Ok(reply::done(Answer::of(&group)?))
}

/// `POST /admin/people/{id}/join`
pub(super) async fn join(operator: Operator) -> Reply {
    move_person(operator, MemberStatus::Member).await
}

/// `POST /admin/people/{id}/leave`
pub(super) async fn leave(operator: Operator) -> Reply {
    move_person(operator, MemberStatus::Left).await
}

async fn move_person(operator: Operator, status: MemberStatus) -> Reply {
    let group = ChatId(operator.number("group_id")?);
    operator.hub().set_member(group, (operator.person()?, status), None).await?;
    Ok(reply::done(Answer::yes()))
}
