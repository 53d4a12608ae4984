//! Tells cargo that the crate depends on the files under `migrations/`, which `include_dir!` reads
//! unseen. It generates nothing.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
