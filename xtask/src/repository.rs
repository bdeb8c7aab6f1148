//! The repository's text files, as the rules of [`crate::tidy`] see them.
//!
//! A [`Repository`] is read from disk once, or made by hand in a test. Rules never touch the disk.

use std::fs;
use std::path::{Path, PathBuf};

/// Endings of files that people write and rules read.
const TEXT_ENDINGS: [&str; 14] = [
    ".rs", ".toml", ".md", ".mjs", ".json", ".html", ".css", ".service", ".yml", ".yaml", ".sh",
    ".lock", ".txt", ".conf",
];

/// Folders that hold what was built or downloaded, or inputs that are meant to be ugly.
const SKIPPED_FOLDERS: [&str; 5] = [".git", "node_modules", "target", "corpus", "artifacts"];

/// One file: its path from the root with `/` between the parts, and its text.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
    /// Whether the whole file is test code.
    pub(crate) is_test: bool,
}

/// Every text file of the checkout, sorted by path.
#[derive(Debug)]
pub(crate) struct Repository {
    pub(crate) root: PathBuf,
    pub(crate) files: Vec<File>,
}

impl Repository {
    /// Reads the checkout at `root`. A file that is not UTF-8 text is left out.
    pub(crate) fn load(root: &Path) -> Self {
        let mut files = Vec::new();
        walk(root, root, &mut files);
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Self::new(root, files)
    }

    fn new(root: &Path, mut files: Vec<File>) -> Self {
        let test_modules: Vec<String> = files.iter().flat_map(test_modules).collect();
        for file in &mut files {
            let in_tests = file
                .path
                .split('/')
                .any(|part| part == "tests" || part == "tests.rs");
            let in_module = |module: &String| {
                let rest = file.path.strip_prefix(module.as_str());
                rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
            };
            file.is_test = in_tests || test_modules.iter().any(in_module);
        }
        Self {
            root: root.to_owned(),
            files,
        }
    }

    /// Rust sources.
    pub(crate) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.path.ends_with(".rs"))
    }

    /// The file at exactly `path`.
    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }
}

impl File {
    /// The name without folders.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The lines that are not test code, numbered from 1.
    ///
    /// By the style guide tests are the last thing in a file, so everything from their attribute on
    /// is test code. An attribute on a mere `mod tests;` ends nothing.
    pub(crate) fn shipped_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines: Vec<&str> = self.text.lines().collect();
        let tests_begin = lines.windows(2).position(|pair| match pair {
            [attribute, item] => {
                let declares = item.starts_with("mod ") && item.ends_with(';');
                *attribute == "#[cfg(test)]" && !declares
            }
            _ => false,
        });
        let count = if self.is_test {
            0
        } else {
            tests_begin.unwrap_or(lines.len())
        };
        lines
            .into_iter()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
            .take(count)
    }
}

/// The root of the checkout this program was built from.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// The modules that a file declares for tests only, as paths without their ending.
fn test_modules(file: &File) -> Vec<String> {
    let folder = match file.path.strip_suffix(".rs") {
        Some(module) => ["/lib", "/main", "/mod"]
            .iter()
            .find_map(|root| module.strip_suffix(root))
            .unwrap_or(module),
        None => return Vec::new(),
    };
    let lines: Vec<&str> = file.text.lines().map(str::trim).collect();
    let declared = lines.windows(2).filter_map(|pair| match pair {
        [attribute, item] => {
            let for_tests =
                *attribute == "#[cfg(test)]" || attribute.starts_with("#[cfg(any(test,");
            let module = item.strip_suffix(';')?.rsplit_once("mod ")?.1;
            for_tests.then(|| format!("{folder}/{module}"))
        }
        _ => None,
    });
    declared.collect()
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<File>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if !SKIPPED_FOLDERS.contains(&name.as_str()) && !name.starts_with("target-") {
                walk(root, &path, files);
            }
        } else if TEXT_ENDINGS.iter().any(|ending| name.ends_with(ending))
            && let Ok(text) = fs::read_to_string(&path)
            && let Ok(relative) = path.strip_prefix(root)
        {
            let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
            let path = parts.join("/");
            files.push(File {
                path,
                text,
                is_test: false,
            });
        }
    }
}

#[cfg(test)]
impl Repository {
    /// A repository with these files and nothing else.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let file = |(path, text): &(&str, &str)| File {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
            is_test: false,
        };
        Self::new(Path::new("checkout"), files.iter().map(file).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_tests_compile_is_test_code() {
        let repository = Repository::of(&[
            ("a/src/lib.rs", "mod b;\n#[cfg(test)]\nmod keys;\n"),
            (
                "a/src/b.rs",
                "#[cfg(any(test, feature = \"contract\"))]\npub mod contract;\nfn f() {}\n",
            ),
            ("a/src/b/contract.rs", ""),
            ("a/src/contract.rs", ""),
            ("a/src/keys/rsa.rs", ""),
            ("a/tests/it/main.rs", ""),
            ("a/src/b/tests.rs", ""),
        ]);
        let tests: Vec<&str> = repository
            .files
            .iter()
            .filter(|file| file.is_test)
            .map(|file| file.path.as_str())
            .collect();
        let expected = [
            "a/src/b/contract.rs",
            "a/src/keys/rsa.rs",
            "a/tests/it/main.rs",
            "a/src/b/tests.rs",
        ];
        assert_eq!(tests, expected);
    }

    #[test]
    fn lines_from_the_test_module_on_do_not_ship() {
        let text = "#[cfg(test)]\nmod x;\nfn f() {}\n#[cfg(test)]\nmod tests {\n}\n";
        let repository = Repository::of(&[("a/src/a.rs", text)]);
        assert_eq!(repository.files[0].shipped_lines().count(), 3);
    }
}
