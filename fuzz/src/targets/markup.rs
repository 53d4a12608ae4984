//! `reply_markup`: keyboards as JSON. The input is that JSON.

use contactgram_wire::markup::{ButtonAction, MAX_BYTES, check, inline_keyboard};

pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let markup = match check(text) {
        Ok(Some(markup)) => markup,
        Ok(None) => return,
        Err(bad) => return assert!(!bad.0.is_empty()),
    };
    let written = markup.to_value().to_string();
    assert!(written.len() <= MAX_BYTES);
    assert_eq!(check(&written).as_ref(), Ok(&Some(markup.clone())), "{written}");
    let rows = inline_keyboard(&markup);
    assert!(rows.iter().map(Vec::len).sum::<usize>() <= 300);
    for button in rows.iter().flatten() {
        assert!(!button.text.is_empty());
        if let ButtonAction::CallbackData(data) = &button.action {
            assert!(data.len() <= 64);
        }
    }
    assert!(rows.iter().all(|row| (1..=12).contains(&row.len())));
}
