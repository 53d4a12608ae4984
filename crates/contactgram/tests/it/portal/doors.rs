//! Each page with each kind of visitor, as the table of pages says.

use contactgram_http::needs::{Need, Who, table};
use contactgram_model::Role;
use contactgram_testkit::{Options, TestServer};

use super::Browser;

struct Visitor {
    name: String,
    browser: Browser,
    /// Their role on the account that is asked for; `None` where they have none.
    here: Option<Role>,
    everywhere: Option<Role>,
    signed_in: bool,
}

#[tokio::test]
async fn every_page_is_for_whom_its_row_says() {
    let server = TestServer::start(Options::default()).await;
    let (shop, other) = (server.account("Shop").await, server.account("Other").await);
    let (on_shop, on_other) = (shop.id.to_string(), other.id.to_string());
    let mut visitors = Vec::new();
    for role in Role::ALL {
        let arguments = ["--role", role.name(), "--account", &on_shop];
        let browser = Browser::member(&server, &format!("the-{}", role.name()), &arguments).await;
        visitors.push(Visitor {
            name: role.name().to_owned(),
            browser,
            here: Some(role),
            everywhere: None,
            signed_in: true,
        });
    }
    let elsewhere = Browser::member(&server, "elsewhere", &["--role", "owner", "--account", &on_other]).await;
    let all = Browser::member(&server, "all", &["--role", "owner", "--all-accounts"]).await;
    let ended = Browser::member(&server, "ended", &["--role", "owner", "--all-accounts"]).await;
    assert_eq!(ended.ask("POST", "/portal/sign-out").await.status, 303);
    let mut add = |name: &str, browser, here, everywhere, signed_in| {
        visitors.push(Visitor { name: name.to_owned(), browser, here, everywhere, signed_in });
    };
    add("an owner of another account", elsewhere, None, None, true);
    add("an owner of all accounts", all, Some(Role::Owner), Some(Role::Owner), true);
    add("an ended session", ended, None, None, false);
    add("nobody", Browser::stranger(&server), None, None, false);

    let (mut pages, mut cells) = (0, 0);
    for row in table() {
        let Need::Page(who) = row.need else { continue };
        pages += 1;
        // The removal of a session would end the column.
        if row.path == "/portal/sign-out" {
            continue;
        }
        let path = row
            .path
            .replace("{account}", &on_shop)
            .replace("{client}", "cgc_0123456789abcdef01234567")
            .replace("{id}", "4999999999")
            .replace("{chat}", "4999999999")
            .replace("{file}", "nothing");
        // The stream of what comes in has no end to be read to.
        if path.ends_with("/live") {
            continue;
        }
        for visitor in &visitors {
            let answer = visitor.browser.ask(row.verb, &path).await;
            let place = format!("{} {path} as {}: {} {}", row.verb, visitor.name, answer.status, answer.text);
            let to_sign_in = answer.header("location").is_some_and(|to| to.starts_with("/portal/sign-in"));
            let refused = match who {
                Who::Anybody => None,
                _ if !visitor.signed_in => Some(303),
                Who::SignedIn => None,
                Who::On(_) if visitor.here.is_none() => Some(404),
                Who::On(least) => (visitor.here < Some(least)).then_some(403),
                Who::Everywhere(least) => (visitor.everywhere < Some(least)).then_some(403),
            };
            match refused {
                Some(303) => assert!(answer.status == 303 && to_sign_in, "{place}"),
                Some(status) => assert_eq!(answer.status, status, "{place}"),
                None => {
                    let fine = ![401, 403, 405, 500].contains(&answer.status);
                    assert!(fine && (!to_sign_in || who == Who::Anybody), "{place}");
                }
            }
            cells += 1;
        }
    }
    assert!(pages > 55 && cells > 450, "{pages} pages, {cells} cells");
}

#[tokio::test]
async fn a_role_that_is_taken_away_closes_the_pages_at_once() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let id = shop.id.to_string();
    let ann = Browser::member(&server, "ann", &["--role", "admin", "--account", &id]).await;
    let page = format!("/portal/a/{id}/apps");
    assert_eq!(ann.get(&page).await.status, 200);
    server.cli_json(&["member", "role", "ann", "--account", &id, "agent", "--json"]).await;
    assert_eq!(ann.get(&page).await.status, 403);
    server.cli_json(&["member", "role", "ann", "--account", &id, "none", "--json"]).await;
    assert_eq!(ann.get(&page).await.status, 404);
    server.cli_json(&["member", "disable", "ann", "--json"]).await;
    assert_eq!(ann.get("/portal").await.status, 303);
}
