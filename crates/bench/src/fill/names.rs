//! Names, numbers and texts as a real address book has them: Latin, Cyrillic and Chinese script, numbers of
//! several countries, messages of about 60 characters. The same number always gives the same contact.

use crate::chance::Chance;

/// Somebody made up.
pub struct Somebody {
    pub first_name: &'static str,
    pub last_name: String,
    /// In E.164; no two numbers below 100 million share one.
    pub phone_number: String,
    pub email: String,
}

/// Twelve digits each with what follows; requests use other prefixes, so that they never meet these.
const PREFIXES: [&str; 8] = ["+1212", "+4477", "+4917", "+3366", "+7916", "+3805", "+8613", "+8190"];

const LATIN: &[&str] = &[
    "Ann", "Ben", "Chloé", "David", "Emma", "Felix", "Grace", "Hannah", "Ivan", "José", "Karin", "Liam",
    "María", "Noah", "Olivia", "Peter", "Quentin", "Rosa", "Sofía", "Thomas", "Uma", "Victor", "William",
    "Zoë",
];
/// Surnames are put together, or ten million people would share a few hundred.
const BEGINNINGS: &[&str] = &[
    "Ander", "Berg", "Carl", "Dahl", "Eng", "Fair", "Gold", "Hart", "Iver", "Jan", "Kirk", "Lind", "Mar",
    "Nor", "Öst", "Petr", "Quin", "Rosen", "Stein", "Thor", "Ul", "Vander", "Wal", "Young",
];
const MIDDLES: &[&str] = &["a", "e", "en", "er", "i", "in", "o", "u"];
const ENDINGS: &[&str] = &[
    "bach", "berg", "by", "dale", "feld", "field", "gren", "ham", "horn", "house", "land", "ley", "lund",
    "man", "mann", "quist", "sen", "son", "stad", "ström", "ton", "ward", "well", "worth",
];
const CYRILLIC: [&[&str]; 2] = [
    &["Анна", "Борис", "Виктория", "Григорий", "Дарья", "Евгений", "Ирина", "Николай", "Ольга", "Сергей"],
    &["Иванов", "Коваленко", "Лебедев", "Мельник", "Новикова", "Петров", "Смирнова", "Шевченко", "Фёдоров"],
];
const CHINESE: [&[&str]; 2] = [
    &["小明", "丽华", "伟", "秀英", "志强", "芳", "建国", "美玲", "子涵", "雨欣"],
    &["王", "李", "张", "刘", "陈", "杨", "黄", "赵", "周", "吴"],
];
const WORDS: [&str; 32] = [
    "about", "after", "again", "always", "answer", "before", "bring", "coffee", "dinner", "early", "friday",
    "garden", "invoice", "later", "meeting", "morning", "office", "order", "parcel", "photo", "please",
    "project", "quick", "report", "second", "station", "thanks", "ticket", "today", "train", "weather",
    "window",
];
const WORDS_CYRILLIC: [&str; 8] =
    ["завтра", "спасибо", "встреча", "поезд", "сегодня", "хорошо", "документ", "вечером"];
const WORDS_CHINESE: [&str; 8] = ["明天", "谢谢", "会议", "火车", "今天", "好的", "文件", "晚上"];

/// The contact of this number.
pub fn somebody(number: u64) -> Somebody {
    let mut chance = Chance::new(number + 1);
    let script = chance.below(10);
    let (first, last) = match script {
        0..7 => {
            let parts = [BEGINNINGS, MIDDLES, ENDINGS].map(|parts| *chance.one(parts));
            (LATIN, parts.concat())
        }
        7..9 => (CYRILLIC[0], (*chance.one(CYRILLIC[1])).to_owned()),
        _ => (CHINESE[0], (*chance.one(CHINESE[1])).to_owned()),
    };
    let prefix = PREFIXES[(number % PREFIXES.len() as u64) as usize];
    Somebody {
        first_name: chance.one::<&str>(first),
        last_name: last,
        phone_number: format!("{prefix}{number:08}"),
        email: format!("contact.{number}@example.com"),
    }
}

/// The message of this number.
pub fn text(number: u64) -> String {
    let mut chance = Chance::new(number + 1);
    let words: &[&str] = match chance.below(10) {
        0..7 => &WORDS,
        7..9 => &WORDS_CYRILLIC,
        _ => &WORDS_CHINESE,
    };
    let count = if words.len() == WORDS.len() { 9 } else { 8 };
    let mut text = String::with_capacity(96);
    for _ in 0..count {
        text.push_str(chance.one::<&str>(words));
        text.push(' ');
    }
    text.push_str(&number.to_string());
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use contactgram_model::PhoneNumber;
    use std::collections::HashSet;

    #[test]
    fn numbers_are_valid_and_nobody_shares_one() {
        let numbers: HashSet<String> = (0..5000).map(|number| somebody(number).phone_number).collect();
        assert_eq!(numbers.len(), 5000);
        assert!(numbers.iter().all(|number| PhoneNumber::parse(number, None).is_ok()));
        assert!(PhoneNumber::parse(&somebody(99_999_999).phone_number, None).is_ok());
    }

    #[test]
    fn all_three_scripts_occur_and_a_number_always_gives_the_same() {
        let names: HashSet<&str> = (0..200).map(|number| somebody(number).first_name).collect();
        assert!(LATIN.iter().any(|name| names.contains(name)));
        assert!(CYRILLIC[0].iter().any(|name| names.contains(name)));
        assert!(CHINESE[0].iter().any(|name| names.contains(name)));
        assert_eq!(somebody(7).email, somebody(7).email);
        assert_eq!(text(7), text(7));
    }

    #[test]
    fn a_message_has_about_sixty_characters() {
        let total: usize = (0..1000).map(|number| text(number).chars().count()).sum();
        assert!((45_000..75_000).contains(&total), "{total}");
    }
}
