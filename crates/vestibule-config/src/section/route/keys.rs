//! The description of `[[route]]` and the tables inside it.

use super::answer_cookies::ATTRIBUTES;
use super::{ANSWER_HEADERS, CLAIM, USER};
use crate::describe::{Change, Choice, Fallback, Key, Kind, Open, Section};
use crate::section::rule::RULE;

pub(crate) static ROUTE: Section = Section {
    name: "route",
    heading: "[[route]]",
    doc: "A path and what is behind it. An exact host goes before any host, then the longest path wins. What no route fits is a 404.",
    open: None,
    keys: &[
        Key {
            name: "host",
            kind: Kind::Text("a host like \"portal.example.com\""),
            fallback: Fallback::Unset("every host of `public_url`"),
            change: Change::Reload,
            doc: "The host it is for; one of those in `public_url`, without scheme and port.",
        },
        Key {
            name: "path",
            kind: Kind::Text("a path like \"/foo\""),
            fallback: Fallback::Required,
            change: Change::Reload,
            doc: "The prefix it is for: `/foo` is `/foo` and `/foo/…`, never `/foobar`. `/` is everything.",
        },
        Key {
            name: "except",
            kind: Kind::OneOrMore(&Kind::Text("a path below `path`, like \"/foo/internal\"")),
            fallback: Fallback::Unset("nothing is left out"),
            change: Change::Reload,
            doc: "Paths below `path` that are left out, each with everything below it: nobody gets there, and the answer is 404. A route of its own further down counts.",
        },
        Key {
            name: "upstream",
            kind: Kind::Text("an address like \"http://localhost:3000\" or \"unix:/run/app.sock\""),
            fallback: Fallback::Required,
            change: Change::Reload,
            doc: "Where the app or API is. A path in it is put in front of what is left after the prefix is removed. What it is told about the person it believes from whoever can reach it, \
                  so let only Vestibule reach it.",
        },
        Key {
            name: "upstream_protocol",
            kind: Kind::Choice(&[
                Choice::new("http/1.1", "HTTP/1.1 only"),
                Choice::new("h2", "HTTP/2 only, over TLS"),
                Choice::new("h2c", "HTTP/2 only, in clear"),
            ]),
            fallback: Fallback::Unset("over TLS HTTP/2 if the upstream offers it, else HTTP/1.1"),
            change: Change::Reload,
            doc: "What is spoken to the upstream.",
        },
        Key {
            name: "require",
            kind: Kind::Either(&[
                Kind::Word("public"),
                Kind::Word("anyone"),
                Kind::Word("signed-in"),
                Kind::Table(&RULE),
            ]),
            fallback: Fallback::Value("signed-in"),
            change: Change::Reload,
            doc: "Who may pass: everybody (`public`), everybody who is signed in, or those who are signed in and fit a rule. With `anyone` everybody passes too, and the upstream is \
                  told of those who are signed in: headers, user and access token as on other routes, and none of them for whoever is not. An `Authorization` of the client's is a 401 there.",
        },
        Key {
            name: "access_token",
            kind: Kind::Either(&[Kind::Table(&ACCESS_TOKEN), Kind::Word("sign-in")]),
            fallback: Fallback::Unset("the upstream gets no token"),
            change: Change::Reload,
            doc: "The access token the upstream gets: with `authorization = \"bearer\"`, in the header that its preset of `headers` knows, or in one of your own. Name the scope of *that* API: without one, \
                  Entra gives a token for Microsoft Graph, which nobody else can validate. `\"sign-in\"` passes the sign-in's own token, whatever it is. \
                  Routes may ask for different ones: sign-in brings the first route's, and the others are fetched with the refresh token when a request \
                  that may pass first needs them. [Access tokens](tokens.md) says more.",
        },
        Key {
            name: "authorization",
            kind: Kind::Choice(&[Choice::new(
                "bearer",
                "the access token as `Authorization: Bearer`",
            )]),
            fallback: Fallback::Unset(
                "a client's `Authorization` passes on public routes and is a 401 on others",
            ),
            change: Change::Reload,
            doc: "What the upstream gets as `Authorization`. Needs `access_token`.",
        },
        Key {
            name: "user",
            kind: Kind::Either(&[Kind::OneOrMore(&CLAIM), Kind::Table(&USER)]),
            fallback: Fallback::Value("sub"),
            change: Change::Reload,
            doc: "The claim that names the person to the upstream; with a list, the first that is there. Who has none of them is refused: their sign-in \
                  for this route ends on a page that says why, and with a session from elsewhere they get a 403. `sub` is always there, never changes and is never given \
                  to somebody else; nor is Entra's `oid`, which is the same for all apps. `upn`, `email`, `preferred_username` and the like can change hands: \
                  they are warned about, and refused with several tenants.",
        },
        Key {
            name: "danger_mutable_user",
            kind: Kind::Flag,
            fallback: Fallback::Value("false"),
            change: Change::Reload,
            doc: "Accepts a `user` claim that can change hands, or a list that mixes such, without a word. Safe when the upstream only shows the name.",
        },
        Key {
            name: "headers",
            kind: Kind::Either(&[Kind::Choice(PRESETS), Kind::Table(&HEADERS)]),
            fallback: Fallback::Unset("the upstream is told nothing about the person"),
            change: Change::Reload,
            doc: "The headers that tell the upstream who the person is: a preset, or a table of your own names. Whatever a client sends \
                  under such a name, in any spelling, is removed first.",
        },
        Key {
            name: "answer_headers",
            kind: Kind::Table(&ANSWER_HEADERS),
            fallback: Fallback::Unset("answers keep the headers that the upstream gives them"),
            change: Change::Reload,
            doc: "Headers that the upstream's answers get or lose on their way to the browser.",
        },
        Key {
            name: "answer_cookies",
            kind: ATTRIBUTES,
            fallback: Fallback::Unset("cookies keep the attributes that the upstream gives them"),
            change: Change::Reload,
            doc: "Attributes that each cookie of the upstream gets which lacks them, like `[\"Secure\", \"HttpOnly\"]`: for an app that can't be changed. \
                  Browsers keep no `Secure` cookie of a plain `http://` site but `localhost`; a cookie that scripts must read can't be `HttpOnly`.",
        },
        Key {
            name: "keep_prefix",
            kind: Kind::Flag,
            fallback: Fallback::Value("false"),
            change: Change::Reload,
            doc: "Whether the upstream sees the path with the prefix. Without it `/foo/bar` arrives as `/bar`, and `Location`, cookie paths and domains \
                  in the answer are rewritten back.",
        },
        Key {
            name: "keep_host",
            kind: Kind::Flag,
            fallback: Fallback::Value("false"),
            change: Change::Reload,
            doc: "Whether the upstream gets the host of the public URL as `Host`. Without it that is the host of `upstream`, and `X-Forwarded-Host` has the \
                  public one, with it too. Certificates are verified for the host of `upstream` even so. Addresses that the app makes with the public host are not written back: \
                  where the prefix is taken off the path, it has to add `X-Forwarded-Prefix` itself.",
        },
        Key {
            name: "strip_cookies",
            kind: Kind::OneOrMore(&Kind::Text("the name of a cookie")),
            fallback: Fallback::Unset("the upstream gets every cookie but ours"),
            change: Change::Reload,
            doc: "Cookies of the site, by name, that do not reach the upstream: those that another program of the same host goes by. Vestibule's own never do.",
        },
        Key {
            name: "websocket",
            kind: Kind::Flag,
            fallback: Fallback::Value("false"),
            change: Change::Reload,
            doc: "Whether WebSocket upgrades pass. On a session they need a same-origin `Origin`, or one of `allowed_origins`; on a public route nothing is at stake here, and the app behind it decides.",
        },
        Key {
            name: "trailers",
            kind: Kind::Flag,
            fallback: Fallback::Value("false"),
            change: Change::Reload,
            doc: "Whether trailers pass, both ways, as gRPC needs. Those that only a head may hold, and every name that tells who the person is, \
                  are removed even so.",
        },
        Key {
            name: "allowed_origins",
            kind: Kind::List(&Kind::Text("an origin like \"https://app.example.com\"")),
            fallback: Fallback::Unset("only pages of the same origin"),
            change: Change::Reload,
            doc: "Other origins whose pages may call this route with the person's session: CORS answers, unsafe methods and WebSockets. \
                  Each may do everything here that the person may.",
        },
        Key {
            name: "danger_any_origin",
            kind: Kind::Flag,
            fallback: Fallback::Value("false"),
            change: Change::Reload,
            doc: "Lets unsafe methods and WebSockets of any web page pass with the person's session. Only for an upstream that checks `Origin` \
                  or a token of its own.",
        },
        Key {
            name: "anti_forgery_header",
            kind: Kind::Text("a header name that begins with X-, like \"X-CSRF\""),
            fallback: Fallback::Unset("`Origin` and `Sec-Fetch-Site` alone decide"),
            change: Change::Reload,
            doc: "A header that requests with unsafe methods must have, with any value; without it they are a 403. No form can send it, and no script of another origin \
                  unless it is one of `allowed_origins`. It is asked for besides `Origin` and `Sec-Fetch-Site`, which are judged in any case. \
                  WebSockets can't have it. [browser-apps.md](browser-apps.md) says more.",
        },
        Key {
            name: "keep_post",
            kind: Kind::Either(&[Kind::Flag, KEPT_FORM]),
            fallback: Fallback::Unset("a form that meets a sign-in is a 401"),
            change: Change::Reload,
            doc: "Keeps a form that meets a sign-in, and sends it again when the person is back: `true` for forms of up to 64 KiB, or the most they may have. \
                  Only forms that a page of this site sent, without files; each once, within ten minutes, while the program runs. \
                  Not with the cookie store. [browser-apps.md](browser-apps.md) says more.",
        },
        Key {
            name: "when_signed_out",
            kind: Kind::Choice(&[
                Choice::new("sign-in", "people are sent to sign in, programs get 401"),
                Choice::new("401", "for both"),
                Choice::new("407", "for both"),
                Choice::new("410", "for both"),
            ]),
            fallback: Fallback::Value("sign-in"),
            change: Change::Reload,
            doc: "What those get who are not signed in. With a status nobody is sent anywhere: a page of the app leads to `/.vestibule/sign-in?return_to=PATH`.",
        },
        Key {
            name: "when_not_allowed",
            kind: Kind::Either(&[
                Kind::Choice(&[
                    Choice::new("403", "a page with a way to sign in as someone else"),
                    Choice::new("401", "the same with another status"),
                    Choice::new(
                        "sign-in",
                        "people are sent to sign in as someone else at once",
                    ),
                ]),
                Kind::Text("a path or an address"),
            ]),
            fallback: Fallback::Value("403"),
            change: Change::Reload,
            doc: "What those get who are signed in and may not pass. With a path like `/not-for-you` or an address people are sent there; it must be one that they may open. \
                  Programs get the 403, but for `401`.",
        },
        Key {
            name: "provider",
            kind: Kind::Text("the name of a provider"),
            fallback: Fallback::Unset("the only one; with several, people choose"),
            change: Change::Reload,
            doc: "Who signs people in here: the NAME of a `[provider.NAME]`.",
        },
        Key {
            name: "connect_timeout",
            kind: Kind::Duration {
                least: "100ms",
                most: "1m",
            },
            fallback: Fallback::Value("5s"),
            change: Change::Reload,
            doc: "For connecting to the upstream, TLS included.",
        },
        Key {
            name: "response_timeout",
            kind: Kind::Duration {
                least: "1s",
                most: "1h",
            },
            fallback: Fallback::Value("60s"),
            change: Change::Reload,
            doc: "From the request's last byte to the head of the answer. Beyond it: 504.",
        },
        Key {
            name: "stall_timeout",
            kind: Kind::Duration {
                least: "1s",
                most: "24h",
            },
            fallback: Fallback::Value("60s"),
            change: Change::Reload,
            doc: "Between two pieces of an answer.",
        },
        Key {
            name: "stream_idle_timeout",
            kind: Kind::Duration {
                least: "1s",
                most: "24h",
            },
            fallback: Fallback::Value("1h"),
            change: Change::Reload,
            doc: "For an event stream or WebSocket on which nothing moves in either direction.",
        },
        Key {
            name: "upstream_max_head",
            kind: Kind::Size {
                least: "2KiB",
                most: "1MiB",
            },
            fallback: Fallback::Unset("8 KiB is assumed, as many servers have it"),
            change: Change::Reload,
            doc: "The largest request head that the upstream takes. Nothing is refused for it: whoever's headers come near it is told of in the log at sign-in, once an hour for a route, and `check` reckons with it. \
                  `vestibule doctor` tries how much it takes.",
        },
        Key {
            name: "upstream_ca",
            kind: Kind::Path,
            fallback: Fallback::Unset("the system's CAs are trusted"),
            change: Change::Reload,
            doc: "A PEM file with the only CAs that may vouch for an https upstream.",
        },
        Key {
            name: "danger_upstream_insecure",
            kind: Kind::Flag,
            fallback: Fallback::Value("false"),
            change: Change::Reload,
            doc: "Believes any certificate of the upstream: whoever stands in between reads and changes everything, access tokens included.",
        },
    ],
};

