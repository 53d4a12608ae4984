//! Every target over the inputs that are checked in: seeds, and what once broke a law.
//! Part of the workspace's tests; it needs no fuzzer.

use contactgram_fuzz::TARGETS;
use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

#[test]
fn every_input_of_the_corpora_keeps_the_laws() {
    let mut broken = Vec::new();
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for (name, run) in TARGETS {
        let inputs = fs::read_dir(corpora.join(name)).unwrap_or_else(|why| panic!("corpus/{name}: {why}"));
        let mut tried = 0;
        for input in inputs {
            let path = input.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            if catch_unwind(|| run(&bytes)).is_err() {
                broken.push(path);
            }
            tried += 1;
        }
        assert!(tried >= 3, "corpus/{name} has {tried} inputs");
    }
    assert!(broken.is_empty(), "what they broke is said above: {broken:?}");
}

#[test]
fn every_corpus_has_its_target() {
    for folder in ["corpus", "dictionaries"] {
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let name = name.strip_suffix(".dict").unwrap_or(&name);
            assert!(contactgram_fuzz::target(name).is_some(), "{folder}/{name}");
        }
    }
}
