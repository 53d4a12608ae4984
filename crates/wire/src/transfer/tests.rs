//! Tests of files of contacts: real ones, broken ones, and the way out and back for whatever a contact may hold.

use super::*;
use contactgram_model::{Contact, ContactSource, UserId};
use proptest::prelude::*;
use serde_json::json;

/// Reads a file that comes in pieces of this size.
fn read_in(format: Format, file: &[u8], size: usize) -> Result<Vec<Line>, String> {
    let (mut reader, mut lines) = (Reader::new(format, None), Vec::new());
    for piece in file.chunks(size) {
        reader.push(piece, &mut lines).map_err(|bad| bad.to_string())?;
    }
    reader.finish(&mut lines).map_err(|bad| bad.to_string())?;
    Ok(lines)
}

#[track_caller]
fn read(format: Format, file: &str) -> Vec<Line> {
    let whole = read_in(format, file.as_bytes(), usize::MAX >> 1).unwrap();
    for size in [1, 7, 100] {
        assert_eq!(read_in(format, file.as_bytes(), size).unwrap(), whole, "in pieces of {size}");
    }
    whole
}

#[track_caller]
fn good(line: &Line) -> &Said {
    line.says.as_ref().unwrap_or_else(|wrong| panic!("line {}: {wrong:?}", line.number))
}

#[track_caller]
fn wrong(line: &Line) -> (u64, Option<&'static str>, &str) {
    match &line.says {
        Err(wrong) => (line.number, wrong.field, &wrong.why),
        Ok(said) => panic!("line {} is taken: {said:?}", line.number),
    }
}

fn phone(said: &Said) -> Option<&str> {
    said.change.phone_number.as_ref()?.as_ref().map(PhoneNumber::e164)
}

fn flat(field: &Option<Option<String>>) -> Option<&str> {
    field.as_ref()?.as_deref()
}

#[test]
fn real_cards_are_read() {
    let files = [
        (include_str!("../../testdata/outlook-2003.vcf"), "John", Some("Doe"), None),
        (include_str!("../../testdata/gmail-single2.vcf"), "VCard", Some("Test"), None),
        (
            include_str!("../../testdata/fullcontact.vcf"),
            "FirstName MiddleName",
            Some("LastName"),
            Some("+15555551234"),
        ),
    ];
    for (file, first, last, number) in files {
        let lines = read(Format::Vcard, file);
        assert_eq!(lines.len(), 1);
        let said = good(&lines[0]);
        assert_eq!((said.change.first_name.as_deref(), flat(&said.change.last_name)), (Some(first), last));
        assert!(said.change.email.is_some());
        let _ = number;
    }
    let outlook = read(Format::Vcard, files[0].0);
    let said = good(&outlook[0]);
    let attributes = said.change.attributes.as_ref().unwrap();
    assert!(said.has_odd_numbers && phone(said).is_none());
    assert_eq!(
        attributes[OTHER_PHONES],
        json!(["BusinessPhone", "HomePhone", "MobilePhone", "BusinessFaxPhone"])
    );
    assert_eq!(attributes[TITLE], "The Job Title");
    assert!(flat(&said.change.note).unwrap().contains("Second line"));
}

#[test]
fn cards_of_every_version_and_with_everything_around_them_are_read() {
    let file = "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=84pfel;=C3=96mer;;;\r\n\
                TEL;CELL:+44 7700 900123\r\nTEL;HOME:0207\r\nTEL;CELL:+44 7700 900123\r\n\
                PHOTO;ENCODING=BASE64;JPEG:/9j/4AAQ\r\n SkZJRg\r\nABAQEASABIAAD\r\n\r\nNOTE:a\r\nEND:VCARD\r\n\
                \r\nbegin:vcard\nversion:4.0\nFN:Ann\n  Example\nTEL;VALUE=uri:tel:+1-418-656-9254\n\
                item1.EMAIL:a@b.example\nNOTE:first\\nsecond\nCATEGORIES:friends,x\\,y\nend:vcard\n";
    let lines = read(Format::Vcard, file);
    let (first, second) = (good(&lines[0]), good(&lines[1]));
    assert_eq!((lines[0].number, lines[1].number, lines.len()), (1, 14, 2));
    assert_eq!(
        (first.change.first_name.as_deref(), flat(&first.change.last_name)),
        (Some("Ömer"), Some("Äpfel"))
    );
    assert_eq!((phone(first), flat(&first.change.note)), (Some("+447700900123"), Some("a")));
    assert_eq!(first.change.attributes.as_ref().unwrap()[OTHER_PHONES], json!(["0207"]));
    assert_eq!(
        (second.change.first_name.as_deref(), phone(second)),
        (Some("Ann Example"), Some("+14186569254"))
    );
    assert_eq!(flat(&second.change.note), Some("first\nsecond"));
    assert_eq!(second.change.labels, Some(vec!["friends".to_owned(), "x,y".to_owned()]));
}

