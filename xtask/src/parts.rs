//! The parts of the machine that the tests use: which are there, and how the others get there.
//!
//! Only what a test of today uses is listed. A missing part fails the run; no test skips itself.

use std::env;
use std::path::Path;
use std::process::Command;

use crate::step;

/// What to do when parts are missing.
pub(crate) const CURE: &str = "run `cargo xtask test --install`, or install the parts by hand";

/// The folder with the Node programs of the end-to-end tests.
pub(crate) const NODE_FOLDER: &str = "crates/vestibule-e2e/node";

/// The lowest Node that runs them.
const NODE_MAJOR: u32 = 20;

/// The `cargo-deny` that `--install` installs.
const CARGO_DENY_VERSION: &str = "0.20.2";

/// One thing the tests need.
struct Part {
    name: &'static str,
    why: &'static str,
    is_there: fn(&Path) -> bool,
    cure: Cure,
}

/// How a part gets onto the machine.
enum Cure {
    /// A Debian package.
    Debian(&'static str),
    /// A component of the Rust toolchain.
    Rustup(&'static str),
    /// `cargo install`.
    CargoDeny,
    /// `npm ci` in [`NODE_FOLDER`].
    Npm,
}

const PARTS: [Part; 17] = [
    Part {
        name: "a C compiler",
        why: "builds the cryptography library",
        is_there: |_| on_path("cc"),
        cure: Cure::Debian("build-essential"),
    },
    Part {
        name: "rustfmt",
        why: "checks the formatting",
        is_there: |_| answers("cargo", &["fmt", "--version"]),
        cure: Cure::Rustup("rustfmt"),
    },
    Part {
        name: "clippy",
        why: "checks the lints",
        is_there: |_| answers("cargo", &["clippy", "--version"]),
        cure: Cure::Rustup("clippy"),
    },
    Part {
        name: "cargo-deny",
        why: "checks licences, sources and banned crates",
        is_there: |_| answers("cargo", &["deny", "--version"]),
        cure: Cure::CargoDeny,
    },
    Part {
        name: "Chromium",
        why: "is the browser of the end-to-end tests",
        is_there: |_| on_path("chromium"),
        cure: Cure::Debian("chromium"),
    },
    Part {
        name: "Node.js 20 or later",
        why: "runs a certified provider and drives the browser; if the system's is older, take one from nodejs.org",
        is_there: |_| node_major().is_some_and(|major| major >= NODE_MAJOR),
        cure: Cure::Debian("nodejs"),
    },
    Part {
        name: "npm",
        why: "installs the packages for Node.js",
        is_there: |_| on_path("npm"),
        cure: Cure::Debian("npm"),
    },
    Part {
        name: "the npm packages",
        why: "are the provider and the browser driver",
        is_there: npm_packages_are_there,
        cure: Cure::Npm,
    },
    Part {
        name: "Python 3",
        why: "reads what Vestibule writes",
        is_there: |_| answers("python3", &["--version"]),
        cure: Cure::Debian("python3"),
    },
    Part {
        name: "nginx",
        why: "reads what Vestibule writes, and is what every benchmark is compared with",
        is_there: |_| on_path_of_root("nginx"),
        cure: Cure::Debian("nginx"),
    },
    Part {
        name: "HAProxy",
        why: "gets the same raw requests as Vestibule, and is measured beside it",
        is_there: |_| on_path_of_root("haproxy"),
        cure: Cure::Debian("haproxy"),
    },
    Part {
        name: "Apache",
        why: "runs the same configurations as Vestibule, and is measured beside it",
        is_there: |_| on_path_of_root("apache2"),
        cure: Cure::Debian("apache2"),
    },
    Part {
        name: "mod_auth_openidc",
        why: "is what Vestibule runs the configurations of, and is compared with",
        is_there: |_| Path::new("/usr/lib/apache2/modules/mod_auth_openidc.so").is_file(),
        cure: Cure::Debian("libapache2-mod-auth-openidc"),
    },
    Part {
        name: "Redis",
        why: "keeps the sessions of a proxy that is measured",
        is_there: |_| on_path_of_root("redis-server"),
        cure: Cure::Debian("redis-server"),
    },
    Part {
        name: "valgrind",
        why: "counts the instructions of a request",
        is_there: |_| on_path_of_root("callgrind_control"),
        cure: Cure::Debian("valgrind"),
    },
    Part {
        name: "strace",
        why: "counts the system calls of a request",
        is_there: |_| on_path_of_root("strace"),
        cure: Cure::Debian("strace"),
    },
    Part {
        name: "taskset",
        why: "keeps a benchmark's load and its proxy on cores of their own",
        is_there: |_| on_path_of_root("taskset"),
        cure: Cure::Debian("util-linux"),
    },
];

/// Passes if every part is there, or can be installed and `install` says so.
pub(crate) fn ensure(root: &Path, install: bool) -> Result<(), String> {
    let missing = missing(root);
    if missing.is_empty() {
        return Ok(());
    }
    for part in &missing {
        println!("missing: {} ({})", part.name, part.why);
    }
    if install {
        install_all(root, &missing)?;
    }
    let still = self::missing(root);
    if still.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = still.iter().map(|part| part.name).collect();
    Err(format!("not on this machine: {}", names.join(", ")))
}

fn missing(root: &Path) -> Vec<&'static Part> {
    PARTS.iter().filter(|part| !(part.is_there)(root)).collect()
}

fn install_all(root: &Path, missing: &[&Part]) -> Result<(), String> {
    let packages: Vec<&str> = missing
        .iter()
        .filter_map(|part| {
            if let Cure::Debian(package) = part.cure {
                Some(package)
            } else {
                None
            }
        })
        .collect();
    if !packages.is_empty() {
        let packages = packages.join(" ");
        as_root(root, "apt-get update")?;
        as_root(
            root,
            &format!("apt-get install --yes --no-install-recommends {packages}"),
        )?;
    }
    // After the Debian packages, because npm may have come with them.
    for part in missing {
        match part.cure {
            Cure::Debian(_) => {}
            Cure::Rustup(component) => {
                step::run(root, &format!("rustup component add {component}"), &[])?;
            }
            // A debug build without what fetches advisories: the checks run in a second, and an
            // optimised build would take three times as long.
            Cure::CargoDeny => {
                let how = "--locked --debug --no-default-features";
                let line = format!("cargo install cargo-deny --version {CARGO_DENY_VERSION} {how}");
                step::run(root, &line, &[])?;
            }
            Cure::Npm => step::run(&root.join(NODE_FOLDER), "npm ci --ignore-scripts", &[])?,
        }
    }
    Ok(())
}

fn as_root(root: &Path, line: &str) -> Result<(), String> {
    let quiet = [("DEBIAN_FRONTEND", "noninteractive")];
    let is_root = output("id", &["-u"]).is_some_and(|id| id == "0");
    step::run(
        root,
        &if is_root {
            line.to_owned()
        } else {
            format!("sudo {line}")
        },
        &quiet,
    )
}

fn on_path(program: &str) -> bool {
    env::var_os("PATH")
        .is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}

/// Debian has servers where only root looks for programs.
fn on_path_of_root(program: &str) -> bool {
    on_path(program) || Path::new("/usr/sbin").join(program).is_file()
}

fn answers(program: &str, arguments: &[&str]) -> bool {
    output(program, arguments).is_some()
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(text)
}

fn node_major() -> Option<u32> {
    output("node", &["--version"])?
        .strip_prefix('v')?
        .split('.')
        .next()?
        .parse()
        .ok()
}

/// Whether what is installed is what the lock file asks for.
fn npm_packages_are_there(root: &Path) -> bool {
    let folder = root.join(NODE_FOLDER);
    let modified = |path: &str| {
        folder
            .join(path)
            .metadata()
            .and_then(|data| data.modified())
            .ok()
    };
    match (
        modified("package-lock.json"),
        modified("node_modules/.package-lock.json"),
    ) {
        (Some(asked), Some(installed)) => installed >= asked,
        _ => false,
    }
}
