//! Searches for whoever is still typing: a letter or two may find half of all contacts, and nobody looks at those by
//! the hundred thousand. Such a page is put in order from the first hits alone, so it costs the same however many there
//! are. The hub asks; `page` answers whoever has finished.

use super::{Filter, Page, Query, Rows, filter, number, order, public};
use crate::{Param, R, Tx, intern};
use contactgram_model::UserId;

/// The first page of a search among the first `most` hits. Also whether there are more of them than that: then nothing
/// follows the page, and its total is `most`.
pub fn first(tx: &mut dyn Tx, account: UserId, query: &Query, most: i64) -> R<(Page, bool)> {
    let filter = filter(tx, query, account);
    let mut params = filter.params(account);
    let Filter { condition, more, .. } = &filter;
    // Names are confirmed row by row, by who searches them alone: more rows are read than the page has.
    let names_alone = !query.private && !query.terms.is_empty();
    let next = params.len() + 1;
    params.push(Param::Int(most + 1));
    params.push(Param::Int(if names_alone { most + 1 } else { query.limit + 1 }));
    let ((own, name), order) = (number(query.sort), order(query.sort));
    let found = condition.select(&format!("body, {own}{name}"), more);
    let text = format!(
        "SELECT hits.*, count(*) OVER () FROM ({found} LIMIT ${next}) AS hits ORDER BY {order} LIMIT ${}",
        next + 1
    );
    let hits_column = if name.is_empty() { 2 } else { 3 };
    let version = super::super::counters::get(tx, account)?.contact_version;
    let mut rows = Rows::new(query.sort, query.limit);
    let (mut hits, mut confirmed) = (0, 0);
    tx.query(intern(text), &params, &mut |row| {
        hits = row.int(hits_column)?;
        // One more than `most` is read, to know of it.
        let beyond = hits > most && confirmed == most;
        if beyond || (names_alone && !public::is_found(row, &query.terms)?) {
            return Ok(());
        }
        confirmed += 1;
        rows.push(row, 2)
    })?;
    let are_many = hits > most;
    let total = match (are_many, names_alone) {
        (true, _) => most,
        (false, true) => confirmed,
        (false, false) => hits,
    };
    let last = rows.last.filter(|_| rows.more && !are_many);
    Ok((Page { json: rows.json, last, total, version }, are_many))
}
