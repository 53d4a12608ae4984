//! Pieces of programs on the pages are pieces of the programs in `examples/`, which are run with every fault there is; settings
//! are settings.

use std::fs;

use crate::pages::{self, Block, Page};

/// Languages of blocks that are looked at elsewhere, or are nothing that could be wrong.
const OTHERS: [&str; 8] = ["", "sh", "console", "json", "toml", "yaml", "mermaid", "text"];

#[test]
fn every_piece_of_a_program_is_one_of_a_program_that_runs() {
    let (mut wrong, mut found) = (Vec::new(), 0);
    for page in pages::with_commands() {
        for block in page.blocks() {
            if OTHERS.contains(&block.language.as_str()) {
                continue;
            }
            found += 1;
            if let Err(why) = look_up(&block) {
                wrong.push(format!("{}:{}: {why}", page.name(), block.line));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(found >= 5, "only {found} pieces were found");
}

fn look_up(block: &Block) -> Result<(), String> {
    let file = block.note("from").ok_or("it does not say which program it is from")?;
    let program = fs::read_to_string(pages::root().join(file)).map_err(|why| format!("{file}: {why}"))?;
    // A page may show less indentation, and leave lines out where it says so.
    for part in block.text.split("…\n") {
        if !lines(&program).contains(lines(part).trim()) {
            return Err(format!("{file} has no such lines"));
        }
    }
    Ok(())
}

fn lines(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_setting_on_the_pages_is_one() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let mut found = 0;
    for page in pages::with_commands() {
        for block in settings(&page) {
            found += 1;
            let file = folder.path().join("contactgram.toml");
            fs::write(&file, &block.text).expect("the folder can be written to");
            let output = pages::program().args(["config", "--config"]).arg(&file).output();
            let output = output.expect("the program starts");
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{}:{}: {said}", page.name(), block.line);
        }
    }
    assert!(found > 0, "no settings were found");
}

fn settings(page: &Page) -> Vec<Block> {
    let mut blocks = page.blocks();
    blocks.retain(|block| block.language == "toml" && !block.says("other"));
    blocks
}

#[test]
fn an_invented_piece_is_found() {
    let page = |text: &str| Page::new("docs/x.md", text).blocks().remove(0);
    let from = "<!-- from: examples/python/walk.py -->\n";
    assert_eq!(look_up(&page(&format!("{from}```python\nimport asyncio\nimport logging\n```\n"))), Ok(()));
    assert_eq!(look_up(&page(&format!("{from}```python\nimport asyncio\n…\nimport sys\n```\n"))), Ok(()));
    let invented = look_up(&page(&format!("{from}```python\nimport sys\nimport logging\n```\n")));
    assert_eq!(invented, Err("examples/python/walk.py has no such lines".to_owned()));
    assert!(look_up(&page("```python\nimport sys\n```\n")).is_err());
}
