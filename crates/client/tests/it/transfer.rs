//! Contacts in and out of files, and a retry of an import that adds nobody twice.

use contactgram_client::{ContactFile, Error, ExportQuery, FileFormat, OnConflict};
use contactgram_testkit::ProxyFault;

use crate::kit::{Stage, contact};

#[tokio::test]
async fn what_is_exported_is_imported_again_in_every_format() {
    let stage = Stage::new().await;
    let contacts = stage.client.contacts();
    for at in 0..3 {
        contacts.add(contact(at).labels([if at == 0 { "a" } else { "b" }])).await.unwrap();
    }
    for format in FileFormat::ALL {
        let file = contacts.export(format, &ExportQuery::default()).await.unwrap();
        let file = ContactFile::new(format, file).on_conflict(OnConflict::Replace);
        let came = contacts.import(file).await.unwrap();
        assert_eq!((came.added, came.unchanged, came.refused, came.dry_run), (0, 3, 0, false), "{format:?}");
    }
    let some =
        contacts.export(FileFormat::Csv, &ExportQuery::default().label("b").search("c002")).await.unwrap();
    let rows = String::from_utf8(some.to_vec()).unwrap();
    assert!(rows.lines().count() == 2 && rows.contains(",C002,"), "{rows}");
}

#[tokio::test]
async fn lines_that_are_wrong_are_told_and_a_file_that_is_wrong_is_refused() {
    let stage = Stage::new().await;
    let contacts = stage.client.contacts();
    let card = "BEGIN:VCARD\nFN:Ann\nTEL:07911 123456\nEND:VCARD\n";
    let came = contacts.import(ContactFile::new(FileFormat::Vcard, card)).await.unwrap();
    assert_eq!(
        (came.added, came.refusals[0].line, came.refusals[0].field.as_deref()),
        (0, 1, Some("phone_number"))
    );
    let came =
        contacts.import(ContactFile::new(FileFormat::Vcard, card).region("GB").dry_run()).await.unwrap();
    assert!(came.added == 1 && came.dry_run);
    assert!(matches!(contacts.get("+447911123456").await, Err(Error::NotFound { .. })));
    let colours = contacts.import(ContactFile::new(FileFormat::Csv, "colour\nred\n")).await;
    assert!(matches!(colours, Err(Error::BadRequest { .. })), "{colours:?}");
}

#[tokio::test]
async fn an_import_whose_answer_is_lost_is_made_once() {
    let stage = Stage::new().await;
    stage.proxy.fail_next("contacts/import", ProxyFault::CutAfter);
    let file = ContactFile::new(FileFormat::Csv, "phone,name\n+447700900101,Ann\n+447700900102,Ben\n");
    let came = stage.client.contacts().import(file).await.unwrap();
    assert_eq!((came.added, came.unchanged), (2, 0), "the first answer is repeated");
    let tries = stage.proxy.seen("contacts/import");
    assert!(tries.len() == 2 && tries[0].idempotency_key == tries[1].idempotency_key);
}