/// The largest form that is kept over a sign-in.
pub(super) const KEPT_FORM: Kind = Kind::Size {
    least: "1KiB",
    most: "1MiB",
};

pub(crate) static ACCESS_TOKEN: Section = Section {
    name: "access_token",
    heading: "",
    doc: "Which access token: `{ scope = \"api://API-ID/.default\" }`.",
    open: None,
    keys: &[
        Key {
            name: "scope",
            kind: Kind::Text("one or more scopes, separated by spaces"),
            fallback: Fallback::Unset(
                "none is asked for besides the sign-in's; then `resource` or `audience` is needed",
            ),
            change: Change::Reload,
            doc: "The scopes of one API. For Entra: `api://API-ID/.default` for everything granted, or `api://API-ID/NAME`, as under Expose an API.",
        },
        Key {
            name: "resource",
            kind: Kind::Text("a URI"),
            fallback: Fallback::Unset("the scope names the API"),
            change: Change::Reload,
            doc: "The resource indicator (RFC 8707), for providers that take one. Entra does not. If one route of a provider names one, all do.",
        },
        Key {
            name: "audience",
            kind: Kind::Text("an API's identifier"),
            fallback: Fallback::Unset("no such parameter is sent"),
            change: Change::Reload,
            doc: "The parameter `audience`, for providers that tell APIs apart by it: Auth0. Sign-in sends the first route's; to fetch another one later, \
                  Auth0 needs a refresh token policy for it (Multi-Resource Refresh Tokens).",
        },
    ],
};

