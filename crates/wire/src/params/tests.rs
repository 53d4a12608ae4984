//! Tests of `Params`: every encoding, every way to read a value, and what is refused.

use bytes::Bytes;
use serde_json::{Value, json};

use super::*;

pub(super) const MULTIPART: &str = "multipart/form-data; boundary=XX";

/// Reads on the spot: nothing here waits for anything.
pub(super) fn read(query: Option<&str>, content_type: Option<&str>, body: &[u8]) -> Result<Params, BadBody> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(Params::read(query, content_type, Bytes::copy_from_slice(body)))
}

pub(super) fn json(body: &str) -> Params {
    read(None, Some("application/json"), body.as_bytes()).unwrap()
}

fn refused(content_type: &str, body: &[u8]) -> String {
    match read(None, Some(content_type), body) {
        Err(BadBody::Malformed(error)) => error.to_string(),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

fn pairs(params: &Params) -> Vec<(&str, &str)> {
    params.iter().map(|(name, param)| (name, param.text.as_str())).collect()
}

fn part(name: &str, text: &str) -> String {
    format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
}

fn file_part(name: &str, file_name: &str, content: &str) -> String {
    format!(
        "--XX\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\n\
         Content-Type: text/vcard\r\n\r\n{content}\r\n"
    )
}

#[test]
fn all_encodings_give_the_same_parameters() {
    let form = "chat_id=-1234567890&text=Hello+J%C3%B6hn%21&markup=%7B%22a%22%3A%5B1%5D%7D&silent=true";
    let object = json!({"chat_id": -1234567890, "text": "Hello Jöhn!", "markup": {"a": [1]}, "silent": true});
    let strings =
        json!({"chat_id": "-1234567890", "text": "Hello Jöhn!", "markup": "{\"a\":[1]}", "silent": "true"});
    let multipart = [
        part("chat_id", "-1234567890"),
        part("text", "Hello Jöhn!"),
        part("markup", "{\"a\":[1]}"),
        part("silent", "true"),
        "--XX--\r\n".to_owned(),
    ]
    .concat();
    let (object, strings) = (object.to_string(), strings.to_string());
    let table: [(Option<&str>, Option<&str>, &str); 12] = [
        (Some(form), None, ""),
        (Some(form), Some("application/json"), ""),
        (None, Some("application/x-www-form-urlencoded"), form),
        (None, Some("Application/X-WWW-Form-URLencoded; charset=UTF-8"), form),
        (None, Some(MULTIPART), &multipart),
        (None, Some("Multipart/Form-Data; Boundary=\"XX\""), &multipart),
        (None, Some("application/json"), &object),
        (None, Some("APPLICATION/JSON; charset=utf-8"), &strings),
        (None, Some("application/merge-patch+json"), &object),
        (None, None, &object),
        (None, Some("application/x-www-form-urlencoded"), &object),
        (Some("chat_id=-1234567890&text=Hello%20Jöhn!&silent=yes"), None, r#" {"markup": {"a":[1]}}"#),
    ];
    for (query, content_type, body) in table {
        let params = read(query, content_type, body.as_bytes()).unwrap();
        let case = format!("{query:?} {content_type:?} {body}");
        assert_eq!(params.required("chat_id").unwrap(), "-1234567890", "{case}");
        assert_eq!(params.int("chat_id"), Some(-1234567890), "{case}");
        assert_eq!(params.text("text"), Some("Hello Jöhn!"), "{case}");
        assert_eq!(params.json::<Value>("markup").unwrap(), Some(json!({"a": [1]})), "{case}");
        assert!(params.flag("silent"), "{case}");
        assert_eq!(params.text("absent"), None, "{case}");
    }
}

#[test]
fn the_documented_example_works_with_its_comment() {
    let body = "{\n    \"chat_id\": \"-1234567890\",  // Replace with actual chat ID\n    \"text\": \"Hello John!\"\n}";
    for content_type in ["application/json", "application/x-www-form-urlencoded", ""] {
        let params = read(None, Some(content_type), body.as_bytes()).unwrap();
        assert_eq!(pairs(&params), [("chat_id", "-1234567890"), ("text", "Hello John!")], "{content_type}");
    }
}

#[test]
fn the_query_wins_over_the_body_and_the_first_over_the_second() {
    let params = read(Some("a=query&a=second"), Some("application/json"), br#"{"a":"body","b":1,"b":2}"#);
    let params = params.unwrap();
    assert_eq!((params.text("a"), params.text("b")), (Some("query"), Some("1")));
    assert_eq!(Value::Object(params.object()), json!({"a": "query", "b": 1}));
    assert_eq!(pairs(&params), [("a", "query"), ("a", "second"), ("a", "body"), ("b", "1"), ("b", "2")]);
}

#[test]
fn an_empty_body_has_no_parameters_whatever_its_type() {
    for content_type in ["", "application/json", "application/x-www-form-urlencoded", MULTIPART, "image/png"]
    {
        for body in ["", " \r\n"] {
            let params = read(Some("a=1"), Some(content_type), body.as_bytes()).unwrap();
            assert_eq!(pairs(&params), [("a", "1")], "{content_type:?} {body:?}");
        }
    }
    assert!(read(None, None, b"").unwrap().is_empty());
    assert!(json("{}").is_empty());
}

#[test]
fn a_body_of_an_unknown_type_is_unsupported() {
    for (content_type, body) in [
        (Some("text/plain"), "{\"a\":1}"),
        (Some("image/png"), "x"),
        (None, "a=1"),
        (None, "[1]"),
        (Some(""), "\"a\""),
    ] {
        let read = read(None, content_type, body.as_bytes());
        assert_eq!(read, Err(BadBody::UnsupportedType), "{content_type:?} {body}");
    }
}

#[test]
fn malformed_percent_sequences_stand_for_themselves() {
    let params = Params::from_query(Some("a=100%&b=%zz&c=%e2%82&&d&=e&f=a=b&g=%00"));
    let expected =
        [("a", "100%"), ("b", "%zz"), ("c", "\u{FFFD}"), ("d", ""), ("", "e"), ("f", "a=b"), ("g", " ")];
    assert_eq!(pairs(&params), expected);
    assert_eq!(
        params,
        read(None, Some("x-www-form-urlencoded"), b"a=100%&b=%zz&c=%e2%82&&d&=e&f=a=b&g=%00").unwrap()
    );
}

#[test]
fn a_form_that_only_looks_like_json_stays_a_form() {
    for body in ["{\"a\":1", "{a}=1", "{\"a\":1}&b=2"] {
        let params = read(None, Some("application/x-www-form-urlencoded"), body.as_bytes()).unwrap();
        assert!(params.get("a").is_none(), "{body}");
        assert!(!params.is_empty(), "{body}");
    }
}

#[test]
fn json_literals_keep_their_text_and_null_counts_as_absent() {
    let params = json(
        r#"{"n":1.50,"big":12345678901234567890123,"t":true,"o":{ "k" : [] },"z":null,"s":"null","e":"\u00e9\n"}"#,
    );
    assert_eq!(params.text("n"), Some("1.50"));
    assert_eq!(params.text("big"), Some("12345678901234567890123"));
    assert_eq!(params.text("o"), Some("{ \"k\" : [] }"));
    assert_eq!(params.text("e"), Some("é\n"));
    assert_eq!((params.text("z"), params.text("s")), (None, Some("null")));
    assert!(params.get("z").unwrap().is_null() && !params.get("s").unwrap().is_null());
    assert!(params.required("z").is_err());
    let object = params.object();
    assert_eq!(object["z"], Value::Null);
    assert_eq!(object["s"], "null");
    assert_eq!(object["n"], 1.5);
    assert_eq!(object["o"], json!({"k": []}));
}

#[test]
fn a_broken_json_body_is_refused_with_line_and_column() {
    let table: [(&[u8], &str); 12] = [
        (b"{\n \"a\": 1\n \"b\": 2}", "can't parse JSON body at line 3 column 2: expected `,` or `}`"),
        (b"{\"a\":", "can't parse JSON body at line 1 column 5: EOF while parsing a value"),
        (b"{\"a\":1} x", "can't parse JSON body at line 1 column 9: trailing characters"),
        (b"{\"a\":1,}", "can't parse JSON body at line 1 column 8: trailing comma"),
        (b"{a:1}", "can't parse JSON body at line 1 column 2: key must be a string"),
        (b"hello", "can't parse JSON body at line 1 column 1: expected value"),
        (b"{ // \xc3\xbc\n x}", "can't parse JSON body at line 2 column 2: key must be a string"),
        (b"{ /* \n \"a\":1}", "can't parse JSON body at line 1 column 3: key must be a string"),
        (b"{\n\"a\":\"\xff\"}", "can't parse JSON body at line 2 column 6: it is not UTF-8"),
        (
            b"{\n \"a\": \"\\ud800\"}",
            "can't parse JSON body at line 2 column 7: \"a\": unexpected end of hex escape",
        ),
        (b"{\"a\": 1e999}", "can't parse JSON body at line 1 column 7: \"a\": number out of range"),
        (b"\xff\xfe{\0}\0", "can't parse JSON body at line 1 column 1: it is not UTF-8"),
    ];
    for (body, text) in table {
        assert_eq!(refused("application/json", body), text, "{}", String::from_utf8_lossy(body));
    }
}

#[test]
fn a_json_body_must_be_an_object() {
    for (body, kind) in [
        ("\"text\"", "a string"),
        ("[{\"a\":1}]", "an array"),
        (" -1", "a number"),
        ("true", "a boolean"),
        ("// why not\nnull", "null"),
    ] {
        let text = format!("can't parse request body: a JSON object is expected, not {kind}");
        assert_eq!(refused("application/json", body.as_bytes()), text);
    }
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let params = read(None, Some("application/json"), b"\xEF\xBB\xBF{\"a\":1}").unwrap();
    assert_eq!(pairs(&params), [("a", "1")]);
}

#[test]
fn a_depth_bomb_is_refused_however_it_comes() {
    let bomb = "[".repeat(200_000);
    let closed = format!("{bomb}{}", "]".repeat(200_000));
    let text = refused("application/json", format!("{{\"a\":{closed}}}").as_bytes());
    assert_eq!(text, "can't parse JSON body at line 1 column 6: \"a\": recursion limit exceeded");
    assert!(refused("application/json", format!("{{\"a\":{bomb}").as_bytes()).contains("EOF"));
    let form: Params = [("a", closed)].into_iter().collect();
    let error = form.json::<Value>("a").unwrap_err().to_string();
    assert!(error.starts_with("can't parse parameter \"a\": recursion limit exceeded"), "{error}");
}

#[test]
fn multipart_carries_text_and_files() {
    let body = [
        part("chat_id", "1"),
        file_part("card", "jöhn.vcf", "BEGIN:VCARD\r\n\r\n--X"),
        file_part("nothing_chosen", "", ""),
        file_part("card", "second.vcf", ""),
        part("text", "a\r\nb"),
        "--XX--".to_owned(),
    ]
    .concat();
    let params = read(None, Some(MULTIPART), body.as_bytes()).unwrap();
    assert_eq!(pairs(&params), [("chat_id", "1"), ("text", "a\r\nb")]);
    let names: Vec<_> = params.files().iter().map(|file| file.file_name.as_deref()).collect();
    assert_eq!(names, [Some("jöhn.vcf"), Some("second.vcf")]);
    let file = params.file("card").unwrap();
    assert_eq!(file.content_type.as_deref(), Some("text/vcard"));
    assert_eq!(file.bytes, "BEGIN:VCARD\r\n\r\n--X");
    assert!(params.file("chat_id").is_none() && params.text("card").is_none());
}

#[test]
fn malformed_multipart_is_refused_and_says_so() {
    let whole = format!("{}--XX--", part("a", "1"));
    let long = format!("multipart/form-data; boundary={}", "b".repeat(71));
    let bad_text = b"--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\xff\r\n--XX--".to_vec();
    let table: [(&str, Vec<u8>, &str); 7] = [
        ("multipart/form-data", whole.clone().into_bytes(), "boundary"),
        ("multipart/form-data; boundary=\"\"", whole.clone().into_bytes(), "boundary"),
        (&long, whole.clone().into_bytes(), "1 to 70"),
        ("multipart/form-data; boundary=YY", whole.clone().into_bytes(), "incomplete"),
        (MULTIPART, whole.as_bytes()[..whole.len() - 8].to_vec(), "incomplete"),
        (MULTIPART, b"--XX\r\nContent-Type: text/plain\r\n\r\n1\r\n--XX--".to_vec(), "no name"),
        (MULTIPART, bad_text, "\"a\" is not UTF-8"),
    ];
    for (content_type, body, reason) in table {
        let text = refused(content_type, &body);
        assert!(text.starts_with("can't parse multipart body: ") && text.contains(reason), "{text}");
    }
}

#[test]
fn too_much_is_too_large_in_every_encoding() {
    let big = "x".repeat(MAX_TEXT);
    let many = "a&".repeat(MAX_PARAMETERS + 1);
    let members = vec!["\"a\":1"; MAX_PARAMETERS + 1].join(",");
    let files = file_part("f", "f", "x").repeat(MAX_FILES + 1);
    let parts = part("a", "").repeat(MAX_PARAMETERS + 1);
    let form = "application/x-www-form-urlencoded";
    let table = [
        (Some(form), format!("a={big}")),
        (Some(form), many),
        (Some("application/json"), format!("{{\"a\":\"{big}\"}}")),
        (Some("application/json"), format!("{{{members}}}")),
        (Some(MULTIPART), format!("{}--XX--", part("a", &big))),
        (Some(MULTIPART), format!("{files}--XX--")),
        (Some(MULTIPART), format!("{parts}--XX--")),
    ];
    for (content_type, body) in table {
        let read = read(None, content_type, body.as_bytes());
        assert_eq!(read, Err(BadBody::TooLarge), "{content_type:?} {:.40}", body);
    }
    let fits = format!("{}--XX--", file_part("f", "f", &big).repeat(3));
    assert_eq!(read(None, Some(MULTIPART), fits.as_bytes()).unwrap().files().len(), 3);
    assert_eq!(read(Some(&format!("a={big}")), None, b""), Err(BadBody::TooLarge));
}

#[test]
fn a_required_parameter_must_be_there_and_filled() {
    let params = Params::from_query(Some("a=1&b="));
    assert_eq!(params.required("a"), Ok("1"));
    for name in ["b", "chat_id"] {
        let error = params.required(name).unwrap_err().to_string();
        assert_eq!(error, format!("parameter \"{name}\" is required"));
    }
    assert_eq!(params.text("b"), Some(""));
}

#[test]
fn lenient_numbers_are_clamped_and_default_where_empty() {
    let params = Params::from_query(Some("low=-5&high=500&bad=abc&empty=&fine=7"));
    for (name, number) in [("low", 1), ("high", 100), ("bad", 1), ("empty", 50), ("absent", 50), ("fine", 7)]
    {
        assert_eq!(params.int_clamped(name, 50, 1..=100), number, "{name}");
    }
    assert_eq!((params.int("bad"), params.int("empty"), params.int("absent")), (Some(0), None, None));
}

#[test]
fn strict_numbers_are_refused_with_field_range_and_what_came() {
    let params = json(
        r#"{"limit":"abc","low":0,"high":"1001","part":1.5,"empty":"","z":null,"fine":"1000","also":1}"#,
    );
    for (name, came) in
        [("limit", "\"abc\""), ("low", "0"), ("high", "\"1001\""), ("part", "1.5"), ("empty", "\"\"")]
    {
        let error = params.whole(name, 1..=1000).unwrap_err().to_string();
        assert_eq!(error, format!("{name} must be a whole number from 1 to 1000, not {came}"));
    }
    for (name, number) in [("z", None), ("absent", None), ("fine", Some(1000)), ("also", Some(1))] {
        assert_eq!(params.whole(name, 1..=1000), Ok(number), "{name}");
    }
}

#[test]
fn what_resources_read_strictly_is_refused_by_name() {
    let params =
        json(r#"{"text":"x","number":5.5,"flag":true,"object":{},"list":["x"],"null":null,"empty":""}"#);
    assert_eq!(params.strict_text("text"), Ok(Some("x")));
    assert_eq!(params.strict_text("number"), Ok(Some("5.5")));
    assert_eq!((params.strict_text("null"), params.strict_text("absent")), (Ok(None), Ok(None)));
    for name in ["flag", "object", "list"] {
        assert_eq!(params.strict_text(name).unwrap_err().to_string(), format!("{name} must be a string"));
    }
    assert_eq!((params.strict_flag("flag"), params.strict_flag("empty")), (Ok(Some(true)), Ok(None)));
    for name in ["text", "number", "object"] {
        assert_eq!(
            params.strict_flag(name).unwrap_err().to_string(),
            format!("{name} must be true or false")
        );
    }
}

#[test]
fn flags_tell_absent_from_false() {
    let params = json(r#"{"t":true,"f":false,"one":"1","yes":" Yes ","empty":"","z":null,"two":2}"#);
    let table = [
        ("t", Some(true)),
        ("f", Some(false)),
        ("one", Some(true)),
        ("yes", Some(true)),
        ("empty", None),
        ("z", None),
        ("absent", None),
        ("two", Some(false)),
    ];
    for (name, flag) in table {
        assert_eq!(params.maybe_flag(name), flag, "{name}");
        assert_eq!(params.flag(name), flag == Some(true), "{name}");
    }
}

#[test]
fn an_object_parameter_is_json_text_in_every_encoding() {
    let params = json(r#"{"native":["message"],"text":"[\"message\"]","empty":"","bad":"[","kind":5}"#);
    for name in ["native", "text"] {
        assert_eq!(params.json::<Vec<String>>(name), Ok(Some(vec!["message".to_owned()])), "{name}");
    }
    assert_eq!(params.json::<Vec<String>>("empty"), Ok(None));
    assert_eq!(params.json::<Vec<String>>("absent"), Ok(None));
    for name in ["bad", "kind"] {
        let error = params.json::<Vec<String>>(name).unwrap_err().to_string();
        assert!(error.starts_with(&format!("can't parse parameter \"{name}\": ")), "{error}");
    }
}

#[test]
fn debug_shows_no_value() {
    let body = [part("a", "s3cret"), file_part("f", "s3cret", "s3cret"), "--XX--".to_owned()].concat();
    let params = read(None, Some(MULTIPART), body.as_bytes()).unwrap();
    let shown = format!("{params:?} {:?} {:?}", params.get("a"), params.file("f"));
    assert_eq!(shown, "Params(1 parameters, 1 files) Some(Param(6 bytes)) Some(File(6 bytes))");
}

#[tokio::test]
async fn a_nul_character_arrives_as_a_space() {
    assert_eq!(Params::from_query(Some("q=a%00b")).text("q"), Some("a b"));
    let body = Bytes::from_static(br#"{"q": "a\u0000b"}"#);
    let params = Params::read(None, Some("application/json"), body).await.unwrap();
    assert_eq!(params.text("q"), Some("a b"));
}
