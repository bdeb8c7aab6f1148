//! Who may in: every form of `Require`, and what those get who may not or have not signed in.

use vestibule_e2e::beside::step::{Ask, Step};

use super::{Case, GET, SIGN_IN};

const ROLES: Case = Case {
    person: "roles",
    ..SIGN_IN
};

/// Rules, of people who have signed in.
pub(in super::super) const REQUIRED: &[Case] = &[
    Case {
        name: "require-user",
        location: "Require user roles",
        ..ROLES
    },
    Case {
        name: "require-another-user",
        location: "Require user root",
        ..ROLES
    },
    Case {
        name: "require-claim",
        often: true,
        location: "Require claim groups:staff",
        ..ROLES
    },
    Case {
        name: "require-claim-denied",
        often: true,
        location: "Require claim groups:nobody",
        ..ROLES
    },
    Case {
        name: "require-claims-of-a-line",
        location: "Require claim groups:nobody groups:staff",
        ..ROLES
    },
    Case {
        name: "require-claims-of-lines",
        location: "Require claim groups:nobody\nRequire claim groups:admins",
        ..ROLES
    },
    Case {
        name: "require-pattern",
        location: "Require claim email~@example\\.com$",
        ..ROLES
    },
    Case {
        name: "require-pattern-denied",
        location: "Require claim email~^@example",
        ..ROLES
    },
    Case {
        name: "require-pattern-of-a-list",
        location: "Require claim groups~^adm",
        ..ROLES
    },
    Case {
        name: "require-pattern-not",
        location: "<RequireAll>\nRequire valid-user\nRequire not claim email~@(evil|bad)\\.org$\n</RequireAll>",
        ..ROLES
    },
    Case {
        name: "require-pattern-without-case",
        location: "Require claim email~(?i)ADA@EXAMPLE",
        ..ROLES
    },
    Case {
        name: "require-pattern-of-a-number",
        person: "integers",
        location: "Require claim small~.",
        ..ROLES
    },
    Case {
        name: "require-nested",
        location: "Require claim realm_access.roles:admin",
        ..ROLES
    },
    Case {
        name: "require-nested-deep",
        location: "Require claim realm_access.deep.x:y",
        ..ROLES
    },
    Case {
        name: "require-nested-denied",
        location: "Require claim realm_access.roles:root",
        ..ROLES
    },
    Case {
        name: "require-number",
        location: "Require claim level:3",
        ..ROLES
    },
    Case {
        name: "require-number-denied",
        location: "Require claim level:4",
        ..ROLES
    },
    Case {
        name: "require-number-with-more",
        location: "Require claim level:3abc",
        ..ROLES
    },
    Case {
        name: "require-text-of-digits",
        location: "Require claim text:42",
        ..ROLES
    },
    Case {
        name: "require-number-of-a-list",
        location: "Require claim numbers:2",
        ..ROLES
    },
    Case {
        name: "require-true",
        location: "Require claim active:true",
        ..ROLES
    },
    Case {
        name: "require-false",
        location: "Require claim inactive:false",
        ..ROLES
    },
    Case {
        name: "require-one-for-true",
        location: "Require claim active:1",
        ..ROLES
    },
    Case {
        name: "require-with-a-space",
        location: "Require claim \"city:New York\"",
        ..ROLES
    },
    Case {
        name: "require-name-with-colons",
        location: "Require claim http://schemas.example.com/role:lead",
        ..ROLES
    },
    Case {
        name: "require-missing-claim",
        location: "Require claim nosuch:x",
        ..ROLES
    },
    Case {
        name: "require-any-by-default",
        location: "Require valid-user\nRequire claim groups:nobody",
        ..ROLES
    },
    Case {
        name: "require-all",
        location: "<RequireAll>\nRequire valid-user\nRequire claim groups:nobody\n</RequireAll>",
        ..ROLES
    },
    Case {
        name: "require-all-met",
        location: "<RequireAll>\nRequire claim groups:staff\nRequire claim level:3\n</RequireAll>",
        ..ROLES
    },
    Case {
        name: "require-any-in-all",
        location: "<RequireAll>\nRequire valid-user\n<RequireAny>\nRequire claim groups:nobody\nRequire claim level:3\n</RequireAny>\n</RequireAll>",
        ..ROLES
    },
    Case {
        name: "require-none",
        location: "<RequireAll>\nRequire valid-user\n<RequireNone>\nRequire claim groups:admins\n</RequireNone>\n</RequireAll>",
        ..ROLES
    },
    Case {
        name: "require-not",
        location: "<RequireAll>\nRequire valid-user\nRequire not claim groups:nobody\n</RequireAll>",
        ..ROLES
    },
    Case {
        name: "require-all-granted",
        location: "AuthType None\nRequire all granted",
        steps: &[GET, FORGED],
        ..ROLES
    },
    Case {
        name: "require-all-denied",
        location: "Require all denied",
        steps: &[GET],
        ..ROLES
    },
    Case {
        name: "require-ip",
        location: "<RequireAll>\nRequire valid-user\nRequire ip 127.0.0.0/8\n</RequireAll>",
        ..ROLES
    },
    Case {
        name: "require-ip-denied",
        location: "<RequireAll>\nRequire valid-user\nRequire ip 10.0.0.0/8\n</RequireAll>",
        ..ROLES
    },
    Case {
        name: "require-method",
        location: "<RequireAll>\nRequire valid-user\nRequire method GET HEAD\n</RequireAll>",
        ..ROLES
    },
    Case {
        name: "forbidden-on-failure",
        location: "AuthzSendForbiddenOnFailure On\nRequire claim groups:nobody",
        ..ROLES
    },
    Case {
        name: "unautz-401",
        location: "OIDCUnAutzAction 401\nRequire claim groups:nobody",
        ..ROLES
    },
    Case {
        name: "unautz-403",
        location: "OIDCUnAutzAction 403\nRequire claim groups:nobody",
        ..ROLES
    },
    Case {
        name: "unautz-302",
        location: "OIDCUnAutzAction 302 {url}/elsewhere\nRequire claim groups:nobody",
        ..ROLES
    },
    Case {
        name: "unautz-auth",
        location: "OIDCUnAutzAction auth\nRequire claim groups:nobody",
        steps: &[Step::SignIn("/app/page")],
        ..ROLES
    },
];

