//! Holds what programs write into their logs and browsers into their consoles, and what each of it
//! means: mod_auth_openidc, oauth2-proxy, lua-resty-openidc, ASP.NET Core with Microsoft.Identity.Web, and the usual JOSE
//! libraries.
//!
//! Microsoft's numbered messages (`IDX`, `IDW`) are told apart by their numbers, not here.

/// What a known phrase means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Saying {
    /// The audience is another.
    Audience,
    /// The same, and it is Keycloak's `account`.
    KeycloakAudience,
    /// The issuer is another.
    Issuer,
    /// No key of the token's `kid`.
    UnknownKey,
    /// The signature does not fit.
    Signature,
    /// The token is over.
    Expired,
    /// The token is not valid yet.
    NotYet,
    /// It has no end.
    NoEnd,
    /// It lacks the permission.
    Permission,
    /// It is no JWT.
    Malformed,
    /// The algorithm is not accepted.
    Algorithm,
    /// The cookie or the `state` of the sign-in is missing or another.
    StateMissing,
    /// The sign-in began too long ago.
    StateExpired,
    /// Too many cookies of sign-ins under way.
    TooManyStateCookies,
    /// A cookie is larger than browsers take.
    CookieTooLarge,
    /// A cookie can't be opened or verified.
    CookieUnreadable,
    /// A cookie with `SameSite=None` and without `Secure`.
    NoneWithoutSecure,
    /// The ID token's nonce does not fit.
    NonceMismatch,
    /// The browser gave up.
    TooManyRedirects,
    /// A request's head is too large.
    HeadTooLarge,
    /// The head of an answer is too large for a proxy in front.
    FrontBuffer,
    /// A field's name is not taken.
    UnderscoreHeader,
    /// The app gets no `Authorization`.
    NoAuthorization,
    /// A script was redirected to another origin.
    Cors,
    /// A preflight was refused.
    Preflight,
    /// A page may not be shown in a frame.
    Framed,
    /// A hidden frame gave no answer.
    SilentTimeout,
    /// A worker's script is behind a redirect.
    WorkerRedirect,
    /// The mail address is not verified.
    EmailUnverified,
    /// Nothing names the user.
    NoUserName,
    /// A refresh token was used twice.
    RefreshReused,
    /// The provider's host has no address.
    NoSuchHost,
    /// The provider takes no connection.
    NoConnection,
    /// The provider gives no answer in time.
    TimedOut,
    /// TLS to the provider fails.
    Tls,
    /// The provider's keys or metadata could not be fetched.
    KeysNotFetched,
    /// The token can't be got without the person.
    NeedsPerson,
    /// The ID token's hash of the access token does not fit.
    HashMismatch,
    /// The ID token has no hash of the access token.
    NoHash,
    /// The browser opened no window to sign in.
    NoPopup,
    /// A page starts a sign-in while one is under way.
    SignInUnderWay,
}

use Saying::{
    Algorithm, Audience, CookieTooLarge, CookieUnreadable, Cors, EmailUnverified, Expired, Framed,
    FrontBuffer, HashMismatch, HeadTooLarge, Issuer, KeycloakAudience, KeysNotFetched, Malformed,
    NeedsPerson, NoAuthorization, NoConnection, NoEnd, NoHash, NoPopup, NoSuchHost, NoUserName,
    NonceMismatch, NoneWithoutSecure, NotYet, Permission, Preflight, RefreshReused, SignInUnderWay,
    Signature, SilentTimeout, StateExpired, StateMissing, TimedOut, Tls, TooManyRedirects,
    TooManyStateCookies, UnderscoreHeader, UnknownKey, WorkerRedirect,
};

