//! How entities may lie over each other: what wins, what is cut, in which order they are sent.
//! Called by `entities::format` on parsed, explicit and found entities.
//! Never looks at the text.

use super::entity::sort;
use super::{EntityKind, MessageEntity};

/// Most entities of a message that a client may set (a limit of Telegram); custom emoji don't count.
const MAX_ENTITIES: usize = 100;

const SPLITTABLE: [EntityKind; 5] = [
    EntityKind::Bold,
    EntityKind::Italic,
    EntityKind::Underline,
    EntityKind::Strikethrough,
    EntityKind::Spoiler,
];

/// Sorts entities and makes them nest properly: links, mentions and code exclude each other, quotes may hold
/// them whole, and bold and its like are merged, then cut at every edge they cross.
pub(super) fn untangle(entities: &mut Vec<MessageEntity>) {
    sort(entities);
    let mut parts = Parts::of(entities);
    drop_overlapping(&mut parts.solid);
    drop_overlapping(&mut parts.quotes);
    drop_crossing_quotes(&mut parts.solid, &parts.quotes);
    *entities = parts.joined();
}

/// Adds entities found in the text where no other but a quote or a style stands.
pub(super) fn add_found(entities: &mut Vec<MessageEntity>, mut found: Vec<MessageEntity>) {
    if found.is_empty() {
        return;
    }
    let mut parts = Parts::of(entities);
    drop_crossing_quotes(&mut found, &parts.quotes);
    found.retain(|f| !parts.solid.iter().any(|s| f.offset < s.end() && s.offset < f.end()));
    parts.solid.append(&mut found);
    sort(&mut parts.solid);
    *entities = parts.joined();
}

/// Keeps as many entities as Telegram does; styles go first, since links and code carry more.
pub(super) fn keep_first(entities: &mut Vec<MessageEntity>) {
    let counted = |e: &MessageEntity| e.kind != EntityKind::CustomEmoji;
    let solid = entities.iter().filter(|e| counted(e) && !e.kind.is_splittable()).count();
    let mut solid_left = MAX_ENTITIES;
    let mut styles_left = MAX_ENTITIES.saturating_sub(solid);
    entities.retain(|e| {
        if !counted(e) {
            return true;
        }
        let left = if e.kind.is_splittable() { &mut styles_left } else { &mut solid_left };
        let kept = *left > 0;
        *left = left.saturating_sub(1);
        kept
    });
}

/// Removes every entity that begins inside an earlier one. They must be sorted.
pub(super) fn drop_overlapping(entities: &mut Vec<MessageEntity>) {
    let mut end = 0;
    entities.retain(|e| {
        let kept = e.offset >= end;
        if kept {
            end = e.end();
        }
        kept
    });
}

struct Parts {
    /// Links, mentions, code, emoji, and what was found in the text.
    solid: Vec<MessageEntity>,
    quotes: Vec<MessageEntity>,
    styles: Vec<MessageEntity>,
}

impl Parts {
    fn of(entities: &mut Vec<MessageEntity>) -> Parts {
        let (styles, others): (Vec<_>, Vec<_>) = entities.drain(..).partition(|e| e.kind.is_splittable());
        let (quotes, solid) = others.into_iter().partition(|e: &MessageEntity| e.kind.is_quote());
        Parts { solid, quotes, styles }
    }

    /// Styles are cut last and once: cutting twice would merge neighbours that must stay apart.
    fn joined(self) -> Vec<MessageEntity> {
        let mut fixed = self.solid;
        fixed.extend(self.quotes);
        sort(&mut fixed);
        let mut all = cut_styles(self.styles, &fixed);
        all.append(&mut fixed);
        sort(&mut all);
        all
    }
}

fn drop_crossing_quotes(entities: &mut Vec<MessageEntity>, quotes: &[MessageEntity]) {
    entities.retain(|e| {
        quotes.iter().all(|q| {
            let apart = q.end() <= e.offset || e.end() <= q.offset;
            let inside = q.offset <= e.offset && e.end() <= q.end();
            apart || inside
        })
    });
}

fn cut_styles(styles: Vec<MessageEntity>, fixed: &[MessageEntity]) -> Vec<MessageEntity> {
    let mut cutter = Cutter { styles: styles.into_iter().peekable(), open: [None; 5], cut: Vec::new() };
    let mut nest: Vec<&MessageEntity> = Vec::new();
    for entity in fixed {
        cutter.leave(&mut nest, entity.offset);
        cutter.advance(entity.offset);
        nest.push(entity);
    }
    cutter.leave(&mut nest, i64::MAX);
    cutter.advance(i64::MAX);
    cutter.cut
}

/// Walks along the text with at most one open stretch of each style.
struct Cutter {
    styles: std::iter::Peekable<std::vec::IntoIter<MessageEntity>>,
    /// Begin and end of the open stretch of each of [`SPLITTABLE`].
    open: [Option<(i64, i64)>; 5],
    cut: Vec<MessageEntity>,
}

impl Cutter {
    /// Closes the fixed entities that end before `offset`; styles inside verbatim ones are thrown away.
    fn leave(&mut self, nest: &mut Vec<&MessageEntity>, offset: i64) {
        while let Some(inner) = nest.pop_if(|e| offset >= e.end()) {
            let kept = self.cut.len();
            self.advance(inner.end());
            if inner.kind.is_verbatim() {
                self.cut.truncate(kept);
            }
        }
    }

    /// Takes in the styles that begin before `to`, and cuts all open ones there.
    fn advance(&mut self, to: i64) {
        while let Some(style) = self.styles.next_if(|s| s.offset < to) {
            let Some(slot) = SPLITTABLE.iter().position(|&kind| kind == style.kind) else { continue };
            match &mut self.open[slot] {
                Some((_, end)) if style.offset <= *end => *end = style.end().max(*end),
                _ => {
                    self.flush(style.offset);
                    self.open[slot] = Some((style.offset, style.end()));
                }
            }
        }
        self.flush(to);
    }

    fn flush(&mut self, at: i64) {
        for (open, kind) in self.open.iter_mut().zip(SPLITTABLE) {
            let Some((begin, end)) = *open else { continue };
            if begin >= at {
                continue;
            }
            self.cut.push(MessageEntity::new(kind, begin, end.min(at) - begin));
            *open = (end > at).then_some((at, end));
        }
    }
}
