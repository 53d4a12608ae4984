//! Whether a set is as the API would have made it: the same contact and message once through the hub and once as
//! rows, compared as whole tables.

use std::collections::BTreeMap;

use super::*;
use contactgram_hub::Draft;
use contactgram_hub::access::{ContactsWrite, MessagesSend};
use contactgram_model::PhoneNumber;
use contactgram_model::contact::ContactChange;
use rusqlite::Connection;
use rusqlite::types::Value;

const START: Timestamp = 1_700_000_000;

/// Two sets of the same: one through the hub, one as rows. Every table, with the ids that chance gave replaced by
/// the order of their making.
#[tokio::test]
async fn rows_are_what_the_hub_writes() {
    let home = tempfile::tempdir().unwrap();
    let (by_hub, by_rows) = (home.path().join("hub"), home.path().join("rows"));
    let mut both = Vec::new();
    for (folder, through_hub) in [(&by_hub, true), (&by_rows, false)] {
        let location = Location::Sqlite { path: set::database(folder) };
        let store = Store::open(&location, &Options::default()).await.unwrap();
        let filling = Filling::begin(&store, START).await.unwrap();
        let mut ids = Vec::new();
        for number in 0..3 {
            ids.push(if through_hub {
                added(&filling, number).await
            } else {
                let (account, moment) = (filling.account(), (own_id(number), START));
                let write =
                    store.write(0, move |tx| rows::contact(tx, account, names::somebody(number), moment));
                write.await.unwrap().0
            });
        }
        let to = [ids[0], ids[1], ids[0], filling.receiver.id];
        // The receiver learns of the sender through the hub in both: rows are for those who have met.
        sent(&filling, filling.receiver.id, "Hello").await;
        for (number, to) in to.into_iter().enumerate() {
            let text = names::text(number as u64);
            if through_hub {
                sent(&filling, to, &text).await;
            } else {
                let (own, to) =
                    (filling.user(filling.account()).await.unwrap(), filling.user(UserId(to)).await.unwrap());
                let write = store.write(0, move |tx| rows::message(tx, (&own, &to), text.clone(), START));
                write.await.unwrap();
            }
        }
        store.close().await;
        ids.extend([filling.sender.id, filling.receiver.id]);
        both.push(tables(folder, &ids));
    }
    let (one, other) = (&both[0], &both[1]);
    assert!(one["contacts"].len() == 4 && one["messages"].len() == 10, "{one:?}");
    for (table, rows) in one {
        assert_eq!(rows, &other[table], "{table}");
    }
    assert_eq!(one.len(), other.len());
}

#[test]
fn a_set_is_made_once_and_a_folder_with_another_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let size = Size { contacts: 120, messages: 40, accounts: 3 };
    let made = fill(home.path(), size).unwrap();
    assert_eq!((made.contacts.len(), made.accounts.len()), (120, 3));
    let again = fill(home.path(), size).unwrap();
    assert_eq!(again.sender.token, made.sender.token);
    let refused = fill(home.path(), Size { contacts: 121, ..size }).unwrap_err();
    assert!(refused.to_string().contains("another set"), "{refused}");
    let connection = Connection::open(set::database(home.path())).unwrap();
    let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    // Two copies each; the people wrote once before.
    assert_eq!(count("SELECT count(*) FROM messages"), 2 * (40 + PEOPLE as i64));
    assert_eq!(count("SELECT count(*) FROM accounts"), 5);
    assert_eq!(count("SELECT count(*) FROM updates"), 0);
}

async fn added(filling: &Filling, number: u64) -> i64 {
    let somebody = names::somebody(number);
    let change = ContactChange {
        first_name: Some(somebody.first_name.to_owned()),
        last_name: Some(Some(somebody.last_name)),
        phone_number: Some(Some(PhoneNumber::parse(&somebody.phone_number, None).unwrap())),
        email: Some(Some(somebody.email)),
        ..ContactChange::default()
    };
    let permit = filling.caller.permit::<ContactsWrite>().unwrap();
    filling.hub.add_contact(&permit, change, None).await.unwrap().created.unwrap().0
}

async fn sent(filling: &Filling, to: i64, text: &str) {
    let permit = filling.caller.permit::<MessagesSend>().unwrap();
    let draft = Draft::new(ChatRef::Id(to), Content::text(text.to_owned(), Vec::new()));
    filling.hub.send(&permit, draft, None).await.unwrap();
}

/// Every row of every table that is no index and holds no secret, with what chance chose replaced by its place.
fn tables(folder: &Path, ids: &[i64]) -> BTreeMap<String, Vec<String>> {
    let connection = Connection::open(set::database(folder)).unwrap();
    let text = |sql: &str, id: i64| connection.query_row(sql, [id], |row| row.get::<_, Value>(0)).ok();
    let mut chosen: Vec<String> = ids.iter().map(i64::to_string).collect();
    for id in ids {
        if let Some(Value::Text(username)) = text("SELECT username FROM users WHERE id = ?1", *id) {
            chosen.push(username);
        }
        if let Some(Value::Integer(first)) = text("SELECT position FROM consumers WHERE account_id = ?1", *id)
        {
            chosen.extend((first - 1..first + 5).map(|update| update.to_string()));
        }
    }
    let mut names = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
    let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    // Tokens are chance, and the digests of the audit log are made over ids, which are too.
    let is_plain = |name: &String| {
        !name.contains("_search_")
            && name != "tokens"
            && !name.starts_with("audit")
            && !name.contains("migration")
    };
    let plain = names.into_iter().filter(is_plain);
    plain.map(|table| (table.clone(), rows_of(&connection, &table, &chosen))).collect()
}

fn rows_of(connection: &Connection, table: &str, chosen: &[String]) -> Vec<String> {
    let mut statement = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let columns = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    let mut found = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let fields = (0..columns).map(|column| match row.get(column).unwrap() {
            Value::Text(text) => text,
            Value::Integer(number) => number.to_string(),
            other => format!("{other:?}"),
        });
        let mut text = fields.collect::<Vec<_>>().join(" | ");
        for (number, chosen) in chosen.iter().enumerate() {
            text = text.replace(chosen, &format!("<{number}>"));
        }
        found.push(text);
    }
    found.sort();
    found
}
