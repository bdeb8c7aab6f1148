//! The description of `[provider]`.

use crate::describe::{Change, Choice, Fallback, Key, Kind, Open, Section};

pub(crate) static PROVIDER: Section = Section {
    name: "provider",
    heading: "[provider]",
    doc: "The identity provider, and your registration there. Register this redirect URI: `PUBLIC_URL/.vestibule/callback`. \
          Several providers are `[provider.NAME]` each, with `PUBLIC_URL/.vestibule/callback/NAME`; people choose on a plain page \
          unless the route names one.",
    open: None,
    keys: &[
        Key {
            name: "issuer",
            kind: Kind::Text("an address like \"https://login.microsoftonline.com/TENANT/v2.0\""),
            fallback: Fallback::Unset("`metadata_url` is used"),
            change: Change::Reload,
            doc: "The provider's issuer, exactly as its metadata writes it. The metadata is read from \
                  `ISSUER/.well-known/openid-configuration`. For Entra write the v2.0 form with your tenant's id.",
        },
        Key {
            name: "metadata_url",
            kind: Kind::Text("an address that ends in /.well-known/openid-configuration"),
            fallback: Fallback::Unset("it is made from `issuer`"),
            change: Change::Reload,
            doc: "Where the metadata is, if not at the well-known place. With `issuer` too, the document must name that issuer.",
        },
        Key {
            name: "kind",
            kind: Kind::Choice(&[
                Choice::new("entra", "Microsoft Entra ID, External ID or Azure AD B2C"),
                Choice::new("oidc", "any other; the issuer is compared byte for byte"),
            ]),
            fallback: Fallback::Unset("by Microsoft's known hosts, else by the metadata"),
            change: Change::Reload,
            doc: "Whether the provider is treated as Entra. Needed only for a domain of your own in front of Entra, or an emulator.",
        },
        Key {
            name: "tenants",
            kind: Kind::List(&Kind::Text("a tenant's id")),
            fallback: Fallback::Unset("the issuer names the one tenant"),
            change: Change::Reload,
            doc: "Entra only: the tenants whose people may sign in, by id. Required when the issuer says `common`, `organizations` or `consumers`, \
                  or names the tenant of personal accounts, `9188040d-6c67-4c5b-b112-36a304b66dad`: anybody's account would do otherwise.",
        },
        Key {
            name: "client_id",
            kind: Kind::Text("the id of your registration"),
            fallback: Fallback::Required,
            change: Change::Reload,
            doc: "Your registration's id. In Entra: Application (client) ID.",
        },
        Key {
            name: "client_secret",
            kind: Kind::Secret,
            fallback: Fallback::Unset("the client is public and uses PKCE alone"),
            change: Change::Reload,
            doc: "Your registration's secret. In Entra: the Value, not the Secret ID. Line ends at its end are taken off.",
        },
        Key {
            name: "client_authentication",
            kind: Kind::Choice(&[
                Choice::new(
                    "client_secret_basic",
                    "the secret in the `Authorization` field",
                ),
                Choice::new("client_secret_post", "the secret in the form"),
                Choice::new("none", "no secret: a public client"),
                Choice::not_built("private_key_jwt", ""),
                Choice::not_built("tls_client_auth", ""),
            ]),
            fallback: Fallback::Unset(
                "with a secret the first of basic and post that the metadata lists; without one `none`",
            ),
            change: Change::Reload,
            doc: "How the program proves to be that client (OIDC Core §9).",
        },
        Key {
            name: "client_certificate",
            kind: Kind::Path,
            fallback: Fallback::Unset("use client_secret for now"),
            change: Change::NotBuilt,
            doc: "A certificate instead of a secret.",
        },
        Key {
            name: "federated_token_file",
            kind: Kind::Path,
            fallback: Fallback::Unset("use client_secret for now"),
            change: Change::NotBuilt,
            doc: "A workload's token instead of a secret.",
        },
        Key {
            name: "scopes",
            kind: Kind::List(&Kind::Text("a scope")),
            fallback: Fallback::Unset(
                "`[\"openid\", \"profile\", \"offline_access\"]` for Entra, `[\"openid\", \"profile\"]` for others",
            ),
            change: Change::Reload,
            doc: "What sign-in asks for; `openid` must be among them. A route's `access_token` scope is added by itself. \
                  Without a refresh token, which most providers give for `offline_access`, an access token can't be renewed; some providers refuse \
                  that scope, so it is not asked for by default outside Entra.",
        },
        Key {
            name: "response_mode",
            kind: Kind::Choice(&[
                Choice::new("query", "a redirect"),
                Choice::new(
                    "form_post",
                    "a form that the browser posts; needs an https public URL, because its cookie needs `SameSite=None; Secure`",
                ),
            ]),
            fallback: Fallback::Value("query"),
            change: Change::Reload,
            doc: "How the provider's answer comes back.",
        },
        Key {
            name: "danger_no_pkce",
            kind: Kind::Flag,
            fallback: Fallback::Value("false"),
            change: Change::Reload,
            doc: "Leaves PKCE out (RFC 7636), for a provider that refuses sign-ins with `code_challenge`; most that know nothing of it just ignore it. Whoever gets hold of a \
                  person's code on its way through the browser, out of a log or a browser's history, is then kept from redeeming it by `client_secret` and the nonce alone. Needs `client_secret`.",
        },
        Key {
            name: "danger_provider_insecure",
            kind: Kind::Flag,
            fallback: Fallback::Value("false"),
            change: Change::Reload,
            doc: "Believes any certificate that the host of the provider's metadata shows, for a lab: whoever stands in between gets `client_secret`, and signs in as anybody. For a CA of your own name it in \
                  `ca_bundle` of `[outbound]` instead. Other hosts, Microsoft Graph too, are verified even so.",
        },
        Key {
            name: "hosts",
            kind: Kind::OneOrMore(&Kind::Text("a host like \"portal.example.com\"")),
            fallback: Fallback::Unset("every host of `public_url`"),
            change: Change::Reload,
            doc: "The hosts where people sign in with it and where its answers are taken, of those in `public_url`, without scheme and port. At others nobody is offered it, \
                  and no session of it counts. Providers that share no host may have the same `redirect_path`: each answer still arrives at one provider's address alone.",
        },
        Key {
            name: "redirect_path",
            kind: Kind::Text("a path like \"/oidc/callback\""),
            fallback: Fallback::Unset(
                "`/.vestibule/callback`, with several providers `/.vestibule/callback/NAME`",
            ),
            change: Change::Reload,
            doc: "The path of the redirect URI, where another is registered at the provider and has to stay: `PUBLIC_URL` and this path. \
                  It may be a page of the app: only what has `state` and one of `code` and `error` is an answer, everything else goes to the app; see `redirect_actions` for more. \
                  With `response_mode = \"form_post\"` every `POST` to it is an answer.",
        },
        Key {
            name: "redirect_actions",
            kind: Kind::Either(&[Kind::Flag, Kind::Table(&REDIRECT_ACTIONS)]),
            fallback: Fallback::Unset("it takes answers of the provider, and nothing else"),
            change: Change::Reload,
            doc: "Answers at `redirect_path` what mod_auth_openidc answers at its redirect URI besides: `?logout=URL`, also `get`, `img` and `backchannel`, \
                  `?refresh=URL&access_token=TOKEN`, `?info=json`, `?jwks=` and `?iss=`. For apps that come from there; others use our own addresses below \
                  `/.vestibule/`. [From Apache](apache.md) says what each does.",
        },
        Key {
            name: "lost_sign_in_page",
            kind: Kind::Text("a path of the site like \"/app\""),
            fallback: Fallback::Unset("a page says what happened, and offers to start again"),
            change: Change::Reload,
            doc: "Where people go whose answer of the provider belongs to no sign-in of their browser, or to one that took too long: an old bookmark, the way back, a tab that was left open. \
                  Nothing of the answer is used. A browser that sends no cookie at all gets the page, because where cookies are refused it would go round and round.",
        },
        Key {
            name: "userinfo",
            kind: Kind::Either(&[Kind::Word("signed"), Kind::Flag]),
            fallback: Fallback::Unset(
                "off for Entra, whose ID token says more; for others on if the metadata advertises it",
            ),
            change: Change::Reload,
            doc: "Whether the user info endpoint is asked after sign-in. Its answer is JSON, or signed (`application/jwt`): then the provider's keys, issuer and `client_id` as audience have to fit. `\"signed\"` asks where the metadata advertises it, and believes nothing but a signed answer. With Entra it answers only while no route asks for a token of your own API.",
        },
        Key {
            name: "authorization_parameters",
            kind: Kind::Table(&PARAMETERS),
            fallback: Fallback::Unset("none are added"),
            change: Change::Reload,
            doc: "More parameters of the authorization request, like `{ domain_hint = \"contoso.com\" }`.",
        },
        Key {
            name: "max_age",
            kind: Kind::Duration {
                least: "0s",
                most: "30d",
            },
            fallback: Fallback::Unset("the provider's own sign-in counts, however old"),
            change: Change::Reload,
            doc: "How long ago a person may have proved at the provider who they are. Who did longer ago is asked again there; `0s` asks at every sign-in. \
                  The provider must say in `auth_time` when that was, or every sign-in is refused. Entra says it only as an optional claim: add `auth_time` \
                  to the sign-in's registration, under Token configuration, token type ID.",
        },
        Key {
            name: "id_token_algorithms",
            kind: Kind::List(&Kind::Choice(ALGORITHMS)),
            fallback: Fallback::Unset("`[\"RS256\", \"ES256\", \"PS256\", \"EdDSA\"]`"),
            change: Change::Reload,
            doc: "The signatures an ID token may have. Unsigned tokens and those signed with the client secret are never accepted.",
        },
        Key {
            name: "access_token_audiences",
            kind: Kind::List(&Kind::Text("an audience, as `aud` in the token has it")),
            fallback: Fallback::Unset("rules never read the access token"),
            change: Change::Reload,
            doc: "Lets rules read the claims of the sign-in's own access token, as Keycloak's `realm_access.roles`, if its signature, its issuer and one of \
                  these audiences are verified, at sign-in and at each refresh. In Entra: your API's Application (client) ID, or its App ID URI for v1.0 \
                  tokens. A token that can't be verified has no claims for rules, and the log says why.",
        },
        Key {
            name: "graph",
            kind: Kind::Text("an address like \"https://graph.microsoft.com\""),
            fallback: Fallback::Unset("by the cloud of the issuer"),
            change: Change::Reload,
            doc: "Entra only: where Microsoft Graph is, which is asked for the groups of people who are in too many for a token. Needed only for a cloud that is \
                  not known here, or the local provider: `http://127.0.0.1:8081/graph`. The address that the token itself names is never used.",
        },
        Key {
            name: "graph_permissions",
            kind: Kind::Choice(&[
                Choice::new(
                    "delegated",
                    "the person's own: `User.Read`, and a refresh token (`offline_access`)",
                ),
                Choice::new(
                    "application",
                    "this program's own, by `client_secret`: `User.Read.All` and `GroupMember.Read.All`; with one tenant only",
                ),
            ]),
            fallback: Fallback::Value("delegated"),
            change: Change::Reload,
            doc: "Entra only: with whose permissions Microsoft Graph is asked for groups. Grant them in the sign-in's registration, under API permissions.",
        },
        Key {
            name: "clock_skew",
            kind: Kind::Duration {
                least: "0s",
                most: "60s",
            },
            fallback: Fallback::Value("60s"),
            change: Change::Reload,
            doc: "How far the provider's clock may be from this machine's. A larger difference is cured with NTP.",
        },
        Key {
            name: "display_name",
            kind: Kind::Text("what people read"),
            fallback: Fallback::Unset("the name in `[provider.NAME]`, else the issuer's host"),
            change: Change::Reload,
            doc: "The provider's name on the page where people choose one.",
        },
    ],
};

