//! `q`: words in any script, whole or begun, with the other filters.

use super::{send, texts};
use crate::kit::on_each_engine;
use contactgram_testkit::json;

#[tokio::test]
async fn words_are_found_in_any_script_and_case() {
    on_each_engine(async |server| {
        let (shop, desk) = (server.account("Shop").await, server.account("Desk").await);
        for text in [
            "Встреча во вторник, Алёна",
            "会议改到星期三",
            "東京タワーで会いましょう",
            "Crème brûlée for the café",
            "invoice 2024-117 is due",
            "100% _done_ 'quoted' \"twice\" OR 1=1 --",
        ] {
            send(&shop, desk.id, text).await;
        }
        let card = json!({"chat_id": desk.id, "phone_number": "+447700900456", "first_name": "Benedict"});
        shop.bot().call("sendContact", card).await.result();
        for (q, expected) in [
            ("вторник", &["Встреча во вторник, Алёна"][..]),
            ("ВСТРЕ алена", &["Встреча во вторник, Алёна"]),
            ("会议", &["会议改到星期三"]),
            ("星期", &["会议改到星期三"]),
            ("三", &["会议改到星期三"]),
            ("会", &["東京タワーで会いましょう", "会议改到星期三"]),
            ("タワー", &["東京タワーで会いましょう"]),
            ("creme CAFE", &["Crème brûlée for the café"]),
            ("brûl", &["Crème brûlée for the café"]),
            ("117", &["invoice 2024-117 is due"]),
            ("i", &["invoice 2024-117 is due"]),
            ("done' OR", &["100% _done_ 'quoted' \"twice\" OR 1=1 --"]),
            ("benedict", &["-"]),
            ("7700 900456", &["-"]),
            ("вторник café", &[]),
            ("%", &[]),
            ("\"", &[]),
            ("*", &[]),
            ("nothing like it", &[]),
        ] {
            let encoded: String = q.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let page = desk.bot().get(&format!("messages?q={encoded}")).await;
            assert_eq!(texts(&page.json()), expected, "{q}");
            assert_eq!(page.header("x-total-count"), Some(expected.len().to_string().as_str()), "{q}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_search_keeps_to_the_other_filters_and_to_the_account() {
    on_each_engine(async |server| {
        let (shop, desk) = (server.account("Shop").await, server.account("Desk").await);
        let ann = server.person(json!({"first_name": "Ann"})).await;
        ann.write(shop.id, "red apples").await;
        send(&shop, ann.id, "green apples").await;
        send(&shop, desk.id, "sour apples").await;
        let find = async |query: String| shop.bot().get(&format!("messages?q=apples&{query}")).await.json();
        assert_eq!(texts(&find(String::new()).await), ["sour apples", "green apples", "red apples"]);
        assert_eq!(
            texts(&find(format!("chat_id={}&order=asc", ann.id)).await),
            ["red apples", "green apples"]
        );
        assert_eq!(texts(&find("direction=in".into()).await), ["red apples"]);
        assert_eq!(texts(&find("limit=1&offset=1".into()).await), ["green apples"]);
        assert_eq!(texts(&find("after=2".into()).await), ["sour apples"]);
        assert_eq!(texts(&desk.bot().get("messages?q=apples").await.json()), ["sour apples"]);
        let all = shop.bot().get("messages?q=").await;
        assert_eq!(all.json().as_array().unwrap().len(), 3, "an empty search is none");
    })
    .await;
}
