//! Follows includes, variables and conditions: out comes one tree, as Apache has it in force.
//!
//! Everything is bounded, and nothing is run: `exec:` stays the text it is.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::condition::{self, is_module_known, protects, version_holds};
use super::files::Files;
use super::include;
use super::report::Stop;
use super::syntax::{self, Block, Directive, Node, Place};

/// A directive in force, its variables filled in.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) words: Vec<String>,
    pub(crate) at: Place,
    /// Variables that nothing defines, and that are still in the words.
    pub(crate) undefined: Vec<String>,
}

impl Line {
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The word at `at`, from 0.
    pub(crate) fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", String::as_str)
    }
}

/// A section in force.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    pub(crate) name: String,
    pub(crate) words: Vec<String>,
    pub(crate) at: Place,
    pub(crate) children: Vec<Item>,
}

impl Section {
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Item {
    Line(Line),
    Section(Section),
}

/// Something that was left out, or taken for granted, on the way.
#[derive(Debug, Clone)]
pub(crate) struct Skipped {
    pub(crate) name: String,
    pub(crate) at: Place,
    pub(crate) why: String,
}

/// The tree in force.
#[derive(Debug, Default)]
pub(crate) struct Expanded {
    pub(crate) items: Vec<Item>,
    pub(crate) skipped: Vec<Skipped>,
    /// The files, in the order in which they were read.
    pub(crate) files: Vec<Arc<str>>,
    /// What could not be followed. If there is any, the items are not all.
    pub(crate) stops: Vec<Stop>,
}

const LARGEST_FILE: u64 = 4 * 1024 * 1024;
const MOST_FILES: usize = 1000;
const MOST_ITEMS: usize = 200_000;
const DEEPEST_INCLUDE: usize = 16;
const LONGEST_VALUE: usize = 64 * 1024;
/// As many as somebody reads at once.
const MOST_STOPS: usize = 50;

/// What Debian's `envvars` sets before it starts Apache.
const DEBIAN: [(&str, &str); 7] = [
    ("APACHE_RUN_USER", "www-data"),
    ("APACHE_RUN_GROUP", "www-data"),
    ("APACHE_PID_FILE", "/var/run/apache2/apache2.pid"),
    ("APACHE_RUN_DIR", "/var/run/apache2"),
    ("APACHE_LOCK_DIR", "/var/lock/apache2"),
    ("APACHE_LOG_DIR", "/var/log/apache2"),
    ("APACHE_CONFDIR", "/etc/apache2"),
];

/// Follows everything from the file or folder at `path`.
pub(crate) fn expand(
    files: &dyn Files,
    variables: &dyn Fn(&str) -> Option<String>,
    path: &Path,
) -> Result<Expanded, Stop> {
    let roots = include::roots(files, path);
    let mut walk = Walk {
        files,
        variables,
        defined: BTreeMap::new(),
        loaded: BTreeSet::new(),
        root: include::server_root(path, files),
        read: 0,
        items: 0,
        out: Expanded::default(),
    };
    let whole = Place {
        file: Arc::from(path.display().to_string()),
        line: 1,
    };
    if roots.is_empty() {
        return Err(Stop::new(
            whole,
            "there is no configuration in this folder",
            "name the file, or a folder with apache2.conf, httpd.conf or sites-enabled in it",
        ));
    }
    let mut items = Vec::new();
    for root in roots {
        items.extend(walk.file(&root, None, 0)?);
    }
    walk.out.items = items;
    Ok(walk.out)
}

struct Walk<'w> {
    files: &'w dyn Files,
    variables: &'w dyn Fn(&str) -> Option<String>,
    defined: BTreeMap<String, String>,
    /// The modules that were loaded so far.
    loaded: BTreeSet<String>,
    root: PathBuf,
    read: usize,
    items: usize,
    out: Expanded,
}

