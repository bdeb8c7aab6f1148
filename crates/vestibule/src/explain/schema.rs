//! The JSON Schema of what `--json` prints: `docs/explain.schema.json`, and that every output keeps to it.

use serde_json::{Map, Value, json};

use crate::schema::{object, with, written_down};

/// The schema.
pub(crate) fn schema() -> Value {
    let text = || json!({ "type": "string" });
    let texts = || json!({ "type": "array", "items": text() });
    let count = || json!({ "type": "integer", "minimum": 0 });
    let yes = || json!({ "type": "boolean" });
    let one_of = |values: &[&str]| json!({ "enum": values });
    let reference = |name: &str| json!({ "$ref": format!("#/$defs/{name}") });
    let list = |name: &str| json!({ "type": "array", "items": reference(name) });
    let said = |value: Value, description: &str| with(value, "description", description.into());

    let token = [
        (
            "token",
            said(
                one_of(&[
                    "none",
                    "jwt",
                    "unsigned-jwt",
                    "truncated-jwt",
                    "damaged-jwt",
                    "saml",
                    "too-long",
                    "jwe",
                    "token-response",
                    "code-or-refresh-token",
                    "opaque",
                ]),
                "Its form.",
            ),
        ),
        ("what", said(text(), "What it is, in words.")),
        (
            "role",
            said(
                one_of(&["access", "id", "unknown"]),
                "What it was taken for.",
            ),
        ),
        ("product?", said(text(), "Whose product made it.")),
        (
            "validated_by",
            said(
                one_of(&[
                    "anybody",
                    "microsoft-graph",
                    "microsoft",
                    "shared-secret",
                    "recipient",
                    "addressee",
                    "issuer",
                    "nobody",
                ]),
                "Who can validate it; `anybody` with the issuer's public keys.",
            ),
        ),
        ("length", said(count(), "In bytes.")),
        ("issuer?", said(text(), "`iss`.")),
        ("audiences?", said(texts(), "`aud`.")),
        ("client?", said(text(), "The app it was issued to.")),
        ("tenant?", said(text(), "Entra's `tid`.")),
        ("version?", said(text(), "Entra's `ver`.")),
        ("scopes?", texts()),
        ("roles?", texts()),
        ("groups?", said(count(), "How many groups it names.")),
        ("issued_at?", reference("moment")),
        ("not_before?", reference("moment")),
        ("expires_at?", reference("moment")),
        ("algorithm?", text()),
        ("key_id?", text()),
        (
            "person?",
            said(
                texts(),
                "The claims that together name one person for good.",
            ),
        ),
        ("claims?", said(texts(), "The names of all claims.")),
        (
            "keys?",
            said(
                text(),
                "Where the keys came from that its signature was verified with.",
            ),
        ),
        (
            "not_asked?",
            said(
                text(),
                "Which address was asked for its keys in vain, and why. The rest is told without it.",
            ),
        ),
        (
            "verified?",
            said(yes(), "Whether one of them made its signature."),
        ),
        ("apis?", said(list("api"), "What each API would say.")),
    ];
    let details = |kind: &str, members: &[(&str, Value)]| {
        let mut all = vec![
            ("kind", json!({ "const": kind })),
            (
                "verdict",
                said(text(), "One or two sentences that say it all."),
            ),
        ];
        all.extend(members.iter().cloned());
        object(&all)
    };
    let text_members = [
        ("codes", said(texts(), "Codes, as AADSTS50011 or IDX10214.")),
        (
            "mentioned?",
            said(
                texts(),
                "Codes that the text only talks about: they did not happen, as far as it shows.",
            ),
        ),
        (
            "own_errors?",
            said(
                json!({ "type": "array", "items": {
                    "type": "object",
                    "properties": { "code": text(), "meaning": text(), "cure": text() },
                    "required": ["code", "meaning", "cure"],
                    "additionalProperties": false
                } }),
                "Codes of our own error answers, as `host_unknown`: docs/errors.md.",
            ),
        ),
        ("error?", text()),
        ("description?", text()),
        (
            "callback?",
            said(texts(), "The names of a callback's parameters."),
        ),
        (
            "answer?",
            said(
                texts(),
                "The names of the members of a token endpoint's answer.",
            ),
        ),
        ("correlation_id?", text()),
        ("trace_id?", text()),
        ("timestamp?", text()),
        ("addresses?", said(texts(), "Without query.")),
        ("ids?", texts()),
        ("tokens?", list("token")),
    ];
    let request = [
        ("method", text()),
        ("host", text()),
        ("path", text()),
        ("route?", text()),
        (
            "decision",
            one_of(&[
                "forward",
                "own",
                "sign_in",
                "keep_post",
                "challenge",
                "forbid",
                "cross_origin",
                "preflight",
                "not_found",
                "unavailable",
                "refuse",
                "bad_credential",
                "unknown",
            ]),
        ),
        (
            "caveats?",
            said(
                texts(),
                "What can't be told offline; with it the decision may be `unknown`.",
            ),
        ),
        ("reason", said(text(), "The stable code of the reason.")),
        ("status?", said(count(), "The status of our own answer.")),
        ("stages", list("stage")),
        ("rule?", reference("rule")),
        ("upstream?", reference("upstream")),
    ];
    let definitions = [
        ("token", object(&token)),
        (
            "moment",
            object(&[
                (
                    "unix",
                    said(json!({ "type": "integer" }), "Seconds since 1970."),
                ),
                ("utc", text()),
                (
                    "relative",
                    said(text(), "As seen from the time of the call."),
                ),
            ]),
        ),
        (
            "api",
            object(&[
                ("name", text()),
                ("route?", text()),
                ("checks", list("check")),
            ]),
        ),
        (
            "check",
            object(&[
                (
                    "check",
                    one_of(&[
                        "form",
                        "signature",
                        "issuer",
                        "audience",
                        "type",
                        "expiry",
                        "start",
                    ]),
                ),
                ("outcome", one_of(&["passes", "fails", "not-checked"])),
                ("expected?", text()),
                ("found?", text()),
                ("setting?", said(text(), "What moves it.")),
            ]),
        ),
        (
            "stage",
            object(&[
                (
                    "stage",
                    one_of(&[
                        "read",
                        "route",
                        "credential",
                        "evidence",
                        "authenticate",
                        "origin",
                        "authorize",
                        "decide",
                    ]),
                ),
                ("outcome", said(text(), "A stable code.")),
                ("detail?", text()),
                ("words", text()),
            ]),
        ),
        (
            "rule",
            object(&[
                ("rule", text()),
                (
                    "verdict",
                    one_of(&["holds", "fails", "unknown", "not-judged"]),
                ),
                ("reason?", said(text(), "A stable code.")),
                ("found?", text()),
                (
                    "note?",
                    said(
                        text(),
                        "Why a scope is taken as granted or not, or can't be told.",
                    ),
                ),
                ("parts?", list("rule")),
            ]),
        ),
        (
            "upstream",
            object(&[
                ("url", text()),
                ("method", text()),
                ("target", text()),
                ("headers", list("header")),
            ]),
        ),
        (
            "header",
            object(&[
                ("name", text()),
                (
                    "value",
                    said(text(), "In brackets, what stands for a secret."),
                ),
                ("length", said(count(), "Of the value, in bytes.")),
                ("identity", said(yes(), "Whether it is about the person.")),
            ]),
        ),
        (
            "finding",
            object(&[
                (
                    "code",
                    said(
                        json!({ "type": "string", "pattern": "^VST-[A-Z0-9-]+$" }),
                        "Stable: docs/diagnosis/CODE.md tells more.",
                    ),
                ),
                ("severity", one_of(&["info", "warning", "error"])),
                ("seen", text()),
                ("why", text()),
                (
                    "change",
                    said(
                        list("change"),
                        "What to change; the first is to be tried first.",
                    ),
                ),
                (
                    "confidence",
                    one_of(&["documented", "observed", "inferred"]),
                ),
                ("source", text()),
            ]),
        ),
        (
            "change",
            object(&[
                (
                    "place",
                    one_of(&[
                        "portal",
                        "config",
                        "apache",
                        "api",
                        "provider",
                        "environment",
                    ]),
                ),
                (
                    "name",
                    said(
                        text(),
                        "The portal's field, the configuration's key, the directive.",
                    ),
                ),
                ("text", text()),
                ("line?", said(text(), "The line to write.")),
            ]),
        ),
    ];
    let definitions: Map<_, _> = definitions
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "vestibule explain --json",
        "description": "What `vestibule explain --json` prints. Members may be added; those that are here stay.",
        "type": "object",
        "additionalProperties": false,
        "required": ["subject", "findings"],
        "properties": {
            "subject": said(
                json!({ "oneOf": [details("token", &token), details("text", &text_members), details("request", &request)] }),
                "What was explained.",
            ),
            "findings": said(list("finding"), "What is wrong, the root cause first."),
        },
        "$defs": definitions,
    })
}

#[test]
fn documents_the_schema_is_what_is_written_down() {
    written_down("explain.schema.json", &schema());
}
