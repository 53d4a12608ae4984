//! Every failure has the envelope, and its code is the status: also where no route, no method and no handler is
//! reached. Then what every answer carries: request ids, and the words for browsers.

use std::io::Write as _;

use contactgram_testkit::{Account, Answer, Client, Method, Options, TestServer, json};

use crate::kit::{Raw, raw};

async fn start() -> (TestServer, Account) {
    let server = TestServer::start(Options::default()).await;
    let shop = server.account("Shop").await;
    (server, shop)
}

async fn send(client: &Client, method: Method, path: &str, kind: &str, body: Vec<u8>) -> Answer {
    client.send(client.request(method, path).header("Content-Type", kind).body(body)).await
}

#[tokio::test]
async fn an_unknown_route_is_a_404_in_the_envelope() {
    let (server, shop) = start().await;
    let root = Client::new(server.url());
    let bot = format!("bot{}", shop.token);
    let paths = [
        "",
        "nothing",
        "bot",
        "v2/contacts",
        "admin",
        "admin/nothing",
        "v1",
        "file/bot1:x",
        "%FF",
        "v1%2Fcontacts",
    ];
    let below = [
        "a/b",
        "a/b/c/d",
        "contacts/",
        "contacts/1/2",
        "contacts/1/delete/x",
        "messages/1",
        "getMe/",
        "test/getMe",
    ];
    let below = below.iter().map(|path| format!("{bot}/{path}"));
    for path in paths.iter().map(|&path| path.to_owned()).chain(below) {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let answer = root.send(root.request(method, &path)).await;
            assert_eq!(answer.refusal(), (404, "Not Found".to_owned()), "{path}");
            assert_eq!(answer.header("content-type"), Some("application/json"));
        }
    }
}