/// Words that must all be there, in lower case, and what they mean.
const PHRASES: &[(&[&str], Saying)] = &[
    // mod_auth_openidc.
    (&["state cookie found: check domain"], StateMissing),
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
    // Microsoft Graph.
    (
        &["access token validation failure. invalid audience"],
        Audience,
    ),
    (&["compacttoken parsing failed"], Malformed),
    (&["compactticket"], Malformed),
    (
        &["lifetime validation failed, the token is expired"],
        Expired,
    ),
    (&["access token has expired"], Expired),
    (&["idx21323"], NonceMismatch),
    (&["idx21320"], NonceMismatch),
    (&["idx12709"], Malformed),
    (&["idx10696"], Algorithm),
    // PyJWT.
    (&["audience doesn't match"], Audience),
    (&["invalidaudienceerror"], Audience),
    (&["invalidissuererror"], Issuer),
    (&["expiredsignatureerror"], Expired),
    (&["immaturesignatureerror"], NotYet),
    (&["invalidsignatureerror"], Signature),
    (&["signature verification failed"], Signature),
    (&["signature has expired"], Expired),
    (&["not enough segments"], Malformed),
    (&["unable to find a signing key that matches"], UnknownKey),
    (&["invalidalgorithmerror"], Algorithm),
    // python-jose.
    (&["jwtclaimserror", "invalid audience"], Audience),
    (&["jwtclaimserror", "invalid issuer"], Issuer),
    (&["jwtclaimserror", "not yet valid"], NotYet),
    (
        &["incorrect claims", "check the audience and issuer"],
        Audience,
    ),
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
    (&["jwks remote fetch is failed"], KeysNotFetched),
    (&["endpoints_resolution_error"], KeysNotFetched),
    // jsonwebtoken and jose of Node, jsonwebtoken of Rust.
    (&["jwt audience invalid"], Audience),
    (&["jwt issuer invalid"], Issuer),
    (&["jwt expired"], Expired),
    (&["jwt not active"], NotYet),
    (&["jwt malformed"], Malformed),
    (&["jsonwebtokenerror: invalid signature"], Signature),
    (&["jsonwebtokenerror: invalid algorithm"], Algorithm),
    (&["unexpected \"aud\" claim value"], Audience),
    (&["unexpected \"iss\" claim value"], Issuer),
    (&["\"exp\" claim timestamp check failed"], Expired),
    (&["\"nbf\" claim timestamp check failed"], NotYet),
    (
        &["no applicable key found in the json web key set"],
        UnknownKey,
    ),
    (&["invalid compact jws"], Malformed),
    (&["josealgnotallowed"], Algorithm),
    (
        &["\"alg\" (algorithm) header parameter value not allowed"],
        Algorithm,
    ),
    (&["errorkind", "invalidaudience"], Audience),
    (&["error(invalidaudience)"], Audience),
    (&["error(invalidissuer)"], Issuer),
    (&["error(expiredsignature)"], Expired),
    (&["error(immaturesignature)"], NotYet),
    (&["error(invalidsignature)"], Signature),
    (&["error(invalidtoken)"], Malformed),
    (&["error(invalidalgorithm)"], Algorithm),
    // Nimbus and Spring Security.
    (&["jwt audience rejected"], Audience),
    (&["the aud claim is not valid"], Audience),
    (&["jwt iss claim", "must be"], Issuer),
    (&["the iss claim is not valid"], Issuer),
    (&["expired jwt"], Expired),
    (&["jwt expired at"], Expired),
    (&["jwt before use time"], NotYet),
    (&["jwt used before"], NotYet),
    (&["signed jwt rejected: invalid signature"], Signature),
    (
        &["another algorithm expected, or no matching key(s) found"],
        UnknownKey,
    ),
    (&["missing dot delimiter"], Malformed),
    (&["missing part delimiters"], Malformed),
    // jose4j.
    (
        &[
            "audience (aud) claim",
            "doesn't contain an acceptable identifier",
        ],
        Audience,
    ),
    (
        &["issuer (iss) claim value", "doesn't match expected value"],
        Issuer,
    ),
    (&["the jwt is no longer valid"], Expired),
    (&["the jwt is not yet valid"], NotYet),
    (&["jws signature is invalid"], Signature),
    (&["unable to find a suitable verification key"], UnknownKey),
    (
        &["compact serialization must have either 3 or 5 parts"],
        Malformed,
    ),
    // go-jose, golang-jwt, go-oidc.
    (&["invalid audience claim (aud)"], Audience),
    (&["token has invalid audience"], Audience),
    (&["invalid issuer claim (iss)"], Issuer),
    (&["token has invalid issuer"], Issuer),
    (&["token is expired (exp)"], Expired),
    (&["token is expired"], Expired),
    (&["token not valid yet (nbf)"], NotYet),
    (&["token is not valid yet"], NotYet),
    (&["jose: error in cryptographic primitive"], Signature),
    (&["token signature is invalid"], Signature),
    (&["compact jws format must have three parts"], Malformed),
    (&["invalid number of segments"], Malformed),
    // Keys and metadata that could not be fetched.
    (&["get keys failed"], KeysNotFetched),
    (&["couldn't retrieve remote jwk set"], KeysNotFetched),
    (&["fail to fetch data from the url"], KeysNotFetched),
    (&["jwksrequesterror"], KeysNotFetched),
    (
        &["unable to resolve the configuration with the provided issuer"],
        KeysNotFetched,
    ),
    (&["failed to discover oidc configuration"], KeysNotFetched),
    (&["error while discovery"], KeysNotFetched),
    (
        &["expected 200 ok from the json web key set"],
        KeysNotFetched,
    ),
    // MSAL and Microsoft.Identity.Web.
    (&["msaluirequiredexception"], NeedsPerson),
    (&["interactionrequiredautherror"], NeedsPerson),
    (&["idw10502"], NeedsPerson),
    (&["popup_window_error"], NoPopup),
    (&["empty_window_error"], NoPopup),
    (&["error opening popup window"], NoPopup),
    (&["interaction_in_progress"], SignInUnderWay),
    // Browsers.
    (&["redirected you too many times"], TooManyRedirects),
    (&["err_too_many_redirects"], TooManyRedirects),
    (
        &["redirecting the request for this address in a way that will never complete"],
        TooManyRedirects,
    ),
    (&["response to preflight request doesn't pass"], Preflight),
    (&["cors preflight", "did not succeed"], Preflight),
    (
        &["preflight", "is not allowed for a preflight request"],
        Preflight,
    ),
    (&["has been blocked by cors policy"], Cors),
    (&["cross-origin request blocked"], Cors),
    (&["in a frame because it set 'x-frame-options'"], Framed),
    (&["denied by x-frame-options"], Framed),
    (&["refused to frame"], Framed),
    (&["monitor_window_timeout"], SilentTimeout),
    (&["frame window timed out"], SilentTimeout),
    (&["silent renew", "login_required"], SilentTimeout),
    (&["script resource is behind a redirect"], WorkerRedirect),
    (
        &["samesite=none", "does not have the \"secure\" attribute"],
        NoneWithoutSecure,
    ),
    (
        &["samesite=none", "missing the “secure” attribute"],
        NoneWithoutSecure,
    ),
    // Servers on the way.
    (&["upstream sent too big header"], FrontBuffer),
    (&["request header or cookie too large"], HeadTooLarge),
    (&["client sent too large request header"], HeadTooLarge),
    (&["client sent too long header line"], HeadTooLarge),
    (&["request header fields too large"], HeadTooLarge),
    (
        &["size of a request header field exceeds server limit"],
        HeadTooLarge,
    ),
    (&["header is too large"], HeadTooLarge),
    (&["request header is too large"], HeadTooLarge),
    (&["size of the request headers is too long"], HeadTooLarge),
    (&["hpe_header_overflow"], HeadTooLarge),
    (&["request headers too long"], HeadTooLarge),
    (&["client sent invalid header line"], UnderscoreHeader),
    (&["no http_authorization"], NoAuthorization),
    (&["authorization header", "wsgi"], NoAuthorization),
    // Other providers.
    (
        &["maximum allowed refresh token reuse exceeded"],
        RefreshReused,
    ),
    (&["refresh token reuse"], RefreshReused),
    (&["refresh token has already been used"], RefreshReused),
    // The way to the provider; told only beside its address.
    (&["could not resolve host"], NoSuchHost),
    (&["no such host"], NoSuchHost),
    (&["enotfound"], NoSuchHost),
    (&["name or service not known"], NoSuchHost),
    (&["connection refused"], NoConnection),
    (&["econnrefused"], NoConnection),
    (&["i/o timeout"], TimedOut),
    (&["connection timed out"], TimedOut),
    (&["client.timeout exceeded"], TimedOut),
    (&["context deadline exceeded"], TimedOut),
    (&["connect timed out"], TimedOut),
    (&["unknownhostexception"], NoSuchHost),
    (&["ssl certificate problem"], Tls),
    (&["x509: certificate"], Tls),
    (&["remote certificate is invalid"], Tls),
    (&["pkix path building failed"], Tls),
    (&["self-signed certificate in certificate chain"], Tls),
    (&["unable to get local issuer certificate"], Tls),
];

