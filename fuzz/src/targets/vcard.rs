//! vCards, as people share and address books export them. The input is a file of cards.

use contactgram_wire::vcard::{Card, cards, emails, read, write};

/// Octets of a line without its end.
const LINE: usize = 75;

pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    assert_eq!(read(text), cards(text).next());
    assert_eq!(emails(text), read(text).unwrap_or_default().emails);
    for card in cards(text).take(16) {
        is_tidy(&card);
        let written = write(&card);
        for line in written.split("\r\n") {
            assert!(line.len() <= LINE && !line.contains(['\r', '\n']), "{line:?}");
        }
        let back = read(&written).expect("a written card is a card");
        is_tidy(&back);
        assert_eq!(write(&back), write(&read(&write(&back)).expect("a card")), "reading loses nothing more");
        if card.phones.iter().chain(&card.emails).all(|text| is_plain(text)) {
            let named = |card: &Card| [card.first_name.clone(), card.last_name.clone()];
            if named(&card).iter().all(|name| is_plain(name)) && named(&card).concat() != "" {
                assert_eq!(named(&back), named(&card), "{written:?}");
            }
            assert_eq!((back.phones, back.emails), (card.phones, card.emails), "{written:?}");
        }
    }
}

/// Texts that a card can hold as they are: no control characters, and nothing that reads as a scheme.
fn is_plain(text: &str) -> bool {
    text.chars().all(|c| !c.is_control()) && !text.contains(':')
}

fn is_tidy(card: &Card) {
    for list in [&card.phones, &card.emails] {
        assert!(list.len() <= 100);
        assert!(list.iter().all(|item| !item.is_empty() && item.trim() == item), "{list:?}");
        assert!(list.iter().enumerate().all(|(at, item)| !list[..at].contains(item)), "{list:?}");
    }
    assert!(card.emails.iter().all(|address| address.contains('@')));
    assert_eq!(card.first_name.trim(), card.first_name);
    assert_eq!(card.last_name.trim(), card.last_name);
}
