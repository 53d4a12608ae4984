//! Files in pieces, and which messages carry them. A file comes piece by piece, each in a transaction of its own, is whole
//! when its digest is known, and goes piece by piece when no message carries it any more. `leaving` is the way out: what is
//! on it is found by nobody, and is spared if a message that was under way turns out to carry it.

use crate::{R, Row, Sql, Tx, p};
use contactgram_model::{MessageId, Timestamp, UserId};

static BEGIN: Sql = Sql::new(
    "INSERT INTO files (file_id, salt, bytes, state, touched_at) VALUES ($1, $2, 0, 0, $3) ON CONFLICT DO NOTHING",
);
static ADD: Sql = Sql::new(
    "INSERT INTO file_pieces (file_id, seq, data) SELECT $1, $2, $3 FROM files WHERE file_id = $1 AND state = 0",
);
static FINISH: Sql = Sql::new(
    "UPDATE files SET sha256 = $2, bytes = $3, image = $4, state = 1, touched_at = $5 WHERE file_id = $1 AND state = 0",
);
static WHOLE: Sql = Sql::new(
    "SELECT file_id, salt, bytes, sha256, image, \
     EXISTS (SELECT 1 FROM message_files WHERE message_files.file_id = files.file_id) \
     FROM files WHERE sha256 = $1 AND state = 1 ORDER BY file_id LIMIT $2",
);
static CARRY: Sql =
    Sql::new("INSERT INTO message_files (account_id, message_id, number, file_id) VALUES ($1, $2, $3, $4)");
static CARRIED: Sql = Sql::new(
    "SELECT f.file_id, f.salt, f.bytes, f.sha256, f.image, m.message_id FROM message_files m \
     JOIN files f ON f.file_id = m.file_id WHERE m.account_id = $1 AND m.number = $2 ORDER BY m.message_id LIMIT $3",
);
static PUT_DOWN: Sql =
    Sql::new("DELETE FROM message_files WHERE account_id = $1 AND message_id = $2 RETURNING file_id");
static PIECE: Sql = Sql::new("SELECT data FROM file_pieces WHERE file_id = $1 AND seq = $2");
static LEAVE: Sql = Sql::new(
    "UPDATE files SET state = 2, touched_at = $2 WHERE file_id = $1 AND state <> 2 \
     AND NOT EXISTS (SELECT 1 FROM message_files WHERE message_files.file_id = files.file_id)",
);
static UNUSED: Sql = Sql::new(
    "SELECT file_id FROM files WHERE state <> 2 AND touched_at < $1 \
     AND NOT EXISTS (SELECT 1 FROM message_files WHERE message_files.file_id = files.file_id) LIMIT $2",
);
static LEAVING: Sql =
    Sql::new("SELECT file_id FROM files WHERE state = 2 AND touched_at <= $1 ORDER BY touched_at LIMIT $2");
static SPARE: Sql = Sql::new(
    "UPDATE files SET state = 1 WHERE file_id = $1 AND state = 2 AND sha256 IS NOT NULL \
     AND EXISTS (SELECT 1 FROM message_files WHERE message_files.file_id = files.file_id)",
);
static DROP_PIECES: Sql = Sql::new(
    "DELETE FROM file_pieces WHERE file_id = $1 AND seq IN \
     (SELECT seq FROM file_pieces WHERE file_id = $1 ORDER BY seq LIMIT $2)",
);
static DROP: Sql = Sql::new("DELETE FROM files WHERE file_id = $1 AND state = 2");

/// A piece of a file but the last, in bytes.
pub const PIECE_BYTES: usize = 256 << 10;
/// Pieces that are erased in one transaction: others write in between.
const AT_ONCE: i64 = 8;
/// Files that one look for leftovers names.
const LOOK: i64 = 1000;

/// Copies of one content that are looked at: there are several only while uploads of it wait for their messages.
const COPIES: i64 = 8;

/// A file on its way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coming<'a> {
    /// Its number, made by whoever brings it.
    pub id: i64,
    /// Random; codes are made of it.
    pub salt: &'a [u8],
    /// Now.
    pub now: Timestamp,
}

/// What is known of a content at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending<'a> {
    /// Its digest.
    pub sha256: &'a [u8],
    /// Its length.
    pub bytes: i64,
    /// The type that it begins as, where it is a picture.
    pub image: Option<&'a str>,
    /// Now.
    pub now: Timestamp,
}

/// A file that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// Its number.
    pub id: i64,
    /// Codes are made of it.
    pub salt: Vec<u8>,
    /// Its length.
    pub bytes: i64,
    /// Its digest.
    pub sha256: Vec<u8>,
    /// The type that it begins as, where it is a picture.
    pub image: Option<String>,
}

