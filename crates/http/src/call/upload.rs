//! A request that brings files: its fields are read as those of any other, and its files go into the store piece by piece
//! while they come. What fails or breaks off leaves nothing: an upload that no message carries is erased.

use super::{Asked, Call, key, route};
use crate::botapi::Sum;
use crate::reply::{Failure, bad};
use crate::server::{BodyError, BodyLimits, Paced};
use bytes::Bytes;
use contactgram_hub::{Hub, Once, Upload as Kept};
use contactgram_model::file::MOST_SENT;
use contactgram_wire::params::{MAX_TEXT, Upload, UploadError, upload_boundary};
use futures_util::{Stream, StreamExt as _};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http_body_util::BodyDataStream;
use hyper::body::Incoming;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

/// The largest body: the largest file with the fields beside it.
const MOST: usize = MOST_SENT as usize + MAX_TEXT + (64 << 10);
/// About what one of them holds in memory, of the room that all bodies share.
const HELD: usize = 1 << 20;

/// A body that can still be read to its end by whoever gave it away.
struct Shared(Arc<Mutex<BodyDataStream<Paced<Incoming>>>>);

impl Call {
    /// Reads the request to its end; of an upload the files are kept, in the order they came.
    pub async fn ask_with_files(self) -> Result<Asked, Failure> {
        let content_type = self.parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_upload = content_type.and_then(upload_boundary).is_some();
        // What is packed is unpacked as a whole.
        if !is_upload || self.parts.headers.contains_key(CONTENT_ENCODING) {
            return self.ask().await;
        }
        Box::pin(self.take_files()).await
    }

    async fn take_files(self) -> Result<Asked, Failure> {
        let Call { app, caller, parts, body, .. } = self;
        let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default();
        let query = parts.uri.query();
        let summed = key(&caller, &parts)?.map(|key| {
            let boundary = upload_boundary(content_type);
            (key, Arc::new(Mutex::new(Sum::new(route(&parts), query.unwrap_or_default(), boundary))))
        });
        let sum = summed.as_ref().map(|(_, sum)| Arc::clone(sum));
        let limits = BodyLimits { max_bytes: MOST, ..app.options.body.clone() };
        let body = BodyDataStream::new(Paced::passing(body, limits, HELD));
        let body = Arc::new(Mutex::new(body));
        let pieces = |body: &Arc<_>| {
            let sum = sum.clone();
            Shared(Arc::clone(body)).inspect(move |piece| {
                if let (Some(sum), Ok(piece)) = (&sum, piece) {
                    sum.lock().unwrap_or_else(PoisonError::into_inner).add(piece);
                }
            })
        };
        let mut upload = Upload::open(query, content_type, pieces(&body))?;
        let mut uploads = Vec::new();
        while let Some(kept) = next(&app.hub, &mut upload).await? {
            match kept.bytes() == 0 && upload.last_is_nameless() {
                true => upload.forget_last(),
                false => uploads.push(kept),
            }
        }
        let params = upload.into_params()?;
        // What stands behind the last part means nothing, but it is part of the request.
        let mut rest = std::pin::pin!(pieces(&body));
        while let Some(piece) = rest.next().await {
            piece?;
        }
        let once = summed.map(|(key, sum)| {
            let fingerprint = sum.lock().unwrap_or_else(PoisonError::into_inner).finish();
            Once { key, fingerprint }
        });
        Ok(Asked { hub: Arc::clone(&app.hub), caller, params, once, uploads })
    }
}

/// Takes the next file in.
async fn next(hub: &Hub, upload: &mut Upload) -> Result<Option<Kept>, Failure> {
    let Some(mut part) = upload.next_file().await.map_err(failure)? else { return Ok(None) };
    let mut kept = hub.upload()?;
    while let Some(piece) = part.piece().await.map_err(failure)? {
        kept.push(piece).await?;
        if kept.bytes() > MOST_SENT {
            return Err(Failure::TooLarge);
        }
    }
    kept.finish().await?;
    Ok(Some(kept))
}

fn failure(error: UploadError) -> Failure {
    match error {
        UploadError::Bad(why) => why.into(),
        UploadError::Body(why) => match why.downcast::<BodyError>() {
            Ok(why) => (*why).into(),
            Err(_) => bad("the body ended before its time"),
        },
    }
}

impl Stream for Shared {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).poll_next_unpin(context)
    }
}
