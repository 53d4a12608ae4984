//! A folder in memory for the files of tests, where the machine has one with room: most of what the suites wait for is
//! the disk, whose promises other runs test. Called by `test`; without such a folder the system's temporary one serves.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run;

/// Linux's file system in memory; a container's often has no more than 64 MiB.
const MEMORY: &str = "/dev/shm";
/// The suites have used a third of it.
const ROOM: u64 = 3 << 30;
const PREFIX: &str = "contactgram-tests-";

/// A folder that goes with this value.
pub struct Memory(PathBuf);

impl Memory {
    /// One in memory, where there is room.
    pub fn find() -> Option<Memory> {
        Self::below(Path::new(MEMORY), ROOM)
    }

    fn below(parent: &Path, room: u64) -> Option<Memory> {
        sweep(parent);
        let told =
            run::output(Command::new("df").args(["--output=avail", "--block-size=1"]).arg(parent)).ok()?;
        let free: u64 = told.lines().nth(1)?.trim().parse().ok()?;
        let folder = parent.join(format!("{PREFIX}{}", std::process::id()));
        (free >= room && fs::create_dir_all(&folder).is_ok()).then_some(Memory(folder))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if let Err(why) = fs::remove_dir_all(&self.0) {
            println!("{}: {why}", self.0.display());
        }
    }
}

/// Removes what runs left behind that were killed: the name says which process made it.
fn sweep(parent: &Path) {
    if !Path::new("/proc/self").exists() {
        return;
    }
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.parse::<u32>().ok());
        if owner.is_some_and(|owner| !Path::new(&format!("/proc/{owner}")).exists()) {
            // Somebody else's, then: it stays.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_made_where_there_is_room_and_goes_again() {
        let parent = tempfile::tempdir().expect("a temporary folder");
        let left = parent.path().join("contactgram-tests-4294967295");
        fs::create_dir(&left).expect("the folder is made");
        let made = Memory::below(parent.path(), 1).expect("a byte is free");
        assert!(made.path().is_dir() && !left.exists());
        let path = made.path().to_owned();
        drop(made);
        assert!(!path.exists());
        assert!(Memory::below(parent.path(), u64::MAX).is_none());
        assert!(Memory::below(&parent.path().join("none"), 1).is_none());
    }
}
