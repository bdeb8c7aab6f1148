//! User instructions of a stretch of work, and by function, counted by `valgrind --tool=callgrind`.
//!
//! The count is set to zero when the program is warm and written out after the stretch, so starting
//! up, signing in and the first requests are not in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::problem::{Outcome, Problem, While as _};

/// A process under callgrind.
#[derive(Debug)]
pub(crate) struct Callgrind {
    pid: u32,
    folder: PathBuf,
}

/// What callgrind wrote.
#[derive(Debug)]
pub(crate) struct Profile {
    file: PathBuf,
    pub(crate) instructions: u64,
}

impl Callgrind {
    /// What to put before the program's own command line.
    pub(crate) fn prefix(folder: &Path) -> Vec<String> {
        let out = folder.join("callgrind.out");
        vec![
            "valgrind".to_owned(),
            "--tool=callgrind".to_owned(),
            "--cache-sim=no".to_owned(),
            "--quiet".to_owned(),
            format!("--callgrind-out-file={}", out.display()),
        ]
    }

    pub(crate) fn of(pid: u32, folder: &Path) -> Self {
        Self {
            pid,
            folder: folder.to_owned(),
        }
    }

    /// Begins to count.
    pub(crate) fn zero(&self) -> Outcome {
        self.control("--zero")
    }

    /// Writes out what was counted since.
    pub(crate) fn dump(&self) -> Outcome<Profile> {
        self.control("--dump")?;
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(profile) = self.newest()? {
                return Ok(profile);
            }
            if Instant::now() > deadline {
                return Err(Problem::new("callgrind writes no profile"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn control(&self, what: &str) -> Outcome {
        let output = Command::new("callgrind_control")
            .args([what, &self.pid.to_string()])
            .output()
            .during("starting callgrind_control")?;
        let text = String::from_utf8_lossy(&output.stdout);
        if output.status.success() && text.contains("OK") {
            Ok(())
        } else {
            let errors = String::from_utf8_lossy(&output.stderr);
            Err(Problem::new(format!("callgrind_control: {text}{errors}")))
        }
    }

    /// The first dump, when it is complete: its last line is the total.
    fn newest(&self) -> Outcome<Option<Profile>> {
        let file = self.folder.join("callgrind.out.1");
        let Ok(text) = fs::read_to_string(&file) else {
            return Ok(None);
        };
        let total = text
            .lines()
            .rev()
            .take(3)
            .find_map(|line| line.strip_prefix("totals: "));
        let instructions = total.and_then(|total| total.trim().parse().ok());
        Ok(instructions.map(|instructions| Profile { file, instructions }))
    }
}

impl Profile {
    /// Instructions by function and by crate, both most first.
    pub(crate) fn read(&self) -> Outcome<(Shares, Shares)> {
        let output = Command::new("callgrind_annotate")
            .args(["--threshold=100", "--auto=no"])
            .arg(&self.file)
            .output()
            .during("starting callgrind_annotate")?;
        let text = String::from_utf8_lossy(&output.stdout);
        let (mut functions, mut crates) = (BTreeMap::new(), BTreeMap::new());
        for line in text.lines() {
            let Some(entry) = Entry::read(line) else {
                continue;
            };
            // The functions that were running when counting began are charged with everything.
            if entry.instructions > self.instructions / 10 * 9 {
                continue;
            }
            *functions.entry(entry.function.to_owned()).or_default() += entry.instructions;
            let name = crate_of(entry.file).to_owned();
            *crates.entry(name).or_default() += entry.instructions;
        }
        Ok((sorted(functions), sorted(crates)))
    }
}

/// Names and their instructions.
pub(crate) type Shares = Vec<(String, u64)>;

fn sorted(shares: BTreeMap<String, u64>) -> Shares {
    let mut shares: Shares = shares.into_iter().collect();
    shares.sort_by_key(|(_, instructions)| std::cmp::Reverse(*instructions));
    shares
}

/// One line of `callgrind_annotate`: a function's own instructions in one file. What was inlined into
/// the function is in lines of its own, with the file it came from.
#[derive(Debug, PartialEq, Eq)]
struct Entry<'l> {
    instructions: u64,
    file: &'l str,
    function: &'l str,
}

impl<'l> Entry<'l> {
    fn read(line: &'l str) -> Option<Self> {
        let (count, rest) = line.split_once(" (")?;
        let (_, place) = rest.split_once("%)  ")?;
        let instructions = count.trim().replace(',', "").parse().ok()?;
        let place = place.split_once(" [").map_or(place, |(place, _)| place);
        // Function names have colons too; file names end with their kind.
        let ends = [".rs:", ".c:", ".S:", ".h:", "???:"];
        let end = ends
            .iter()
            .filter_map(|end| Some(place.find(end)? + end.len()));
        let (file, function) = place.split_at_checked(end.min()?)?;
        Some(Self {
            instructions,
            file: file.trim_end_matches(':'),
            function,
        })
    }
}

/// The crate, or library, that a source file belongs to.
fn crate_of(file: &str) -> &str {
    let after = |mark: &str| {
        let (_, rest) = file.split_once(mark)?;
        rest.split('/').next()
    };
    if let Some(rest) = file.split_once("/registry/src/").map(|(_, rest)| rest) {
        let package = rest.split('/').nth(1).unwrap_or(rest);
        return package.rsplit_once('-').map_or(package, |(name, _)| name);
    }
    if let Some(name) = after("/crates/").or_else(|| after("/library/")) {
        return name;
    }
    match file {
        file if file.starts_with("./malloc") => "libc, malloc",
        file if file.contains("aws-lc") => "aws-lc",
        _ => "libc and others",
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, crate_of};

    #[test]
    fn a_line_gives_its_file_and_its_function() {
        let line = " 2,037,600 ( 1.39%)  /rustc/5980/library/core/src/slice/iter/macros.rs:\
                    vestibule_gate::request::admit::check_fields [/target/vestibule]";
        let expected = Entry {
            instructions: 2_037_600,
            file: "/rustc/5980/library/core/src/slice/iter/macros.rs",
            function: "vestibule_gate::request::admit::check_fields",
        };
        assert_eq!(Entry::read(line), Some(expected));
        assert_eq!(Entry::read("Profile data file"), None);
    }

    #[test]
    fn a_file_belongs_to_a_crate() {
        for (file, name) in [
            ("/rustc/5980/library/core/src/slice/mod.rs", "core"),
            (
                "/x/registry/src/index-1/http-1.5.0/src/header/map.rs",
                "http",
            ),
            (
                "/x/registry/src/index-1/tokio-util-0.7.1/src/a.rs",
                "tokio-util",
            ),
            ("/x/crates/vestibule-gate/src/fields.rs", "vestibule-gate"),
            ("./malloc/./malloc/malloc.c", "libc, malloc"),
            ("???", "libc and others"),
        ] {
            assert_eq!(crate_of(file), name, "{file}");
        }
    }
}
