//! What the upstream is told: the preset, the user, the token, and headers that are made with `RequestHeader`.

mod added;

use self::added::Taken;
use super::passed::{self, Passed};
use super::path_scope;
use super::user::Named;
use crate::apache::SourceVersion;
use crate::apache::condition::EVERYBODY_LOADS;
use crate::apache::expand::Line;
use crate::apache::location::InForce;
use crate::apache::report::Ledger;
use crate::apache::site::Site;
use crate::apache::write::{Table, key, one_or_more, text};
use crate::section::route::{is_constant, may_be_own};

/// Writes what one protected route tells its upstream.
pub(super) fn map(
    site: &Site<'_>,
    here: &InForce<'_>,
    user: &Named<'_>,
    version: SourceVersion,
    route: &mut Table,
    ledger: &mut Ledger,
) {
    let passed = passed::read(site, here, version, ledger);
    let own = own_headers(site, here, &passed, ledger);
    let named = here.last("OIDCAuthNHeader");
    let by_name = own
        .iter()
        .find(|own| own.source.as_deref() == Some("@user"));
    let header = named.or(by_name.map(|own| own.line));
    user_key(site, user, header, route, ledger);
    strip_cookies(here, route, ledger);
    let wants_token = passed.token && passed.headers || own.iter().any(|own| own.needs_token());
    let own_token = path_scope::own_token(here, wants_token, ledger);
    if wants_token {
        let said = ["OIDCPassAccessToken", "OIDCPassClaimsAs"];
        let said = said.iter().find_map(|name| here.last(name));
        let at = said.map(|line| line.at.clone()).or(route.from.clone());
        match &own_token {
            Some((token, line)) => route.put("access_token", token.as_str(), Some(&line.at)),
            None => route.put("access_token", "\"sign-in\"", at.as_ref()),
        }
    }
    if let Some(own) = own.iter().find(|own| own.is_bearer()) {
        route.put("authorization", "\"bearer\"", Some(&own.line.at));
    }
    let mut fields = Vec::new();
    let mut at = here.last("OIDCPassClaimsAs").map(|line| &line.at);
    for own in &own {
        if let Some(source) = &own.source {
            fields.push(format!("{} = {}", key(name_of(own.line)), text(source)));
            at = at.or(Some(&own.line.at));
        }
    }
    if let Some(line) = named.filter(|line| is_replaced(here, line.word(0))) {
        ledger.became(
            line,
            "nothing: what RequestHeader says of it comes later, as in Apache",
        );
    } else if let Some(line) = named {
        let field = format!("{} = \"@user\"", key(line.word(0)));
        ledger.became(line, format!("headers = {{ {field} }}"));
        fields.push(field);
    }
    // Under a name of its own Apache sends it whatever else it does not.
    if passed.headers {
        let replaced = |field: &&String| {
            let name = field.split(" = ").next().unwrap_or_default();
            is_replaced(here, name.trim_matches('"'))
        };
        fields.extend(passed.own.iter().filter(|field| !replaced(field)).cloned());
    }
    let says_claims = own.iter().any(Own::is_claim);
    let mut parts = Vec::new();
    if passed.headers {
        parts.push("preset = \"mod_auth_openidc\"".to_owned());
    }
    if passed.headers || says_claims {
        parts.extend(passed.writing.iter().cloned());
    }
    if passed.headers {
        parts.extend(passed.preset.iter().cloned());
    }
    match (passed.headers && parts.len() == 1, fields.is_empty()) {
        (true, true) => route.put("headers", "\"mod_auth_openidc\"", at),
        (false, true) if !passed.headers => {}
        _ => {
            parts.append(&mut fields);
            route.put("headers", format!("{{ {} }}", parts.join(", ")), at);
        }
    }
}

/// The name of the person, wherever somebody hears it.
fn user_key(
    site: &Site<'_>,
    user: &Named<'_>,
    header: Option<&Line>,
    route: &mut Table,
    ledger: &mut Ledger,
) {
    user.tell(ledger);
    let told = site.last("OIDCInfoHook").filter(|line| {
        let mut words = line.words.iter();
        words.any(|word| word == "remote_user")
    });
    if let Some(line) = user.line().or(header).or(told) {
        route.put("user", user.to_toml(), Some(&line.at));
    }
}

