//! Phone numbers: international forms as they stand, national forms with the account's region.

use contactgram_testkit::{Options, TestServer, json};

use super::{add, bad_request, route};
use crate::kit::on_each_engine;

#[tokio::test]
async fn a_national_form_is_read_with_the_accounts_region_and_is_one_with_the_international() {
    on_each_engine(async |server| {
        let shop = server.account_with("Shop", &["--region", "GB"]).await;
        let (client, bot) = (shop.v1(), shop.bot());
        let made = add(&client, json!({"phone_number": "020 7946 0018", "first_name": "Desk"})).await;
        assert_eq!(made["phone_number"], "+442079460018");
        for spelling in ["+44 20 7946 0018", "(020) 7946-0018", "02079460018"] {
            let again =
                client.post("/contacts", json!({"phone_number": spelling, "first_name": "Desk"})).await;
            assert_eq!((again.status, &again.result()["id"]), (200, &made["id"]), "{spelling}");
            let found = bot.call("getContact", json!({"phone_number": spelling})).await;
            assert_eq!(found.result()["id"], made["id"], "{spelling}");
            let sent = bot.call("sendMessage", json!({"phone_number": spelling, "text": "Hello"})).await;
            assert_eq!(sent.result()["chat"]["id"], made["id"], "{spelling}");
        }
        let patched = client.patch(&route(&made), json!({"phone_number": "07900 123456"})).await;
        assert_eq!(patched.result()["phone_number"], "+447900123456");
        let text =
            bad_request(&client.post("/contacts", json!({"phone_number": "12", "first_name": "A"})).await);
        assert_eq!(
            text,
            "phone_number is not a number of the region GB; write it with + and the country code"
        );
    })
    .await;
}

#[tokio::test]
async fn without_a_region_a_national_form_is_refused_with_the_reason() {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    let text = "phone_number must begin with + and the country code, as the account has no default region";
    let body = json!({"phone_number": "020 7946 0018", "first_name": "Desk"});
    assert_eq!(bad_request(&shop.v1().post("/contacts", body.clone()).await), text);
    assert_eq!(bad_request(&shop.bot().call("addContact", body.clone()).await), text);
    assert_eq!(bad_request(&shop.bot().call("getContact", body).await), text);
}

#[tokio::test]
async fn the_servers_default_region_is_that_of_new_accounts() {
    let server = TestServer::start(Options::default().variable("CONTACTGRAM_DEFAULT_REGION", "US")).await;
    // The command line reads its own environment: the region of the server's is for the account it makes.
    let (_, token) = crate::kit::first_account(&server).await;
    let made = server
        .bot(&token)
        .post("/contacts", json!({"phone_number": "(415) 555-2671", "first_name": "A"}))
        .await;
    assert_eq!(made.result()["phone_number"], "+14155552671");
}
