//! Why a request to a route did not get to its upstream.

use super::ErrorCode;

pub(super) const TITLE: &str = "Who is signed in, and what they may";

pub(super) const CODES: &[ErrorCode] = &[
    ErrorCode {
        codes: &["no_session"],
        meaning: "Nobody is signed in: the request brought no session cookie.",
        cure: "Sign in: browsers are sent there by themselves, a script gets this 401 and opens \
              `/.vestibule/sign-in`. From another origin a script has to send cookies: `credentials: \
              \"include\"`, and `allowed_origins` of the route. A program without a browser can't use a route \
              that needs a session.",
    },
    ErrorCode {
        codes: &["session_unknown"],
        meaning: "The cookie names a session that is not known, or whose provider is not in the configuration any \
                  more.",
        cure: "Sign in again. If this happens to everybody after each restart, the store is `memory`; if to \
              some of them behind several replicas, these do not share their store; if to those of one provider \
              after a change of the configuration, that provider is gone, or has another name or issuer.",
    },
    ErrorCode {
        codes: &["session_idle", "session_over"],
        meaning: "The session has ended: nobody used it for `idle_timeout`, or it is older than \
              `absolute_timeout`.",
        cure: "Sign in again. `[session]` has both times.",
    },
    ErrorCode {
        codes: &["session_from_the_future"],
        meaning: "The session begins later than it is now.",
        cure: "Set the clocks of the replicas by NTP.",
    },
    ErrorCode {
        codes: &["session_of_other_site"],
        meaning: "The session belongs to another host of `public_url`.",
        cure: "Sign in on this host: each has its own sessions.",
    },
    ErrorCode {
        codes: &["session_of_other_provider"],
        meaning: "The session was made with another provider than this route asks for.",
        cure: "Sign in again for this route, or let the route take that provider.",
    },
    ErrorCode {
        codes: &["session_cookie_malformed", "cookie_malformed"],
        meaning: "The session cookie is none of ours.",
        cure: "Delete the cookies of this site. If it comes back, an app behind the proxy sets a cookie of the \
              same name.",
    },
    ErrorCode {
        codes: &["session_cookie_ambiguous", "cookie_ambiguous"],
        meaning: "The request brings several session cookies that name different sessions.",
        cure: "Delete the cookies of this site. An app on a parent domain may set one of the same name.",
    },
    ErrorCode {
        codes: &["authorization_not_accepted"],
        meaning: "The request brings an `Authorization` field, and this route signs people in by session.",
        cure: "Send it without, from a browser that is signed in. Passwords of HTTP and bearer tokens are not \
              taken here.",
    },
    ErrorCode {
        codes: &[
            "authorization_other_scheme",
            "authorization_repeated",
            "authorization_malformed",
        ],
        meaning: "The `Authorization` field of the request can't be read.",
        cure: "Correct the client: one field, a scheme, a blank, a value.",
    },
    ErrorCode {
        codes: &["origin_not_allowed"],
        meaning: "A page of another origin sent a request that can change something.",
        cure: "If it is yours: name its origin in `allowed_origins` of the route.",
    },
    ErrorCode {
        codes: &["fetch_site_not_same", "origin_missing"],
        meaning: "A request that can change something does not show that a page of this site sent it.",
        cure: "Browsers send `Origin` or `Sec-Fetch-Site` by themselves; a program sends `Origin` with the \
              public URL. A proxy in front must not take them away.",
    },
    ErrorCode {
        codes: &["anti_forgery_header_missing"],
        meaning: "This request needs a header that pages of other origins can't send.",
        cure: "Send the header that docs/browser-apps.md names.",
    },
    ErrorCode {
        codes: &["claim_missing"],
        meaning: "A rule of the route asks for a claim that this person's tokens do not have.",
        cure: "Have the provider send it. For groups in Microsoft Entra ID: Token configuration > Add groups \
              claim; for roles: App roles, and Enterprise applications > Users and groups. The log has a \
              finding with the place. `vestibule explain --request --session-claims` shows which rule it is.",
    },
    ErrorCode {
        codes: &["claim_differs"],
        meaning: "A rule of the route asks for other values of a claim than this person has.",
        cure: "It works as configured. If they are to get in, give them the group or role at the provider, or \
              change `require` of the route; then sign in again.",
    },
    ErrorCode {
        codes: &["claim_of_another_kind"],
        meaning: "A claim is of another kind than the rule: an object, or a number where the rule has text.",
        cure: "Write the value in `require` as the token has it; `vestibule explain` shows a token's claims.",
    },
    ErrorCode {
        codes: &["no_rules"],
        meaning: "The route lets nobody in: it has no rule that could.",
        cure: "Write `require` of the route.",
    },
    ErrorCode {
        codes: &[
            "not",
            "claim_matches",
            "scope_granted",
            "method_matches",
            "network_matches",
        ],
        meaning: "A rule of the route excludes this person or request.",
        cure: "It works as configured: look at `not` in `require` of the route.",
    },
    ErrorCode {
        codes: &["any", "all"],
        meaning: "None of several rules of the route lets this person in.",
        cure: "It works as configured. `vestibule explain --request` shows each rule with its outcome.",
    },
    ErrorCode {
        codes: &[
            "groups_overage",
            "groups_forbidden",
            "groups_no_token",
            "groups_no_refresh_token",
            "groups_no_answer",
            "groups_unusable",
            "groups_too_many",
            "groups_nowhere_to_ask",
        ],
        meaning: "The person is in too many groups for a token, and the rule could not learn of them from \
              Microsoft Graph.",
        cure: "The page and the log have a finding with the cure: docs/groups.md has all of it.",
    },
    ErrorCode {
        codes: &["scope_not_granted"],
        meaning: "A rule of the route asks for a scope that the sign-in was not granted.",
        cure: "Ask for it in `scopes` of the provider, and grant it there.",
    },
    ErrorCode {
        codes: &["method_differs", "network_differs"],
        meaning: "A rule of the route is about methods or networks, and this request has another.",
        cure: "It works as configured. If all people seem to come from one address, name the proxy in front in \
              `trusted_proxies`.",
    },
    ErrorCode {
        codes: &["user_missing"],
        meaning: "The person lacks the claim by which the route knows people.",
        cure: "Name a fallback in `user` of the route, as `[\"upn\", \"sub\"]`, or have the provider send the \
              claim.",
    },
    ErrorCode {
        codes: &["store_unavailable"],
        meaning: "The session store can't be asked.",
        cure: "`vestibule doctor` says what is wrong with it. Nobody is signed out by this.",
    },
    ErrorCode {
        codes: &["store_full"],
        meaning: "The session store takes nothing more.",
        cure: "Make room on the disk, or raise the store's limit.",
    },
    ErrorCode {
        codes: &["store_corrupt", "store_key_taken"],
        meaning: "The session store gave or met a record that can't be right.",
        cure: "The log has the cause. For a damaged file see docs/sessions.md; two programs must not write the \
              same keys of one Redis.",
    },
    ErrorCode {
        codes: &[
            "info_interval",
            "redirect_action_repeated",
            "redirect_action_not_done",
            "renew_without_target",
            "redirect_target",
            "redirect_target_unclear",
            "redirect_target_not_allowed",
        ],
        meaning: "An address in the manner of mod_auth_openidc's redirect URI has a parameter that is not taken.",
        cure: "docs/apache.md lists what is answered there. Sites that people may be sent to are named in \
              `return_urls` of `redirect_actions`.",
    },
];
