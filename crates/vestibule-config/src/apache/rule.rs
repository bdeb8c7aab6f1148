//! Who may pass: the `Require` lines of a section, as a condition that Vestibule has too.
//!
//! Bare lines are `RequireAny`, as in Apache. What can't be told exactly stops the import.

use super::expand::{Item, Line, Section};
use super::expression::{self, NoText};
use super::location::is_require;
use super::report::Ledger;
use super::{syntax, write};

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    /// Everybody passes, signed in or not.
    Granted,
    /// Nobody passes.
    Denied,
    /// Whoever is signed in passes.
    SignedIn,
    /// A claim has one of these values.
    Claim {
        name: String,
        any_of: Vec<Value>,
    },
    /// This regular expression is found in a claim.
    Matches {
        name: String,
        pattern: String,
    },
    /// The request uses one of these methods.
    Methods(Vec<String>),
    /// The client's address is in one of these networks.
    Networks(Vec<String>),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
}

/// A value a claim is compared with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Integer(i64),
    Boolean(bool),
}

/// Who may pass, in the end.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Access {
    Public,
    Nobody,
    SignedIn,
    Rule(Condition),
}

/// How a group of lines is joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Join {
    All,
    Any,
    None,
}

/// The condition of the `Require` lines and sections of one section; `None` when it can't be told, which was reported.
/// `user` is the claim that `Require user` compares, if it is one.
pub(crate) fn condition(
    items: &[&Item],
    user: Option<&str>,
    ledger: &mut Ledger,
) -> Option<Condition> {
    group(items, Join::Any, user, ledger)
}

fn group(
    items: &[&Item],
    join: Join,
    user: Option<&str>,
    ledger: &mut Ledger,
) -> Option<Condition> {
    let mut parts = Vec::new();
    let mut complete = true;
    for item in items {
        let part = match item {
            Item::Line(line) => require(line, join, user, ledger),
            Item::Section(section) if is_require(&section.name) => nested(section, user, ledger),
            Item::Section(section) => {
                ledger.stop_at(
                    &section.at,
                    &format!("<{}>", section.name),
                    "this is not understood among Require lines",
                    "write RequireAll, RequireAny or RequireNone",
                );
                None
            }
        };
        match part {
            Some(part) => parts.push(part),
            None => complete = false,
        }
    }
    complete.then(|| joined(join, parts))
}

fn nested(section: &Section, user: Option<&str>, ledger: &mut Ledger) -> Option<Condition> {
    let join = match section.name.to_ascii_lowercase().as_str() {
        "requireall" => Join::All,
        "requirenone" => Join::None,
        _ => Join::Any,
    };
    if section.children.is_empty() {
        ledger.stop_at(
            &section.at,
            &format!("<{}>", section.name),
            "there is nothing in it",
            "write what is required, or take it out",
        );
        return None;
    }
    let items: Vec<&Item> = section.children.iter().collect();
    group(&items, join, user, ledger)
}

fn joined(join: Join, parts: Vec<Condition>) -> Condition {
    match join {
        Join::All => all(parts),
        Join::Any => any(parts),
        Join::None => all(parts.into_iter().map(not).collect()),
    }
}

fn all(parts: Vec<Condition>) -> Condition {
    if parts.contains(&Condition::Denied) {
        return Condition::Denied;
    }
    let mut kept: Vec<Condition> = Vec::new();
    for part in parts {
        match part {
            Condition::All(inner) => kept.extend(inner),
            Condition::Granted => {}
            part if kept.contains(&part) => {}
            part => kept.push(part),
        }
    }
    // Who has a claim is signed in.
    let others = kept.iter().filter(|part| **part != Condition::SignedIn);
    if others.into_iter().any(asks_for_a_person) {
        kept.retain(|part| *part != Condition::SignedIn);
    }
    match kept.len() {
        0 => Condition::Granted,
        1 => kept.remove(0),
        _ => Condition::All(kept),
    }
}

