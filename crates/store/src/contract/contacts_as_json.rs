//! Migration 2 on a database that migration 1 made: every kind of contact is the same afterwards, for whoever
//! reads, lists, searches or changes it.

use crate::migrate;
use crate::ops::contact_list::{self, Query, Sort, Start};
use crate::ops::contacts;
use crate::testing::PostgresDatabase;
use crate::{Dialect, Location, Options, R, Sql, Store, Tx, p};
use contactgram_model::{Contact, ContactId, ContactSource, UserId, search};
use serde_json::{Map, json};

const ANN: UserId = UserId(5_000_000_101);
/// The gram that all of Ann's documents hold: the three 16-bit digits of her id.
const SCOPE: &str = "\u{F0001}\u{F2A05}\u{FF265}";

static COUNT: Sql =
    Sql::new("INSERT INTO counters (account_id, contact_version, contacts) VALUES ($1, $2, $3)");
static INSERT: Sql = Sql::new(
    "INSERT INTO contacts (account_id, id, first_name, last_name, username, username_key, phone, email, user_id, \
     language, is_bot, labels, note, attributes, verified, blocked, source, created_at, updated_at, version, \
     name_key, search) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, \
     $19, $20, $21, $22) RETURNING row",
);
static INSERT_PG: Sql = Sql::new(
    "INSERT INTO contacts (account_id, id, first_name, last_name, username, username_key, phone, email, user_id, \
     language, is_bot, labels, note, attributes, verified, blocked, source, created_at, updated_at, version, \
     name_key, search, grams) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, \
     $18, $19, $20, $21, $22, string_to_array($23, chr(31))) RETURNING 0",
);
static INDEX: Sql = Sql::new("INSERT INTO contact_search (rowid, document) VALUES ($1, $2)");
static LABEL: Sql = Sql::new("INSERT INTO contact_labels (account_id, label, id) VALUES ($1, $2, $3)");

fn bare(id: i64, first_name: &str) -> Contact {
    Contact {
        id: ContactId(id),
        first_name: first_name.to_owned(),
        last_name: None,
        username: None,
        phone_number: None,
        email: None,
        user_id: None,
        own_name: None,
        language_code: None,
        is_bot: false,
        labels: Vec::new(),
        note: None,
        attributes: Map::new(),
        phone_verified: false,
        is_blocked: false,
        source: ContactSource::Manual,
        created_at: 1_800_000_000,
        updated_at: 1_800_000_001,
        version: id,
    }
}

/// One with everything and characters that JSON escapes, then one of each source with hardly anything.
fn book() -> Vec<Contact> {
    let odd = "\u{1}\u{8}\t\n\u{c}\r\u{1f}\u{7f}\"\\/'é\u{2028}\u{1f642}";
    let full = Contact {
        first_name: format!("Zoe{odd}"),
        last_name: Some(odd.to_owned()),
        username: Some("John_Doe".to_owned()),
        phone_number: Some("+14155550100".to_owned()),
        email: Some(format!("a{odd}@b")),
        user_id: Some(UserId(1)),
        own_name: None,
        language_code: Some("de-AT".to_owned()),
        is_bot: true,
        labels: vec!["друзья".to_owned(), odd.to_owned()],
        note: Some(odd.to_owned()),
        attributes: json!({odd: [null, 0.1, {"\u{0}": odd}], "a": -1}).as_object().unwrap().clone(),
        phone_verified: true,
        is_blocked: true,
        ..bare(1, "")
    };
    let sources = [ContactSource::Import, ContactSource::Message, ContactSource::Shared, ContactSource::Sync];
    let others = (2..).zip(sources).map(|(id, source)| Contact { source, ..bare(id, "王小明") });
    [full].into_iter().chain(others).collect()
}

