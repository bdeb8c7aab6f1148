//! The inventory is that of the module's own documentation, and everything in it has an outcome.

use std::collections::BTreeSet;

use super::*;

/// `src/cfg/cmds.c` of mod_auth_openidc 2.4.20.3.
const ALL: &str = "
    OIDCAuthNHeader
    OIDCAuthRequestParams
    OIDCBlackListedClaims
    OIDCCABundlePath
    OIDCCacheDir
    OIDCCacheEncrypt
    OIDCCacheFileCleanInterval
    OIDCCacheShmEntrySizeMax
    OIDCCacheShmMax
    OIDCCacheType
    OIDCCertBoundAccessTokens
    OIDCClaimDelimiter
    OIDCClaimPrefix
    OIDCClientContact
    OIDCClientID
    OIDCClientJwksUri
    OIDCClientName
    OIDCClientSecret
    OIDCClientTokenEndpointCert
    OIDCClientTokenEndpointKey
    OIDCClientTokenEndpointKeyPassword
    OIDCCookie
    OIDCCookieDomain
    OIDCCookieHTTPOnly
    OIDCCookiePath
    OIDCCookieSameSite
    OIDCCryptoPassphrase
    OIDCDPoPMode
    OIDCDebugMaskSecrets
    OIDCDefaultLoggedOutURL
    OIDCDefaultURL
    OIDCDiscoverIssuersAllowed
    OIDCDiscoverURL
    OIDCFilterClaimsExpr
    OIDCHTTPTimeoutLong
    OIDCHTTPTimeoutShort
    OIDCIDTokenAudValues
    OIDCIDTokenEncryptedResponseAlg
    OIDCIDTokenEncryptedResponseEnc
    OIDCIDTokenIatSlack
    OIDCIDTokenSignedResponseAlg
    OIDCInfoHook
    OIDCJWKSRefreshInterval
    OIDCLogoutRequestParams
    OIDCLogoutXFrameOptions
    OIDCMemCacheConnectionsHMax
    OIDCMemCacheConnectionsMin
    OIDCMemCacheConnectionsSMax
    OIDCMemCacheConnectionsTTL
    OIDCMemCacheServers
    OIDCMetadataDir
    OIDCMetricsData
    OIDCMetricsPublish
    OIDCOAuthAcceptTokenAs
    OIDCOAuthClientID
    OIDCOAuthClientSecret
    OIDCOAuthDecryptSharedKeys
    OIDCOAuthIntrospectionClientAuthBearerToken
    OIDCOAuthIntrospectionEndpoint
    OIDCOAuthIntrospectionEndpointAuth
    OIDCOAuthIntrospectionEndpointCert
    OIDCOAuthIntrospectionEndpointKey
    OIDCOAuthIntrospectionEndpointKeyPassword
    OIDCOAuthIntrospectionEndpointMethod
    OIDCOAuthIntrospectionEndpointParams
    OIDCOAuthIntrospectionTokenParamName
    OIDCOAuthRemoteUserClaim
    OIDCOAuthSSLValidateServer
    OIDCOAuthServerMetadataURL
    OIDCOAuthTokenExpiryClaim
    OIDCOAuthTokenIntrospectionInterval
    OIDCOAuthVerifyAudience
    OIDCOAuthVerifyCertFiles
    OIDCOAuthVerifyIssuer
    OIDCOAuthVerifyJwksUri
    OIDCOAuthVerifySharedKeys
    OIDCOutgoingProxy
    OIDCPKCEMethod
    OIDCPassAccessToken
    OIDCPassClaimsAs
    OIDCPassCookies
    OIDCPassIDTokenAs
    OIDCPassRefreshToken
    OIDCPassUserInfoAs
    OIDCPathAuthRequestParams
    OIDCPathScope
    OIDCPreservePost
    OIDCPreservePostTemplates
    OIDCPrivateKeyFiles
    OIDCProfile
    OIDCProviderAuthRequestMethod
    OIDCProviderAuthorizationEndpoint
    OIDCProviderBackChannelLogoutSupported
    OIDCProviderCheckSessionIFrame
    OIDCProviderEndSessionEndpoint
    OIDCProviderIssuer
    OIDCProviderJwksUri
    OIDCProviderMetadataRefreshInterval
    OIDCProviderMetadataURL
    OIDCProviderPushedAuthorizationRequestEndpoint
    OIDCProviderRegistrationEndpointJson
    OIDCProviderRevocationEndpoint
    OIDCProviderSignedJwksUri
    OIDCProviderTokenEndpoint
    OIDCProviderTokenEndpointAuth
    OIDCProviderTokenEndpointParams
    OIDCProviderUserInfoEndpoint
    OIDCProviderVerifyCertFiles
    OIDCPublicKeyFiles
    OIDCRedirectURI
    OIDCRedirectURLsAllowed
    OIDCRedisCacheConnectTimeout
    OIDCRedisCacheDatabase
    OIDCRedisCachePassword
    OIDCRedisCacheServer
    OIDCRedisCacheTimeout
    OIDCRedisCacheUsername
    OIDCRefreshAccessTokenBeforeExpiry
    OIDCRemoteUserClaim
    OIDCRequestObject
    OIDCResponseMode
    OIDCResponseType
    OIDCSSLValidateServer
    OIDCScope
    OIDCSessionCacheFallbackToCookie
    OIDCSessionCookieChunkSize
    OIDCSessionInactivityTimeout
    OIDCSessionMaxDuration
    OIDCSessionType
    OIDCStateCookiePrefix
    OIDCStateInputHeaders
    OIDCStateMaxNumberOfCookies
    OIDCStateTimeout
    OIDCStripCookies
    OIDCTraceParent
    OIDCUnAuthAction
    OIDCUnAutzAction
    OIDCUserInfoClaimsExpr
    OIDCUserInfoEncryptedResponseAlg
    OIDCUserInfoEncryptedResponseEnc
    OIDCUserInfoRefreshInterval
    OIDCUserInfoSignedResponseAlg
    OIDCUserInfoTokenMethod
    OIDCValidateIssuer
    OIDCWhiteListedClaims
    OIDCXForwardedHeaders
";

#[test]
fn all_146_directives_are_known_once() {
    let expected: BTreeSet<&str> = ALL.split_whitespace().collect();
    assert_eq!(expected.len(), 146);
    let known: Vec<&str> = names().collect();
    assert_eq!(known.len(), 146, "one is there twice");
    assert_eq!(known.into_iter().collect::<BTreeSet<_>>(), expected);
    assert!(fate("oidcscope").is_some(), "letter case does not count");
    assert!(fate("OIDCScopes").is_none());
}

#[test]
fn what_debian_12_does_not_know_is_in_the_inventory() {
    assert_eq!(LATER.len(), 20);
    assert!(LATER.iter().all(|name| fate(name).is_some()));
    assert!(REMOVED.iter().all(|name| fate(name).is_none()));
}

#[test]
fn what_stops_says_what_to_do() {
    for name in names() {
        match fate(name).unwrap() {
            Fate::Stops { why, help } => assert!(!why.is_empty() && !help.is_empty(), "{name}"),
            Fate::Lost { why, .. } | Fate::Became(why) => assert!(!why.is_empty(), "{name}"),
            Fate::Mapped | Fate::Bearer => {}
        }
    }
}
