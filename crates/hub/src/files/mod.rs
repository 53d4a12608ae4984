//! Files that messages carry: how an account names one, how a message under way gets hold of it, getFile and downloads.
//! `upload` takes them in, `sweep` has those erased that no message carries. Only accounts of the local connector have
//! files here; a bot's at an upstream stay there.

mod sweep;
mod upload;

pub(crate) use sweep::Leftovers;
pub use upload::{Fresh, Image, Upload};

use crate::access::{MessagesRead, View};
use crate::{Answer, Error, Hub, Permit, delivery};
use bytes::Bytes;
use contactgram_model::file::{self, FileCode, FileKind, MOST_FETCHED};
use contactgram_model::{ContactId, MessageId, UserId};
use contactgram_store::ops::files::{self, PIECE_BYTES, Whole};
use contactgram_store::ops::messages;
use contactgram_store::{Dialect, Store, Tx};
use contactgram_wire::file::{FileAnswer, Media};
use contactgram_wire::message::Content;

/// What is sent names no file that the account has.
const WRONG: Error = Error::bad("wrong file identifier/HTTP URL specified");
/// The same for getFile.
const UNKNOWN: Error = Error::bad("wrong file_id or the file is temporarily unavailable");
const NO_FILE: Error = Error::missing("file not found");
/// Messages with one file that are looked at for one that the caller may see.
const LOOKED_AT: i64 = 50;

/// The file of a message under way.
#[derive(Debug, Clone)]
pub(crate) struct Enclosed {
    file: Whole,
    kind: FileKind,
    /// The writer's own number for it, when they had it before.
    number: Option<MessageId>,
}

/// How a download is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileName {
    /// As getFile told it.
    Path(String),
    /// Its `file_id`.
    Id(String),
}

/// A file to be downloaded, of which the pieces are read as they are asked for.
#[derive(Clone)]
pub struct OpenFile {
    store: Store,
    id: i64,
    /// In bytes.
    pub bytes: u64,
    /// Its media type.
    pub mime: String,
    /// What it may be called where it is kept.
    pub name: String,
    /// The same for the same content.
    pub tag: String,
}

/// A file that an account has.
struct Found {
    file: Whole,
    code: FileCode,
    media: Media,
}

impl Enclosed {
    /// The file that a message under way is to carry; `content` gets all that is known of it.
    pub(crate) fn find(
        tx: &mut dyn Tx,
        view: View,
        content: &mut Content,
        fresh: Option<&Fresh>,
    ) -> Result<Option<Enclosed>, Error> {
        let Some((kind, media)) = content.carried() else { return Ok(None) };
        if let Some(fresh) = fresh {
            let file = files::with_content(tx, fresh.sha256())?;
            let file =
                file.ok_or(Error::Unavailable { text: "the upload was given up".into(), retry_after: 1 })?;
            return Ok(Some(Enclosed { file, kind, number: None }));
        }
        let Found { file, code, media } = find(tx, view, &media.file_id)?.ok_or(WRONG)?;
        if code.kind != kind {
            let text = format!("can't use file of type {} as {}", code.kind.class(), kind.class());
            return Err(Error::BadRequest(text.into()));
        }
        content.put_file(kind, media);
        Ok(Some(Enclosed { file, kind, number: Some(code.number) }))
    }

    /// Puts the file into a mailbox together with the message of this id; `content` names it as its owner does.
    pub(crate) fn put(
        &self,
        tx: &mut dyn Tx,
        (owner, is_writer): (UserId, bool),
        message: MessageId,
        content: &mut Content,
    ) -> Result<(), Error> {
        let number = self.number.filter(|_| is_writer).unwrap_or(message);
        content.name_file(&FileCode::of(&self.file.salt, owner, (self.kind, number)));
        Ok(files::carry(tx, owner, (message, number), self.file.id)?)
    }

    /// Names the file in `content` as its writer does.
    pub(crate) fn name(&self, writer: UserId, message: MessageId, content: &mut Content) {
        let number = self.number.unwrap_or(message);
        content.name_file(&FileCode::of(&self.file.salt, writer, (self.kind, number)));
    }
}

