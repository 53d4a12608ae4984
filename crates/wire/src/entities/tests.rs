//! Cases of the three markups, of explicit entities and of what is found in plain text.
//! Each row is an input and what becomes of it: `text | kind offset+length …`, or the refusal.

use super::*;
use ParseMode::{Html, Markdown, MarkdownV2};

fn show(result: Result<FormattedText, BadRequest>) -> String {
    let formatted = match result {
        Ok(formatted) => formatted,
        Err(BadRequest(reason)) => return format!("! {reason}"),
    };
    let mut shown = formatted.text.clone() + " |";
    for e in &formatted.entities {
        let kind = serde_json::to_value(e.kind).unwrap();
        shown += &format!(" {} {}+{}", kind.as_str().unwrap(), e.offset, e.length);
        let user = e.user.as_ref().map(|user| user.id.to_string());
        let date = e.unix_time.map(|t| format!("{t}:{}", e.date_time_format.as_deref().unwrap_or_default()));
        for detail in [&e.url, &e.language, &e.custom_emoji_id, &user, &date].into_iter().flatten() {
            shown += &format!("({detail})");
        }
    }
    shown
}

fn expect(mode: Option<ParseMode>, cases: &[(&str, &str)]) {
    for (input, expected) in cases {
        assert_eq!(show(format(input, mode, None)), *expected, "{mode:?}: {input:?}");
    }
}

#[test]
fn html_tags_become_entities() {
    expect(
        Some(Html),
        &[
            ("plain", "plain |"),
            ("<b>bold</b>", "bold | bold 0+4"),
            ("<strong>a</strong><em>b</em>", "ab | bold 0+1 italic 1+1"),
            ("<u>a</u><ins>b</ins>", "ab | underline 0+2"),
            ("<s>a</s><strike>b</strike><del>c</del>", "abc | strikethrough 0+3"),
            ("<B>loud</B>", "loud | bold 0+4"),
            ("<b>x</>", "x | bold 0+1"),
            ("<b></b>x", "x |"),
            (
                "<tg-spoiler>a</tg-spoiler> <span class=\"tg-spoiler\">b</span>",
                "a b | spoiler 0+1 spoiler 2+1",
            ),
            (
                "<a href=\"https://example.com/?a=1&amp;b\">x</a>",
                "x | text_link 0+1(https://example.com/?a=1&b)",
            ),
            ("<a href='example.com'>x</a>", "x | text_link 0+1(http://example.com/)"),
            ("<a>example.com</a>", "example.com | text_link 0+11(http://example.com/)"),
            ("<a href=\"nowhere\">x</a>", "x |"),
            ("<a href=\"tg://user?id=42\">x</a>", "x | text_mention 0+1(42)"),
            (
                "<a href=\"tg://resolve?domain=x&u=http://y\">x</a>",
                "x | text_link 0+1(tg://resolve?domain=x&u=http://y)",
            ),
            ("<code>x</code>", "x | code 0+1"),
            ("<code class=\"language-rust\">x</code>", "x | code 0+1"),
            ("<pre>x</pre>", "x | pre 0+1"),
            ("<pre><code class=\"language-rust\">x</code></pre>", "x | pre 0+1(rust)"),
            ("<code class=\"language-rust\"><pre>x</pre></code>", "x | pre 0+1(rust)"),
            (
                "<tg-emoji emoji-id=\"5368324170671202286\">👍</tg-emoji>",
                "👍 | custom_emoji 0+2(5368324170671202286)",
            ),
            ("<tg-time unix=\"1647531900\" format=\"wDT\">x</tg-time>", "x | date_time 0+1(1647531900:wDT)"),
            ("<blockquote>a\nb</blockquote>", "a\nb | blockquote 0+3"),
            ("<blockquote expandable>a</blockquote>", "a | expandable_blockquote 0+1"),
            ("&lt;&gt;&amp;&quot;&nbsp;&#65;&#x1F600;", "<>&\"&nbsp;A😀 |"),
            ("&lt b&gt", "< b> |"),
            ("😀<b>😀é</b>", "😀😀é | bold 2+3"),
            ("<b>a<i>b</i>c</b>", "abc | bold 0+1 bold 1+2 italic 1+1"),
            (
                "<b>a <a href=\"t.me/x\">b</a> c</b>",
                "a b c | bold 0+2 text_link 2+1(http://t.me/x) bold 2+1 bold 3+2",
            ),
            ("<b>a<code>b</code>c</b>", "abc | bold 0+1 code 1+1 bold 2+1"),
            ("<a href=\"a.com\">x<a href=\"b.com\">y</a></a>", "xy | text_link 0+2(http://a.com/)"),
            ("  <b>a</b>  \n", "a | bold 0+1"),
            ("<b> a </b>", " a | bold 0+2"),
            ("a\r\nb\tc\u{202e}", "a\nb c |"),
        ],
    );
}

