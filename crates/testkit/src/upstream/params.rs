//! The parameters of a call, in whichever way they were sent.
//! Read by the methods of the fake upstream. What can't be read is left out, as the Bot API server does.

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyDataStream, Full};
use serde_json::{Map, Value};

/// Names and values, and the files of a multipart body with their lengths.
#[derive(Default)]
pub(super) struct Params {
    values: Vec<(String, String)>,
    pub files: Vec<(String, String, usize)>,
}

impl Params {
    pub async fn read(query: Option<&str>, headers: &HeaderMap, body: &Bytes) -> Params {
        let mut params = Params::default();
        params.values.extend(form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned());
        let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if kind.contains("application/json") {
            let object: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
            params.values.extend(object.into_iter().map(|(name, value)| match value {
                Value::String(text) => (name, text),
                other => (name, other.to_string()),
            }));
        } else if kind.contains("application/x-www-form-urlencoded") {
            params.values.extend(form_urlencoded::parse(body).into_owned());
        } else if let Ok(boundary) = multer::parse_boundary(kind) {
            params.read_multipart(body.clone(), boundary).await;
        }
        params
    }

    async fn read_multipart(&mut self, body: Bytes, boundary: String) {
        let mut form = multer::Multipart::new(BodyDataStream::new(Full::new(body)), boundary);
        while let Ok(Some(field)) = form.next_field().await {
            let name = field.name().unwrap_or_default().to_owned();
            match field.file_name().map(str::to_owned) {
                Some(file) => {
                    let length = field.bytes().await.map_or(0, |bytes| bytes.len());
                    self.files.push((name, file, length));
                }
                None => self.values.push((name, field.text().await.unwrap_or_default())),
            }
        }
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn number(&self, name: &str) -> Option<i64> {
        self.text(name)?.parse().ok()
    }

    /// All of them as an object of texts.
    pub fn object(&self) -> Value {
        self.values.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect()
    }
}
