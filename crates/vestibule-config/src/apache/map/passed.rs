//! What the module itself tells the upstream: which headers, and how claims are written in them.

mod lines;
mod userinfo;

use super::is_on;
use crate::apache::SourceVersion;
use crate::apache::expand::{Item, Line};
use crate::apache::location::InForce;
use crate::apache::report::Ledger;
use crate::apache::site::Site;
use crate::apache::write::{one_or_more, text};
use crate::section::route::takes_away;

/// From here on nothing differs that `headers` has a version for.
const LIKE_THE_NEWEST: SourceVersion = SourceVersion([2, 4, 18, 1]);
const PREFIX: &str = "OIDC_CLAIM_";

/// What is passed, as the fields of `headers`.
pub(super) struct Passed {
    /// Whether the module's headers are set.
    pub(super) headers: bool,
    /// Whether Apache makes variables, of which `RequestHeader` can make headers.
    pub(super) variables: bool,
    /// Whether the access token is among them.
    pub(super) token: bool,
    /// The forms in which the ID token is passed.
    id_token: Vec<String>,
    /// The forms in which user info is passed by the module's own names.
    userinfo: Vec<&'static str>,
    /// What the name of a claim's header, or variable, begins with.
    pub(super) prefix: String,
    /// How claims are written, wherever they are.
    pub(super) writing: Vec<String>,
    /// What else the preset does.
    pub(super) preset: Vec<String>,
    /// Headers under names of their own.
    pub(super) own: Vec<String>,
    /// The only claims there are in Apache; all if empty.
    only: Vec<String>,
    /// Claims that Apache leaves out.
    without: Vec<String>,
}

impl Passed {
    /// Whether Apache knows the claim after sign-in.
    pub(super) fn has(&self, claim: &str) -> bool {
        let is_it = |one: &String| one == claim;
        (self.only.is_empty() || self.only.iter().any(is_it)) && !self.without.iter().any(is_it)
    }
}

impl Passed {
    /// Whether Apache makes the variable that `source` of `headers` is in its place; `None` is the bearer.
    pub(super) fn makes(&self, source: Option<&str>) -> bool {
        self.variables
            && match source {
                None | Some("@access_token") => self.token,
                Some("@id_token") => self.id_token.iter().any(|form| form == "serialized"),
                Some("@userinfo") => self.userinfo.contains(&"json"),
                Some("@userinfo_jwt") => self.userinfo.contains(&"jwt"),
                Some(claim) => self.has(claim),
            }
    }

    /// What to write so that the module does not set this header, if it does.
    pub(super) fn instead_of(&self, header: &str) -> Option<&'static str> {
        let name = header.to_ascii_lowercase();
        let has_form = |form: &str| self.id_token.iter().any(|one| one == form);
        let is_claim = match self.prefix.as_str() {
            "" => self
                .only
                .iter()
                .any(|claim| claim.eq_ignore_ascii_case(header)),
            prefix => name.starts_with(&prefix.to_ascii_lowercase()),
        };
        let help = match name.as_str() {
            "oidc_access_token"
            | "oidc_access_token_expires"
            | "oidc_access_token_type"
            | "oidc_scope"
                if self.token =>
            {
                "write OIDCPassAccessToken Off, which later versions of the module know"
            }
            "oidc_id_token" if has_form("serialized") => {
                "take `serialized` out of OIDCPassIDTokenAs"
            }
            "oidc_id_token_payload" if has_form("payload") => {
                "take `payload` out of OIDCPassIDTokenAs"
            }
            "oidc_userinfo_json" if self.userinfo.contains(&"json") => {
                "take `json` out of OIDCPassUserInfoAs"
            }
            "oidc_userinfo_jwt" if self.userinfo.contains(&"jwt") => {
                "take `jwt` out of OIDCPassUserInfoAs"
            }
            _ if is_claim => {
                "name the claim in OIDCBlackListedClaims, which leaves it out of the headers"
            }
            _ => return None,
        };
        self.headers.then_some(help)
    }
}