#[test]
fn broken_html_is_refused_in_the_words_of_the_official_server() {
    expect(
        Some(Html),
        &[
            (
                "<script>x</script>",
                "! can't parse entities: Unsupported start tag \"script\" at byte offset 0",
            ),
            ("é a < b", "! can't parse entities: Unsupported start tag \"\" at byte offset 5"),
            ("<br/>", "! can't parse entities: Unsupported start tag \"br/\" at byte offset 0"),
            ("x<b", "! can't parse entities: Unclosed start tag at byte offset 1"),
            ("<a href", "! can't parse entities: Unclosed start tag \"a\" at byte offset 0"),
            ("<a href=\"x", "! can't parse entities: Unclosed start tag at byte offset 0"),
            ("<a =x>", "! can't parse entities: Empty attribute name in the tag \"a\" at byte offset 0"),
            ("<a href=a/b>x</a>", "! can't parse entities: Unexpected end of name token at byte offset 8"),
            ("<b>unclosed", "! can't parse entities: Can't find end tag corresponding to start tag \"b\""),
            (
                "<b><i>test</b></i>",
                "! can't parse entities: Unmatched end tag at byte offset 10, expected \"</i>\", found \"</b>\"",
            ),
            ("x</b>", "! can't parse entities: Unexpected end tag at byte offset 1"),
            ("<b>x</b", "! can't parse entities: Unclosed end tag at byte offset 4"),
            (
                "<span>x</span>",
                "! can't parse entities: Tag \"span\" must have class \"tg-spoiler\" at byte offset 0",
            ),
            (
                "<tg-emoji emoji-id=\"9999999999999999999\">x</tg-emoji>",
                "! can't parse entities: Invalid custom emoji identifier specified",
            ),
            ("a\0b", "! can't parse entities: Text must not contain null bytes"),
            (
                "&#xd83d;",
                "! can't parse entities: Text contains invalid Unicode characters after decoding HTML entities, \
                 check for unmatched surrogate code units",
            ),
            ("<b>  </b>", "! text must be non-empty"),
        ],
    );
}

#[test]
fn markdown_v2_marks_become_entities() {
    expect(
        Some(MarkdownV2),
        &[
            ("*bold* _italic_", "bold italic | bold 0+4 italic 5+6"),
            ("__a__ ~b~ ||c||", "a b c | underline 0+1 strikethrough 2+1 spoiler 4+1"),
            ("*a _b_*", "a b | bold 0+2 bold 2+1 italic 2+1"),
            ("_a __b___", "a b | italic 0+2 italic 2+1 underline 2+1"),
            ("`a*b`", "a*b | code 0+3"),
            ("```\na_b\n```", "a_b | pre 0+3"),
            ("```rust\nfn x\n```", "fn x | pre 0+4(rust)"),
            ("```rust```", "rust | pre 0+4"),
            ("[a](https://example.com/\\))", "a | text_link 0+1(https://example.com/))"),
            ("[a*b*](t.me)", "ab | text_link 0+2(http://t.me/) bold 1+1"),
            ("[a](tg://user?id=7)", "a | text_mention 0+1(7)"),
            ("[a](nowhere)", "a |"),
            ("![👍](tg://emoji?id=5)", "👍 | custom_emoji 0+2(5)"),
            ("![now](tg://time?unix=9&format=r)", "now | date_time 0+3(9:r)"),
            ("a\\.b\\*\\\\", "a.b*\\ |"),
            (">a\n>b\nc", "a\nb\nc | blockquote 0+4"),
            (">a", "a | blockquote 0+1"),
            (">a\n>b||", "a\nb | expandable_blockquote 0+3"),
            (">a||\nb", "a\nb | expandable_blockquote 0+2"),
            ("**>a", "a | blockquote 0+1"),
            ("**a", "a |"),
            ("😀 *😀*", "😀 😀 | bold 3+2"),
        ],
    );
}