/// Puts down a piece, the first together with its file. `false` when the file was given up meanwhile.
pub fn add(tx: &mut dyn Tx, file: &Coming<'_>, (seq, data): (i64, &[u8])) -> R<bool> {
    if seq == 0 {
        tx.execute(&BEGIN, p![file.id, file.salt, file.now])?;
    }
    Ok(tx.execute(&ADD, p![file.id, seq, data])? == 1)
}

/// Makes a file whole. `false` when it was given up meanwhile.
pub fn finish(tx: &mut dyn Tx, id: i64, ending: &Ending<'_>) -> R<bool> {
    let &Ending { sha256, bytes, image, now } = ending;
    Ok(tx.execute(&FINISH, p![id, sha256, bytes, image, now])? == 1)
}

/// The file that has this content; of several one that messages carry already, so that the others can go.
pub fn with_content(tx: &mut dyn Tx, sha256: &[u8]) -> R<Option<Whole>> {
    let found = tx.all(&WHOLE, p![sha256, COPIES], |row| Ok((read(row)?, row.bool(5)?)))?;
    let carried = found.iter().position(|(_, is_carried)| *is_carried).unwrap_or_default();
    Ok(found.into_iter().nth(carried).map(|(file, _)| file))
}

/// Writes down that a message carries a file.
pub fn carry(tx: &mut dyn Tx, owner: UserId, (message, number): (MessageId, MessageId), file: i64) -> R<()> {
    tx.later(&CARRY, p![owner, message, number, file])
}

/// The file of this number in somebody's mailbox, with the first `most` messages that carry it.
pub fn carried(
    tx: &mut dyn Tx,
    owner: UserId,
    number: MessageId,
    most: i64,
) -> R<Option<(Whole, Vec<MessageId>)>> {
    let mut found: Option<(Whole, Vec<MessageId>)> = None;
    tx.query(&CARRIED, p![owner, number, most], &mut |row| {
        let message = MessageId(row.int(5)?);
        match &mut found {
            Some((_, messages)) => messages.push(message),
            None => found = Some((read(row)?, vec![message])),
        }
        Ok(())
    })?;
    Ok(found)
}

/// A message is deleted: the file that it carried, if it did.
pub fn put_down(tx: &mut dyn Tx, owner: UserId, message: MessageId) -> R<Option<i64>> {
    tx.opt(&PUT_DOWN, p![owner, message], |row| row.int(0))
}

/// A piece of a file; `None` behind the last, or when it was erased.
pub fn piece(tx: &mut dyn Tx, id: i64, seq: i64) -> R<Option<Vec<u8>>> {
    tx.opt(&PIECE, p![id, seq], |row| Ok(row.blob(0)?.to_vec()))
}

/// Sends a file on its way out, if no message carries it.
pub fn leave(tx: &mut dyn Tx, id: i64, now: Timestamp) -> R<bool> {
    Ok(tx.execute(&LEAVE, p![id, now])? == 1)
}

/// Files that came before `before` and that no message carries: what uploads left that broke off, and messages that were
/// removed with their account. Passes over all files.
pub fn unused(tx: &mut dyn Tx, before: Timestamp) -> R<Vec<i64>> {
    tx.all(&UNUSED, p![before, LOOK], |row| row.int(0))
}

/// Files on their way out since `since` or longer.
pub fn leaving(tx: &mut dyn Tx, since: Timestamp) -> R<Vec<i64>> {
    tx.all(&LEAVING, p![since, LOOK], |row| row.int(0))
}

/// Takes a file back that a message carries after all.
pub fn spare(tx: &mut dyn Tx, id: i64) -> R<bool> {
    Ok(tx.execute(&SPARE, p![id])? == 1)
}

/// Erases some of a file on its way out, and the file with its last pieces. `true` while there is more.
pub fn erase_some(tx: &mut dyn Tx, id: i64) -> R<bool> {
    if tx.execute(&DROP_PIECES, p![id, AT_ONCE])? as i64 == AT_ONCE {
        return Ok(true);
    }
    tx.execute(&DROP, p![id])?;
    Ok(false)
}

fn read(row: &dyn Row) -> R<Whole> {
    Ok(Whole {
        id: row.int(0)?,
        salt: row.blob(1)?.to_vec(),
        bytes: row.int(2)?,
        sha256: row.opt_blob(3)?.unwrap_or_default().to_vec(),
        image: row.opt_string(4)?,
    })
}
