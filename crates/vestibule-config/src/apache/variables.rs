//! `${NAME}`: what it stands for, and a line with the values in the places of the names.
//!
//! As httpd 2.4 has it: the values are put in before the line is taken apart into words, so one value can be several
//! words; a value is not looked at again; and names of values, unlike those that `<IfDefine>` asks for, are the same in
//! either letter case.

use std::collections::{BTreeMap, BTreeSet};

/// A line longer than this is nobody's.
const LONGEST: usize = 64 * 1024;

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

/// What is defined at one place of the configuration.
pub(super) struct Variables<'v> {
    outside: &'v dyn Fn(&str) -> Option<String>,
    /// By their names in lower case.
    values: BTreeMap<String, String>,
    names: BTreeSet<String>,
    /// Those that are defined, or not, by a guess; in lower case.
    doubtful: BTreeSet<String>,
}

/// A line with its variables filled in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Filled {
    pub(super) text: String,
    /// Variables that nothing defines, and that are still in the text.
    pub(super) undefined: Vec<String>,
}

impl<'v> Variables<'v> {
    /// None but those of `outside`, and what Debian sets.
    pub(super) fn new(outside: &'v dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            outside,
            values: BTreeMap::new(),
            names: BTreeSet::new(),
            doubtful: BTreeSet::new(),
        }
    }

    /// `Define NAME [VALUE]`. Without a value, one that the name has already stays.
    pub(super) fn define(&mut self, name: &str, value: Option<&str>) {
        self.names.insert(name.to_owned());
        if let Some(value) = value {
            self.doubtful.remove(&name.to_lowercase());
            self.values.insert(name.to_lowercase(), value.to_owned());
        }
    }

    pub(super) fn undefine(&mut self, name: &str) {
        self.names.remove(name);
        self.doubtful.remove(&name.to_lowercase());
        self.values.remove(&name.to_lowercase());
    }

    /// Says that whether it is defined, and as what, can't be told.
    pub(super) fn doubt(&mut self, name: &str) {
        self.doubtful.insert(name.to_lowercase());
    }

    pub(super) fn is_doubtful(&self, name: &str) -> bool {
        self.doubtful.contains(&name.to_lowercase())
    }

    /// Whether `<IfDefine>` finds it, for certain.
    pub(super) fn is_defined(&self, name: &str) -> bool {
        self.names.contains(name) && !self.is_doubtful(name)
    }

    /// Puts the values in; `None` where that makes too long a line.
    pub(super) fn fill(&self, text: &str) -> Option<Filled> {
        let mut out = String::new();
        let mut undefined = Vec::new();
        let mut rest = text;
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
            if out.len() > LONGEST {
                return None;
            }
            rest = behind;
        }
        out.push_str(rest);
        Some(Filled {
            text: out,
            undefined,
        })
    }

    fn value(&self, name: &str) -> Option<String> {
        if self.is_doubtful(name) {
            return None;
        }
        let of_debian = || {
            let found = DEBIAN.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        self.values
            .get(&name.to_lowercase())
            .cloned()
            .or_else(|| (self.outside)(name))
            .or_else(of_debian)
            // Apache takes an empty value for none, and leaves the name in the line.
            .filter(|value| !value.is_empty())
    }
}
