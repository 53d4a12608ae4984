//! The audit log as a table: a line for each entry, in which no spreadsheet finds a formula. The command line and the
//! portal export it so; nothing reads it back.

use super::AuditView;
use contactgram_wire::cell::text as cell;

impl AuditView {
    /// The names of the columns.
    pub const COLUMNS: &'static str =
        "account_id,seq,at,actor_kind,actor_id,actor_label,action,target,details,hash";

    /// The entry's line, without its end.
    pub fn csv(&self) -> String {
        let numbers = |number: i64| number.to_string();
        [
            self.account_id.map_or_else(String::new, |id| id.to_string()),
            numbers(self.seq),
            numbers(self.at),
            cell(&self.actor.kind),
            numbers(self.actor.id),
            cell(&self.actor.label),
            cell(&self.action),
            cell(&self.target),
            cell(self.details.get()),
            self.hash.clone(),
        ]
        .join(",")
    }
}
