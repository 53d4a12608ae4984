//! What holds for every text: parsing never panics, offsets fit the text, and escaping gives the text back.

use super::*;
use proptest::prelude::*;

/// Texts rich in markup characters, links and characters outside the Basic Multilingual Plane.
fn marked_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ -~]{0,6}",
        "\\PC{0,3}",
        prop::sample::select(vec![
            "<b>",
            "</b>",
            "<i>",
            "</i>",
            "<a href=\"t.me\">",
            "</a>",
            "<code>",
            "</code>",
            "<blockquote>",
            "</blockquote>",
            "<pre>",
            "</pre>",
            "&lt;",
            "&#128512;",
            "*",
            "_",
            "__",
            "~",
            "||",
            "`",
            "```",
            "\n>",
            "[",
            "](t.me)",
            "![",
            "](tg://emoji?id=1)",
            "\\",
            "\n",
            "\r",
            " ",
            "😀",
            "é",
            "/go",
            "@durov",
            "#tag",
            "$USD",
            "a.com/(x)",
            "me@a.org",
            "https://",
            "tg://a",
            "+4930123456",
            "\u{200f}",
            "\u{202e}",
            "\0",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

fn any_mode() -> impl Strategy<Value = Option<ParseMode>> {
    prop::sample::select(vec![
        None,
        Some(ParseMode::Html),
        Some(ParseMode::Markdown),
        Some(ParseMode::MarkdownV2),
    ])
}

fn explicit_entities() -> impl Strategy<Value = String> {
    let kinds = vec!["bold", "italic", "underline", "spoiler", "code", "pre", "blockquote", "text_link"];
    let one = (prop::sample::select(kinds), 0..30i64, 0..30i64).prop_map(|(kind, offset, length)| {
        serde_json::json!({ "type": kind, "offset": offset, "length": length, "url": "t.me" })
    });
    prop::collection::vec(one, 0..8).prop_map(|list| serde_json::Value::from(list).to_string())
}

fn check_fit(formatted: &FormattedText) {
    let mut boundaries = vec![0];
    for c in formatted.text.chars() {
        boundaries.push(boundaries[boundaries.len() - 1] + c.len_utf16() as i64);
    }
    for e in &formatted.entities {
        assert!(e.length > 0, "{e:?} is empty");
        assert!(
            boundaries.contains(&e.offset) && boundaries.contains(&e.end()),
            "{e:?} in {:?}",
            formatted.text
        );
    }
    for (at, a) in formatted.entities.iter().enumerate() {
        for b in &formatted.entities[at + 1..] {
            assert!(a.offset <= b.offset, "{b:?} comes after {a:?}");
            let nested =
                b.end() <= a.end() || a.end() <= b.offset || a.kind.is_splittable() && b.kind.is_splittable();
            assert!(nested, "{b:?} crosses {a:?}");
        }
    }
}

proptest! {
    #[test]
    fn any_text_in_any_mode_gives_entities_that_fit(text in marked_text(), mode in any_mode()) {
        if let Ok(formatted) = format_caption(&text, mode, None) {
            check_fit(&formatted);
        }
    }

    #[test]
    fn explicit_entities_that_are_taken_fit(text in marked_text(), entities in explicit_entities()) {
        if let Ok(formatted) = format_caption(&text, None, Some(&entities)) {
            check_fit(&formatted);
        }
    }

    #[test]
    fn formatting_a_formatted_text_again_changes_nothing(text in marked_text(), mode in any_mode()) {
        if let Ok(first) = format_caption(&text, mode, None) {
            let entities = serde_json::to_string(&first.entities).unwrap();
            prop_assert_eq!(format_caption(&first.text, None, Some(&entities)), Ok(first));
        }
    }

    #[test]
    fn escaped_html_gives_the_text_back(text in "[^\\x00]{0,60}") {
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        let plain = format_caption(&text, None, None);
        prop_assert_eq!(format_caption(&escaped, Some(ParseMode::Html), None), plain);
    }

    #[test]
    fn escaped_markdown_v2_gives_the_text_back(text in "[^\\x00]{0,60}") {
        let escape = |c: char| if ('!'..='~').contains(&c) { format!("\\{c}") } else { c.to_string() };
        let escaped: String = text.chars().map(escape).collect();
        let plain = format_caption(&text, None, None);
        prop_assert_eq!(format_caption(&escaped, Some(ParseMode::MarkdownV2), None), plain);
    }

    #[test]
    fn a_plain_text_keeps_all_but_its_edges(text in "[a-z <&*_\n]{0,60}") {
        let formatted = format_caption(&text, None, None).unwrap();
        prop_assert_eq!(formatted.text, text.trim_matches([' ', '\n']));
    }
}