fn any(parts: Vec<Condition>) -> Condition {
    if parts.contains(&Condition::Granted) {
        return Condition::Granted;
    }
    let mut kept: Vec<Condition> = Vec::new();
    for part in parts {
        match part {
            Condition::Any(inner) => kept.extend(inner),
            Condition::Denied => {}
            Condition::Claim { name, any_of } => {
                let known = kept.iter_mut().find_map(|known| match known {
                    Condition::Claim {
                        name: other,
                        any_of,
                    } if *other == name => Some(any_of),
                    _ => None,
                });
                match known {
                    Some(known) => known.extend(any_of),
                    None => kept.push(Condition::Claim { name, any_of }),
                }
            }
            part if kept.contains(&part) => {}
            part => kept.push(part),
        }
    }
    match kept.len() {
        0 => Condition::Denied,
        1 => kept.remove(0),
        _ => Condition::Any(kept),
    }
}

fn not(part: Condition) -> Condition {
    match part {
        Condition::Granted => Condition::Denied,
        Condition::Denied => Condition::Granted,
        Condition::Not(inner) => *inner,
        part => Condition::Not(Box::new(to_the_letter(part))),
    }
}

/// With patterns that are found wherever Apache finds them: below a `not`, one that is not found lets somebody in.
fn to_the_letter(condition: Condition) -> Condition {
    let each = |parts: Vec<Condition>| parts.into_iter().map(to_the_letter).collect();
    match condition {
        Condition::Matches { name, pattern } => Condition::Matches {
            name,
            pattern: super::pcre::with_line_ends(&pattern),
        },
        Condition::All(parts) => Condition::All(each(parts)),
        Condition::Any(parts) => Condition::Any(each(parts)),
        condition => condition,
    }
}

/// With the values of patterns that name them one by one, where nobody passes by a pattern that is not found.
fn with_values(condition: Condition) -> Condition {
    let each = |parts: Vec<Condition>| parts.into_iter().map(with_values).collect();
    match condition {
        Condition::Matches { name, pattern } => match super::claim::whole(&pattern) {
            Some(any_of) => Condition::Claim {
                name,
                any_of: any_of.into_iter().map(Value::Text).collect(),
            },
            None => Condition::Matches { name, pattern },
        },
        Condition::All(parts) => all(each(parts)),
        Condition::Any(parts) => any(each(parts)),
        condition => condition,
    }
}

/// Whether it can only hold for somebody who is signed in.
fn asks_for_a_person(condition: &Condition) -> bool {
    match condition {
        Condition::SignedIn | Condition::Claim { .. } | Condition::Matches { .. } => true,
        Condition::All(parts) => parts.iter().any(asks_for_a_person),
        Condition::Any(parts) => !parts.is_empty() && parts.iter().all(asks_for_a_person),
        Condition::Granted
        | Condition::Denied
        | Condition::Methods(_)
        | Condition::Networks(_)
        | Condition::Not(_) => false,
    }
}

/// What a condition means for somebody who is not signed in: Vestibule judges a rule only for who is.
pub(crate) fn access(condition: Condition) -> Option<Access> {
    match with_values(condition) {
        Condition::Granted => Some(Access::Public),
        Condition::Denied => Some(Access::Nobody),
        Condition::SignedIn => Some(Access::SignedIn),
        condition if asks_for_a_person(&condition) => Some(widened(condition)),
        _ => None,
    }
}

/// One of several ways in that is open to everybody who is signed in opens it to all of them.
fn widened(condition: Condition) -> Access {
    match condition {
        Condition::Any(parts) if parts.contains(&Condition::SignedIn) => Access::SignedIn,
        Condition::SignedIn => Access::SignedIn,
        condition => Access::Rule(condition),
    }
}

