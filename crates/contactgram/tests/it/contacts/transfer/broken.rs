//! Files that are wrong in every way: each line says where and why, and what is right comes in all the same.

use super::{CSV, JSONL, VCARD, contacts, counts, import, refusals};
use crate::kit::{on_each_engine, raw};
use contactgram_testkit::{Method, Options, TestServer};
use std::io::Write as _;

#[tokio::test]
async fn each_wrong_line_names_its_number_and_its_field() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let client = shop.v1();
        let table = "first_name,phone_number,email,username,labels,attributes,note\r\n\
                     Ann,12,,,,,\r\n\
                     Ben,+447700900101,nobody,,,,\r\n\
                     Cid,+447700900102,,x,,,\r\n\
                     Dan,+447700900103,,,,[1],\r\n\
                     ,,,,,,nobody at all\r\n\
                     Eve,+447700900104,,,,,fine\r\n";
        let answer = import(&client, "", CSV, table).await;
        let wanted =
            [(2, "phone_number"), (3, "email"), (4, "username"), (5, "attributes"), (6, "phone_number")];
        assert_eq!(
            refusals(&answer),
            wanted.map(|(line, field)| (line, field.to_owned())),
            "{}",
            answer.text
        );
        assert_eq!(counts(&answer), [1, 0, 0, 5]);
        let lines = "{\"first_name\":\"x\",\"phone_number\":\"+447700900105\"\nnothing\n\n\
                     {\"first_name\":\"Flo\",\"phone_number\":\"+447700900106\",\"labels\":[5]}\n\
                     {\"first_name\":\"Gil\",\"phone_number\":\"+447700900106\"}\n";
        let answer = import(&client, "", JSONL, lines).await;
        assert_eq!(
            refusals(&answer),
            [(1, ""), (2, ""), (4, "labels")].map(|(line, field)| (line, field.to_owned()))
        );
        let cards = "BEGIN:VCARD\nFN:Hal\nTEL:0207\nEND:VCARD\nBEGIN:VCARD\nFN:Ida\nBEGIN:VCARD\nFN:Jan\n\
                     TEL:+447700900107\nEND:VCARD\n";
        let answer = import(&client, "", VCARD, cards).await;
        assert_eq!(
            refusals(&answer),
            [(1, "phone_number".to_owned()), (5, String::new())],
            "{}",
            answer.text
        );
        let names: Vec<_> =
            contacts(&shop).await.iter().map(|contact| contact["first_name"].clone()).collect();
        assert_eq!(names, ["Eve", "Gil", "Jan"]);
        // A national number is read with a region.
        let card = "BEGIN:VCARD\nFN:Kim\nTEL:07911 123456\nEND:VCARD\n";
        assert_eq!(counts(&import(&client, "", VCARD, card).await), [0, 0, 0, 1]);
        assert_eq!(counts(&import(&client, "?region=GB", VCARD, card).await), [1, 0, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn many_wrong_lines_are_counted_and_the_first_are_told() {
    let server = TestServer::start(Options::default()).await;
    let client = server.account("Shop").await.v1();
    let answer = import(&client, "", CSV, "phone\n".to_owned() + &"12\n".repeat(2_000)).await;
    let report = answer.result();
    assert_eq!((counts(&answer), report["refusals"].as_array().map(Vec::len)), ([0, 0, 0, 2_000], Some(100)));
    assert_eq!(report["refusals"][99]["line"], 101);
}

#[tokio::test]
async fn what_is_no_such_file_is_refused_as_a_whole() {
    let server = TestServer::start(Options::default()).await;
    let client = server.account("Shop").await.v1();
    for (query, kind, file, code, why) in [
        ("", "application/json", "{}", 415, "Unsupported Media Type"),
        ("", "application/octet-stream", "x", 415, "Unsupported Media Type"),
        ("", CSV, "colour\nred\n", 400, "names no column"),
        ("", CSV, "", 400, "no row that names"),
        ("?on_conflict=x", CSV, "phone\n", 400, "on_conflict must be"),
        ("?dry_run=perhaps", CSV, "phone\n", 400, "dry_run must be"),
        ("?region=Mars", CSV, "phone\n", 400, "region must be"),
        ("?format=xls", CSV, "phone\n", 400, "format must be"),
    ] {
        let (status, text) = import(&client, query, kind, file).await.refusal();
        assert!(status == code && text.contains(why), "{kind} {file:?}: {status} {text}");
    }
    let by_name =
        import(&client, "?format=csv", "application/octet-stream", "phone,name\n+447700900101,Ann\n").await;
    assert_eq!(counts(&by_name), [1, 0, 0, 0]);
}

#[tokio::test]
async fn a_packed_file_is_unpacked_on_the_way_and_a_broken_one_is_refused() {
    let server = TestServer::start(Options::default()).await;
    let client = server.account("Shop").await.v1();
    let mut file = "phone,name\n".to_owned();
    (0..500).for_each(|n| file.push_str(&format!("+4477009{n:05},Name {n}\n")));
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(file.as_bytes()).expect("into memory");
    let packed = packer.finish().expect("into memory");
    let send = async |body: Vec<u8>| {
        let request = client.request(Method::POST, "contacts/import").header("Content-Type", CSV);
        client.send(request.header("Content-Encoding", "gzip").body(body)).await
    };
    assert_eq!(counts(&send(packed.clone()).await), [500, 0, 0, 0]);
    assert_eq!(send(packed[..packed.len() / 2].to_vec()).await.refusal().0, 400);
    assert_eq!(send(b"phone\n".to_vec()).await.refusal().0, 400);
}

#[tokio::test]
async fn a_file_that_breaks_off_leaves_whole_contacts_and_a_note_in_the_log() {
    on_each_engine(async |server| {
        let shop = server.account("Shop").await;
        let mut rows = "phone,name\n".to_owned();
        (0..1_000).for_each(|n| rows.push_str(&format!("+4477009{n:05},Name {n}\n")));
        let head = format!(
            "POST /bot{}/contacts/import HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: text/csv\r\n\
             Transfer-Encoding: chunked\r\n\r\n",
            shop.token
        );
        // A length that is none ends it.
        let request = format!("{head}{:x}\r\n{rows}\r\nrubbish\r\n", rows.len());
        let answer = raw(&server, request).await;
        assert_eq!(answer.refusal(), (400, "Bad Request: the body ended before its time".to_owned()));
        let page = shop.v1().get("contacts?limit=1000").await.result();
        let kept = page["total_count"].as_i64().expect("a number");
        assert!((900..=1_000).contains(&kept), "{kept}");
        let log = shop.v1().get("audit?action=contacts.imported").await.result();
        assert_eq!(log["entries"][0]["details"]["broke_off"], true);
        assert_eq!(log["entries"][0]["details"]["added"], kept);
        // The same again, whole this time, adds the rest alone.
        let answer = import(&shop.v1(), "", CSV, rows).await;
        assert_eq!(counts(&answer), [1_000 - kept, 0, kept, 0]);
    })
    .await;
}
