//! The numbers about tenants and clouds.

use super::table::codes;

codes! {
    50002 "NotAllowedTenant" Page Listed
        "the network lets people use other tenants only"
        "A proxy of the network restricts which tenants may be used from there, and this one is not on its list."
        TENANT_RESTRICTIONS;
    500021 "" Page Listed
        "the network does not allow this tenant"
        "Tenant restrictions are on in this network, and the tenant is not in their list."
        TENANT_RESTRICTIONS [50002];
    500022 "" Page Listed
        "the network does not allow this tenant"
        "Tenant restrictions are on in this network, and the tenant is not in their list."
        TENANT_RESTRICTIONS [50002];
    500212 "NotAllowedByOutboundPolicyTenant" Page Listed
        "the person's own organization does not let them out"
        "The person's tenant has an outbound policy that does not allow this tenant."
        CROSS_TENANT_POLICY;
    500213 "NotAllowedByInboundPolicyTenant" Page Listed
        "the tenant does not let people of that organization in"
        "The app's tenant has an inbound policy that does not allow this person's tenant."
        CROSS_TENANT_POLICY;
    1000104 "XCB2BResourceCloudNotAllowedOnIdentityTenant" Page Listed
        "the person's organization does not allow apps of this cloud"
        "The app's tenant is in another cloud, which the person's tenant does not allow."
        CROSS_TENANT_POLICY;
    50029 "" PageOrCallback Listed
        "the domain name has characters it can't have"
        "The domain in the address or in the parameters is no domain name, so no tenant can be found by it."
        RIGHT_TENANT;
    50049 "NoSuchInstanceForDiscovery" Page Listed
        "there is no such cloud"
        "The address has a host that is none of Microsoft's clouds."
        CLOUD;
    50059 "MissingTenantRealmAndNoUserInformationProvided" PageOrCallback Listed
        "no tenant can be worked out"
        "Neither the address nor a parameter nor a credential says which tenant is meant."
        TENANT_PATH;
    50128 "" PageOrCallback Listed
        "no tenant can be worked out from the domain"
        "The request has a domain that leads to no tenant."
        TENANT_PATH;
    50194 "" Page Listed
        "an app for one tenant was used through `common`"
        "The registration admits one organization only, so the tenant must be in the address: `common` and `organizations` are for apps that admit several."
        TENANT_PATH;
    90002 "InvalidTenantName" PageOrToken Listed
        "there is no such tenant here"
        "The tenant in the address does not exist, or is in another cloud."
        RIGHT_TENANT;
    90019 "MissingTenantRealm" PageOrCallback Listed
        "no tenant can be worked out from the request"
        "Neither the address nor a parameter says which tenant is meant."
        TENANT_PATH;
    90027 "" Answers Listed
        "personal accounts need version 2.0"
        "The request went to version 1.0 of the endpoints, which issues nothing for personal accounts."
        VERSION_TWO;
    500201 "" Answers Assumed
        "personal accounts need version 2.0"
        "The request went to version 1.0 of the endpoints, which issues nothing for personal accounts."
        VERSION_TWO [90027];
    90038 "NationalCloudTenantRedirection" PageOrToken Listed
        "the tenant is in another cloud"
        "The tenant belongs to a national cloud, and this cloud does not serve it."
        CLOUD;
    90043 "NationalCloudAuthCodeRedirection" PageOrToken Listed
        "the code belongs to another cloud"
        "The code would have to be redeemed at another cloud, which is switched off."
        CLOUD;
    90051 "InvalidNationalCloudId" PageOrToken Listed
        "there is no cloud of this id"
        "The request names a national cloud that does not exist."
        CLOUD;
    900439 "" PageOrToken Assumed
        "the account is in a national cloud, the app is not"
        "A person of one cloud can't sign in to an app that is registered in another."
        CLOUD;
    900382 "" PageOrToken Listed
        "a client with a secret can't be used across clouds"
        "The app is registered in another cloud than the account's, and that works for no client with credentials."
        CLOUD;
    900432 "" PageOrToken Listed
        "a client with a secret can't be used across clouds"
        "The app is registered in another cloud than the account's, and that works for no client with credentials."
        CLOUD;
    9001023 "" Answers Listed
        "this grant can't be used through `common` or `consumers`"
        "The grant type works only with a tenant, or `organizations`, in the address."
        TENANT_PATH;
    90124 "V1ResourceV2GlobalEndpointNotSupported" Answers Listed
        "the API can't be used through `common` or `consumers`"
        "The API is one of work accounts only, so the address must name a tenant or `organizations`."
        TENANT_PATH;
    90130 "NonConvergedAppV2GlobalEndpointNotSupported" Answers Listed
        "the app can't be used through `common` or `consumers`"
        "The app is one of work accounts only, so the address must name a tenant or `organizations`."
        TENANT_PATH;
    9002332 "" Answers Listed
        "the app is not for personal accounts"
        "The registration admits work and school accounts only, and the address says `consumers`."
        TENANT_PATH;
}
