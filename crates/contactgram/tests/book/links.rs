//! Links within the repository lead somewhere, and the book has all pages. Whoever is elsewhere on the internet is not asked.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use crate::pages::{self, Link, Page};

/// What is written between backticks and begins so is a file of the repository.
const FOLDERS: [&str; 7] = ["docs/", "examples/", "crates/", "packaging/", "fuzz/", ".cargo/", ".ci/"];

#[test]
fn every_link_leads_somewhere() {
    let pages = pages::all();
    let mut wrong = Vec::new();
    let mut followed = 0;
    for page in &pages {
        for link in page.links() {
            match trouble(&pages, page, &link) {
                None => followed += 1,
                Some(why) => wrong.push(format!("{}:{}: {why}: {}", page.name(), link.line, link.to)),
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(followed > 100, "only {followed} links were found");
}

fn trouble(pages: &[Page], page: &Page, link: &Link) -> Option<&'static str> {
    if link.is_code {
        return code_trouble(&link.to);
    }
    if ["https://", "http://", "mailto:"].iter().any(|scheme| link.to.starts_with(scheme)) {
        return None;
    }
    let (path, anchor) = match link.to.split_once('#') {
        Some((path, anchor)) => (path, Some(anchor)),
        None => (link.to.as_str(), None),
    };
    let folder = page.path.parent().unwrap_or(Path::new(""));
    let Some(target) = (if path.is_empty() { Some(page.path.clone()) } else { joined(folder, path) }) else {
        return Some("it leads out of the repository");
    };
    if !pages::root().join(&target).exists() {
        return Some("nothing is there");
    }
    if page.path.starts_with("docs") && !target.starts_with("docs") {
        return Some("it leads out of the book");
    }
    let anchor = anchor?;
    let page = pages.iter().find(|page| page.path == target);
    let has_it = page.is_some_and(|page| page.anchors().iter().any(|known| known == anchor));
    (!has_it).then_some("the page has no such heading")
}

/// `None` where it is no path of ours, or there is something by that name. `*` stands for anything.
fn code_trouble(text: &str) -> Option<&'static str> {
    let is_path = FOLDERS.iter().any(|folder| text.starts_with(folder))
        && !text.contains(|sign: char| sign.is_whitespace() || "<>{}…$".contains(sign));
    if !is_path {
        return None;
    }
    let path = pages::root().join(text.trim_end_matches('/'));
    let found = match path.to_str().and_then(|path| path.split_once('*')) {
        None => path.exists(),
        Some((before, after)) => {
            let before = Path::new(before);
            let (folder, prefix) = match before.to_str().is_some_and(|text| text.ends_with('/')) {
                true => (before, String::new()),
                false => {
                    let name = before.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    (before.parent().unwrap_or(before), name)
                }
            };
            // What follows a second star, or a folder below, is not looked at.
            let suffix = if after.contains(['*', '/']) { "" } else { after };
            let mut entries = folder.read_dir().into_iter().flatten().flatten();
            entries.any(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                name.starts_with(&prefix) && name.ends_with(suffix)
            })
        }
    };
    (!found).then_some("there is no such file")
}

fn joined(folder: &Path, path: &str) -> Option<PathBuf> {
    let mut whole = folder.to_owned();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(name) => whole.push(name),
            Component::CurDir => {}
            Component::ParentDir if whole.pop() => {}
            _ => return None,
        }
    }
    Some(whole)
}

#[test]
fn the_book_has_every_page_once() {
    let pages = pages::all();
    let summary =
        pages.iter().find(|page| page.path == Path::new("docs/SUMMARY.md")).expect("the book has a summary");
    let listed: Vec<_> = summary
        .links()
        .into_iter()
        .filter(|link| !link.is_code && !link.to.is_empty())
        .map(|link| link.to)
        .collect();
    let once: BTreeSet<_> = listed.iter().cloned().collect();
    assert_eq!(once.len(), listed.len(), "a page is listed twice");
    let mut written: BTreeSet<_> =
        pages.iter().filter_map(|page| page.path.strip_prefix("docs").ok()).collect();
    written.remove(Path::new("SUMMARY.md"));
    written.remove(Path::new("adr/template.md"));
    let written: BTreeSet<_> = written.iter().map(|path| path.display().to_string()).collect();
    assert_eq!(once, written);
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let pages = [Page::new("docs/a.md", "# One thing\n"), Page::new("docs/b.md", "")];
    let link = |to: &str, is_code| Link { to: to.to_owned(), line: 1, is_code };
    let look = |to: &str, is_code| trouble(&pages, &pages[1], &link(to, is_code));
    assert_eq!(look("SUMMARY.md", false), None);
    assert_eq!(look("../README.md", false), Some("it leads out of the book"));
    assert_eq!(look("https://example.org/", false), None);
    assert_eq!(look("nowhere.md", false), Some("nothing is there"));
    assert_eq!(look("../../etc/passwd", false), Some("it leads out of the repository"));
    assert_eq!(look("bots.md#no-such-heading", false), Some("the page has no such heading"));
    assert_eq!(look("docs/adr/0001-*", true), None);
    assert_eq!(look("docs/adr/9999-*", true), Some("there is no such file"));
    assert_eq!(look("docs/none.md", true), Some("there is no such file"));
    assert_eq!(look("docs of something", true), None);
}