#[test]
fn broken_cards_say_where_they_begin_and_do_not_hide_the_next() {
    let file = "hello\r\nthere\r\nBEGIN:VCARD\r\nFN:Ann\r\nBEGIN:VCARD\r\nFN:Ben\r\nTEL:+447700900123\r\nEND:VCARD\r\n\
                BEGIN:VCARD\r\nFN:Cid\r\nTEL:nobody\r\nEND:VCARD\r\nBEGIN:VCARD\r\nFN:Dan\r\nAGENT:\r\nBEGIN:VCARD\r\n\
                FN:Eve\r\nEND:VCARD\r\nTEL:+447700900124\r\nEND:VCARD\r\nBEGIN:VCARD\r\nFN:Flo\r\n";
    let lines = read(Format::Vcard, file);
    assert_eq!(lines.len(), 6);
    assert_eq!(wrong(&lines[0]), (1, None, "here is something that is in no card"));
    assert_eq!(wrong(&lines[1]), (3, None, "the card has no END:VCARD"));
    assert_eq!(phone(good(&lines[2])), Some("+447700900123"));
    assert_eq!((wrong(&lines[3]).0, wrong(&lines[3]).1), (9, Some("phone_number")));
    assert_eq!(
        (good(&lines[4]).change.first_name.as_deref(), phone(good(&lines[4]))),
        (Some("Dan"), Some("+447700900124"))
    );
    assert_eq!(wrong(&lines[5]), (21, None, "the card has no END:VCARD"));
}

#[test]
fn a_card_that_is_not_in_utf_8_is_western_european() {
    let file = b"BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=ISO-8859-1:M\xFCller;J\xF6rg\r\nTEL:+447700900123\r\nEND:VCARD\r\n";
    let lines = read_in(Format::Vcard, file, 10).unwrap();
    assert_eq!(flat(&good(&lines[0]).change.last_name), Some("Müller"));
}

#[test]
fn tables_of_google_and_outlook_are_read() {
    let google = "First Name,Middle Name,Last Name,Nickname,Organization Name,Notes,Labels,E-mail 1 - Label,E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value,Phone 2 - Value\n\
                  Ann,,Example,,Shop,\"two\nlines\",* myContacts,Home,ann@mail.example ::: ann@other.example,Mobile,+44 7700 900123 ::: 0207,+44 7700 900124\n";
    let lines = read(Format::Csv, google);
    let said = good(&lines[0]);
    assert_eq!(
        (lines[0].number, phone(said), flat(&said.change.email)),
        (2, Some("+447700900123"), Some("ann@mail.example"))
    );
    assert_eq!(flat(&said.change.note), Some("two\nlines"));
    let attributes = said.change.attributes.as_ref().unwrap();
    assert_eq!(attributes[OTHER_PHONES], json!(["0207", "+44 7700 900124"]));
    assert_eq!(
        (&attributes[OTHER_EMAILS], &attributes[ORGANIZATION]),
        (&json!(["ann@other.example"]), &json!("Shop"))
    );
    let old = "Name,Given Name,Family Name,Group Membership,E-mail 1 - Type,E-mail 1 - Value,Phone 1 - Type,Phone 1 - Value\r\n\
               Ann Example,Ann,Example,* myContacts ::: Friends,,a@b.example,Mobile,+447700900123\r\n";
    let lines = read(Format::Csv, old);
    assert_eq!(good(&lines[0]).change.labels, Some(vec!["Friends".to_owned()]));
    assert_eq!(good(&lines[0]).change.first_name.as_deref(), Some("Ann"));
    let outlook = "\u{FEFF}\"First Name\";\"Last Name\";\"Company\";\"Business Phone\";\"Mobile Phone\";\"E-mail Address\";\"Categories\"\r\n\
                   \"\";\"\";\"Acme; Co\";\"+442071838750\";\"'+447700900123\";\"\";\"a;b\"\r\n";
    let lines = read(Format::Csv, outlook);
    let said = good(&lines[0]);
    assert_eq!((phone(said), said.change.first_name.as_deref()), (Some("+447700900123"), Some("Acme; Co")));
    assert_eq!(said.change.labels, Some(vec!["a".to_owned(), "b".to_owned()]));
}

