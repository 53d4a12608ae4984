//! Contacts in and out of files: `POST /contacts/import` and `GET /contacts/export`. Both stream: no file is ever in memory
//! as a whole. What a file says is read in `wire::transfer`, and what becomes of it is the hub's business.

use crate::call::{Call, route};
use crate::download::Failed;
use crate::reply::{self, Failure, Reply, Response, bad};
use contactgram_hub::access::{ContactsRead, ContactsWrite};
use contactgram_hub::{Error, Export, ExportQuery, Hub, Import, ImportRequest, OnConflict, Permit};
use contactgram_wire::params::Params;
use contactgram_wire::transfer::Format;
use flate2::write::{GzDecoder, ZlibDecoder};
use futures_util::{StreamExt as _, stream};
use http::HeaderValue;
use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http_body_util::{BodyDataStream, Either};
use sha2::{Digest, Sha256};
use std::io::Write as _;
use std::sync::Arc;

/// Bytes of a file at most, packed or not.
pub(crate) const MOST: usize = 256 << 20;
/// About what one of them holds in memory, of the room that all bodies share.
const HELD: usize = 1 << 20;
/// Packed bytes that are unpacked at a time: they may become a thousand times as many.
const PACKED: usize = 1 << 10;

/// `POST /contacts/import`
pub(crate) async fn import(call: Call) -> Reply {
    let (permit, params) = (call.permit::<ContactsWrite>()?, call.query());
    let content_type = call.parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let request = import_request(&params, content_type.and_then(Format::of_media_type))?;
    let mut packing = Packing::of(&call.parts)?;
    let key = call.key()?.map(|key| (key, digest(&call.parts)));
    let hub = call.shared_hub();
    let mut pieces = BodyDataStream::new(call.into_body(MOST, HELD));
    // A task of its own: whoever hangs up ends it through the body, so that what was written is still noted.
    let work = tokio::spawn(async move {
        let mut import = hub.import(permit, request, key).await?;
        let mut unpacked = 0;
        let done = async {
            while let Some(piece) = pieces.next().await {
                packing.pass(&piece?, &mut import, &mut unpacked).await?;
            }
            packing.end(&mut import, &mut unpacked).await?;
            Ok(import.finish().await?)
        };
        match done.await {
            Ok(answer) => Ok(reply::done(answer)),
            Err(failure) => {
                import.break_off().await;
                Err(failure)
            }
        }
    });
    // Not why: a panic's words may be somebody's.
    work.await.map_err(|_| Error::internal("an import came to no end"))?
}

/// How a file is to be read, as the parameters have it; `told` is what its type says.
fn import_request(params: &Params, told: Option<Format>) -> Result<ImportRequest, Failure> {
    let text = |name: &str| params.text(name).filter(|text| !text.is_empty());
    let on_conflict = match text("on_conflict").map(OnConflict::named) {
        None => OnConflict::default(),
        Some(Some(rule)) => rule,
        Some(None) => return Err(bad("on_conflict must be merge, skip or replace")),
    };
    let dry_run = match text("dry_run").map(str::to_ascii_lowercase).as_deref() {
        None | Some("false" | "0" | "no") => false,
        Some("true" | "1" | "yes") => true,
        Some(_) => return Err(bad("dry_run must be true or false")),
    };
    let format = named_format(params)?.or(told).ok_or(Failure::WrongType)?;
    Ok(ImportRequest { format, region: text("region").map(str::to_owned), on_conflict, dry_run })
}

fn named_format(params: &Params) -> Result<Option<Format>, Failure> {
    match params.text("format").filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(name) => Format::named(name).map(Some).ok_or_else(|| bad("format must be jsonl, csv or vcard")),
    }
}

/// `GET /contacts/export`
pub(crate) async fn export(call: Call) -> Reply {
    let (permit, params) = (call.permit::<ContactsRead>()?, call.query());
    let accepted = call.parts.headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let accepted = accepted.flat_map(|value| value.split(',')).find_map(Format::of_media_type);
    let format = named_format(&params)?.or(accepted).unwrap_or(Format::Jsonl);
    exported(call.shared_hub(), &permit, (format, &params)).await
}

