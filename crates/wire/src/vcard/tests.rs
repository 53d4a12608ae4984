//! Tests of vCards: real ones from address books, odd ones, garbage, and the way there and back.

use proptest::prelude::*;

use super::*;

const OUTLOOK_V2: &str = include_str!("../../testdata/outlook-2003.vcf");
const GMAIL_V3: &str = include_str!("../../testdata/gmail-single2.vcf");
const FULLCONTACT_V4: &str = include_str!("../../testdata/fullcontact.vcf");

fn card(lines: &str) -> Card {
    read(&format!("BEGIN:VCARD\r\nVERSION:3.0\r\n{lines}\r\nEND:VCARD\r\n")).unwrap()
}

#[test]
fn a_v2_card_of_outlook_is_read() {
    let card = read(OUTLOOK_V2).unwrap();
    assert_eq!((card.first_name.as_str(), card.last_name.as_str()), ("John", "Doe"));
    assert_eq!(card.phones, ["BusinessPhone", "HomePhone", "MobilePhone", "BusinessFaxPhone"]);
    assert_eq!(card.emails, ["jdoe@hotmail.com"]);
}

#[test]
fn a_v3_card_of_gmail_is_read_with_fax_and_pager_last() {
    let card = read(GMAIL_V3).unwrap();
    assert_eq!((card.first_name.as_str(), card.last_name.as_str()), ("VCard", "Test"));
    let ends = [11, 12, 13, 14, 15, 16, 19, 21, 17, 18, 20];
    assert_eq!(card.phones, ends.map(|end| format!("55555511{end}")));
    assert_eq!(card.emails.len(), 5);
    assert_eq!(card.emails[4], "customcategory@example.com");
    assert_eq!(emails(GMAIL_V3), card.emails);
}

#[test]
fn a_v4_card_is_read() {
    let card = read(FULLCONTACT_V4).unwrap();
    assert_eq!((card.first_name.as_str(), card.last_name.as_str()), ("FirstName", "LastName"));
    assert_eq!(card.phones.len(), 9);
    assert_eq!(card.phones[8], "555-555-1117");
    assert_eq!(card.emails[0], "home@example.com");
}

#[test]
fn every_card_of_an_address_book_is_read_in_order() {
    let book = [GMAIL_V3, "no card\r\n\r\n", FULLCONTACT_V4, OUTLOOK_V2].join("\r\n");
    let names: Vec<_> = cards(&book).map(|card| card.first_name).collect();
    assert_eq!(names, ["VCard", "FirstName", "John"]);
}

#[test]
fn what_is_written_again_reads_the_same_whatever_stood_before_a_number() {
    for line in ["TEL:tel\u{8}:tel\0:+1", "TEL:tel:tel: tel:+1", "TEL:\u{8}TEL:+1"] {
        let text = format!("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\n{line}\r\nEND:VCARD\r\n");
        let card = read(&text).unwrap();
        assert_eq!(card.phones, ["+1"], "{line:?}");
        assert_eq!(read(&write(&card)).unwrap(), card);
    }
    let twice = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nEMAIL:mailto:MAILTO:a@b\r\nEND:VCARD\r\n";
    assert_eq!(emails(twice), ["a@b"]);
}

#[test]
fn schemes_extensions_doubles_and_blanks_are_taken_off() {
    let card = card(
        "TEL;VALUE=uri:tel:+1-418-656-9254;ext=102\r\nTEL:+1 2\r\nTEL: +1 2 \r\nTEL:\r\n\
         EMAIL:mailto:a@example.com\r\nEMAIL:MAILTO:a@example.com\r\nEMAIL:not an address",
    );
    assert_eq!(card.phones, ["+1-418-656-9254", "+1 2"]);
    assert_eq!(card.emails, ["a@example.com"]);
}

#[test]
fn a_card_of_nothing_but_numbers_is_cut_off() {
    let lines: Vec<_> = (0..20_000).map(|number| format!("TEL:{number}")).collect();
    let card = card(&lines.join("\r\n"));
    assert_eq!((card.phones.len(), card.phones[99].as_str()), (100, "99"));
}