#[test]
fn a_table_may_have_tabs_a_line_for_excel_and_rows_of_nothing() {
    let lines =
        read(Format::Csv, "sep=;\r\nphone_number;first_name\r\n\r\n;\r\n+447700900123;Ann, of course\r\n");
    assert_eq!((lines.len(), lines[0].number), (1, 5));
    assert_eq!(good(&lines[0]).change.first_name.as_deref(), Some("Ann, of course"));
    let lines = read(Format::Csv, "sep=;\r\r\nphone;name\r\n12;Ann\r\n");
    assert_eq!(wrong(&lines[0]).0, 3);
    let lines = read(Format::Csv, "phone\tname\n+447700900123\tAnn");
    assert_eq!((phone(good(&lines[0])), lines[0].number), (Some("+447700900123"), 2));
}

#[test]
fn rows_that_are_wrong_name_line_and_field() {
    let file = "phone_number,first_name,email,username\n12,A,,\n+447700900123,\"B\nB\",nobody,\n+447700900124,C,,x\n\
                +447700900125,D,,,too,many\n+447700900126,E,,\n,\"F,,\n+447700900127,G,,\n";
    let lines = read(Format::Csv, file);
    let found: Vec<_> =
        lines.iter().map(|line| (line.number, line.says.as_ref().err().map(|wrong| wrong.field))).collect();
    assert_eq!(
        found,
        [
            (2, Some(Some("phone_number"))),
            (3, Some(Some("email"))),
            (5, Some(Some("username"))),
            (6, Some(None)),
            (7, None),
            (8, Some(None)),
        ]
    );
    assert!(wrong(&lines[5]).2.contains("never closed"));
    assert!(wrong(&lines[3]).2.contains("6 cells where 4 are named"));
}

#[test]
fn a_file_that_is_no_table_of_contacts_is_refused_as_a_whole() {
    for (file, why) in [
        ("", "the file has no row"),
        ("colour,size\nred,5\n", "names no column that says who"),
        ("\n\n", "the file has no row"),
        ("phone_number,\"na", "the file has no row"),
    ] {
        let refused = read_in(Format::Csv, file.as_bytes(), 3).unwrap_err();
        assert!(refused.contains(why), "{file:?}: {refused}");
    }
    assert!(read_in(Format::Csv, b"\xFF\xFEp\0h\0", 2).unwrap_err().contains("UTF-16"));
    let latin = read_in(Format::Csv, b"phone,name\n+447700900123,J\xF6rg\n", 4).unwrap();
    assert_eq!((wrong(&latin[0]).0, wrong(&latin[0]).1), (2, Some("first_name")));
}