pub(super) fn read(
    site: &Site<'_>,
    here: &InForce<'_>,
    version: SourceVersion,
    ledger: &mut Ledger,
) -> Passed {
    let line = here.last("OIDCPassClaimsAs");
    let way = line.map_or("both", |line| line.word(0));
    let mut passed = Passed {
        headers: matches!(way, "headers" | "both"),
        variables: matches!(way, "environment" | "both"),
        token: true,
        id_token: Vec::new(),
        userinfo: Vec::new(),
        prefix: PREFIX.to_owned(),
        writing: Vec::new(),
        preset: Vec::new(),
        own: Vec::new(),
        only: Vec::new(),
        without: Vec::new(),
    };
    if version < LIKE_THE_NEWEST {
        passed
            .writing
            .push(format!("version = {}", text(&version.to_string())));
    }
    if let Some(line) = line {
        way_told(line, way, ledger);
        passed.writing.extend(encoding(line, version, ledger));
    }
    if let Some(line) = here.last("OIDCPassAccessToken") {
        passed.token = is_on(line) != Some(false);
        let says = match passed.token {
            true => "access_token = \"sign-in\"",
            false => "no access_token",
        };
        ledger.became(line, says);
    }
    selection(site, &mut passed, ledger);
    prefix(here, &mut passed, ledger);
    delimiter(here, version, &mut passed, ledger);
    id_token(site, here, version, &mut passed, ledger);
    userinfo::read(site, here, version, &mut passed, ledger);
    if let Some(line) = here.last("OIDCPassRefreshToken") {
        match is_on(line) {
            Some(false) => ledger.became(line, "the same: refresh tokens stay here"),
            _ => ledger.differs(
                line,
                "refresh tokens stay here: whoever has one has the person's access for months",
                "Vestibule renews access tokens itself; if the upstream has to have it, add danger_refresh_token = true to headers",
            ),
        }
    }
    passed
}

fn way_told(line: &Line, way: &str, ledger: &mut Ledger) {
    match way {
        "headers" | "both" => ledger.became(line, "headers = \"mod_auth_openidc\""),
        "environment" => ledger.differs(
            line,
            "an upstream has no environment variables of Apache's: only what RequestHeader makes of them is passed",
            "",
        ),
        "none" => ledger.became(line, "no headers about the person"),
        _ => ledger.stop(
            line,
            format!("`{way}` is no way to pass claims"),
            "write none, headers, environment or both",
        ),
    }
}

/// The second word, if it says otherwise than the version.
fn encoding(line: &Line, version: SourceVersion, ledger: &mut Ledger) -> Option<String> {
    let usual = match version < SourceVersion([2, 4, 15, 0]) {
        true => "utf8",
        false => "latin1",
    };
    let encoding = match line.word(1) {
        "" => return None,
        "none" => "utf8",
        "latin1" => "latin1",
        "base64url" => "base64url",
        word => {
            ledger.stop(
                line,
                format!("`{word}` is no encoding"),
                "write none, latin1 or base64url",
            );
            return None;
        }
    };
    (encoding != usual).then(|| {
        let says = format!("encoding = \"{encoding}\"");
        ledger.became(line, format!("{says} of headers"));
        says
    })
}

/// Which claims are passed.
fn selection(site: &Site<'_>, passed: &mut Passed, ledger: &mut Ledger) {
    for (name, setting) in [
        ("OIDCWhiteListedClaims", "only_claims"),
        ("OIDCBlackListedClaims", "without_claims"),
    ] {
        let lines = of_its_level(site, name);
        let claims: Vec<String> = lines
            .iter()
            .flat_map(|line| line.words.iter().cloned())
            .collect();
        let says = format!("{setting} = {}", one_or_more(&claims));
        for line in &lines {
            ledger.became(line, format!("{says} of headers"));
        }
        if claims.is_empty() {
            continue;
        }
        passed.preset.push(says);
        match setting {
            "only_claims" => passed.only = claims,
            _ => passed.without = claims,
        }
    }
}

/// Whether Apache keeps the claim that `Require claim` compares by `spec`: what the lists leave out, nobody has there.
pub(super) fn keeps(site: &Site<'_>, spec: &str) -> bool {
    let named = |name: &str| -> Option<bool> {
        let lines = of_its_level(site, name);
        let mut claims = lines.iter().flat_map(|line| &line.words).peekable();
        claims.peek()?;
        Some(claims.any(|claim| {
            let rest = spec.strip_prefix(claim.as_str());
            rest.is_some_and(|rest| rest.starts_with([':', '~', '.']))
        }))
    };
    named("OIDCWhiteListedClaims") != Some(false) && named("OIDCBlackListedClaims") != Some(true)
}

