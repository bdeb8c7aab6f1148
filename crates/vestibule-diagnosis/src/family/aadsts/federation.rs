//! The numbers about federated credentials and on-behalf-of.

use super::table::codes;

codes! {
    70021 "" Token Reported
        "no federated credential fits the token"
        "None of the app's federated credentials has this token's issuer, subject and audience. They are compared exactly, and a wrong value is noticed only here, not when it is entered."
        FEDERATED;
    700211 "" Token Reported
        "no federated credential has this issuer"
        "The token's `iss` is not the issuer of any of the app's federated credentials."
        FEDERATED [70021];
    700212 "" Token Reported
        "no federated credential has this audience"
        "The token's `aud` is not the audience of the app's federated credential; Entra proposes `api://AzureADTokenExchange`."
        FEDERATED [70021];
    700213 "" Token Reported
        "no federated credential has this subject"
        "The token's `sub` is not the subject of any of the app's federated credentials: another service account, branch or environment."
        FEDERATED [70021];
    7002138 "" Token Reported
        "the federated credential differs in letter case"
        "Issuer, subject and audience are compared with letter case, and one of them is written otherwise in the credential."
        FEDERATED [70021, 700211, 700212, 700213];
    700229 "ForbiddenTokenType" Token Listed
        "a person's token was used as a federated credential"
        "Only tokens of apps are accepted as federated credentials, and this one was issued to a person."
        APP_ONLY_TOKEN;
    50013 "InvalidAssertion" Token Listed
        "the assertion is not accepted"
        "The token sent on somebody's behalf has expired, is not well formed, or is not from the issuer this endpoint expects."
        ON_BEHALF_OF;
    500131 "" Token Assumed
        "the assertion is for another audience"
        "The token sent on somebody's behalf was issued for another API than the one that asks."
        ON_BEHALF_OF [50013];
    500133 "" Token Listed
        "the assertion is outside its time"
        "The token sent on somebody's behalf has expired or is not valid yet; its times and the clock disagree."
        ON_BEHALF_OF [50013];
    7000114 "" Token Listed
        "the app may not ask on somebody's behalf"
        "The app that asks is not allowed to make on-behalf-of requests."
        ON_BEHALF_OF;
    240002 "RequiredClaimIsMissing" Token Listed
        "an ID token was used where an access token is needed"
        "The assertion of an on-behalf-of request is an ID token, which tells who signed in and gives no right to ask."
        ON_BEHALF_OF;
    67003 "ActorNotValidServiceIdentity" Token Listed
        "the acting app is no valid identity"
        "The app that acts for somebody is not one that may do that."
        ON_BEHALF_OF;
}