const FORGED: Step = Step::Stranger(Ask {
    name: "forged",
    method: "GET",
    path: "/app/page",
    fields: &[
        ("OIDC_CLAIM_sub", "root"),
        ("oidc-claim-admin", "1"),
        ("OIDC-access-token", "x"),
        ("OIDC_anything", "x"),
        ("X-Remote-User", "root"),
        ("REMOTE_USER", "root"),
        ("Accept", "text/html"),
    ],
    body: "",
});

/// What browsers, scripts and programs are answered who have not signed in.
const STRANGERS: &[Step] = &[
    FORGED,
    ask(
        "navigation",
        "GET",
        &[
            ("Accept", "text/html"),
            ("Sec-Fetch-Mode", "navigate"),
            ("Sec-Fetch-Dest", "document"),
        ],
    ),
    ask(
        "fetch",
        "GET",
        &[
            ("Accept", "*/*"),
            ("Sec-Fetch-Mode", "cors"),
            ("Sec-Fetch-Dest", "empty"),
        ],
    ),
    ask(
        "image",
        "GET",
        &[
            ("Accept", "image/avif,image/webp,*/*"),
            ("Sec-Fetch-Mode", "no-cors"),
            ("Sec-Fetch-Dest", "image"),
        ],
    ),
    ask(
        "frame",
        "GET",
        &[
            ("Accept", "text/html"),
            ("Sec-Fetch-Mode", "navigate"),
            ("Sec-Fetch-Dest", "iframe"),
        ],
    ),
    ask(
        "xhr",
        "GET",
        &[("Accept", "*/*"), ("X-Requested-With", "XMLHttpRequest")],
    ),
    ask("json", "GET", &[("Accept", "application/json")]),
    ask("anything", "GET", &[("Accept", "*/*")]),
    ask("no-accept", "GET", &[]),
    ask("xhtml", "GET", &[("Accept", "application/xhtml+xml")]),
    ask("head", "HEAD", &[("Accept", "text/html")]),
    ask(
        "options",
        "OPTIONS",
        &[
            ("Origin", "https://example.com"),
            ("Access-Control-Request-Method", "GET"),
        ],
    ),
    ask(
        "post-of-a-form",
        "POST",
        &[
            ("Accept", "text/html"),
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Sec-Fetch-Mode", "navigate"),
            ("Sec-Fetch-Dest", "document"),
            ("Sec-Fetch-Site", "same-origin"),
        ],
    ),
    ask(
        "post-of-json",
        "POST",
        &[
            ("Accept", "application/json"),
            ("Content-Type", "application/json"),
        ],
    ),
    ask(
        "websocket",
        "GET",
        &[
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ],
    ),
];

const fn ask(
    name: &'static str,
    method: &'static str,
    fields: &'static [(&'static str, &'static str)],
) -> Step {
    Step::Stranger(Ask {
        name,
        method,
        path: "/app/page",
        fields,
        body: "",
    })
}

/// Those who have not signed in.
pub(in super::super) const STRANGERS_AND_ACTIONS: &[Case] = &[
    Case {
        name: "unauth-by-default",
        often: true,
        steps: STRANGERS,
        ..SIGN_IN
    },
    Case {
        name: "unauth-auth",
        location: "OIDCUnAuthAction auth",
        steps: STRANGERS,
        ..SIGN_IN
    },
    Case {
        name: "unauth-pass",
        often: true,
        location: "OIDCUnAuthAction pass",
        steps: STRANGERS,
        ..SIGN_IN
    },
    Case {
        name: "unauth-pass-at-once",
        location: "OIDCUnAuthAction pass",
        steps: &[GET],
        ..SIGN_IN
    },
    Case {
        name: "unauth-pass-claim",
        location: "OIDCUnAuthAction pass\nRequire claim groups:staff",
        steps: &[GET],
        ..SIGN_IN
    },
    Case {
        name: "unauth-401",
        location: "OIDCUnAuthAction 401",
        steps: STRANGERS,
        ..SIGN_IN
    },
    Case {
        name: "unauth-407",
        location: "OIDCUnAuthAction 407",
        steps: STRANGERS,
        ..SIGN_IN
    },
    Case {
        name: "unauth-410",
        location: "OIDCUnAuthAction 410",
        steps: STRANGERS,
        ..SIGN_IN
    },
    Case {
        name: "unauth-expression",
        location: "OIDCUnAuthAction auth \"%{HTTP:X-Requested-With} == 'XMLHttpRequest'\"",
        steps: STRANGERS,
        ..SIGN_IN
    },
    Case {
        name: "unauth-401-expression",
        location: "OIDCUnAuthAction 401 \"%{HTTP:X-Requested-With} == 'XMLHttpRequest'\"",
        steps: STRANGERS,
        ..SIGN_IN
    },
];
