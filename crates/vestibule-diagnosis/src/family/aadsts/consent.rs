//! The numbers about scopes, resources and consent.

use super::table::codes;

codes! {
    28000 "" Token Reported
        "the scopes name more than one API"
        "A token is for one API, and the scopes of this request belong to several."
        ONE_RESOURCE;
    28002 "" Token Listed
        "the scope gives no access token"
        "The scope of the token request is not one that an API offers."
        NAME_SCOPE;
    28003 "" Token Listed
        "the scope is empty when the code is redeemed"
        "The token request names no scope, where sign-in began with one of an API."
        SEND_SCOPE;
    50001 "InvalidResource" Answers Listed
        "the API is disabled or does not exist"
        "The API the token is asked for is disabled in this tenant, or not there, or written another way."
        EXPOSE_API;
    500011 "InvalidResourceServicePrincipalNotFound" Answers Listed
        "the tenant knows no API of this name"
        "No API in this tenant has the name in the scope: it was never exposed, has another Application ID URI, is in another tenant, or the URI is written twice over."
        EXPOSE_API [50001];
    500013 "" Callback Reported
        "no resource was named"
        "Version 1.0 of the endpoint learns from `resource` which API the token is for, and there is none."
        ADD_RESOURCE;
    65001 "DelegationDoesNotExist" Answers Listed
        "nobody has consented that the app uses this API"
        "Neither the person nor an administrator has agreed that the app may use this API with this scope."
        CONSENT;
    65002 "" Token Listed
        "the client id is one of Microsoft's own apps"
        "The client id belongs to an app of Microsoft's, which can't be used to ask for tokens of other APIs."
        OWN_APP;
    65004 "UserDeclinedConsent" Callback Listed
        "the person did not consent"
        "The person was asked to agree that the app uses their data, and declined."
        DECLINED;
    65005 "MisconfiguredApplication" PageOrCallback Listed
        "the app's API permissions and the request disagree"
        "The request asks for an API that is not among the permissions of the registration or can't be found, or for a scope that the API does not have."
        PERMISSIONS;
    650052 "" PageOrCallback Listed
        "the organization has not enabled the API"
        "The app needs a service that this tenant has not subscribed to or enabled."
        SUBSCRIBE;
    650053 "" Callback Reported
        "the API offers no scope of this name"
        "The scope does not exist on the API it was asked of. Often it is `groups`, which Entra does not know as a scope, or several scopes joined by commas; and a scope without an API in front is looked for at Microsoft Graph."
        UNKNOWN_SCOPE;
    650054 "" PageOrCallback Listed
        "the API has been removed"
        "The app asks for permissions of an API that is no longer in the tenant."
        PERMISSIONS;
    650056 "" PageOrCallback Listed
        "the app is not set up for this API"
        "The registration lists no permission for the API, or nobody has consented in this tenant, or the client id is another app's."
        PERMISSIONS [65005];
    650057 "" PageOrCallback Listed
        "the API is not among the app's permissions"
        "The request names an API that is not in the list of permissions of the registration."
        PERMISSIONS [65005];
    700022 "InvalidMultipleResourcesScope" Answers Listed
        "the scopes name more than one API"
        "A token is for one API, and the scopes of this request belong to several."
        ONE_RESOURCE [70011];
    700023 "InvalidResourcelessScope" Answers Listed
        "the scope names no API"
        "An access token was asked for with a scope that does not say which API it is for."
        NAME_SCOPE [70011];
    70011 "InvalidScope" Answers Listed
        "the scope is not valid"
        "A scope is misspelt or not exposed, the scopes belong to more than one API, or `/.default` stands beside other scopes of an API."
        NAME_SCOPE;
    90008 "TokenForItselfRequiresGraphPermission" Page Listed
        "the app may not sign people in"
        "The app lacks the permission that every sign-in needs: to read the profile of who signs in."
        SIGN_IN_PERMISSION;
    90009 "TokenForItselfMissingIdenticalAppIdentifier" Answers Listed
        "the app asks for a token for itself by its URI"
        "Sign-in app and API are one registration. Entra gives a token for the app itself only if it is named by its GUID."
        TOKEN_FOR_ITSELF;
    90093 "GraphUserUnauthorized" Anywhere Listed
        "Microsoft Graph refused"
        "Entra asked Microsoft Graph for the sign-in and was refused: permissions or consent are missing."
        PERMISSIONS;
    90094 "AdminConsentRequired" PageOrCallback Listed
        "only an administrator can consent to this"
        "One of the scopes needs an administrator's consent, or people of this tenant may not consent by themselves."
        ADMIN_CONSENT;
    90095 "AdminConsentRequiredRequestAccess" Page Listed
        "the person has to ask an administrator for consent"
        "People of this tenant may not consent by themselves; the page lets them send a request to an administrator."
        ADMIN_CONSENT [90094];
    900941 "" PageOrCallback Article
        "an administrator must consent, because the app is taken for risky"
        "Entra takes the app for risky (new, of an unverified publisher, or with far-reaching scopes), so an administrator has to consent."
        ADMIN_CONSENT [90094];
    900981 "" PageOrCallback Article
        "an administrator must consent to this risky app"
        "Entra takes the app for risky, and the request went to an administrator."
        ADMIN_CONSENT [90094];
    90099 "" Page Listed
        "the app is not authorized in the customer's tenant"
        "Partners' administrators can use the app in a customer's tenant only after it was authorized there."
        ADMIN_CONSENT;
    901002 "" Answers Listed
        "the parameter `resource` is not supported"
        "`resource` is for version 1.0 of the endpoints; version 2.0 knows the API from the scope."
        NO_RESOURCE_PARAMETER;
    9010010 "" Answers Reported
        "the parameter `resource` and the scopes disagree"
        "The request has a `resource` that is not the API of its scopes."
        NO_RESOURCE_PARAMETER [901002];
    1002012 "" Token Assumed
        "client credentials take `/.default` and no other scope"
        "An app without a person gets all that it was granted, so the scope must be the API's `/.default`."
        APP_SCOPE;
}