impl Walk<'_> {
    fn file(&mut self, path: &Path, from: Option<&Place>, depth: usize) -> Result<Vec<Item>, Stop> {
        let name: Arc<str> = Arc::from(path.display().to_string());
        let at = from.cloned().unwrap_or(Place {
            file: Arc::clone(&name),
            line: 1,
        });
        self.read += 1;
        if depth > DEEPEST_INCLUDE || self.read > MOST_FILES {
            return Err(Stop::new(
                at,
                format!("{name} is included too deeply, or as one of too many files"),
                "look for files that include each other",
            ));
        }
        let bytes = self.files.read(path, LARGEST_FILE).map_err(|error| {
            Stop::new(
                at.clone(),
                format!("{name} can't be read: {error}"),
                "run the import where Apache runs, as a user who may read its files",
            )
        })?;
        if bytes.len() as u64 > LARGEST_FILE {
            return Err(Stop::new(
                at,
                format!("{name} is too large for a configuration"),
                "name the right file; each may have 4 MiB",
            ));
        }
        self.out.files.push(Arc::clone(&name));
        let text = String::from_utf8(bytes)
            .map_err(|_| Stop::new(at, format!("{name} is not UTF-8 text"), "save it as UTF-8"))?;
        let nodes = syntax::parse(&name, &text)
            .map_err(|error| Stop::new(error.at, error.message, error.help))?;
        self.nodes(nodes, depth)
    }

    fn nodes(&mut self, nodes: Vec<Node>, depth: usize) -> Result<Vec<Item>, Stop> {
        let mut items = Vec::new();
        for node in nodes {
            self.items += 1;
            let followed = match node {
                Node::Directive(directive) => self.directive(directive, depth, &mut items),
                Node::Block(block) => self.block(block, depth, &mut items),
            };
            if let Err(stop) = followed {
                self.stopped(stop)?;
            }
            if self.items > MOST_ITEMS {
                let at = items.last().map_or_else(
                    || Place {
                        file: Arc::from(""),
                        line: 1,
                    },
                    |item| match item {
                        Item::Line(line) => line.at.clone(),
                        Item::Section(section) => section.at.clone(),
                    },
                );
                return Err(Stop::new(
                    at,
                    "this configuration is too large",
                    "look for files that are included many times",
                ));
            }
        }
        Ok(items)
    }

    /// Goes on, so that whoever reads the report is told of the next one too.
    fn stopped(&mut self, stop: Stop) -> Result<(), Stop> {
        if self.out.stops.len() >= MOST_STOPS {
            return Err(stop);
        }
        self.out.stops.push(stop);
        Ok(())
    }

    fn directive(
        &mut self,
        directive: Directive,
        depth: usize,
        items: &mut Vec<Item>,
    ) -> Result<(), Stop> {
        let line = self.line(&directive)?;
        if line.is("Define") {
            let value = line.words.get(1).cloned().unwrap_or_default();
            self.defined.insert(line.word(0).to_owned(), value);
        } else if line.is("UnDefine") {
            self.defined.remove(line.word(0));
        } else if line.is("ServerRoot") {
            self.root = PathBuf::from(line.word(0));
        } else if line.is("LoadModule") {
            self.loaded
                .insert(condition::module(line.word(0)).to_owned());
            let file = Path::new(line.word(1)).file_stem().unwrap_or_default();
            let file = file.to_string_lossy();
            self.loaded.insert(condition::module(&file).to_owned());
            items.push(Item::Line(line));
        } else if line.is("Include") || line.is("IncludeOptional") {
            if let Some(name) = line.undefined.first() {
                return Err(undefined(&line.at, name));
            }
            let optional = line.is("IncludeOptional");
            let wanted = self.root.join(line.word(0));
            let found = include::matching(self.files, &wanted);
            // A folder of sites may hold a socket; what is named by itself was meant.
            let unread = self
                .files
                .read(&wanted, 0)
                .map(drop)
                .map_err(|error| error.kind());
            let is_folder = self.files.list(&wanted).is_ok();
            if found.is_empty() && !is_folder && unread == Err(ErrorKind::InvalidInput) {
                return Err(Stop::new(
                    line.at,
                    format!(
                        "{} is not a regular file: a pipe or a device is never read",
                        wanted.display()
                    ),
                    "name a file, or a folder of files",
                ));
            }
            if found.is_empty() && !optional {
                return Err(Stop::new(
                    line.at,
                    format!("{} is not there to be included", wanted.display()),
                    "run the import where Apache runs, or give the folder of its configuration instead of one file",
                ));
            }
            for path in found {
                match self.file(&path, Some(&line.at), depth + 1) {
                    Ok(more) => items.extend(more),
                    Err(stop) => self.stopped(stop)?,
                }
            }
        } else {
            items.push(Item::Line(line));
        }
        Ok(())
    }

    fn block(&mut self, block: Block, depth: usize, items: &mut Vec<Item>) -> Result<(), Stop> {
        let (words, _) = self.words(&block.raw, &block.at)?;
        let first = words.first().map_or("", String::as_str);
        let (negated, wanted) = match first.strip_prefix('!') {
            Some(wanted) => (true, wanted),
            None => (false, first),
        };
        let is_loaded = self.loaded.contains(condition::module(wanted));
        let holds = match block.name.to_ascii_lowercase().as_str() {
            "ifmodule" => is_loaded || is_module_known(wanted),
            "ifdefine" => self.defined.contains_key(wanted),
            "iffile" => {
                let path = self.root.join(wanted);
                self.files.read(&path, 0).is_ok() || self.files.list(&path).is_ok()
            }
            "ifversion" => version_holds(&words).ok_or_else(|| {
                Stop::new(
                    block.at.clone(),
                    "this comparison of versions is not understood",
                    "write it like <IfVersion >= 2.4>, or take the section out",
                )
            })?,
            "macro" => {
                return Err(Stop::new(
                    block.at,
                    "macros are not followed",
                    "write what the macro makes in its place: `apachectl -t -D DUMP_CONFIG` prints it",
                ));
            }
            _ => {
                let children = self.nodes(block.children, depth)?;
                items.push(Item::Section(Section {
                    name: block.name,
                    words,
                    at: block.at,
                    children,
                }));
                return Ok(());
            }
        };
        let holds = match block.name.eq_ignore_ascii_case("ifversion") {
            true => holds,
            false => holds != negated,
        };
        // What Apache is started with and which other modules there are is a guess; the rest is known.
        let is_guess = match block.name.to_ascii_lowercase().as_str() {
            "ifdefine" => !self.defined.contains_key(wanted),
            "ifmodule" => !is_loaded && !is_module_known(wanted),
            "iffile" => !holds,
            _ => false,
        };
        if is_guess && protects(&block.children) {
            let taken = if holds { "in force" } else { "not in force" };
            return Err(Stop::new(
                block.at,
                format!(
                    "<{} {first}> is taken for {taken}, and what it says decides who gets where",
                    block.name
                ),
                match block.name.to_ascii_lowercase().as_str() {
                    "ifdefine" if !negated => {
                        format!("write Define {wanted} above, or take the section out")
                    }
                    _ => "write what it says outside of the section, or take it out".to_owned(),
                },
            ));
        }
        if holds {
            items.extend(self.nodes(block.children, depth)?);
        } else {
            self.out.skipped.push(Skipped {
                why: match block.name.to_ascii_lowercase().as_str() {
                    "ifmodule" if negated => format!("{wanted} is taken for loaded"),
                    "ifmodule" => format!("{wanted} is taken for not loaded"),
                    "ifdefine" if negated => format!("{wanted} is defined"),
                    "ifdefine" => {
                        format!("{wanted} is not defined; Apache may be started with -D {wanted}")
                    }
                    "iffile" => format!("of whether {wanted} is there"),
                    _ => "httpd is taken for 2.4.71".to_owned(),
                },
                name: format!("<{} {first}>", block.name),
                at: block.at,
            });
        }
        Ok(())
    }

    fn line(&self, directive: &Directive) -> Result<Line, Stop> {
        let (words, undefined) = self.words(&directive.raw, &directive.at)?;
        Ok(Line {
            name: directive.name.clone(),
            words,
            at: directive.at.clone(),
            undefined,
        })
    }

    /// The words, each with its variables filled in after the line was taken apart, as Apache does: a value with a space
    /// in it stays one word.
    fn words(&self, raw: &str, at: &Place) -> Result<(Vec<String>, Vec<String>), Stop> {
        let words = syntax::words(raw).ok_or_else(|| {
            Stop::new(
                at.clone(),
                "a quotation mark is never closed",
                "write the closing one",
            )
        })?;
        let mut undefined = Vec::new();
        let filled: Option<Vec<String>> = words
            .into_iter()
            .map(|word| self.filled(&word, &mut undefined))
            .collect();
        match filled {
            Some(words) => Ok((words, undefined)),
            None => Err(Stop::new(
                at.clone(),
                "the variables make this value too long",
                "look for a variable that is used many times",
            )),
        }
    }

    fn filled(&self, word: &str, undefined: &mut Vec<String>) -> Option<String> {
        let mut out = String::new();
        let mut rest = word;
        while let Some((before, after)) = rest.split_once("${") {
            out.push_str(before);
            let Some((name, behind)) = after.split_once('}') else {
                out.push_str("${");
                rest = after;
                continue;
            };
            match self.value(name) {
                Some(value) => out.push_str(&value),
                None => {
                    undefined.push(name.to_owned());
                    out.push_str(&format!("${{{name}}}"));
                }
            }
            if out.len() > LONGEST_VALUE {
                return None;
            }
            rest = behind;
        }
        out.push_str(rest);
        Some(out)
    }

    fn value(&self, name: &str) -> Option<String> {
        let of_debian = || {
            let found = DEBIAN.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        self.defined
            .get(name)
            .cloned()
            .or_else(|| (self.variables)(name))
            .or_else(of_debian)
    }
}

pub(crate) fn undefined(at: &Place, name: &str) -> Stop {
    Stop::new(
        at.clone(),
        format!("nothing says what ${{{name}}} is"),
        format!("write Define {name} VALUE above, or set the variable where the import runs"),
    )
}

#[cfg(test)]
mod tests;
