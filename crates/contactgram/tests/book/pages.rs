//! The pages of the repository, and what the tests look at in them. Used by all tests of the book. It knows nothing of what is done
//! with a block.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_contactgram");

/// A page.
pub struct Page {
    /// Below the repository's root.
    pub path: PathBuf,
    text: String,
}

/// A block of code.
pub struct Block {
    pub language: String,
    /// What stands behind the language.
    pub words: Vec<String>,
    pub text: String,
    /// Of its first line, from 1.
    pub line: usize,
    /// Comments between it and the block before.
    pub notes: Vec<String>,
    /// Nothing but comments stands between it and the block before.
    pub is_answer: bool,
}

/// What a page refers to.
pub struct Link {
    pub to: String,
    pub line: usize,
    pub is_code: bool,
}

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the crate is in the repository")
}

/// Everything that people read: the book, the pages at the root, and those beside the examples.
pub fn all() -> Vec<Page> {
    let mut pages = Vec::new();
    collect(&root(), Path::new(""), false, &mut pages);
    for folder in ["docs", "examples", "crates", "packaging", "ops", "fuzz"] {
        collect(&root(), Path::new(folder), true, &mut pages);
    }
    pages.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(pages.len() > 20, "only {} pages were found", pages.len());
    pages
}

/// Those with commands that are run: the book's, and the tour at the root.
pub fn with_commands() -> Vec<Page> {
    let mut pages = all();
    pages.retain(|page| page.path == Path::new("README.md") || page.path.starts_with("docs"));
    pages
}

fn collect(root: &Path, folder: &Path, is_deep: bool, pages: &mut Vec<Page>) {
    let Ok(entries) = fs::read_dir(root.join(folder)) else { return };
    for entry in entries {
        let entry = entry.expect("a folder can be read");
        let path = folder.join(entry.file_name());
        let name = entry.file_name();
        let is_others =
            ["node_modules", "target", ".venv", "corpus", "LICENSE.md"].iter().any(|other| name == *other);
        if entry.path().is_dir() {
            if is_deep && !is_others {
                collect(root, &path, true, pages);
            }
        } else if path.extension().is_some_and(|extension| extension == "md") && !is_others {
            let text = fs::read_to_string(entry.path()).expect("a page is text");
            pages.push(Page { path, text });
        }
    }
}

impl Page {
    pub fn new(path: &str, text: &str) -> Page {
        Page { path: path.into(), text: text.to_owned() }
    }

    pub fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn events(&self) -> impl Iterator<Item = (Event<'_>, Range<usize>)> {
        let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_STRIKETHROUGH;
        Parser::new_ext(&self.text, options).into_offset_iter()
    }

    fn line_of(&self, place: usize) -> usize {
        self.text[..place].matches('\n').count() + 1
    }

    /// Its blocks of code, in order.
    pub fn blocks(&self) -> Vec<Block> {
        let (mut blocks, mut open, mut notes) = (Vec::<Block>::new(), None::<Block>, Vec::new());
        // The page's beginning is nobody's command.
        let mut is_answer = false;
        for (event, place) in self.events() {
            match event {
                Event::Start(Tag::CodeBlock(kind)) => {
                    let info = match &kind {
                        CodeBlockKind::Fenced(info) => info.as_ref(),
                        CodeBlockKind::Indented => "",
                    };
                    let mut words = info.split_whitespace().map(str::to_owned);
                    open = Some(Block {
                        language: words.next().unwrap_or_default(),
                        words: words.collect(),
                        text: String::new(),
                        line: self.line_of(place.start),
                        notes: std::mem::take(&mut notes),
                        is_answer,
                    });
                }
                Event::End(TagEnd::CodeBlock) => {
                    blocks.extend(open.take());
                    is_answer = true;
                }
                Event::Text(text) if open.is_some() => {
                    if let Some(block) = &mut open {
                        block.text.push_str(&text);
                    }
                }
                Event::Html(text) => notes.extend(comment(&text)),
                Event::Start(Tag::HtmlBlock) | Event::End(TagEnd::HtmlBlock) => {}
                _ => is_answer = false,
            }
        }
        blocks
    }

    /// What it refers to: links, pictures, and names of files between backticks.
    pub fn links(&self) -> Vec<Link> {
        let mut links = Vec::new();
        for (event, place) in self.events() {
            let line = self.line_of(place.start);
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    links.push(Link { to: dest_url.into_string(), line, is_code: false });
                }
                Event::Code(text) => links.push(Link { to: text.into_string(), line, is_code: true }),
                _ => {}
            }
        }
        links
    }

    /// The names by which its headings are linked to.
    pub fn anchors(&self) -> Vec<String> {
        let (mut anchors, mut heading) = (Vec::<String>::new(), None::<String>);
        for (event, _) in self.events() {
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    let anchor = anchor(&heading.take().unwrap_or_default());
                    let times = anchors.iter().filter(|other| **other == anchor).count();
                    anchors.push(if times == 0 { anchor } else { format!("{anchor}-{times}") });
                }
                Event::Text(text) | Event::Code(text) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                }
                _ => {}
            }
        }
        anchors
    }
}

impl Block {
    pub fn says(&self, word: &str) -> bool {
        self.words.iter().any(|said| said == word)
    }

    /// What a comment before it says, such as `from`.
    pub fn note(&self, name: &str) -> Option<&str> {
        self.notes.iter().find_map(|note| note.strip_prefix(name)?.strip_prefix(':').map(str::trim))
    }
}

fn comment(html: &str) -> Option<String> {
    let inside = html.trim().strip_prefix("<!--")?.strip_suffix("-->")?;
    Some(inside.trim().to_owned())
}

/// As GitHub makes it, and mdBook nearly so.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|sign| sign.is_alphanumeric() || matches!(sign, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|sign| if sign == ' ' { '-' } else { sign }).collect()
}

/// The program, without the variables that steer the tests: it takes an unknown one for a mistyped setting.
pub fn program() -> Command {
    let mut command = Command::new(PROGRAM);
    without_settings(&mut command);
    command
}

pub fn without_settings(command: &mut Command) {
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CONTACTGRAM_")) {
        command.env_remove(name);
    }
}

#[test]
fn blocks_are_found_with_what_is_said_of_them() {
    let text = "# Ä `b` c!\n\n<!-- sh: true -->\n<!-- from: a/b.py -->\n```sh norun\none\n```\n\n```json\n{}\n```\n\ntext\n\n```\nx\n```\n";
    let page = Page::new("docs/x.md", text);
    let blocks = page.blocks();
    assert_eq!(blocks.iter().map(|block| block.line).collect::<Vec<_>>(), [5, 9, 15]);
    assert_eq!(
        (blocks[0].language.as_str(), blocks[0].says("norun"), blocks[0].is_answer),
        ("sh", true, false)
    );
    assert_eq!((blocks[0].note("sh"), blocks[0].note("from")), (Some("true"), Some("a/b.py")));
    assert_eq!((blocks[1].text.as_str(), blocks[1].is_answer, blocks[2].is_answer), ("{}\n", true, false));
    assert_eq!(page.anchors(), ["ä-b-c"]);
}