/// What a text in lower case says; each once, in the table's order.
pub(super) fn sayings(lower: &str) -> Vec<Saying> {
    let mut found = Vec::new();
    for (words, saying) in PHRASES {
        if !found.contains(saying) && words.iter().all(|words| lower.contains(words)) {
            found.push(*saying);
        }
    }
    // A preflight's refusal is said in the words for all of CORS, Keycloak's audience in those for all.
    if found.contains(&Preflight) {
        found.retain(|saying| *saying != Cors);
    }
    // Without the key nobody has looked at the signature.
    if found.contains(&UnknownKey) {
        found.retain(|saying| *saying != Signature);
    }
    if found.contains(&KeysNotFetched) {
        found.retain(|saying| !matches!(saying, Signature | UnknownKey));
    }
    if found.contains(&KeycloakAudience) {
        found.retain(|saying| *saying != Audience);
    }
    found
}

#[cfg(test)]
#[test]
fn phrases_are_in_lower_case_and_found() {
    for (words, _) in PHRASES {
        assert!(
            words
                .iter()
                .all(|words| *words == words.to_ascii_lowercase()),
            "{words:?}"
        );
        assert!(!sayings(&words.join(" … ")).is_empty(), "{words:?}");
    }
    assert_eq!(sayings("all is well, the token is valid"), []);
}
