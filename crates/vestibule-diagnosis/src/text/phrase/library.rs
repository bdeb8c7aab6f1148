//! What the libraries write that verify tokens.

use super::Phrase;
use crate::text::Saying::{
    Algorithm, Audience, EmailUnverified, Expired, Issuer, KeysNotFetched, Malformed,
    NoAccessToken, NoUserName, NonceMismatch, NotYet, Signature, StateMissing, UnknownKey,
};

pub(super) const PHRASES: &[Phrase] = &[
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
    // fastapi-azure-auth.
    (&["\"token contains invalid claims\""], Audience),
    (
        &["unable to verify token, no signing keys found"],
        UnknownKey,
    ),
    // php-jwt of Firebase.
    (&["unable to lookup correct key"], UnknownKey),
    (&["signatureinvalidexception"], Signature),
    (&["expiredexception", "expired token"], Expired),
    (&["beforevalidexception", "cannot handle token"], NotYet),
    (&["wrong number of segments"], Malformed),
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
    // oauth4webapi, and with it openid-client and Auth.js.
    (&["unexpected jwt \"aud\" (audience) claim value"], Audience),
    (&["unexpected jwt \"iss\" (issuer) claim value"], Issuer),
    (
        &["unexpected jwt \"exp\" (expiration time) claim value"],
        Expired,
    ),
    (&["unexpected jwt \"nbf\" (not before) claim value"], NotYet),
    (
        &["unexpected id token \"nonce\" claim value"],
        NonceMismatch,
    ),
    (
        &["unexpected \"state\" response parameter value"],
        StateMissing,
    ),
    (
        &["error when selecting a jwt verification key, no applicable keys found"],
        UnknownKey,
    ),
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
    (&["badjwtexception: expired jwt"], Expired),
    (&["decode the jwt: expired jwt"], Expired),
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
    (&["decode the jwt: malformed token"], Malformed),
    (&["decode the jwt: unsupported algorithm of"], Algorithm),
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
    (&["malformed jwt, expected 3 parts"], Malformed),
    (&["signed with unsupported algorithm, expected"], Algorithm),
    (&["oidc: email not verified"], EmailUnverified),
    (
        &["oidc: parse username claims", "claim not present"],
        NoUserName,
    ),
    (&["oidc: authenticator not initialized"], KeysNotFetched),
    (&["server response missing access_token"], NoAccessToken),
    (&["aud claim does not match any bound audience"], Audience),
];
