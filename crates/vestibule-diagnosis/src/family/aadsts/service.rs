//! The numbers about Entra's own service and the organization's servers behind it.

use super::table::codes;

codes! {
    50000 "TokenIssuanceError" Anywhere Listed
        "Entra failed to issue the token"
        "Something in Entra's own service went wrong."
        RETRY;
    50033 "RetryableError" Anywhere Listed
        "Entra failed for a moment"
        "Something in Entra's own service went wrong for a moment."
        RETRY;
    50087 "SasRetryableError" Anywhere Listed
        "the check of the second factor failed for a moment"
        "The service that checks second factors had a fault for a moment."
        RETRY;
    70012 "MsaServerError" Callback Listed
        "the service for personal accounts failed"
        "The part of Microsoft's service that signs in personal accounts had a fault."
        RETRY;
    90006 "ExternalServerRetryableError" Anywhere Listed
        "Entra is not available for a moment"
        "A service that Entra needs did not answer."
        RETRY;
    90024 "RequestBudgetExceededError" Anywhere Listed
        "Entra failed for a moment"
        "The request took more than Entra had to give at that moment."
        RETRY;
    90033 "MsodsServiceUnavailable" Anywhere Listed
        "Entra's directory is not available"
        "The directory behind Entra did not answer."
        RETRY;
    90090 "GraphRetryableError" Anywhere Listed
        "Entra is not available for a moment"
        "A request to the directory failed for a moment."
        RETRY;
    90036 "MsodsServiceUnretryableFailure" Anywhere Listed
        "Entra's directory failed"
        "The directory behind Entra failed in a way that trying again does not cure."
        TICKET;
    90055 "TenantThrottlingError" Anywhere Listed
        "the tenant sends too many requests"
        "So many requests came for this tenant that Entra refuses some."
        THROTTLED;
    80001 "OnPremiseStoreIsNotAvailable" Page Listed
        "the authentication agent can't reach Active Directory"
        "The organization checks passwords itself, and its agent reaches no domain controller."
        AGENT;
    80002 "OnPremisePasswordValidatorRequestTimedout" Page Listed
        "the authentication agent did not answer in time"
        "The organization checks passwords itself, and Active Directory did not answer in time."
        AGENT;
    80005 "OnPremisePasswordValidatorUnpredictableWebException" Page Listed
        "the authentication agent's answer can't be read"
        "Something unexpected happened to the answer of the organization's agent."
        AGENT;
    80007 "OnPremisePasswordValidatorErrorOccurredOnPrem" Page Listed
        "the authentication agent can't check the password"
        "The organization's agent failed; its log says why."
        AGENT;
    80010 "OnPremisePasswordValidationEncryptionException" Page Listed
        "the authentication agent can't decrypt the password"
        "The organization's agent has not the key for what Entra sent it."
        AGENT;
    80012 "OnPremisePasswordValidationAccountLogonInvalidHours" Page Listed
        "the person may not sign in at this hour"
        "Active Directory lets this person sign in at certain hours only."
        AGENT;
    80013 "OnPremisePasswordValidationTimeSkew" Page Listed
        "the clocks of agent and Active Directory differ"
        "The machine of the authentication agent and the domain controller do not agree on the time."
        AGENT_CLOCK;
    80014 "OnPremisePasswordValidationAuthenticationAgentTimeout" Page Listed
        "the authentication agent took too long"
        "The organization's agent answered after the longest time allowed."
        AGENT;
    81004 "DesktopSsoIdentityInTicketIsNotAuthenticated" Page Listed
        "seamless sign-on: the Kerberos sign-in failed"
        "The browser sent a Kerberos ticket that proves nobody."
        SEAMLESS;
    81005 "DesktopSsoAuthenticationPackageNotSupported" Page Listed
        "seamless sign-on: the way of authentication is not supported"
        "The browser offered another way than Kerberos."
        SEAMLESS;
    81006 "DesktopSsoNoAuthorizationHeader" Page Listed
        "seamless sign-on: the browser sent no ticket"
        "The browser does not send Kerberos tickets to Entra's address, as where it is not in its list of trusted sites."
        SEAMLESS;
    81007 "DesktopSsoTenantIsNotOptIn" Page Listed
        "seamless sign-on is not switched on"
        "The tenant has not switched seamless single sign-on on."
        SEAMLESS;
    81009 "DesktopSsoAuthorizationHeaderValueWithBadFormat" Page Listed
        "seamless sign-on: the ticket can't be read"
        "The Kerberos ticket is not of the form Entra expects."
        SEAMLESS;
    81010 "DesktopSsoAuthTokenInvalid" Page Listed
        "seamless sign-on: the ticket has expired or is not valid"
        "The person's Kerberos ticket is too old, or was made with an old key."
        SEAMLESS;
    81011 "DesktopSsoLookupUserBySidFailed" Page Listed
        "seamless sign-on: nobody has this ticket's account"
        "Entra has no account that belongs to the Kerberos ticket."
        SEAMLESS;
    81012 "DesktopSsoMismatchBetweenTokenUpnAndChosenUpn" Page Listed
        "seamless sign-on: another person uses the device"
        "The account that signs in is another than the one signed in to the device."
        SEAMLESS;
}
