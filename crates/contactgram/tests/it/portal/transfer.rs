//! Contacts in and out of files in the portal: a form with a file is taken from whom any form is, and says what came of it.

use contactgram_testkit::{Answer, Method, Options, TestServer, json};

use super::{Browser, beside};
use crate::kit::text;

/// Sends the form, with a file behind its fields.
async fn send(browser: &Browser, at: &str, fields: &[(&str, &str)], (name, file): (&str, &str)) -> Answer {
    let mut body = String::new();
    for (field, value) in fields {
        body.push_str(&format!("--x\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n"));
    }
    body.push_str(&format!(
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n{file}\r\n--x--\r\n"
    ));
    let request = browser.root.request(Method::POST, &format!("{at}/contacts/import"));
    let request =
        request.header("cookie", &browser.cookie).header("content-type", "multipart/form-data; boundary=x");
    browser.root.send(request.body(body)).await
}

#[tokio::test]
async fn a_file_is_looked_at_then_taken_and_given_out_again() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let at = format!("/portal/a/{}", shop.id);
    let role = ["--role", "agent", "--account", &shop.id.to_string()];
    let agent = Browser::member(&server, "agent", &role).await;
    assert!(agent.get(&format!("{at}/contacts")).await.text.contains("/contacts/files"));
    let page = agent.get(&format!("{at}/contacts/files")).await;
    assert!(page.status == 200 && page.text.contains("multipart/form-data"), "{}", page.text);

    let csrf = ("csrf", agent.csrf.as_str());
    let cards =
        "BEGIN:VCARD\nFN:<b>Ann</b>\nTEL:07911 123456\nEND:VCARD\nBEGIN:VCARD\nFN:Ben\nTEL:<i>\nEND:VCARD\n";
    let country = ("region", "gb");
    let tried = send(&agent, &at, &[csrf, country, ("dry_run", "true")], ("<x>.vcf", cards)).await;
    assert_eq!(tried.status, 200, "{}", tried.text);
    assert!(tried.text.contains("What would come of &#60;x&#62;.vcf") && tried.text.contains("1 added"));
    assert_eq!(shop.v1().get("contacts").await.result()["total_count"], 0);
    let taken = send(&agent, &at, &[csrf, country], ("phone.vcf", cards)).await;
    assert!(taken.text.contains("1 added, 0 updated, 0 unchanged, 1 refused."), "{}", taken.text);
    assert!(taken.text.contains("<td>5</td><td><code>phone_number</code></td>"), "{}", taken.text);
    let contact = shop.v1().get("contacts").await.result()["contacts"][0].clone();
    assert_eq!((&contact["source"], &contact["phone_number"]), (&json!("import"), &json!("+447911123456")));
    let log = shop.v1().get("audit?action=contacts.imported").await.result();
    assert_eq!(text(&log["entries"][0]["actor"]["kind"]), "member");

    for (format, begin) in [("csv", "id,first_name,"), ("vcard", "BEGIN:VCARD"), ("jsonl", "{\"id\":")] {
        let file = agent.get(&format!("{at}/contacts/export?format={format}&label=&q=")).await;
        assert!(file.status == 200 && file.text.starts_with(begin), "{}", file.text);
        assert!(file.header("content-disposition").is_some_and(|how| how.starts_with("attachment")));
    }
    let role = ["--role", "viewer", "--account", &shop.id.to_string()];
    let viewer = Browser::member(&server, "viewer", &role).await;
    let file = viewer.get(&format!("{at}/contacts/export?format=csv")).await;
    assert!(file.text.contains("Ann") && !file.text.contains("447911"), "{}", file.text);
    assert!(!viewer.get(&format!("{at}/contacts/files")).await.text.contains("multipart/form-data"));
}

#[tokio::test]
async fn a_form_with_a_file_is_held_to_what_any_form_is() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let at = format!("/portal/a/{}", shop.id);
    let role = ["--role", "agent", "--account", &shop.id.to_string()];
    let (agent, other) =
        (Browser::member(&server, "agent", &role).await, Browser::member(&server, "other", &role).await);
    let file = ("a.csv", "phone,name\n+447700900123,Ann\n");
    for fields in [&[][..], &[("csrf", "")], &[("csrf", other.csrf.as_str())]] {
        assert_eq!(send(&agent, &at, fields, file).await.status, 403);
    }
    let stranger = Browser::stranger(&server);
    assert_eq!(send(&stranger, &at, &[("csrf", &agent.csrf)], file).await.status, 303);
    let csrf = [("csrf", agent.csrf.as_str())];
    for (file, why) in [
        (("", ""), "choose a file first"),
        (("a.pdf", "x"), "the name must end in .vcf, .csv or .jsonl, as what is in it"),
    ] {
        let answer = send(&agent, &at, &csrf, file).await;
        assert_eq!((answer.status, beside(&answer.text, "file")), (422, why.to_owned()));
    }
    let answer = send(&agent, &at, &csrf, ("a.csv", "colour\nred\n")).await;
    assert!(answer.status == 422 && answer.text.contains("names no column"), "{}", answer.text);
    let mars = [csrf[0], ("region", "ma!")];
    assert!(beside(&send(&agent, &at, &mars, file).await.text, "region").contains("two letters"));
    assert_eq!(shop.v1().get("contacts").await.result()["total_count"], 0);
}
