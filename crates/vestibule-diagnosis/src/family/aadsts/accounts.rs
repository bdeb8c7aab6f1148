//! The numbers about the person's account: whether it exists here, may use the app, can sign in.

use super::table::codes;

codes! {
    16000 "InteractionRequired" Page Listed
        "the account is not in this tenant"
        "The person is signed in with an account that this tenant does not have, and so may not use the app here."
        INVITE;
    16002 "AppSessionSelectionInvalid" Page Listed
        "the session asked for is not there"
        "The request names a session by `sid`, and the browser has no such session."
        CHOOSE_ACCOUNT;
    160021 "AppSessionSelectionInvalidSessionNotExist" Page Listed
        "the session asked for does not exist"
        "The request names a session that is over or was never there."
        CHOOSE_ACCOUNT;
    50014 "GuestUserInPendingState" Page Listed
        "the guest has not accepted the invitation yet"
        "The account is not in the directory, or is a guest who was invited and has not accepted."
        INVITE;
    50020 "UserUnauthorized" Page Listed
        "the account is of another organization and not in this tenant"
        "The account comes from another organization or is a personal one, and this tenant does not have it as a guest."
        INVITE;
    50034 "UserAccountNotFound" Page Listed
        "there is no such account in the directory"
        "The address was mistyped, or the account is in another tenant than the one the app chose."
        INVITE;
    51004 "UserAccountNotInDirectory" Page Listed
        "the account is not in the directory"
        "The account is in another tenant than the one the app chose."
        INVITE;
    90072 "PassThroughUserMfaError" Page Listed
        "the account is not in the tenant, so its second factor can't be checked"
        "The account comes from another organization and is not in this tenant, which asks for a second factor; or its link between the organization's directory and Entra is broken."
        INVITE;
    90084 "OrgIdWsFederationGuestNotAllowed" Page Listed
        "guests are not allowed here"
        "The person is a guest, and the site admits members only."
        ACCOUNT_TYPE;
    500208 "" Page Listed
        "the account is of a kind that is not admitted"
        "The app or the tenant admits another kind of account: work or school instead of personal, or the other way round."
        ACCOUNT_TYPE;
    50105 "EntitlementGrantsNotFound" PageOrCallback Listed
        "the person is not assigned to the app"
        "The app requires assignment, and neither the person nor a group they are in directly is assigned."
        ASSIGN;
    50053 "IdsLocked" Page Listed
        "the account is locked, or the address is blocked"
        "Too many wrong passwords locked the account, or the sign-in came from an address with a bad name."
        ACCOUNT_STATE;
    50057 "UserDisabled" Page Listed
        "the account is disabled"
        "An administrator has disabled the account."
        ACCOUNT_STATE;
    500571 "" Page Assumed
        "the guest's account is disabled"
        "The guest's account in this tenant has been disabled."
        ACCOUNT_STATE [50057];
    53011 "" Page Listed
        "the person is blocked in their own organization"
        "The person's own tenant holds the account to be at risk and has blocked it."
        ACCOUNT_STATE;
    50055 "InvalidPasswordExpiredPassword" Page Listed
        "the password has expired"
        "The password is older than the organization allows."
        NEW_PASSWORD;
    50144 "InvalidPasswordExpiredOnPremPassword" Page Listed
        "the Active Directory password has expired"
        "The password in the organization's own Active Directory is older than allowed."
        NEW_PASSWORD;
    50135 "PasswordChangeCompromisedPassword" Page Listed
        "the password must be changed, because the account is at risk"
        "Microsoft holds the password to be known to others and wants a new one."
        NEW_PASSWORD;
    50056 "" Page Listed
        "there is no password for this account"
        "None was entered, or the directory has none for this account."
        PASSWORD;
    50064 "CredentialAuthenticationError" Page Listed
        "name or password is wrong"
        "The credentials the person typed did not fit."
        PASSWORD;
    50126 "InvalidUserNameOrPassword" Page Listed
        "name or password is wrong"
        "The person did not type the right name or password."
        PASSWORD;
    50107 "InvalidRealmUri" Page Listed
        "the organization's sign-in server is not set up in Entra"
        "The domain is federated with a server that Entra does not know."
        FEDERATION;
}
