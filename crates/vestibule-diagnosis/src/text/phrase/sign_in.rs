//! What signs people in or stands before an API, and what it writes: proxies, gateways, frameworks.

use super::Phrase;
use crate::text::Saying::{
    Algorithm, Audience, CookieTooLarge, CookieUnreadable, EmailUnverified, Expired, HashMismatch,
    Issuer, KeycloakAudience, KeysNotFetched, Malformed, MetadataIssuer, NeedsPerson, NoAnswer,
    NoEnd, NoHash, NoPopup, NoRole, NoToken, NoUserName, NonceMismatch, NoneWithoutSecure,
    NotAllowed, NotYet, Permission, SignInUnderWay, Signature, StateExpired, StateMissing,
    TooManyStateCookies, UnknownKey, UserInfoRefused,
};

pub(super) const PHRASES: &[Phrase] = &[
    // mod_auth_openidc.
    (&["state cookie found: check domain"], StateMissing),
    (
        &["mod_auth_openidc_state_", "state cookie found"],
        StateMissing,
    ),
    (&["unable to restore state"], StateMissing),
    (&["no matching state", "cookie"], StateMissing),
    (
        &["calculated state from cookie does not match"],
        StateMissing,
    ),
    (&["state has expired"], StateExpired),
    (
        &["state cookies", "exceeded the limit"],
        TooManyStateCookies,
    ),
    (
        &["length of the cookie value", "greater than"],
        CookieTooLarge,
    ),
    (&["nonce value", "did not match"], NonceMismatch),
    (&["nonce value", "already used"], NonceMismatch),
    (
        &[
            "our configured client_id",
            "could not be found in the array of values for",
        ],
        Audience,
    ),
    (
        &[
            "the configured client_id",
            "did not match the \"aud\" claim",
        ],
        Audience,
    ),
    (&["requested issuer", "does not match received"], Issuer),
    (&["\"exp\" validation failure"], Expired),
    (&["\"iat\" validation failure", "in the future"], NotYet),
    (&["could not parse jwt from access_token"], Malformed),
    (&["oidc_userinfo_retrieve", "401"], UserInfoRefused),
    (&["could not find key with kid"], UnknownKey),
    (
        &["could not verify signature against any of the"],
        Signature,
    ),
    (
        &["could not set the user based on the requested claim"],
        NoUserName,
    ),
    (
        &["json object did not contain a", "oidc_get_remote_user"],
        NoUserName,
    ),
    (&["oidc_cache_crypto_decrypt", "failed"], CookieUnreadable),
    (
        &["\"at_hash\" hash value", "does not match the calculated"],
        HashMismatch,
    ),
    (
        &["could not validate access token against \"at_hash\""],
        HashMismatch,
    ),
    (&["but no at_hash found in id_token"], NoHash),
    (&["retrieved discovery document failed"], KeysNotFetched),
    (&["ah01631", "authorization failure for"], NotAllowed),
    (&["could not match require claim expression"], NotAllowed),
    // lua-resty-openidc, and with it plugins of Kong and APISIX.
    (&["but there's no session state found"], StateMissing),
    (
        &[
            "state from argument",
            "does not match state restored from session",
        ],
        StateMissing,
    ),
    (
        &["in id_token is not equal to the nonce that was sent"],
        NonceMismatch,
    ),
    (
        &["in id_token is not equal to the issuer from the discovery"],
        Issuer,
    ),
    (
        &["iss from argument", "does not match expected issuer"],
        Issuer,
    ),
    (&["token audience does not match: id_token.aud="], Audience),
    (&["no match found token audience array"], Audience),
    (&["id_token not yet valid: id_token.iat="], NotYet),
    (&["token expired: id_token.exp="], Expired),
    (&["token expired: json.exp="], Expired),
    (&["rsa key with id", "not found"], UnknownKey),
    (&["token is signed by unexpected algorithm"], Algorithm),
    (&["id_token '", "signature verification failed"], Signature),
    (&["accessing discovery url (", "failed"], KeysNotFetched),
    (&["accessing jwks url (", "failed"], KeysNotFetched),
    // oauth2-proxy.
    (&["unable to obtain csrf cookie"], StateMissing),
    (&["csrf token mismatch"], StateMissing),
    (
        &["invalid authentication via oauth2: unauthorized"],
        NotAllowed,
    ),
    (&["csrf cookie", "named cookie not present"], StateMissing),
    (
        &["csrf cookie", "cookie signature not valid"],
        CookieUnreadable,
    ),
    (
        &["loading cookied session", "cookie signature not valid"],
        CookieUnreadable,
    ),
    (
        &["multiple cookies are required for this session"],
        CookieTooLarge,
    ),
    (&["audience from claim", "[account]"], KeycloakAudience),
    (
        &[
            "audience from claim",
            "does not match with any of allowed audiences",
        ],
        Audience,
    ),
    (&["email in id_token", "isn't verified"], EmailUnverified),
    (
        &["error making request to profile url", "\"401\""],
        UserInfoRefused,
    ),
    (
        &["neither the id_token nor the profileurl set an email"],
        NoUserName,
    ),
    (&["id token issued by a different provider"], Issuer),
    (
        &["issuer did not match the issuer returned by provider"],
        Issuer,
    ),
    (&["oidc: expected audience"], Audience),
    (&["oidc: token is expired"], Expired),
    (&["failed to verify id token signature"], Signature),
    (&["id_token nonce", "does not match"], NonceMismatch),
    // ASP.NET Core.
    (&["correlation failed"], StateMissing),
    (
        &[".aspnetcore.correlation.", "cookie not found"],
        StateMissing,
    ),
    (&["unable to unprotect the message.state"], CookieUnreadable),
    (&["was not found in the key ring"], CookieUnreadable),
    (&["unprotect ticket failed"], CookieUnreadable),
    (
        &["authorization failed. these requirements were not met"],
        NotAllowed,
    ),
    (
        &["has set 'samesite=none' and must also set 'secure'"],
        NoneWithoutSecure,
    ),
    (&["the audience '", "' is invalid"], Audience),
    (&["the issuer '", "' is invalid"], Issuer),
    (&["the signature key was not found"], UnknownKey),
    (&["the signature is invalid"], Signature),
    (&["the token expired at"], Expired),
    (&["the token lifetime is invalid"], Expired),
    (&["the token is not valid before"], NotYet),
    (&["the token has no expiration"], NoEnd),
    (&["error=\"insufficient_scope\""], Permission),
    (
        &["no securitytokenvalidator available for token"],
        Malformed,
    ),
    (&["message.state is null or empty"], NoAnswer),
    (&["rolesauthorizationrequirement:user.isinrole"], NoRole),
    // mozilla-django-oidc, python-social-auth, Authlib and requests-oauthlib.
    (&["jwt token verification failed"], Signature),
    (&["jwt nonce verification failed"], NonceMismatch),
    (&["could not find a valid jwks"], UnknownKey),
    (&["oidc callback state not found in session"], StateMissing),
    (&["session value state missing"], StateMissing),
    (&["wrong state parameter given"], StateMissing),
    (&["mismatching_state"], StateMissing),
    (&["invalid_claim: invalid claim", "\"iss\""], Issuer),
    (&["invalid_claim: invalid claim", "\"aud\""], Audience),
    (&["invalid_claim: invalid claim", "'iss'"], Issuer),
    (&["invalid_claim: invalid claim", "'aud'"], Audience),
    (&["badsignatureerror"], Signature),
    // OmniAuth and openid_connect of Ruby, and its jwt.
    (&["csrf_detected"], StateMissing),
    (&["omniauth", "invalid 'state' parameter"], StateMissing),
    (&["jwk::set::kidnotfound"], UnknownKey),
    (&["jws::verificationfailed"], Signature),
    (&["idtoken::invalidissuer"], Issuer),
    (&["idtoken::invalidaudience"], Audience),
    (&["idtoken::invalidnonce"], NonceMismatch),
    (&["idtoken::expiredtoken"], Expired),
    (&["jwt::invalidauderror"], Audience),
    (&["signature verification raised"], Signature),
    (&["not enough or too many segments"], Malformed),
    (
        &["openidconnect::discovery::discoveryfailed"],
        KeysNotFetched,
    ),
    // OpenID-Connect-PHP, oauth2-azure, Socialite and lcobucci/jwt of PHP.
    (
        &["openidconnectclientexception", "unable to determine state"],
        StateMissing,
    ),
    (
        &["openidconnectclientexception", "unable to verify signature"],
        Signature,
    ),
    (
        &["openidconnectclientexception", "unable to find a key for"],
        UnknownKey,
    ),
    (&["the client_id / audience is invalid"], Audience),
    (&["socialite", "invalidstateexception"], StateMissing),
    (
        &["the token is not allowed to be used by this audience"],
        Audience,
    ),
    (&["the token was not issued by the given issuers"], Issuer),
    (&["token signature mismatch"], Signature),
    (&["the token cannot be used yet"], NotYet),
    (&["the token was issued in the future"], NotYet),
    // API Management.
    (&["\"jwt not present.\""], NoToken),
    (&["\"statuscode\"", "\"invalid jwt.\""], Malformed),
    (&["claim value mismatch: aud="], Audience),
    (&["claim value mismatch: iss="], Issuer),
    (&["claim value mismatch: scp="], Permission),
    (&["claim value mismatch: roles="], Permission),
    // Envoy and Istio.
    (&["jwt issuer is not configured"], Issuer),
    (&["audiences in jwt are not allowed"], Audience),
    (&["jwt is expired"], Expired),
    (&["jwt not yet valid"], NotYet),
    (&["jwt verification fails"], Signature),
    (&["jwks doesn't have key to match kid or alg"], UnknownKey),
    (
        &["jwt is not in the form of header.payload.signature"],
        Malformed,
    ),
    (&["jwt header is an invalid"], Malformed),
    (&["jwt payload is an invalid"], Malformed),
    (&["jwt header [alg] is not supported"], Algorithm),
    (&["completed with: jwt is missing"], NoToken),
    (&["jwks remote fetch is failed"], KeysNotFetched),
    (&["rbac: access denied"], NotAllowed),
    // Kong's plugin jwt.
    (&["no credentials found for given 'iss'"], Issuer),
    (&["\"message\":\"invalid signature\""], Signature),
    (&["\"exp\":\"token expired\""], Expired),
    (&["\"nbf\":\"token not valid yet\""], NotYet),
    // traefik-forward-auth.
    (&["missing csrf cookie"], StateMissing),
    (&["error validating csrf cookie"], StateMissing),
    // Load balancers of AWS.
    (&["authinvalidstateparam"], StateMissing),
    (&["authmissingstateparam"], StateMissing),
    (&["authinvalidcookie"], CookieUnreadable),
    (&["authuserinfoeprequestfailed"], UserInfoRefused),
    // passport-azure-ad, express-jwt.
    (&["invalid state received in the request"], StateMissing),
    (
        &["strategy.prototype.authenticate", "token is not found"],
        NoToken,
    ),
    (&["no authorization token was found"], NoToken),
    (&["endpoints_resolution_error"], KeysNotFetched),
    // openid-client of Node, and with it NextAuth.
    (&["unexpected iss value, expected"], Issuer),
    (&["aud mismatch, expected"], Audience),
    (&["nonce mismatch, expected"], NonceMismatch),
    (&["state mismatch, expected"], StateMissing),
    (&["checks.state argument is missing"], StateMissing),
    (&["id_token issued in the future"], NotYet),
    (&["failed to validate jwt signature"], Signature),
    (&["no valid key found in issuer's jwks_uri"], UnknownKey),
    (&["unexpected jwt alg received"], Algorithm),
    (&["state cookie was missing"], StateMissing),
    (&["code_verifier cookie was missing"], StateMissing),
    (&["invalidcheck", "value could not be parsed"], StateMissing),
    (
        &["jwt_session_error", "decryption operation failed"],
        CookieUnreadable,
    ),
    (
        &["\"response\" body \"issuer\" property does not match"],
        MetadataIssuer,
    ),
    // Spring Security's sign-in.
    (&["[invalid_nonce]"], NonceMismatch),
    (
        &["springframework.security.access.accessdeniedexception"],
        NotAllowed,
    ),
    (
        &["springframework.security.authorization.authorizationdeniedexception"],
        NotAllowed,
    ),
    (&["[authorization_request_not_found]"], StateMissing),
    (&["[invalid_state_parameter]"], StateMissing),
    (&["[invalid_user_info_response]", "401"], UserInfoRefused),
    (&["[invalid_user_info_response]", "403"], UserInfoRefused),
    (&["id token contains invalid claims: {aud="], Audience),
    (&["id token contains invalid claims: {iss="], Issuer),
    (&["id token contains invalid claims: {exp="], Expired),
    (
        &[
            "provided in the configuration metadata did not match",
            "the requested issuer",
        ],
        MetadataIssuer,
    ),
    // MSAL and Microsoft.Identity.Web.
    (&["msaluirequiredexception"], NeedsPerson),
    (&["interactionrequiredautherror"], NeedsPerson),
    (&["idw10502"], NeedsPerson),
    (&["clientautherror", "no_account_error"], NeedsPerson),
    (&["clientautherror", "state_mismatch"], StateMissing),
    (&["clientautherror", "nonce_mismatch"], NonceMismatch),
    (&["popup_window_error"], NoPopup),
    (&["empty_window_error"], NoPopup),
    (&["error opening popup window"], NoPopup),
    (&["interaction_in_progress"], SignInUnderWay),
];
