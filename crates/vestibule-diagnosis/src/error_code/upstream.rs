//! Why an upstream did not answer.

use super::ErrorCode;

pub(super) const TITLE: &str = "The upstream";

pub(super) const CODES: &[ErrorCode] = &[
    ErrorCode {
        codes: &["upstream_lookup"],
        meaning: "The host of the upstream has no address.",
        cure: "Correct `upstream` of the route; in a container names are those of its network.",
    },
    ErrorCode {
        codes: &["upstream_connect", "upstream_connect_timeout"],
        meaning: "Nothing takes the connection at the upstream's address.",
        cure: "Start it, or correct `upstream`. In a container `localhost` is the container itself.",
    },
    ErrorCode {
        codes: &["upstream_tls"],
        meaning: "TLS to the upstream fails.",
        cure: "Name the authority of its certificate in `upstream_ca`; or write `http://`, if it speaks plain \
              HTTP.",
    },
    ErrorCode {
        codes: &["upstream_broken"],
        meaning: "The upstream closed the connection before it answered.",
        cure: "Look at its own log: it stopped, or refused the request without a word.",
    },
    ErrorCode {
        codes: &[
            "upstream_malformed",
            "upstream_wrong_switch",
            "upstream_answer_head_too_large",
        ],
        meaning: "The upstream's answer is not HTTP, or can be read in more than one way.",
        cure: "Look at what listens there: TLS where plain HTTP is configured looks like this. The log names \
              the rule.",
    },
    ErrorCode {
        codes: &["upstream_head_timeout"],
        meaning: "The upstream took the request and did not answer in time.",
        cure: "Look at its own log. For answers that take long: `response_timeout` of the route.",
    },
    ErrorCode {
        codes: &["upstream_head_too_large", "upstream_unsendable"],
        meaning: "What is to be told to the upstream makes no request that can be sent.",
        cure: "Send fewer claims in `headers` of the route.",
    },
    ErrorCode {
        codes: &["upstream_refused_head"],
        meaning: "The upstream refused the request because its head is too large (431 or the like), and said no more.",
        cure: "Send fewer claims in `headers` of the route, or raise what the upstream takes; `upstream_max_head` warns \
              of it beforehand.",
    },
];
