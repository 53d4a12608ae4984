//! Searches for whoever is still typing: a letter or two may find half of all contacts, and nobody looks at those by
//! the hundred thousand. Such a page is put in order from the first hits alone, so it costs the same however many there
//! are. The hub asks; what few hits have, `page` answers.

use super::{Filter, Page, Query, Rows, filter, number, order, public};
use crate::{Param, R, Tx, intern};
use contactgram_model::UserId;

/// The first page of a search among the first `most` hits, if there are more of them than that.
pub fn first(tx: &mut dyn Tx, account: UserId, query: &Query, most: i64) -> R<Option<Page>> {
    let filter = filter(tx, query, account);
    let mut params = filter.params(account);
    let Filter { condition, more, .. } = &filter;
    let next = params.len() + 1;
    params.push(Param::Int(most + 1));
    let count = format!("SELECT count(*) FROM ({} LIMIT ${next}) AS counted", condition.select("1", more));
    if tx.one(intern(count), &params, |row| row.int(0))? <= most {
        return Ok(None);
    }
    let ((own, name), order) = (number(query.sort), order(query.sort));
    // Names are confirmed row by row, by who searches them alone: more rows are read than the page has.
    let names_alone = !query.private && !query.terms.is_empty();
    let limit = if names_alone { most } else { query.limit };
    params[next - 1] = Param::Int(most);
    params.push(Param::Int(limit));
    let found = condition.select(&format!("body, {own}{name}"), more);
    let text = format!("SELECT * FROM ({found} LIMIT ${next}) AS hits ORDER BY {order} LIMIT ${}", next + 1);
    let version = super::super::counters::get(tx, account)?.contact_version;
    let mut rows = Rows::new(query.sort, query.limit);
    tx.query(intern(text), &params, &mut |row| {
        if names_alone && !public::is_found(row, &query.terms)? {
            return Ok(());
        }
        rows.push(row, 2)
    })?;
    Ok(Some(Page { json: rows.json, last: None, total: most, version }))
}
