//! The static program in a folder that holds nothing else, as in an image made `FROM scratch`: it starts, keeps its data, and
//! is healthy. For root alone, who may change the root folder; only `cargo xtask dist` makes such a program.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::kit::{alone, is_root, output};

/// As the image has it.
const USER: &str = "65532:65532";

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn inside(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("chroot");
    command.arg(format!("--userspec={USER}")).arg(root).arg("/contactgram").args(arguments);
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("CONTACTGRAM_DATA", "/data");
    command
}

#[test]
#[ignore = "needs a static program: cargo xtask dist"]
fn the_static_program_needs_nothing_beside_it() {
    let Some(program) = alone().filter(|_| is_root()) else {
        eprintln!("skipped: it takes root and `cargo xtask dist`");
        return;
    };
    let linked = Command::new("ldd").arg(&program).output().expect("ldd runs");
    let linked = String::from_utf8_lossy(&[linked.stdout, linked.stderr].concat()).into_owned();
    assert!(linked.contains("statically linked") || linked.contains("not a dynamic"), "{linked}");

    // Beside the program: what is held in memory often takes no devices.
    let root = tempfile::tempdir_in(program.parent().expect("a folder")).expect("a temporary folder");
    fs::copy(&program, root.path().join("contactgram")).expect("copied");
    fs::create_dir(root.path().join("data")).expect("the data folder");
    // Every container has these; randomness comes from there.
    fs::create_dir(root.path().join("dev")).expect("the folder is made");
    for (name, minor) in [("null", "3"), ("random", "8"), ("urandom", "9")] {
        let device = root.path().join("dev").join(name);
        output(Command::new("mknod").args(["-m", "666"]).arg(device).args(["c", "1", minor]));
    }
    output(Command::new("chown").arg(USER).arg(root.path().join("data")));
    output(Command::new("chmod").arg("755").arg(root.path()));

    let mut child = inside(root.path(), &["serve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("chroot runs");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let server = Server(child);
    let mut line = || lines.next().expect("it goes on").expect("text");
    assert!(line().starts_with("Contactgram "));
    let address = line().strip_prefix("listening on http://").expect("where it listens").to_owned();
    let listen = format!("listen={address}");
    let health = output(&mut inside(root.path(), &["health", "--json", "--set", &listen]));
    assert_eq!(health.trim(), "{\"ready\":true}");
    let made = output(&mut inside(root.path(), &["account", "add", "--name", "Alone", "--json"]));
    assert!(made.contains("\"token\""), "{made}");
    output(Command::new("kill").arg(server.0.id().to_string()));
    let mut server = server;
    assert!(server.0.wait().expect("it ends").success());
    let doctor = output(&mut inside(root.path(), &["doctor", "--set", "listen=127.0.0.1:0"]));
    assert!(doctor.contains("every page is sound"), "{doctor}");
}
