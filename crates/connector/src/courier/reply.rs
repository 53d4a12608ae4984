//! The method call that a webhook's answer may hold (Bot API, "Making requests when getting updates").
//! Called by the courier with the body of a 2xx answer. A body that is no call is no error: the update is
//! delivered all the same. It never runs anything, and never hands out a call that may not be made this way.

use std::fmt;

use bytes::Bytes;
use http_body_util::{BodyDataStream, Full};
use serde_json::{Map, Value};

/// A method to run on behalf of the account, its result to be dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct ReplyCall {
    /// The method, as the receiver spelt it.
    pub method: String,
    /// Its parameters as form fields, in no promised order: strings as they are, everything else of a JSON
    /// body as JSON text, nulls left out. Files of a multipart body are left out.
    pub params: Vec<(String, String)>,
}

impl fmt::Debug for ReplyCall {
    /// The names only: the values are what people write to each other.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.params.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("ReplyCall").field("method", &self.method).field("params", &names).finish()
    }
}

/// Reads the call in an answer's body. As the Bot API server does it, the content type decides how to read,
/// and setWebhook, deleteWebhook, close, logOut and every get… are ignored.
pub(super) async fn read_call(content_type: &str, body: Bytes) -> Option<ReplyCall> {
    let kind = content_type.to_ascii_lowercase();
    let mut params = if kind.contains("multipart/form-data") {
        multipart_params(content_type, body).await?
    } else if kind.contains("application/x-www-form-urlencoded") {
        url::form_urlencoded::parse(&body).into_owned().collect()
    } else if kind.contains("application/json") {
        json_params(&body)?
    } else {
        return None;
    };
    let place = params.iter().position(|(name, _)| name == "method")?;
    let (_, method) = params.swap_remove(place);
    params.retain(|(name, _)| name != "method");
    may_be_called(&method).then_some(ReplyCall { method, params })
}

fn may_be_called(method: &str) -> bool {
    let method = method.to_ascii_lowercase();
    let refused = matches!(method.as_str(), "" | "setwebhook" | "deletewebhook" | "close" | "logout");
    !refused && !method.starts_with("get")
}

fn json_params(body: &[u8]) -> Option<Vec<(String, String)>> {
    let object: Map<String, Value> = serde_json::from_slice(body).ok()?;
    let params = object.into_iter().filter_map(|(name, value)| match value {
        Value::Null => None,
        Value::String(text) => Some((name, text)),
        other => Some((name, other.to_string())),
    });
    Some(params.collect())
}

async fn multipart_params(content_type: &str, body: Bytes) -> Option<Vec<(String, String)>> {
    let boundary = multer::parse_boundary(content_type).ok()?;
    let stream = BodyDataStream::new(Full::<Bytes>::new(body));
    let mut form = multer::Multipart::new(stream, boundary);
    let mut params = Vec::new();
    while let Some(field) = form.next_field().await.ok()? {
        if field.file_name().is_some() {
            continue;
        }
        if let Some(name) = field.name().map(str::to_owned) {
            params.push((name, field.text().await.ok()?));
        }
    }
    Some(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn call(content_type: &str, body: &str) -> Option<(String, Vec<(String, String)>)> {
        let call = read_call(content_type, Bytes::copy_from_slice(body.as_bytes())).await?;
        let mut params = call.params;
        params.sort();
        Some((call.method, params))
    }

    fn expected(method: &str, params: &[(&str, &str)]) -> Option<(String, Vec<(String, String)>)> {
        let params = params.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Some((method.into(), params))
    }

    const HELLO: &[(&str, &str)] = &[("chat_id", "5"), ("text", "a b & ü")];

    #[tokio::test]
    async fn a_call_is_read_from_json_a_form_or_multipart() {
        let json = r#"{"method":"sendMessage","chat_id":5,"text":"a b & ü"}"#;
        assert_eq!(call("application/json; charset=utf-8", json).await, expected("sendMessage", HELLO));

        let form = "method=sendMessage&chat_id=5&text=a+b+%26+%C3%BC";
        assert_eq!(call("application/x-www-form-urlencoded", form).await, expected("sendMessage", HELLO));

        let part = |name: &str, value: &str| {
            format!("--Edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let file =
            "--Edge\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\n123\r\n--Edge--\r\n";
        let fields = [("method", "sendMessage"), ("chat_id", "5"), ("text", "a b & ü")];
        let multipart: String = fields.iter().map(|(name, value)| part(name, value)).collect();
        let body = multipart + file;
        assert_eq!(call("Multipart/Form-Data; boundary=Edge", &body).await, expected("sendMessage", HELLO));
    }

    #[tokio::test]
    async fn values_of_json_become_form_fields() {
        let json = r#"{"method":"m","a":true,"b":-1.5,"c":null,"d":{"e":[1,"x"]},"f":""}"#;
        let params = [("a", "true"), ("b", "-1.5"), ("d", r#"{"e":[1,"x"]}"#), ("f", "")];
        assert_eq!(call("application/json", json).await, expected("m", &params));
    }

    #[tokio::test]
    async fn some_methods_are_never_called_this_way() {
        for method in [
            "setWebhook",
            "deleteWebhook",
            "SETWEBHOOK",
            "close",
            "Close",
            "logOut",
            "logout",
            "getUpdates",
            "getMe",
            "GETCHAT",
            "get",
            "",
        ] {
            let json = serde_json::json!({ "method": method }).to_string();
            assert_eq!(call("application/json", &json).await, None, "{method}");
        }
        for method in ["sendMessage", "closeForumTopic", "forgetme", "logOutAll"] {
            let json = serde_json::json!({ "method": method }).to_string();
            assert_eq!(call("application/json", &json).await, expected(method, &[]), "{method}");
        }
    }

    #[tokio::test]
    async fn a_body_that_is_no_call_is_ignored() {
        let deep = format!("{{\"method\":\"m\",\"a\":{}1{}}}", "[".repeat(5000), "]".repeat(5000));
        let bodies = [
            ("application/json", ""),
            ("application/json", "ok"),
            ("application/json", "[]"),
            ("application/json", "{}"),
            ("application/json", r#"{"method":null}"#),
            ("application/json", r#"{"method":"sendMessage""#),
            ("application/json", deep.as_str()),
            ("text/html", "<p>method=sendMessage</p>"),
            ("", "method=sendMessage"),
            ("application/x-www-form-urlencoded", "text=x"),
            ("multipart/form-data", "no boundary"),
            ("multipart/form-data; boundary=Edge", "--Edge\r\ncut off"),
        ];
        for (content_type, body) in bodies {
            assert_eq!(call(content_type, body).await, None, "{content_type} {body:.40}");
        }
    }

    #[test]
    fn debug_output_names_parameters_without_their_values() {
        let call = ReplyCall { method: "sendMessage".into(), params: vec![("text".into(), "canary".into())] };
        assert_eq!(format!("{call:?}"), r#"ReplyCall { method: "sendMessage", params: ["text"] }"#);
    }
}