#[tokio::test]
async fn a_wrong_verb_is_a_405_that_names_the_right_ones() {
    let (server, shop) = start().await;
    let client = shop.v1();
    for (verb, path, allow) in [
        ("PUT", "contacts", "GET, HEAD, POST"),
        ("DELETE", "contacts", "GET, HEAD, POST"),
        ("POST", "contacts/5", "GET, HEAD, PATCH, PUT, DELETE"),
        ("GET", "contacts/5/delete", "POST, DELETE"),
        ("PATCH", "contacts/5/messages", "GET, HEAD, POST"),
        ("POST", "messages", "GET, HEAD"),
        ("DELETE", "messages/1/1", "GET, HEAD"),
        ("PATCH", "getMe", "GET, POST"),
        ("DELETE", "sendMessage", "GET, POST"),
        ("PROPFIND", "contacts", "GET, HEAD, POST"),
        ("OPTIONS", "contacts", "GET, HEAD, POST"),
    ] {
        let verb: Method = verb.parse().expect("a verb");
        for client in [&client, &shop.bot()] {
            let answer = client.send(client.request(verb.clone(), path)).await;
            assert_eq!(answer.refusal(), (405, "Method Not Allowed".to_owned()), "{verb} {path}");
            assert_eq!(answer.header("allow"), Some(allow), "{verb} {path}");
        }
    }
    let root = Client::new(server.url());
    for path in ["livez", "readyz"] {
        let answer = root.post(path, json!({})).await;
        assert_eq!((answer.refusal().0, answer.header("allow")), (405, Some("GET, HEAD")));
    }
    let answer = root.delete("admin/people").await;
    assert_eq!((answer.refusal().0, answer.header("allow")), (405, Some("GET, HEAD, POST")));
    let answer = server.admin().get("people/1/write").await;
    assert_eq!((answer.refusal().0, answer.header("allow")), (405, Some("POST")));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_a_413_however_it_comes() {
    let server = TestServer::start(Options::default().variable("CONTACTGRAM_MAX_BODY", "4096")).await;
    let shop = server.account("Shop").await;
    let client = shop.v1();
    let too_large = (413, "Request Entity Too Large".to_owned());
    let text =
        |length: usize| json!({"chat_id": shop.id, "text": "x".repeat(length)}).to_string().into_bytes();
    let json = "application/json";
    assert_eq!(send(&client, Method::POST, "sendMessage", json, text(3900)).await.status, 200);
    assert_eq!(send(&client, Method::POST, "sendMessage", json, text(5000)).await.refusal(), too_large);
    assert_eq!(send(&client, Method::POST, "contacts", json, text(4 << 20)).await.refusal(), too_large);
    assert_eq!(send(&client, Method::PATCH, "contacts/5", json, text(5000)).await.refusal(), too_large);

    // Packed small, unpacked large.
    let request = client
        .request(Method::POST, "sendMessage")
        .header("Content-Type", json)
        .header("Content-Encoding", "gzip");
    let bomb = gzip(&text(3 << 20));
    assert!(bomb.len() < 4096);
    assert_eq!(client.send(request.body(bomb)).await.refusal(), too_large);

    // Without a length: piece by piece.
    let piece = format!("400\r\n{}\r\n", "x".repeat(0x400));
    let head = format!(
        "POST /bot{}/sendMessage HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {json}\r\n\
         Transfer-Encoding: chunked\r\n\r\n",
        shop.token
    );
    let chunked = raw(&server, format!("{head}{}0\r\n\r\n", piece.repeat(6))).await;
    assert_eq!(chunked.refusal(), too_large);
    // One that is only announced: refused before it is sent.
    let head = head.replace("Transfer-Encoding: chunked", "Content-Length: 99999999999");
    assert_eq!(raw(&server, head).await.refusal(), too_large);
    assert_eq!(shop.bot().get("getMe").await.status, 200);
}

#[tokio::test]
async fn a_type_or_an_encoding_that_is_not_read_here_is_a_415() {
    let (_server, shop) = start().await;
    let client = shop.v1();
    let unsupported = (415, "Unsupported Media Type".to_owned());
    for kind in ["text/plain", "application/xml", "application/octet-stream", "rubbish", "application/yaml"] {
        let answer = send(&client, Method::POST, "contacts", kind, b"first_name=Ann".to_vec()).await;
        assert_eq!(answer.refusal(), unsupported, "{kind}");
    }
    for encoding in ["br", "zstd", "gzip, gzip", "rubbish"] {
        let request = client.request(Method::POST, "sendMessage").header("Content-Encoding", encoding);
        assert_eq!(
            client.send(request.json(&json!({"text": "x"}))).await.refusal(),
            unsupported,
            "{encoding}"
        );
    }
    // An empty body has no type to get wrong.
    assert_eq!(send(&client, Method::POST, "getMe", "text/plain", Vec::new()).await.status, 200);
}

#[tokio::test]
async fn packed_bodies_are_unpacked_and_broken_ones_refused() {
    let (_server, shop) = start().await;
    let client = shop.v1();
    let body = json!({"chat_id": shop.id, "text": "packed"}).to_string();
    let send = async |encoding: &str, body: Vec<u8>| {
        let request = client.request(Method::POST, "sendMessage").header("Content-Type", "application/json");
        client.send(request.header("Content-Encoding", encoding).body(body)).await
    };
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    zlib.write_all(body.as_bytes()).expect("memory can be written to");
    let zlib = zlib.finish().expect("memory can be written to");
    let packed = gzip(body.as_bytes());
    for (encoding, body) in [
        ("gzip", packed.clone()),
        ("GZIP", packed.clone()),
        ("x-gzip", packed.clone()),
        ("deflate", zlib),
        ("identity", body.into_bytes()),
    ] {
        assert_eq!(send(encoding, body).await.result()["text"], "packed", "{encoding}");
    }
    let broken = "Bad Request: the body is not in the encoding that Content-Encoding names";
    for body in [b"{\"text\": \"plain\"}".to_vec(), packed[..packed.len() / 2].to_vec(), vec![0x1f, 0x8b, 8]]
    {
        assert_eq!(send("gzip", body).await.refusal(), (400, broken.to_owned()));
    }
    assert_eq!(send("deflate", packed).await.refusal(), (400, broken.to_owned()));
}

#[tokio::test]
async fn json_that_can_not_be_parsed_is_a_400_with_line_and_column() {
    let (_server, shop) = start().await;
    let client = shop.bot();
    for (body, begins) in [
        ("{", "can't parse JSON body at line 1 column 1: "),
        ("{\n  \"text\": \"a\",\n  \"chat_id\" 5\n}", "can't parse JSON body at line 3 column 13: "),
        ("{\"text\": \"a\",}", "can't parse JSON body at line 1 column 14: "),
        ("{\"text\": 'a'}", "can't parse JSON body at line 1 column 10: "),
        ("{\"text\": \"a\"} trailing", "can't parse JSON body at line 1 column 15: "),
        ("// only a comment", "can't parse JSON body at line 1 column "),
        ("[1]", "can't parse request body: a JSON object is expected, not an array"),
        ("\"text\"", "can't parse request body: a JSON object is expected, not a string"),
        ("5", "can't parse request body: a JSON object is expected, not a number"),
        ("null", "can't parse request body: a JSON object is expected, not null"),
    ] {
        for path in ["sendMessage", "contacts", "getMe"] {
            let answer =
                send(&client, Method::POST, path, "application/json", body.as_bytes().to_vec()).await;
            let (status, text) = answer.refusal();
            let expected = format!("Bad Request: {begins}");
            assert!(status == 400 && text.starts_with(&expected), "{body}: {text}");
        }
    }
    let answer =
        send(&client, Method::POST, "getMe", "application/json", b"{\"a\": \"\xff\"}".to_vec()).await;
    let text = "Bad Request: can't parse JSON body at line 1 column 8: it is not UTF-8";
    assert_eq!(answer.refusal(), (400, text.to_owned()));
    let deep = format!("{{\"a\": {}{}}}", "[".repeat(5000), "]".repeat(5000));
    let answer = send(&client, Method::POST, "getMe", "application/json", deep.into_bytes()).await;
    assert_eq!(answer.refusal().0, 400);
}

#[tokio::test]
async fn a_head_that_is_too_large_is_a_431() {
    let (server, shop) = start().await;
    let base = format!("/bot{}/getMe", shop.token);
    let head =
        |path: &str, more: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}\r\n");
    let large = format!("X-Large: {}\r\n", "x".repeat(100_000));
    let many: String = (0..5000).map(|at| format!("X-{at}: value\r\n")).collect();
    let long = format!("{base}?x={}", "x".repeat(100_000));
    for request in [head(&base, &large), head(&base, &many), head(&long, "")] {
        let answer = raw(&server, request).await;
        assert_eq!(answer.refusal(), (431, "Request Header Fields Too Large".to_owned()));
    }
    let fits = format!("X-Fits: {}\r\n", "x".repeat(40_000));
    assert_eq!(raw(&server, head(&base, &fits)).await.status, 200);
    let fits = format!("{base}?x={}", "x".repeat(40_000));
    assert_eq!(raw(&server, head(&fits, "")).await.status, 200);
}

