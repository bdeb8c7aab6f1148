//! What browsers write, servers on the way, and providers and APIs when they refuse or can't be reached.

use super::Phrase;
use crate::text::Saying::{
    Algorithm, Audience, Cors, Expired, Framed, FrontBuffer, HeadTooLarge, KeysNotFetched,
    Malformed, NoAuthorization, NoConnection, NoSuchHost, NonceMismatch, NoneWithoutSecure,
    Preflight, RefreshReused, SecureWithoutTls, Signature, SilentTimeout, TimedOut, Tls,
    TooManyRedirects, UnderscoreHeader, WorkerRedirect,
};

pub(super) const PHRASES: &[Phrase] = &[
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
    // Azure Resource Manager and Key Vault.
    (&["obtained for wrong audience or resource"], Audience),
    (
        &["audience validation failed. audience did not match"],
        Audience,
    ),
    (&["akv10022"], Audience),
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
    (&["is not allowed by access-control-allow-origin"], Cors),
    (&["in a frame because it set 'x-frame-options'"], Framed),
    (&["denied by x-frame-options"], Framed),
    (&["refused to frame"], Framed),
    (&["monitor_window_timeout"], SilentTimeout),
    (&["frame window timed out"], SilentTimeout),
    (&["silent renew", "login_required"], SilentTimeout),
    (&["script resource is behind a redirect"], WorkerRedirect),
    (
        &["had the \"secure\" attribute but was not received over a secure connection"],
        SecureWithoutTls,
    ),
    (
        &["samesite=none", "does not have the \"secure\" attribute"],
        NoneWithoutSecure,
    ),
    (
        &["samesite=none", "missing the “secure” attribute"],
        NoneWithoutSecure,
    ),
    // People's own words for what they see.
    (&["access token", "not jwt"], Malformed),
    (&["access token", "not a jwt"], Malformed),
    (&["access token", "not a valid jwt"], Malformed),
    (&["access token", "to be a jwt"], Malformed),
    (&["opaque access token", "instead of", "jwt"], Malformed),
    (&["jwt.io", "invalid signature"], Signature),
    (&["jwt.io", "signature verification failed"], Signature),
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
    (
        &["request header exceeds limitrequestfieldsize"],
        HeadTooLarge,
    ),
    (&["limit request headers fields size"], HeadTooLarge),
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
    (&["no resolver defined to resolve"], NoSuchHost),
    (&["enotfound"], NoSuchHost),
    (&["name or service not known"], NoSuchHost),
    (&["connection refused"], NoConnection),
    (&["econnrefused"], NoConnection),
    (&["i/o timeout"], TimedOut),
    (&["etimedout"], TimedOut),
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
    (&["unable to verify the first certificate"], Tls),
    (&["self signed certificate in certificate chain"], Tls),
    (&["unable to get local issuer certificate"], Tls),
];
