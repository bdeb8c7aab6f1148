//! What becomes of directives that are not mod_auth_openidc's and not mapped: logs, files, TLS, rewriting.

use super::expand::Line;
use super::looked_up::only_sets_variables;

/// What becomes of one.
pub(super) enum Known {
    /// Vestibule does the same by itself.
    Became(&'static str),
    /// It is not carried over; nothing opens by that.
    Lost(&'static str),
    /// The import stops.
    Stops(&'static str, &'static str),
}

const FILES: &str = "it is for files, and Vestibule serves none";
const LOGS: &str = "logs are set in [log], and go to standard output";
const PROCESS: &str = "it is about Apache's own processes";
const LIMITS: &str = "limits are set in [limits]; the defaults fit browsers";
const VARIABLES: &str = "variables of Apache's count nowhere here";
const TLS: &str = "TLS 1.2 and 1.3 are offered, with ciphers that are safe";

/// Names in lower case, and what becomes of all of them.
static PLAIN: &[(&[&str], &str)] = &[
    (
        &[
            "documentroot",
            "directoryindex",
            "alias",
            "aliasmatch",
            "scriptalias",
            "scriptaliasmatch",
            "options",
            "allowoverride",
            "indexoptions",
            "addtype",
            "addencoding",
            "addhandler",
            "addcharset",
            "adddefaultcharset",
            "adddescription",
            "addicon",
            "addiconbytype",
            "addiconbyencoding",
            "defaulticon",
            "readmename",
            "headername",
            "indexignore",
            "addlanguage",
            "languagepriority",
            "forcelanguagepriority",
            "typesconfig",
            "mimemagicfile",
            "enablesendfile",
            "enablemmap",
            "fileetag",
            "accessfilename",
            "contentdigest",
            "followsymlinks",
            "userdir",
            "addoutputfilterbytype",
            "addoutputfilter",
            "setoutputfilter",
            "addinputfilter",
            "deflatecompressionlevel",
            "browsermatch",
            "browsermatchnocase",
            "expiresactive",
            "expiresbytype",
            "expiresdefault",
            "fallbackresource",
        ],
        FILES,
    ),
    (
        &[
            "errorlog",
            "customlog",
            "transferlog",
            "loglevel",
            "logformat",
            "errorlogformat",
            "globallog",
            "hostnamelookups",
            "logiotrackttfb",
            "forensiclog",
            "extendedstatus",
        ],
        LOGS,
    ),
    (
        &[
            "user",
            "group",
            "pidfile",
            "mutex",
            "defaultruntimedir",
            "serveradmin",
            "servertokens",
            "serversignature",
            "startservers",
            "minsparethreads",
            "maxsparethreads",
            "threadlimit",
            "threadsperchild",
            "maxrequestworkers",
            "maxconnectionsperchild",
            "serverlimit",
            "minspareservers",
            "maxspareservers",
            "maxclients",
            "maxrequestsperchild",
            "listenbacklog",
            "coredumpdirectory",
            "loadmodule",
            "loadfile",
            "namevirtualhost",
            "serverpath",
            "gracefulshutdowntimeout",
            "scoreboardfile",
            "proxystatus",
            "proxyiobuffersize",
            "proxyreceivebuffersize",
            "proxymaxforwards",
            "proxywebsocketfallbacktoproxyhttp",
            "acceptfilter",
            "proxybadheader",
        ],
        PROCESS,
    ),
    (
        &[
            "limitrequestbody",
            "limitrequestfields",
            "limitrequestfieldsize",
            "limitrequestline",
            "requestreadtimeout",
            "limitxmlrequestbody",
            "limitinternalrecursion",
        ],
        LIMITS,
    ),
    (
        &[
            "balancermember",
            "balancergrowth",
            "balancerpersist",
            "balancerinherit",
            "proxyset",
        ],
        "it is about which of several apps is asked, and how",
    ),
    (
        &[
            "sslprotocol",
            "sslciphersuite",
            "sslhonorcipherorder",
            "sslsessioncache",
            "sslsessioncachetimeout",
            "sslsessiontickets",
            "sslrandomseed",
            "sslpassphrasedialog",
            "sslusestapling",
            "sslstaplingcache",
            "ssloptions",
            "sslstrictsnivhostcheck",
            "sslcompression",
            "sslcryptodevice",
            "sslopensslconfcmd",
            "sslinsecurerenegotiation",
            "sslsessionticketkeyfile",
            "sslstaplingresponsertimeout",
            "sslstaplingreturnrespondererrors",
            "sslproxyengine",
            "sslproxyprotocol",
            "sslproxyciphersuite",
        ],
        TLS,
    ),
    (
        &[
            "sslproxyverify",
            "sslproxyverifydepth",
            "sslproxycheckpeercn",
            "sslproxycheckpeername",
            "sslproxycheckpeerexpire",
            "sslproxycacertificatefile",
        ],
        "the certificate of an https upstream is verified, always: who made it out, its name, its dates; upstream_ca names a CA of your own",
    ),
    (
        &[
            "sslverifydepth",
            "sslcacertificatefile",
            "sslcacertificatepath",
        ],
        "no client certificate is asked for, so there is none to verify",
    ),
    (
        &["usecanonicalname", "usecanonicalphysicalport"],
        "addresses are those of public_url, whatever a request says",
    ),
    (
        &["authname"],
        "it names what a password is for, and nobody is asked for one",
    ),
    (
        &["rewriteoptions", "rewritebase"],
        "what the rules say counts, line by line",
    ),
    (&["setenv", "passenv", "unsetenv"], VARIABLES),
    (
        &[
            "timeout",
            "keepalive",
            "keepalivetimeout",
            "maxkeepaliverequests",
        ],
        "how long a connection may wait is set in [limits], and of an upstream in its route",
    ),
    (
        &[
            "protocols",
            "protocolshonororder",
            "h2direct",
            "h2push",
            "h2upgrade",
        ],
        "HTTP/1.1 and HTTP/2 are spoken, as the client likes",
    ),
    (
        &["proxyvia"],
        "nothing writes Via: neither the upstream nor the browser is told of this program",
    ),
];

/// What becomes of the directive, if it is a known one.
pub(super) fn known(line: &Line) -> Option<Known> {
    let name = line.name.to_ascii_lowercase();
    let first = line.word(0).to_ascii_lowercase();
    Some(match (name.as_str(), first.as_str()) {
        ("proxyrequests", "on") => Known::Stops(
            "a proxy for everything there is on the net is not what this is",
            "write ProxyRequests Off",
        ),
        ("proxyrequests", _) => Known::Became("the same: only routes are proxied"),
        ("proxyblock", _) => Known::Stops(
            "Apache answers 403 instead of asking the apps this names, and here they would be asked",
            "take out the ProxyPass to them, with this",
        ),
        ("proxypreservehost", _) => {
            Known::Became("nothing: no route is for this place, or a later line says otherwise")
        }
        ("proxyaddheaders", "off") => Known::Lost(
            "X-Forwarded-For, -Host and -Proto are sent all the same, from the connection and public_url",
        ),
        ("proxyaddheaders", _) => Known::Became("the same: X-Forwarded-… are sent"),
        ("proxyerroroverride", "off") => {
            Known::Became("the same: the app's own error pages are sent")
        }
        ("proxyerroroverride", _) => Known::Lost("the app's own error pages are sent as they are"),
        ("authzsendforbiddenonfailure", "on") => {
            Known::Became("the same: who is signed in and may not pass gets 403")
        }
        ("authzsendforbiddenonfailure", _) => Known::Lost(
            "who is signed in and may not pass gets 403, unless OIDCUnAutzAction says otherwise",
        ),
        ("traceenable", "off") => Known::Became("the same: TRACE is refused"),
        ("traceenable", _) => Known::Lost("TRACE is refused, always"),
        ("allowencodedslashes", "off" | "nodecode") => {
            Known::Became("the same: an encoded slash is refused")
        }
        ("allowencodedslashes", _) => {
            Known::Lost("an encoded slash is refused: no two servers agree on what it means")
        }
        ("mergeslashes", _) => Known::Became("slashes are merged, always"),
        ("rewriteengine", "off") => Known::Became("nothing is rewritten"),
        ("rewriteengine", _) => Known::Lost("what the rules say counts, line by line"),
        ("rewritecond" | "rewritemap", _) => Known::Lost("it is for the RewriteRule behind it"),
        ("rewriterule", _) if only_sets_variables(line) => Known::Lost(
            "variables of Apache's count nowhere here, but where RequestHeader in the same section names one",
        ),
        ("rewriterule", _) => Known::Stops(
            "rewriting can choose another app, or a way around a <Location>",
            "write ProxyPass and <Location> instead",
        ),
        ("redirect" | "redirectmatch" | "redirectpermanent" | "redirecttemp", _) => {
            Known::Lost("redirects are not made; let the app make them")
        }
        ("errordocument", _) => Known::Lost("pages are changed with [pages] templates"),
        (
            "setenvif" | "setenvifnocase" | "setenvifexpr" | "setenv" | "browsermatch"
            | "browsermatchnocase",
            _,
        ) if line.raw.to_ascii_lowercase().contains("no-proxy") => Known::Stops(
            "some paths are not proxied by this, and a route can't be left out of another yet",
            "let the app serve them too, and take this line out",
        ),
        ("setenvif" | "setenvifnocase" | "setenvifexpr", _) => Known::Lost(VARIABLES),
        ("header", _) => Known::Lost("no route is for this place"),
        ("requestheader", _) => Known::Stops(
            "on a route that is open to everybody no header is set or taken out",
            "let the app do without it, or take it out",
        ),
        ("authmerging", "off") => {
            Known::Became("the same: later Require lines replace earlier ones")
        }
        ("authmerging", _) => Known::Stops(
            "Require lines of several sections would count together, and here the last ones replace the others",
            "write all of them into the innermost section, with AuthMerging Off",
        ),
        ("satisfy", "any") => Known::Stops(
            "one of sign-in and address suffices in Apache, and a rule is asked of people who are signed in",
            "write Satisfy All, or Require lines",
        ),
        ("satisfy", _) => Known::Became("the same"),
        ("order", "deny,allow") => Known::Lost("it only orders Allow and Deny"),
        ("order", _) => Known::Stops(
            "whoever no Allow line names is kept out by this, and these old rules on addresses are not read",
            "write Require ip, Require all granted or Require all denied",
        ),
        ("use", _) => Known::Stops(
            "macros are not followed",
            "write what the macro makes in its place: `apachectl -t -D DUMP_CONFIG` prints it",
        ),
        (name, _) if has_hooks(name) => Known::Stops(
            "a program of its own decides here, which could keep people out",
            "take it out if it protects nothing",
        ),
        ("allow", _) if line.words.join(" ").eq_ignore_ascii_case("from all") => {
            Known::Became("the same")
        }
        ("allow" | "deny", _) => Known::Stops(
            "these old rules on addresses are not read",
            "write Require ip, Require all granted or Require all denied",
        ),
        (
            "remoteipheader"
            | "remoteipinternalproxy"
            | "remoteiptrustedproxy"
            | "remoteipproxyprotocol",
            _,
        ) => Known::Lost("name the proxies in front in trusted_proxies"),
        ("substitute" | "proxyhtmlenable" | "proxyhtmlurlmap", _) => {
            Known::Lost("what the app answers is not changed inside")
        }
        _ => {
            let (_, says) = PLAIN
                .iter()
                .find(|(names, _)| names.contains(&name.as_str()))?;
            Known::Lost(says)
        }
    })
}

/// Modules that look at requests with rules or programs of their own.
pub(super) fn has_hooks(name: &str) -> bool {
    [
        "lua",
        "perl",
        "secrule",
        "secaction",
        "python",
        "wsgiaccess",
        "wsgiauth",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
}