pub(super) const PRESETS: &[Choice] = &[
    Choice::new(
        "mod_auth_openidc",
        "`OIDC_CLAIM_*`, `OIDC_access_token`, as Apache's module sends them",
    ),
    Choice::new(
        "oauth2-proxy",
        "`X-Forwarded-User`, `-Email`, `-Groups`, `-Preferred-Username`, `-Access-Token`",
    ),
    Choice::not_built(
        "easy-auth",
        "`X-MS-CLIENT-PRINCIPAL` and so on, as Azure App Service sends them",
    ),
];

pub(crate) static HEADERS: Section = Section {
    name: "headers",
    heading: "",
    doc: "Headers of your own: `{ \"X-User-Name\" = \"name\", \"X-User-Email\" = \"email\" }`, with or without a preset.",
    open: Some(Open {
        placeholder: "NAME",
        kind: CLAIM,
        doc: "A header and the claim that is its value; without the claim the header is not sent. `\"@user\"` is what `user` names, \
              `\"@access_token\"` the route's access token, `\"@id_token\"` the ID token as it came, `\"@userinfo\"` user info as JSON, \
              `\"@userinfo_jwt\"` the signed token that user info came in, if the provider signs it, \
              `\"=text\"` that text for everybody who is signed in. `\"@none\"` has no value, and what clients send under the name reaches no upstream of any route. \
              It wins over the preset's header of the same name.",
    }),
    keys: &[
        Key {
            name: "preset",
            kind: Kind::Choice(PRESETS),
            fallback: Fallback::Unset("only your own names"),
            change: Change::Reload,
            doc: "A preset to add yours to.",
        },
        Key {
            name: "version",
            kind: Kind::Text("a version of mod_auth_openidc like \"2.4.12.3\""),
            fallback: Fallback::Unset(
                "the newest with the preset `mod_auth_openidc`; else claims are written like nobody's: UTF-8, numbers and objects as JSON",
            ),
            change: Change::Reload,
            doc: "Write claims as this version of mod_auth_openidc does: its encoding, its spelling of fractions and objects, whose word counts when \
                  the ID token and user info differ, and which headers go with the access token. [From Apache](apache.md) has the table.",
        },
        Key {
            name: "encoding",
            kind: Kind::Choice(&[
                Choice::new("utf8", "as it is"),
                Choice::new("latin1", "ISO 8859-1, with `?` for what it does not have"),
                Choice::new("base64url", "the whole value in base64url, without padding"),
            ]),
            fallback: Fallback::Unset(
                "as `version` has it: `latin1` since 2.4.15; `utf8` before that, and without the preset",
            ),
            change: Change::Reload,
            doc: "How text beyond ASCII travels. `@user` is UTF-8 always.",
        },
        Key {
            name: "delimiter",
            kind: Kind::Text("one character or a few"),
            fallback: Fallback::Value(","),
            change: Change::Reload,
            doc: "What the elements of a list are joined with. Inside an element it has a backslash before it, as has a backslash.",
        },
        Key {
            name: "danger_plain_lists",
            kind: Kind::Flag,
            fallback: Fallback::Value("false"),
            change: Change::Reload,
            doc: "Leaves elements of lists as they are, as mod_auth_openidc before 2.4.20: a group called `staff,admins` is then two to the upstream.",
        },
        Key {
            name: "prefix",
            kind: Kind::Either(&[
                Kind::Text("the beginning of a header's name"),
                Kind::Word(""),
            ]),
            fallback: Fallback::Value("OIDC_CLAIM_"),
            change: Change::Reload,
            doc: "What the names of the preset's headers for claims begin with. Whatever clients send under a name that begins so is removed. \
                  `\"\"` needs `only_claims`.",
        },
        Key {
            name: "id_token",
            kind: Kind::OneOrMore(&Kind::Choice(&[
                Choice::new("claims", "a header for each claim"),
                Choice::new("payload", "its claims as JSON: `OIDC_id_token_payload`"),
                Choice::new("serialized", "as it came: `OIDC_id_token`"),
                Choice::new("none", "not at all"),
            ])),
            fallback: Fallback::Value("claims"),
            change: Change::Reload,
            doc: "How the preset `mod_auth_openidc` passes the ID token.",
        },
        Key {
            name: "userinfo",
            kind: Kind::OneOrMore(&Kind::Choice(&[
                Choice::new("claims", "a header for each claim"),
                Choice::new("json", "as JSON: `OIDC_userinfo_json`"),
                Choice::new(
                    "jwt",
                    "the signed token that it came in, where the provider signs it: `OIDC_userinfo_jwt`",
                ),
                Choice::new("none", "not at all"),
            ])),
            fallback: Fallback::Value("claims"),
            change: Change::Reload,
            doc: "How the preset `mod_auth_openidc` passes user info. Under names of your own it goes by `\"@userinfo\"` and `\"@userinfo_jwt\"`. \
                  Sessions keep the signed token only while a route passes it, so it arrives from the next sign-in or renewal on; every claim is in it, \
                  whatever `only_claims` and `without_claims` say, and an `exp` in it may be over before the session is. What comes as plain JSON has no such header.",
        },
        Key {
            name: "only_claims",
            kind: Kind::OneOrMore(&CLAIM),
            fallback: Fallback::Unset("all claims are passed"),
            change: Change::Reload,
            doc: "The only claims that the preset `mod_auth_openidc` passes, one by one or as JSON. Headers of your own are not concerned.",
        },
        Key {
            name: "without_claims",
            kind: Kind::OneOrMore(&CLAIM),
            fallback: Fallback::Unset("all claims are passed"),
            change: Change::Reload,
            doc: "Claims that it does not pass, even if `only_claims` names them.",
        },
        Key {
            name: "danger_refresh_token",
            kind: Kind::Flag,
            fallback: Fallback::Value("false"),
            change: Change::Reload,
            doc: "Passes `OIDC_refresh_token` with the preset `mod_auth_openidc`. Whoever has it, or the upstream's log, is the person for months; \
                  Vestibule renews access tokens itself.",
        },
    ],
};
