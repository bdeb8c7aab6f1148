//! Why a request was refused before anything was asked about who sent it.

use super::ErrorCode;

pub(super) const TITLE: &str = "Requests that were not taken";

pub(super) const CODES: &[ErrorCode] = &[
    ErrorCode {
        codes: &["host_unknown"],
        meaning: "The request asks for a host that none of `public_url` names.",
        cure: "Let the proxy in front pass `Host` on as it came: nginx `proxy_set_header Host $http_host;`, \
              Apache `ProxyPreserveHost On`. If people type this host, add it to `public_url`. The log has \
              `VST-FRONT-HOST-UNKNOWN` with the host that came, if a proxy in front sent it.",
    },
    ErrorCode {
        codes: &["not_found"],
        meaning: "No route serves this path, and it is no address of our own.",
        cure: "Look at the `path` of each `[[route]]`: a route of `/foo` serves `/foo` and what is below, never \
              `/foobar`. `vestibule explain --request` shows which route takes an address.",
    },
    ErrorCode {
        codes: &["method_not_allowed"],
        meaning: "An address of our own was asked for with a method it does not have.",
        cure: "Use the method that `Allow` of the answer names.",
    },
    ErrorCode {
        codes: &["method_refused"],
        meaning: "`CONNECT`, `TRACE` and `TRACK` are never passed on.",
        cure: "Nothing is to be done for browsers. A client that needs them has to ask the upstream itself.",
    },
    ErrorCode {
        codes: &[
            "line_end",
            "first_line",
            "http_version",
            "method_malformed",
            "method_lower_case",
            "field_name",
            "field_value",
        ],
        meaning: "The head of the request is not what RFC 9112 says: the line or field that the code names is \
              malformed.",
        cure: "Look at who sent it, by `client` and `peer`: a scanner, or a program that writes HTTP by hand. \
              TLS at a plain port looks like this too.",
    },
    ErrorCode {
        codes: &["plain_http"],
        meaning: "The request came in plain HTTP to a port that speaks TLS. Nothing of it was looked at.",
        cure: "Write `https://` in front of the address. If a proxy in front sends it: let it speak TLS to \
              Vestibule (nginx `proxy_pass https://…`), or leave `tls` out and name the proxy in `trusted_proxies`.",
    },
    ErrorCode {
        codes: &[
            "content_length",
            "content_length_beside_transfer_encoding",
            "transfer_encoding",
            "transfer_coding_unknown",
        ],
        meaning: "Where the body of the request ends can be read in more than one way.",
        cure: "Correct the client or the proxy in front that wrote it: one `Content-Length`, or \
              `Transfer-Encoding: chunked`, never both.",
    },
    ErrorCode {
        codes: &["head_timeout"],
        meaning: "The head of the request did not come in time.",
        cure: "A connection that was opened and left, or a slow network. If clients of yours need longer: \
              `header_timeout` in `[limits]`.",
    },
    ErrorCode {
        codes: &["target_too_long", "head_too_large", "too_many_fields"],
        meaning: "The address or the header fields of the request are larger than allowed.",
        cure: "Mostly cookies: delete those of this site, and look which app sets them. Else raise `max_head`, \
              `max_fields` or `max_url` in `[limits]`.",
    },
    ErrorCode {
        codes: &[
            "target_form",
            "target_fragment",
            "target_byte",
            "path_backslash",
            "path_percent",
            "path_ambiguous_encoding",
            "path_parameter",
            "path_utf8",
            "route_ambiguous",
        ],
        meaning: "The path of the request could be taken for another one by the upstream.",
        cure: "Write the address in its plain form: no `%2F`, no backslash, no `;` beside `..`. An app whose \
              addresses need those can't be protected by paths.",
    },
    ErrorCode {
        codes: &[
            "host_missing",
            "host_repeated",
            "host_malformed",
            "host_mismatch",
        ],
        meaning: "The request has no host, several, or some that do not agree.",
        cure: "Correct the client or the proxy in front: one `Host`, the same as in the address.",
    },
    ErrorCode {
        codes: &[
            "field_repeated",
            "field_connection_specific",
            "expectation",
            "upgrade",
        ],
        meaning: "A header field of the request came twice, or says what can't be met.",
        cure: "Correct the client or the proxy in front that wrote it.",
    },
    ErrorCode {
        codes: &["forwarded"],
        meaning: "A proxy among `trusted_proxies` sent `X-Forwarded-*` or `Forwarded` that can't be read.",
        cure: "Let that proxy set these fields itself, and not pass on what its clients sent.",
    },
    ErrorCode {
        codes: &["body_aborted"],
        meaning: "The sender of a body broke off.",
        cure: "The client went away, or a network did. Nothing is to be done for single ones.",
    },
    ErrorCode {
        codes: &["body_too_slow"],
        meaning: "A body came slower than allowed.",
        cure: "For clients on slow networks lower `body_min_rate` in `[limits]`.",
    },
    ErrorCode {
        codes: &["body_too_large"],
        meaning: "A body is longer than this address of our own takes.",
        cure: "Nothing is to be done for browsers: what is sent there are small forms. Uploads go to a route.",
    },
    ErrorCode {
        codes: &["too_many_event_streams"],
        meaning: "One browser holds too many streams of `/.vestibule/events`.",
        cure: "Open one for each page, and close it when the page is left.",
    },
    ErrorCode {
        codes: &["panic", "decision_not_an_answer", "upstream_unknown"],
        meaning: "A fault of this program: the request was ended and nothing else was touched.",
        cure: "Report it with the log line: `vestibule_panics_total` counts these.",
    },
];