#[test]
fn names_come_from_n_and_else_from_fn() {
    let table = [
        ("N:Doe;John;;;\r\nFN:Somebody Else", ("John", "Doe")),
        ("FN:Somebody Else\r\nN:Doe;John;;;", ("John", "Doe")),
        ("FN:John van Doe", ("John van Doe", "")),
        ("N:;;;;\r\nFN:John", ("John", "")),
        ("N:Doe", ("", "Doe")),
        ("N:Doe;John,James;;;", ("John James", "Doe")),
        ("N:D\\;oe;Jo\\,hn;;;", ("Jo,hn", "D;oe")),
        ("item1.N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=91;=C3=A9;;;", ("é", "Ñ")),
        ("TEL:1", ("", "")),
    ];
    for (lines, (first_name, last_name)) in table {
        let card = card(lines);
        assert_eq!((card.first_name.as_str(), card.last_name.as_str()), (first_name, last_name), "{lines}");
    }
}

#[test]
fn what_is_no_vcard_is_none() {
    for text in ["", "hello", "{\"a\":1}", "BEGIN:VCALENDAR\r\nEND:VCALENDAR", "END:VCARD"] {
        assert_eq!(read(text), None, "{text:?}");
        assert!(emails(text).is_empty(), "{text:?}");
    }
}

#[test]
fn a_written_card_looks_as_expected() {
    let card = Card {
        first_name: "John; the \"1st\"".to_owned(),
        last_name: "Doe, Jr.\u{7}".to_owned(),
        phones: vec!["+1234567890".to_owned()],
        emails: vec!["john.doe@example.com".to_owned()],
    };
    let text = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Doe\\, Jr.;John\\; the \"1st\";;;\r\n\
                FN:John\\; the \"1st\" Doe\\, Jr.\r\nTEL;TYPE=CELL:+1234567890\r\n\
                EMAIL;TYPE=INTERNET:john.doe@example.com\r\nEND:VCARD\r\n";
    assert_eq!(write(&card), text);
}

#[test]
fn a_nameless_card_goes_by_its_number() {
    let card = Card { phones: vec!["+1".to_owned()], ..Card::default() };
    assert!(write(&card).contains("\r\nFN:+1\r\n"));
    assert!(write(&Card::default()).contains("\r\nFN:?\r\n"));
    // What is left out of a written name can't be all that is shown.
    let unseen = Card { first_name: "\u{1} \u{7f}".to_owned(), ..card };
    assert!(write(&unseen).contains("\r\nFN:+1\r\n"));
}

proptest! {
    #[test]
    fn a_written_card_reads_the_same(
        first_name in "[^\\p{Cc}\\s]([^\\p{Cc}]{0,90}[^\\p{Cc}\\s])?",
        last_name in "([^\\p{Cc}\\s]([;,:\\\\\"=. \u{e9}a]{0,90}[^\\p{Cc}\\s])?)?",
        phones in prop::collection::btree_set("\\+[0-9]{7,15}", 0..4),
        emails in prop::collection::btree_set("[a-z.+]{1,80}@[a-z]{1,9}\\.[a-z]{2}", 0..4),
    ) {
        let card = Card {
            first_name,
            last_name,
            phones: phones.into_iter().collect(),
            emails: emails.into_iter().collect(),
        };
        let text = write(&card);
        prop_assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
        prop_assert_eq!(read(&text), Some(card), "{}", text);
    }

    #[test]
    fn no_text_panics(
        pieces in prop::collection::vec(
            prop_oneof![
                Just("BEGIN:VCARD\r\n"), Just("END:VCARD"), Just("\r\n"), Just("\n "), Just("\\"), Just("\""),
                Just("N"), Just("FN"), Just("TEL"), Just("EMAIL"), Just("BDAY"), Just("VERSION:3.0\n"),
                Just("VALUE="), Just("date-and-or-time"), Just("TYPE="), Just("data:;base64,"), Just("PREF"),
                Just("ENCODING=QUOTED-PRINTABLE"), Just("ENCODING=b"), Just("CHARSET=utf-16"), Just("=C3="),
                Just("="), Just(":"), Just(";"), Just(","), Just("."), Just("ü"), Just("20"), Just("--"), Just("\0"),
                Just("BEGIN:VEVENT\n"), Just("RRULE:"), Just("FREQ=DAILY;INTERVAL="), Just("P1D"), Just("T"),
            ],
            0..40,
        ),
        noise in any::<String>(),
    ) {
        let text = pieces.concat() + &noise;
        for card in cards(&text).chain(read(&noise)) {
            prop_assert!(card.emails.iter().all(|email| email.contains('@')));
            let written = write(&card);
            prop_assert!(written.starts_with("BEGIN:VCARD\r\n") && written.ends_with("END:VCARD\r\n"));
        }
    }
}
