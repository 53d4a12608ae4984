//! Files of contacts. The input is `vcf`, `csv` or `jsonl` on the first line, perhaps with a region (`csv GB`) and a size of
//! pieces (`csv GB 7`), and the file behind it.

use super::first_line;
use contactgram_model::ContactId;
use contactgram_model::phone::is_region;
use contactgram_wire::contact::check_size;
use contactgram_wire::transfer::{Format, Line, MOST_RECORD, Reader};

pub fn run(input: &[u8]) {
    let Some((line, file)) = first_line(input) else { return };
    let Ok(line) = std::str::from_utf8(line) else { return };
    let mut words = line.split(' ');
    let Some(format) = words.next().and_then(Format::named) else { return };
    let region = words.next().filter(|code| is_region(code));
    let size = words.next().and_then(|size| size.parse().ok()).unwrap_or(7_usize).clamp(1, 4096);
    let whole = read(format, region, file, file.len().max(1));
    let pieces = read(format, region, file, size);
    assert_eq!(whole, pieces, "pieces make no difference");
    for line in whole.iter().flatten() {
        holds_its_limits(line);
    }
    if let Ok(lines) = &whole {
        let ends = file.iter().filter(|byte| **byte == b'\n').count() as u64;
        assert!(lines.iter().all(|line| (1..=ends + 1).contains(&line.number)));
        assert!(lines.is_sorted_by_key(|line| line.number));
    }
}

fn read(format: Format, region: Option<&str>, file: &[u8], size: usize) -> Result<Vec<Line>, String> {
    let (mut reader, mut lines) = (Reader::new(format, region.map(str::to_owned)), Vec::new());
    for piece in file.chunks(size) {
        reader.push(piece, &mut lines).map_err(|bad| bad.to_string())?;
    }
    reader.finish(&mut lines).map_err(|bad| bad.to_string())?;
    Ok(lines)
}

fn holds_its_limits(line: &Line) {
    let said = match &line.says {
        Ok(said) => said,
        Err(wrong) => {
            assert!(!wrong.why.is_empty() && !wrong.why.contains('\0'), "{wrong:?}");
            return;
        }
    };
    let change = &said.change;
    assert!(said.id.is_none_or(|ContactId(id)| id > 0));
    assert!(change.first_name.as_ref().is_none_or(|name| (1..=64).contains(&name.chars().count())));
    let note = change.note.clone().flatten().unwrap_or_default();
    assert!(note.chars().count() <= 4096 && note.len() <= MOST_RECORD);
    check_size(change).expect("what is read fits into a contact");
    let phone = change.phone_number.clone().flatten();
    assert!(phone.is_none_or(|number| number.e164().starts_with('+')));
}
