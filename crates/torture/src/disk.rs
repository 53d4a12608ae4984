//! A disk whose power can be cut: ext4 on a loop file, shut down through the file system's own ioctl without
//! flushing its log. Used by the runs; needs root. Its drop unmounts it.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

/// EXT4_IOC_SHUTDOWN with NOLOGFLUSH, in a child because this workspace has no `unsafe` and the ioctl no safe
/// wrapper. It says when it is ready and cuts at the first byte it reads, so that no start-up delays the cut.
const CUT: &str = "
import fcntl, os, struct, sys
disk = os.open(sys.argv[1], os.O_RDONLY)
os.write(1, b'r')
if os.read(0, 1):
    fcntl.ioctl(disk, 0x8004587d, struct.pack('I', 2))
    os.write(1, b'd')
";

/// A mounted disk.
pub struct Disk {
    image: PathBuf,
    at: PathBuf,
}

/// A hand on the plug.
pub struct Cutter {
    child: Child,
}

impl Disk {
    /// A sentence that says why there can be no such disk here.
    pub async fn impossible(scratch: &Path) -> Option<String> {
        let made = async {
            let folder = tempfile::tempdir_in(scratch).map_err(|why| why.to_string())?;
            let disk = Disk::make(folder.path(), 8).await?;
            disk.cutter().await?.cut().await?;
            disk.again().await
        };
        made.await.err()
    }

    /// Makes a disk of so many mebibytes in `folder` and mounts it.
    pub async fn make(folder: &Path, mebibytes: u64) -> Result<Disk, String> {
        let disk = Disk { image: folder.join("image"), at: folder.join("disk") };
        std::fs::create_dir_all(&disk.at).map_err(|why| format!("{}: {why}", disk.at.display()))?;
        let file = std::fs::File::create(&disk.image).and_then(|file| file.set_len(mebibytes << 20));
        file.map_err(|why| format!("{}: {why}", disk.image.display()))?;
        // No blocks kept for root: the server may be root, and full is to mean full.
        run(Command::new("mkfs.ext4").args(["-q", "-m", "0"]).arg(&disk.image)).await?;
        disk.mount().await?;
        Ok(disk)
    }

    /// Where it is mounted.
    pub fn folder(&self) -> &Path {
        &self.at
    }

    pub async fn cutter(&self) -> Result<Cutter, String> {
        let mut command = Command::new("python3");
        command.args(["-c", CUT]).arg(&self.at).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let child = command.spawn().map_err(|why| format!("python3 can't be started: {why}"))?;
        let mut cutter = Cutter { child };
        cutter.says(b'r').await?;
        Ok(cutter)
    }

    /// Unmounts and mounts it, as a machine does that starts after a power cut.
    pub async fn again(&self) -> Result<(), String> {
        run(Command::new("umount").arg(&self.at)).await?;
        self.mount().await
    }

    async fn mount(&self) -> Result<(), String> {
        run(Command::new("mount").args(["-o", "loop"]).arg(&self.image).arg(&self.at)).await
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a server that was killed may not be gone yet.
        let mut umount = std::process::Command::new("umount");
        umount.arg("--lazy").arg(&self.at).stderr(Stdio::null());
        if let Err(why) = umount.status() {
            eprintln!("{} stays mounted: {why}", self.at.display());
        }
    }
}

impl Cutter {
    /// Cuts the power, and returns when it is off.
    pub async fn cut(mut self) -> Result<(), String> {
        let pull = self.child.stdin.take().ok_or("the cutter has no input")?.write_all(b"x").await;
        pull.map_err(|why| format!("the cutter does not listen: {why}"))?;
        self.says(b'd').await?;
        self.child.wait().await.map(drop).map_err(|why| format!("the cutter does not end: {why}"))
    }

    async fn says(&mut self, wanted: u8) -> Result<(), String> {
        let stdout = self.child.stdout.as_mut().ok_or("the cutter has no output")?;
        let said = stdout.read_u8().await;
        if said.is_ok_and(|said| said == wanted) {
            return Ok(());
        }
        Err("the disk can't be shut down: EXT4_IOC_SHUTDOWN was refused".to_owned())
    }
}

async fn run(command: &mut Command) -> Result<(), String> {
    let shown = command.as_std().get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().await.map_err(|why| format!("{shown}: {why}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{shown}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}
