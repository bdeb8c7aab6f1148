//! The numbers about the registration: client id, credentials, redirect URI, response type.

use super::table::codes;

codes! {
    50011 "InvalidReplyTo" Page Listed
        "the redirect URI is not registered"
        "The redirect URI of the request is not one of the registered ones. Entra compares letter for letter: scheme, host, port, path, letter case and the slash at the end."
        REGISTER_REDIRECT_URI;
    500112 "" Token Reported
        "the redirect URI at redemption is not the one sign-in began with"
        "Two different redirect URIs were sent. Behind a TLS terminator one of them often says `http`, and some frameworks add a slash."
        ONE_REDIRECT_URI;
    500113 "" Page Reported
        "the app has no redirect URI"
        "The registration lists no redirect URI at all, so there is nowhere to send people back to."
        REGISTER_REDIRECT_URI;
    900971 "" Page Listed
        "no redirect URI was sent, and none is registered"
        "The request names no redirect URI, and the registration has none to fall back on."
        REGISTER_REDIRECT_URI;
    70004 "InvalidRedirectUri" PageOrCallback Listed
        "the redirect URI is none of the registered ones"
        "The redirect URI of the request fits none of the registered addresses."
        REGISTER_REDIRECT_URI;
    9002325 "" Token Reported
        "the redirect URI is one of a single-page application, which needs PKCE"
        "The redirect URI is registered under Single-page application. Codes for such a page can be redeemed with PKCE only."
        PLATFORM_WEB;
    9002326 "" Token Reported
        "a code was redeemed with an `Origin` header, which is for single-page applications"
        "The token request carries an `Origin` header, as a page's would, and the redirect URI is not registered under Single-page application. A proxy that passes the browser's headers on causes it, too."
        NO_ORIGIN;
    9002327 "" Token Reported
        "a server redeemed a code meant for a single-page application"
        "The redirect URI is registered under Single-page application, so Entra takes its codes only from a page, with an `Origin` header."
        PLATFORM_WEB;
    700016 "UnauthorizedClient_DoesNotMatchRequest" PageOrToken Listed
        "the tenant knows no app of this id"
        "The client id is wrong (often the object ID), or the request went to another tenant than the app's, or nobody of that tenant has consented to the app."
        CLIENT_ID [70001];
    700011 "UnauthorizedClientAppNotFoundInOrgIdTenant" PageOrToken Listed
        "the tenant knows no app of this id"
        "The app does not exist in the tenant the token was asked from."
        CLIENT_ID;
    70001 "UnauthorizedClient" PageOrToken Listed
        "the app is disabled, or not in this tenant"
        "The app is disabled in this tenant, or unknown to it."
        CLIENT_ID;
    7000112 "UnauthorizedClientApplicationDisabled" PageOrToken Listed
        "the app is disabled"
        "Sign-in to the app is switched off, in its own tenant or in this one."
        ENABLE_APP;
    1000031 "" Page Listed
        "the app can't be used at the moment"
        "Entra does not let anybody use this app now; an administrator can see why."
        ENABLE_APP;
    7000215 "" Token Listed
        "the client secret is wrong"
        "The secret sent is none of the app's. Most often it is the Secret ID instead of the Value; or it was cut, or has a quotation mark or a line end with it."
        SECRET_VALUE [70002];
    70002 "InvalidClient" Token Listed
        "the client's credentials are wrong"
        "The secret sent is not the one the registration has."
        SECRET_VALUE;
    7000222 "InvalidClientSecretExpiredKeysProvided" Token Listed
        "the client secret has expired"
        "Every secret has an end date, and this one's has passed."
        NEW_SECRET;
    7000218 "" Token Listed
        "the client sent no credentials"
        "The request has neither a secret nor an assertion, and Entra takes the app for one that must send one: it judges by the redirect URI's platform, or by the app's default."
        SEND_CREDENTIAL;
    700025 "InvalidClientPublicClientWithCredential" Token Listed
        "a public client sent a secret"
        "Entra takes the app for one that can't keep a secret, because of its redirect URI's platform, and refuses one."
        PUBLIC_CLIENT;
    7000110 "" Token Article
        "the request identifies the client more than once"
        "Client id and secret are sent twice, as Basic authentication and in the form, or two client ids differ."
        ONE_CREDENTIAL;
    50012 "AuthenticationFailed" Token Listed
        "the client's certificate is not accepted"
        "The certificate's subject, chain or thumbprint is not one the app or the tenant allows, or the assertion's signature is wrong."
        CERTIFICATE;
    700027 "" Token Listed
        "the signature of the client's assertion is not accepted"
        "Entra found no certificate of the app that made this signature. A header with nothing but a `kid` does not tell it which one to use."
        CERTIFICATE [50012];
    700030 "" Token Listed
        "the certificate's subject is not allowed"
        "The certificate in the assertion has a subject name that the app does not allow."
        CERTIFICATE;
    700024 "" Token Reported
        "the client's assertion is outside its time"
        "The assertion is too old or from the future: the clock is wrong, or a token file was read once and never again."
        FRESH_ASSERTION;
    50027 "InvalidJwtToken" Token Listed
        "the JWT that was sent is not accepted"
        "Entra did not accept a JWT in the request: its subject, issuer, audience, time or form is wrong."
        ASSERTION_CONTENT;
    50003 "MissingSigningKey" Token Listed
        "the app has no signing key"
        "The app is set up to have tokens signed by a key of its own, and there is none."
        SIGNING_KEY;
    50146 "MissingCustomSigningKey" Token Listed
        "the app's own signing key is missing or has expired"
        "The app must have a signing key of its own, because its tokens carry mapped claims; there is none that is valid now."
        SIGNING_KEY;
    501461 "" Token Listed
        "mapped claims are not allowed for this audience"
        "`acceptMappedClaims` works only where the token's audience is the app's GUID or a URI under one of the tenant's verified domains."
        MAPPED_AUDIENCE;
    70003 "UnsupportedGrantType" Token Listed
        "the grant type is not supported"
        "The token request has a `grant_type` that Entra does not know or does not allow here."
        GRANT_TYPE;
    70005 "UnsupportedResponseType" PageOrCallback Listed
        "the response type is not supported"
        "The request asks for a token from the authorization endpoint that the app is not allowed, or for an ID token without `openid`."
        RESPONSE_TYPE_CODE;
    700054 "" PageOrCallback Listed
        "ID tokens from the authorization endpoint are switched off"
        "The request asks for `id_token`, and the registration does not allow ID tokens from the authorization endpoint."
        RESPONSE_TYPE_CODE [70005];
    70007 "UnsupportedResponseMode" PageOrCallback Listed
        "the response mode is not supported"
        "The `response_mode` of the request is unknown, or not allowed with its response type."
        RESPONSE_TYPE_CODE;
}