#[test]
fn broken_markdown_v2_is_refused_in_the_words_of_the_official_server() {
    let reserved = |c: char| {
        format!(
            "! can't parse entities: Character '{c}' is reserved and must be escaped with the preceding '\\'"
        )
    };
    for c in "]()>#+-=|{}.!".chars() {
        assert_eq!(show(format(&format!("a{c}b"), Some(MarkdownV2), None)), reserved(c));
    }
    expect(
        Some(MarkdownV2),
        &[
            ("*unclosed", "! can't parse entities: Can't find end of Bold entity at byte offset 0"),
            ("*bold _italic\\_*", "! can't parse entities: Can't find end of Bold entity at byte offset 15"),
            ("a `b", "! can't parse entities: Can't find end of Code entity at byte offset 2"),
            ("```x\nb", "! can't parse entities: Can't find end of PreCode entity at byte offset 0"),
            ("[a", "! can't parse entities: Can't find end of TextUrl entity at byte offset 0"),
            ("[a](b", "! can't parse entities: Can't find end of a URL at byte offset 4"),
            ("![a]", "! can't parse entities: The entity must contain a tg://emoji or tg://time URL"),
            ("![a](b)", "! can't parse entities: Invalid tg://emoji or tg://time URL specified"),
            ("![a](tg://time?unix=9&format=z)", "! can't parse entities: Invalid date format used"),
            (">*a\nb", "! can't parse entities: Can't find end of Bold entity at byte offset 1"),
        ],
    );
}

#[test]
fn legacy_markdown_knows_four_marks_without_nesting() {
    expect(
        Some(Markdown),
        &[
            ("*a* _b_ `c`", "a b c | bold 0+1 italic 2+1 code 4+1"),
            ("```\na\n```", "a | pre 0+1"),
            ("```py\na```", "a | pre 0+1(py)"),
            ("*a _b_*", "a _b_ | bold 0+5"),
            ("[a](example.com) .", "a . | text_link 0+1(http://example.com/)"),
            ("[a](tg://user?id=7)", "a | text_mention 0+1(7)"),
            ("[a](t.me", "a | text_link 0+1(http://t.me/)"),
            ("[t.me]", "t.me | text_link 0+4(http://t.me/)"),
            ("\\*a\\* \\- b.", "*a* \\- b. |"),
            ("** a", "a |"),
            ("a_b", "! can't parse entities: Can't find end of the entity starting at byte offset 1"),
            ("é *b", "! can't parse entities: Can't find end of the entity starting at byte offset 3"),
            ("```a``", "! can't parse entities: Can't find end of the entity starting at byte offset 0"),
        ],
    );
}

#[test]
fn commands_mentions_and_tags_are_found() {
    expect(
        None,
        &[
            ("/start", "/start | bot_command 0+6"),
            ("/start@my_bot deep", "/start@my_bot deep | bot_command 0+13"),
            ("😀 /help, /a/b x/y", "😀 /help, /a/b x/y | bot_command 3+5"),
            ("/a@b", "/a@b |"),
            ("(@durov) a@b1234 @abc @GIF", "(@durov) a@b1234 @abc @GIF | mention 1+6 mention 22+4"),
            ("#tag #1 #тег_1 a#b #c#", "#tag #1 #тег_1 a#b #c# | hashtag 0+4 hashtag 8+6"),
            ("#tag@channel", "#tag@channel | hashtag 0+12"),
            ("$USD $usd $$EUR $1INCH", "$USD $usd $$EUR $1INCH | cashtag 0+4 cashtag 16+6"),
            ("call +49 30 1234567, not 1+2", "call +49 30 1234567, not 1+2 | phone_number 5+14"),
        ],
    );
}

