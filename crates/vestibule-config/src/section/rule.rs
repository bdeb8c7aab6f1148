//! `require = { … }`: who may pass a route.

use ipnet::IpNet;
use regex::bytes::RegexBuilder;
use toml::de::DeValue;

use super::server::read_networks;
use crate::describe::{Change, Fallback, Key, Kind, Section};
use crate::read::{Item, Reader};

const VALUE: Kind = Kind::Either(&[
    Kind::Text("a text"),
    Kind::Integer {
        least: 0,
        most: i64::MAX as u64,
    },
    Kind::Flag,
]);

const WORDS: Kind = Kind::OneOrMore(&Kind::Text("a value"));

pub(crate) static RULE: Section = Section {
    name: "require",
    heading: "",
    doc: "A table of conditions, all of which must hold, for a person who is signed in. A list of values means one of them. \
          Rules read the ID token, user info, and the sign-in's own access token if it was verified.",
    open: None,
    keys: &[
        Key {
            name: "claim",
            kind: Kind::Text("the name of a claim"),
            fallback: Fallback::Unset("no claim is compared"),
            change: Change::Reload,
            doc: "A claim to compare, with `equals`, `any_of` or `matches`. A claim that is a list fits when one of its values does. `realm_access.roles` reaches into a claim.",
        },
        Key {
            name: "equals",
            kind: VALUE,
            fallback: Fallback::Unset("`any_of` is used"),
            change: Change::Reload,
            doc: "The value `claim` must have: text, compared letter case included, a whole number, `true` or `false`. Text is never equal to a number.",
        },
        Key {
            name: "any_of",
            kind: Kind::List(&VALUE),
            fallback: Fallback::Unset("`equals` is used"),
            change: Change::Reload,
            doc: "The values of which `claim` must have one.",
        },
        Key {
            name: "matches",
            kind: Kind::Text("a regular expression"),
            fallback: Fallback::Unset("`equals` or `any_of` is used"),
            change: Change::Reload,
            doc: "A regular expression that must be found in `claim`, or in one text of a list. It is found anywhere in the text: `^` and `$` are its beginning and its end, so that \
                  `\"@example\\\\.com$\"` asks for an end and `\"^(a|b)$\"` for the whole. Letter case makes a difference unless it begins with `(?i)`; it is ASCII, at most 512 bytes, and knows \
                  [this syntax](https://docs.rs/regex/latest/regex/#syntax). A number, `true`, `false` or an object is never found. Values that can be told one by one belong into `any_of`.",
        },
        Key {
            name: "groups",
            kind: WORDS,
            fallback: Fallback::Unset("no group is asked for"),
            change: Change::Reload,
            doc: "Groups of which the person must be in one. Entra sends object ids, not names, and only if the sign-in app's \
                  registration says so under Token configuration. For a person in more than 200 groups Microsoft Graph is asked.",
        },
        Key {
            name: "roles",
            kind: WORDS,
            fallback: Fallback::Unset("no role is asked for"),
            change: Change::Reload,
            doc: "App roles of which the person must have one.",
        },
        Key {
            name: "scopes",
            kind: WORDS,
            fallback: Fallback::Unset("no scope is asked for"),
            change: Change::Reload,
            doc: "Scopes of which one must have been granted at sign-in, spelled as `scope` in the token endpoint's answer has them. \
                  Entra names them with their API there: `api://GUID/access`, not the short `access` that `scp` in the token holds.",
        },
        Key {
            name: "methods",
            kind: WORDS,
            fallback: Fallback::Unset("every method"),
            change: Change::Reload,
            doc: "Request methods of which the request must use one, like `[\"GET\", \"HEAD\"]`.",
        },
        Key {
            name: "networks",
            kind: Kind::OneOrMore(&Kind::Text("a network like \"10.0.0.0/8\", or one address")),
            fallback: Fallback::Unset("from everywhere"),
            change: Change::Reload,
            doc: "Networks of which one must hold the client's address, as `trusted_proxies` lets it be known.",
        },
        Key {
            name: "all",
            kind: Kind::List(&Kind::Table(&RULE)),
            fallback: Fallback::Unset("nothing more"),
            change: Change::Reload,
            doc: "Tables like this one, all of which must hold.",
        },
        Key {
            name: "any",
            kind: Kind::List(&Kind::Table(&RULE)),
            fallback: Fallback::Unset("nothing more"),
            change: Change::Reload,
            doc: "Tables like this one, of which one must hold.",
        },
        Key {
            name: "not",
            kind: Kind::Table(&RULE),
            fallback: Fallback::Unset("nothing more"),
            change: Change::Reload,
            doc: "A table like this one that must not hold. What is not known is neither yes nor no: a claim that is missing, or groups that were \
                  left out, make no rule hold and no `not` of it either, so nobody passes by a claim they lack.",
        },
    ],
};

