//! Why a sign-in or a sign-out did not come to its end.

use super::ErrorCode;

pub(super) const TITLE: &str = "Sign-in and sign-out";

pub(super) const CODES: &[ErrorCode] = &[
    ErrorCode {
        codes: &["sign_in_not_started_here"],
        meaning: "The provider's answer came to a browser that has no sign-in under way.",
        cure: "Begin at the app's address. A bookmark of the provider's page, a second tab that was faster, \
              cookies that are blocked, or another host than the one it began at lead here.",
    },
    ErrorCode {
        codes: &["sign_in_unreadable"],
        meaning: "The cookie of a sign-in under way can't be opened.",
        cure: "Begin again. Replicas need the same `keys` in `[session]`.",
    },
    ErrorCode {
        codes: &["sign_in_took_too_long"],
        meaning: "The sign-in began too long ago.",
        cure: "Begin again.",
    },
    ErrorCode {
        codes: &[
            "callback_state_missing",
            "callback_state_mismatch",
            "callback_used_before",
            "callback_of_other_provider",
        ],
        meaning: "The provider's answer does not belong to the sign-in that is under way here, or came a second \
              time.",
        cure: "Begin again at the app's address. Going back in the browser, or reloading the last page of a \
              sign-in, leads here.",
    },
    ErrorCode {
        codes: &["callback_issuer_missing", "callback_issuer_mismatch"],
        meaning: "The provider's answer does not name the issuer that was asked (RFC 9207).",
        cure: "Compare `issuer` with what the provider's metadata say. An answer of another provider is never \
              taken.",
    },
    ErrorCode {
        codes: &[
            "callback_too_long",
            "callback_encoding",
            "callback_duplicate_parameter",
            "callback_code_and_error",
            "callback_empty",
            "callback_not_a_form",
        ],
        meaning: "The address the provider sent the browser back to is not what the specification says.",
        cure: "Begin again. If every sign-in ends so, something between rewrites addresses; or `response_mode` \
              is another one than the provider uses.",
    },
    ErrorCode {
        codes: &["sign_in_cancelled"],
        meaning: "The person ended the sign-in at the provider.",
        cure: "Begin again.",
    },
    ErrorCode {
        codes: &["sign_in_refused"],
        meaning: "The provider refused the sign-in, and said why.",
        cure: "The page and the log have a finding. Else give the provider's text to `vestibule explain`.",
    },
    ErrorCode {
        codes: &["sign_in_loop"],
        meaning: "Sign-ins were completed, and the browser came straight back to sign in again.",
        cure: "Let the browser keep cookies for this site; see that the app does not send people to \
              `/.vestibule/sign-in` by itself.",
    },
    ErrorCode {
        codes: &["sign_in_parameter", "return_to_refused"],
        meaning: "The address of the sign-in has a parameter that is not taken: a place to return to that is not \
              on this site, or one twice.",
        cure: "Write a path of this site in `return_to`.",
    },
    ErrorCode {
        codes: &[
            "sign_in_unknown_provider",
            "sign_in_unknown_issuer",
            "sign_in_no_route",
        ],
        meaning: "No provider or route of the configuration is the one that this sign-in asks for.",
        cure: "Look at the names of `[provider.NAME]`, and at `provider` of the routes.",
    },
    ErrorCode {
        codes: &["logged_out_meanwhile"],
        meaning: "The person's sessions were ended while this sign-in was under way.",
        cure: "Begin again.",
    },
    ErrorCode {
        codes: &["session_too_large"],
        meaning: "The session does not fit into cookies.",
        cure: "Ask for fewer claims and tokens, or use a store of another kind: docs/sessions.md.",
    },
    ErrorCode {
        codes: &["session_not_sealed", "pending_cookie", "entropy"],
        meaning: "A cookie could not be made.",
        cure: "A fault of the machine or of this program: look at the log.",
    },
    ErrorCode {
        codes: &["authorization_parameter_reserved"],
        meaning: "`authorization_parameters` names a parameter of the protocol.",
        cure: "Take it out: `vestibule check` names it.",
    },
    ErrorCode {
        codes: &["stopping", "refresh_interrupted"],
        meaning: "The program was stopping.",
        cure: "Try again.",
    },
    ErrorCode {
        codes: &[
            "post_not_kept_type",
            "post_not_kept_fields",
            "post_not_kept_form",
            "post_not_kept_size",
            "post_not_kept_body",
            "post_not_kept_address",
            "post_not_kept_busy",
            "post_not_kept_seal",
            "kept_post_gone",
        ],
        meaning: "A form met the sign-in, and was not kept, or is gone.",
        cure: "Go back, copy what was typed, sign in and send it again. `keep_post` of the route says how large \
              forms may be.",
    },
    ErrorCode {
        codes: &["sign_out_elsewhere"],
        meaning: "The sessions elsewhere could not be ended.",
        cure: "Sign in and sign out everywhere once more. The log says what the store answered.",
    },
    ErrorCode {
        codes: &["logout_by_provider_with_cookie_store"],
        meaning: "The provider asks to end sessions, and the cookie store does not know them.",
        cure: "Use a store of another kind, if the provider is to end sessions: docs/sessions.md.",
    },
    ErrorCode {
        codes: &[
            "front_channel_repeated",
            "front_channel_no_sid",
            "front_channel_issuer",
        ],
        meaning: "A front-channel logout does not name a session of this provider.",
        cure: "Switch on \"session required\" for the front-channel logout at the provider, so that it sends \
              `sid`.",
    },
    ErrorCode {
        codes: &[
            "logout_token_not_in_a_form",
            "logout_token_not_sent",
            "logout_token_repeated",
            "logout_token_encrypted",
            "logout_token_another_kind",
            "logout_token_audience",
            "logout_token_authorized_party",
            "logout_token_expired",
            "logout_token_not_yet_valid",
            "logout_token_too_old",
            "logout_token_names_nobody",
            "logout_token_no_event",
            "logout_token_nonce",
        ],
        meaning: "A back-channel logout does not bring a logout token that is valid for this client.",
        cure: "Compare the client id and the clocks. Strangers can send anything there: nothing was ended.",
    },
    ErrorCode {
        codes: &["logout_token_replayed"],
        meaning: "A logout token came a second time.",
        cure: "Nothing: it was obeyed the first time.",
    },
    ErrorCode {
        codes: &["logout_token_keys_busy"],
        meaning: "Many logout tokens with an unknown key wait for newer keys.",
        cure: "Nothing, if it passes: the provider tries again. Else strangers send them: limit who may ask for \
              `/.vestibule/back-channel-logout`.",
    },
];
