//! Which scopes each operation takes, from the table that the server itself goes by. `document` calls it once all
//! paths are there; it describes nothing else.

use super::about;
use crate::needs::{Need, Row, table};
use contactgram_model::scope::Scope;
use utoipa::openapi::Paths;
use utoipa::openapi::path::{Operation, PathItem};

/// Says of each operation of the API what it takes.
pub(super) fn say(mut paths: Paths) -> Paths {
    for row in table().into_iter().filter(|row| row.is_api) {
        let place = paths.paths.iter_mut().find(|(path, _)| is_at(path, &row)).map(|(_, item)| item);
        if let Some(operation) = place.and_then(|item| of(item, row.verb)) {
            say_of(operation, row.need);
        }
    }
    paths
}

/// Methods are described under the names that Telegram spells them by.
fn is_at(path: &str, row: &Row) -> bool {
    match row.is_method {
        true => path.strip_prefix('/').is_some_and(|name| name.eq_ignore_ascii_case(row.path)),
        false => path == row.path,
    }
}

fn of<'a>(item: &'a mut PathItem, verb: &str) -> Option<&'a mut Operation> {
    match verb {
        "GET" => item.get.as_mut(),
        "POST" => item.post.as_mut(),
        "PUT" => item.put.as_mut(),
        "PATCH" => item.patch.as_mut(),
        "DELETE" => item.delete.as_mut(),
        _ => None,
    }
}

fn say_of(operation: &mut Operation, need: Need) {
    let names: Vec<&str> = need.scopes().iter().copied().map(Scope::name).collect();
    operation.security = Some(about::security(&names).to_vec());
    let said = match &names[..] {
        [] => "Takes no scope.".to_owned(),
        [one] => format!("Takes the scope `{one}`."),
        several => format!("Takes the scopes `{}`.", several.join("` and `")),
    };
    let description = operation.description.take().map_or_else(String::new, |text| text + "\n\n");
    operation.description = Some(description + &said);
}