/// A condition on a signed-in person's request. Lists in it are never empty. Matched exhaustively by the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleSettings {
    /// All hold.
    All(Vec<RuleSettings>),
    /// One holds.
    Any(Vec<RuleSettings>),
    /// It does not hold.
    Not(Box<RuleSettings>),
    /// The claim has one of these values.
    Claim {
        /// The name of the claim.
        name: String,
        /// Its allowed values.
        any_of: Vec<ClaimValue>,
    },
    /// This regular expression is found in the claim, or in a text of it.
    Matches {
        /// The name of the claim.
        name: String,
        /// The regular expression, which is one.
        pattern: String,
    },
    /// The person is in one of these groups.
    Groups(Vec<String>),
    /// The person has one of these roles.
    Roles(Vec<String>),
    /// One of these scopes was granted.
    Scopes(Vec<String>),
    /// The request uses one of these methods.
    Methods(Vec<String>),
    /// The client's address is in one of these networks.
    Networks(Vec<IpNet>),
}

impl RuleSettings {
    /// Whether any part of it is about the client's address.
    pub(crate) fn asks_for_networks(&self) -> bool {
        match self {
            Self::Networks(_) => true,
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::asks_for_networks),
            Self::Not(part) => part.asks_for_networks(),
            Self::Claim { .. }
            | Self::Matches { .. }
            | Self::Groups(_)
            | Self::Roles(_)
            | Self::Scopes(_)
            | Self::Methods(_) => false,
        }
    }
}

/// A value to compare a claim with; text is never equal to a number. Matched exhaustively by the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimValue {
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A boolean.
    Boolean(bool),
}

/// The longest pattern, in bytes.
const LONGEST_PATTERN: usize = 512;

/// Deeper nesting is a mistake, and everything that walks a rule may recurse.
const DEEPEST: usize = 8;

pub(crate) fn read(item: &Item<'_>) -> Option<RuleSettings> {
    rule(item, 0)
}

fn rule(item: &Item<'_>, depth: usize) -> Option<RuleSettings> {
    let reader = item.table_of(&RULE)?;
    if depth >= DEEPEST {
        item.error(
            format!("rules are nested more than {DEEPEST} deep"),
            "write it flatter",
        );
        return None;
    }
    let mut parts = Vec::new();
    parts.extend(claim(&reader));
    let values = |name| reader.item(name).and_then(|item| words(&item));
    parts.extend(values("groups").map(RuleSettings::Groups));
    parts.extend(values("roles").map(RuleSettings::Roles));
    parts.extend(values("scopes").map(RuleSettings::Scopes));
    parts.extend(
        reader
            .item("methods")
            .and_then(|item| methods(&item))
            .map(RuleSettings::Methods),
    );
    if let Some(item) = reader.item("networks") {
        refuse_empty(&item);
        parts.push(RuleSettings::Networks(read_networks(&item)));
    }
    for name in ["all", "any"] {
        let Some(item) = reader.item(name) else {
            continue;
        };
        refuse_empty(&item);
        let inner = item
            .items()
            .iter()
            .filter_map(|item| rule(item, depth + 1))
            .collect();
        parts.push(if name == "all" {
            RuleSettings::All(inner)
        } else {
            RuleSettings::Any(inner)
        });
    }
    if let Some(inner) = reader.item("not").and_then(|item| rule(&item, depth + 1)) {
        parts.push(RuleSettings::Not(Box::new(inner)));
    }
    match parts.len() {
        0 => {
            if reader.marks().values.is_empty() {
                item.error(
                    "an empty rule asks for nothing",
                    "write \"signed-in\", or a condition like { groups = [\"…\"] }",
                );
            }
            None
        }
        1 => parts.pop(),
        _ => Some(RuleSettings::All(parts)),
    }
}

