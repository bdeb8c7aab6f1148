//! Every directive of mod_auth_openidc, 146 as of 2.4.20, and what becomes of each.

/// What becomes of a directive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is mapped, by its value.
    Mapped,
    /// It is for callers with a bearer token, and counts only where there are such.
    Bearer,
    /// Vestibule does the same by itself.
    Became(&'static str),
    /// It is not carried over; nothing opens by that.
    Lost {
        /// What is so instead.
        why: &'static str,
        /// What to do; may be empty.
        help: &'static str,
    },
    /// The import stops.
    Stops {
        /// What would be so otherwise.
        why: &'static str,
        /// What to do.
        help: &'static str,
    },
}

struct Group {
    names: &'static [&'static str],
    fate: Fate,
}

static GROUPS: &[Group] = &[
    Group {
        names: &[
            "OIDCProviderMetadataURL",
            "OIDCProviderIssuer",
            "OIDCProviderUserInfoEndpoint",
            "OIDCProviderBackChannelLogoutSupported",
            "OIDCValidateIssuer",
            "OIDCSSLValidateServer",
            "OIDCRedirectURI",
            "OIDCClientID",
            "OIDCClientSecret",
            "OIDCProviderTokenEndpointAuth",
            "OIDCCertBoundAccessTokens",
            "OIDCScope",
            "OIDCPathScope",
            "OIDCAuthRequestParams",
            "OIDCPathAuthRequestParams",
            "OIDCResponseType",
            "OIDCResponseMode",
            "OIDCProviderAuthRequestMethod",
            "OIDCPKCEMethod",
            "OIDCProfile",
            "OIDCDPoPMode",
            "OIDCIDTokenSignedResponseAlg",
            "OIDCIDTokenAudValues",
            "OIDCIDTokenIatSlack",
            "OIDCUserInfoTokenMethod",
            "OIDCCryptoPassphrase",
            "OIDCSessionType",
            "OIDCSessionInactivityTimeout",
            "OIDCSessionMaxDuration",
            "OIDCCookie",
            "OIDCCookieHTTPOnly",
            "OIDCCookieSameSite",
            "OIDCStripCookies",
            "OIDCCacheType",
            "OIDCPassClaimsAs",
            "OIDCClaimPrefix",
            "OIDCClaimDelimiter",
            "OIDCRemoteUserClaim",
            "OIDCAuthNHeader",
            "OIDCPassIDTokenAs",
            "OIDCPassUserInfoAs",
            "OIDCPassAccessToken",
            "OIDCPassRefreshToken",
            "OIDCBlackListedClaims",
            "OIDCWhiteListedClaims",
            "OIDCUnAuthAction",
            "OIDCUnAutzAction",
            "OIDCPreservePost",
            "OIDCRefreshAccessTokenBeforeExpiry",
            "OIDCOutgoingProxy",
            "OIDCCABundlePath",
            "OIDCXForwardedHeaders",
            "OIDCInfoHook",
            "OIDCRedirectURLsAllowed",
            "OIDCDefaultLoggedOutURL",
        ],
        fate: Fate::Mapped,
    },
    Group {
        names: &[
            "OIDCProviderMetadataRefreshInterval",
            "OIDCJWKSRefreshInterval",
        ],
        fate: Fate::Lost {
            why: "metadata and keys are read again by themselves, and at once when a key is unknown",
            help: "",
        },
    },
    Group {
        names: &[
            "OIDCProviderAuthorizationEndpoint",
            "OIDCProviderTokenEndpoint",
            "OIDCProviderJwksUri",
        ],
        fate: Fate::Mapped,
    },
    Group {
        names: &[
            "OIDCProviderEndSessionEndpoint",
            "OIDCProviderRevocationEndpoint",
            "OIDCProviderPushedAuthorizationRequestEndpoint",
        ],
        fate: Fate::Lost {
            why: "its address is taken from the metadata, whatever is written here",
            help: "run `vestibule doctor`, which asks the addresses in the metadata",
        },
    },
    Group {
        names: &["OIDCProviderSignedJwksUri"],
        fate: Fate::Stops {
            why: "key sets that are signed themselves are not verified here, and unsigned ones would be believed instead",
            help: "take it out if the keys of the metadata may be believed",
        },
    },
    Group {
        names: &["OIDCProviderVerifyCertFiles"],
        fate: Fate::Stops {
            why: "the keys that sign ID tokens can't be pinned here: those of the metadata would be believed instead",
            help: "take it out if the keys of the metadata may be believed",
        },
    },
    Group {
        names: &["OIDCProviderCheckSessionIFrame"],
        fate: Fate::Lost {
            why: "the session at the provider is not watched in a frame, which browsers no longer allow",
            help: "",
        },
    },
    Group {
        names: &["OIDCProviderRegistrationEndpointJson"],
        fate: Fate::Stops {
            why: "clients are not registered by themselves here",
            help: "register at the provider, and write OIDCProviderMetadataURL, OIDCClientID and OIDCClientSecret",
        },
    },
    Group {
        names: &["OIDCMetadataDir"],
        fate: Fate::Stops {
            why: "the files in this folder are not read, and clients are not registered by themselves here",
            help: "write OIDCProviderMetadataURL, and OIDCClientID and OIDCClientSecret as the provider's .client file there has them; providers of several hosts are written into a <VirtualHost> each",
        },
    },
    Group {
        names: &["OIDCDiscoverURL", "OIDCDiscoverIssuersAllowed"],
        fate: Fate::Lost {
            why: "nobody chooses among providers where there is one",
            help: "",
        },
    },
    Group {
        names: &["OIDCProviderTokenEndpointParams"],
        fate: Fate::Stops {
            why: "parameters of your own can't be sent to the token endpoint",
            help: "take it out if the provider needs none; a scope belongs in OIDCScope",
        },
    },
    Group {
        names: &[
            "OIDCClientTokenEndpointCert",
            "OIDCClientTokenEndpointKey",
            "OIDCClientTokenEndpointKeyPassword",
        ],
        fate: Fate::Stops {
            why: "a client certificate instead of a secret is not built yet",
            help: "use a secret at the provider: OIDCClientSecret",
        },
    },
    Group {
        names: &["OIDCClientName", "OIDCClientContact", "OIDCClientJwksUri"],
        fate: Fate::Lost {
            why: "it is for dynamic registration alone, which is not done here",
            help: "",
        },
    },
    Group {
        names: &["OIDCRequestObject"],
        fate: Fate::Stops {
            why: "request objects are not built",
            help: "take it out if the provider takes plain parameters",
        },
    },
    Group {
        names: &[
            "OIDCIDTokenEncryptedResponseAlg",
            "OIDCIDTokenEncryptedResponseEnc",
            "OIDCUserInfoEncryptedResponseAlg",
            "OIDCUserInfoEncryptedResponseEnc",
        ],
        fate: Fate::Stops {
            why: "encrypted ID tokens and user info are not read",
            help: "have the provider send them signed only",
        },
    },
    Group {
        names: &["OIDCUserInfoSignedResponseAlg"],
        fate: Fate::Mapped,
    },
    Group {
        names: &["OIDCUserInfoRefreshInterval"],
        fate: Fate::Lost {
            why: "user info is asked at sign-in, when tokens are renewed, and when what is known is 90 minutes old",
            help: "",
        },
    },
    Group {
        names: &["OIDCPublicKeyFiles", "OIDCPrivateKeyFiles"],
        fate: Fate::Stops {
            why: "keys of our own are for private_key_jwt, encryption and signed_jwt, which are not built",
            help: "use a secret at the provider: OIDCClientSecret",
        },
    },
    Group {
        names: &["OIDCStateTimeout"],
        fate: Fate::Lost {
            why: "a sign-in may take ten minutes, always",
            help: "",
        },
    },
    Group {
        names: &["OIDCStateMaxNumberOfCookies"],
        fate: Fate::Lost {
            why: "of sign-ins on their way the oldest give way when our cookies together reach the limit, and none is answered with 503",
            help: "session.cookie_limit is that limit, 8 KiB",
        },
    },
    Group {
        names: &["OIDCStateCookiePrefix"],
        fate: Fate::Lost {
            why: "the cookies of sign-ins on their way have a name of their own",
            help: "",
        },
    },
    Group {
        names: &["OIDCStateInputHeaders"],
        fate: Fate::Lost {
            why: "a sign-in is bound to the browser by its sealed cookie, not by headers",
            help: "",
        },
    },
    Group {
        names: &["OIDCSessionCookieChunkSize"],
        fate: Fate::Lost {
            why: "the browser holds only a handle, which needs no pieces",
            help: "",
        },
    },
    Group {
        names: &["OIDCSessionCacheFallbackToCookie"],
        fate: Fate::Lost {
            why: "while the store can't be asked the answer is 503, and nobody is signed out",
            help: "",
        },
    },
    Group {
        names: &["OIDCCookiePath"],
        fate: Fate::Lost {
            why: "the cookie is for the whole of its host (`__Host-` asks for that); a path keeps no page of the host from it anyway",
            help: "",
        },
    },
    Group {
        names: &["OIDCCookieDomain"],
        fate: Fate::Lost {
            why: "each host has a session of its own, in a cookie that browsers let no other host read or set (`__Host-`): with one for a whole domain, any host of it could put a session in a person's place",
            help: "name all hosts (OIDCRedirectURI as a path, with ServerAlias): people are sent to sign in at each, and the provider, which knows them, sends them right back",
        },
    },
    Group {
        names: &["OIDCPassCookies"],
        fate: Fate::Lost {
            why: "no cookie of the browser goes to the provider",
            help: "",
        },
    },
    Group {
        names: &[
            "OIDCCacheEncrypt",
            "OIDCCacheShmMax",
            "OIDCCacheShmEntrySizeMax",
            "OIDCCacheDir",
            "OIDCCacheFileCleanInterval",
            "OIDCMemCacheServers",
            "OIDCMemCacheConnectionsMin",
            "OIDCMemCacheConnectionsSMax",
            "OIDCMemCacheConnectionsHMax",
            "OIDCMemCacheConnectionsTTL",
            "OIDCRedisCacheServer",
            "OIDCRedisCacheUsername",
            "OIDCRedisCachePassword",
            "OIDCRedisCacheDatabase",
            "OIDCRedisCacheConnectTimeout",
            "OIDCRedisCacheTimeout",
        ],
        fate: Fate::Lost {
            why: "sessions live in Vestibule's own store, sealed",
            help: "",
        },
    },
    Group {
        names: &["OIDCFilterClaimsExpr", "OIDCUserInfoClaimsExpr"],
        fate: Fate::Stops {
            why: "jq filters are not run",
            help: "take it out if the upstream may see the claims as they are",
        },
    },
    Group {
        names: &["OIDCPreservePostTemplates"],
        fate: Fate::Lost {
            why: "forms are kept here (keep_post), and the page that sends them again is our own",
            help: "",
        },
    },
    Group {
        names: &["OIDCDefaultURL"],
        fate: Fate::Mapped,
    },
    Group {
        names: &["OIDCLogoutRequestParams"],
        fate: Fate::Lost {
            why: "the provider gets the parameters of the specification at sign-out, and no others",
            help: "",
        },
    },
    Group {
        names: &["OIDCLogoutXFrameOptions"],
        fate: Fate::Became(
            "the provider's pages, and no others, may hold the frame that ends a session",
        ),
    },
    Group {
        names: &[
            "OIDCOAuthServerMetadataURL",
            "OIDCOAuthIntrospectionEndpoint",
            "OIDCOAuthIntrospectionEndpointMethod",
            "OIDCOAuthIntrospectionEndpointParams",
            "OIDCOAuthIntrospectionEndpointAuth",
            "OIDCOAuthIntrospectionClientAuthBearerToken",
            "OIDCOAuthIntrospectionEndpointCert",
            "OIDCOAuthIntrospectionEndpointKey",
            "OIDCOAuthIntrospectionEndpointKeyPassword",
            "OIDCOAuthIntrospectionTokenParamName",
            "OIDCOAuthClientID",
            "OIDCOAuthClientSecret",
            "OIDCOAuthTokenExpiryClaim",
            "OIDCOAuthTokenIntrospectionInterval",
            "OIDCOAuthSSLValidateServer",
            "OIDCOAuthVerifyJwksUri",
            "OIDCOAuthVerifyCertFiles",
            "OIDCOAuthVerifySharedKeys",
            "OIDCOAuthDecryptSharedKeys",
            "OIDCOAuthVerifyAudience",
            "OIDCOAuthVerifyIssuer",
            "OIDCOAuthRemoteUserClaim",
            "OIDCOAuthAcceptTokenAs",
        ],
        fate: Fate::Bearer,
    },
    Group {
        names: &["OIDCHTTPTimeoutLong", "OIDCHTTPTimeoutShort"],
        fate: Fate::Lost {
            why: "calls to the provider have deadlines of their own",
            help: "",
        },
    },
    Group {
        names: &["OIDCTraceParent"],
        fate: Fate::Lost {
            why: "no trace header is made",
            help: "",
        },
    },
    Group {
        names: &["OIDCMetricsData", "OIDCMetricsPublish"],
        fate: Fate::Lost {
            why: "metrics are at [admin], on a listener of its own",
            help: "add [admin] listen = \"127.0.0.1:9090\"",
        },
    },
    Group {
        names: &["OIDCDebugMaskSecrets"],
        fate: Fate::Became("no secret is ever logged"),
    },
];