#[test]
fn links_and_addresses_are_found() {
    expect(
        None,
        &[
            ("see example.com.", "see example.com. | url 4+11"),
            ("(https://example.com/a_(b)) x", "(https://example.com/a_(b)) x | url 1+25"),
            (
                "http://a.bc:8080/?q#f, 10.0.0.1/x http://a.b",
                "http://a.bc:8080/?q#f, 10.0.0.1/x http://a.b | url 0+21 url 23+10",
            ),
            ("a.txt file.rs 1.2 e.g. x..y", "a.txt file.rs 1.2 e.g. x..y | url 6+7"),
            ("me@example.com, mailto:a.b@d.org", "me@example.com, mailto:a.b@d.org | email 0+14 email 23+9"),
            ("https://u:p@example.com", "https://u:p@example.com | url 0+23"),
            ("sftp://example.com", "sftp://example.com |"),
            ("tg://resolve?domain=x пример.рф", "tg://resolve?domain=x пример.рф | url 0+21 url 22+9"),
        ],
    );
}

#[test]
fn nothing_is_found_inside_code_or_links_but_it_is_inside_styles_and_quotes() {
    expect(
        Some(Html),
        &[
            ("<code>/start</code> /go", "/start /go | code 0+6 bot_command 7+3"),
            ("<a href=\"t.me\">@durov</a>", "@durov | text_link 0+6(http://t.me/)"),
            ("<b>/start</b>", "/start | bot_command 0+6 bold 0+6"),
            ("<blockquote>/start</blockquote>", "/start | blockquote 0+6 bot_command 0+6"),
            ("<blockquote>/sta</blockquote>rt", "/start | blockquote 0+4"),
        ],
    );
}

fn explicit(text: &str, entities: &str) -> String {
    show(format(text, None, Some(entities)))
}

