//! Why the provider could not be used.

use super::ErrorCode;

pub(super) const TITLE: &str = "The provider and its documents";

pub(super) const CODES: &[ErrorCode] = &[
    ErrorCode {
        codes: &["provider_unavailable"],
        meaning: "The provider does not answer.",
        cure: "`vestibule doctor` asks it from this machine, and says at which step it fails. It is tried again \
              by itself.",
    },
    ErrorCode {
        codes: &["outbound_proxy"],
        meaning: "The way to the provider is through the proxy of `[outbound]`, and that lets nothing through.",
        cure: "Correct `proxy` in `[outbound]`, or start that proxy: the log names it, and what it did.",
    },
    ErrorCode {
        codes: &[
            "provider_redirects",
            "provider_answer_too_large",
            "provider_status",
            "provider_not_json",
        ],
        meaning: "The provider, or something between, answers with something else than was asked for.",
        cure: "`vestibule doctor` shows what answers. A page of HTML comes from a firewall or a wrong address.",
    },
    ErrorCode {
        codes: &[
            "provider_metadata",
            "provider_issuer_changed",
            "provider_endpoint_missing",
            "provider_endpoint_address",
            "metadata_json",
            "metadata_missing",
            "metadata_wrong_type",
            "metadata_endpoint",
            "metadata_pkce_s256_not_listed",
            "metadata_code_not_listed",
            "metadata_no_known_signing_algorithm",
            "issuer_different",
            "issuer_tenants_missing",
        ],
        meaning: "The provider's metadata can't be used.",
        cure: "Compare `issuer` with the `issuer` in the document, letter for letter; `vestibule doctor` names \
              the member that is wrong.",
    },
    ErrorCode {
        codes: &[
            "provider_keys",
            "provider_no_usable_key",
            "key_set_json",
            "key_set_no_keys",
            "key_set_too_many",
            "jwk_member",
            "jwk_key_id_too_long",
            "jwk_unknown_kind",
            "jwk_not_for_signatures",
            "jwk_algorithm",
            "jwk_private_part_published",
            "jwk_rsa_size",
            "jwk_rsa_exponent",
            "jwk_malformed",
        ],
        meaning: "The provider's keys can't be used.",
        cure: "`vestibule doctor` says how many of them can. Have the provider publish RSA or EC keys for \
              signatures at its `jwks_uri`.",
    },
    ErrorCode {
        codes: &[
            "json_too_large",
            "json_syntax",
            "json_duplicate_member",
            "json_too_deep",
            "json_too_many_members",
            "json_not_an_object",
        ],
        meaning: "A document of the provider, or a part of a token, is no JSON object that can be read.",
        cure: "`vestibule doctor` shows what answers at the address; give a token to `vestibule explain`.",
    },
];
