//! A disk in trouble: the calls that the program makes on its session file fail, or take long, while a test
//! wants them to. What the program does about it is its own; nothing in it knows of this.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

/// What is wrong with the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// Each call takes so many milliseconds.
    Slow(u32),
    /// It was mounted read-only (`EROFS`).
    ReadOnly,
    /// The file gets no more blocks (`ENOSPC`); those it has can be written.
    Full,
    /// It is not there (`EIO`; opened anew, `ENOENT`).
    Gone,
}

/// One such disk, for one program.
#[derive(Debug)]
pub struct FaultyDisk {
    folder: TempDir,
}

impl FaultyDisk {
    /// A disk that is well. Needs a C compiler, as building the program does.
    #[must_use]
    pub fn new() -> Self {
        let disk = Self {
            folder: TempDir::new().unwrap(),
        };
        disk.now(Fault::None);
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/disk/faulty.c");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(disk.library())
            .args([source, "-ldl"])
            .status()
            .expect("there is a C compiler");
        assert!(built.success(), "{source} compiles");
        disk
    }

    /// The environment that a program on this disk is started with.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        let entry = |name: &str, path: PathBuf| (name.to_owned(), path.display().to_string());
        vec![
            entry("LD_PRELOAD", self.library()),
            entry("FAULTY_DISK", self.control()),
        ]
    }

    /// From this moment on, this is wrong.
    pub fn now(&self, fault: Fault) {
        let word = match fault {
            Fault::None => "none".to_owned(),
            Fault::Slow(milliseconds) => format!("slow {milliseconds}"),
            Fault::ReadOnly => "read-only".to_owned(),
            Fault::Full => "full".to_owned(),
            Fault::Gone => "gone".to_owned(),
        };
        // Whole or not at all: it is read while it is written.
        let next = self.folder.path().join("next");
        fs::write(&next, word).unwrap();
        fs::rename(&next, self.control()).unwrap();
    }

    fn control(&self) -> PathBuf {
        self.folder.path().join("fault")
    }

    fn library(&self) -> PathBuf {
        self.folder.path().join("faulty.so")
    }
}

impl Default for FaultyDisk {
    fn default() -> Self {
        Self::new()
    }
}