#[test]
fn explicit_entities_are_taken_and_sorted() {
    let bold_and_link = r#"[{"type":"bold","offset":2,"length":3},{"type":"text_link","offset":"0","length":1,"url":"t.me"}]"#;
    assert_eq!(explicit("abcde", bold_and_link), "abcde | text_link 0+1(http://t.me/) bold 2+3");
    let pre = r#"[{"type":"pre","offset":0,"length":1,"language":"rust"}]"#;
    assert_eq!(explicit("a", pre), "a | pre 0+1(rust)");
    let user =
        r#"[{"type":"text_mention","offset":1,"length":1,"user":{"id":7,"is_bot":false,"first_name":"X"}}]"#;
    assert_eq!(explicit(" ab ", user), "ab | text_mention 0+1(7)");
    assert_eq!(explicit("a b ", r#"[{"type":"bold","offset":2,"length":2}]"#), "a b | bold 2+1");
    let merging = r#"[{"type":"bold","offset":0,"length":2},{"type":"bold","offset":2,"length":1}]"#;
    assert_eq!(explicit("abc", merging), "abc | bold 0+3");
    assert_eq!(explicit("a", r#"[{"type":"url","offset":50,"length":1}]"#), "a |");
    assert_eq!(explicit("a", r#"[{"type":"bold","offset":0,"length":0}]"#), "a |");
    for none in ["", "null", "[]"] {
        assert_eq!(explicit("a", none), "a |");
    }
}

#[test]
fn wrong_explicit_entities_are_refused() {
    let cases = [
        (
            r#"[{"type":"bold","offset":100,"length":1}]"#,
            "entity begins after the end of the text at UTF-16 offset 100",
        ),
        (
            r#"[{"type":"bold","offset":0,"length":100}]"#,
            "entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 100",
        ),
        (
            r#"[{"type":"bold","offset":1,"length":1}]"#,
            "entity begins in a middle of a UTF-16 symbol at byte offset 4",
        ),
        (
            r#"[{"type":"bold","offset":0,"length":1}]"#,
            "entity beginning at UTF-16 offset 0 ends in a middle of a UTF-16 symbol at byte offset 4",
        ),
        (r#"[{"type":"bold","offset":-1,"length":1}]"#, "receive an entity with incorrect offset -1"),
        (
            r#"[{"type":"bold","offset":0,"length":1000001}]"#,
            "receive an entity with incorrect length 1000001",
        ),
        (
            r#"[{"type":"odd","offset":0,"length":1}]"#,
            "can't parse MessageEntity: Unsupported type specified",
        ),
        (r#"[{"type":"bold","length":1}]"#, "can't parse MessageEntity: Can't find field \"offset\""),
        (
            r#"[{"type":"bold","offset":"x","length":1}]"#,
            "can't parse MessageEntity: Field \"offset\" must be a valid Number",
        ),
        (
            r#"[{"type":"text_link","offset":0,"length":2}]"#,
            "can't parse MessageEntity: Can't find field \"url\"",
        ),
        (
            r#"[{"type":"text_link","offset":0,"length":2,"url":"not-a-url"}]"#,
            "entity URL 'not-a-url' is invalid: Wrong HTTP URL",
        ),
        (
            r#"[{"type":"text_link","offset":0,"length":2,"url":""}]"#,
            "entity URL '' is invalid: URL host is empty",
        ),
        (r#"[{"type":"text_mention","offset":0,"length":2,"user":{"id":0}}]"#, "user not found"),
        (
            r#"[{"type":"text_mention","offset":0,"length":2}]"#,
            "can't parse MessageEntity: Can't find field \"user\"",
        ),
        (
            r#"[{"type":"custom_emoji","offset":0,"length":2,"custom_emoji_id":"9999999999999999999"}]"#,
            "can't parse MessageEntity: Field \"custom_emoji_id\" must be a valid Number",
        ),
        ("[7]", "can't parse MessageEntity: expected an Object"),
        ("{}", "can't parse entities: expected an Array of MessageEntity"),
        ("[{", "can't parse entities: invalid JSON"),
    ];
    for (entities, reason) in cases {
        assert_eq!(explicit("😀", entities), format!("! {reason}"), "{entities}");
    }
}

#[test]
fn a_parse_mode_overrides_explicit_entities() {
    let broken = Some("[{");
    assert_eq!(show(format("<b>a</b>", Some(Html), broken)), "a | bold 0+1");
}

#[test]
fn parse_modes_are_known_in_any_case() {
    assert_eq!(ParseMode::parse("hTmL"), Ok(Some(Html)));
    assert_eq!(ParseMode::parse("MARKDOWN"), Ok(Some(Markdown)));
    assert_eq!(ParseMode::parse("markdownv2"), Ok(Some(MarkdownV2)));
    assert_eq!(ParseMode::parse("None"), Ok(None));
    assert_eq!(ParseMode::parse(""), Ok(None));
    assert_eq!(ParseMode::parse("rtf"), Err(BadRequest::new("unsupported parse_mode")));
}

#[test]
fn lengths_are_counted_in_characters_after_parsing() {
    let longest = "😀".repeat(MAX_MESSAGE_CHARS);
    assert!(format(&longest, None, None).is_ok());
    assert_eq!(show(format(&(longest + "a"), None, None)), "! message is too long");
    let marked = format!("<b>{}</b>", "a".repeat(MAX_MESSAGE_CHARS));
    assert!(format(&marked, Some(Html), None).is_ok());
    assert_eq!(show(format(&"a".repeat(MAX_RAW_BYTES + 1), None, None)), "! text is too long");
    assert!(format_caption(&"a".repeat(MAX_CAPTION_CHARS), None, None).is_ok());
    let long_caption = "a".repeat(MAX_CAPTION_CHARS + 1);
    assert_eq!(show(format_caption(&long_caption, None, None)), "! message caption is too long");
}

#[test]
fn a_message_must_say_something_and_a_caption_need_not() {
    assert_eq!(show(format("", None, None)), "! message text is empty");
    for blank in [" \n ", "\u{200b}", "\r\t", "\u{a0}\u{2800}"] {
        assert_eq!(show(format(blank, None, None)), "! text must be non-empty");
        assert_eq!(format_caption(blank, None, None), Ok(FormattedText::default()));
    }
    assert_eq!(format_caption("", None, None), Ok(FormattedText::default()));
}

#[test]
fn the_hundred_and_first_entity_is_dropped() {
    let marked = "<b>a</b>b".repeat(150);
    assert_eq!(format(&marked, Some(Html), None).unwrap().entities.len(), 100);
}

#[test]
fn an_entity_is_written_without_absent_fields_and_read_back() {
    let mention = format("<a href='tg://user?id=7'>x</a>", Some(Html), None).unwrap().entities;
    let json = serde_json::to_string(&mention).unwrap();
    assert_eq!(
        json,
        r#"[{"offset":0,"length":1,"type":"text_mention","user":{"id":7,"is_bot":false,"first_name":""}}]"#
    );
    assert_eq!(serde_json::from_str::<Vec<MessageEntity>>(&json).unwrap(), mention);
}