/// Cookies of other programs on the same host that the upstream does not get.
fn strip_cookies(here: &InForce<'_>, route: &mut Table, ledger: &mut Ledger) {
    let own = here.last("OIDCCookie").map(|line| line.word(0));
    let mut names: Vec<&str> = Vec::new();
    let mut at = None;
    for line in here.all("OIDCStripCookies") {
        let of_apps = line.words.iter().map(String::as_str);
        let of_apps = of_apps.filter(|name| *name != own.unwrap_or("mod_auth_openidc_session"));
        let of_apps: Vec<&str> = of_apps.collect();
        match of_apps.is_empty() {
            true => ledger.became(line, "the same, always: the session's cookie stays here"),
            false => {
                ledger.became(line, format!("strip_cookies = {}", one_or_more(&of_apps)));
                at = Some(&line.at);
            }
        }
        names.extend(of_apps);
    }
    if !names.is_empty() {
        route.put("strip_cookies", one_or_more(&names), at);
    }
}

/// A header that `RequestHeader` makes.
struct Own<'t> {
    line: &'t Line,
    /// What it is in Vestibule; `None` where it has a key of its own or needs none.
    source: Option<String>,
}

impl Own<'_> {
    fn is_bearer(&self) -> bool {
        self.source.is_none()
            && name_of(self.line).eq_ignore_ascii_case("authorization")
            && !self.line.word(0).eq_ignore_ascii_case("unset")
    }

    fn is_claim(&self) -> bool {
        self.source.as_deref().is_some_and(|source| {
            source.starts_with("@userinfo") || !source.starts_with(['@', '='])
        })
    }

    fn sets(&self, name: &str) -> bool {
        name_of(self.line).eq_ignore_ascii_case(name) && self.source.as_deref() != Some("@none")
    }

    fn needs_token(&self) -> bool {
        self.is_bearer() || self.source.as_deref() == Some("@access_token")
    }
}

/// Whether `RequestHeader` has the last word on this header. What is `early` comes before the module.
fn is_replaced(here: &InForce<'_>, header: &str) -> bool {
    here.all("RequestHeader")
        .any(|line| !is_early(line) && name_of(line).eq_ignore_ascii_case(header))
}

/// Whether it is done before anything else looks at the request.
fn is_early(line: &Line) -> bool {
    let at = match line.word(0).eq_ignore_ascii_case("unset") {
        true => 2,
        false => 3,
    };
    line.word(at).eq_ignore_ascii_case("early")
}

/// Whether it is done only where there is something to send.
fn is_at_times(line: &Line) -> bool {
    !line.word(3).is_empty() && !is_early(line)
}

/// The name of the header; Apache takes a colon at its end.
fn name_of(line: &Line) -> &str {
    line.word(1).trim_end_matches(':')
}

/// Headers that Vestibule rebuilds itself, whatever a client sends.
const REBUILT: &[&str] = &[
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-for",
    "x-forwarded-prefix",
    "x-real-ip",
];

/// Whether the header is one of those.
pub(super) fn is_rebuilt(line: &Line) -> bool {
    REBUILT.contains(&name_of(line).to_ascii_lowercase().as_str())
}

/// Whether what Apache makes of this is what Vestibule says by itself.
fn is_rebuilt_alike(name: &str, value: &str) -> bool {
    let expression = value.strip_prefix("expr=").unwrap_or(value);
    let variable = expression
        .strip_prefix("%{")
        .and_then(|rest| rest.trim_end_matches('s').strip_suffix('}'));
    match name {
        "x-forwarded-proto" => value == "https" || variable == Some("REQUEST_SCHEME"),
        "x-forwarded-port" => value == "443" || variable == Some("SERVER_PORT"),
        "x-forwarded-host" => matches!(variable, Some("HTTP_HOST" | "SERVER_NAME")),
        "x-forwarded-for" | "x-real-ip" => variable == Some("REMOTE_ADDR"),
        _ => false,
    }
}

/// Whether a name sounds as if the app believed whoever knows the value.
fn sounds_secret(name: &str) -> bool {
    ["secret", "token", "key", "passw", "auth", "cred"]
        .iter()
        .any(|part| name.contains(part))
}

/// The text that everybody's requests get, if the value is one.
pub(super) fn constant(line: &Line) -> Option<String> {
    let is_set = ["set", "add", "append", "merge", "setifempty"]
        .iter()
        .any(|action| line.word(0).eq_ignore_ascii_case(action));
    let of_everybody = line.words.len() == 3;
    let text = plain_text(line.word(2)).filter(|_| is_set && of_everybody);
    text.map(|text| format!("={text}"))
}

/// The text that a value is, if nothing of the request or its surroundings is in it.
pub(super) fn plain_text(value: &str) -> Option<String> {
    let text = value.replace("%%", "\0");
    let is_plain = !value.starts_with("expr=") && !text.contains('%');
    let text = text.replace('\0', "%");
    (is_plain && is_constant(&text)).then_some(text)
}

