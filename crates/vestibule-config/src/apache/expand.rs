//! Follows includes, variables and conditions: out comes one tree, as Apache has it in force.
//!
//! Everything is bounded, and nothing is run: `exec:` stays the text it is.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::condition::{self, Truth};
use super::files::Files;
use super::include;
use super::report::Stop;
use super::syntax::{self, Block, Directive, Node, Place};
use super::variables::{Filled, Variables};

/// A directive in force, its variables filled in.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) words: Vec<String>,
    /// All behind the name, before it was taken apart.
    pub(crate) raw: String,
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

/// A condition that was left out, or taken for granted, on the way.
#[derive(Debug, Clone)]
pub(crate) struct Guessed {
    pub(crate) name: String,
    pub(crate) at: Place,
    /// What it was taken for, and why.
    pub(crate) says: String,
    /// What to do where that is wrong; empty where nothing is done by it.
    pub(crate) help: String,
}

/// The tree in force.
#[derive(Debug, Default)]
pub(crate) struct Expanded {
    pub(crate) items: Vec<Item>,
    pub(crate) guessed: Vec<Guessed>,
    /// The files, in the order in which they were read.
    pub(crate) files: Vec<Arc<str>>,
    /// What could not be followed. If there is any, the items are not all.
    pub(crate) stops: Vec<Stop>,
}

const LARGEST_FILE: u64 = 4 * 1024 * 1024;
const MOST_FILES: usize = 1000;
const MOST_ITEMS: usize = 200_000;
const DEEPEST_INCLUDE: usize = 16;
/// As many as somebody reads at once.
const MOST_STOPS: usize = 50;