/// Puts a contact in as the program of migration 1 did.
fn insert_before(tx: &mut dyn Tx, contact: &Contact) -> R<()> {
    let json = |empty: bool, text: serde_json::Result<String>| (!empty).then(|| text.unwrap());
    let (document, name_key) = (contact.search_document(), contact.name_key());
    let username_key = contact.username.as_deref().map(str::to_ascii_lowercase);
    let grams = [search::grams(&document), vec![SCOPE.to_owned()]].concat().join("\u{1f}");
    let labels = json(contact.labels.is_empty(), serde_json::to_string(&contact.labels));
    let attributes = json(contact.attributes.is_empty(), serde_json::to_string(&contact.attributes));
    let source = contact.source as i64;
    let params = p![
        ANN,
        contact.id,
        contact.first_name,
        contact.last_name,
        contact.username,
        username_key,
        contact.phone_number,
        contact.email,
        contact.user_id,
        contact.language_code,
        contact.is_bot,
        labels,
        contact.note,
        attributes,
        contact.phone_verified,
        contact.is_blocked,
        source,
        contact.created_at,
        contact.updated_at,
        contact.version,
        name_key,
        document,
        grams
    ];
    match tx.dialect() {
        Dialect::Sqlite => {
            let row = tx.one(&INSERT, &params[..22], |row| row.int(0))?;
            tx.execute(&INDEX, p![row, format!("{SCOPE}{document}")])?;
        }
        Dialect::Postgres => tx.one(&INSERT_PG, params, |_| Ok(()))?,
    }
    contact.labels.iter().try_for_each(|label| tx.execute(&LABEL, p![ANN, label, contact.id]).map(drop))
}

fn listed(tx: &mut dyn Tx, sort: Sort, label: Option<&str>, q: &str) -> R<Vec<i64>> {
    let (terms, label) = (search::terms(q), label.map(str::to_owned));
    let query = Query { terms, private: true, label, view: None, sort, start: Start::offset(0), limit: 9 };
    let page = contact_list::page(tx, ANN, &query)?;
    let contacts: Vec<Contact> = serde_json::from_str(&format!("[{}]", page.json)).unwrap();
    assert_eq!((page.total, page.version), (contacts.len() as i64, 5));
    Ok(contacts.iter().map(|contact| contact.id.0).collect())
}

async fn opens_the_same(location: &Location) {
    let known = migrate::list().unwrap();
    let before = Store::open_with(location, &Options::default(), known[..1].to_vec()).await.unwrap();
    let filling = before.write(ANN.0, |tx| {
        let book = book();
        tx.execute(&COUNT, p![ANN, 5_i64, 5_i64])?;
        book.iter().try_for_each(|contact| insert_before(tx, contact))
    });
    filling.await.unwrap();
    before.close().await;

    let after = Store::open(location, &Options::default()).await.unwrap();
    let checking = after.scan(|tx| {
        for contact in book() {
            let found = contacts::stored(tx, ANN, contacts::Key::Id(contact.id))?.unwrap();
            assert_eq!(found.body, serde_json::to_string(&contact).unwrap(), "to the byte");
            assert_eq!(found.contact().unwrap(), contact);
        }
        let full = Some(book().swap_remove(0));
        assert_eq!(contacts::by_phone(tx, ANN, "+14155550100")?, full);
        assert_eq!(contacts::by_username(tx, ANN, "john_DOE")?, full);
        assert_eq!(listed(tx, Sort::Name, None, "")?, [1, 2, 3, 4, 5]);
        assert_eq!(listed(tx, Sort::UpdatedAt, None, "")?, [1, 2, 3, 4, 5]);
        assert_eq!(listed(tx, Sort::Id, Some("друзья"), "")?, [1]);
        assert_eq!(listed(tx, Sort::Id, None, "zoe")?, [1]);
        assert_eq!(listed(tx, Sort::Id, None, "小明")?, [2, 3, 4, 5]);
        Ok::<_, crate::StoreError>(())
    });
    checking.await.unwrap();
    let changing = after.write(ANN.0, |tx| {
        let changed = Contact { first_name: "Anna".to_owned(), version: 6, ..book().swap_remove(0) };
        contacts::update(tx, ANN, &changed)?;
        contacts::delete(tx, ANN, ContactId(2))?;
        assert_eq!(contacts::get(tx, ANN, ContactId(1))?, Some(changed));
        assert_eq!(listed(tx, Sort::Id, None, "anna")?, [1]);
        assert_eq!(listed(tx, Sort::Id, None, "小明")?, [3, 4, 5]);
        Ok::<_, crate::StoreError>(())
    });
    changing.await.unwrap();
    after.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_of_the_first_schema_are_the_same_in_the_second() {
    let folder = tempfile::tempdir().unwrap();
    opens_the_same(&Location::Sqlite { path: folder.path().join("m.db") }).await;
    if let Some(database) = PostgresDatabase::create().await {
        opens_the_same(&database.location()).await;
        database.remove().await;
    }
}