pub(crate) static REDIRECT_ACTIONS: Section = Section {
    name: "redirect_actions",
    heading: "",
    doc: "What the redirect path answers, and where it sends people: `{ info = [\"id_token\"], signed_out_url = \"/bye\" }`.",
    open: None,
    keys: &[
        Key {
            name: "return_urls",
            kind: Kind::List(&Kind::Text("an address like \"https://www.example.com/\"")),
            fallback: Fallback::Unset("only to pages of this site"),
            change: Change::Reload,
            doc: "Below these addresses `logout=` and `refresh=` may send people as well. A path is meant with all that is below it.",
        },
        Key {
            name: "signed_out_url",
            kind: Kind::Text("a path, or an address like \"https://www.example.com/\""),
            fallback: Fallback::Unset("a page that says that they are signed out"),
            change: Change::Reload,
            doc: "Where people go who signed out by an empty `logout=`. Register it at the provider as post-logout redirect URI.",
        },
        Key {
            name: "info",
            kind: Kind::List(&Kind::Choice(FACTS)),
            fallback: Fallback::Unset("`info=` is a 404"),
            change: Change::Reload,
            doc: "What `info=json` and `info=html` tell of the session.",
        },
        Key {
            name: "danger_info_tokens",
            kind: Kind::List(&Kind::Choice(TOKENS)),
            fallback: Fallback::Unset("no token is told"),
            change: Change::Reload,
            doc: "Tokens that `info=` tells as well, as they are. Whatever script runs on a page of this site has them then, and can use them from elsewhere.",
        },
    ],
};

