//! `[pages]`: the operator's own templates.

use std::path::PathBuf;

use crate::describe::{Change, Fallback, Key, Kind, Section};
use crate::read::Reader;

pub(crate) static PAGES: Section = Section {
    name: "pages",
    heading: "[pages]",
    doc: "The pages people see between your app and the provider: provider choice, signed out, not allowed, error.",
    open: None,
    keys: &[Key {
        name: "templates",
        kind: Kind::Path,
        fallback: Fallback::Unset("the built-in pages"),
        change: Change::Reload,
        doc: "A folder with templates of your own. A page without a file there keeps its built-in template. Names and variables are in docs/pages.md.",
    }],
};

/// The operator's own page templates. Changes take effect on reload.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PagesSettings {
    /// A folder; a page without a file there keeps its built-in template.
    pub templates: Option<PathBuf>,
}

pub(crate) fn read(root: &Reader<'_>) -> PagesSettings {
    let Some(reader) = root.table("pages") else {
        return PagesSettings::default();
    };
    PagesSettings {
        templates: reader.folder("templates"),
    }
}
