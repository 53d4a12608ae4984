//! The requests of the API documentation's own snippets, made by each example's other command: the same verb, path,
//! headers and body that the snippet's library sends, and answered by a real server.

use contactgram_testkit::{FaultProxy, Options, Passed, TestServer, json};

use crate::program::examples;

#[tokio::test]
#[ignore = "needs the examples built: cargo xtask test --only examples"]
async fn each_language_makes_the_requests_of_its_snippets() {
    let server = TestServer::start(Options::default()).await;
    let mut tried = 0;
    for example in examples() {
        let account = server.demo_account(&example.language).await;
        let proxy = FaultProxy::start(server.url()).await;
        let settings = [("CONTACTGRAM_URL", proxy.url()), ("CONTACTGRAM_TOKEN", account.token.clone())];
        let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
        let Some(ended) = example.documented(&settings).await else { continue };
        tried += 1;
        assert_eq!(ended.code, Some(0), "{}: {}", example.language, ended.errors);

        let journal = proxy.journal();
        let base = format!("/bot{}", account.token);
        let made: Vec<(&str, Option<u16>)> = journal
            .iter()
            .map(|one| (one.path.strip_prefix(&base).expect("the token is in the path"), one.told))
            .collect();
        let contact = ("/contacts/12345", Some(404));
        match example.language.as_str() {
            "Python" => {
                let polls = ("/getUpdates", Some(200));
                assert_eq!(made, [polls, ("/sendMessage", Some(200)), polls, contact]);
                let sent = &journal[1];
                assert_eq!(
                    (sent.verb.as_str(), sent.header("content-type")),
                    ("POST", Some("application/json"))
                );
                assert_eq!(sent.json(), json!({"chat_id": "-1234567890", "text": "Hello, world!"}));
                assert!(
                    ended.output.contains("200\n") && ended.output.contains("Hello World!"),
                    "{}",
                    ended.output
                );
            }
            _ => assert_eq!(made, [contact], "{}", example.language),
        }
        for one in journal.iter().filter(|one| one.verb == "GET") {
            assert_eq!((one.body.len(), one.header("content-type")), (0, None), "{one:?}");
        }
        // What requests, axios, RestTemplate and HttpClient say that they take.
        let accept = match example.language.as_str() {
            "Python" => Some("*/*"),
            "Node.js" => Some("application/json, text/plain, */*"),
            "Java" => Some("application/json, application/*+json"),
            _ => None,
        };
        let accepts = |one: &Passed| one.header("accept").map(str::to_owned);
        assert!(
            journal.iter().all(|one| accepts(one).as_deref() == accept),
            "{}: {journal:?}",
            example.language
        );
    }
    assert!(tried >= 1, "no example has snippets");
}
