//! Contacts from one end to the other, some at a time in the order of ids: for exports, which want neither a count nor a
//! page of their own choosing. A walk may go on for long while contacts change; each is shown once, as it is then.

use super::{Filter, Query, filter, public};
use crate::{Param, R, StoreError, Tx, intern};
use contactgram_model::UserId;

/// Contacts of one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Their JSON, one behind the other.
    pub bodies: Vec<String>,
    /// The id of the last, if others may follow.
    pub last: Option<i64>,
}

/// The next contacts behind an id, at most `query.limit`. The query's sort and start have no say.
pub fn walk(tx: &mut dyn Tx, account: UserId, query: &Query, behind: i64) -> R<Step> {
    let limit = usize::try_from(query.limit).unwrap_or_default();
    let filter = filter(tx, query, account);
    let mut params = filter.params(account);
    let Filter { condition, more, .. } = &filter;
    let next = params.len() + 1;
    params.push(Param::Int(behind));
    // Names are confirmed row by row: how many rows that takes is not known before.
    let names_alone = !query.private && !query.terms.is_empty();
    let found = condition.select("body, id", &format!("{more} AND id > ${next}"));
    let mut text = format!("{found} ORDER BY id");
    if !names_alone {
        params.push(Param::Int(query.limit));
        text.push_str(&format!(" LIMIT ${}", next + 1));
    }
    let (mut bodies, mut last) = (Vec::new(), None);
    let visited = tx.query(intern(text), &params, &mut |row| {
        if names_alone && !public::is_found(row, &query.terms)? {
            return Ok(());
        }
        bodies.push(row.string(0)?);
        last = Some(row.int(1)?);
        // An error is how a visit ends early.
        if bodies.len() < limit { Ok(()) } else { Err(StoreError::NotFound) }
    });
    match visited {
        Err(StoreError::NotFound) if bodies.len() == limit => {}
        other => other?,
    }
    let last = last.filter(|_| bodies.len() == limit);
    Ok(Step { bodies, last })
}