#[tokio::test]
async fn what_is_no_http_is_refused_in_the_envelope_and_old_http_is_served() {
    let (server, shop) = start().await;
    let path = format!("/bot{}/getMe", shop.token);
    let malformed = "Bad Request: malformed HTTP request".to_owned();
    for request in [
        "rubbish\r\n\r\n".to_owned(),
        "\u{16}\u{3}\u{1} TLS where none is spoken\r\n\r\n".to_owned(),
        format!("GET {path}\r\n\r\n"),
        format!("GET {path} HTTP/3.7\r\n\r\n"),
        format!("GET {path} with spaces HTTP/1.1\r\n\r\n"),
        format!("G\u{e9}T {path} HTTP/1.1\r\n\r\n"),
        format!("GET {path} HTTP/1.1\r\nNo colon\r\n\r\n"),
        format!("GET {path} HTTP/1.1\r\nContent-Length: five\r\n\r\n"),
        format!("POST {path} HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
    ] {
        assert_eq!(raw(&server, &request).await.refusal(), (400, malformed.clone()), "{request:?}");
    }
    let http2 = raw(&server, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    assert_eq!(http2.refusal(), (505, "HTTP Version Not Supported".to_owned()));

    let old = raw(&server, format!("GET {path} HTTP/1.0\r\n\r\n")).await;
    assert_eq!((old.status, old.answer().json()["ok"].clone()), (200, json!(true)), "{old:?}");
    let old = raw(&server, "GET /nothing HTTP/1.0\r\n\r\n").await;
    assert_eq!(old.refusal(), (404, "Not Found".to_owned()));
    // Proxies write the whole address (RFC 9112, section 3.2.2).
    let whole =
        raw(&server, format!("GET {}{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", server.url()))
            .await;
    assert_eq!(whole.status, 200, "{whole:?}");
}

#[tokio::test]
async fn every_answer_has_a_request_id_and_a_sane_one_of_the_callers_is_kept() {
    let (server, shop) = start().await;
    let root = Client::new(server.url());
    let good = format!("bot{}/getMe", shop.token);
    for (path, status) in
        [(good.as_str(), 200), ("nothing", 404), ("v1/getMe", 401), ("livez", 200), ("admin/people", 401)]
    {
        let ask = async |id: &str| {
            let answer = root.send(root.request(Method::GET, path).header("X-Request-Id", id)).await;
            assert_eq!(answer.status, status, "{path}");
            answer.header("x-request-id").expect("each answer has an id").to_owned()
        };
        assert_eq!(ask("trace-42/7").await, "trace-42/7");
        let longest = "x".repeat(128);
        assert_eq!(ask(&longest).await, longest);
        for insane in ["", "has space", "quo\"te", &"x".repeat(129)] {
            let made = ask(insane).await;
            assert!(
                made.len() == 32 && made.bytes().all(|byte| byte.is_ascii_hexdigit()),
                "{insane}: {made}"
            );
        }
    }
    let (one, two) = (root.get(&good).await, root.get(&good).await);
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
    // Also where nothing could be parsed.
    assert!(raw(&server, "rubbish\r\n\r\n").await.header("x-request-id").is_some());
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let (server, shop) = start().await;
    let made =
        shop.v1().post("contacts", json!({"first_name": "Ann", "email": "ann@example.org"})).await.result();
    let ask = async |verb: &str, path: &str| {
        raw(&server, format!("{verb} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).await
    };
    let bot = format!("/bot{}", shop.token);
    for path in [
        format!("{bot}/contacts"),
        format!("{bot}/contacts/{}", made["id"]),
        format!("{bot}/messages"),
        "/livez".to_owned(),
        "/nothing".to_owned(),
    ] {
        let (head, get): (Raw, Raw) = (ask("HEAD", &path).await, ask("GET", &path).await);
        assert_eq!((head.status, head.body.as_str()), (get.status, ""), "{path}");
        for header in ["content-type", "content-length", "etag"] {
            assert_eq!(head.header(header), get.header(header), "{header} of {path}");
        }
    }
}

const PAGE: &str = "https://app.example.com";

async fn from_page(server: &TestServer, verb: Method, path: &str, origin: &str) -> Answer {
    let root = Client::new(server.url());
    let request = root.request(verb, path).header("Origin", origin);
    root.send(request.header("Access-Control-Request-Method", "PATCH")).await
}

#[tokio::test]
async fn pages_may_not_call_unless_the_operator_allows_it() {
    let (server, shop) = start().await;
    let path = format!("bot{}/getMe", shop.token);
    let answer = from_page(&server, Method::GET, &path, PAGE).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, None));
    let asked = from_page(&server, Method::OPTIONS, &path, PAGE).await;
    assert_eq!((asked.refusal().0, asked.header("access-control-allow-origin")), (405, None));
}

#[tokio::test]
async fn pages_of_an_allowed_origin_may_call_and_read_failures_too() {
    let origins = format!("{PAGE}, http://localhost:5173");
    let server = TestServer::start(Options::default().variable("CONTACTGRAM_CORS_ORIGINS", &origins)).await;
    let shop = server.account("Shop").await;
    let path = format!("bot{}/contacts/5", shop.token);
    for origin in [PAGE, "http://localhost:5173"] {
        let asked = from_page(&server, Method::OPTIONS, &path, origin).await;
        assert_eq!((asked.status, asked.text.as_str()), (204, ""));
        assert_eq!(asked.header("access-control-allow-origin"), Some(origin));
        let verbs = asked.header("access-control-allow-methods").expect("verbs are named");
        assert!(["GET", "POST", "PATCH", "PUT", "DELETE"].iter().all(|verb| verbs.contains(verb)), "{verbs}");
        let headers = asked.header("access-control-allow-headers").expect("headers are named");
        assert!(
            ["Authorization", "Content-Type", "Idempotency-Key", "If-Match"]
                .iter()
                .all(|name| headers.contains(name))
        );
        let answer = from_page(&server, Method::GET, &path, origin).await;
        assert_eq!(answer.refusal().0, 404);
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin), "failures can be read");
        assert_eq!(answer.header("vary"), Some("Origin"));
        let readable = answer.header("access-control-expose-headers").expect("headers can be read");
        assert!(
            ["ETag", "Link", "Location", "Retry-After", "X-Request-Id"]
                .iter()
                .all(|name| readable.contains(name))
        );
    }
    for origin in
        ["https://evil.example", "https://app.example.com.evil.example", "null", "http://app.example.com"]
    {
        let answer = from_page(&server, Method::GET, &path, origin).await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
        assert_eq!(answer.header("vary"), Some("Origin"), "a cache must not hand it to an allowed page");
        assert_eq!(from_page(&server, Method::OPTIONS, &path, origin).await.refusal().0, 405);
    }
    let server = TestServer::start(Options::default().variable("CONTACTGRAM_CORS_ORIGINS", "*")).await;
    let answer = from_page(&server, Method::GET, "livez", "https://any.example").await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://any.example"));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).expect("memory can be written to");
    packed.finish().expect("memory can be written to")
}
