//! The numbers about requests that are not in order.

use super::table::codes;

codes! {
    90004 "InvalidRequestFormat" Answers Listed
        "the request is not well formed"
        "Entra could not read the request."
        REQUEST;
    90010 "NotSupported" Anywhere Reported
        "the request is not supported here"
        "Entra does not do this at this endpoint. It has been seen where version 1.0 of the user-info endpoint was asked with a token for another API."
        USER_INFO;
    90013 "InvalidUserInput" Answers Listed
        "a parameter of the request is not accepted"
        "Something in the request, often typed by a person, is not of the form it must have."
        REQUEST;
    90014 "MissingRequiredField" Answers Listed
        "a field of the request is missing"
        "A field that the request must have is not there."
        REQUEST;
    90015 "QueryStringTooLong" Callback Listed
        "the query of the request is too long"
        "The authorization request has more in its query than Entra takes: a long state, many scopes, or claims."
        SHORT_QUERY;
    90023 "InvalidRequest" Answers Listed
        "the request is not one Entra accepts"
        "A parameter has a value that is not allowed with the others."
        REQUEST;
    90056 "BadResourceRequest" PageOrToken Listed
        "the request for a token has no code, or is no POST"
        "The token endpoint takes a POST with the code that the authorization endpoint gave."
        POST_TO_TOKEN;
    90100 "InvalidRequestParameter" Answers Listed
        "a parameter is empty or not valid"
        "The message names a parameter that is empty or has a value it can't have."
        REQUEST;
    90102 "InvalidUriParameter" Answers Listed
        "a parameter that must be an address is none"
        "A parameter must be a whole address with scheme and host, and is not."
        REQUEST;
    900144 "" Answers Listed
        "a parameter is missing"
        "The body lacks the parameter that the message names. A form sent as JSON looks empty to Entra."
        MISSING_PARAMETER [90014];
    900561 "BadResourceRequestInvalidRequest" PageOrToken Listed
        "the endpoint was asked with the wrong method"
        "The endpoint takes a POST, and got a GET: the back button does that, too."
        POST_TO_TOKEN [90056];
    9000411 "" Answers Assumed
        "a parameter is there twice"
        "The request has a parameter twice, and Entra does not choose between them."
        REQUEST;
    9002313 "InvalidRequest" Answers Listed
        "the request is not well formed"
        "Something in the request can't be read: a code that was cut, an encoding, or the wrong content type."
        REQUEST;
}
