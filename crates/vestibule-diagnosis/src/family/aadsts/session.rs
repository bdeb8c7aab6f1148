//! The numbers about sessions at Entra, codes, refresh tokens and signing out.

use super::table::codes;

codes! {
    50058 "UserInformationNotProvided" Callback Listed
        "nobody is signed in, and nobody may be asked"
        "A silent sign-in (`prompt=none`) found no session at Entra: the person is not signed in there, or the browser sent no cookies, as in a frame."
        INTERACTIVE;
    50061 "SignoutInvalidRequest" SignOut Listed
        "the sign-out request is not in order"
        "Entra could not make sense of the sign-out request."
        SIGN_OUT;
    50068 "SignoutInitiatorNotParticipant" SignOut Listed
        "the app that signs out has no part in the session"
        "The session at Entra is not one this app signed in to."
        SIGN_OUT;
    50070 "SignoutUnknownSessionIdentifier" SignOut Listed
        "the session to sign out of is unknown"
        "The sign-out request names a session that does not exist."
        SIGN_OUT;
    50071 "SignoutMessageExpired" SignOut Listed
        "the sign-out request is too old"
        "The sign-out request was made too long ago."
        SIGN_OUT;
    50085 "" Token Listed
        "the grant needs a new sign-in at the social provider"
        "The person came from another provider, whose session has to be renewed by signing in."
        SIGN_IN_AGAIN;
    50089 "" Callback Listed
        "the sign-in page was left open too long"
        "What Entra remembers of a sign-in under way has expired."
        SIGN_IN_AGAIN;
    50132 "SsoArtifactInvalidOrExpired" Token Listed
        "the session at Entra is over"
        "The password expired or was changed, which ends the session."
        SIGN_IN_AGAIN;
    50133 "SsoArtifactRevoked" Token Listed
        "the session at Entra was revoked"
        "The password expired or was changed, or somebody ended the sessions."
        SIGN_IN_AGAIN;
    50173 "FreshTokenNeeded" Token Listed
        "the grant was revoked"
        "The person or an administrator revoked the tokens, or the password was changed."
        SIGN_IN_AGAIN;
    70000 "InvalidGrant" Token Listed
        "the code or refresh token is not accepted"
        "The grant belongs to another app, was revoked, or is bound to something that was not sent."
        SIGN_IN_AGAIN;
    70008 "ExpiredOrRevokedGrant" Token Listed
        "the code or refresh token has expired"
        "It was used too late: a code lives for some minutes, a refresh token until it has not been used for a while."
        SIGN_IN_AGAIN;
    700082 "ExpiredOrRevokedGrantInactiveToken" Token Listed
        "the refresh token was not used for too long"
        "The person was away longer than a refresh token lives unused."
        SIGN_IN_AGAIN [70008];
    700084 "" Token Listed
        "the refresh token of a single-page application has ended"
        "The redirect URI is registered under Single-page application; refresh tokens for it end 24 hours after sign-in, used or not."
        PLATFORM_WEB;
    54005 "" Token Listed
        "the code was redeemed before"
        "A code works once. A request was repeated: by a retry, a reload, or a double click."
        REDEEM_ONCE;
    700005 "InvalidGrantRedeemAgainstWrongTenant" Token Listed
        "the code was redeemed at another tenant"
        "Sign-in began at one tenant's address (or `common`), and the code was redeemed at another's."
        SAME_TENANT;
    50147 "MissingCodeChallenge" Answers Listed
        "the PKCE challenge has a wrong size"
        "The `code_challenge` is not as long as its method makes it."
        PKCE;
    501481 "" Answers Listed
        "the PKCE verifier does not fit the challenge"
        "The `code_verifier` belongs to another sign-in: two tabs shared one cookie, or another replica answered."
        PKCE;
    501491 "InvalidCodeChallengeMethodInvalidSize" Answers Listed
        "the PKCE challenge has a wrong size"
        "The `code_challenge`, or the name of its method, has a wrong size."
        PKCE;
    50196 "LoopDetected" Answers Listed
        "Entra saw the same request again and again"
        "The same sign-in or token request came many times within minutes, so Entra stopped it: a cookie that is not kept sends the browser round and round, or a client asks for a token at every request."
        LOOP;
    50140 "KmsiInterrupt" Page Listed
        "the question whether to stay signed in"
        "Entra asks whether the person wants to stay signed in. That is part of an ordinary sign-in, and logged with this number."
        NOTHING;
    50199 "CmsiInterrupt" Page Listed
        "the question whether this is the right app"
        "Entra asks whether the person means to sign in to this app. That protects against lookalikes, and is logged with this number."
        NOTHING;
    70016 "AuthorizationPending" Device Listed
        "the person has not finished yet"
        "The person has not entered the code on the other device yet."
        DEVICE_CODE;
    70018 "BadVerificationCode" Device Listed
        "the code for the device is wrong"
        "The person typed another code than the one shown."
        DEVICE_CODE;
    70019 "CodeExpired" Device Listed
        "the code for the device has expired"
        "The person took longer than the code lives."
        DEVICE_CODE;
    70020 "" Device Assumed
        "the code for the device has expired"
        "The code was entered or asked for after its time."
        DEVICE_CODE;
}