/// The file of contacts that `q` and `label` name.
pub(crate) async fn exported(
    hub: Arc<Hub>,
    permit: &Permit<ContactsRead>,
    (format, params): (Format, &Params),
) -> Reply {
    let text = |name: &str| params.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let export = hub.export(permit, ExportQuery { format, label: text("label"), q: text("q") }).await?;
    Ok(file(export))
}

fn file(export: Export) -> Response {
    let format = export.format();
    let pieces = stream::try_unfold(export, async |mut export| {
        Ok::<_, Failed>(export.next().await.map_err(Failed)?.map(|piece| (piece, export)))
    });
    let mut response = Response::new(Either::Right(axum::body::Body::from_stream(pieces)));
    let name = format!("attachment; filename=\"contacts.{}\"", format.name());
    let about = [
        (CONTENT_TYPE, format.media_type()),
        (CONTENT_DISPOSITION, &name),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    for (header, value) in about {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(header, value);
        }
    }
    response
}

/// The beginning of the digest of what makes the request what it is; the file follows.
fn digest(parts: &Parts) -> Sha256 {
    let mut digest = Sha256::new();
    let kind = parts.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    for piece in [route(parts).as_bytes(), parts.uri.query().unwrap_or_default().as_bytes(), kind] {
        digest.update((piece.len() as u64).to_le_bytes());
        digest.update(piece);
    }
    digest
}

/// How a body is packed, as its `Content-Encoding` says.
enum Packing {
    Plain,
    Gzip(Box<GzDecoder<Vec<u8>>>),
    Deflate(Box<ZlibDecoder<Vec<u8>>>),
}

impl Packing {
    fn of(parts: &Parts) -> Result<Packing, Failure> {
        let encoding = parts.headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes).unwrap_or_default();
        match encoding.to_ascii_lowercase().as_slice() {
            b"identity" | b"" => Ok(Packing::Plain),
            b"gzip" | b"x-gzip" => Ok(Packing::Gzip(Box::new(GzDecoder::new(Vec::new())))),
            b"deflate" => Ok(Packing::Deflate(Box::new(ZlibDecoder::new(Vec::new())))),
            _ => Err(Failure::WrongType),
        }
    }

    /// Hands a piece of the body on, unpacked.
    async fn pass(
        &mut self,
        piece: &[u8],
        import: &mut Import<'_>,
        unpacked: &mut usize,
    ) -> Result<(), Failure> {
        if matches!(self, Packing::Plain) {
            return Ok(import.push(piece).await?);
        }
        for some in piece.chunks(PACKED) {
            let written = match self {
                Packing::Plain => Ok(()),
                Packing::Gzip(decoder) => decoder.write_all(some),
                Packing::Deflate(decoder) => decoder.write_all(some),
            };
            written.map_err(|_| mispacked())?;
            self.hand_on(import, unpacked).await?;
        }
        Ok(())
    }

    /// The body has come to its end.
    async fn end(&mut self, import: &mut Import<'_>, unpacked: &mut usize) -> Result<(), Failure> {
        let ended = match self {
            Packing::Plain => return Ok(()),
            Packing::Gzip(decoder) => decoder.try_finish(),
            Packing::Deflate(decoder) => decoder.try_finish(),
        };
        ended.map_err(|_| mispacked())?;
        self.hand_on(import, unpacked).await
    }

    async fn hand_on(&mut self, import: &mut Import<'_>, unpacked: &mut usize) -> Result<(), Failure> {
        let out = match self {
            Packing::Plain => return Ok(()),
            Packing::Gzip(decoder) => std::mem::take(decoder.get_mut()),
            Packing::Deflate(decoder) => std::mem::take(decoder.get_mut()),
        };
        *unpacked += out.len();
        if *unpacked > MOST {
            return Err(Failure::TooLarge);
        }
        Ok(import.push(&out).await?)
    }
}

fn mispacked() -> Failure {
    bad("the body is not in the encoding that Content-Encoding names")
}