fn own_headers<'t>(
    site: &Site<'_>,
    here: &InForce<'t>,
    passed: &Passed,
    ledger: &mut Ledger,
) -> Vec<Own<'t>> {
    let mut found: Vec<Own<'t>> = Vec::new();
    let has_ssl = has_ssl(site);
    for line in here.all("RequestHeader") {
        let (mut action, name) = (line.word(0).to_ascii_lowercase(), name_of(line));
        let lower = name.to_ascii_lowercase();
        if is_rebuilt(line) {
            let says = format!(
                "{name} is written by Vestibule itself, from public_url and the connection"
            );
            match action == "set" && is_rebuilt_alike(&lower, line.word(2)) {
                true => ledger.became(line, says),
                false => ledger.differs(line, says, ""),
            }
            continue;
        }
        if action == "unset" {
            found.retain(|own| !name_of(own.line).eq_ignore_ascii_case(name));
        } else if lower != "authorization" && !may_be_own(name) {
            ledger.stop(
                line,
                format!("{name} belongs to HTTP or to the proxy itself, and no route sets it"),
                "take it out if the app does without it",
            );
            continue;
        }
        if let Some(help) = passed.instead_of(name).filter(|_| !is_early(line)) {
            ledger.stop(
                line,
                format!("the module's own {name} would be sent as it is, and Apache changes it or leaves it out"),
                help,
            );
            continue;
        }
        if action == "unset" && !line.word(2).is_empty() && !is_early(line) {
            ledger.stop(
                line,
                format!("{name} is left out under a condition, which is not evaluated"),
                "leave it out always, or let the app do it",
            );
            continue;
        }
        let by_module = here
            .last("OIDCAuthNHeader")
            .is_some_and(|line| line.word(0).eq_ignore_ascii_case(name));
        if !matches!(action.as_str(), "set" | "unset") {
            let before = found
                .iter_mut()
                .rfind(|own| name_of(own.line).eq_ignore_ascii_case(name));
            match added::taken(line, &action, before, by_module, &lower) {
                Taken::AsSet => "set".clone_into(&mut action),
                Taken::Became(says) => {
                    ledger.became(line, says);
                    continue;
                }
                Taken::Stops(says, help) => {
                    ledger.stop(line, says, help);
                    continue;
                }
            }
        }
        match action.as_str() {
            "unset" if by_module && is_early(line) => ledger.became(line, "the same, always: a client's own does not count"),
            "unset" if is_stripped(&lower) => ledger.became(line, "the same, always: no client can send it"),
            "unset" if lower == "authorization" => ledger.became(line, "the same: who sends one is refused, and it never gets to the app"),
            "unset" if may_be_own(name) => {
                let says = format!("headers = {{ {} = \"@none\" }}", key(name));
                match site.lines.iter().any(|one| std::ptr::eq(*one, line)) {
                    true => ledger.became(line, says),
                    false => ledger.differs(line, format!("{says}: {name} of a client reaches no upstream, on other routes neither"), ""),
                }
                found.push(Own { line, source: Some("@none".to_owned()) });
            }
            "unset" => ledger.stop(
                line,
                format!("{name} of a client would reach the upstream"),
                "take it out if that is harmless",
            ),
            "set" if is_at_times(line) && (by_module || found.iter().any(|own| own.sets(name))) => ledger.stop(
                line,
                format!("where there is none of this, Apache sends the {name} that was set before, and here a header has one source"),
                "keep one of the lines; user = [\"CLAIM\", \"FALLBACK\"] of the route names fallbacks, after the import",
            ),
            "set" => match made_of(line, &passed.prefix) {
                Some(None) if !passed.makes(None) => ledger.stop(
                    line,
                    "Apache sends `Bearer (null)`, as it makes no variable of the access token here, and here the token would be sent",
                    "write OIDCPassClaimsAs both or environment, or take the line out",
                ),
                Some(Some(source)) if !is_there(line, &source, passed, has_ssl) => {
                    found.retain(|own| !name_of(own.line).eq_ignore_ascii_case(name));
                    let constant = match line.word(3) {
                        "" => "=(null)",
                        _ => "@none",
                    };
                    ledger.differs(
                        line,
                        format!(
                            "headers = {{ {} = {} }}: in Apache nothing makes {} here",
                            key(name),
                            text(constant),
                            line.word(2),
                        ),
                        match line.word(2) == TOLD_BY_SSL {
                            true => "write \"expr=%{REMOTE_USER}\" if the upstream needs the name: only mod_ssl, which no LoadModule line here loads, knows it by this",
                            false => "take the line out if the upstream does not need the header; OIDCPassClaimsAs, OIDCPassIDTokenAs and OIDCPassUserInfoAs say what variables there are",
                        },
                    );
                    found.push(Own { line, source: Some(constant.to_owned()) });
                }
                Some(source) => {
                    found.retain(|own| !name_of(own.line).eq_ignore_ascii_case(name));
                    let says = match &source {
                        // It may be a secret.
                        Some(source) if source.starts_with('=') => {
                            format!("headers = {{ {} = \"=…\" }}", key(name))
                        }
                        Some(source) => format!("headers = {{ {} = {} }}", key(name), text(source)),
                        None => "authorization = \"bearer\"".to_owned(),
                    };
                    let is_text = source.as_deref().is_some_and(|source| source.starts_with('='));
                    match line.word(2) == TOLD_BY_SSL && has_ssl.is_none() {
                        true => ledger.differs(
                            line,
                            format!("{says}; Apache sends (null) where it has no mod_ssl"),
                            "name the folder of Apache's whole configuration, whose LoadModule lines say whether it has",
                        ),
                        false if is_text && sounds_secret(&lower) => ledger.differs(
                            line,
                            format!("{says}: this sounds like a secret, and is in the file as it is"),
                            "let the user that runs vestibule, and nobody else, read the file",
                        ),
                        false => ledger.became(line, says),
                    }
                    found.push(Own { line, source });
                }
                None => ledger.stop(
                    line,
                    format!("{name} can't be made of this: only a text, a claim, the user or the access token is known"),
                    "write \"expr=%{REMOTE_USER}\", \"%{OIDC_CLAIM_name}e\", \"%{OIDC_access_token}e\" or \"Bearer %{OIDC_access_token}e\"",
                ),
            },
            _ => {}
        }
    }
    found
}

