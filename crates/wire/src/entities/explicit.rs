//! The `entities` parameter: a JSON array that says where a text is bold, instead of markup.
//! Called by `entities::format` when there is no `parse_mode`.
//! Unlike the official server it refuses JSON that is broken, rather than sending the text bare.

use super::fields::Fields;
use super::{EntityKind, MentionedUser, MessageEntity, link, refuse};
use crate::BadRequest;
use serde_json::Value;

/// Largest offset and length that are looked at, in UTF-16 code units (a limit of Telegram).
const FARTHEST: i64 = 1_000_000;

/// Reads the JSON text; empty and `null` mean none. Kinds that Telegram finds by itself are passed over.
///
/// Errors: `can't parse MessageEntity: …`, `entity URL '…' is invalid: …`, `user not found`.
pub(super) fn read(json: &str) -> Result<Vec<MessageEntity>, BadRequest> {
    if json.trim().is_empty() {
        return Ok(Vec::new());
    }
    let list = match serde_json::from_str(json) {
        Ok(Value::Array(list)) => list,
        Ok(Value::Null) => return Ok(Vec::new()),
        Ok(_) => return Err(BadRequest::new("can't parse entities: expected an Array of MessageEntity")),
        Err(_) => return Err(BadRequest::new("can't parse entities: invalid JSON")),
    };
    let mut entities = Vec::with_capacity(list.len());
    for value in &list {
        let draft =
            read_one(value).map_err(|reason| refuse(format!("Can't parse MessageEntity: {reason}")))?;
        if let Some(draft) = draft {
            entities.push(draft.settle()?);
        }
    }
    Ok(entities)
}

/// Errors: `receive an entity with incorrect offset N`, the same for `length`.
pub(super) fn check_bounds(entities: &[MessageEntity]) -> Result<(), BadRequest> {
    for entity in entities {
        for (name, value) in [("offset", entity.offset), ("length", entity.length)] {
            if !(0..=FARTHEST).contains(&value) {
                return Err(refuse(format!("Receive an entity with incorrect {name} {value}")));
            }
        }
    }
    Ok(())
}

/// An entity whose JSON is right, but whose link or user is still to be judged.
struct Draft {
    entity: MessageEntity,
    url: Option<String>,
}

impl Draft {
    fn settle(self) -> Result<MessageEntity, BadRequest> {
        let Draft { mut entity, url } = self;
        if let Some(url) = url {
            link::aim(&mut entity, &url).map_err(|reason| refuse(format!("Entity {reason}")))?;
        }
        if entity.user.as_ref().is_some_and(|user| !link::is_user_id(user.id)) {
            return Err(BadRequest::new("user not found"));
        }
        if entity.custom_emoji_id.as_deref() == Some("0") {
            return Err(BadRequest::new("invalid custom emoji identifier specified"));
        }
        if entity.unix_time.is_some_and(|time| time <= 0) {
            return Err(BadRequest::new("invalid date specified"));
        }
        Ok(entity)
    }
}

fn read_one(value: &Value) -> Result<Option<Draft>, String> {
    let Some(fields) = Fields::of(value) else {
        return Err("expected an Object".into());
    };
    let (offset, length) = (fields.int("offset")?, fields.int("length")?);
    let name = fields.string("type")?;
    if name.is_empty() {
        return Err("Type is not specified".into());
    }
    let Ok(kind) = serde_json::from_value::<EntityKind>(Value::String(name)) else {
        return Err("Unsupported type specified".into());
    };
    if kind.is_found() {
        return Ok(None);
    }
    let mut entity = MessageEntity::new(kind, offset.into(), length.into());
    let mut url = None;
    match kind {
        EntityKind::Pre => entity.language = fields.string_or_none("language")?.filter(|l| !l.is_empty()),
        EntityKind::TextLink => url = Some(fields.string("url")?),
        EntityKind::TextMention => {
            let id = fields.object("user")?.long("id")?;
            entity.user = Some(MentionedUser { id, ..MentionedUser::default() });
        }
        EntityKind::CustomEmoji => entity.custom_emoji_id = Some(fields.long("custom_emoji_id")?.to_string()),
        EntityKind::DateTime => {
            entity.unix_time = Some(fields.int("unix_time")?.into());
            let format = fields.string_or_none("date_time_format")?.unwrap_or_default();
            let format = link::date_time_format(&format).ok_or("Invalid date format used")?;
            entity.date_time_format = (!format.is_empty()).then_some(format);
        }
        _ => {}
    }
    Ok(Some(Draft { entity, url }))
}