/// Those that Debian 12's version does not know: it would not start with one.
static LATER: &[&str] = &[
    "OIDCProviderSignedJwksUri",
    "OIDCProviderPushedAuthorizationRequestEndpoint",
    "OIDCDiscoverIssuersAllowed",
    "OIDCCertBoundAccessTokens",
    "OIDCProfile",
    "OIDCDPoPMode",
    "OIDCIDTokenAudValues",
    "OIDCPassAccessToken",
    "OIDCFilterClaimsExpr",
    "OIDCUserInfoClaimsExpr",
    "OIDCPreservePostTemplates",
    "OIDCLogoutRequestParams",
    "OIDCOAuthIntrospectionEndpointKeyPassword",
    "OIDCOAuthDecryptSharedKeys",
    "OIDCOAuthVerifyAudience",
    "OIDCOAuthVerifyIssuer",
    "OIDCTraceParent",
    "OIDCMetricsData",
    "OIDCMetricsPublish",
    "OIDCDebugMaskSecrets",
];

/// Those that were taken out since Debian 12's version.
pub(crate) static REMOVED: &[&str] = &[
    "OIDCHTMLErrorTemplate",
    "OIDCTokenBindingPolicy",
    "OIDCOAuthAccessTokenBindingPolicy",
];

/// Every directive's name.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    GROUPS.iter().flat_map(|group| group.names.iter().copied())
}

/// What becomes of the directive `name`; `None` if the module has no such.
pub(crate) fn fate(name: &str) -> Option<Fate> {
    let is_it = |known: &&str| known.eq_ignore_ascii_case(name);
    GROUPS
        .iter()
        .find(|group| group.names.iter().any(is_it))
        .map(|group| group.fate)
}

/// Whether Debian 12's version does not know it.
pub(crate) fn is_later(name: &str) -> bool {
    LATER.iter().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests;