fn require(line: &Line, join: Join, user: Option<&str>, ledger: &mut Ledger) -> Option<Condition> {
    if let Some(name) = line.undefined.first() {
        let stop = super::expand::undefined(&line.at, name);
        ledger.stop(line, stop.message, stop.help);
        return None;
    }
    let (negated, words) = match line.words.split_first() {
        Some((first, rest)) if first.eq_ignore_ascii_case("not") => (true, rest),
        _ => (false, line.words.as_slice()),
    };
    let Some((kind, values)) = words.split_first() else {
        ledger.stop(
            line,
            "this asks for nothing",
            "write what is required, like Require valid-user",
        );
        return None;
    };
    if negated && join == Join::Any {
        ledger.stop(
            line,
            "Apache refuses `not` among lines of which one must hold",
            "put it into <RequireAll>, with what must hold beside it",
        );
        return None;
    }
    let kind = kind.to_ascii_lowercase();
    if line.raw.contains("%{") {
        let (says, help) = NoText::OfTheRequest.told();
        ledger.stop(line, says, help);
        return None;
    }
    let evaluated = match kind.as_str() {
        "claim" | "user" => match evaluated(line, negated) {
            Ok(values) => Some(values),
            Err((says, help)) => {
                ledger.stop(line, says, help);
                return None;
            }
        },
        _ => None,
    };
    let read_otherwise = |read: &Vec<String>| {
        read != values
            && read
                .iter()
                .any(|spec| kind == "claim" && spec.contains('~'))
    };
    if evaluated.as_ref().is_some_and(read_otherwise) {
        ledger.todo(
            "look at the backslashes of Require claim: Apache takes each out before it reads a pattern, and so does the import. Two are one: email~@example\\\\.com$",
        );
    }
    let values = evaluated.as_deref().unwrap_or(values);
    let found = kind_of(line, &kind, values, user, ledger)?;
    if (negated || join == Join::None) && matches!(kind.as_str(), "claim" | "user") {
        ledger.differs(
            line,
            "who lacks the claim does not pass: what is not known is neither yes nor no",
            "name what must hold instead, if people without the claim are to pass",
        );
    }
    Some(if negated { not(found) } else { found })
}

/// The values behind `user` or `claim`, which are evaluated before they are taken apart.
fn evaluated(line: &Line, negated: bool) -> Result<Vec<String>, (&'static str, &'static str)> {
    let unclosed = (
        "a quotation mark is never closed",
        "write the closing one; within quotes write two backslashes before one that is meant",
    );
    let mut rest = line.raw.as_str();
    for _ in 0..=usize::from(negated) {
        (_, rest) = syntax::next_word(rest).ok_or(unclosed)?;
    }
    let text = expression::text(rest).map_err(NoText::told)?;
    syntax::words(&text).ok_or(unclosed)
}

fn kind_of(
    line: &Line,
    kind: &str,
    values: &[String],
    user: Option<&str>,
    ledger: &mut Ledger,
) -> Option<Condition> {
    let word = values.first().map(|word| word.to_ascii_lowercase());
    match (kind, word.as_deref()) {
        ("all", Some("granted")) => Some(Condition::Granted),
        ("all", Some("denied")) => Some(Condition::Denied),
        ("valid-user", None) => Some(Condition::SignedIn),
        ("claim", Some(_)) => {
            let claims: Option<Vec<Condition>> = values
                .iter()
                .map(|spec| super::claim::claim(line, spec, ledger))
                .collect();
            claims.map(any)
        }
        ("method", Some(_)) => Some(Condition::Methods(
            values
                .iter()
                .map(|word| word.to_ascii_uppercase())
                .collect(),
        )),
        ("local", None) => Some(Condition::Networks(vec![
            "127.0.0.0/8".to_owned(),
            "::1".to_owned(),
        ])),
        ("ip", Some(_)) => networks(line, values, ledger),
        ("user", Some(_)) => match user {
            Some(claim) => Some(Condition::Claim {
                name: claim.to_owned(),
                any_of: values.iter().cloned().map(Value::Text).collect(),
            }),
            None => {
                ledger.stop(
                    line,
                    "the user is a claim with the issuer behind it, or one that is rewritten, which no rule compares",
                    "write OIDCRemoteUserClaim with the claim alone, or Require claim NAME:VALUE",
                );
                None
            }
        },
        _ => {
            ledger.stop(
                line,
                format!("`Require {kind}` has no counterpart"),
                match kind {
                    "group" => "write Require claim groups:NAME, if the provider sends groups",
                    "host" | "forward-dns" => "write Require ip with the networks",
                    "claims_expr" => "write Require claim NAME:VALUE",
                    _ => "write Require valid-user, claim, user, ip or method",
                },
            );
            None
        }
    }
}

