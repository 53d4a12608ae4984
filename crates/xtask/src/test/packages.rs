//! The system's packages that the tests need: looks for them, and on Debian installs what is missing.
//! Called first by `test`. It asks nobody for a password: without root or `sudo -n` it says what to install.

use std::path::Path;
use std::process::Command;

use super::postgres;
use crate::run;

/// Something the tests need from the system.
struct Need {
    what: &'static str,
    debian: &'static [&'static str],
    present: fn() -> bool,
}

const COMPILER: Need =
    Need { what: "a C compiler", debian: &["build-essential"], present: || run::which("cc").is_some() };
/// The commands in the documents are run as they stand there.
const SHELL: Need = Need {
    what: "bash and curl",
    debian: &["bash", "curl"],
    present: || run::which("bash").is_some() && run::which("curl").is_some(),
};
const POSTGRES: Need = Need {
    what: "PostgreSQL's server programs",
    debian: &["postgresql"],
    present: || postgres::programs().is_some(),
};
const PYTHON: Need = Need {
    what: "Python with venv",
    debian: &["python3-venv"],
    present: || run::succeeds("python3", &["-c", "import venv, ensurepip"]),
};
const NODE: Need = Need {
    what: "Node.js with npm",
    debian: &["nodejs", "npm"],
    present: || run::which("node").is_some() && run::which("npm").is_some(),
};
const CHROMIUM: Need =
    Need { what: "Chromium", debian: &["chromium"], present: || run::which("chromium").is_some() };

const JAVA: Need = Need {
    what: "a JDK with Maven",
    debian: &["default-jdk-headless", "maven"],
    present: || run::which("javac").is_some() && run::which("mvn").is_some(),
};
const MONO: Need = Need {
    what: "Mono with System.Net.Http",
    debian: &[
        "mono-mcs",
        "mono-runtime",
        "libmono-system-net-http4.0-cil",
        "libmono-system-runtime-serialization4.0-cil",
    ],
    present: || {
        let libraries = ["System.Net.Http", "System.Runtime.Serialization"];
        let installed = |name: &str| Path::new("/usr/lib/mono/4.5").join(format!("{name}.dll")).exists();
        run::which("mcs").is_some() && run::which("mono").is_some() && libraries.into_iter().all(installed)
    },
};

const DISKS: Need = Need {
    what: "mkfs.ext4, mount and Python",
    debian: &["e2fsprogs", "mount", "python3-minimal"],
    present: || ["mkfs.ext4", "mount", "umount", "python3"].iter().all(|name| run::which(name).is_some()),
};
const PACKER: Need = Need {
    what: "dpkg and systemd-analyze",
    debian: &["dpkg", "systemd"],
    present: || run::which("dpkg-deb").is_some() && run::which("systemd-analyze").is_some(),
};
const TRACER: Need = Need { what: "strace", debian: &["strace"], present: || run::which("strace").is_some() };

/// What the chosen suites use.
#[derive(Default)]
pub struct Wanted {
    pub postgres: bool,
    pub python: bool,
    pub node: bool,
    /// For the portal's pages.
    pub browser: bool,
    pub java: bool,
    /// For C#.
    pub mono: bool,
    /// For the Debian package.
    pub package: bool,
    /// Disks to cut off and a tracer to let fsync fail: for root alone.
    pub torture: bool,
}

/// Makes sure that everything wanted is there.
///
/// # Errors
/// A sentence that names what to install, when something is missing and may not or can't be installed.
pub fn ensure(wanted: &Wanted, may_install: bool) -> Result<(), String> {
    let mut needs = vec![COMPILER, SHELL];
    needs.extend(wanted.postgres.then_some(POSTGRES));
    needs.extend(wanted.python.then_some(PYTHON));
    needs.extend(wanted.node.then_some(NODE));
    needs.extend(wanted.browser.then_some(CHROMIUM));
    needs.extend(wanted.java.then_some(JAVA));
    needs.extend(wanted.mono.then_some(MONO));
    needs.extend(wanted.package.then_some(PACKER));
    if wanted.torture {
        needs.extend([DISKS, TRACER]);
    }
    needs.retain(|need| !(need.present)());
    if needs.is_empty() {
        println!("everything needed is installed");
        return Ok(());
    }
    let advice = advice(&needs);
    if !may_install || run::which("apt-get").is_none() {
        return Err(advice);
    }
    let Some(as_root) = as_root() else { return Err(advice) };
    let packages: Vec<&str> = needs.iter().flat_map(|need| need.debian).copied().collect();
    println!("installing {}", packages.join(" "));
    run::run(apt_get(as_root).arg("update"))?;
    run::run(apt_get(as_root).args(["install", "--yes", "--no-install-recommends"]).args(packages))?;
    match needs.iter().find(|need| !(need.present)()) {
        Some(need) => {
            Err(format!("{} is still missing after installing {}", need.what, need.debian.join(" ")))
        }
        None => Ok(()),
    }
}

fn advice(needs: &[Need]) -> String {
    let what: Vec<&str> = needs.iter().map(|need| need.what).collect();
    let packages: Vec<&str> = needs.iter().flat_map(|need| need.debian).copied().collect();
    format!("missing: {}. On Debian: sudo apt-get install {}", what.join(", "), packages.join(" "))
}

/// The words before a command that make it run as root, if nobody has to be asked.
fn as_root() -> Option<&'static [&'static str]> {
    if postgres::is_root() {
        return Some(&[]);
    }
    run::succeeds("sudo", &["-n", "true"]).then_some(&["sudo", "-n"])
}

fn apt_get(as_root: &[&str]) -> Command {
    // Through `env`, because sudo drops variables.
    let mut words =
        as_root.iter().copied().chain(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet"]);
    let mut command = Command::new(words.next().unwrap_or("env"));
    command.args(words);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_advice_names_things_and_packages() {
        let advice = advice(&[POSTGRES, NODE]);
        assert!(advice.contains("PostgreSQL's server programs, Node.js with npm"), "{advice}");
        assert!(advice.ends_with("apt-get install postgresql nodejs npm"), "{advice}");
    }

    #[test]
    fn apt_never_asks_questions() {
        for as_root in [&[][..], &["sudo", "-n"][..]] {
            let command = apt_get(as_root);
            let words: Vec<_> = command.get_args().filter_map(|word| word.to_str()).collect();
            assert!(words.contains(&"DEBIAN_FRONTEND=noninteractive"), "{words:?}");
        }
    }
}