fn claim(reader: &Reader<'_>) -> Option<RuleSettings> {
    let said: Vec<(&str, Item<'_>)> = ["equals", "any_of", "matches"]
        .into_iter()
        .filter_map(|name| Some((name, reader.item(name)?)))
        .collect();
    let Some(item) = reader.item("claim") else {
        if let Some((_, item)) = said.first() {
            item.error(
                "no claim is named to compare",
                "add claim = \"…\" to the same table",
            );
        }
        return None;
    };
    let name = item.filled_text()?.to_owned();
    match said.as_slice() {
        [("equals", item)] => Some(RuleSettings::Claim {
            name,
            any_of: vec![value(item)?],
        }),
        [("matches", item)] => Some(RuleSettings::Matches {
            name,
            pattern: pattern(item)?,
        }),
        [(_, item)] => {
            refuse_empty(item);
            let any_of: Vec<ClaimValue> = item.items().iter().filter_map(value).collect();
            (!any_of.is_empty()).then_some(RuleSettings::Claim { name, any_of })
        }
        [(first, _), (second, item), ..] => {
            item.error(
                format!("`{first}` and `{second}` are both there"),
                "keep one of the two",
            );
            None
        }
        [] => {
            reader.context.missing(
                &item.span(),
                item.key.clone(),
                format!("nothing says what claim `{name}` must be"),
                "add equals = \"…\", any_of = [\"…\"] or matches = \"…\" to the same table",
            );
            None
        }
    }
}

/// The same bounds as where it is compiled to be used.
fn pattern(item: &Item<'_>) -> Option<String> {
    let text = item.filled_text()?;
    match wrong_with(text) {
        None => Some(text.to_owned()),
        Some(what) => {
            item.error(
                format!("this is no regular expression that can be used: {what}"),
                "write it like \"@example\\\\.com$\", or name the values with any_of",
            );
            None
        }
    }
}

/// Why a text is no pattern, in the words of the engine.
pub(crate) fn wrong_with(pattern: &str) -> Option<String> {
    if pattern.len() > LONGEST_PATTERN {
        return Some(format!("it is longer than {LONGEST_PATTERN} bytes"));
    }
    if !pattern.is_ascii() {
        return Some("it is not ASCII".to_owned());
    }
    let compiled = RegexBuilder::new(pattern)
        .unicode(false)
        .size_limit(256 * 1024)
        .nest_limit(32)
        .build();
    let said = compiled.err()?.to_string();
    let last = said.lines().last().unwrap_or_default();
    Some(last.trim_start_matches("error: ").to_owned())
}

fn value(item: &Item<'_>) -> Option<ClaimValue> {
    match item.value.get_ref() {
        DeValue::Boolean(flag) => Some(ClaimValue::Boolean(*flag)),
        DeValue::Integer(integer) => {
            let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok();
            if number.is_none() {
                item.error(
                    "this number is too large to compare",
                    "write it as text if the claim is text",
                );
            }
            number.map(ClaimValue::Integer)
        }
        _ => item
            .filled_text()
            .map(|text| ClaimValue::Text(text.to_owned())),
    }
}

fn refuse_empty(item: &Item<'_>) {
    if item
        .value
        .get_ref()
        .as_array()
        .is_some_and(|values| values.is_empty())
    {
        let name = item.key.rsplit('.').next().unwrap_or_default();
        item.error(
            format!("`{name}` is an empty list"),
            "leave it out, or name a value",
        );
    }
}

fn words(item: &Item<'_>) -> Option<Vec<String>> {
    refuse_empty(item);
    let words: Vec<String> = item
        .items()
        .iter()
        .filter_map(|item| item.filled_text())
        .map(str::to_owned)
        .collect();
    (!words.is_empty()).then_some(words)
}

fn methods(item: &Item<'_>) -> Option<Vec<String>> {
    refuse_empty(item);
    let mut methods = Vec::new();
    for item in item.items() {
        let Some(method) = item.filled_text() else {
            continue;
        };
        // RFC 9110 §9.1: a method is a token, and letter case counts.
        if !method.bytes().all(is_token_byte) {
            item.error("this is not a method", "write it like \"GET\"");
        } else if method != method.to_ascii_uppercase() {
            item.error(
                "methods are case-sensitive",
                format!("write \"{}\"", method.to_ascii_uppercase()),
            );
        } else {
            methods.push(method.to_owned());
        }
    }
    (!methods.is_empty()).then_some(methods)
}

/// RFC 9110 §5.6.2: `tchar`.
pub(crate) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
