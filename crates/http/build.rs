//! Packs what `explorer` embeds: the OpenAPI document, and three files of Swagger UI. Those are packed
//! already: what a zip holds is what gzip holds between another head and foot. It downloads nothing.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;
use std::{env, fs};
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED as ZIP;

/// Written by `cargo xtask openapi`.
const DOCUMENT: &str = "../../docs/openapi.json";

/// The end of a name in the archive, and the file's name here.
const FILES: [(&str, &str); 3] = [
    ("/dist/swagger-ui-bundle.js", "swagger-ui.js.gz"),
    ("/dist/swagger-ui.css", "swagger-ui.css.gz"),
    ("/LICENSE", "swagger-ui.licence.gz"),
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={DOCUMENT}");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    for (wanted, name) in FILES {
        let packed = gzip(wanted).ok_or_else(|| format!("no {wanted} in the packed Swagger UI"))?;
        fs::write(out.join(name), packed)?;
    }
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&fs::read(DOCUMENT)?)?;
    fs::write(out.join("openapi.json.gz"), packed.finish()?)?;
    Ok(())
}

/// The first file of the archive whose name ends so, as a gzip stream (RFC 1952).
fn gzip(wanted: &str) -> Option<Vec<u8>> {
    // The end of the central directory: 22 bytes, then a comment.
    let end = ZIP.windows(4).rposition(|bytes| bytes == b"PK\x05\x06")?;
    let mut entry = number(end + 16, 4)?;
    while ZIP.get(entry..entry + 4)? == b"PK\x01\x02" {
        let (name, extra, comment) = (number(entry + 28, 2)?, number(entry + 30, 2)?, number(entry + 32, 2)?);
        let is_deflated = number(entry + 10, 2)? == 8;
        if is_deflated && ZIP.get(entry + 46..entry + 46 + name)?.ends_with(wanted.as_bytes()) {
            let local = number(entry + 42, 4)?;
            let data = local + 30 + number(local + 26, 2)? + number(local + 28, 2)?;
            let mut packed = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
            packed.extend(ZIP.get(data..data + number(entry + 20, 4)?)?);
            packed.extend(ZIP.get(entry + 16..entry + 20)?);
            packed.extend(ZIP.get(entry + 24..entry + 28)?);
            return Some(packed);
        }
        entry += 46 + name + extra + comment;
    }
    None
}

/// A little-endian number of the archive.
fn number(at: usize, bytes: usize) -> Option<usize> {
    ZIP.get(at..at + bytes)?.iter().rev().try_fold(0, |number, byte| Some(number << 8 | usize::from(*byte)))
}
