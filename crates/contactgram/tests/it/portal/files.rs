//! Files on the page of a conversation: named there, and downloaded by who may see the conversation.

use contactgram_testkit::{Options, TestServer, json};

use super::Browser;
use crate::files::document;
use crate::kit::text;

#[tokio::test]
async fn a_conversation_names_its_files_and_leads_to_them() {
    let server = TestServer::start(Options::default()).await;
    let (shop, other) = (server.account("Shop").await, server.account("Other").await);
    let ann = server.person(json!({"first_name": "Ann"})).await;
    let sent = document(&shop, ann.id, "<plan>.html", b"<script>alert(1)</script>").await;
    let viewer =
        Browser::member(&server, "viewer", &["--role", "viewer", "--account", &shop.id.to_string()]).await;
    let page = viewer.get(&format!("/portal/a/{}/chats/{}", shop.id, ann.id)).await;
    assert!(page.text.contains("&#60;plan&#62;.html"), "{}", page.text);
    let link = format!("/portal/a/{}/files/{}", shop.id, text(&sent["document"]["file_id"]));
    assert!(page.text.contains(&format!("href=\"{link}\"")), "{}", page.text);
    let file = viewer.get(&link).await;
    assert_eq!((file.status, &file.body[..]), (200, &b"<script>alert(1)</script>"[..]));
    assert!(file.header("content-disposition").is_some_and(|how| how.starts_with("attachment")));
    assert_eq!(file.header("content-security-policy"), Some("sandbox; default-src 'none'"));
    let theirs =
        Browser::member(&server, "theirs", &["--role", "owner", "--account", &other.id.to_string()]).await;
    assert_eq!(theirs.get(&link).await.status, 404);
    let elsewhere = link.replace(&shop.id.to_string(), &other.id.to_string());
    assert_eq!(theirs.get(&elsewhere).await.status, 404, "another account has no such file");
}
