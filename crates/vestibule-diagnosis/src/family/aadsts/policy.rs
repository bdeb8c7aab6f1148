//! The numbers about second factors, Conditional Access and devices.

use super::table::codes;

codes! {
    50005 "DevicePolicyError" Answers Listed
        "the device's platform is not allowed"
        "The organization's policy does not support this platform."
        DEVICE;
    50097 "DeviceAuthenticationRequired" Answers Listed
        "the device must prove what it is"
        "The organization's policy wants to know the device, and it did not identify itself."
        DEVICE;
    50127 "BrokerAppNotInstalled" Answers Listed
        "the device lacks the organization's broker app"
        "The organization's policy needs an app on the device (Authenticator or Company Portal) that is not there."
        DEVICE;
    50129 "DeviceIsNotWorkplaceJoined" Answers Listed
        "the device is not registered"
        "The organization's policy wants a device that is registered with it."
        DEVICE;
    50131 "ConditionalAccessFailed" Answers Listed
        "Conditional Access refused"
        "A policy of the organization refused: the device's state, suspicious activity, or a rule about access."
        DEVICE;
    50155 "DeviceAuthenticationFailed" Answers Listed
        "the device could not prove what it is"
        "The device identified itself, and Entra did not accept it."
        DEVICE;
    50187 "DeviceInformationNotProvided" Answers Listed
        "the device sent nothing to identify itself"
        "The organization's policy wants to know the device, and Entra could not find out."
        DEVICE;
    53000 "DeviceNotCompliant" Answers Listed
        "the device is not compliant"
        "The organization's policy wants a device that is managed and in order, and this one is not."
        DEVICE;
    53001 "DeviceNotDomainJoined" Answers Listed
        "the device is not joined to the domain"
        "The organization's policy wants a device that belongs to its domain."
        DEVICE;
    53002 "ApplicationUsedIsNotAnApprovedApp" Answers Listed
        "the app on the device is not an approved one"
        "The organization's policy allows certain apps only."
        DEVICE;
    135011 "" Page Listed
        "the device is disabled"
        "An administrator has disabled the device that signs in."
        DEVICE;
    530004 "" Page Article
        "the other organization's devices are not trusted"
        "The policy wants a compliant device, and the tenant does not accept what the person's own organization says about devices."
        CROSS_TENANT_POLICY;
    50072 "UserStrongAuthEnrollmentRequiredInterrupt" Answers Listed
        "the person must register a second factor"
        "A second factor is required, and the person has none yet."
        MORE_PROOF;
    50074 "UserStrongAuthClientAuthNRequiredInterrupt" Answers Listed
        "the second factor was not given"
        "A second factor is required, and the person did not pass it."
        MORE_PROOF;
    50076 "UserStrongAuthClientAuthNRequired" Answers Listed
        "a second factor is required now"
        "An administrator changed a policy, or the person is in a new place: this API now needs a second factor."
        MORE_PROOF;
    50078 "UserStrongAuthExpired" Answers Listed
        "the second factor is too old"
        "The policy wants the second factor more often than it was given."
        MORE_PROOF;
    50079 "UserStrongAuthEnrollmentRequired" Answers Listed
        "the person must register a second factor"
        "An administrator changed a policy, or the person is in a new place: a second factor is required, and none is registered."
        MORE_PROOF;
    50158 "ExternalSecurityChallenge" Answers Listed
        "the check of an external security service was not passed"
        "The organization uses another company's service for the second factor, and that was not passed."
        MORE_PROOF;
    700020 "InteractionRequired" Token Listed
        "the person has to take part"
        "The grant can't be used behind the person's back any more."
        MORE_PROOF;
    70043 "BadTokenDueToSignInFrequency" Token Listed
        "the policy wants people to sign in more often"
        "A Conditional Access policy sets how often people sign in, and the session is older than that."
        MORE_PROOF;
    53003 "BlockedByConditionalAccess" Anywhere Listed
        "Conditional Access blocks this sign-in"
        "A policy of the organization blocks it: place, device, risk or app. The sign-in log names which one."
        POLICY;
    530032 "BlockedByConditionalAccessOnSecurityPolicy" Anywhere Listed
        "a security policy of the tenant blocks this sign-in"
        "An administrator has set a security policy that this request does not meet."
        POLICY;
    530035 "BlockedBySecurityDefaults" Anywhere Listed
        "the tenant's security defaults block this sign-in"
        "Security defaults are on, and they hold the request to be unsafe, as with old ways to sign in."
        POLICY;
    53004 "ProofUpBlockedDueToRisk" Page Listed
        "the second factor can't be registered now, because of risk"
        "The person must register a second factor, and the sign-in is held to be too risky for that."
        REGISTER_FACTOR;
    53010 "ProofUpBlockedDueToSecurityInfoAcr" Page Listed
        "the second factor can't be registered from here"
        "The organization lets people register a second factor from certain places and devices only."
        REGISTER_FACTOR;
}