/// What mod_ssl alone makes the user of, over plain http too; without it this is `(null)`.
const TOLD_BY_SSL: &str = "%{REMOTE_USER}s";

/// Whether Apache has mod_ssl, where that can be told: TLS is set up with it, or all of what is loaded was read.
fn has_ssl(site: &Site<'_>) -> Option<bool> {
    let loads = |symbol: &str| {
        let lines = site.all("LoadModule");
        lines.iter().any(|line| line.word(0) == symbol)
    };
    match site.last("SSLEngine").is_some() || loads("ssl_module") {
        true => Some(true),
        false => loads(EVERYBODY_LOADS).then_some(false),
    }
}

/// Whether Apache makes what the header is made of. The user is no variable of its environment.
fn is_there(line: &Line, source: &str, passed: &Passed, has_ssl: Option<bool>) -> bool {
    match source {
        "@user" => match line.word(2) {
            "%{REMOTE_USER}e" => false,
            TOLD_BY_SSL => has_ssl != Some(false),
            _ => true,
        },
        text if text.starts_with('=') => true,
        source => passed.makes(Some(source)),
    }
}

/// What a header is made of: `Some(None)` for the bearer, `Some(Some(source))` for an own header.
fn made_of(line: &Line, prefix: &str) -> Option<Option<String>> {
    let value = line.word(2);
    let name = name_of(line);
    let inner = |value: &str| {
        let name = value.strip_prefix("%{")?.strip_suffix("}e")?;
        Some(name.to_owned())
    };
    let by_user = matches!(
        value,
        TOLD_BY_SSL | "%{REMOTE_USER}e" | "expr=%{REMOTE_USER}"
    );
    let condition = line.word(3);
    let of_itself = condition
        .strip_prefix("env=")
        .is_some_and(|variable| value.contains(&format!("%{{{variable}}}")));
    if !condition.is_empty() && !of_itself {
        return None;
    }
    if name.eq_ignore_ascii_case("authorization") {
        let token = value.strip_prefix("Bearer ").and_then(inner)?;
        return (token == "OIDC_access_token").then_some(None);
    }
    if by_user {
        return Some(Some("@user".to_owned()));
    }
    if let Some(text) = constant(line) {
        return Some(Some(text));
    }
    let variable = inner(value)?;
    let known = match variable.as_str() {
        "OIDC_access_token" => Some("@access_token"),
        "OIDC_id_token" => Some("@id_token"),
        "OIDC_userinfo_json" => Some("@userinfo"),
        "OIDC_userinfo_jwt" => Some("@userinfo_jwt"),
        _ => None,
    };
    if let Some(source) = known {
        return Some(Some(source.to_owned()));
    }
    let claim = variable.strip_prefix(prefix)?;
    // Without a prefix any variable of Apache's could be meant, and no claim begins like something else of `headers`.
    (!claim.is_empty() && !claim.starts_with(['@', '=']) && !prefix.is_empty())
        .then(|| Some(claim.to_owned()))
}

/// Names that no client's request carries to an upstream.
fn is_stripped(name: &str) -> bool {
    let folded: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    folded.starts_with("oidc")
        || folded.starts_with("xauthrequest")
        || folded.starts_with("xforwarded")
        || [
            "remoteuser",
            "xremoteuser",
            "xwebauthuser",
            "proxy",
            "forwarded",
            "xrealip",
        ]
        .contains(&folded.as_str())
}