/// Follows everything from the file or folder at `path`.
pub(crate) fn expand(
    files: &dyn Files,
    variables: &dyn Fn(&str) -> Option<String>,
    path: &Path,
) -> Result<Expanded, Stop> {
    let roots = include::roots(files, path);
    let mut walk = Walk {
        files,
        variables: Variables::new(variables),
        guesses: 0,
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
    variables: Variables<'w>,
    /// How many sections around are in force by a guess.
    guesses: usize,
    /// The names of modules that were loaded so far, as `<IfModule>` asks for them.
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
        let text = readable(&name, bytes)?;
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
        if line.is("Define") || line.is("UnDefine") {
            self.define(&line);
        } else if line.is("ServerRoot") {
            self.root = PathBuf::from(line.word(0));
        } else if line.is("LoadModule") {
            if self.guesses == 0 {
                self.loaded
                    .extend(condition::names(line.word(0), line.word(1)));
            }
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

    fn define(&mut self, line: &Line) {
        let name = line.word(0);
        match (self.guesses, line.is("Define")) {
            (0, true) => self
                .variables
                .define(name, line.words.get(1).map(String::as_str)),
            (0, false) => self.variables.undefine(name),
            _ => self.variables.doubt(name),
        }
    }

    fn block(&mut self, block: Block, depth: usize, items: &mut Vec<Item>) -> Result<(), Stop> {
        if block.name.contains("${") {
            return Err(tag_of_variable(&block.at));
        }
        let Filled { text, .. } = self.filled(&block.raw, &block.at)?;
        let words = words(&text, &block.at)?;
        let first = words.first().map_or("", String::as_str);
        let (negated, wanted) = match first.strip_prefix('!') {
            Some(wanted) => (true, wanted),
            None => (false, first),
        };
        let kind = block.name.to_ascii_lowercase();
        let truth = match kind.as_str() {
            "ifmodule" => condition::module(wanted, &self.loaded),
            "ifdefine" => Truth::certain_if(self.variables.is_defined(wanted)),
            "iffile" => {
                let path = self.root.join(wanted);
                Truth::certain_if(
                    self.files.read(&path, 0).is_ok() || self.files.list(&path).is_ok(),
                )
            }
            "ifversion" => condition::version(&words).ok_or_else(|| {
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
        let holds = match kind.as_str() {
            "ifversion" => truth.holds,
            _ => truth.holds != negated,
        };
        let is_sites =
            kind == "ifmodule" && holds && condition::is_tls_sites(wanted, &block.children);
        if !truth.certain && !is_sites && condition::protects(&block.children, holds) {
            let is_harmless = kind == "ifmodule"
                && !negated
                && holds
                && condition::may_be_in_force(&block.children);
            let taken = if holds { "in force" } else { "not in force" };
            let whole = condition::is_whole(&self.loaded);
            let help = match kind.as_str() {
                "ifdefine" if !negated => {
                    format!("write Define {wanted} above, or take the section out")
                }
                "ifmodule" if is_harmless => {
                    format!("if `apachectl -M` does not list {wanted}, take the section out")
                }
                "ifmodule" => {
                    let without = match negated {
                        true => "take the two tags out, and leave what is between them,",
                        false => "take the section out",
                    };
                    let load = condition::load_line(wanted);
                    match whole {
                        true => format!(
                            "no LoadModule line that was read loads it: {without} or write {load} if Apache has it built in"
                        ),
                        false => format!(
                            "name the folder of Apache's whole configuration, like /etc/apache2, whose LoadModule lines say it; \
                             for this file alone, write {load} above if `apachectl -M` lists it, and {without} if not"
                        ),
                    }
                }
                _ => "write what it says outside of the section, or take it out".to_owned(),
            };
            if is_harmless {
                self.out.guessed.push(Guessed {
                    name: format!("<{} {first}>", block.name),
                    at: block.at,
                    says: format!(
                        "{wanted} is taken for loaded, and what stands here for in force: without it Apache leaves that out"
                    ),
                    help,
                });
                return self.inside(block.children, true, depth, items);
            }
            return Err(Stop::new(
                block.at,
                format!(
                    "<{} {first}> is taken for {taken}, and what it says decides who gets where, or what the app is told",
                    block.name
                ),
                help,
            ));
        }
        if holds {
            return self.inside(block.children, !truth.certain, depth, items);
        }
        if !truth.certain {
            self.doubt(&block.children);
        }
        let why = match kind.as_str() {
            "ifmodule" if negated => format!("{wanted} is taken for loaded"),
            "ifmodule" => format!("{wanted} is taken for not loaded"),
            "ifdefine" if negated => format!("{wanted} is defined"),
            "ifdefine" => {
                format!("{wanted} is not defined; Apache may be started with -D {wanted}")
            }
            "iffile" => format!("of whether {wanted} is there"),
            _ => "httpd is taken for 2.4.71".to_owned(),
        };
        self.out.guessed.push(Guessed {
            name: format!("<{} {first}>", block.name),
            at: block.at,
            says: format!("left out, because {why}"),
            help: String::new(),
        });
        Ok(())
    }

    /// What a condition that holds, or is taken to, has in it.
    fn inside(
        &mut self,
        children: Vec<Node>,
        is_guess: bool,
        depth: usize,
        items: &mut Vec<Item>,
    ) -> Result<(), Stop> {
        self.guesses += usize::from(is_guess);
        let inside = self.nodes(children, depth);
        self.guesses -= usize::from(is_guess);
        items.extend(inside?);
        Ok(())
    }

    /// What may be defined by what was left out.
    fn doubt(&mut self, nodes: &[Node]) {
        for node in nodes {
            match node {
                Node::Block(block) => self.doubt(&block.children),
                Node::Directive(directive)
                    if ["Define", "UnDefine"]
                        .iter()
                        .any(|name| name.eq_ignore_ascii_case(&directive.name)) =>
                {
                    let words = syntax::words(&directive.raw).unwrap_or_default();
                    self.variables
                        .doubt(words.first().map_or("", String::as_str));
                }
                Node::Directive(_) => {}
            }
        }
    }

    fn line(&self, directive: &Directive) -> Result<Line, Stop> {
        let at = &directive.at;
        let Filled { text, undefined } = self.filled(&directive.raw, at)?;
        let (name, raw) = match directive.name.contains("${") {
            // The name itself, and words behind it, may be in a variable.
            true => {
                let name = self.filled(&directive.name, at)?.text;
                let whole = format!("{name} {text}");
                let (name, raw) = syntax::first_word(&whole);
                if name.starts_with('<') {
                    return Err(tag_of_variable(at));
                }
                (name.to_owned(), raw.to_owned())
            }
            false => (directive.name.clone(), text),
        };
        Ok(Line {
            name,
            words: words(&raw, at)?,
            raw,
            at: at.clone(),
            undefined,
        })
    }

    /// The text with its variables filled in, which Apache does before it takes a line apart.
    fn filled(&self, text: &str, at: &Place) -> Result<Filled, Stop> {
        let filled = self.variables.fill(text).ok_or_else(|| {
            Stop::new(
                at.clone(),
                "the variables make this value too long",
                "look for a variable that is used many times",
            )
        })?;
        let mut undefined = filled.undefined.iter();
        if let Some(name) = undefined.find(|name| self.variables.is_doubtful(name)) {
            return Err(Stop::new(
                at.clone(),
                format!(
                    "what ${{{name}}} is depends on a section of which only Apache knows whether it is in force"
                ),
                format!("write Define {name} VALUE outside of <IfModule> and its kin"),
            ));
        }
        if filled.text.contains(|c: char| c.is_control() && c != '\t') {
            return Err(Stop::new(
                at.clone(),
                "a variable puts a control character into this line",
                "take it out of the variable",
            ));
        }
        Ok(filled)
    }
}

/// The text of a file. In comments, which say nothing, any bytes may be.
fn readable(name: &Arc<str>, bytes: Vec<u8>) -> Result<String, Stop> {
    let at = |line| Place {
        file: Arc::clone(name),
        line,
    };
    if bytes.starts_with("\u{feff}".as_bytes()) {
        return Err(Stop::new(
            at(1),
            "the file begins with a byte order mark, which Apache takes for a part of the first name",
            "save it as UTF-8 without a byte order mark (BOM)",
        ));
    }
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return Ok(text),
        Err(error) => error.into_bytes(),
    };
    let mut text = String::with_capacity(bytes.len());
    for (number, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        match String::from_utf8_lossy(line) {
            Cow::Borrowed(line) => text.push_str(line),
            Cow::Owned(lossy) if line.trim_ascii_start().starts_with(b"#") => text.push_str(&lossy),
            Cow::Owned(_) => {
                return Err(Stop::new(
                    at(number + 1),
                    "this line is not UTF-8 text",
                    "save the file as UTF-8, as `iconv -f latin1 -t utf-8` does with an older one",
                ));
            }
        }
    }
    Ok(text)
}

fn words(raw: &str, at: &Place) -> Result<Vec<String>, Stop> {
    syntax::words(raw).ok_or_else(|| {
        Stop::new(
            at.clone(),
            "a quotation mark is never closed",
            "write the closing one",
        )
    })
}

fn tag_of_variable(at: &Place) -> Stop {
    Stop::new(
        at.clone(),
        "the tag of a section is in a variable",
        "write the tag itself",
    )
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
