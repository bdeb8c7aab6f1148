//! Which files an `Include`, or the argument of an import, stands for.

use std::path::{Component, Path, PathBuf};

use super::files::Files;

/// More matches than any folder of a configuration has.
const MOST: usize = 1000;

/// The files to begin with: the file itself, or in a folder what Debian and others call the main file.
pub(super) fn roots(files: &dyn Files, path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = files.list(path) else {
        return vec![path.to_owned()];
    };
    let has = |name: &str| entries.iter().any(|(known, _)| known == name);
    for main in ["apache2.conf", "httpd.conf"] {
        if has(main) {
            return vec![path.join(main)];
        }
    }
    if files.read(&path.join("conf/httpd.conf"), 0).is_ok() {
        return vec![path.join("conf/httpd.conf")];
    }
    let folders = ["mods-enabled", "conf-enabled", "sites-enabled"];
    let layout: Vec<PathBuf> = folders
        .iter()
        .filter(|folder| has(folder))
        .flat_map(|folder| matching(files, &path.join(folder).join("*.conf")))
        .collect();
    match layout.is_empty() {
        true => matching(files, &path.join("*.conf")),
        false => layout,
    }
}

/// Where relative paths start until `ServerRoot` says.
pub(super) fn server_root(path: &Path, files: &dyn Files) -> PathBuf {
    let folder = match files.list(path) {
        Ok(_) => path.to_owned(),
        Err(_) => path.parent().map(Path::to_owned).unwrap_or_default(),
    };
    let name = folder.file_name().and_then(|name| name.to_str());
    match name {
        Some(
            "sites-enabled" | "sites-available" | "conf-enabled" | "conf-available"
            | "mods-enabled" | "mods-available" | "conf.d" | "conf",
        ) => folder.parent().map(Path::to_owned).unwrap_or_default(),
        _ => folder,
    }
}

/// The files that fit `pattern`, in alphabetical order. A folder stands for all files below it.
pub(super) fn matching(files: &dyn Files, pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for component in pattern.components() {
        let mut next = Vec::new();
        for folder in found {
            match component {
                Component::Normal(part) => {
                    let part = part.to_string_lossy();
                    if !part.contains(['*', '?', '[']) {
                        next.push(folder.join(part.as_ref()));
                        continue;
                    }
                    let entries = files.list(&folder).unwrap_or_default();
                    let fitting = entries
                        .into_iter()
                        .filter(|(name, _)| fits(part.as_bytes(), name.as_bytes()))
                        // `*` does not stand for the names of hidden files.
                        .filter(|(name, _)| !name.starts_with('.') || part.starts_with('.'));
                    next.extend(fitting.map(|(name, _)| folder.join(name)));
                }
                other => next.push(folder.join(other)),
            }
        }
        next.truncate(MOST);
        found = next;
    }
    let mut all = Vec::new();
    for path in found {
        below(files, &path, 0, &mut all);
    }
    all
}

fn below(files: &dyn Files, path: &Path, depth: usize, all: &mut Vec<PathBuf>) {
    if all.len() >= MOST || depth > 8 {
        return;
    }
    match files.list(path) {
        Ok(entries) => {
            for (name, _) in entries {
                below(files, &path.join(name), depth + 1, all);
            }
        }
        Err(_) => {
            if files.read(path, 0).is_ok() {
                all.push(path.to_owned());
            }
        }
    }
}

/// `fnmatch(3)` for one name: `*`, `?` and `[a-z]`, without backtracking over more than one star at a time.
pub(super) fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        let here = pattern.get(p).copied();
        let stepped = match here {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
                true
            }
            Some(b'?') => {
                p += 1;
                n += 1;
                true
            }
            Some(b'[') => match class(pattern.get(p..).unwrap_or_default(), name.get(n).copied()) {
                Some(length) => {
                    p += length;
                    n += 1;
                    true
                }
                None => false,
            },
            Some(byte) if Some(byte) == name.get(n).copied() => {
                p += 1;
                n += 1;
                true
            }
            _ => false,
        };
        if stepped {
            continue;
        }
        let Some((at, from)) = star else { return false };
        star = Some((at, from + 1));
        p = at + 1;
        n = from + 1;
    }
    pattern
        .get(p..)
        .unwrap_or_default()
        .iter()
        .all(|byte| *byte == b'*')
}

/// The length of the class at the beginning of `pattern`, if it holds `byte`.
fn class(pattern: &[u8], byte: Option<u8>) -> Option<usize> {
    let byte = byte?;
    let end = pattern.iter().skip(2).position(|b| *b == b']')? + 2;
    let inside = pattern.get(1..end)?;
    let (negated, inside) = match inside {
        [b'!' | b'^', rest @ ..] => (true, rest),
        _ => (false, inside),
    };
    let mut holds = false;
    let mut rest = inside;
    while let Some((&first, after)) = rest.split_first() {
        match after {
            [b'-', last, more @ ..] => {
                holds |= (first..=*last).contains(&byte);
                rest = more;
            }
            _ => {
                holds |= first == byte;
                rest = after;
            }
        }
    }
    (holds != negated).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apache::files::FixedFiles;

    #[test]
    fn patterns_fit_names_as_fnmatch_says() {
        for (pattern, name, expected) in [
            ("*.conf", "a.conf", true),
            ("*.conf", "a.conf.bak", false),
            ("0?-*", "01-x", true),
            ("[0-9]*.conf", "1a.conf", true),
            ("[!0-9]*.conf", "1a.conf", false),
            ("a*b*c", "axxbyybzc", true),
            ("a*b*c", "axxbyybz", false),
            ("*", "", true),
            ("[", "[", false),
        ] {
            assert_eq!(
                fits(pattern.as_bytes(), name.as_bytes()),
                expected,
                "{pattern} {name}"
            );
        }
    }

    #[test]
    fn a_folder_stands_for_its_main_file_or_its_sites() {
        let debian = FixedFiles::new()
            .file("/e/sites-enabled/b.conf", "")
            .file("/e/sites-enabled/a.conf", "")
            .file("/e/sites-enabled/a.conf~", "")
            .file("/e/sites-available/c.conf", "");
        let names = |files: &FixedFiles| -> Vec<String> {
            let found = roots(files, Path::new("/e"));
            found
                .iter()
                .map(|path| path.display().to_string())
                .collect()
        };
        assert_eq!(
            names(&debian),
            ["/e/sites-enabled/a.conf", "/e/sites-enabled/b.conf"]
        );
        let whole = debian.file("/e/apache2.conf", "");
        assert_eq!(names(&whole), ["/e/apache2.conf"]);
        assert_eq!(
            server_root(Path::new("/e/sites-enabled/a.conf"), &whole),
            Path::new("/e")
        );
    }
}