/// The lines that add up: those of the virtual host replace those of the main server.
fn of_its_level<'t>(site: &Site<'t>, name: &str) -> Vec<&'t Line> {
    let of_host = |line: &&Line| {
        let children = site.host.iter().flat_map(|host| &host.children);
        children
            .into_iter()
            .any(|item| matches!(item, Item::Line(own) if std::ptr::eq(own, *line)))
    };
    let all = site.all(name);
    match all.iter().any(of_host) {
        true => all.into_iter().filter(of_host).collect(),
        false => all,
    }
}

fn prefix(here: &InForce<'_>, passed: &mut Passed, ledger: &mut Ledger) {
    let Some(line) = here.last("OIDCClaimPrefix") else {
        return;
    };
    let prefix = line.word(0);
    if prefix.is_empty() && passed.only.is_empty() {
        ledger.stop(
            line,
            "with no prefix every header of a client could be a claim",
            "name the claims that the upstream needs: OIDCWhiteListedClaims sub email",
        );
        return;
    }
    if let Some(taken) = takes_away(prefix) {
        ledger.stop(
            line,
            format!(
                "whatever clients send under a name that begins so is removed, and `{taken}` is one"
            ),
            "choose a prefix that no ordinary header has, like OIDC_CLAIM_",
        );
        return;
    }
    prefix.clone_into(&mut passed.prefix);
    if prefix == PREFIX {
        ledger.became(line, "the same");
        return;
    }
    let says = format!("prefix = {}", text(prefix));
    ledger.became(line, format!("{says} of headers"));
    passed.preset.insert(0, says);
}

fn delimiter(here: &InForce<'_>, version: SourceVersion, passed: &mut Passed, ledger: &mut Ledger) {
    let Some(line) = here.last("OIDCClaimDelimiter") else {
        return;
    };
    let says = match line.word(0) {
        "," => "the same".to_owned(),
        delimiter => {
            let says = format!("delimiter = {}", text(delimiter));
            passed.writing.push(says.clone());
            format!("{says} of headers")
        }
    };
    match version < SourceVersion([2, 4, 20, 0]) {
        true => ledger.differs(
            line,
            format!("{says}; within an element of a list it has a backslash before it, as has a backslash"),
            "add danger_plain_lists = true to headers if the upstream can't read that, and nobody can choose the names of groups",
        ),
        false => ledger.became(line, says),
    }
}

fn id_token(
    site: &Site<'_>,
    here: &InForce<'_>,
    version: SourceVersion,
    passed: &mut Passed,
    ledger: &mut Ledger,
) {
    const ADD_UP_SINCE: SourceVersion = SourceVersion([2, 4, 16, 0]);
    let name = "OIDCPassIDTokenAs";
    let lines = lines::in_force(site, here, name, version, ADD_UP_SINCE, ledger);
    if lines.is_empty() {
        return;
    }
    let mut forms = Vec::new();
    for (line, word) in lines::words(&lines) {
        match word {
            "claims" | "payload" | "serialized" if forms.contains(&word) => {}
            "claims" | "payload" | "serialized" => forms.push(word),
            "off" => {}
            _ => ledger.stop(
                line,
                format!("`{word}` is no way to pass the ID token"),
                "write claims, payload, serialized or off",
            ),
        }
    }
    if lines::words(&lines).any(|(_, word)| word == "off") {
        forms.clear();
    }
    passed.id_token = forms.iter().map(|form| (*form).to_owned()).collect();
    let says = match forms == ["claims"] {
        true => "the same: as claims".to_owned(),
        false => {
            let says = format!("id_token = {}", forms_or_none(&forms));
            passed.preset.push(says.clone());
            format!("{says} of headers")
        }
    };
    for line in &lines {
        ledger.became(line, says.clone());
    }
}

fn forms_or_none(forms: &[&str]) -> String {
    match forms {
        [] => text("none"),
        forms => one_or_more(forms),
    }
}