pub(super) const FACTS: &[Choice] = &[
    Choice::new("iat", "the time"),
    Choice::new("id_token", "the claims of the ID token"),
    Choice::new("userinfo", "the claims of user info"),
    Choice::new(
        "access_token_expires",
        "when the sign-in's own access token expires",
    ),
    Choice::new("exp", "when the session ends at the latest"),
    Choice::new("timeout", "when it ends unless it is used"),
    Choice::new(
        "remote_user",
        "the person's name, by `user` of the first route that needs sign-in",
    ),
];

pub(super) const TOKENS: &[Choice] = &[
    Choice::new("access_token", "the sign-in's own access token"),
    Choice::new("refresh_token", "the refresh token"),
    Choice::new("id_token_hint", "the ID token"),
];

pub(super) const ALGORITHMS: &[Choice] = &[
    Choice::new("RS256", ""),
    Choice::new("RS384", ""),
    Choice::new("RS512", ""),
    Choice::new("PS256", ""),
    Choice::new("PS384", ""),
    Choice::new("PS512", ""),
    Choice::new("ES256", ""),
    Choice::new("ES384", ""),
    Choice::new("ES512", ""),
    Choice::new("EdDSA", ""),
];

pub(super) static PARAMETERS: Section = Section {
    name: "authorization_parameters",
    heading: "",
    doc: "Parameters of your own.",
    open: Some(Open {
        placeholder: "PARAMETER",
        kind: Kind::Text("a value"),
        doc: "Sent as it is. The parameters of the protocol itself can't be set here.",
    }),
    keys: &[],
};