fn networks(line: &Line, values: &[String], ledger: &mut Ledger) -> Option<Condition> {
    let mut networks = Vec::new();
    for value in values {
        let network = full_network(value);
        match network {
            Some(network) => networks.push(network),
            None => {
                ledger.stop(
                    line,
                    "this is no network",
                    "write it like 10.0.0.0/8 or 192.0.2.7",
                );
                return None;
            }
        }
    }
    Some(Condition::Networks(networks))
}

/// `10.1`, `10.1.0.0/255.255.0.0`, `10.1.0.0/16`, `2001:db8::/32`, one address.
fn full_network(text: &str) -> Option<String> {
    if text.parse::<std::net::IpAddr>().is_ok() {
        return Some(text.to_owned());
    }
    if let Some((address, mask)) = text.split_once('/')
        && let Ok(mask) = mask.parse::<std::net::Ipv4Addr>()
    {
        let network = ipnet::Ipv4Net::with_netmask(address.parse().ok()?, mask).ok()?;
        return Some(network.trunc().to_string());
    }
    if let Ok(network) = text.parse::<ipnet::IpNet>() {
        return Some(network.trunc().to_string());
    }
    let parts: Vec<u8> = text
        .trim_end_matches('.')
        .split('.')
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    let mut octets = [0; 4];
    for (slot, part) in octets.iter_mut().zip(&parts) {
        *slot = *part;
    }
    let bits = u8::try_from(parts.len()).ok()?.checked_mul(8)?;
    let network = ipnet::Ipv4Net::new(octets.into(), bits).ok()?;
    (bits < 32).then(|| network.to_string())
}

impl Condition {
    /// As the value of `require`, or a table inside it.
    pub(crate) fn to_toml(&self) -> String {
        let several = |parts: &[Self]| {
            let parts: Vec<String> = parts.iter().map(Self::to_toml).collect();
            format!("[{}]", parts.join(", "))
        };
        match self {
            Self::Claim { name, any_of } if name == "groups" || name == "roles" => {
                let texts: Vec<&str> = any_of
                    .iter()
                    .filter_map(|value| match value {
                        Value::Text(text) => Some(text.as_str()),
                        _ => None,
                    })
                    .collect();
                format!("{{ {name} = {} }}", write::list(&texts))
            }
            Self::Claim { name, any_of } => {
                let values: Vec<String> = any_of.iter().map(Value::to_toml).collect();
                let name = write::text(name);
                match values.as_slice() {
                    [one] => format!("{{ claim = {name}, equals = {one} }}"),
                    _ => format!("{{ claim = {name}, any_of = [{}] }}", values.join(", ")),
                }
            }
            Self::Matches { name, pattern } => {
                let (name, pattern) = (write::text(name), write::text(pattern));
                format!("{{ claim = {name}, matches = {pattern} }}")
            }
            Self::Methods(methods) => format!("{{ methods = {} }}", write::list(methods)),
            Self::Networks(networks) => format!("{{ networks = {} }}", write::list(networks)),
            Self::All(parts) => {
                let kept = parts.iter().filter(|part| **part != Self::SignedIn);
                match kept.cloned().collect::<Vec<_>>().as_slice() {
                    [one] => one.to_toml(),
                    many => format!("{{ all = {} }}", several(many)),
                }
            }
            Self::Any(parts) => format!("{{ any = {} }}", several(parts)),
            Self::Not(part) => format!("{{ not = {} }}", part.to_toml()),
            // `access` leaves none of these inside a rule that needs a person, but for `SignedIn`, which always holds there.
            Self::Granted | Self::SignedIn => "{ networks = [\"0.0.0.0/0\", \"::/0\"] }".to_owned(),
            Self::Denied => "{ not = { networks = [\"0.0.0.0/0\", \"::/0\"] } }".to_owned(),
        }
    }
}

impl Value {
    fn to_toml(&self) -> String {
        match self {
            Self::Text(text) => write::text(text),
            Self::Integer(number) => number.to_string(),
            Self::Boolean(truth) => truth.to_string(),
        }
    }
}

#[cfg(test)]
mod tests;
