//! Why a token was not got or not believed.

use super::ErrorCode;

pub(super) const TITLE: &str = "Tokens";

pub(super) const CODES: &[ErrorCode] = &[
    ErrorCode {
        codes: &["token_refused"],
        meaning: "The provider did not give tokens for the code of a sign-in.",
        cure: "The log has the provider's error and a finding: mostly the client secret, or a code that was \
              used before.",
    },
    ErrorCode {
        codes: &[
            "token_status",
            "token_response_not_json",
            "token_response_json",
            "token_response_missing",
            "token_response_member",
            "token_type",
        ],
        meaning: "The answer of the provider's token endpoint is not what the specification says.",
        cure: "See with `vestibule doctor` what answers there.",
    },
    ErrorCode {
        codes: &[
            "id_token_missing",
            "access_token_missing",
            "access_token_not_given",
        ],
        meaning: "The provider's answer lacks a token that is needed.",
        cure: "Have `scopes` of the provider begin with \"openid\", and let the provider give the scope that \
              the route asks for.",
    },
    ErrorCode {
        codes: &["id_token_encrypted"],
        meaning: "The ID token is encrypted, and that can't be read here.",
        cure: "Switch encryption of ID tokens off at the provider.",
    },
    ErrorCode {
        codes: &[
            "id_token_audience",
            "id_token_authorized_party",
            "id_token_another_kind",
            "id_token_changed",
            "id_token_hash_mismatch",
        ],
        meaning: "The ID token is not for this client, or not of this answer.",
        cure: "Compare `client_id` with the registration at the provider.",
    },
    ErrorCode {
        codes: &[
            "id_token_expired",
            "id_token_not_yet_valid",
            "access_token_not_yet_valid",
        ],
        meaning: "A token is of another time than this machine's.",
        cure: "Set the clock by NTP; `vestibule doctor` compares it with the provider's.",
    },
    ErrorCode {
        codes: &["id_token_nonce_missing", "id_token_nonce_mismatch"],
        meaning: "The ID token is not of the sign-in that this browser began.",
        cure: "Begin again. If every sign-in ends so, something keeps and repeats answers of the provider.",
    },
    ErrorCode {
        codes: &["id_token_acr", "id_token_authentication_too_old"],
        meaning: "The person did not sign in at the provider as the configuration asks: too long ago, or in a \
              weaker way.",
        cure: "Sign in again. Let the provider's policy do what `max_age` and `authorization_parameters` ask \
              for.",
    },
    ErrorCode {
        codes: &[
            "issuer_mismatch",
            "tenant_mismatch",
            "tenant_not_allowed",
            "tenant_duplicate",
            "key_of_another_issuer",
            "key_of_another_cloud",
        ],
        meaning: "The token's issuer or tenant is none that is accepted.",
        cure: "Compare `issuer` and `tenants` of the provider with the token's `iss` and `tid`. Who is of \
              another organization is refused as configured.",
    },
    ErrorCode {
        codes: &[
            "token_too_long",
            "token_parts",
            "token_encoding",
            "token_json",
            "token_header",
            "token_unsigned",
            "token_symmetric_algorithm",
            "token_unknown_algorithm",
            "token_critical_extension",
            "token_key_id_too_long",
            "algorithm_not_allowed",
            "unknown_key",
            "wrong_kind_of_key",
            "bad_signature",
        ],
        meaning: "The token is none that the provider's keys verify.",
        cure: "Give the token to `vestibule explain`: it names the check that fails. After a change of keys \
              wait for a minute, and see with `vestibule doctor` what the provider publishes.",
    },
    ErrorCode {
        codes: &["claim_wrong_type", "claim_out_of_range", "claim_length"],
        meaning: "A claim of a token has another form than the specification says.",
        cure: "Correct the mapping of claims at the provider: `vestibule explain` shows the token's.",
    },
    ErrorCode {
        codes: &[
            "userinfo_status",
            "userinfo_not_json",
            "userinfo_json",
            "userinfo_subject",
            "userinfo_another_subject",
            "userinfo_another_kind",
            "userinfo_issuer",
            "userinfo_audience",
            "userinfo_signature",
            "userinfo_time",
        ],
        meaning: "User info can't be used.",
        cure: "Write `userinfo = false` for the provider if its ID tokens have what you need: those of \
              Microsoft Entra ID do.",
    },
    ErrorCode {
        codes: &["userinfo_not_signed"],
        meaning: "User info came as plain JSON, and `userinfo = \"signed\"` takes none that is not signed.",
        cure: "Have the provider sign it: `userinfo_signed_response_alg` of the registration. Or write `userinfo = true`.",
    },
    ErrorCode {
        codes: &["access_token_another_kind", "access_token_audience"],
        meaning: "The sign-in's own access token is not for what `access_token_audiences` names, so rules do not \
              read it.",
        cure: "Compare `access_token_audiences` with the token's `aud`.",
    },
    ErrorCode {
        codes: &["access_token_expired", "no_refresh_token"],
        meaning: "The route's access token has expired or was never fetched, and there is no refresh token.",
        cure: "Have `scopes` of the provider ask for \"offline_access\" and the provider grant it; then sign in \
              again.",
    },
    ErrorCode {
        codes: &["refresh_refused", "resource_unknown"],
        meaning: "The provider did not give the route's access token.",
        cure: "The log has the provider's error and a finding. Look at `access_token` of the route.",
    },
    ErrorCode {
        codes: &["refresh_needs_interaction"],
        meaning: "The provider wants to see the person before it gives the token.",
        cure: "Sign in again: browsers are sent there by themselves.",
    },
    ErrorCode {
        codes: &["grant_over", "session_ended"],
        meaning: "The provider says that the sign-in is over: a changed password, a revoked session, or too long a \
              time.",
        cure: "Sign in again.",
    },
    ErrorCode {
        codes: &["refresh_other_person", "refresh_id_token"],
        meaning: "What came with a refresh is about somebody else, or proves nothing.",
        cure: "The log names the check that failed.",
    },
    ErrorCode {
        codes: &[
            "session_provider_unknown",
            "session_of_other_issuer",
            "access_token_asked_otherwise",
        ],
        meaning: "The session is from before a change of the configuration.",
        cure: "Sign in again.",
    },
];
