//! `user`: the claim that names the person, and what is made of it.

use super::CLAIM;
use crate::describe::{Change, Fallback, Key, Kind, Section};
use crate::read::{Item, Reader};

/// What is made of the claim that names the person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserForm {
    /// The name is what stands before the last place of this text; whoever has none, or a line feed in the claim, may not
    /// pass. All of the claim.
    pub before: Option<String>,
    /// The name is what is left without this end; whoever has another, or a line feed in the claim, may not pass. All of
    /// the claim. Not with `before`.
    pub without: Option<String>,
    /// Whether `@` and the issuer stand behind it; false.
    pub with_issuer: bool,
}

pub(crate) static USER: Section = Section {
    name: "user",
    heading: "",
    doc: "A name that is made of a claim: `{ claim = \"email\", before = \"@\" }`.",
    open: None,
    keys: &[
        Key {
            name: "claim",
            kind: Kind::OneOrMore(&CLAIM),
            fallback: Fallback::Value("sub"),
            change: Change::Reload,
            doc: "The claim; with a list, the first that is there.",
        },
        Key {
            name: "before",
            kind: Kind::Text("the text behind the name, like \"@\""),
            fallback: Fallback::Unset("the name is all of the claim"),
            change: Change::Reload,
            doc: "The name is what stands before the last place of this text; whoever has none, or a line feed in the claim, may not pass. `ada@a.example` and `ada@b.example` are one name then: \
                  only where all people are of one domain.",
        },
        Key {
            name: "without",
            kind: Kind::Text("an end like \"@example.com\""),
            fallback: Fallback::Unset("the name is all of the claim"),
            change: Change::Reload,
            doc: "The name is what is left without this end; whoever has another, or a line feed in the claim, may not pass.",
        },
        Key {
            name: "with_issuer",
            kind: Kind::Flag,
            fallback: Fallback::Value("false"),
            change: Change::Reload,
            doc: "Puts `@` and the issuer behind it, without `https://`, as mod_auth_openidc does for `sub@`.",
        },
    ],
};

pub(super) fn read(reader: &Reader<'_>) -> (Vec<String>, UserForm) {
    let by_default = || vec!["sub".to_owned()];
    let Some(item) = reader.item("user") else {
        return (by_default(), UserForm::default());
    };
    if item.as_str().is_some() || item.value.get_ref().is_array() {
        return (claims(&item.read_as(&CLAIMS)), UserForm::default());
    }
    let Some(table) = item.table_of(&USER) else {
        return (by_default(), UserForm::default());
    };
    let names = table
        .item("claim")
        .map_or_else(by_default, |item| claims(&item));
    let text = |name: &str| {
        let item = table.item(name)?;
        item.filled_text().map(str::to_owned)
    };
    let form = UserForm {
        before: text("before"),
        without: text("without"),
        with_issuer: table.flag("with_issuer"),
    };
    if form.before.is_some() && form.without.is_some() {
        item.error(
            "`before` and `without` both say where the name ends",
            "keep one",
        );
    }
    (names, form)
}

static CLAIMS: Kind = Kind::OneOrMore(&CLAIM);

fn claims(item: &Item<'_>) -> Vec<String> {
    let items = item.items();
    if items.is_empty() && item.value.get_ref().is_array() {
        item.error("`user` is an empty list", "leave it out, or name a claim");
    }
    let names = items.iter().filter_map(Item::filled_text);
    names.map(str::to_owned).collect()
}
