//! A file on its way in. It is written piece by piece as it comes, so that no more than a piece of it is held; what was
//! written of one that breaks off is erased again. Made by [`Hub::upload`], fed by whoever reads the request.

use super::Leftovers;
use crate::{Error, Hub, random};
use bytes::{Bytes, BytesMut};
use contactgram_model::Clock;
use contactgram_model::file::{FileKind, unique_id};
use contactgram_store::Store;
use contactgram_store::ops::files::{self, Coming, Ending, PIECE_BYTES};
use imagesize::ImageType;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// A file that comes.
pub struct Upload {
    store: Store,
    clock: Arc<dyn Clock>,
    left: Arc<Leftovers>,
    id: i64,
    salt: [u8; 16],
    pending: BytesMut,
    /// Pieces that were written, or may have been.
    pieces: i64,
    bytes: u64,
    digest: Sha256,
    image: Option<Image>,
    fresh: Option<Fresh>,
}

/// A file that has come, for the messages that are to carry it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fresh {
    sha256: [u8; 32],
}

/// What the first bytes of a picture say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Image {
    /// Its media type.
    pub mime: &'static str,
    /// In pixels.
    pub width: i64,
    /// In pixels.
    pub height: i64,
}

impl Fresh {
    pub(super) fn sha256(&self) -> &[u8] {
        &self.sha256
    }

    /// The same for the same content.
    pub fn unique_id(&self, kind: FileKind) -> String {
        unique_id(kind, &self.sha256)
    }
}

impl Hub {
    /// Begins to take a file in.
    ///
    /// # Errors
    /// When there are no random numbers.
    pub fn upload(&self) -> Result<Upload, Error> {
        let mut salt = [0; 16];
        random::fill(&mut salt)?;
        Ok(Upload {
            store: self.store.clone(),
            clock: Arc::clone(&self.clock),
            left: Arc::clone(&self.leftovers),
            // Rising, so that new rows come behind the old ones; and chance, for what begins in the same second.
            id: (self.clock.now() << 28) | (random::seed()? >> 36) as i64,
            salt,
            pending: BytesMut::new(),
            pieces: 0,
            bytes: 0,
            digest: Sha256::new(),
            image: None,
            fresh: None,
        })
    }
}

impl Upload {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// What the store says; the file is lost then.
    pub async fn push(&mut self, mut data: Bytes) -> Result<(), Error> {
        self.bytes += data.len() as u64;
        self.digest.update(&data);
        while !data.is_empty() {
            if self.pending.is_empty() && self.bytes > PIECE_BYTES as u64 {
                self.pending.reserve(PIECE_BYTES);
            }
            let some = data.split_to(data.len().min(PIECE_BYTES - self.pending.len()));
            self.pending.extend_from_slice(&some);
            if self.pending.len() == PIECE_BYTES {
                self.write(None).await?;
            }
        }
        Ok(())
    }

    /// The last bytes have come.
    ///
    /// # Errors
    /// As [`Upload::push`].
    pub async fn finish(&mut self) -> Result<(), Error> {
        if self.bytes == 0 {
            return Ok(());
        }
        let sha256: [u8; 32] = self.digest.finalize_reset().into();
        self.write(Some(sha256)).await?;
        self.fresh = Some(Fresh { sha256 });
        Ok(())
    }

    /// How much has come.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What picture it is, if it is one; known once it has come.
    pub fn image(&self) -> Option<Image> {
        self.image
    }

    /// The file, once it has come; `None` for an empty one.
    pub fn fresh(&self) -> Option<&Fresh> {
        self.fresh.as_ref()
    }

    /// Writes the piece that is at hand, and with a digest the end as well.
    async fn write(&mut self, sha256: Option<[u8; 32]>) -> Result<(), Error> {
        let data = std::mem::take(&mut self.pending).freeze();
        if self.pieces == 0 {
            self.image = Image::of(&data);
        }
        let (id, salt, seq, now) = (self.id, self.salt, self.pieces, self.clock.now());
        let image = self.image.map(|image| image.mime);
        let bytes = i64::try_from(self.bytes).map_err(Error::internal)?;
        // Counted before: whoever stops waiting may leave a piece that is written all the same.
        self.pieces += i64::from(!data.is_empty());
        let writing = self.store.write(id, move |tx| {
            let coming = Coming { id, salt: &salt, now };
            let mut stands = data.is_empty() || files::add(tx, &coming, (seq, &data))?;
            if let Some(sha256) = &sha256 {
                stands = stands && files::finish(tx, id, &Ending { sha256, bytes, image, now })?;
            }
            Ok::<_, Error>(stands)
        });
        match writing.await? {
            true => Ok(()),
            false => Err(Error::Unavailable { text: "the upload was given up".into(), retry_after: 1 }),
        }
    }
}

/// Whether a message carries it is found out later: if none does, it is erased.
impl Drop for Upload {
    fn drop(&mut self) {
        if self.pieces > 0 {
            self.left.add(self.id);
        }
    }
}

impl Image {
    /// What a file begins as, by its first piece.
    fn of(begin: &[u8]) -> Option<Image> {
        let mime = match imagesize::image_type(begin).ok()? {
            ImageType::Jpeg => "image/jpeg",
            ImageType::Png => "image/png",
            ImageType::Gif => "image/gif",
            ImageType::Webp => "image/webp",
            ImageType::Bmp => "image/bmp",
            _ => return None,
        };
        let size = imagesize::blob_size(begin).ok()?;
        let pixels = |side: usize| i64::try_from(side).ok().filter(|side| *side > 0);
        Some(Image { mime, width: pixels(size.width)?, height: pixels(size.height)? })
    }
}
