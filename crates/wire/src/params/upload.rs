//! An upload read while it comes: its fields become parameters, its files are handed on piece by piece. For methods that
//! keep what is sent to them. It never holds more of a file than the piece that it hands on.

use super::multipart::{MAX_BOUNDARY, boundary, malformed};
use super::{BadBody, File, MAX_FILES, MAX_PARAMETERS, MAX_TEXT, Params};
use bytes::Bytes;
use futures_util::Stream;
use multer::{Field, Multipart};
use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};

/// An upload on its way.
pub struct Upload {
    parts: Multipart<'static>,
    params: Params,
    text_bytes: usize,
}

/// A file on its way.
pub struct UploadedPart(Field<'static>);

/// Why an upload can't be read on.
#[derive(Debug)]
pub enum UploadError {
    /// What came can't be read.
    Bad(BadBody),
    /// The body ended with this.
    Body(Box<dyn Error + Send + Sync>),
}

/// A body as pieces. After each there is a pause of nothing: whoever asks would else be given all that has come at once.
struct Pieces<B> {
    body: Pin<Box<B>>,
    pauses: bool,
}

impl Upload {
    /// Begins with the parameters of the query.
    ///
    /// # Errors
    /// A boundary that can't be one.
    pub fn open<B, E>(query: Option<&str>, content_type: &str, body: B) -> Result<Upload, BadBody>
    where
        B: Stream<Item = Result<Bytes, E>> + Send + 'static,
        E: Error + Send + Sync + 'static,
    {
        let boundary = boundary(content_type);
        if boundary.is_empty() || boundary.len() > MAX_BOUNDARY {
            return Err(malformed(format!("the boundary must have 1 to {MAX_BOUNDARY} characters")));
        }
        let pieces = Pieces { body: Box::pin(body), pauses: false };
        let parts = Multipart::new(pieces, boundary);
        Ok(Upload { parts, params: Params::from_query(query), text_bytes: 0 })
    }

    /// The next file, with all fields before it read. It must be read to its end before the next is asked for.
    ///
    /// # Errors
    /// What is malformed or too large, or what the body ended with.
    pub async fn next_file(&mut self) -> Result<Option<UploadedPart>, UploadError> {
        while let Some(part) = self.parts.next_field().await.map_err(failed)? {
            let Some(name) = part.name().map(str::to_owned) else {
                return Err(UploadError::Bad(malformed("a part has no name")));
            };
            if part.file_name().is_some() {
                if self.params.files.len() >= MAX_FILES {
                    return Err(UploadError::Bad(BadBody::TooLarge));
                }
                let file_name = part.file_name().map(str::to_owned);
                let content_type = part.content_type().map(ToString::to_string);
                self.params.files.push(File { name, file_name, content_type, bytes: Bytes::new() });
                return Ok(Some(UploadedPart(part)));
            }
            self.read_field(name, part).await?;
        }
        Ok(None)
    }

    async fn read_field(&mut self, name: String, mut part: Field<'static>) -> Result<(), UploadError> {
        let mut text = Vec::new();
        while let Some(piece) = part.chunk().await.map_err(failed)? {
            text.extend_from_slice(&piece);
            let so_far = self.text_bytes + name.len() + text.len();
            if so_far > MAX_TEXT || self.params.entries.len() >= MAX_PARAMETERS {
                return Err(UploadError::Bad(BadBody::TooLarge));
            }
        }
        self.text_bytes += name.len() + text.len();
        let Ok(text) = String::from_utf8(text) else {
            return Err(UploadError::Bad(malformed(format!("the field {name:?} is not UTF-8"))));
        };
        self.params.push_text(name, text);
        Ok(())
    }

    /// What was read so far: fields, and files without their content.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// Takes the last file back: it was a field of a form in which nothing was chosen.
    pub fn forget_last(&mut self) {
        self.params.files.pop();
    }

    /// Whether the last file has no name, as where nothing was chosen.
    pub fn last_is_nameless(&self) -> bool {
        self.params.files.last().is_some_and(|file| file.file_name.as_deref() == Some(""))
    }

    /// What was read: fields, and files without their content.
    ///
    /// # Errors
    /// [`BadBody::TooLarge`].
    pub fn into_params(self) -> Result<Params, BadBody> {
        self.params.check_size()?;
        Ok(self.params)
    }
}

impl UploadedPart {
    /// The next piece of the file; `None` at its end.
    ///
    /// # Errors
    /// As [`Upload::next_file`].
    pub async fn piece(&mut self) -> Result<Option<Bytes>, UploadError> {
        self.0.chunk().await.map_err(failed)
    }
}

fn failed(error: multer::Error) -> UploadError {
    match error {
        multer::Error::StreamReadFailed(why) => UploadError::Body(why),
        other => UploadError::Bad(malformed(other)),
    }
}

impl<B: Stream> Stream for Pieces<B> {
    type Item = B::Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.pauses) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let polled = self.body.as_mut().poll_next(context);
        self.pauses = matches!(polled, Poll::Ready(Some(_)));
        polled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    fn body(pieces: usize) -> impl Stream<Item = Result<Bytes, io::Error>> + Send + 'static {
        let text = "--x\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n7\r\n--x\r\n\
             Content-Disposition: form-data; name=\"a\"; filename=\"one.txt\"\r\nContent-Type: text/plain\r\n\r\n\
             first\r\n--x\r\nContent-Disposition: form-data; name=\"b\"; filename=\"\"\r\n\r\n\r\n--x\r\n\
             Content-Disposition: form-data; name=\"late\"\r\n\r\n1\r\n--x--\r\n";
        let pieces: Vec<_> =
            text.as_bytes().chunks(pieces).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        futures_util::stream::iter(pieces)
    }

    async fn whole(part: &mut UploadedPart) -> String {
        let mut text = Vec::new();
        while let Some(piece) = part.piece().await.unwrap() {
            text.extend_from_slice(&piece);
        }
        String::from_utf8(text).unwrap()
    }

    #[tokio::test]
    async fn fields_and_files_come_in_order_in_whatever_pieces_the_body_does() {
        for pieces in [1, 3, 50, 5000] {
            let mut upload = Upload::open(None, "multipart/form-data; boundary=x", body(pieces)).unwrap();
            let mut first = upload.next_file().await.unwrap().unwrap();
            assert_eq!(whole(&mut first).await, "first");
            drop(first);
            let mut nameless = upload.next_file().await.unwrap().unwrap();
            assert_eq!(whole(&mut nameless).await, "");
            drop(nameless);
            assert!(upload.last_is_nameless());
            upload.forget_last();
            assert!(upload.next_file().await.unwrap().is_none());
            let params = upload.into_params().unwrap();
            assert_eq!((params.text("chat_id"), params.text("late")), (Some("7"), Some("1")));
            let [file] = params.files() else { panic!("one file") };
            assert_eq!((file.name.as_str(), file.file_name.as_deref()), ("a", Some("one.txt")));
            assert_eq!(file.content_type.as_deref(), Some("text/plain"));
        }
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_says_what_it_ended_with() {
        let broken = futures_util::stream::iter([
            Ok(Bytes::from_static(
                b"--x\r\nContent-Disposition: form-data; name=\"a\"; filename=\"b\"\r\n\r\nab",
            )),
            Err(io::Error::other("gone")),
        ]);
        let mut upload = Upload::open(None, "multipart/form-data; boundary=x", broken).unwrap();
        let mut ended = upload.next_file().await;
        if let Ok(Some(part)) = &mut ended {
            let why = loop {
                match part.piece().await {
                    Ok(Some(_)) => {}
                    Ok(None) => panic!("it did not end well"),
                    Err(why) => break why,
                }
            };
            ended = Err(why);
        }
        let Err(UploadError::Body(why)) = ended else { panic!("it ended with what the body did") };
        assert_eq!(why.to_string(), "gone");
        let cut = futures_util::stream::iter([Ok::<_, io::Error>(Bytes::from_static(b"--x\r\n"))]);
        let mut upload = Upload::open(None, "multipart/form-data; boundary=x", cut).unwrap();
        assert!(matches!(upload.next_file().await, Err(UploadError::Bad(BadBody::Malformed(_)))));
    }
}
