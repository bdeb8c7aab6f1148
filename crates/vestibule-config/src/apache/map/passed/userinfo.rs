//! `OIDCPassUserInfoAs`: the forms in which user info is passed, and under which names.

use super::{Passed, forms_or_none, lines};
use crate::apache::SourceVersion;
use crate::apache::expand::Line;
use crate::apache::location::InForce;
use crate::apache::report::Ledger;
use crate::apache::site::Site;
use crate::apache::write::key;
use crate::section::route::may_be_own;

/// Since then a form may have a name of its own, several lines add up, and there is `signed_jwt`. Before, Apache does not
/// start with a name or that.
const NAMED_SINCE: SourceVersion = SourceVersion([2, 4, 14, 0]);

pub(super) fn read(
    site: &Site<'_>,
    here: &InForce<'_>,
    version: SourceVersion,
    passed: &mut Passed,
    ledger: &mut Ledger,
) {
    let name = "OIDCPassUserInfoAs";
    let lines = lines::in_force(site, here, name, version, NAMED_SINCE, ledger);
    if lines.is_empty() {
        return;
    }
    let mut forms: Vec<&'static str> = Vec::new();
    for (line, word) in lines::words(&lines) {
        let (form, name) = match word.split_once(':') {
            Some((form, name)) => (form, Some(name)),
            None => (word, None),
        };
        if (name.is_some() || form == "signed_jwt") && version < NAMED_SINCE {
            ledger.by_version(format!(
                "OIDCPassUserInfoAs with a name behind a form, and signed_jwt, are read as since 2.4.14; {version} does not start with them"
            ));
        }
        let mut known = ["claims", "json", "jwt"].into_iter();
        match (known.find(|known| *known == form), name) {
            // With claims Apache reads no name, and says nothing of one.
            (Some("claims"), _) => add(&mut forms, "claims"),
            (Some(form), None) => add(&mut forms, form),
            (Some(_), Some(name)) if !may_be_own(name) => ledger.stop(
                line,
                format!("{name} belongs to HTTP or to the proxy itself, and no route sets it"),
                "choose another name, like X-Userinfo",
            ),
            (Some(form), Some(name)) => own(passed, name, form),
            (None, _) if form == "signed_jwt" => ledger.stop(
                line,
                "the module signs this JWT itself, with a key of OIDCPrivateKeyFiles and for the address of each request, and Vestibule has no key of its own: the upstream would miss it",
                "write jwt if the provider signs user info itself, else json; the upstream can verify the access token, or the ID token with OIDCPassIDTokenAs serialized",
            ),
            (None, _) => ledger.stop(
                line,
                format!("`{word}` is no way to pass user info"),
                "write claims, json or jwt",
            ),
        }
    }
    passed.userinfo.clone_from(&forms);
    let mut says = Vec::new();
    if forms != ["claims"] {
        let form = format!("userinfo = {}", forms_or_none(&forms));
        passed.preset.push(form.clone());
        says.push(form);
    }
    says.extend(passed.own.iter().cloned());
    let says = match says.is_empty() {
        true => "the same: as claims".to_owned(),
        false => format!("{} of headers", says.join(", ")),
    };
    let has_jwt = forms.contains(&"jwt") || passed.own.iter().any(|own| own.ends_with(JWT));
    let never_there = has_jwt.then(|| never_there(site)).flatten();
    for line in &lines {
        match never_there {
            Some(why) => ledger.differs(
                line,
                format!("{says}: the JWT is passed where the provider signs user info; {why}"),
                "take jwt out if the upstream does without it",
            ),
            None => ledger.became(line, says.clone()),
        }
    }
}

fn add(forms: &mut Vec<&'static str>, form: &'static str) {
    if !forms.contains(&form) {
        forms.push(form);
    }
}

const JSON: &str = "\"@userinfo\"";
const JWT: &str = "\"@userinfo_jwt\"";

/// A header under a name of the operator's own. Of two with one name the later counts.
fn own(passed: &mut Passed, name: &str, form: &str) {
    let source = match form {
        "json" => JSON,
        _ => JWT,
    };
    let name = key(name);
    passed.own.retain(|own| {
        let other = own.split(" = ").next().unwrap_or_default();
        !other.eq_ignore_ascii_case(&name)
    });
    passed.own.push(format!("{name} = {source}"));
}

/// Why Apache passes no JWT, whatever the provider answers.
fn never_there(site: &Site<'_>) -> Option<&'static str> {
    let in_cookies = |line: &&Line| line.word(0).starts_with("client-cookie");
    if site.last("OIDCUserInfoSignedResponseAlg").is_none() {
        return Some(
            "Apache passes none without OIDCUserInfoSignedResponseAlg, and reads none that is signed",
        );
    }
    site.last("OIDCSessionType")
        .filter(in_cookies)
        .map(|_| "Apache passes none with sessions in cookies")
}
