//! Searches that may not find anybody by a number or an address. The index knows whole contacts, so each row that it
//! finds is confirmed by its names here. `page` sends those queries; nobody else reads a contact in this crate.

use super::{Filter, Page, Query, Rows, behind, bind, filter, number, order};
use crate::{Param, R, Row, StoreError, Tx, intern};
use contactgram_model::UserId;
use contactgram_model::contact::public_document;
use contactgram_model::search::Term;

pub(super) fn page(tx: &mut dyn Tx, account: UserId, query: &Query) -> R<Page> {
    let Query { sort, start, limit, terms, .. } = query;
    let filter = filter(tx, query, account);
    let mut params = filter.params(account);
    let Filter { condition, more, .. } = &filter;
    let (mut total, mut skip) = (0, start.skip);
    tx.query(intern(condition.select("body, id", more)), &params, &mut |row| {
        total += i64::from(is_found(row, terms)?);
        Ok(())
    })?;
    let version = super::super::counters::get(tx, account)?.contact_version;
    let next = params.len() + 1;
    let after: Vec<Param<'_>> = start.after.iter().flat_map(bind).collect();
    let behind = if after.is_empty() { String::new() } else { behind(*sort, next) };
    params.extend(after);
    let ((own, name), order) = (number(*sort), order(*sort));
    let found = condition.select(&format!("body, {own}{name}"), &format!("{more}{behind}"));
    let mut rows = Rows::new(*sort, *limit);
    tx.query(intern(format!("{found} ORDER BY {order}")), &params, &mut |row| {
        if rows.more || !is_found(row, terms)? {
            return Ok(());
        }
        if skip > 0 {
            skip -= 1;
            return Ok(());
        }
        rows.push(row, 2)
    })?;
    Ok(Page { json: rows.json, last: rows.last.filter(|_| rows.more), total, version })
}

/// Whether the names of a row, its body first and its number second, match all terms.
pub(super) fn is_found(row: &dyn Row, terms: &[Term]) -> R<bool> {
    let number = row.int(1)?;
    let document =
        public_document(row.text(0)?).map_err(|_| StoreError::corrupt("contacts", "body", number))?;
    Ok(terms.iter().all(|term| term.is_in(&document)))
}