#[test]
fn lines_of_json_are_read_or_say_what_is_wrong() {
    let file = "{\"id\":5,\"first_name\":\"Ann\",\"phone_number\":\"+447700900123\",\"created_at\":7,\"source\":\"manual\"}\r\n\
                \r\n[1]\n{\"phone_number\":\"+447700900123\"\n{\"phone_number\":12}\n{\"id\":5,\"deleted\":true}\n\
                {\"username\":\"ann_example\",\"note\":null,\"attributes\":{\"a\":null}}";
    let lines = read(Format::Jsonl, file);
    let first = good(&lines[0]);
    assert_eq!(
        (first.id, first.created_at, phone(first)),
        (Some(ContactId(5)), Some(7), Some("+447700900123"))
    );
    assert_eq!(wrong(&lines[1]), (3, None, "the line is not a JSON object"));
    assert_eq!(wrong(&lines[2]).0, 4);
    assert_eq!((wrong(&lines[3]).0, wrong(&lines[3]).1), (5, Some("phone_number")));
    assert_eq!(wrong(&lines[4]), (6, None, "the line tells of a removed contact"));
    let last = good(&lines[5]);
    assert_eq!((lines[5].number, &last.change.note), (7, &Some(None)));
    assert_eq!(last.change.attributes.as_ref().unwrap()["a"], Value::Null);
}

#[test]
fn what_is_too_long_is_refused_and_the_rest_is_read() {
    let long = "x".repeat(MOST_RECORD + 10);
    let json = format!("{{\"username\":\"{long}\"}}\n{{\"username\":\"ann_example\"}}\n");
    let lines = read_in(Format::Jsonl, json.as_bytes(), 10_000).unwrap();
    assert_eq!((wrong(&lines[0]).0, good(&lines[1]).change.username.is_some()), (1, true));
    let table = format!("username,note\nann_example,{long}\nben_example,x\n");
    let lines = read_in(Format::Csv, table.as_bytes(), 10_000).unwrap();
    assert_eq!((wrong(&lines[0]).0, lines[1].number), (2, 3));
    let cards = format!(
        "BEGIN:VCARD\nFN:A\nTEL:+447700900123\nPHOTO;ENCODING=b:{long}\n {long}\nEND:VCARD\nBEGIN:VCARD\nFN:B\nNOTE:{long}\nEND:VCARD\n\
         BEGIN:VCARD\nFN:C\nTEL:+447700900124\nEND:VCARD\n"
    );
    let lines = read_in(Format::Vcard, cards.as_bytes(), 10_000).unwrap();
    assert_eq!((phone(good(&lines[0])), wrong(&lines[1]).0), (Some("+447700900123"), 7));
    assert_eq!(phone(good(&lines[2])), Some("+447700900124"));
}

/// What may stand in a text: everything but what a caller's text can't hold either, and control characters, which cards
/// don't carry.
fn text(most: usize) -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("a".to_owned()),
        Just("Ö".to_owned()),
        Just("🙂".to_owned()),
        Just(",".to_owned()),
        Just(";".to_owned()),
        Just("\"".to_owned()),
        Just("'".to_owned()),
        Just("=".to_owned()),
        Just("+".to_owned()),
        Just("@".to_owned()),
        Just("\\".to_owned()),
        Just("\\n".to_owned()),
        Just(":".to_owned()),
        Just(" ".to_owned()),
        Just("b c".to_owned()),
        Just("[".to_owned()),
        Just("END:VCARD".to_owned()),
        Just("{".to_owned()),
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 1..most)
        .prop_map(|pieces| {
            let text: String =
                pieces.concat().chars().filter(|c| !c.is_control() && *c != '\u{FEFF}').take(60).collect();
            text.trim().to_owned()
        })
        .prop_filter("empty", |text| !text.is_empty())
}

fn attributes() -> impl Strategy<Value = Map<String, Value>> {
    let value = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!({"x": [1, {"y": "\u{85}\n"}]})),
    ];
    proptest::collection::vec((text(4), value), 0..4).prop_map(|pairs| pairs.into_iter().collect())
}