impl Hub {
    /// getFile.
    ///
    /// # Errors
    /// Telegram's, for what the account doesn't have and for what is too large to be fetched.
    pub async fn file(&self, permit: &Permit<MessagesRead>, file_id: String) -> Result<Answer, Error> {
        let view = permit.view();
        let found = self.store.read(move |tx| find(tx, view, &file_id)).await?.ok_or(UNKNOWN)?;
        let file_size = found.file.bytes;
        if u64::try_from(file_size).unwrap_or(u64::MAX) > MOST_FETCHED {
            return Err(Error::bad("file is too big"));
        }
        Answer::of(&FileAnswer {
            file_id: found.code.to_string(),
            file_path: found.path(),
            file_unique_id: found.media.file_unique_id,
            file_size,
        })
    }

    /// Opens a file for its download.
    ///
    /// # Errors
    /// [`Error::NotFound`] for what the account doesn't have, or the caller doesn't see.
    pub async fn open_file(&self, permit: &Permit<MessagesRead>, name: FileName) -> Result<OpenFile, Error> {
        let view = permit.view();
        let reading = self.store.read(move |tx| match &name {
            FileName::Id(id) => find(tx, view, id),
            FileName::Path(path) => Ok(match file::number_of(path) {
                Some(number) => by_number(tx, view, number)?.filter(|found| found.path() == *path),
                None => None,
            }),
        });
        let found = reading.await?.ok_or(NO_FILE)?;
        let path = found.path();
        let (_, mime) = found.media.form(found.code.kind, found.file.image.as_deref());
        let last = path.rsplit('/').next().unwrap_or_default();
        Ok(OpenFile {
            store: self.store.clone(),
            id: found.file.id,
            bytes: u64::try_from(found.file.bytes).map_err(Error::internal)?,
            mime,
            name: found.media.file_name.unwrap_or_else(|| last.to_owned()),
            tag: found.media.file_unique_id,
        })
    }
}

impl OpenFile {
    /// The piece that has this byte, from it on.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the file was erased meanwhile.
    pub async fn from(&self, byte: u64) -> Result<Bytes, Error> {
        let size = PIECE_BYTES as u64;
        let (id, seq) = (self.id, i64::try_from(byte / size).map_err(Error::internal)?);
        let read = move |tx: &mut dyn Tx| Ok::<_, Error>(files::piece(tx, id, seq)?);
        // Each thread and each connection that ever held a piece keeps memory for another: few of them do.
        let piece = match self.store.dialect() {
            Dialect::Sqlite => self.store.read(read).await?,
            Dialect::Postgres => self.store.scan(read).await?,
        };
        let piece = Bytes::from(piece.ok_or(NO_FILE)?);
        let at = (byte % size) as usize;
        if at >= piece.len() {
            return Err(NO_FILE);
        }
        Ok(piece.slice(at..))
    }
}

impl Found {
    fn path(&self) -> String {
        let (ending, _) = self.media.form(self.code.kind, self.file.image.as_deref());
        file::path(self.code.kind, self.code.number, ending.as_deref())
    }
}

/// The file that a caller means by a `file_id`: one that their account has, in a chat that they see.
fn find(tx: &mut dyn Tx, view: View, file_id: &str) -> Result<Option<Found>, Error> {
    let Some(code) = FileCode::parse(file_id) else { return Ok(None) };
    Ok(by_number(tx, view, code.number)?.filter(|found| found.code == code))
}

fn by_number(tx: &mut dyn Tx, view: View, number: MessageId) -> Result<Option<Found>, Error> {
    let owner = view.account();
    let Some((file, carriers)) = files::carried(tx, owner, number, LOOKED_AT)? else { return Ok(None) };
    for id in carriers {
        let Some(stored) = messages::get(tx, owner, id)? else { continue };
        if !view.shows(tx, ContactId(stored.chat.0))? {
            continue;
        }
        let message = delivery::read(&stored)?;
        if let Some((kind, media)) = message.content.carried() {
            let code = FileCode::of(&file.salt, owner, (kind, number));
            return Ok(Some(Found { code, media: media.clone(), file }));
        }
    }
    Ok(None)
}