prop_compose! {
    fn contact()(
        id in 1_i64..1 << 40, first_name in text(12), last_name in proptest::option::of(text(6)),
        username in proptest::option::of("[a-z]{4,8}[a-z0-9_]{0,20}"), number in proptest::option::of("[1-9][0-9]{6,14}"),
        email in proptest::option::of("[=a-z+.-]{1,9}@[a-z]{1,9}\\.example"), known in any::<bool>(),
        labels in proptest::collection::vec(text(4), 0..4), note in proptest::option::of(proptest::collection::vec(text(9), 1..4)),
        attributes in attributes(), language_code in proptest::option::of("[a-z]{2}"),
    ) -> Contact {
        let mut labels: Vec<String> = labels.iter().filter_map(|text| columns::label(text)).collect();
        labels.sort_unstable();
        labels.dedup();
        Contact {
            id: ContactId(id), first_name, last_name, username,
            phone_number: number.map(|digits| format!("+{digits}")), email,
            user_id: known.then_some(UserId(id)), own_name: None, language_code, is_bot: false, labels,
            note: note.map(|lines| lines.join("\n")), attributes, phone_verified: known, is_blocked: false,
            source: ContactSource::Manual, created_at: 5, updated_at: 6, version: 1,
        }
    }
}

#[track_caller]
fn is_back(contact: &Contact, format: Format, line: &Line) {
    let said = good(line);
    let change = &said.change;
    assert_eq!(said.id, Some(contact.id), "{format:?}");
    assert_eq!(change.first_name.as_ref(), Some(&contact.first_name), "{format:?}");
    let texts = [
        (&change.last_name, &contact.last_name),
        (&change.username, &contact.username),
        (&change.email, &contact.email),
        (&change.language_code, &contact.language_code),
        (&change.note, &contact.note),
    ];
    for (read, written) in texts {
        assert_eq!(flat(read), written.as_deref(), "{format:?}");
    }
    assert_eq!(phone(said), contact.phone_number.as_deref(), "{format:?}");
    assert_eq!(change.user_id, contact.user_id, "{format:?}");
    assert_eq!(change.labels.clone().unwrap_or_default(), contact.labels, "{format:?}");
    assert_eq!(change.attributes.clone().unwrap_or_default(), contact.attributes, "{format:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn a_contact_goes_out_and_comes_back_as_it_was(contacts in proptest::collection::vec(contact(), 1..4), size in 1_usize..200) {
        let cards: String = contacts.iter().map(vcard).collect();
        let rows: String = contacts.iter().map(|contact| csv_row(contact, true)).collect();
        let lines: String = contacts.iter().map(|contact| serde_json::to_string(contact).unwrap() + "\n").collect();
        for (format, file) in [(Format::Vcard, cards), (Format::Csv, csv_header(true) + &rows), (Format::Jsonl, lines)] {
            let read = read_in(format, file.as_bytes(), size).unwrap();
            prop_assert_eq!(read.len(), contacts.len());
            for (contact, line) in contacts.iter().zip(&read) {
                is_back(contact, format, line);
            }
        }
    }

    #[test]
    fn nothing_breaks_a_reader_and_pieces_make_no_difference(
        pieces in proptest::collection::vec(prop_oneof![
            Just("BEGIN:VCARD\n".to_owned()), Just("END:VCARD\r\n".to_owned()), Just("PHOTO:".to_owned()), Just("AGENT:\n".to_owned()),
            Just("N:a;b\n".to_owned()), Just("TEL:+447700900123\n".to_owned()), Just("phone_number,name\n".to_owned()),
            Just("\"".to_owned()), Just("{\"username\":\"ann_example\"}\n".to_owned()), Just("\n".to_owned()), Just("\r".to_owned()),
            Just(" ".to_owned()), Just(",".to_owned()), Just(";".to_owned()), any::<String>(),
        ], 0..12),
        size in 1_usize..20,
    ) {
        let file = pieces.concat();
        for format in Format::ALL {
            let whole = read_in(format, file.as_bytes(), usize::MAX >> 1);
            prop_assert_eq!(&read_in(format, file.as_bytes(), size), &whole);
            let lines = whole.unwrap_or_default();
            prop_assert!(lines.is_sorted_by_key(|line| line.number));
        }
    }
}

#[test]
fn a_private_field_is_in_no_column_for_whoever_may_not_see_it() {
    assert!(csv_header(true).contains("phone_number") && csv_header(true).contains("attributes"));
    for private in contactgram_model::contact::PRIVATE_FIELDS {
        assert!(!csv_header(false).contains(private), "{private}");
    }
}
